//! Why a package could not be looked up.

use std::sync::Arc;

use reqwest::StatusCode;
use updraft_core::problem::Problem;

use crate::http::{HttpError, HttpErrorKind};

/// The ways a lookup fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupErrorKind {
    /// The registry answered: there is no such package.
    NotFound,
    /// The registry wants credentials, or other ones.
    Unauthorized,
    /// The registry says that too much was asked of it.
    RateLimited,
    /// No answer could be had.
    Network,
    /// An answer came and is not what it should be.
    Malformed,
    /// We do not know how to look such a package up.
    Unsupported,
}

/// Why a package could not be looked up: who was asked, for what, what happened, and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{package}`: {detail}")]
pub struct LookupError {
    /// The way it failed.
    pub kind: LookupErrorKind,
    /// The host that was asked; empty when none was.
    pub host: String,
    /// The package.
    pub package: String,
    /// What happened, one line.
    pub detail: String,
    /// What to do, one line.
    pub hint: Option<String>,
    /// The failed request, if one failed.
    #[source]
    pub cause: Option<Arc<HttpError>>,
}

impl LookupError {
    /// Returns an error about a package at a host.
    pub fn new(
        kind: LookupErrorKind,
        host: impl Into<String>,
        package: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let (host, package, detail) = (host.into(), package.into(), detail.into());
        Self { kind, host, package, detail, hint: None, cause: None }
    }

    /// Returns the error that `host` has no `package`.
    pub fn not_found(host: impl Into<String>, package: impl Into<String>) -> Self {
        let host = host.into();
        let detail = format!("`{host}` does not have it");
        Self::new(LookupErrorKind::NotFound, host, package, detail)
            .hint("check the name, and whether it is private")
    }

    /// Returns the error that such a package cannot be looked up.
    pub fn unsupported(package: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(LookupErrorKind::Unsupported, "", package, detail)
    }

    /// Returns what a failed request means for the package it was about.
    pub fn of_http(package: impl Into<String>, error: HttpError) -> Self {
        let (kind, detail, hint) = match error.kind {
            HttpErrorKind::Status(StatusCode::NOT_FOUND | StatusCode::GONE) => {
                return Self { cause: Some(Arc::new(error.clone())), ..Self::not_found(error.host, package) };
            }
            HttpErrorKind::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => (
                LookupErrorKind::Unauthorized,
                format!("`{}` refused access", error.host),
                Some(format!(
                    "give `{}` a credential: a host rule of the process or a Docker `config.json`",
                    error.host
                )),
            ),
            HttpErrorKind::Status(StatusCode::TOO_MANY_REQUESTS) => (
                LookupErrorKind::RateLimited,
                format!("`{}` says that too much was asked of it", error.host),
                Some("credentials usually raise the limit; it is tried again on the next run".to_owned()),
            ),
            HttpErrorKind::Malformed | HttpErrorKind::TooLarge => {
                (LookupErrorKind::Malformed, error.detail.clone(), None)
            }
            kind => (LookupErrorKind::Network, error.detail.clone(), hint_of(kind).map(str::to_owned)),
        };
        Self {
            kind,
            host: error.host.clone(),
            package: package.into(),
            detail,
            hint,
            cause: Some(Arc::new(error)),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the problem to put into the report.
    pub fn problem(&self) -> Problem {
        let problem = Problem::warning(self.to_string());
        match &self.hint {
            Some(hint) => problem.hint(hint.clone()),
            None => problem,
        }
    }
}

fn hint_of(kind: HttpErrorKind) -> Option<&'static str> {
    match kind {
        HttpErrorKind::Resolve | HttpErrorKind::Connect => {
            Some("check the name, the network and, where `HTTPS_PROXY` is set or should be, the proxy")
        }
        HttpErrorKind::Tls => {
            Some("for a private certificate authority, name its certificates with `SSL_CERT_FILE`")
        }
        HttpErrorKind::Insecure => {
            Some("use https, or allow plain http with a host rule: `insecureRegistry: true`")
        }
        HttpErrorKind::Offline => Some("run once without `--offline` to fill the cache"),
        HttpErrorKind::NotRecorded => Some("make the store anew with `--record`"),
        _ => None,
    }
}
