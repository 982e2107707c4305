//! Tokens from registries' token services: one for each repository, or one for many where nobody has to say who they are.
//!
//! A token service may be asked for several scopes at once, which saves most requests of a run that looks at dozens of images of one registry.
//! Not every service likes that, and some refuse all of it because of one repository they do not show: whatever comes of it, a repository
//! still gets a token of its own then, and is asked for alone in later runs.
//! <https://distribution.github.io/distribution/spec/auth/token/>

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::access::{Key, Shut, TokenService, failed, refused};
use super::name::Repository;
use crate::http::{Access, Caching, Confidential, Credential, Http, Identity, Request, SingleFlight};

/// How long a token lives that does not say so. <https://distribution.github.io/distribution/spec/auth/token/#token-response-fields>
const LIFE: Duration = Duration::from_secs(60);

/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(10);

/// How many repositories share a token: it grows with each, and has to fit into a request's headers.
const SHARED_BY: usize = 16;

/// The tokens of a run.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    own: SingleFlight<TokenRequest, Result<Token, Shut>>,
    shared: SingleFlight<TokenRequest, Option<Token>>,
    /// The repositories that will be asked about, by registry.
    announced: Mutex<BTreeMap<String, BTreeSet<String>>>,
    groups: SingleFlight<String, Arc<Groups>>,
}

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) credential: Credential,
    pub(super) audience: Audience,
    since: Instant,
    until: Instant,
}

/// How many repositories a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    One,
    Several,
}

/// What identifies a token. The registry is part of it: what one registry's credential opened is not shown to another, even
/// when both name the same service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TokenRequest {
    registry: String,
    identity: Identity,
    realm: Url,
    service: Option<String>,
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct TokenReply {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Which repositories of a registry are asked for together.
#[derive(Debug, Default)]
struct Groups {
    groups: Vec<Vec<String>>,
    /// Repositories that have to be asked for alone, as far as it is known.
    alone: Mutex<BTreeSet<String>>,
}

impl Tokens {
    /// Hears which repositories will be asked about.
    pub(super) fn announce(&self, repositories: impl Iterator<Item = Repository>) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        for Repository { host, path } in repositories {
            announced.entry(host).or_default().insert(path);
        }
    }

    /// Returns a token for a repository.
    ///
    /// # Errors
    /// The token service refuses, or is none.
    pub(super) async fn of(
        &self,
        http: &Http,
        repository: &Repository,
        key: &Key,
        service: &TokenService,
    ) -> Result<Token, Shut> {
        let wanted = TokenRequest::new(repository, key, service);
        let ask = || async {
            match self.shared(http, repository, key, service).await {
                Some(token) => Ok(token),
                None => self.ask_alone(http, repository, key, &wanted).await,
            }
        };
        let token = self.own.run(&wanted, ask).await?;
        if token.until > Instant::now() {
            return Ok(token);
        }
        self.own.forget(&wanted);
        self.own.run(&wanted, || self.ask_alone(http, repository, key, &wanted)).await
    }

    /// Forgets a token that the registry did not want; returns whether another one may do better than that.
    pub(super) async fn replace(
        &self,
        http: &Http,
        repository: &Repository,
        key: &Key,
        service: &TokenService,
        began: Instant,
    ) -> bool {
        let wanted = TokenRequest::new(repository, key, service);
        let Some(Ok(token)) = self.own.known(&wanted) else { return false };
        let is_shared = token.audience == Audience::Several;
        if is_shared {
            self.ask_alone_from_now_on(http, repository).await;
        }
        // What was made for this very request will not be better the next time.
        let is_hopeful = is_shared || token.since < began;
        if is_hopeful {
            self.own.forget(&wanted);
        }
        is_hopeful
    }

    async fn ask_alone(
        &self,
        http: &Http,
        repository: &Repository,
        key: &Key,
        wanted: &TokenRequest,
    ) -> Result<Token, Shut> {
        let answer = ask(http, repository, key, wanted).await;
        if matches!((&answer, key), (Err(Shut::Refused(_)), Key::Nothing)) {
            self.ask_alone_from_now_on(http, repository).await;
        }
        answer
    }

    /// Returns the token that a repository shares with others, if it does.
    async fn shared(
        &self,
        http: &Http,
        repository: &Repository,
        key: &Key,
        service: &TokenService,
    ) -> Option<Token> {
        // What is recorded has to answer for each repository by itself.
        if !matches!(key, Key::Nothing) || service.scope.is_some() || http.is_stored() {
            return None;
        }
        let groups = self.groups(http, &repository.host).await;
        let scopes = groups.of(&repository.path)?.iter().map(|path| scope_of(path)).collect();
        let wanted = TokenRequest { scopes, ..TokenRequest::new(repository, key, service) };
        let ask = || async {
            let answer = ask(http, repository, key, &wanted).await;
            answer.map(|token| Token { audience: Audience::Several, ..token }).ok()
        };
        self.shared.run(&wanted, ask).await
    }

    /// Returns the groups of a registry: they are made once, so that everybody asks for the same ones.
    async fn groups(&self, http: &Http, host: &str) -> Arc<Groups> {
        let make = || async {
            let alone: BTreeSet<String> = http.left(&left_as(host)).await.unwrap_or_default();
            let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
            let paths: BTreeSet<String> = announced.get(host).cloned().unwrap_or_default();
            let together: Vec<String> = paths.difference(&alone).cloned().collect();
            let groups = together.chunks(SHARED_BY).filter(|group| group.len() > 1);
            Arc::new(Groups { groups: groups.map(<[String]>::to_vec).collect(), alone: Mutex::new(alone) })
        };
        self.groups.run(&host.to_owned(), make).await
    }

    async fn ask_alone_from_now_on(&self, http: &Http, repository: &Repository) {
        let groups = self.groups(http, &repository.host).await;
        let alone = {
            let mut alone = groups.alone.lock().unwrap_or_else(PoisonError::into_inner);
            if !alone.insert(repository.path.clone()) {
                return;
            }
            alone.clone()
        };
        http.leave(&left_as(&repository.host), &alone).await;
    }
}

