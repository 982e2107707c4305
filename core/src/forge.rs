//! What a forge holds of a repository, as far as decisions need to know it. Reading and writing it is not the core's business.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a pull request can still be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PullState {
    /// It waits.
    Open,
    /// Somebody closed it without merging.
    Closed,
    /// It was merged.
    Merged,
}

/// A pull request from a branch of the repository itself; those from forks are nobody's business here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its id in GraphQL.
    pub node_id: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Whether it can still be merged.
    pub state: PullState,
    /// The branch it brings.
    pub head: String,
    /// That branch's commit, as the pull request knows it.
    pub head_sha: String,
    /// The branch it goes into.
    pub base: String,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// People it is assigned to.
    pub assignees: BTreeSet<String>,
    /// People and `team:name`s who are asked for a review.
    pub reviewers: BTreeSet<String>,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// The forge merges it by itself once it may; `None` where nobody wants so.
    pub auto_merge: Option<AutoMerge>,
    /// When it was opened.
    pub created_at: Option<Timestamp>,
    /// When it was closed or merged.
    pub closed_at: Option<Timestamp>,
}

/// A pull request was left to the forge, which merges it once it may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoMerge {
    /// The login of the account that did so; `None` where the forge does not say.
    pub by: Option<String>,
}

/// An issue that is no pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Whether it is open.
    pub is_open: bool,
    /// Its labels.
    pub labels: BTreeSet<String>,
}

/// A branch and where it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchHead {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// Its commit.
    pub sha: String,
}

/// Who made a commit: the name and mail address in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The name.
    pub name: String,
    /// The mail address.
    pub email: String,
}

/// A commit that a branch has and its base has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchCommit {
    /// Its id.
    pub sha: String,
    /// Its whole message.
    pub message: String,
    /// Who wrote it.
    pub author: Signature,
    /// Who committed it.
    pub committer: Signature,
    /// When it was committed, where the forge says it.
    pub committed_at: Option<Timestamp>,
}

/// What a branch does to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// The file's path on the branch.
    pub path: String,
    /// The id of its content on the branch; `None` when it is removed.
    pub blob: Option<String>,
}

/// A branch beside its base: what git calls `base...branch`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The last commit they share.
    pub merge_base: String,
    /// How many commits the base has and the branch has not.
    pub behind_by: u64,
    /// The commits that the branch has and the base has not, oldest first; the forge may leave some out where there are hundreds.
    pub commits: Vec<BranchCommit>,
    /// The files that differ between the branch and `merge_base`.
    pub files: Vec<ChangedFile>,
    /// How many commits the branch is ahead, also those that were left out of `commits`.
    pub ahead_by: u64,
}

/// What one check, whoever runs it, says of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckState {
    /// It passed, or has nothing to say.
    Green,
    /// It is not done.
    Pending,
    /// It failed.
    Red,
}

/// The checks of a commit by name: statuses and check runs.
pub type Checks = BTreeMap<String, CheckState>;

/// How a pull request may be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MergeMethod {
    /// With a merge commit.
    Merge,
    /// As one commit.
    Squash,
    /// Its commits one by one on top of the base.
    Rebase,
}

/// What the base branch demands of those who change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Whether a pull request must contain the newest base before it may be merged.
    pub must_be_up_to_date: bool,
    /// Checks that must have passed.
    pub required_checks: BTreeSet<String>,
}
