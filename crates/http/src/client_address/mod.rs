//! Which address a request comes from: the peer of the connection, unless that is a proxy which we trust to say.

pub(crate) mod forwarded;
pub(crate) mod network;

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;

use crate::settings::HttpSettings;
use forwarded::ForwardingHeader;
use network::Network;

/// The client's address, for limits and for the audit trail.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, settings: &HttpSettings) -> IpAddr {
    client_behind(peer, headers, &settings.trusted_proxies, settings.forwarding_header)
}

/// Each proxy adds, on the right, the address that it was called from. So the chain is read from the right for as
/// long as it was written by somebody whom we trust; everything further left may be invented by the client.
fn client_behind(peer: IpAddr, headers: &HeaderMap, trusted: &[Network], header: ForwardingHeader) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    for hop in header.hops(headers).into_iter().rev() {
        let Some(address) = hop else { return client };
        client = address.to_canonical();
        if !is_trusted(client) {
            return client;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(peer: &str, header: ForwardingHeader, values: &[(&str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client_behind(peer.parse().unwrap(), &headers, &trusted, header).to_string()
    }

    fn behind_x_forwarded_for(peer: &str, values: &[&str]) -> String {
        let values: Vec<_> = values.iter().map(|value| ("x-forwarded-for", *value)).collect();
        client(peer, ForwardingHeader::XForwardedFor, &values)
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_the_client_whatever_it_says() {
        for claim in ["198.51.100.1", "10.0.0.1", "127.0.0.1, 10.1.1.1", "garbage"] {
            assert_eq!(behind_x_forwarded_for("192.0.2.7", &[claim]), "192.0.2.7");
        }
    }

    #[test]
    fn behind_a_proxy_the_right_most_address_that_is_no_proxy_counts() {
        for spoofed in ["1.1.1.1", "2.2.2.2, 3.3.3.3", "10.9.9.9", "", "unknown"] {
            let value = format!("{spoofed}, 198.51.100.9, 10.0.0.2");
            assert_eq!(behind_x_forwarded_for("10.0.0.1", &[&value]), "198.51.100.9");
        }
    }

    #[test]
    fn repeated_headers_are_one_list() {
        assert_eq!(behind_x_forwarded_for("10.0.0.1", &["1.1.1.1", "198.51.100.9"]), "198.51.100.9");
    }

    #[test]
    fn an_unreadable_hop_ends_the_chain_at_the_proxy_that_wrote_it() {
        assert_eq!(behind_x_forwarded_for("10.0.0.1", &["198.51.100.9, bogus, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(behind_x_forwarded_for("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_header_that_the_proxies_do_not_write_is_ignored() {
        let spoofed = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "198.51.100.9")];
        assert_eq!(client("10.0.0.1", ForwardingHeader::XForwardedFor, &spoofed), "198.51.100.9");
        let spoofed =
            [("forwarded", "for=198.51.100.9"), ("x-forwarded-for", "1.1.1.1"), ("x-real-ip", "2.2.2.2")];
        assert_eq!(client("10.0.0.1", ForwardingHeader::Forwarded, &spoofed), "198.51.100.9");
    }

    #[test]
    fn an_ipv4_address_in_ipv6_form_is_the_same_address() {
        assert_eq!(behind_x_forwarded_for("::ffff:10.0.0.1", &["::ffff:198.51.100.9"]), "198.51.100.9");
        assert_eq!(behind_x_forwarded_for("fd00::1", &["2001:db8::9"]), "2001:db8::9");
    }
}
