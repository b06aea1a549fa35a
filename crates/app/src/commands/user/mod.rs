//! `user`: users' second factors.

mod export;
mod import;
mod reset;
mod rows;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_domain::identity::{Environment, OrganizationId, Subject, UserId};
use countersign_domain::two_factor::reset::{NotAResetReason, ResetReason};

use crate::commands::token::user_id;
use crate::commands::{Outcome, Session, existing_organization};

/// What may follow `user`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Show the state of a user's second factor
    Show(One),
    /// Remove a user's second factor without a code; it needs no key
    Reset {
        /// Whose
        #[command(flatten)]
        one: One,
        /// Why, for the audit trail
        #[arg(long, value_parser = reset_reason)]
        reason: ResetReason,
    },
    /// Take over the factors that another system issued: NDJSON, or CSV with a header line
    ///
    /// Each row has `user_id` and `secret` (base 32); `algorithm` is SHA1, `digits` is 6 and `period` is 30 where they are
    /// absent; `enabled_at` and `backup_code_hashes` (bcrypt; in CSV with spaces between them) may be there. An enabled
    /// factor is never replaced, and importing a file again changes nothing.
    Import {
        /// The file; `-` is standard input
        file: PathBuf,
        /// Whose users they are
        #[command(flatten)]
        owner: Owner,
        /// Tell what would come of it, and store nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Write the factors of all users, secrets included, as NDJSON that `user import` reads; the audit trail tells of it
    Export(export::Export),
}

/// The owner of users.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Owner {
    /// The organization
    #[arg(long, value_name = "ID")]
    org: OrganizationId,
    /// Live or test users
    #[arg(long, default_value = "live")]
    env: Environment,
}

/// One user.
#[derive(Args, Debug)]
pub(crate) struct One {
    /// The user's id
    #[arg(value_parser = user_id)]
    user: UserId,
    /// The user's owner
    #[command(flatten)]
    owner: Owner,
}

impl Owner {
    fn subject(self, user: UserId) -> Subject {
        Subject { organization: self.org, environment: self.env, user }
    }
}

fn reset_reason(text: &str) -> Result<ResetReason, NotAResetReason> {
    ResetReason::new(text)
}

/// Does what follows `user`.
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let stores = session.stores().await?;
    let (Arguments::Show(One { owner, .. })
    | Arguments::Reset { one: One { owner, .. }, .. }
    | Arguments::Import { owner, .. }
    | Arguments::Export(export::Export { owner, .. })) = &arguments;
    existing_organization(&stores, owner.org).await?;
    match arguments {
        Arguments::Show(one) => show::run(session, &stores, one.owner.subject(one.user)).await,
        Arguments::Reset { one, reason } => {
            reset::run(session, &stores, one.owner.subject(one.user), reason).await
        }
        Arguments::Import { file, owner, dry_run } => {
            import::run(session, &stores, &file, owner, dry_run).await
        }
        Arguments::Export(export) => export::run(session, &stores, export).await,
    }
}
