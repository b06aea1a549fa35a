use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::ports::{SecretPlace, SecretSealer};
use countersign_domain::two_factor::secret::{SealedSecret, TotpSecret};
use zeroize::Zeroizing;

use crate::build::SEALING_KEY;

const NONCE_LENGTH: usize = 8;
const TAG_LENGTH: usize = 8;

/// "Seals" without secrecy: a nonce, the secret in the clear, and a checksum of both and the place.
#[derive(Debug)]
pub struct PlainSealer {
    key: KeyId,
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
        Self { key, seals: AtomicU64::new(0) }
    }
}

impl SecretSealer for PlainSealer {
    fn seal(&self, place: SecretPlace<'_>, secret: &TotpSecret) -> Result<SealedSecret, PortFailure> {
        let mut bytes = self.seals.fetch_add(1, Ordering::Relaxed).to_be_bytes().to_vec();
        bytes.extend_from_slice(secret.expose());
        bytes.extend_from_slice(&tag(self.key, place, &bytes));
        Ok(SealedSecret { key: self.key, bytes })
    }

    fn open(&self, place: SecretPlace<'_>, sealed: &SealedSecret) -> Result<TotpSecret, PortFailure> {
        let unavailable = || PortFailure::unavailable("the secret cannot be opened");
        if sealed.key != self.key {
            return Err(unavailable());
        }
        let (body, found) = sealed.bytes.split_last_chunk::<TAG_LENGTH>().ok_or_else(unavailable)?;
        if *found != tag(self.key, place, body) {
            return Err(unavailable());
        }
        let secret = body.get(NONCE_LENGTH..).ok_or_else(unavailable)?;
        TotpSecret::from_bytes(Zeroizing::new(secret.to_vec())).map_err(|_| unavailable())
    }
}

fn tag(key: KeyId, place: SecretPlace<'_>, body: &[u8]) -> [u8; TAG_LENGTH] {
    let mut hasher = DefaultHasher::new();
    (key, place.subject, place.factor, body).hash(&mut hasher);
    hasher.finish().to_be_bytes()
}
