//! What a repository on GitHub tells: its newest releases with their notes, its newest tags, and which files it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use updraft_core::changelog::{Source, changelog_file};
use url::Url;

use crate::datasource::github::{Repository, Site};
use crate::forge::Visibility;
use crate::http::{Effect, Http, Request, SingleFlight};

/// The `hostType` of host rules for all of GitHub.
const HOST_TYPE: &str = "github";
/// How many releases are on a page. Notes are long, and most updates pass a few versions only.
const RELEASES: usize = 30;
/// How many tags are on a page: the most GitHub allows.
const TAGS: usize = 100;
/// How many pages are asked for at most.
const PAGES: usize = 4;
/// The largest changelog file that is read, in bytes.
const FILE_LIMIT: u64 = 2 * 1024 * 1024;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What is asked of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The repository.
    pub(super) repository: Repository,
    /// The folder whose changelog file is preferred; empty for the top.
    pub(super) folder: String,
    /// When the new version was published: what is said of old ones changes rarely.
    pub(super) released: Option<Timestamp>,
}

/// Whether what is known suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Enough {
    /// Whether the newest version is known: if not, an earlier run's answer is out of date.
    pub(super) newest: bool,
    /// Whether all that is wanted is known, or lies behind.
    pub(super) all: bool,
}

/// A release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Release {
    /// Its tag.
    pub(super) tag: String,
    /// What it is called.
    pub(super) name: String,
    /// Its notes, as Markdown.
    pub(super) body: String,
}

/// What is known of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Its releases, newest first.
    pub(super) releases: Vec<Release>,
    /// Its tags, those of releases included.
    pub(super) tags: Vec<String>,
    /// The path of its changelog file.
    pub(super) changelog: Option<String>,
    /// Who may read all this; `None` where it was not asked with a credential.
    pub(super) visibility: Option<Visibility>,
    by_tag: BTreeMap<String, usize>,
}

impl Facts {
    /// Returns what is known where only tags are.
    pub(super) fn of_tags(tags: impl IntoIterator<Item = String>) -> Self {
        Self { tags: tags.into_iter().collect(), ..Self::default() }
    }

    /// Adds releases, newest first.
    #[must_use]
    pub(super) fn with_releases(mut self, releases: Vec<Release>) -> Self {
        self.add(&Page { releases, ..Page::default() }, "");
        self
    }

    /// Returns the release of a tag.
    pub(super) fn release(&self, tag: &str) -> Option<&Release> {
        self.releases.get(*self.by_tag.get(tag)?)
    }

    fn add(&mut self, page: &Page, folder: &str) {
        self.visibility = self.visibility.max(page.visibility);
        let mut known: BTreeSet<String> = self.tags.iter().cloned().collect();
        for tag in page.tags.iter().chain(page.releases.iter().map(|release| &release.tag)) {
            if known.insert(tag.clone()) {
                self.tags.push(tag.clone());
            }
        }
        for release in &page.releases {
            self.by_tag.entry(release.tag.clone()).or_insert(self.releases.len());
            self.releases.push(release.clone());
        }
        if self.changelog.is_none() {
            let in_folder = changelog_file(page.folder.iter().map(String::as_str));
            let at_top = changelog_file(page.top.iter().map(String::as_str));
            self.changelog = in_folder.map(|name| format!("{folder}/{name}")).or(at_top.map(str::to_owned));
        }
    }
}

/// One page of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    visibility: Option<Visibility>,
    releases: Vec<Release>,
    tags: Vec<String>,
    /// The names of the files at the top, and in the folder.
    top: Vec<String>,
    folder: Vec<String>,
    next_releases: Option<String>,
    next_tags: Option<String>,
}

/// A page that an earlier run left.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    asked: Timestamp,
    page: Page,
}

/// Whether an earlier run's answer will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Any,
    New,
}

type PageKey = (Repository, String, usize, Age);

/// Asks GitHub for release notes.
pub(super) struct Github {
    http: Http,
    now: Timestamp,
    pages: SingleFlight<PageKey, Result<Arc<Kept>, String>>,
    files: SingleFlight<(Repository, String), Option<Arc<str>>>,
    visibilities: SingleFlight<Repository, Visibility>,
}

impl Github {
    pub(super) fn new(http: Http, now: Timestamp) -> Self {
        Self {
            http,
            now,
            pages: SingleFlight::default(),
            files: SingleFlight::default(),
            visibilities: SingleFlight::default(),
        }
    }

    /// Whether there is a token for the repository's API. Without one GitHub allows 60 questions an hour.
    pub(super) fn has_token(&self, repository: &Repository) -> bool {
        self.http.host_settings(&repository.site.graphql(), HOST_TYPE).credential().is_some()
    }

