//! Release notes against a server.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use updraft_core::choose::{ChooseInput, DigestAnswers, choose, prepare, settle};
use updraft_core::config::{Config, ConfigFile, Resolution, resolve};
use updraft_core::dep::{Dep, Part, Slot};
use updraft_core::name::{ManagerId, RepoPath};
use updraft_core::plan::{CommitStyle, PlanContext, UpgradeInput, plan, upgrades};
use updraft_core::release::{Release, ReleaseList};
use updraft_core::span::ByteSpan;

use super::*;
use crate::datasource::{Datasource, LookupError, Provenance};
use crate::forge::Visibility;
use crate::http::HttpSettings;
use crate::http::testing::{Answer, Seen, Server, client, client_with, rules, settings};

const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// A registry in which every version of every image says the same of itself, and every repository has the same tags.
struct Registry {
    id: DatasourceId,
    told: BTreeMap<String, Provenance>,
}

#[async_trait]
impl Datasource for Registry {
    fn id(&self) -> DatasourceId {
        self.id.clone()
    }

    async fn releases(&self, _: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let releases = ["v1.2.0", "v1.3.0", "v1.4.0"].map(Release::of).to_vec();
        Ok(Arc::new(ReleaseList { releases, ..ReleaseList::default() }))
    }

    async fn provenance(&self, _: &Lookup, version: &str) -> Result<Provenance, LookupError> {
        Ok(self.told.get(version).cloned().unwrap_or_default())
    }
}

fn datasources(told: &[(&str, Provenance)]) -> Datasources {
    let told: BTreeMap<String, Provenance> =
        told.iter().map(|(version, told)| ((*version).to_owned(), told.clone())).collect();
    Datasources::new(
        [DatasourceId::DOCKER, DatasourceId::GIT_TAGS]
            .map(|id| -> Arc<dyn Datasource> { Arc::new(Registry { id, told: told.clone() }) }),
    )
}

fn from(server: &Server) -> Provenance {
    Provenance { source_url: Some(format!("{}/lakeside/fjord", server.origin)), ..Provenance::default() }
}

fn now() -> Timestamp {
    "2026-03-11T12:00:00Z".parse().unwrap()
}

fn config(text: &str) -> Config {
    let file = ConfigFile { path: RepoPath::new("renovate.json5").unwrap(), text: text.into() };
    match resolve(Some(&file), &BTreeMap::new(), None) {
        Resolution::Done(config) => *config,
        Resolution::Needs(presets) => panic!("{presets:?}"),
    }
}

/// Returns the branch that moves an image with a tag, and perhaps a digest, to the newest of `published`.
fn branch(options: &str, tag: &str, digest: Option<&str>, published: &[&str]) -> Branch {
    let config = config(options);
    let file = RepoPath::new("app.yaml").unwrap();
    let mut dep =
        Dep::new(ManagerId::new("kubernetes"), &file, ByteSpan::new(0, tag.len()), "ghcr.io/lakeside/fjord");
    dep.datasource = Some(DatasourceId::DOCKER);
    dep.current_value = Some(tag.to_owned());
    dep.current_digest = digest.map(str::to_owned);
    dep.slots.push(Slot::new(Part::Value, ByteSpan::new(0, tag.len()), tag));
    if let Some(digest) = digest {
        dep.slots.push(Slot::new(Part::Digest, ByteSpan::new(80, 80 + digest.len()), digest));
    }
    let releases = ReleaseList {
        releases: published.iter().copied().map(Release::of).collect(),
        ..ReleaseList::default()
    };
    let dep = prepare(&Arc::new(dep), &config);
    let mut choice = choose(&ChooseInput { dep: &dep, releases: &releases, config: &config, now: now() });
    let queries = choice.updates.iter().filter_map(|update| update.digest_query.clone());
    let answers: DigestAnswers = queries.map(|query| (query, Ok(NEW.to_owned()))).collect();
    settle(&mut choice, &answers);
    let choice = Arc::new(choice);
    let input = UpgradeInput { dep: &dep, choice: &choice, releases: &releases, config: &config, now: now() };
    let context = PlanContext { config: &config, now: now(), commit_style: CommitStyle::Plain };
    let mut plan = plan(upgrades(&input), &context);
    assert_eq!((plan.branches.len(), plan.problems.len()), (1, 0), "{:?}", plan.problems);
    plan.branches.remove(0)
}

const PUBLISHED: &[&str] = &["1.2.0", "1.3.0", "1.4.0"];

