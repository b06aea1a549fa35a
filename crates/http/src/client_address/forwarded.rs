//! The headers in which proxies tell whom they were called by.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::HeaderMap;

/// The header that the trusted proxies write. The other one is ignored: a proxy that does not know it passes on
/// whatever the client put there.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`: addresses with commas between them.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239), of which only `for` counts.
    Forwarded,
}

impl ForwardingHeader {
    /// The hops, the nearest one last; `None` for one that names no address.
    pub(crate) fn hops(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self {
            Self::XForwardedFor => ("x-forwarded-for", address),
            Self::Forwarded => ("forwarded", forwarded_for),
        };
        // A value that is no text has no commas that we could trust: it is one hop without an address.
        headers.get_all(name).flat_map(|value| value.to_str().unwrap_or("").split(',').map(read)).collect()
    }
}

/// The `for` of one element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| address(value.trim().trim_matches('"')))?
    })
}

/// An address, with or without a port; an IPv6 address with a port stands in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        forwarded_for(text).map(|address| address.to_string())
    }

    #[test]
    fn an_element_of_forwarded_names_its_for() {
        assert_eq!(read("for=192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(
            read(" proto=https ; FOR=\"[2001:db8::1]:4711\";by=10.0.0.1").as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(read("for=\"192.0.2.1:80\"").as_deref(), Some("192.0.2.1"));
        for hidden in ["for=unknown", "for=_secret", "by=192.0.2.1", "", "for="] {
            assert_eq!(read(hidden), None, "{hidden:?}");
        }
    }

    #[test]
    fn a_bare_address_may_have_a_port() {
        assert_eq!(address(" 192.0.2.1:8080 "), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(address("[2001:db8::1]"), Some("2001:db8::1".parse().unwrap()));
        assert_eq!(address("2001:db8::1"), Some("2001:db8::1".parse().unwrap()));
    }
}
