//! The GraphQL query for tags and releases, and what its answer means.
//!
//! One query asks for the newest page of several repositories, each under an alias of its own, so that one answer
//! serves many lookups and one repository that is not there does not spoil the others.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::site::Repository;

/// What is asked of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Want {
    /// Its releases.
    Releases,
    /// Its tags, and its releases for what they say about tags.
    Tags,
}

/// A page to ask for: the newest one, or the one behind a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Nothing is asked for.
    None,
    /// The newest.
    First,
    /// The one behind this cursor.
    After(String),
}

/// A question about one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The repository.
    pub(super) repository: Repository,
    /// Which tags.
    pub(super) tags: Page,
    /// Which releases.
    pub(super) releases: Page,
}

impl Question {
    /// Returns the question for the newest page of what is wanted.
    pub(super) fn first(repository: Repository, want: Want) -> Self {
        let tags = if want == Want::Tags { Page::First } else { Page::None };
        Self { repository, tags, releases: Page::First }
    }
}

/// What is asked of a page of tags. It is spelled out in each place: fragments would be shorter, but stand-ins for GitHub know them less well.
const TAG_PAGE: &str = "pageInfo{hasNextPage endCursor}nodes{name target{__typename oid \
    ...on Commit{committedDate}...on Tag{tagger{date}target{__typename oid ...on Commit{committedDate}\
    ...on Tag{target{__typename oid ...on Commit{committedDate}}}}}}}";
/// What is asked of a page of releases.
const RELEASE_PAGE: &str = "pageInfo{hasNextPage endCursor}\
    nodes{tagName publishedAt isPrerelease isDraft tagCommit{oid}}";

/// Returns the body of the request that asks `questions`, with pages of `size`.
pub(super) fn body(questions: &[Question], size: usize) -> Value {
    let mut variables = Map::new();
    let (mut declared, mut asked) = (String::from("$first:Int!"), String::new());
    variables.insert("first".to_owned(), size.into());
    for (at, question) in questions.iter().enumerate() {
        // A `String` takes no error.
        let _ = write!(declared, ",$o{at}:String!,$n{at}:String!");
        let _ = write!(asked, "r{at}:repository(owner:$o{at},name:$n{at}){{");
        variables.insert(format!("o{at}"), question.repository.owner.clone().into());
        variables.insert(format!("n{at}"), question.repository.name.clone().into());
        let mut page = |page: &Page, letter: char, field: &str, order: &str, wanted: &str| {
            let after = match page {
                Page::None => return,
                Page::First => String::new(),
                Page::After(cursor) => {
                    variables.insert(format!("{letter}{at}"), cursor.clone().into());
                    let _ = write!(declared, ",${letter}{at}:String!");
                    format!(",after:${letter}{at}")
                }
            };
            let _ = write!(asked, "{field}(first:$first{after},{order}){{{wanted}}}");
        };
        let by_date = "refPrefix:\"refs/tags/\",orderBy:{field:TAG_COMMIT_DATE,direction:DESC}";
        page(&question.tags, 't', "refs", by_date, TAG_PAGE);
        let by_creation = "orderBy:{field:CREATED_AT,direction:DESC}";
        page(&question.releases, 'e', "releases", by_creation, RELEASE_PAGE);
        asked.push('}');
    }
    let query = format!("query({declared}){{{asked}}}");
    serde_json::json!({ "query": query, "variables": variables })
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its name.
    pub(super) name: String,
    /// The commit it leads to.
    pub(super) commit: String,
    /// When it was made: the tagger's date, or the commit's for a tag that is only a name.
    pub(super) timestamp: Option<Timestamp>,
}

/// A release, drafts left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublishedRelease {
    /// The tag it belongs to.
    pub(super) tag: String,
    /// When it was published.
    pub(super) timestamp: Option<Timestamp>,
    /// What its publisher says of it.
    pub(super) stability: Stability,
    /// The commit its tag leads to.
    pub(super) commit: Option<String>,
}

/// What a publisher says of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stability {
    /// It is marked as a prerelease.
    Prerelease,
    /// It is not.
    Unmarked,
}

/// A page of tags or releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed<T> {
    /// What is on it, newest first.
    pub(super) items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub(super) next: Option<String>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

/// The answer about one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The page of tags.
    pub(super) tags: Listed<Tag>,
    /// The page of releases.
    pub(super) releases: Listed<PublishedRelease>,
}

