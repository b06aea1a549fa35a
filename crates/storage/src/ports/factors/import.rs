//! Factors of other systems are stored where no enabled one is.

use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::{FactorImported, ImportedFactor};
use diesel::prelude::*;

use super::row::FactorRow;
use super::{codes, find, pending};
use crate::backend::AnyConnection;
use crate::column::subject_key;
use crate::ports::audit;
use crate::schema::factors;
use crate::unit::{UnitFailure, UnitResult, insert_new};

/// How often a set-up may come in between: each round begins after another one has committed.
const ROUNDS: usize = 5;

pub(super) fn import_all(
    c: &mut AnyConnection,
    imported: &[ImportedFactor],
) -> UnitResult<Vec<FactorImported>> {
    // Two imports of the same users in another order would wait for each other.
    if let Some(first) = imported.first() {
        c.hold(&format!("import {}", first.factor.binding.subject.organization))?;
    }
    imported.iter().map(|one| import(c, one)).collect()
}

fn import(c: &mut AnyConnection, imported: &ImportedFactor) -> UnitResult<FactorImported> {
    let key = subject_key(&imported.factor.binding.subject);
    for _ in 0..ROUNDS {
        pending::remove(c, &key, imported.audit.caller.request)?;
        let row = FactorRow::of_imported(&imported.factor)?;
        if insert_new(c, |c| diesel::insert_into(factors::table).values(row).execute(c))? {
            codes::insert_imported(c, &key, &imported.codes)?;
            audit::append(c, &imported.audit)?;
            return Ok(FactorImported::Stored);
        }
        if let Some(Factor::Enabled(factor)) = find(c, &key)? {
            return Ok(FactorImported::AlreadyEnabled(Box::new(factor)));
        }
    }
    Err(UnitFailure::Conflict)
}
