//! What shows a receiver that a message is ours.

use countersign_domain::webhooks::secret::WebhookSecret;
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The value of `X-Countersign-Signature`: `sha256=` and HMAC-SHA256 of the body in hexadecimal, once for each secret, with
/// commas between them.
pub(crate) fn header(secrets: &[WebhookSecret], body: &[u8]) -> String {
    let signatures = secrets.iter().filter_map(|secret| {
        // A key of any length is taken.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
        mac.update(body);
        Some(format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes())))
    });
    signatures.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn secret(letter: &str) -> WebhookSecret {
        WebhookSecret::new(Zeroizing::new(format!("whsec_{}", letter.repeat(43)))).unwrap()
    }

    #[test]
    fn the_signature_is_what_python_computes() {
        // hmac.new(b"whsec_" + b"A" * 43, b'{"id":"1"}', "sha256").hexdigest(), and the same with B.
        let (a, b) = (
            "4da1eadad52ed896650a0e032db59f32b2b4a15d1e6e89818a1b85eefb34459a",
            "a503962758d99441483e86e8cf791dda0874fb86c373ef180c4b8e602202c41d",
        );
        let body = br#"{"id":"1"}"#;
        assert_eq!(header(&[secret("A")], body), format!("sha256={a}"));
        assert_eq!(header(&[secret("A"), secret("B")], body), format!("sha256={a},sha256={b}"));
    }
}
