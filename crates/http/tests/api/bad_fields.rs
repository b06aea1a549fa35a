//! Fields that are missing, unknown, of the wrong type or not acceptable.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Answer, Call, World};

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
}

#[track_caller]
fn expect(answer: &Answer, problems: &[(&str, &str)]) {
    assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{}", answer.text());
    assert_eq!(answer.problems(), pairs(problems));
}

async fn setup(world: &World, body: &Value) -> Answer {
    world.send(&Call::setup().json(body.to_string())).await
}

async fn verify(world: &World, body: &Value) -> Answer {
    // No test here is about the rate.
    world.clock.advance(Duration::from_secs(1));
    world.send(&Call::post("/v1/me/2fa/verify-setup").token("alice").json(body.to_string())).await
}

#[tokio::test]
async fn every_problem_is_told_at_once() {
    let world = World::new().await;
    expect(
        &verify(&world, &json!({"setup_id": "x", "status": "enabled", "code ": 1})).await,
        &[
            ("/code", "required"),
            ("/setup_id", "not_acceptable"),
            ("/code ", "unknown_field"),
            ("/status", "unknown_field"),
        ],
    );
}

#[tokio::test]
async fn callers_cannot_choose_what_we_choose() {
    let world = World::new().await;
    for (field, value) in [
        ("secret", json!("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")),
        ("digits", json!(4)),
        ("period", json!(3_600)),
        ("algorithm", json!("MD5")),
        ("window", json!(100)),
        ("org_id", json!("x")),
        ("user_id", json!("bob")),
        ("last_step", json!(1)),
        ("is_admin", json!(true)),
        ("timestamp", json!(1)),
        ("__proto__", json!({"admin": true})),
        ("access_token", json!("alice")),
    ] {
        let answer = setup(&world, &json!({ field: value })).await;
        expect(&answer, &[(&format!("/{field}"), "unknown_field")]);
    }
}

#[tokio::test]
async fn a_code_is_a_string_of_as_many_ascii_digits_as_the_authenticator_shows() {
    let world = World::new().await;
    assert_eq!(world.send(&Call::setup()).await.status, 200);
    for code in [
        "",
        "12345",
        "1234567",
        "123456789",
        "+12345",
        "-12345",
        " 12345",
        "12345 ",
        "12345\n",
        "1_2345",
        "0x1234",
        "1e5000",
        "123 456",
        "\u{0661}\u{0662}\u{0663}\u{0664}\u{0665}\u{0666}",
        "\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}",
        "\u{0967}\u{0968}\u{0969}\u{096a}\u{096b}\u{096c}",
        "\u{1d7d9}\u{1d7da}\u{1d7db}\u{1d7dc}\u{1d7dd}\u{1d7de}",
        "12\u{200d}3456",
        "12345\u{0}",
        "123456\u{0}",
    ] {
        expect(&verify(&world, &json!({"code": code})).await, &[("/code", "not_acceptable")]);
    }
    for code in
        [json!(123_456), json!(["000000", "000001"]), json!({"code": "123456"}), json!(true), json!(null)]
    {
        expect(&verify(&world, &json!({"code": code})).await, &[("/code", "wrong_type")]);
    }
    let long = "1".repeat(7_000);
    expect(&verify(&world, &json!({"code": long})).await, &[("/code", "not_acceptable")]);
    // None of them was an attempt.
    let answer = verify(&world, &json!({"code": "000000"})).await;
    assert_eq!(answer.json()["error"]["details"]["attempts_left"], 4);
}

#[tokio::test]
async fn a_setup_id_is_a_ulid() {
    let world = World::new().await;
    for id in ["", "x", "01JD000000000000000000000", "../../x", "01JD00000000000000000000000", "' OR 1=1 --"]
    {
        let answer = verify(&world, &json!({"code": "123456", "setup_id": id})).await;
        expect(&answer, &[("/setup_id", "not_acceptable")]);
    }
    expect(&verify(&world, &json!({"code": "123456", "setup_id": 7})).await, &[("/setup_id", "wrong_type")]);
}

#[tokio::test]
async fn hidden_and_too_long_account_names_are_refused() {
    let world = World::new().await;
    for name in [
        String::new(),
        "x".repeat(129),
        "a\nb".into(),
        "a\tb".into(),
        "a\u{0}b".into(),
        "a\u{7f}b".into(),
        "a\u{202e}b".into(),
        "a\u{2066}b".into(),
        "a\u{2028}b".into(),
        "x".repeat(4_000),
    ] {
        expect(&setup(&world, &json!({"account_name": name})).await, &[("/account_name", "not_acceptable")]);
    }
    for name in [json!(1), json!(["a"]), json!({}), json!(false)] {
        expect(&setup(&world, &json!({"account_name": name})).await, &[("/account_name", "wrong_type")]);
    }
    assert_eq!(world.hasher.calls(), 0);
}

#[tokio::test]
async fn an_account_name_cannot_add_to_the_uri() {
    for name in ["a:b", "x&secret=AAAA&issuer=evil", "?", "#", "%00", "\u{1f600}", "a/b", "\"'<>"] {
        let world = World::new().await;
        let answer = setup(&world, &json!({"account_name": name})).await;
        assert_eq!(answer.status, 200, "{name}");
        let answer = answer.json();
        let uri = answer["otpauth_uri"].as_str().unwrap();
        assert_eq!(uri.matches("secret=").count(), 1, "{uri}");
        assert_eq!(uri.matches('?').count(), 1, "{uri}");
        assert_eq!(uri.matches('#').count(), 0, "{uri}");
        assert_eq!(uri.matches(':').count(), 2, "{uri}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_fit_into_a_qr_code_is_refused_before_anything_is_made() {
    use countersign_domain::identity::OrganizationName;
    use countersign_testkit::build::organization;

    let name = OrganizationName::new(&"\u{1f600}".repeat(100)).unwrap();
    let organization = countersign_domain::admission::organization::Organization { name, ..organization() };
    let world = World::planned(super::support::world::Plan { organization, ..Default::default() }).await;
    let long = json!({"account_name": "\u{1f600}".repeat(128)});
    expect(&setup(&world, &long).await, &[("/account_name", "not_acceptable")]);
    assert_eq!(world.hasher.calls(), 0);
    assert_eq!(world.send(&Call::setup()).await.status, 200);
}

#[tokio::test]
async fn what_a_client_sent_is_not_repeated_to_it() {
    let world = World::new().await;
    let canary = "CANARY<script>";
    for answer in [
        setup(&world, &json!({"account_name": format!("{canary}\n")})).await,
        verify(&world, &json!({"code": canary, "setup_id": canary})).await,
        world.send(&Call::post("/v1/me/2fa/setup").token("CANARY")).await,
        world.send(&Call::get("/CANARY?CANARY")).await,
    ] {
        assert!(!answer.text().contains("CANARY"), "{}", answer.text());
    }
}
