//! Codes that another system hashed: a text is compared with every hash of the user.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_bcrypt_lanes::{Cost, Digest};
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::imported_code::ImportedCodeNumber;
use countersign_domain::two_factor::presented_code::TypedBackupCode;
use countersign_domain::two_factor::proof_ports::{ImportedBackupCode, ImportedBackupCodes};
use tokio::sync::OwnedSemaphorePermit;

use super::{Queue, collect};
use crate::backup_codes::bcrypt_hash::HashJob;
use crate::backup_codes::hash_input::HashInput;
use crate::backup_codes::work_queue::Overloaded;

/// Computes every hash, those of used codes too, so that the time tells nothing of which one it is.
pub(super) async fn find(
    queue: &Queue,
    permit: OwnedSemaphorePermit,
    code: TypedBackupCode,
    stored: ImportedBackupCodes,
) -> Result<Option<ImportedCodeNumber>, PortFailure> {
    let groups = by_cost(stored.codes)?;
    let (code, permit) = (Arc::new(code), Arc::new(permit));
    let job = |digest: &Digest| HashJob {
        input: HashInput::Typed(code.clone()),
        salt: digest.salt(),
        permit: Some(permit.clone()),
    };
    let waiting: Vec<_> = groups
        .into_iter()
        .map(|(cost, group)| {
            let jobs = group.iter().map(|(_, digest)| job(digest)).collect();
            Ok((queue.push(cost, jobs)?, group))
        })
        .collect::<Result<_, _>>()
        .map_err(|overloaded: Overloaded| PortFailure::unavailable(overloaded))?;
    // From here on the jobs alone hold the place.
    drop(permit);
    let mut matching = Vec::new();
    for (progress, group) in waiting {
        let computed = collect(progress, group.len()).await?;
        // Digests are compared in constant time.
        let equal = group.into_iter().zip(computed).filter(|((_, digest), computed)| digest == computed);
        matching.extend(equal.map(|((code, _), _)| code));
    }
    Ok(matching.into_iter().min_by_key(|code| (code.is_used, code.number)).map(|code| code.number))
}

type Group = Vec<(ImportedBackupCode, Digest)>;

/// What is computed together has one cost.
fn by_cost(codes: Vec<ImportedBackupCode>) -> Result<BTreeMap<Cost, Group>, PortFailure> {
    let mut groups: BTreeMap<Cost, Group> = BTreeMap::new();
    for code in codes {
        // A `BackupCodeHash` has no cost that is dangerous.
        let digest =
            Digest::parse(code.hash.as_str(), Cost::MIN..=Cost::MAX).map_err(PortFailure::corrupt)?;
        groups.entry(digest.cost()).or_default().push((code, digest));
    }
    Ok(groups)
}
