//! The first run without any configuration, and the ones after it.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::authenticator::code;
use crate::support::{Home, text};

#[tokio::test]
async fn the_first_run_makes_all_that_is_needed_and_a_token_that_works() {
    let home = Home::new();
    let server = home.serve("serve");
    let data = home.path().join("countersign-data");
    let mode = |name: &str| std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for secret in ["development-keyring.json", "development-token-secret", "countersign.db"] {
        assert_eq!(mode(secret) & 0o077, 0, "{secret}");
    }
    let me = server.get("/v1/me", &server.demo_token()).await;
    assert_eq!(me.status, 200, "{}", me.text);
    let me = me.body();
    assert_eq!(
        (text(&me["user"]["id"]), text(&me["organization"]["name"]), text(&me["plan"]["id"])),
        ("alice".to_owned(), "demo".to_owned(), "scale".to_owned())
    );
    assert_eq!(me["two_factor"]["state"], "disabled");
}

#[tokio::test]
async fn a_second_run_goes_on_with_what_the_first_made() {
    let home = Home::new();
    let first = home.serve("serve");
    let (organization, token) = (first.demo_organization(), first.demo_token());
    first.setup(&token).await;
    assert!(first.stop().0.success());
    let second = home.serve("serve");
    assert_eq!(second.demo_organization(), organization);
    assert_eq!(second.state(&token).await, "pending");
    assert_eq!(home.list("org list").len(), 1);
}

/// What `serve` prints for people, and the process, which serves.
fn greeting(home: &Home) -> (String, std::process::Child) {
    let mut child = home.command(["serve"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let mut seen = String::new();
    while !seen.contains("/v1/me/2fa/verify-setup") {
        seen += &lines.next().expect("the greeting ends with verify-setup").unwrap();
        seen.push('\n');
    }
    // Somebody has to read what the server goes on to log.
    std::thread::spawn(move || lines.for_each(drop));
    (seen, child)
}

#[test]
fn people_are_told_the_addresses_the_token_and_what_to_paste() {
    let home = Home::new();
    let (seen, mut child) = greeting(&home);
    child.kill().unwrap();
    child.wait().unwrap();
    let address = seen.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")).unwrap();
    assert!(!address.ends_with(":0"), "{address}");
    for part in [
        &format!("{address}/\n"),
        &format!("{address}/docs/\n"),
        &format!("{address}/#token=ey"),
        "alice",
        "demo",
        "CODE",
        "countersign-data",
    ] {
        assert!(seen.contains(part), "{part} is missing in {seen}");
    }
}

/// The README's promise to a newcomer.
#[test]
fn the_printed_lines_pasted_into_a_shell_turn_2fa_on() {
    let home = Home::new();
    let (seen, mut child) = greeting(&home);
    let lines: Vec<&str> = seen.lines().filter(|line| line.starts_with("curl ")).collect();
    let [begin, confirm] = lines[..] else { panic!("two lines to paste, not these: {lines:?}") };
    let paste = |line: &str| {
        let output = std::process::Command::new("sh").args(["-c", line]).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let setup = paste(begin);
    let shown = code(setup["secret"].as_str().unwrap_or_else(|| panic!("{setup}")));
    let status = paste(&confirm.replace("CODE", &shown));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(status["state"], "enabled", "{status}");
}

#[test]
fn of_two_first_runs_at_once_one_serves_and_the_other_says_why_not() {
    let home = Home::new();
    let spawn = || {
        let mut command = home.command(["--output", "json", "serve"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let mut children = [spawn(), spawn()];
    // One of them ends by itself; the other one serves for as long as it is left alone.
    let loser = loop {
        let ended = children.iter_mut().position(|child| child.try_wait().unwrap().is_some());
        match ended {
            Some(place) => break place,
            None => std::thread::yield_now(),
        }
    };
    let [first, second] = children;
    let (lost, mut serving) = if loser == 0 { (first, second) } else { (second, first) };
    let mut greeting = String::new();
    let stdout = serving.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut greeting).unwrap();
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(greeting.contains("\"address\""), "{greeting}");
    let lost = lost.wait_with_output().unwrap();
    let says = String::from_utf8(lost.stderr).unwrap();
    assert_eq!(lost.status.code(), Some(1));
    assert!(says.contains("another server uses"), "{says}");
}

#[test]
fn a_second_server_on_one_database_is_refused_with_what_to_do() {
    let home = Home::new();
    let _first = home.serve("serve");
    let second = home.run("serve");
    assert_eq!(second.code, 1);
    assert!(second.stderr.contains("stop the other server"), "{}", second.stderr);
}

#[test]
fn a_port_that_is_taken_is_refused_with_what_to_do_and_nothing_is_made() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = home.run(&format!("serve --listen {address}"));
    assert_eq!(refused.code, 1);
    for part in [&address.to_string(), "--listen"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    assert!(!home.path().join("countersign-data").exists());
}

#[test]
fn development_stays_on_loopback() {
    let home = Home::new();
    let refused = home.run("serve --listen 0.0.0.0:0");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("loopback"), "{}", refused.stderr);
}
