//! `keyring add`, `promote` and `retire`.

use anyhow::Context as _;
use countersign_domain::keys::retire::{RetireError, RetireKey};
use countersign_domain::keys::{KeyId, KeyPurpose, KeyRegistration, register_keys};

use super::{Chosen, settled};
use crate::commands::Session;
use crate::commands::doctor::remedy_for;
use crate::output::note;
use crate::wiring::{self, Stores};

/// Adds a key under a number that no other key ever had.
pub(super) async fn add(session: &Session, stores: &Stores, purpose: KeyPurpose) -> anyhow::Result<()> {
    let file = wiring::lock_key_ring(&session.config)?;
    let mut ring = file.load()?;
    let registry = &*stores.key_registry;
    if let Err(problem) = register_keys(&ring.known_keys(), registry).await {
        anyhow::bail!("{problem}; {}", remedy_for(&problem));
    }
    let mut id = ring.next_id(purpose)?;
    loop {
        let added = ring.add(purpose, id, &*session.entropy, session.clock.now())?;
        match registry.register(added).await? {
            KeyRegistration::Matches => break,
            // A key that was retired had this number.
            KeyRegistration::Differs => ring.remove(purpose, id)?,
        }
        id = KeyId(id.0.checked_add(1).context("there is no number left for another key")?);
    }
    file.replace(&ring)?;
    note("keep a copy of the changed key ring, and give it to every server, before you promote the key");
    Ok(())
}

/// Makes everything new with a key that every server has by now.
pub(super) async fn promote(session: &Session, Chosen { purpose, key }: Chosen) -> anyhow::Result<()> {
    settled::wait_for_servers(session).await?;
    let file = wiring::lock_key_ring(&session.config)?;
    let mut ring = file.load()?;
    ring.promote(purpose, key, session.clock.now())?;
    file.replace(&ring)?;
    if purpose == KeyPurpose::Sealing {
        note("what is sealed with the older key stays so until `countersign keyring reseal`");
    }
    Ok(())
}

/// Takes a key away that nothing needs any more.
pub(super) async fn retire(session: &Session, stores: &Stores, chosen: Chosen) -> anyhow::Result<()> {
    let Chosen { purpose, key } = chosen;
    settled::wait_for_servers(session).await?;
    let file = wiring::lock_key_ring(&session.config)?;
    let mut ring = file.load()?;
    let found = ring.keys().into_iter().find(|one| one.known.purpose == purpose && one.known.id == key);
    if let Some(found) = found {
        let use_case = RetireKey { clock: session.clock.clone(), registry: stores.key_registry.clone() };
        use_case.check(&found).await.map_err(|error| stays(chosen, error))?;
    }
    ring.remove(purpose, key)?;
    file.replace(&ring)?;
    Ok(())
}

/// Why the key stays, and what to do.
fn stays(Chosen { purpose, key }: Chosen, error: RetireError) -> anyhow::Error {
    let remedy = match (&error, purpose) {
        (RetireError::Primary, _) => "promote another key first",
        (RetireError::Resting { .. }, _) => "wait so long",
        (RetireError::InUse { .. }, KeyPurpose::Sealing) => "run `countersign keyring reseal` first",
        (RetireError::InUse { .. }, _) => {
            "they are sets of backup codes, whose users have to make new ones before it may go"
        }
        (RetireError::Failure(_), _) => "mend the database first",
    };
    let (purpose, key) = (purpose.as_str(), key.0);
    anyhow::Error::new(error).context(format!("the {purpose} key {key} cannot go; {remedy}"))
}
