//! One request and its reply, with redirects, repetition and waiting, over the network or from a recording.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use super::ending::Ending;
use super::error::{HttpError, HttpErrorKind, host_of, shown};
use super::host::Hosts;
use super::host_rules::{HostRules, HostSettings, Transport};
use super::patience::{Patience, Verdict, verdict, wait_by_words};
use super::proxy::Routes;
use super::recording::{Authorized, Named, Outcome, Recorded, Replay, StoreError, record, record_failure};
use super::redirect::{is_redirect, next, same_origin};
use super::request::{Access, Confidential, Credential, Identity, Persistence, Request};
use super::response::{Body, Response};
use super::roots::more_roots;
use super::stats::Counter;
use super::telling::{self, Telling, tell_failure};
use super::{HttpSettings, Proxies, SetupError, World};

const USER_AGENT: &str =
    concat!("updraft/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// What sends requests.
#[derive(Debug)]
pub(super) struct Exchange {
    source: Source,
    routes: Routes,
    pub(super) rules: HostRules,
    hosts: Hosts,
    patience: Patience,
    pub(super) ending: Ending,
    pub(super) counter: Arc<Counter>,
    /// Why a reply is missing in the recording: the first reason.
    lost: OnceLock<StoreError>,
}

#[derive(Debug)]
enum Source {
    Network { client: reqwest::Client, record: Option<PathBuf> },
    Replay(Replay),
    Nothing,
}

/// Whether an attempt settled the matter.
enum Attempt<R> {
    Done(R),
    /// The host is not ready; it may have said for how long.
    NotNow {
        wait: Option<Duration>,
        host: String,
        status: StatusCode,
    },
}

/// How often a stubborn request is sent again after transient failures; the pauses add up to some eight seconds.
const STUBBORN_RETRIES: u32 = 5;

/// How often a stubborn request obeys a host that wants to be asked later.
const STUBBORN_WAITS: u32 = 10;

/// The longest text of a refusal that is read, in bytes.
const REFUSAL_LIMIT: u64 = 64 * 1024;

/// What may still be tried.
struct Budget {
    retries: u32,
    waits: u32,
    used: u32,
    /// The longest single wait.
    longest: Duration,
    /// How long all waits together may still take.
    waiting: Duration,
}

impl Budget {
    fn new(request: &Request, patience: &Patience) -> Self {
        let (retries, waits, longest, waiting) = match request.persistence {
            Persistence::Usual => {
                let longest = patience.longest_wait;
                (patience.retries, patience.waits, longest, longest.saturating_mul(patience.waits))
            }
            Persistence::Stubborn(all) => (STUBBORN_RETRIES, STUBBORN_WAITS, all, all),
            Persistence::Once(_) => return Self::none(),
        };
        Self { retries, waits, used: 0, longest, waiting }
    }

    /// Returns what is there where the same reply comes however often it is asked for.
    fn none() -> Self {
        Self { retries: 0, waits: 0, used: 0, longest: Duration::ZERO, waiting: Duration::ZERO }
    }

    fn allows(&self, wait: Duration) -> bool {
        self.waits > 0 && wait <= self.longest && wait <= self.waiting
    }
}

impl Exchange {
    pub(super) fn new(settings: HttpSettings) -> Result<Self, SetupError> {
        let patience = settings.patience;
        let source = match settings.world {
            World::Live => Source::Network { client: client(&patience, settings.proxies)?, record: None },
            World::Record(folder) => {
                Source::Network { client: client(&patience, settings.proxies)?, record: Some(folder) }
            }
            World::Replay(folder) => Source::Replay(Replay::open(&folder)?),
            World::Offline => Source::Nothing,
        };
        Ok(Self {
            source,
            routes: Routes::new(settings.proxies),
            rules: settings.host_rules,
            hosts: Hosts::default(),
            patience,
            ending: Ending::default(),
            counter: Arc::new(Counter::default()),
            lost: OnceLock::new(),
        })
    }

    /// Returns why the recording lacks a reply; `None` when it is complete.
    pub(super) fn lost(&self) -> Option<&StoreError> {
        self.lost.get()
    }

    /// Notes whether a reply was recorded. One that was not is missing there; it is an answer all the same.
    fn keep(&self, recorded: Result<(), StoreError>) {
        if let Err(error) = recorded {
            tracing::debug!(%error, "a reply cannot be recorded");
            let _ = self.lost.set(error);
        }
    }

    /// Returns whether replies go to a store or come from one.
    pub(super) fn is_stored(&self) -> bool {
        matches!(self.source, Source::Network { record: Some(_), .. } | Source::Replay(_))
    }

    /// Returns on whose behalf a request is sent.
    pub(super) fn identity(&self, request: &Request) -> Identity {
        match &request.access {
            Access::Anonymous(identity) => identity.clone(),
            Access::With(credential) => credential.identity().clone(),
            Access::HostRules(kind) => self
                .rules
                .settings(&request.url, kind)
                .credential()
                .map_or(Identity::Anonymous, |credential| credential.identity().clone()),
        }
    }

    /// Whether a request takes a credential along.
    pub(super) fn is_authorized(&self, request: &Request) -> bool {
        match &request.access {
            Access::Anonymous(_) => false,
            Access::With(_) => true,
            Access::HostRules(kind) => self.rules.settings(&request.url, kind).credential().is_some(),
        }
    }

    /// Sends a request and hands the reply to `consume`, again as long as patience and the request allow.
    ///
    /// `consume` sees the reply to the last attempt whatever its status.
    pub(super) async fn run<R, C, F>(
        &self,
        request: &Request,
        conditions: &HeaderMap,
        consume: C,
    ) -> Result<R, HttpError>
    where
        C: Fn(Response) -> F,
        F: Future<Output = Result<R, HttpError>>,
    {
        // A recording says the same again however often it is asked.
        let is_replay = matches!(self.source, Source::Replay(_));
        let mut budget = if is_replay { Budget::none() } else { Budget::new(request, &self.patience) };
        let mut attempt = 0;
        loop {
            attempt += 1;
            if self.ending.has_come() {
                return Err(HttpError::stopped(&request.method, &request.url));
            }
            match self.attempt(request, conditions, (&budget, attempt), &consume).await {
                Ok(Attempt::Done(value)) => return Ok(value),
                Ok(Attempt::NotNow { wait: Some(wait), host, status }) => {
                    budget.waits -= 1;
                    budget.waiting = budget.waiting.saturating_sub(wait);
                    let (seconds, status) = (wait.as_secs(), status.as_u16());
                    if request.persistence == Persistence::Usual {
                        tracing::debug!(host, status, seconds, attempt, "the host asks to wait");
                    } else {
                        tracing::info!(host, status, seconds, attempt, "the host asks to wait");
                    }
                    self.hosts.of(&host, self.patience.parallel).leave_alone(wait);
                    self.counter.count(&host, |host| host.retries += 1);
                }
                Ok(Attempt::NotNow { wait: None, host, status }) => {
                    let pause = self.patience.pause_before(budget.used);
                    tracing::debug!(
                        url = shown(&request.url),
                        status = status.as_u16(),
                        pause = ?pause,
                        attempt,
                        "asking again"
                    );
                    self.pause(&mut budget, &host, pause).await;
                }
                Err(error)
                    if budget.retries > 0
                        && may_be_sent_again(request, &error)
                        && !self.is_given_up(request, &error.host) =>
                {
                    let pause = self.patience.pause_before(budget.used);
                    tracing::debug!(reason = %error, pause = ?pause, attempt, "asking again");
                    self.pause(&mut budget, &error.host, pause).await;
                }
                Err(error) => {
                    if error.is_dead_host()
                        && request.only_asks()
                        && request.persistence == Persistence::Usual
                        && !is_replay
                    {
                        tracing::debug!(
                            host = error.host,
                            reason = error.detail,
                            attempt,
                            "the host is given up"
                        );
                        self.hosts.of(&error.host, self.patience.parallel).give_up(&error);
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Whether nobody would be asked however often the request is sent again.
    fn is_given_up(&self, request: &Request, host: &str) -> bool {
        request.persistence == Persistence::Usual && self.hosts.of(host, self.patience.parallel).is_given_up()
    }

    async fn pause(&self, budget: &mut Budget, host: &str, pause: Duration) {
        self.counter.count(host, |host| host.retries += 1);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.ending.come() => {}
        }
        budget.retries -= 1;
        budget.used += 1;
    }

    async fn attempt<R, C, F>(
        &self,
        request: &Request,
        conditions: &HeaderMap,
        (budget, attempt): (&Budget, u32),
        consume: &C,
    ) -> Result<Attempt<R>, HttpError>
    where
        C: Fn(Response) -> F,
        F: Future<Output = Result<R, HttpError>>,
    {
        let mut response = self.follow(request, conditions, attempt).await?;
        let host = host_of(response.body.url());
        let (status, mut verdict) =
            (response.status, verdict(response.status, &response.headers, SystemTime::now()));
        if request.persistence != Persistence::Usual {
            let is_by_words = matches!(status, StatusCode::FORBIDDEN | StatusCode::CONFLICT);
            if is_by_words && verdict == Verdict::Final {
                let text;
                (response, text) = peek(response, request).await?;
                verdict = match wait_by_words(status, &text, self.patience.untold) {
                    Some(wait) => Verdict::Refused(Some(wait)),
                    None => Verdict::Final,
                };
            }
            verdict = match verdict {
                Verdict::Refused(None) => Verdict::Refused(Some(self.patience.untold)),
                Verdict::Final if status == StatusCode::INTERNAL_SERVER_ERROR => Verdict::Failed(None),
                other => other,
            };
        }
        // Waiting past the end of the run helps nobody.
        let in_time = |wait: Duration| self.ending.left().is_none_or(|left| wait < left);
        match verdict {
            Verdict::Refused(Some(wait)) if budget.allows(wait) && in_time(wait) => {
                Ok(Attempt::NotNow { wait: Some(wait), host, status })
            }
            Verdict::Failed(Some(wait))
                if request.is_repeatable() && budget.allows(wait) && in_time(wait) =>
            {
                Ok(Attempt::NotNow { wait: Some(wait), host, status })
            }
            Verdict::Refused(None) if budget.retries > 0 => Ok(Attempt::NotNow { wait: None, host, status }),
            Verdict::Failed(None) if budget.retries > 0 && request.is_repeatable() => {
                Ok(Attempt::NotNow { wait: None, host, status })
            }
            _ => {
                if let Persistence::Once(longest) = request.persistence
                    && let Some(wait) =
                        self.asked_wait(verdict).filter(|wait| *wait <= longest && in_time(*wait))
                {
                    tracing::info!(host, seconds = wait.as_secs(), "the host asks to wait");
                    self.hosts.of(&host, self.patience.parallel).leave_alone(wait);
                }
                consume(response).await.map(Attempt::Done)
            }
        }
    }

    /// Returns for how long a host that is not ready is left alone.
    fn asked_wait(&self, verdict: Verdict) -> Option<Duration> {
        match verdict {
            Verdict::Refused(wait) | Verdict::Failed(wait @ Some(_)) => wait,
            Verdict::Failed(None) => Some(self.patience.pause_before(1)),
            Verdict::Final => None,
        }
    }

    /// Sends a request to where it leads. The credential goes along only within the origin it was meant for.
    async fn follow(
        &self,
        request: &Request,
        conditions: &HeaderMap,
        attempt: u32,
    ) -> Result<Response, HttpError> {
        let mut url = request.url.clone();
        let mut earlier: Vec<Url> = Vec::new();
        loop {
            let settings = self.rules.settings(&url, kind(request));
            let credential = match &request.access {
                Access::With(credential) if same_origin(&url, &request.url) => Some(credential.clone()),
                Access::HostRules(_) if same_origin(&url, &request.url) => settings.credential(),
                _ => None,
            };
            let hop = Hop { url: &url, settings: &settings, credential: credential.as_ref(), attempt };
            let start = Instant::now();
            let answered = self.hop(request, conditions, &hop).await;
            let response = answered.inspect_err(|error| tell_failure(error, start, attempt))?;
            if !is_redirect(response.status) {
                return Ok(response);
            }
            // What changes something goes on only where that surely means the same request to the same host.
            let is_same =
                matches!(response.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
            if !request.only_asks() && !is_same {
                return Ok(response);
            }
            let target = next(
                &request.method,
                &url,
                &earlier,
                response.status,
                &response.headers,
                self.patience.redirects,
            )?;
            if !request.only_asks() && !same_origin(&url, &target) {
                return Ok(response);
            }
            earlier.push(std::mem::replace(&mut url, target));
        }
    }

    async fn hop(
        &self,
        request: &Request,
        conditions: &HeaderMap,
        hop: &Hop<'_>,
    ) -> Result<Response, HttpError> {
        let (method, url) = (&request.method, hop.url);
        let fail = |kind, detail: String| HttpError::new(kind, method, url, detail);
        let host_name = host_of(url);
        if hop.settings.enabled == Some(false) {
            let detail = format!("a host rule forbids to ask `{host_name}` (`enabled: false`)");
            return Err(fail(HttpErrorKind::Address, detail));
        }
        let is_named = request.transport == Transport::Plain && same_origin(url, &request.url);
        let is_plain = is_named || hop.settings.transport == Transport::Plain;
        if hop.credential.is_some() && url.scheme() != "https" && !is_plain {
            let detail = format!(
                "`{host_name}` is not asked over plain http with a credential; a host rule with `insecureRegistry: true` allows it"
            );
            return Err(fail(HttpErrorKind::Insecure, detail));
        }
        let asked = Named {
            method,
            url,
            // What is sent to get a token is itself a secret, and its hash says too much.
            body: request.body.as_ref().filter(|_| request.confidential == Confidential::No),
            authorized: if hop.credential.is_some() { Authorized::Yes } else { Authorized::No },
            confidential: request.confidential,
        };
        let store = |error: StoreError| fail(HttpErrorKind::Store, error.to_string());
        match &self.source {
            Source::Nothing => Err(fail(HttpErrorKind::Offline, "`--offline`: nothing is asked".to_owned())),
            Source::Replay(replay) => {
                let missing = || {
                    let detail = "`--replay`: the store does not hold this reply";
                    fail(HttpErrorKind::NotRecorded, detail.to_owned())
                };
                let outcome = replay.find(&asked).map_err(store)?.ok_or_else(missing)?;
                self.counter.count(&host_name, |host| host.requests += 1);
                match outcome {
                    Outcome::Reply(recorded) => {
                        let began = (Instant::now(), hop.attempt);
                        let telling = Telling::new(began, recorded.status, telling::Verdict::Off);
                        let Response { status, headers, body } =
                            whole(recorded, method, url, request.body_limit);
                        Ok(Response { status, headers, body: body.telling(telling) })
                    }
                    Outcome::Failure { kind, message } => Err(fail(kind, message)),
                }
            }
            Source::Network { client, record: None } => self.ask(client, request, conditions, hop).await,
            Source::Network { client, record: Some(folder) } => {
                match self.ask_whole(client, request, conditions, hop).await {
                    Ok(reply) => {
                        self.keep(record(folder, &asked, &reply));
                        Ok(whole(reply, method, url, request.body_limit))
                    }
                    Err(error) => {
                        self.keep(record_failure(folder, &asked, &error));
                        Err(error)
                    }
                }
            }
        }
    }

    async fn ask_whole(
        &self,
        client: &reqwest::Client,
        request: &Request,
        conditions: &HeaderMap,
        hop: &Hop<'_>,
    ) -> Result<Recorded, HttpError> {
        let response = self.ask(client, request, conditions, hop).await?;
        let (status, headers) = (response.status, response.headers);
        Ok(Recorded { status, headers, body: response.body.bytes().await? })
    }

    async fn ask(
        &self,
        client: &reqwest::Client,
        request: &Request,
        conditions: &HeaderMap,
        hop: &Hop<'_>,
    ) -> Result<Response, HttpError> {
        let (method, url) = (&request.method, hop.url);
        let host_name = host_of(url);
        let parallel = hop.settings.concurrent_request_limit.unwrap_or(self.patience.parallel);
        let host = self.hosts.of(&host_name, parallel.min(self.patience.parallel));
        let spacing = hop.settings.max_requests_per_second.map(|rate| Duration::from_secs_f64(1.0 / rate));
        let outgoing = build(client, request, conditions, hop)?;
        let stopped = || HttpError::stopped(method, url);
        let pass = tokio::select! {
            pass = host.enter(spacing, request.persistence) => pass?,
            () = self.ending.come() => return Err(stopped()),
        };
        let limit = hop.settings.timeout.map(Duration::from_millis).or(request.deadline);
        let deadline = Instant::now() + limit.unwrap_or(self.patience.deadline);
        self.counter.count(&host_name, |host| host.requests += 1);
        let start = Instant::now();
        // In a task of its own, so that the handshakes of many connections are spread over the cores.
        let mut sending = JoinSet::new();
        sending.spawn(client.execute(outgoing));
        let answered = tokio::select! {
            answered = tokio::time::timeout_at(deadline, sending.join_next()) => answered,
            () = self.ending.be_over() => return Err(stopped()),
        };
        let response = match answered {
            Ok(Some(Ok(Ok(response)))) => response,
            Ok(Some(Ok(Err(error)))) => {
                let proxy = self.routes.proxy_of(url);
                return Err(HttpError::of_client(method, url, proxy.as_deref(), &error));
            }
            Ok(Some(Err(_)) | None) => {
                let detail = format!("the request to `{host_name}` was broken off");
                return Err(HttpError::new(HttpErrorKind::Broken, method, url, detail));
            }
            Err(_) => {
                let detail = format!("`{host_name}` took too long to answer");
                return Err(HttpError::new(HttpErrorKind::Timeout, method, url, detail));
            }
        };
        let kept = telling::Verdict::of(request, !conditions.is_empty(), response.status());
        let telling = Telling::new((start, hop.attempt), response.status(), kept);
        let (status, headers) = (response.status(), response.headers().clone());
        let body = Body::live(response, method, url, (request.body_limit, deadline), &self.counter, pass)
            .telling(telling);
        Ok(Response { status, headers, body })
    }
}

/// Whether a request that failed may be sent again: what changes something only where the host was not even reached.
fn may_be_sent_again(request: &Request, error: &HttpError) -> bool {
    error.is_transient() && (request.is_repeatable() || error.is_unreachable())
}

/// Reads a refusal, and returns it as it was together with its text.
async fn peek(response: Response, request: &Request) -> Result<(Response, Bytes), HttpError> {
    let Response { status, headers, body } = response;
    let url = body.url().clone();
    let mut text = BytesMut::new();
    let mut body = body;
    while let Some(chunk) = body.chunk().await? {
        text.extend_from_slice(&chunk);
        if text.len() as u64 > REFUSAL_LIMIT {
            break;
        }
    }
    let text = text.freeze();
    let body = Body::whole(text.clone(), &request.method, &url, request.body_limit);
    Ok((Response { status, headers, body }, text))
}

fn kind(request: &Request) -> &str {
    match &request.access {
        Access::HostRules(kind) => kind,
        Access::Anonymous(_) | Access::With(_) => "",
    }
}

/// One step of a request on its way.
struct Hop<'a> {
    url: &'a Url,
    settings: &'a HostSettings,
    credential: Option<&'a Credential>,
    /// How often the request is sent, this time included.
    attempt: u32,
}

fn whole(reply: Recorded, method: &Method, url: &Url, limit: u64) -> Response {
    Response {
        status: reply.status,
        headers: reply.headers,
        body: Body::whole(reply.body, method, url, limit),
    }
}

fn build(
    client: &reqwest::Client,
    request: &Request,
    conditions: &HeaderMap,
    hop: &Hop<'_>,
) -> Result<reqwest::Request, HttpError> {
    let (method, url) = (&request.method, hop.url);
    let bad = |what: &str| {
        let detail = format!("`{}` cannot be asked: {what}", host_of(url));
        HttpError::new(HttpErrorKind::Address, method, url, detail)
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("the address is neither https nor http"));
    }
    if url.host_str().is_none_or(|host| host.starts_with('.')) {
        return Err(bad("a host's name does not begin with a dot"));
    }
    let mut headers = conditions.clone();
    if let Some(accept) = &request.accept {
        headers.insert(
            ACCEPT,
            HeaderValue::try_from(accept).map_err(|_| bad("the header `accept` is not valid"))?,
        );
    }
    for (name, value) in &request.headers {
        let header = HeaderName::try_from(name).map_err(|_| bad("a header's name is not valid"))?;
        headers
            .insert(header, HeaderValue::try_from(value).map_err(|_| bad("a header's value is not valid"))?);
    }
    if let Some(credential) = hop.credential {
        let mut value = HeaderValue::try_from(credential.header().expose_secret())
            .map_err(|_| bad("the credential has letters that a header cannot have"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let mut builder = client.request(method.clone(), url.clone()).headers(headers);
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    builder.build().map_err(|_| bad("the address is not valid"))
}

fn client(patience: &Patience, proxies: Proxies) -> Result<reqwest::Client, SetupError> {
    // Fails only when the process has a provider already, which is then as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(patience.connect)
        .read_timeout(patience.silence)
        .pool_max_idle_per_host(patience.parallel)
        .tls_certs_merge(more_roots());
    if proxies == Proxies::Direct {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| SetupError::Client(format!("{error:?}")))
}
