//! What is used where a setting is not set: development has its data directory, production has nothing.

use std::path::PathBuf;

use super::problem::{Problem, Problems};
use super::{Config, SecretRef};
use crate::development;

impl Config {
    /// The URL of the database.
    pub(crate) fn database_url(&self) -> Result<String, Problems> {
        match &self.database.url {
            Some(url) => Ok(url.reveal().to_owned()),
            None if self.is_production() => {
                let remedy =
                    "set it to sqlite:PATH or postgres://USER@HOST/DATABASE, or give it with --database";
                Err(Problems::one(Problem::new("database.url", "it is not set", remedy)))
            }
            None => Ok(development::database_url(&self.data_dir)),
        }
    }

    /// The file of the key ring.
    pub(crate) fn key_ring_file(&self) -> Result<PathBuf, Problems> {
        match &self.keys.file {
            Some(file) => Ok(file.clone()),
            None if self.is_production() => {
                let remedy = "set it to the file that `countersign keyring generate --file PATH` makes";
                Err(Problems::one(Problem::new("keys.file", "it is not set", remedy)))
            }
            None => Ok(development::key_ring_file(&self.data_dir)),
        }
    }

    /// The secret of tokens signed with HS256, if there is one. Development makes one up when no key of the platform
    /// is configured at all.
    pub(crate) fn token_secret(&self) -> Option<SecretRef> {
        let auth = &self.auth;
        let none = auth.hs256_secret.is_none() && auth.public_key_file.is_none() && auth.jwks_file.is_none();
        if none && !self.is_production() {
            Some(SecretRef::File(development::token_secret_file(&self.data_dir)))
        } else {
            auth.hs256_secret.clone()
        }
    }
}
