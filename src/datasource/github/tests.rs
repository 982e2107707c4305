//! The datasources against a server.

use std::fmt::Write as _;

use serde_json::{Value, json};
use updraft_core::name::DatasourceId;

use super::*;
use crate::datasource::{Datasources, LookupErrorKind};
use crate::http::testing::{Answer, Seen, Server, client, client_with};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

/// A packet list of git's: tags v0.1.0 (C), v1.0.0 (B), v2.0.0 (A, annotated) and a branch `main` (C).
fn git_list() -> Vec<u8> {
    let mut text = String::from("001e# service=git-upload-pack\n0000");
    for line in [
        format!("{C} HEAD\0symref=HEAD:refs/heads/main\n"),
        format!("{C} refs/heads/main\n"),
        format!("{C} refs/tags/v0.1.0\n"),
        format!("{B} refs/tags/v1.0.0\n"),
        format!("{B} refs/tags/v2.0.0\n"),
        format!("{A} refs/tags/v2.0.0^{{}}\n"),
    ] {
        write!(text, "{:04x}{line}", line.len() + 4).unwrap();
    }
    (text + "0000").into_bytes()
}

fn tag(name: &str, commit: &str, date: &str) -> Value {
    json!({"name": name, "target": {"__typename": "Commit", "oid": commit, "committedDate": date}})
}

fn page(nodes: &[Value], next: Option<&str>) -> Value {
    json!({"pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": nodes})
}

fn release(tag: &str, date: &str, prerelease: bool) -> Value {
    json!({"tagName": tag, "publishedAt": date, "isPrerelease": prerelease, "isDraft": false, "tagCommit": {"oid": A}})
}

fn repository() -> Value {
    json!({
        "refs": page(&[tag("v2.0.0", A, "2024-05-01T00:00:00Z"), tag("v1.0.0", B, "2023-05-01T00:00:00Z")], None),
        "releases": page(&[release("v2.0.0", "2024-05-02T00:00:00Z", true)], None),
    })
}

/// Answers every repository of a query with `each`, by its name.
fn graphql(seen: &Seen, each: impl Fn(&str, &Value) -> Value) -> Answer {
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let variables = &body["variables"];
    let data: serde_json::Map<String, Value> = (0..)
        .map_while(|at| {
            let name = variables[format!("n{at}")].as_str()?;
            Some((format!("r{at}"), each(name, variables)))
        })
        .collect();
    Answer::ok(json!({ "data": data }).to_string())
}

fn is_graphql(seen: &Seen) -> bool {
    seen.target == "/api/graphql"
}

fn all(http: &Http) -> Datasources {
    Datasources::new(Github::all(http, &Arc::new(GitRemotes::new(http.clone()))))
}

fn lookup(id: DatasourceId, name: &str, server: &Server) -> Lookup {
    Lookup { datasource: id, package_name: name.to_owned(), registry_urls: vec![server.origin.clone()] }
}

fn query(lookup: &Lookup, value: &str) -> DigestQuery {
    DigestQuery { lookup: lookup.clone(), value: Some(value.to_owned()), current_digest: None }
}

type Row<'a> = (&'a str, Option<String>, Option<bool>, Option<&'a str>);

fn rows(list: &ReleaseList) -> Vec<Row<'_>> {
    list.releases
        .iter()
        .map(|release| {
            let time = release.timestamp.map(|time| time.to_string());
            (release.version.as_str(), time, release.is_stable, release.digest.as_deref())
        })
        .collect()
}

