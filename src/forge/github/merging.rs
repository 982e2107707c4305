//! Merging pull requests.

use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use updraft_core::forge::{MergeMethod, PullRequest, PullState};

use super::GithubRepository;
use super::client::{Call, Sends as _, once};
use super::error::{one_line, refused, unexpected};
use crate::forge::{ForgeError, ForgeErrorKind, Merge};

#[derive(Deserialize)]
struct Outcome {
    data: Option<IgnoredAny>,
    errors: Option<Vec<GraphqlError>>,
}

#[derive(Deserialize)]
struct GraphqlError {
    message: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

const ENABLE: &str = "mutation($pull: ID!, $method: PullRequestMergeMethod!) { \
    enablePullRequestAutoMerge(input: {pullRequestId: $pull, mergeMethod: $method}) { clientMutationId } }";

const DISABLE: &str = "mutation($pull: ID!) { \
    disablePullRequestAutoMerge(input: {pullRequestId: $pull}) { clientMutationId } }";

impl GithubRepository {
    pub(super) async fn merge_pull(&self, number: u64, merge: &Merge) -> Result<(), ForgeError> {
        let task = format!("merge the pull request #{number}");
        let body = json!({"sha": merge.head_sha, "merge_method": rest(merge.method)});
        let call = Call::change(Method::PUT, self.route(format!("/pulls/{number}/merge")), &task, body);
        let is_merged = || async {
            let pull = self.read_pull(number).await?;
            match pull.state {
                PullState::Merged if pull.head_sha == merge.head_sha => Ok(Some(())),
                PullState::Merged => Err(refused(&task, "it was merged with another commit")),
                PullState::Closed => Err(refused(&task, "it is closed")),
                PullState::Open => Ok(None),
            }
        };
        match once(|| async { self.send(&call).await.map(|_| ()) }, is_merged).await {
            // Of a pull request that is merged already, GitHub says that it cannot be merged.
            Err(error) if error.kind == ForgeErrorKind::Refused => match is_merged().await {
                Ok(Some(())) => Ok(()),
                _ => Err(error),
            },
            answer => answer,
        }
    }

    pub(super) async fn leave_merging(
        &self,
        pull: &PullRequest,
        method: MergeMethod,
    ) -> Result<(), ForgeError> {
        if pull.auto_merge.is_some() {
            return Ok(());
        }
        let task = format!("let GitHub merge the pull request #{}", pull.number);
        let variables = json!({"pull": pull.node_id, "method": graphql(method)});
        self.mutate(&task, &json!({"query": ENABLE, "variables": variables})).await
    }

    pub(super) async fn take_merging_back(&self, pull: &PullRequest) -> Result<(), ForgeError> {
        let task = format!("have GitHub no longer merge the pull request #{}", pull.number);
        let body = json!({"query": DISABLE, "variables": {"pull": pull.node_id}});
        match self.mutate(&task, &body).await {
            // Of a pull request that nobody left to GitHub, it says that this cannot be taken back.
            Err(error) if error.kind == ForgeErrorKind::Refused => {
                let now = self.read_pull(pull.number).await?;
                let is_merging = now.state == PullState::Open && now.auto_merge.is_some();
                if is_merging { Err(error) } else { Ok(()) }
            }
            answer => answer,
        }
    }

    /// Changes something that only GraphQL can change. Its answer is a success also where it says no.
    async fn mutate(&self, task: &str, body: &Value) -> Result<(), ForgeError> {
        let call = Call::set(Method::POST, String::new(), task, body.clone());
        let outcome: Outcome = self.send(&call).await?.json()?;
        let Some(error) = outcome.errors.into_iter().flatten().next() else {
            return outcome.data.map(|_| ()).ok_or_else(|| unexpected(task, "it says neither yes nor no"));
        };
        let kind = match error.kind.as_deref() {
            Some("RATE_LIMITED" | "RATE_LIMIT") => ForgeErrorKind::RateLimited { until: None },
            Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => ForgeErrorKind::Forbidden,
            Some("NOT_FOUND") => ForgeErrorKind::NotFound,
            _ => ForgeErrorKind::Refused,
        };
        let said = one_line(&error.message.unwrap_or_default());
        Err(ForgeError { kind, message: format!("cannot {task}: {said}") })
    }
}

fn rest(method: MergeMethod) -> &'static str {
    match method {
        MergeMethod::Merge => "merge",
        MergeMethod::Squash => "squash",
        MergeMethod::Rebase => "rebase",
    }
}

fn graphql(method: MergeMethod) -> &'static str {
    match method {
        MergeMethod::Merge => "MERGE",
        MergeMethod::Squash => "SQUASH",
        MergeMethod::Rebase => "REBASE",
    }
}
