//! The same digests as the `bcrypt` crate, for any password, salt, cost and number of lanes.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use countersign_bcrypt_lanes::{Cost, Digest, Job, Password, Salt, hash_all, hash_lanes};
use proptest::prelude::*;

type Input = (Vec<u8>, [u8; 16]);

/// Any bytes, zero among them.
fn input() -> impl Strategy<Value = Input> {
    (prop::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(0)], 0..=72), any::<[u8; 16]>())
}

fn inputs<const N: usize>() -> impl Strategy<Value = [Input; N]> {
    prop::collection::vec(input(), N).prop_map(|inputs| inputs.try_into().unwrap())
}

fn job((password, salt): &Input) -> Job<'_> {
    Job { password: Password::new(password).unwrap(), salt: Salt(*salt) }
}

fn by_the_crate(cost: u32, (password, salt): &Input) -> String {
    bcrypt::hash_with_salt(password, cost, *salt).unwrap().to_string()
}

fn cost(factor: u32) -> Cost {
    Cost::new(factor).unwrap()
}

fn check<const N: usize>(factor: u32, inputs: &[Input; N]) -> Result<(), TestCaseError> {
    let digests = hash_lanes(cost(factor), &inputs.each_ref().map(job));
    let expected = inputs.each_ref().map(|input| by_the_crate(factor, input));
    prop_assert_eq!(digests.each_ref().map(Digest::to_string_2b), expected);
    Ok(())
}

/// A test for each number of lanes.
macro_rules! lanes {
    ($($name:ident: $lanes:literal,)+) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(24))]
            $(
                #[test]
                fn $name(factor in 4_u32..=6, inputs in inputs::<$lanes>()) {
                    check(factor, &inputs)?;
                }
            )+
        }
    };
}

lanes! {
    one_lane_agrees: 1,
    two_lanes_agree: 2,
    three_lanes_agree: 3,
    four_lanes_agree: 4,
    five_lanes_agree: 5,
    six_lanes_agree: 6,
    seven_lanes_agree: 7,
    eight_lanes_agree: 8,
    ten_lanes_agree: 10,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_number_of_jobs_agrees(inputs in prop::collection::vec(input(), 0..=20)) {
        let jobs: Vec<_> = inputs.iter().map(job).collect();
        let texts: Vec<_> = hash_all(Cost::MIN, &jobs).iter().map(Digest::to_string_2b).collect();
        let expected: Vec<_> = inputs.iter().map(|input| by_the_crate(4, input)).collect();
        prop_assert_eq!(texts, expected);
    }

    #[test]
    fn a_job_has_the_same_digest_in_any_lane_beside_any_neighbour(
        input in input(),
        mut neighbours in inputs::<5>(),
        lane in 0_usize..5,
    ) {
        let [alone] = hash_lanes(Cost::MIN, &[job(&input)]);
        *neighbours.get_mut(lane).unwrap() = input;
        let among_others = hash_lanes(Cost::MIN, &neighbours.each_ref().map(job));
        prop_assert_eq!(among_others.get(lane), Some(&alone));
    }

    #[test]
    fn a_digest_of_the_crate_verifies_until_a_bit_of_the_password_changes(
        mut input in input(),
        (place, bit) in (any::<prop::sample::Index>(), 0..8),
    ) {
        let digest = Digest::parse(&by_the_crate(4, &input), Cost::MIN..=Cost::MIN).unwrap();
        prop_assert!(digest.verify(Password::new(&input.0).unwrap()));
        if !input.0.is_empty() {
            *place.get_mut(&mut input.0) ^= 1_u8 << bit;
            prop_assert!(!digest.verify(Password::new(&input.0).unwrap()));
        }
    }
}

#[test]
fn every_length_agrees() {
    let inputs: Vec<Input> = (0..=72).map(|length| (vec![b'x'; length], [7; 16])).collect();
    let jobs: Vec<_> = inputs.iter().map(job).collect();
    for (input, digest) in inputs.iter().zip(hash_all(Cost::MIN, &jobs)) {
        assert_eq!(digest.to_string_2b(), by_the_crate(4, input));
    }
}

#[test]
fn passwords_that_repeat_to_the_same_key_collide() {
    let salt = Salt([1; 16]);
    let job = |password: &'static [u8]| Job { password: Password::new(password).unwrap(), salt };
    let [first, second, third] = hash_lanes(Cost::MIN, &[job(b"a"), job(b"a\0a"), job(b"a\0b")]);
    assert_eq!(first, second);
    assert_ne!(first, third);
}
