//! A request, before any policy applies to it.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::error::shown;
use super::host_rules::Transport;

/// The largest body that is kept in memory as a whole, in bytes.
pub const BODY_LIMIT: u64 = 16 * 1024 * 1024;

/// How a reply may be remembered on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Stored, and asked again with `If-None-Match`/`If-Modified-Since` on the next run.
    Revalidate,
    /// As [`Caching::Revalidate`], but also asked again within a run: what is there may change under our hands.
    Fresh,
    /// Stored and never asked again: the address names the content (a digest).
    Immutable,
    /// Never stored: the reply is of the moment, or a secret.
    Never,
}

/// How long a reply counts that says that something [immutable](Caching::Immutable) is not there. It is never stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absence {
    /// For the moment: it was seen there, and whoever asks again has a reason to.
    #[default]
    OfTheMoment,
    /// Until the end of the run: it may well have been removed.
    OfTheRun,
}

/// What a reply that is never asked for again has to show before it is kept: somebody in between may have answered in its place, and that would
/// stay for ever.
#[derive(Clone, Debug)]
pub struct Proof {
    expected: String,
    holds: fn(&[u8], &str) -> bool,
}

impl Proof {
    /// Returns the proof that `holds` says yes of a body and of what is expected of it.
    pub fn new(expected: impl Into<String>, holds: fn(&[u8], &str) -> bool) -> Self {
        Self { expected: expected.into(), holds }
    }

    /// Returns the proof that a body is JSON from which a `T` can be made.
    pub fn of<T: DeserializeOwned>() -> Self {
        Self::new("", |body, _| serde_json::from_slice::<T>(body).is_ok())
    }

    /// Returns the proof that a body is JSON.
    #[cfg(test)]
    pub fn json() -> Self {
        Self::of::<serde::de::IgnoredAny>()
    }

    /// Returns whether a body is what it should be.
    pub fn holds(&self, body: &[u8]) -> bool {
        (self.holds)(body, &self.expected)
    }
}

/// Whether a reply may be shown in a recording as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidential {
    /// It holds nothing secret.
    No,
    /// It is a JSON object with tokens in it, which a recording leaves out.
    Token,
}

/// What opens a door: the value of an `Authorization` header, and on whose behalf.
#[derive(Clone)]
pub struct Credential {
    header: SecretString,
    identity: Identity,
}

/// On whose behalf a reply was given, so that the cache never shows it to somebody else. It cannot be turned back
/// into a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// Anybody may see it.
    #[default]
    Anonymous,
    /// Only who has this credential, by its SHA-256.
    Holder(String),
}

impl Identity {
    /// Returns the identity of whoever knows `secret`.
    pub fn holder(secret: &str) -> Self {
        Self::Holder(hex(&Sha256::digest(secret.as_bytes())))
    }
}

impl Credential {
    /// Returns a user's name and password.
    pub fn basic(username: &str, password: &SecretString) -> Self {
        let pair = SecretString::from(format!("{username}:{}", password.expose_secret()));
        let header = format!("Basic {}", STANDARD.encode(pair.expose_secret()));
        Self { identity: Identity::holder(pair.expose_secret()), header: header.into() }
    }

    /// Returns a token that is itself the credential.
    pub fn bearer(token: &SecretString) -> Self {
        Self {
            identity: Identity::holder(token.expose_secret()),
            header: format!("Bearer {}", token.expose_secret()).into(),
        }
    }

    /// Returns a token that is sent as it is, without a scheme.
    pub fn bare(token: &SecretString) -> Self {
        Self { identity: Identity::holder(token.expose_secret()), header: token.clone() }
    }

    /// Returns a token with a scheme of its own, such as `token`.
    pub fn scheme(scheme: &str, token: &SecretString) -> Self {
        Self {
            identity: Identity::holder(token.expose_secret()),
            header: format!("{scheme} {}", token.expose_secret()).into(),
        }
    }

    /// Returns the same credential on behalf of somebody else: a short-lived token on behalf of whoever asked for it.
    #[must_use]
    pub fn on_behalf_of(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Returns on whose behalf it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn header(&self) -> &SecretString {
        &self.header
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(redacted)")
    }
}

/// Which credential a request takes along.
#[derive(Clone, Debug)]
pub enum Access {
    /// What the host rules of the process say for the address, as a datasource of this kind.
    HostRules(String),
    /// None. The identity says whose cached replies may be used.
    Anonymous(Identity),
    /// This one.
    With(Credential),
}

/// What a request does to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it may be sent twice, shared by all who ask the same, and its reply may be kept.
    Asks,
    /// It sets something, and twice is as good as once: it is sent again when the host fails or its answer is lost.
    Sets,
    /// Something more each time: it is sent again only where the host surely did nothing, because it was not reached or refused.
    Changes,
}

/// How much is done for an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// As much as [`Patience`](super::Patience) says.
    #[default]
    Usual,
    /// More: without this answer there is no point in going on. Refusals are waited for, all together this long.
    Stubborn(Duration),
    /// It is sent once, as whoever asks looks first what has become of it. A refusal holds back what comes next, by no more than this.
    Once(Duration),
}

