//! Rate and quota, from the plan to the headers.

use countersign_testkit::on_every_engine;

use crate::support::authenticator::code;
use crate::support::{Engine, Home, text};

on_every_engine!(
    Engine;
    a_used_up_quota_stops_new_set_ups_and_nothing_else,
    a_plan_may_exempt_security_calls_from_quota,
    an_organization_that_calls_too_fast_is_told_when_to_come_back,
    a_user_cannot_begin_set_ups_without_end,
);

const RATE: [&str; 5] =
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-policy", "ratelimit"];
const QUOTA: [&str; 5] = [
    "x-quota-turns-used",
    "x-quota-turns-limit",
    "x-quota-relationships-active",
    "x-quota-relationships-limit",
    "x-quota-reset",
];

async fn a_used_up_quota_stops_new_set_ups_and_nothing_else(engine: Engine) {
    let home = Home::on(engine);
    home.json("plan set small --requests-per-second 50 --burst 50 --turns 5 --relationships 9");
    let organization = home.organization("small");
    let (alice, bob) = (home.token(&organization, "alice"), home.token(&organization, "bob"));
    let server = home.serve("serve");
    let secret = text(&server.setup(&alice).await.body()["secret"]);

    let usage = format!("organization,event_id,turns\n{organization},e,5\n");
    assert_eq!(home.run_with_input("usage record -", &usage).code, 0);

    let refused = server.setup(&bob).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (429, "quota_exhausted"));
    assert_eq!(refused.body()["error"]["details"]["component"], "turns");
    for header in RATE.iter().chain(&QUOTA).chain(&["retry-after"]) {
        assert!(refused.header(header).is_some(), "{header} is missing");
    }
    let quota = QUOTA[..4].iter().map(|header| refused.header(header).unwrap()).collect::<Vec<_>>();
    assert_eq!(quota, ["5", "5", "0", "9"]);

    let verified = server.verify_setup(&alice, &code(&secret)).await;
    assert_eq!(verified.body()["state"], "enabled", "{}", verified.text);
}

async fn a_plan_may_exempt_security_calls_from_quota(engine: Engine) {
    let home = Home::on(engine);
    home.json(
        "plan set small --requests-per-second 50 --burst 50 --turns 0 --relationships 9 --security-calls-exempt true",
    );
    let token = home.token(&home.organization("small"), "alice");
    let server = home.serve("serve");
    let setup = server.setup(&token).await;
    assert_eq!(setup.status, 200, "{}", setup.text);
}

async fn an_organization_that_calls_too_fast_is_told_when_to_come_back(engine: Engine) {
    let home = Home::on(engine);
    home.json("plan set slow --requests-per-second 1 --burst 2 --turns unlimited --relationships unlimited");
    let token = home.token(&home.organization("slow"), "alice");
    let server = home.serve("serve");
    // Two tokens and one a second: of so many calls one is refused, however slow the machine is.
    let mut refused = None;
    for _ in 0..100 {
        let answer = server.get("/v1/me/2fa", &token).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.header("x-ratelimit-limit"), Some("1"));
    }
    let refused = refused.expect("a call is refused");
    assert_eq!(refused.code(), "rate_limit_exceeded");
    for header in RATE {
        assert!(refused.header(header).is_some(), "{header} is missing");
    }
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    // An unlimited plan has no limits to tell.
    for (header, is_told) in QUOTA.iter().zip([true, false, true, false, true]) {
        assert_eq!(refused.header(header).is_some(), is_told, "{header}");
    }
}

async fn a_user_cannot_begin_set_ups_without_end(engine: Engine) {
    let home = Home::on(engine);
    let server = home.serve_with(&[("COUNTERSIGN_TWO_FACTOR__SETUPS", "2")], "serve");
    let token = server.demo_token();
    for _ in 0..2 {
        assert_eq!(server.setup(&token).await.status, 200);
    }
    let refused = server.setup(&token).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (429, "rate_limit_exceeded"));
}
