//! The commands of the guides, run as they stand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails by a panic"
)]

#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;

use crate::support::{Home, text};

const GUIDES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides");

/// The shell blocks of a page, one after the other.
fn commands(page: &Path) -> String {
    let text = std::fs::read_to_string(page).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect()
}

/// Where programs are looked for, the one under test first.
fn path_with_countersign() -> std::ffi::OsString {
    let ours = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&others))).unwrap()
}

/// Runs a guide in an empty folder against a server of its own.
fn follow(guide: &str) {
    let home = Home::new();
    let server = home.serve("serve");
    let scopes = "--scope 2fa:read --scope 2fa:verify --scope 2fa:manage --scope 2fa:reset --scope policy:manage \
         --scope usage:read --scope usage:write --scope webhooks:manage";
    let key = home.json(&format!("api-key create --org {} --env live {scopes}", server.demo_organization()));
    let script = commands(&Path::new(GUIDES).join(guide));
    assert!(script.contains("curl"), "{guide} has no commands");
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new("sh")
        .args(["-eux", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path_with_countersign())
        .env("COUNTERSIGN_DATA_DIR", home.path().join("countersign-data"))
        .env("COUNTERSIGN", server.address())
        .env("API_KEY", text(&key["key"]))
        .env("ORGANIZATION", server.demo_organization())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{guide}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn every_guide_is_followed_by_a_test() {
    let mut pages: Vec<_> = std::fs::read_dir(GUIDES)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    pages.sort();
    let followed = [
        "billing-quota.md",
        "import.md",
        "lost-phone.md",
        "require-2fa.md",
        "rotate-keys.md",
        "sign-in.md",
        "step-up.md",
        "webhooks.md",
    ];
    assert_eq!(pages, followed);
}

#[test]
fn an_import_from_another_system() {
    follow("import.md");
}

#[test]
fn two_factor_authentication_at_sign_in() {
    follow("sign-in.md");
}

#[test]
fn webhooks() {
    follow("webhooks.md");
}

#[test]
fn a_step_up_before_a_payment() {
    follow("step-up.md");
}

#[test]
fn two_factor_authentication_for_everybody() {
    follow("require-2fa.md");
}

#[test]
fn a_lost_phone() {
    follow("lost-phone.md");
}

#[test]
fn keys_are_rotated() {
    follow("rotate-keys.md");
}

#[test]
fn a_quota_that_is_metered() {
    follow("billing-quota.md");
}
