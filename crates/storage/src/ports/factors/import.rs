//! Factors of other systems are stored where no enabled one is.

use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::{FactorImported, ImportedFactor};

use super::row::FactorRow;
use super::{codes, find, pending};
use crate::backend::AnyConnection;
use crate::column::subject_key;
use crate::ports::audit;
use crate::unit::{UnitFailure, UnitResult};

/// How often a set-up may come in between: each round begins after another one has committed.
const ROUNDS: usize = 5;

/// Whatever order they are told in, factors are stored in that of their keys, so that two imports of the same users do not
/// wait for each other in a circle.
pub(super) fn import_all(
    c: &mut AnyConnection,
    imported: &[ImportedFactor],
) -> UnitResult<Vec<FactorImported>> {
    let mut in_order: Vec<_> = imported.iter().enumerate().collect();
    // Stable: of two for one user the first is stored.
    in_order.sort_by_cached_key(|(_, one)| subject_key(&one.factor.binding.subject));
    let mut outcomes = Vec::with_capacity(in_order.len());
    for (place, one) in in_order {
        outcomes.push((place, import(c, one)?));
    }
    outcomes.sort_unstable_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn import(c: &mut AnyConnection, imported: &ImportedFactor) -> UnitResult<FactorImported> {
    let key = subject_key(&imported.factor.binding.subject);
    for _ in 0..ROUNDS {
        let row = FactorRow::of_imported(&imported.factor)?;
        if pending::replace(c, &key, row, imported.audit.caller.request)? {
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
