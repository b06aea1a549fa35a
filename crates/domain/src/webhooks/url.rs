//! Where a webhook is sent to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How it is sent there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Over TLS.
    Https,
}

/// The host of a URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// A name, in lower case.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// An absolute URL in a plain spelling, which every reader of URLs takes alike: `http` or `https`, a name or an address
/// without shorthand, at most 2,048 printable ASCII characters, no credentials and no fragment.
///
/// Its path and query may hold a credential of the receiver's, so `Debug` shows the host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    scheme: Scheme,
    host: Host,
}

/// The text is not acceptable as a webhook's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a webhook's URL is https:// with a host, perhaps a port, a path and a query: at most 2048 printable ASCII \
     characters, without user name, password or fragment"
)]
pub struct NotAWebhookUrl;

impl WebhookUrl {
    /// The longest URL, in bytes.
    pub const MAX_LENGTH: usize = 2_048;

    /// Validates `text`.
    pub fn new(text: &str) -> Result<Self, NotAWebhookUrl> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}".contains(&byte));
        if text.len() > Self::MAX_LENGTH || !plain {
            return Err(NotAWebhookUrl);
        }
        let (scheme, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (Scheme::Https, rest),
            (None, Some(rest)) => (Scheme::Http, rest),
            (None, None) => return Err(NotAWebhookUrl),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let host = rest.get(..end).and_then(host).ok_or(NotAWebhookUrl)?;
        Ok(Self { text: text.to_owned(), scheme, host })
    }

    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it is sent.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    pub const fn host(&self) -> &Host {
        &self.host
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({:?}, {:?})", self.scheme, self.host)
    }
}

/// The host of an authority: what stands before the path.
fn host(authority: &str) -> Option<Host> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address = address.parse::<Ipv6Addr>().ok()?;
        return is_port(port).then_some(Host::Address(address.into()));
    }
    let end = authority.find(':').unwrap_or(authority.len());
    let (name, port) = authority.split_at_checked(end)?;
    if !is_port(port) {
        return None;
    }
    match name.parse::<Ipv4Addr>() {
        Ok(address) => Some(Host::Address(address.into())),
        Err(_) => is_name(name).then(|| Host::Name(name.to_ascii_lowercase())),
    }
}

/// Nothing, or a colon and a number from 1 to 65535.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        None => text.is_empty(),
        Some(digits) => {
            digits.bytes().all(|byte| byte.is_ascii_digit())
                && digits.parse::<u16>().is_ok_and(|port| port > 0)
        }
    }
}

/// A name of DNS whose last label does not begin with a digit: what does is an address, and in shorthand (`127.1`,
/// `0x7f.1`, `2130706433`) readers differ about which one.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && !last.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_urls_are_taken_as_they_are() {
        for (text, scheme, host) in [
            (
                "https://hooks.example.com/a?token=b",
                Scheme::Https,
                Host::Name("hooks.example.com".to_owned()),
            ),
            ("https://EXAMPLE.com", Scheme::Https, Host::Name("example.com".to_owned())),
            ("http://localhost:9000", Scheme::Http, Host::Name("localhost".to_owned())),
            ("http://127.0.0.1:1/", Scheme::Http, Host::Address("127.0.0.1".parse().unwrap())),
            ("https://[::1]:8443/x", Scheme::Https, Host::Address("::1".parse().unwrap())),
            ("https://a_b.example?x", Scheme::Https, Host::Name("a_b.example".to_owned())),
        ] {
            let url = WebhookUrl::new(text).unwrap();
            assert_eq!((url.as_str(), url.scheme(), url.host()), (text, scheme, &host));
        }
    }

    #[test]
    fn whatever_readers_could_differ_about_is_refused() {
        let long = format!("https://example.com/{}", "x".repeat(2_048));
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "HTTPS://example.com",
            "https:/example.com",
            "https://",
            "https:///path",
            "https://user@example.com",
            "https://user:pass@example.com",
            "https://example.com#fragment",
            "https://example.com\\@evil.com",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:+80",
            "https://example.com:80:80",
            "https://example..com",
            "https://example.com.",
            "https://exa mple.com",
            "https://ex\u{e4}mple.com",
            "https://127.1",
            "https://2130706433",
            "https://0x7f000001",
            "https://0177.0.0.1",
            "https://1.2.3.4.5",
            "https://[::1",
            "https://[::1]x",
            "https://[fe80::1%25eth0]",
            "https://%31%32%37.0.0.1",
            "https://example.com/\u{0}",
            &long,
        ] {
            assert_eq!(WebhookUrl::new(bad), Err(NotAWebhookUrl), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_path_and_no_query() {
        let url = WebhookUrl::new("https://example.com/SECRET?token=SECRET").unwrap();
        assert!(!format!("{url:?}").contains("SECRET"));
    }
}
