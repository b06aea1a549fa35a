//! Takes a body off the connection.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web;
use futures_util::StreamExt as _;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::BodyProblem;
use super::json::{self, Object};
use super::media_type::says_json;
use crate::settings::HttpSettings;

/// A body that was not looked at yet.
pub(crate) struct Body {
    request: HttpRequest,
    content: Content,
}

/// Where the bytes of a body are.
enum Content {
    /// Still on the connection.
    Coming(web::Payload),
    /// Here.
    Received(Zeroizing<Vec<u8>>),
}

impl Body {
    pub(crate) const fn new(request: HttpRequest, payload: web::Payload) -> Self {
        Self { request, content: Content::Coming(payload) }
    }

    /// The same body, off the connection, and what `look` makes of its bytes.
    pub(crate) async fn received<T>(
        self,
        settings: &HttpSettings,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<(Self, T), BodyProblem> {
        let request = self.request.clone();
        let bytes = self.bytes(settings).await?;
        let seen = look(&bytes);
        Ok((Self { request, content: Content::Received(bytes) }, seen))
    }

    /// The object that the body is.
    pub(crate) async fn object(self, settings: &HttpSettings) -> Result<Object, BodyProblem> {
        if !says_json(self.request.headers())? {
            return Err(BodyProblem::MediaType);
        }
        json::parse(&self.bytes(settings).await?)
    }

    /// The object that the body is; empty when there is no body.
    pub(crate) async fn optional_object(self, settings: &HttpSettings) -> Result<Object, BodyProblem> {
        let json = says_json(self.request.headers())?;
        let bytes = self.bytes(settings).await?;
        match (bytes.is_empty(), json) {
            (true, _) => Ok(Object::new()),
            (false, true) => json::parse(&bytes),
            (false, false) => Err(BodyProblem::MediaType),
        }
    }

    async fn bytes(self, settings: &HttpSettings) -> Result<Zeroizing<Vec<u8>>, BodyProblem> {
        let payload = match self.content {
            Content::Coming(payload) => payload,
            Content::Received(bytes) => return Ok(bytes),
        };
        let limit = settings.body_limit;
        // A body that does not declare its length may be as long as any.
        let room = declared_length(&self.request).unwrap_or(limit);
        if room > limit {
            return Err(BodyProblem::TooLarge { limit });
        }
        let receiving = receive(payload, room, limit);
        timeout(settings.timeouts.body, receiving).await.map_err(|_| BodyProblem::TooSlow)?
    }
}

async fn receive(
    mut payload: web::Payload,
    room: usize,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, BodyProblem> {
    // Full size at once: a buffer that grows leaves copies behind. actix-http lets no more in than was declared.
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyProblem::Broken)?;
        if bytes.len().saturating_add(chunk.len()) > limit {
            return Err(BodyProblem::TooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn declared_length(request: &HttpRequest) -> Option<usize> {
    let length = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?;
    // A length that does not fit is longer than any limit.
    Some(length.trim().parse().unwrap_or(usize::MAX))
}
