//! The computation: one bcrypt.

use countersign_domain::two_factor::backup_code::BackupCodeHash;

use super::cost::BcryptCost;
use super::prehash::Prehash;

/// One hash to be computed.
#[derive(Debug)]
pub(super) struct HashJob {
    /// What is hashed.
    pub(super) prehash: Prehash,
    /// Its salt: 128 random bits.
    pub(super) salt: [u8; 16],
    /// How expensive it is.
    pub(super) cost: BcryptCost,
}

/// The computation failed, which no input of ours makes it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bcrypt refused its input")]
pub(super) struct NotHashed;

/// The `$2b$` string of a job.
pub(super) fn compute(job: &HashJob) -> Result<BackupCodeHash, NotHashed> {
    hash(job.prehash.as_bytes(), job.salt, job.cost)
}

/// Refuses what bcrypt would cut, rather than cutting it.
fn hash(input: &[u8], salt: [u8; 16], cost: BcryptCost) -> Result<BackupCodeHash, NotHashed> {
    let parts = bcrypt::non_truncating_hash_with_salt(input, cost.number(), salt).map_err(|_| NotHashed)?;
    BackupCodeHash::new(parts.format_for_version(bcrypt::Version::TwoB)).map_err(|_| NotHashed)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn it_agrees_with_the_vectors_of_crypt_blowfish() {
        // The self-test of Openwall's crypt_blowfish (wrapper.c). Its variants `a`, `b` and `y` are the same
        // computation for these inputs.
        let vectors: [(&[u8], &str); 9] = [
            (b"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            (b"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
            (b"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
            (b"", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
            (b"\xa3", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"),
            (b"\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"),
            (b"\xff\xff\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"),
            (b"\xa3ab", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS"),
            (b"\xff\xa3345", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e"),
        ];
        let cost = BcryptCost::new(5).unwrap();
        for (password, expected) in vectors {
            let salt = bcrypt::HashParts::from_str(expected).unwrap().get_salt_raw();
            let hash = hash(password, salt, cost).unwrap();
            assert!(hash.as_str().starts_with("$2b$05$"));
            assert_eq!(hash.as_str()[7..], expected[7..], "{password:?}");
        }
    }

    #[test]
    fn what_bcrypt_would_cut_is_refused() {
        assert!(hash(&[b'x'; 71], [1; 16], BcryptCost::LOWEST).is_ok());
        assert_eq!(hash(&[b'x'; 72], [1; 16], BcryptCost::LOWEST), Err(NotHashed));
    }

    #[test]
    fn any_bcrypt_library_can_verify_the_hash() {
        let hash = hash(b"input", [9; 16], BcryptCost::LOWEST).unwrap();
        assert!(bcrypt::verify(b"input", hash.as_str()).unwrap());
        assert!(!bcrypt::verify(b"inpu7", hash.as_str()).unwrap());
    }
}
