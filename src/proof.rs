//! Proves branches before anybody sees them: edits their files, reads them again, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use updraft_core::dep::{Dep, Slot};
use updraft_core::derived::{self, Derived};
use updraft_core::edit::{Edit, EditError, Taken, apply};
use updraft_core::name::RepoPath;
use updraft_core::plan::{Branch, Upgrade};
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::update::Update;
use updraft_core::verify::{VerifyError, verify};
use updraft_managers::extract::in_parallel;

use crate::report::find;
use crate::run::{Finding, Managers, Reading, threads};

/// How many bytes are read again to prove each branch by itself. Where it would take more, branches that do not meet are proven together:
/// thousands of them in one large file would otherwise take hours.
const ALONE_BYTES: usize = 16 * 1024 * 1024;
/// How many bytes are read again at most.
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// How many groups of branches that do not meet are filled at the same time.
const OPEN_GROUPS: usize = 8;

/// What proving needs: the repository as it was read.
pub struct Proof<'r> {
    reading: &'r Reading,
    managers: Managers<'r>,
    /// The dependencies of each file.
    by_file: BTreeMap<&'r RepoPath, Vec<&'r Finding>>,
}

/// What one branch does, or several whose edits do not meet.
struct Change<'b> {
    upgrades: Vec<&'b Upgrade>,
    edits: BTreeMap<&'b RepoPath, Vec<Edit>>,
}

/// Why a change is not made.
#[derive(Debug)]
struct Refusal {
    /// The file in which that shows.
    path: RepoPath,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("the file is gone")]
    Gone,
    #[error("its files are too large to be read again for each of their changes")]
    TooLarge,
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// What is edited spells another dependency too (an anchor, an `ARG`), which cannot take the same step.
    #[error("`{0}` is spelled by the same text, and cannot take this step")]
    Shared(String),
}

impl Refusal {
    fn boxed(path: &RepoPath, why: impl Into<Why>) -> Box<Self> {
        Box::new(Self { path: path.clone(), why: why.into() })
    }

    fn problem(&self, branch_name: &str) -> Problem {
        let message = format!("the branch `{branch_name}` is not made: {}", self.why);
        let (problem, hint) = match &self.why {
            Why::Shared(_) => (
                Problem::warning(message),
                "give each a text of its own, or keep the one with `allowedVersions` at versions that the other has",
            ),
            Why::TooLarge => (Problem::error(message), "split the file, or leave it out with `ignorePaths`"),
            _ => (
                Problem::error(message),
                "nothing is written that was not proven; please report it with the file",
            ),
        };
        problem.in_file(&self.path).hint(hint)
    }
}

impl<'b> Change<'b> {
    fn of(branches: &[&'b Branch]) -> Self {
        let mut edits: BTreeMap<&RepoPath, Vec<Edit>> = BTreeMap::new();
        for (path, own) in branches.iter().flat_map(|branch| &branch.edits) {
            edits.entry(path).or_default().extend(own.iter().cloned());
        }
        Self { upgrades: branches.iter().flat_map(|branch| &branch.upgrades).collect(), edits }
    }
}

impl<'r> Proof<'r> {
    /// Returns the proof of branches made from `findings`.
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

    /// Proves `branches`, and returns for each why it must not be made, if it must not.
    pub fn of_each(&self, branches: &[Branch]) -> Vec<Result<(), Problem>> {
        let cost: usize = branches.iter().map(|branch| self.cost(&[branch])).sum();
        if cost <= ALONE_BYTES {
            return in_parallel(branches.len(), threads(), |index| {
                let Some(branch) = branches.get(index) else { return Ok(()) };
                self.of(&[branch]).map_err(|refusal| refusal.problem(&branch.branch_name))
            });
        }
        let groups = apart(branches);
        let mut verdicts: Vec<Result<(), Problem>> = vec![Ok(()); branches.len()];
        let mut room = MAX_BYTES;
        let mut open = groups;
        while let Some(group) = open.pop() {
            let members: Vec<&Branch> = group.iter().filter_map(|index| branches.get(*index)).collect();
            let Err(refusal) = self.within(&mut room, &members) else { continue };
            let (left, right) = group.split_at(group.len() / 2);
            if left.is_empty() {
                for index in group {
                    if let (Some(verdict), Some(branch)) = (verdicts.get_mut(index), branches.get(index)) {
                        *verdict = Err(refusal.problem(&branch.branch_name));
                    }
                }
            } else {
                open.extend([left.to_vec(), right.to_vec()]);
            }
        }
        verdicts
    }

