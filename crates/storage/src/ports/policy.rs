//! Policies of organizations, as columns of their rows.

use countersign_domain::admission::ports::PolicyRevision;
use countersign_domain::failure::PortFailure;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::policy::{CodeLength, LockLength, MaxAttempts, OrganizationPolicy};
use diesel::prelude::*;

use super::audit;
use crate::backend::AnyConnection;
use crate::column::{corrupt, number, time};
use crate::schema::organizations;
use crate::unit::UnitResult;

pub(super) type Columns = (
    organizations::require_2fa,
    organizations::enforce_after,
    organizations::max_attempts,
    organizations::lock_seconds,
    organizations::code_digits,
);

/// The columns of `organizations` that hold the policy, in the order of [`PolicyRow`].
pub(super) const COLUMNS: Columns = (
    organizations::require_2fa,
    organizations::enforce_after,
    organizations::max_attempts,
    organizations::lock_seconds,
    organizations::code_digits,
);

/// What [`COLUMNS`] hold.
#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = organizations, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct PolicyRow {
    require_2fa: bool,
    enforce_after: Option<i64>,
    max_attempts: i32,
    lock_seconds: i32,
    code_digits: i32,
}

impl PolicyRow {
    pub(super) fn of(policy: &OrganizationPolicy) -> Self {
        Self {
            require_2fa: policy.require_2fa,
            enforce_after: policy.enforce_after.map(Timestamp::as_micros),
            max_attempts: policy.max_attempts.number().into(),
            lock_seconds: policy.lock.as_seconds().into(),
            code_digits: policy.digits.digits().count().into(),
        }
    }

    pub(super) fn into_policy(self) -> Result<OrganizationPolicy, PortFailure> {
        let attempts = number("max_attempts", self.max_attempts).map(MaxAttempts::new)?;
        let lock = number("lock_seconds", self.lock_seconds).map(LockLength::from_seconds)?;
        let digits = number("code_digits", self.code_digits).map(CodeLength::from_count)?;
        Ok(OrganizationPolicy {
            require_2fa: self.require_2fa,
            enforce_after: self.enforce_after.map(time),
            max_attempts: attempts.ok_or_else(|| corrupt("organizations.max_attempts"))?,
            lock: lock.ok_or_else(|| corrupt("organizations.lock_seconds"))?,
            digits: digits.ok_or_else(|| corrupt("organizations.code_digits"))?,
        })
    }
}

/// Applies a revision to the policy as it is, with its audit event.
pub(super) fn change(
    c: &mut AnyConnection,
    revision: &PolicyRevision,
) -> UnitResult<Option<OrganizationPolicy>> {
    let id = revision.organization.to_string();
    // A write that changes nothing reads the row and holds it to the end, so that no other change comes between.
    let held = diesel::update(organizations::table.find(&id))
        .set(organizations::max_attempts.eq(organizations::max_attempts))
        .returning(COLUMNS)
        .get_result::<PolicyRow>(c)
        .optional()?;
    let Some(held) = held else { return Ok(None) };
    let old = held.into_policy()?;
    let new = revision.change.applied_to(old);
    if new != old {
        diesel::update(organizations::table.find(&id)).set(PolicyRow::of(&new)).execute(c)?;
        audit::append(c, &revision.audit(old, new))?;
    }
    Ok(Some(new))
}
