//! `GET` and `POST /v1/usage/turns`: turns, and consuming them.

use std::num::NonZeroU32;

use countersign_domain::admission::scope::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ComponentUsageBody, UsageBody, read};
use crate::body::Body;
use crate::body::fields::Fields;
use crate::gate::{Handler, OrganizationCall, Outcome};
use crate::idempotency_key;
use crate::openapi::documented::{Documented, request, success};
use crate::reply;
use crate::reply::headers::{REPLAYED, set};
use crate::routes::{Idempotency, Route, Verb};

const PATH: &str = "/v1/usage/turns";

pub(in crate::routes) const GET: Route = Route {
    verb: Verb::Get,
    path: PATH,
    handler: Handler::Organization(&[Scope::UsageRead], |call, _| Box::pin(show(call))),
    documented: || {
        Documented::new("get_turns", "How many turns are used in the billing period")
            .success(success::<ComponentUsageBody>())
    },
};

pub(in crate::routes) const POST: Route = Route {
    verb: Verb::Post(Idempotency::KeptByUseCase),
    path: PATH,
    handler: Handler::Organization(&[Scope::UsageWrite], |call, body| Box::pin(consume(call, body))),
    documented: || {
        Documented::new("consume_turns", "Consume turns, all or none of them")
            .describe(
                "429 `quota_exhausted` when they do not fit into what is left; then nothing is counted. With an \
                 `Idempotency-Key` the same call counts once within 24 hours, and a repetition gets the first answer; \
                 one that was refused kept nothing and is decided anew.",
            )
            .request(request::<ConsumeRequest>().required())
            .success(success::<ConsumedBody>())
    },
};

/// The turns to consume.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `consume` takes out of the body field by field")]
struct ConsumeRequest {
    /// How many.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32, example = 3)]
    count: u32,
}

/// What was counted.
#[derive(Serialize, ToSchema)]
struct ConsumedBody {
    /// How many turns this call counted.
    #[schema(minimum = 1)]
    accepted: u32,
    /// What is used with them.
    usage: UsageBody,
}

async fn show(call: OrganizationCall) -> Outcome {
    let snapshot = read(&call).await?;
    let (used, limit) = (snapshot.usage.turns, snapshot.turns.limit());
    reply::ok(&ComponentUsageBody { used, limit, period: snapshot.period.into() })
}

async fn consume(call: OrganizationCall, body: Body) -> Outcome {
    let OrganizationCall { state, organization, environment, request, .. } = call;
    let headers = request.headers();
    let key = idempotency_key::is_given(headers).then(|| idempotency_key::read(headers)).transpose()?;
    let mut fields = Fields::of(body.object(&state.settings).await?);
    let count = fields.required_integer("count", |count| {
        u32::try_from(count).ok().and_then(NonZeroU32::new).ok_or("it is 1 to 4294967295")
    });
    let count = fields.finish(count)?;

    let (use_case, account) = (state.api.consume_turns.clone(), (organization.id, environment));
    let work = async move { use_case.run(&organization, environment, count, key).await };
    let consumed = state.detached(work).await?;
    state.quotas.observe(account, consumed.snapshot);
    let mut response = reply::ok(&ConsumedBody { accepted: count.get(), usage: consumed.snapshot.into() })?;
    if consumed.repeated {
        set(response.headers_mut(), REPLAYED, true);
    }
    Ok(response)
}
