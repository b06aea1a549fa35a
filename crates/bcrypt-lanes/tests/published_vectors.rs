//! Vectors that others published: the test of Openwall's `crypt_blowfish` (also used by John the Ripper,
//! OpenBSD's and PHP's tests), jBCrypt's, and those for wrapped lengths.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use countersign_bcrypt_lanes::{Cost, Digest, Job, Password, hash_all, hash_lanes};

/// Text and password. Where the original password is longer than 72 bytes, it is given without the bytes that
/// bcrypt ignores.
const VECTORS: &[(&str, &[u8])] = &[
    // crypt_blowfish
    ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", b"U*U"),
    ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", b"U*U*"),
    ("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", b"U*U*U"),
    ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", b""),
    (
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    ),
    ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", b"\xff\xff\xa3"),
    ("$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", b"\xff\xff\xa3"),
    ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", b"\xa3"),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", b"\xa3"),
    ("$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", b"\xa3"),
    ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi", b"\xff\xa334\xff\xff\xff\xa3345"),
    ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e", b"\xff\xa3345"),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e", b"\xff\xa3345"),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS", b"\xa3ab"),
    ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS", b"\xa3ab"),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6", &[0xaa; 72]),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy", [[0xaa, 0x55]; 36].as_flattened()),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe", [[0x55, 0xaa, 0xff]; 24].as_flattened()),
    // OpenBSD: a password of 254 bytes and more, whose length once wrapped round
    (
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.6.O1dLNbjod2uo0DVcW.jHucKbPDdHS",
        b"000000000000000000000000000000000000000000000000000000000000000000000000",
    ),
    // jBCrypt
    ("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", b""),
    ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", b"a"),
    ("$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", b"abc"),
    ("$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC", b"abcdefghijklmnopqrstuvwxyz"),
    ("$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO", b"~!@#$%^&*()      ~!@#$%^&*()PNBFRD"),
    ("$2a$10$LgfYWkbzEvQ4JakH7rOvHe0y8pHKF9OaFgwUZ2q7W2FFZmZzJYlfS", b"~!@#$%^&*()      ~!@#$%^&*()PNBFRD"),
    ("$2a$12$WApznUOJfkEGSmYRfnkrPOr466oFDCaj4b6HY3EXGvfxm43seyhgC", b"~!@#$%^&*()      ~!@#$%^&*()PNBFRD"),
];

/// Digests that belong to other passwords in a correct implementation: of a faulty one that took bytes as
/// signed, or of the countermeasure that `crypt_blowfish` has for those under `$2a$`.
const OTHERWISE: &[(&str, &[u8])] = &[
    ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", b"\xa3"),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.nqd1wy.pTMdcvrRWxyiGL2eMz.2a85.", b"\xff\xff\xa3"),
    ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.ZC1JEJ8Z4gPfpe1JOr/oyPXTWl9EFd.", b"\xff\xa334\xff\xff\xff\xa3345"),
    ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi", b"1\xa3345"),
];

fn parse(text: &str) -> Digest {
    Digest::parse(text, Cost::MIN..=Cost::new(12).unwrap()).unwrap()
}

fn job<'a>(text: &str, password: &'a [u8]) -> Job<'a> {
    Job { password: Password::new(password).unwrap(), salt: parse(text).salt() }
}

#[test]
fn every_vector_verifies() {
    for (text, password) in VECTORS {
        assert!(parse(text).verify(Password::new(password).unwrap()), "{text}");
    }
}

#[test]
fn every_vector_is_written_as_published() {
    for (text, password) in VECTORS {
        let [digest] = hash_lanes(parse(text).cost(), &[job(text, password)]);
        assert_eq!(digest.to_string_2b()[4..], text[4..]);
    }
}

#[test]
fn vectors_of_one_cost_hold_when_they_are_computed_together() {
    for cost in [5, 6].map(|factor| Cost::new(factor).unwrap()) {
        let of_cost: Vec<_> = VECTORS.iter().filter(|(text, _)| parse(text).cost() == cost).collect();
        let jobs: Vec<_> = of_cost.iter().map(|(text, password)| job(text, password)).collect();
        for ((text, _), digest) in of_cost.iter().zip(hash_all(cost, &jobs)) {
            assert_eq!(parse(text), digest, "{text}");
        }
    }
}

#[test]
fn digests_of_faulty_implementations_do_not_verify() {
    for (text, password) in OTHERWISE {
        assert!(!parse(text).verify(Password::new(password).unwrap()), "{text}");
    }
}
