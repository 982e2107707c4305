//! Where branches, pull requests and issues live. One is for GitHub; the one of a dry run wraps another one and only says what it
//! would write.
//!
//! Every write is safe to ask for again: it looks at what is there first or when its answer was lost, so that a run that was killed is
//! completed by the next one, and nothing is ever made twice.

mod blob_id;
pub mod dry_run;
pub mod github;
mod visibility;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use updraft_core::forge::{
    BranchHead, Checks, Comparison, Issue, MergeMethod, Protection, PullRequest, Signature,
};

pub use self::blob_id::blob_id;
pub use self::visibility::Visibility;

/// The folder whose files take a permission of their own to change.
pub const WORKFLOWS: &str = ".github/workflows/";

/// Why the forge did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForgeErrorKind {
    /// The token is missing, wrong or expired.
    Unauthorized,
    /// The token may not do this.
    Forbidden,
    /// There is no such thing, or the token may not see it.
    NotFound,
    /// The forge wants to be left alone for longer than this run may wait.
    RateLimited {
        /// When it can be asked again, where it says so.
        until: Option<Timestamp>,
    },
    /// It understood, and says no: a branch that has moved, a pull request that cannot be merged.
    Refused,
    /// It could not be reached, or broke off, also after several attempts.
    Unreachable,
    /// It answered something that makes no sense.
    Unexpected,
    /// The run is at its end: its deadline has passed, or it was told to stop.
    Stopped,
}

/// The forge did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ForgeError {
    /// The kind of failure.
    pub kind: ForgeErrorKind,
    /// What was tried and what the forge said: one line, never with a credential in it.
    pub message: String,
}

impl ForgeError {
    /// Returns whether it is only a matter of time: the run is at its end, or the forge wants to be left alone for a while.
    pub fn is_postponed(&self) -> bool {
        matches!(self.kind, ForgeErrorKind::RateLimited { .. } | ForgeErrorKind::Stopped)
    }

    /// Returns whether nothing else can be done in this repository either.
    pub fn is_fatal(&self) -> bool {
        matches!(
            self.kind,
            ForgeErrorKind::Unauthorized | ForgeErrorKind::RateLimited { .. } | ForgeErrorKind::Stopped
        )
    }
}

/// What the token may do in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing.
    None,
    /// Look.
    Read,
    /// Change.
    Write,
}

/// Whether the token may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// It may.
    Yes,
    /// It may not.
    No,
    /// The forge does not say; it shows when it is tried.
    Unknown,
}

/// One thing that the bot needs its token to be allowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The area, as the forge spells it.
    pub name: &'static str,
    /// What is wanted there: `read` or `write`.
    pub wanted: &'static str,
    /// Whether the token may.
    pub allowed: Allowed,
    /// What is missing without it.
    pub without: &'static str,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// `owner/name`, as the forge spells it.
    pub slug: String,
    /// Its page.
    pub web_url: String,
    /// The branch that everything is for.
    pub default_branch: String,
    /// Whether it can only be read, for everybody.
    pub is_archived: bool,
    /// Who may read it, and so what is written into it.
    pub visibility: Visibility,
    /// Whose it is at heart.
    pub descent: Descent,
    /// What the token may do.
    pub permission: Permission,
    /// Whether issues can be opened.
    pub has_issues: bool,
    /// How pull requests may be merged.
    pub merge_methods: BTreeSet<MergeMethod>,
    /// Whether the forge can merge pull requests by itself.
    pub allows_auto_merge: bool,
}

/// Whose a repository is at heart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descent {
    /// Its owner's.
    Own,
    /// A copy of somebody else's.
    Fork,
}

/// What kind of account a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A person, or a machine that looks like one.
    User,
    /// A GitHub App: its commits are signed by the forge.
    App,
}

/// Who we are on the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The login: `octocat`, `my-app[bot]`.
    pub login: String,
    /// Its number.
    pub id: u64,
    /// The kind of account.
    pub kind: AccountKind,
}

/// A commit and the tree in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitHead {
    /// The commit's id.
    pub sha: String,
    /// Its tree's id.
    pub tree: String,
}

/// What stands at a path of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// `100644`, `100755`, `120000` (a link) or `160000` (a submodule).
    pub mode: String,
    /// The content's id.
    pub sha: String,
    /// The content's size in bytes, where the forge says it.
    pub size: Option<u64>,
}

/// The files of a commit by path, in all folders.
pub type Tree = BTreeMap<String, TreeEntry>;

