//! A reply: its head at once, its body as it comes.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::error::{HttpError, HttpErrorKind, host_of};
use super::host::Pass;
use super::stats::Counter;
use super::telling::Telling;

/// The head of a reply, with the body still to come.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// A body as it comes, in pieces of no particular size, decompressed.
#[derive(Debug)]
pub struct Body {
    source: Source,
    method: Method,
    url: Url,
    limit: u64,
    taken: u64,
    deadline: Instant,
    counter: Option<Arc<Counter>>,
    /// What is told once the body is read, or is not wanted any more.
    telling: Option<Telling>,
    _pass: Option<Pass>,
}

#[derive(Debug)]
enum Source {
    Live(Box<reqwest::Response>),
    Whole(Option<Bytes>),
}

impl Body {
    pub(super) fn live(
        response: reqwest::Response,
        method: &Method,
        url: &Url,
        limits: (u64, Instant),
        counter: &Arc<Counter>,
        pass: Pass,
    ) -> Self {
        Self {
            source: Source::Live(Box::new(response)),
            method: method.clone(),
            url: url.clone(),
            limit: limits.0,
            taken: 0,
            deadline: limits.1,
            counter: Some(Arc::clone(counter)),
            telling: None,
            _pass: Some(pass),
        }
    }

    /// Returns a body that is already here.
    pub(super) fn whole(bytes: Bytes, method: &Method, url: &Url, limit: u64) -> Self {
        Self {
            source: Source::Whole(Some(bytes)),
            method: method.clone(),
            url: url.clone(),
            limit,
            taken: 0,
            deadline: Instant::now(),
            counter: None,
            telling: None,
            _pass: None,
        }
    }

    /// Returns the same body, of which `telling` is told once it is read.
    pub(super) fn telling(mut self, telling: Option<Telling>) -> Self {
        self.telling = telling;
        self
    }

    /// Returns where it comes from, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the next piece, or `None` at the end.
    ///
    /// # Errors
    /// The connection breaks, the host takes too long, or the body is larger than the request allows.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        let chunk = match &mut self.source {
            Source::Whole(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()),
            Source::Live(response) => match tokio::time::timeout_at(self.deadline, response.chunk()).await {
                Ok(Ok(chunk)) => chunk,
                Ok(Err(error)) => return Err(HttpError::of_client(&self.method, &self.url, None, &error)),
                Err(_) => {
                    let detail = format!("`{}` took too long to send its reply", host_of(&self.url));
                    return Err(HttpError::new(HttpErrorKind::Timeout, &self.method, &self.url, detail));
                }
            },
        };
        if let Some(bytes) = &chunk {
            let size = bytes.len() as u64;
            self.taken += size;
            if let Some(counter) = &self.counter {
                counter.count(&host_of(&self.url), |host| host.bytes += size);
            }
            if self.taken > self.limit {
                let detail = format!(
                    "the reply of `{}` is larger than {} MiB, more than such a reply can sensibly be",
                    host_of(&self.url),
                    self.limit / (1024 * 1024)
                );
                return Err(HttpError::new(HttpErrorKind::TooLarge, &self.method, &self.url, detail));
            }
        }
        Ok(chunk)
    }

    /// Returns the rest as one piece.
    ///
    /// # Errors
    /// As [`Body::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, HttpError> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        all.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// Returns the error to report when the body is not what it should be; `why` is one line.
    pub fn malformed(&self, why: impl std::fmt::Display) -> HttpError {
        malformed(&self.method, &self.url, why)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(telling) = &self.telling {
            telling.tell(&self.method, &self.url, self.taken);
        }
    }
}

fn malformed(method: &Method, url: &Url, why: impl std::fmt::Display) -> HttpError {
    let detail = format!("the reply of `{}` is not understood: {why}", host_of(url));
    HttpError::new(HttpErrorKind::Malformed, method, url, detail)
}

/// A whole reply, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The method of the request.
    pub method: Method,
    /// Where it came from, after redirects.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// Returns the reply itself when its status is 2xx.
    ///
    /// # Errors
    /// [`HttpErrorKind::Status`] otherwise.
    pub fn success(self) -> Result<Self, HttpError> {
        if self.status.is_success() { Ok(self) } else { Err(self.status_error()) }
    }

    /// Returns the error that its status means.
    pub fn status_error(&self) -> HttpError {
        HttpError::status(&self.method, &self.url, self.status)
    }

    /// Returns a header's text; `None` when it is missing or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// [`HttpErrorKind::Malformed`], which names an HTML page as such: a login page or a proxy's error.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        if self.body.trim_ascii_start().starts_with(b"<") {
            return Err(self.malformed("it is an HTML page where JSON was expected"));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| self.malformed(format!("it is not the JSON expected: {error}")))
    }

    /// Returns the body as text.
    ///
    /// # Errors
    /// [`HttpErrorKind::Malformed`] when it is not UTF-8.
    pub fn text(&self) -> Result<&str, HttpError> {
        std::str::from_utf8(&self.body).map_err(|_| self.malformed("it is not UTF-8 text"))
    }

    /// Returns the error to report when the reply is not what it should be; `why` is one line.
    pub fn malformed(&self, why: impl std::fmt::Display) -> HttpError {
        malformed(&self.method, &self.url, why)
    }

    /// Returns the address of the next page, if there is one.
    pub fn next_page(&self) -> Option<Url> {
        self.url.join(next_link(&self.headers)?).ok()
    }
}

/// Returns where the next page is, by a header `Link: <...>; rel="next"`, as it is written there.
/// <https://www.rfc-editor.org/rfc/rfc8288>
pub fn next_link(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(reqwest::header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_target)
}

/// Returns the target of the first link with the relation `next`. Commas and semicolons inside `<...>` belong to the target.
fn next_target(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let (parameters, following) = after.split_once(',').map_or((after, ""), |(now, then)| (now, then));
        let is_next = parameters.split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            name.trim().eq_ignore_ascii_case("rel")
                && value
                    .trim()
                    .trim_matches('"')
                    .split_whitespace()
                    .any(|word| word.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        rest = following;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: Option<&str>) {
        assert_eq!(next_target(header), expected, "{header}");
    }

    #[test]
    fn the_next_page_is_found_in_every_spelling() {
        check(r#"</v2/a/tags/list?last=b&n=1>; rel="next""#, Some("/v2/a/tags/list?last=b&n=1"));
        check("<https://a.org/?p=2>; rel=next", Some("https://a.org/?p=2"));
        check(
            r#"<https://a.org/?p=1>; rel="prev", <https://a.org/?p=3>; rel="next""#,
            Some("https://a.org/?p=3"),
        );
        check(r#"<https://a.org/?a=1,2;3>; title="x"; REL="last next""#, Some("https://a.org/?a=1,2;3"));
        check(r#"<https://a.org/?p=1>; rel="nextish""#, None);
        check("<https://a.org", None);
        check("", None);
        check("<<<<>,;=", None);
    }
}
