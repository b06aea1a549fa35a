//! Rows that the code never writes are reported as corrupt; they are never "absent", and never a panic.

use std::sync::Arc;

use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest};
use countersign_domain::admission::ports::{ApiKeyStore, Created, OrganizationStore, PlanStore};
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::{AuditLog, AuditQuery};
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::ports::{CallClaimed, IdempotencyStore};
use countersign_domain::identity::Environment;
use countersign_domain::keys::KeyRegistry;
use countersign_domain::quota::ports::UsageStore;
use countersign_domain::two_factor::lockout::LockoutPolicy;
use countersign_domain::two_factor::ports::FactorStore;
use countersign_domain::two_factor::proof_ports::{ProofStore, TotpAttempt};
use countersign_storage::Database;
use countersign_testkit::arrange;
use countersign_testkit::build::{self, NOW};
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    a_damaged_pending_factor_is_corrupt,
    a_damaged_answer_is_corrupt,
    a_damaged_enabled_factor_is_corrupt,
    a_damaged_count_of_backup_codes_is_corrupt,
    a_damaged_factor_charges_nothing_and_is_never_judged,
    a_damaged_organization_or_plan_is_corrupt,
    a_damaged_plan_is_corrupt_in_the_list_of_plans,
    a_damaged_api_key_is_corrupt,
    damaged_usage_and_audit_rows_are_corrupt,
    a_damaged_key_name_is_corrupt,
    a_full_counter_refuses_and_keeps_its_value,
);

/// A database with an organization, a key, a pending factor of `alice`, an enabled one of `bob`, and usage.
struct Furnished {
    database: Database,
    place: TestDatabase,
    key: ApiKey,
}

async fn furnished(engine: Engine) -> Furnished {
    let place = TestDatabase::migrated(engine);
    let database = place.open();
    let organization = build::organization();
    arrange::organization(&database, organization.clone()).await;
    let key = build::api_key(organization.id, Environment::Live).key;
    let event = SecurityEvent::ApiKeyCreated { key: key.id.clone() };
    let audit = build::event_about_organization(organization.id, event, NOW);
    assert_eq!(ApiKeyStore::create(&database, key.clone(), audit).await.unwrap(), Created::New);
    let _ = arrange::pending(&database, &build::subject("alice"), NOW).await;
    let _ = arrange::enabled(&database, &build::subject("bob"), NOW).await;
    let turns = vec![build::turns_event("event", 3, NOW)];
    let recorded = database.record(organization.id, Environment::Live, turns).await.unwrap();
    assert_eq!(recorded.len(), 1);
    Furnished { database, place, key }
}

impl Furnished {
    fn damage(&self, statement: &str) {
        self.place.without_guards(statement);
    }
}

async fn a_damaged_answer_is_corrupt(engine: Engine) {
    for damage in [
        "UPDATE idempotent_calls SET claim_id = 'x'",
        "UPDATE idempotent_calls SET sealing_key_id = -1",
        "UPDATE idempotent_calls SET sealing_key_id = NULL",
    ] {
        let furnished = furnished(engine).await;
        let claim = build::call_claim(&build::named_call(&build::subject("alice"), "one"), NOW);
        assert_eq!(furnished.database.claim_call(claim.clone()).await.unwrap(), CallClaimed::Won);
        assert!(furnished.database.keep_answer(build::kept_answer(&claim)).await.unwrap());
        furnished.damage(damage);
        assert_corrupt(&furnished.database.claim_call(claim).await, damage);
    }
}

#[track_caller]
fn assert_corrupt<T: std::fmt::Debug>(outcome: &Result<T, PortFailure>, damage: &str) {
    assert!(matches!(outcome, Err(PortFailure::Corrupt(_))), "{damage}: {outcome:?}");
}

async fn a_damaged_pending_factor_is_corrupt(engine: Engine) {
    for damage in [
        "UPDATE factors SET state = 'gone' WHERE user_id = 'alice'",
        "UPDATE factors SET setup_id = 'x' WHERE user_id = 'alice'",
        "UPDATE factors SET setup_id = NULL WHERE user_id = 'alice'",
        "UPDATE factors SET expires_at = NULL WHERE user_id = 'alice'",
        "UPDATE factors SET attempts = 300 WHERE user_id = 'alice'",
        "UPDATE factors SET factor_id = 'x' WHERE user_id = 'alice'",
        "UPDATE factors SET algorithm = 'MD5' WHERE user_id = 'alice'",
        "UPDATE factors SET digits = 9 WHERE user_id = 'alice'",
        "UPDATE factors SET period_seconds = 0 WHERE user_id = 'alice'",
        "UPDATE factors SET sealing_key_id = -1 WHERE user_id = 'alice'",
    ] {
        let furnished = furnished(engine).await;
        furnished.damage(damage);
        assert_corrupt(&FactorStore::find(&furnished.database, &build::subject("alice")).await, damage);
    }
}

async fn a_damaged_enabled_factor_is_corrupt(engine: Engine) {
    for damage in [
        "UPDATE factors SET last_step = -1 WHERE user_id = 'bob'",
        "UPDATE factors SET last_step = NULL WHERE user_id = 'bob'",
        "UPDATE factors SET enabled_at = NULL WHERE user_id = 'bob'",
    ] {
        let furnished = furnished(engine).await;
        furnished.damage(damage);
        let subject = build::subject("bob");
        assert_corrupt(&FactorStore::find(&furnished.database, &subject).await, damage);
        let claim = build::setup_claim(&subject, NOW);
        assert_corrupt(&furnished.database.claim_setup(claim).await, damage);
    }
}

