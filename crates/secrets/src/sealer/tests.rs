use std::collections::HashSet;
use std::error::Error;

use countersign_domain::identity::{Environment, FactorId, OrganizationId, Subject, UserId};
use countersign_testkit::entropy::{FailingEntropy, SeededEntropy};
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::KeyRing;

fn ring(seed: u64) -> Arc<CurrentKeyRing> {
    let ring = KeyRing::generate(&SeededEntropy::new(seed)).unwrap();
    Arc::new(CurrentKeyRing::new(ring).unwrap())
}

fn sealer() -> XChaChaSealer {
    XChaChaSealer::new(ring(1), Arc::new(SeededEntropy::new(2)))
}

fn subject(organization: u128, environment: Environment, user: &str) -> Subject {
    let organization = OrganizationId::new(Ulid::from_parts(0, organization));
    Subject { organization, environment, user: UserId::new(user).unwrap() }
}

fn alice() -> Subject {
    subject(1, Environment::Live, "alice")
}

fn factor(number: u128) -> FactorId {
    FactorId::new(Ulid::from_parts(0, number))
}

fn secret(bytes: &[u8]) -> TotpSecret {
    TotpSecret::from_bytes(Zeroizing::new(bytes.to_vec())).unwrap()
}

fn cause(failure: &PortFailure) -> String {
    assert!(matches!(failure, PortFailure::Unavailable(_)), "{failure:?}");
    failure.source().unwrap().to_string()
}

#[test]
fn the_cipher_agrees_with_the_irtf_draft() {
    // draft-irtf-cfrg-xchacha-03, appendix A.3.1
    let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).unwrap();
    let key =
        SealingKey::from_slice(&bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"))
            .unwrap();
    let nonce: [u8; 24] = bytes("404142434445464748494a4b4c4d4e4f5051525354555657").try_into().unwrap();
    let data = bytes("50515253c0c1c2c3c4c5c6c7");
    let plain =
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                  sunscreen would be it.";
    let mut text = plain.to_vec();
    let tag = encrypt(&key, nonce, &data, &mut text).unwrap();
    assert_eq!(
        HEXLOWER.encode(&text),
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
         731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
         2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
         21f9664c97637da9768812f615c68b13b52e"
    );
    assert_eq!(HEXLOWER.encode(&tag), "c0875924c1c7987947deafd8780acf49");
    decrypt(&key, nonce, &data, &mut text, tag).unwrap();
    assert_eq!(text, plain);
}

#[test]
fn a_sealed_secret_has_its_published_layout() {
    let stored =
        sealer().seal(SecretPlace { subject: &alice(), factor: factor(1) }, &secret(&[7; 20])).unwrap();
    assert_eq!(stored.key, KeyId(1));
    assert_eq!(stored.bytes[..5], [1, 0, 0, 0, 1]);
    assert_eq!(stored.bytes.len(), 1 + 4 + 24 + 20 + 16);
}

#[test]
fn associated_data_are_the_parts_behind_their_lengths() {
    let data = associated_data(KeyId(258), &SecretPlace { subject: &alice(), factor: factor(2) }).unwrap();
    let expected = [
        &b"\0\x01\x01\0\x0Btotp-secret\0\x04\0\0\x01\x02"[..],
        b"\0\x1A00000000000000000000000001\0\x04live\0\x05alice\0\x1A00000000000000000000000002",
    ];
    assert_eq!(data.as_bytes(), expected.concat());
}

#[test]
fn a_secret_opens_in_its_own_place_only() {
    let sealer = sealer();
    let owner = alice();
    let stored = sealer.seal(SecretPlace { subject: &owner, factor: factor(1) }, &secret(&[7; 20])).unwrap();
    let opened = sealer.open(SecretPlace { subject: &owner, factor: factor(1) }, &stored).unwrap();
    assert_eq!(opened.expose(), [7; 20]);

    for (other, of) in [
        (subject(2, Environment::Live, "alice"), factor(1)),
        (subject(1, Environment::Test, "alice"), factor(1)),
        (subject(1, Environment::Live, "bob"), factor(1)),
        (subject(1, Environment::Live, "Alice"), factor(1)),
        (alice(), factor(2)),
    ] {
        let failure = sealer.open(SecretPlace { subject: &other, factor: of }, &stored).unwrap_err();
        assert!(cause(&failure).contains("key 1"), "{other:?}");
    }
}

#[test]
fn two_secrets_in_exchanged_rows_do_not_open() {
    let sealer = sealer();
    let (alice, bob) = (alice(), subject(1, Environment::Live, "bob"));
    let of_alice = SecretPlace { subject: &alice, factor: factor(1) };
    let of_bob = SecretPlace { subject: &bob, factor: factor(2) };
    let (first, second) =
        (sealer.seal(of_alice, &secret(&[1; 20])).unwrap(), sealer.seal(of_bob, &secret(&[2; 20])).unwrap());
    assert!(sealer.open(of_bob, &first).is_err());
    assert!(sealer.open(of_alice, &second).is_err());
}