    /// Returns what is known of a repository, as many pages as are needed to have enough.
    ///
    /// # Errors
    /// GitHub does not answer, or not with what was asked for; one line says why.
    pub(super) async fn facts(
        &self,
        wanted: &Wanted,
        is_enough: impl Fn(&Facts) -> Enough,
    ) -> Result<Facts, String> {
        let (facts, age) = self.pages(wanted, Age::Any, &is_enough).await?;
        if age == Age::New || is_enough(&facts).newest {
            return Ok(facts);
        }
        // What an earlier run left is from before the new version.
        Ok(self.pages(wanted, Age::New, &is_enough).await?.0)
    }

    /// Returns what pages of some age say, and whether this run asked for all of them.
    async fn pages(
        &self,
        wanted: &Wanted,
        age: Age,
        is_enough: &impl Fn(&Facts) -> Enough,
    ) -> Result<(Facts, Age), String> {
        let mut facts = Facts::default();
        let mut found = Age::New;
        let mut after = (None, None);
        for number in 0..PAGES {
            let key = (wanted.repository.clone(), wanted.folder.clone(), number, age);
            let kept = self.pages.run(&key, || self.page(wanted, number, age, after)).await?;
            facts.add(&kept.page, &wanted.folder);
            if kept.asked != self.now {
                found = Age::Any;
            }
            after = (kept.page.next_releases.clone(), kept.page.next_tags.clone());
            if after == (None, None) || is_enough(&facts).all {
                break;
            }
        }
        Ok((facts, found))
    }

    async fn page(
        &self,
        wanted: &Wanted,
        number: usize,
        age: Age,
        after: (Option<String>, Option<String>),
    ) -> Result<Arc<Kept>, String> {
        let url = wanted.repository.site.graphql();
        let identity =
            self.http.host_settings(&url, HOST_TYPE).credential().map(|known| known.identity().clone());
        let Repository { owner, name, .. } = &wanted.repository;
        let place = format!("release-notes/2 {url} {identity:?} {owner}/{name} {} {number}", wanted.folder);
        if age == Age::Any
            && let Some(kept) = self.http.left::<Kept>(&place).await
            && kept.asked <= self.now
            && self.now.duration_since(kept.asked) < holds(wanted.released, self.now)
        {
            return Ok(Arc::new(kept));
        }
        let page = self.ask(&wanted.repository, &question(wanted, number, after)).await?;
        let kept = Kept { asked: self.now, page };
        self.http.leave(&place, &kept).await;
        Ok(Arc::new(kept))
    }

    async fn ask(&self, repository: &Repository, question: &Value) -> Result<Page, String> {
        let url = repository.site.graphql();
        let request = Request::post_json(url, question).effect(Effect::Asks).host_type(HOST_TYPE);
        let reply = self.http.send(&request).await.map_err(|error| error.to_string())?;
        let reply = reply.success().map_err(|error| error.to_string())?;
        read(reply.json().map_err(|error| error.to_string())?)
    }

    /// Returns who may read a repository; where it cannot be found out, as few as may be.
    pub(super) async fn visibility(&self, repository: &Repository) -> Visibility {
        let ask = || async {
            let page = self.ask(repository, &question_of(repository, &[], "visibility")).await;
            page.ok().and_then(|page| page.visibility).unwrap_or(Visibility::Private)
        };
        self.visibilities.run(repository, ask).await
    }

    /// Returns the text of a file of the default branch; `None` when it cannot be had.
    pub(super) async fn file(&self, repository: &Repository, path: &str) -> Option<Arc<str>> {
        let key = (repository.clone(), path.to_owned());
        self.files.run(&key, || self.read_file(repository, path)).await
    }

    async fn read_file(&self, repository: &Repository, path: &str) -> Option<Arc<str>> {
        let mut url = rest(&repository.site);
        let parts = ["repos", &repository.owner, &repository.name, "contents"];
        url.path_segments_mut().ok()?.pop_if_empty().extend(parts).extend(path.split('/'));
        let request = Request::get(url)
            .accept("application/vnd.github.raw+json")
            .host_type(HOST_TYPE)
            .body_limit(FILE_LIMIT);
        let reply = match self.http.send(&request).await.and_then(crate::http::Reply::success) {
            Ok(reply) => reply,
            Err(error) => {
                tracing::debug!(%error, path, "no changelog file");
                return None;
            }
        };
        Some(String::from_utf8_lossy(&reply.body).into())
    }
}

/// Returns the repository as the API knows it.
pub(super) fn repository(source: &Source) -> Option<Repository> {
    Repository::parse(Site::parse(source.base())?, source.slug())
}

/// Returns where the REST API is, the neighbour of GraphQL.
fn rest(site: &Site) -> Url {
    let mut url = site.graphql();
    let path = url.path().strip_suffix("api/graphql").map(|base| format!("{base}api/v3/"));
    url.set_path(&path.unwrap_or_else(|| "/".to_owned()));
    url
}

/// Returns how long an answer holds: the notes of a new version may still be written, those of an old one hardly change.
fn holds(released: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    let age = released.map_or(SignedDuration::ZERO, |released| now.duration_since(released));
    if age < HOUR * 24 * 7 {
        SignedDuration::from_mins(55)
    } else if age < HOUR * 24 * 180 {
        HOUR * 23
    } else {
        HOUR * 239
    }
}

