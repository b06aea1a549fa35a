//! The configuration: typed sections, read from a file, the environment and flags, and checked before anything is
//! started.
//!
//! To add a setting, add a line to its section: the key, the variable, the default, the documentation and the check
//! of names all come from that line.

mod checks;
#[cfg(test)]
mod documentation;
mod layers;
mod problem;
mod production;
mod resolved;
mod secret_ref;
mod sections;
mod setting;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value as Json;

pub(crate) use layers::Given;
use layers::Values;
pub(crate) use problem::{Problem, Problems};
pub(crate) use secret_ref::SecretRef;
use sections::{
    Assertions, Auth, Database, Hashing, Keys, Limits, Server, Telemetry, Top, TwoFactor, Webhooks,
};
pub(crate) use sections::{LogFormat, Mode};
use setting::Setting;
pub(crate) use value::Span;

macro_rules! configuration {
    ($($(#[doc = $doc:literal])+ $field:ident: $section:ident,)+) => {
        /// The whole configuration.
        #[derive(Clone, Debug)]
        pub(crate) struct Config {
            $($(#[doc = $doc])+ pub(crate) $field: $section,)+
            /// Where development keeps what it makes up.
            pub(crate) data_dir: PathBuf,
            origins: BTreeMap<&'static str, String>,
        }

        /// Every section: what it is about, and its settings.
        const SECTIONS: &[(&str, &[Setting])] = &[$(($section::ABOUT, $section::SETTINGS),)+];

        impl Config {
            /// Reads every section, so that all problems are noted in `values` and not only the first.
            fn read(values: &mut Values, data_dir: PathBuf) -> Option<Self> {
                $(let $field = $section::read(values);)+
                Some(Self { $($field: $field?,)+ data_dir, origins: std::mem::take(&mut values.origins) })
            }

            fn show(&self) -> Vec<(&'static str, Json)> {
                [$(self.$field.show()),+].concat()
            }
        }
    };
}

configuration! {
    /// How strict the program is.
    top: Top,
    /// Where and how the API listens.
    server: Server,
    /// Where the data is kept.
    database: Database,
    /// How fast clients may call.
    limits: Limits,
    /// Who may call.
    auth: Auth,
    /// What stands in step-up assertions.
    assertions: Assertions,
    /// The keys that stored data depends on.
    keys: Keys,
    /// How backup codes are hashed.
    hashing: Hashing,
    /// How often and how long a second factor may be set up.
    two_factor: TwoFactor,
    /// Where webhooks may be sent to.
    webhooks: Webhooks,
    /// What the program says of its work.
    telemetry: Telemetry,
}

/// One setting as it is in force.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Effective {
    /// Its key.
    pub(crate) key: &'static str,
    /// Its value, or the reference to its secret.
    pub(crate) value: Json,
    /// Where the value comes from.
    pub(crate) origin: String,
}

impl Config {
    /// Reads and merges what was given. Names and kinds are right afterwards; [`Config::check`] and
    /// [`Config::check_to_serve`] look at what the values mean.
    pub(crate) fn load(given: &Given, data_dir: PathBuf) -> Result<Self, Problems> {
        let settings: Vec<Setting> =
            SECTIONS.iter().flat_map(|(_, settings)| settings.iter().copied()).collect();
        let mut values = Values::merge(given, &settings)?;
        match Self::read(&mut values, data_dir) {
            Some(config) => values.problems.none().map(|()| config),
            None => Err(values.problems),
        }
    }

    /// Whether this is production.
    pub(crate) fn is_production(&self) -> bool {
        self.top.mode == Mode::Production
    }

    /// Every setting as it is in force, in the order of the documentation, secrets as references.
    pub(crate) fn effective(&self) -> Vec<Effective> {
        let origin = |key| self.origins.get(key).cloned().unwrap_or_else(|| "default".to_owned());
        self.show().into_iter().map(|(key, value)| Effective { key, value, origin: origin(key) }).collect()
    }

    /// What every command needs.
    pub(crate) fn check(&self) -> Result<(), Problems> {
        checks::values(self).none()
    }

    /// What serving needs besides: in production, that nothing is unsafe. All refusals at once.
    pub(crate) fn check_to_serve(&self) -> Result<(), Problems> {
        let mut problems = checks::values(self);
        if self.is_production() {
            production::refuse(self, &mut problems);
        }
        problems.none()
    }
}