fn page(nodes: &[Value], next: Option<&str>) -> Value {
    json!({"pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": nodes})
}

fn release(tag: &str, name: &str, body: &str) -> Value {
    json!({"tagName": tag, "name": name, "description": body, "isDraft": false})
}

fn tags(names: &[&str]) -> Value {
    page(&names.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(), None)
}

fn repository(files: &[&str]) -> Value {
    let entries: Vec<Value> = files.iter().map(|name| json!({"name": name, "type": "blob"})).collect();
    json!({
        "releases": page(&[
            release("v1.4.0", "v1.4.0", "- sings at night, thanks @wave"),
            release("v1.3.0", "Release v1.3.0: feathers", "# Added\n\n- feathers (#12)"),
            release("v1.2.0", "v1.2.0", "- old news"),
        ], None),
        "refs": tags(&["v1.4.0", "v1.3.0", "v1.2.0"]),
        "top": {"entries": entries},
        "visibility": "PUBLIC",
    })
}

fn answer(repository: &Value) -> Answer {
    Answer::json(&json!({"data": {"repository": repository}}))
}

async fn server(files: &'static [&'static str]) -> Server {
    Server::start(move |seen: &Seen| match seen.target.as_str() {
        "/api/graphql" => answer(&repository(files)),
        "/api/v3/repos/lakeside/fjord/contents/CHANGELOG.md" => {
            Answer::ok("# Changelog\n\n## 1.3.0\n\n- from [the file](docs/a.md)\n\n## 1.2.0\n\n- old\n")
        }
        _ => Answer::status(404),
    })
    .await
}

fn changelogs<'a>(http: &Http, datasources: &'a Datasources, server: &Server) -> Changelogs<'a> {
    Changelogs::new(http, datasources, now()).with_site(Site::parse(&server.origin).unwrap())
}

#[tokio::test]
async fn an_image_shows_the_releases_of_its_source() {
    let server = server(&["README.md"]).await;
    let http = client_with(&[server.token_rule("secret")]);
    let told = datasources(&[("1.4.0", from(&server))]);
    let changelogs = changelogs(&http, &told, &server);
    let branch = branch("{}", "1.2.0", None, PUBLISHED);
    let (notes, again) = futures::join!(changelogs.notes(&branch), changelogs.notes(&branch));
    assert_eq!(notes, again);
    let page = format!("{}/lakeside/fjord", server.origin);
    let expected = format!(
        "<details>\n<summary>lakeside/fjord (ghcr.io/lakeside/fjord)</summary>\n\n\
         ### [`1.4.0`]({page}/releases/tag/v1.4.0)\n\n\
         [Compare Source]({page}/compare/v1.3.0...v1.4.0)\n\n\
         - sings at night, thanks @\u{200b}wave\n\n\
         ### [`1.3.0`]({page}/releases/tag/v1.3.0): feathers\n\n\
         [Compare Source]({page}/compare/v1.2.0...v1.3.0)\n\n\
         ### Added\n\n- feathers ([#\u{200b}12]({page}/issues/12))\n\n</details>"
    );
    assert_eq!(notes.markdown, expected);
    assert_eq!(notes.problems, []);
    assert_eq!(server.lines(), ["POST /api/graphql"]);
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer secret"));
}

#[tokio::test]
async fn the_changelog_file_comes_before_the_release() {
    let server = server(&["CHANGELOG.md"]).await;
    let http = client_with(&[server.token_rule("secret")]);
    let told = datasources(&[("1.4.0", from(&server))]);
    let branch = branch("{}", "1.2.0", None, PUBLISHED);
    let notes = changelogs(&http, &told, &server).notes(&branch).await.markdown;
    let file = format!("- from [the file]({}/lakeside/fjord/blob/v1.3.0/docs/a.md)", server.origin);
    assert!(
        notes.contains(&file) && notes.contains("sings at night") && !notes.contains("feathers ("),
        "{notes}"
    );
    assert_eq!(
        server.lines(),
        ["POST /api/graphql", "GET /api/v3/repos/lakeside/fjord/contents/CHANGELOG.md"]
    );
}

