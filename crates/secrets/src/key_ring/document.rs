//! The key ring as a file: JSON with base64 keys.
//!
//! ```json
//! {
//!   "version": 1,
//!   "sealing": {"primary": 2, "keys": [
//!     {"id": 2, "key": "…32 bytes…", "added_at": "2026-01-31T12:00:00Z"},
//!     {"id": 1, "key": "…32 bytes…", "replaced_at": "2026-01-31T12:10:00Z"}
//!   ]},
//!   "pepper": {"primary": 1, "keys": [{"id": 1, "key": "…48 bytes…"}]},
//!   "assertion_signing": {"primary": 1, "keys": [{"id": 1, "key": "…32 bytes…"}]}
//! }
//! ```
//!
//! A ring that was made up for development says so: `"made_for": "development"`.

use std::collections::BTreeMap;

use countersign_domain::keys::KeyId;
use countersign_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{KeyLabel, KeyRingError};
use super::key_bytes::KeyBytes;
use super::key_set::{DatedKey, KeySet};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_for: Option<MadeFor>,
    #[serde(borrow)]
    sealing: Section<'a>,
    #[serde(borrow)]
    pepper: Section<'a>,
    #[serde(borrow)]
    assertion_signing: Section<'a>,
}

/// What a ring is good for, when it is not good for everything.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MadeFor {
    Development,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_at: Option<String>,
}

/// A key on its way into the document.
type Encoded<'a, const N: usize> = (KeyId, &'a DatedKey<N>, Zeroizing<String>);

/// Reads a document. Whether the keys are good ones is not decided here.
pub(super) fn read(bytes: &[u8]) -> Result<KeyRing, KeyRingError> {
    let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
    if head.version != VERSION {
        return Err(KeyRingError::UnknownVersion(head.version));
    }
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
    Ok(KeyRing {
        for_development: document.made_for.is_some(),
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
        made_for: ring.for_development.then_some(MadeFor::Development),
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
        let key = KeyBytes::decode(entry.key).map_err(|_| KeyRingError::Length { key: label, bytes: N })?;
        let instant = |text: &Option<String>| {
            let parsed = text.as_deref().map(str::parse::<Timestamp>).transpose();
            parsed.map_err(|_| KeyRingError::Instant(label))
        };
        let dated =
            DatedKey { key, added_at: instant(&entry.added_at)?, replaced_at: instant(&entry.replaced_at)? };
        if keys.insert(KeyId(entry.id), dated).is_some() {
            return Err(KeyRingError::DoubledId(label));
        }
    }
    KeySet::choose(KeyId(section.primary), keys)
        .ok_or(KeyRingError::NoPrimary(KeyLabel { section: name, id: section.primary }))
}

fn encode<const N: usize>(keys: &KeySet<N>) -> Vec<Encoded<'_, N>> {
    keys.dated().map(|(id, dated)| (id, dated, dated.key.encode())).collect()
}

fn entries<'a, const N: usize>(encoded: &'a [Encoded<'_, N>]) -> Vec<Entry<'a>> {
    let text = |at: Timestamp| at.to_string();
    let entry = |(id, dated, key): &'a Encoded<'_, N>| Entry {
        id: id.0,
        key,
        added_at: dated.added_at.map(text),
        replaced_at: dated.replaced_at.map(text),
    };
    encoded.iter().map(entry).collect()
}

/// Only where the fault is: the parser's own message quotes what it found, and that may be a key.
#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn malformed(error: serde_json::Error) -> KeyRingError {
    KeyRingError::Malformed { line: error.line(), column: error.column() }
}