    /// Proves `branches` as one change, if what is read again for it is no more than the `room` that is left, in bytes.
    fn within(&self, room: &mut usize, branches: &[&Branch]) -> Result<(), Box<Refusal>> {
        let path = branches.iter().find_map(|branch| branch.edits.keys().next());
        match (room.checked_sub(self.cost(branches)), path) {
            (None, Some(path)) => Err(Refusal::boxed(path, Why::TooLarge)),
            (left, _) => {
                *room = left.unwrap_or_default();
                self.of(branches)
            }
        }
    }

    /// Proves `branches` as one change.
    ///
    /// # Errors
    /// Why they must not be made together.
    pub fn of_all(&self, branches: &[&Branch]) -> Result<(), Problem> {
        self.of(branches).map_err(|refusal| apart_only(&refusal))
    }

    /// Returns the new text of each file that `branches` change together.
    ///
    /// # Errors
    /// An edit does not fit.
    pub fn texts_of_all(&self, branches: &[&Branch]) -> Result<BTreeMap<RepoPath, String>, Problem> {
        self.edited(&Change::of(branches)).map_err(|refusal| apart_only(&refusal))
    }

    /// Returns the new text of each file that `branch` changes.
    ///
    /// # Errors
    /// An edit does not fit.
    pub fn texts(&self, branch: &Branch) -> Result<BTreeMap<RepoPath, String>, Problem> {
        self.edited(&Change::of(&[branch])).map_err(|refusal| refusal.problem(&branch.branch_name))
    }

    fn of(&self, branches: &[&Branch]) -> Result<(), Box<Refusal>> {
        let change = Change::of(branches);
        let edited: Vec<SourceFile> =
            self.edited(&change)?.into_iter().map(|(path, text)| SourceFile::new(path, text)).collect();
        // Reading only the files that matter is enough nearly always, and much cheaper; where it is not, all are read.
        let check = |scope| self.check(&change, &edited, scope);
        check(Scope::Related).or_else(|_| check(Scope::Everything))
    }

    fn edited(&self, change: &Change<'_>) -> Result<BTreeMap<RepoPath, String>, Box<Refusal>> {
        let mut changed = BTreeMap::new();
        for (path, edits) in &change.edits {
            let before = self.text(path).ok_or_else(|| Refusal::boxed(path, Why::Gone))?;
            let after = apply(&before, edits).map_err(|error| Refusal::boxed(path, error))?;
            if *after != *before {
                changed.insert((*path).clone(), after);
            }
        }
        let derived = change.upgrades.iter().filter_map(|upgrade| upgrade.found.lock.as_ref());
        let derived: BTreeSet<&Derived> = derived.flat_map(|lock| &lock.derived).collect();
        derived::complete(&mut changed, derived, &|path| self.text(path));
        Ok(changed)
    }

    /// Returns how many bytes are read again to prove `branches` as one change.
    fn cost(&self, branches: &[&Branch]) -> usize {
        let paths: BTreeSet<&RepoPath> = branches.iter().flat_map(|branch| branch.edits.keys()).collect();
        paths.iter().filter_map(|path| self.text(path)).map(|text| text.len()).sum()
    }

