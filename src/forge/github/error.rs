//! What GitHub's refusals mean.

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

use crate::forge::{ForgeError, ForgeErrorKind};
use crate::http::{HttpError, HttpErrorKind};

/// The longest text of GitHub's that goes into a message, in characters.
const TEXT_LIMIT: usize = 300;

/// How GitHub says what is wrong.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    message: Option<String>,
    #[serde(default)]
    errors: Option<serde_json::Value>,
}

/// Returns what GitHub says in the body of a refusal: the message and the details, on one line.
pub(super) fn said(body: &[u8]) -> String {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let mut texts: Vec<String> = refusal.message.into_iter().collect();
    let errors = match refusal.errors {
        Some(serde_json::Value::Array(errors)) => errors,
        Some(one @ serde_json::Value::String(_)) => vec![one],
        _ => Vec::new(),
    };
    for error in &errors {
        let field = |name: &str| error.get(name).and_then(serde_json::Value::as_str);
        match (error.as_str().or_else(|| field("message")), field("field"), field("code")) {
            (Some(text), ..) => texts.push(text.to_owned()),
            (None, Some(field), Some(code)) => texts.push(format!("`{field}` is {}", code.replace('_', " "))),
            _ => {}
        }
    }
    one_line(&texts.join(": "))
}

/// Returns a text on one line, cut where it is long.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// Returns the error that a reply means. `task` is what was tried: "open a pull request".
pub(super) fn of_reply(task: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ForgeError {
    let said = said(body);
    let kind = match status {
        StatusCode::UNAUTHORIZED => ForgeErrorKind::Unauthorized,
        StatusCode::TOO_MANY_REQUESTS => ForgeErrorKind::RateLimited { until: until(headers) },
        StatusCode::FORBIDDEN if is_rate_limit(headers, &said) => {
            ForgeErrorKind::RateLimited { until: until(headers) }
        }
        StatusCode::FORBIDDEN | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => ForgeErrorKind::Forbidden,
        StatusCode::NOT_FOUND | StatusCode::GONE => ForgeErrorKind::NotFound,
        // GitHub calls it a conflict when a repository is not at hand.
        StatusCode::CONFLICT if said.contains("temporarily unavailable") => ForgeErrorKind::Unreachable,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            ForgeErrorKind::Refused
        }
        status if status.is_server_error() => ForgeErrorKind::Unreachable,
        _ => ForgeErrorKind::Unexpected,
    };
    let text = if said.is_empty() { String::new() } else { format!(": {said}") };
    ForgeError { kind, message: format!("cannot {task}{text} ({status})") }
}

/// Returns the error of a request that got no reply.
pub(super) fn of_http(task: &str, error: &HttpError) -> ForgeError {
    let kind = match error.kind {
        HttpErrorKind::Stopped => ForgeErrorKind::Stopped,
        HttpErrorKind::Resolve
        | HttpErrorKind::Connect
        | HttpErrorKind::Tls
        | HttpErrorKind::Timeout
        | HttpErrorKind::Broken
        | HttpErrorKind::Offline
        | HttpErrorKind::NotRecorded => ForgeErrorKind::Unreachable,
        _ => ForgeErrorKind::Unexpected,
    };
    ForgeError { kind, message: format!("cannot {task}: {}", error.detail) }
}

/// Returns the error of a reply that makes no sense.
pub(super) fn unexpected(task: &str, why: impl std::fmt::Display) -> ForgeError {
    let why = one_line(&why.to_string());
    ForgeError {
        kind: ForgeErrorKind::Unexpected,
        message: format!("cannot {task}: the reply is not understood: {why}"),
    }
}

/// Returns the error of something that is not as it was when it was decided to change it.
pub(super) fn refused(task: &str, why: impl std::fmt::Display) -> ForgeError {
    ForgeError { kind: ForgeErrorKind::Refused, message: format!("cannot {task}: {why}") }
}

/// Whether an error says that there is no commit at all in the repository, which GitHub calls a conflict.
pub(super) fn is_empty_repository(error: &ForgeError) -> bool {
    error.kind == ForgeErrorKind::Refused && error.message.contains("is empty")
}

/// Whether a 403 is about the number of requests rather than about rights.
fn is_rate_limit(headers: &HeaderMap, said: &str) -> bool {
    headers.contains_key(RETRY_AFTER)
        || headers.get("x-ratelimit-remaining").is_some_and(|left| left.as_bytes() == b"0")
        || said.contains("secondary rate limit")
        || said.contains("abuse detection mechanism")
}

/// Returns when GitHub can be asked again, where it says so.
pub(super) fn until(headers: &HeaderMap) -> Option<Timestamp> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).ok();
    }
    number("x-ratelimit-reset").and_then(|seconds| Timestamp::from_second(seconds).ok())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[track_caller]
    fn check(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &str,
        kind: ForgeErrorKind,
        message: &str,
    ) {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        let error = of_reply("open a pull request", status, &headers, body.as_bytes());
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
    }

    #[test]
    fn a_refusal_is_told_in_githubs_words() {
        check(
            422,
            &[],
            r#"{"message": "Validation Failed", "errors": [{"resource": "PullRequest", "code": "custom", "message": "No commits between main and x"}]}"#,
            ForgeErrorKind::Refused,
            "cannot open a pull request: Validation Failed: No commits between main and x (422 Unprocessable Entity)",
        );
        check(
            422,
            &[],
            r#"{"message": "Validation Failed", "errors": [{"resource": "PullRequest", "field": "base", "code": "missing_field"}, "odd"]}"#,
            ForgeErrorKind::Refused,
            "cannot open a pull request: Validation Failed: `base` is missing field: odd (422 Unprocessable Entity)",
        );
        check(
            404,
            &[],
            "<html>not\njson</html>",
            ForgeErrorKind::NotFound,
            "cannot open a pull request (404 Not Found)",
        );
        check(
            409,
            &[],
            r#"{"message": "two\nlines"}"#,
            ForgeErrorKind::Refused,
            "cannot open a pull request: two lines (409 Conflict)",
        );
        check(
            500,
            &[],
            "",
            ForgeErrorKind::Unreachable,
            "cannot open a pull request (500 Internal Server Error)",
        );
    }

    #[test]
    fn a_403_is_about_rights_or_about_too_many_requests() {
        let plain = r#"{"message": "Resource not accessible by integration"}"#;
        let message = "cannot open a pull request: Resource not accessible by integration (403 Forbidden)";
        check(403, &[("x-ratelimit-remaining", "17")], plain, ForgeErrorKind::Forbidden, message);
        let until = Timestamp::from_second(1_800_000_000).ok();
        let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000000")];
        check(403, &headers, plain, ForgeErrorKind::RateLimited { until }, message);
        let secondary = r#"{"message": "You have exceeded a secondary rate limit."}"#;
        let message = "cannot open a pull request: You have exceeded a secondary rate limit. (403 Forbidden)";
        check(403, &[], secondary, ForgeErrorKind::RateLimited { until: None }, message);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let line = one_line(&"ä".repeat(1000));
        assert_eq!(line.chars().count(), TEXT_LIMIT + 1);
    }
}
