use countersign_testkit::entropy::{FailingEntropy, SeededEntropy};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

use super::*;
use crate::OsEntropy;
use crate::weakness::Weakness;

fn ring(seed: u64) -> KeyRing {
    KeyRing::generate(&SeededEntropy::new(seed)).unwrap()
}

fn document(ring: &KeyRing) -> Value {
    serde_json::from_slice(&document::write(ring).unwrap()).unwrap()
}

fn load(document: &str) -> Result<KeyRing, KeyRingError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.json");
    secret_file::write_new(&path, document.as_bytes()).unwrap();
    KeyRing::load(&path)
}

/// What becomes of a good document with one change.
fn load_changed(change: impl FnOnce(&mut Value)) -> Result<KeyRing, KeyRingError> {
    let mut document = document(&ring(1));
    change(&mut document);
    load(&document.to_string())
}

fn key(number: u8, bytes: usize) -> String {
    let unlike_others =
        (0..bytes).map(|place| number.wrapping_mul(31) ^ u8::try_from(place * place % 251).unwrap());
    BASE64.encode(&unlike_others.collect::<Vec<_>>())
}

#[test]
fn a_saved_ring_is_the_same_when_loaded() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.json");
    let ring = KeyRing::generate(&OsEntropy).unwrap();
    ring.save_new(&path).unwrap();
    let loaded = KeyRing::load(&path).unwrap();
    assert_eq!(document(&loaded), document(&ring));
    assert_eq!(loaded.known_keys(), ring.known_keys());
}

#[cfg(unix)]
#[test]
fn a_saved_ring_is_closed_to_others_and_an_open_one_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.json");
    ring(1).save_new(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let refusal = KeyRing::load(&path).unwrap_err();
    assert!(matches!(refusal, KeyRingError::File(secret_file::SecretFileError::Exposed { mode: 0o644, .. })));
    assert!(refusal.to_string().ends_with(&format!("chmod 600 {}", path.display())), "{refusal}");
}

#[test]
fn a_ring_never_overwrites_another() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.json");
    ring(1).save_new(&path).unwrap();
    let refusal = ring(2).save_new(&path).unwrap_err();
    assert!(matches!(refusal, KeyRingError::File(secret_file::SecretFileError::Exists { .. })));
    assert_eq!(KeyRing::load(&path).unwrap().known_keys(), ring(1).known_keys());
}

#[test]
fn several_keys_of_a_purpose_are_found_by_their_numbers() {
    let ring = load_changed(|document| {
        let old = document["sealing"]["keys"][0]["key"].clone();
        document["sealing"] =
            json!({"primary": 7, "keys": [{"id": 1, "key": old}, {"id": 7, "key": key(9, 32)}]});
    })
    .unwrap();
    assert_eq!(ring.primary_sealing_key().0, KeyId(7));
    assert!(ring.sealing_key(KeyId(1)).is_some());
    assert!(ring.sealing_key(KeyId(2)).is_none());
    assert_eq!(ring.known_keys().len(), 3);
}

