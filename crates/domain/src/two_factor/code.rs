//! RFC 6238 arithmetic: which time step does a code belong to?

use std::fmt;

use subtle::{ConditionallySelectable, ConstantTimeEq};
use totp_lite::{Sha1, Sha256, Sha512, totp_custom};
use zeroize::Zeroizing;

use super::params::{Algorithm, Digits, Parameters};
use super::secret::TotpSecret;
use crate::time::TimeStep;

/// A code as a user typed it: exactly as many ASCII digits as the factor asks for, never shown by `Debug`.
///
/// It has no `==`: codes are compared only by [`matching_step`], in constant time.
pub struct TotpCode(Zeroizing<String>);

/// The text does not have the shape of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is exactly {} digits from 0 to 9", digits.count())]
pub struct NotACode {
    /// How many digits are wanted.
    pub digits: Digits,
}

/// The text is no code of any factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is 6 to 8 digits from 0 to 9, as many as the authenticator shows")]
pub struct NotDigits;

impl TotpCode {
    /// Takes exactly `digits` ASCII digits and nothing else: no sign, no space, no digit of another script.
    pub fn parse(text: &str, digits: Digits) -> Result<Self, NotACode> {
        let right_length = text.len() == usize::from(digits.count());
        if right_length && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(NotACode { digits })
        }
    }

    /// Takes six to eight ASCII digits, for a factor that says later how many it wants.
    pub fn of_any_length(text: &str) -> Result<Self, NotDigits> {
        let digits = u8::try_from(text.len()).ok().and_then(Digits::from_count).ok_or(NotDigits)?;
        Self::parse(text, digits).map_err(|_| NotDigits)
    }

    /// The digits, for whoever may have to read them as a backup code.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// How many digits it has.
    pub fn digits(&self) -> Option<Digits> {
        u8::try_from(self.0.len()).ok().and_then(Digits::from_count)
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode([redacted])")
    }
}

/// The code of one time step, zero-padded (RFC 6238, section 4; RFC 4226, section 5.3).
pub fn code_at(secret: &TotpSecret, parameters: Parameters, step: TimeStep) -> Zeroizing<String> {
    let digits = u32::from(parameters.digits.count());
    // With a step length of one second, totp-lite's "time" is the number of the step itself.
    let code = match parameters.algorithm {
        Algorithm::Sha1 => totp_custom::<Sha1>(1, digits, secret.expose(), step.number()),
        Algorithm::Sha256 => totp_custom::<Sha256>(1, digits, secret.expose(), step.number()),
        Algorithm::Sha512 => totp_custom::<Sha512>(1, digits, secret.expose(), step.number()),
    };
    Zeroizing::new(code)
}

/// The step that `code` belongs to, out of `now`'s step and one on each side (RFC 6238, section 5.2 allows
/// at most one for the delay of the network).
///
/// All candidates are computed and compared in constant time. Of several that match the largest counts: the
/// first would refuse a fresh code that happens to repeat an earlier one, the smallest would leave the same
/// digits usable once more.
pub fn matching_step(
    secret: &TotpSecret,
    parameters: Parameters,
    now: TimeStep,
    code: &TotpCode,
) -> Option<TimeStep> {
    largest_match(now.with_neighbours().map(|step| (step, code_at(secret, parameters, step))), code)
}

