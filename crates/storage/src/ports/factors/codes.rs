//! The backup codes of a factor: our own set, imported ones, or none.

use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::backup_code::{BackupCodeHash, HashedBackupCodes, Slot};
use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::imported_code::{ImportedCodeHashes, ImportedCodeNumber};
use countersign_domain::two_factor::proof_ports::ImportedBackupCode;
use diesel::prelude::*;

use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, corrupt, number};
use crate::schema::{backup_code_sets, backup_codes, imported_backup_codes};
use crate::unit::UnitResult;

/// What the subject has. The tables are asked in the order in which most factors need no second question.
pub(super) fn find(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<BackupCodes> {
    let unused = own_unused(c, key)?;
    if unused > 0 || has_own(c, key)? {
        return Ok(BackupCodes::Own { unused });
    }
    let codes = imported(c, key)?;
    let unused = codes.iter().filter(|code| !code.is_used).count();
    let unused = number("imported_backup_codes", unused)?;
    Ok(if codes.is_empty() { BackupCodes::None } else { BackupCodes::Imported { unused } })
}

/// How many of the subject's codes are unused.
pub(crate) fn unused(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<u8> {
    match own_unused(c, key)? {
        0 => {
            let unused = imported_backup_codes::table
                .filter(imported_backup_codes::organization_id.eq(&key.0))
                .filter(imported_backup_codes::environment.eq(key.1))
                .filter(imported_backup_codes::user_id.eq(&key.2))
                .filter(imported_backup_codes::used_at.is_null())
                .count();
            let unused = directly!(c, |c| unused.get_result::<i64>(c))?;
            Ok(number("imported_backup_codes", unused)?)
        }
        unused => Ok(unused),
    }
}

fn own_unused(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<u8> {
    let unused = own_unused_of(key);
    let unused = directly!(c, |c| unused.get_result::<i64>(c))?;
    Ok(number("backup_codes", unused)?)
}

/// Counts the unused codes of our own.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn own_unused_of(key: &SubjectKey) -> _ {
    let (organization, environment, user): (&String, &str, &String) = (&key.0, key.1, &key.2);
    backup_codes::table
        .filter(backup_codes::organization_id.eq(organization))
        .filter(backup_codes::environment.eq(environment))
        .filter(backup_codes::user_id.eq(user))
        .filter(backup_codes::used_at.is_null())
        .count()
}

pub(super) fn has_own(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(backup_code_sets::table.find(key.clone()))).get_result(c)
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
    diesel::insert_into(backup_code_sets::table)
        .values((
            backup_code_sets::organization_id.eq(&key.0),
            backup_code_sets::environment.eq(key.1),
            backup_code_sets::user_id.eq(&key.2),
            backup_code_sets::set_id.eq(codes.set.to_string()),
            backup_code_sets::pepper_key_id.eq(i64::from(codes.pepper.0)),
        ))
        .execute(c)?;
    for (slot, hash) in Slot::all().zip(&codes.hashes) {
        diesel::insert_into(backup_codes::table)
            .values((
                backup_codes::organization_id.eq(&key.0),
                backup_codes::environment.eq(key.1),
                backup_codes::user_id.eq(&key.2),
                backup_codes::slot.eq(i32::from(slot.number())),
                backup_codes::hash.eq(hash.as_str()),
            ))
            .execute(c)?;
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
