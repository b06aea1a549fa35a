//! The compact form: three parts in base64url, joined by dots (RFC 7515, section 7.1).

use countersign_domain::admission::ports::TokenRefusal;
use data_encoding::BASE64URL_NOPAD;

use super::invalid;

/// The longest token, in bytes; a longer one is not even decoded.
const LONGEST: usize = 8 * 1024;

/// The parts of a token, decoded, and what its signature stands for.
pub(super) struct CompactToken<'a> {
    /// Header and claims as they were signed.
    pub(super) signed: &'a [u8],
    /// The header.
    pub(super) header: Vec<u8>,
    /// The claims.
    pub(super) claims: Vec<u8>,
    /// The signature.
    pub(super) signature: Vec<u8>,
}

impl<'a> CompactToken<'a> {
    /// Takes `token` apart.
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenRefusal> {
        if token.len() > LONGEST {
            return Err(invalid("the token is longer than 8 KiB"));
        }
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, claims) = signed.split_once('.')?;
            (!claims.contains('.')).then_some((signed, header, claims, signature))
        });
        let (signed, header, claims, signature) = parts.ok_or(invalid("the token has no three parts"))?;
        let (header, claims, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
        Ok(Self { signed: signed.as_bytes(), header, claims, signature })
    }
}

/// Decodes strictly: no padding, no other alphabet, no white space, no stray bits.
fn decode(part: &str) -> Result<Vec<u8>, TokenRefusal> {
    if part.is_empty() {
        return Err(invalid("a part of the token is empty"));
    }
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| invalid("a part of the token is not base64url without padding"))
}
