//! Fingerprints of keys, and which keys stored rows depend on.

use std::collections::BTreeSet;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::keys::{KeyId, KeyPurpose, KeyRegistration, KeyRegistry, KnownKey};
use diesel::dsl::min;
use diesel::prelude::*;

use crate::backend::AnyConnection;
use crate::column::number;
use crate::database::Database;
use crate::schema::{backup_code_sets, factors, key_registry, webhooks};
use crate::unit::{UnitFailure, insert_new};

#[async_trait]
impl KeyRegistry for Database {
    async fn register(&self, key: KnownKey) -> Result<KeyRegistration, PortFailure> {
        let (purpose, id) = (key.purpose.as_str(), i64::from(key.id.0));
        let check = key.check.0;
        self.write(move |c| {
            let row = (
                key_registry::purpose.eq(purpose),
                key_registry::key_id.eq(id),
                key_registry::check_value.eq(check.as_slice()),
            );
            if insert_new(c, |c| diesel::insert_into(key_registry::table).values(row).execute(c))? {
                return Ok(KeyRegistration::Matches);
            }
            let known = key_registry::table.find((purpose, id)).select(key_registry::check_value);
            let known = known.first::<Vec<u8>>(c).optional()?.ok_or(UnitFailure::Conflict)?;
            Ok(if known.as_slice() == check { KeyRegistration::Matches } else { KeyRegistration::Differs })
        })
        .await
    }

    async fn keys_in_use(&self) -> Result<Vec<(KeyPurpose, KeyId)>, PortFailure> {
        self.read(|c| {
            let sealing = distinct(c, |c, above| {
                let next = factors::table.filter(factors::sealing_key_id.gt(above));
                next.select(min(factors::sealing_key_id)).first(c)
            })?;
            let webhooks = distinct(c, |c, above| {
                let next = webhooks::table.filter(webhooks::secret_key_id.gt(above));
                next.select(min(webhooks::secret_key_id)).first(c)
            })?;
            let old_webhooks = distinct(c, |c, above| {
                let next = webhooks::table.filter(webhooks::old_secret_key_id.gt(above));
                next.select(min(webhooks::old_secret_key_id)).first(c)
            })?;
            let peppers = distinct(c, |c, above| {
                let next = backup_code_sets::table.filter(backup_code_sets::pepper_key_id.gt(above));
                next.select(min(backup_code_sets::pepper_key_id)).first(c)
            })?;
            let named = |purpose| move |id| Ok((purpose, KeyId(number("key id", id)?)));
            let sealing: BTreeSet<_> = [sealing, webhooks, old_webhooks].into_iter().flatten().collect();
            let sealing = sealing.into_iter().map(named(KeyPurpose::Sealing));
            sealing.chain(peppers.into_iter().map(named(KeyPurpose::Pepper))).collect()
        })
        .await
    }

    async fn rows_using(&self, purpose: KeyPurpose, id: KeyId) -> Result<u64, PortFailure> {
        let id = i64::from(id.0);
        let rows = self.read(move |c| {
            Ok(match purpose {
                KeyPurpose::Sealing => {
                    let sealed = factors::table.filter(factors::sealing_key_id.eq(id));
                    let webhooks = webhooks::table.filter(webhooks::secret_key_id.eq(id));
                    let old_webhooks = webhooks::table.filter(webhooks::old_secret_key_id.eq(id));
                    let counts = [
                        sealed.count().get_result::<i64>(c)?,
                        webhooks.count().get_result(c)?,
                        old_webhooks.count().get_result(c)?,
                    ];
                    counts.into_iter().fold(0, i64::saturating_add)
                }
                KeyPurpose::Pepper => {
                    let sets = backup_code_sets::table.filter(backup_code_sets::pepper_key_id.eq(id));
                    sets.count().get_result(c)?
                }
                // Assertions are not stored.
                KeyPurpose::AssertionSigning => 0,
            })
        });
        number("count", rows.await?)
    }
}

/// The distinct values of an indexed column, each found by one step in its index however many rows share it.
fn distinct(
    connection: &mut AnyConnection,
    next: impl Fn(&mut AnyConnection, i64) -> QueryResult<Option<i64>>,
) -> QueryResult<Vec<i64>> {
    let mut values: Vec<i64> = Vec::new();
    while let Some(value) = next(connection, values.last().copied().unwrap_or(-1))? {
        values.push(value);
    }
    Ok(values)
}
