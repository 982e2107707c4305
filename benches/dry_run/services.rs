//! What the registries of the in-process internet say: OCI registries with their token services, Docker Hub, quay.io, Helm repositories, GitHub.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// The version everything is at; there is a newer one of each.
pub(crate) const CURRENT: &str = "1.40.3";
/// The newest version.
const NEWEST: &str = "1.41.0";
/// How many Helm repositories there are.
pub(crate) const HELM_REPOSITORIES: usize = 14;
/// How many repositories there are on GitHub: half of them actions, half of them tools.
pub(crate) const GITHUB_REPOSITORIES: usize = 32;
/// The images, in registries as different as in a real cluster.
pub(crate) const IMAGES: [&str; 45] = [
    "ghcr.io/one/app",
    "ghcr.io/one/sidecar",
    "ghcr.io/two/app",
    "ghcr.io/two/exporter",
    "ghcr.io/three/app",
    "ghcr.io/three/operator",
    "ghcr.io/four/app",
    "ghcr.io/five/app",
    "ghcr.io/six/app",
    "ghcr.io/seven/app",
    "ghcr.io/eight/app",
    "ghcr.io/nine/app",
    "ghcr.io/ten/app",
    "ghcr.io/ten/ui",
    "ghcr.io/eleven/app",
    "ghcr.io/twelve/app",
    "ghcr.io/thirteen/app",
    "ghcr.io/fourteen/app",
    "ghcr.io/fifteen/app",
    "ghcr.io/sixteen/app",
    "ghcr.io/sixteen/worker",
    "ghcr.io/seventeen/app",
    "ghcr.io/eighteen/app",
    "docker.io/library/redis",
    "docker.io/library/nginx",
    "docker.io/library/busybox",
    "docker.io/org/a",
    "docker.io/org/b",
    "docker.io/org/c",
    "docker.io/org/d",
    "docker.io/other/a",
    "docker.io/other/b",
    "docker.io/other/c",
    "docker.io/other/d",
    "quay.io/one/app",
    "quay.io/two/app",
    "quay.io/three/app",
    "registry.k8s.io/one",
    "registry.k8s.io/two/app",
    "registry.example.org/team/a",
    "registry.example.org/team/b",
    "registry.example.org/team/c",
    "registry.example.org/team/d",
    "mirror.example.org/gateway",
    "mirror.example.org/cache",
];

/// Returns the names that the certificate is for.
pub(crate) fn hosts() -> Vec<String> {
    let fixed = [
        "ghcr.io",
        "hub.docker.com",
        "index.docker.io",
        "auth.docker.io",
        "quay.io",
        "registry.k8s.io",
        "registry.example.org",
        "mirror.example.org",
        "api.github.com",
        "github.com",
    ];
    let charts = (0..HELM_REPOSITORIES).map(|at| format!("charts-{at}.example.org"));
    fixed.into_iter().map(str::to_owned).chain(charts).collect()
}

/// A reply.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    fn new(status: StatusCode, kind: &str, body: impl Into<Bytes>) -> Self {
        let answer = Self { status, headers: HeaderMap::new(), body: body.into() };
        answer.header(CONTENT_TYPE, kind)
    }

    fn json(value: &Value) -> Self {
        Self::new(StatusCode::OK, "application/json", value.to_string())
    }

    fn status(status: StatusCode) -> Self {
        Self::new(status, "text/plain", "")
    }

    fn header(mut self, name: hyper::header::HeaderName, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.headers.insert(name, value);
        }
        self
    }

    /// Gives it a validator, and leaves the body out for who has it.
    fn validated(self, asked: &Parts, tag: &str) -> Self {
        let tag = format!("\"{tag}\"");
        let has_it = asked.headers.get(IF_NONE_MATCH).is_some_and(|value| value == tag.as_str());
        if has_it { Self::status(StatusCode::NOT_MODIFIED) } else { self }.header(ETAG, &tag)
    }
}

