//! Which database: decided by the scheme of a URL, here and nowhere else.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
#[cfg(feature = "postgres")]
use std::sync::Arc;

#[cfg(feature = "postgres")]
use crate::postgres::PostgresUrl;

/// Where the data is: `sqlite:PATH`, absolute or relative to the working directory, or
/// `postgres://USER@HOST/DATABASE`. Neither [`Display`](fmt::Display) nor [`Debug`] shows a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseUrl(Place);

/// What a URL names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a server.
    #[cfg(feature = "postgres")]
    Postgres(Arc<PostgresUrl>),
}

/// The text names no database that this build can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADatabaseUrl {
    /// The scheme is missing or unknown.
    #[error("a database URL is `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")]
    UnknownScheme,
    /// There is nothing after the scheme.
    #[error("the path is missing: the URL of a file is `sqlite:PATH`")]
    NoPath,
    /// A database in memory is gone with its connection, and there are several.
    #[error("a database in memory cannot be used: name a file, `sqlite:PATH`")]
    InMemory,
    /// What would be a parameter elsewhere must not become part of a file's name.
    #[error("the URL of a file is `sqlite:PATH`, without `?` or `#` and what follows them")]
    Parameters,
    /// The cargo feature `postgres` was off.
    #[error("this program was built without PostgreSQL: build it with `--features postgres`")]
    PostgresNotBuilt,
    /// What libpq would read differently. The text may hold a password and is not repeated.
    #[error(
        "a PostgreSQL URL is `postgres://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE`, with other characters than \
         letters, digits and `-._~` percent-encoded (`/` is `%2F`, `@` is `%40`)"
    )]
    Malformed,
    /// Without a host the environment of the process would decide.
    #[error("the host is missing: a PostgreSQL URL is `postgres://USER@HOST/DATABASE`")]
    NoHost,
    /// Without a name the server would take the user's.
    #[error("the database's name is missing: a PostgreSQL URL is `postgres://USER@HOST/DATABASE`")]
    NoDatabase,
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, for which `sqlite://PATH` is the same, or `postgres://…`, for which `postgresql://…` is.
    pub fn parse(text: &str) -> Result<Self, NotADatabaseUrl> {
        match text.split_once(':') {
            Some(("sqlite", path)) => file(path).map(|path| Self(Place::Sqlite(path))),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", rest)) => {
                PostgresUrl::parse(rest).map(|url| Self(Place::Postgres(Arc::new(url))))
            }
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => Err(NotADatabaseUrl::PostgresNotBuilt),
            _ => Err(NotADatabaseUrl::UnknownScheme),
        }
    }

    /// The file of a SQLite database; `None` for a server.
    pub fn sqlite_path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Sqlite(path) => Some(path),
            #[cfg(feature = "postgres")]
            Place::Postgres(_) => None,
        }
    }

    /// Whether data would cross a network without TLS that checks whose server it is (`sslmode=verify-full`).
    pub fn is_exposed(&self) -> bool {
        match &self.0 {
            Place::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Place::Postgres(url) => !url.is_local() && url.parameter("sslmode") != Some("verify-full"),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0
    }
}

fn file(path: &str) -> Result<PathBuf, NotADatabaseUrl> {
    match path.strip_prefix("//").unwrap_or(path) {
        "" => Err(NotADatabaseUrl::NoPath),
        path if path.contains(":memory:") => Err(NotADatabaseUrl::InMemory),
        path if path.contains(['?', '#', '\0']) => Err(NotADatabaseUrl::Parameters),
        path => Ok(PathBuf::from(path)),
    }
}

impl FromStr for DatabaseUrl {
    type Err = NotADatabaseUrl;

    fn from_str(text: &str) -> Result<Self, NotADatabaseUrl> {
        Self::parse(text)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            #[cfg(feature = "postgres")]
            Place::Postgres(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_follows_the_scheme() {
        for (text, path) in [
            ("sqlite:data/a.db", "data/a.db"),
            ("sqlite:/srv/a.db", "/srv/a.db"),
            ("sqlite:///srv/a.db", "/srv/a.db"),
            ("sqlite://a.db", "a.db"),
        ] {
            let url = DatabaseUrl::parse(text).unwrap();
            assert_eq!(url.sqlite_path(), Some(Path::new(path)), "{text}");
            assert_eq!(url.to_string(), format!("sqlite:{path}"));
        }
    }

    #[test]
    fn what_names_no_usable_file_is_refused() {
        for (text, problem) in [
            ("a.db", NotADatabaseUrl::UnknownScheme),
            ("mysql://x", NotADatabaseUrl::UnknownScheme),
            ("sqlite:", NotADatabaseUrl::NoPath),
            ("sqlite://", NotADatabaseUrl::NoPath),
            ("sqlite::memory:", NotADatabaseUrl::InMemory),
            ("sqlite:a.db?mode=rwc", NotADatabaseUrl::Parameters),
            ("sqlite:a.db#x", NotADatabaseUrl::Parameters),
        ] {
            assert_eq!(DatabaseUrl::parse(text), Err(problem), "{text}");
        }
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn a_build_without_postgresql_says_how_to_get_one_with_it() {
        let refused = DatabaseUrl::parse("postgres://user:secret@host/name").unwrap_err();
        assert!(refused.to_string().contains("--features postgres"), "{refused}");
    }
}
