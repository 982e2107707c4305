use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::http::testing::{Answer, Seen, Server, cached_client, client, client_in, client_with};
use crate::http::{World, hex};

pub(super) fn oci() -> Oci {
    Oci::new(client(), DockerConfig::default())
}

fn with_rules(more: &[Value]) -> Oci {
    Oci::new(client_with(more), DockerConfig::default())
}

pub(super) fn lookup(name: &str) -> Lookup {
    Lookup { datasource: DatasourceId::DOCKER, package_name: name.to_owned(), registry_urls: Vec::new() }
}

pub(super) fn on(server: &Server, repository: &str) -> Lookup {
    lookup(&format!("{}/{repository}", server.address))
}

pub(super) fn query(lookup: Lookup, tag: &str, current: Option<&str>) -> DigestQuery {
    DigestQuery { lookup, value: Some(tag.to_owned()), current_digest: current.map(str::to_owned) }
}

fn versions(list: &ReleaseList) -> Vec<&str> {
    list.releases.iter().map(|release| release.version.as_str()).collect()
}

fn tags(names: &[&str]) -> Answer {
    Answer::json(&json!({"name": "a", "tags": names}))
}

pub(super) fn sha(bytes: &str) -> String {
    use sha2::Digest as _;
    format!("sha256:{}", hex(&sha2::Sha256::digest(bytes.as_bytes())))
}

#[tokio::test]
async fn every_page_of_the_tags_is_read() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/a/b/tags/list?n=10000" => {
            tags(&["1", "2"]).header("link", r#"</v2/a/b/tags/list?n=2&last=2>; rel="next""#)
        }
        "/v2/a/b/tags/list?n=2&last=2" => tags(&["3"]).header("link", "<?n=2&last=3>; rel=next"),
        "/v2/a/b/tags/list?n=2&last=3" => Answer::json(&json!({"name": "a/b", "tags": null})),
        _ => Answer::status(500),
    })
    .await;
    let list = oci().releases(&on(&server, "a/b")).await.unwrap();
    assert_eq!(versions(&list), ["1", "2", "3"]);
    assert_eq!(list.registry_url, Some(format!("https://{}", server.address)));
}

#[tokio::test]
async fn a_digest_that_the_registry_has_forgotten_is_asked_for_once_a_run() {
    let (folder, old) = (tempfile::tempdir().unwrap(), sha("old"));
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/a/b/tags/list?n=10000" => tags(&["1"]),
        "/v2/a/b/manifests/1" => Answer::ok("").header("docker-content-digest", sha("new")),
        _ => Answer::status(404),
    })
    .await;
    let forgotten = format!("HEAD /v2/a/b/manifests/{old}");
    for run in 1..=3 {
        let oci = Oci::new(cached_client(folder.path()), DockerConfig::default());
        oci.releases(&on(&server, "a/b")).await.unwrap();
        for _ in 0..2 {
            let found = oci.digest(&query(on(&server, "a/b"), "1", Some(&old))).await.unwrap();
            assert_eq!(found, Some(sha("new")));
        }
        let asked = server.lines().iter().filter(|line| **line == forgotten).count();
        assert_eq!(asked, run, "once in each of {run} runs: {:#?}", server.lines());
    }
}

#[tokio::test]
async fn the_next_run_asks_at_once_for_the_pages_and_digests_of_the_last_one() {
    let (count, folder) = (AtomicUsize::new(0), tempfile::tempdir().unwrap());
    let server = Server::start(move |seen| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let answer = match (seen.method.as_str(), seen.target.as_str()) {
            ("GET", "/v2/a/b/tags/list?n=10000") if number < 8 => {
                tags(&["1"]).header("link", "<?n=1&last=1>; rel=next")
            }
            // The third run finds that there is only one page left.
            ("GET", "/v2/a/b/tags/list?n=10000") => tags(&["1"]),
            ("GET", "/v2/a/b/tags/list?n=1&last=1") => tags(&["2"]).header("link", "<?n=1&last=2>; rel=next"),
            ("GET", "/v2/a/b/tags/list?n=1&last=2") => tags(&["3"]),
            ("HEAD", "/v2/a/b/manifests/3") => Answer::ok("").header("docker-content-digest", sha("3")),
            _ => Answer::status(500),
        };
        // The second and third run get one reply, which shows that the registry is open, and no more before they have asked for everything.
        if matches!(number, 5..=7 | 9..=11) { answer.after(number / 4 * 4 + 4) } else { answer }
    })
    .await;
    let run = async |pages: &[&str]| {
        let oci = Oci::new(cached_client(folder.path()), DockerConfig::default());
        assert_eq!(versions(&oci.releases(&on(&server, "a/b")).await.unwrap()), pages);
        assert_eq!(oci.digest(&query(on(&server, "a/b"), "3", None)).await.unwrap(), Some(sha("3")));
    };
    run(&["1", "2", "3"]).await;
    assert_eq!(server.seen().len(), 4);
    run(&["1", "2", "3"]).await;
    assert_eq!(server.seen().len(), 8);
    run(&["1"]).await;
    assert_eq!(server.seen().len(), 12);
    // What moves is not foreseen.
    let before = server.seen().len();
    run(&["1"]).await;
    assert_eq!(server.seen().len(), before + 2);
}

