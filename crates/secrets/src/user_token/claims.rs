//! The claims of a token whose signature is verified (RFC 7519, section 4).

use countersign_domain::admission::ports::TokenRefusal;
use countersign_domain::identity::{Environment, OrganizationId, Subject, UserId};
use countersign_domain::time::Timestamp;

use super::invalid;
use super::rules::UserTokenRules;
use super::strict_json::{Json, JsonObject};

/// 9999-12-31T23:59:59Z, the last instant that RFC 3339 can write, in seconds.
const LAST_SECOND: u64 = 253_402_300_799;

/// Whom the claims name, if they follow the rules at the instant `now`.
pub(super) fn accept(
    claims: &JsonObject,
    rules: &UserTokenRules,
    now: Timestamp,
) -> Result<Subject, TokenRefusal> {
    let subject = subject(claims, rules)?;
    check_issuer(claims, rules)?;
    check_audience(claims, rules)?;
    claims.text("jti").map_err(|_| invalid("jti is not a text"))?;
    // Last, so that only a token with nothing else wrong is called expired.
    check_times(claims, rules, now)?;
    Ok(subject)
}

fn subject(claims: &JsonObject, rules: &UserTokenRules) -> Result<Subject, TokenRefusal> {
    let user = claims.text("sub").ok().flatten().ok_or(invalid("sub is missing or not a text"))?;
    let user = UserId::new(user).map_err(|_| invalid("sub is not a user id"))?;
    let organization = claims.text(rules.organization_claim.as_str()).ok().flatten();
    let organization: OrganizationId = organization
        .ok_or(invalid("the organization claim is missing or not a text"))?
        .parse()
        .map_err(|_| invalid("the organization claim is not a ULID"))?;
    let environment = claims
        .text(rules.environment_claim.as_str())
        .map_err(|_| invalid("the environment claim is not a text"))?;
    let environment = if environment == Some("test") { Environment::Test } else { Environment::Live };
    Ok(Subject { organization, environment, user })
}

fn check_issuer(claims: &JsonObject, rules: &UserTokenRules) -> Result<(), TokenRefusal> {
    let issuer = claims.text("iss").map_err(|_| invalid("iss is not a text"))?;
    match &rules.issuer {
        Some(wanted) if issuer != Some(wanted) => Err(invalid("iss is missing or another issuer")),
        _ => Ok(()),
    }
}

fn check_audience(claims: &JsonObject, rules: &UserTokenRules) -> Result<(), TokenRefusal> {
    let audience: Vec<&str> = match claims.get("aud") {
        None => Vec::new(),
        Some(Json::Text(one)) => vec![one],
        Some(Json::List(several)) => several
            .iter()
            .map(|one| match one {
                Json::Text(one) => Ok(one.as_str()),
                _ => Err(invalid("aud is not a list of texts")),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(invalid("aud is neither a text nor a list")),
    };
    let named = rules.audience.iter().any(|wanted| audience.contains(&wanted.as_str()));
    if named || rules.audience.is_empty() { Ok(()) } else { Err(invalid("aud is missing or somebody else")) }
}

fn check_times(claims: &JsonObject, rules: &UserTokenRules, now: Timestamp) -> Result<(), TokenRefusal> {
    let expires = date(claims, "exp")?.ok_or(invalid("exp is missing"))?;
    let (issued, not_before) = (date(claims, "iat")?, date(claims, "nbf")?);
    let latest_now = now.saturating_add(rules.leeway);
    if not_before.is_some_and(|not_before| not_before > latest_now) {
        return Err(invalid("nbf is in the future"));
    }
    if issued.is_some_and(|issued| issued > latest_now) {
        return Err(invalid("iat is in the future"));
    }
    if issued.is_some_and(|issued| issued >= expires) {
        return Err(invalid("exp is not after iat"));
    }
    if expires.saturating_since(issued.unwrap_or(latest_now)) > rules.longest_life {
        return Err(invalid("exp is too late"));
    }
    if now >= expires.saturating_add(rules.leeway) { Err(TokenRefusal::Expired) } else { Ok(()) }
}

/// A date in whole seconds since 1970. RFC 7519 also allows fractions; nobody needs them here, and each
/// parser rounds them in its own way.
fn date(claims: &JsonObject, name: &str) -> Result<Option<Timestamp>, TokenRefusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Integer(seconds)) if *seconds <= LAST_SECOND => {
            Ok(i64::try_from(*seconds).ok().map(Timestamp::from_seconds))
        }
        Some(_) => Err(invalid("a date is not a whole number of seconds from 1970 to 9999")),
    }
}
