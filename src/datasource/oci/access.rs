//! How we get into registries: anonymously, with a user and password, or with a token from the registry's token service.
//!
//! The first request to a registry goes without a credential and shows what the registry wants; from then on tokens are asked for before they are
//! missed. A credential is only ever used for the registry it was configured for: it goes to that registry, and to the token service which
//! that registry names, over TLS; a token goes back only to the registry that named the service. What a host says that the registry leads to
//! is not the registry's word.
//! <https://distribution.github.io/distribution/spec/auth/token/>

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use super::challenge;
use super::name::Repository;
use super::token::{Audience, Tokens};
use crate::datasource::{LookupError, LookupErrorKind};
use crate::http::{
    Access, Credential, DockerConfig, Http, Identity, Login, Reply, Request, Transport, same_origin,
};

/// The kind that host rules for registries have.
const HOST_TYPE: &str = "docker";

/// Names of Docker Hub's registry that a host rule may use.
const DOCKER_HUB_NAMES: [&str; 3] =
    ["https://index.docker.io/", "https://registry-1.docker.io/", "https://docker.io/"];

/// What sends requests to registries.
#[derive(Debug)]
pub(super) struct Registries {
    pub(super) http: Http,
    docker: DockerConfig,
    gates: Mutex<BTreeMap<String, Arc<Gate>>>,
    pub(super) tokens: Tokens,
}

/// What is known about how to get into one registry.
#[derive(Debug, Default)]
struct Gate {
    /// Held by the first request, while the others wait for what it finds out.
    first: tokio::sync::Mutex<()>,
    known: Mutex<Option<(Door, Learned)>>,
}

/// When a door was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Learned {
    Now,
    /// In an earlier run.
    Before,
}

/// What came of a request without anything to show.
enum Knocked {
    In(Reply),
    At(Door),
}

/// A door, and whose word it is.
struct Shown {
    door: Door,
    by: Speaker,
}

/// Who says where the door is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    Registry,
    /// A host that the registry leads to: perhaps for this repository only, and perhaps to somebody who wants our credential.
    AnotherHost,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Door {
    Open,
    Basic,
    Token(TokenService),
}

/// A token service, as a registry named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TokenService {
    pub(super) realm: Url,
    pub(super) service: Option<String>,
    /// The scope, when it is the same for every repository.
    pub(super) scope: Option<String>,
}

/// Why we did not get in.
#[derive(Clone, Debug)]
pub(super) enum Shut {
    /// We were understood, and refused; or there was no reply.
    Refused(LookupError),
    /// What the registry named as its token service does not give tokens.
    NoToken(LookupError),
}

impl From<LookupError> for Shut {
    fn from(error: LookupError) -> Self {
        Self::Refused(error)
    }
}

impl From<Shut> for LookupError {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Refused(error) | Shut::NoToken(error) => error,
        }
    }
}

/// What we have to show at a registry.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Nothing,
    Credential(Credential),
    IdentityToken(SecretString),
}

impl Key {
    pub(super) fn identity(&self) -> Identity {
        use secrecy::ExposeSecret as _;
        match self {
            Self::Nothing => Identity::Anonymous,
            Self::Credential(credential) => credential.identity().clone(),
            Self::IdentityToken(token) => Identity::holder(token.expose_secret()),
        }
    }
}

impl Registries {
    pub(super) fn new(http: Http, docker: DockerConfig) -> Self {
        Self { http, docker, gates: Mutex::default(), tokens: Tokens::default() }
    }

    /// Returns the address of something in a repository: `tags/list`, `manifests/latest`.
    pub(super) fn url(&self, repository: &Repository, what: &str) -> Result<Url, LookupError> {
        let secure = format!("https://{}/v2/{}/{what}", repository.host, repository.path);
        let bad = |_| LookupError::unsupported(repository.shown(), "this is not the address of a repository");
        let url = Url::parse(&secure).map_err(bad)?;
        match self.http.host_settings(&url, HOST_TYPE).transport {
            Transport::Secure => Ok(url),
            Transport::Plain => {
                Url::parse(&format!("http://{}/v2/{}/{what}", repository.host, repository.path)).map_err(bad)
            }
        }
    }

    /// Sends a request about a repository, with whatever the registry wants to see first.
    ///
    /// # Errors
    /// No reply could be had, or the registry does not let us in. Any other status is a reply.
    pub(super) async fn send(&self, repository: &Repository, request: Request) -> Result<Reply, LookupError> {
        let key = self.key(repository).await;
        let plain = request.clone().access(Access::Anonymous(key.identity()));
        if let Some(reply) = self.http.at_hand(&plain).await {
            return Ok(reply);
        }
        let gate = self.gate(&repository.host);
        let mut known = gate.known();
        if known.is_none() {
            let first = gate.first.lock().await;
            known = gate.known();
            if known.is_none() {
                known = self.left(repository, &key).await.map(|door| (door, Learned::Before));
            }
            if known.is_none() {
                match self.knock(repository, &plain, &key, &gate).await? {
                    Knocked::In(reply) => return Ok(reply),
                    Knocked::At(door) => known = Some((door, Learned::Now)),
                }
            } else {
                gate.set(known.clone());
            }
            drop(first);
        }
        let (door, learned) = known.unwrap_or((Door::Open, Learned::Now));
        match self.enter(repository, &request, &key, &gate, door).await {
            // The registry may have another token service by now.
            Err(Shut::NoToken(_)) if learned == Learned::Before => {
                match self.knock(repository, &plain, &key, &gate).await? {
                    Knocked::In(reply) => Ok(reply),
                    Knocked::At(door) => Ok(self.enter(repository, &request, &key, &gate, door).await?),
                }
            }
            reply => Ok(reply?),
        }
    }

