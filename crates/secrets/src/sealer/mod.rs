//! Sealing of secrets with XChaCha20-Poly1305.

mod answer;
mod envelope;

use std::sync::Arc;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{Key, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use countersign_domain::entropy::Entropy;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Subject;
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::ports::{SecretPlace, SecretSealer};
use countersign_domain::two_factor::secret::{SealedSecret, TotpSecret};
use countersign_domain::webhooks::ports::{WebhookSealer, WebhookSecretPlace};
use countersign_domain::webhooks::secret::WebhookSecret;
use countersign_domain::webhooks::webhook::WebhookKey;
use zeroize::Zeroizing;

use self::envelope::{Envelope, NONCE_LENGTH, TAG_LENGTH, VERSION};
use crate::CurrentKeyRing;
use crate::framing::{Frame, PartTooLong};
use crate::key_ring::SealingKey;

/// Seals TOTP secrets, the secrets of webhooks, and answers that show secrets, with the primary sealing key of the ring in
/// force, and opens them with the key that they name.
///
/// A sealed secret is `version (1) | key number (4, the highest byte first) | nonce (24) | ciphertext | tag
/// (16)`. The nonce is random: with 192 bits the chance that two of 2³² secrets share one is below 10⁻³⁸. The
/// associated data is the version, the purpose, the key's number, organization, environment, and user and factor (or
/// webhook and secret; or the call and the request that was answered), each behind its length. A factor gets a new id at
/// each set-up, a secret of a webhook at each rotation, and an answer at each request, so an older ciphertext cannot be
/// put back.
///
/// XChaCha20-Poly1305 does not commit to its key, so other keys are never tried.
pub struct XChaChaSealer {
    ring: Arc<CurrentKeyRing>,
    entropy: Arc<dyn Entropy>,
}

/// Why a sealed secret does not open. The secret is there but cannot be used, so nobody's code is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum CannotOpen {
    #[error("a secret that was sealed with key {} is cut short or of an unknown version", .0.0)]
    Unreadable(KeyId),
    #[error("a secret that was sealed with key {} names key {} inside", outer.0, inner.0)]
    KeysDisagree { outer: KeyId, inner: KeyId },
    #[error("sealing key {} is not configured", .0.0)]
    KeyMissing(KeyId),
    #[error("a secret that was sealed with key {} was changed, is out of its place, or had another key", .0.0)]
    NotAuthentic(KeyId),
}

impl From<CannotOpen> for PortFailure {
    fn from(cause: CannotOpen) -> Self {
        Self::unavailable(cause)
    }
}

impl XChaChaSealer {
    /// A sealer with the keys of `ring`.
    pub fn new(ring: Arc<CurrentKeyRing>, entropy: Arc<dyn Entropy>) -> Self {
        Self { ring, entropy }
    }
}

impl XChaChaSealer {
    /// Seals with the primary key.
    fn close(&self, place: &impl Place, secret: &[u8]) -> Result<SealedSecret, PortFailure> {
        let ring = self.ring.get();
        let (key, sealing_key) = ring.primary_sealing_key();
        let mut nonce = [0; NONCE_LENGTH];
        self.entropy.fill(&mut nonce)?;
        let mut text = Zeroizing::new(secret.to_vec());
        let data = associated_data(key, place)?;
        let tag = encrypt(sealing_key, nonce, data.as_bytes(), &mut text)
            .ok_or_else(|| PortFailure::other("the cipher refused a secret because of its length"))?;
        let envelope = Envelope { key, nonce, ciphertext: &text, tag };
        Ok(SealedSecret { key, bytes: envelope.to_bytes() })
    }

