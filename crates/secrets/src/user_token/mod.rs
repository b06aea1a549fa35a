//! The tokens that the platform signs for its users: JWTs (RFC 7519) in JWS compact form (RFC 7515).
//!
//! [`JwtVerifier`] checks a token with [`UserTokenKeys`] against [`UserTokenRules`]; [`TokenMinter`] makes
//! one with a [`TokenSecret`], for development and tests. The order of the checks is: size and form, header,
//! signature, claims, times. No claim counts before the signature is verified, and a token is called expired
//! only when everything else about it is right.
//!
//! The rules are those of RFC 8725: a key has one algorithm, which is never taken from the header; headers
//! that carry or point to keys are refused; doubled members are refused; every registered claim has its type.

mod algorithm;
mod claim_name;
mod claims;
mod compact;
mod header;
mod jwks;
mod keys;
mod kid;
mod minter;
mod pem;
mod public_key;
mod rules;
mod secret;
mod strict_json;
mod verifier;

pub use self::algorithm::Algorithm;
pub use self::claim_name::{ClaimName, NotAClaimName};
pub use self::jwks::JwksError;
pub use self::keys::{UserTokenKeyError, UserTokenKeys};
pub use self::kid::{Kid, NotAKid};
pub use self::minter::{LifeOutOfRange, MintedToken, TokenMinter};
pub use self::pem::PemError;
pub use self::rules::UserTokenRules;
pub use self::secret::{TokenSecret, TokenSecretError};
pub use self::verifier::JwtVerifier;

use countersign_domain::admission::ports::TokenRefusal;

/// A refusal whose reason is for the log. It is a constant, so no part of a token gets into it.
const fn invalid(reason: &'static str) -> TokenRefusal {
    TokenRefusal::Invalid(reason)
}