/// Why there is no answer, in GitHub's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// GitHub's word for the kind of error, `NOT_FOUND` or `RATE_LIMITED`; empty where it has none.
    pub(super) kind: String,
    /// What it says.
    pub(super) message: String,
}

impl Refusal {
    /// The kind of error of an answer without something that GitHub promises. A list that is not there is not an empty one.
    pub(super) const INCOMPLETE: &str = "INCOMPLETE";

    fn lacks(field: &str) -> Self {
        Self { kind: Self::INCOMPLETE.to_owned(), message: field.to_owned() }
    }
}

/// Reads the answer to `questions`: for each what was found, or why not.
///
/// # Errors
/// The whole of it was refused.
pub(super) fn read(answer: Answer, questions: &[Question]) -> Result<Vec<Result<Found, Refusal>>, Refusal> {
    let mut by_alias: BTreeMap<String, Refusal> = BTreeMap::new();
    let mut general: Option<Refusal> = None;
    for error in answer.errors.unwrap_or_default() {
        let refusal = Refusal {
            kind: error.kind.unwrap_or_default(),
            message: error.message.chars().take(300).collect(),
        };
        match error.path.as_deref().unwrap_or_default() {
            [] => general = general.or(Some(refusal)),
            // Of the repository or of a whole page. Deeper down, one item is broken, and absent from the answer.
            [Value::String(alias)] | [Value::String(alias), _] => {
                by_alias.entry(alias.clone()).or_insert(refusal);
            }
            _ => tracing::debug!(message = refusal.message, "an item of GitHub's answer is missing"),
        }
    }
    let Some(mut data) = answer.data else {
        return Err(general.or_else(|| by_alias.into_values().next()).unwrap_or_else(|| Refusal {
            kind: String::new(),
            message: answer.message.unwrap_or_else(|| "the answer is empty".to_owned()),
        }));
    };
    Ok(questions
        .iter()
        .enumerate()
        .map(|(at, question)| {
            let alias = format!("r{at}");
            // Data with an error beside it is half an answer: a tag too few would go unnoticed.
            match (by_alias.remove(&alias), data.remove(&alias).flatten()) {
                (Some(refusal), _) => Err(refusal),
                (None, Some(repository)) => repository.read(question),
                (None, None) => Err(general.clone().unwrap_or_else(|| Refusal {
                    kind: "NOT_FOUND".to_owned(),
                    message: "the repository is not in the answer".to_owned(),
                })),
            }
        })
        .collect())
}

/// GitHub's answer as it comes.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    data: Option<BTreeMap<String, Option<RepositoryNode>>>,
    errors: Option<Vec<ErrorNode>>,
    /// What the API in front of GraphQL says.
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorNode {
    #[serde(rename = "type")]
    kind: Option<String>,
    path: Option<Vec<Value>>,
    #[serde(default)]
    message: String,
}

