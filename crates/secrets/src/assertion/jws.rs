//! Signatures in compact form (RFC 7515, section 7.1).

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::Ed25519KeyPair;
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

/// Bytes of a signature of Ed25519.
const SIGNATURE_LENGTH: usize = 64;

/// `payload` under `header`, signed with `key`.
pub(super) fn sign(
    key: &Ed25519KeyPair,
    header: &[u8],
    payload: &[u8],
) -> Result<Zeroizing<String>, Unspecified> {
    let parts = [header.len(), payload.len(), SIGNATURE_LENGTH].map(|part| BASE64URL_NOPAD.encode_len(part));
    let dots = 2;
    // Room for all of it, because growing would leave an unwiped copy behind.
    let mut token = Zeroizing::new(String::with_capacity(parts.iter().sum::<usize>().saturating_add(dots)));
    BASE64URL_NOPAD.encode_append(header, &mut token);
    token.push('.');
    BASE64URL_NOPAD.encode_append(payload, &mut token);
    let signature = key.try_sign(token.as_bytes())?;
    token.push('.');
    BASE64URL_NOPAD.encode_append(signature.as_ref(), &mut token);
    Ok(token)
}