#[tokio::test]
async fn pages_that_never_end_are_an_error_that_says_so() {
    // Always the same tags, at an address that is always new.
    let server = Server::start(|seen| {
        let next = seen.target.len();
        tags(&["1"]).header("link", format!("<{}{next}>; rel=\"next\"", seen.target))
    })
    .await;
    let error = oci().releases(&on(&server, "a/b")).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::Malformed);
    assert!(error.to_string().contains("never end"), "{error}");
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn the_next_page_is_not_looked_for_on_another_host() {
    let other = Server::start(|_| tags(&["2"])).await;
    let link = format!("<{}>; rel=\"next\"", other.url("/v2/a/b/tags/list"));
    let server = Server::start(move |_| tags(&["1"]).header("link", link.clone())).await;
    let error = oci().releases(&on(&server, "a/b")).await.unwrap_err();
    assert!(error.to_string().contains("on another host"), "{error}");
    assert_eq!(other.lines(), [""; 0]);
}

#[tokio::test]
async fn a_registry_that_wants_smaller_pages_gets_them() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/a/tags/list?n=1000" => tags(&["1"]),
        _ => Answer::status(405).header("content-type", "text/plain"),
    })
    .await;
    // A refusal that does not speak of the size is an answer.
    assert!(oci().releases(&on(&server, "a")).await.is_err());
    let server = Server::start(|seen| {
        if seen.target == "/v2/a/tags/list?n=1000" {
            tags(&["1"])
        } else {
            let error = json!({"errors": [{"message": "'maxResults' must be less than or equal to 1000"}]});
            Answer::json(&error).with_status(405)
        }
    })
    .await;
    assert_eq!(versions(&oci().releases(&on(&server, "a")).await.unwrap()), ["1"]);
}

#[tokio::test]
async fn a_short_name_may_be_in_the_library() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/v2/library/nginx/tags/list?n=10000" => tags(&["1.27"]),
        _ => Answer::status(404),
    })
    .await;
    assert_eq!(versions(&oci().releases(&on(&server, "nginx")).await.unwrap()), ["1.27"]);
    let error = oci().releases(&on(&server, "other")).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::NotFound);
    assert_eq!(error.package, format!("{}/other", server.address));
}

