//! The same digests as the C library of the system, an implementation that shares nothing with this one or
//! with the `bcrypt` crate. It is reached through Perl, whose `crypt` hands the work to it.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use countersign_bcrypt_lanes::{Cost, Digest, Job, Password, Salt, hash_all};

/// Reads lines of a password in hexadecimal and a text of salt, and prints what `crypt` makes of them.
const PROGRAM: &str = r#"
while (<STDIN>) {
    my ($password, $salt) = split;
    print crypt(pack("H*", substr($password, 1)), $salt) // "failed", "\n";
}
"#;

/// Runs `crypt` for each password with the salt of the digest's text.
fn crypt(inputs: &[(Vec<u8>, String)]) -> Vec<String> {
    let mut perl = Command::new("perl")
        .args(["-e", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect(
            "this test needs perl, which is the package perl-base in Debian, and a libcrypt that knows $2b$",
        );
    let mut lines = String::new();
    for (password, text) in inputs {
        // The letter stands for the start of a password that may be empty.
        let hexadecimal = password.iter().fold("x".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        writeln!(lines, "{hexadecimal} {text}").unwrap();
    }
    perl.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = perl.wait_with_output().unwrap();
    assert!(output.status.success(), "perl failed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Passwords of each length, of any byte but zero, at which C ends a string.
fn passwords() -> Vec<Vec<u8>> {
    let byte = |length: usize, place: usize| u8::try_from((length * 73 + place * 151) % 255 + 1).unwrap();
    (0..=72).map(|length| (0..length).map(|place| byte(length, place)).collect()).collect()
}

fn jobs(passwords: &[Vec<u8>]) -> Vec<Job<'_>> {
    let salt = |number: u8| {
        Salt(
            [101, 3, 57, 11]
                .repeat(4)
                .try_into()
                .map(|salt: [u8; 16]| salt.map(|byte| byte ^ number))
                .unwrap(),
        )
    };
    let numbered = (0_u8..).zip(passwords);
    numbered
        .map(|(number, password)| Job { password: Password::new(password).unwrap(), salt: salt(number) })
        .collect()
}

#[test]
fn libcrypt_verifies_the_digests() {
    let passwords = passwords();
    for cost in [4, 5, 7].map(|factor| Cost::new(factor).unwrap()) {
        let digests = hash_all(cost, &jobs(&passwords));
        let texts: Vec<_> = digests.iter().map(Digest::to_string_2b).collect();
        let inputs: Vec<_> = passwords.iter().cloned().zip(texts.iter().cloned()).collect();
        assert_eq!(crypt(&inputs), texts);
    }
}

#[test]
fn digests_of_libcrypt_verify() {
    let inputs: Vec<_> = ["", "correct horse", "\u{1f40e}", "\u{fc}"]
        .into_iter()
        .flat_map(|password| ["$2a$", "$2b$", "$2y$"].map(|version| (password, version)))
        .map(|(password, version)| {
            (password.as_bytes().to_vec(), format!("{version}06$abcdefghijklmnopqrstuu"))
        })
        .collect();
    let texts = crypt(&inputs);
    assert_eq!(texts.len(), 12);
    for ((password, _), text) in inputs.iter().zip(texts) {
        let digest = Digest::parse(&text, Cost::MIN..=Cost::MAX).unwrap();
        assert!(digest.verify(Password::new(password).unwrap()), "{text}");
    }
}
