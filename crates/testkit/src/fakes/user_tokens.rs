use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use countersign_domain::admission::ports::{TokenRefusal, UserToken, UserTokenVerifier};
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Subject;
use countersign_domain::time::Timestamp;

/// Knows some tokens by heart, and counts how often it was asked.
#[derive(Default, Debug)]
pub struct StaticTokens {
    known: HashMap<String, Answer>,
    calls: AtomicUsize,
}

#[derive(Clone, Debug)]
enum Answer {
    User(Subject),
    Expired,
    Failure,
}

impl StaticTokens {
    /// Knows no token: all are invalid.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also accepts `token` as that of `subject`.
    #[must_use]
    pub fn with_user(self, token: &str, subject: Subject) -> Self {
        self.with(token, Answer::User(subject))
    }

    /// Also knows `token` as an expired one.
    #[must_use]
    pub fn with_expired(self, token: &str) -> Self {
        self.with(token, Answer::Expired)
    }

    /// Also fails to check `token`.
    #[must_use]
    pub fn with_failure(self, token: &str) -> Self {
        self.with(token, Answer::Failure)
    }

    fn with(mut self, token: &str, answer: Answer) -> Self {
        self.known.insert(token.to_owned(), answer);
        self
    }

    /// How many tokens it was asked to check.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl UserTokenVerifier for StaticTokens {
    async fn verify(&self, token: &str, _now: Timestamp) -> Result<UserToken, TokenRefusal> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match self.known.get(token).cloned() {
            Some(Answer::User(subject)) => Ok(UserToken { subject }),
            Some(Answer::Expired) => Err(TokenRefusal::Expired),
            Some(Answer::Failure) => Err(PortFailure::unavailable("no key to check tokens with").into()),
            None => Err(TokenRefusal::Invalid("not one of the known tokens")),
        }
    }
}
