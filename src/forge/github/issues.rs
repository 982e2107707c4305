//! Issues.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use updraft_core::forge::Issue;

use super::GithubRepository;
use super::client::{Call, Sends as _, once, pages, query};
use super::error::unexpected;
use super::people::possible_labels;
use super::pulls::{Label, User, changes, labels};
use crate::forge::{Change, ForgeError, ForgeErrorKind};

#[derive(Deserialize)]
struct Listed {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    labels: Vec<Label>,
    user: Option<User>,
    /// Pull requests are issues too, to GitHub.
    pull_request: Option<serde::de::IgnoredAny>,
}

impl From<Listed> for Issue {
    fn from(listed: Listed) -> Self {
        Self {
            number: listed.number,
            title: listed.title,
            body: listed.body.unwrap_or_default(),
            is_open: listed.state == "open",
            labels: labels(listed.labels),
        }
    }
}

impl GithubRepository {
    pub(super) async fn read_issues(&self) -> Result<Vec<Issue>, ForgeError> {
        let login = self.read_account().await?.login;
        let mut issues = self.read_open_issues(&login).await?;
        // Of those that are closed, the last hundred; there is no end to them, since pull requests are among them.
        let closed = self.send(&self.list_of(&login, "closed").tells::<Vec<Listed>>()).await?;
        issues.extend(by(&login, closed.json()?)?);
        Ok(issues)
    }

    pub(super) async fn read_open_issues(&self, login: &str) -> Result<Vec<Issue>, ForgeError> {
        let listed = pages::<Vec<Listed>>(self, self.list_of(login, "open")).await?;
        by(login, listed.into_iter().flatten().collect())
    }

    fn list_of(&self, login: &str, state: &str) -> Call {
        let query = query(&[
            ("creator", login),
            ("state", state),
            ("sort", "updated"),
            ("direction", "desc"),
            ("per_page", "100"),
        ]);
        Call::get(self.route(format!("/issues{query}")), format!("list the issues of `{login}`"))
    }

    pub(super) async fn read_issue(&self, number: u64) -> Result<Issue, ForgeError> {
        let call = Call::get(self.route(format!("/issues/{number}")), format!("read the issue #{number}"));
        Ok(self.send(&call.tells::<Listed>()).await?.json::<Listed>()?.into())
    }

    pub(super) async fn open_issue(
        &self,
        title: &str,
        body: &str,
        labels: &BTreeSet<String>,
    ) -> Result<Issue, ForgeError> {
        let login = self.read_account().await?.login;
        let there = || async {
            let issues = self.read_open_issues(&login).await?;
            Ok(issues.into_iter().find(|issue| issue.title == title))
        };
        if let Some(issue) = there().await? {
            return Ok(issue);
        }
        let post = async |labels: &BTreeSet<String>| {
            let body = json!({"title": title, "body": body, "labels": labels});
            let call =
                Call::change(Method::POST, self.route("/issues"), format!("open the issue `{title}`"), body);
            once(|| async { Ok(self.send(&call).await?.json::<Listed>()?.into()) }, there).await
        };
        let labels = possible_labels(labels);
        match post(&labels).await {
            // It may be for a label, and these matter less than the issue.
            Err(error) if error.kind == ForgeErrorKind::Refused && !labels.is_empty() => {
                let issue: Issue = post(&BTreeSet::new()).await?;
                self.give_labels(issue.number, &labels).await?;
                Ok(issue)
            }
            opened => opened,
        }
    }

    pub(super) async fn edit_issue(&self, number: u64, change: &Change) -> Result<(), ForgeError> {
        let Some(body) = changes(&Change { base: None, ..change.clone() }) else { return Ok(()) };
        let task = format!("change the issue #{number}");
        let call = Call::set(Method::PATCH, self.route(format!("/issues/{number}")), task, body);
        self.send(&call).await.map(|_| ())
    }
}

/// Returns the issues among `listed` that somebody opened.
///
/// # Errors
/// It is not said who opened one of them: it may be the one that would be opened again.
fn by(login: &str, listed: Vec<Listed>) -> Result<Vec<Issue>, ForgeError> {
    let mut issues = Vec::new();
    for issue in listed.into_iter().filter(|issue| issue.pull_request.is_none()) {
        let why = || format!("it does not say who opened #{}", issue.number);
        let author = issue.user.as_ref().ok_or_else(|| unexpected("list the issues", why()))?;
        if author.login.eq_ignore_ascii_case(login) {
            issues.push(issue.into());
        }
    }
    Ok(issues)
}
