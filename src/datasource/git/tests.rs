//! The datasource against a server.

use updraft_core::name::DatasourceId;

use super::pkt_line::push_packet;
use super::*;
use crate::http::testing::{Answer, Seen, Server, client, client_with};
use crate::http::{HttpSettings, Proxies, World};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

fn framed(lines: &[String]) -> Vec<u8> {
    let mut message = Vec::new();
    for line in lines {
        if line == "0000" { message.extend_from_slice(b"0000") } else { push_packet(&mut message, line) }
    }
    message
}

/// The list of protocol 0: a tag, an annotated tag, a branch.
pub(in super::super) fn old_list() -> Vec<u8> {
    framed(&[
        "# service=git-upload-pack\n".to_owned(),
        "0000".to_owned(),
        format!("{A} HEAD\0symref=HEAD:refs/heads/main\n"),
        format!("{A} refs/heads/main\n"),
        format!("{B} refs/tags/v1.0.0\n"),
        format!("{C} refs/tags/v2.0.0\n"),
        format!("{A} refs/tags/v2.0.0^{{}}\n"),
        "0000".to_owned(),
    ])
}

/// A server of protocol 2.
fn new_server(seen: &Seen) -> Answer {
    match (seen.method.as_str(), seen.target.as_str()) {
        ("GET", "/o/r/info/refs?service=git-upload-pack" | "/o/s/info/refs?service=git-upload-pack") => {
            assert_eq!(seen.header("git-protocol"), Some("version=2"));
            Answer::ok(framed(&[
                "# service=git-upload-pack\n".into(),
                "0000".into(),
                "version 2\n".into(),
                "0000".into(),
            ]))
        }
        ("POST", "/o/r/git-upload-pack" | "/o/s/git-upload-pack") => {
            assert!(seen.text().contains("ref-prefix refs/tags/"));
            Answer::ok(framed(&[
                format!("{A} HEAD symref-target:refs/heads/main\n"),
                format!("{A} refs/heads/main\n"),
                format!("{B} refs/tags/v1.0.0\n"),
                format!("{C} refs/tags/v2.0.0 peeled:{A}\n"),
                "0000".to_owned(),
            ]))
        }
        _ => Answer::status(404),
    }
}

fn lookup(id: DatasourceId, name: &str) -> Lookup {
    Lookup { datasource: id, package_name: name.to_owned(), registry_urls: Vec::new() }
}

fn datasource(id: &DatasourceId, http: Http) -> Arc<dyn Datasource> {
    let all = Git::all(&Arc::new(GitRemotes::new(http)));
    all.into_iter().find(|one| one.id() == *id).unwrap()
}

async fn releases(id: DatasourceId, url: &str) -> Result<Vec<(String, Option<String>)>, LookupError> {
    let list = datasource(&id, client()).releases(&lookup(id, url)).await?;
    Ok(list.releases.iter().map(|release| (release.version.clone(), release.digest.clone())).collect())
}

fn tags() -> Vec<(String, Option<String>)> {
    vec![("v1.0.0".to_owned(), Some(B.to_owned())), ("v2.0.0".to_owned(), Some(A.to_owned()))]
}

#[tokio::test]
async fn both_protocols_give_the_same_tags() {
    let old = Server::start(|_| Answer::ok(old_list())).await;
    let new = Server::start(new_server).await;
    for server in [&old, &new] {
        let url = format!("{}/o/r", server.origin);
        assert_eq!(releases(DatasourceId::GIT_TAGS, &url).await.unwrap(), tags());
        let refs = releases(DatasourceId::GIT_REFS, &url).await.unwrap();
        assert_eq!(refs.last().unwrap(), &("main".to_owned(), Some(A.to_owned())));
    }
}

#[tokio::test]
async fn a_repository_is_asked_once_and_a_host_that_is_known_without_preface() {
    let server = Server::start(new_server).await;
    let tags = datasource(&DatasourceId::GIT_TAGS, client());
    let first = lookup(DatasourceId::GIT_TAGS, &format!("{}/o/r", server.origin));
    tags.releases(&first).await.unwrap();
    let query = |value: Option<&str>| DigestQuery {
        lookup: first.clone(),
        value: value.map(str::to_owned),
        current_digest: None,
    };
    assert_eq!(tags.digest(&query(Some("v2.0.0"))).await.unwrap().as_deref(), Some(A));
    assert_eq!(tags.digest(&query(Some("main"))).await.unwrap().as_deref(), Some(A));
    assert_eq!(tags.digest(&query(None)).await.unwrap().as_deref(), Some(A));
    assert_eq!(tags.digest(&query(Some("gone"))).await.unwrap(), None);
    let second = lookup(DatasourceId::GIT_TAGS, &format!("{}/o/s", server.origin));
    tags.releases(&second).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /o/r/info/refs?service=git-upload-pack",
            "POST /o/r/git-upload-pack",
            "POST /o/s/git-upload-pack"
        ]
    );
}

