//! Sealing the audit trail, and finding out that it was tampered with.

use serde_json::json;

use crate::support::{Home, overwrite};

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
fn an_organization_that_is_not_there_is_told() {
    let ran = Home::new().run("audit verify --org 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("there is no organization"), "{}", ran.stderr);
}