/// `candidates` are in ascending order of their steps.
fn largest_match(
    candidates: impl Iterator<Item = (TimeStep, Zeroizing<String>)>,
    code: &TotpCode,
) -> Option<TimeStep> {
    let mut found = subtle::Choice::from(0);
    let mut largest = 0_u64;
    for (step, candidate) in candidates {
        let equal = candidate.as_bytes().ct_eq(code.0.as_bytes());
        largest.conditional_assign(&step.number(), equal);
        found |= equal;
    }
    bool::from(found).then_some(TimeStep::new(largest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;
    use crate::two_factor::params::Period;

    fn secret(length: usize) -> TotpSecret {
        let seed = b"1234567890".iter().copied().cycle().take(length).collect();
        TotpSecret::from_bytes(Zeroizing::new(seed)).unwrap()
    }

    fn parameters(algorithm: Algorithm, digits: Digits) -> Parameters {
        Parameters { algorithm, digits, period: Period::RECOMMENDED }
    }

    fn step_at(seconds: i64) -> TimeStep {
        TimeStep::containing(Timestamp::from_seconds(seconds), Period::RECOMMENDED.as_duration()).unwrap()
    }

    /// RFC 6238, appendix B, with the seeds of its erratum: 20, 32 and 64 bytes.
    #[test]
    fn all_vectors_of_rfc_6238_hold() {
        let rows = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (at, sha1, sha256, sha512) in rows {
            let code = |algorithm, length| {
                code_at(&secret(length), parameters(algorithm, Digits::Eight), step_at(at)).to_string()
            };
            assert_eq!(code(Algorithm::Sha1, 20), sha1, "SHA-1 at {at}");
            assert_eq!(code(Algorithm::Sha256, 32), sha256, "SHA-256 at {at}");
            assert_eq!(code(Algorithm::Sha512, 64), sha512, "SHA-512 at {at}");
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn all_vectors_of_rfc_4226_hold() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (counter, code) in (0..).zip(codes) {
            assert_eq!(*code_at(&secret(20), Parameters::default(), TimeStep::new(counter)), code);
        }
    }

    #[test]
    fn leading_zeros_are_part_of_a_code() {
        for (counter, code) in [(44, "000152"), (366, "000866"), (1828, "000801")] {
            let step = TimeStep::new(counter);
            assert_eq!(*code_at(&secret(20), Parameters::default(), step), code);
            let typed = TotpCode::parse(code, Digits::Six).unwrap();
            assert_eq!(matching_step(&secret(20), Parameters::default(), step, &typed), Some(step));
        }
    }

    #[test]
    fn a_code_matches_one_step_around_now_and_no_further() {
        let now = TimeStep::new(1_000);
        for (offset, expected) in [(-2_i64, false), (-1, true), (0, true), (1, true), (2, false)] {
            let step = TimeStep::new(now.number().checked_add_signed(offset).unwrap());
            let code = code_at(&secret(20), Parameters::default(), step);
            let typed = TotpCode::parse(&code, Digits::Six).unwrap();
            let found = matching_step(&secret(20), Parameters::default(), now, &typed);
            assert_eq!(found, expected.then_some(step), "offset {offset}");
        }
    }

    #[test]
    fn of_equal_codes_the_largest_step_counts() {
        let same = |n| (TimeStep::new(n), Zeroizing::new("123456".to_owned()));
        let typed = TotpCode::parse("123456", Digits::Six).unwrap();
        assert_eq!(largest_match([same(7), same(8)].into_iter(), &typed), Some(TimeStep::new(8)));
    }

    #[test]
    fn only_ascii_digits_of_the_right_number_are_a_code() {
        let bad = [
            "",
            "12345",
            "1234567",
            "+12345",
            "-12345",
            " 12345",
            "12345 ",
            "12345\n",
            "12345\0",
            "1_2345",
            "0x1234",
            "1e5000",
            "123 456",
            "12345\u{200D}",
            // Arabic-Indic, full-width, Devanagari and mathematical digits.
            "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
            "\u{FF11}\u{FF12}\u{FF13}\u{FF14}\u{FF15}\u{FF16}",
            "\u{967}\u{968}\u{969}\u{96A}\u{96B}\u{96C}",
            "\u{661}\u{662}\u{663}",
            "\u{1D7CF}12",
        ];
        for text in bad {
            assert!(TotpCode::parse(text, Digits::Six).is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_code() {
        let code = TotpCode::parse("123456", Digits::Six).unwrap();
        assert_eq!(format!("{code:?}"), "TotpCode([redacted])");
    }

    proptest! {
        #[test]
        fn a_fresh_code_always_matches_its_step(bytes in prop::collection::vec(any::<u8>(), 16..64), step in 1..u64::MAX) {
            let secret = TotpSecret::from_bytes(Zeroizing::new(bytes)).unwrap();
            let step = TimeStep::new(step);
            let code = code_at(&secret, Parameters::default(), step);
            let typed = TotpCode::parse(&code, Digits::Six).unwrap();
            // A later step may have the same digits; then the later one counts.
            prop_assert!(matching_step(&secret, Parameters::default(), step, &typed) >= Some(step));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = TotpCode::parse(&text, Digits::Six);
        }
    }
}
