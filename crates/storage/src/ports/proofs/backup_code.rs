//! A backup code is tried: the charge, and after the comparison its use.

use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{BackupSetId, FactorId, Subject};
use countersign_domain::keys::KeyId;
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::backup_code::{BackupCodeHash, BackupCodePlace, Slot};
use countersign_domain::two_factor::backup_codes::BackupCodeRef;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::imported_code::ImportedCodeNumber;
use countersign_domain::two_factor::lockout::AttemptCounter;
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, ImportedBackupCodes, StoredBackupCode,
    UsedBackupCode,
};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::effect;
use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, corrupt, number, parse, storable, subject_key};
use crate::ports::audit;
use crate::ports::factors::row::{ENABLED, FactorRow};
use crate::ports::factors::{Charge, charge_or_hold, codes, hold};
use crate::prepared::prepared;
use crate::schema::{backup_code_sets, backup_codes, factors, imported_backup_codes};
use crate::unit::UnitResult;

pub(super) fn charge(c: &mut AnyConnection, attempt: &BackupCodeAttempt) -> UnitResult<BackupCodeCharged> {
    let key = subject_key(&attempt.subject);
    let row = match charge_or_hold(c, &key, |c| take(c, &key, attempt))? {
        Charge::Charged(row) => row,
        Charge::Refused(held) => return refusal(attempt, held),
    };
    let factor = row.into_enabled()?;
    let failures = factor.backup_code_attempts.consecutive;
    let attempts = AttemptCounter::charged(failures, attempt.policy, attempt.now);
    let Some(charged) = compared(c, &key, attempt, factor.binding.id, attempts)? else {
        give_back(c, &key)?;
        return Ok(BackupCodeCharged::Malformed);
    };
    if let Some(until) = attempts.locked_until {
        diesel::update(factors::table.find(key.clone()))
            .set(factors::backup_codes_locked_until.eq(Some(until.as_micros())))
            .execute(c)?;
    }
    Ok(charged)
}

/// Charges one attempt in one statement; `None` when the factor is not enabled or its backup codes are locked.
fn take(
    c: &mut AnyConnection,
    key: &SubjectKey,
    attempt: &BackupCodeAttempt,
) -> QueryResult<Option<FactorRow>> {
    let now = attempt.now.as_micros();
    let locked_until = factors::backup_codes_locked_until;
    let chargeable = factors::table
        .find(key.clone())
        .filter(factors::state.eq(ENABLED))
        .filter(factors::backup_code_failures.lt(i64::from(attempt.policy.hard_limit)))
        .filter(locked_until.is_null().or(locked_until.assume_not_null().le(now)));
    let charge = diesel::update(chargeable)
        .set(factors::backup_code_failures.eq(factors::backup_code_failures + 1))
        .returning(factors::all_columns);
    let charge = prepared!(charge);
    directly!(c, |c| charge.get_result(c)).optional()
}

fn refusal(attempt: &BackupCodeAttempt, held: Option<Factor>) -> UnitResult<BackupCodeCharged> {
    let Some(Factor::Enabled(factor)) = held else { return Ok(BackupCodeCharged::NotEnabled) };
    let lock = factor.backup_code_attempts.lock(attempt.policy, attempt.now);
    let lock = lock.ok_or_else(|| PortFailure::other("backup codes without a lock were not charged"))?;
    Ok(BackupCodeCharged::Locked(lock))
}