    fn check(&self, change: &Change<'_>, edited: &[SourceFile], scope: Scope) -> Result<(), Box<Refusal>> {
        let paths: BTreeSet<&RepoPath> = edited.iter().map(|file| &file.path).collect();
        let related = self.related(edited);
        let others = self.reading.snapshot.files.iter().filter(|file| {
            !paths.contains(&file.path) && (scope == Scope::Everything || related.contains(&file.path))
        });
        let mut files: Vec<&SourceFile> = others.chain(edited).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let found = self.managers.extract(&files).deps;
        for file in edited {
            let mut before: Vec<&Finding> =
                self.by_file.get(&file.path).into_iter().flatten().copied().collect();
            let mut after: Vec<&Dep> = found.iter().filter(|dep| dep.file == file.path).collect();
            let edits = change.edits.get(&file.path).map(Vec::as_slice).unwrap_or_default();
            leave_out_readers_of_more(edits, &mut before, &mut after);
            let deps: Vec<&Dep> = before.iter().map(|finding| &*finding.dep.found).collect();
            let mut intended = meant(change, &deps);
            intended.extend(carried_along(change, edits, &before, &intended));
            verify(&deps, &after, &intended).map_err(|error| {
                let why = stranger(edits, &deps, &intended).map_or(Why::Verify(error), Why::Shared);
                Refusal::boxed(&file.path, why)
            })?;
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

fn apart_only(refusal: &Refusal) -> Problem {
    Problem::error(format!("the branches do not go together: {}", refusal.why))
        .in_file(&refusal.path)
        .hint("apply the branches one at a time with `--patches` and `git apply`")
}

/// Puts branches into groups, in each of which no two want the same bytes.
fn apart(branches: &[Branch]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Taken, Vec<usize>)> = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        let edits = branch.edits.values().flatten();
        let oldest_open = groups.len().saturating_sub(OPEN_GROUPS);
        let fits = groups
            .iter_mut()
            .skip(oldest_open)
            .find_map(|(taken, members)| taken.take_all(edits.clone()).then_some(members));
        if let Some(members) = fits {
            members.push(index);
        } else {
            let mut taken = Taken::default();
            taken.take_all(edits);
            groups.push((taken, vec![index]));
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// Returns what `change` means to do to `deps`, by index.
fn meant<'b>(change: &Change<'b>, deps: &[&Dep]) -> Vec<(usize, &'b Update)> {
    let mut by_place: BTreeMap<(&str, ByteSpan), Vec<&'b Upgrade>> = BTreeMap::new();
    for upgrade in &change.upgrades {
        by_place.entry((upgrade.found.file.as_str(), upgrade.found.span)).or_default().push(upgrade);
    }
    let mut meant = Vec::new();
    for (index, dep) in deps.iter().enumerate() {
        let upgrades = by_place.get(&(dep.file.as_str(), dep.span)).into_iter().flatten();
        let own = upgrades.filter(|upgrade| *upgrade.found == **dep);
        meant.extend(own.map(|upgrade| (index, &upgrade.update)));
    }
    meant
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
/// could take it too; `intended` is what the change itself means to do.
fn carried_along<'f>(
    change: &Change<'_>,
    edits: &[Edit],
    before: &[&'f Finding],
    intended: &[(usize, &Update)],
) -> Vec<(usize, &'f Update)> {
    fn text(update: &Update) -> Option<&str> {
        update.new_value.as_deref().or(update.new_digest.as_deref())
    }
    let spans = replaced(edits);
    let texts: BTreeSet<Option<&str>> = change.upgrades.iter().map(|upgrade| text(&upgrade.update)).collect();
    let own: BTreeSet<usize> = intended.iter().map(|(index, _)| *index).collect();
    let shares = |slot: &Slot| spans.contains(&slot.span);
    let is_meant = |update: &&Update| texts.contains(&text(update));
    before
        .iter()
        .enumerate()
        .filter(|(at, _)| !own.contains(at))
        .filter(|(_, finding)| finding.dep.found.slots.iter().any(shares))
        .filter_map(|(at, finding)| Some((at, finding.choice.updates.iter().find(is_meant)?)))
        .collect()
}

/// Returns the name of a dependency that is spelled by bytes that are edited, and is meant to stay as it is.
fn stranger(edits: &[Edit], deps: &[&Dep], intended: &[(usize, &Update)]) -> Option<String> {
    let spans = replaced(edits);
    let own: BTreeSet<usize> = intended.iter().map(|(index, _)| *index).collect();
    let mut others = deps.iter().enumerate().filter(|(index, _)| !own.contains(index));
    let found = others.find(|(_, dep)| dep.slots.iter().any(|slot| spans.contains(&slot.span)));
    found.map(|(_, dep)| dep.dep_name.clone())
}

/// Returns the places whose text `edits` replace.
fn replaced(edits: &[Edit]) -> BTreeSet<ByteSpan> {
    edits.iter().map(|edit| edit.span).filter(|span| !span.is_empty()).collect()
}

/// How much is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The edited files, and those that decide how they are read.
    Related,
    /// Every file.
    Everything,
}
