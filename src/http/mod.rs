//! The one way to the outside world: every request of the process goes through [`Http`].
//!
//! What it adds to a plain HTTP client: at most so many requests to a host at once; time limits and size limits; repetition of what may be
//! repeated, when the host says so or a connection fails; redirects that never take a credential along to another host; equal requests
//! asked once; a cache on disk that asks "has it changed?"; a store of all replies for bug reports and tests; a count of it all.

mod cache;
mod docker_config;
mod ending;
mod error;
mod exchange;
mod host;
mod host_rules;
mod patience;
mod proxy;
mod recording;
mod redirect;
mod request;
mod response;
mod roots;
mod single_flight;
mod stats;
mod telling;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

pub use self::docker_config::{DockerConfig, Login};
pub use self::error::{HttpError, HttpErrorKind, host_of, shown};
pub use self::host_rules::{GITHUB, HostRule, HostRules, HostSettings, Transport};
pub use self::patience::Patience;
pub use self::recording::StoreError;
pub use self::redirect::same_origin;
pub(crate) use self::request::hex;
pub use self::request::{
    Absence, Access, BODY_LIMIT, Caching, Confidential, Credential, Effect, Identity, Persistence, Proof,
    Request,
};
pub use self::response::{Body, Reply, next_link};
pub(crate) use self::single_flight::SingleFlight;
pub use self::stats::{HostStats, Stats};

use self::cache::{DiskCache, Kept};
use self::exchange::Exchange;

/// Where replies come from.
#[derive(Clone, Debug, Default)]
pub enum World {
    /// From the network.
    #[default]
    Live,
    /// From the network, each one also stored in the folder. The cache on disk is not used, so that the store is complete.
    Record(PathBuf),
    /// Only from the folder; neither the network nor the cache is touched.
    Replay(PathBuf),
    /// Only from the cache on disk.
    Offline,
}

/// Where proxies are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proxies {
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and what the system says.
    #[default]
    System,
    /// Nowhere: every host is asked directly.
    Direct,
}

/// What [`Http`] is made from.
#[derive(Clone, Debug, Default)]
pub struct HttpSettings {
    /// Where replies come from.
    pub world: World,
    /// The folder of the cache; `None` keeps nothing between runs.
    pub cache_dir: Option<PathBuf>,
    /// Which credential and which limits belong to which host.
    pub host_rules: HostRules,
    /// How long we wait and how often we ask.
    pub patience: Patience,
    /// Where proxies are looked up.
    pub proxies: Proxies,
}

/// Why there can be no [`Http`].
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The TLS roots or the proxy settings cannot be used.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
    /// The store to replay from cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `--offline` without a cache.
    #[error("`--offline` answers from the cache, but there is no cache folder; name one with `--cache-dir`")]
    NoCache,
}

/// The HTTP client; a clone is the same client.
#[derive(Clone, Debug)]
pub struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    exchange: Exchange,
    cache: Option<DiskCache>,
    mode: Mode,
    replies: SingleFlight<String, Result<Reply, HttpError>>,
    parsed: SingleFlight<String, Result<Arc<dyn Any + Send + Sync>, HttpError>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Ask,
    CacheOnly,
}

/// Largest body, in bytes, of a reply that is kept in memory until the end of the run. Larger ones are shared by those who ask at
/// the same time, and then dropped.
const REMEMBERED: usize = 16 * 1024;

impl Http {
    /// Returns a client.
    ///
    /// # Errors
    /// The TLS roots, the proxy settings or the store cannot be used.
    pub fn new(settings: HttpSettings) -> Result<Self, SetupError> {
        let mode = if matches!(settings.world, World::Offline) { Mode::CacheOnly } else { Mode::Ask };
        let cache = match (&settings.world, &settings.cache_dir) {
            (World::Live | World::Offline, Some(folder)) => Some(DiskCache::new(folder)),
            (World::Offline, None) => return Err(SetupError::NoCache),
            _ => None,
        };
        let exchange = Exchange::new(settings)?;
        Ok(Self(Arc::new(Inner {
            exchange,
            cache,
            mode,
            replies: SingleFlight::default(),
            parsed: SingleFlight::default(),
        })))
    }

