use std::hash::{DefaultHasher, Hash, Hasher};

use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::backup_code::BackupCodeHash;
use countersign_domain::two_factor::code::{TotpCode, code_at};
use countersign_domain::two_factor::imported_code::ImportedCodeHashes;
use countersign_domain::two_factor::params::Parameters;
use countersign_domain::two_factor::secret::TotpSecret;
use zeroize::Zeroizing;

/// A secret of 20 bytes; different numbers give different secrets.
pub fn secret(number: u8) -> TotpSecret {
    TotpSecret::from_bytes(Zeroizing::new(vec![number; TotpSecret::ISSUED_LENGTH])).unwrap()
}

/// The code of `secret` at the instant `at`, as an authenticator with the default parameters shows it.
pub fn code_at_instant(secret: &TotpSecret, at: Timestamp) -> String {
    code_with(secret, Parameters::default(), at)
}

/// The code of `secret` at the instant `at`, as an authenticator with these parameters shows it.
pub fn code_with(secret: &TotpSecret, parameters: Parameters, at: Timestamp) -> String {
    let step = TimeStep::containing(at, parameters.period.as_duration()).unwrap();
    code_at(secret, parameters, step).to_string()
}

/// A code that no step near `at` has.
pub fn wrong_code(secret: &TotpSecret, at: Timestamp) -> String {
    let period = Parameters::default().period.as_duration();
    let near = [at.saturating_sub(period), at, at.saturating_add(period)];
    let right = near.map(|instant| code_at_instant(secret, instant));
    (0..4).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
}

/// `text` as a code.
pub fn typed_code(text: &str) -> TotpCode {
    TotpCode::of_any_length(text).unwrap()
}

/// What another system kept of a backup code: it looks like bcrypt's, and only a
/// [`CountingVerifier`](crate::fakes::CountingVerifier) knows which code it is of.
pub fn imported_hash(code: &str) -> BackupCodeHash {
    let mut hasher = DefaultHasher::new();
    code.hash(&mut hasher);
    BackupCodeHash::new(format!("$2y$04${}.{:030}.", "0".repeat(21), hasher.finish())).unwrap()
}

/// The hashes of these codes.
pub fn imported_hashes(codes: &[&str]) -> ImportedCodeHashes {
    let hashes: Vec<_> = codes.iter().map(|code| imported_hash(code)).collect();
    ImportedCodeHashes::parse(hashes.iter().map(BackupCodeHash::as_str)).unwrap()
}
