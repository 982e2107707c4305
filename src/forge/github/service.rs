//! octocrab's way to the network: through our one HTTP client, so that there is one set of connections, limits, retries and credentials.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use octocrab::OctoBody;
use tower::Service;
use url::Url;

use crate::http::{
    Access, Caching, Confidential, Credential, Effect, Http, HttpError, HttpErrorKind, Persistence, Proof,
    Request, Transport,
};

/// What octocrab has no words for; it goes along with a request as an extension.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// What the request does to the host.
    pub(super) effect: Effect,
    /// How the reply may be remembered.
    pub(super) caching: Caching,
    /// What a reply has to show before it is remembered.
    pub(super) proof: Option<Proof>,
    /// Whether there are tokens in the reply.
    pub(super) confidential: Confidential,
    /// The largest reply, in bytes.
    pub(super) body_limit: u64,
    /// What opens the door. It reaches the origin of the request, and no other.
    pub(super) credential: Credential,
    /// How much is done for an answer.
    pub(super) persistence: Persistence,
}

/// Sends the requests that octocrab makes.
#[derive(Clone, Debug)]
pub(super) struct OverHttp {
    http: Http,
}

impl OverHttp {
    pub(super) fn new(http: Http) -> Self {
        Self { http }
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<http::Response<Full<Bytes>>, HttpError>> + Send>>;

impl Service<http::Request<OctoBody>> for OverHttp {
    type Response = http::Response<Full<Bytes>>;
    type Error = HttpError;
    type Future = Sending;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<OctoBody>) -> Sending {
        let http = self.http.clone();
        Box::pin(async move {
            let reply = http.send(&translate(request).await?).await?;
            let mut response = http::Response::new(Full::new(reply.body));
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

/// Turns octocrab's request into ours.
async fn translate(request: http::Request<OctoBody>) -> Result<Request, HttpError> {
    let (parts, body) = request.into_parts();
    let text = parts.uri.to_string();
    let url = Url::parse(&text).map_err(|_| HttpError::address(&text))?;
    let fail = |detail: &str| HttpError::new(HttpErrorKind::Address, &parts.method, &url, detail);
    let terms = parts.extensions.get::<Terms>().ok_or_else(|| fail("the request has no terms"))?;
    let body = body.collect().await.map_err(|_| fail("the request has no body"))?.to_bytes();
    let mut ours = Request::new(parts.method.clone(), url.clone())
        .access(Access::With(terms.credential.clone()))
        .effect(terms.effect)
        .caching(terms.caching)
        .proven(terms.proof.clone())
        .confidential(terms.confidential)
        .body_limit(terms.body_limit)
        .persistence(terms.persistence)
        .transport(Transport::Plain);
    for (name, value) in &parts.headers {
        let Ok(value) = value.to_str() else { continue };
        match *name {
            http::header::ACCEPT => ours = ours.accept(value),
            // The length is set where the body is sent.
            http::header::CONTENT_LENGTH => {}
            _ => ours = ours.header(name.as_str(), value),
        }
    }
    Ok(if body.is_empty() { ours } else { ours.body(body) })
}
