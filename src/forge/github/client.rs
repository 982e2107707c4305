//! Asks GitHub's API and reads its replies.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::{ACCEPT, HeaderMap};
use reqwest::{Method, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use url::Url;

use super::error::{of_http, of_reply, unexpected};
use super::service::{OverHttp, Terms};
use crate::datasource::github::Site;
use crate::forge::{ForgeError, ForgeErrorKind};
use crate::http::{
    BODY_LIMIT, Caching, Confidential, Credential, Effect, Http, HttpError, Persistence, Proof, next_link,
    same_origin,
};

/// How long all waits for one reply may take together. What GitHub wants longer is a matter for the next run.
const WAITING: Duration = Duration::from_secs(5 * 60);

/// How many pages of a list are read, of a hundred entries each.
const PAGES: usize = 100;

const JSON: &str = "application/vnd.github+json";
/// The bytes of a file as they are.
pub(super) const RAW: &str = "application/vnd.github.raw+json";

/// What cannot stand in one segment of a path.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// What cannot stand in a path.
const PATH: &AsciiSet = &SEGMENT.remove(b'/');

/// Returns a text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Returns a text as several segments of a path: a branch's name.
pub(super) fn path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Returns values as a query, with its question mark.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("?{}", query.finish())
}

/// A question or an order.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    /// What follows the address of the API, or a whole address on the same host.
    route: String,
    /// What it is about, for messages: "open a pull request".
    task: String,
    body: Option<Value>,
    accept: &'static str,
    effect: Effect,
    caching: Caching,
    /// What shows that a reply is what was asked for.
    proof: Option<Proof>,
    confidential: Confidential,
    body_limit: u64,
    persistence: Persistence,
}

impl Call {
    fn new(method: Method, route: impl Into<String>, task: impl Into<String>, effect: Effect) -> Self {
        Self {
            method,
            route: route.into(),
            task: task.into(),
            body: None,
            accept: JSON,
            effect,
            caching: Caching::Fresh,
            proof: None,
            confidential: Confidential::No,
            body_limit: BODY_LIMIT,
            persistence: Persistence::Stubborn(WAITING),
        }
    }

    /// A question about what is there now.
    pub(super) fn get(route: impl Into<String>, task: impl Into<String>) -> Self {
        Self::new(Method::GET, route, task, Effect::Asks)
    }

    /// An order that is as good twice as once.
    pub(super) fn set(
        method: Method,
        route: impl Into<String>,
        task: impl Into<String>,
        body: impl Into<Option<Value>>,
    ) -> Self {
        Self { body: body.into(), ..Self::new(method, route, task, Effect::Sets) }
    }

    /// An order that must not be carried out twice.
    pub(super) fn change(
        method: Method,
        route: impl Into<String>,
        task: impl Into<String>,
        body: impl Into<Option<Value>>,
    ) -> Self {
        Self { body: body.into(), ..Self::new(method, route, task, Effect::Changes) }
    }

    /// Says that it is not sent again before somebody has looked: see [`unless_moved`].
    pub(super) fn sent_once(self) -> Self {
        Self { persistence: Persistence::Once(WAITING), ..self }
    }

    /// Says that the address names the content, and what shows that a reply is that.
    pub(super) fn immutable(self, proof: Proof) -> Self {
        Self { caching: Caching::Immutable, proof: Some(proof), ..self }
    }

    /// Says what the reply tells: one that does not is not kept, or else it would be there again when GitHub says that nothing has changed.
    pub(super) fn tells<T: DeserializeOwned>(self) -> Self {
        Self { proof: Some(Proof::of::<T>()), ..self }
    }

    /// Says that the reply is not worth keeping.
    pub(super) fn unkept(self) -> Self {
        Self { caching: Caching::Never, ..self }
    }

    /// Says that there is a token in the reply.
    pub(super) fn confidential(self) -> Self {
        Self { confidential: Confidential::Token, caching: Caching::Never, ..self }
    }

    /// Says what kind of reply is wanted.
    pub(super) fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// Says how large the reply may be, in bytes.
    pub(super) fn body_limit(self, body_limit: u64) -> Self {
        Self { body_limit, ..self }
    }