/// A file as a new commit has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Where it stands.
    pub path: String,
    /// Its mode, as in [`TreeEntry`].
    pub mode: String,
    /// What stands in it.
    pub text: Arc<str>,
}

/// A commit to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// The commit it comes after.
    pub parent: CommitHead,
    /// The files it changes; all others stay.
    pub files: Vec<NewFile>,
    /// The whole message.
    pub message: String,
    /// Who made it; `None` leaves that, and the signature, to the forge.
    pub author: Option<Signature>,
}

/// A pull request to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPull {
    /// The branch it brings.
    pub head: String,
    /// The branch it goes into.
    pub base: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Whether it is a draft.
    pub is_draft: bool,
}

/// What to change about a pull request or an issue; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The title.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// `Some(true)` opens it again, `Some(false)` closes it.
    pub open: Option<bool>,
    /// The branch a pull request goes into.
    pub base: Option<String>,
}

impl Change {
    /// Returns the change that closes.
    pub fn closing() -> Self {
        Self { open: Some(false), ..Self::default() }
    }
}

/// Returns whether two texts are the same but for their line ends and the space around them, which the forge and its pages change.
pub fn is_same_text(one: &str, other: &str) -> bool {
    let lines = |text: &str| text.trim().replace("\r\n", "\n");
    lines(one) == lines(other)
}

/// What a pull request was ever given or deprived of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Labels.
    pub labels: BTreeSet<String>,
    /// People it was assigned to, and people and `team:name`s who were asked for a review.
    pub people: BTreeSet<String>,
}

/// How to merge a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The commit that was looked at: anything else on the branch is not merged.
    pub head_sha: String,
    /// How.
    pub method: MergeMethod,
}

/// What the bot itself says of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStatus {
    /// Its name: `renovate/stability-days`.
    pub context: String,
    /// Whether all is well; a pending one turns green later.
    pub is_green: bool,
    /// In a few words, why.
    pub description: String,
}

/// What becomes of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It is written.
    Real,
    /// Nothing is written.
    Pretended,
}

