//! The `OpenAPI` 3.1 document, made from the table of routes and from the types of their bodies.

pub(crate) mod documented;
mod headers;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Required, Type,
};

use crate::gate::Handler;
use crate::idempotency_key;
use crate::refusal::envelope::ErrorEnvelope;
use crate::routes::{Idempotency, ROUTES, Route, Verb};
use documented::{Body, Documented, Outcome, Schemas, success};

const USER_TOKEN: &str = "userToken";
const API_KEY: &str = "apiKey";

/// The document.
pub fn openapi() -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas = Schemas::new();
    for route in ROUTES {
        let documented = whole(route);
        collect(&documented, &mut schemas);
        let method = match route.verb {
            Verb::Get => HttpMethod::Get,
            Verb::Post(_) => HttpMethod::Post,
            Verb::Put => HttpMethod::Put,
            Verb::Patch => HttpMethod::Patch,
            Verb::Delete => HttpMethod::Delete,
        };
        let item = PathItem::new(method, operation(route, &documented));
        let path = documented_path(route.path);
        match paths.paths.get_mut(&path) {
            Some(known) => known.merge_operations(item),
            None => drop(paths.paths.insert(path, item)),
        }
    }
    let user_token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token that the platform signed for one of its users."))
        .build();
    let api_key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key of the organization; a route needs one of the scopes that it lists."))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(USER_TOKEN, SecurityScheme::Http(user_token))
        .security_scheme(API_KEY, SecurityScheme::Http(api_key));
    let info = InfoBuilder::new()
        .title("Countersign")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Second factors for a platform that already has its own users and sign-in."));
    OpenApiBuilder::new().info(info.build()).paths(paths).components(Some(components.build())).build()
}

/// The document as it is served.
pub(crate) fn openapi_json() -> serde_json::Result<String> {
    openapi().to_pretty_json()
}

/// The body of every error.
pub(crate) fn error_body() -> Body {
    success::<ErrorEnvelope>()
}

