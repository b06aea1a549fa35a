//! What is kept of a call.

use std::fmt;

use zeroize::Zeroizing;

/// An answer as whoever gives it writes it. It may show secrets: it is wiped when dropped, and never shown by `Debug`.
pub struct Answer(Zeroizing<Vec<u8>>);

impl Answer {
    /// From its bytes.
    pub const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes, for sealing.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be given again.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_answer() {
        let answer = Answer::new(Zeroizing::new(b"backup codes".to_vec()));
        assert_eq!(format!("{answer:?}"), "Answer([redacted])");
    }
}