/// Checks what is shown to the `readers` of a repository of one whose visibility is `said`; `named` is the changelog file that the owner names.
async fn check_readers(said: &Value, readers: Visibility, named: Option<&str>, expected: &[&str]) {
    let (said, words) = (said.clone(), ["sings at night", "feathers (", "from [the file]", "/compare/"]);
    let server = Server::start(move |seen: &Seen| match seen.target.as_str() {
        "/api/graphql" => {
            let mut told = repository(&["CHANGELOG.md"]);
            told["visibility"] = said.clone();
            answer(&told)
        }
        "/api/v3/repos/lakeside/fjord/contents/CHANGELOG.md" => {
            Answer::ok("# Changelog\n\n## 1.3.0\n\n- from [the file](docs/a.md)\n\n## 1.2.0\n\n- old\n")
        }
        _ => Answer::status(404),
    })
    .await;
    let http = client_with(&[server.token_rule("secret")]);
    let told = datasources(&[("1.4.0", if named.is_some() { Provenance::default() } else { from(&server) })]);
    let options = named.map_or_else(String::new, |path| format!("changelogUrl: '{}{path}'", server.origin));
    let options = format!("{{packageRules: [{{matchPackageNames: ['*'], {options}}}]}}");
    let branch = branch(&options, "1.2.0", None, PUBLISHED);
    let notes = changelogs(&http, &told, &server).for_readers_of(readers).notes(&branch).await.markdown;
    let found: Vec<&str> = words.into_iter().filter(|word| notes.contains(word)).collect();
    assert_eq!(found, expected, "{readers:?} {notes}");
}

#[tokio::test]
async fn notes_are_for_those_who_may_read_their_source() {
    const ALL: &[&str] = &["sings at night", "from [the file]", "/compare/"];
    const FILE: Option<&str> = Some("/lakeside/fjord/blob/main/CHANGELOG.md");
    let (public, internal, private) = (json!("PUBLIC"), json!("INTERNAL"), json!("PRIVATE"));
    for (said, readers, expected) in [
        (&public, Visibility::Public, ALL),
        (&public, Visibility::Private, ALL),
        (&internal, Visibility::Public, &[]),
        (&internal, Visibility::Internal, ALL),
        (&internal, Visibility::Private, ALL),
        (&private, Visibility::Public, &[]),
        (&private, Visibility::Internal, &[]),
        (&private, Visibility::Private, ALL),
        (&Value::Null, Visibility::Public, &[]),
        (&json!("SECRET"), Visibility::Internal, &[]),
    ] {
        check_readers(said, readers, None, expected).await;
        check_readers(said, readers, FILE, expected).await;
    }
}

#[tokio::test]
async fn without_a_token_there_are_links_only() {
    let server = server(&[]).await;
    let told = datasources(&[("1.4.0", from(&server))]);
    let branch = branch("{}", "1.2.0", None, PUBLISHED);
    let notes = changelogs(&client(), &told, &server).notes(&branch).await;
    assert!(notes.markdown.contains("/lakeside/fjord/compare/v1.2.0...v1.3.0)"), "{}", notes.markdown);
    assert!(!notes.markdown.contains("sings"), "{}", notes.markdown);
    assert_eq!((notes.problems, server.lines()), (vec![], vec![]));
}

#[tokio::test]
async fn a_refusal_costs_the_notes_only() {
    let server = Server::start(|_| {
        Answer::json(&json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}))
    })
    .await;
    let http = client_with(&[server.token_rule("secret")]);
    let told = datasources(&[("1.4.0", from(&server))]);
    let branch = branch("{}", "1.2.0", None, PUBLISHED);
    let notes = changelogs(&http, &told, &server).notes(&branch).await;
    assert_eq!(notes.markdown, "");
    let said: Vec<&str> = notes.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        said,
        ["the release notes of `lakeside/fjord` cannot be read: GitHub says `API rate limit exceeded`"]
    );
}

#[tokio::test]
async fn releases_that_are_null_are_not_kept_as_none() {
    let null = std::sync::Mutex::new(Some(json!({"releases": null, "refs": tags(&[])})));
    let server =
        Server::start(move |_| answer(&null.lock().unwrap().take().unwrap_or_else(|| repository(&[])))).await;
    let (folder, branch) = (tempfile::tempdir().unwrap(), branch("{}", "1.2.0", None, PUBLISHED));
    let run = async || {
        let cache_dir = Some(folder.path().to_owned());
        let host_rules = rules(&[server.token_rule("secret")]);
        let http = Http::new(HttpSettings { cache_dir, host_rules, ..settings() }).unwrap();
        let told = datasources(&[("1.4.0", from(&server))]);
        changelogs(&http, &told, &server).notes(&branch).await
    };
    let notes = run().await;
    assert_eq!(notes.markdown, "");
    let said = &notes.problems.first().unwrap().message;
    assert!(
        said.starts_with("the release notes of `lakeside/fjord` cannot be read") && said.contains("null"),
        "{said}"
    );
    let notes = run().await;
    assert!(notes.markdown.contains("sings at night"), "{:?}", notes.problems);
}

