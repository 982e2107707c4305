//! One request and its reply, with redirects, repetition and waiting, over the network or from a recording.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use super::error::{HttpError, HttpErrorKind, host_of};
use super::host::Hosts;
use super::host_rules::{HostRules, HostSettings, Transport};
use super::patience::{Patience, asked_to_wait, is_transient};
use super::recording::{Authorized, Named, Outcome, Recorded, Replay, StoreError, record, record_failure};
use super::redirect::{is_redirect, next, same_origin};
use super::request::{Access, Confidential, Credential, Identity, Request};
use super::response::{Body, Response};
use super::roots::more_roots;
use super::stats::Counter;
use super::{HttpSettings, Proxies, SetupError, World};

const USER_AGENT: &str =
    concat!("updraft/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// What sends requests.
#[derive(Debug)]
pub(super) struct Exchange {
    source: Source,
    pub(super) rules: HostRules,
    hosts: Hosts,
    patience: Patience,
    pub(super) counter: Arc<Counter>,
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
    },
}

/// What may still be tried.
struct Budget {
    retries: u32,
    waits: u32,
    used: u32,
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
            rules: settings.host_rules,
            hosts: Hosts::default(),
            patience,
            counter: Arc::new(Counter::default()),
        })
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
        let repeatable = request.is_repeatable() && !matches!(self.source, Source::Replay(_));
        let mut budget = Budget {
            retries: if repeatable { self.patience.retries } else { 0 },
            waits: if repeatable { self.patience.waits } else { 0 },
            used: 0,
        };
        loop {
            match self.attempt(request, conditions, &budget, &consume).await {
                Ok(Attempt::Done(value)) => return Ok(value),
                Ok(Attempt::NotNow { wait: Some(wait), host }) => {
                    budget.waits -= 1;
                    tracing::debug!(host, seconds = wait.as_secs(), "the host asks to wait");
                    self.hosts.of(&host, self.patience.parallel).leave_alone(wait);
                    self.counter.count(&host, |host| host.retries += 1);
                }
                Ok(Attempt::NotNow { wait: None, host }) => self.pause(&mut budget, &host).await,
                Err(error) if error.is_transient() && budget.retries > 0 => {
                    tracing::debug!(%error, "asking again");
                    self.pause(&mut budget, &error.host).await;
                }
                Err(error) => {
                    if error.is_dead_host() && repeatable {
                        self.hosts.of(&error.host, self.patience.parallel).give_up(&error);
                    }
                    return Err(error);
                }
            }
        }
    }

    async fn pause(&self, budget: &mut Budget, host: &str) {
        self.counter.count(host, |host| host.retries += 1);
        tokio::time::sleep(self.patience.pause_before(budget.used)).await;
        budget.retries -= 1;
        budget.used += 1;
    }

    async fn attempt<R, C, F>(
        &self,
        request: &Request,
        conditions: &HeaderMap,
        budget: &Budget,
        consume: &C,
    ) -> Result<Attempt<R>, HttpError>
    where
        C: Fn(Response) -> F,
        F: Future<Output = Result<R, HttpError>>,
    {
        let response = self.follow(request, conditions).await?;
        let host = host_of(response.body.url());
        let wait = asked_to_wait(response.status, &response.headers, SystemTime::now());
        match wait {
            Some(wait) if budget.waits > 0 && wait <= self.patience.longest_wait => {
                Ok(Attempt::NotNow { wait: Some(wait), host })
            }
            None if budget.retries > 0 && is_transient(response.status) => {
                Ok(Attempt::NotNow { wait: None, host })
            }
            _ => consume(response).await.map(Attempt::Done),
        }
    }

    /// Sends a request to where it leads. The credential goes along only within the origin it was meant for.
    async fn follow(&self, request: &Request, conditions: &HeaderMap) -> Result<Response, HttpError> {
        let mut url = request.url.clone();
        let mut earlier: Vec<Url> = Vec::new();
        loop {
            let settings = self.rules.settings(&url, kind(request));
            let credential = match &request.access {
                Access::With(credential) if same_origin(&url, &request.url) => Some(credential.clone()),
                Access::HostRules(_) if same_origin(&url, &request.url) => settings.credential(),
                _ => None,
            };
            let hop = Hop { url: &url, settings: &settings, credential: credential.as_ref() };
            let response = self.hop(request, conditions, &hop).await?;
            if !request.is_repeatable() || !is_redirect(response.status) {
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
        if hop.credential.is_some() && url.scheme() != "https" && hop.settings.transport != Transport::Plain {
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
                    Outcome::Reply(recorded) => Ok(whole(recorded, method, url, request.body_limit)),
                    Outcome::Failure { kind, message } => Err(fail(kind, message)),
                }
            }
            Source::Network { client, record: None } => self.ask(client, request, conditions, hop).await,
            Source::Network { client, record: Some(folder) } => {
                match self.ask_whole(client, request, conditions, hop).await {
                    Ok(reply) => {
                        record(folder, &asked, &reply).map_err(store)?;
                        Ok(whole(reply, method, url, request.body_limit))
                    }
                    Err(error) => {
                        record_failure(folder, &asked, &error).map_err(store)?;
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
        let pass = host.enter(spacing).await?;
        let limit = hop.settings.timeout.map(Duration::from_millis).or(request.deadline);
        let deadline = Instant::now() + limit.unwrap_or(self.patience.deadline);
        self.counter.count(&host_name, |host| host.requests += 1);
        let start = Instant::now();
        // In a task of its own, so that the handshakes of many connections are spread over the cores.
        let mut sending = JoinSet::new();
        sending.spawn(client.execute(outgoing));
        let response = match tokio::time::timeout_at(deadline, sending.join_next()).await {
            Ok(Some(Ok(Ok(response)))) => response,
            Ok(Some(Ok(Err(error)))) => return Err(HttpError::of_client(method, url, &error)),
            Ok(Some(Err(_)) | None) => {
                let detail = format!("the request to `{host_name}` was broken off");
                return Err(HttpError::new(HttpErrorKind::Broken, method, url, detail));
            }
            Err(_) => {
                let detail = format!("`{host_name}` took too long to answer");
                return Err(HttpError::new(HttpErrorKind::Timeout, method, url, detail));
            }
        };
        tracing::debug!(
            %method,
            url = super::shown(url),
            status = response.status().as_u16(),
            milliseconds = start.elapsed().as_millis(),
            "request"
        );
        let (status, headers) = (response.status(), response.headers().clone());
        let body = Body::live(response, method, url, (request.body_limit, deadline), &self.counter, pass);
        Ok(Response { status, headers, body })
    }
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
