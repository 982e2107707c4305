//! The datasources against a server.

use updraft_core::release::Release;

use super::*;
use crate::datasource::LookupErrorKind;
use crate::datasource::registry::testing::versions;
use crate::http::testing::{Answer, Server, client, client_with};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn datasource(http: &Http, id: &DatasourceId) -> Arc<dyn Datasource> {
    let all = all(http, &Arc::new(GitRemotes::new(http.clone())));
    all.into_iter().find(|datasource| datasource.id() == *id).unwrap()
}

fn lookup(id: &DatasourceId, package: &str, registry: &str) -> Lookup {
    Lookup {
        datasource: id.clone(),
        package_name: package.to_owned(),
        registry_urls: vec![registry.to_owned()],
    }
}

async fn serving() -> Server {
    Server::start(|seen| match seen.target.as_str() {
        "/api/v4/projects/lake%2Fside%2Fboat/repository/tags?per_page=100" => Answer::ok(format!(
            r#"[{{"name": "v1.1.0", "commit": {{"id": "{A}", "created_at": "2024-05-01T10:00:00.000+02:00"}}, "created_at": null}}]"#
        ))
        .header("link", "</api/v4/projects/7/repository/tags?page=2>; rel=\"next\""),
        "/api/v4/projects/7/repository/tags?page=2" => Answer::ok(format!(
            r#"[{{"name": "v1.0.0", "commit": {{"id": "{B}", "created_at": "2023-05-01T00:00:00Z"}}, "created_at": "2023-05-02T00:00:00Z"}}]"#
        )),
        "/api/v4/projects/lake%2Fboat/releases?per_page=100" => Answer::ok(format!(
            r#"[{{"tag_name": "2.0", "released_at": "2034-05-01T00:00:00Z", "upcoming_release": true}},
                {{"tag_name": "1.0", "released_at": "2024-05-01T00:00:00Z", "upcoming_release": false, "commit": {{"id": "{A}"}}}}]"#
        )),
        "/sub/api/v1/repos/fjord/boat/tags?limit=50" => Answer::ok(format!(
            r#"[{{"name": "v3.0.0", "id": "{B}", "commit": {{"sha": "{A}", "created": "2024-05-01T00:00:00Z"}}}}]"#
        )),
        "/sub/api/v1/repos/fjord/boat/releases?draft=false&limit=50" => Answer::ok(
            r#"[{"tag_name": "v3.1.0-rc", "published_at": "2024-06-01T00:00:00Z", "prerelease": true, "draft": false},
                {"tag_name": "v3.0.0", "published_at": "2024-05-01T00:00:00Z", "prerelease": false, "draft": false},
                {"tag_name": "v9", "prerelease": false, "draft": true}]"#,
        ),
        "/2.0/repositories/fjord/boat/refs/tags?pagelen=100" => Answer::ok(format!(
            r#"{{"values": [{{"name": "1.0", "target": {{"hash": "{A}", "date": "2024-05-01T00:00:00+00:00"}}}}], "next": "http://{}/more"}}"#,
            seen.header("host").unwrap_or_default()
        )),
        "/more" => Answer::ok(r#"{"values": [{"name": "0.9"}]}"#),
        "/lake/side/boat.git/info/refs?service=git-upload-pack" | "/lake/side/boat/info/refs?service=git-upload-pack" => {
            let line = format!("{B} HEAD\0symref=HEAD:refs/heads/main\n");
            let main = format!("{B} refs/heads/main\n");
            Answer::ok(format!(
                "001e# service=git-upload-pack\n0000{:04x}{line}{:04x}{main}0000",
                line.len() + 4,
                main.len() + 4
            ))
        }
        _ => Answer::status(404),
    })
    .await
}

type Row<'a> = (&'a str, Option<String>, Option<bool>, Option<&'a str>);

fn rows(list: &ReleaseList) -> Vec<Row<'_>> {
    let row = |release: &'_ Release| (release.timestamp.map(|time| time.to_string()), release.is_stable);
    list.releases
        .iter()
        .map(|release| {
            let (timestamp, is_stable) = row(release);
            (release.version.as_str(), timestamp, is_stable, release.digest.as_deref())
        })
        .collect()
}

#[tokio::test]
async fn tags_of_a_gitlab_have_dates_and_commits() {
    let server = serving().await;
    let id = DatasourceId::GITLAB_TAGS;
    let tags = datasource(&client(), &id);
    let lookup = lookup(&id, "lake/side/boat", &server.origin);
    let list = tags.releases(&lookup).await.unwrap();
    assert_eq!(
        rows(&list),
        [
            ("v1.1.0", Some("2024-05-01T08:00:00Z".to_owned()), None, Some(A)),
            ("v1.0.0", Some("2023-05-02T00:00:00Z".to_owned()), None, Some(B)),
        ]
    );
    assert_eq!(list.source_url, Some(format!("{}/lake/side/boat", server.origin)));
    let digest = |value: Option<&str>| {
        let query =
            DigestQuery { lookup: lookup.clone(), value: value.map(str::to_owned), current_digest: None };
        let tags = Arc::clone(&tags);
        async move { tags.digest(&query).await.unwrap() }
    };
    assert_eq!(digest(Some("v1.1.0")).await.as_deref(), Some(A));
    assert_eq!(digest(Some("main")).await.as_deref(), Some(B));
    assert_eq!(digest(None).await.as_deref(), Some(B));
    assert_eq!(digest(Some("none")).await, None);
}

