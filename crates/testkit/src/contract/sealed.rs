//! What every sealer owes, whatever it seals.

use std::collections::HashSet;
use std::fmt::Debug;

use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::secret::SealedSecret;

/// How often the same is sealed.
const SEALS: usize = 100;

/// What was sealed with one bit turned, with its end cut off, or with one byte more; and what was done to it.
pub(super) fn altered(sealed: &SealedSecret) -> impl Iterator<Item = (String, SealedSecret)> + '_ {
    let with = |what: String, bytes: Vec<u8>| (what, SealedSecret { bytes, ..*sealed });
    let length = sealed.bytes.len();
    let turned = (0..8 * length).map(move |bit| {
        let mut bytes = sealed.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        with(format!("bit {} of byte {} turned", bit % 8, bit / 8), bytes)
    });
    let cut = (0..length).map(move |at| with(format!("the first {at} bytes"), sealed.bytes[..at].to_vec()));
    let longer = with("one byte more".to_owned(), [&sealed.bytes[..], &[0]].concat());
    turned.chain(cut).chain([longer])
}

/// What was sealed under the names of other keys.
pub(super) fn under_other_keys(sealed: &SealedSecret) -> impl Iterator<Item = (String, SealedSecret)> + '_ {
    let others = [sealed.key.0 ^ 1, sealed.key.0 ^ 0x8000_0000, 0xDEAD_BEEF];
    others
        .into_iter()
        .map(|key| (format!("key {key}"), SealedSecret { key: KeyId(key), bytes: sealed.bytes.clone() }))
}

/// It was not opened.
pub(super) fn assert_closed<T: Debug>(opened: &Result<T, PortFailure>, why: &str) {
    assert!(matches!(opened, Err(PortFailure::Unavailable(_))), "{why}: {opened:?}");
}

/// `seal` seals the same each time, and what comes of it differs each time.
pub(super) fn assert_no_two_alike(seal: impl Fn() -> SealedSecret) {
    let sealed: HashSet<_> = (0..SEALS).map(|_| seal().bytes).collect();
    assert_eq!(sealed.len(), SEALS);
}
