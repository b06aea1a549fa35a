//! Request bodies: one well-formed JSON object, and nothing else.

pub(crate) mod fields;
pub(crate) mod json;
mod media_type;
mod reader;

pub(crate) use reader::Body;

/// Why the body of a request cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyProblem {
    /// `Content-Type` is missing or names something else than JSON in UTF-8.
    #[error("the body must be sent as application/json in UTF-8")]
    MediaType,
    /// The body is compressed.
    #[error("the body must be sent without Content-Encoding")]
    ContentEncoding,
    /// The body is too long.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The longest body, in bytes.
        limit: usize,
    },
    /// The body did not come in time.
    #[error("the body came too slowly")]
    TooSlow,
    /// The body ended too early, or its framing is wrong.
    #[error("the body could not be received")]
    Broken,
    /// The body is not JSON.
    #[error("the body is not well-formed JSON in UTF-8")]
    Syntax,
    /// The body is JSON, but no object.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// A name stands twice in one object, so that nobody can say which value counts.
    #[error("an object of the body has the same name twice")]
    DuplicateField,
}
