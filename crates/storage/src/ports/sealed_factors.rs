//! The sealed secrets of factors, for a new key.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow, SealedRows};
use countersign_domain::two_factor::reseal::FactorPlace;
use countersign_domain::two_factor::secret::SealedSecret;
use diesel::prelude::*;

use crate::backend::{AnyConnection, directly};
use crate::column::{parse, subject, subject_key};
use crate::database::Database;
use crate::prepared::prepared;
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
        let (organization, env, user) = after.map(|place| subject_key(&place.subject)).unwrap_or_default();
        let rows = self.read(move |c| {
            let later_user = environment.eq(env).and(user_id.gt(&user));
            let later = environment.gt(env).or(later_user);
            Ok(factors::table
                .filter(sealing_key_id.eq(i64::from(key.0)))
                .filter(organization_id.gt(&organization).or(organization_id.eq(&organization).and(later)))
                .order((organization_id, environment, user_id))
                .limit(limit.into())
                .select((organization_id, environment, user_id, factor_id, sealed_secret))
                .load::<Row>(c)?)
        });
        rows.await?.into_iter().map(|row| sealed(key, row)).collect()
    }

    async fn exchange(&self, exchanges: Vec<Exchange<FactorPlace>>) -> Result<Vec<Exchanged>, PortFailure> {
        self.write(move |c| Ok(exchanges.iter().map(|one| exchange(c, one)).collect::<QueryResult<_>>()?))
            .await
    }
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
    let unchanged = factors::table
        .find(subject_key(&place.subject))
        .filter(factor_id.eq(place.factor.to_string()))
        .filter(sealing_key_id.eq(i64::from(old.key.0)))
        .filter(sealed_secret.eq(&old.bytes));
    let exchange = diesel::update(unchanged)
        .set((sealing_key_id.eq(i64::from(new.key.0)), sealed_secret.eq(&new.bytes)))
        .returning(factor_id);
    let exchange = prepared!(exchange);
    let exchanged = directly!(c, |c| exchange.get_result::<String>(c)).optional()?;
    Ok(if exchanged.is_some() { Exchanged::Done } else { Exchanged::Lost })
}
