//! Where values come from: the file, over it the environment, over it the flags. Every value remembers its source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{Map, Source, Value, ValueKind};

use super::problem::{Problem, Problems};
use super::setting::{Setting, VARIABLE_PREFIX};
use super::value::{Raw, SettingValue};

/// What the process was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    /// The configuration file.
    pub(crate) file: Option<PathBuf>,
    /// The environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Settings by flag: the flag, the key and the value.
    pub(crate) flags: Vec<(&'static str, &'static str, String)>,
}

/// The merged values, and what is wrong with them.
#[derive(Debug)]
pub(crate) struct Values {
    merged: BTreeMap<String, (Raw, String)>,
    /// What was found wrong so far.
    pub(crate) problems: Problems,
    /// The source of each value that is not a default.
    pub(crate) origins: BTreeMap<&'static str, String>,
}

/// Values that were given by name, such as variables; the third part is where from.
#[derive(Clone, Debug)]
struct Named(Vec<(String, String, String)>);

impl Source for Named {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        let value = |text: &String, origin| Value::new(Some(origin), ValueKind::String(text.clone()));
        Ok(self.0.iter().map(|(key, text, origin)| (key.clone(), value(text, origin))).collect())
    }
}

impl Values {
    /// Merges what was given. Unknown names are problems.
    pub(crate) fn merge(given: &Given, settings: &[Setting]) -> Result<Self, Problems> {
        let (variables, mut problems) = from_environment(&given.environment, settings);
        let mut builder = config::Config::builder();
        if let Some(file) = &given.file {
            builder = builder.add_source(read_file(file)?);
        }
        let flags = given
            .flags
            .iter()
            .map(|(flag, key, text)| ((*key).to_owned(), text.clone(), format!("the flag {flag}")));
        builder = builder.add_source(Named(variables)).add_source(Named(flags.collect()));
        let merged = builder.build().map_err(|error| Problems::one(unreadable(given, &error)))?;

        let mut leaves = BTreeMap::new();
        let file = given.file.as_deref().map(|file| file.display().to_string()).unwrap_or_default();
        flatten("", merged.cache, &file, &mut leaves);
        for (key, (_, origin)) in &leaves {
            if !settings.iter().any(|setting| setting.key == key) {
                let remedy = match nearest(key, settings) {
                    Some(nearest) => format!("did you mean {nearest}? Otherwise take it out"),
                    None => "take it out; docs/configuration.md lists all settings".to_owned(),
                };
                problems.push(Problem::new(key, format!("there is no such setting (in {origin})"), remedy));
            }
        }
        Ok(Self { merged: leaves, problems, origins: BTreeMap::new() })
    }

    /// The value of `key`, or its default; `None` when it is not acceptable, which is noted.
    pub(crate) fn read<T: SettingValue>(&mut self, key: &'static str, default: &str) -> Option<T> {
        let (raw, origin) = match self.merged.remove(key) {
            Some((raw, origin)) => (raw, Some(origin)),
            None => (Raw::One(default.to_owned()), None),
        };
        let value = T::read(raw);
        if let Some(origin) = &origin {
            self.origins.insert(key, origin.clone());
        }
        value
            .map_err(|reason| {
                let origin = origin.unwrap_or_else(|| "the default".to_owned());
                let says = format!("the value in {origin} is not acceptable: {reason}");
                self.problems.push(Problem::new(key, says, format!("write {}", T::KIND)));
            })
            .ok()
    }
}

fn read_file(path: &Path) -> Result<config::File<config::FileSourceString, config::FileFormat>, Problems> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let about = path.display().to_string();
        let says = format!("the configuration file cannot be read: {error}");
        Problems::one(Problem::new(&about, says, "name a TOML file that this user may read"))
    })?;
    Ok(config::File::from_str(&text, config::FileFormat::Toml))
}

fn unreadable(given: &Given, error: &config::ConfigError) -> Problem {
    let about =
        given.file.as_ref().map_or_else(|| "configuration".to_owned(), |file| file.display().to_string());
    // The parser draws the line that it stopped at, and that line may be a secret without its quotes.
    let undrawn: Vec<String> =
        error.to_string().lines().filter(|line| !line.contains('|')).map(str::to_owned).collect();
    Problem::new(&about, undrawn.join(": "), "write it as TOML")
}

/// The variables that are settings. `COUNTERSIGN_SERVER_LISTEN`, with one underscore too few, is an error; every
/// other name that only begins alike (an orchestrator makes some) is left alone.
fn from_environment(
    environment: &[(String, String)],
    settings: &[Setting],
) -> (Vec<(String, String, String)>, Problems) {
    let (mut found, mut problems) = (Vec::new(), Problems::default());
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
        let origin = format!("the variable {name}");
        if rest.contains("__") || settings.iter().any(|setting| setting.variable() == *name) {
            found.push((rest.to_ascii_lowercase().replace("__", "."), text.clone(), origin));
        } else if let Some(meant) =
            settings.iter().find(|setting| setting.variable().replace("__", "_") == *name)
        {
            let remedy = format!("write {}, with two underscores after the section", meant.variable());
            problems.push(Problem::new(name, "there is no such setting".to_owned(), remedy));
        }
    }
    (found, problems)
}

fn nearest(key: &str, settings: &[Setting]) -> Option<&'static str> {
    let last = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
    let likeness = |setting: &Setting| {
        let whole = strsim::jaro_winkler(key, setting.key);
        // The right name in the wrong section.
        whole.max(0.95 * strsim::jaro_winkler(key.rsplit('.').next().unwrap_or(key), last(setting.key)))
    };
    let best = settings.iter().map(|setting| (likeness(setting), setting.key));
    best.max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(likeness, _)| *likeness > 0.8)
        .map(|(_, key)| key)
}

/// What has no origin of its own stands in `file`.
fn flatten(prefix: &str, value: Value, file: &str, leaves: &mut BTreeMap<String, (Raw, String)>) {
    let origin = value.origin().unwrap_or(file).to_owned();
    match value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                flatten(&key, value, file, leaves);
            }
        }
        ValueKind::Array(items) => {
            let texts: Result<Vec<_>, _> = items.into_iter().map(Value::into_string).collect();
            leaves.insert(prefix.to_owned(), (texts.map_or(Raw::Nested, Raw::Many), origin));
        }
        _ => {
            let text = value.into_string();
            leaves.insert(prefix.to_owned(), (text.map_or(Raw::Nested, Raw::One), origin));
        }
    }
}
