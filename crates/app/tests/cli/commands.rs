//! Every command, for people and for machines.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Home, text};

#[test]
fn organizations_are_made_shown_suspended_and_resumed() {
    let home = Home::new();
    let made = home.json("org create --name Acme+Inc. --plan pro");
    assert_eq!(
        (&made["name"], &made["plan"], &made["status"]),
        (&"Acme Inc.".into(), &"pro".into(), &"active".into())
    );
    let id = text(&made["id"]);
    assert_eq!(home.json(&format!("org show {id}")), made);
    assert_eq!(home.json(&format!("org suspend {id}"))["status"], "suspended");
    assert_eq!(home.json(&format!("org resume {id}"))["status"], "active");
    assert_eq!(home.json("org create --name Other")["plan"], "free");
    let all = home.list("org list");
    assert_eq!(all.iter().map(|one| text(&one["name"])).collect::<Vec<_>>(), ["Acme Inc.", "Other"]);
}

#[test]
fn a_policy_is_changed_field_by_field() {
    let home = Home::new();
    let id = home.organization("free");
    let mut policy = json!({
        "require_2fa": false, "enforce_after": null, "max_attempts": 5, "lock_seconds": 60, "digits": 6,
    });
    assert_eq!(home.json(&format!("org policy show {id}")), policy);
    for (flags, field, value) in [
        ("--require-2fa true", "require_2fa", json!(true)),
        ("--enforce-after 2027-01-01T00:00:00Z", "enforce_after", json!("2027-01-01T00:00:00.000Z")),
        ("--max-attempts 3 --lock-seconds 3600", "max_attempts", json!(3)),
        ("--enforce-after now --digits 8", "digits", json!(8)),
    ] {
        policy[field] = value;
        match field {
            "max_attempts" => policy["lock_seconds"] = json!(3_600),
            "digits" => policy["enforce_after"] = Value::Null,
            _ => {}
        }
        assert_eq!(home.json(&format!("org policy set {id} {flags}")), policy);
    }
    assert_eq!(home.json(&format!("org policy show {id}")), policy);
}

#[test]
fn what_does_not_exist_is_named_with_what_to_do() {
    let home = Home::new();
    let nobody = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for (line, hint) in [
        ("org create --name A --plan gold".to_owned(), "countersign plan list"),
        (format!("org show {nobody}"), "countersign org list"),
        (format!("org suspend {nobody}"), "countersign org list"),
        (format!("org policy show {nobody}"), "countersign org list"),
        (format!("org policy set {nobody} --digits 6"), "countersign org list"),
        (format!("api-key create --org {nobody} --env live --scope 2fa:read"), "countersign org list"),
        (format!("api-key list --org {nobody}"), "countersign org list"),
        (format!("token mint --org {nobody} --user u"), "countersign org list"),
        (format!("usage show --org {nobody}"), "countersign org list"),
        ("api-key revoke AAAAAAAAAAAA".to_owned(), "no API key AAAAAAAAAAAA"),
        ("usage record nowhere.csv".to_owned(), "nowhere.csv"),
    ] {
        let ran = home.run(&line);
        assert_eq!(ran.code, 1, "{line}");
        assert!(ran.stderr.contains(hint), "{line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{line}");
    }
}

#[test]
fn wrong_usage_is_2_and_says_what_is_right() {
    let home = Home::new();
    for (line, hint) in [
        ("org create", "--name"),
        ("org create --name A --plan Gold", "a-z"),
        ("org show 7", "ULID"),
        ("org policy set 01ARZ3NDEKTSV4RRFFQ69G5FAV", "--require-2fa"),
        ("org policy set 01ARZ3NDEKTSV4RRFFQ69G5FAV --max-attempts 2", "3 to 10"),
        ("org policy set 01ARZ3NDEKTSV4RRFFQ69G5FAV --max-attempts 11", "3 to 10"),
        ("org policy set 01ARZ3NDEKTSV4RRFFQ69G5FAV --lock-seconds 29", "30 to 3600"),
        ("org policy set 01ARZ3NDEKTSV4RRFFQ69G5FAV --lock-seconds 3601", "30 to 3600"),
        ("org policy set 01ARZ3NDEKTSV4RRFFQ69G5FAV --digits 7", "6 or 8"),
        ("org policy set 01ARZ3NDEKTSV4RRFFQ69G5FAV --enforce-after soon", "RFC 3339"),
        ("api-key create --org 01ARZ3NDEKTSV4RRFFQ69G5FAV --env prod --scope 2fa:read", "`live` or `test`"),
        ("api-key create --org 01ARZ3NDEKTSV4RRFFQ69G5FAV --env live --scope all", "2fa:read"),
        ("plan set new --burst 5", "--requests-per-second"),
        ("plan set free --burst 0", "--burst"),
        ("plan set free --turns many", "`unlimited`"),
        ("token mint --org 01ARZ3NDEKTSV4RRFFQ69G5FAV --user u --ttl soon", "15m"),
        ("migrate sideways", "migrate"),
        ("dance", "dance"),
        ("--output xml org list", "json"),
    ] {
        let ran = home.run(line);
        assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{line}");
    }
}