/// Returns what `host` says to a request.
pub(crate) fn answer(host: &str, asked: &Parts, body: &[u8]) -> Answer {
    let path = asked.uri.path();
    match host {
        "hub.docker.com" => docker_hub(asked, path),
        "quay.io" if path.starts_with("/api/") => quay(asked, path),
        "api.github.com" => graphql(body),
        _ if path == "/token" => Answer::json(&json!({"token": "a-token", "expires_in": 300})),
        _ if path == "/index.yaml" => {
            Answer::new(StatusCode::OK, "text/yaml", index(host)).validated(asked, host)
        }
        _ if path.starts_with("/v2/") => registry(host, asked, path),
        _ => Answer::status(StatusCode::NOT_FOUND),
    }
}

fn registry(host: &str, asked: &Parts, path: &str) -> Answer {
    if host != "registry.k8s.io" && !asked.headers.contains_key(AUTHORIZATION) {
        let realm = if host == "index.docker.io" { "auth.docker.io" } else { host };
        return Answer::status(StatusCode::UNAUTHORIZED)
            .header(WWW_AUTHENTICATE, &format!("Bearer realm=\"https://{realm}/token\",service=\"{host}\""));
    }
    let path = path.trim_start_matches("/v2/");
    if let Some(name) = path.strip_suffix("/tags/list") {
        return tag_list(host, name, asked);
    }
    let Some((name, reference)) = path.split_once("/manifests/") else {
        return Answer::status(StatusCode::NOT_FOUND);
    };
    let shown = if host == "index.docker.io" { "docker.io" } else { host };
    let digest = if reference.contains(':') {
        reference.to_owned()
    } else {
        digest(&format!("{shown}/{name}"), reference)
    };
    let kind = "application/vnd.oci.image.index.v1+json";
    let name = hyper::header::HeaderName::from_static("docker-content-digest");
    Answer::new(StatusCode::OK, kind, "{}").header(name, &digest).validated(asked, &digest)
}

/// The list that every registry has; ghcr.io cuts it into pages of a hundred, oldest first.
fn tag_list(host: &str, name: &str, asked: &Parts) -> Answer {
    let tags = tags();
    if host != "ghcr.io" {
        return Answer::json(&json!({"name": name, "tags": tags}));
    }
    let last = parameter(asked, "last");
    let from = last.and_then(|last| tags.iter().position(|tag| *tag == last)).map_or(0, |at| at + 1);
    let page = &tags[from..tags.len().min(from + 100)];
    let answer = Answer::json(&json!({"name": name, "tags": page}));
    match page.last() {
        Some(last) if from + page.len() < tags.len() => {
            answer.header(LINK, &format!("</v2/{name}/tags/list?last={last}&n=100>; rel=\"next\""))
        }
        _ => answer,
    }
}

fn docker_hub(asked: &Parts, path: &str) -> Answer {
    let name = path.trim_start_matches("/v2/repositories/").trim_end_matches("/tags");
    let (tags, page) = (tags(), page_number(asked));
    let all = tags.iter().rev().map(|tag| {
        json!({"name": tag, "last_updated": "2026-01-10T00:00:00Z", "digest": digest(&format!("docker.io/{name}"), tag)})
    });
    let results: Vec<Value> = all.skip((page - 1) * 100).take(100).collect();
    let more = page * 100 < tags.len();
    let next = more.then(|| format!("https://hub.docker.com{path}?page={}&page_size=100", page + 1));
    Answer::json(&json!({"count": tags.len(), "next": next, "results": results}))
        .validated(asked, &format!("{name} {page}"))
}

fn quay(asked: &Parts, path: &str) -> Answer {
    let name = path.trim_start_matches("/api/v1/repository/").trim_end_matches("/tag/");
    let (tags, page) = (tags(), page_number(asked));
    let all = tags.iter().rev().map(
        |tag| json!({"name": tag, "start_ts": 1_767_225_600, "manifest_digest": digest(&format!("quay.io/{name}"), tag)}),
    );
    let shown: Vec<Value> = all.skip((page - 1) * 100).take(100).collect();
    Answer::json(&json!({"tags": shown, "page": page, "has_additional": page * 100 < tags.len()}))
}