#[tokio::test]
async fn what_is_not_released_yet_is_no_release() {
    let server = serving().await;
    for (id, package, place, expected) in [
        (DatasourceId::GITLAB_RELEASES, "lake/boat", "/", vec!["1.0"]),
        (DatasourceId::GITEA_RELEASES, "fjord/boat", "/sub/", vec!["v3.1.0-rc", "v3.0.0"]),
        (DatasourceId::FORGEJO_RELEASES, "fjord/boat", "/sub/api/v1", vec!["v3.1.0-rc", "v3.0.0"]),
        (DatasourceId::GITEA_TAGS, "fjord/boat", "/sub", vec!["v3.0.0"]),
        (DatasourceId::BITBUCKET_TAGS, "fjord/boat", "", vec!["1.0", "0.9"]),
    ] {
        let lookup = lookup(&id, package, &format!("{}{place}", server.origin));
        let list = datasource(&client(), &id).releases(&lookup).await.unwrap();
        assert_eq!(versions(&list), expected, "{id}");
        if id == DatasourceId::GITEA_RELEASES {
            assert_eq!(list.releases[0].is_stable, Some(false));
            assert_eq!(list.source_url, Some(format!("{}/sub/fjord/boat", server.origin)));
        }
    }
}

#[tokio::test]
async fn a_token_goes_to_the_forge_it_is_for() {
    let server = Server::start(|seen| {
        if seen.header("authorization") == Some("Bearer secret") {
            Answer::ok(r#"[{"name": "1"}]"#)
        } else {
            Answer::status(401)
        }
    })
    .await;
    let id = DatasourceId::GITLAB_TAGS;
    let lookup = lookup(&id, "a/b", &server.origin);
    let error = datasource(&client(), &id).releases(&lookup).await.unwrap_err();
    assert_eq!(error.kind, LookupErrorKind::Unauthorized);
    let mut rule = server.token_rule("secret");
    rule["hostType"] = "gitlab".into();
    let http = client_with(&[rule]);
    assert_eq!(versions(&datasource(&http, &id).releases(&lookup).await.unwrap()), ["1"]);
}

#[tokio::test]
async fn a_package_is_the_path_of_a_repository() {
    for package in ["", "boat", "a//b", "../a/b", "a/.."] {
        for id in [DatasourceId::GITLAB_TAGS, DatasourceId::GITEA_TAGS, DatasourceId::BITBUCKET_TAGS] {
            let lookup = lookup(&id, package, "http://127.0.0.1:9");
            let error = datasource(&client(), &id).releases(&lookup).await.unwrap_err();
            assert_eq!(error.kind, LookupErrorKind::Unsupported, "{id} {package}: {error}");
        }
    }
}

/// Asks for what a forge lists, then with each field of it null, missing, and of another kind.
#[track_caller]
fn check_changed(
    forge: impl Paged + 'static,
    documents: &'static [(&'static str, &'static str)],
    versions: &[&str],
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let list =
        runtime.block_on(crate::datasource::pages::testing::ask(forge, "fjord/boat", documents)).unwrap();
    assert_eq!(self::versions(&list), versions);
}

#[test]
fn a_field_that_a_forge_leaves_out_makes_nothing_stable_and_nothing_published() {
    check_changed(
        Gitlab { kind: Kind::Tags },
        &[(
            "/api/v4/projects/fjord%2Fboat/repository/tags?per_page=100",
            r#"[{"name": "v1.1.0", "message": "", "target": "t", "commit": {"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "created_at": "2024-05-01T10:00:00.000+02:00"}, "created_at": null},
                {"name": "v1.0.0", "commit": {"id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "created_at": "2023-05-01T00:00:00Z"}, "created_at": "2023-05-02T00:00:00Z"}]"#,
        )],
        &["v1.1.0", "v1.0.0"],
    );
    check_changed(
        Gitlab { kind: Kind::Releases },
        &[(
            "/api/v4/projects/fjord%2Fboat/releases?per_page=100",
            r#"[{"tag_name": "2.0", "name": "Two", "released_at": "2034-05-01T00:00:00Z", "upcoming_release": true, "commit": {"id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}},
                {"tag_name": "1.0", "name": "One", "released_at": "2024-05-01T00:00:00Z", "upcoming_release": false, "commit": {"id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}]"#,
        )],
        &["1.0"],
    );
    check_changed(
        Gitea::on_gitea(Kind::Tags),
        &[(
            "/api/v1/repos/fjord/boat/tags?limit=50",
            r#"[{"name": "v3.1.0", "id": "x", "commit": {"sha": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "created": "2024-06-01T00:00:00Z"}},
                {"name": "v3.0.0", "id": "y", "commit": {"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "created": "2024-05-01T00:00:00Z"}}]"#,
        )],
        &["v3.1.0", "v3.0.0"],
    );
    check_changed(
        Gitea::on_forgejo(Kind::Releases),
        &[(
            "/api/v1/repos/fjord/boat/releases?draft=false&limit=50",
            r#"[{"tag_name": "v4.0.0", "published_at": "2024-07-01T00:00:00Z", "prerelease": false, "draft": true},
                {"tag_name": "v3.1.0", "published_at": "2024-06-01T00:00:00Z", "prerelease": true, "draft": false},
                {"tag_name": "v3.0.0", "published_at": "2024-05-01T00:00:00Z", "prerelease": false, "draft": false}]"#,
        )],
        &["v3.1.0", "v3.0.0"],
    );
    check_changed(
        Bitbucket,
        &[
            (
                "/2.0/repositories/fjord/boat/refs/tags?pagelen=100",
                r#"{"values": [{"name": "1.0", "target": {"hash": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "date": "2024-05-01T00:00:00+00:00"}}], "next": "{origin}/more"}"#,
            ),
            ("/more", r#"{"values": [{"name": "0.9", "target": null}]}"#),
        ],
        &["1.0", "0.9"],
    );
}
