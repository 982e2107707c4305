//! Proves a branch before anybody sees it: edits its files, reads them again, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use updraft_core::dep::{Dep, Slot};
use updraft_core::edit::{Edit, apply};
use updraft_core::name::RepoPath;
use updraft_core::plan::Branch;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::update::Update;
use updraft_core::verify::{VerifyError, verify};

use crate::report::find;
use crate::run::{Finding, Managers, Reading};

/// What proving needs: the repository as it was read.
pub struct Proof<'r> {
    reading: &'r Reading,
    findings: &'r [Finding],
    managers: Managers<'r>,
    /// The dependencies of each file, by index.
    by_file: BTreeMap<&'r RepoPath, Vec<usize>>,
}

impl<'r> Proof<'r> {
    /// Returns the proof of branches made from `findings`, which stand in the order of the reading's dependencies.
    pub fn new(reading: &'r Reading, findings: &'r [Finding]) -> Self {
        let mut by_file: BTreeMap<&RepoPath, Vec<usize>> = BTreeMap::new();
        for (index, dep) in reading.extraction.deps.iter().enumerate() {
            by_file.entry(&dep.file).or_default().push(index);
        }
        Self { reading, findings, managers: Managers::new(&reading.config), by_file }
    }

    /// Returns the text of a file before any edit.
    pub fn text(&self, path: &RepoPath) -> Option<Arc<str>> {
        find(&self.reading.snapshot.files, path.as_str()).map(|file| Arc::clone(&file.text))
    }

    /// Returns the new text of each file that `branch` changes.
    ///
    /// # Errors
    /// An edit does not fit, or the managers do not find exactly what was meant in the new text.
    pub fn files_of(&self, branch: &Branch) -> Result<BTreeMap<RepoPath, String>, Problem> {
        let refused = |path: &RepoPath, why: &dyn std::fmt::Display| {
            Problem::error(format!("the branch `{}` is not made: {why}", branch.branch_name))
                .in_file(path)
                .hint("nothing is written that was not proven; please report it with the file")
        };
        let mut changed = BTreeMap::new();
        for (path, edits) in &branch.edits {
            let before = self.text(path).ok_or_else(|| refused(path, &"the file is gone"))?;
            let after = apply(&before, edits).map_err(|error| refused(path, &error))?;
            if *after != *before {
                changed.insert(path.clone(), after);
            }
        }
        let edited: Vec<SourceFile> =
            changed.iter().map(|(path, text)| SourceFile::new(path.clone(), text.as_str())).collect();
        // Reading only the files that matter is enough nearly always, and much cheaper; where it is not, all are read.
        let check = |scope| self.check(branch, &edited, scope);
        check(Scope::Related)
            .or_else(|_| check(Scope::Everything))
            .map_err(|failed| refused(&failed.0, &failed.1))?;
        Ok(changed)
    }

    fn check(
        &self,
        branch: &Branch,
        edited: &[SourceFile],
        scope: Scope,
    ) -> Result<(), Box<(RepoPath, VerifyError)>> {
        let related = self.related(edited);
        let others = self.reading.snapshot.files.iter().filter(|file| {
            !edited.iter().any(|edited| edited.path == file.path)
                && (scope == Scope::Everything || related.contains(&file.path))
        });
        let mut files: Vec<&SourceFile> = others.chain(edited).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let found = self.managers.extract(&files).deps;
        for file in edited {
            let indexes = self.by_file.get(&file.path).map(Vec::as_slice).unwrap_or_default();
            let mut before: Vec<Dep> = indexes
                .iter()
                .filter_map(|index| self.reading.extraction.deps.get(*index).cloned())
                .collect();
            let mut after: Vec<Dep> = found.iter().filter(|dep| dep.file == file.path).cloned().collect();
            let indexes = self.leave_out_readers_of_more(branch, indexes, &mut before, &mut after);
            let intended = self.intended(branch, &file.path, &indexes, &before);
            verify(&before, &after, &intended).map_err(|error| Box::new((file.path.clone(), error)))?;
        }
        Ok(())
    }

    /// Takes dependencies out of the comparison whose value is more than what is edited: a pattern that takes a whole image reference
    /// for a version changes with the tag inside, and was never going to be updated by itself. Returns the remaining indexes.
    fn leave_out_readers_of_more(
        &self,
        branch: &Branch,
        indexes: &[usize],
        before: &mut Vec<Dep>,
        after: &mut Vec<Dep>,
    ) -> Vec<usize> {
        let edits: &[Edit] =
            before.first().and_then(|dep| branch.edits.get(&dep.file)).map(Vec::as_slice).unwrap_or_default();
        let is_left_out = |at: usize, dep: &Dep| {
            let is_skipped = indexes
                .get(at)
                .and_then(|index| self.findings.get(*index))
                .is_some_and(|finding| finding.skip().is_some());
            let contains = |slot: &Slot| {
                edits.iter().any(|edit| slot.span != edit.span && slot.span.contains(edit.span))
            };
            is_skipped && dep.slots.iter().any(contains)
        };
        let out: Vec<bool> = before.iter().enumerate().map(|(at, dep)| is_left_out(at, dep)).collect();
        if before.len() != after.len() {
            return indexes.to_vec();
        }
        let keeps = |at: usize| out.get(at) != Some(&true);
        for deps in [before, after] {
            let mut at = 0;
            deps.retain(|_| {
                at += 1;
                keeps(at - 1)
            });
        }
        indexes.iter().enumerate().filter(|(at, _)| keeps(*at)).map(|(_, index)| *index).collect()
    }

    /// Returns the files whose content decides how the edited ones are read: where a chart's repository is declared, ...
    fn related(&self, edited: &[SourceFile]) -> BTreeSet<&'r RepoPath> {
        edited
            .iter()
            .filter_map(|file| self.by_file.get(&file.path))
            .flatten()
            .filter_map(|index| self.reading.extraction.deps.get(*index))
            .flat_map(|dep| dep.origins.iter().map(|origin| &origin.file))
            .collect()
    }

    /// Returns what is meant to happen to the dependencies of one file: the branch's own steps, and the same step for those that are
    /// spelled by the very same bytes (an anchor, an `ARG`) and could take it too.
    fn intended<'b>(
        &'b self,
        branch: &'b Branch,
        path: &RepoPath,
        indexes: &[usize],
        before: &[Dep],
    ) -> Vec<(usize, &'b Update)> {
        let own: Vec<_> = branch.upgrades.iter().filter(|upgrade| upgrade.found.file == *path).collect();
        let mut intended: Vec<(usize, &Update)> = own
            .iter()
            .filter_map(|upgrade| {
                Some((before.iter().position(|dep| *dep == *upgrade.found)?, &upgrade.update))
            })
            .collect();
        let edits: &[Edit] = branch.edits.get(path).map(Vec::as_slice).unwrap_or_default();
        for (at, dep) in before.iter().enumerate() {
            let shares = dep
                .slots
                .iter()
                .any(|slot| edits.iter().any(|edit| edit.span == slot.span && !edit.span.is_empty()));
            if !shares || intended.iter().any(|(index, _)| *index == at) {
                continue;
            }
            let updates = indexes
                .get(at)
                .and_then(|index| self.findings.get(*index))
                .map(|finding| &finding.choice.updates);
            let same = updates
                .into_iter()
                .flatten()
                .find(|update| own.iter().any(|upgrade| upgrade.update.new_value == update.new_value));
            if let Some(update) = same {
                intended.push((at, update));
            }
        }
        intended
    }
}

/// How much is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The edited files, and those that decide how they are read.
    Related,
    /// Every file.
    Everything,
}