/// One repository on a forge.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Returns what becomes of what is written here.
    fn writes(&self) -> Writes {
        Writes::Real
    }

    /// Returns the repository; [`ForgeErrorKind::NotFound`] when the token does not see it.
    async fn repository(&self) -> Result<Repository, ForgeError>;

    /// Returns what the token may do here, as far as the forge tells. It asks nothing: the answer is known once the repository was asked for.
    async fn grants(&self) -> Vec<Grant>;

    /// Returns who the token belongs to.
    async fn account(&self) -> Result<Account, ForgeError>;

    /// Returns where a branch points now; `None` when there is no such branch, or no commit at all.
    async fn head(&self, branch: &str) -> Result<Option<CommitHead>, ForgeError>;

    /// Returns the files of a commit.
    async fn tree(&self, commit: &CommitHead) -> Result<Tree, ForgeError>;

    /// Returns a file's content by its id.
    async fn blob(&self, sha: &str) -> Result<Vec<u8>, ForgeError>;

    /// Returns the contents of the regular files of a commit that are no larger than `limit` bytes, by path, in one request. The forge may
    /// leave some out, or all where they are too many at once, and may have changed some: only what has the id in the tree counts.
    async fn archive(&self, commit: &CommitHead, limit: u64)
    -> Result<BTreeMap<String, Vec<u8>>, ForgeError>;

    /// Returns the first lines of a branch's recent commits, newest first.
    async fn recent_subjects(&self, branch: &str) -> Result<Vec<String>, ForgeError>;

    /// Returns all branches whose name begins with `prefix`.
    async fn branches(&self, prefix: &str) -> Result<Vec<BranchHead>, ForgeError>;

    /// Returns a commit beside another; both are ids of commits. Where they have no commit in common it is [`ForgeErrorKind::NotFound`].
    async fn compare(&self, base: &str, head: &str) -> Result<Comparison, ForgeError>;

    /// Returns the ids of the commits that a commit comes right after: one, or several where it merges, or none.
    async fn parents(&self, commit: &str) -> Result<Vec<String>, ForgeError>;

    /// Returns all open pull requests from branches of this repository.
    async fn open_pulls(&self) -> Result<Vec<PullRequest>, ForgeError>;

    /// Returns all pull requests, in any state, that a branch ever had, newest first.
    async fn pulls_of(&self, branch: &str) -> Result<Vec<PullRequest>, ForgeError>;

    /// Returns a pull request as it is now.
    async fn pull(&self, number: u64) -> Result<PullRequest, ForgeError>;

    /// Returns the issues that this account opened, newest first, open ones and those closed lately; [`ForgeErrorKind::NotFound`] where they
    /// are switched off.
    async fn issues(&self) -> Result<Vec<Issue>, ForgeError>;

    /// Returns the open issues that another account opened.
    async fn open_issues_of(&self, login: &str) -> Result<Vec<Issue>, ForgeError>;

    /// Returns an issue as it is now.
    async fn issue(&self, number: u64) -> Result<Issue, ForgeError>;

    /// Returns what a pull request was ever given or deprived of, by whomever.
    async fn history(&self, number: u64) -> Result<History, ForgeError>;

    /// Returns the pull requests from branches of this repository that were opened at `since` or later, in any state.
    async fn opened_since(&self, since: Timestamp) -> Result<Vec<PullRequest>, ForgeError>;

    /// Returns what is checked of a commit.
    async fn checks(&self, sha: &str) -> Result<Checks, ForgeError>;

    /// Returns what a branch demands of those who change it; the default where the token may not see that.
    async fn protection(&self, branch: &str) -> Result<Protection, ForgeError>;

    /// Makes a commit that no branch knows yet, and returns it.
    async fn commit(&self, commit: &NewCommit) -> Result<CommitHead, ForgeError>;

    /// Makes a branch. One of that name that points elsewhere is [`ForgeErrorKind::Refused`].
    async fn create_branch(&self, name: &str, sha: &str) -> Result<(), ForgeError>;

    /// Moves a branch from one commit to another, whatever lies between them. One that has moved meanwhile is [`ForgeErrorKind::Refused`].
    async fn move_branch(&self, name: &str, from: &str, to: &str) -> Result<(), ForgeError>;

    /// Moves a branch forward to a commit that comes after its own; anything else is [`ForgeErrorKind::Refused`].
    async fn fast_forward(&self, name: &str, to: &str) -> Result<(), ForgeError>;

    /// Deletes a branch that still points to `sha`; one that is gone already is as good. One that has moved is [`ForgeErrorKind::Refused`].
    async fn delete_branch(&self, name: &str, sha: &str) -> Result<(), ForgeError>;

    /// Opens a pull request, or returns the open one that its branch has already.
    async fn create_pull(&self, pull: &NewPull) -> Result<PullRequest, ForgeError>;

    /// Changes a pull request.
    async fn change_pull(&self, number: u64, change: &Change) -> Result<(), ForgeError>;

    /// Adds labels to a pull request or an issue.
    async fn add_labels(&self, number: u64, labels: &BTreeSet<String>) -> Result<(), ForgeError>;

    /// Takes a label off; one that is not there is as good.
    async fn remove_label(&self, number: u64, label: &str) -> Result<(), ForgeError>;

    /// Assigns people; those who cannot be assigned are left out by the forge.
    async fn assign(&self, number: u64, people: &BTreeSet<String>) -> Result<(), ForgeError>;

    /// Asks people and `team:name`s for a review.
    async fn request_review(&self, number: u64, reviewers: &BTreeSet<String>) -> Result<(), ForgeError>;

    /// Writes a comment that begins with a heading, or rewrites the one of ours with that heading; without a heading its first line stands for it.
    /// The same text again writes nothing.
    async fn comment(&self, number: u64, heading: &str, text: &str) -> Result<(), ForgeError>;

    /// Merges a pull request; [`ForgeErrorKind::Refused`] when it cannot be merged now.
    async fn merge(&self, number: u64, merge: &Merge) -> Result<(), ForgeError>;

    /// Lets the forge merge a pull request once it may.
    async fn enable_auto_merge(&self, pull: &PullRequest, method: MergeMethod) -> Result<(), ForgeError>;

    /// Has the forge no longer merge a pull request by itself; one that it would not merge anyhow is as good.
    async fn disable_auto_merge(&self, pull: &PullRequest) -> Result<(), ForgeError>;

    /// Opens an issue, or returns the open one of ours that has its title already.
    async fn create_issue(
        &self,
        title: &str,
        body: &str,
        labels: &BTreeSet<String>,
    ) -> Result<Issue, ForgeError>;

    /// Changes an issue.
    async fn change_issue(&self, number: u64, change: &Change) -> Result<(), ForgeError>;

    /// Says something of a commit.
    async fn set_status(&self, sha: &str, status: &NewStatus) -> Result<(), ForgeError>;
}
