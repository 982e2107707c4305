//! Reads a repository from its forge, without a clone.
//!
//! One request says which files there are and what each holds, by the id of its content. What an earlier run left in the cache under the same id
//! is not asked for again; where much is missing, one archive brings everything.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use updraft_core::name::RepoPath;
use updraft_core::problem::Problem;

use super::text::{MAX_FILE_BYTES, is_binary_by_name, text_file, too_large};
use super::{Identity, Snapshot, lost_configuration};
use crate::forge::{CommitHead, Forge, ForgeError, Repository, Tree, TreeEntry, blob_id};
use crate::http::Http;

/// Up to so many files are asked for one by one; above that, an archive is less work for everybody.
const FEW_FILES: usize = 20;
/// How many files are asked for at once.
const AT_ONCE: usize = 8;

/// Returns the text files of a commit and its whole tree.
///
/// # Errors
/// The forge cannot be asked for the tree or for a file in it.
pub async fn read(
    forge: &dyn Forge,
    http: &Http,
    repository: &Repository,
    commit: &CommitHead,
) -> Result<(Snapshot, Tree), ForgeError> {
    let tree = forge.tree(commit).await?;
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut wanted: Vec<(RepoPath, &TreeEntry)> = Vec::new();
    for (path, entry) in &tree {
        match wants(path, entry) {
            Some(Ok(path)) => wanted.push((path, entry)),
            Some(Err(problem)) => problems.push(problem),
            None => {}
        }
    }
    let shelf = Shelf { http, name: format!("files-of/1 {} {}", repository.web_url, repository.slug) };
    let mut texts = shelf.texts().await;
    let known = texts.len();
    let missing: Vec<&(RepoPath, &TreeEntry)> =
        wanted.iter().filter(|(_, entry)| !texts.contains_key(&entry.sha)).collect();
    let is_complete = missing.is_empty();
    let fetched = contents(forge, commit, &missing).await?;
    texts.extend(fetched.into_iter().map(|(sha, bytes)| (sha, Arc::from(bytes))));
    for (path, entry) in &wanted {
        let Some(bytes) = texts.get(&entry.sha) else { continue };
        match text_file(path, bytes) {
            Some(Ok(file)) => files.push(file),
            Some(Err(problem)) => problems.push(problem),
            None => {}
        }
    }
    let used: HashSet<&str> = wanted.iter().map(|(_, entry)| entry.sha.as_str()).collect();
    if !is_complete || known > used.len() {
        texts.retain(|sha, _| used.contains(sha.as_str()));
        shelf.keep(&texts).await;
    }
    let is_link = |path: &str| tree.get(path).is_some_and(|entry| entry.mode == "120000");
    problems.extend(lost_configuration::behind_a_link(&files, is_link));
    problems.sort();
    let identity = Identity {
        name: repository.slug.rsplit('/').next().unwrap_or(&repository.slug).to_owned(),
        slug: Some(repository.slug.as_str().into()),
        host: url::Url::parse(&repository.web_url).ok().and_then(|url| url.host_str().map(Into::into)),
        base_branch: Some(repository.default_branch.as_str().into()),
        recent_subjects: Vec::new(),
    };
    Ok((Snapshot { files, problems, identity }, tree))
}

/// Returns the path of a file that is read, why one cannot be read, or `None` for what is not ours: links, submodules, pictures.
fn wants(path: &str, entry: &TreeEntry) -> Option<Result<RepoPath, Problem>> {
    if !matches!(entry.mode.as_str(), "100644" | "100755") {
        return None;
    }
    let path = RepoPath::new(path)?;
    if is_binary_by_name(&path) {
        return None;
    }
    match entry.size {
        Some(size) if size > MAX_FILE_BYTES => too_large(&path, size).map(Err),
        _ => Some(Ok(path)),
    }
}

/// Returns the contents of files by their ids.
async fn contents(
    forge: &dyn Forge,
    commit: &CommitHead,
    missing: &[&(RepoPath, &TreeEntry)],
) -> Result<HashMap<String, Vec<u8>>, ForgeError> {
    let mut found: HashMap<String, Vec<u8>> = HashMap::new();
    if missing.len() > FEW_FILES {
        let archive = forge.archive(commit, MAX_FILE_BYTES).await?;
        found.extend(archive.into_values().map(|bytes| (blob_id(&bytes), bytes)));
    }
    // An archive leaves out and rewrites what `.gitattributes` says, so only what has the right id counts.
    let rest: BTreeSet<&str> =
        missing.iter().map(|(_, entry)| entry.sha.as_str()).filter(|sha| !found.contains_key(*sha)).collect();
    let mut answers = stream::iter(rest)
        .map(|sha| async move { forge.blob(sha).await.map(|bytes| (sha.to_owned(), bytes)) })
        .buffer_unordered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        let (sha, bytes) = answer?;
        found.insert(sha, bytes);
    }
    Ok(found)
}

/// What earlier runs left of the repository's files, by the ids of their contents.
struct Shelf<'a> {
    http: &'a Http,
    name: String,
}

impl Shelf<'_> {
    async fn texts(&self) -> HashMap<String, Arc<[u8]>> {
        let left: HashMap<String, String> = self.http.left(&self.name).await.unwrap_or_default();
        // A cache is a file like any other: what does not have its id is not believed.
        let sound = left.into_iter().filter(|(sha, text)| blob_id(text.as_bytes()) == *sha);
        sound.map(|(sha, text)| (sha, Arc::from(text.into_bytes()))).collect()
    }

    async fn keep(&self, texts: &HashMap<String, Arc<[u8]>>) {
        let texts: BTreeMap<&str, &str> = texts
            .iter()
            .filter_map(|(sha, bytes)| Some((sha.as_str(), std::str::from_utf8(bytes).ok()?)))
            .collect();
        self.http.leave(&self.name, &texts).await;
    }
}
