use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::code::{TotpCode, code_at};
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
