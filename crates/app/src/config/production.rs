//! What production refuses to serve with, each refusal with what to set.

use std::path::Path;

use super::Config;
use super::problem::{Problem, Problems};
use super::secret_ref::SecretRef;
use crate::development::is_made_up_file;
use crate::wiring;

/// Notes every refusal.
pub(super) fn refuse(config: &Config, problems: &mut Problems) {
    refuse_defaults(config, problems);
    refuse_exposed_database(config, problems);
    refuse_made_up_keys(config, problems);
    refuse_unchecked_tokens(config, problems);
    refuse_open_bind(config, problems);
    problems.push_if(wiring::limits_travel_in_clear(config), || {
        let says = "the store is on another machine, and its password would travel in clear";
        Problem::new("limits.url", says, "use TLS: write rediss:// instead of redis://")
    });
    if let Some(secret) = &config.auth.hs256_secret {
        refuse_bad_secret(secret, problems);
    }
}

/// What development keeps in its data directory.
fn refuse_defaults(config: &Config, problems: &mut Problems) {
    problems.push_if(config.database.url.is_none(), || {
        Problem::new(
            "database.url",
            "it is not set",
            "set it to sqlite:PATH, on a disk that is backed up, or to postgres://USER@HOST/DATABASE",
        )
    });
    problems.push_if(config.keys.file.is_none(), || {
        let remedy =
            "run `countersign keyring generate --file PATH`, keep a copy apart, and set keys.file to it";
        Problem::new("keys.file", "it is not set", remedy)
    });
}

fn refuse_exposed_database(config: &Config, problems: &mut Problems) {
    let url = config.database.url.as_ref();
    problems.push_if(url.is_some_and(|url| wiring::is_exposed_database(url.reveal())), || {
        let says = "everything would cross the network without TLS that checks whose server it is";
        let remedy = "add sslmode=verify-full, and sslrootcert=FILE with the certificate of the server's authority, as in \
                      postgres://USER@HOST/DATABASE?sslmode=verify-full&sslrootcert=FILE";
        Problem::new("database.url", says, remedy)
    });
}

fn refuse_made_up_keys(config: &Config, problems: &mut Problems) {
    let made_up = |file: &Path| is_made_up_file(file) || wiring::is_made_up_ring(file);
    if config.keys.file.as_deref().is_some_and(made_up) {
        let remedy = "run `countersign keyring generate --file PATH` and set keys.file to it";
        problems.push(Problem::new("keys.file", "this key ring was made up for development", remedy));
    } else if config.keys.file.is_some()
        && let Err(error) = wiring::known_keys(config)
    {
        let remedy = "bring the key ring back from its copy, closed to everybody but its owner";
        problems.push(Problem::new("keys.file", format!("{error:#}"), remedy));
    }
    let made_up_secret =
        matches!(&config.auth.hs256_secret, Some(SecretRef::File(path)) if is_made_up_file(path));
    problems.push_if(made_up_secret, || {
        let remedy = "name the secret that the platform signs its tokens with, or set auth.jwks_file or \
                      auth.public_key_file";
        Problem::new("auth.hs256_secret", "this secret was made up for development", remedy)
    });
}

fn refuse_unchecked_tokens(config: &Config, problems: &mut Problems) {
    let auth = &config.auth;
    problems.push_if(auth.issuer.is_none(), || {
        Problem::new("auth.issuer", "it is not set", "set it to the `iss` of the platform's tokens")
    });
    problems.push_if(auth.audience.0.is_empty(), || {
        Problem::new(
            "auth.audience",
            "it is not set",
            "set it to the `aud` of the platform's tokens for this service",
        )
    });
    let no_key = auth.hs256_secret.is_none() && auth.public_key_file.is_none() && auth.jwks_file.is_none();
    problems.push_if(no_key, || {
        let remedy = "set auth.jwks_file, auth.public_key_file or auth.hs256_secret";
        Problem::new("auth", "no key of the platform's tokens is set", remedy)
    });
}

fn refuse_open_bind(config: &Config, problems: &mut Problems) {
    let listen = config.server.listen;
    problems.push_if(!listen.ip().is_loopback() && config.server.trusted_proxies.0.is_empty(), || {
        let says = format!("{listen} can be reached from elsewhere, and tokens would travel in clear");
        let remedy = "put a proxy that ends TLS in front and name its network in server.trusted_proxies, or listen on \
                      127.0.0.1";
        Problem::new("server.listen", says, remedy)
    });
}

fn refuse_bad_secret(secret: &SecretRef, problems: &mut Problems) {
    if let Err(error) = wiring::check_token_secret(secret) {
        let remedy = "provide at least 32 random bytes where they are looked for, such as `openssl rand -hex 32` makes";
        problems.push(Problem::new("auth.hs256_secret", format!("{error:#}"), remedy));
    }
}
