//! A crowd of enrolled users whose codes are handed out so that each request can be what it is meant to be.

use super::home::MAX_ATTEMPTS;
use super::people::{Person, Signer, present_step, verify};

/// Wrong codes that a user may send in a row without a lock.
const WRONG_IN_A_ROW: u32 = MAX_ATTEMPTS - 1;

/// Enrolled users of one organization.
pub(crate) struct Enrolled {
    pub(crate) signer: Signer,
    people: Vec<Person>,
    next: usize,
}

impl Enrolled {
    pub(crate) fn new(signer: Signer, people: Vec<Person>) -> Self {
        Self { signer, people, next: 0 }
    }

    /// The names, in the order in which they were enrolled.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.people.iter().map(|person| person.name.as_str())
    }

    /// Up to `most` verifications with a right code that was never used. Each code stays right for at least one more
    /// step, so that the requests may wait a little.
    pub(crate) fn right(&mut self, most: usize) -> Vec<Vec<u8>> {
        let now = present_step();
        self.each(most, |person| {
            let step = now.max(person.spent.saturating_add(1));
            (step <= now.saturating_add(1)).then(|| person.spend(step))
        })
    }

    /// Up to `most` verifications with a wrong code, none of which locks; several of one user where there are few.
    pub(crate) fn wrong(&mut self, most: usize) -> Vec<Vec<u8>> {
        let now = present_step();
        let mut requests = Vec::new();
        loop {
            let more = self.each(most.saturating_sub(requests.len()), |person| {
                (person.wrong < WRONG_IN_A_ROW).then(|| {
                    person.wrong = person.wrong.saturating_add(1);
                    person.wrong_code(now)
                })
            });
            if more.is_empty() {
                return requests;
            }
            requests.extend(more);
        }
    }

    /// Asks one user after the other, at most once each, beginning behind the last one that was asked.
    fn each(&mut self, most: usize, code: impl Fn(&mut Person) -> Option<String>) -> Vec<Vec<u8>> {
        let mut requests = Vec::new();
        for _ in 0..self.people.len() {
            if requests.len() >= most {
                break;
            }
            self.next = self.next.saturating_add(1).checked_rem(self.people.len()).unwrap_or(0);
            let Some(person) = self.people.get_mut(self.next) else { break };
            if let Some(code) = code(person) {
                requests.push(verify(&self.signer, &person.name, &code));
            }
        }
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrolled(count: u64) -> Enrolled {
        let person = |number| Person::new(number, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        Enrolled::new(Signer::new("secret", "01J"), (0..count).map(person).collect())
    }

    #[test]
    fn a_right_code_is_handed_out_once() {
        let mut enrolled = enrolled(3);
        let first = enrolled.right(2);
        let (second, third) = (enrolled.right(10), enrolled.right(10));
        // Three users with the codes of this step and the next; a step may pass meanwhile.
        assert_eq!((first.len(), second.len()), (2, 3));
        assert!(third.len() <= 3);
        assert!(!second.contains(&first[0]));
    }

    #[test]
    fn wrong_codes_end_before_they_lock() {
        let mut enrolled = enrolled(2);
        assert_eq!([10, 10, 10].map(|most| enrolled.wrong(most).len()), [10, 8, 0]);
    }
}
