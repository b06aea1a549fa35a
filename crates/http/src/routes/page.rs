//! `GET /`: the account-security page, on which a person sets up an authenticator. Its parts are in this binary.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderName};

use super::{Route, Verb};
use crate::gate::{Handler, Outcome, PublicCall};
use crate::openapi::documented::{Documented, media};
use crate::refusal::problem::Problem;

pub(super) const PAGE: Route = Route {
    verb: Verb::Get,
    path: "/",
    handler: Handler::Public(|_| Box::pin(async { Ok(answer(&INDEX)) })),
    documented: || {
        Documented::new("get_account_security_page", "The account-security page").success(media("text/html"))
    },
};

pub(super) const PARTS: Route = Route {
    verb: Verb::Get,
    path: "/page/{file}",
    handler: Handler::Public(|call| Box::pin(async move { part(&call) })),
    documented: || {
        Documented::new("get_account_security_page_part", "A part of the account-security page")
            .success(media("text/javascript"))
            .missing()
    },
};

/// Nothing comes from outside, nothing stands in line, and no other site may show the page in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Part {
    content_type: &'static str,
    text: &'static str,
}

const INDEX: Part =
    Part { content_type: "text/html; charset=utf-8", text: include_str!("../page/index.html") };

fn part(call: &PublicCall) -> Outcome {
    let part = match call.request.match_info().query("file") {
        "account-security.js" => Part {
            content_type: "text/javascript; charset=utf-8",
            text: include_str!("../page/account-security.js"),
        },
        "account-security.css" => Part {
            content_type: "text/css; charset=utf-8",
            text: include_str!("../page/account-security.css"),
        },
        _ => return Err(Problem::NoRoute),
    };
    Ok(answer(&part))
}

fn answer(part: &Part) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(part.content_type)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((HeaderName::from_static("referrer-policy"), "no-referrer"))
        .body(part.text)
}