/// Returns the body of the request for one page.
fn question(wanted: &Wanted, number: usize, (releases, tags): (Option<String>, Option<String>)) -> Value {
    let mut asked = String::from("visibility ");
    let mut variables = Vec::new();
    if number == 0 || releases.is_some() {
        let after = releases.map_or_else(String::new, |cursor| {
            variables.push(("releases", cursor));
            ",after:$releases".to_owned()
        });
        // A `String` takes no error.
        let _ = write!(
            asked,
            "releases(first:{RELEASES}{after},orderBy:{{field:CREATED_AT,direction:DESC}}){{\
             pageInfo{{hasNextPage endCursor}}nodes{{tagName name description isDraft}}}}"
        );
    }
    if number == 0 || tags.is_some() {
        let after = tags.map_or_else(String::new, |cursor| {
            variables.push(("tags", cursor));
            ",after:$tags".to_owned()
        });
        let _ = write!(
            asked,
            "refs(refPrefix:\"refs/tags/\",first:{TAGS}{after},orderBy:{{field:TAG_COMMIT_DATE,direction:DESC}}){{\
             pageInfo{{hasNextPage endCursor}}nodes{{name}}}}"
        );
    }
    if number == 0 {
        let mut tree = |alias: &'static str, folder: &str| {
            variables.push((alias, format!("HEAD:{folder}")));
            let _ =
                write!(asked, "{alias}:object(expression:${alias}){{...on Tree{{entries{{name type}}}}}}");
        };
        tree("top", "");
        if !wanted.folder.is_empty() {
            tree("folder", &wanted.folder);
        }
    }
    question_of(&wanted.repository, &variables, &asked)
}

/// Returns the body of a request for `fields` of a repository.
fn question_of(repository: &Repository, variables: &[(&str, String)], fields: &str) -> Value {
    let mut declared = String::from("$owner:String!,$name:String!");
    let mut values = json!({"owner": repository.owner, "name": repository.name});
    for (name, value) in variables {
        // A `String` takes no error.
        let _ = write!(declared, ",${name}:String!");
        if let Some(values) = values.as_object_mut() {
            values.insert((*name).to_owned(), Value::from(value.as_str()));
        }
    }
    let query = format!("query({declared}){{repository(owner:$owner,name:$name){{{fields}}}}}");
    json!({"query": query, "variables": values})
}

#[derive(Debug, Deserialize)]
struct Answer {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
}

#[derive(Debug, Deserialize)]
struct Data {
    repository: Option<RepositoryNode>,
}

#[derive(Debug, Deserialize)]
struct RepositoryNode {
    visibility: Option<String>,
    #[serde(default, deserialize_with = "present")]
    releases: Option<Connection<ReleaseNode>>,
    #[serde(default, deserialize_with = "present")]
    refs: Option<Connection<RefNode>>,
    top: Option<Tree>,
    folder: Option<Tree>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection<T> {
    page_info: PageInfo,
    nodes: Vec<Option<T>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReleaseNode {
    tag_name: String,
    name: Option<String>,
    description: Option<String>,
    is_draft: bool,
}

#[derive(Debug, Deserialize)]
struct RefNode {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct Tree {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Reads a list that is left out where it was not asked for. One that is null is no empty one: what is read is kept for long.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<T> Connection<T> {
    fn read(self) -> (Vec<T>, Option<String>) {
        let next = self.page_info.end_cursor.filter(|_| self.page_info.has_next_page);
        (self.nodes.into_iter().flatten().collect(), next)
    }
}

fn read(answer: Answer) -> Result<Page, String> {
    // Data with an error beside it is half an answer: notes too few would be kept for long.
    if let Some(refusal) = answer.errors.into_iter().next() {
        return Err(format!("GitHub says `{}`", refusal.message.chars().take(200).collect::<String>()));
    }
    let Some(repository) = answer.data.and_then(|data| data.repository) else {
        return Err("the answer is empty".to_owned());
    };
    let (releases, next_releases) = repository.releases.map(Connection::read).unwrap_or_default();
    let (tags, next_tags) = repository.refs.map(Connection::read).unwrap_or_default();
    let files = |tree: Option<Tree>| {
        let entries = tree.unwrap_or_default().entries;
        entries.into_iter().filter(|entry| entry.kind == "blob").map(|entry| entry.name).collect()
    };
    let release = |node: ReleaseNode| {
        (!node.is_draft).then(|| Release {
            tag: node.tag_name,
            name: node.name.unwrap_or_default(),
            body: node.description.unwrap_or_default(),
        })
    };
    let visibility = repository.visibility.as_deref().and_then(Visibility::parse);
    Ok(Page {
        // A GitHub that does not say so may mean a private one.
        visibility: Some(visibility.unwrap_or(Visibility::Private)),
        releases: releases.into_iter().filter_map(release).collect(),
        tags: tags.into_iter().map(|tag| tag.name).collect(),
        top: files(repository.top),
        folder: files(repository.folder),
        next_releases,
        next_tags,
    })
}
