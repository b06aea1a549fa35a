//! The sealed secrets of webhooks, for a new key.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow, SealedRows};
use countersign_domain::two_factor::secret::SealedSecret;
use countersign_domain::webhooks::ports::WebhookSecretPlace;
use diesel::prelude::*;

use super::webhooks::{key, key_columns};
use crate::backend::AnyConnection;
use crate::column::parse;
use crate::database::Database;
use crate::schema::webhooks::{
    self, environment, id, old_sealed_secret, old_secret_id, old_secret_key_id, organization_id,
    sealed_secret, secret_id, secret_key_id,
};

/// A webhook's key, the secret's id and the secret.
type Row = (String, String, String, String, Vec<u8>);

#[async_trait]
impl SealedRows<WebhookSecretPlace> for Database {
    async fn sealed_with(
        &self,
        sealing_key: KeyId,
        after: Option<WebhookSecretPlace>,
        limit: u32,
    ) -> Result<Vec<SealedRow<WebhookSecretPlace>>, PortFailure> {
        let after = after.map(|place| (place.webhook.organization.to_string(), place.secret.to_string()));
        let (organization, secret) = after.unwrap_or_default();
        let rows = self.read(move |c| {
            let mut rows = current(c, sealing_key, (&organization, &secret), limit)?;
            rows.extend(old(c, sealing_key, (&organization, &secret), limit)?);
            Ok(rows)
        });
        let mut rows = rows.await?;
        rows.sort_by(|one, other| (&one.0, &one.3).cmp(&(&other.0, &other.3)));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        rows.into_iter().take(limit).map(|row| sealed(sealing_key, &row)).collect()
    }

    async fn exchange(
        &self,
        exchanges: Vec<Exchange<WebhookSecretPlace>>,
    ) -> Result<Vec<Exchanged>, PortFailure> {
        self.write(move |c| Ok(exchanges.iter().map(|one| exchange(c, one)).collect::<QueryResult<_>>()?))
            .await
    }
}

/// Present secrets.
fn current(
    c: &mut AnyConnection,
    sealing_key: KeyId,
    (organization, secret): (&str, &str),
    limit: u32,
) -> QueryResult<Vec<Row>> {
    let later = organization_id.gt(organization);
    webhooks::table
        .filter(secret_key_id.eq(i64::from(sealing_key.0)))
        // Where to begin in the index, which the condition that follows does not tell.
        .filter(organization_id.ge(organization))
        .filter(later.or(organization_id.eq(organization).and(secret_id.gt(secret))))
        .order((organization_id, secret_id))
        .limit(limit.into())
        .select((organization_id, environment, id, secret_id, sealed_secret))
        .load(c)
}

/// Secrets before the present ones.
fn old(
    c: &mut AnyConnection,
    sealing_key: KeyId,
    (organization, secret): (&str, &str),
    limit: u32,
) -> QueryResult<Vec<Row>> {
    let (old_id, later) = (old_secret_id.assume_not_null(), organization_id.gt(organization));
    webhooks::table
        .filter(old_secret_key_id.assume_not_null().eq(i64::from(sealing_key.0)))
        .filter(organization_id.ge(organization))
        .filter(later.or(organization_id.eq(organization).and(old_id.gt(secret))))
        .order((organization_id, old_id))
        .limit(limit.into())
        .select((organization_id, environment, id, old_id, old_sealed_secret.assume_not_null()))
        .load(c)
}

fn sealed(
    sealing_key: KeyId,
    (organization, env, webhook, secret, bytes): &Row,
) -> Result<SealedRow<WebhookSecretPlace>, PortFailure> {
    let place = WebhookSecretPlace {
        webhook: key(organization, env, webhook)?,
        secret: parse("webhooks.secret_id", secret)?,
    };
    Ok(SealedRow { place, sealed: SealedSecret { key: sealing_key, bytes: bytes.clone() } })
}

/// The secret may have become the old one meanwhile: it is exchanged where it is.
fn exchange(c: &mut AnyConnection, exchange: &Exchange<WebhookSecretPlace>) -> QueryResult<Exchanged> {
    let Exchange { place, old, new } = exchange;
    let (secret, old_key, new_key) = (place.secret.to_string(), i64::from(old.key.0), i64::from(new.key.0));
    let webhook = || webhooks::table.find(key_columns(&place.webhook));
    let is_current = secret_id.eq(&secret).and(secret_key_id.eq(old_key)).and(sealed_secret.eq(&old.bytes));
    let exchanged = diesel::update(webhook().filter(is_current))
        .set((secret_key_id.eq(new_key), sealed_secret.eq(&new.bytes)))
        .execute(c)?;
    if exchanged == 1 {
        return Ok(Exchanged::Done);
    }
    let is_old = old_secret_id.assume_not_null().eq(&secret);
    let unchanged = old_secret_key_id.assume_not_null().eq(old_key);
    let is_old = is_old.and(unchanged).and(old_sealed_secret.assume_not_null().eq(&old.bytes));
    let exchanged = diesel::update(webhook().filter(is_old))
        .set((old_secret_key_id.eq(Some(new_key)), old_sealed_secret.eq(Some(&new.bytes))))
        .execute(c)?;
    Ok(if exchanged == 1 { Exchanged::Done } else { Exchanged::Lost })
}
