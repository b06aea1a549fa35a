//! The sealed secrets of factors, for a new key.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow, SealedRows};
use countersign_domain::two_factor::reseal::FactorPlace;
use countersign_domain::two_factor::secret::SealedSecret;
use diesel::prelude::*;

use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, parse, subject, subject_key};
use crate::database::Database;
use crate::ports::factors::row::is_of;
use crate::prepared::prepared_update;
use crate::schema::factors::{
    self, environment, factor_id, organization_id, sealed_secret, sealing_key_id, user_id,
};

/// A factor's key, its id and its secret.
type Row = (String, String, String, String, Vec<u8>);

#[async_trait]
impl SealedRows<FactorPlace> for Database {
    async fn sealed_with(
        &self,
        key: KeyId,
        after: Option<FactorPlace>,
        limit: u32,
    ) -> Result<Vec<SealedRow<FactorPlace>>, PortFailure> {
        // No id is the empty text, so everything comes after it.
        let after = after.map(|place| subject_key(&place.subject)).unwrap_or_default();
        let rows = self.read(move |c| Ok(later(c, key.0.into(), &after, limit.into())?));
        rows.await?.into_iter().map(|row| sealed(key, row)).collect()
    }

    async fn exchange(&self, exchanges: Vec<Exchange<FactorPlace>>) -> Result<Vec<Exchanged>, PortFailure> {
        self.write(move |c| Ok(exchanges.iter().map(|one| exchange(c, one)).collect::<QueryResult<_>>()?))
            .await
    }
}

/// The rows behind a place: what is left of its environment, then of its organization, then the organizations that follow. Each is
/// one range of the key. In one condition all rows that are left would be read and sorted, for every batch again.
fn later(c: &mut AnyConnection, key: i64, after: &SubjectKey, limit: i64) -> QueryResult<Vec<Row>> {
    let (organization, env, user) = (&after.0, after.1, &after.2);
    let left = |rows: &[Row]| limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let of_organization = |limit| in_order(key, limit).filter(organization_id.eq(organization));
    let rest = of_organization(limit).filter(environment.eq(env)).filter(user_id.gt(user));
    let mut rows = rest.load::<Row>(c)?;
    rows.extend(of_organization(left(&rows)).filter(environment.gt(env)).load::<Row>(c)?);
    rows.extend(in_order(key, left(&rows)).filter(organization_id.gt(organization)).load::<Row>(c)?);
    Ok(rows)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn in_order(key: i64, limit: i64) -> _ {
    factors::table
        .filter(sealing_key_id.eq(key))
        .order((organization_id, environment, user_id))
        .limit(limit)
        .select((organization_id, environment, user_id, factor_id, sealed_secret))
}

fn sealed(
    key: KeyId,
    (organization, env, user, factor, bytes): Row,
) -> Result<SealedRow<FactorPlace>, PortFailure> {
    let place = FactorPlace {
        subject: subject(&organization, &env, user)?,
        factor: parse("factors.factor_id", &factor)?,
    };
    Ok(SealedRow { place, sealed: SealedSecret { key, bytes } })
}

fn exchange(c: &mut AnyConnection, exchange: &Exchange<FactorPlace>) -> QueryResult<Exchanged> {
    let Exchange { place, old, new } = exchange;
    let (key, id) = (subject_key(&place.subject), place.factor.to_string());
    let is_unchanged = is_of(&key)
        .and(factor_id.eq(&id))
        .and(sealing_key_id.eq(i64::from(old.key.0)))
        .and(sealed_secret.eq(&old.bytes));
    let exchanged = (sealing_key_id.eq(i64::from(new.key.0)), sealed_secret.eq(&new.bytes));
    let exchange = prepared_update!(is_unchanged, exchanged);
    let changed = directly!(c, |c| exchange.execute(c))?;
    Ok(if changed == 1 { Exchanged::Done } else { Exchanged::Lost })
}
