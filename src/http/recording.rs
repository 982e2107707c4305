//! A store of the outside world's replies, made by `--record` and answered from by `--replay`.
//!
//! One folder for each host; in it one `<name>.reply.json` for each reply and, beside it, the body as it came. Both are made to be
//! read, and written, by people: the name of a file does not matter, only what is inside.
//!
//! ```json
//! {
//!   "request": { "method": "GET", "url": "https://ghcr.io/v2/owner/name/tags/list?n=1000" },
//!   "status": 200,
//!   "headers": { "content-type": "application/json" },
//!   "json": { "name": "owner/name", "tags": ["1.0.0", "1.1.0"] }
//! }
//! ```
//!
//! The body is `json` (a value), `text` (a string), `file` (a name beside it), or nothing. `"authorized": true` inside `request` marks a
//! reply to a request with a credential, which itself is never stored. A request that got no reply has a `failure` in place of the rest:
//! `{"kind": "connect", "message": "..."}`, where the kind is `resolve`, `connect`, `tls`, `timeout` or `broken`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::error::{HttpError, HttpErrorKind, host_of, shown};
use super::request::{Confidential, hex};
use crate::whole_file::{self, Durability};

/// The headers worth keeping: what decides how a reply is read, and nothing that is about a person or a moment.
const KEPT_HEADERS: [&str; 8] = [
    "content-type",
    "docker-content-digest",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "www-authenticate",
];

/// Longest file name, in bytes, before it is cut and made unique by a hash.
const NAME_LIMIT: usize = 120;

/// Whether a request has a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Authorized {
    #[default]
    No,
    Yes,
}

/// What a store holds for a request.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Reply(Recorded),
    /// No reply could be had.
    Failure {
        kind: HttpErrorKind,
        message: String,
    },
}

/// One stored reply.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    request: Asked,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    kind: FailureKind,
    message: String,
}

/// The failures of the world outside; all others are our own, and happen again when replayed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FailureKind {
    Resolve,
    Connect,
    Tls,
    Timeout,
    Broken,
}

impl FailureKind {
    fn of(kind: HttpErrorKind) -> Option<Self> {
        match kind {
            HttpErrorKind::Resolve => Some(Self::Resolve),
            HttpErrorKind::Connect => Some(Self::Connect),
            HttpErrorKind::Tls => Some(Self::Tls),
            HttpErrorKind::Timeout => Some(Self::Timeout),
            HttpErrorKind::Broken => Some(Self::Broken),
            _ => None,
        }
    }

