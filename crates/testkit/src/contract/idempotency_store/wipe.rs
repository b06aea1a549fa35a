//! Answers that show secrets go with the secrets.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::event::{AuditEvent, Caller, SecurityEvent};
use countersign_domain::idempotency::call::NamedCall;
use countersign_domain::idempotency::ports::{CallClaim, CallClaimed, KeptAnswer};
use countersign_domain::identity::{Environment, RequestId, Subject};
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::backup_code::Slot;
use countersign_domain::two_factor::backup_codes::{BackupCodeName, BackupCodeRef};
use countersign_domain::two_factor::lockout::LockoutPolicy;
use countersign_domain::two_factor::ports::{FactorImported, SetupJudge};
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, Effect, TotpAttempt, TotpAttempted, TotpJudge,
    UsedBackupCode,
};
use countersign_domain::two_factor::reset::ResetReason;

use super::answered;
use crate::arrange;
use crate::build::{
    NOW, accepting_judge, call_claim, confirming_judge, event_about_user, hashed_codes, imported_factor,
    kept_answer, named_call, organization_id, pending_setup, refusing_judge, refusing_totp_judge,
    setup_attempt, setup_claim, subject, subject_in,
};
use crate::contention::{rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_confirmed_set_up_wipes_the_answers_that_show_it,
        a_replaced_set_up_wipes_the_answers_that_show_it,
        a_set_up_that_an_import_replaces_wipes_the_answers_that_show_it,
        an_import_that_is_refused_wipes_nothing,
        an_exhausted_set_up_wipes_the_answers_that_show_it,
        an_expired_set_up_that_is_tried_wipes_the_answers_that_show_it,
        new_backup_codes_wipe_the_answers_that_show_old_ones,
        a_code_that_removes_the_factor_wipes_the_answers_that_show_it,
        a_backup_code_that_removes_the_factor_wipes_the_answers_that_show_it,
        a_reset_wipes_the_answers_whatever_it_finds,
        codes_that_change_no_factor_wipe_nothing,
        the_answer_that_shows_the_new_secrets_is_kept,
        an_answer_that_is_kept_beside_a_reset_does_not_stay,
    ]
}

const NEXT_STEP: TimeStep = TimeStep::new(70_000_000);

fn alice() -> Subject {
    subject("alice")
}

/// A call of `subject` whose answer shows their secrets.
fn secret_call(subject: &Subject, key: &str) -> NamedCall {
    NamedCall { secrets_of: Some(subject.user.clone()), ..named_call(subject, key) }
}

/// Calls before a change of alice's factor.
struct Before {
    /// They show secrets of alice.
    showing: KeptAnswer,
    running: CallClaim,
    /// They do not.
    others: Vec<KeptAnswer>,
}

impl Before {
    async fn arrange(stores: &Stores) -> Self {
        let claim = |call| call_claim(&call, NOW);
        let running = claim(secret_call(&alice(), "running"));
        assert_eq!(stores.claim_call(&running).await, CallClaimed::Won);
        let mut others = Vec::new();
        for call in [
            named_call(&alice(), "plain"),
            secret_call(&subject("bob"), "showing"),
            secret_call(&subject_in(organization_id(1), Environment::Test, "alice"), "showing"),
            secret_call(&subject_in(organization_id(2), Environment::Live, "alice"), "showing"),
        ] {
            others.push(stores.answered(&claim(call)).await);
        }
        Self { showing: stores.answered(&claim(secret_call(&alice(), "showing"))).await, running, others }
    }

    async fn assert_others_stay(&self, stores: &Stores) {
        for other in &self.others {
            assert_eq!(stores.claim_call(&call_claim(&other.call, NOW)).await, answered(other));
        }
    }

    async fn assert_wiped(self, stores: &Stores) {
        self.assert_others_stay(stores).await;
        assert_eq!(stores.claim_call(&call_claim(&self.showing.call, NOW)).await, CallClaimed::Won);
        assert!(!stores.keep_answer(&kept_answer(&self.running)).await);
        assert_eq!(stores.claim_call(&call_claim(&self.running.call, NOW)).await, CallClaimed::Won);
    }

    async fn assert_untouched(self, stores: &Stores) {
        self.assert_others_stay(stores).await;
        assert_eq!(stores.claim_call(&call_claim(&self.showing.call, NOW)).await, answered(&self.showing));
        assert!(stores.keep_answer(&kept_answer(&self.running)).await);
    }
}