    /// Returns the error to report where nobody gets in without a credential and we have none; `None` where asking may still help.
    pub(super) async fn hopeless(&self, repository: &Repository) -> Option<LookupError> {
        let key = self.key(repository).await;
        matches!(key, Key::Nothing).then(|| refused(repository, &key))
    }

    /// Sends a request without anything to show, and notes what the registry wants to see.
    async fn knock(
        &self,
        repository: &Repository,
        plain: &Request,
        key: &Key,
        gate: &Gate,
    ) -> Result<Knocked, LookupError> {
        let reply = self.http.send(plain).await.map_err(|error| failed(repository, error))?;
        match door_of(repository, plain, key, &reply)? {
            None => {
                gate.set(Some((Door::Open, Learned::Now)));
                Ok(Knocked::In(reply))
            }
            Some(shown) => {
                self.learn(repository, gate, &shown).await;
                Ok(Knocked::At(shown.door))
            }
        }
    }

    /// Notes a door for the other repositories of the registry, and for the next run.
    async fn learn(&self, repository: &Repository, gate: &Gate, Shown { door, by }: &Shown) {
        if *by == Speaker::AnotherHost {
            return;
        }
        let general = door.clone().for_every_repository();
        if let Door::Token(service) = &general {
            self.http.leave(&left_as(repository), service).await;
        }
        gate.set(Some((general, Learned::Now)));
    }

    /// Returns the door that an earlier run found. What lies in a cache is good enough to ask for an anonymous token, not to show a credential to.
    async fn left(&self, repository: &Repository, key: &Key) -> Option<Door> {
        let Key::Nothing = key else { return None };
        let service: TokenService = self.http.left(&left_as(repository)).await?;
        let asked = self.url(repository, "").ok()?;
        realm_of(repository, service.realm.as_str(), &asked).ok()?;
        Some(Door::Token(service))
    }

    async fn enter(
        &self,
        repository: &Repository,
        request: &Request,
        key: &Key,
        gate: &Gate,
        mut door: Door,
    ) -> Result<Reply, Shut> {
        let began = Instant::now();
        // Twice: this repository may have another door than the others, or the token is not good any more.
        for _ in 0..2 {
            let (access, audience) = self.access(repository, key, &door).await?;
            let reply = self.http.send(&request.clone().access(access)).await;
            let reply = reply.map_err(|error| failed(repository, error))?;
            let found = match door_of(repository, request, key, &reply)? {
                Some(found) => found,
                // So some registries say of a token that it is not for this repository.
                None if reply.status == StatusCode::FORBIDDEN && audience == Audience::Several => {
                    Shown { door: door.clone(), by: Speaker::Registry }
                }
                None => return Ok(reply),
            };
            if door != found.door {
                self.learn(repository, gate, &found).await;
            } else if let Door::Token(service) = &door
                && self.tokens.replace(&self.http, repository, key, service, began).await
            {
                // The next round goes with another token.
            } else {
                break;
            }
            door = found.door;
        }
        Err(Shut::Refused(refused(repository, key)))
    }

    fn gate(&self, host: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(host.to_owned()).or_default())
    }

    /// Returns what we have to show at a registry: a host rule, otherwise the Docker `config.json`.
    async fn key(&self, repository: &Repository) -> Key {
        let own = format!("https://{}/v2/{}/", repository.host, repository.path);
        let names = if repository.is_docker_hub() { &DOCKER_HUB_NAMES[..] } else { &[] };
        let credential = std::iter::once(own.as_str())
            .chain(names.iter().copied())
            .filter_map(|address| Url::parse(address).ok())
            .find_map(|url| self.http.host_settings(&url, HOST_TYPE).credential());
        if let Some(credential) = credential {
            return Key::Credential(credential);
        }
        match self.docker.login(&repository.host, &repository.path).await {
            None => Key::Nothing,
            Some(Login::Password { username, password }) => {
                Key::Credential(Credential::basic(&username, &password))
            }
            Some(Login::IdentityToken(token)) => Key::IdentityToken(token),
        }
    }

    async fn access(
        &self,
        repository: &Repository,
        key: &Key,
        door: &Door,
    ) -> Result<(Access, Audience), Shut> {
        match (door, key) {
            (Door::Open, _) => Ok((Access::Anonymous(key.identity()), Audience::One)),
            (Door::Basic, Key::Credential(credential)) => {
                Ok((Access::With(credential.clone()), Audience::One))
            }
            (Door::Basic, _) => Err(Shut::Refused(refused(repository, key))),
            (Door::Token(service), _) => {
                let token = self.tokens.of(&self.http, repository, key, service).await?;
                Ok((Access::With(token.credential), token.audience))
            }
        }
    }
}

