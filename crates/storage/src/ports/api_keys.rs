//! API keys, by their digests.

use async_trait::async_trait;
use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest, ApiKeyId};
use countersign_domain::admission::ports::{ApiKeyStore, Created, Revocation};
use countersign_domain::admission::scope::{Scope, Scopes};
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::OrganizationId;
use countersign_domain::time::Timestamp;
use diesel::prelude::*;

use super::audit;
use super::organizations::created;
use crate::backend::AnyConnection;
use crate::column::{corrupt, number, parse, time};
use crate::database::Database;
use crate::schema::api_keys;
use crate::unit::UnitResult;

/// A row of `api_keys` without its sequence.
#[derive(Queryable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
struct ApiKeyRow {
    id: String,
    organization_id: String,
    environment: String,
    scopes: String,
    digest: Vec<u8>,
    created_at: i64,
    revoked_at: Option<i64>,
}

const COLUMNS: (
    api_keys::id,
    api_keys::organization_id,
    api_keys::environment,
    api_keys::scopes,
    api_keys::digest,
    api_keys::created_at,
    api_keys::revoked_at,
) = (
    api_keys::id,
    api_keys::organization_id,
    api_keys::environment,
    api_keys::scopes,
    api_keys::digest,
    api_keys::created_at,
    api_keys::revoked_at,
);

impl ApiKeyRow {
    fn of(key: &ApiKey) -> Self {
        let scopes: Vec<_> = key.scopes.iter().map(Scope::as_str).collect();
        Self {
            id: key.id.as_str().to_owned(),
            organization_id: key.organization.to_string(),
            environment: key.environment.to_string(),
            scopes: scopes.join(" "),
            digest: key.digest.as_bytes().to_vec(),
            created_at: key.created_at.as_micros(),
            revoked_at: key.revoked_at.map(Timestamp::as_micros),
        }
    }

    fn into_key(self) -> Result<ApiKey, PortFailure> {
        let scopes = self.scopes.split_whitespace().map(|scope| parse::<Scope>("api_keys.scopes", scope));
        Ok(ApiKey {
            id: ApiKeyId::new(self.id).map_err(|_| corrupt("api_keys.id"))?,
            organization: parse("api_keys.organization_id", &self.organization_id)?,
            environment: parse("api_keys.environment", &self.environment)?,
            scopes: scopes.collect::<Result<Scopes, _>>()?,
            digest: ApiKeyDigest::from_bytes(number("api_keys.digest", self.digest)?),
            created_at: time(self.created_at),
            revoked_at: self.revoked_at.map(time),
        })
    }
}

#[async_trait]
impl ApiKeyStore for Database {
    async fn find(&self, digest: &ApiKeyDigest) -> Result<Option<ApiKey>, PortFailure> {
        let digest = *digest.as_bytes();
        let row = self
            .read(move |c| {
                let found = api_keys::table.filter(api_keys::digest.eq(digest.as_slice())).select(COLUMNS);
                Ok(found.get_result::<ApiKeyRow>(c).optional()?)
            })
            .await?;
        row.map(ApiKeyRow::into_key).transpose()
    }

    async fn list(&self, organization: OrganizationId) -> Result<Vec<ApiKey>, PortFailure> {
        let organization = organization.to_string();
        let rows = self
            .read(move |c| {
                Ok(api_keys::table
                    .filter(api_keys::organization_id.eq(&organization))
                    .order(api_keys::sequence)
                    .select(COLUMNS)
                    .load::<ApiKeyRow>(c)?)
            })
            .await?;
        rows.into_iter().map(ApiKeyRow::into_key).collect()
    }

    async fn create(&self, key: ApiKey, audit: AuditEvent) -> Result<Created, PortFailure> {
        self.write(move |c| {
            let insert = diesel::insert_into(api_keys::table).values(ApiKeyRow::of(&key));
            let created = created(c.transaction(|c| insert.execute(c)))?;
            if created == Created::New {
                audit::append(c, &audit)?;
            }
            Ok(created)
        })
        .await
    }

    async fn revoke(&self, revocation: Revocation) -> Result<Option<ApiKey>, PortFailure> {
        self.write(move |c| revoke(c, &revocation)).await
    }
}

fn revoke(c: &mut AnyConnection, revocation: &Revocation) -> UnitResult<Option<ApiKey>> {
    let key = api_keys::table.filter(api_keys::id.eq(revocation.key.as_str()));
    let revoked = diesel::update(key.filter(api_keys::revoked_at.is_null()))
        .set(api_keys::revoked_at.eq(Some(revocation.at.as_micros())))
        .execute(c)?;
    let Some(row) = key.select(COLUMNS).get_result::<ApiKeyRow>(c).optional()? else { return Ok(None) };
    let key = row.into_key()?;
    if revoked == 1 {
        audit::append(c, &revocation.audit(key.organization))?;
    }
    Ok(Some(key))
}