    /// Says what is looked for, in a query that changes nothing.
    pub(super) fn query_of(task: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, String::new(), task, Effect::Asks) }.unkept()
    }
}

/// A reply that says yes.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    task: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// Returns the body, understood.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ForgeError> {
        serde_json::from_slice(&self.body).map_err(|error| unexpected(&self.task, error))
    }
}

/// The API of one GitHub.
#[derive(Debug)]
pub(super) struct Client {
    crab: Octocrab,
    endpoint: Url,
    /// Held while something is written: GitHub wants writes one after the other.
    /// <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#avoid-concurrent-requests>
    writing: tokio::sync::Mutex<()>,
}

impl Client {
    /// Returns the client of the API at `endpoint`. It must be made inside of a tokio runtime.
    pub(super) fn new(http: Http, endpoint: &Url) -> Arc<Self> {
        let mut endpoint = endpoint.clone();
        endpoint.set_query(None);
        endpoint.set_fragment(None);
        // Both fail only for addresses that cannot have a user at all.
        let _ = endpoint.set_username("");
        let _ = endpoint.set_password(None);
        let trimmed = endpoint.path().trim_end_matches('/').to_owned();
        endpoint.set_path(&trimmed);
        // octocrab's own layers are left out: its client, its retries (which repeat POST), its credentials and its base address (which
        // is put even before a whole address).
        let built =
            OctocrabBuilder::new_empty().with_service(OverHttp::new(http)).with_auth(AuthState::None).build();
        let crab = match built {
            Ok(crab) => crab,
            Err(never) => match never {},
        };
        Arc::new(Self { crab, endpoint, writing: tokio::sync::Mutex::new(()) })
    }

    /// Returns where GraphQL is spoken.
    pub(super) fn graphql(&self) -> Url {
        Site::parse(self.endpoint.as_str()).map_or_else(|| self.endpoint.clone(), |site| site.graphql())
    }

    /// Sends a call and returns the reply.
    ///
    /// # Errors
    /// There was no reply, or it says no.
    pub(super) async fn send(&self, call: &Call, credential: Credential) -> Result<Answer, ForgeError> {
        let (status, answer) = self.exchange(call, credential).await?;
        if !status.is_success() {
            return Err(of_reply(&call.task, status, &answer.headers, &answer.body));
        }
        // A page of somebody who stands in between says 200 too, and has carried nothing out.
        if call.effect != Effect::Asks && status != StatusCode::NO_CONTENT {
            answer.json::<IgnoredAny>()?;
        }
        Ok(answer)
    }

