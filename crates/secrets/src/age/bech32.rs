//! Bech32 (BIP 173), as far as age's recipients need it: small letters, and any length.

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
const CHECKSUM_SYMBOLS: usize = 6;

/// The 32 bytes behind `prefix`; `None` when the text is none, or was mistyped.
pub(super) fn decode(prefix: &str, text: &str) -> Option<[u8; 32]> {
    let symbols = text.strip_prefix(prefix)?.strip_prefix('1')?;
    let values: Vec<u8> = symbols.bytes().map(value).collect::<Option<_>>()?;
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(values.iter().copied());
    let (data, _) = values.split_at_checked(values.len().checked_sub(CHECKSUM_SYMBOLS)?)?;
    if polymod(all) == 1 { bytes(data) } else { None }
}

fn value(symbol: u8) -> Option<u8> {
    ALPHABET.iter().position(|letter| *letter == symbol)?.try_into().ok()
}

fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    values.fold(1, |sum: u32, value| {
        let shifted = ((sum & 0x01ff_ffff) << 5) ^ u32::from(value);
        let terms = GENERATOR.iter().zip(0..).filter(|(_, bit)| (sum >> 25 >> bit) & 1 == 1);
        terms.fold(shifted, |sum, (term, _)| sum ^ term)
    })
}

/// Five bits of each value, with zeros behind the last byte.
fn bytes(values: &[u8]) -> Option<[u8; 32]> {
    let (mut held, mut bits, mut bytes) = (0_u16, 0_u32, Vec::with_capacity(32));
    for value in values {
        held = (held << 5) | u16::from(*value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            let [_, byte] = (held >> bits).to_be_bytes();
            bytes.push(byte);
        }
    }
    let left_over = held & ((1 << bits) - 1);
    if bits < 5 && left_over == 0 { bytes.try_into().ok() } else { None }
}