impl Stores {
    async fn try_setup(&self, judge: SetupJudge) {
        drop(self.factors.attempt_setup(setup_attempt(&alice(), NOW), judge).await.unwrap());
    }

    async fn try_totp(&self, judge: TotpJudge) {
        let attempt = TotpAttempt { subject: alice(), now: NOW, policy: LockoutPolicy::TOTP };
        let attempted = self.proofs.attempt_totp(attempt, judge).await.unwrap();
        let was_judged = matches!(attempted, TotpAttempted::Accepted { .. } | TotpAttempted::Refused { .. });
        assert!(was_judged, "{attempted:?}");
    }

    async fn use_backup_code(&self, effect: Effect) {
        let (slot, policy) = (Slot::new(3).unwrap(), LockoutPolicy::BACKUP_CODES);
        let attempt = BackupCodeAttempt { subject: alice(), slot: Some(slot), now: NOW, policy };
        let charged = self.proofs.charge_backup_code(attempt).await.unwrap();
        let BackupCodeCharged::Charged(stored) = charged else { panic!("not charged: {charged:?}") };
        let code = BackupCodeRef::Own { set: stored.place.set, slot };
        let audit = Arc::new(move |remaining| {
            let event = SecurityEvent::BackupCodeUsed { code: BackupCodeName::Own(slot), remaining };
            Ok(vec![event_about_user(&alice(), event, NOW)])
        });
        let used = UsedBackupCode { subject: alice(), code, now: NOW, effect, audit };
        let outcome = self.proofs.use_backup_code(used).await.unwrap();
        assert!(matches!(outcome, BackupCodeUse::Won { .. }));
    }

    async fn reset(&self) -> bool {
        self.proofs.remove(&alice(), reset()).await.unwrap()
    }
}

fn reset() -> AuditEvent {
    let reason = ResetReason::new("lost phone").unwrap();
    event_about_user(&alice(), SecurityEvent::Reset { reason }, NOW)
}

fn new_codes() -> Effect {
    Effect::ReplaceBackupCodes(Box::new(hashed_codes()))
}