#[test]
fn a_document_that_is_not_exactly_one_of_ours_is_refused() {
    let good = document(&ring(1));
    let doubled = good.to_string().replacen('{', r#"{"version":1,"#, 1);
    let mut cases =
        vec![String::new(), "[]".into(), "{}".into(), "null".into(), doubled, format!("{good} x")];
    for (pointer, value) in [
        ("/sealing", json!(null)),
        ("/sealing/primary", json!("1")),
        ("/sealing/keys", json!({})),
        ("/sealing/keys/0/id", json!(-1)),
        ("/pepper/keys/0", json!({"id": 1})),
        ("/assertion_signing", json!({"seed": key(9, 32)})),
        ("/sealing/keys/0", json!({"id": 1, "key": key(9, 32), "comment": "?"})),
        ("/sealing/keys/0/key", json!(7)),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        cases.push(changed.to_string());
    }
    let mut unknown = good.clone();
    unknown["token_secret"] = json!("x");
    cases.push(unknown.to_string());
    let mut missing = good;
    missing.as_object_mut().unwrap().remove("pepper");
    cases.push(missing.to_string());
    for case in cases {
        assert!(matches!(load(&case), Err(KeyRingError::Malformed { .. })), "{case}");
    }
}

#[test]
fn a_document_of_another_version_is_named_as_such() {
    let refusal = load(r#"{"version": 2, "hsm": "pkcs11:…"}"#).unwrap_err();
    assert!(matches!(refusal, KeyRingError::UnknownVersion(2)));
}

#[test]
fn a_key_that_is_not_strict_base64_of_its_length_is_refused() {
    let good = key(9, 32);
    for bad in [
        String::new(),
        key(9, 31),
        key(9, 33),
        key(9, 48),
        good.trim_end_matches('=').to_owned(),
        format!("{good}\n"),
        format!(" {good}"),
        good.replace('=', "=="),
        // The last symbol before the padding has two bits too many.
        format!("{}B=", &good[..42]),
        "-".repeat(43) + "=",
        HEXLOWER.encode(&[9; 32]),
    ] {
        let loaded = load_changed(|document| document["sealing"]["keys"][0]["key"] = json!(bad));
        // An escaped character in a key is not ours either.
        assert!(
            matches!(loaded, Err(KeyRingError::Length { .. } | KeyRingError::Malformed { .. })),
            "{bad:?}"
        );
    }
}

#[test]
fn keys_that_nobody_drew_at_random_are_refused() {
    let cases = [
        ("/sealing/keys/0/key", vec![0; 32], Weakness::Repeating),
        ("/pepper/keys/0/key", vec![0xAA; 48], Weakness::Repeating),
        ("/pepper/keys/0/key", (0..48).collect(), Weakness::Counting),
        ("/sealing/keys/0/key", (0x80..0xA0).collect(), Weakness::Counting),
        ("/sealing/keys/0/key", b"this is my very secret pass phrase"[..32].to_vec(), Weakness::Text),
        (
            "/assertion_signing/keys/0/key",
            HEXLOWER.decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap(),
            Weakness::Sample,
        ),
    ];
    for (pointer, bytes, expected) in cases {
        let loaded =
            load_changed(|document| *document.pointer_mut(pointer).unwrap() = json!(BASE64.encode(&bytes)));
        match loaded {
            Err(KeyRingError::Weak { weakness, .. }) => assert_eq!(weakness, expected, "{pointer}"),
            other => panic!("{pointer}: {other:?}"),
        }
    }
}

#[test]
fn one_key_never_serves_two_purposes() {
    let seed_as_sealing_key = load_changed(|document| {
        document["assertion_signing"]["keys"][0]["key"] = document["sealing"]["keys"][0]["key"].clone();
    });
    let refusal = seed_as_sealing_key.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the sealing key 1 and the assertion signing key 1 of the key ring are the same"
    );

    let same_under_two_numbers = load_changed(|document| {
        let again = json!({"id": 2, "key": document["pepper"]["keys"][0]["key"]});
        document["pepper"]["keys"].as_array_mut().unwrap().push(again);
    });
    assert!(matches!(same_under_two_numbers, Err(KeyRingError::Equal { .. })));

    let lengthened = load_changed(|document| {
        let mut bytes =
            BASE64.decode(document["sealing"]["keys"][0]["key"].as_str().unwrap().as_bytes()).unwrap();
        bytes.extend(1..=16);
        document["pepper"]["keys"][0]["key"] = json!(BASE64.encode(&bytes));
    });
    assert!(matches!(lengthened, Err(KeyRingError::Equal { .. })));
}

#[test]
fn the_primary_key_must_exist_and_numbers_are_unique() {
    let absent = load_changed(|document| document["pepper"]["primary"] = json!(2));
    assert!(matches!(absent, Err(KeyRingError::NoPrimary(_))));
    let empty = load_changed(|document| document["sealing"]["keys"] = json!([]));
    assert!(matches!(empty, Err(KeyRingError::NoPrimary(_))));
    let doubled = load_changed(|document| {
        let again = json!({"id": 1, "key": key(9, 32)});
        document["sealing"]["keys"].as_array_mut().unwrap().push(again);
    });
    assert!(matches!(doubled, Err(KeyRingError::DoubledId(_))));
}

#[test]
fn fingerprints_depend_on_key_and_purpose_only() {
    let same = [7, 8, 9, 200].repeat(12);
    let sealing = known(KeyPurpose::Sealing, KeyId(1), &same);
    assert_eq!(sealing.check, known(KeyPurpose::Sealing, KeyId(2), &same).check);
    assert_ne!(sealing.check, known(KeyPurpose::Pepper, KeyId(1), &same).check);
    assert_ne!(sealing.check, known(KeyPurpose::Sealing, KeyId(1), &same[1..]).check);
    // Computed with `openssl dgst -sha256 -mac HMAC`; it is stored, so it must never change.
    assert_eq!(HEXLOWER.encode(&sealing.check.0), "1c13395e43980a9a5181b7fe47ae1a36");
}

#[test]
fn a_generator_that_fails_or_repeats_itself_makes_no_ring() {
    struct Constant;
    impl Entropy for Constant {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
            buffer.fill(0);
            Ok(())
        }
    }
    assert!(KeyRing::generate(&FailingEntropy).is_err());
    assert!(KeyRing::generate(&Constant).is_err());
}

#[test]
fn neither_debug_nor_an_error_shows_a_key() {
    let ring = ring(3);
    let written = document(&ring).to_string();
    let secrets = [
        ring.primary_sealing_key().1.encode(),
        ring.primary_pepper().1.encode(),
        ring.signing.primary().1.encode(),
    ];
    // A key in a place where the parser expects something else ends up in its error message.
    let misplaced = written.replace(r#""primary":1"#, &format!(r#""primary":"{}""#, *secrets[0]));
    let shown = [format!("{ring:?} {ring:#?}"), format!("{:?}", load(&misplaced).unwrap_err())];
    for secret in &secrets {
        for text in &shown {
            assert!(!text.contains(&secret[..8]), "{text}");
        }
    }
    assert!(shown[0].contains("[redacted]"));
    assert!(!shown[0].contains(&format!("{:?}", ring.primary_sealing_key().1.expose())[1..20]));
}
