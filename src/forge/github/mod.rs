//! GitHub, and what speaks as it does: GitHub Enterprise Server, tenants of ghe.com.
//!
//! Requests are made with octocrab and sent by our own HTTP client, so that one set of rules holds for all of the process. Replies are
//! read with small types of our own: every field that GitHub may leave out is optional, and no field is asked for that is not used.
//!
//! What changes something goes one after the other. What must not happen twice (pull requests, issues, comments, branches) is never sent
//! again blindly: when the answer was lost, the forge looks what is there, and sends it once more if it is not.

mod account;
mod archive;
mod auth;
mod branches;
mod checks;
mod client;
mod comments;
mod commits;
mod compare;
mod error;
mod grants;
mod issues;
mod jwt;
mod merging;
mod people;
mod protection;
mod pulls;
mod repositories;
mod service;
mod slug;
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::OnceCell;
use updraft_core::forge::{BranchHead, Checks, Comparison, Issue, MergeMethod, Protection, PullRequest};
use url::Url;

pub use self::archive::unpack;
pub use self::auth::{App, Credentials};
pub use self::jwt::KeyError;
pub use self::repositories::Found;

use self::auth::Auth;
use self::client::{Answer, Call, Client, Sends};
use self::slug::Slug;
use super::{
    Account, Change, CommitHead, Forge, ForgeError, ForgeErrorKind, Grant, History, Merge, NewCommit,
    NewPull, NewStatus, Repository, Tree,
};
use crate::http::Http;

/// One GitHub, as one account sees it.
#[derive(Clone, Debug)]
pub struct Github {
    connection: Arc<Connection>,
}

#[derive(Debug)]
struct Connection {
    client: Arc<Client>,
    auth: Auth,
    account: OnceCell<Account>,
}

impl Github {
    /// Returns the GitHub whose API is at `endpoint`: `https://api.github.com`, `https://github.example.org/api/v3`. It must be called
    /// inside of a tokio runtime.
    ///
    /// The credentials go to this address only. Over plain http they go because the operator named such an address.
    pub fn connect(http: &Http, endpoint: &Url, credentials: Credentials) -> Self {
        let endpoint = api(endpoint);
        if endpoint.scheme() == "http" && !is_loopback(&endpoint) {
            tracing::warn!(
                endpoint = endpoint.as_str(),
                "the token is sent over plain http, where everybody on the way can read it"
            );
        }
        let client = Client::new(http.clone(), &endpoint);
        let connection = Connection { client, auth: Auth::new(credentials), account: OnceCell::new() };
        Self { connection: Arc::new(connection) }
    }

    /// Returns a repository, `owner/name`. Nothing is asked yet.
    ///
    /// # Errors
    /// `slug` is no name of a repository.
    pub fn repository(&self, slug: &str) -> Result<GithubRepository, ForgeError> {
        let slug = Slug::parse(slug).ok_or_else(|| ForgeError {
            kind: ForgeErrorKind::NotFound,
            message: format!("`{}` is not `owner/name`", error::one_line(slug)),
        })?;
        Ok(GithubRepository {
            connection: Arc::clone(&self.connection),
            slug: Mutex::new(slug),
            scopes: Mutex::default(),
            workflow_commits: Mutex::default(),
        })
    }

    /// Returns the repositories that the account may write to.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn repositories(&self) -> Result<Found, ForgeError> {
        repositories::all(&self.connection).await
    }
}

/// A repository on GitHub.
#[derive(Debug)]
pub struct GithubRepository {
    connection: Arc<Connection>,
    /// As GitHub spells it, once it was asked.
    slug: Mutex<Slug>,
    /// The scopes of a classic token.
    scopes: Mutex<Option<Vec<String>>>,
    /// Commits made here that change workflows: branches with them take a permission of their own.
    workflow_commits: Mutex<BTreeSet<String>>,
}

impl GithubRepository {
    fn slug(&self) -> Slug {
        self.slug.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the route of something in the repository.
    fn route(&self, rest: impl AsRef<str>) -> String {
        format!("/repos/{}{}", self.slug(), rest.as_ref())
    }
}

impl Sends for GithubRepository {
    async fn send(&self, call: &Call) -> Result<Answer, ForgeError> {
        let (client, auth) = (&self.connection.client, &self.connection.auth);
        let slug = self.slug();
        let answer = client.send(call, auth.credential(client, &slug).await?).await;
        match answer {
            // A token of an App may end before its time. What was refused like this was not carried out.
            Err(error) if error.kind == ForgeErrorKind::Unauthorized && auth.forget(&slug).await => {
                client.send(call, auth.credential(client, &slug).await?).await
            }
            answer => answer,
        }
    }

