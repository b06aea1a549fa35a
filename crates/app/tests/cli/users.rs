//! Users' second factors at the command line.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use countersign_testkit::on_every_engine;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Engine, Home};

on_every_engine!(
    Engine;
    an_imported_user_has_2fa_and_a_reset_removes_it_without_any_key,
    importing_again_changes_nothing_and_another_secret_is_refused,
    a_dry_run_stores_nothing,
    an_interrupted_import_says_how_to_go_on,
    an_import_does_not_go_on_with_a_key_ring_that_has_changed,
    what_is_exported_can_be_imported_elsewhere,
);

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn csv(rows: &[String]) -> String {
    format!("user_id,secret,digits,backup_code_hashes\n{}", rows.concat())
}

fn users(count: usize) -> String {
    let rows: Vec<_> = (0..count).map(|user| format!("user-{user},{SECRET},,\n")).collect();
    csv(&rows)
}

/// A hash that no code is known of.
fn hash() -> String {
    format!("$2y$10${}.{}.", "a".repeat(21), "b".repeat(30))
}

async fn an_imported_user_has_2fa_and_a_reset_removes_it_without_any_key(engine: Engine) {
    let home = Home::on(engine);
    let org = home.organization("free");
    home.write("users.csv", &csv(&[format!("alice,{SECRET},8,{}\n", hash())]));
    let imported = home.json(&format!("user import users.csv --org {org}"));
    assert_eq!(imported, json!({"imported": 1, "unchanged": 0, "refused": 0}));
    let shown = home.json(&format!("user show alice --org {org}"));
    assert_eq!((&shown["state"], &shown["backup_codes_remaining"]), (&json!("enabled"), &json!(1)));
    assert_eq!(home.json(&format!("user show alice --org {org} --env test"))["state"], "disabled");

    // The key ring is gone.
    std::fs::remove_file(home.path().join("countersign-data/development-keyring.json")).unwrap();
    let reset = format!("user reset alice --org {org} --reason lost+phone");
    assert_eq!(home.json(&reset), json!({"user_id": "alice", "removed": true}));
    assert_eq!(home.json(&reset)["removed"], false);
    assert_eq!(home.json(&format!("user show alice --org {org}"))["state"], "disabled");
}

