//! Where and how the API listens.

use std::net::SocketAddr;

use crate::config::setting::section;
use crate::config::value::Texts;

section! {
    /// Where and how the API listens.
    Server, "server." {
        /// The address and port of the API. Port 0 takes a free one.
        listen: SocketAddr = "127.0.0.1:8080",
        /// Where clients reach the API, such as `https://2fa.example.com`; without it, the address that it listens on.
        /// Errors link to the documentation below it.
        public_url: Option<String> = "",
        /// Threads that serve requests; 0 takes one for each processor.
        workers: usize = "0",
        /// Networks of the proxies in front of the API, such as `10.0.0.0/8`. Only a request that comes from one of
        /// them may name the client's address in `X-Forwarded-For`.
        trusted_proxies: Texts = "",
    }
}