impl Door {
    /// Returns the same door without what is about one repository only.
    fn for_every_repository(mut self) -> Self {
        if let Self::Token(service) = &mut self {
            service.scope.take_if(|scope| scope.starts_with("repository:"));
        }
        self
    }
}

impl Gate {
    fn known(&self) -> Option<(Door, Learned)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, known: Option<(Door, Learned)>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

fn left_as(repository: &Repository) -> String {
    format!("registry-door/1 {}", repository.host)
}

pub(super) fn failed(repository: &Repository, error: crate::http::HttpError) -> LookupError {
    LookupError::of_http(repository.shown(), error)
}

pub(super) fn refused(repository: &Repository, key: &Key) -> LookupError {
    let host = repository.shown_host();
    let error =
        |detail: String| LookupError::new(LookupErrorKind::Unauthorized, host, repository.shown(), detail);
    match key {
        Key::Nothing => error(format!(
            "`{host}` shows it to nobody without a credential: it is private, or does not exist"
        ))
        .hint(format!("for a private one, give `{host}` a host rule or a login in a Docker `config.json`")),
        _ => error(format!("`{host}` refused the credential"))
            .hint(format!("check that the credential of `{host}` is valid and may read this repository")),
    }
}

/// Returns the door that the reply to `request` shows; `None` when we are in.
///
/// # Errors
/// It shows none that we may go through: a credential is not for the door of a host that the registry leads to.
fn door_of(
    repository: &Repository,
    request: &Request,
    key: &Key,
    reply: &Reply,
) -> Result<Option<Shown>, LookupError> {
    if reply.status != StatusCode::UNAUTHORIZED {
        return Ok(None);
    }
    let by = if same_origin(&reply.url, request.url()) { Speaker::Registry } else { Speaker::AnotherHost };
    if by == Speaker::AnotherHost && !matches!(key, Key::Nothing) {
        let (host, other) = (repository.shown_host(), reply.url.host_str().unwrap_or_default());
        let detail = format!("`{host}` leads to `{other}`, which is not shown the credential of `{host}`");
        return Err(LookupError::new(LookupErrorKind::Unauthorized, host, repository.shown(), detail)
            .hint("name the image at the registry that has it, and give that one the host rule"));
    }
    let headers = reply.headers.get_all(reqwest::header::WWW_AUTHENTICATE);
    let challenges: Vec<_> =
        headers.iter().filter_map(|value| value.to_str().ok()).flat_map(challenge::parse).collect();
    let of = |scheme: &str| challenges.iter().find(|challenge| challenge.scheme == scheme);
    if let Some(bearer) = of("bearer")
        && let Some(realm) = bearer.parameter("realm")
    {
        let service = TokenService {
            realm: realm_of(repository, realm, &reply.url)?,
            service: bearer.parameter("service").map(str::to_owned),
            scope: bearer.parameter("scope").filter(|scope| !is_own(scope, repository)).map(str::to_owned),
        };
        return Ok(Some(Shown { door: Door::Token(service), by }));
    }
    if of("basic").is_some() {
        return Ok(Some(Shown { door: Door::Basic, by }));
    }
    let detail = format!("`{}` wants a credential without saying which", repository.shown_host());
    Err(LookupError::new(LookupErrorKind::Unauthorized, repository.shown_host(), repository.shown(), detail))
}

/// Returns the address of a token service, if it is one that may be asked: with TLS, or on the very host that was itself
/// allowed to be asked without.
fn realm_of(repository: &Repository, realm: &str, asked: &Url) -> Result<Url, LookupError> {
    let url = Url::parse(realm).ok().filter(|url| {
        let secure = url.scheme() == "https";
        let beside = url.scheme() == "http" && asked.scheme() == "http" && url.host_str() == asked.host_str();
        url.has_host() && url.username().is_empty() && url.password().is_none() && (secure || beside)
    });
    url.ok_or_else(|| {
        let host = repository.shown_host();
        let detail = format!("`{host}` names a token service that cannot be trusted: {realm:?}");
        LookupError::new(LookupErrorKind::Unauthorized, host, repository.shown(), detail)
            .hint("a token service needs an https address")
    })
}

/// Whether a scope is the one of this repository, which every repository has its own of.
fn is_own(scope: &str, repository: &Repository) -> bool {
    scope
        .strip_prefix("repository:")
        .and_then(|rest| rest.rsplit_once(':'))
        .is_some_and(|(path, _)| path == repository.path)
}
