//! Hands out the factors of an organization, some hundred at a time.

use std::io;

use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId, UserId};
use countersign_domain::two_factor::export::{ExportFactors, ExportedCodes, ExportedFactor};
use countersign_domain::two_factor::ports::FactorPage;

use crate::{Event, Observer, Stop};

/// How many factors are read at a time.
const PAGE: u32 = 500;

/// What has come of it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct UsersExported {
    /// Users whose factors were given.
    pub exported: u64,
    /// Those of them whose backup codes stay here.
    pub without_codes: u64,
    /// Users whose factors could not be opened.
    pub refused: u64,
}

/// Why the export ended before the last user.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The factors cannot be read.
    #[error("the factors cannot be read")]
    Factors(#[from] PortFailure),
    /// What is read cannot be written.
    #[error("the export cannot be written")]
    Sink(#[from] io::Error),
    /// Somebody asked for it.
    #[error("it was stopped")]
    Stopped,
}

/// Takes what is handed out.
pub type Sink<'a> = dyn FnMut(&UserId, &ExportedFactor) -> io::Result<()> + Send + 'a;

/// Gives `sink` the factor of each user, in the order of their ids. A factor that cannot be opened is a refused row.
pub async fn export_users(
    factors: &ExportFactors,
    (organization, environment): (OrganizationId, Environment),
    sink: &mut Sink<'_>,
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<UsersExported, ExportError> {
    let mut so_far = UsersExported::default();
    let mut after = None;
    loop {
        if stop.is_asked() {
            return Err(ExportError::Stopped);
        }
        let users = factors.page(FactorPage { organization, environment, after, limit: PAGE }).await?;
        after = users.last().map(|exported| exported.user.clone());
        if after.is_none() {
            return Ok(so_far);
        }
        for exported in users {
            if let Ok(factor) = exported.factor {
                sink(&exported.user, &factor)?;
                so_far.exported = so_far.exported.saturating_add(1);
                let stays = factor.codes == ExportedCodes::Peppered;
                so_far.without_codes = so_far.without_codes.saturating_add(u64::from(stays));
                observer.observe(Event::Done { rows: 1 });
            } else {
                so_far.refused = so_far.refused.saturating_add(1);
                let reason = "the secret cannot be opened with the configured keys".to_owned();
                observer.observe(Event::Refused { row: format!("user {}", exported.user), reason });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_domain::audit::event::Caller;
    use countersign_domain::two_factor::export::ExportForm;
    use countersign_domain::two_factor::import::{ForeignFactor, ImportFactor};
    use countersign_domain::two_factor::params::Parameters;
    use countersign_testkit::build::{NOW, imported_factor, imported_hashes, secret, subject};
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::entropy::SeededEntropy;
    use countersign_testkit::fakes::{MemoryAudit, MemoryFactors, PlainSealer};

    use super::*;
    use crate::Stopper;

    struct World {
        factors: Arc<MemoryFactors>,
        export: ExportFactors,
        audit: Arc<MemoryAudit>,
    }

    impl World {
        async fn with_users(count: u32) -> Self {
            let audit = Arc::new(MemoryAudit::new());
            let factors = Arc::new(MemoryFactors::new(audit.clone()));
            let (clock, entropy) = (Arc::new(ManualClock::new(NOW)), Arc::new(SeededEntropy::new(1)));
            let sealer = Arc::new(PlainSealer::new());
            let import = ImportFactor {
                clock: clock.clone(),
                entropy: entropy.clone(),
                factors: factors.clone(),
                sealer: sealer.clone(),
            };
            let foreign = |number| ForeignFactor {
                subject: subject(&format!("user {number:05}")),
                secret: secret(1),
                parameters: Parameters::default(),
                codes: imported_hashes(&["code"]),
                enabled_at: None,
            };
            let all: Vec<_> = (0..count).map(foreign).collect();
            import.run_all(&all, &Caller::OPERATOR).await.unwrap();
            let export =
                ExportFactors { clock, entropy, factors: factors.clone(), sealer, audit: audit.clone() };
            Self { factors, export, audit }
        }

        async fn export(&self, stop: &Stop) -> (Result<UsersExported, ExportError>, Vec<String>) {
            let owner = (subject("a").organization, subject("a").environment);
            let mut given = Vec::new();
            let mut sink = |user: &UserId, factor: &ExportedFactor| {
                assert_eq!(factor.secret.expose(), secret(1).expose());
                given.push(user.to_string());
                Ok(())
            };
            let exported = export_users(&self.export, owner, &mut sink, &mut (), stop).await;
            (exported, given)
        }
    }

    #[tokio::test]
    async fn every_user_comes_once_and_in_order() {
        let world = World::with_users(1_203).await;
        let (_stopper, stop) = Stopper::new();
        let (exported, given) = world.export(&stop).await;
        assert_eq!(exported.unwrap(), UsersExported { exported: 1_203, without_codes: 0, refused: 0 });
        assert_eq!(given, (0..1_203).map(|number| format!("user {number:05}")).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_factor_that_cannot_be_opened_does_not_keep_the_others_back() {
        use countersign_domain::two_factor::ports::FactorStore as _;
        let world = World::with_users(2).await;
        // No sealer made its secret.
        let broken = imported_factor(&subject("broken"), &[], NOW);
        let _ = world.factors.import(vec![broken]).await.unwrap();
        let (_stopper, stop) = Stopper::new();
        let (exported, given) = world.export(&stop).await;
        assert_eq!(exported.unwrap(), UsersExported { exported: 2, without_codes: 0, refused: 1 });
        assert_eq!(given.len(), 2);
    }

    #[tokio::test]
    async fn a_stopped_export_says_so() {
        let world = World::with_users(1).await;
        let (stopper, stop) = Stopper::new();
        assert!(stopper.stop());
        assert!(matches!(world.export(&stop).await.0, Err(ExportError::Stopped)));
    }

    #[tokio::test]
    async fn the_trail_tells_in_which_form_secrets_leave() {
        let world = World::with_users(0).await;
        let (organization, environment) = (subject("a").organization, subject("a").environment);
        world.export.announce(organization, environment, ExportForm::Clear, &Caller::OPERATOR).await.unwrap();
        let event = world.audit.events().pop().unwrap().event;
        assert_eq!(event.name(), "two_factor.exported");
        let details = [("environment", "live".to_owned()), ("form", "clear".to_owned())];
        assert_eq!(event.details(), details);
    }
}
