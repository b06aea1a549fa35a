//! The hash chain over an organization's trail: each sealed event carries the hash of all before it, so a row that was
//! changed, removed or moved is found.
//!
//! A hash covers, each with its length in front: the previous hash, the organization, the number in the chain, and every
//! field of the record.

use std::fmt;

use sha2::{Digest, Sha256};

use super::ports::AuditRecord;
use crate::identity::OrganizationId;

/// One link.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// What stands before the first event.
    pub const GENESIS: Self = Self([0; 32]);

    /// From stored bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of `record` as the event with this number (from 1 on) after `self`.
    #[must_use]
    pub fn next(&self, organization: OrganizationId, number: u64, record: &AuditRecord) -> Self {
        let mut hash = Fields(Sha256::new());
        hash.bytes(b"countersign audit chain v1");
        hash.bytes(&self.0);
        hash.text(&organization.to_string());
        hash.bytes(&number.to_be_bytes());
        hash.text(&record.id.to_string());
        hash.text(record.environment.map_or("", |environment| environment.as_str()));
        hash.text(record.user.as_ref().map_or("", |user| user.as_str()));
        hash.text(&record.name);
        for (name, value) in &record.details {
            hash.text(name);
            hash.text(value);
        }
        hash.text(&record.actor);
        hash.text(&record.request.map(|request| request.to_string()).unwrap_or_default());
        hash.text(&record.address.map(|address| address.to_string()).unwrap_or_default());
        hash.bytes(&record.at.as_micros().to_be_bytes());
        Self(hash.0.finalize().into())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Length-prefixed fields, so that no two records read alike.
struct Fields(Sha256);

impl Fields {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;
    use crate::identity::{AuditEventId, Environment, RequestId, UserId};
    use crate::time::Timestamp;

    fn organization() -> OrganizationId {
        OrganizationId::new(Ulid::from_parts(1, 1))
    }

    fn record() -> AuditRecord {
        AuditRecord {
            id: AuditEventId::new(Ulid::from_parts(2, 2)),
            environment: Some(Environment::Live),
            user: UserId::new("alice").ok(),
            name: "two_factor.enabled".to_owned(),
            details: vec![("a".to_owned(), "b".to_owned())],
            actor: "user".to_owned(),
            request: Some(RequestId::new(Ulid::from_parts(4, 4))),
            address: "192.0.2.1".parse().ok(),
            at: Timestamp::from_seconds(3),
        }
    }

    fn hash(number: u64, record: &AuditRecord) -> ChainHash {
        ChainHash::GENESIS.next(organization(), number, record)
    }

    #[test]
    fn every_field_counts() {
        let original = hash(1, &record());
        let changed = [
            AuditRecord { id: AuditEventId::new(Ulid::from_parts(2, 3)), ..record() },
            AuditRecord { environment: None, ..record() },
            AuditRecord { user: UserId::new("alicf").ok(), ..record() },
            AuditRecord { name: "two_factor.disabled".to_owned(), ..record() },
            AuditRecord { details: vec![("ab".to_owned(), String::new())], ..record() },
            AuditRecord { details: Vec::new(), ..record() },
            AuditRecord { actor: "operator".to_owned(), ..record() },
            AuditRecord { request: None, ..record() },
            AuditRecord { address: "192.0.2.2".parse().ok(), ..record() },
            AuditRecord { at: Timestamp::from_micros(3_000_001), ..record() },
        ];
        for other in changed {
            assert_ne!(hash(1, &other), original, "{other:?}");
        }
    }

    #[test]
    fn place_and_past_count() {
        let original = hash(1, &record());
        assert_ne!(hash(2, &record()), original);
        assert_ne!(original.next(organization(), 1, &record()), original);
        let elsewhere = OrganizationId::new(Ulid::from_parts(1, 2));
        assert_ne!(ChainHash::GENESIS.next(elsewhere, 1, &record()), original);
    }

    #[test]
    fn the_form_of_version_1_is_fixed() {
        assert_eq!(hash(1, &record()).to_string().len(), 64);
        assert_eq!(hash(1, &record()), hash(1, &record()));
    }
}
