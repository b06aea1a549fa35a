//! Which addresses webhooks may be sent to, so that nobody makes this service knock at doors inside its own network
//! (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::url::{Host, Scheme, WebhookUrl};

/// Which addresses besides public ones are acceptable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressPolicy {
    /// None.
    Public,
    /// Those of this machine.
    Loopback,
    /// Those of this machine and of private networks.
    Private,
}

/// Why a webhook's URL is not acceptable here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// What is sent would travel in clear.
    #[error("a webhook's URL begins with https://")]
    PlainHttp,
    /// The address is not one of the public Internet.
    #[error("the address is not a public one")]
    Address,
}

/// From where an address can be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reach {
    Public,
    Loopback,
    Private,
    /// Nothing answers there that a webhook is meant for; the metadata services of clouds do (169.254.169.254).
    Never,
}

impl AddressPolicy {
    /// Whether something may be sent to `address` by this scheme. Plain HTTP is for addresses inside alone.
    pub const fn permits(self, scheme: Scheme, address: IpAddr) -> bool {
        match reach(address) {
            Reach::Public => matches!(scheme, Scheme::Https),
            Reach::Loopback => matches!(self, Self::Loopback | Self::Private),
            Reach::Private => matches!(self, Self::Private),
            Reach::Never => false,
        }
    }

    /// What of `url` can be known to be wrong before its name is resolved. Every delivery looks at the addresses.
    pub fn check(self, url: &WebhookUrl) -> Result<(), UrlRefusal> {
        match url.host() {
            _ if self == Self::Public && url.scheme() == Scheme::Http => Err(UrlRefusal::PlainHttp),
            Host::Address(address) if url.scheme() == Scheme::Http && reach(*address) == Reach::Public => {
                Err(UrlRefusal::PlainHttp)
            }
            Host::Address(address) if !self.permits(url.scheme(), *address) => Err(UrlRefusal::Address),
            Host::Name(name) if self == Self::Public && is_local(name) => Err(UrlRefusal::Address),
            Host::Address(_) | Host::Name(_) => Ok(()),
        }
    }
}

/// RFC 6761, section 6.3: these names mean this machine.
fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

const fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

/// The registry of special-purpose IPv4 addresses (RFC 6890, as IANA keeps it).
const fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [127, ..] => Reach::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Private,
        // "This network", multicast, reserved and broadcast; link-local; protocol assignments, benchmarks, documentation.
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Never,
        _ => Reach::Public,
    }
}

/// The registry of special-purpose IPv6 addresses. An address that carries one of IPv4 reaches as far as that one.
const fn reach_v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Loopback,
        // IPv4-mapped; IPv4-compatible; translated (RFC 6052); 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0 | 0xFFFF, high, low]
        | [0x64, 0xFF9B, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => embedded(high, low),
        [0xFC00..=0xFDFF, ..] => Reach::Private,
        // Protocol assignments with Teredo, and documentation.
        [0x2001, 0..=0x1FF | 0xDB8, ..] | [0x3FFF, 0..=0xFFF, ..] => Reach::Never,
        // The only global unicast addresses (RFC 4291, section 2.4).
        [0x2000..=0x3FFF, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

const fn embedded(high: u16, low: u16) -> Reach {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    reach_v4(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: [&str; 4] = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"];
    const PRIVATE: [&str; 9] = [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "fc00::1",
        "fdff::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
    ];
    const NEVER: [&str; 17] = [
        "0.0.0.0",
        "169.254.169.254",
        "192.0.0.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::ffff:169.254.169.254",
        "fe80::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:a9fe:a9fe::1",
        "64:ff9b:1::1",
        "4000::1",
    ];
    const PUBLIC: [&str; 6] =
        ["1.1.1.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"];

    fn permitted(policy: AddressPolicy, scheme: Scheme, addresses: &[&str]) -> usize {
        addresses.iter().filter(|text| policy.permits(scheme, text.parse().unwrap())).count()
    }

    #[test]
    fn public_addresses_are_for_https_alone() {
        for policy in [AddressPolicy::Public, AddressPolicy::Loopback, AddressPolicy::Private] {
            assert_eq!(permitted(policy, Scheme::Https, &PUBLIC), PUBLIC.len());
            assert_eq!(permitted(policy, Scheme::Http, &PUBLIC), 0);
        }
    }

    #[test]
    fn addresses_inside_are_for_those_who_allow_them() {
        for scheme in [Scheme::Http, Scheme::Https] {
            let inside = |policy| (permitted(policy, scheme, &LOOPBACK), permitted(policy, scheme, &PRIVATE));
            assert_eq!(inside(AddressPolicy::Public), (0, 0));
            assert_eq!(inside(AddressPolicy::Loopback), (LOOPBACK.len(), 0));
            assert_eq!(inside(AddressPolicy::Private), (LOOPBACK.len(), PRIVATE.len()));
            assert_eq!(permitted(AddressPolicy::Private, scheme, &NEVER), 0);
        }
    }

    #[test]
    fn what_the_url_shows_is_refused_at_once() {
        let check = |policy: AddressPolicy, url: &str| policy.check(&WebhookUrl::new(url).unwrap());
        let public = |url| check(AddressPolicy::Public, url);
        assert_eq!(public("https://example.com/hook"), Ok(()));
        assert_eq!(public("http://example.com/hook"), Err(UrlRefusal::PlainHttp));
        for inside in ["https://10.0.0.1", "https://[::1]:8443/", "https://localhost", "https://a.localhost/"]
        {
            assert_eq!(public(inside), Err(UrlRefusal::Address), "{inside}");
        }
        assert_eq!(check(AddressPolicy::Loopback, "http://127.0.0.1:9000/"), Ok(()));
        assert_eq!(check(AddressPolicy::Loopback, "http://10.0.0.1/"), Err(UrlRefusal::Address));
        assert_eq!(check(AddressPolicy::Private, "http://10.0.0.1/"), Ok(()));
        assert_eq!(check(AddressPolicy::Private, "https://169.254.169.254/"), Err(UrlRefusal::Address));
        assert_eq!(check(AddressPolicy::Private, "http://1.1.1.1/"), Err(UrlRefusal::PlainHttp));
    }
}
