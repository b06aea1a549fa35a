//! Enrols users as an application would: a set-up, and its confirmation with a first code.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::task::LocalSet;

use super::people::{Person, Signer, name, present_step};
use super::server::Server;
use crate::load::{Connection, request};

/// Enrolments at a time, where hashing is cheap.
const CONNECTIONS: usize = 16;
/// How often a set-up is begun again.
const PATIENCE: u32 = 30;
/// After how long: what the server asks for.
const PAUSE: Duration = Duration::from_secs(1);

/// A user whose factor is enabled, with the backup codes.
pub(crate) struct Enrolment {
    pub(crate) person: Person,
    pub(crate) backup_codes: Vec<String>,
}

/// Enrols the users with these numbers.
pub(crate) fn enrol(server: &Server, signer: &Signer, numbers: &[u64]) -> anyhow::Result<Vec<Enrolment>> {
    enrol_by(CONNECTIONS, server, signer, numbers)
}

/// The same with so many enrolments at a time.
pub(crate) fn enrol_by(
    connections: usize,
    server: &Server,
    signer: &Signer,
    numbers: &[u64],
) -> anyhow::Result<Vec<Enrolment>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(LocalSet::new().run_until(async {
        let mut tasks = Vec::new();
        for offset in 0..connections {
            let signer = signer.clone();
            let numbers: Vec<_> = numbers.iter().copied().skip(offset).step_by(connections).collect();
            let mut connection = Connection::open(server.address()).await?;
            tasks.push(tokio::task::spawn_local(async move {
                let mut enrolled = Vec::new();
                for number in numbers {
                    enrolled.push(one(&mut connection, &signer, number).await?);
                }
                anyhow::Ok(enrolled)
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await??);
        }
        Ok(all)
    }))
}

/// A request that begins a set-up.
pub(crate) fn setup(signer: &Signer, number: u64) -> Vec<u8> {
    request::post("/v1/me/2fa/setup", Some(&signer.token(&name(number))), "{}")
}

async fn one(connection: &mut Connection, signer: &Signer, number: u64) -> anyhow::Result<Enrolment> {
    let begun = begin(connection, &setup(signer, number)).await?;
    let secret = begun.get("secret").and_then(Value::as_str).unwrap_or_default();
    let mut person = Person::new(number, secret).context("a set-up without a secret")?;
    let codes = begun.get("backup_codes").and_then(Value::as_array).context("a set-up without codes")?;
    let backup_codes = codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect();

    person.spent = present_step();
    let body = format!(r#"{{"code":"{}"}}"#, person.code(person.spent));
    let confirm = request::post("/v1/me/2fa/verify-setup", Some(&signer.token(&person.name)), &body);
    expect_ok(connection.answer(&confirm).await?)?;
    Ok(Enrolment { person, backup_codes })
}

/// Begins a set-up, again as long as the server has no time for it: where others take the whole processor it hashes nothing.
async fn begin(connection: &mut Connection, setup: &[u8]) -> anyhow::Result<Value> {
    for _ in 0..PATIENCE {
        match connection.answer(setup).await? {
            (503, _) => tokio::time::sleep(PAUSE).await,
            answer => return expect_ok(answer),
        }
    }
    expect_ok(connection.answer(setup).await?)
}

fn expect_ok((status, body): (u16, Vec<u8>)) -> anyhow::Result<Value> {
    if status != 200 {
        bail!("an enrolment was refused with {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}
