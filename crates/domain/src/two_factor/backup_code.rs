//! Backup codes: `S-XXXX-XXXX-XXXX-XXXX-C`.
//!
//! `S` is the slot (0 to 9), a public number that tells which of the ten hashes to compare with, so that an
//! attempt costs one hash whatever its outcome. The sixteen symbols of Crockford's base 32 carry 80 random
//! bits, above the 64 from which NIST SP 800-63B asks for no throttling of look-up secrets. `C` is a check symbol
//! over GF(32): it finds every wrong symbol and every swap of two neighbours before anything is charged.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::entropy::{Entropy, EntropyUnavailable};
use crate::identity::{BackupSetId, Subject};
use crate::keys::KeyId;

/// Codes in a set.
pub const CODES_PER_SET: usize = 10;

/// Symbols that carry randomness, five bits each.
const SECRET_SYMBOLS: usize = 16;
/// Slot, secret and check symbol.
const ALL_SYMBOLS: usize = SECRET_SYMBOLS + 2;
/// Crockford's base 32.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Which of the ten codes of a set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(u8);

impl Slot {
    /// All slots in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=9).map(Self)
    }

    /// From its number; `None` above 9.
    pub const fn new(number: u8) -> Option<Self> {
        if number < 10 { Some(Self(number)) } else { None }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// One backup code in canonical form, wiped when dropped, never shown by `Debug` and never compared with `==`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct BackupCode {
    /// Values of the symbols: slot, sixteen secret ones, check.
    symbols: [u8; ALL_SYMBOLS],
}

/// The text does not have the shape of a backup code, or its check symbol says that it was mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a backup code looks like 7-K4QF-9XMA-2HTC-V6PD-R; check it for typing errors")]
pub struct NotABackupCode;

impl BackupCode {
    /// A new code for `slot`.
    pub fn generate(slot: Slot, entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut random = Zeroizing::new([0_u8; SECRET_SYMBOLS]);
        entropy.fill(&mut *random)?;
        let mut code = Self { symbols: [0; ALL_SYMBOLS] };
        let [first, secret @ .., check] = &mut code.symbols;
        *first = slot.0;
        // 32 divides 256, so the low five bits of a uniform byte are uniform.
        secret.iter_mut().zip(random.iter()).for_each(|(symbol, byte)| *symbol = byte & 31);
        *check = check_symbol(slot.0, secret);
        Ok(code)
    }

    /// Reads what a person typed: case, spaces and dashes do not matter, `O` is 0, `I` and `L` are 1.
    pub fn parse(text: &str) -> Result<Self, NotABackupCode> {
        let mut code = Self { symbols: [0; ALL_SYMBOLS] };
        let mut places = code.symbols.iter_mut();
        for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
            *places.next().ok_or(NotABackupCode)? = symbol_value(byte).ok_or(NotABackupCode)?;
        }
        if places.next().is_some() {
            return Err(NotABackupCode);
        }
        let [slot, secret @ .., check] = &code.symbols;
        let well_formed = Slot::new(*slot).is_some() && check_symbol(*slot, secret) == *check;
        if well_formed { Ok(code) } else { Err(NotABackupCode) }
    }

    /// Which hash of the set to compare with.
    pub fn slot(&self) -> Slot {
        let [slot, ..] = self.symbols;
        Slot(slot)
    }

    /// The sixteen secret symbols as ASCII, for hashing.
    pub fn secret(&self) -> Zeroizing<[u8; 16]> {
        let [_, secret @ .., _] = &self.symbols;
        Zeroizing::new(secret.map(letter))
    }

    /// The code as people see it: `S-XXXX-XXXX-XXXX-XXXX-C`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(ALL_SYMBOLS + 5));
        for (place, symbol) in self.symbols.iter().enumerate() {
            if matches!(place, 1 | 5 | 9 | 13 | 17) {
                text.push('-');
            }
            text.push(char::from(letter(*symbol)));
        }
        text
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode([redacted])")
    }
}

/// The ten codes of a set, in the order of their slots.
#[derive(Debug)]
pub struct BackupCodeSet(pub [BackupCode; CODES_PER_SET]);

impl BackupCodeSet {
    /// Ten new codes.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let codes: Vec<_> =
            Slot::all().map(|slot| BackupCode::generate(slot, entropy)).collect::<Result<_, _>>()?;
        codes.try_into().map(Self).map_err(|_| EntropyUnavailable)
    }
}

/// Where a set of codes belongs. A hash is bound to its place and verifies nowhere else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupCodePlace {
    /// Whose codes.
    pub subject: Subject,
    /// Which set.
    pub set: BackupSetId,
}

/// A stored hash: a `$2b$` bcrypt string of 60 ASCII characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupCodeHash(String);

/// The text is not a bcrypt string that we may evaluate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a backup code's hash is a bcrypt string of 60 ASCII characters with a cost from 4 to 14")]
pub struct NotABackupCodeHash;

impl BackupCodeHash {
    /// Takes a bcrypt string with a cost that is safe to evaluate: a row with cost 31 would be a week of CPU.
    pub fn new(text: impl Into<String>) -> Result<Self, NotABackupCodeHash> {
        let text = text.into();
        let sound = text.len() == 60 && text.is_ascii() && (4..=14).contains(&written_cost(&text));
        if sound { Ok(Self(text)) } else { Err(NotABackupCodeHash) }
    }

    /// Its cost: bcrypt takes 2^cost rounds.
    pub fn cost(&self) -> u8 {
        written_cost(&self.0)
    }

