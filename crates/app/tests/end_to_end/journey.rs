//! From the first run to 2FA that is on.

use countersign_testkit::on_every_engine;
use serde_json::Value;

use crate::support::authenticator::{code, scan};
use crate::support::{Engine, Home, text};

on_every_engine!(
    Engine;
    the_code_of_another_program_turns_2fa_on,
    a_scanned_picture_leads_to_the_same_code,
    live_and_test_data_of_one_user_are_apart,
    the_document_that_is_printed_is_the_one_that_is_served,
);

async fn the_code_of_another_program_turns_2fa_on(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let token = server.demo_token();
    assert_eq!(server.state(&token).await, "disabled");

    let setup = server.setup(&token).await;
    assert_eq!(setup.status, 200, "{}", setup.text);
    assert_eq!(server.state(&token).await, "pending");

    let verified = server.verify_setup(&token, &code(&text(&setup.body()["secret"]))).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
    assert_eq!(verified.body()["state"], "enabled");
    let status = server.get("/v1/me/2fa", &token).await.body();
    assert_eq!((&status["state"], &status["backup_codes_remaining"]), (&"enabled".into(), &10.into()));

    let again = server.setup(&token).await;
    assert_eq!(
        (again.status.as_u16(), &again.body()["error"]["details"]["reason"]),
        (409, &"already_enabled".into())
    );
}

async fn a_scanned_picture_leads_to_the_same_code(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let token = server.demo_token();
    let setup = server.setup(&token).await.body();
    let scanned = scan(&text(&setup["qr_code"]));
    assert_eq!(scanned, text(&setup["otpauth_uri"]));
    let parameter = |name: &str| {
        let (_, rest) = scanned.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    assert_eq!(
        ["issuer", "algorithm", "digits", "period"].map(parameter),
        ["demo", "SHA1", "6", "30"].map(str::to_owned)
    );
    let verified = server.verify_setup(&token, &code(&parameter("secret"))).await;
    assert_eq!(verified.body()["state"], "enabled", "{}", verified.text);
}

async fn live_and_test_data_of_one_user_are_apart(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let organization = server.demo_organization();
    let minted = home.json(&format!("token mint --org {organization} --user alice --env test"));
    let (live, test) = (server.demo_token(), text(&minted["token"]));
    let setup = server.setup(&test).await.body();
    let verified = server.verify_setup(&test, &code(&text(&setup["secret"]))).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
    assert_eq!(
        (server.state(&test).await, server.state(&live).await),
        ("enabled".to_owned(), "disabled".to_owned())
    );
}

async fn the_document_that_is_printed_is_the_one_that_is_served(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let document: Value = server.call(reqwest::Method::GET, "/openapi.json", None, None).await.body();
    assert_eq!(home.json("openapi"), document);
}
