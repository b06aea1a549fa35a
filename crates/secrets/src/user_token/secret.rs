//! The secret that the platform and we share.

use std::fmt;
use std::path::Path;

use countersign_domain::entropy::{Entropy, EntropyUnavailable};
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::secret_file::{self, SecretFileError};
use crate::weakness::{self, Weakness};

/// The key of HS256: at least 32 bytes (RFC 7518, section 3.2), which may be text; wiped when dropped.
///
/// It is kept apart from the key ring, because the platform knows it as well.
pub struct TokenSecret(Zeroizing<Vec<u8>>);

/// Why a secret is not accepted. No variant carries a part of it.
#[derive(Debug, thiserror::Error)]
pub enum TokenSecretError {
    /// It is too short.
    #[error("a token secret has at least {least} bytes, this one has {0}", least = TokenSecret::MIN_LENGTH)]
    TooShort(usize),
    /// It was not drawn at random.
    #[error("the token secret is not acceptable: {0}")]
    Weak(Weakness),
    /// The file.
    #[error(transparent)]
    File(#[from] SecretFileError),
}

impl TokenSecret {
    /// The shortest secret, in bytes.
    pub const MIN_LENGTH: usize = 32;

    /// Takes a secret as it is, byte for byte.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, TokenSecretError> {
        if bytes.len() < Self::MIN_LENGTH {
            return Err(TokenSecretError::TooShort(bytes.len()));
        }
        match weakness::of_secret(&bytes) {
            Some(weakness) => Err(TokenSecretError::Weak(weakness)),
            None => Ok(Self(bytes)),
        }
    }

    /// A new secret: 256 random bits as 43 characters of base64url. The characters are the secret, not what
    /// they encode, so the same text can be given to any JWT library.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut random = Zeroizing::new([0; 32]);
        entropy.fill(&mut *random)?;
        let text = BASE64URL_NOPAD.encode(&*random).into_bytes();
        Self::new(Zeroizing::new(text)).map_err(|_| EntropyUnavailable)
    }

    /// Reads a file that is closed to everybody but its owner. One line end after the secret does not belong
    /// to it.
    pub fn load(path: &Path) -> Result<Self, TokenSecretError> {
        let mut bytes = secret_file::read(path)?;
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        Self::new(bytes)
    }

    /// Writes the secret and a line end to a new file with mode 0600; an existing file is never overwritten.
    pub fn save_new(&self, path: &Path) -> Result<(), TokenSecretError> {
        let mut line = Zeroizing::new(Vec::with_capacity(self.0.len().saturating_add(1)));
        line.extend_from_slice(&self.0);
        line.push(b'\n');
        Ok(secret_file::write_new(path, &line)?)
    }

    /// The bytes, for the MAC.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OsEntropy;

    fn new(bytes: &[u8]) -> Result<TokenSecret, TokenSecretError> {
        TokenSecret::new(Zeroizing::new(bytes.to_vec()))
    }

    #[test]
    fn short_and_made_up_secrets_are_refused() {
        assert!(matches!(new(&[0; 31]), Err(TokenSecretError::TooShort(31))));
        assert!(matches!(new(&[0; 32]), Err(TokenSecretError::Weak(Weakness::Repeating))));
        let sample = b"a-string-secret-at-least-256-bits-long";
        assert!(matches!(new(sample), Err(TokenSecretError::Weak(Weakness::Sample))));
        assert!(new(b"q6Zf0wL2xJm8TnV4rYb1KcHs7UdGpEa9").is_ok());
    }

    #[test]
    fn a_new_secret_can_be_saved_and_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token-secret");
        let secret = TokenSecret::generate(&OsEntropy).unwrap();
        secret.save_new(&path).unwrap();
        assert_eq!(TokenSecret::load(&path).unwrap().expose(), secret.expose());
        assert_eq!(secret.expose().len(), 43);
        assert!(matches!(
            secret.save_new(&path),
            Err(TokenSecretError::File(SecretFileError::Exists { .. }))
        ));
    }

    #[test]
    fn only_one_line_end_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let text = "q6Zf0wL2xJm8TnV4rYb1KcHs7UdGpEa9";
        for (number, (written, kept)) in
            [("", ""), ("\n", ""), ("\r\n", ""), ("\n\n", "\n"), (" \n", " ")].into_iter().enumerate()
        {
            let path = folder.path().join(number.to_string());
            secret_file::write_new(&path, format!("{text}{written}").as_bytes()).unwrap();
            assert_eq!(TokenSecret::load(&path).unwrap().expose(), format!("{text}{kept}").as_bytes());
        }
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = TokenSecret::generate(&OsEntropy).unwrap();
        assert_eq!(format!("{secret:?}"), "TokenSecret([redacted])");
    }
}