fn give_back(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<()> {
    let charged = factors::table.find(key.clone()).filter(factors::backup_code_failures.gt(0));
    diesel::update(charged)
        .set(factors::backup_code_failures.eq(factors::backup_code_failures - 1))
        .execute(c)
        .map(drop)
}

/// What the attempt is compared with; `None` when the factor has no code of its shape.
fn compared(
    c: &mut AnyConnection,
    key: &SubjectKey,
    attempt: &BackupCodeAttempt,
    factor: FactorId,
    attempts: AttemptCounter,
) -> UnitResult<Option<BackupCodeCharged>> {
    let set = backup_code_sets::table
        .find(key.clone())
        .select((backup_code_sets::set_id, backup_code_sets::pepper_key_id))
        .get_result::<(String, i64)>(c)
        .optional()?;
    if let Some(set) = set {
        let Some(slot) = attempt.slot else { return Ok(None) };
        let stored = own(c, key, &attempt.subject, slot, set, attempts)?;
        return Ok(Some(BackupCodeCharged::Charged(stored)));
    }
    let codes = codes::imported(c, key)?;
    let imported = ImportedBackupCodes { factor, codes, attempts };
    Ok((!imported.codes.is_empty()).then_some(BackupCodeCharged::ChargedImported(imported)))
}

fn own(
    c: &mut AnyConnection,
    key: &SubjectKey,
    subject: &Subject,
    slot: Slot,
    (set, pepper): (String, i64),
    attempts: AttemptCounter,
) -> UnitResult<StoredBackupCode> {
    let (organization, environment, user) = key.clone();
    let hash = backup_codes::table
        .find((organization, environment, user, i32::from(slot.number())))
        .filter(backup_codes::used_at.is_null())
        .select(backup_codes::hash)
        .get_result::<String>(c)
        .optional()?;
    let hash = hash.map(BackupCodeHash::new).transpose().map_err(|_| corrupt("backup_codes.hash"))?;
    Ok(StoredBackupCode {
        place: BackupCodePlace { subject: subject.clone(), set: parse("backup_code_sets.set_id", &set)? },
        pepper: KeyId(number("backup_code_sets.pepper_key_id", pepper)?),
        hash,
        attempts,
    })
}

pub(super) fn consume(c: &mut AnyConnection, used: &UsedBackupCode) -> UnitResult<BackupCodeUse> {
    let key = subject_key(&used.subject);
    let Some(Factor::Enabled(factor)) = hold(c, &key)? else { return Ok(BackupCodeUse::Lost) };
    if !claim(c, &key, used)? {
        return Ok(BackupCodeUse::Lost);
    }
    spend_steps(c, &key, &factor, used)?;
    effect::apply(c, &key, &used.effect)?;
    let remaining = codes::unused(c, &key)?;
    let events = (used.audit)(remaining)?;
    effect::wipe_answers(c, &key, &used.effect, events.first())?;
    for event in &events {
        audit::append(c, event)?;
    }
    Ok(BackupCodeUse::Won { remaining })
}

/// Marks the code as used in one statement, if it is still one of the factor's and that factor is enabled.
fn claim(c: &mut AnyConnection, key: &SubjectKey, used: &UsedBackupCode) -> QueryResult<bool> {
    let used_at = used.now.as_micros();
    let claimed = match used.code {
        BackupCodeRef::Own { set, slot } => claim_own(c, key, set, slot, used_at)?,
        BackupCodeRef::Imported { factor, number } => claim_imported(c, key, factor, number, used_at)?,
    };
    Ok(claimed == 1)
}

fn claim_own(
    c: &mut AnyConnection,
    key: &SubjectKey,
    set: BackupSetId,
    slot: Slot,
    used_at: i64,
) -> QueryResult<usize> {
    let (organization, environment, user_id) = key.clone();
    let set_is_current = backup_code_sets::table
        .find(key.clone())
        .filter(backup_code_sets::set_id.eq(set.to_string()))
        .select(backup_code_sets::set_id);
    let is_enabled =
        factors::table.find(key.clone()).filter(factors::state.eq(ENABLED)).select(factors::factor_id);
    let code = backup_codes::table.find((organization, environment, user_id, i32::from(slot.number())));
    diesel::update(code)
        .filter(backup_codes::used_at.is_null())
        .filter(exists(set_is_current))
        .filter(exists(is_enabled))
        .set(backup_codes::used_at.eq(Some(used_at)))
        .execute(c)
}

fn claim_imported(
    c: &mut AnyConnection,
    key: &SubjectKey,
    factor: FactorId,
    number: ImportedCodeNumber,
    used_at: i64,
) -> QueryResult<usize> {
    let (organization, environment, user_id) = key.clone();
    let is_enabled = factors::table
        .find(key.clone())
        .filter(factors::state.eq(ENABLED))
        .filter(factors::factor_id.eq(factor.to_string()))
        .select(factors::factor_id);
    let number = i32::from(number.number());
    diesel::update(imported_backup_codes::table.find((organization, environment, user_id, number)))
        .filter(imported_backup_codes::used_at.is_null())
        .filter(exists(is_enabled))
        .set(imported_backup_codes::used_at.eq(Some(used_at)))
        .execute(c)
}

/// A TOTP code that was seen just before is dead: every step that could be accepted now is spent. Only the counter of
/// backup codes is cleared; a lock of TOTP stays until a TOTP code, a new enrolment or a reset lifts it.
fn spend_steps(
    c: &mut AnyConnection,
    key: &SubjectKey,
    factor: &EnabledFactor,
    used: &UsedBackupCode,
) -> UnitResult<()> {
    let period = factor.binding.parameters.period.as_duration();
    let last_acceptable = TimeStep::last_acceptable(used.now, period)
        .ok_or_else(|| PortFailure::unavailable("the clock is set before 1970"))?
        .max(factor.last_step);
    diesel::update(factors::table.find(key.clone()))
        .set((
            factors::last_step.eq(Some(storable(last_acceptable.number())?)),
            factors::backup_code_failures.eq(0),
            factors::backup_codes_locked_until.eq(None::<i64>),
        ))
        .execute(c)?;
    Ok(())
}
