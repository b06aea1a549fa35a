//! From a name to addresses that may be connected to. The connection goes to the very address that was checked, so a name
//! that leads elsewhere a moment later (DNS rebinding) gains nothing.

use std::net::{IpAddr, SocketAddr};

use countersign_domain::webhooks::address::AddressPolicy;
use countersign_domain::webhooks::url::Scheme;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Why a name gives no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAddress {
    #[error("the name leads nowhere")]
    Unresolved,
    #[error("the name leads to an address that is not acceptable")]
    Refused,
}

/// Resolves names for one scheme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckingResolver {
    pub(crate) policy: AddressPolicy,
    pub(crate) scheme: Scheme,
}

impl CheckingResolver {
    /// All of `addresses`, or nothing when one of them is not acceptable: a name that leads inside and outside at once is
    /// somebody's trick.
    pub(crate) fn check(self, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, NoAddress> {
        let permits = |address: &IpAddr| self.policy.permits(self.scheme, *address);
        match addresses.iter().all(permits) {
            _ if addresses.is_empty() => Err(NoAddress::Unresolved),
            true => Ok(addresses),
            false => Err(NoAddress::Refused),
        }
    }
}

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            // The port is that of the URL; 0 stands for it here.
            let found =
                tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| NoAddress::Unresolved)?;
            let addresses = resolver.check(found.map(|address| address.ip()).collect())?;
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: AddressPolicy, addresses: &[&str]) -> Result<usize, NoAddress> {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        CheckingResolver { policy, scheme: Scheme::Https }.check(addresses).map(|all| all.len())
    }

    #[test]
    fn one_address_inside_spoils_all() {
        let public = AddressPolicy::Public;
        assert_eq!(check(public, &["1.1.1.1", "2606:4700::1111"]), Ok(2));
        assert_eq!(check(public, &["1.1.1.1", "127.0.0.1"]), Err(NoAddress::Refused));
        assert_eq!(check(public, &["1.1.1.1", "::ffff:169.254.169.254"]), Err(NoAddress::Refused));
        assert_eq!(check(AddressPolicy::Loopback, &["127.0.0.1", "::1"]), Ok(2));
        assert_eq!(check(AddressPolicy::Loopback, &[]), Err(NoAddress::Unresolved));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_when_it_is_resolved() {
        for (policy, acceptable) in [(AddressPolicy::Public, false), (AddressPolicy::Loopback, true)] {
            let resolver = CheckingResolver { policy, scheme: Scheme::Http };
            let found = resolver.resolve("localhost".parse().unwrap()).await;
            assert_eq!(found.is_ok(), acceptable, "{policy:?}");
        }
    }
}
