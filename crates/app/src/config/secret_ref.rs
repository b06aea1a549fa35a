//! Where a secret is to be found. A secret itself never stands in the configuration.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::value::{Raw, SettingValue};

/// A reference to a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum SecretRef {
    /// The value of an environment variable.
    Environment(String),
    /// The content of a file; one line end after it is not part of it.
    File(PathBuf),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRef({self})")
    }
}

impl SettingValue for SecretRef {
    const KIND: &'static str = "a reference to a secret: `env:NAME` or `file:PATH`";

    /// The error never repeats the text, which may be the secret itself.
    fn read(raw: Raw) -> Result<Self, String> {
        let text = Zeroizing::new(raw.one()?);
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => {
                Err("a secret never stands in the configuration; write `env:NAME` or `file:PATH`".to_owned())
            }
        }
    }

    fn show(&self) -> Json {
        json!(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SecretRef, String> {
        SecretRef::read(Raw::One(text.to_owned()))
    }

    #[test]
    fn a_reference_names_a_variable_or_a_file() {
        assert_eq!(read("env:TOKEN_SECRET"), Ok(SecretRef::Environment("TOKEN_SECRET".to_owned())));
        assert_eq!(read("file:/run/secrets/token"), Ok(SecretRef::File("/run/secrets/token".into())));
    }

    #[test]
    fn a_secret_in_the_configuration_is_refused_and_not_repeated() {
        for secret in ["hunter2-hunter2", "env:", "file:", "vault:hunter2-hunter2"] {
            let error = read(secret).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