    /// Sends a request and returns the whole reply, whatever its status.
    ///
    /// A request that only asks is repeated after transient failures, asked once a run however often it is sent, and cached.
    ///
    /// # Errors
    /// No reply could be had.
    pub async fn send(&self, request: &Request) -> Result<Reply, HttpError> {
        if !request.only_asks() || request.caching == Caching::Fresh {
            return self.fetch(request).await;
        }
        let mut key = cache::key(request, &self.0.exchange.identity(request), "");
        // The same question with and without a credential has two answers in one run, even on behalf of one identity.
        key.push_str(if self.0.exchange.is_authorized(request) { "\n+" } else { "\n-" });
        let reply = self.0.replies.run(&key, || self.fetch(request)).await;
        if !reply.as_ref().is_ok_and(|reply| is_worth_remembering(request, reply)) {
            self.0.replies.forget(&key);
        }
        reply
    }

    /// Returns the reply to a request that need not be asked: it can never change, or nobody may be asked and the cache holds it.
    pub async fn at_hand(&self, request: &Request) -> Option<Reply> {
        let cache = self.0.cache.as_ref()?;
        if request.caching != Caching::Immutable && self.0.mode != Mode::CacheOnly {
            return None;
        }
        let kept = cache.load(&cache::key(request, &self.0.exchange.identity(request), "")).await?;
        let kept = Some(kept).filter(|kept| request.is_proven(&kept.body))?;
        self.without_asking(request, Some(&kept)).ok().flatten()
    }

