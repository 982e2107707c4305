//! Writes branches into a working tree: each as a whole or not at all, and only what was proven to go together.

use std::cmp::Reverse;
use std::path::Path;

use updraft_core::edit::Taken;
use updraft_core::plan::Branch;
use updraft_core::problem::Problem;

use crate::proof::Proof;
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

/// Writes the branches that nothing holds back into the tree at `root`. What could not be written is a problem of the outcome. Nothing is
/// written where the configuration has errors, for what its owner wants is not known then.
pub fn apply(outcome: &mut Outcome, root: &Path) -> Applied {
    if outcome.reading.config.has_errors() {
        return Applied::default();
    }
    let (applied, problems) = written(outcome, root);
    outcome.problems.extend(problems);
    applied
}

fn written(outcome: &Outcome, root: &Path) -> (Applied, Vec<Problem>) {
    let (branches, mut problems) = together(outcome);
    let proof = Proof::new(&outcome.reading, &outcome.findings);
    let texts = match proof.of_all(&branches).and_then(|()| proof.texts_of_all(&branches)) {
        Ok(texts) => texts,
        Err(problem) => {
            problems.push(problem);
            return (Applied::default(), problems);
        }
    };
    let mut applied = Applied { branches: branches.len(), files: 0 };
    for (path, after) in &texts {
        let Some(before) = proof.text(path) else { continue };
        match worktree::replace(root, path, &before, after) {
            Ok(()) => applied.files += 1,
            Err(error) => problems.push(
                Problem::error(error.to_string())
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
