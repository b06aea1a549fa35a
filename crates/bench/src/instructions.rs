//! How many instructions the server executes for a call, counted by callgrind: a figure without noise.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::load::{self, Crowd, Script, request};
use crate::report;
use crate::run::Places;
use crate::scenarios::calls::verifications;
use crate::system::crowd::Enrolled;
use crate::system::enrol::enrol;
use crate::system::home::Home;
use crate::system::people::name;
use crate::system::server::Server;
use crate::system::site::{LOWEST_COST, UNLIMITED};

/// Users who are enrolled, and calls of each kind.
const CALLS: usize = 50;
/// The program that counts; what it writes stands in the home, the first dump as `counts.1`.
const COUNTER: [&str; 4] =
    ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=counts"];

/// What one kind of call costs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Instructions {
    /// The call.
    pub call: &'static str,
    /// Instructions of all threads of the server for one call.
    pub instructions: u64,
}

/// Counts them, and writes `instructions.json` and `instructions.md` to the documents. The profile of each call stays
/// beside the databases, for `callgrind_annotate`.
pub fn count_instructions(places: &Places) -> anyhow::Result<Vec<Instructions>> {
    let mut home = Home::new(&places.work, &places.binary, LOWEST_COST)?;
    // One thread of each kind: how several ones get in each other's way is not the same each time.
    home.set("COUNTERSIGN_SERVER__WORKERS", "1");
    home.set("COUNTERSIGN_DATABASE__READERS", "1");
    home.run("migrate up")?;
    let signer = home.organization(UNLIMITED)?;
    let server = Server::start_under(&home, &COUNTER)?;
    let numbers: Vec<u64> = (0..).take(CALLS).collect();
    let people = enrol(&server, &signer, &numbers)?.into_iter().map(|enrolment| enrolment.person).collect();
    let mut enrolled = Enrolled::new(signer, people);

    let get = |path: &str, token: Option<&str>| Crowd {
        connections: 1,
        script: Script::Once(vec![request::get(path, token); CALLS]),
        expects: &[200],
    };
    let token = enrolled.signer.token(&name(0));
    let mut counted = Vec::new();
    for (call, crowd) in [
        ("GET /healthz", get("/healthz", None)),
        ("GET /v1/me/2fa", get("/v1/me/2fa", Some(&token))),
        ("POST /v1/me/2fa/verify, right TOTP code", verifications(enrolled.right(CALLS), &[200])),
        ("POST /v1/me/2fa/verify, wrong TOTP code", verifications(enrolled.wrong(CALLS), &[422])),
    ] {
        let dump = counted.len().saturating_add(1);
        let made = count(&server, Crowd { connections: 1, ..crowd })?;
        let profile = fs::read_to_string(home.path().join(format!("counts.{dump}")))?;
        fs::write(places.work.join(format!("callgrind.{dump}")), &profile)?;
        let total = total(&profile)?;
        counted.push(Instructions { call, instructions: total.checked_div(made).unwrap_or(0) });
    }
    report::write(
        &places.documents.join("instructions.json"),
        &(serde_json::to_string_pretty(&counted)? + "\n"),
    )?;
    report::write(&places.documents.join("instructions.md"), &page(&counted))?;
    Ok(counted)
}

/// Lets one crowd at the server while its instructions are counted; how many calls there were.
fn count(server: &Server, crowd: Crowd) -> anyhow::Result<u64> {
    control(server, "--instr=on")?;
    control(server, "--zero")?;
    let measured = load::run(server.address(), crowd, std::time::Duration::from_mins(5))?;
    // Once it is off, what was counted is lost.
    control(server, "--dump")?;
    control(server, "--instr=off")?;
    Ok(measured.latencies.len())
}

fn control(server: &Server, what: &str) -> anyhow::Result<()> {
    let mut command = Command::new("callgrind_control");
    let output =
        command.arg(what).arg(server.id().to_string()).output().context("callgrind_control is missing")?;
    if !output.status.success() {
        bail!("callgrind_control: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// The sum that a dump tells.
fn total(dump: &str) -> anyhow::Result<u64> {
    let line = dump.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    Ok(line.context("a dump without a sum")?.trim().parse()?)
}

fn page(counted: &[Instructions]) -> String {
    let mut page =
        "# Instructions for each call\n\nMade by `./scripts/callgrind`: instructions of all threads of the \
                    server, without those of the kernel.\n\n| call | instructions |\n| --- | --- |\n"
            .to_owned();
    for Instructions { call, instructions } in counted {
        // Writing to a text does not fail.
        let _ = writeln!(page, "| `{call}` | {instructions} |");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_a_dump_is_found() {
        assert_eq!(total("version: 1\nsummary: 12\nfn=(1)\n1 12\ntotals: 12\n").unwrap(), 12);
        assert!(total("version: 1\n").is_err());
    }

    #[test]
    fn every_call_has_a_line() {
        let page = page(&[Instructions { call: "GET /healthz", instructions: 57_000 }]);
        assert!(page.contains("| `GET /healthz` | 57000 |"), "{page}");
    }
}
