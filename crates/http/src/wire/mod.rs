//! What lies between the socket and actix-http.
//!
//! actix-http answers some requests itself, below all middleware: a head that cannot be read (400), one that is too
//! large (431) or too slow (408). Those answers are bare heads. [`connection::Connection`] recognises them as they are
//! written and sends, in their place, the same status with a request id and the error envelope.
//!
//! It also ends what actix-http would wait for without limit: a second head on a connection that comes byte by byte,
//! the rest of a chunked body that nobody reads any more, and a client that does not take its answer.

mod bare_reply;
pub(crate) mod connection;
mod idle;
mod linger;
pub(crate) mod progress;
pub(crate) mod replies;
