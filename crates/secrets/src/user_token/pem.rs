//! Public keys as text (RFC 7468).

use data_encoding::BASE64;

/// Why a text is not taken as a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// It is not one block between `-----BEGIN …-----` and `-----END …-----`.
    #[error("it is not one PEM block")]
    NotABlock,
    /// It is a private key, which does not belong here.
    #[error("it is a private key; give the public one (openssl pkey -pubout)")]
    PrivateKey,
    /// It is something else than a public key.
    #[error("it is not a PUBLIC KEY; out of a certificate take it with: openssl x509 -pubkey -noout")]
    OtherBlock,
}

/// The DER of the one `PUBLIC KEY` block of `text`.
pub(super) fn public_key(text: &str) -> Result<Vec<u8>, PemError> {
    let rest = text.trim().strip_prefix("-----BEGIN ").ok_or(PemError::NotABlock)?;
    let (label, rest) = rest.split_once("-----").ok_or(PemError::NotABlock)?;
    if label.ends_with("PRIVATE KEY") {
        return Err(PemError::PrivateKey);
    }
    if label != "PUBLIC KEY" {
        return Err(PemError::OtherBlock);
    }
    let body = rest.strip_suffix("-----END PUBLIC KEY-----").ok_or(PemError::NotABlock)?;
    let base64: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(&base64).map_err(|_| PemError::NotABlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_public_key_is_read() {
        let pem = "-----BEGIN PUBLIC KEY-----\r\nAQID\r\nBA==\r\n-----END PUBLIC KEY-----\r\n";
        assert_eq!(public_key(pem), Ok(vec![1, 2, 3, 4]));
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let block = |label: &str| format!("-----BEGIN {label}-----\nAQID\n-----END {label}-----\n");
        let two = block("PUBLIC KEY").repeat(2);
        for (text, reason) in [
            (String::new(), PemError::NotABlock),
            ("AQID".to_owned(), PemError::NotABlock),
            ("-----BEGIN PUBLIC KEY-----\nAQID".to_owned(), PemError::NotABlock),
            (block("PUBLIC KEY").replace("AQID", "AQI"), PemError::NotABlock),
            (block("PUBLIC KEY").replace("AQID", "AQI*"), PemError::NotABlock),
            (two, PemError::NotABlock),
            (block("PRIVATE KEY"), PemError::PrivateKey),
            (block("EC PRIVATE KEY"), PemError::PrivateKey),
            (block("ENCRYPTED PRIVATE KEY"), PemError::PrivateKey),
            (block("CERTIFICATE"), PemError::OtherBlock),
        ] {
            assert_eq!(public_key(&text), Err(reason), "{text}");
        }
    }
}
