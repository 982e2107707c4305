//! Pull requests.

use std::collections::BTreeSet;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use updraft_core::forge::{AutoMerge, PullRequest, PullState};

use super::GithubRepository;
use super::client::{Call, Sends as _, once, pages, query};
use super::slug::Slug;
use crate::forge::{Change, ForgeError, ForgeErrorKind, NewPull};

#[derive(Deserialize)]
pub(super) struct Pull {
    number: u64,
    node_id: Option<String>,
    title: String,
    body: Option<String>,
    state: String,
    merged_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    draft: Option<bool>,
    auto_merge: Option<AutoMerging>,
    head: Side,
    base: Side,
    labels: Vec<Label>,
    assignees: Option<Vec<User>>,
    requested_reviewers: Option<Vec<User>>,
    requested_teams: Option<Vec<Team>>,
}

#[derive(Deserialize)]
struct AutoMerging {
    enabled_by: Option<User>,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    /// `owner:branch`.
    label: Option<String>,
    /// Missing where a fork was deleted.
    repo: Option<Home>,
}

#[derive(Deserialize)]
struct Home {
    full_name: String,
}

#[derive(Deserialize)]
pub(super) struct Label {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
}

impl Pull {
    /// Whether its branch is one of the repository itself.
    fn is_of(&self, slug: &Slug) -> bool {
        match &self.head.repo {
            Some(home) => slug.is(&home.full_name),
            // A fork is another owner's, also after it was deleted.
            None => self.head.label.as_deref().and_then(|label| label.split_once(':')).is_some_and(
                |(owner, branch)| owner.eq_ignore_ascii_case(&slug.owner) && branch == self.head.name,
            ),
        }
    }
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let state = match pull.state.as_str() {
            _ if pull.merged_at.is_some() => PullState::Merged,
            "closed" => PullState::Closed,
            _ => PullState::Open,
        };
        let people = pull.requested_reviewers.into_iter().flatten().map(|user| user.login);
        let teams = pull.requested_teams.into_iter().flatten().map(|team| format!("team:{}", team.slug));
        Self {
            number: pull.number,
            node_id: pull.node_id.unwrap_or_default(),
            title: pull.title,
            body: pull.body.unwrap_or_default(),
            state,
            head: pull.head.name,
            head_sha: pull.head.sha,
            base: pull.base.name,
            labels: labels(pull.labels),
            assignees: pull.assignees.into_iter().flatten().map(|user| user.login).collect(),
            reviewers: people.chain(teams).collect(),
            is_draft: pull.draft.unwrap_or_default(),
            auto_merge: pull
                .auto_merge
                .map(|auto_merge| AutoMerge { by: auto_merge.enabled_by.map(|user| user.login) }),
            created_at: pull.created_at,
            closed_at: pull.closed_at,
        }
    }
}

/// Returns the names of labels.
pub(super) fn labels(labels: Vec<Label>) -> BTreeSet<String> {
    labels.into_iter().map(|label| label.name).collect()
}

impl GithubRepository {
    pub(super) async fn read_open_pulls(&self) -> Result<Vec<PullRequest>, ForgeError> {
        let route = self.route("/pulls?state=open&sort=created&direction=desc&per_page=100");
        self.pulls(Call::get(route, "list the open pull requests")).await
    }

    pub(super) async fn read_pulls_of(&self, branch: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let head = format!("{}:{branch}", self.slug().owner);
        let query = query(&[("state", "all"), ("head", &head), ("per_page", "100")]);
        let call =
            Call::get(self.route(format!("/pulls{query}")), format!("list the pull requests of `{branch}`"));
        let mut pulls = self.pulls(call).await?;
        // A head that GitHub cannot read does not restrict the list.
        pulls.retain(|pull| pull.head == branch);
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(pulls)
    }

    /// One page is enough: nobody's limit is a hundred an hour.
    pub(super) async fn read_pulls_since(&self, since: Timestamp) -> Result<Vec<PullRequest>, ForgeError> {
        let route = self.route("/pulls?state=all&sort=created&direction=desc&per_page=100");
        let listed: Vec<Pull> = self
            .send(&Call::get(route, "list the newest pull requests").tells::<Vec<Pull>>())
            .await?
            .json()?;
        let slug = self.slug();
        let is_new = |pull: &Pull| pull.created_at.is_some_and(|at| at >= since) && pull.is_of(&slug);
        Ok(listed.into_iter().filter(is_new).map(PullRequest::from).collect())
    }

    async fn pulls(&self, first: Call) -> Result<Vec<PullRequest>, ForgeError> {
        let (slug, listed) = (self.slug(), pages::<Vec<Pull>>(self, first).await?);
        Ok(listed.into_iter().flatten().filter(|pull| pull.is_of(&slug)).map(PullRequest::from).collect())
    }

    pub(super) async fn read_pull(&self, number: u64) -> Result<PullRequest, ForgeError> {
        let call =
            Call::get(self.route(format!("/pulls/{number}")), format!("read the pull request #{number}"));
        Ok(self.send(&call.tells::<Pull>()).await?.json::<Pull>()?.into())
    }

    /// Returns the open pull request of a branch into another.
    async fn open_pull_of(&self, pull: &NewPull) -> Result<Option<PullRequest>, ForgeError> {
        let pulls = self.read_pulls_of(&pull.head).await?;
        Ok(pulls.into_iter().find(|found| found.state == PullState::Open && found.base == pull.base))
    }

    pub(super) async fn open_pull(&self, pull: &NewPull) -> Result<PullRequest, ForgeError> {
        match self.post_pull(pull).await {
            // Not every plan has drafts.
            Err(error)
                if pull.is_draft
                    && error.kind == ForgeErrorKind::Refused
                    && error.message.to_lowercase().contains("draft") =>
            {
                tracing::warn!(branch = pull.head, "the repository has no drafts; the pull request is none");
                self.post_pull(&NewPull { is_draft: false, ..pull.clone() }).await
            }
            answer => answer,
        }
    }

    async fn post_pull(&self, pull: &NewPull) -> Result<PullRequest, ForgeError> {
        let body = json!({
            "title": pull.title,
            "head": pull.head,
            "base": pull.base,
            "body": pull.body,
            "draft": pull.is_draft,
        });
        let task = format!("open a pull request for `{}`", pull.head);
        let call = Call::change(Method::POST, self.route("/pulls"), task, body);
        let post = || async { Ok(self.send(&call).await?.json::<Pull>()?.into()) };
        match once(post, || self.open_pull_of(pull)).await {
            // "A pull request already exists": of an earlier run, or of a request whose answer was lost.
            Err(error) if error.kind == ForgeErrorKind::Refused => {
                self.open_pull_of(pull).await?.ok_or(error)
            }
            answer => answer,
        }
    }

    pub(super) async fn edit_pull(&self, number: u64, change: &Change) -> Result<(), ForgeError> {
        let Some(body) = changes(change) else { return Ok(()) };
        let task = format!("change the pull request #{number}");
        let call = Call::set(Method::PATCH, self.route(format!("/pulls/{number}")), task, body);
        self.send(&call).await.map(|_| ())
    }
}

/// Returns a change as GitHub wants it; `None` when nothing changes.
pub(super) fn changes(change: &Change) -> Option<Value> {
    let mut fields = Map::new();
    for (name, text) in [("title", &change.title), ("body", &change.body), ("base", &change.base)] {
        if let Some(text) = text {
            fields.insert(name.to_owned(), Value::String(text.clone()));
        }
    }
    if let Some(open) = change.open {
        fields.insert("state".to_owned(), Value::from(if open { "open" } else { "closed" }));
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}