#[test]
fn people_get_tables_on_standard_output() {
    let home = Home::new();
    let id = home.organization("scale");
    for (line, parts) in [
        ("org list".to_owned(), vec!["NAME", "Acme", "scale", "active"]),
        (format!("org show {id}"), vec!["name", "Acme"]),
        ("plan list".to_owned(), vec!["REQUESTS PER SECOND", "enterprise", "unlimited", "1000000"]),
        ("plan set free --burst 30".to_owned(), vec!["burst", "30"]),
        (
            format!("api-key create --org {id} --env test --scope 2fa:read --scope audit:read"),
            vec!["cs_test_"],
        ),
        (format!("api-key list --org {id}"), vec!["2fa:read audit:read", "test", "(not kept)"]),
        (format!("token mint --org {id} --user alice"), vec!["expires at", "ey"]),
        (format!("usage show --org {id}"), vec!["turns", "0 of 1000000", "period"]),
        ("migrate status".to_owned(), vec!["applied"]),
        ("doctor".to_owned(), vec!["hashing.cost", "ok", "database"]),
    ] {
        let ran = home.run(&line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        for part in parts {
            assert!(ran.stdout.contains(part), "{line}: {part} is missing in {}", ran.stdout);
        }
    }
}

#[test]
fn the_built_in_plans_are_there_and_a_change_leaves_the_rest() {
    let home = Home::new();
    let ids = |plans: &[serde_json::Value]| plans.iter().map(|plan| text(&plan["id"])).collect::<Vec<_>>();
    assert_eq!(ids(&home.list("plan list")), ["enterprise", "free", "pro", "scale"]);
    let changed = home.json("plan set free --turns 7 --security-calls-exempt true");
    let expected = serde_json::json!({
        "id": "free", "requests_per_second": 10, "burst": 20, "turns": 7, "relationships": 100,
        "security_calls_exempt": true,
    });
    assert_eq!(changed, expected);
    let made =
        home.json("plan set tiny --requests-per-second 1 --burst 2 --turns unlimited --relationships 3");
    assert_eq!((&made["turns"], &made["security_calls_exempt"]), (&serde_json::Value::Null, &false.into()));
    assert_eq!(ids(&home.list("plan list")), ["enterprise", "free", "pro", "scale", "tiny"]);
}

#[test]
fn a_key_is_shown_once_and_only_its_digest_is_kept() {
    let home = Home::new();
    let id = home.organization("free");
    let made =
        home.json(&format!("api-key create --org {id} --env live --scope 2fa:manage --scope 2fa:read"));
    let key = text(&made["key"]);
    assert!(key.starts_with(&format!("cs_live_{}", text(&made["id"]))), "{key}");
    assert_eq!(key.len(), "cs_live_".len() + 61);
    assert_eq!(made["scopes"], serde_json::json!(["2fa:read", "2fa:manage"]));
    let listed = home.list(&format!("api-key list --org {id}"));
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["id"], listed[0].get("key")), (&made["id"], None));
    let revoked = home.json(&format!("api-key revoke {}", text(&made["id"])));
    assert!(revoked["revoked_at"].is_string());
}

#[test]
fn a_key_that_was_issued_elsewhere_is_taken_over_once() {
    let home = Home::new();
    let id = home.organization("free");
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest("cs_live_issued-elsewhere"));
    let line = format!("api-key import --org {id} --env live --scope 2fa:read --digest {digest}");
    assert_eq!(home.json(&line)["environment"], "live");
    let again = home.run(&line);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("there already"), "{}", again.stderr);
}

#[test]
fn a_token_lives_as_long_as_it_is_told() {
    let home = Home::new();
    let id = home.organization("free");
    let minted = home.json(&format!("token mint --org {id} --user alice --ttl 2h --env test"));
    let claims = text(&minted["token"]).split('.').nth(1).unwrap().to_owned();
    let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 7_200);
    assert_eq!(
        (&claims["sub"], &claims["org_id"], &claims["env"]),
        (&"alice".into(), &id.into(), &"test".into())
    );
    let too_long = home.run(&format!("token mint --org {} --user alice --ttl 25h", text(&claims["org_id"])));
    assert_eq!(too_long.code, 1);
}

#[test]
fn tables_go_up_and_down() {
    let home = Home::new();
    let up = home.list("migrate up");
    assert!(!up.is_empty() && up.iter().all(|one| one["state"] == "applied"));
    let down = home.list("migrate down");
    assert_eq!(down.last().unwrap()["state"], "pending");
    assert_eq!(home.list("migrate status"), down);
    assert_eq!(home.list("migrate up"), up);
}

#[test]
fn a_key_ring_is_made_once_and_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::new();
    assert_eq!(home.json("keyring generate --file ring.json")["file"], "ring.json");
    let path = home.path().join("ring.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let ring = std::fs::read(&path).unwrap();
    let again = home.run("keyring generate --file ring.json");
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("not overwritten"), "{}", again.stderr);
    assert_eq!(std::fs::read(&path).unwrap(), ring);
}

#[test]
fn the_openapi_document_names_the_set_up() {
    let home = Home::new();
    let document = home.json("openapi");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/me/2fa/setup"]["post"].is_object());
    assert!(!home.path().join("countersign-data").exists());
}

#[test]
fn shells_are_told_what_can_be_typed() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = home.run(&format!("completions {shell}"));
        assert_eq!(ran.code, 0);
        assert!(ran.stdout.contains("api-key"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let mut child = home
        .command(["openapi"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}