    fn kind(self) -> HttpErrorKind {
        match self {
            Self::Resolve => HttpErrorKind::Resolve,
            Self::Connect => HttpErrorKind::Connect,
            Self::Tls => HttpErrorKind::Tls,
            Self::Timeout => HttpErrorKind::Timeout,
            Self::Broken => HttpErrorKind::Broken,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    method: String,
    url: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    authorized: bool,
    /// SHA-256 of the request's body, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_sha256: Option<String>,
}

type Key = (String, String, Option<String>);

/// The replies of a store, found by request.
#[derive(Debug)]
pub(super) struct Replay {
    entries: BTreeMap<(Key, Authorized), (PathBuf, Entry)>,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder cannot be read or written.
    #[error("`{path}` cannot be used: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not a stored reply.
    #[error("`{path}` is not a recorded reply: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A folder to replay from has no reply in it.
    #[error("`{0}` holds no recorded reply; make such a folder with `--record`")]
    Empty(PathBuf),
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

impl Replay {
    /// Reads what a store holds; bodies stay on disk until they are asked for.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let mut entries = BTreeMap::new();
        for host in sorted(folder)? {
            if !host.is_dir() {
                continue;
            }
            for path in sorted(&host)? {
                if !path.to_string_lossy().ends_with(".reply.json") {
                    continue;
                }
                let text = fs::read(&path).map_err(io_error(&path))?;
                let wrong = |source| StoreError::Format { path: path.clone(), source };
                let entry: Entry = serde_json::from_slice(&text).map_err(wrong)?;
                if entry.status.is_none() && entry.failure.is_none() {
                    return Err(wrong(serde_json::Error::custom(
                        "it has neither a `status` nor a `failure`",
                    )));
                }
                let url = Url::parse(&entry.request.url)
                    .map_or_else(|_| entry.request.url.clone(), |url| shown(&url));
                let key = (entry.request.method.clone(), url, entry.request.body_sha256.clone());
                let authorized = if entry.request.authorized { Authorized::Yes } else { Authorized::No };
                entries.insert((key, authorized), (path, entry));
            }
        }
        if entries.is_empty() {
            return Err(StoreError::Empty(folder.to_owned()));
        }
        Ok(Self { entries })
    }

    /// Returns what came of a request; `None` when the store does not hold it.
    ///
    /// A request with a credential is also answered by a reply to one without, and the other way round, so that a store
    /// made with a login serves those who have none.
    pub(super) fn find(&self, request: &Named<'_>) -> Result<Option<Outcome>, StoreError> {
        let body = request.body.map(|body| hex(&Sha256::digest(body)));
        let (key, authorized) = ((request.method.to_string(), shown(request.url), body), request.authorized);
        let other = if authorized == Authorized::Yes { Authorized::No } else { Authorized::Yes };
        let found = [authorized, other].into_iter().find_map(|kind| self.entries.get(&(key.clone(), kind)));
        let Some((path, entry)) = found else { return Ok(None) };
        if let Some(Failure { kind, message }) = &entry.failure {
            return Ok(Some(Outcome::Failure { kind: kind.kind(), message: message.clone() }));
        }
        let body = match (&entry.file, &entry.json, &entry.text) {
            (Some(name), _, _) => {
                // Only a plain name: a store somebody sends with a bug report cannot point at other files.
                let name = Path::new(name).file_name().unwrap_or_default();
                let file = path.with_file_name(name);
                Bytes::from(fs::read(&file).map_err(io_error(&file))?)
            }
            (None, Some(value), _) => Bytes::from(value.to_string()),
            (None, None, Some(text)) => Bytes::from(text.clone()),
            (None, None, None) => Bytes::new(),
        };
        let headers = entry
            .headers
            .iter()
            .filter_map(|(name, value)| {
                Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
            })
            .collect();
        let status = entry.status.and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Ok(Some(Outcome::Reply(Recorded { status, headers, body })))
    }
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
        })
        .map_err(io_error(folder))?;
    paths.sort();
    Ok(paths)
}

/// A request, as far as a recording names it.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) method: &'a Method,
    pub(super) url: &'a Url,
    pub(super) body: Option<&'a Bytes>,
    pub(super) authorized: Authorized,
    pub(super) confidential: Confidential,
}

/// Adds a reply to a store, in place of what came of an earlier request of the same kind.
pub(super) fn record(folder: &Path, request: &Named<'_>, reply: &Recorded) -> Result<(), StoreError> {
    let (host, name) = place(folder, request)?;
    let mut entry = Entry::of(request);
    entry.status = Some(reply.status.as_u16());
    entry.headers = kept_headers(&reply.headers);
    if request.confidential == Confidential::Token && reply.status.is_success() {
        entry.json = Some(without_tokens(&reply.body));
    } else if !reply.body.is_empty() {
        let body_name = format!("{name}.{}", extension(&reply.headers));
        let file = host.join(&body_name);
        whole_file::write(&file, &reply.body, None, Durability::Passing).map_err(io_error(&file))?;
        entry.file = Some(body_name);
    }
    write(&host, &name, &entry)
}

/// Adds to a store that there was no reply; errors of our own are left out.
pub(super) fn record_failure(
    folder: &Path,
    request: &Named<'_>,
    error: &HttpError,
) -> Result<(), StoreError> {
    let Some(kind) = FailureKind::of(error.kind) else { return Ok(()) };
    let (host, name) = place(folder, request)?;
    let failure = Some(Failure { kind, message: error.detail.clone() });
    write(&host, &name, &Entry { failure, ..Entry::of(request) })
}

impl Entry {
    fn of(request: &Named<'_>) -> Self {
        Self {
            request: Asked {
                method: request.method.to_string(),
                url: shown(request.url),
                authorized: request.authorized == Authorized::Yes,
                body_sha256: request.body.map(|body| hex(&Sha256::digest(body))),
            },
            status: None,
            headers: BTreeMap::new(),
            json: None,
            text: None,
            file: None,
            failure: None,
        }
    }
}

