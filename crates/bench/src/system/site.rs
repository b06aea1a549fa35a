//! A home with its enrolled users and its running server.

use super::crowd::Enrolled;
use super::enrol::enrol;
use super::filler::fill;
use super::home::Home;
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
    /// A new home with so many users with a factor, and its server, which hashes at `cost`. `enrolled` of the users can
    /// prove their factor.
    pub(crate) fn with_users(places: &Places, users: u64, enrolled: u64, cost: u32) -> anyhow::Result<Self> {
        let mut home = Home::new(&places.work, &places.binary, LOWEST_COST)?;
        home.run("migrate up")?;
        let signer = home.organization(UNLIMITED)?;
        let stride = users.checked_div(enrolled).unwrap_or(1).max(1);
        let numbers: Vec<_> = (0..enrolled.min(users)).map(|number| number.saturating_mul(stride)).collect();
        let people = {
            let server = Server::start(&home)?;
            enrol(&server, &signer, &numbers)?.into_iter().map(|enrolment| enrolment.person).collect()
        };
        if stride > 1 {
            fill(&home.database(), users, stride)?;
        }
        home.set("COUNTERSIGN_HASHING__COST", &cost.to_string());
        Ok(Self { server: Server::start(&home)?, enrolled: Enrolled::new(signer, people), home })
    }
}