impl Groups {
    fn of(&self, path: &str) -> Option<&[String]> {
        let alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        if alone.contains(path) {
            return None;
        }
        self.groups.iter().find(|group| group.iter().any(|member| member == path)).map(Vec::as_slice)
    }
}

impl TokenRequest {
    fn new(repository: &Repository, key: &Key, service: &TokenService) -> Self {
        let scope = service.scope.clone().unwrap_or_else(|| scope_of(&repository.path));
        Self {
            registry: repository.host.clone(),
            identity: key.identity(),
            realm: service.realm.clone(),
            service: service.service.clone(),
            scopes: vec![scope],
        }
    }

    fn http_request(&self, key: &Key) -> Request {
        if let Key::IdentityToken(token) = key {
            let plain = |text: &str| SecretString::from(text);
            let (grant, client) = (plain("refresh_token"), plain("updraft"));
            let service = plain(self.service.as_deref().unwrap_or_default());
            let scope = plain(&self.scopes.join(" "));
            let fields = [
                ("grant_type", &grant),
                ("client_id", &client),
                ("service", &service),
                ("scope", &scope),
                ("refresh_token", token),
            ];
            return Request::post_form(self.realm.clone(), &fields)
                .access(Access::Anonymous(self.identity.clone()));
        }
        let mut url = self.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = &self.service {
                query.append_pair("service", service);
            }
            query.extend_pairs(self.scopes.iter().map(|scope| ("scope", scope)));
        }
        let access = match key {
            Key::Credential(credential) => Access::With(credential.clone()),
            Key::Nothing | Key::IdentityToken(_) => Access::Anonymous(Identity::Anonymous),
        };
        Request::get(url).access(access).caching(Caching::Never).confidential(Confidential::Token)
    }
}

async fn ask(http: &Http, repository: &Repository, key: &Key, wanted: &TokenRequest) -> Result<Token, Shut> {
    let no_token = |error| Shut::NoToken(failed(repository, error));
    let reply = http.send(&wanted.http_request(key)).await.map_err(no_token)?;
    match reply.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(Shut::Refused(refused(repository, key)));
        }
        StatusCode::NOT_FOUND => return Err(Shut::NoToken(refused(repository, key))),
        _ => {}
    }
    let answer = reply.success().and_then(|reply| Ok((reply.json::<TokenReply>()?, reply)));
    let (answer, reply) = answer.map_err(no_token)?;
    let mut tokens = [answer.token, answer.access_token].into_iter().flatten();
    let Some(token) = tokens.find(|token| !token.is_empty()) else {
        return Err(no_token(reply.malformed("there is no token in it")));
    };
    let life = answer.expires_in.map_or(LIFE, Duration::from_secs).min(Duration::from_secs(24 * 3600));
    let since = Instant::now();
    Ok(Token {
        credential: Credential::bearer(&SecretString::from(token)).on_behalf_of(wanted.identity.clone()),
        audience: Audience::One,
        since,
        until: since + life.saturating_sub(MARGIN),
    })
}

fn scope_of(path: &str) -> String {
    format!("repository:{path}:pull")
}

fn left_as(host: &str) -> String {
    format!("registry-alone/1 {host}")
}
