//! Making commits.

use std::sync::PoisonError;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use super::client::{Call, Sends as _};
use crate::forge::{CommitHead, ForgeError, ForgeErrorKind, NewCommit, WORKFLOWS};

#[derive(Deserialize)]
struct Made {
    sha: String,
}

impl GithubRepository {
    pub(super) async fn make_commit(&self, commit: &NewCommit) -> Result<CommitHead, ForgeError> {
        let changes_workflows = commit.files.iter().any(|file| file.path.starts_with(WORKFLOWS));
        let explain = |error: ForgeError| if changes_workflows { workflow_error(error) } else { error };
        let files: Vec<Value> = commit
            .files
            .iter()
            .map(|file| json!({"path": file.path, "mode": file.mode, "type": "blob", "content": &*file.text}))
            .collect();
        let body = json!({"base_tree": commit.parent.tree, "tree": files});
        // Objects of git are named by their content: made twice, they are there once.
        let call = Call::set(Method::POST, self.route("/git/trees"), "write the changed files", body);
        let tree: Made = self.send(&call).await.map_err(explain)?.json()?;
        let mut body = json!({"message": commit.message, "tree": tree.sha, "parents": [commit.parent.sha]});
        if let Some(author) = &commit.author {
            // A date of our own, so that a repetition makes the same commit.
            let date = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default().to_string();
            let person = json!({"name": author.name, "email": author.email, "date": date});
            body["author"] = person.clone();
            body["committer"] = person;
        }
        let call = Call::set(Method::POST, self.route("/git/commits"), "make a commit", body);
        let made: Made = self.send(&call).await.map_err(explain)?.json()?;
        if changes_workflows {
            self.workflow_commits.lock().unwrap_or_else(PoisonError::into_inner).insert(made.sha.clone());
        }
        Ok(CommitHead { sha: made.sha, tree: tree.sha })
    }

    /// Returns the error of moving a branch to a commit, with the reason where that is the missing permission for workflows.
    pub(super) fn about_workflows(&self, error: ForgeError, sha: &str) -> ForgeError {
        let commits = self.workflow_commits.lock().unwrap_or_else(PoisonError::into_inner);
        let says_so = error.message.contains("workflow");
        if says_so || commits.contains(sha) { workflow_error(error) } else { error }
    }
}

/// Returns an error about files of workflows. GitHub refuses them in three ways to those who lack the permission, one of which is that
/// there were no such thing.
fn workflow_error(error: ForgeError) -> ForgeError {
    let is_about_it = match error.kind {
        ForgeErrorKind::Forbidden | ForgeErrorKind::NotFound => true,
        ForgeErrorKind::Refused => error.message.contains("workflow"),
        _ => false,
    };
    if !is_about_it {
        return error;
    }
    let message = format!(
        "{}; changing `{WORKFLOWS}` takes a token with the `workflow` scope, or the permission `Workflows: write`",
        error.message
    );
    ForgeError { kind: ForgeErrorKind::Forbidden, message }
}