#[tokio::test]
async fn a_login_page_is_not_taken_for_tags() {
    let server = Server::start(|_| Answer::ok("<html>Please log in</html>")).await;
    let error = oci().releases(&on(&server, "a/b")).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::Malformed);
    assert!(error.to_string().contains("HTML page"), "{error}");
    let server = Server::start(|_| Answer::ok(r#"{"tags": ["1.0"#)).await;
    let error = oci().releases(&on(&server, "a/b")).await.unwrap_err();
    assert!(error.to_string().contains("not the JSON expected"), "{error}");
}

/// A registry with a token service, as most are: each repository wants a token of its own.
fn guarded(seen: &Seen) -> Answer {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    if path == "/token" {
        return Answer::json(&json!({"token": format!("for {query}"), "expires_in": 300}));
    }
    let repository = path.trim_start_matches("/v2/").trim_end_matches("/tags/list");
    let scope = format!("repository:{repository}:pull");
    let wanted = format!(
        "Bearer for service=registry+of+tests&scope={}",
        scope.replace(':', "%3A").replace('/', "%2F")
    );
    if seen.header("authorization") == Some(wanted.as_str()) {
        return tags(&["1"]);
    }
    let realm = format!("http://{}/token", seen.header("host").unwrap());
    let challenge = format!(r#"Bearer realm="{realm}",service="registry of tests",scope="{scope}""#);
    Answer::status(401).header("www-authenticate", challenge)
}

#[tokio::test]
async fn after_the_first_challenge_tokens_are_asked_for_before_they_are_missed() {
    let server = Server::start(guarded).await;
    let oci = oci();
    for repository in ["a/one", "a/two"] {
        assert_eq!(versions(&oci.releases(&on(&server, repository)).await.unwrap()), ["1"]);
    }
    let token =
        |name: &str| format!("GET /token?service=registry+of+tests&scope=repository%3Aa%2F{name}%3Apull");
    assert_eq!(
        server.lines(),
        [
            "GET /v2/a/one/tags/list?n=10000".to_owned(),
            token("one"),
            "GET /v2/a/one/tags/list?n=10000".to_owned(),
            token("two"),
            "GET /v2/a/two/tags/list?n=10000".to_owned(),
        ]
    );
    assert!(
        server
            .seen()
            .iter()
            .filter(|seen| seen.target.starts_with("/token"))
            .all(|seen| seen.header("authorization").is_none())
    );
}

#[tokio::test]
async fn many_repositories_at_once_meet_one_challenge() {
    let server = Server::start(guarded).await;
    let oci = oci();
    let lookups: Vec<Lookup> = (0..8).map(|number| on(&server, &format!("a/{number}"))).collect();
    let lists = futures::future::join_all(lookups.iter().map(|lookup| oci.releases(lookup))).await;
    assert!(lists.iter().all(Result::is_ok));
    assert_eq!(server.lines().len(), 1 + 8 + 8);
}

/// A registry of `a/0` to `a/19` whose tokens may be for several repositories; `a/7` is private.
fn sharing(seen: &Seen) -> Answer {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    if path == "/token" {
        let is_refused = query.split('&').any(|pair| pair == "scope=repository%3Aa%2F7%3Apull");
        let token = json!({"token": format!("for {query}&")});
        return if is_refused { Answer::status(403) } else { Answer::json(&token) };
    }
    let wanted = format!("{}&", scope_in_query(path));
    match seen.header("authorization") {
        Some(token) if token.contains(&wanted) => tags(&["1"]),
        _ => names_its_token_service(seen),
    }
}

fn scope_in_query(path: &str) -> String {
    let repository = path.trim_start_matches("/v2/").trim_end_matches("/tags/list").replace('/', "%2F");
    format!("scope=repository%3A{repository}%3Apull")
}

fn names_its_token_service(seen: &Seen) -> Answer {
    let realm = format!("http://{}/token", seen.header("host").unwrap());
    Answer::status(401).header("www-authenticate", format!("Bearer realm=\"{realm}\",service=s"))
}

#[tokio::test]
async fn repositories_of_a_registry_share_tokens_unless_one_is_refused() {
    let server = Server::start(sharing).await;
    let folder = tempfile::tempdir().unwrap();
    let lookups: Vec<Lookup> = (0..20).map(|number| on(&server, &format!("a/{number}"))).collect();
    // First two groups, of sixteen and four; the second is refused, and each of its members asks. Later two groups without the private one.
    for (tokens, requests) in [(2 + 4, 1 + 19), (2 + 1, 19)] {
        let before = server.lines().len();
        let oci = Oci::new(cached_client(folder.path()), DockerConfig::default());
        oci.prepare(&lookups.iter().collect::<Vec<_>>());
        let lists = futures::future::join_all(lookups.iter().map(|lookup| oci.releases(lookup))).await;
        let failed: Vec<usize> = (0..20).filter(|number| lists[*number].is_err()).collect();
        assert_eq!(failed, [7]);
        let lines = server.lines();
        let asked = lines[before..].iter().filter(|line| line.contains("/token")).count();
        assert_eq!((asked, lines.len() - before - asked), (tokens, requests));
    }
}

#[tokio::test]
async fn a_registry_that_gives_a_token_for_one_repository_only_is_asked_for_each() {
    for refusal in [401, 403] {
        let server = Server::start(move |seen| {
            let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
            if path == "/token" {
                // It reads the first scope and forgets the others.
                let first = query.split('&').find(|pair| pair.starts_with("scope="));
                return Answer::json(&json!({"token": first}));
            }
            let wanted = format!("Bearer {}", scope_in_query(path));
            match seen.header("authorization") {
                Some(token) if token == wanted => tags(&["1"]),
                Some(_) if refusal == 403 => Answer::status(403),
                _ => names_its_token_service(seen),
            }
        })
        .await;
        let oci = oci();
        let lookups: Vec<Lookup> = (0..4).map(|number| on(&server, &format!("a/{number}"))).collect();
        oci.prepare(&lookups.iter().collect::<Vec<_>>());
        for lookup in &lookups {
            assert_eq!(versions(&oci.releases(lookup).await.unwrap()), ["1"], "{refusal}");
        }
    }
}

#[tokio::test]
async fn a_repository_that_is_refused_is_not_asked_for_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|seen| match seen.target.split_once('?') {
        Some(("/token", _)) => Answer::json(&json!({"token": "of no use"})),
        _ => names_its_token_service(seen),
    })
    .await;
    // The registry, its token service, the registry; later it is known where to begin.
    for expected in [3, 2] {
        let before = server.lines().len();
        let oci = Oci::new(cached_client(folder.path()), DockerConfig::default());
        let error = oci.releases(&on(&server, "a/b")).await.unwrap_err();
        assert_eq!(error.kind, LookupErrorKind::Unauthorized);
        assert_eq!(server.lines().len() - before, expected);
    }
}

