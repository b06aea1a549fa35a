//! Who may call: user tokens of the platform, and API keys.

use std::path::PathBuf;

use countersign_domain::admission::api_key::ApiKeyPrefix;

use crate::config::secret_ref::SecretRef;
use crate::config::setting::section;
use crate::config::value::{Span, Texts};

section! {
    /// Who may call: user tokens that the platform signs, and API keys.
    Auth, "auth." {
        /// The issuer (`iss`) that a user token must name; not checked when it is not set. Production needs it.
        issuer: Option<String> = "",
        /// The audiences (`aud`) of which a user token must name one; not checked when empty. Production needs it.
        audience: Texts = "",
        /// The claim that holds the organization's id.
        organization_claim: String = "org_id",
        /// The claim that tells live (`live`, or no claim) from test (`test`).
        environment_claim: String = "env",
        /// How far the platform's clock may be off.
        leeway: Span = "30s",
        /// The longest life of a user token that is accepted.
        max_token_life: Span = "24h",
        /// The secret of tokens signed with HS256: at least 32 bytes. Without it and without other keys, development
        /// makes one up in the data directory.
        hs256_secret: Option<SecretRef> = "",
        /// A file with the platform's public key in PEM, for tokens signed with `RS256`, `ES256` or `EdDSA`.
        public_key_file: Option<PathBuf> = "",
        /// A file with the platform's public keys as a JSON Web Key Set.
        jwks_file: Option<PathBuf> = "",
        /// How API keys begin, before `_live_` and `_test_`.
        api_key_prefix: ApiKeyPrefix = "cs",
    }
}
