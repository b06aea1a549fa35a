//! A sealed secret as bytes.

use countersign_domain::keys::KeyId;

/// The only version there is.
pub(super) const VERSION: u8 = 1;
/// Bytes of a nonce of XChaCha20.
pub(super) const NONCE_LENGTH: usize = 24;
/// Bytes of a tag of Poly1305.
pub(super) const TAG_LENGTH: usize = 16;

/// The parts of a sealed secret.
pub(super) struct Envelope<'a> {
    pub(super) key: KeyId,
    pub(super) nonce: [u8; NONCE_LENGTH],
    pub(super) ciphertext: &'a [u8],
    pub(super) tag: [u8; TAG_LENGTH],
}

impl<'a> Envelope<'a> {
    /// The parts in a row.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&[VERSION][..], &self.key.0.to_be_bytes(), &self.nonce, self.ciphertext, &self.tag].concat()
    }

    /// The parts of `bytes`; `None` when they are cut short or of an unknown version.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (ciphertext, tag) = rest.split_last_chunk()?;
        (*version == VERSION).then_some(Self {
            key: KeyId(u32::from_be_bytes(*key)),
            nonce: *nonce,
            ciphertext,
            tag: *tag,
        })
    }
}
