//! Several values as one string of bytes, so that no other values give the same string.

use countersign_domain::failure::PortFailure;
use zeroize::Zeroizing;

/// More than any frame of this crate holds. Growing would leave an unwiped copy behind.
const CAPACITY: usize = 1024;

/// A part has more than 65,535 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part of associated data has more than 65535 bytes")]
pub(crate) struct PartTooLong;

impl From<PartTooLong> for PortFailure {
    fn from(cause: PartTooLong) -> Self {
        Self::other(cause)
    }
}

/// Parts, each behind its length as two bytes, the higher one first. Wiped when dropped.
pub(crate) struct Frame(Zeroizing<Vec<u8>>);

impl Frame {
    /// No parts.
    pub(crate) fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(CAPACITY)))
    }

    /// One more part.
    pub(crate) fn part(mut self, part: &[u8]) -> Result<Self, PartTooLong> {
        let length = u16::try_from(part.len()).map_err(|_| PartTooLong)?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(part);
        Ok(self)
    }

    /// One byte, which needs no length.
    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// All of it.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(parts: &[Vec<u8>]) -> Vec<u8> {
        let empty = Frame::new();
        let full = parts.iter().try_fold(empty, |frame, part| frame.part(part)).unwrap();
        full.as_bytes().to_vec()
    }

    #[test]
    fn a_part_stands_behind_its_length() {
        let frame = Frame::new().part(b"ab").unwrap().byte(7).part(b"").unwrap();
        assert_eq!(frame.as_bytes(), [0, 2, b'a', b'b', 7, 0, 0]);
    }

    #[test]
    fn a_part_whose_length_does_not_fit_is_refused() {
        assert!(Frame::new().part(&vec![0; 65_536]).is_err());
    }

    proptest! {
        #[test]
        fn different_parts_never_give_the_same_bytes(
            one in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..4),
            other in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..4),
        ) {
            prop_assert_eq!(one == other, frame(&one) == frame(&other));
        }
    }
}