fn parameter<'a>(asked: &'a Parts, name: &str) -> Option<&'a str> {
    let pairs = asked.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn page_number(asked: &Parts) -> usize {
    parameter(asked, "page").and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}

/// All tags of an image, the oldest first: a long history, and what else lies about in registries.
fn tags() -> Vec<String> {
    let old = (0..150).map(|at| format!("{}.{}.{}", at / 120, at % 40, at % 3));
    let rest = ["latest", "nightly", "sha-0a1b2c3", "2.0.0-rc.1", CURRENT, NEWEST].map(str::to_owned);
    old.chain(rest).collect()
}

/// An index of some size: forty charts that nobody asked for, with sixty versions each.
fn index(host: &str) -> Bytes {
    static INDEXES: OnceLock<Mutex<BTreeMap<String, Bytes>>> = OnceLock::new();
    let mut indexes = INDEXES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let mut text = "apiVersion: v1\nentries:\n".to_owned();
        for chart in 0..40 {
            let _ = writeln!(text, "  chart-{chart}:");
            let older = (0..60).rev().map(|at| format!("1.{}.{}", at / 2, at % 2));
            for version in [NEWEST, CURRENT].map(str::to_owned).into_iter().chain(older) {
                let _ = write!(
                    text,
                    "  - apiVersion: v2\n    appVersion: {version}\n    created: \"2024-05-01T10:42:11.123456789Z\"\n    description: A chart that installs an application and says some words about it.\n    digest: 99c76e403d752c84ead610644d4b1c2f2b453a74b921f422b9dcb8a7c8b559cd\n    home: https://example.org/chart-{chart}\n    name: chart-{chart}\n    urls:\n    - https://{host}/chart-{chart}-{version}.tgz\n    version: {version}\n"
                );
            }
        }
        Bytes::from(text)
    };
    indexes.entry(host.to_owned()).or_insert_with(make).clone()
}

fn graphql(body: &[u8]) -> Answer {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let variables = &asked["variables"];
    let word = |name: String| variables[name].as_str().map(str::to_owned);
    let versions: Vec<String> = [NEWEST, CURRENT]
        .map(str::to_owned)
        .into_iter()
        .chain((0..58).map(|at| format!("1.{}.{}", 39 - at / 2, at % 2)))
        .collect();
    let mut found = serde_json::Map::new();
    for at in 0.. {
        let (Some(owner), Some(name)) = (word(format!("o{at}")), word(format!("n{at}"))) else { break };
        let repository = format!("{owner}/{name}");
        let date = "2026-01-10T00:00:00Z";
        let page = |nodes: Vec<Value>| json!({"pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": nodes});
        let refs = versions.iter().map(|version| {
            let tag = format!("v{version}");
            json!({"name": tag, "target": {"__typename": "Commit", "oid": commit(&repository, &tag), "committedDate": date}})
        });
        let releases = versions.iter().map(|version| {
            let tag = format!("v{version}");
            json!({"tagName": tag, "publishedAt": date, "isPrerelease": false, "isDraft": false, "tagCommit": {"oid": commit(&repository, &tag)}})
        });
        found.insert(
            format!("r{at}"),
            json!({"refs": page(refs.collect()), "releases": page(releases.collect())}),
        );
    }
    Answer::json(&json!({ "data": found }))
}

/// Returns the digest of a tag of an image.
pub(crate) fn digest(image: &str, tag: &str) -> String {
    format!("sha256:{}", hex(&format!("{image}:{tag}"), 64))
}

/// Returns the commit of a tag of a repository.
pub(crate) fn commit(repository: &str, tag: &str) -> String {
    hex(&format!("{repository}@{tag}"), 40)
}

/// Returns so many hexadecimal digits that depend on `text` and on nothing else.
fn hex(text: &str, digits: usize) -> String {
    let mut state = 0xCBF2_9CE4_8422_2325_u64;
    let mut hex = String::new();
    for round in 0..digits.div_ceil(16) {
        for byte in text.bytes().chain(round.to_le_bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        let _ = write!(hex, "{state:016x}");
    }
    hex.truncate(digits);
    hex
}