#[test]
fn the_ciphertext_of_an_earlier_set_up_cannot_be_put_back() {
    let sealer = sealer();
    let alice = alice();
    let earlier = sealer.seal(SecretPlace { subject: &alice, factor: factor(1) }, &secret(&[1; 20])).unwrap();
    assert!(sealer.open(SecretPlace { subject: &alice, factor: factor(2) }, &earlier).is_err());
}

#[test]
fn another_key_with_the_same_number_does_not_open() {
    let place_of = alice();
    let place = SecretPlace { subject: &place_of, factor: factor(1) };
    let stored = sealer().seal(place, &secret(&[7; 20])).unwrap();
    let other = XChaChaSealer::new(ring(99), Arc::new(SeededEntropy::new(2)));
    assert!(cause(&other.open(place, &stored).unwrap_err()).contains("key 1"));
}

#[test]
fn only_the_named_key_is_tried() {
    let sealer = sealer();
    let place_of = alice();
    let place = SecretPlace { subject: &place_of, factor: factor(1) };
    let stored = sealer.seal(place, &secret(&[7; 20])).unwrap();

    // The ring holds the right key, but the row names another one.
    let misnamed = SealedSecret { key: KeyId(2), bytes: stored.bytes.clone() };
    assert_eq!(
        cause(&sealer.open(place, &misnamed).unwrap_err()),
        "a secret that was sealed with key 2 names key 1 inside"
    );
    let mut header_too = misnamed;
    header_too.bytes[4] = 2;
    assert_eq!(cause(&sealer.open(place, &header_too).unwrap_err()), "sealing key 2 is not configured");
}

#[test]
fn an_unknown_version_does_not_open() {
    let sealer = sealer();
    let place_of = alice();
    let place = SecretPlace { subject: &place_of, factor: factor(1) };
    let mut stored = sealer.seal(place, &secret(&[7; 20])).unwrap();
    stored.bytes[0] = 2;
    assert!(cause(&sealer.open(place, &stored).unwrap_err()).contains("unknown version"));
}

#[test]
fn no_two_seals_share_a_nonce() {
    let sealer = XChaChaSealer::new(ring(1), Arc::new(crate::OsEntropy));
    let place_of = alice();
    let place = SecretPlace { subject: &place_of, factor: factor(1) };
    let nonces: HashSet<Vec<u8>> =
        (0..10_000).map(|_| sealer.seal(place, &secret(&[7; 20])).unwrap().bytes[5..29].to_vec()).collect();
    assert_eq!(nonces.len(), 10_000);
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let sealer = XChaChaSealer::new(ring(1), Arc::new(FailingEntropy));
    let place_of = alice();
    let place = SecretPlace { subject: &place_of, factor: factor(1) };
    assert!(matches!(sealer.seal(place, &secret(&[7; 20])), Err(PortFailure::Unavailable(_))));
}

proptest! {
    #[test]
    fn every_secret_comes_back(bytes in prop::collection::vec(any::<u8>(), 16..=128), user in "[ -~]{1,255}") {
        let sealer = sealer();
        let subject = subject(5, Environment::Test, &user);
        let place = SecretPlace { subject: &subject, factor: factor(9) };
        let stored = sealer.seal(place, &secret(&bytes)).unwrap();
        let opened = sealer.open(place, &stored).unwrap();
        prop_assert_eq!(opened.expose(), &bytes[..]);
    }

    #[test]
    fn every_changed_bit_is_noticed(place_in_blob in 0_usize..65, bit in 0_u32..8) {
        let sealer = sealer();
        let subject = alice();
        let place = SecretPlace { subject: &subject, factor: factor(1) };
        let mut stored = sealer.seal(place, &secret(&[7; 20])).unwrap();
        stored.bytes[place_in_blob] ^= 1 << bit;
        prop_assert!(matches!(sealer.open(place, &stored), Err(PortFailure::Unavailable(_))));
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes in prop::collection::vec(any::<u8>(), 0..200), key in 0_u32..3) {
        let subject = alice();
        let place = SecretPlace { subject: &subject, factor: factor(1) };
        let stored = SealedSecret { key: KeyId(key), bytes };
        prop_assert!(matches!(sealer().open(place, &stored), Err(PortFailure::Unavailable(_))));
    }

    #[test]
    fn a_shortened_or_lengthened_secret_does_not_open(keep in 0_usize..65, more in 1_usize..40) {
        let sealer = sealer();
        let subject = alice();
        let place = SecretPlace { subject: &subject, factor: factor(1) };
        let stored = sealer.seal(place, &secret(&[7; 20])).unwrap();
        let short = SealedSecret { key: stored.key, bytes: stored.bytes[..keep].to_vec() };
        let long = SealedSecret { key: stored.key, bytes: [&stored.bytes[..], &vec![0; more]].concat() };
        prop_assert!(sealer.open(place, &short).is_err());
        prop_assert!(sealer.open(place, &long).is_err());
    }
}
