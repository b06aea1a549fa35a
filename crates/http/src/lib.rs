//! The HTTP shell: actix-web around the use cases of the domain.
//!
//! A request passes, from the outside in:
//!
//! 1. `wire`: the connection. It bounds idle and stalled connections, and gives the few replies that actix-http writes
//!    itself (an unreadable head, a head that came too slowly or is too large) a request id and an error envelope.
//!    HTTP/1.1 and HTTP/1.0 are spoken; HTTP/2 is left to a proxy in front.
//! 2. `boundary`: every other response gets its request id and its general headers here, and one line of the log.
//! 3. `routes`: one table names every route with its access policy and its documentation. The router, the OpenAPI
//!    document and the tests are made from it.
//! 4. `gate`: credentials, rate limit, permission, in this order and before any look at the body. Whoever is turned away waits
//!    a moment while others are served (`precedence`).
//! 5. `once`: a `POST` with an `Idempotency-Key` that was sent before gets its first answer again.
//! 6. The endpoint: reads the body, calls one use case, maps its outcome.
//!
//! Status codes exist only here: `refusal::answer` is the one match from the domain's errors to statuses, codes and
//! details.
//!
//! # How to add an endpoint
//!
//! Add a file to `routes` with the request, the handler and the answer, and name its `ROUTE` in `routes::ROUTES`. A
//! handler's type is its access policy: only the gate can make a `AccountCall`. New errors of the domain do not compile
//! until `refusal::answer` knows them.

mod api;
mod body;
mod boundary;
mod client_address;
mod credentials;
mod gate;
mod idempotency_key;
mod once;
mod openapi;
mod precedence;
mod query;
mod quota_cache;
mod refusal;
mod reply;
mod request_id;
mod routes;
mod server;
mod settings;
mod state;
mod wire;

pub use api::Api;
pub use client_address::forwarded::ForwardingHeader;
pub use client_address::network::{Network, NotANetwork};
pub use openapi::openapi;
pub use server::serve;
pub use settings::{HttpSettings, Timeouts};