#[tokio::test]
async fn a_new_digest_links_the_commits_it_was_built_from() {
    let server = server(&[]).await;
    let of = |revision: &str| Provenance { revision: Some(revision.to_owned()), ..from(&server) };
    let told = datasources(&[(OLD, of("aaaaaaaaaaaa")), (NEW, of("bbbbbbbbbbbb"))]);
    let branch = branch("{}", "1.2.0", Some(OLD), &["1.2.0"]);
    let notes = changelogs(&client(), &told, &server).notes(&branch).await.markdown;
    let link = format!(
        "### `aaaaaaa...bbbbbbb`\n\n[Compare Source]({}/lakeside/fjord/compare/aaaaaaaaaaaa...bbbbbbbbbbbb)",
        server.origin
    );
    assert!(notes.contains(&link), "{notes}");
    assert_eq!(server.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_chart_may_tell_its_changes_itself() {
    let server = server(&[]).await;
    let changes = Some("- kind: added\n  description: a perch".to_owned());
    let told = datasources(&[("1.4.0", Provenance { changes, ..from(&server) })]);
    let http = client_with(&[server.token_rule("secret")]);
    let branch = branch("{}", "1.2.0", None, PUBLISHED);
    let notes = changelogs(&http, &told, &server).notes(&branch).await.markdown;
    assert!(notes.contains("- **added**: a perch") && !notes.contains("sings"), "{notes}");
    assert!(notes.contains("feathers ("), "{notes}");
}

#[tokio::test]
async fn the_owner_may_do_without() {
    let server = server(&[]).await;
    let told = datasources(&[("1.4.0", from(&server))]);
    let http = client_with(&[server.token_rule("secret")]);
    let branch = branch("{fetchChangeLogs: 'off'}", "1.2.0", None, PUBLISHED);
    assert_eq!(changelogs(&http, &told, &server).notes(&branch).await, BranchNotes::default());
    assert_eq!(server.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn further_pages_are_asked_for_until_the_current_version_is_passed() {
    let server = Server::start(|seen: &Seen| {
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let first = json!({
            "releases": page(&[release("v1.4.0", "", "- new")], Some("r")),
            "refs": tags(&["v1.4.0", "v1.3.0", "v1.2.0"]),
            "visibility": "PUBLIC",
        });
        match body["variables"]["releases"].as_str() {
            None => answer(&first),
            Some("r") => answer(&json!({"visibility": "PUBLIC", "releases": page(&[release("v1.3.0", "", "- middle"), release("v1.2.0", "", "- old")], Some("s"))})),
            Some(other) => panic!("{other}"),
        }
    })
    .await;
    let http = client_with(&[server.token_rule("secret")]);
    let told = datasources(&[("1.4.0", from(&server))]);
    let branch = branch("{}", "1.2.0", None, PUBLISHED);
    let notes = changelogs(&http, &told, &server).notes(&branch).await.markdown;
    assert!(notes.contains("- new") && notes.contains("- middle") && !notes.contains("- old"), "{notes}");
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn an_earlier_answer_holds_until_there_is_a_newer_version() {
    let server = server(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let run = async |minute: i64, published: &[&str]| {
        let cache_dir = Some(folder.path().to_owned());
        let host_rules = rules(&[server.token_rule("secret")]);
        let http = Http::new(HttpSettings { cache_dir, host_rules, ..settings() }).unwrap();
        let newest = *published.last().unwrap();
        let told = datasources(&[(newest, from(&server))]);
        let branch = branch("{}", "1.2.0", None, published);
        let later = now() + jiff::SignedDuration::from_mins(minute);
        let changelogs = Changelogs::new(&http, &told, later).with_site(Site::parse(&server.origin).unwrap());
        assert!(changelogs.notes(&branch).await.markdown.contains("sings at night"));
        server.lines().len()
    };
    assert_eq!(run(0, PUBLISHED).await, 1);
    assert_eq!(run(50, PUBLISHED).await, 1);
    assert_eq!(run(51, &["1.2.0", "1.4.0", "1.5.0"]).await, 2);
    assert_eq!(run(110, PUBLISHED).await, 3);
}
