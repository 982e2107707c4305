//! The files of a commit: which there are, and what stands in one.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::GithubRepository;
use super::client::{Call, RAW, Sends as _, path};
use super::error::unexpected;
use crate::forge::{ForgeError, Tree, TreeEntry, blob_id};
use crate::http::Proof;

/// The largest file that is read, in bytes.
const FILE_LIMIT: u64 = 32 * 1024 * 1024;
/// The largest list of files that is read, in bytes. GitHub cuts it at some 7 MB.
const LIST_LIMIT: u64 = 64 * 1024 * 1024;
/// How many folders are asked for one by one, where a list is cut.
const FOLDERS: usize = 10_000;

#[derive(Deserialize)]
struct Listing {
    tree: Vec<Entry>,
    truncated: bool,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    sha: String,
    size: Option<u64>,
}

/// The ids of a folder in which there is nothing, as git makes them with SHA-1 and SHA-256.
const NOTHING: [&str; 2] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];

impl Listing {
    /// Whether it says all that it was asked for.
    fn is_complete(&self, sha: &str, depth: Depth) -> bool {
        match depth {
            Depth::Everything => self.is_whole(sha),
            Depth::OneFolder => self.has_entries(sha),
        }
    }

    /// Whether it says what is in a folder.
    fn has_entries(&self, sha: &str) -> bool {
        !self.tree.is_empty() || NOTHING.contains(&sha)
    }

    /// Whether it also says what is in each folder in it, or that it does not.
    fn is_whole(&self, sha: &str) -> bool {
        let filled: BTreeSet<&str> =
            self.tree.iter().filter_map(|entry| Some(entry.path.rsplit_once('/')?.0)).collect();
        let is_filled = |entry: &Entry| {
            entry.kind != "tree"
                || filled.contains(entry.path.as_str())
                || NOTHING.contains(&entry.sha.as_str())
        };
        self.has_entries(sha) && (self.truncated || self.tree.iter().all(is_filled))
    }
}

/// The length of the ids that are known how to make.
const SHA1: usize = 40;

/// How deep a listing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Everything,
    OneFolder,
}

impl GithubRepository {
    pub(super) async fn read_tree(&self, sha: &str) -> Result<Tree, ForgeError> {
        let mut tree = Tree::new();
        let whole = self.listing(sha, Depth::Everything).await?;
        if !whole.truncated {
            add(&mut tree, "", whole.tree, &mut Vec::new());
            return Ok(tree);
        }
        // Too many files for one reply: folder by folder, each as a whole where that is possible.
        let mut folders = vec![(String::new(), sha.to_owned())];
        let mut asked = 0;
        while let Some((prefix, sha)) = folders.pop() {
            asked += 1;
            if asked > FOLDERS {
                return Err(unexpected("list the files", format!("there are more than {FOLDERS} folders")));
            }
            let deep =
                if prefix.is_empty() { None } else { Some(self.listing(&sha, Depth::Everything).await?) };
            match deep {
                Some(deep) if !deep.truncated => {
                    add(&mut tree, &prefix, deep.tree, &mut Vec::new());
                }
                _ => {
                    let flat = self.listing(&sha, Depth::OneFolder).await?;
                    add(&mut tree, &prefix, flat.tree, &mut folders);
                }
            }
        }
        Ok(tree)
    }

    async fn listing(&self, sha: &str, depth: Depth) -> Result<Listing, ForgeError> {
        let recursive = if depth == Depth::Everything { "?recursive=1" } else { "" };
        let task = "list the files of a commit";
        let call = Call::get(self.route(format!("/git/trees/{}{recursive}", path(sha))), task);
        let proof = match depth {
            Depth::Everything => Proof::new(sha, |body, sha| is_listing(body, sha, Depth::Everything)),
            Depth::OneFolder => Proof::new(sha, |body, sha| is_listing(body, sha, Depth::OneFolder)),
        };
        let listing: Listing = self.send(&call.immutable(proof).body_limit(LIST_LIMIT)).await?.json()?;
        // Files that are not there would have no dependencies, whose updates nobody needs.
        if listing.is_complete(sha, depth) { Ok(listing) } else { Err(unexpected(task, "files are missing")) }
    }

    pub(super) async fn read_blob(&self, sha: &str) -> Result<Vec<u8>, ForgeError> {
        let task = format!("read the file `{sha}`");
        let call = Call::get(self.route(format!("/git/blobs/{}", path(sha))), &task);
        let call = call.immutable(Proof::new(sha, is_blob)).accept(RAW).body_limit(FILE_LIMIT);
        let answer = self.send(&call).await?;
        // A file that came empty would be one without dependencies, whose updates nobody needs.
        if !is_blob(&answer.body, sha) {
            return Err(unexpected(&task, "it is not the file with this id"));
        }
        Ok(answer.body.to_vec())
    }
}

fn is_listing(body: &[u8], sha: &str, depth: Depth) -> bool {
    serde_json::from_slice(body).is_ok_and(|listing: Listing| listing.is_complete(sha, depth))
}

/// Whether a file is the one with an id; ids of another length are of another kind, and are believed.
fn is_blob(bytes: &[u8], sha: &str) -> bool {
    sha.len() != SHA1 || blob_id(bytes) == sha
}

/// Adds what was listed below a folder; folders that were not gone into go to `folders`.
fn add(tree: &mut Tree, prefix: &str, entries: Vec<Entry>, folders: &mut Vec<(String, String)>) {
    for entry in entries {
        let path = format!("{prefix}{}", entry.path);
        if entry.kind == "tree" {
            folders.push((format!("{path}/"), entry.sha));
        } else {
            tree.insert(path, TreeEntry { mode: entry.mode, sha: entry.sha, size: entry.size });
        }
    }
}