#[expect(clippy::unnecessary_wraps, reason = "every time it is compared with is optional")]
fn at(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn tags_have_the_date_and_mark_of_their_release() {
    let server = Server::start(|seen| {
        assert_eq!(seen.header("authorization"), Some("Bearer secret"));
        graphql(seen, |_, _| repository())
    })
    .await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let tags = lookup(DatasourceId::GITHUB_TAGS, "O/R", &server);
    let list = github.releases(&tags).await.unwrap();
    assert_eq!(
        rows(&list),
        [
            ("v2.0.0", at("2024-05-02T00:00:00Z"), Some(false), Some(A)),
            ("v1.0.0", at("2023-05-01T00:00:00Z"), None, Some(B)),
        ]
    );
    assert_eq!(list.source_url, Some(format!("{}/O/R", server.origin)));
    let releases = github.releases(&lookup(DatasourceId::GITHUB_RELEASES, "O/R", &server)).await.unwrap();
    assert_eq!(rows(&releases), [("v2.0.0", at("2024-05-02T00:00:00Z"), Some(false), Some(A))]);
    assert_eq!(github.digest(&query(&tags, "v1.0.0")).await.unwrap().as_deref(), Some(B));
    assert_eq!(server.lines(), ["POST /api/graphql"]);
    assert!(github.notes().is_empty());
}

#[tokio::test]
async fn several_repositories_are_asked_for_at_once() {
    let server = Server::start(|seen| {
        graphql(seen, |name, _| if name == "gone" { Value::Null } else { repository() })
    })
    .await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let names = ["o/a", "o/b", "o/c", "o/d", "o/e", "o/gone", "o/g", "o/h"];
    let lookups: Vec<Lookup> =
        names.iter().map(|name| lookup(DatasourceId::GITHUB_TAGS, name, &server)).collect();
    github.prepare(&lookups);
    let lists = futures::future::join_all(lookups.iter().map(|lookup| github.releases(lookup))).await;
    for (name, list) in names.iter().zip(lists) {
        match *name {
            "o/gone" => {
                let error = list.unwrap_err();
                assert_eq!(error.kind, LookupErrorKind::NotFound);
                assert!(error.to_string().contains("`o/gone`"), "{error}");
            }
            _ => assert_eq!(list.unwrap().releases.len(), 2),
        }
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn older_tags_come_from_git_with_the_latest_date_they_can_have() {
    let server = Server::start(|seen| {
        if !is_graphql(seen) {
            return Answer::ok(git_list());
        }
        graphql(seen, |_, _| {
            json!({
                "refs": page(&[tag("v2.0.0", A, "2024-05-01T00:00:00Z"), tag("v1.0.0", B, "2023-05-01T00:00:00Z")], Some("more")),
                "releases": page(&[], None),
            })
        })
    })
    .await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let list = github.releases(&lookup(DatasourceId::GITHUB_TAGS, "o/r", &server)).await.unwrap();
    assert_eq!(rows(&list)[2], ("v0.1.0", at("2023-05-01T00:00:00Z"), None, Some(C)));
    assert_eq!(server.lines(), ["POST /api/graphql", "GET /o/r/info/refs?service=git-upload-pack"]);
}

#[tokio::test]
async fn a_page_of_young_tags_only_is_followed_by_the_next() {
    let server = Server::start(|seen| {
        assert!(is_graphql(seen));
        graphql(seen, |_, variables| match variables["t0"].as_str() {
            None => json!({
                "refs": page(&[tag("nightly-2", A, "2024-05-02T00:00:00Z"), tag("nightly-1", A, "2024-05-01T00:00:00Z")], Some("2")),
                "releases": page(&[release("v3", "2024-01-01T00:00:00Z", false)], Some("b")),
            }),
            Some(cursor) => {
                assert_eq!((cursor, variables["e0"].as_str()), ("2", Some("b")));
                json!({
                    "refs": page(&[tag("v1", B, "2020-01-01T00:00:00Z")], None),
                    "releases": page(&[release("v1", "2020-01-02T00:00:00Z", false)], None),
                })
            }
        })
    })
    .await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let list = github.releases(&lookup(DatasourceId::GITHUB_TAGS, "o/r", &server)).await.unwrap();
    let versions: Vec<&str> = list.releases.iter().map(|release| release.version.as_str()).collect();
    assert_eq!(versions, ["nightly-2", "nightly-1", "v1"]);
    assert_eq!(list.releases[2].timestamp.map(|time| time.to_string()), at("2020-01-02T00:00:00Z"));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn endless_pages_end() {
    let server = Server::start(|seen| {
        graphql(
            seen,
            |_, _| json!({"releases": page(&[release("v1", "2020-01-02T00:00:00Z", false)], Some("again"))}),
        )
    })
    .await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let list = github.releases(&lookup(DatasourceId::GITHUB_RELEASES, "o/r", &server)).await.unwrap();
    assert!(list.releases.len() <= 10, "{}", list.releases.len());
}

#[tokio::test]
async fn without_a_token_git_answers_and_a_note_says_so() {
    let server = Server::start(|seen| {
        assert_eq!(seen.header("authorization"), None);
        Answer::ok(git_list())
    })
    .await;
    let github = all(&client());
    let expected =
        [("v0.1.0", None, None, Some(C)), ("v1.0.0", None, None, Some(B)), ("v2.0.0", None, None, Some(A))];
    for id in [DatasourceId::GITHUB_TAGS, DatasourceId::GITHUB_RELEASES] {
        assert_eq!(rows(&github.releases(&lookup(id, "o/r", &server)).await.unwrap()), expected);
    }
    let digests = lookup(DatasourceId::GITHUB_DIGEST, "o/r", &server);
    let versions = github.releases(&digests).await.unwrap();
    assert_eq!(versions.releases.last().map(|release| release.version.as_str()), Some("main"));
    assert_eq!(github.digest(&query(&digests, "main")).await.unwrap().as_deref(), Some(C));
    assert_eq!(server.lines(), ["GET /o/r/info/refs?service=git-upload-pack"]);
    let notes = github.notes();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].message.contains("without a token"), "{}", notes[0].message);
}

#[tokio::test]
async fn a_branch_and_an_unlisted_tag_are_found_by_git() {
    let server = Server::start(|seen| {
        if is_graphql(seen) { graphql(seen, |_, _| repository()) } else { Answer::ok(git_list()) }
    })
    .await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let releases = lookup(DatasourceId::GITHUB_RELEASES, "o/r", &server);
    assert_eq!(github.digest(&query(&releases, "v0.1.0")).await.unwrap().as_deref(), Some(C));
    assert_eq!(github.digest(&query(&releases, "main")).await.unwrap().as_deref(), Some(C));
    assert_eq!(github.digest(&query(&releases, "gone")).await.unwrap(), None);
}

#[track_caller]
fn check(error: &LookupError, kind: LookupErrorKind, text: &str, hint: &str) {
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.to_string().contains(text), "{error}");
    assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{:?}", error.hint);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let cases = [
        (
            401,
            json!({"message": "Bad credentials"}),
            LookupErrorKind::Unauthorized,
            "Bad credentials",
            "expired",
        ),
        (
            403,
            json!({"message": "API rate limit exceeded for user"}),
            LookupErrorKind::RateLimited,
            "used up",
            "next run",
        ),
        (
            403,
            json!({"message": "You have exceeded a secondary rate limit"}),
            LookupErrorKind::RateLimited,
            "too short",
            "next run",
        ),
        (
            403,
            json!({"message": "Resource not accessible"}),
            LookupErrorKind::Unauthorized,
            "Resource not",
            "permissions",
        ),
        (404, json!({"message": "Not Found"}), LookupErrorKind::Malformed, "404", "registry URL"),
        (
            200,
            json!({"errors": [{"type": "RATE_LIMITED", "message": "x"}]}),
            LookupErrorKind::RateLimited,
            "used up",
            "next run",
        ),
        (
            200,
            json!({"data": {"r0": null}, "errors": [{"type": "FORBIDDEN", "path": ["r0"], "message": "organization SAML"}]}),
            LookupErrorKind::Unauthorized,
            "SAML",
            "token",
        ),
        (
            200,
            json!({"data": {"r0": {"releases": null}}}),
            LookupErrorKind::Malformed,
            "lacks `refs`",
            "next run",
        ),
        (200, json!([]), LookupErrorKind::Malformed, "not the JSON expected", ""),
    ];
    for (status, body, kind, text, hint) in cases {
        let server = Server::start(move |_| Answer::ok(body.to_string()).with_status(status)).await;
        let github = all(&client_with(&[server.token_rule("secret")]));
        let error = github.releases(&lookup(DatasourceId::GITHUB_TAGS, "o/r", &server)).await.unwrap_err();
        check(&error, kind, text, hint);
    }
}