#[tokio::test]
async fn a_recording_answers_in_whatever_order_it_is_asked() {
    let server = Server::start(new_server).await;
    let store = tempfile::TempDir::new().unwrap();
    let in_world = |world| {
        Http::new(HttpSettings { world, proxies: Proxies::Direct, ..HttpSettings::default() }).unwrap()
    };
    let names = [format!("{}/o/r", server.origin), format!("{}/o/s", server.origin)];
    let recording = datasource(&DatasourceId::GIT_TAGS, in_world(World::Record(store.path().to_owned())));
    for name in &names {
        recording.releases(&lookup(DatasourceId::GIT_TAGS, name)).await.unwrap();
    }
    let replay = datasource(&DatasourceId::GIT_TAGS, in_world(World::Replay(store.path().to_owned())));
    for name in names.iter().rev() {
        let list = replay.releases(&lookup(DatasourceId::GIT_TAGS, name)).await.unwrap();
        assert_eq!(list.releases.len(), 2);
    }
}

#[tokio::test]
async fn a_moved_repository_is_followed() {
    let server = Server::start(|seen| match seen.target.strip_prefix("/old") {
        Some(rest) => Answer::status(301).header("location", format!("/o{rest}")),
        None => new_server(seen),
    })
    .await;
    assert_eq!(releases(DatasourceId::GIT_TAGS, &format!("{}/old/r", server.origin)).await.unwrap(), tags());
}

#[tokio::test]
async fn a_private_repository_is_asked_again_with_the_token() {
    let server = Server::start(|seen| match seen.header("authorization") {
        Some("Basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0") => Answer::ok(old_list()),
        Some(other) => panic!("{other}"),
        None => Answer::status(401),
    })
    .await;
    let url = format!("{}/o/r", server.origin);
    let error = releases(DatasourceId::GIT_TAGS, &url).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::NotFound);
    assert!(error.hint.unwrap().contains("token"));
    let with_token = datasource(&DatasourceId::GIT_TAGS, client_with(&[server.token_rule("secret")]));
    let list = with_token.releases(&lookup(DatasourceId::GIT_TAGS, &url)).await.unwrap();
    assert_eq!(list.releases.len(), 2);
}

#[tokio::test]
async fn what_is_no_repository_is_named_as_such() {
    for (body, text) in [
        (b"<html>".to_vec(), "HTML page"),
        (b"{}".to_vec(), "not git's protocol"),
        (b"".to_vec(), "breaks off"),
        (old_list()[..200].to_vec(), "middle of a packet"),
        (framed(&["ERR no such repository".to_owned()]), "no such repository"),
    ] {
        let server = Server::start(move |_| Answer::ok(body.clone())).await;
        let error =
            releases(DatasourceId::GIT_TAGS, &server.origin.replace("127", "x@127")).await.unwrap_err();
        assert_eq!(error.kind, LookupErrorKind::Unsupported, "{error}");
        let error = releases(DatasourceId::GIT_TAGS, &format!("{}/o/r", server.origin)).await.unwrap_err();
        assert_eq!(error.kind, LookupErrorKind::Malformed, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_path_that_is_no_address_is_unsupported() {
    for name in ["../charts", "file:///srv/git/x", "owner/name"] {
        let error = releases(DatasourceId::GIT_TAGS, name).await.unwrap_err();
        assert_eq!(error.kind, LookupErrorKind::Unsupported, "{name}");
    }
}

#[tokio::test]
async fn a_forge_is_asked_by_path() {
    let server = Server::start(|_| Answer::ok(old_list())).await;
    let id = DatasourceId::new("gitlab-tags");
    let question =
        Lookup { registry_urls: vec![server.origin.clone()], ..lookup(id.clone(), "group/sub/name") };
    let list = datasource(&id, client()).releases(&question).await.unwrap();
    assert_eq!(list.releases.len(), 2);
    assert_eq!(server.lines(), ["GET /group/sub/name/info/refs?service=git-upload-pack"]);
}

#[tokio::test]
async fn finds_the_versions_at_a_commit() {
    let server = Server::start(|_| Answer::ok(old_list())).await;
    let question = lookup(DatasourceId::GIT_TAGS, &format!("{}/o/r", server.origin));
    let list = datasource(&DatasourceId::GIT_TAGS, client()).releases(&question).await.unwrap();
    assert_eq!(versions_at(&list, A).collect::<Vec<_>>(), ["v2.0.0"]);
    assert_eq!(versions_at(&list, "bbbbbbb").collect::<Vec<_>>(), ["v1.0.0"]);
    assert_eq!(versions_at(&list, "").count(), 0);
}
