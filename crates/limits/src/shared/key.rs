//! What buckets are called in the store.

use countersign_domain::admission::ports::BucketKey;

/// Stands apart from every bucket: it is taken from to find out whether the store works.
pub(crate) const PROBE: &str = "countersign:{probe}";

/// The name of a bucket. What stands in braces decides which node of a cluster holds it.
pub(crate) fn name(key: BucketKey) -> String {
    match key {
        BucketKey::Organization(organization, environment) => {
            format!("countersign:{{{organization}}}:{}", environment.as_str())
        }
        BucketKey::Client(address) => format!("countersign:{{{address}}}:client"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use countersign_domain::identity::Environment;
    use countersign_testkit::build::organization_id;

    use super::*;

    #[test]
    fn a_name_says_whose_bucket_it_is() {
        let id = organization_id(1);
        assert_eq!(
            name(BucketKey::Organization(id, Environment::Test)),
            format!("countersign:{{{id}}}:test")
        );
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(name(BucketKey::client(address)), "countersign:{2001:db8::}:client");
    }
}
