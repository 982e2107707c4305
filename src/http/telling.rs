//! The log line of a request: one for each that is sent, once its reply has been read, at the level trace.

use reqwest::{Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::error::{HttpError, shown};
use super::request::{Caching, Request};

/// What came of asking whether the cache still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The cache has it, and nobody was asked.
    Hit,
    /// The host says that what the cache has still holds.
    Unchanged,
    /// The cache had something older.
    Changed,
    /// The cache had nothing.
    Miss,
    /// Such replies are not kept.
    Off,
}

impl Verdict {
    /// Returns what it is for a reply that was asked for.
    pub(super) fn of(request: &Request, is_conditional: bool, status: StatusCode) -> Self {
        match (is_conditional, request.caching) {
            (true, _) if status == StatusCode::NOT_MODIFIED => Self::Unchanged,
            (true, _) => Self::Changed,
            (false, Caching::Never) => Self::Off,
            (false, _) => Self::Miss,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Miss => "miss",
            Self::Off => "off",
        }
    }
}

/// What is known of a request when the head of its reply is there.
#[derive(Debug)]
pub(super) struct Telling {
    start: Instant,
    attempt: u32,
    status: StatusCode,
    verdict: Verdict,
}

impl Telling {
    /// Returns what is to be told of a request that was sent at `start`; `None` where nobody listens.
    pub(super) fn new(
        (start, attempt): (Instant, u32),
        status: StatusCode,
        verdict: Verdict,
    ) -> Option<Self> {
        is_heard().then_some(Self { start, attempt, status, verdict })
    }

    /// Tells it, now that `bytes` of the body were read.
    pub(super) fn tell(&self, method: &Method, url: &Url, bytes: u64) {
        tracing::trace!(
            %method,
            url = shown(url),
            status = self.status.as_u16(),
            milliseconds = self.start.elapsed().as_millis(),
            bytes,
            cache = self.verdict.as_str(),
            attempt = self.attempt,
            "request"
        );
    }
}

fn is_heard() -> bool {
    tracing::enabled!(tracing::Level::TRACE)
}

/// Tells of a request that had no reply.
pub(super) fn tell_failure(error: &HttpError, start: Instant, attempt: u32) {
    tracing::trace!(
        method = %error.method,
        url = error.url,
        milliseconds = start.elapsed().as_millis(),
        attempt,
        reason = error.detail,
        "request failed"
    );
}

/// Tells of a reply that the cache had, so that nobody was asked.
pub(super) fn tell_hit(request: &Request, bytes: usize) {
    if is_heard() {
        let (method, url) = (&request.method, shown(&request.url));
        tracing::trace!(%method, url, bytes, cache = Verdict::Hit.as_str(), "not requested");
    }
}
