//! A forge that is only looked at: nothing is written, and who asks is told so.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use updraft_core::forge::{
    BranchHead, Checks, Comparison, Issue, MergeMethod, Protection, PullRequest, PullState,
};

use super::{
    Account, Change, CommitHead, Forge, ForgeError, Grant, History, Merge, NewCommit, NewPull, NewStatus,
    Repository, Tree, Writes,
};

/// The id of everything that was not made.
const NO_SHA: &str = "0000000000000000000000000000000000000000";
/// The number of a pull request or an issue that was not opened; a real one is at least 1.
const NO_NUMBER: u64 = 0;

/// Reads from another forge, and writes nothing: each write is answered as if it had been done. Who decides on it tells of it in the log.
#[derive(Clone, Debug)]
pub struct DryRun<F> {
    forge: F,
}

impl<F: Forge> DryRun<F> {
    /// Returns a forge that reads from `forge`.
    pub fn new(forge: F) -> Self {
        Self { forge }
    }
}

/// Returns names in a row.
fn row(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Returns the names of what a change touches.
fn fields(change: &Change) -> String {
    let fields = [
        change.title.as_ref().map(|_| "title"),
        change.body.as_ref().map(|_| "text"),
        change.base.as_ref().map(|_| "base"),
        change.open.map(|open| if open { "reopen" } else { "close" }),
    ];
    fields.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[async_trait]
impl<F: Forge> Forge for DryRun<F> {
    fn writes(&self) -> Writes {
        Writes::Pretended
    }

    async fn repository(&self) -> Result<Repository, ForgeError> {
        self.forge.repository().await
    }

    async fn grants(&self) -> Vec<Grant> {
        self.forge.grants().await
    }

    async fn account(&self) -> Result<Account, ForgeError> {
        self.forge.account().await
    }

    async fn head(&self, branch: &str) -> Result<Option<CommitHead>, ForgeError> {
        self.forge.head(branch).await
    }

    async fn tree(&self, commit: &CommitHead) -> Result<Tree, ForgeError> {
        self.forge.tree(commit).await
    }

    async fn blob(&self, sha: &str) -> Result<Vec<u8>, ForgeError> {
        self.forge.blob(sha).await
    }

    async fn archive(
        &self,
        commit: &CommitHead,
        limit: u64,
    ) -> Result<BTreeMap<String, Vec<u8>>, ForgeError> {
        self.forge.archive(commit, limit).await
    }

    async fn recent_subjects(&self, branch: &str) -> Result<Vec<String>, ForgeError> {
        self.forge.recent_subjects(branch).await
    }

    async fn branches(&self, prefix: &str) -> Result<Vec<BranchHead>, ForgeError> {
        self.forge.branches(prefix).await
    }

    async fn compare(&self, base: &str, head: &str) -> Result<Comparison, ForgeError> {
        if head == NO_SHA { Ok(Comparison::default()) } else { self.forge.compare(base, head).await }
    }

    async fn parents(&self, commit: &str) -> Result<Vec<String>, ForgeError> {
        if commit == NO_SHA { Ok(Vec::new()) } else { self.forge.parents(commit).await }
    }

    async fn open_pulls(&self) -> Result<Vec<PullRequest>, ForgeError> {
        self.forge.open_pulls().await
    }

    async fn pulls_of(&self, branch: &str) -> Result<Vec<PullRequest>, ForgeError> {
        self.forge.pulls_of(branch).await
    }

    async fn pull(&self, number: u64) -> Result<PullRequest, ForgeError> {
        self.forge.pull(number).await
    }

    async fn issues(&self) -> Result<Vec<Issue>, ForgeError> {
        self.forge.issues().await
    }

    async fn open_issues_of(&self, login: &str) -> Result<Vec<Issue>, ForgeError> {
        self.forge.open_issues_of(login).await
    }

    async fn issue(&self, number: u64) -> Result<Issue, ForgeError> {
        self.forge.issue(number).await
    }

    async fn history(&self, number: u64) -> Result<History, ForgeError> {
        if number == NO_NUMBER { Ok(History::default()) } else { self.forge.history(number).await }
    }

    async fn opened_since(&self, since: Timestamp) -> Result<Vec<PullRequest>, ForgeError> {
        self.forge.opened_since(since).await
    }

    async fn checks(&self, sha: &str) -> Result<Checks, ForgeError> {
        if sha == NO_SHA { Ok(Checks::new()) } else { self.forge.checks(sha).await }
    }

    async fn protection(&self, branch: &str) -> Result<Protection, ForgeError> {
        self.forge.protection(branch).await
    }

    async fn commit(&self, commit: &NewCommit) -> Result<CommitHead, ForgeError> {
        let subject = commit.message.lines().next().unwrap_or_default();
        tracing::trace!(subject, files = commit.files.len(), "would commit");
        Ok(CommitHead { sha: NO_SHA.to_owned(), tree: NO_SHA.to_owned() })
    }

    async fn create_branch(&self, name: &str, _: &str) -> Result<(), ForgeError> {
        tracing::trace!(branch = name, "would make a branch");
        Ok(())
    }

    async fn move_branch(&self, name: &str, from: &str, _: &str) -> Result<(), ForgeError> {
        tracing::trace!(branch = name, from, "would move a branch to the new commit");
        Ok(())
    }

    async fn fast_forward(&self, name: &str, to: &str) -> Result<(), ForgeError> {
        tracing::trace!(branch = name, to, "would move a branch forward");
        Ok(())
    }

    async fn delete_branch(&self, name: &str, _: &str) -> Result<(), ForgeError> {
        tracing::trace!(branch = name, "would delete a branch");
        Ok(())
    }

    async fn create_pull(&self, pull: &NewPull) -> Result<PullRequest, ForgeError> {
        tracing::trace!(branch = pull.head, title = pull.title, "would open a pull request");
        Ok(PullRequest {
            number: NO_NUMBER,
            node_id: String::new(),
            title: pull.title.clone(),
            body: pull.body.clone(),
            state: PullState::Open,
            head: pull.head.clone(),
            head_sha: NO_SHA.to_owned(),
            base: pull.base.clone(),
            labels: BTreeSet::new(),
            assignees: BTreeSet::new(),
            reviewers: BTreeSet::new(),
            is_draft: pull.is_draft,
            auto_merge: None,
            created_at: None,
            closed_at: None,
        })
    }

    async fn change_pull(&self, number: u64, change: &Change) -> Result<(), ForgeError> {
        tracing::trace!(number, what = fields(change), "would change a pull request");
        Ok(())
    }

    async fn add_labels(&self, number: u64, labels: &BTreeSet<String>) -> Result<(), ForgeError> {
        tracing::trace!(number, labels = row(labels), "would add labels");
        Ok(())
    }

    async fn remove_label(&self, number: u64, label: &str) -> Result<(), ForgeError> {
        tracing::trace!(number, label, "would take a label off");
        Ok(())
    }

    async fn assign(&self, number: u64, people: &BTreeSet<String>) -> Result<(), ForgeError> {
        tracing::trace!(number, people = row(people), "would assign");
        Ok(())
    }

    async fn request_review(&self, number: u64, reviewers: &BTreeSet<String>) -> Result<(), ForgeError> {
        tracing::trace!(number, reviewers = row(reviewers), "would ask for a review");
        Ok(())
    }

    async fn comment(&self, number: u64, heading: &str, _: &str) -> Result<(), ForgeError> {
        tracing::trace!(number, heading, "would comment");
        Ok(())
    }

    async fn merge(&self, number: u64, merge: &Merge) -> Result<(), ForgeError> {
        tracing::trace!(number, method = ?merge.method, "would merge a pull request");
        Ok(())
    }

    async fn enable_auto_merge(&self, pull: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        tracing::trace!(number = pull.number, ?method, "would let the forge merge a pull request");
        Ok(())
    }

    async fn disable_auto_merge(&self, pull: &PullRequest) -> Result<(), ForgeError> {
        tracing::trace!(number = pull.number, "would no longer let the forge merge a pull request");
        Ok(())
    }

    async fn create_issue(
        &self,
        title: &str,
        body: &str,
        labels: &BTreeSet<String>,
    ) -> Result<Issue, ForgeError> {
        tracing::trace!(title, "would open an issue");
        Ok(Issue {
            number: NO_NUMBER,
            title: title.to_owned(),
            body: body.to_owned(),
            is_open: true,
            labels: labels.clone(),
        })
    }

    async fn change_issue(&self, number: u64, change: &Change) -> Result<(), ForgeError> {
        tracing::trace!(number, what = fields(change), "would change an issue");
        Ok(())
    }

    async fn set_status(&self, sha: &str, status: &NewStatus) -> Result<(), ForgeError> {
        tracing::trace!(sha, context = status.context, green = status.is_green, "would set a status");
        Ok(())
    }
}
