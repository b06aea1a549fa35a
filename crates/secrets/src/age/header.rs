//! The head of a file: the file's own key, closed for the recipient.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};
use countersign_domain::entropy::Entropy;
use countersign_domain::failure::PortFailure;
use data_encoding::BASE64_NOPAD;
use zeroize::Zeroizing;

use super::AgeRecipient;

const VERSION: &str = "age-encryption.org/v1\n";
const KEY_INFO: &[u8] = b"age-encryption.org/v1/X25519";

/// 128 bits of randomness, new for each file.
pub(super) struct FileKey(Zeroizing<[u8; 16]>);

/// A cryptographic operation of the library failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a file cannot be sealed for this recipient")]
pub(super) struct NotSealed;

impl From<Unspecified> for NotSealed {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl FileKey {
    pub(super) fn new(entropy: &dyn Entropy) -> Result<Self, PortFailure> {
        let mut bytes = Zeroizing::new([0; 16]);
        entropy.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// The key of what follows the head.
    pub(super) fn payload_key(&self, nonce: &[u8; 16]) -> Result<LessSafeKey, NotSealed> {
        aead_key(&*derive(&*self.0, nonce, b"payload")?)
    }

    /// The whole head, for one recipient.
    pub(super) fn header(
        &self,
        recipient: &AgeRecipient,
        entropy: &dyn Entropy,
    ) -> Result<String, PortFailure> {
        let mut ephemeral = Zeroizing::new([0; 32]);
        entropy.fill(&mut *ephemeral)?;
        self.header_with(recipient, &ephemeral).map_err(PortFailure::other)
    }

    fn header_with(&self, recipient: &AgeRecipient, ephemeral: &[u8; 32]) -> Result<String, NotSealed> {
        let private = PrivateKey::from_private_key(&X25519, ephemeral).map_err(|_| NotSealed)?;
        let share = private.compute_public_key()?;
        let salt = [share.as_ref(), &recipient.0].concat();
        let peer = UnparsedPublicKey::new(&X25519, recipient.0);
        // A recipient that makes the shared secret zero is refused here.
        let wrapping = agree(&private, peer, NotSealed, |shared| derive(shared, &salt, KEY_INFO))?;
        let mut wrapped = self.0.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        aead_key(&*wrapping)?.seal_in_place_append_tag(nonce, Aad::empty(), &mut wrapped)?;
        let (share, wrapped) = (BASE64_NOPAD.encode(share.as_ref()), BASE64_NOPAD.encode(&wrapped));
        let head = format!("{VERSION}-> X25519 {share}\n{wrapped}\n---");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*derive(&*self.0, &[], b"header")?);
        let mac = BASE64_NOPAD.encode(hmac::sign(&key, head.as_bytes()).as_ref());
        Ok(format!("{head} {mac}\n"))
    }
}

fn aead_key(bytes: &[u8]) -> Result<LessSafeKey, NotSealed> {
    Ok(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, bytes)?))
}

/// HKDF-SHA-256 (RFC 5869) of 32 bytes.
fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, NotSealed> {
    let mut derived = Zeroizing::new([0; 32]);
    let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    pseudorandom.expand(&[info], hkdf::HKDF_SHA256)?.fill(&mut *derived)?;
    Ok(derived)
}