async fn a_confirmed_set_up_wipes_the_answers_that_show_it(stores: Stores) {
    let _ = arrange::pending(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    stores.try_setup(confirming_judge(NEXT_STEP, NOW)).await;
    before.assert_wiped(&stores).await;
}

async fn a_replaced_set_up_wipes_the_answers_that_show_it(stores: Stores) {
    let _ = arrange::pending(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    let _ = arrange::pending(&*stores.factors, &alice(), NOW).await;
    before.assert_wiped(&stores).await;
}

async fn a_set_up_that_an_import_replaces_wipes_the_answers_that_show_it(stores: Stores) {
    let _ = arrange::pending(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    let imported = vec![imported_factor(&alice(), &[], NOW)];
    assert_eq!(stores.factors.import(imported).await.unwrap(), [FactorImported::Stored]);
    before.assert_wiped(&stores).await;
}

async fn an_import_that_is_refused_wipes_nothing(stores: Stores) {
    let _ = arrange::enabled(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    let outcomes = stores.factors.import(vec![imported_factor(&alice(), &[], NOW)]).await.unwrap();
    assert!(matches!(outcomes[..], [FactorImported::AlreadyEnabled(_)]));
    before.assert_untouched(&stores).await;
}

async fn an_exhausted_set_up_wipes_the_answers_that_show_it(stores: Stores) {
    let _ = arrange::pending(&*stores.factors, &alice(), NOW).await;
    for _ in 0..4 {
        stores.try_setup(refusing_judge(NOW)).await;
    }
    let before = Before::arrange(&stores).await;
    stores.try_setup(refusing_judge(NOW)).await;
    before.assert_wiped(&stores).await;
}

async fn an_expired_set_up_that_is_tried_wipes_the_answers_that_show_it(stores: Stores) {
    let setup = arrange::pending(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    let late = setup_attempt(&alice(), setup.factor.expires_at);
    drop(stores.factors.attempt_setup(late, confirming_judge(NEXT_STEP, NOW)).await.unwrap());
    before.assert_wiped(&stores).await;
}

async fn new_backup_codes_wipe_the_answers_that_show_old_ones(stores: Stores) {
    let _ = arrange::enabled(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    stores.try_totp(accepting_judge(NEXT_STEP, new_codes(), NOW)).await;
    before.assert_wiped(&stores).await;
}

async fn a_code_that_removes_the_factor_wipes_the_answers_that_show_it(stores: Stores) {
    let _ = arrange::enabled(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    stores.try_totp(accepting_judge(NEXT_STEP, Effect::Remove, NOW)).await;
    before.assert_wiped(&stores).await;
}

async fn a_backup_code_that_removes_the_factor_wipes_the_answers_that_show_it(stores: Stores) {
    let _ = arrange::enabled(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    stores.use_backup_code(Effect::Remove).await;
    before.assert_wiped(&stores).await;
}

async fn a_reset_wipes_the_answers_whatever_it_finds(stores: Stores) {
    let _ = arrange::enabled(&*stores.factors, &alice(), NOW).await;
    for found in [true, false] {
        let before = Before::arrange(&stores).await;
        assert_eq!(stores.reset().await, found);
        let later = before.showing.expires_at;
        before.assert_wiped(&stores).await;
        let _ = stores.answers.purge_calls(later, u32::MAX).await.unwrap();
    }
}

async fn codes_that_change_no_factor_wipe_nothing(stores: Stores) {
    let _ = arrange::pending(&*stores.factors, &alice(), NOW).await;
    let before = Before::arrange(&stores).await;
    stores.try_setup(refusing_judge(NOW)).await;
    before.assert_untouched(&stores).await;

    let _ = arrange::enabled(&*stores.factors, &alice(), NOW).await;
    let later = NOW.saturating_add(Duration::from_hours(1));
    let _ = stores.answers.purge_calls(later, u32::MAX).await.unwrap();
    let before = Before::arrange(&stores).await;
    stores.try_totp(refusing_totp_judge(NOW)).await;
    stores.try_totp(accepting_judge(NEXT_STEP, Effect::Keep, NOW)).await;
    stores.use_backup_code(Effect::Keep).await;
    before.assert_untouched(&stores).await;
}

fn by(request: RequestId, event: AuditEvent) -> AuditEvent {
    AuditEvent { caller: Caller { request: Some(request), ..event.caller }, ..event }
}

async fn the_answer_that_shows_the_new_secrets_is_kept(stores: Stores) {
    let setup = call_claim(&secret_call(&alice(), "set-up"), NOW);
    assert_eq!(stores.claim_call(&setup).await, CallClaimed::Won);
    let claim = setup_claim(&alice(), NOW);
    let mut pending = pending_setup(&alice(), claim.id, NOW);
    pending.audit = by(setup.request, pending.audit);
    let _ = arrange::stored(&*stores.factors, claim, pending).await;
    assert!(stores.keep_answer(&kept_answer(&setup)).await);
    stores.try_setup(confirming_judge(NEXT_STEP, NOW)).await;

    let codes = call_claim(&secret_call(&alice(), "codes"), NOW);
    assert_eq!(stores.claim_call(&codes).await, CallClaimed::Won);
    let (request, judge) =
        (codes.request, accepting_judge(TimeStep::new(NEXT_STEP.number() + 1), new_codes(), NOW));
    stores
        .try_totp(Arc::new(move |factor| {
            Ok(judge(factor)?.map(|mut verdict| {
                verdict.audit = verdict.audit.into_iter().map(|event| by(request, event)).collect();
                verdict
            }))
        }))
        .await;
    assert!(stores.keep_answer(&kept_answer(&codes)).await);
}

async fn an_answer_that_is_kept_beside_a_reset_does_not_stay(stores: Stores) {
    for round in 0..rounds() * 8 {
        let claim = call_claim(&secret_call(&alice(), &format!("{round}")), NOW);
        assert_eq!(stores.claim_call(&claim).await, CallClaimed::Won);
        together(2, |number| {
            let (stores, claim) = (stores.clone(), claim.clone());
            async move {
                let _: bool = match number {
                    0 => stores.keep_answer(&kept_answer(&claim)).await,
                    _ => stores.reset().await,
                };
            }
        })
        .await;
        assert_eq!(stores.claim_call(&call_claim(&claim.call, NOW)).await, CallClaimed::Won);
    }
}