    /// The bcrypt string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The cost that a bcrypt string names; 0, which is none, when it is no string of a sound version.
fn written_cost(text: &str) -> u8 {
    match text.as_bytes() {
        [b'$', b'2', b'a' | b'b' | b'y', b'$', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b'$', ..] => {
            tens.wrapping_sub(b'0').wrapping_mul(10).wrapping_add(ones.wrapping_sub(b'0'))
        }
        _ => 0,
    }
}

/// The hashes of a whole set, in the order of their slots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HashedBackupCodes {
    /// Which set.
    pub set: BackupSetId,
    /// The pepper that stands in front of the hashes.
    pub pepper: KeyId,
    /// One hash for each slot.
    pub hashes: [BackupCodeHash; CODES_PER_SET],
}

fn letter(value: u8) -> u8 {
    ALPHABET.get(usize::from(value)).copied().unwrap_or(b'0')
}

fn symbol_value(byte: u8) -> Option<u8> {
    let canonical = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|letter| *letter == canonical).and_then(|value| value.try_into().ok())
}

/// The check symbol of a slot and its secret: Σ αⁱ⁺¹·sᵢ, so that each place weighs differently, and none as
/// the check symbol itself (α⁰).
fn check_symbol(slot: u8, secret: &[u8; SECRET_SYMBOLS]) -> u8 {
    // Horner's rule, the last symbol first.
    let sum = secret.iter().rev().fold(0, |sum, symbol| times_alpha(sum ^ symbol));
    times_alpha(sum ^ slot)
}

/// Multiplication by α in GF(32) = GF(2)\[α\]/(α⁵ + α² + 1).
const fn times_alpha(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled & 32 == 0 { doubled } else { (doubled ^ 0b10_0101) & 31 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Fixed(Vec<u8>);

    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
            buffer.iter_mut().zip(self.0.iter().cycle()).for_each(|(to, from)| *to = *from);
            Ok(())
        }
    }

    fn code(slot: u8, random: &[u8]) -> String {
        BackupCode::generate(Slot::new(slot).unwrap(), &Fixed(random.to_vec())).unwrap().reveal().to_string()
    }

    fn flat(text: &str) -> Vec<u8> {
        text.bytes().filter(|b| *b != b'-').collect()
    }

    fn parse(symbols: &[u8]) -> Result<BackupCode, NotABackupCode> {
        BackupCode::parse(std::str::from_utf8(symbols).unwrap())
    }

    #[test]
    fn a_code_has_its_published_shape() {
        let text = code(7, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        assert!(text.starts_with("7-1234-5678-9ABC-DEFG-"), "{text}");
        assert_eq!(text.len(), 23);
    }

    #[test]
    fn alpha_generates_the_whole_field() {
        let mut value = 1;
        let orbit: std::collections::BTreeSet<_> = std::iter::repeat_with(|| {
            value = times_alpha(value);
            value
        })
        .take(31)
        .collect();
        assert_eq!(orbit.len(), 31);
    }

    #[test]
    fn a_hash_with_a_dangerous_cost_is_no_hash() {
        let with_cost = |cost: &str| BackupCodeHash::new(format!("$2b${cost}${}", "a".repeat(53)));
        assert!(with_cost("10").is_ok());
        for cost in ["31", "15", "03", "1x"] {
            assert!(with_cost(cost).is_err(), "{cost}");
        }
        assert!(BackupCodeHash::new(format!("$2b$10${}é", "a".repeat(51))).is_err());
    }

    #[test]
    fn debug_shows_nothing_of_the_code() {
        let code = BackupCode::generate(Slot(1), &Fixed(vec![5])).unwrap();
        assert_eq!(format!("{code:?}"), "BackupCode([redacted])");
    }

    #[test]
    fn the_ten_codes_of_a_set_have_the_ten_slots() {
        let set = BackupCodeSet::generate(&Fixed(vec![3, 1, 4, 1, 5])).unwrap();
        let slots: Vec<_> = set.0.iter().map(|code| code.slot().number()).collect();
        assert_eq!(slots, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    proptest! {
        #[test]
        fn what_is_revealed_can_be_typed(slot in 0_u8..10, random in any::<[u8; 16]>()) {
            let text = code(slot, &random);
            let sloppy = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            for typed in [&text, &sloppy, &text.replace('-', "").replace('1', "I")] {
                let parsed = BackupCode::parse(typed).unwrap();
                prop_assert_eq!(&*parsed.reveal(), &text);
                prop_assert_eq!(parsed.slot().number(), slot);
            }
        }

        #[test]
        fn every_wrong_symbol_is_found(slot in 0_u8..10, random in any::<[u8; 16]>(), place in 0_usize..18, by in 1_u8..32) {
            let mut symbols = flat(&code(slot, &random));
            let value = symbol_value(symbols[place]).unwrap();
            symbols[place] = letter(value ^ by);
            prop_assert!(parse(&symbols).is_err());
        }

        #[test]
        fn every_swap_of_neighbours_is_found(slot in 0_u8..10, random in any::<[u8; 16]>(), place in 0_usize..17) {
            let mut symbols = flat(&code(slot, &random));
            prop_assume!(symbols[place] != symbols[place + 1]);
            symbols.swap(place, place + 1);
            prop_assert!(parse(&symbols).is_err());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = BackupCode::parse(&text);
        }

        #[test]
        fn look_alikes_of_other_scripts_are_refused(slot in 0_u8..10, random in any::<[u8; 16]>()) {
            let text = code(slot, &random);
            for other in [text.replace('-', "\u{2010}"), text.clone() + "\u{200b}", text.replace('-', "\t")] {
                prop_assert!(BackupCode::parse(&other).is_err());
            }
        }
    }
}
