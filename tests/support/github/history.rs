//! What git knows about two commits: where they meet, what lies between them, and whether they merge.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::objects::{Commit, File, Files, Id, Objects, Signature};

/// How a file differs between two commits.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) path: String,
    /// `added`, `removed` or `modified`.
    pub(crate) status: &'static str,
    /// What it is now, or was before it was removed.
    pub(crate) file: File,
    pub(crate) additions: usize,
    pub(crate) deletions: usize,
}

impl Objects {
    /// Returns a commit and all that it grew from.
    pub(crate) fn ancestors(&self, commit: &str) -> BTreeSet<Id> {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![commit.to_owned()]);
        while let Some(id) = waiting.pop() {
            if let Some(commit) = self.commits.get(&id)
                && seen.insert(id)
            {
                waiting.extend(commit.parents.iter().cloned());
            }
        }
        seen
    }

    pub(crate) fn is_ancestor(&self, commit: &str, of: &str) -> bool {
        self.ancestors(of).contains(commit)
    }

    pub(crate) fn merge_base(&self, one: &str, other: &str) -> Option<Id> {
        let shared: BTreeSet<Id> =
            self.ancestors(one).intersection(&self.ancestors(other)).cloned().collect();
        let behind: BTreeSet<Id> = shared
            .iter()
            .flat_map(|id| self.commits[id].parents.iter().flat_map(|parent| self.ancestors(parent)))
            .collect();
        shared.difference(&behind).next().cloned()
    }

    /// Returns the commits that `head` has and `base` has not, parents first.
    pub(crate) fn commits_between(&self, base: &str, head: &str) -> Vec<Id> {
        fn visit(objects: &Objects, id: &str, seen: &mut BTreeSet<Id>, found: &mut Vec<Id>) {
            let Some(commit) = objects.commits.get(id) else { return };
            if seen.insert(id.to_owned()) {
                for parent in &commit.parents {
                    visit(objects, parent, seen, found);
                }
                found.push(id.to_owned());
            }
        }
        let (mut seen, mut found) = (self.ancestors(base), Vec::new());
        visit(self, head, &mut seen, &mut found);
        found
    }

    /// Returns what differs between two sets of files. Renames are an addition and a removal.
    pub(crate) fn changes(&self, old: &Files, new: &Files) -> Vec<Change> {
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let mut changes = Vec::new();
        for path in paths {
            let (before, after) = (old.get(path), new.get(path));
            let (status, file) = match (before, after) {
                (None, Some(file)) => ("added", file),
                (Some(file), None) => ("removed", file),
                (Some(before), Some(after)) if before != after => ("modified", after),
                _ => continue,
            };
            let lines = |file: Option<&File>| -> Vec<&str> {
                file.and_then(|file| self.text(&file.id))
                    .map(|text| text.lines().collect())
                    .unwrap_or_default()
            };
            let (mut additions, mut deletions) = (0, 0);
            for op in capture_diff_slices(Algorithm::Myers, &lines(before), &lines(after)) {
                if !matches!(op, DiffOp::Equal { .. }) {
                    additions += op.new_range().len();
                    deletions += op.old_range().len();
                }
            }
            let (path, file) = (path.clone(), file.clone());
            changes.push(Change { path, status, file, additions, deletions });
        }
        changes
    }

    /// Merges two commits file by file and line by line; `None` where they conflict.
    pub(crate) fn merged(&mut self, ours: &str, theirs: &str) -> Option<Files> {
        let base = self.merge_base(ours, theirs)?;
        let (base, ours) = (self.files_of_commit(&base), self.files_of_commit(ours));
        let theirs = self.files_of_commit(theirs);
        self.merged_files(&base, &ours, &theirs)
    }

    fn merged_files(&mut self, base: &Files, ours: &Files, theirs: &Files) -> Option<Files> {
        let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let mut merged = BTreeMap::new();
        for path in paths {
            let (was, our, their) = (base.get(path), ours.get(path), theirs.get(path));
            let file = if our == their || was == their {
                our.cloned()
            } else if was == our {
                their.cloned()
            } else {
                let (was, our, their) = (was?, our?, their?);
                let text = merged_lines(self.text(&was.id)?, self.text(&our.id)?, self.text(&their.id)?)?;
                Some(File { mode: our.mode.clone(), id: self.add_blob(text.into_bytes()) })
            };
            if let Some(file) = file {
                merged.insert(path.clone(), file);
            }
        }
        Some(merged)
    }

    /// Puts the commits of `head` that `base` lacks on top of it, one by one; `None` where one conflicts.
    pub(crate) fn rebased(&mut self, base: &str, head: &str, committer: &Signature) -> Option<Id> {
        let mut tip = base.to_owned();
        for id in self.commits_between(base, head) {
            let commit = self.commits[&id].clone();
            let before = commit.parents.first().map(|id| self.files_of_commit(id)).unwrap_or_default();
            let (ours, theirs) = (self.files_of_commit(&tip), self.files(&commit.tree));
            let files = self.merged_files(&before, &ours, &theirs)?;
            let tree = self.add_tree(&files);
            let committer = committer.clone();
            tip = self.add_commit(Commit { tree, parents: vec![tip], committer, ..commit });
        }
        Some(tip)
    }
}

/// A stretch of the old lines and what stands there now.
type Hunk<'t> = (std::ops::Range<usize>, Vec<&'t str>);

fn hunks<'t>(old: &[&str], new: &[&'t str]) -> Vec<Hunk<'t>> {
    capture_diff_slices(Algorithm::Myers, old, new)
        .into_iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| (op.old_range(), new[op.new_range()].to_vec()))
        .collect()
}

/// Merges two texts as git does: changes that overlap or touch are a conflict, unless they are the same.
fn merged_lines(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let base_lines: Vec<&str> = base.split_inclusive('\n').collect();
    let our_lines: Vec<&str> = ours.split_inclusive('\n').collect();
    let their_lines: Vec<&str> = theirs.split_inclusive('\n').collect();
    let our_hunks = hunks(&base_lines, &our_lines);
    let mut all = our_hunks.clone();
    for hunk in hunks(&base_lines, &their_lines) {
        if our_hunks.contains(&hunk) {
            continue;
        }
        let touches = |(other, _): &Hunk<'_>| other.start <= hunk.0.end && hunk.0.start <= other.end;
        if our_hunks.iter().any(touches) {
            return None;
        }
        all.push(hunk);
    }
    all.sort_by_key(|(range, _)| range.start);
    let (mut merged, mut at) = (String::new(), 0);
    for (range, lines) in all {
        merged.extend(base_lines[at..range.start].iter().copied());
        merged.extend(lines);
        at = range.end;
    }
    merged.extend(base_lines[at..].iter().copied());
    Some(merged)
}
