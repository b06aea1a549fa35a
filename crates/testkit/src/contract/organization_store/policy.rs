use countersign_domain::admission::organization::Organization;
use countersign_domain::admission::ports::PolicyRevision;
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::OrganizationId;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::policy::{
    CodeLength, LockLength, MaxAttempts, OrganizationPolicy, PolicyChange,
};

use crate::build::{self, NOW, organization_id, policy_revision};
use crate::contention::{rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_policy_comes_back_as_it_was_created,
        a_change_of_the_policy_is_stored_with_its_audit_event,
        fields_that_a_change_does_not_name_stay,
        a_requirement_can_begin_at_once_again,
        a_change_that_changes_nothing_is_not_told,
        the_policy_of_an_unknown_organization_cannot_change,
        the_policy_stays_when_the_audit_event_cannot_be_stored,
        the_policies_of_other_organizations_stay,
        of_many_changes_at_once_none_is_lost_and_each_is_told_once,
    ]
}

impl Stores {
    async fn change(&self, revision: PolicyRevision) -> Option<OrganizationPolicy> {
        self.organizations.change_policy(revision).await.unwrap()
    }

    async fn policy(&self, id: OrganizationId) -> OrganizationPolicy {
        self.settle();
        self.organizations.find(id).await.unwrap().unwrap().policy
    }
}

/// Every field differs from the default.
fn unusual() -> PolicyChange {
    PolicyChange {
        require_2fa: Some(true),
        enforce_after: Some(Some(Timestamp::from_micros(1_800_000_000_123_457))),
        max_attempts: MaxAttempts::new(10),
        lock: LockLength::from_seconds(3_600),
        digits: Some(CodeLength::Eight),
    }
}

async fn a_policy_comes_back_as_it_was_created(stores: Stores) {
    let policy = unusual().applied_to(OrganizationPolicy::default());
    let organization = Organization { policy, ..build::organization() };
    crate::arrange::organization(&*stores.organizations, organization.clone()).await;
    assert_eq!(stores.organizations.find(organization.id).await.unwrap(), Some(organization.clone()));
    assert_eq!(stores.organizations.page(None, 10).await.unwrap(), [organization]);
}

async fn a_change_of_the_policy_is_stored_with_its_audit_event(stores: Stores) {
    let organization = stores.organization(1).await;
    let policy = unusual().applied_to(organization.policy);
    let revision = policy_revision(organization.id, unusual());
    assert_eq!(stores.change(revision.clone()).await, Some(policy));
    assert_eq!(stores.policy(organization.id).await, policy);
    let trail = stores.trail(organization.id).await;
    let told = trail.last().unwrap();
    assert_eq!((told.id, told.name.as_str(), told.at), (revision.event, "organization.policy_changed", NOW));
    assert_eq!((told.environment, &told.user), (None, &None));
    let told: Vec<_> = told.details.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let expected = [
        ("old_require_2fa", "false"),
        ("new_require_2fa", "true"),
        ("old_enforce_after", "none"),
        ("new_enforce_after", "2027-01-15T08:00:00.124Z"),
        ("old_max_attempts", "5"),
        ("new_max_attempts", "10"),
        ("old_lock_seconds", "60"),
        ("new_lock_seconds", "3600"),
        ("old_digits", "6"),
        ("new_digits", "8"),
    ];
    assert_eq!(told, expected);
}

async fn fields_that_a_change_does_not_name_stay(stores: Stores) {
    let id = stores.organization(1).await.id;
    let mut expected = stores.change(policy_revision(id, unusual())).await.unwrap();
    let require = PolicyChange { require_2fa: Some(false), ..PolicyChange::default() };
    expected.require_2fa = false;
    assert_eq!(stores.change(policy_revision(id, require)).await, Some(expected));
    let digits = PolicyChange { digits: Some(CodeLength::Six), ..PolicyChange::default() };
    expected.digits = CodeLength::Six;
    assert_eq!(stores.change(policy_revision(id, digits)).await, Some(expected));
    assert_eq!(stores.policy(id).await, expected);
}

async fn a_requirement_can_begin_at_once_again(stores: Stores) {
    let id = stores.organization(1).await.id;
    let _ = stores.change(policy_revision(id, unusual())).await;
    let at_once = PolicyChange { enforce_after: Some(None), ..PolicyChange::default() };
    let _ = stores.change(policy_revision(id, at_once)).await;
    assert_eq!(stores.policy(id).await.enforce_after, None);
}

async fn a_change_that_changes_nothing_is_not_told(stores: Stores) {
    let organization = stores.organization(1).await;
    let same = PolicyChange { require_2fa: Some(false), ..PolicyChange::default() };
    for change in [PolicyChange::default(), same] {
        let outcome = stores.change(policy_revision(organization.id, change)).await;
        assert_eq!(outcome, Some(organization.policy));
    }
    assert_eq!(stores.happened(organization.id).await, ["organization.created"]);
}

async fn the_policy_of_an_unknown_organization_cannot_change(stores: Stores) {
    let id = organization_id(1);
    assert_eq!(stores.change(policy_revision(id, unusual())).await, None);
    assert_eq!(stores.happened(id).await, [""; 0]);
}

async fn the_policy_stays_when_the_audit_event_cannot_be_stored(stores: Stores) {
    let organization = stores.organization(1).await;
    let event = build::event_about_organization(organization.id, SecurityEvent::OrganizationSuspended, NOW);
    let taken = stores.taken(event).await;
    let revision = PolicyRevision { event: taken.id, ..policy_revision(organization.id, unusual()) };
    assert!(stores.organizations.change_policy(revision).await.is_err());
    assert_eq!(stores.policy(organization.id).await, organization.policy);
}

async fn the_policies_of_other_organizations_stay(stores: Stores) {
    let (one, other) = (stores.organization(1).await, stores.organization(2).await);
    let _ = stores.change(policy_revision(one.id, unusual())).await;
    assert_eq!(stores.policy(other.id).await, other.policy);
    assert_eq!(stores.happened(other.id).await, ["organization.created"]);
}

async fn of_many_changes_at_once_none_is_lost_and_each_is_told_once(stores: Stores) {
    let only = PolicyChange::default();
    let unusual = unusual();
    let changes = [
        PolicyChange { require_2fa: unusual.require_2fa, ..only },
        PolicyChange { enforce_after: unusual.enforce_after, ..only },
        PolicyChange { max_attempts: unusual.max_attempts, ..only },
        PolicyChange { lock: unusual.lock, ..only },
        PolicyChange { digits: unusual.digits, ..only },
    ];
    for round in 0..rounds() {
        let organization = stores.organization(round.try_into().unwrap()).await;
        let id = organization.id;
        // Each change seven times: the first of them changes something, the others nothing.
        together(changes.len() * 7, |number| {
            let organizations = stores.organizations.clone();
            let revision = policy_revision(id, changes[number % changes.len()]);
            async move { organizations.change_policy(revision).await.unwrap().unwrap() }
        })
        .await;
        assert_eq!(stores.policy(id).await, unusual.applied_to(organization.policy));
        let told = stores.happened(id).await;
        assert_eq!(told.iter().filter(|name| *name == "organization.policy_changed").count(), changes.len());
    }
}
