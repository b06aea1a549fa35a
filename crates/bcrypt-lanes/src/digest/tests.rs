use super::{Digest, ParseError};
use crate::{Cost, Password};

/// The text that `crypt_blowfish` publishes for `U*U`.
const TEXT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn parse(text: &str) -> Result<Digest, ParseError> {
    Digest::parse(text, Cost::MIN..=Cost::MAX)
}

/// `TEXT` with other bytes from `start` on.
fn with(start: usize, replacement: &str) -> String {
    let end = start + replacement.len();
    format!("{}{replacement}{}", &TEXT[..start], &TEXT[end..])
}

#[test]
fn the_three_sound_versions_mean_the_same_and_are_written_as_2b() {
    for version in ["$2a", "$2b", "$2y"] {
        let digest = parse(&with(0, version)).unwrap();
        assert_eq!(digest.to_string_2b(), with(0, "$2b"));
        assert_eq!(digest, parse(TEXT).unwrap());
    }
}

#[test]
fn other_versions_are_refused() {
    for version in ["$2x", "$2c", "$2$", "$1b", "$2B"] {
        assert_eq!(parse(&with(0, version)).unwrap_err(), ParseError::Version, "{version}");
    }
}

#[test]
fn a_text_of_another_form_is_refused() {
    let texts = [
        "",
        "*0",
        &TEXT[..59],
        &format!("{TEXT}."),
        &format!(" {}", &TEXT[..59]),
        &with(3, "-"),
        &with(6, "a"),
    ];
    for text in texts {
        assert_eq!(parse(text).unwrap_err(), ParseError::Form, "{text}");
    }
}

#[test]
fn a_cost_is_two_digits_within_bcrypt_s_range() {
    for cost in ["03", "00", "32", "99", " 5", "+5", "5$", "1x"] {
        assert_eq!(parse(&with(4, cost)).unwrap_err(), ParseError::Cost, "{cost}");
    }
    assert_eq!(parse(&with(4, "31")).unwrap().cost(), Cost::MAX);
}

#[test]
fn a_cost_outside_the_caller_s_bounds_is_refused() {
    let bounds = Cost::new(10).unwrap()..=Cost::new(14).unwrap();
    for (cost, accepted) in [("09", false), ("10", true), ("14", true), ("15", false)] {
        let parsed = Digest::parse(&with(4, cost), bounds.clone());
        let expected = if accepted { None } else { Some(ParseError::CostOutOfBounds(cost.parse().unwrap())) };
        assert_eq!(parsed.err(), expected);
    }
}

#[test]
fn stray_bits_and_foreign_symbols_are_refused() {
    for salt_end in ["/", "C", "+", "="] {
        assert_eq!(parse(&with(28, salt_end)).unwrap_err(), ParseError::Salt, "{salt_end}");
    }
    for checksum_end in ["X", "Y", "Z", "-"] {
        assert_eq!(parse(&with(59, checksum_end)).unwrap_err(), ParseError::Checksum, "{checksum_end}");
    }
}

#[test]
fn characters_of_several_bytes_are_refused() {
    for start in 0..59 {
        assert!(parse(&with(start, "é")).is_err(), "{start}");
    }
}

#[test]
fn one_password_verifies_and_no_other() {
    let digest = parse(TEXT).unwrap();
    assert!(digest.verify(Password::new(b"U*U").unwrap()));
    for other in ["", "U*", "U*U*", "u*u"] {
        assert!(!digest.verify(Password::new(other.as_bytes()).unwrap()), "{other}");
    }
}

#[test]
fn digests_differ_when_any_of_their_parts_does() {
    let digest = parse(TEXT).unwrap();
    for other in [with(4, "06"), with(7, "D"), with(29, "F"), with(59, "a")] {
        assert_ne!(digest, parse(&other).unwrap(), "{other}");
    }
}

#[test]
fn a_debug_print_shows_neither_salt_nor_checksum() {
    assert_eq!(format!("{:?}", parse(TEXT).unwrap()), "Digest { cost: Cost(5), .. }");
}