    /// Sends a call and returns the reply, whatever its status.
    ///
    /// # Errors
    /// There was no reply.
    pub(super) async fn exchange(
        &self,
        call: &Call,
        credential: Credential,
    ) -> Result<(StatusCode, Answer), ForgeError> {
        let url = self.address(call)?;
        let _turn = if call.effect == Effect::Asks { None } else { Some(self.writing.lock().await) };
        let mut builder = http::Request::builder()
            .method(call.method.clone())
            .uri(url.as_str())
            .header(ACCEPT, call.accept);
        if let Some(extensions) = builder.extensions_mut() {
            extensions.insert(Terms {
                effect: call.effect,
                caching: call.caching,
                proof: call.proof.clone(),
                confidential: call.confidential,
                body_limit: call.body_limit,
                credential,
                persistence: call.persistence,
            });
        }
        let request = self
            .crab
            .build_request(builder, call.body.as_ref())
            .map_err(|error| unexpected(&call.task, error))?;
        let response = self.crab.execute(request).await.map_err(|error| failure(&call.task, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body =
            response.into_body().collect().await.map_err(|error| failure(&call.task, &error))?.to_bytes();
        Ok((status, Answer { task: call.task.clone(), headers, body }))
    }

    /// Returns where the next page of a list is, on the same host only.
    pub(super) fn next(&self, answer: &Answer) -> Option<String> {
        let target = next_link(&answer.headers)?;
        let url = self.endpoint.join(target).ok()?;
        same_origin(&url, &self.endpoint).then(|| url.into())
    }

    fn address(&self, call: &Call) -> Result<Url, ForgeError> {
        let text = if call.route.is_empty() {
            return Ok(self.graphql());
        } else if call.route.starts_with('/') {
            format!("{}{}", self.endpoint.as_str().trim_end_matches('/'), call.route)
        } else {
            call.route.clone()
        };
        let url = Url::parse(&text).map_err(|_| unexpected(&call.task, "an address in it cannot be read"))?;
        if same_origin(&url, &self.endpoint) {
            Ok(url)
        } else {
            Err(unexpected(&call.task, "an address in it leads elsewhere"))
        }
    }
}

/// Whoever can send calls: for a repository, or for the whole of an App.
pub(super) trait Sends {
    /// Sends a call and returns the reply.
    fn send(&self, call: &Call) -> impl Future<Output = Result<Answer, ForgeError>> + Send;

    /// Returns where the next page is.
    fn next(&self, answer: &Answer) -> Option<String>;
}

/// Returns the pages of a list.
pub(super) async fn pages<T: DeserializeOwned>(
    sender: &(impl Sends + Sync),
    first: Call,
) -> Result<Vec<T>, ForgeError> {
    let mut call = first.tells::<T>();
    let mut pages = Vec::new();
    while pages.len() < PAGES {
        let answer = sender.send(&call).await?;
        pages.push(answer.json()?);
        match sender.next(&answer) {
            Some(route) if route != call.route => call.route = route,
            _ => break,
        }
    }
    Ok(pages)
}

/// Makes what must not be made twice. When the answer is lost, `look` says whether it is there; if it is not, it is made once more.
pub(super) async fn once<T, Making, Looking>(
    make: impl Fn() -> Making,
    look: impl Fn() -> Looking,
) -> Result<T, ForgeError>
where
    Making: Future<Output = Result<T, ForgeError>>,
    Looking: Future<Output = Result<Option<T>, ForgeError>>,
{
    match make().await {
        Err(error) if error.kind == ForgeErrorKind::Unreachable => {
            tracing::debug!(%error, "looking whether it was done");
            match look().await? {
                Some(there) => Ok(there),
                None => make().await,
            }
        }
        other => other,
    }
}

/// How often an order is given that depends on what is there.
const ORDERS: usize = 6;

/// Does what may be done only to what was looked at. `look` says whether it is done already, or fails because it must not be done any more; it is
/// asked before each attempt, since minutes may pass between two of them.
pub(super) async fn unless_moved<Doing, Looking>(
    act: impl Fn() -> Doing,
    look: impl Fn() -> Looking,
) -> Result<(), ForgeError>
where
    Doing: Future<Output = Result<(), ForgeError>>,
    Looking: Future<Output = Result<Option<()>, ForgeError>>,
{
    let mut lost = None;
    for _ in 0..ORDERS {
        if look().await?.is_some() {
            return Ok(());
        }
        match act().await {
            Err(error) if may_be_repeated(&error) => {
                tracing::debug!(%error, "looking what has become of it");
                lost = Some(error);
            }
            other => return other,
        }
    }
    match (look().await?, lost) {
        (None, Some(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Whether there is sense in giving an order once more in this run.
fn may_be_repeated(error: &ForgeError) -> bool {
    let is_soon = |until: Timestamp| {
        until.duration_since(Timestamp::now()) <= SignedDuration::try_from(WAITING).unwrap_or_default()
    };
    match error.kind {
        ForgeErrorKind::Unreachable => true,
        ForgeErrorKind::RateLimited { until } => until.is_none_or(is_soon),
        _ => false,
    }
}

/// Returns what a call found; `None` when there is no such thing.
pub(super) fn found<T>(result: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ForgeErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the error in octocrab's wrapping.
fn failure(task: &str, error: &octocrab::Error) -> ForgeError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<HttpError>() {
            return of_http(task, ours);
        }
        cause = inner.source();
    }
    unexpected(task, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_an_address() {
        assert_eq!(path("renovate/a b?c#d%e"), "renovate/a%20b%3Fc%23d%25e");
        assert_eq!(segment("renovate/x"), "renovate%2Fx");
        assert_eq!(query(&[("head", "o:a&b=c")]), "?head=o%3Aa%26b%3Dc");
    }
}
