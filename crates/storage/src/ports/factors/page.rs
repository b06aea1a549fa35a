//! Factors one after the other, as they are stored.

use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::ports::{ArchivedCodes, ArchivedFactor, FactorPage, StoredFactor};
use diesel::prelude::*;

use super::codes;
use super::row::FactorRow;
use crate::backend::AnyConnection;
use crate::column::subject_key;
use crate::schema::factors;
use crate::unit::UnitResult;

pub(super) fn page(c: &mut AnyConnection, page: &FactorPage) -> UnitResult<Vec<ArchivedFactor>> {
    // No id is the empty text, so everything comes after it.
    let after = page.after.as_ref().map_or("", |user| user.as_str());
    let rows = factors::table
        .filter(factors::organization_id.eq(page.organization.to_string()))
        .filter(factors::environment.eq(page.environment.as_str()))
        .filter(factors::user_id.gt(after))
        .order(factors::user_id)
        .limit(page.limit.into())
        .load::<FactorRow>(c)?;
    rows.into_iter().map(|row| archived(c, row)).collect()
}

fn archived(c: &mut AnyConnection, row: FactorRow) -> UnitResult<ArchivedFactor> {
    let StoredFactor { factor, backup_codes } = row.into_stored()?;
    let codes = match backup_codes {
        BackupCodes::None => ArchivedCodes::Imported(Vec::new()),
        BackupCodes::Own { .. } => ArchivedCodes::Own,
        BackupCodes::Imported { .. } => {
            let codes = codes::imported(c, &subject_key(&factor.binding().subject))?;
            let unused = codes.into_iter().filter(|code| !code.is_used);
            ArchivedCodes::Imported(unused.map(|code| code.hash).collect())
        }
    };
    Ok(ArchivedFactor { factor, codes })
}
