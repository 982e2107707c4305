//! Branches: where they point, and moving them.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use updraft_core::forge::BranchHead;

use super::GithubRepository;
use super::client::{Call, Sends as _, found, once, pages, path, query, unless_moved};
use super::error::{is_empty_repository, refused};
use crate::forge::{CommitHead, ForgeError, ForgeErrorKind};
use crate::http::Proof;

/// How many commits tell how a repository writes its subjects.
const SUBJECTS: &str = "20";

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "ref")]
    name: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: String,
}

#[derive(Deserialize)]
struct GitCommit {
    sha: String,
    tree: Object,
}

/// The commits that a commit comes right after.
#[derive(Deserialize)]
struct Lineage {
    parents: Vec<Object>,
}

#[derive(Deserialize)]
struct Listed {
    commit: Message,
}

#[derive(Deserialize)]
struct Message {
    message: Option<String>,
}

impl GithubRepository {
    /// Returns the commit that a branch points to; `None` when there is no such branch, or no commit at all.
    pub(super) async fn tip(&self, branch: &str) -> Result<Option<String>, ForgeError> {
        let call = Call::get(
            self.route(format!("/git/ref/heads/{}", path(branch))),
            format!("read the branch `{branch}`"),
        );
        let reference: Option<Reference> = match found(self.send(&call.tells::<Reference>()).await) {
            Ok(answer) => answer.map(|answer| answer.json()).transpose()?,
            Err(error) if is_empty_repository(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(reference.map(|reference| reference.object.sha))
    }

    pub(super) async fn read_head(&self, branch: &str) -> Result<Option<CommitHead>, ForgeError> {
        match self.tip(branch).await? {
            Some(sha) => self.read_commit(&sha).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns a commit with its tree.
    pub(super) async fn read_commit(&self, sha: &str) -> Result<CommitHead, ForgeError> {
        let commit: GitCommit = self.git_commit(sha).await?;
        Ok(CommitHead { sha: commit.sha, tree: commit.tree.sha })
    }

    /// Returns the commits that a commit comes right after.
    pub(super) async fn read_parents(&self, sha: &str) -> Result<Vec<String>, ForgeError> {
        let commit: Lineage = self.git_commit(sha).await?;
        Ok(commit.parents.into_iter().map(|parent| parent.sha).collect())
    }

    async fn git_commit<T: DeserializeOwned>(&self, sha: &str) -> Result<T, ForgeError> {
        let call =
            Call::get(self.route(format!("/git/commits/{}", path(sha))), format!("read the commit `{sha}`"));
        self.send(&call.immutable(Proof::of::<T>())).await?.json()
    }

    pub(super) async fn read_branches(&self, prefix: &str) -> Result<Vec<BranchHead>, ForgeError> {
        let first = Call::get(
            self.route(format!("/git/matching-refs/heads/{}", path(prefix))),
            format!("list the branches that begin with `{prefix}`"),
        );
        let listed: Vec<Vec<Reference>> = match pages(self, first).await {
            Err(error) if is_empty_repository(&error) => Vec::new(),
            listed => listed?,
        };
        let head = |reference: Reference| {
            let name = reference.name.strip_prefix("refs/heads/")?.to_owned();
            name.starts_with(prefix).then_some(BranchHead { name, sha: reference.object.sha })
        };
        Ok(listed.into_iter().flatten().filter_map(head).collect())
    }

    pub(super) async fn read_subjects(&self, branch: &str) -> Result<Vec<String>, ForgeError> {
        let call = Call::get(
            self.route(format!("/commits{}", query(&[("sha", branch), ("per_page", SUBJECTS)]))),
            format!("read the recent commits of `{branch}`"),
        );
        let listed: Vec<Listed> = match self.send(&call.tells::<Vec<Listed>>()).await {
            Err(error) if is_empty_repository(&error) => Vec::new(),
            answer => answer?.json()?,
        };
        let subject = |listed: Listed| {
            listed.commit.message.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
        };
        Ok(listed.into_iter().map(subject).collect())
    }

    pub(super) async fn make_branch(&self, name: &str, sha: &str) -> Result<(), ForgeError> {
        let task = format!("make the branch `{name}`");
        let body = json!({"ref": format!("refs/heads/{name}"), "sha": sha});
        let call = Call::change(Method::POST, self.route("/git/refs"), &task, body);
        let there = || async {
            match self.tip(name).await? {
                Some(tip) if tip == sha => Ok(Some(())),
                Some(_) => Err(refused(&task, "there is one that points elsewhere")),
                None => Ok(None),
            }
        };
        let made = once(|| async { self.send(&call).await.map(|_| ()) }, there).await;
        match made {
            // It may be there since an earlier run was killed.
            Err(error) if error.kind == ForgeErrorKind::Refused => match there().await? {
                Some(()) => Ok(()),
                None => Err(self.about_workflows(error, sha)),
            },
            made => made.map_err(|error| self.about_workflows(error, sha)),
        }
    }

    pub(super) async fn force_branch(&self, name: &str, from: &str, to: &str) -> Result<(), ForgeError> {
        let task = format!("move the branch `{name}`");
        let body = json!({"sha": to, "force": true});
        let route = self.route(format!("/git/refs/heads/{}", path(name)));
        // GitHub cannot be told what to expect there, so it is looked at right before, each time.
        let call = Call::change(Method::PATCH, route, &task, body).sent_once();
        let is_there = || async {
            match self.tip(name).await? {
                Some(tip) if tip == to => Ok(Some(())),
                Some(tip) if tip == from => Ok(None),
                Some(_) => Err(refused(&task, "somebody else has moved it")),
                None => Err(refused(&task, "it is gone")),
            }
        };
        unless_moved(|| async { self.send(&call).await.map(|_| ()) }, is_there)
            .await
            .map_err(|error| self.about_workflows(error, to))
    }

    pub(super) async fn advance_branch(&self, name: &str, to: &str) -> Result<(), ForgeError> {
        let call = Call::set(
            Method::PATCH,
            self.route(format!("/git/refs/heads/{}", path(name))),
            format!("move the branch `{name}` forward"),
            json!({"sha": to, "force": false}),
        );
        self.send(&call).await.map(|_| ()).map_err(|error| self.about_workflows(error, to))
    }

    pub(super) async fn remove_branch(&self, name: &str, sha: &str) -> Result<(), ForgeError> {
        let task = format!("delete the branch `{name}`");
        let is_gone = || async {
            match self.tip(name).await? {
                None => Ok(Some(())),
                Some(tip) if tip != sha => Err(refused(&task, "somebody else has moved it")),
                Some(_) => Ok(None),
            }
        };
        let route = self.route(format!("/git/refs/heads/{}", path(name)));
        let call = Call::change(Method::DELETE, route, &task, None::<Value>).sent_once();
        match unless_moved(|| async { self.send(&call).await.map(|_| ()) }, is_gone).await {
            // Gone, by whomever.
            Err(error)
                if matches!(error.kind, ForgeErrorKind::NotFound | ForgeErrorKind::Refused)
                    && self.tip(name).await?.is_none() =>
            {
                Ok(())
            }
            answer => answer,
        }
    }
}
