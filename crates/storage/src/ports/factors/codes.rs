//! The backup codes of a factor: our own set, imported ones, or none. Triggers count them beside the factor.

use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::backup_code::{BackupCodeHash, HashedBackupCodes, Slot};
use countersign_domain::two_factor::imported_code::{ImportedCodeHashes, ImportedCodeNumber};
use countersign_domain::two_factor::proof_ports::ImportedBackupCode;
use diesel::prelude::*;

use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, corrupt, number};
use crate::schema::{backup_code_sets, backup_codes, factors, imported_backup_codes};
use crate::unit::UnitResult;

/// How many codes are unused; none when the factor is gone.
pub(crate) fn unused(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<u8> {
    let unused = factors::table.find(key.clone()).select(factors::unused_backup_codes);
    let unused = directly!(c, |c| unused.get_result::<i32>(c)).optional()?;
    Ok(number("factors.unused_backup_codes", unused.unwrap_or(0))?)
}

/// The imported codes in the order of their numbers, used ones included.
pub(crate) fn imported(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<Vec<ImportedBackupCode>> {
    let rows = imported_backup_codes::table
        .filter(imported_backup_codes::organization_id.eq(&key.0))
        .filter(imported_backup_codes::environment.eq(key.1))
        .filter(imported_backup_codes::user_id.eq(&key.2))
        .order(imported_backup_codes::number)
        .select((imported_backup_codes::number, imported_backup_codes::hash, imported_backup_codes::used_at))
        .load::<(i32, String, Option<i64>)>(c)?;
    Ok(rows.into_iter().map(code).collect::<Result<_, _>>()?)
}

fn code((place, hash, used_at): (i32, String, Option<i64>)) -> Result<ImportedBackupCode, PortFailure> {
    let place = number("imported_backup_codes.number", place).map(ImportedCodeNumber::new)?;
    Ok(ImportedBackupCode {
        number: place.ok_or_else(|| corrupt("imported_backup_codes.number"))?,
        hash: BackupCodeHash::new(hash).map_err(|_| corrupt("imported_backup_codes.hash"))?,
        is_used: used_at.is_some(),
    })
}

/// Removes whatever codes the subject has.
pub(crate) fn remove(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<()> {
    diesel::delete(backup_code_sets::table.find(key.clone())).execute(c)?;
    let imported = imported_backup_codes::table
        .filter(imported_backup_codes::organization_id.eq(&key.0))
        .filter(imported_backup_codes::environment.eq(key.1))
        .filter(imported_backup_codes::user_id.eq(&key.2));
    diesel::delete(imported).execute(c).map(drop)
}

/// Stores a set of ten codes; the subject has none.
pub(crate) fn insert(c: &mut AnyConnection, key: &SubjectKey, codes: &HashedBackupCodes) -> QueryResult<()> {
    let set = diesel::insert_into(backup_code_sets::table).values((
        backup_code_sets::organization_id.eq(&key.0),
        backup_code_sets::environment.eq(key.1),
        backup_code_sets::user_id.eq(&key.2),
        backup_code_sets::set_id.eq(codes.set.to_string()),
        backup_code_sets::pepper_key_id.eq(i64::from(codes.pepper.0)),
    ));
    directly!(c, |c| set.execute(c))?;
    for (slot, hash) in Slot::all().zip(&codes.hashes) {
        let code = diesel::insert_into(backup_codes::table).values((
            backup_codes::organization_id.eq(&key.0),
            backup_codes::environment.eq(key.1),
            backup_codes::user_id.eq(&key.2),
            backup_codes::slot.eq(i32::from(slot.number())),
            backup_codes::hash.eq(hash.as_str()),
        ));
        directly!(c, |c| code.execute(c))?;
    }
    Ok(())
}

/// Stores imported codes; the subject has none.
pub(super) fn insert_imported(
    c: &mut AnyConnection,
    key: &SubjectKey,
    codes: &ImportedCodeHashes,
) -> QueryResult<()> {
    for (number, hash) in codes.iter() {
        diesel::insert_into(imported_backup_codes::table)
            .values((
                imported_backup_codes::organization_id.eq(&key.0),
                imported_backup_codes::environment.eq(key.1),
                imported_backup_codes::user_id.eq(&key.2),
                imported_backup_codes::number.eq(i32::from(number.number())),
                imported_backup_codes::hash.eq(hash.as_str()),
            ))
            .execute(c)?;
    }
    Ok(())
}
