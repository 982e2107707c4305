//! What can go wrong between a request and its reply.

use std::error::Error as _;
use std::io;

use reqwest::{Method, StatusCode};
use updraft_core::address::without_user;
use url::Url;

/// The ways a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpErrorKind {
    /// The host's name is unknown, or no name server answered.
    Resolve,
    /// The host cannot be reached: it refused, or nothing answered in time.
    Connect,
    /// The host's certificate or its TLS is not accepted.
    Tls,
    /// The host took too long.
    Timeout,
    /// The connection broke in the middle of a reply.
    Broken,
    /// The reply is larger than such a reply can sensibly be.
    TooLarge,
    /// The redirects lead in a circle, too far, or nowhere.
    Redirect,
    /// It would have been insecure to go on: a redirect from https to http, or a credential over plain http.
    Insecure,
    /// The reply came and says no.
    Status(StatusCode),
    /// The reply came and is not what it should be.
    Malformed,
    /// `--offline`, and the cache does not hold the reply.
    Offline,
    /// `--replay`, and the store does not hold the reply.
    NotRecorded,
    /// The store of `--record`/`--replay` cannot be read or written.
    Store,
    /// The address is not one that can be asked.
    Address,
    /// The run is at its end: its deadline has passed, or it was told to stop.
    Stopped,
}

/// A failed request: what failed, of whom it was asked, and why. It never holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail} ({method} {url})")]
pub struct HttpError {
    /// The way it failed.
    pub kind: HttpErrorKind,
    /// The host that was asked, with the port where it is not the usual one.
    pub host: String,
    /// The method.
    pub method: Method,
    /// The address, without anything secret.
    pub url: String,
    /// One line for people.
    pub detail: String,
}

impl HttpError {
    /// Returns the error of a request to `url`.
    pub fn new(kind: HttpErrorKind, method: &Method, url: &Url, detail: impl Into<String>) -> Self {
        Self { kind, host: host_of(url), method: method.clone(), url: shown(url), detail: detail.into() }
    }

    /// Returns the error of an address that cannot be read.
    pub fn address(text: &str) -> Self {
        let (kind, method) = (HttpErrorKind::Address, Method::GET);
        Self {
            kind,
            host: String::new(),
            method,
            url: without_user(text).into_owned(),
            detail: "the address cannot be read".to_owned(),
        }
    }

    /// Returns the error of a reply with a status that says no.
    pub fn status(method: &Method, url: &Url, status: StatusCode) -> Self {
        let detail = format!("`{}` answered {status}", host_of(url));
        Self::new(HttpErrorKind::Status(status), method, url, detail)
    }

    pub(super) fn stopped(method: &Method, url: &Url) -> Self {
        let detail = format!(
            "`{}` was not asked any more: the time of the run, or of one repository in it, is over",
            host_of(url)
        );
        Self::new(HttpErrorKind::Stopped, method, url, detail)
    }

