//! The contract of [`SecretSealer`].

use std::sync::Arc;

use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, FactorId, Subject};
use countersign_domain::two_factor::ports::{SecretPlace, SecretSealer};
use countersign_domain::two_factor::secret::{SealedSecret, TotpSecret};
use libtest_mimic::Trial;
use zeroize::Zeroizing;

use super::sealed::{altered, assert_closed, assert_no_two_alike, under_other_keys};
use super::{Case, case::cases, trials as trials_of};
use crate::build::{fresh_ulid, organization_id, secret, subject, subject_in};
use crate::contention::{CONTENDERS, together};

type Harness = Arc<dyn SecretSealer>;

/// The cases.
pub fn cases() -> Vec<Case<Harness>> {
    cases![
        Harness;
        a_sealed_secret_opens_at_its_place,
        secrets_of_every_length_come_back,
        a_secret_opens_at_no_other_place,
        names_that_run_together_are_other_places,
        changed_missing_or_additional_bytes_do_not_open,
        a_secret_opens_with_its_own_key_only,
        no_two_seals_are_alike,
        concurrent_seals_all_open,
    ]
}

/// One test for each case.
pub fn trials<F, M>(factory: F) -> Vec<Trial>
where
    F: Fn() -> M + Clone + Send + Sync + 'static,
    M: Future<Output = Arc<dyn SecretSealer>> + Send + 'static,
{
    trials_of("secret_sealer", cases(), factory)
}

/// Where a case seals: alice's factor.
struct Place {
    subject: Subject,
    factor: FactorId,
}

impl Place {
    fn of(subject: Subject) -> Self {
        Self { subject, factor: FactorId::new(fresh_ulid()) }
    }

    fn seal(&self, sealer: &Harness, secret: &TotpSecret) -> SealedSecret {
        sealer.seal(self.as_port(), secret).unwrap()
    }

    fn open(&self, sealer: &Harness, sealed: &SealedSecret) -> Result<TotpSecret, PortFailure> {
        sealer.open(self.as_port(), sealed)
    }

    fn assert_closed(&self, sealer: &Harness, sealed: &SealedSecret, why: &str) {
        assert_closed(&self.open(sealer, sealed), why);
    }

    fn as_port(&self) -> SecretPlace<'_> {
        SecretPlace { subject: &self.subject, factor: self.factor }
    }
}

async fn a_sealed_secret_opens_at_its_place(sealer: Harness) {
    let place = Place::of(subject("alice"));
    let sealed = place.seal(&sealer, &secret(7));
    for _ in 0..2 {
        assert_eq!(place.open(&sealer, &sealed).unwrap().expose(), secret(7).expose());
    }
}

async fn secrets_of_every_length_come_back(sealer: Harness) {
    let place = Place::of(subject(&"~".repeat(255)));
    for length in TotpSecret::MIN_LENGTH..=TotpSecret::MAX_LENGTH {
        let secret = TotpSecret::from_bytes(Zeroizing::new(vec![0xFF; length])).unwrap();
        let sealed = place.seal(&sealer, &secret);
        assert_eq!(place.open(&sealer, &sealed).unwrap().expose(), secret.expose());
    }
}

async fn a_secret_opens_at_no_other_place(sealer: Harness) {
    let place = Place::of(subject("alice"));
    let sealed = place.seal(&sealer, &secret(7));
    let organization = place.subject.organization;
    let elsewhere = [
        subject_in(organization, Environment::Live, "bob"),
        subject_in(organization, Environment::Live, "Alice"),
        subject_in(organization, Environment::Live, "alice "),
        subject_in(organization, Environment::Test, "alice"),
        subject_in(organization_id(2), Environment::Live, "alice"),
    ];
    for subject in elsewhere {
        let why = format!("it opens for {subject:?}");
        Place { subject, factor: place.factor }.assert_closed(&sealer, &sealed, &why);
    }
    Place::of(place.subject.clone()).assert_closed(&sealer, &sealed, "it opens for another factor");
}

/// A place is more than its parts put together: what one part loses another must not be able to win.
async fn names_that_run_together_are_other_places(sealer: Harness) {
    let place = Place::of(subject("alice"));
    let sealed = place.seal(&sealer, &secret(7));
    let factor = place.factor.to_string();
    for user in [format!("alice{factor}"), "livealice".to_owned(), "alic".to_owned(), "alice e".to_owned()] {
        let other = Place { subject: subject(&user), factor: place.factor };
        other.assert_closed(&sealer, &sealed, &user);
    }
}

async fn changed_missing_or_additional_bytes_do_not_open(sealer: Harness) {
    let place = Place::of(subject("alice"));
    for (how, altered) in altered(&place.seal(&sealer, &secret(7))) {
        place.assert_closed(&sealer, &altered, &how);
    }
}

async fn a_secret_opens_with_its_own_key_only(sealer: Harness) {
    let place = Place::of(subject("alice"));
    for (key, renamed) in under_other_keys(&place.seal(&sealer, &secret(7))) {
        place.assert_closed(&sealer, &renamed, &key);
    }
}

async fn no_two_seals_are_alike(sealer: Harness) {
    let place = Place::of(subject("alice"));
    assert_no_two_alike(|| place.seal(&sealer, &secret(7)));
}

async fn concurrent_seals_all_open(sealer: Harness) {
    let mut sealed = together(CONTENDERS, |number| {
        let sealer = sealer.clone();
        async move {
            let secret = secret(number.try_into().unwrap());
            let place = Place::of(subject("alice"));
            let sealed = place.seal(&sealer, &secret);
            assert_eq!(place.open(&sealer, &sealed).unwrap().expose(), secret.expose());
            sealed.bytes
        }
    })
    .await;
    sealed.sort_unstable();
    sealed.dedup();
    assert_eq!(sealed.len(), CONTENDERS);
}