    /// Returns a value that an earlier run left under a name with [`Http::leave`]; `None` when there is none, or it has another form.
    pub async fn left<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let kept = self.0.cache.as_ref()?.load(name).await?;
        serde_json::from_slice(&kept.body).ok()
    }

    /// Leaves a value for later runs, where there is a cache. The name says what it is, for whom, and in which form. It is for what was
    /// made of many replies; nothing in it may be secret.
    pub async fn leave<T: Serialize + Sync>(&self, name: &str, value: &T) {
        if let (Some(cache), Ok(body)) = (&self.0.cache, serde_json::to_vec(value)) {
            cache.store(name, StatusCode::OK, &HeaderMap::new(), &body).await;
        }
    }

    /// Sends a GET request and returns what `parse` makes of the body; the next run gets the same again, from the cache, as long as the
    /// host says that the reply has not changed. A body too large to be kept is read once, as it comes.
    ///
    /// `shape` names what `parse` makes, with a number that changes when it makes something else: `helm-index/1`. It is called again when
    /// the connection breaks half way. Its errors are made with [`Body::malformed`].
    ///
    /// # Errors
    /// No reply could be had, its status is not 2xx, or `parse` failed.
    pub async fn fetch_parsed<T, P, F>(
        &self,
        request: &Request,
        shape: &str,
        parse: P,
    ) -> Result<Arc<T>, HttpError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        P: Fn(Body) -> F + Send + Sync,
        F: Future<Output = Result<T, HttpError>> + Send,
    {
        let key = cache::key(request, &self.0.exchange.identity(request), shape);
        let parsed = self
            .0
            .parsed
            .run(&key, || async {
                let value: Arc<dyn Any + Send + Sync> =
                    Arc::new(self.parse_fresh(request, &key, parse).await?);
                Ok(value)
            })
            .await?;
        parsed.downcast().map_err(|_| {
            let detail = format!("two kinds of value were asked for under the name `{shape}`");
            HttpError::new(HttpErrorKind::Malformed, &request.method, &request.url, detail)
        })
    }

    /// Returns what the host rules of the process say about an address.
    pub fn host_settings(&self, url: &Url, host_type: &str) -> HostSettings {
        self.0.exchange.rules.settings(url, host_type)
    }

    /// Ends all requests at a time: none is begun after it, and whoever waits for a host gets an error of the kind
    /// [`HttpErrorKind::Stopped`]. Of several times the earliest counts. A request that is under way may take a few seconds more, since
    /// its answer says whether something was done.
    pub fn stop_at(&self, at: Instant) {
        self.0.exchange.ending.set(at);
    }

    /// Begins the turn of one of several whose work follows each other: while others are `waiting`, its requests end when half of the time is over that
    /// is left until the end of [`Http::stop_at`], so that nobody takes all of it.
    pub fn begin_turn(&self, waiting: usize) {
        self.0.exchange.ending.begin_turn(waiting);
    }

    /// Ends all requests now, as [`Http::stop_at`].
    pub fn stop(&self) {
        self.stop_at(Instant::now());
    }

    /// Returns what was asked so far.
    pub fn stats(&self) -> Stats {
        self.0.exchange.counter.snapshot()
    }

    /// Returns whether replies go to a store or come from one, where each has to stand for itself.
    pub fn is_stored(&self) -> bool {
        self.0.exchange.is_stored()
    }

    /// Returns why the recording that was asked for lacks a reply, with the first reason; `None` when it is complete, or there is none.
    pub fn recording_failure(&self) -> Option<String> {
        self.0.exchange.lost().map(|error| format!("the recording lacks replies: {error}"))
    }

    /// Removes what is old from the cache. Call it at the end of a run.
    pub fn clean_cache(&self) {
        if let Some(cache) = &self.0.cache
            && let Err(error) = cache.clean(SystemTime::now())
        {
            tracing::debug!(%error, "the cache cannot be cleaned");
        }
    }

    async fn fetch(&self, request: &Request) -> Result<Reply, HttpError> {
        let cacheable = request.only_asks() && request.caching != Caching::Never;
        let cache = self.0.cache.as_ref().filter(|_| cacheable);
        let key = cache::key(request, &self.0.exchange.identity(request), "");
        let kept = match cache {
            Some(cache) => cache.load(&key).await.filter(|kept| request.is_proven(&kept.body)),
            None => None,
        };
        if let Some(reply) = self.without_asking(request, kept.as_ref())? {
            return Ok(reply);
        }
        let conditions = kept.as_ref().map(conditions).unwrap_or_default();
        let reply = self
            .0
            .exchange
            .run(request, &conditions, |response| async move {
                let (status, headers) = (response.status, response.headers);
                let url = response.body.url().clone();
                let body = response.body.bytes().await?;
                Ok(Reply { method: request.method.clone(), url, status, headers, body })
            })
            .await?;
        match (kept, cache) {
            (Some(kept), Some(cache)) if reply.status == StatusCode::NOT_MODIFIED => {
                self.hit(request);
                cache.touch(&key).await;
                Ok(kept.into_reply(request, reply.url, &reply.headers))
            }
            (_, Some(cache))
                if reply.status == StatusCode::OK
                    && may_be_stored(&reply.headers)
                    && request.is_proven(&reply.body) =>
            {
                cache.store(&key, reply.status, &reply.headers, &reply.body).await;
                Ok(reply)
            }
            _ => Ok(reply),
        }
    }

    /// Returns the kept reply where nobody needs to be asked.
    fn without_asking(&self, request: &Request, kept: Option<&Kept>) -> Result<Option<Reply>, HttpError> {
        if let Some(kept) = kept
            && (request.caching == Caching::Immutable || self.0.mode == Mode::CacheOnly)
        {
            self.hit(request);
            telling::tell_hit(request, kept.body.len());
            return Ok(Some(kept.clone().into_reply(request, request.url.clone(), &HeaderMap::new())));
        }
        if self.0.mode == Mode::CacheOnly { Err(offline(request)) } else { Ok(None) }
    }

    async fn parse_fresh<T, P, F>(&self, request: &Request, key: &str, parse: P) -> Result<T, HttpError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        P: Fn(Body) -> F + Send + Sync,
        F: Future<Output = Result<T, HttpError>> + Send,
    {
        let cache = self.0.cache.as_ref().filter(|_| request.caching != Caching::Never);
        let kept = match cache {
            Some(cache) => cache.load(key).await,
            None => None,
        };
        // What an older version stored in another form is as good as nothing.
        let kept = kept.and_then(|kept| Some((serde_json::from_slice::<T>(&kept.body).ok()?, kept)));
        if self.0.mode == Mode::CacheOnly || (kept.is_some() && request.caching == Caching::Immutable) {
            self.hit(request);
            return match kept {
                Some((value, kept)) => {
                    telling::tell_hit(request, kept.body.len());
                    Ok(value)
                }
                None => Err(offline(request)),
            };
        }
        let conditions = kept.as_ref().map(|(_, kept)| conditions(kept)).unwrap_or_default();
        let parse = &parse;
        let fresh = self
            .0
            .exchange
            .run(request, &conditions, |response| async move {
                match response.status {
                    StatusCode::NOT_MODIFIED => Ok(None),
                    status if status.is_success() => {
                        Ok(Some((parse(response.body).await?, response.headers)))
                    }
                    status => Err(HttpError::status(&request.method, response.body.url(), status)),
                }
            })
            .await?;
        match (fresh, kept, cache) {
            // The host says "not modified" only about what was kept.
            (None, Some((value, _)), Some(cache)) => {
                self.hit(request);
                cache.touch(key).await;
                Ok(value)
            }
            (None, ..) => Err(HttpError::status(&request.method, &request.url, StatusCode::NOT_MODIFIED)),
            (Some((value, headers)), _, cache) => {
                if let (Some(cache), true) = (cache, may_be_stored(&headers)) {
                    match serde_json::to_vec(&value) {
                        Ok(body) => cache.store(key, StatusCode::OK, &headers, &body).await,
                        Err(error) => tracing::warn!(%error, "a parsed reply cannot be cached"),
                    }
                }
                Ok(value)
            }
        }
    }

    fn hit(&self, request: &Request) {
        self.0.exchange.counter.count(&host_of(&request.url), |host| host.cache_hits += 1);
    }
}

