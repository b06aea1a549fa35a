//! Servers that do not prove by TLS who they are, and what to do about it. libpq tells them apart by what it says.

use diesel::ConnectionError;

use crate::connect::ConnectError;

/// What libpq says, and what to do then.
const REMEDIES: [(&str, &str); 4] = [
    (
        "root certificate file",
        "set `sslrootcert` in database.url to a file with the certificate of the authority that signed the server's",
    ),
    (
        "does not match host name",
        "name the server in database.url as its certificate does, or give it a certificate for that name",
    ),
    (
        "server does not support SSL",
        "`sslmode` in database.url asks for TLS: set `ssl = on` at the server, with a certificate",
    ),
    // A signature that is wrong, whichever way OpenSSL finds out.
    (
        "SSL error",
        "set `sslrootcert` in database.url to the certificate of the authority that signed the server's, and see that \
         neither has expired",
    ),
];

pub(super) fn refused(cause: ConnectionError) -> ConnectError {
    let says = cause.to_string();
    match REMEDIES.iter().find(|(text, _)| says.contains(text)) {
        Some((_, remedy)) => ConnectError::Unproven { remedy, cause },
        None => ConnectError::Open(cause),
    }
}
