//! Wrong codes that a right one does not clear.

use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::lockout::FailureWindow;
use countersign_domain::two_factor::proof_ports::RefusedBackupCode;
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, subject_key};
use crate::ports::audit;
use crate::ports::factors::row::{self, ENABLED};
use crate::prepared::prepared;
use crate::schema::factors::{self, failures_since, recent_failures};
use crate::unit::UnitResult;

/// Counts a wrong code at `now` in one statement; a window that is over begins anew. `None` when no factor is enabled.
pub(super) fn count(
    c: &mut AnyConnection,
    key: &SubjectKey,
    now: Timestamp,
) -> UnitResult<Option<FailureWindow>> {
    let over = now.saturating_sub(FailureWindow::LENGTH).as_micros();
    let begins_anew = || failures_since.is_null().or(failures_since.assume_not_null().le(over));
    let since = Some(now.as_micros()).into_sql::<Nullable<BigInt>>();
    let count = diesel::update(factors::table.find(key.clone()).filter(factors::state.eq(ENABLED)))
        .set((
            failures_since.eq(case_when(begins_anew(), since).otherwise(failures_since)),
            recent_failures
                .eq(case_when(begins_anew(), 1.into_sql::<BigInt>()).otherwise(recent_failures + 1)),
        ))
        .returning((failures_since, recent_failures));
    let count = prepared!(count);
    let counted = directly!(c, |c| count.get_result::<(Option<i64>, i64)>(c)).optional()?;
    Ok(counted.map(|(since, failures)| row::failures(since, failures)).transpose()?)
}

pub(super) fn refuse(c: &mut AnyConnection, refused: &RefusedBackupCode) -> UnitResult<()> {
    let counted = count(c, &subject_key(&refused.subject), refused.now)?;
    for event in (refused.audit)(counted.unwrap_or_default())? {
        audit::append(c, &event)?;
    }
    Ok(())
}
