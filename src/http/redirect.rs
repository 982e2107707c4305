//! Where a redirect leads, and whether it is followed.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use url::Url;

use super::error::{HttpError, HttpErrorKind, host_of, shown};

/// Whether a reply sends us elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

/// Returns where the redirect of `from` leads, after those of `earlier`.
///
/// # Errors
/// It leads nowhere, to something that is not the web, from https to http, in a circle, or further than `limit` steps.
pub(super) fn next(
    method: &Method,
    from: &Url,
    earlier: &[Url],
    status: StatusCode,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Url, HttpError> {
    let fail = |kind, detail: String| Err(HttpError::new(kind, method, from, detail));
    let host = host_of(from);
    let target = headers
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| from.join(text).ok())
        .filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    let Some(mut to) = target else {
        return fail(
            HttpErrorKind::Redirect,
            format!("`{host}` answered {status} without saying where to go"),
        );
    };
    // An address in a reply cannot bring a user of its own along.
    let _ = to.set_username("");
    let _ = to.set_password(None);
    to.set_fragment(None);
    if from.scheme() == "https" && to.scheme() == "http" {
        let detail = format!("`{host}` redirects to `{}`, which is not encrypted", shown(&to));
        return fail(HttpErrorKind::Insecure, detail);
    }
    if to == *from || earlier.contains(&to) {
        let detail = format!("`{host}` redirects in a circle, through `{}`", shown(&to));
        return fail(HttpErrorKind::Redirect, detail);
    }
    if earlier.len() >= limit {
        return fail(HttpErrorKind::Redirect, format!("`{host}` redirects further after {limit} redirects"));
    }
    Ok(to)
}

/// Whether two addresses belong to the same origin: scheme, host and port.
pub fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn follow(seen: &[&str], location: Option<&str>) -> Result<Url, HttpError> {
        let seen: Vec<Url> = seen.iter().map(|text| url(text)).collect();
        let headers: HeaderMap = location.map(|text| (LOCATION, text.parse().unwrap())).into_iter().collect();
        let (from, earlier) = seen.split_last().unwrap();
        next(&Method::GET, from, earlier, StatusCode::FOUND, &headers, 3)
    }

    #[track_caller]
    fn check(seen: &[&str], location: Option<&str>, expected: Result<&str, HttpErrorKind>) {
        let result = follow(seen, location).map(String::from).map_err(|error| error.kind);
        assert_eq!(result, expected.map(str::to_owned), "{seen:?} {location:?}");
    }

    #[test]
    fn redirects_are_relative_or_absolute() {
        check(&["https://a.org/x/y"], Some("z"), Ok("https://a.org/x/z"));
        check(&["https://a.org/x"], Some("//b.org/z"), Ok("https://b.org/z"));
        check(&["http://a.org/x"], Some("https://a.org/x"), Ok("https://a.org/x"));
        check(&["https://a.org/x"], Some("https://u:p@b.org/#f"), Ok("https://b.org/"));
    }

    #[test]
    fn bad_redirects_are_not_followed() {
        check(&["https://a.org/x"], None, Err(HttpErrorKind::Redirect));
        check(&["https://a.org/x"], Some("file:///etc/passwd"), Err(HttpErrorKind::Redirect));
        check(&["https://a.org/x"], Some("http://a.org/y"), Err(HttpErrorKind::Insecure));
        check(&["https://a.org/x", "https://a.org/y"], Some("/x"), Err(HttpErrorKind::Redirect));
        let long = ["https://a.org/1", "https://a.org/2", "https://a.org/3", "https://a.org/4"];
        check(&long, Some("/5"), Err(HttpErrorKind::Redirect));
        check(&long[..3], Some("/5"), Ok("https://a.org/5"));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert!(same_origin(&url("https://a.org/x"), &url("https://a.org:443/y")));
        for other in ["http://a.org", "https://b.a.org", "https://a.org:8443"] {
            assert!(!same_origin(&url("https://a.org"), &url(other)), "{other}");
        }
    }
}