#[derive(Debug, Deserialize)]
struct RepositoryNode {
    refs: Option<Connection<RefNode>>,
    releases: Option<Connection<ReleaseNode>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection<T> {
    page_info: PageInfo,
    nodes: Option<Vec<Option<T>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RefNode {
    name: String,
    target: Option<ObjectNode>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectNode {
    oid: String,
    committed_date: Option<Timestamp>,
    tagger: Option<TaggerNode>,
    target: Option<Box<ObjectNode>>,
}

#[derive(Debug, Deserialize)]
struct TaggerNode {
    date: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReleaseNode {
    tag_name: String,
    published_at: Option<Timestamp>,
    is_prerelease: Option<bool>,
    is_draft: Option<bool>,
    tag_commit: Option<CommitNode>,
}

#[derive(Debug, Deserialize)]
struct CommitNode {
    oid: String,
}

impl<T> Connection<T> {
    fn read<U>(self, one: impl Fn(T) -> Result<Option<U>, Refusal>) -> Result<Listed<U>, Refusal> {
        let nodes = self.nodes.ok_or_else(|| Refusal::lacks("nodes"))?;
        let next = match (self.page_info.has_next_page, self.page_info.end_cursor) {
            (false, _) => None,
            (true, Some(cursor)) => Some(cursor),
            (true, None) => return Err(Refusal::lacks("endCursor")),
        };
        let items = nodes.into_iter().flatten().filter_map(|node| one(node).transpose());
        Ok(Listed { items: items.collect::<Result<_, _>>()?, next })
    }
}

impl RepositoryNode {
    fn read(self, question: &Question) -> Result<Found, Refusal> {
        let (mut tags, mut releases) = (Listed::default(), Listed::default());
        if question.tags != Page::None {
            tags = self.refs.ok_or_else(|| Refusal::lacks("refs"))?.read(|node| Ok(tag(node)))?;
        }
        if question.releases != Page::None {
            releases = self.releases.ok_or_else(|| Refusal::lacks("releases"))?.read(release)?;
        }
        Ok(Found { tags, releases })
    }
}

fn tag(node: RefNode) -> Option<Tag> {
    let mut object = node.target?;
    // The tagger's date may have an offset of its own, and may be nonsense.
    let mut timestamp: Option<Timestamp> =
        object.tagger.as_ref().and_then(|tagger| tagger.date.as_deref()?.parse().ok());
    while let Some(target) = object.target.take() {
        object = *target;
    }
    timestamp = timestamp.or(object.committed_date);
    Some(Tag { name: node.name, commit: object.oid, timestamp })
}

fn release(node: ReleaseNode) -> Result<Option<PublishedRelease>, Refusal> {
    let is_draft = node.is_draft.ok_or_else(|| Refusal::lacks("isDraft"))?;
    let is_prerelease = node.is_prerelease.ok_or_else(|| Refusal::lacks("isPrerelease"))?;
    let stability = if is_prerelease { Stability::Prerelease } else { Stability::Unmarked };
    Ok((!is_draft).then(|| PublishedRelease {
        tag: node.tag_name,
        timestamp: node.published_at,
        stability,
        commit: node.tag_commit.map(|commit| commit.oid),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::site::Site;
    use super::*;

    fn repository(name: &str) -> Repository {
        Repository::parse(Site::parse("https://github.com").unwrap(), &format!("o/{name}")).unwrap()
    }

    #[test]
    fn asks_for_several_repositories_at_once() {
        let questions = [
            Question::first(repository("a"), Want::Tags),
            Question { tags: Page::None, releases: Page::After("x".into()), repository: repository("b") },
        ];
        let body = body(&questions, 100);
        let query = body["query"].as_str().unwrap();
        assert!(
            query.starts_with(
                "query($first:Int!,$o0:String!,$n0:String!,$o1:String!,$n1:String!,$e1:String!){"
            ),
            "{query}"
        );
        assert!(query.contains("r0:repository(owner:$o0,name:$n0){refs(first:$first,refPrefix:"), "{query}");
        assert!(
            query.contains("r1:repository(owner:$o1,name:$n1){releases(first:$first,after:$e1,orderBy:"),
            "{query}"
        );
        assert_eq!(query.matches('{').count(), query.matches('}').count());
        assert_eq!(body["variables"]["e1"], "x");
        let releases_only = super::body(&[Question::first(repository("a"), Want::Releases)], 5);
        assert!(!releases_only["query"].as_str().unwrap().contains("refs("));
    }

    /// Reads an answer about the newest page of what is wanted of several repositories.
    fn read(json: &str, wants: &[Want]) -> Result<Vec<Result<Found, Refusal>>, Refusal> {
        let questions: Vec<Question> =
            wants.iter().map(|want| Question::first(repository("a"), *want)).collect();
        super::read(serde_json::from_str(json).unwrap(), &questions)
    }

    #[test]
    fn follows_annotated_tags_to_their_commit() {
        let json = r#"{"data":{"r0":{"refs":{"pageInfo":{"hasNextPage":true,"endCursor":"c"},"nodes":[
            {"name":"v2","target":{"__typename":"Tag","oid":"t2","tagger":{"date":"2024-05-01T10:00:00+02:00"},"target":{"__typename":"Commit","oid":"c2","committedDate":"2020-01-01T00:00:00Z"}}},
            {"name":"v1","target":{"__typename":"Commit","oid":"c1","committedDate":"2024-01-01T00:00:00Z"}},
            {"name":"tree","target":{"__typename":"Tree","oid":"x"}}, null, {"name":"gone","target":null}]},
            "releases":{"pageInfo":{"hasNextPage":false,"endCursor":null},"nodes":[
            {"tagName":"v2","publishedAt":"2024-05-02T00:00:00Z","isPrerelease":true,"isDraft":false,"tagCommit":{"oid":"c2"}},
            {"tagName":"v3","publishedAt":null,"isPrerelease":false,"isDraft":true,"tagCommit":null}]}}}}"#;
        let found = read(json, &[Want::Tags]).unwrap().remove(0).unwrap();
        let tags: Vec<(&str, &str, Option<String>)> = found
            .tags
            .items
            .iter()
            .map(|tag| (tag.name.as_str(), tag.commit.as_str(), tag.timestamp.map(|time| time.to_string())))
            .collect();
        assert_eq!(
            tags,
            [
                ("v2", "c2", Some("2024-05-01T08:00:00Z".to_owned())),
                ("v1", "c1", Some("2024-01-01T00:00:00Z".to_owned())),
                ("tree", "x", None),
            ]
        );
        assert_eq!(found.tags.next.as_deref(), Some("c"));
        assert_eq!(found.releases.items.len(), 1);
        assert_eq!(found.releases.items[0].stability, Stability::Prerelease);
        assert_eq!(found.releases.next, None);
    }

    #[test]
    fn one_missing_repository_does_not_spoil_the_others() {
        let json = r#"{"data":{"r0":null,"r1":{"releases":{"pageInfo":{"hasNextPage":false},"nodes":[]}},"r2":null},
            "errors":[{"type":"NOT_FOUND","path":["r0"],"message":"Could not resolve to a Repository"}]}"#;
        let found = read(json, &[Want::Releases; 3]).unwrap();
        assert_eq!(found[0].as_ref().unwrap_err().kind, "NOT_FOUND");
        assert_eq!(found[1], Ok(Found::default()));
        assert_eq!(found[2].as_ref().unwrap_err().kind, "NOT_FOUND");
    }

    #[test]
    fn half_an_answer_is_none() {
        let json = r#"{"data":{"r0":{"refs":null}},"errors":[{"path":["r0","refs"],"message":"Something went wrong"}]}"#;
        let found = read(json, &[Want::Tags]).unwrap();
        assert_eq!(found[0].as_ref().unwrap_err().message, "Something went wrong");
    }

    #[test]
    fn a_list_that_is_not_there_is_not_an_empty_one() {
        #[track_caller]
        fn check(want: Want, repository: &str, lacks: Option<&str>) {
            let json = format!(r#"{{"data":{{"r0":{repository}}}}}"#);
            let found = read(&json, &[want]).unwrap().remove(0);
            assert_eq!(found.err(), lacks.map(Refusal::lacks), "{repository}");
        }
        let page = |info: &str, nodes: &str| format!(r#"{{"pageInfo":{info},"nodes":{nodes}}}"#);
        let last = r#"{"hasNextPage":false}"#;
        let (none, no_nodes) = (page(last, "[]"), page(last, "null"));
        let endless = page(r#"{"hasNextPage":true,"endCursor":null}"#, "[]");
        let unmarked = page(last, r#"[{"tagName":"v1","isDraft":false,"isPrerelease":null}]"#);
        check(Want::Releases, &format!(r#"{{"releases":{none}}}"#), None);
        check(Want::Releases, &format!(r#"{{"releases":{none},"refs":null}}"#), None);
        check(Want::Releases, r#"{"releases":null}"#, Some("releases"));
        check(Want::Releases, "{}", Some("releases"));
        check(Want::Releases, &format!(r#"{{"releases":{no_nodes}}}"#), Some("nodes"));
        check(Want::Releases, &format!(r#"{{"releases":{endless}}}"#), Some("endCursor"));
        check(Want::Releases, &format!(r#"{{"releases":{unmarked}}}"#), Some("isPrerelease"));
        check(Want::Tags, &format!(r#"{{"releases":{none},"refs":null}}"#), Some("refs"));
        check(Want::Tags, &format!(r#"{{"releases":null,"refs":{none}}}"#), Some("releases"));
    }

    #[test]
    fn a_refusal_of_the_whole_says_why() {
        let limited = r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}"#;
        assert_eq!(read(limited, &[Want::Tags; 2]).unwrap_err().kind, "RATE_LIMITED");
        let front = r#"{"message":"Bad credentials","documentation_url":"x"}"#;
        assert_eq!(read(front, &[Want::Tags; 2]).unwrap_err().message, "Bad credentials");
        assert_eq!(read("{}", &[Want::Tags; 2]).unwrap_err().message, "the answer is empty");
    }
}
