//! Sealing the audit trail, and finding out that it was tampered with.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Home, overwrite, text};

#[test]
fn a_sealed_trail_is_intact_and_what_waits_is_told() {
    let home = Home::new();
    let id = home.organization("free");
    home.token(&id, "alice");
    assert_eq!(home.json("audit seal"), json!({"sealed": 2}));
    assert_eq!(home.json("audit seal"), json!({"sealed": 0}));
    home.token(&id, "bob");
    let trail = home.json(&format!("audit verify --org {id}"));
    assert_eq!(
        (&trail["sealed"], &trail["unsealed"], &trail["findings"]),
        (&json!(2), &json!(1), &json!([]))
    );
    assert_eq!(trail["head"].as_str().unwrap().len(), 64);
    home.organization("free");
    assert_eq!(home.list("audit verify").len(), 2);
}

#[test]
fn a_trail_that_was_changed_past_the_program_is_named() {
    let home = Home::new();
    let (broken, sound) = (home.organization("scale"), home.organization("free"));
    home.json("audit seal");
    overwrite(&home, "[[\"plan\",\"scale\"]]", "[[\"plan\",\"admin\"]]");
    let ran = home.run("--output json audit verify");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("\"kind\":\"changed\""), "{}", ran.stdout);
    assert!(ran.stderr.contains(&format!("{broken}: seal 1: the event ")), "{}", ran.stderr);
    assert!(ran.stderr.contains("was changed"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 of 2 audit trails"), "{}", ran.stderr);
    assert_eq!(home.json(&format!("audit verify --org {sound}"))["findings"], json!([]));
}

#[test]
fn an_event_that_was_hidden_from_its_user_is_named() {
    let home = Home::new();
    let id = home.organization("free");
    home.token(&id, "alice");
    home.json("audit seal");
    home.sql("DROP TRIGGER audit_events_by_user_are_not_deleted; DELETE FROM audit_events_by_user;");
    let ran = home.run(&format!("--output json audit verify --org {id}"));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("\"kind\":\"unlisted\""), "{}", ran.stdout);
    assert!(ran.stderr.contains("is not listed under its user"), "{}", ran.stderr);
}

#[test]
fn an_organization_that_is_not_there_is_told() {
    let ran = Home::new().run("audit verify --org 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("there is no organization"), "{}", ran.stderr);
}

#[test]
fn a_trail_is_exported_with_what_its_hashes_are_made_of() {
    let home = Home::new();
    let id = home.organization("free");
    home.token(&id, "alice");
    home.token(&id, "bob");
    home.json("audit seal");
    home.token(&id, "carol");
    let ran = home.run(&format!("audit export --org {id}"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("1 events wait for their seal"), "{}", ran.stderr);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<_> = lines.iter().map(|line| line["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(chain(&lines), lines.iter().map(|line| text(&line["hash"])).collect::<Vec<_>>());
    assert_eq!(home.list(&format!("audit verify --org {id}"))[0]["head"], lines[2]["hash"]);
    assert_eq!(lines[1]["event"]["user_id"], "alice");

    let rest = home.run(&format!("audit export --org {id} --after 2 --file rest.ndjson"));
    assert_eq!((rest.code, rest.stdout.as_str()), (0, ""), "{}", rest.stderr);
    let written = std::fs::read_to_string(home.path().join("rest.ndjson")).unwrap();
    assert_eq!(written, ran.stdout.lines().last().unwrap().to_owned() + "\n");
    assert_eq!(
        home.run(&format!("audit export --org {id} --file rest.ndjson")).code,
        1,
        "it overwrites nothing"
    );
}

/// The hashes of the exported events, computed as the documentation says and not by the program.
fn chain(lines: &[Value]) -> Vec<String> {
    let mut head = vec![0; 32];
    let mut hashes = Vec::new();
    for line in lines {
        let event = &line["event"];
        let optional = |value: &Value| value.as_str().unwrap_or_default().as_bytes().to_vec();
        let mut fields = vec![
            b"countersign audit chain v1".to_vec(),
            head,
            optional(&line["organization"]),
            line["number"].as_u64().unwrap().to_be_bytes().to_vec(),
            optional(&line["event_id"]),
            optional(&event["environment"]),
            optional(&event["user_id"]),
            optional(&event["name"]),
        ];
        for detail in event["details"].as_array().unwrap() {
            fields.extend([optional(&detail[0]), optional(&detail[1])]);
        }
        fields.extend([
            optional(&event["actor"]),
            optional(&event["request_id"]),
            optional(&event["address"]),
        ]);
        fields.push(event["happened_at_micros"].as_i64().unwrap().to_be_bytes().to_vec());
        let mut hash = Sha256::new();
        for field in fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        head = hash.finalize().to_vec();
        hashes.push(data_encoding::HEXLOWER.encode(&head));
    }
    hashes
}

#[test]
fn a_purge_tells_what_it_removed() {
    let home = Home::new();
    let removed = home.list("purge");
    assert_eq!(removed[0], json!({"what": "expired set-ups", "removed": 0}));
}
