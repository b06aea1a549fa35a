//! The key ring as a file: JSON with base64 keys.
//!
//! ```json
//! {
//!   "version": 1,
//!   "sealing": {"primary": 1, "keys": [{"id": 1, "key": "…32 bytes…"}]},
//!   "pepper": {"primary": 1, "keys": [{"id": 1, "key": "…48 bytes…"}]},
//!   "assertion_signing": {"primary": 1, "keys": [{"id": 1, "key": "…32 bytes…"}]}
//! }
//! ```

use std::collections::BTreeMap;

use countersign_domain::keys::KeyId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{KeyLabel, KeyRingError};
use super::key_bytes::KeyBytes;
use super::key_set::KeySet;
use super::{ASSERTION_SIGNING, KeyRing, PEPPER, SEALING};

/// The version that this program reads and writes.
const VERSION: u32 = 1;
/// More than a document with a hundred keys; growing would leave an unwiped copy behind.
const CAPACITY: usize = 16 * 1024;

/// The one field that all versions have.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

/// Keys are borrowed from the file's bytes, so that reading makes no copies of them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    version: u32,
    #[serde(borrow)]
    sealing: Section<'a>,
    #[serde(borrow)]
    pepper: Section<'a>,
    #[serde(borrow)]
    assertion_signing: Section<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section<'a> {
    primary: u32,
    #[serde(borrow)]
    keys: Vec<Entry<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    id: u32,
    key: &'a str,
}

/// Reads a document. Whether the keys are good ones is not decided here.
pub(super) fn read(bytes: &[u8]) -> Result<KeyRing, KeyRingError> {
    let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
    if head.version != VERSION {
        return Err(KeyRingError::UnknownVersion(head.version));
    }
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
    Ok(KeyRing {
        sealing: section(SEALING, &document.sealing)?,
        peppers: section(PEPPER, &document.pepper)?,
        signing: section(ASSERTION_SIGNING, &document.assertion_signing)?,
    })
}

/// Writes a document.
pub(super) fn write(ring: &KeyRing) -> Result<Zeroizing<Vec<u8>>, KeyRingError> {
    let (sealing, peppers, signing) = (encode(&ring.sealing), encode(&ring.peppers), encode(&ring.signing));
    let document = Document {
        version: VERSION,
        sealing: Section { primary: ring.sealing.primary().0.0, keys: entries(&sealing) },
        pepper: Section { primary: ring.peppers.primary().0.0, keys: entries(&peppers) },
        assertion_signing: Section { primary: ring.signing.primary().0.0, keys: entries(&signing) },
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(CAPACITY));
    serde_json::to_writer_pretty(&mut *bytes, &document).map_err(malformed)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn section<const N: usize>(name: &'static str, section: &Section<'_>) -> Result<KeySet<N>, KeyRingError> {
    let mut keys = BTreeMap::new();
    for entry in &section.keys {
        let label = KeyLabel { section: name, id: entry.id };
        let decoded =
            KeyBytes::decode(entry.key).map_err(|_| KeyRingError::Length { key: label, bytes: N })?;
        if keys.insert(KeyId(entry.id), decoded).is_some() {
            return Err(KeyRingError::DoubledId(label));
        }
    }
    KeySet::choose(KeyId(section.primary), keys)
        .ok_or(KeyRingError::NoPrimary(KeyLabel { section: name, id: section.primary }))
}

fn encode<const N: usize>(keys: &KeySet<N>) -> Vec<(u32, Zeroizing<String>)> {
    keys.iter().map(|(id, key)| (id.0, key.encode())).collect()
}

fn entries(encoded: &[(u32, Zeroizing<String>)]) -> Vec<Entry<'_>> {
    encoded.iter().map(|(id, key)| Entry { id: *id, key }).collect()
}

/// Only where the fault is: the parser's own message quotes what it found, and that may be a key.
#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn malformed(error: serde_json::Error) -> KeyRingError {
    KeyRingError::Malformed { line: error.line(), column: error.column() }
}
