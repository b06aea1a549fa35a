//! The account-security page in a real browser: Chromium, driven by `ChromeDriver`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails by a panic"
)]

mod browser;
#[path = "../support/mod.rs"]
mod support;

use fantoccini::Locator;

use crate::browser::Browser;
use crate::support::Home;
use crate::support::authenticator::{code, scan};

#[tokio::test]
async fn a_person_turns_2fa_on_with_the_page() {
    let home = Home::new();
    let server = home.serve("serve");
    let browser = Browser::open().await;
    let page = browser.page();

    page.goto(&format!("{}/#token={}", server.address(), server.demo_token())).await.unwrap();
    browser.text_becomes("#state", "disabled").await;
    assert_eq!(browser.text("#user").await, "alice");
    assert!(
        !page.current_url().await.unwrap().as_str().contains("token"),
        "the token stays in the address bar"
    );

    browser.click("#start").await;
    page.wait().for_element(Locator::Css("#backup-codes li")).await.unwrap();
    assert_eq!(page.find_all(Locator::Css("#backup-codes li")).await.unwrap().len(), 10);
    let secret = browser.text("#secret").await;
    let picture = page.find(Locator::Css("#qr")).await.unwrap().attr("src").await.unwrap().unwrap();
    assert!(scan(&picture).contains(&secret));

    browser.type_into("#code", "000000").await;
    browser.click("#confirm button").await;
    browser.text_becomes("#message", "That code is not right. Attempts left: 4.").await;

    browser.type_into("#code", &code(&secret)).await;
    browser.click("#confirm button").await;
    browser.text_becomes("#message", "Two-factor authentication is on.").await;
    assert_eq!(
        (browser.text("#state").await, browser.text("#codes-left").await),
        ("enabled".into(), "10".into())
    );
    assert!(!page.source().await.unwrap().contains(&secret), "the secret is still in the page");
    assert_eq!(server.state(&server.demo_token()).await, "enabled");
    browser.close().await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_explained_and_another_can_be_given() {
    let home = Home::new();
    let server = home.serve("serve");
    let browser = Browser::open().await;
    browser.page().goto(&server.address()).await.unwrap();
    browser.type_into("#token", "nonsense").await;
    browser.click("#sign-in button").await;
    browser.text_contains("#message", "the token is not valid").await;
    browser.type_into("#token", &server.demo_token()).await;
    browser.click("#sign-in button").await;
    browser.text_becomes("#state", "disabled").await;
    browser.close().await;
}
