//! `GET /docs/errors`: where the `documentation_url` of an error leads.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_SECURITY_POLICY;

use super::{Route, Verb};
use crate::gate::Handler;
use crate::openapi::documented::{Documented, media};

pub(super) const ROUTE: Route = Route {
    verb: Verb::Get,
    path: "/docs/errors",
    handler: Handler::Public(|_| Box::pin(async { Ok(handle()) })),
    documented,
};

/// The same text that people read in the repository.
const TEXT: &str = include_str!("../../../../docs/errors.md");

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

static PAGE: LazyLock<String> = LazyLock::new(|| page(TEXT));

/// The text with an anchor for each section, so that `#<code>` finds it.
fn page(text: &str) -> String {
    let mut page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Errors</title>\
                    <style>body{max-width:60em;margin:auto;padding:1em;font-family:sans-serif}\
                    pre{white-space:pre-wrap}</style>"
        .to_owned();
    for (number, section) in text.split("\n## ").enumerate() {
        let (title, rest) = section.split_once('\n').unwrap_or((section, ""));
        let (title, rest) = (escaped(title.trim_start_matches("# ")), escaped(rest.trim()));
        let _ = match number {
            0 => write!(page, "<h1>{title}</h1><pre>{rest}</pre>"),
            _ => write!(page, "<h2 id=\"{title}\">{title}</h2><pre>{rest}</pre>"),
        };
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn handle() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(PAGE.as_str())
}

fn documented() -> Documented {
    Documented::new("get_error_reference", "What errors mean").success(media("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::code::ErrorCode;

    #[test]
    fn every_code_is_explained() {
        for code in ErrorCode::ALL {
            assert!(PAGE.contains(&format!("<h2 id=\"{0}\">{0}</h2>", code.as_str())), "{}", code.as_str());
        }
    }

    #[test]
    fn the_text_is_shown_and_not_run() {
        assert!(
            page("# A\n<b>&\"\n## c\nd")
                .ends_with("<pre>&lt;b&gt;&amp;&quot;</pre><h2 id=\"c\">c</h2><pre>d</pre>")
        );
    }
}
