//! What comes with a right code.

use countersign_domain::two_factor::proof_ports::Effect;
use diesel::prelude::*;

use crate::backend::AnyConnection;
use crate::column::SubjectKey;
use crate::ports::factors::codes;
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