#[tokio::test]
async fn a_page_instead_of_json_is_named_as_such() {
    let server = Server::start(|_| Answer::ok("<!doctype html>")).await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let error = github.releases(&lookup(DatasourceId::GITHUB_TAGS, "o/r", &server)).await.unwrap_err();
    check(&error, LookupErrorKind::Malformed, "HTML page", "");
}

#[tokio::test]
async fn a_query_that_is_too_much_is_asked_in_parts() {
    let server = Server::start(|seen| {
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        if body["variables"]["n1"].is_string() || body["variables"]["first"] == 100 {
            return Answer::status(502);
        }
        graphql(seen, |_, _| repository())
    })
    .await;
    let github = all(&client_with(&[server.token_rule("secret")]));
    let lookups = ["o/a", "o/b"].map(|name| lookup(DatasourceId::GITHUB_TAGS, name, &server));
    github.prepare(&lookups);
    for lookup in &lookups {
        assert_eq!(github.releases(lookup).await.unwrap().releases.len(), 2);
    }
}

#[tokio::test]
async fn a_name_that_is_no_repository_is_unsupported() {
    let server = Server::start(|_| Answer::status(500)).await;
    let github = all(&client());
    for name in ["name", "a/b/c", "../x", "a/b?c=d"] {
        let error = github.releases(&lookup(DatasourceId::GITHUB_TAGS, name, &server)).await.unwrap_err();
        check(&error, LookupErrorKind::Unsupported, "not the name", "owner/name");
    }
    assert!(server.seen().is_empty());
}
