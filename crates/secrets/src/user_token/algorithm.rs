//! The algorithms that a user token may be signed with.

/// A signature algorithm (RFC 7518, section 3.1, and RFC 8037, section 3.1). There is no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 under a secret that the platform and we share.
    Hs256,
    /// RSA with PKCS #1 v1.5 padding and SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// The Edwards-curve algorithm on Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The algorithm with this name, which is compared byte for byte (RFC 7515, section 4.1.1). `Ed25519` is
    /// the name that RFC 9864 gives to `EdDSA` on that curve.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }

    /// The name in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}
