//! Many at once: exactly one wins.

use countersign_testkit::on_every_engine;
use futures_util::future::join_all;

use crate::support::authenticator::code;
use crate::support::{Answer, Engine, Home, text};

on_every_engine!(
    Engine;
    of_many_right_codes_at_once_exactly_one_turns_2fa_on,
    of_many_set_ups_at_once_exactly_one_hashes,
);

const CONTENDERS: usize = 64;

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status.as_u16() == status).count()
}

async fn of_many_right_codes_at_once_exactly_one_turns_2fa_on(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve("serve");
    let token = server.demo_token();
    let code = code(&text(&server.setup(&token).await.body()["secret"]));
    let answers = join_all((0..CONTENDERS).map(|_| server.verify_setup(&token, &code))).await;
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, CONTENDERS - 1), "{answers:?}");
    for lost in answers.iter().filter(|answer| answer.status == 409) {
        assert_eq!(lost.body()["error"]["details"]["reason"], "already_enabled");
    }
    assert_eq!(server.state(&token).await, "enabled");
}

async fn of_many_set_ups_at_once_exactly_one_hashes(engine: Engine) {
    let home = Home::on(engine);
    // At this cost the first set-up is still being hashed when the last one comes.
    let server = home.serve_with(&[("COUNTERSIGN_HASHING__COST", "12")], "serve");
    let token = server.demo_token();
    let answers = join_all((0..CONTENDERS).map(|_| server.setup(&token))).await;
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, CONTENDERS - 1), "{answers:?}");
    for lost in answers.iter().filter(|answer| answer.status == 409) {
        assert_eq!(lost.body()["error"]["details"]["reason"], "setup_in_progress");
    }
    assert_eq!(server.state(&token).await, "pending");
    let won = answers.iter().find(|answer| answer.status == 200).unwrap().body();
    let verified = server.verify_setup(&token, &code(&text(&won["secret"]))).await;
    assert_eq!(verified.body()["state"], "enabled", "{}", verified.text);
}
