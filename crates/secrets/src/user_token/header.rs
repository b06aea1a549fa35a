//! The header of a token (RFC 7515, section 4.1).

use countersign_domain::admission::ports::TokenRefusal;

use super::algorithm::Algorithm;
use super::invalid;
use super::kid::Kid;
use super::strict_json::JsonObject;

/// Members that carry a key, point to one, or change how the token is read. None of them is ever needed here.
const REFUSED: [&str; 7] = ["jku", "jwk", "x5u", "x5c", "crit", "zip", "enc"];

/// What a token says of its signature.
#[derive(Debug)]
pub(super) struct TokenHeader {
    /// The algorithm that it claims; only keys of this algorithm are tried.
    pub(super) algorithm: Algorithm,
    /// Which key it claims to be signed with.
    pub(super) kid: Option<Kid>,
}

impl TokenHeader {
    /// Reads and checks a header.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, TokenRefusal> {
        let header = JsonObject::parse(bytes).map_err(|_| invalid("the header is not a JSON object"))?;
        if REFUSED.iter().any(|name| header.get(name).is_some()) {
            return Err(invalid("the header has a member that is not accepted"));
        }
        check_type(&header)?;
        Ok(Self { algorithm: algorithm(&header)?, kid: kid(&header)? })
    }
}

fn algorithm(header: &JsonObject) -> Result<Algorithm, TokenRefusal> {
    let name = header.text("alg").ok().flatten().ok_or(invalid("alg is missing or not a text"))?;
    Algorithm::from_name(name).ok_or(invalid("alg is not one that is accepted"))
}

fn kid(header: &JsonObject) -> Result<Option<Kid>, TokenRefusal> {
    let name = header.text("kid").map_err(|_| invalid("kid is not a text"))?;
    name.map(Kid::new).transpose().map_err(|_| invalid("kid has a form that is not accepted"))
}

/// A token of another kind, such as our own assertions, is not a user token (RFC 8725, section 3.11). A type
/// is a media type: case does not matter, and `application/` may be left out (RFC 7515, section 4.1.9).
fn check_type(header: &JsonObject) -> Result<(), TokenRefusal> {
    let Some(name) = header.text("typ").map_err(|_| invalid("typ is not a text"))? else { return Ok(()) };
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("application/").unwrap_or(&name) {
        "jwt" | "at+jwt" => Ok(()),
        _ => Err(invalid("typ is that of another kind of token")),
    }
}
