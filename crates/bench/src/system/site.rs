//! A home with its enrolled users and its running server.

use super::crowd::Enrolled;
use super::enrol::enrol;
use super::home::Home;
use super::import::import;
use super::people::Person;
use super::server::Server;
use crate::run::Places;

/// More than any organization here calls in a second.
pub(crate) const UNLIMITED: u32 = 1_000_000;
/// The lowest cost of bcrypt: while users are enrolled whose backup codes are of no interest.
pub(crate) const LOWEST_COST: u32 = 4;

/// The server stands first: it stops before its home is removed.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) enrolled: Enrolled,
    pub(crate) home: Home,
}

impl Site {
    /// A new home with so many users who set up their factors, and its server, which hashes at `cost`.
    pub(crate) fn enrolled(places: &Places, users: u64, cost: u32) -> anyhow::Result<Self> {
        let mut home = Home::migrated(places)?;
        let signer = home.organization(UNLIMITED)?;
        let numbers: Vec<_> = (0..users).collect();
        let people = {
            let server = Server::start(&home)?;
            enrol(&server, &signer, &numbers)?.into_iter().map(|enrolment| enrolment.person).collect()
        };
        home.set("COUNTERSIGN_HASHING__COST", &cost.to_string());
        home.settle()?;
        Ok(Self { server: Server::start(&home)?, enrolled: Enrolled::new(signer, people), home })
    }

    /// A new home with so many imported users, of whom `callers`, evenly among the others in the order of their names,
    /// send codes; and how many were imported in a second.
    pub(crate) fn imported(places: &Places, users: u64, callers: u64) -> anyhow::Result<(Self, f64)> {
        let home = Home::migrated(places)?;
        let signer = home.organization(UNLIMITED)?;
        let rate = import(&home, &signer, users)?;
        home.settle()?;
        let stride = users.checked_div(callers).unwrap_or(1).max(1);
        let numbers = (0..callers.min(users)).map(|number| number.saturating_mul(stride));
        let people = numbers.map(Person::known).collect();
        Ok((Self { server: Server::start(&home)?, enrolled: Enrolled::new(signer, people), home }, rate))
    }
}
