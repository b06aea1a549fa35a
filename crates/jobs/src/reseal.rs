//! Seals everything anew that is sealed with a key which is not the primary one any more.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::keys::reseal::{self, Reseal, SealedPlace};

use crate::{Event, Observer, Stop};

/// What came of a job, or of a part of it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Resealed {
    /// Rows that are sealed with the primary key now.
    pub done: u64,
    /// Rows that cannot be opened. They stay as they are.
    pub refused: u64,
}

/// Rows of one kind, whatever they hold.
#[async_trait]
pub trait Resealable: Send + Sync {
    /// Seals all rows anew that are sealed with `old`. When the job is stopped or fails, the next run goes on with what is
    /// left.
    async fn reseal(
        &self,
        old: KeyId,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Resealed, PortFailure>;
}

#[async_trait]
impl<P: SealedPlace> Resealable for Reseal<P> {
    async fn reseal(
        &self,
        old: KeyId,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Resealed, PortFailure> {
        let mut resealed = Resealed::default();
        // Rows that changed under our hands are looked at again, until none has.
        loop {
            let pass = pass(self, old, observer, stop).await?;
            resealed.done = resealed.done.saturating_add(pass.done);
            resealed.refused = pass.refused;
            if !pass.any_lost {
                return Ok(resealed);
            }
        }
    }
}

/// One walk over all rows.
#[derive(Default)]
struct Pass {
    done: u64,
    refused: u64,
    any_lost: bool,
}

impl Pass {
    fn count<P: SealedPlace>(
        &mut self,
        name: &str,
        resealed: &reseal::Resealed<P>,
        observer: &mut dyn Observer,
    ) {
        self.done = self.done.saturating_add(resealed.done.into());
        self.any_lost |= resealed.lost > 0;
        observer.observe(Event::Done { rows: resealed.done.into() });
        for (place, failure) in &resealed.refused {
            self.refused = self.refused.saturating_add(1);
            let reason =
                std::error::Error::source(failure).map_or_else(|| failure.to_string(), ToString::to_string);
            observer.observe(Event::Refused { row: format!("{name}, {place}"), reason });
        }
    }
}

async fn pass<P: SealedPlace>(
    kind: &Reseal<P>,
    old: KeyId,
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<Pass, PortFailure> {
    let mut pass = Pass::default();
    let mut next = kind.read(old, None).await?;
    while !stop.is_asked() {
        let Some(batch) = next else { return Ok(pass) };
        let after = Some(batch.last.clone());
        // The database writes on a thread of its own; the next rows are opened and sealed meanwhile.
        let (resealed, read) = tokio::join!(kind.store(batch), kind.read(old, after));
        pass.count(kind.name, &resealed?, observer);
        next = read?;
    }
    // Whoever asked to stop does not wait for another walk.
    Ok(Pass { any_lost: false, ..pass })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_domain::identity::Subject;
    use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow, SealedRows};
    use countersign_domain::two_factor::ports::{PendingSetup, SecretPlace, SecretSealer as _};
    use countersign_domain::two_factor::reseal::FactorPlace;
    use countersign_domain::two_factor::secret::SealedSecret;
    use countersign_testkit::build::{self, NOW, SEALING_KEY, organization_id, subject_in};
    use countersign_testkit::fakes::{MemoryAudit, MemoryFactors, PlainSealer};
    use countersign_testkit::{arrange, build::secret};

    use super::*;
    use crate::Stopper;

    const NEW_KEY: KeyId = KeyId(SEALING_KEY.0 + 1);

    /// What a job told.
    #[derive(Default)]
    struct Told(Vec<Event>);

    impl Observer for Told {
        fn observe(&mut self, event: Event) {
            self.0.push(event);
        }
    }

    fn user(number: u32) -> Subject {
        let (organization, environment) = (organization_id((number % 3).into()), "live".parse().unwrap());
        subject_in(organization, environment, &format!("user-{number:04}"))
    }

    async fn factors(count: u32) -> Arc<MemoryFactors> {
        let factors = Arc::new(MemoryFactors::new(Arc::new(MemoryAudit::new())));
        let sealer = PlainSealer::new();
        for number in 0..count {
            let claim = build::setup_claim(&user(number), NOW);
            let mut setup: PendingSetup = build::pending_setup(&user(number), claim.id, NOW);
            let binding = &mut setup.factor.binding;
            let place = SecretPlace { subject: &binding.subject, factor: binding.id };
            binding.secret = sealer.seal(place, &secret(1)).unwrap();
            arrange::stored(&*factors, claim, setup).await;
        }
        factors
    }

    fn job(rows: Arc<dyn SealedRows<FactorPlace>>) -> Reseal<FactorPlace> {
        Reseal::of_factors(rows, Arc::new(PlainSealer::with_key(NEW_KEY).opening(SEALING_KEY)))
    }

    async fn left(rows: &MemoryFactors) -> Vec<SealedRow<FactorPlace>> {
        rows.sealed_with(SEALING_KEY, None, u32::MAX).await.unwrap()
    }

    async fn run(job: &Reseal<FactorPlace>) -> (Resealed, Vec<Event>) {
        let (_stopper, stop) = Stopper::new();
        let mut told = Told::default();
        (job.reseal(SEALING_KEY, &mut told, &stop).await.unwrap(), told.0)
    }

    #[tokio::test]
    async fn all_rows_are_sealed_with_the_new_key_and_open_to_the_same_secret() {
        let factors = factors(1_203).await;
        let (resealed, told) = run(&job(factors.clone())).await;
        assert_eq!(resealed, Resealed { done: 1_203, refused: 0 });
        assert_eq!(told, [500, 500, 203].map(|rows| Event::Done { rows }));
        assert_eq!(left(&factors).await, []);
        let new_only = PlainSealer::with_key(NEW_KEY);
        for row in factors.sealed_with(NEW_KEY, None, u32::MAX).await.unwrap() {
            let place = SecretPlace { subject: &row.place.subject, factor: row.place.factor };
            assert_eq!(new_only.open(place, &row.sealed).unwrap().expose(), secret(1).expose());
        }
        assert_eq!(run(&job(factors)).await.0, Resealed::default());
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_opened_is_told_and_the_others_go_on() {
        let factors = factors(600).await;
        let broken = left(&factors).await.swap_remove(7);
        let ruined = SealedSecret { key: SEALING_KEY, bytes: vec![7] };
        let ruin = Exchange { place: broken.place.clone(), old: broken.sealed, new: ruined.clone() };
        assert_eq!(factors.exchange(vec![ruin]).await.unwrap(), [Exchanged::Done]);
        let (resealed, told) = run(&job(factors.clone())).await;
        assert_eq!(resealed, Resealed { done: 599, refused: 1 });
        let named = |event: &Event| match event {
            Event::Refused { row, .. } => row.contains(broken.place.subject.user.as_str()),
            _ => false,
        };
        assert_eq!(told.iter().filter(|event| named(event)).count(), 1);
        assert_eq!(left(&factors).await, [SealedRow { place: broken.place, sealed: ruined }]);
    }

    /// Stops the job after its first batch.
    struct Impatient(Stopper);

    impl Observer for Impatient {
        fn observe(&mut self, _: Event) {
            let _ = self.0.stop();
        }
    }

    #[tokio::test]
    async fn a_stopped_job_goes_on_with_what_is_left() {
        let factors = factors(700).await;
        let (stopper, stop) = Stopper::new();
        let first = job(factors.clone()).reseal(SEALING_KEY, &mut Impatient(stopper), &stop).await.unwrap();
        assert_eq!(first, Resealed { done: 500, refused: 0 });
        assert_eq!(left(&factors).await.len(), 200);
        assert_eq!(run(&job(factors)).await.0, Resealed { done: 200, refused: 0 });
    }

    /// Another node seals a row with the old key while we are at it.
    struct Meddled(Arc<MemoryFactors>, std::sync::atomic::AtomicBool);

    #[async_trait]
    impl SealedRows<FactorPlace> for Meddled {
        async fn sealed_with(
            &self,
            key: KeyId,
            after: Option<FactorPlace>,
            limit: u32,
        ) -> Result<Vec<SealedRow<FactorPlace>>, PortFailure> {
            self.0.sealed_with(key, after, limit).await
        }

        async fn exchange(
            &self,
            exchanges: Vec<Exchange<FactorPlace>>,
        ) -> Result<Vec<Exchanged>, PortFailure> {
            if !self.1.swap(true, std::sync::atomic::Ordering::Relaxed) {
                let Exchange { place, old, .. } = exchanges[0].clone();
                let sealing = SecretPlace { subject: &place.subject, factor: place.factor };
                let again = PlainSealer::new();
                let _ = again.seal(sealing, &secret(1)).unwrap();
                let new = again.seal(sealing, &secret(1)).unwrap();
                assert_ne!(new, old);
                let done = self.0.exchange(vec![Exchange { place, old, new }]).await.unwrap();
                assert_eq!(done, [Exchanged::Done]);
            }
            self.0.exchange(exchanges).await
        }
    }

    #[tokio::test]
    async fn a_row_that_changed_under_our_hands_is_looked_at_again() {
        let factors = factors(3).await;
        let (resealed, told) = run(&job(Arc::new(Meddled(factors.clone(), false.into())))).await;
        assert_eq!(resealed, Resealed { done: 3, refused: 0 });
        assert_eq!(told, [Event::Done { rows: 2 }, Event::Done { rows: 1 }]);
        assert_eq!(left(&factors).await, []);
    }
}
