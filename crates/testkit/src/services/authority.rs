//! A certificate authority that only one test trusts.

use std::fmt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

/// Certifies servers. Its files live as long as it does.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// The files with which a server proves its name.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Authority {
    /// One that nobody knows yet.
    pub fn new() -> Self {
        Self::named("the authority of a test")
    }

    /// One of this name; of two with one name each has a key of its own.
    pub fn named(name: &str) -> Self {
        let mut about = CertificateParams::new(Vec::new()).unwrap();
        // Whoever is called as those it certifies counts as certified by itself.
        about.distinguished_name.push(DnType::CommonName, name);
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(about, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("authority.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    /// The file with its own certificate.
    pub fn file(&self) -> PathBuf {
        self.path("authority")
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Certifies a server of this name or address.
    pub fn certify(&self, name: &str) -> Certified {
        let pair = KeyPair::generate().unwrap();
        let about = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certified = about.signed_by(&pair, &self.issuer).unwrap();
        let files = Certified { certificate: self.path(name), key: self.path(&format!("{name}.key")) };
        std::fs::write(&files.certificate, certified.pem()).unwrap();
        std::fs::write(&files.key, pair.serialize_pem()).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::join(self.directory.path(), format!("{name}.pem"))
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}
