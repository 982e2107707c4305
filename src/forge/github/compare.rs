//! Two commits side by side.

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::forge::{BranchCommit, ChangedFile, Comparison, Signature};

use super::GithubRepository;
use super::client::{Call, Sends as _, path};
use super::error::unexpected;
use crate::forge::ForgeError;
use crate::http::Proof;

/// GitHub names no more files than this, and does not say that it left any out.
const FILES: usize = 300;
/// How many commits are asked for.
const COMMITS: u64 = 100;

#[derive(Deserialize)]
struct Compared {
    merge_base_commit: Named,
    ahead_by: u64,
    behind_by: u64,
    commits: Vec<Listed>,
    files: Option<Vec<Changed>>,
}

impl Compared {
    /// Whether there are as many commits as it says, or as there can be in one reply.
    fn names_all_commits(&self) -> bool {
        u64::try_from(self.commits.len()).is_ok_and(|named| named >= self.ahead_by.min(COMMITS))
    }
}

#[derive(Deserialize)]
struct Named {
    sha: String,
}

#[derive(Deserialize)]
struct Listed {
    sha: String,
    commit: GitCommit,
}

#[derive(Deserialize)]
struct GitCommit {
    message: Option<String>,
    author: Person,
    committer: Person,
}

/// Who made a commit. Without an address it could be anybody, and nobody is told that somebody changed a branch when nobody did.
#[derive(Deserialize)]
struct Person {
    name: Option<String>,
    email: String,
    date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Changed {
    filename: String,
    status: String,
    sha: Option<String>,
    previous_filename: Option<String>,
}

impl GithubRepository {
    pub(super) async fn read_comparison(&self, base: &str, head: &str) -> Result<Comparison, ForgeError> {
        let task = format!("compare `{base}` with `{head}`");
        let call = Call::get(
            self.route(format!("/compare/{}...{}?per_page={COMMITS}", path(base), path(head))),
            &task,
        );
        // Both are ids, so the reply can never be another one.
        let proof = Proof::new("", |body, _| {
            serde_json::from_slice(body).is_ok_and(|compared: Compared| compared.names_all_commits())
        });
        let compared: Compared = self.send(&call.immutable(proof)).await?.json()?;
        if !compared.names_all_commits() {
            return Err(unexpected(&task, "it does not name all commits"));
        }
        let merge_base = compared.merge_base_commit.sha;
        let files = match compared.files {
            Some(listed) if listed.len() < FILES => changes(listed),
            // A list that is not there is no empty one either.
            _ => self.differences(&merge_base, head).await?,
        };
        Ok(Comparison {
            merge_base,
            behind_by: compared.behind_by,
            commits: compared.commits.into_iter().map(commit).collect(),
            files,
            ahead_by: compared.ahead_by,
        })
    }

    /// Returns how the files of two commits differ, by their lists.
    async fn differences(&self, base: &str, head: &str) -> Result<Vec<ChangedFile>, ForgeError> {
        let (base, head) = (self.read_commit(base).await?, self.read_commit(head).await?);
        let (old, new) = (self.read_tree(&base.tree).await?, self.read_tree(&head.tree).await?);
        let written = new
            .iter()
            .filter(|(path, entry)| {
                old.get(*path).is_none_or(|before| (&before.sha, &before.mode) != (&entry.sha, &entry.mode))
            })
            .map(|(path, entry)| ChangedFile { path: path.clone(), blob: Some(entry.sha.clone()) });
        let removed = old
            .keys()
            .filter(|path| !new.contains_key(*path))
            .map(|path| ChangedFile { path: path.clone(), blob: None });
        Ok(written.chain(removed).collect())
    }
}

fn changes(listed: Vec<Changed>) -> Vec<ChangedFile> {
    let mut files = Vec::with_capacity(listed.len());
    for file in listed {
        match file.status.as_str() {
            "removed" => files.push(ChangedFile { path: file.filename, blob: None }),
            // A file under another name is one file less and one more; a copy leaves its model where it is.
            status => {
                if let (Some(path), "renamed") = (file.previous_filename, status) {
                    files.push(ChangedFile { path, blob: None });
                }
                files.push(ChangedFile { path: file.filename, blob: file.sha });
            }
        }
    }
    files
}

fn commit(listed: Listed) -> BranchCommit {
    let signature = |person: Person| Signature { name: person.name.unwrap_or_default(), email: person.email };
    let committed_at = listed.commit.committer.date;
    BranchCommit {
        sha: listed.sha,
        message: listed.commit.message.unwrap_or_default(),
        author: signature(listed.commit.author),
        committer: signature(listed.commit.committer),
        committed_at,
    }
}
