//! An authenticator made of programs that know nothing of us. Without them these tests fail; they are never skipped.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The code that OATH Toolkit computes now.
pub(crate) fn code(secret: &str) -> String {
    run("oathtool", &["--totp", "--base32", secret], b"").trim().to_owned()
}

/// The code of the step after the present one, which the server accepts already.
pub(crate) fn next_code(secret: &str) -> String {
    run("oathtool", &["--totp", "--base32", "--now", "30 seconds", secret], b"").trim().to_owned()
}

/// What a scanner reads from the picture in a data URI with SVG.
pub(crate) fn scan(data_uri: &str) -> String {
    let encoded = data_uri.strip_prefix("data:image/svg+xml;base64,").expect("an SVG as a data URI");
    let svg = data_encoding::BASE64.decode(encoded.as_bytes()).unwrap();
    let picture = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    let path = picture.path().to_str().unwrap();
    // Scaled up as a screen would, with the white of a page around it.
    run("rsvg-convert", &["--width", "600", "--background-color", "white", "--output", path], &svg);
    run("zbarimg", &["--quiet", "--raw", path], b"").trim().to_owned()
}

fn run(program: &str, arguments: &[&str], input: &[u8]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("{program} is needed ({error}); install it: apt-get install oathtool zbar-tools librsvg2-bin")
    });
    // A program that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
