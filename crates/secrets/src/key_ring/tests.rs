use countersign_testkit::entropy::{FailingEntropy, SeededEntropy};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::proof_ports::AssertionKeySet as _;

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
    assert_eq!(ring.known_keys().len(), 4);
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
        "the sealing key 1 and the assertion-signing key 1 of the key ring are the same"
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

const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);
const LATER: Timestamp = Timestamp::from_seconds(1_800_000_600);

fn described(ring: &KeyRing, purpose: KeyPurpose) -> Vec<(u32, bool, Option<Timestamp>, Option<Timestamp>)> {
    let of_purpose = ring.keys().into_iter().filter(|key| key.known.purpose == purpose);
    of_purpose.map(|key| (key.known.id.0, key.is_primary, key.added_at, key.replaced_at)).collect()
}

#[test]
fn a_key_is_added_promoted_and_removed() {
    for purpose in KeyPurpose::ALL {
        let mut ring = ring(1);
        let id = ring.next_id(purpose).unwrap();
        let added = ring.add(purpose, id, &OsEntropy, AT).unwrap();
        assert_eq!((added.purpose, added.id), (purpose, KeyId(2)));
        assert_eq!(described(&ring, purpose), [(1, true, None, None), (2, false, Some(AT), None)]);
        ring.promote(purpose, id, LATER).unwrap();
        assert_eq!(described(&ring, purpose), [(2, true, Some(AT), None), (1, false, None, Some(LATER))]);
        // There is a way back until the old key is removed.
        ring.promote(purpose, KeyId(1), LATER).unwrap();
        assert_eq!(described(&ring, purpose), [(1, true, None, None), (2, false, Some(AT), Some(LATER))]);
        ring.remove(purpose, id).unwrap();
        assert_eq!(described(&ring, purpose), [(1, true, None, None)]);
    }
}

#[test]
fn a_change_that_makes_no_sense_is_refused() {
    let mut ring = ring(1);
    for purpose in KeyPurpose::ALL {
        let (first, none) = (KeyId(1), KeyId(9));
        assert_eq!(ring.add(purpose, first, &OsEntropy, AT), Err(CannotChange::Taken(first)));
        assert_eq!(ring.promote(purpose, first, AT), Err(CannotChange::IsPrimary(first)));
        assert_eq!(ring.promote(purpose, none, AT), Err(CannotChange::NoSuchKey(none)));
        assert_eq!(ring.remove(purpose, first), Err(CannotChange::IsPrimary(first)));
        assert_eq!(ring.remove(purpose, none), Err(CannotChange::NoSuchKey(none)));
        assert_eq!(ring.add(purpose, none, &FailingEntropy, AT), Err(CannotChange::Entropy));
    }
    assert_eq!(ring.known_keys(), self::ring(1).known_keys());
}

#[test]
fn the_last_number_has_no_successor() {
    let mut ring = ring(1);
    ring.add(KeyPurpose::Pepper, KeyId(u32::MAX), &OsEntropy, AT).unwrap();
    assert_eq!(ring.next_id(KeyPurpose::Pepper), Err(CannotChange::Full));
}

#[test]
fn the_history_of_keys_is_kept_in_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.json");
    let mut ring = ring(1);
    for purpose in KeyPurpose::ALL {
        ring.add(purpose, KeyId(2), &OsEntropy, AT).unwrap();
        ring.promote(purpose, KeyId(2), LATER).unwrap();
    }
    ring.save_new(&path).unwrap();
    assert_eq!(KeyRing::load(&path).unwrap().keys(), ring.keys());
    let bad = load_changed(|document| document["sealing"]["keys"][0]["added_at"] = json!("yesterday"));
    assert!(matches!(bad, Err(KeyRingError::Instant(_))), "{bad:?}");
}

#[test]
fn a_replaced_file_holds_the_new_ring() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.json");
    ring(1).save_new(&path).unwrap();
    let file = KeyRingFile::lock(&path).unwrap();
    let mut changed = file.load().unwrap();
    changed.add(KeyPurpose::Sealing, KeyId(2), &OsEntropy, AT).unwrap();
    file.replace(&changed).unwrap();
    assert_eq!(KeyRing::load(&path).unwrap().keys(), changed.keys());
}

#[test]
fn of_many_that_change_a_file_none_undoes_the_other() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys.json");
    ring(1).save_new(&path).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let file = KeyRingFile::lock(&path).unwrap();
                let mut ring = file.load().unwrap();
                let id = ring.next_id(KeyPurpose::Pepper).unwrap();
                ring.add(KeyPurpose::Pepper, id, &OsEntropy, AT).unwrap();
                file.replace(&ring).unwrap();
            });
        }
    });
    assert_eq!(described(&KeyRing::load(&path).unwrap(), KeyPurpose::Pepper).len(), 33);
}

#[cfg(unix)]
#[test]
fn behind_a_link_the_file_is_replaced_and_not_the_link() {
    let folder = TempDir::new().unwrap();
    let (path, link) = (folder.path().join("keys.json"), folder.path().join("link.json"));
    ring(1).save_new(&path).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    KeyRingFile::lock(&link).unwrap().replace(&ring(2)).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(KeyRing::load(&path).unwrap().known_keys(), ring(2).known_keys());
}

#[test]
fn an_exchanged_ring_is_in_force_at_once_and_work_under_way_keeps_the_old_one() {
    let current = CurrentKeyRing::new(ring(1)).unwrap();
    let under_way = current.get();
    let published = current.jwks_json();
    current.exchange(ring(2)).unwrap();
    assert_eq!(under_way.known_keys(), ring(1).known_keys());
    assert_eq!(current.get().known_keys(), ring(2).known_keys());
    assert_ne!(current.jwks_json(), published);
}

#[test]
fn a_ring_for_development_says_so_under_any_name_and_after_every_change() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("live.json");
    assert!(!ring(1).is_for_development());
    ring(1).made_for_development().save_new(&path).unwrap();
    let file = KeyRingFile::lock(&path).unwrap();
    let mut changed = file.load().unwrap();
    changed.add(KeyPurpose::Sealing, KeyId(2), &OsEntropy, AT).unwrap();
    changed.promote(KeyPurpose::Sealing, KeyId(2), LATER).unwrap();
    file.replace(&changed).unwrap();
    assert!(KeyRing::load(&path).unwrap().is_for_development());
    let unknown = load_changed(|document| document["made_for"] = json!("staging"));
    assert!(matches!(unknown, Err(KeyRingError::Malformed { .. })), "{unknown:?}");
}
