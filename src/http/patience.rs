//! How long we wait, how often we ask again, and when a host's "not now" is obeyed.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The limits of one process's requests.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long a host may be silent.
    pub silence: Duration,
    /// How long one attempt may take, body included.
    pub deadline: Duration,
    /// How often a request is sent again after a transient failure.
    pub retries: u32,
    /// The pause before the first repetition; it doubles each time, with jitter.
    pub pause: Duration,
    /// The longest `Retry-After` that is obeyed; after a longer one the request counts as refused.
    pub longest_wait: Duration,
    /// How often one request obeys a `Retry-After`.
    pub waits: u32,
    /// How many requests to one host run at once.
    pub parallel: usize,
    /// How many redirects are followed.
    pub redirects: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            deadline: Duration::from_secs(60),
            retries: 2,
            pause: Duration::from_millis(250),
            longest_wait: Duration::from_secs(60),
            waits: 2,
            parallel: 32,
            redirects: 5,
        }
    }
}

impl Patience {
    /// Returns the pause before repetition number `count` (from 0): doubled each time, between half and the whole of it, so
    /// that clients which failed together do not come back together.
    pub(super) fn pause_before(&self, count: u32) -> Duration {
        let longest = self.pause.saturating_mul(1 << count.min(8));
        longest.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// Whether a status says that the same request may succeed later.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Returns how long a reply asks to wait, from `Retry-After` in seconds or as a date; `None` when it does not ask.
///
/// GitHub says "not now" with 403, so a 403 that names a time counts too.
/// <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
pub(super) fn asked_to_wait(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if !is_transient(status) && status != StatusCode::FORBIDDEN {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, retry_after: &str, expected: Option<u64>) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let headers = HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())]);
        let wait = asked_to_wait(StatusCode::from_u16(status).unwrap(), &headers, now);
        assert_eq!(wait, expected.map(Duration::from_secs), "{status} {retry_after}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        check(429, "7", Some(7));
        check(503, " 0 ", Some(0));
        check(403, "30", Some(30));
        check(429, "Sun, 06 Nov 1994 08:49:47 GMT", Some(10));
        check(429, "Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        check(429, "soon", None);
        check(404, "7", None);
        check(429, "-1", None);
        check(429, "99999999999999999999999", None);
    }

    #[test]
    fn pauses_grow() {
        let patience = Patience { pause: Duration::from_millis(100), ..Patience::default() };
        for _ in 0..100 {
            assert!((50..=100).contains(&patience.pause_before(0).as_millis()));
            assert!((200..=400).contains(&patience.pause_before(2).as_millis()));
        }
    }
}
