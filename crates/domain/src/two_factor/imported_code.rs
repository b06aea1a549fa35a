//! Backup codes that another system issued, kept as the bcrypt hashes that it made of them.
//!
//! They have no slot, and no pepper stands in front of their hashes: a code that is typed is compared with every hash of
//! the user, which is why their number and what they cost together are bounded.

use super::backup_code::{BackupCodeHash, NotABackupCodeHash};

/// The most rounds of bcrypt that the hashes of one user may cost together: 128 times those of one of our own codes.
const MOST_ROUNDS: u32 = 1 << 17;
/// bcrypt's base 64.
const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Which of the imported codes of a factor, in the order in which they came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ImportedCodeNumber(u8);

impl ImportedCodeNumber {
    /// From its number; `None` from [`ImportedCodeHashes::MOST`] on.
    pub const fn new(number: u8) -> Option<Self> {
        if (number as usize) < ImportedCodeHashes::MOST { Some(Self(number)) } else { None }
    }

    /// Its number, from 0.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// The hashes of the codes of one user; there may be none.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ImportedCodeHashes(Vec<BackupCodeHash>);

/// Why hashes are not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotImportable {
    /// There are more than [`ImportedCodeHashes::MOST`].
    #[error("at most 20 hashes of backup codes are taken over for a user")]
    TooMany,
    /// One of them cannot be evaluated.
    #[error("hash {number} in the list: {reason}, and it is not of the faulty version $2x$")]
    NotAHash {
        /// Which, from 1.
        number: usize,
        /// Why.
        reason: NotABackupCodeHash,
    },
    /// Two are the same.
    #[error("hash {number} in the list stands there twice")]
    Repeated {
        /// The second one, from 1.
        number: usize,
    },
    /// A code that is typed is compared with all of them.
    #[error(
        "the hashes cost more together than 128 hashes of cost 10; leave them out and let the user make new codes"
    )]
    TooExpensive,
}

impl ImportedCodeHashes {
    /// The most hashes of a user.
    pub const MOST: usize = 20;

    /// Takes bcrypt texts as they are: `$2a$`, `$2b$` or `$2y$`, with costs from 4 to 14. Nothing is computed.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, NotImportable> {
        let mut hashes: Vec<BackupCodeHash> = Vec::new();
        for (text, number) in texts.into_iter().zip(1..) {
            if hashes.len() == Self::MOST {
                return Err(NotImportable::TooMany);
            }
            let hash = evaluable(text).map_err(|reason| NotImportable::NotAHash { number, reason })?;
            if hashes.contains(&hash) {
                return Err(NotImportable::Repeated { number });
            }
            hashes.push(hash);
        }
        let rounds = hashes.iter().map(|hash| 1_u32.checked_shl(hash.cost().into()).unwrap_or(u32::MAX));
        if rounds.fold(0, u32::saturating_add) > MOST_ROUNDS {
            return Err(NotImportable::TooExpensive);
        }
        Ok(Self(hashes))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Each with its number.
    pub fn iter(&self) -> impl Iterator<Item = (ImportedCodeNumber, &BackupCodeHash)> {
        (0..).map(ImportedCodeNumber).zip(&self.0)
    }
}

/// A hash whose every symbol is one of bcrypt's, so that it can be evaluated when a code comes.
fn evaluable(text: &str) -> Result<BackupCodeHash, NotABackupCodeHash> {
    let hash = BackupCodeHash::new(text)?;
    let symbols: Vec<_> = text.bytes().skip(7).filter_map(value).collect();
    // The 22 symbols of the salt carry 128 bits and those of the checksum 184: the bits that are left over are zero.
    match symbols.split_at_checked(22) {
        Some((&[.., salt], &[.., checksum]))
            if symbols.len() == 53 && salt % 16 == 0 && checksum % 4 == 0 =>
        {
            Ok(hash)
        }
        _ => Err(NotABackupCodeHash),
    }
}

fn value(symbol: u8) -> Option<u8> {
    ALPHABET.iter().position(|letter| *letter == symbol).and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash of this version and cost; different numbers give different ones.
    fn hash(version: &str, cost: u8, number: u8) -> String {
        format!("${version}${cost:02}${}.{number:02}{}.", "a".repeat(21), "b".repeat(28))
    }

    fn parse(hashes: &[String]) -> Result<ImportedCodeHashes, NotImportable> {
        ImportedCodeHashes::parse(hashes.iter().map(String::as_str))
    }

    fn alike(count: u8, cost: u8) -> Vec<String> {
        (0..count).map(|number| hash("2b", cost, number)).collect()
    }

    #[test]
    fn hashes_of_the_three_sound_versions_are_kept_as_they_are() {
        let texts = ["2a", "2b", "2y"].map(|version| hash(version, 10, 1));
        let hashes = parse(&texts).unwrap();
        assert_eq!(hashes.iter().map(|(_, hash)| hash.as_str()).collect::<Vec<_>>(), texts);
        assert_eq!(hashes.iter().map(|(number, _)| number.number()).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(parse(&[]).map(|none| none.count()), Ok(0));
    }

    #[test]
    fn what_could_not_be_evaluated_is_refused_with_its_place() {
        let sound = hash("2b", 10, 1);
        let stray_salt = sound.replace(".01", "a01");
        let stray_checksum = format!("{}b", &sound[..59]);
        let others =
            [hash("2x", 10, 1), hash("2", 10, 1), hash("2b", 3, 1), hash("2b", 15, 1), "secret".to_owned()];
        let symbols = [
            sound.replace('b', "!"),
            sound.replace("bb", "ä"),
            stray_salt,
            stray_checksum,
            format!("{sound}a"),
        ];
        for bad in others.into_iter().chain(symbols) {
            let refused = parse(&[hash("2b", 10, 9), bad.clone()]);
            let expected = NotImportable::NotAHash { number: 2, reason: NotABackupCodeHash };
            assert_eq!(refused, Err(expected), "{bad}");
            assert!(!refused.unwrap_err().to_string().contains(&bad), "{bad}");
        }
    }

    #[test]
    fn at_most_twenty_are_taken_and_each_once() {
        assert_eq!(parse(&alike(20, 10)).map(|hashes| hashes.count()), Ok(20));
        assert_eq!(parse(&alike(21, 10)), Err(NotImportable::TooMany));
        assert_eq!(parse(&[alike(3, 10), alike(1, 10)].concat()), Err(NotImportable::Repeated { number: 4 }));
    }

    #[test]
    fn what_they_cost_together_is_bounded() {
        for (count, cost, accepted) in
            [(20, 12, true), (16, 13, true), (17, 13, false), (8, 14, true), (9, 14, false)]
        {
            let parsed = parse(&alike(count, cost));
            assert_eq!(parsed.is_ok(), accepted, "{count} of cost {cost}: {parsed:?}");
        }
    }
}