    /// Returns the status, when the error is a reply's.
    pub fn status_code(&self) -> Option<StatusCode> {
        match self.kind {
            HttpErrorKind::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Whether no connection to the host could be made at all.
    pub fn is_unreachable(&self) -> bool {
        matches!(self.kind, HttpErrorKind::Resolve | HttpErrorKind::Connect | HttpErrorKind::Tls)
    }

    /// Whether, after several attempts, the host need not be asked anything else in this run.
    pub(super) fn is_dead_host(&self) -> bool {
        self.is_unreachable() || self.kind == HttpErrorKind::Timeout
    }

    /// Whether the same request may well succeed when it is sent again.
    pub fn is_transient(&self) -> bool {
        let unreachable = self.is_unreachable() && self.kind != HttpErrorKind::Tls;
        unreachable || matches!(self.kind, HttpErrorKind::Timeout | HttpErrorKind::Broken)
    }

    /// Returns what an error of the client means, where the host is asked by way of `proxy`.
    pub(super) fn of_client(method: &Method, url: &Url, proxy: Option<&str>, error: &reqwest::Error) -> Self {
        let host = host_of(url);
        let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
        let (mut io_kinds, mut last) = (Vec::new(), String::new());
        while let Some(inner) = cause {
            io_kinds.extend(inner.downcast_ref::<io::Error>().map(io::Error::kind));
            last = inner.to_string();
            cause = inner.source();
        }
        let refused = io_kinds.contains(&io::ErrorKind::ConnectionRefused);
        // The libraries below say this in many ways, none of which helps.
        let hung_up = io_kinds
            .iter()
            .any(|kind| matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset));
        let all = format!("{error:?}");
        // Of encrypted hosts the proxy is asked for a tunnel first; to others there is no connection but the one to the proxy.
        let is_at_proxy = error.is_connect() && (url.scheme() == "http" || all.contains("ConnectFailed("));
        let (peer, name) = match proxy.filter(|_| is_at_proxy) {
            Some(proxy) => (format!("the proxy `{proxy}`"), format!("of the proxy `{proxy}`")),
            None => (format!("`{host}`"), format!("`{host}`")),
        };
        let (kind, detail) = if error.is_timeout() && error.is_connect() {
            (HttpErrorKind::Connect, format!("{peer} did not take the connection in time"))
        } else if error.is_timeout() {
            (HttpErrorKind::Timeout, format!("`{host}` took too long to answer"))
        } else if refused {
            (HttpErrorKind::Connect, format!("{peer} refused the connection"))
        } else if error.is_connect() && all.contains("dns error") {
            (HttpErrorKind::Resolve, format!("the name {name} cannot be resolved"))
        } else if error.is_connect() && (all.contains("ertificate") || all.contains("AlertReceived")) {
            (HttpErrorKind::Tls, format!("the TLS certificate of {peer} is not accepted: {last}"))
        } else if let Some(proxy) = proxy.filter(|_| error.is_connect()) {
            let why = if all.contains("ProxyAuthRequired") {
                format!("the proxy `{proxy}` wants a user and a password (407)")
            } else if all.contains("TunnelUnsuccessful") {
                format!("the proxy `{proxy}` does not let us through to `{host}`")
            } else {
                format!("`{host}` cannot be reached by way of the proxy `{proxy}`: {last}")
            };
            (HttpErrorKind::Connect, why)
        } else if error.is_connect() {
            (HttpErrorKind::Connect, format!("`{host}` cannot be reached: {last}"))
        } else if error.is_builder() {
            (HttpErrorKind::Address, format!("`{host}` cannot be asked like this"))
        } else if hung_up || all.contains("IncompleteMessage") {
            (HttpErrorKind::Broken, format!("the reply of `{host}` broke off: the host hung up"))
        } else {
            let why = if last.is_empty() { "the connection broke".to_owned() } else { last };
            (HttpErrorKind::Broken, format!("the reply of `{host}` broke off: {why}"))
        };
        Self::new(kind, method, url, detail)
    }
}

/// Returns the host of an address, with its port where it is not the usual one.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Returns an address fit to be shown and stored: no user, no password, no signed or secret query value.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that cannot have a user at all.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if pairs.iter().any(|(name, _)| is_secret_name(name)) {
            url.query_pairs_mut().clear().extend_pairs(pairs.iter().map(|(name, value)| {
                (name.as_str(), if is_secret_name(name) { "redacted" } else { value.as_str() })
            }));
        }
    }
    url.into()
}

/// Query parameters whose values open doors: signed storage addresses, tokens.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["sig", "token", "secret", "password", "credential", "key"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        assert_eq!(shown(&Url::parse(url).unwrap()), expected);
    }

    #[test]
    fn a_shown_address_has_no_secret() {
        check("https://u:p@example.org/a?n=100", "https://example.org/a?n=100");
        check(
            "https://s3.example.org/a?X-Amz-Signature=abc&n=1",
            "https://s3.example.org/a?X-Amz-Signature=redacted&n=1",
        );
        check("https://example.org/?access_token=x", "https://example.org/?access_token=redacted");
    }
}
