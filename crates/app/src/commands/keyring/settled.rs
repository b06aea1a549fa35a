//! A changed ring needs a moment until running servers have it.

use std::time::{Duration, SystemTime};

use countersign_domain::time::Timestamp;

use crate::commands::Session;
use crate::output::note;

/// Within this time every running server has taken a changed file.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// Waits until the last change of the ring is so old that every server which reads this file works with it. Otherwise a
/// server would meet what was made with a key that it does not have yet.
pub(super) async fn wait_for_servers(session: &Session) -> anyhow::Result<()> {
    let changed = session.config.key_ring_file()?.metadata()?.modified()?;
    let age = session.clock.now().saturating_since(instant(changed));
    let left = TAKEN_WITHIN.saturating_sub(age);
    if !left.is_zero() {
        note("the key ring was changed a moment ago; waiting until running servers have taken it");
        tokio::time::sleep(left).await;
    }
    Ok(())
}

fn instant(time: SystemTime) -> Timestamp {
    Timestamp::UNIX_EPOCH.saturating_add(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}
