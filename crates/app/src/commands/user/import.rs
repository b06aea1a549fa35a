//! `user import`.

use std::path::Path;

use countersign_jobs::import_users::ImportUsers;

use super::{Owner, rows};
use crate::commands::from_file::{self, FromFile};
use crate::commands::{Outcome, Session};
use crate::wiring::{self, Stores};

impl FromFile for ImportUsers {
    const DOING: &'static str = "importing users";
    const COLUMNS: &'static [&'static str] = &["imported", "unchanged", "refused"];
    const AGAIN: &'static str = "new users; import the file again: what is imported stays as it is";
}

/// Takes over what the file tells.
pub(super) async fn run(
    session: &Session,
    stores: &Stores,
    file: &Path,
    owner: Owner,
    dry_run: bool,
) -> anyhow::Result<Outcome> {
    let job = ImportUsers::new(wiring::importer(session, stores).await?, dry_run);
    from_file::run(session, job, rows::rows(owner, session.clock.now()), file).await
}
