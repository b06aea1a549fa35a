//! The layer in front of bcrypt: a MAC under the pepper over the code and its place.
//!
//! It keeps bytes that a caller chooses away from bcrypt, which ends at a NUL, ignores what stands behind 72
//! bytes and repeats its input (`a` hashes like `a\0a`). It makes a stolen database useless without the
//! pepper. And it binds a hash, which has no associated data, to organization, environment, user, set and
//! slot.

use std::fmt;

use aws_lc_rs::hmac;
use countersign_domain::two_factor::backup_code::{BackupCode, BackupCodePlace};
use data_encoding::BASE64_NOPAD;
use zeroize::Zeroizing;

use crate::framing::{Frame, PartTooLong};
use crate::key_ring::Pepper;

/// Says what the MAC is for.
const PURPOSE: &[u8] = b"totp-backup/v1";

/// Characters of a prehash: the 48 bytes of HMAC-SHA-384 in base64.
pub(super) const LENGTH: usize = 64;

/// What bcrypt hashes: 64 ASCII characters, none of them NUL. Wiped when dropped.
pub(super) struct Prehash(Zeroizing<[u8; LENGTH]>);

impl Prehash {
    /// The MAC of `code` at `place` under `pepper`.
    pub(super) fn of(
        pepper: &Pepper,
        place: &BackupCodePlace,
        code: &BackupCode,
    ) -> Result<Self, PartTooLong> {
        let subject = &place.subject;
        let frame = Frame::new()
            .part(PURPOSE)?
            .part(subject.organization.to_string().as_bytes())?
            .part(subject.environment.as_str().as_bytes())?
            .part(subject.user.as_str().as_bytes())?
            .part(place.set.to_string().as_bytes())?
            .byte(code.slot().number())
            .part(&*code.secret())?;
        Ok(Self::of_frame(pepper, &frame))
    }

    fn of_frame(pepper: &Pepper, frame: &Frame) -> Self {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA384, pepper.expose()), frame.as_bytes());
        let text = Zeroizing::new(BASE64_NOPAD.encode(mac.as_ref()));
        let mut characters = Zeroizing::new([0; LENGTH]);
        characters.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Self(characters)
    }

    /// The characters.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }
}

impl fmt::Debug for Prehash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prehash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::identity::{BackupSetId, Environment, OrganizationId, Subject, UserId};
    use countersign_domain::two_factor::backup_code::Slot;
    use countersign_testkit::entropy::SeededEntropy;
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    fn pepper(seed: u8) -> Pepper {
        Pepper::from_slice(&[seed; 48]).unwrap()
    }

    fn place(organization: u128, environment: Environment, user: &str, set: u128) -> BackupCodePlace {
        BackupCodePlace {
            subject: Subject {
                organization: OrganizationId::new(Ulid::from_parts(0, organization)),
                environment,
                user: UserId::new(user).unwrap(),
            },
            set: BackupSetId::new(Ulid::from_parts(0, set)),
        }
    }

    fn code(slot: u8, seed: u64) -> BackupCode {
        BackupCode::generate(Slot::new(slot).unwrap(), &SeededEntropy::new(seed)).unwrap()
    }

    fn text(prehash: &Prehash) -> String {
        String::from_utf8(prehash.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn the_mac_is_the_published_one() {
        // Computed with another implementation of HMAC. Stored hashes depend on it, so it must never change.
        let code = BackupCode::parse("7-1234-5678-9ABC-DEFG-Z").unwrap();
        let prehash = Prehash::of(&pepper(7), &place(1, Environment::Live, "alice", 2), &code).unwrap();
        assert_eq!(text(&prehash), "8jRsAjioo5cSvOW6T4OuUJXch8x6n+dFjpph5Rw9kxqyXkianyCysiH+JkhQhEka");
    }

    #[test]
    fn every_part_of_the_place_the_code_and_the_pepper_matter() {
        let at =
            |place, slot, seed, key| text(&Prehash::of(&pepper(key), &place, &code(slot, seed)).unwrap());
        let all = [
            at(place(1, Environment::Live, "alice", 1), 1, 1, 1),
            at(place(2, Environment::Live, "alice", 1), 1, 1, 1),
            at(place(1, Environment::Test, "alice", 1), 1, 1, 1),
            at(place(1, Environment::Live, "Alice", 1), 1, 1, 1),
            at(place(1, Environment::Live, "alice", 2), 1, 1, 1),
            at(place(1, Environment::Live, "alice", 1), 2, 1, 1),
            at(place(1, Environment::Live, "alice", 1), 1, 2, 1),
            at(place(1, Environment::Live, "alice", 1), 1, 1, 2),
        ];
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn inputs_that_bcrypt_cannot_tell_apart_differ_behind_the_mac() {
        let through = |input: &[u8]| text(&Prehash::of_frame(&pepper(7), &Frame::new().part(input).unwrap()));
        let (long, longer) = ([b'x'; 73], [b'x'; 80]);
        let collisions: [(&[u8], &[u8]); 3] = [(b"a", b"a\0a"), (b"", b"\0"), (&long, &longer)];
        for (one, other) in collisions {
            let plain = |input: &[u8]| bcrypt::hash_with_salt(input, 4, [7; 16]).unwrap().to_string();
            assert_eq!(plain(one), plain(other), "bcrypt alone takes them for the same");
            assert_ne!(through(one), through(other));
        }
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let prehash = Prehash::of(&pepper(7), &place(1, Environment::Live, "alice", 2), &code(1, 1)).unwrap();
        assert_eq!(format!("{prehash:?}"), "Prehash([redacted])");
    }

    proptest! {
        #[test]
        fn it_is_always_64_characters_without_nul(
            slot in 0_u8..10, seed in any::<u64>(), user in "[ -~]{1,255}", key in any::<u8>(),
        ) {
            let place = place(1, Environment::Live, &user, 2);
            let prehash = Prehash::of(&pepper(key), &place, &code(slot, seed)).unwrap();
            prop_assert_eq!(prehash.as_bytes().len(), 64);
            prop_assert!(prehash.as_bytes().iter().all(u8::is_ascii_graphic));
        }
    }
}
