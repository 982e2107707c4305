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
    /// How long a host is left alone that refuses without saying for how long, where much is done for an answer.
    pub untold: Duration,
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
            untold: UNTOLD,
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

/// What a reply means for sending its request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the answer.
    Final,
    /// The host wants to be asked later, and has done nothing yet; it may have said when.
    Refused(Option<Duration>),
    /// The host failed, and may have done something or nothing; it may have said when it is well again.
    Failed(Option<Duration>),
}

/// How long to leave a host alone that refuses without saying for how long.
/// <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately>
const UNTOLD: Duration = Duration::from_secs(60);

/// Returns what a reply means by its status and headers.
///
/// The wait comes from `Retry-After` in seconds or as a date, or from GitHub's `X-RateLimit-Reset` where nothing remains. GitHub says "not
/// now" with 403 too, so a 403 that names a time counts.
/// <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
pub(super) fn verdict(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Verdict {
    let asked = retry_after(headers, now);
    match status {
        StatusCode::TOO_MANY_REQUESTS => Verdict::Refused(asked.or_else(|| reset(headers, now))),
        StatusCode::FORBIDDEN => match asked.or_else(|| reset(headers, now)) {
            Some(wait) => Verdict::Refused(Some(wait)),
            None => Verdict::Final,
        },
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Verdict::Failed(asked)
        }
        _ => Verdict::Final,
    }
}

/// How long to leave GitHub alone when it says that a repository is not at hand just now.
const UNAVAILABLE: Duration = Duration::from_secs(2);

/// Returns how long to wait before a request is sent again whose refusal is one only by its words; `None` when it is the answer.
///
/// GitHub may refuse too many requests in too short a time without any header, and calls it a conflict when a repository is not at hand.
pub(super) fn wait_by_words(status: StatusCode, body: &[u8], untold: Duration) -> Option<Duration> {
    let text = String::from_utf8_lossy(body);
    let says = |words: &str| text.contains(words);
    match status {
        StatusCode::FORBIDDEN if says("secondary rate limit") || says("abuse detection mechanism") => {
            Some(untold)
        }
        StatusCode::CONFLICT if says("temporarily unavailable") => Some(UNAVAILABLE),
        _ => None,
    }
}

fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Returns how long it is until there is something left again, where nothing is now.
fn reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let (remaining, reset) = (number("x-ratelimit-remaining")?, number("x-ratelimit-reset")?);
    // A number too small to be a date is somebody else's meaning of the header.
    if remaining > 0 || reset < 1_000_000_000 {
        return None;
    }
    let reset = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
    Some(reset.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NOW: u64 = 1_784_111_777;

    #[track_caller]
    fn check(status: u16, headers: &[(&'static str, &str)], expected: Verdict) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let map = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        assert_eq!(
            verdict(StatusCode::from_u16(status).unwrap(), &map, now),
            expected,
            "{status} {headers:?}"
        );
    }

    fn refused(seconds: u64) -> Verdict {
        Verdict::Refused(Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        check(429, &[("retry-after", "7")], refused(7));
        check(503, &[("retry-after", " 0 ")], Verdict::Failed(Some(Duration::ZERO)));
        check(403, &[("retry-after", "30")], refused(30));
        check(429, &[("retry-after", "Wed, 15 Jul 2026 10:36:27 GMT")], refused(10));
        check(429, &[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], refused(0));
        for strange in ["soon", "-1", "99999999999999999999999"] {
            check(429, &[("retry-after", strange)], Verdict::Refused(None));
        }
        check(404, &[("retry-after", "7")], Verdict::Final);
        check(502, &[], Verdict::Failed(None));
    }

    #[test]
    fn nothing_remains_until_the_reset() {
        let later = (NOW + 90).to_string();
        check(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &later)], refused(90));
        check(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000000")], refused(0));
        check(
            403,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &later), ("retry-after", "5")],
            refused(5),
        );
        // A 403 that is a plain no.
        check(403, &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", &later)], Verdict::Final);
        check(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")], Verdict::Final);
        check(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &later)], Verdict::Final);
        check(
            403,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "18446744073709551615")],
            Verdict::Final,
        );
    }

    #[test]
    fn some_refusals_are_known_by_their_words() {
        let wait =
            |status: u16, body: &[u8]| wait_by_words(StatusCode::from_u16(status).unwrap(), body, UNTOLD);
        let limit = br#"{"message": "You have exceeded a secondary rate limit. Please wait"}"#;
        assert_eq!(wait(403, limit), Some(UNTOLD));
        assert_eq!(wait(404, limit), None);
        assert_eq!(wait(403, br#"{"message": "Resource not accessible by integration"}"#), None);
        let away = br#"{"message": "Git Repository is temporarily unavailable."}"#;
        assert_eq!(wait(409, away), Some(UNAVAILABLE));
        assert_eq!(wait(409, br#"{"message": "Git Repository is empty."}"#), None);
        assert_eq!(wait(409, &[0xff, 0x00]), None);
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