#[test]
fn a_reset_needs_a_reason_and_an_organization_that_exists() {
    let home = Home::new();
    let org = home.organization("free");
    assert_eq!(home.run(&format!("user reset alice --org {org}")).code, 2);
    assert_eq!(home.run(&format!("user reset alice --org {org} --reason +")).code, 2);
    let ran = home.run("user show alice --org 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("there is no organization"), "{}", ran.stderr);
}

async fn importing_again_changes_nothing_and_another_secret_is_refused(engine: Engine) {
    let home = Home::on(engine);
    let org = home.organization("free");
    let line = format!("--output json user import - --org {org}");
    let ran = home.run_with_input(&line, &users(3));
    assert_eq!(ran.stdout.trim(), "{\"imported\":3,\"unchanged\":0,\"refused\":0}", "{}", ran.stderr);
    let ran = home.run_with_input(&line, &users(4));
    assert_eq!(ran.stdout.trim(), "{\"imported\":1,\"unchanged\":3,\"refused\":0}", "{}", ran.stderr);
    let other = csv(&[format!("user-0,{},,\n", "A".repeat(32))]);
    let ran = home.run_with_input(&line, &other);
    assert_eq!((ran.code, ran.stdout.trim()), (3, "{\"imported\":0,\"unchanged\":0,\"refused\":1}"));
    assert!(ran.stderr.contains("line 2: the user has another factor, which stays"), "{}", ran.stderr);
}

#[test]
fn refused_rows_are_named_with_their_line_and_never_shown() {
    let home = Home::new();
    let org = home.organization("free");
    let rows = [
        "alice,GEZDGNBVGY3TQOJQ,,\n".to_owned(),
        format!("bob,{SECRET},,\n"),
        format!("carol,{SECRET},9,\n"),
        format!("dave,{SECRET}!,,\n"),
        format!("erin,{SECRET},,$2x${}\n", &hash()[4..]),
    ];
    for dry_run in [" --dry-run", ""] {
        let line = format!("--output json user import - --org {org}{dry_run}");
        let ran = home.run_with_input(&line, &csv(&rows));
        assert_eq!((ran.code, ran.stdout.trim()), (3, "{\"imported\":1,\"unchanged\":0,\"refused\":4}"));
        for told in [
            "line 2: secret: the secret has 10 bytes",
            "line 4: digits",
            "line 5: secret",
            "line 6: backup_code_hashes",
        ] {
            assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains(SECRET) && !ran.stderr.contains("GEZDGNBVGY3TQOJQ"), "{}", ran.stderr);
        assert!(!ran.stderr.contains(&hash()[7..]), "{}", ran.stderr);
    }
}

async fn a_dry_run_stores_nothing(engine: Engine) {
    let home = Home::on(engine);
    let org = home.organization("free");
    let ran = home.run_with_input(&format!("--output json user import - --org {org} --dry-run"), &users(2));
    assert_eq!(ran.stdout.trim(), "{\"imported\":2,\"unchanged\":0,\"refused\":0}", "{}", ran.stderr);
    assert_eq!(home.json(&format!("user show user-0 --org {org}"))["state"], "disabled");
}

async fn an_interrupted_import_says_how_to_go_on(engine: Engine) {
    let home = Home::on(engine);
    let org = home.organization("scale");
    let mut command = home.command(["user", "import", "-", "--org", &org]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(users(700).as_bytes()).unwrap();
    // The first batch is stored while the input is still open.
    while home.json(&format!("user show user-499 --org {org}"))["state"] != "enabled" {}
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut says = String::new();
    child.stderr.take().unwrap().read_to_string(&mut says).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(says.contains("stopped after 500 new users; import the file again"), "{says}");
    drop(input);
    let again = home.run_with_input(&format!("--output json user import - --org {org}"), &users(700));
    assert_eq!(again.stdout.trim(), "{\"imported\":200,\"unchanged\":500,\"refused\":0}", "{}", again.stderr);
}

async fn an_import_does_not_go_on_with_a_key_ring_that_has_changed(engine: Engine) {
    let home = Home::on(engine);
    let org = home.organization("scale");
    let mut command = home.command(["user", "import", "-", "--org", &org]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(users(500).as_bytes()).unwrap();
    while home.json(&format!("user show user-499 --org {org}"))["state"] != "enabled" {}
    home.list("keyring add --purpose sealing");
    input.write_all(format!("late,{SECRET},,\n").as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let says = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{says}");
    assert!(says.contains("the key ring has changed meanwhile: run the command again"), "{says}");
    let again = home.run_with_input(&format!("--output json user import - --org {org}"), &users(501));
    assert_eq!(again.stdout.trim(), "{\"imported\":1,\"unchanged\":500,\"refused\":0}", "{}", again.stderr);
}

/// The file as `age` reads it (Debian: `apt install age`).
fn opened(home: &Home, file: &str) -> String {
    let read =
        Command::new("age").args(["-d", "-i", "identity", file]).current_dir(home.path()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).unwrap()
}

/// A new identity in the file `identity`, and its recipient.
fn keygen(home: &Home) -> String {
    let made = Command::new("age-keygen").args(["-o", "identity"]).current_dir(home.path()).output();
    assert!(made.expect("`age` is needed: apt install age").status.success());
    let shown =
        Command::new("age-keygen").args(["-y", "identity"]).current_dir(home.path()).output().unwrap();
    String::from_utf8(shown.stdout).unwrap().trim().to_owned()
}

async fn what_is_exported_can_be_imported_elsewhere(engine: Engine) {
    let home = Home::on(engine);
    let (from, to) = (home.organization("free"), home.organization("free"));
    let rows: Vec<_> = (0..700).map(|user| format!("user-{user},{SECRET},8,{}\n", hash())).collect();
    home.run_with_input(&format!("user import - --org {from}"), &csv(&rows));
    let recipient = keygen(&home);
    let exported = home.json(&format!("user export sealed.age --org {from} --recipient {recipient}"));
    assert_eq!(exported, json!({"exported": 700, "without_backup_codes": 0, "refused": 0}));
    let mode = std::fs::metadata(home.path().join("sealed.age")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let sealed = std::fs::read(home.path().join("sealed.age")).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(SECRET));

    let clear = opened(&home, "sealed.age");
    let row: serde_json::Value = serde_json::from_str(clear.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&row["user_id"], &row["secret"], &row["digits"]),
        (&json!("user-0"), &json!(SECRET), &json!(8))
    );
    assert_eq!((&row["state"], &row["backup_code_hashes"]), (&json!("enabled"), &json!([hash()])));
    let ran = home.run_with_input(&format!("--output json user import - --org {to}"), &clear);
    assert_eq!(ran.stdout.trim(), "{\"imported\":700,\"unchanged\":0,\"refused\":0}", "{}", ran.stderr);
    home.json(&format!("user export again.json --org {to} --clear-text"));
    assert_eq!(std::fs::read_to_string(home.path().join("again.json")).unwrap(), clear);
}

#[test]
fn an_export_overwrites_nothing_and_says_in_which_form_secrets_leave() {
    let home = Home::new();
    let org = home.organization("free");
    home.write("there.json", "mine");
    let ran = home.run(&format!("user export there.json --org {org} --clear-text"));
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("nothing is overwritten"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(home.path().join("there.json")).unwrap(), "mine");
    assert_eq!(
        home.run(&format!("user export new.json --org {org}")).code,
        2,
        "one of the two forms is chosen"
    );
    assert_eq!(home.run(&format!("user export new.json --org {org} --recipient age1qqq")).code, 2);
    assert!(!home.path().join("new.json").exists());
}
