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
    managers: Managers<'r>,
    /// The dependencies of each file.
    by_file: BTreeMap<&'r RepoPath, Vec<&'r Finding>>,
}

impl<'r> Proof<'r> {
    /// Returns the proof of branches made from `findings`, which stand in the order of the reading's dependencies.
    pub fn new(reading: &'r Reading, findings: &'r [Finding]) -> Self {
        let mut by_file: BTreeMap<&RepoPath, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            by_file.entry(&finding.dep.found.file).or_default().push(finding);
        }
        Self { reading, managers: Managers::new(&reading.config), by_file }
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
            let mut before: Vec<&Finding> =
                self.by_file.get(&file.path).into_iter().flatten().copied().collect();
            let mut after: Vec<&Dep> = found.iter().filter(|dep| dep.file == file.path).collect();
            let edits = branch.edits.get(&file.path).map(Vec::as_slice).unwrap_or_default();
            leave_out_readers_of_more(edits, &mut before, &mut after);
            let deps: Vec<Arc<Dep>> = before.iter().map(|finding| Arc::clone(&finding.dep.found)).collect();
            let mut intended = branch.intended(&deps);
            intended.extend(carried_along(branch, edits, &before, &intended));
            verify(&deps, &after, &intended).map_err(|error| Box::new((file.path.clone(), error)))?;
        }
        Ok(())
    }

    /// Returns the files whose content decides how the edited ones are read: where a chart's repository is declared, ...
    fn related(&self, edited: &[SourceFile]) -> BTreeSet<&'r RepoPath> {
        edited
            .iter()
            .filter_map(|file| self.by_file.get(&file.path))
            .flatten()
            .flat_map(|finding| finding.dep.found.origins.iter().map(|origin| &origin.file))
            .collect()
    }
}

/// Takes dependencies out of the comparison whose value is more than what is edited: a pattern that takes a whole image reference for
/// a version changes with the tag inside, and was never going to be updated by itself.
fn leave_out_readers_of_more(edits: &[Edit], before: &mut Vec<&Finding>, after: &mut Vec<&Dep>) {
    let reads_more = |finding: &Finding| {
        let contains =
            |slot: &Slot| edits.iter().any(|edit| slot.span != edit.span && slot.span.contains(edit.span));
        finding.skip().is_some() && finding.dep.found.slots.iter().any(contains)
    };
    if before.len() != after.len() || !before.iter().any(|finding| reads_more(finding)) {
        return;
    }
    let keeps: Vec<bool> = before.iter().map(|finding| !reads_more(finding)).collect();
    let mut kept = keeps.iter();
    before.retain(|_| kept.next() == Some(&true));
    let mut kept = keeps.iter();
    after.retain(|_| kept.next() == Some(&true));
}

/// Returns the same step for the dependencies that are spelled by the very bytes that are edited (an anchor, an `ARG`), where they
/// could take it too; `intended` is what the branch itself means to do.
fn carried_along<'f>(
    branch: &Branch,
    edits: &[Edit],
    before: &[&'f Finding],
    intended: &[(usize, &Update)],
) -> Vec<(usize, &'f Update)> {
    let shares = |slot: &Slot| edits.iter().any(|edit| edit.span == slot.span && !edit.span.is_empty());
    let text = |update: &Update| update.new_value.clone().or_else(|| update.new_digest.clone());
    let is_meant =
        |update: &&Update| branch.upgrades.iter().any(|upgrade| text(&upgrade.update) == text(update));
    before
        .iter()
        .enumerate()
        .filter(|(at, _)| !intended.iter().any(|(index, _)| index == at))
        .filter(|(_, finding)| finding.dep.found.slots.iter().any(shares))
        .filter_map(|(at, finding)| Some((at, finding.choice.updates.iter().find(is_meant)?)))
        .collect()
}

/// How much is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The edited files, and those that decide how they are read.
    Related,
    /// Every file.
    Everything,
}
