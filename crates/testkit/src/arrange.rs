//! Brings a store into the state that a test begins with, through its port.

use countersign_domain::admission::organization::Organization;
use countersign_domain::admission::ports::{Created, OrganizationStore};
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::Subject;
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::factor::EnabledFactor;
use countersign_domain::two_factor::ports::{
    FactorStore, PendingSetup, PendingStored, SetupAttempted, SetupClaim, SetupClaimed, SetupOutcome,
};

use crate::build;

/// The step that [`enabled`] spends.
pub const SPENT_STEP: TimeStep = TimeStep::new(7);

/// Stores `organization`.
pub async fn organization(organizations: &dyn OrganizationStore, organization: Organization) {
    let event = SecurityEvent::OrganizationCreated { plan: organization.plan.id.clone() };
    let audit = build::event_about_organization(organization.id, event, organization.created_at);
    assert_eq!(organizations.create(organization, audit).await.unwrap(), Created::New);
}

/// Begins a set-up for `subject`, and tells what is stored.
pub async fn pending(factors: &dyn FactorStore, subject: &Subject, now: Timestamp) -> PendingSetup {
    let claim = build::setup_claim(subject, now);
    let setup = build::pending_setup(subject, claim.id, now);
    stored(factors, claim, setup).await
}

/// Claims with `claim` and stores `setup`.
pub async fn stored(factors: &dyn FactorStore, claim: SetupClaim, setup: PendingSetup) -> PendingSetup {
    assert_eq!(factors.claim_setup(claim).await.unwrap(), SetupClaimed::Won);
    assert_eq!(factors.store_pending(setup.clone()).await.unwrap(), PendingStored::Stored);
    setup
}

/// Begins and confirms a set-up for `subject`; [`SPENT_STEP`] is its last step.
pub async fn enabled(factors: &dyn FactorStore, subject: &Subject, now: Timestamp) -> EnabledFactor {
    let _ = pending(factors, subject, now).await;
    let judge = build::confirming_judge(SPENT_STEP, now);
    match factors.attempt_setup(build::setup_attempt(subject, now), judge).await.unwrap() {
        SetupAttempted::Judged(SetupOutcome::Confirmed(factor)) => factor,
        other => panic!("the set-up was not confirmed: {other:?}"),
    }
}