    /// Opens with the key that `sealed` names.
    fn disclose(&self, place: &impl Place, sealed: &SealedSecret) -> Result<Zeroizing<Vec<u8>>, PortFailure> {
        let outer = sealed.key;
        let envelope = Envelope::parse(&sealed.bytes).ok_or(CannotOpen::Unreadable(outer))?;
        if envelope.key != outer {
            return Err(CannotOpen::KeysDisagree { outer, inner: envelope.key }.into());
        }
        let ring = self.ring.get();
        let sealing_key = ring.sealing_key(outer).ok_or(CannotOpen::KeyMissing(outer))?;
        let mut text = Zeroizing::new(envelope.ciphertext.to_vec());
        let data = associated_data(outer, place)?;
        decrypt(sealing_key, envelope.nonce, data.as_bytes(), &mut text, envelope.tag)
            .ok_or(CannotOpen::NotAuthentic(outer))?;
        Ok(text)
    }
}

impl SecretSealer for XChaChaSealer {
    fn seal(&self, place: SecretPlace<'_>, secret: &TotpSecret) -> Result<SealedSecret, PortFailure> {
        self.close(&place, secret.expose())
    }

    fn open(&self, place: SecretPlace<'_>, sealed: &SealedSecret) -> Result<TotpSecret, PortFailure> {
        let secret = self.disclose(&place, sealed)?;
        Ok(TotpSecret::from_bytes(secret).map_err(|_| CannotOpen::Unreadable(sealed.key))?)
    }
}

impl WebhookSealer for XChaChaSealer {
    fn seal_webhook(
        &self,
        place: WebhookSecretPlace,
        secret: &WebhookSecret,
    ) -> Result<SealedSecret, PortFailure> {
        self.close(&place, secret.expose().as_bytes())
    }

    fn open_webhook(
        &self,
        place: WebhookSecretPlace,
        sealed: &SealedSecret,
    ) -> Result<WebhookSecret, PortFailure> {
        let bytes = self.disclose(&place, sealed)?;
        let text = std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned()));
        let secret = text.ok().and_then(|text| WebhookSecret::new(text).ok());
        Ok(secret.ok_or(CannotOpen::Unreadable(sealed.key))?)
    }
}

/// Where something sealed belongs.
trait Place {
    /// What is sealed there. Another kind of secret has another purpose, so that the two are never exchanged.
    const PURPOSE: &'static [u8];

    /// The names of the place, in their order.
    fn names(&self) -> impl IntoIterator<Item = String>;
}

impl Place for SecretPlace<'_> {
    const PURPOSE: &'static [u8] = b"totp-secret";

    fn names(&self) -> impl IntoIterator<Item = String> {
        let Subject { organization, environment, user } = self.subject;
        [organization.to_string(), environment.to_string(), user.to_string(), self.factor.to_string()]
    }
}

impl Place for WebhookSecretPlace {
    const PURPOSE: &'static [u8] = b"webhook-secret";

    fn names(&self) -> impl IntoIterator<Item = String> {
        let WebhookKey { organization, environment, id } = self.webhook;
        [organization.to_string(), environment.to_string(), id.to_string(), self.secret.to_string()]
    }
}

fn associated_data<P: Place>(key: KeyId, place: &P) -> Result<Frame, PartTooLong> {
    let begin = Frame::new().part(&[VERSION])?.part(P::PURPOSE)?.part(&key.0.to_be_bytes())?;
    place.names().into_iter().try_fold(begin, |frame, name| frame.part(name.as_bytes()))
}

fn encrypt(
    key: &SealingKey,
    nonce: [u8; NONCE_LENGTH],
    data: &[u8],
    text: &mut [u8],
) -> Option<[u8; TAG_LENGTH]> {
    let tag = cipher(key).encrypt_inout_detached(&XNonce::from(nonce), data, text.into()).ok()?;
    Some(tag.into())
}

fn decrypt(
    key: &SealingKey,
    nonce: [u8; NONCE_LENGTH],
    data: &[u8],
    text: &mut [u8],
    tag: [u8; TAG_LENGTH],
) -> Option<()> {
    cipher(key).decrypt_inout_detached(&XNonce::from(nonce), data, text.into(), &Tag::from(tag)).ok()
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(<&Key>::from(key.expose()))
}

#[cfg(test)]
mod tests;