/// Returns the folder for what came of a request, and the first part of its files' names.
fn place(folder: &Path, request: &Named<'_>) -> Result<(PathBuf, String), StoreError> {
    let mut name = host_of(request.url).replace(':', "_");
    // `..` can be a host as the standard of web addresses has it, and a folder beside the store.
    if name.starts_with('.') {
        name.insert(0, '_');
    }
    let host = folder.join(name);
    fs::create_dir_all(&host).map_err(io_error(&host))?;
    Ok((host, file_name(request)))
}

fn write(host: &Path, name: &str, entry: &Entry) -> Result<(), StoreError> {
    let file = host.join(format!("{name}.reply.json"));
    let mut text = serde_json::to_string_pretty(entry)
        .map_err(|source| StoreError::Format { path: file.clone(), source })?;
    text.push('\n');
    whole_file::write(&file, text.as_bytes(), None, Durability::Passing).map_err(io_error(&file))
}

fn kept_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    KEPT_HEADERS
        .iter()
        .filter_map(|name| {
            let value = headers.get(*name)?.to_str().ok()?;
            let value = match *name {
                "location" => Url::parse(value).map_or_else(|_| value.to_owned(), |url| shown(&url)),
                _ => value.to_owned(),
            };
            Some(((*name).to_owned(), value))
        })
        .collect()
}

/// Returns a token service's answer with the tokens made useless.
fn without_tokens(body: &Bytes) -> Value {
    let mut value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if let Value::Object(map) = &mut value {
        for (name, value) in map.iter_mut() {
            if name.to_ascii_lowercase().contains("token") && value.is_string() {
                *value = Value::String("redacted".to_owned());
            }
        }
    }
    value
}

/// Returns a readable name for the files of a reply: the method, the path and the query.
fn file_name(request: &Named<'_>) -> String {
    let whole = shown(request.url);
    let address =
        whole.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let address = percent_decode_str(address).decode_utf8_lossy();
    let mut name = format!("{}-", request.method);
    let mut exact = request.body.is_none() && !whole.contains('%');
    for letter in address.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => name.push(letter),
            '/' => name.push('~'),
            '?' | '&' => name.push('+'),
            '=' => name.push('='),
            _ => {
                exact = false;
                name.push('_');
            }
        }
    }
    if request.authorized == Authorized::Yes {
        name.push_str("+authorized");
    }
    // Two file systems out of three do not tell `A` from `a`.
    exact &= !address.chars().any(|letter| letter.is_ascii_uppercase());
    if exact && name.len() <= NAME_LIMIT {
        return name;
    }
    let mut hash = Sha256::new();
    hash.update(&whole);
    hash.update(request.body.map_or(&[][..], |body| body));
    let hash = hex(&hash.finalize());
    let kept: String = name.chars().take(NAME_LIMIT - 17).collect();
    format!("{kept}-{}", hash.get(..16).unwrap_or(&hash))
}

fn extension(headers: &HeaderMap) -> &'static str {
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.contains("json") {
        "json"
    } else if kind.contains("yaml") {
        "yaml"
    } else if kind.contains("html") {
        "html"
    } else if kind.starts_with("text/") {
        "txt"
    } else {
        "bin"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_folder_of_the_store() {
        let folder = tempfile::tempdir().unwrap();
        for (address, expected) in [
            ("https://example.org/x", "example.org"),
            ("https://example.org:8443/x", "example.org_8443"),
            ("https://[::1]:8443/x", "[__1]_8443"),
            ("https://../x", "_.."),
            ("https://%2e%2E/x", "_.."),
            ("https://./x", "_."),
            ("https://..:1/x", "_.._1"),
        ] {
            let request = Named {
                method: &Method::GET,
                url: &Url::parse(address).unwrap(),
                body: None,
                authorized: Authorized::No,
                confidential: Confidential::No,
            };
            let (host, _) = place(folder.path(), &request).unwrap();
            assert_eq!(host, folder.path().join(expected), "{address}");
        }
    }
}
