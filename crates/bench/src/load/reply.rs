//! Where a reply ends.

use std::io;

/// The most header lines of a reply.
const HEADERS: usize = 32;

/// A reply that is there as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Where its body begins.
    pub(crate) body: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

/// The reply at the beginning of `bytes`; `None` while a part of it is missing.
pub(crate) fn find(bytes: &[u8]) -> io::Result<Option<Reply>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let Ok(parsed) = head.parse(bytes) else { return Err(unreadable("a reply that is not HTTP")) };
    let httparse::Status::Complete(body) = parsed else { return Ok(None) };
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let end = body.saturating_add(length.ok_or_else(|| unreadable("a reply without its length"))?);
    let status = head.code.ok_or_else(|| unreadable("a reply without a status"))?;
    Ok((bytes.len() >= end).then_some(Reply { status, body, end }))
}

fn unreadable(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}";

    #[test]
    fn a_reply_is_found_when_its_last_byte_is_there() {
        for end in 0..REPLY.len() {
            assert_eq!(find(&REPLY[..end]).unwrap(), None, "{end}");
        }
        let whole = Reply { status: 429, body: REPLY.len() - 2, end: REPLY.len() };
        assert_eq!(find(REPLY).unwrap(), Some(whole));
        assert_eq!(find(&[REPLY, b"HTTP"].concat()).unwrap(), Some(whole));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(find(b"SMTP ready\r\n\r\n").is_err());
        assert!(find(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
