//! Whether a branch brings what it should, by comparing files through their ids first and through their texts where the base has moved.

use std::collections::BTreeSet;
use std::sync::Arc;

use updraft_core::forge::Comparison;
use updraft_core::life::content::{Sides, Verdict, verdict};
use updraft_core::name::RepoPath;

use crate::forge::{CommitHead, Forge, ForgeError, Tree, blob_id};
use crate::report::find;
use crate::run::{Outcome, ReadyBranch};

/// What a branch is compared with.
pub(super) struct Base<'a> {
    pub(super) commit: &'a CommitHead,
    pub(super) tree: &'a Tree,
    pub(super) outcome: &'a Outcome,
}

/// Returns what there is to say of a branch's content.
///
/// # Errors
/// A file cannot be read.
pub(super) async fn of_branch(
    forge: &dyn Forge,
    base: &Base<'_>,
    ready: &ReadyBranch,
    comparison: &Comparison,
) -> Result<Verdict, ForgeError> {
    let ancestors = ancestors(forge, base, comparison).await?;
    let ancestor_tree = ancestors.as_ref().unwrap_or(base.tree);
    let wanted_paths = ready.texts.keys().map(RepoPath::as_str);
    let changed_paths = comparison.files.iter().map(|file| file.path.as_str());
    let mut worst = Verdict::Right;
    for path in wanted_paths.chain(changed_paths).collect::<BTreeSet<_>>() {
        worst = worst.max(of_file(forge, base, ancestor_tree, ready, comparison, path).await?);
    }
    Ok(worst)
}

/// Returns the files where the branch left the base, unless that is the base as it is now.
async fn ancestors(
    forge: &dyn Forge,
    base: &Base<'_>,
    comparison: &Comparison,
) -> Result<Option<Tree>, ForgeError> {
    if comparison.behind_by == 0 || comparison.merge_base == base.commit.sha {
        return Ok(None);
    }
    // A commit's id names its tree as well.
    let commit = CommitHead { sha: comparison.merge_base.clone(), tree: comparison.merge_base.clone() };
    forge.tree(&commit).await.map(Some)
}

async fn of_file(
    forge: &dyn Forge,
    base: &Base<'_>,
    ancestors: &Tree,
    ready: &ReadyBranch,
    comparison: &Comparison,
    path: &str,
) -> Result<Verdict, ForgeError> {
    let now = find(&base.outcome.reading.snapshot.files, path);
    let wanted = ready.texts.iter().find(|(own, _)| own.as_str() == path).map(|(_, text)| Arc::clone(text));
    let (Some(now), Some(ancestor)) = (now, ancestors.get(path)) else { return Ok(Verdict::Different) };
    let base_blob = base.tree.get(path).map(|entry| entry.sha.as_str());
    let wanted = wanted.unwrap_or_else(|| Arc::clone(&now.text));
    let branch_blob = match comparison.files.iter().find(|file| file.path == path) {
        Some(file) => file.blob.as_deref(),
        None => Some(ancestor.sha.as_str()),
    };
    let Some(branch_blob) = branch_blob else { return Ok(Verdict::Different) };
    let is_still = base_blob == Some(ancestor.sha.as_str());
    if is_still {
        let is_right = branch_blob == blob_id(wanted.as_bytes());
        return Ok(if is_right { Verdict::Right } else { Verdict::Different });
    }
    let text =
        async |blob: &str| forge.blob(blob).await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let ancestor = text(&ancestor.sha).await?;
    let branch = text(branch_blob).await?;
    Ok(verdict(Sides { wanted: &wanted, base: &now.text, ancestor: &ancestor, branch: &branch }))
}
