//! What follows the head: chunks of 64 KiB, each sealed with its number, the last one marked (the construction STREAM).

use std::io::{self, Write};

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use countersign_domain::entropy::Entropy;
use countersign_domain::failure::PortFailure;
use zeroize::Zeroizing;

use super::AgeRecipient;
use super::header::FileKey;

const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// Seals what is written to it. A file that was not brought to its end by [`AgeWriter::finish`] is refused by whoever reads
/// it.
pub struct AgeWriter<W: Write> {
    inner: W,
    key: LessSafeKey,
    chunks: u64,
    /// The next chunk, with room for its tag.
    waiting: Zeroizing<Vec<u8>>,
}

impl<W: Write> AgeWriter<W> {
    /// Writes the head, with a key that is new for each file.
    pub fn new(mut inner: W, recipient: &AgeRecipient, entropy: &dyn Entropy) -> Result<Self, PortFailure> {
        let file_key = FileKey::new(entropy)?;
        let mut nonce = [0; 16];
        entropy.fill(&mut nonce)?;
        let key = file_key.payload_key(&nonce).map_err(PortFailure::other)?;
        let header = file_key.header(recipient, entropy)?;
        inner
            .write_all(header.as_bytes())
            .and_then(|()| inner.write_all(&nonce))
            .map_err(PortFailure::other)?;
        Ok(Self { inner, key, chunks: 0, waiting: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)) })
    }

    /// Seals the last chunk, and hands the file back.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let mut nonce = [0; 12];
        let (_, counter_and_mark) = nonce.split_at_mut(3);
        let (counter, mark) = counter_and_mark.split_at_mut(8);
        counter.copy_from_slice(&self.chunks.to_be_bytes());
        mark.fill(u8::from(is_last));
        self.chunks = self.chunks.saturating_add(1);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed = self.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut *self.waiting);
        sealed.map_err(|_| io::Error::other("a chunk cannot be sealed"))?;
        self.inner.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }
}

impl<W: Write> Write for AgeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until it is known that it is not the last one.
        if self.waiting.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let room = CHUNK - self.waiting.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.waiting.extend_from_slice(taken);
        Ok(taken.len())
    }

    /// Chunks are written when they are full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
