//! What stands in step-up assertions.

use crate::config::setting::section;
use crate::config::value::Texts;

section! {
    /// Step-up assertions: the signed word of Countersign that a user has just proven a second factor.
    Assertions, "assertions." {
        /// Their issuer (`iss`); none when it is not set.
        issuer: Option<String> = "",
        /// Who may rely on them (`aud`); the organization's id when empty.
        audience: Texts = "",
    }
}