#[tokio::test]
async fn a_door_that_has_changed_since_the_last_run_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let oci = || Oci::new(cached_client(folder.path()), DockerConfig::default());
    let moved = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&moved);
    let server = Server::start(move |seen| {
        let path = if now.load(Ordering::Relaxed) { "/token2" } else { "/token1" };
        if seen.target.starts_with(path) {
            return Answer::json(&json!({"token": path}));
        }
        match seen.header("authorization") {
            Some(token) if token == format!("Bearer {path}") => tags(&["1"]),
            _ if seen.target.starts_with("/token") => Answer::status(404),
            _ => Answer::status(401).header(
                "www-authenticate",
                format!("Bearer realm=\"http://{}{path}\"", seen.header("host").unwrap()),
            ),
        }
    })
    .await;
    // Found; found to have moved; known.
    for expected in [3, 4, 2] {
        let before = server.lines().len();
        assert_eq!(versions(&oci().releases(&on(&server, "a/b")).await.unwrap()), ["1"]);
        assert_eq!(server.lines().len() - before, expected);
        moved.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_scope_for_the_whole_registry_needs_one_token() {
    let server = Server::start(|seen| {
        if seen.target.starts_with("/token") {
            return Answer::json(&json!({"access_token": "t"}));
        }
        if seen.header("authorization") == Some("Bearer t") {
            return tags(&["1"]);
        }
        let realm = format!("http://{}/token", seen.header("host").unwrap());
        Answer::status(401)
            .header("www-authenticate", format!(r#"Bearer realm="{realm}",service="s",scope="aws""#))
    })
    .await;
    let oci = oci();
    for repository in ["a/one", "a/two", "a/three"] {
        oci.releases(&on(&server, repository)).await.unwrap();
    }
    assert_eq!(server.lines().iter().filter(|line| line.contains("/token")).count(), 1);
}

#[tokio::test]
async fn a_user_and_password_open_a_basic_door() {
    let server = Server::start(|seen| match seen.header("authorization") {
        // me:pw
        Some("Basic bWU6cHc=") => tags(&["1"]),
        _ => Answer::status(401).header("www-authenticate", "Basic realm=\"x\""),
    })
    .await;
    let mine = json!({"matchHost": server.address, "hostType": "docker", "username": "me", "password": "pw"});
    let list = with_rules(&[mine]).releases(&on(&server, "a/b")).await.unwrap();
    assert_eq!(versions(&list), ["1"]);

    let error = oci().releases(&on(&server, "a/b")).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::Unauthorized);
    assert!(error.to_string().contains("private, or does not exist"), "{error}");
    let wrong = json!({"matchHost": server.address, "username": "me", "password": "hunter2"});
    let error = with_rules(&[wrong]).releases(&on(&server, "a/b")).await.unwrap_err();
    assert!(error.to_string().contains("refused the credential"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_login_of_docker_opens_the_token_service() {
    let server =
        Server::start(|seen| match (seen.target.starts_with("/token"), seen.header("authorization")) {
            (true, Some("Basic bWU6cHc=")) => Answer::json(&json!({"token": "t"})),
            (true, _) => Answer::status(401),
            (false, Some("Bearer t")) => tags(&["1"]),
            _ => {
                let realm = format!("http://{}/token", seen.header("host").unwrap());
                Answer::status(401).header("www-authenticate", format!("Bearer realm=\"{realm}\""))
            }
        })
        .await;
    let file = json!({"auths": {(server.address.clone()): {"auth": "bWU6cHc="}}});
    let docker = DockerConfig::parse(file.to_string().as_bytes()).unwrap();
    let list = Oci::new(client(), docker).releases(&on(&server, "a/b")).await.unwrap();
    assert_eq!(versions(&list), ["1"]);
}

#[tokio::test]
async fn an_identity_token_is_exchanged() {
    let server = Server::start(|seen| match (seen.target.as_str(), seen.header("authorization")) {
        ("/token", None) if seen.method == "POST" && seen.text().contains("refresh_token=long&") => {
            Answer::json(&json!({"access_token": "t"}))
        }
        ("/token", None) if seen.method == "POST" && seen.text().ends_with("refresh_token=long") => {
            Answer::json(&json!({"access_token": "t"}))
        }
        (_, Some("Bearer t")) => tags(&["1"]),
        _ => {
            let realm = format!("http://{}/token", seen.header("host").unwrap());
            Answer::status(401).header("www-authenticate", format!("Bearer realm=\"{realm}\",service=s"))
        }
    })
    .await;
    let file = json!({"auths": {(server.address.clone()): {"identitytoken": "long"}}});
    let docker = DockerConfig::parse(file.to_string().as_bytes()).unwrap();
    let list = Oci::new(client(), docker).releases(&on(&server, "a/b")).await.unwrap();
    assert_eq!(versions(&list), ["1"]);
}

#[tokio::test]
async fn what_one_registry_may_see_is_not_shown_to_another() {
    // Both name the same token service; only the first has a credential.
    let service = Server::start(|seen| match seen.header("authorization") {
        Some(_) => Answer::json(&json!({"token": "precious"})),
        None => Answer::json(&json!({"token": "anonymous"})),
    })
    .await;
    let realm = service.url("/token").to_string();
    let handler = move |seen: &Seen| match seen.header("authorization") {
        Some(_) => tags(&["1"]),
        None => Answer::status(401).header(
            "www-authenticate",
            format!(r#"Bearer realm="{realm}",service="s",scope="repository:a/b:pull""#),
        ),
    };
    let good = Server::start(handler.clone()).await;
    let evil = Server::start(handler).await;
    let oci = with_rules(&[json!({"matchHost": good.address, "username": "me", "password": "pw"})]);
    oci.releases(&on(&good, "a/b")).await.unwrap();
    oci.releases(&on(&evil, "a/b")).await.unwrap();
    assert_eq!(good.seen()[1].header("authorization"), Some("Bearer precious"));
    assert_eq!(evil.seen()[1].header("authorization"), Some("Bearer anonymous"));
}

#[tokio::test]
async fn a_token_service_without_tls_on_another_host_is_not_trusted() {
    let server = Server::start(|_| {
        Answer::status(401).header("www-authenticate", "Bearer realm=\"http://localhost:1/token\"")
    })
    .await;
    let error = oci().releases(&on(&server, "a/b")).await.unwrap_err();
    assert!(error.to_string().contains("cannot be trusted"), "{error}");
}

#[tokio::test]
async fn a_host_that_a_registry_leads_to_names_no_token_service_for_its_credential() {
    // Who reads at the first registry is led to the second, which wants a token from its own service.
    let other = Server::start(|seen| match seen.target.split_once('?') {
        Some(("/token", _)) => Answer::json(&json!({"token": "of the other"})),
        _ => names_its_token_service(seen),
    })
    .await;
    let away = other.origin.clone();
    let server = Server::start(move |seen| {
        if seen.target.starts_with("/token") {
            Answer::json(&json!({"token": "own"}))
        } else if !seen.target.contains("/own/") {
            Answer::status(307).header("location", format!("{away}{}", seen.target))
        } else if seen.header("authorization").is_some() {
            tags(&["1"])
        } else {
            names_its_token_service(seen)
        }
    })
    .await;
    let rule = json!({"matchHost": server.address, "username": "me", "password": "hunter2"});
    for (rules, word) in [(vec![], "without a credential"), (vec![rule], "leads to `127.0.0.1`")] {
        let before = other.seen().len();
        let oci = with_rules(&rules);
        let error = oci.releases(&on(&server, "a/b")).await.unwrap_err();
        assert_eq!(error.kind, LookupErrorKind::Unauthorized);
        assert!(error.to_string().contains(word), "{error}");
        // Nor is it the door of the registry's other repositories.
        assert_eq!(versions(&oci.releases(&on(&server, "own/b")).await.unwrap()), ["1"]);
        assert!(other.seen()[before..].iter().all(|seen| seen.header("authorization").is_none()));
        let asked = other.lines()[before..].iter().filter(|line| line.contains("/token")).count();
        assert_eq!(asked, usize::from(rules.is_empty()));
    }
}

#[tokio::test]
async fn an_expired_token_is_replaced() {
    let server = Server::start(|seen| {
        if seen.target.starts_with("/token") {
            return Answer::json(&json!({"token": "t", "expires_in": 1}));
        }
        match seen.header("authorization") {
            Some(_) if seen.target.contains("tags/list") => tags(&["1"]),
            Some(_) => Answer::status(404),
            None => {
                let realm = format!("http://{}/token", seen.header("host").unwrap());
                Answer::status(401).header("www-authenticate", format!("Bearer realm=\"{realm}\""))
            }
        }
    })
    .await;
    let oci = oci();
    oci.releases(&on(&server, "a/b")).await.unwrap();
    let before = server.lines().iter().filter(|line| line.contains("/token")).count();
    oci.digest(&query(on(&server, "a/b"), "1", None)).await.unwrap();
    assert!(server.lines().iter().filter(|line| line.contains("/token")).count() > before);
}

/// A registry that serves manifests and blobs by their digest, and manifests by tag.
pub(super) struct Shelf {
    by_path: BTreeMap<String, (String, String)>,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self { by_path: BTreeMap::new() }
    }

    fn add(&mut self, kind: &str, tag: Option<&str>, media_type: &str, value: &Value) -> String {
        self.add_text(kind, tag, media_type, &value.to_string())
    }

    pub(super) fn add_text(&mut self, kind: &str, tag: Option<&str>, media_type: &str, text: &str) -> String {
        let digest = sha(text);
        for name in [Some(digest.as_str()), tag].into_iter().flatten() {
            self.by_path.insert(format!("/v2/a/b/{kind}/{name}"), (media_type.to_owned(), text.to_owned()));
        }
        digest
    }

    pub(super) fn image(&mut self, tag: Option<&str>, config: &Value) -> String {
        let config = self.add("blobs", None, "application/octet-stream", config);
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let config =
            json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 1});
        let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": []});
        self.add("manifests", tag, media_type, &manifest)
    }

    pub(super) fn index(
        &mut self,
        tag: &str,
        entries: &[(&str, &str, Option<&str>)],
        annotations: &Value,
    ) -> String {
        let media_type = "application/vnd.oci.image.index.v1+json";
        let manifests: Vec<Value> = entries
            .iter()
            .map(|(digest, architecture, variant)| {
                let mut platform = json!({"os": "linux", "architecture": architecture});
                if let Some(variant) = variant {
                    platform["variant"] = json!(variant);
                }
                json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1, "platform": platform})
            })
            .collect();
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests, "annotations": annotations});
        self.add("manifests", Some(tag), media_type, &index)
    }

    pub(super) async fn serve(self) -> Server {
        Server::start(move |seen| match self.by_path.get(&seen.target) {
            Some((media_type, text))
                if seen.target.contains("/blobs/")
                    || seen.header("accept").is_some_and(|accept| accept.contains(media_type)) =>
            {
                let answer = Answer::ok(text.clone()).header("content-type", media_type);
                if seen.target.contains("/headless") {
                    answer
                } else {
                    answer.header("docker-content-digest", sha(text))
                }
            }
            _ => Answer::status(404),
        })
        .await
    }
}

