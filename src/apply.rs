//! Writes branches into a working tree: each as a whole or not at all, and only what was proven to go together.

use std::cmp::Reverse;
use std::path::Path;

use updraft_core::edit::{Edit, Taken};
use updraft_core::plan::Branch;
use updraft_core::problem::Problem;

use crate::proof::Proof;
use crate::report::find;
use crate::run::Outcome;
use crate::worktree;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// How many branches.
    pub branches: usize,
    /// How many files that changed.
    pub files: usize,
}

/// Writes the branches that nothing holds back into the tree at `root`. What could not be written is a problem of the outcome.
pub fn apply(outcome: &mut Outcome, root: &Path) -> Applied {
    let (applied, problems) = written(outcome, root);
    outcome.problems.extend(problems);
    applied
}

fn written(outcome: &Outcome, root: &Path) -> (Applied, Vec<Problem>) {
    let (branches, mut problems) = together(outcome);
    if let Err(problem) = Proof::new(&outcome.reading, &outcome.findings).of_all(&branches) {
        problems.push(problem);
        return (Applied::default(), problems);
    }
    let mut edits: Vec<Edit> =
        branches.iter().flat_map(|branch| branch.edits.values().flatten().cloned()).collect();
    edits.sort();
    let mut applied = Applied { branches: branches.len(), files: 0 };
    for own in edits.chunk_by(|one, other| one.file == other.file) {
        let Some(path) = own.first().map(|edit| &edit.file) else { continue };
        let Some(file) = find(&outcome.reading.snapshot.files, path.as_str()) else { continue };
        let done =
            updraft_core::edit::apply(&file.text, own).map_err(|error| error.to_string()).and_then(|after| {
                worktree::replace(root, path, &file.text, &after).map_err(|error| error.to_string())
            });
        match done {
            Ok(()) => applied.files += 1,
            Err(why) => problems.push(
                Problem::error(why)
                    .in_file(path)
                    .hint("what stands in other files was written; `git diff` shows it"),
            ),
        }
    }
    (applied, problems)
}

/// Returns the branches that can be written together, the higher step first where two want the same bytes, and a note for each that is left
/// out.
fn together(outcome: &Outcome) -> (Vec<&Branch>, Vec<Problem>) {
    let ready = outcome.branches.iter().map(|ready| &ready.branch);
    let mut branches: Vec<&Branch> = ready.filter(|branch| branch.hold.is_none()).collect();
    branches.sort_by_key(|branch| Reverse(branch.update_type));
    let mut taken = Taken::default();
    let (kept, left_out): (Vec<_>, Vec<_>) =
        branches.into_iter().partition(|branch| taken.take_all(branch.edits.values().flatten()));
    let note = |branch: &Branch| {
        let message = format!("`{}` is not applied: a higher step writes the same place", branch.branch_name);
        let problem = Problem::note(message);
        match branch.edits.keys().next() {
            Some(path) => problem.in_file(path),
            None => problem,
        }
    };
    let notes = left_out.into_iter().map(note).collect();
    (kept, notes)
}