    fn next(&self, answer: &Answer) -> Option<String> {
        self.connection.client.next(answer)
    }
}

/// Returns the address of the API; people also write that of the website.
fn api(endpoint: &Url) -> Url {
    let mut api = endpoint.clone();
    let host = endpoint.host_str().unwrap_or_default();
    if host == "github.com" || (host.ends_with(".ghe.com") && !host.starts_with("api.")) {
        let host = format!("api.{host}");
        // The host stays a valid one with a label more.
        let _ = api.set_host(Some(&host));
        api.set_path("/");
    }
    api
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[async_trait]
impl Forge for GithubRepository {
    async fn repository(&self) -> Result<Repository, ForgeError> {
        self.read_repository().await
    }

    async fn grants(&self) -> Vec<Grant> {
        self.known_grants().await
    }

    async fn account(&self) -> Result<Account, ForgeError> {
        self.read_account().await
    }

    async fn head(&self, branch: &str) -> Result<Option<CommitHead>, ForgeError> {
        self.read_head(branch).await
    }

    async fn tree(&self, commit: &CommitHead) -> Result<Tree, ForgeError> {
        self.read_tree(&commit.tree).await
    }

    async fn blob(&self, sha: &str) -> Result<Vec<u8>, ForgeError> {
        self.read_blob(sha).await
    }

    async fn archive(
        &self,
        commit: &CommitHead,
        limit: u64,
    ) -> Result<BTreeMap<String, Vec<u8>>, ForgeError> {
        self.read_archive(commit, limit).await
    }

    async fn recent_subjects(&self, branch: &str) -> Result<Vec<String>, ForgeError> {
        self.read_subjects(branch).await
    }

    async fn branches(&self, prefix: &str) -> Result<Vec<BranchHead>, ForgeError> {
        self.read_branches(prefix).await
    }

    async fn compare(&self, base: &str, head: &str) -> Result<Comparison, ForgeError> {
        self.read_comparison(base, head).await
    }

    async fn parents(&self, commit: &str) -> Result<Vec<String>, ForgeError> {
        self.read_parents(commit).await
    }

    async fn open_pulls(&self) -> Result<Vec<PullRequest>, ForgeError> {
        self.read_open_pulls().await
    }

    async fn pulls_of(&self, branch: &str) -> Result<Vec<PullRequest>, ForgeError> {
        self.read_pulls_of(branch).await
    }

    async fn pull(&self, number: u64) -> Result<PullRequest, ForgeError> {
        self.read_pull(number).await
    }

    async fn issues(&self) -> Result<Vec<Issue>, ForgeError> {
        self.read_issues().await
    }

    async fn open_issues_of(&self, login: &str) -> Result<Vec<Issue>, ForgeError> {
        self.read_open_issues(login).await
    }

    async fn issue(&self, number: u64) -> Result<Issue, ForgeError> {
        self.read_issue(number).await
    }

    async fn history(&self, number: u64) -> Result<History, ForgeError> {
        self.read_history(number).await
    }

    async fn opened_since(&self, since: Timestamp) -> Result<Vec<PullRequest>, ForgeError> {
        self.read_pulls_since(since).await
    }

    async fn checks(&self, sha: &str) -> Result<Checks, ForgeError> {
        self.read_checks(sha).await
    }

    async fn protection(&self, branch: &str) -> Result<Protection, ForgeError> {
        self.read_protection(branch).await
    }

    async fn commit(&self, commit: &NewCommit) -> Result<CommitHead, ForgeError> {
        self.make_commit(commit).await
    }

    async fn create_branch(&self, name: &str, sha: &str) -> Result<(), ForgeError> {
        self.make_branch(name, sha).await
    }

    async fn move_branch(&self, name: &str, from: &str, to: &str) -> Result<(), ForgeError> {
        self.force_branch(name, from, to).await
    }

    async fn fast_forward(&self, name: &str, to: &str) -> Result<(), ForgeError> {
        self.advance_branch(name, to).await
    }

    async fn delete_branch(&self, name: &str, sha: &str) -> Result<(), ForgeError> {
        self.remove_branch(name, sha).await
    }

    async fn create_pull(&self, pull: &NewPull) -> Result<PullRequest, ForgeError> {
        self.open_pull(pull).await
    }

    async fn change_pull(&self, number: u64, change: &Change) -> Result<(), ForgeError> {
        self.edit_pull(number, change).await
    }

    async fn add_labels(&self, number: u64, labels: &BTreeSet<String>) -> Result<(), ForgeError> {
        self.give_labels(number, labels).await
    }

    async fn remove_label(&self, number: u64, label: &str) -> Result<(), ForgeError> {
        self.take_label(number, label).await
    }

    async fn assign(&self, number: u64, people: &BTreeSet<String>) -> Result<(), ForgeError> {
        self.assign_people(number, people).await
    }

    async fn request_review(&self, number: u64, reviewers: &BTreeSet<String>) -> Result<(), ForgeError> {
        self.ask_reviewers(number, reviewers).await
    }

    async fn comment(&self, number: u64, heading: &str, text: &str) -> Result<(), ForgeError> {
        self.write_comment(number, heading, text).await
    }

    async fn merge(&self, number: u64, merge: &Merge) -> Result<(), ForgeError> {
        self.merge_pull(number, merge).await
    }

    async fn enable_auto_merge(&self, pull: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        self.leave_merging(pull, method).await
    }

    async fn disable_auto_merge(&self, pull: &PullRequest) -> Result<(), ForgeError> {
        self.take_merging_back(pull).await
    }

    async fn create_issue(
        &self,
        title: &str,
        body: &str,
        labels: &BTreeSet<String>,
    ) -> Result<Issue, ForgeError> {
        self.open_issue(title, body, labels).await
    }

    async fn change_issue(&self, number: u64, change: &Change) -> Result<(), ForgeError> {
        self.edit_issue(number, change).await
    }

    async fn set_status(&self, sha: &str, status: &NewStatus) -> Result<(), ForgeError> {
        self.write_status(sha, status).await
    }
}

#[cfg(test)]
mod tests;
