use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::answer::Answer;
use countersign_domain::idempotency::ports::{AnswerPlace, AnswerSealer};
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::ports::{SecretPlace, SecretSealer};
use countersign_domain::two_factor::secret::{SealedSecret, TotpSecret};
use countersign_domain::webhooks::ports::{WebhookSealer, WebhookSecretPlace};
use countersign_domain::webhooks::secret::WebhookSecret;
use zeroize::Zeroizing;

use crate::build::SEALING_KEY;

const NONCE_LENGTH: usize = 8;
const TAG_LENGTH: usize = 8;

/// "Seals" without secrecy: a nonce, the secret in the clear, and a checksum of both and the place.
#[derive(Debug)]
pub struct PlainSealer {
    key: KeyId,
    also_opened: Option<KeyId>,
    seals: AtomicU64,
}

impl Default for PlainSealer {
    fn default() -> Self {
        Self::new()
    }
}

impl PlainSealer {
    /// A sealer with the key [`SEALING_KEY`].
    pub const fn new() -> Self {
        Self::with_key(SEALING_KEY)
    }

    /// A sealer that has the key `key` only, and opens nothing that was sealed with another one.
    pub const fn with_key(key: KeyId) -> Self {
        Self { key, also_opened: None, seals: AtomicU64::new(0) }
    }

    /// Opens what was sealed with `other`, too.
    #[must_use]
    pub const fn opening(self, other: KeyId) -> Self {
        Self { also_opened: Some(other), ..self }
    }
}

impl PlainSealer {
    fn close(&self, place: impl Hash, secret: &[u8]) -> SealedSecret {
        let mut bytes = self.seals.fetch_add(1, Ordering::Relaxed).to_be_bytes().to_vec();
        bytes.extend_from_slice(secret);
        bytes.extend_from_slice(&tag(self.key, place, &bytes));
        SealedSecret { key: self.key, bytes }
    }

    fn disclose(&self, place: impl Hash, sealed: &SealedSecret) -> Option<Zeroizing<Vec<u8>>> {
        let (body, found) = sealed.bytes.split_last_chunk::<TAG_LENGTH>()?;
        let secret = body.get(NONCE_LENGTH..)?;
        let has_key = sealed.key == self.key || Some(sealed.key) == self.also_opened;
        let authentic = has_key && *found == tag(sealed.key, place, body);
        authentic.then(|| Zeroizing::new(secret.to_vec()))
    }
}

fn unavailable() -> PortFailure {
    PortFailure::unavailable("the secret cannot be opened")
}

impl SecretSealer for PlainSealer {
    fn seal(&self, place: SecretPlace<'_>, secret: &TotpSecret) -> Result<SealedSecret, PortFailure> {
        Ok(self.close((place.subject, place.factor), secret.expose()))
    }

    fn open(&self, place: SecretPlace<'_>, sealed: &SealedSecret) -> Result<TotpSecret, PortFailure> {
        let secret = self.disclose((place.subject, place.factor), sealed).ok_or_else(unavailable)?;
        TotpSecret::from_bytes(secret).map_err(|_| unavailable())
    }
}

impl WebhookSealer for PlainSealer {
    fn seal_webhook(
        &self,
        place: WebhookSecretPlace,
        secret: &WebhookSecret,
    ) -> Result<SealedSecret, PortFailure> {
        Ok(self.close(("webhook", place), secret.expose().as_bytes()))
    }

    fn open_webhook(
        &self,
        place: WebhookSecretPlace,
        sealed: &SealedSecret,
    ) -> Result<WebhookSecret, PortFailure> {
        let secret = self.disclose(("webhook", place), sealed).ok_or_else(unavailable)?;
        let text = String::from_utf8(secret.to_vec()).map_err(|_| unavailable())?;
        WebhookSecret::new(Zeroizing::new(text)).map_err(|_| unavailable())
    }
}

impl AnswerSealer for PlainSealer {
    fn seal_answer(&self, place: AnswerPlace<'_>, answer: &Answer) -> Result<SealedSecret, PortFailure> {
        Ok(self.close(answer_place(place), answer.expose()))
    }

    fn open_answer(&self, place: AnswerPlace<'_>, sealed: &SealedSecret) -> Result<Answer, PortFailure> {
        self.disclose(answer_place(place), sealed).map(Answer::new).ok_or_else(unavailable)
    }
}

fn answer_place(place: AnswerPlace<'_>) -> impl Hash {
    let call = place.call;
    ("answer", call.organization, call.environment, call.name, call.request, place.request)
}

fn tag(key: KeyId, place: impl Hash, body: &[u8]) -> [u8; TAG_LENGTH] {
    let mut hasher = DefaultHasher::new();
    (key, place, body).hash(&mut hasher);
    hasher.finish().to_be_bytes()
}
