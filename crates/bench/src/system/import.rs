//! Users of another system, imported from a file: the fastest way to many whose secrets are known.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::Instant;

use anyhow::ensure;
use serde_json::Value;

use super::home::Home;
use super::people::{Person, Signer};

/// Imports the users with the numbers below `users`, each with the secret that [`Person::known`] has; users a second.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(crate) fn import(home: &Home, signer: &Signer, users: u64) -> anyhow::Result<f64> {
    let path = home.path().join("users.ndjson");
    let mut file = BufWriter::new(File::create(&path)?);
    for person in (0..users).map(Person::known) {
        writeln!(file, r#"{{"user_id":"{}","secret":"{}"}}"#, person.name, person.base32())?;
    }
    file.into_inner()?;
    let began = Instant::now();
    let told = home.run(&format!("user import users.ndjson --org {}", signer.organization))?;
    let elapsed = began.elapsed();
    std::fs::remove_file(&path)?;
    ensure!(told.get("imported").and_then(Value::as_u64) == Some(users), "not all were imported: {told}");
    Ok(users as f64 / elapsed.as_secs_f64())
}
