//! TLS to the store.

use std::path::Path;

use countersign_domain::health::Dependency as _;
use countersign_limits::SharedOptions;
use countersign_testkit::services::free_port;
use countersign_testkit::services::redis::RedisServer;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::support::{is_shared, limiter, options};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut about = CertificateParams::new(Vec::new()).unwrap();
    about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(about, KeyPair::generate().unwrap()).unwrap()
}

/// A server whose certificate is for `localhost` and comes from `authority`; and its port for TLS.
fn server(authority: &CertifiedIssuer<'static, KeyPair>, directory: &Path) -> (RedisServer, u16) {
    let key = KeyPair::generate().unwrap();
    let about = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = about.signed_by(&key, authority).unwrap();
    let file = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (certificate, key) = (file("certificate", certificate.pem()), file("key", key.serialize_pem()));
    let port = free_port();
    let tls = port.to_string();
    let arguments = ["--tls-port", &tls, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let others = ["--tls-auth-clients", "no", "--tls-ca-cert-file", &certificate];
    (RedisServer::start_with(&[&arguments[..], &others].concat()), port)
}

#[tokio::test]
async fn only_a_certificate_of_the_named_authority_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let (right, wrong) = (authority(), authority());
    let (_server, port) = server(&right, directory.path());
    let trusting = |authority: &CertifiedIssuer<'static, KeyPair>| SharedOptions {
        authority: Some(authority.pem().into_bytes()),
        ..options()
    };
    let url = format!("rediss://localhost:{port}");
    assert!(is_shared(&limiter(&url, trusting(&right)).await).await);

    for (url, options) in [
        (url.clone(), trusting(&wrong)),
        (url, options()),
        // The certificate is for a name, and this is an address.
        (format!("rediss://127.0.0.1:{port}"), trusting(&right)),
    ] {
        let limiter = limiter(&url, options).await;
        assert!(!is_shared(&limiter).await, "{url}");
        let failure = format!("{:?}", limiter.check().await.unwrap_err());
        assert!(failure.contains("certificate"), "{failure}");
    }
}