/// Whether a reply is kept in memory until the end of the run.
fn is_worth_remembering(request: &Request, reply: &Reply) -> bool {
    let is_there = reply.status.is_success();
    let is_gone = matches!(reply.status, StatusCode::NOT_FOUND | StatusCode::GONE);
    let lasting = match request.caching {
        Caching::Never => false,
        Caching::Immutable if is_there => request.is_proven(&reply.body),
        // What has an id was seen somewhere: where it is not found, that is of the moment, unless whoever asks knows better.
        Caching::Immutable => is_gone && request.absence == Absence::OfTheRun,
        Caching::Revalidate | Caching::Fresh => is_there || is_gone,
    };
    lasting && reply.body.len() <= REMEMBERED
}

/// Returns the headers that ask the host whether a kept reply still holds.
fn conditions(kept: &Kept) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(tag) = kept.headers.get(ETAG) {
        headers.insert(IF_NONE_MATCH, tag.clone());
    }
    if let Some(date) = kept.headers.get(LAST_MODIFIED) {
        headers.insert(IF_MODIFIED_SINCE, date.clone());
    }
    headers
}

/// Whether the host allows its reply to be kept.
fn may_be_stored(headers: &HeaderMap) -> bool {
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    !control.split(',').any(|word| word.trim().eq_ignore_ascii_case("no-store"))
}

fn offline(request: &Request) -> HttpError {
    let detail = format!("`--offline`: the cache does not hold this reply of `{}`", host_of(&request.url));
    HttpError::new(HttpErrorKind::Offline, &request.method, &request.url, detail)
}

impl Kept {
    /// Returns the kept reply, with what the host said anew about it.
    fn into_reply(mut self, request: &Request, url: Url, fresh: &HeaderMap) -> Reply {
        for (name, value) in fresh {
            if *name != CONTENT_LENGTH && *name != CONTENT_ENCODING {
                self.headers.insert(name.clone(), value.clone());
            }
        }
        Reply {
            method: request.method.clone(),
            url,
            status: self.status,
            headers: self.headers,
            body: self.body,
        }
    }
}
