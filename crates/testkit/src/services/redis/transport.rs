use std::path::PathBuf;

use crate::services::authority::{Authority, Certified};

/// How nodes are spoken to, and speak to each other.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    Clear,
    Tls { authority: PathBuf, server: Certified },
}

impl Transport {
    /// TLS alone, with a certificate for `name`.
    pub(super) fn tls(authority: &Authority, name: &str) -> Self {
        Self::Tls { authority: authority.file(), server: authority.certify(name) }
    }

    /// How a URL begins.
    pub(super) fn scheme(&self) -> &'static str {
        match self {
            Self::Clear => "redis",
            Self::Tls { .. } => "rediss",
        }
    }

    /// The settings of a node that listens on `port`.
    pub(super) fn settings(&self, port: u16) -> Vec<(&'static str, String)> {
        let Self::Tls { authority, server } = self else { return vec![("port", port.to_string())] };
        let yes = || "yes".to_owned();
        vec![
            ("port", "0".to_owned()),
            ("tls-port", port.to_string()),
            ("tls-cert-file", server.certificate.display().to_string()),
            ("tls-key-file", server.key.display().to_string()),
            ("tls-ca-cert-file", authority.display().to_string()),
            ("tls-auth-clients", "no".to_owned()),
            ("tls-replication", yes()),
            ("tls-cluster", yes()),
        ]
    }

    /// What `redis-cli` must know.
    pub(super) fn of_client(&self) -> Vec<String> {
        match self {
            Self::Clear => Vec::new(),
            Self::Tls { authority, .. } => {
                vec!["--tls".to_owned(), "--cacert".to_owned(), authority.display().to_string()]
            }
        }
    }
}
