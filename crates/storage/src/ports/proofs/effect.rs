//! What comes with a right code.

use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::proof_ports::Effect;
use diesel::prelude::*;

use crate::backend::AnyConnection;
use crate::column::{SubjectKey, number};
use crate::ports::factors::codes;
use crate::ports::idempotency;
use crate::schema::factors;

pub(super) fn apply(c: &mut AnyConnection, key: &SubjectKey, effect: &Effect) -> QueryResult<()> {
    match effect {
        Effect::Keep => Ok(()),
        Effect::Remove => diesel::delete(factors::table.find(key.clone())).execute(c).map(drop),
        Effect::ReplaceBackupCodes(new) => {
            codes::remove(c, key)?;
            codes::insert(c, key, new)
        }
    }
}

/// Removes the answers that show what the effect made void; `event` tells of it.
pub(super) fn wipe_answers(
    c: &mut AnyConnection,
    key: &SubjectKey,
    effect: &Effect,
    event: Option<&AuditEvent>,
) -> QueryResult<()> {
    match effect {
        Effect::Keep => Ok(()),
        Effect::Remove | Effect::ReplaceBackupCodes(_) => {
            idempotency::wipe(c, key, event.and_then(|event| event.caller.request))
        }
    }
}

/// How many backup codes are unused afterwards.
pub(super) fn unused_after(effect: &Effect, before: BackupCodes) -> Result<u8, PortFailure> {
    match effect {
        Effect::Keep => Ok(before.unused()),
        Effect::Remove => Ok(0),
        Effect::ReplaceBackupCodes(new) => number("backup_codes", new.hashes.len()),
    }
}
