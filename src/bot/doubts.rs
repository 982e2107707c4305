//! What this run is not sure of. A branch that changes such a thing stays as it is: that nothing newer is known of a dependency is no reason to
//! take its update back.
//!
//! Only what this run could not find out is a doubt. What it found out and has something to say about, such as a version that its registry has
//! forgotten, may stay like that for ever, and is none.

use std::collections::BTreeMap;
use std::ops::Range;

use updraft_core::forge::Comparison;
use updraft_core::life::merge::{changes_lines, changes_more};
use updraft_core::problem::{Extent, Problem};

use crate::datasource::LookupErrorKind;
use crate::forge::{Forge, ForgeError};
use crate::report::find;
use crate::run::{Finding, Outcome, ReadyBranch};

/// What is not known for sure, by file.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    files: BTreeMap<String, Vec<Doubt>>,
}

#[derive(Debug)]
struct Doubt {
    /// The bytes it is about; `None` is the whole file.
    place: Option<Range<usize>>,
    reason: String,
}

impl Doubts {
    /// Collects what a run could not find out: dependencies whose registry did not answer, files that were not understood.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let mut doubts = Self::default();
        for finding in &outcome.findings {
            if let Some(reason) = failure(finding) {
                let dep = &finding.dep.found;
                let slots = dep.slots.iter().map(|slot| slot.span).chain([dep.span]);
                for span in slots {
                    doubts.add(dep.file.as_str(), Some(span.start..span.end), reason.clone());
                }
            }
        }
        let reading = &outcome.reading;
        // Files that were left out, and those that are broken.
        let unread = reading.extraction.problems.iter().filter(|problem| problem.extent == Extent::File);
        for problem in reading.snapshot.problems.iter().chain(unread) {
            doubts.add_problem(problem, None);
        }
        for problem in &outcome.unplanned {
            if let Some(span) = problem.span {
                doubts.add_problem(problem, Some(span.start..span.end));
            }
        }
        doubts
    }

    fn add(&mut self, file: &str, place: Option<Range<usize>>, reason: String) {
        self.files.entry(file.to_owned()).or_default().push(Doubt { place, reason });
    }

    fn add_problem(&mut self, problem: &Problem, place: Option<Range<usize>>) {
        if let Some(file) = &problem.file {
            self.add(file.as_str(), place, problem.message.clone());
        }
    }

    /// Returns why a branch must stay as it is: what it changes that is not known for sure. `ready` is what it is going to bring instead; where that
    /// changes the same places, nothing is taken back.
    ///
    /// # Errors
    /// A file of the branch cannot be read.
    pub(super) async fn about(
        &self,
        comparison: &Comparison,
        ready: Option<&ReadyBranch>,
        forge: &dyn Forge,
        outcome: &Outcome,
    ) -> Result<Option<String>, ForgeError> {
        for file in &comparison.files {
            let Some(doubts) = self.files.get(&file.path) else { continue };
            let about_all = doubts.iter().find(|doubt| doubt.place.is_none());
            let base = find(&outcome.reading.snapshot.files, &file.path);
            let (Some(base), Some(blob)) = (base, &file.blob) else {
                match about_all {
                    Some(doubt) => return Ok(Some(doubt.reason.clone())),
                    None => continue,
                }
            };
            let bytes = forge.blob(blob).await?;
            let branch = String::from_utf8_lossy(&bytes);
            let wanted = ready.and_then(|ready| {
                ready.texts.iter().find(|(path, _)| path.as_str() == file.path).map(|(_, text)| &**text)
            });
            let wanted = wanted.unwrap_or(&base.text);
            let is_lost = |doubt: &&Doubt| match &doubt.place {
                None => changes_more(&base.text, &branch, wanted),
                Some(place) => {
                    let changes = |text: &str| changes_lines(&base.text, text, place.clone());
                    changes(&branch) && !changes(wanted)
                }
            };
            if let Some(doubt) = doubts.iter().find(is_lost) {
                return Ok(Some(doubt.reason.clone()));
            }
        }
        Ok(None)
    }
}

/// Returns why nothing is known of a dependency, where something should be.
fn failure(finding: &Finding) -> Option<String> {
    match &finding.releases {
        Some(Err(error)) if error.kind != LookupErrorKind::Unsupported => {
            Some(format!("`{}` could not be looked up: {}", finding.dep.dep.dep_name, error.detail))
        }
        // A registry that has forgotten everything has rather a bad day.
        Some(Ok(releases)) if releases.releases.is_empty() => {
            Some(format!("`{}` has no version at all, as its registry says", finding.dep.dep.dep_name))
        }
        Some(Ok(_)) if finding.lacks_digest() => {
            Some(format!("no digest was found for an update of `{}`", finding.dep.dep.dep_name))
        }
        _ => None,
    }
}
