//! The contract of [`CodeHasher`].

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::backup_code::{
    BackupCodeHash, BackupCodeSet, CODES_PER_SET, HashedBackupCodes,
};
use countersign_domain::two_factor::ports::CodeHasher;
use libtest_mimic::Trial;

use super::{Case, case::cases, trials as trials_of};
use crate::build::{backup_code_place, subject};
use crate::contention::together;
use crate::entropy::SeededEntropy;

/// A hasher, and the pepper that it has. It has room for eight sets at a time.
#[derive(Clone)]
pub struct Harness {
    /// The hasher.
    pub hasher: Arc<dyn CodeHasher>,
    /// The present pepper.
    pub pepper: KeyId,
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("pepper", &self.pepper).finish_non_exhaustive()
    }
}

/// The cases.
pub fn cases() -> Vec<Case<Harness>> {
    cases![
        Harness;
        each_code_has_a_bcrypt_hash_of_its_own,
        the_hashes_name_their_set_and_their_pepper,
        the_codes_come_back_unchanged,
        the_same_codes_have_other_hashes_elsewhere,
        concurrent_sets_do_not_mix,
    ]
}

/// One test for each case.
pub fn trials<F, M>(factory: F) -> Vec<Trial>
where
    F: Fn() -> M + Clone + Send + Sync + 'static,
    M: Future<Output = Harness> + Send + 'static,
{
    trials_of("code_hasher", cases(), factory)
}

fn codes(seed: u64) -> BackupCodeSet {
    BackupCodeSet::generate(&SeededEntropy::new(seed)).unwrap()
}

fn texts(codes: &BackupCodeSet) -> Vec<String> {
    codes.0.iter().map(|code| code.reveal().to_string()).collect()
}

fn distinct<'a>(sets: impl IntoIterator<Item = &'a HashedBackupCodes>) -> usize {
    let hashes = sets.into_iter().flat_map(|set| &set.hashes);
    hashes.map(BackupCodeHash::as_str).collect::<BTreeSet<_>>().len()
}

async fn each_code_has_a_bcrypt_hash_of_its_own(harness: Harness) {
    let place = backup_code_place(&subject("alice"));
    let (_, hashed) = harness.hasher.hash_set(place, codes(1)).await.unwrap();
    assert_eq!(distinct([&hashed]), CODES_PER_SET);
    for hash in &hashed.hashes {
        assert!(hash.as_str().starts_with("$2b$"), "{}", hash.as_str());
    }
}

async fn the_hashes_name_their_set_and_their_pepper(harness: Harness) {
    for user in ["alice", "bob"] {
        let place = backup_code_place(&subject(user));
        let (_, hashed) = harness.hasher.hash_set(place.clone(), codes(1)).await.unwrap();
        assert_eq!((hashed.set, hashed.pepper), (place.set, harness.pepper));
    }
}

async fn the_codes_come_back_unchanged(harness: Harness) {
    let place = backup_code_place(&subject("alice"));
    let (returned, _) = harness.hasher.hash_set(place, codes(1)).await.unwrap();
    assert_eq!(texts(&returned), texts(&codes(1)));
}

async fn the_same_codes_have_other_hashes_elsewhere(harness: Harness) {
    let mut sets = Vec::new();
    for user in ["alice", "alice", "bob"] {
        let place = backup_code_place(&subject(user));
        sets.push(harness.hasher.hash_set(place, codes(1)).await.unwrap().1);
    }
    assert_eq!(distinct(&sets), 3 * CODES_PER_SET);
}

async fn concurrent_sets_do_not_mix(harness: Harness) {
    let sets = together(8, |number| {
        let (hasher, seed) = (harness.hasher.clone(), number.try_into().unwrap());
        async move {
            let place = backup_code_place(&subject("alice"));
            let (returned, hashed) = hasher.hash_set(place.clone(), codes(seed)).await.unwrap();
            assert_eq!(texts(&returned), texts(&codes(seed)));
            assert_eq!(hashed.set, place.set);
            hashed
        }
    })
    .await;
    assert_eq!(distinct(&sets), 8 * CODES_PER_SET);
}
