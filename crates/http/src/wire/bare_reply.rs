//! Recognises the replies that actix-http writes itself.

/// A reply of actix-http itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BareReply {
    /// Where it begins in the buffer; it ends with the buffer.
    pub(super) start: usize,
    /// Its status.
    pub(super) status: u16,
    /// Its `Date`.
    pub(super) date: Option<String>,
}

const END: &[u8] = b"\r\n\r\n";
const BEGINNING: &[u8] = b"HTTP/1.";
/// Such heads are short: a status line, a length, a connection option and a date.
const LONGEST: usize = 512;

/// The bare reply at the end of what is to be written. Our own answers all have a request id, and no body of ours
/// ends like a head: JSON has no raw line breaks, and assets do not end in an HTTP head.
pub(super) fn find(buffer: &[u8]) -> Option<BareReply> {
    if !buffer.ends_with(END) {
        return None;
    }
    let tail_start = buffer.len().saturating_sub(LONGEST);
    let tail = buffer.get(tail_start..)?;
    let offset = tail.windows(BEGINNING.len()).rposition(|window| window == BEGINNING)?;
    let head = tail.get(offset..)?;

    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut reply = httparse::Response::new(&mut headers);
    let complete = reply.parse(head).is_ok_and(|status| status == httparse::Status::Complete(head.len()));
    let status = reply.code.filter(|code| complete && (400..=599).contains(code))?;
    let header = |name: &str| {
        let found = reply.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let is_bare = header("x-request-id").is_none() && header("content-length") == Some("0");
    is_bare.then(|| BareReply {
        start: tail_start.saturating_add(offset),
        status,
        date: header("date").map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str =
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: D\r\n\r\n";

    #[test]
    fn a_bare_reply_is_found_alone_and_behind_an_answer() {
        let answer = "HTTP/1.1 200 OK\r\nx-request-id: 1\r\ncontent-length: 2\r\n\r\n{}";
        for before in ["", answer] {
            let found = find(format!("{before}{BARE}").as_bytes());
            let expected = BareReply { start: before.len(), status: 400, date: Some("D".to_owned()) };
            assert_eq!(found, Some(expected));
        }
    }

    #[test]
    fn our_own_answers_are_left_alone() {
        for own in [
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nX-Request-Id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n",
            "\r\n\r\n",
            "",
        ] {
            assert_eq!(find(own.as_bytes()), None, "{own:?}");
        }
    }

    #[test]
    fn half_a_reply_is_none() {
        for end in 1..BARE.len() {
            assert_eq!(find(&BARE.as_bytes()[..end]), None);
            assert_eq!(find(&BARE.as_bytes()[end..]), None);
        }
    }
}