/// The path without the expressions that the router adds to its parameters.
fn documented_path(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match parameter(segment) {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The name of the parameter that a segment of a pattern is: `{name}` or `{name:expression}`.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.split([':', '}']).next()
}

/// A route with the refusals that all routes of its kind share.
fn whole(route: &Route) -> Documented {
    let mut documented = (route.documented)();
    if is_under_v1(route) {
        for (status, description) in [
            (400, "The request cannot be read."),
            (401, "Credentials are missing, expired or not valid."),
            (403, "The caller may not do this, or the organization is suspended."),
            (429, "Too many requests (`rate_limit_exceeded`), or the quota is used up (`quota_exhausted`)."),
            (
                503,
                "The service cannot answer right now; `details.retry_after_seconds` says when to try again.",
            ),
        ] {
            documented = documented.outcome(status, description, Some(error_body()));
        }
    }
    if is_repeatable(route) {
        documented = documented.repeatable();
    }
    if documented.request.is_some() {
        for (status, description) in [
            (408, "The body came too slowly."),
            (413, "The body is too long."),
            (415, "The body is not `application/json` in UTF-8."),
        ] {
            documented = documented.outcome(status, description, Some(error_body()));
        }
    }
    let has_parameters = is_under_v1(route) && route.path.contains('{');
    if documented.request.is_some() || !documented.query.is_empty() || has_parameters {
        let description = "The request can be read, but a value is not acceptable; `details` says which.";
        documented = documented.outcome(422, description, Some(error_body()));
    }
    documented.outcome(500, "A fault of ours; the body says nothing of the inside.", Some(error_body()))
}

fn operation(route: &Route, documented: &Documented) -> Operation {
    let (tag, credential) = match route.handler {
        Handler::Public(_) => ("Operations", None),
        Handler::User(_) => ("Account", Some(SecurityRequirement::new::<_, _, String>(USER_TOKEN, []))),
        Handler::Platform(scopes, _) => {
            let scopes = scopes.iter().map(|scope| scope.as_str());
            ("Users", Some(SecurityRequirement::new(API_KEY, scopes)))
        }
        Handler::Organization(scopes, _) => {
            let scopes = scopes.iter().map(|scope| scope.as_str());
            ("Organization", Some(SecurityRequirement::new(API_KEY, scopes)))
        }
    };
    let mut operation = OperationBuilder::new()
        .operation_id(Some(documented.id))
        .tag(tag)
        .summary(Some(documented.summary))
        .description(documented.description);
    if let Some(credential) = credential {
        operation = operation.security(credential);
    }
    for name in route.path.split('/').filter_map(parameter) {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
        operation = operation.parameter(parameter.required(Required::True).schema(Some(schema.build())));
    }
    if is_repeatable(route) {
        operation = operation.parameter(key_parameter(route));
    }
    for parameter in &documented.query {
        let documented = ParameterBuilder::new().name(parameter.name).parameter_in(ParameterIn::Query);
        let documented = documented.required(Required::False).description(Some(parameter.description));
        operation = operation.parameter(documented.schema(Some(parameter.schema.clone())));
    }
    if let Some(request) = &documented.request {
        let required = if request.required { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new().content(request.body.media_type, content(&request.body));
        operation = operation.request_body(Some(body.required(Some(required)).build()));
    }
    for outcome in &documented.outcomes {
        operation = operation.response(outcome.status.to_string(), response(outcome, route));
    }
    operation.build()
}

/// The header that makes a `POST` repeatable.
fn key_parameter(route: &Route) -> Parameter {
    let within =
        if route.verb == Verb::Post(Idempotency::KeptByUseCase) { "24 hours" } else { "ten minutes" };
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    ParameterBuilder::new()
        .name(idempotency_key::NAME)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(format!(
            "Your name for this call, such as a UUID: 1 to 255 printable ASCII characters. Within {within} the same call \
             with the same key does nothing again and gets the same answer.",
        )))
        .schema(Some(schema.pattern(Some("^[ -~]{1,255}$")).build()))
        .build()
}

/// Whether credentials are asked for, and so which refusals and headers are possible.
const fn is_under_v1(route: &Route) -> bool {
    !matches!(route.handler, Handler::Public(_))
}

/// Whether the route honours an `Idempotency-Key`.
const fn is_repeatable(route: &Route) -> bool {
    matches!(route.verb, Verb::Post(_))
}

fn response(outcome: &Outcome, route: &Route) -> Response {
    let status = outcome.status;
    let mut listed = if is_under_v1(route) { headers::under_v1(status) } else { headers::elsewhere(status) };
    if is_repeatable(route) && matches!(status, 200 | 422) {
        listed.push(headers::replayed());
    }
    let mut response = ResponseBuilder::new().description(&outcome.description);
    for header in listed {
        response = response.header(header.name, header.describe());
    }
    if let Some(body) = &outcome.body {
        response = response.content(body.media_type, content(body));
    }
    response.build()
}

fn content(body: &Body) -> Content {
    ContentBuilder::new().schema(body.reference()).build()
}

fn collect(documented: &Documented, schemas: &mut Schemas) {
    let request = documented.request.iter().map(|request| &request.body);
    let bodies = documented.outcomes.iter().filter_map(|outcome| outcome.body.as_ref()).chain(request);
    for described in bodies.filter_map(|body| body.described) {
        described.add_to(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_anywhere_in_a_path() {
        assert_eq!(documented_path("/docs/{file:.*}"), "/docs/{file}");
        assert_eq!(documented_path("/v1/users/{user_id}/2fa"), "/v1/users/{user_id}/2fa");
        let names: Vec<_> =
            "/v1/users/{user_id}/keys/{key:[a-z]+}".split('/').filter_map(parameter).collect();
        assert_eq!(names, ["user_id", "key"]);
    }
}