fn platform(architecture: &str) -> Value {
    json!({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
}

#[tokio::test]
async fn a_digest_takes_one_head_request() {
    let mut shelf = Shelf::new();
    let image = shelf.image(None, &platform("amd64"));
    let index = shelf.index("1.1", &[(&image, "amd64", None)], &json!({}));
    let server = shelf.serve().await;
    let found = oci().digest(&query(on(&server, "a/b"), "1.1", Some(&index))).await.unwrap();
    assert_eq!(found, Some(index));
    assert_eq!(server.lines(), ["HEAD /v2/a/b/manifests/1.1"]);
    assert_eq!(oci().digest(&query(on(&server, "a/b"), "9.9", None)).await.unwrap(), None);
    assert_eq!(oci().digest(&query(on(&server, "a/b"), "../../x", None)).await.unwrap(), None);
}

#[tokio::test]
async fn a_registry_that_does_not_say_the_digest_is_read() {
    let mut shelf = Shelf::new();
    let image = shelf.image(Some("headless"), &platform("amd64"));
    let server = shelf.serve().await;
    assert_eq!(oci().digest(&query(on(&server, "a/b"), "headless", None)).await.unwrap(), Some(image));
}

#[tokio::test]
async fn a_pin_of_one_platform_stays_on_it() {
    let mut shelf = Shelf::new();
    let old = shelf.image(None, &platform("arm64"));
    let intel = shelf.image(None, &json!({"architecture": "amd64", "os": "linux", "new": true}));
    let arm = shelf.image(None, &json!({"architecture": "arm64", "os": "linux", "new": true}));
    let index = shelf.index("2", &[(&intel, "amd64", None), (&arm, "arm64", Some("v8"))], &json!({}));
    let only_intel = shelf.index("3", &[(&intel, "amd64", None)], &json!({}));
    let single = shelf.image(Some("4"), &platform("arm64"));
    let server = shelf.serve().await;
    let digest = async |tag: &str, current: &str| {
        oci().digest(&query(on(&server, "a/b"), tag, Some(current))).await.unwrap()
    };
    assert_eq!(digest("2", &old).await, Some(arm));
    assert_eq!(digest("3", &old).await, None);
    assert_eq!(digest("4", &old).await, Some(single));
    // A pin of an index goes to the next index, and so does one that the registry has forgotten.
    assert_eq!(digest("2", &only_intel).await, Some(index.clone()));
    assert_eq!(digest("2", &sha("forgotten")).await, Some(index));
}

#[tokio::test]
async fn content_that_is_not_what_its_digest_says_is_refused() {
    let mut shelf = Shelf::new();
    let old = shelf.image(None, &platform("arm64"));
    shelf.index("2", &[(&old, "arm64", None)], &json!({}));
    let path = format!("/v2/a/b/manifests/{old}");
    shelf.by_path.get_mut(&path).unwrap().1.push(' ');
    let server = Server::start(move |seen| match shelf.by_path.get(&seen.target) {
        Some((media_type, text)) => Answer::ok(text.clone()).header("content-type", media_type),
        None => Answer::status(404),
    })
    .await;
    let error = oci().digest(&query(on(&server, "a/b"), "2", Some(&old))).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::Malformed);
    assert!(error.to_string().contains(&format!("does not have the digest `{old}`")), "{error}");
}

#[tokio::test]
async fn an_image_tells_where_it_comes_from() {
    let labels = json!({"architecture": "amd64", "os": "linux", "created": "2026-01-02T03:04:05.678Z", "config": {"Labels": {
        "org.opencontainers.image.source": "https://github.com/o/r",
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.url": "https://example.org"
    }}});
    let mut shelf = Shelf::new();
    let image = shelf.image(Some("1"), &labels);
    shelf.index("2", &[("sha256:0", "unknown", None), (&image, "amd64", None)], &json!({}));
    shelf.index(
        "3",
        &[(&image, "amd64", None)],
        &json!({"org.opencontainers.image.source": "https://github.com/index"}),
    );
    shelf.image(
        Some("4"),
        &json!({"architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z"}),
    );
    let server = shelf.serve().await;
    let oci = oci();
    let here = on(&server, "a/b");
    let found = oci.provenance(&here, "1").await.unwrap();
    assert_eq!(found.source_url.as_deref(), Some("https://github.com/o/r"));
    assert_eq!(
        (found.revision.as_deref(), found.homepage.as_deref()),
        (Some("abc"), Some("https://example.org"))
    );
    assert_eq!(oci.provenance(&here, "2").await.unwrap(), found);
    assert_eq!(
        oci.provenance(&here, "3").await.unwrap().source_url.as_deref(),
        Some("https://github.com/index")
    );
    assert_eq!(oci.provenance(&here, "4").await.unwrap(), Provenance::default());
    assert_eq!(oci.timestamp(&here, "2").await.unwrap(), "2026-01-02T03:04:05.678Z".parse().ok());
    // Reproducible images hide when they were made.
    assert_eq!(oci.timestamp(&here, "4").await.unwrap(), None);
}

#[tokio::test]
async fn a_chart_tells_where_it_comes_from() {
    let mut shelf = Shelf::new();
    let chart = json!({"name": "c", "version": "1.0.0", "home": "https://example.org", "sources": ["https://github.com/o/charts"]});
    let config = shelf.add("blobs", None, "application/octet-stream", &chart);
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let config =
        json!({"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": config, "size": 1});
    shelf.add(
        "manifests",
        Some("1.0.0_a"),
        media_type,
        &json!({"schemaVersion": 2, "config": config, "layers": []}),
    );
    let server = shelf.serve().await;
    let found = oci().provenance(&on(&server, "a/b"), "1.0.0_a").await.unwrap();
    assert_eq!(found.source_url.as_deref(), Some("https://github.com/o/charts"));
    assert_eq!(found.homepage.as_deref(), Some("https://example.org"));
}

fn write_reply(folder: &Path, number: usize, url: &str, status: u16, value: &Value) {
    let host = folder.join(url.split('/').nth(2).unwrap());
    std::fs::create_dir_all(&host).unwrap();
    let entry = json!({"request": {"method": "GET", "url": url}, "status": status, "json": value});
    std::fs::write(host.join(format!("{number}.reply.json")), entry.to_string()).unwrap();
}

pub(super) fn replayed(replies: &[(&str, u16, Value)]) -> Oci {
    let folder = tempfile::tempdir().unwrap();
    for (number, (url, status, value)) in replies.iter().enumerate() {
        write_reply(folder.path(), number, url, *status, value);
    }
    Oci::new(client_in(World::Replay(folder.path().to_owned())), DockerConfig::default())
}

#[tokio::test]
async fn docker_hub_tells_when_tags_were_pushed() {
    let digest = sha("x");
    let first =
        "https://hub.docker.com/v2/repositories/library/nginx/tags?page_size=1000&ordering=last_updated";
    let page = |number: usize| {
        format!(
            "https://hub.docker.com/v2/repositories/library/nginx/tags?ordering=last_updated&page={number}&page_size=100"
        )
    };
    let tag = |name: &str| json!({"name": name, "tag_last_pushed": "2026-08-01T10:00:00.000000Z", "digest": digest});
    let oci = replayed(&[
        (first, 200, json!({"count": 5, "next": page(2), "results": [tag("latest"), tag("1.29.1")]})),
        (
            &page(2),
            200,
            json!({"count": 5, "next": page(3), "results": [tag("1.29.0"), {"name": "odd", "last_updated": ""}]}),
        ),
        (&page(3), 200, json!({"count": 5, "next": null, "results": [tag("1.28.0")]})),
    ]);
    let list = oci.releases(&lookup("nginx")).await.unwrap();
    assert_eq!(versions(&list), ["latest", "1.29.1", "1.29.0", "odd", "1.28.0"]);
    assert_eq!(list.releases[0].timestamp, "2026-08-01T10:00:00Z".parse().ok());
    assert_eq!(list.releases[3].timestamp, None);
    // The list has the digests too: nothing more is asked.
    let found = oci.digest(&query(lookup("docker.io/library/nginx"), "1.29.1", None)).await.unwrap();
    assert_eq!(found, Some(digest));
}

#[tokio::test]
async fn without_docker_hubs_own_list_the_registry_is_asked() {
    let hub = "https://hub.docker.com/v2/repositories/me/app/tags?page_size=1000&ordering=last_updated";
    let registry = "https://index.docker.io/v2/me/app/tags/list?n=10000";
    let oci = |status| replayed(&[(hub, status, json!({})), (registry, 200, json!({"tags": ["1.0.0"]}))]);
    assert_eq!(versions(&oci(403).releases(&lookup("me/app")).await.unwrap()), ["1.0.0"]);
    // What Docker Hub hides, its registry shows to nobody who has no credential.
    let error = oci(404).releases(&lookup("me/app")).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::Unauthorized);
    assert!(error.to_string().contains("private, or does not exist"), "{error}");
}

#[tokio::test]
async fn quay_is_read_page_by_page() {
    let page = |number: usize| {
        format!("https://quay.io/api/v1/repository/a/b/tag/?limit=100&page={number}&onlyActiveTags=true")
    };
    let tag = |name: &str| json!({"name": name, "start_ts": 1_785_000_000, "manifest_digest": sha(name)});
    let oci = replayed(&[
        (&page(1), 200, json!({"tags": [tag("v2")], "page": 1, "has_additional": true})),
        (&page(2), 200, json!({"tags": [tag("v1")], "page": 2, "has_additional": false})),
    ]);
    let list = oci.releases(&lookup("quay.io/a/b")).await.unwrap();
    assert_eq!(versions(&list), ["v2", "v1"]);
    assert_eq!(list.releases[1].digest, Some(sha("v1")));
    assert!(list.releases[1].timestamp.is_some());
}