async fn a_damaged_count_of_backup_codes_is_corrupt(engine: Engine) {
    for damage in [
        "UPDATE factors SET backup_code_kind = 'x' WHERE user_id = 'bob'",
        "UPDATE factors SET unused_backup_codes = -1 WHERE user_id = 'bob'",
    ] {
        let furnished = furnished(engine).await;
        furnished.damage(damage);
        let subject = build::subject("bob");
        assert_corrupt(&FactorStore::find(&furnished.database, &subject).await, damage);
        let judge = Arc::new(|_| panic!("a damaged factor was judged"));
        let attempt = TotpAttempt { subject, now: NOW, policy: LockoutPolicy::TOTP };
        assert_corrupt(&furnished.database.attempt_totp(attempt, judge).await, damage);
    }
}

async fn a_damaged_factor_charges_nothing_and_is_never_judged(engine: Engine) {
    let furnished = furnished(engine).await;
    furnished.damage("UPDATE factors SET digits = 9 WHERE user_id = 'alice'");
    let judge = Arc::new(|_| panic!("a damaged factor was judged"));
    let attempt = build::setup_attempt(&build::subject("alice"), NOW);
    let outcome = furnished.database.attempt_setup(attempt, judge).await;
    assert_corrupt(&outcome, "attempt");
    furnished.damage("UPDATE factors SET digits = 6 WHERE user_id = 'alice'");
    let stored = FactorStore::find(&furnished.database, &build::subject("alice")).await.unwrap().unwrap();
    assert!(format!("{:?}", stored.factor).contains("attempts: 0"));
}

async fn a_damaged_organization_or_plan_is_corrupt(engine: Engine) {
    for damage in [
        "UPDATE organizations SET status = 'gone'",
        "UPDATE organizations SET anchor_day = 0",
        "UPDATE organizations SET anchor_day = -1",
        "UPDATE organizations SET name = '\n'",
        "UPDATE organizations SET max_attempts = 11",
        "UPDATE organizations SET lock_seconds = 70000",
        "UPDATE organizations SET code_digits = 7",
        "UPDATE plans SET burst = 0",
        "UPDATE plans SET requests_per_second = 4294967296",
        "UPDATE plans SET turns = -1",
    ] {
        let furnished = furnished(engine).await;
        furnished.damage(damage);
        let id = build::organization().id;
        assert_corrupt(&OrganizationStore::find(&furnished.database, id).await, damage);
        assert_corrupt(&OrganizationStore::page(&furnished.database, None, 10).await, damage);
    }
}

async fn a_damaged_plan_is_corrupt_in_the_list_of_plans(engine: Engine) {
    let furnished = furnished(engine).await;
    furnished.damage("UPDATE plans SET id = 'Upper' WHERE id = 'pro'");
    assert_corrupt(&PlanStore::list(&furnished.database).await, "plans");
}

async fn a_damaged_api_key_is_corrupt(engine: Engine) {
    for damage in [
        "UPDATE api_keys SET scopes = '2fa:everything'",
        "UPDATE api_keys SET environment = 'prod'",
        "UPDATE api_keys SET id = 'short'",
        "UPDATE api_keys SET organization_id = 'x'",
    ] {
        let furnished = furnished(engine).await;
        furnished.damage(damage);
        assert_corrupt(&ApiKeyStore::find(&furnished.database, &furnished.key.digest).await, damage);
    }
    let furnished = furnished(engine).await;
    furnished.damage("UPDATE api_keys SET digest = zeroblob(1)");
    assert_corrupt(&ApiKeyStore::list(&furnished.database, furnished.key.organization).await, "digest");
    let unknown = ApiKeyStore::find(&furnished.database, &ApiKeyDigest::of("other")).await.unwrap();
    assert_eq!(unknown, None);
}

async fn damaged_usage_and_audit_rows_are_corrupt(engine: Engine) {
    let furnished = furnished(engine).await;
    let id = build::organization().id;
    furnished.damage("UPDATE usage_periods SET turns_recorded = -1");
    let period = build::period_at(NOW).starts_at;
    assert_corrupt(&furnished.database.usage(id, Environment::Live, period).await, "turns");
    for damage in ["details = '{}'", "address = 'nowhere'", "request_id = 'x'", "environment = 'prod'"] {
        let furnished = self::furnished(engine).await;
        furnished.damage(&format!("UPDATE audit_events SET {damage}"));
        assert_corrupt(&AuditLog::page(&furnished.database, AuditQuery::whole(id, 10)).await, damage);
    }
}

async fn a_damaged_key_name_is_corrupt(engine: Engine) {
    let furnished = furnished(engine).await;
    furnished.damage("UPDATE factors SET sealing_key_id = 4294967296");
    assert_corrupt(&furnished.database.keys_in_use().await, "sealing_key_id");
}

async fn a_full_counter_refuses_and_keeps_its_value(engine: Engine) {
    let furnished = furnished(engine).await;
    let id = build::organization().id;
    furnished.damage("UPDATE usage_periods SET turns_recorded = 9223372036854775800");
    let more = vec![build::turns_event("one", 7, NOW), build::turns_event("two", 1, NOW)];
    let refused = furnished.database.record(id, Environment::Live, more).await;
    assert!(matches!(refused, Err(PortFailure::Other(_))), "{refused:?}");
    let period = build::period_at(NOW).starts_at;
    let usage = furnished.database.usage(id, Environment::Live, period).await.unwrap();
    assert_eq!(usage.turns, 9_223_372_036_854_775_800);
}
