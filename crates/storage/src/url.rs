//! Which database: decided by the scheme of a URL, here and nowhere else.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the data is: `sqlite:PATH`, absolute or relative to the working directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseUrl(PathBuf);

/// The text names no database that this build can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADatabaseUrl {
    /// The scheme is missing or unknown.
    #[error("a database URL is `sqlite:PATH`")]
    UnknownScheme,
    /// There is nothing after the scheme.
    #[error("the path is missing: a database URL is `sqlite:PATH`")]
    NoPath,
    /// A database in memory is gone with its connection, and there are several.
    #[error("a database in memory cannot be used: name a file, `sqlite:PATH`")]
    InMemory,
    /// What would be a parameter elsewhere must not become part of a file's name.
    #[error("a database URL is `sqlite:PATH`, without `?` or `#` and what follows them")]
    Parameters,
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`; `sqlite://PATH` is the same.
    pub fn parse(text: &str) -> Result<Self, NotADatabaseUrl> {
        let path = text.strip_prefix("sqlite:").ok_or(NotADatabaseUrl::UnknownScheme)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        match path {
            "" => Err(NotADatabaseUrl::NoPath),
            _ if path.contains(":memory:") => Err(NotADatabaseUrl::InMemory),
            _ if path.contains(['?', '#', '\0']) => Err(NotADatabaseUrl::Parameters),
            _ => Ok(Self(PathBuf::from(path))),
        }
    }

    /// The file of a SQLite database.
    pub fn sqlite_path(&self) -> &Path {
        &self.0
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
        write!(f, "sqlite:{}", self.0.display())
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
            assert_eq!(url.sqlite_path(), Path::new(path), "{text}");
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
}
