//! What was answered survives the loss of the process.

use countersign_testkit::on_every_engine;

use crate::support::authenticator::code;
use crate::support::{Engine, Home, text};

on_every_engine!(
    Engine;
    a_set_up_that_was_answered_is_still_pending_and_can_be_confirmed,
    a_confirmation_that_was_answered_is_still_in_force,
);

/// How often each loss is tried.
fn rounds() -> u32 {
    std::env::var("COUNTERSIGN_TEST_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

async fn a_set_up_that_was_answered_is_still_pending_and_can_be_confirmed(engine: Engine) {
    let home = Home::on(engine);
    let mut server = home.serve("serve");
    for round in 0..rounds() {
        let token = home.token(&server.demo_organization(), &format!("user-{round}"));
        let setup = server.setup(&token).await;
        server.kill();
        assert_eq!(setup.status, 200, "{}", setup.text);
        server = home.serve("serve");
        assert_eq!(server.state(&token).await, "pending", "round {round}");
        let verified = server.verify_setup(&token, &code(&text(&setup.body()["secret"]))).await;
        assert_eq!(verified.status, 200, "round {round}: {}", verified.text);
    }
}

async fn a_confirmation_that_was_answered_is_still_in_force(engine: Engine) {
    let home = Home::on(engine);
    let mut server = home.serve("serve");
    for round in 0..rounds() {
        let token = home.token(&server.demo_organization(), &format!("user-{round}"));
        let secret = text(&server.setup(&token).await.body()["secret"]);
        let verified = server.verify_setup(&token, &code(&secret)).await;
        server.kill();
        assert_eq!(verified.status, 200, "{}", verified.text);
        server = home.serve("serve");
        assert_eq!(server.state(&token).await, "enabled", "round {round}");
        // The step that confirmed it stays spent.
        assert_eq!(server.verify_setup(&token, &code(&secret)).await.status, 409);
    }
}
