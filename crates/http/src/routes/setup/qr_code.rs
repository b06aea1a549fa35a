//! The QR code of an `otpauth` URI (ISO/IEC 18004) as a small SVG image.

use std::fmt::Write as _;

use data_encoding::BASE64;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

/// Light modules on each side (ISO/IEC 18004, section 5.3.8).
const QUIET_ZONE: usize = 4;
/// The bytes of the largest code: version 40 at level L.
const MOST_BYTES: usize = 2_953;
/// The bytes of an `otpauth` URI beside issuer and account, rounded up.
const FIXED_BYTES: usize = 128;

/// Whether a URI with these names fits into a QR code. Names of users who gave none always fit: three times their 128
/// ASCII characters beside twice the twelve hundred bytes of the longest name of an organization.
pub(super) fn has_room(organization: &str, account: &str) -> bool {
    let names = 2 * encoded_length(organization) + encoded_length(account);
    names + FIXED_BYTES <= MOST_BYTES
}

/// Bytes of `text` with everything but unreserved characters percent-encoded.
fn encoded_length(text: &str) -> usize {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { 1 } else { 3 }).sum()
}

/// A data URI of the SVG image. Level M corrects 15 % of damage; a long URI gets what fits.
pub(super) fn data_uri(content: &str) -> Result<Zeroizing<String>, QrError> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M)
        .or_else(|_| QrCode::with_error_correction_level(content, EcLevel::L))?;
    let svg = svg(&code);
    Ok(Zeroizing::new(format!(
        "data:image/svg+xml;base64,{}",
        *Zeroizing::new(BASE64.encode(svg.as_bytes()))
    )))
}

/// One path that strokes each run of dark modules: a third of the size of one shape for each module.
fn svg(code: &QrCode) -> Zeroizing<String> {
    let width = code.width();
    let colors =
        Zeroizing::new(code.to_colors().iter().map(|color| *color == Color::Dark).collect::<Vec<_>>());
    let side = width + 2 * QUIET_ZONE;
    // Room for a run of one module everywhere, so that no copy of a part is left behind.
    let mut svg = Zeroizing::new(String::with_capacity(512 + 8 * width * width));
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path stroke=\"#000\" d=\""
    );
    for (row, modules) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in modules.chunk_by(|left, right| left == right) {
            if run.first() == Some(&true) {
                let _ = write!(svg, "M{} {}.5h{}", x + QUIET_ZONE, row + QUIET_ZONE, run.len());
            }
            x += run.len();
        }
    }
    svg.push_str("\"/></svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example\
                       &algorithm=SHA1&digits=6&period=30";

    fn image(uri: &str) -> String {
        let encoded = uri.strip_prefix("data:image/svg+xml;base64,").unwrap();
        String::from_utf8(BASE64.decode(encoded.as_bytes()).unwrap()).unwrap()
    }

    /// What a camera reads: each module as four by four dots.
    fn scan(svg: &str) -> String {
        let side: usize =
            svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let mut dark = vec![false; side * side];
        let path = svg.split("stroke=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        for run in path.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, length) = rest.split_once(".5h").unwrap();
            let [x, y, length] = [x, y, length].map(|number| number.parse::<usize>().unwrap());
            dark[y * side + x..y * side + x + length].fill(true);
        }
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side * 4, side * 4, |x, y| {
            if dark[(y / 4) * side + x / 4] { 0 } else { 255 }
        });
        picture.detect_grids().first().unwrap().decode().unwrap().1
    }

    #[test]
    fn a_camera_reads_the_uri() {
        let uri = data_uri(URI).unwrap();
        assert_eq!(scan(&image(&uri)), URI);
        assert!(uri.len() < 12_000, "{} bytes", uri.len());
    }

    #[test]
    fn the_longest_names_that_have_room_fit() {
        let name = "\u{1F600}".repeat(100);
        assert!(has_room(&name, &"+".repeat(128)));
        assert!(!has_room(&name, &"\u{1F600}".repeat(128)));
        let longest = format!("{URI}{}", "%".repeat(MOST_BYTES - URI.len()));
        assert!(data_uri(&longest).is_ok());
    }
}