/// A request, before any policy applies to it.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Bytes>,
    pub(super) access: Access,
    pub(super) effect: Effect,
    pub(super) caching: Caching,
    pub(super) absence: Absence,
    pub(super) proof: Option<Proof>,
    pub(super) confidential: Confidential,
    pub(super) body_limit: u64,
    pub(super) deadline: Option<Duration>,
    pub(super) persistence: Persistence,
    pub(super) transport: Transport,
}

impl Request {
    /// Returns a request with any method; only GET and HEAD are taken to be mere questions.
    ///
    /// A user and password in the address become the request's credential, so that they go the way of all credentials.
    pub fn new(method: Method, mut url: Url) -> Self {
        let mut access = Access::HostRules(String::new());
        if let (false, Some(password)) = (url.username().is_empty(), url.password()) {
            let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            access = Access::With(Credential::basic(&decode(url.username()), &decode(password).into()));
        }
        // Both fail only for addresses that cannot have a user at all.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        let asks = method == Method::GET || method == Method::HEAD;
        Self {
            effect: if asks { Effect::Asks } else { Effect::Changes },
            method,
            url,
            accept: None,
            headers: Vec::new(),
            body: None,
            access,
            caching: Caching::Revalidate,
            absence: Absence::default(),
            proof: None,
            confidential: Confidential::No,
            body_limit: BODY_LIMIT,
            deadline: None,
            persistence: Persistence::Usual,
            transport: Transport::Secure,
        }
    }

    /// Returns a GET request.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// Returns a HEAD request.
    pub fn head(url: Url) -> Self {
        Self::new(Method::HEAD, url)
    }

    /// Returns a POST request with a body of JSON.
    pub fn post_json(url: Url, body: &serde_json::Value) -> Self {
        let mut request = Self::new(Method::POST, url).header("content-type", "application/json");
        request.body = Some(body.to_string().into());
        request
    }

    /// Returns a POST request with a body of form fields, some of them secret: it is neither shown nor recorded.
    pub fn post_form(url: Url, fields: &[(&str, &SecretString)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, value.expose_secret());
        }
        let mut request = Self::new(Method::POST, url)
            .header("content-type", "application/x-www-form-urlencoded")
            .confidential(Confidential::Token);
        request.body = Some(form.finish().into());
        request
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Bytes) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets what kinds of reply are understood.
    #[must_use]
    pub fn accept(mut self, accept: impl Into<String>) -> Self {
        self.accept = Some(accept.into());
        self
    }

    /// Adds a header. Credentials do not go here: see [`Request::access`].
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Lets the host rules for datasources of this kind apply (`hostType`). Without this, rules without a kind apply.
    #[must_use]
    pub fn host_type(mut self, host_type: impl Into<String>) -> Self {
        self.access = Access::HostRules(host_type.into());
        self
    }

    /// Sets which credential goes along.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Sets what the request does to the host: a POST may be a mere question too (a GraphQL query).
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Sets how the reply may be remembered.
    #[must_use]
    pub fn caching(mut self, caching: Caching) -> Self {
        self.caching = caching;
        self
    }

    /// Sets how long it counts that something immutable is not there.
    #[must_use]
    pub fn absence(mut self, absence: Absence) -> Self {
        self.absence = absence;
        self
    }

    /// Sets what the reply has to show before it is kept.
    #[must_use]
    pub fn proven(mut self, proof: Option<Proof>) -> Self {
        self.proof = proof;
        self
    }

    /// Returns whether a body may be kept as the reply.
    pub(super) fn is_proven(&self, body: &[u8]) -> bool {
        self.method == Method::HEAD || self.proof.as_ref().is_none_or(|proof| proof.holds(body))
    }

    /// Marks the reply as one that holds tokens.
    #[must_use]
    pub fn confidential(mut self, confidential: Confidential) -> Self {
        self.confidential = confidential;
        self
    }

    /// Sets the largest body that is accepted, in bytes, after decompression.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets how long one attempt may take, body included.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how much is done for an answer.
    #[must_use]
    pub fn persistence(mut self, persistence: Persistence) -> Self {
        self.persistence = persistence;
        self
    }

    /// Allows plain http with a credential, for this address only: the operator named it so.
    #[must_use]
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Turns a GET request into one for the head of the reply only.
    #[must_use]
    pub fn head_only(mut self) -> Self {
        self.method = Method::HEAD;
        self
    }

    /// Returns the address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it changes nothing, so that its reply may be shared and kept.
    pub(super) fn only_asks(&self) -> bool {
        self.effect == Effect::Asks
    }

    /// Whether it may be carried out twice.
    pub(super) fn is_repeatable(&self) -> bool {
        self.effect != Effect::Changes
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {}, {:?})", self.method, shown(&self.url), self.access)
    }
}

/// Returns bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_not_shown() {
        let secret = SecretString::from("hunter2");
        let request = Request::get(Url::parse("https://example.org").unwrap())
            .access(Access::With(Credential::basic("me", &secret)));
        let text = format!("{request:?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(!text.contains(&STANDARD.encode("me:hunter2")), "{text}");
    }

    #[test]
    fn identities_differ_by_credential() {
        let one = Credential::bearer(&SecretString::from("a"));
        let other = Credential::bearer(&SecretString::from("b"));
        assert_ne!(one.identity(), other.identity());
        assert_eq!(one.on_behalf_of(Identity::Anonymous).identity(), &Identity::Anonymous);
    }
}
