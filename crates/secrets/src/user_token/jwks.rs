//! Key sets (RFC 7517, section 5).

use data_encoding::BASE64URL_NOPAD;

use super::algorithm::Algorithm;
use super::kid::Kid;
use super::public_key::{NotAPublicKey, PublicKey};
use super::strict_json::{Json, JsonObject};

/// Larger than any key set; a wrong file must not be parsed for long.
const MOST_BYTES: usize = 64 * 1024;

/// Why a key set is not accepted. Keys are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// It is larger than 64 KiB.
    #[error("it is larger than 64 KiB")]
    TooLarge,
    /// It is not a JSON object with a list `keys` of objects.
    #[error("it is not a JSON object with a list of keys")]
    Malformed,
    /// A member of a key has a wrong type or is missing.
    #[error("its key {0} has a member of a wrong type, or lacks one")]
    MalformedKey(usize),
    /// A key is a symmetric one. A set is meant to be published.
    #[error("its key {0} is a symmetric key; give the secret in a file of its own")]
    Symmetric(usize),
    /// A key has private members.
    #[error("its key {0} is a private key; give the public one")]
    Private(usize),
    /// A key's `kid` could never be asked for.
    #[error("the kid of its key {0} is not 1 to 64 letters, digits, dashes and underscores")]
    Kid(usize),
    /// A key's `alg` does not fit its type.
    #[error("the alg of its key {0} does not fit its type")]
    Algorithm(usize),
    /// A key is not a point of its curve, or an RSA key of another size than 2048 to 8192 bits.
    #[error("its key {0} is damaged or too short")]
    BadKey(usize),
    /// No key of the set can check a signature.
    #[error("none of its keys is an RSA, P-256 or Ed25519 key for signatures")]
    NothingUsable,
}

/// A key of a set.
pub(super) struct JwksKey {
    /// Its name, if it has one.
    pub(super) kid: Option<Kid>,
    /// The key.
    pub(super) key: PublicKey,
}

/// Why one key is not taken.
enum Refused {
    /// It is not for us; the rest of the set is not affected.
    NotForUs,
    /// The set is wrong.
    Because(fn(usize) -> JwksError),
}

/// The usable keys of a set. Keys of other types, algorithms and uses are passed over, as RFC 7517, section
/// 5, asks.
pub(super) fn parse(document: &[u8]) -> Result<Vec<JwksKey>, JwksError> {
    if document.len() > MOST_BYTES {
        return Err(JwksError::TooLarge);
    }
    let document = JsonObject::parse(document).map_err(|_| JwksError::Malformed)?;
    let Some(Json::List(list)) = document.get("keys") else { return Err(JwksError::Malformed) };
    let mut keys = Vec::new();
    for (number, entry) in (1..).zip(list) {
        let Json::Object(jwk) = entry else { return Err(JwksError::Malformed) };
        match read(jwk) {
            Ok(key) => keys.push(key),
            Err(Refused::NotForUs) => {}
            Err(Refused::Because(error)) => return Err(error(number)),
        }
    }
    if keys.is_empty() { Err(JwksError::NothingUsable) } else { Ok(keys) }
}

fn read(jwk: &JsonObject) -> Result<JwksKey, Refused> {
    let key_type = required(jwk, "kty")?;
    if key_type == "oct" {
        return Err(Refused::Because(JwksError::Symmetric));
    }
    if jwk.get("d").is_some() {
        return Err(Refused::Because(JwksError::Private));
    }
    let natural = natural_algorithm(key_type, jwk)?;
    if !is_for_signatures(jwk)? {
        return Err(Refused::NotForUs);
    }
    if let Some(name) = optional(jwk, "alg")? {
        // `PS256` and `RS512` are for RSA keys, too, but not for us.
        let named = Algorithm::from_name(name).ok_or(Refused::NotForUs)?;
        if named != natural {
            return Err(Refused::Because(JwksError::Algorithm));
        }
    }
    let kid =
        optional(jwk, "kid")?.map(Kid::new).transpose().map_err(|_| Refused::Because(JwksError::Kid))?;
    let key = match natural {
        Algorithm::Rs256 => PublicKey::from_rsa_components(&bytes(jwk, "n")?, &bytes(jwk, "e")?),
        Algorithm::Es256 => PublicKey::from_p256_point(&bytes(jwk, "x")?, &bytes(jwk, "y")?),
        Algorithm::EdDsa => PublicKey::from_ed25519_bytes(&bytes(jwk, "x")?),
        Algorithm::Hs256 => Err(NotAPublicKey),
    };
    Ok(JwksKey { kid, key: key.map_err(|NotAPublicKey| Refused::Because(JwksError::BadKey))? })
}

/// The one algorithm that keys of this type are used with.
fn natural_algorithm(key_type: &str, jwk: &JsonObject) -> Result<Algorithm, Refused> {
    match key_type {
        "RSA" => Ok(Algorithm::Rs256),
        "EC" if required(jwk, "crv")? == "P-256" => Ok(Algorithm::Es256),
        "OKP" if required(jwk, "crv")? == "Ed25519" => Ok(Algorithm::EdDsa),
        _ => Err(Refused::NotForUs),
    }
}

fn is_for_signatures(jwk: &JsonObject) -> Result<bool, Refused> {
    let operations = match jwk.get("key_ops") {
        None => true,
        Some(Json::List(operations)) => {
            operations.iter().any(|operation| matches!(operation, Json::Text(name) if name == "verify"))
        }
        Some(_) => return Err(Refused::Because(JwksError::MalformedKey)),
    };
    Ok(operations && optional(jwk, "use")?.is_none_or(|purpose| purpose == "sig"))
}

fn optional<'a>(jwk: &'a JsonObject, name: &str) -> Result<Option<&'a str>, Refused> {
    jwk.text(name).map_err(|_| Refused::Because(JwksError::MalformedKey))
}

fn required<'a>(jwk: &'a JsonObject, name: &str) -> Result<&'a str, Refused> {
    optional(jwk, name)?.ok_or(Refused::Because(JwksError::MalformedKey))
}

fn bytes(jwk: &JsonObject, name: &str) -> Result<Vec<u8>, Refused> {
    BASE64URL_NOPAD
        .decode(required(jwk, name)?.as_bytes())
        .map_err(|_| Refused::Because(JwksError::MalformedKey))
}
