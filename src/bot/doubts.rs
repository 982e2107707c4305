//! What this run is not sure of. A branch that changes such a thing stays as it is: that nothing newer is known of a dependency is no reason to
//! take its update back.

use std::collections::BTreeMap;
use std::ops::Range;

use updraft_core::forge::Comparison;
use updraft_core::life::merge::changes_lines;
use updraft_core::problem::Problem;

use crate::datasource::LookupErrorKind;
use crate::forge::{Forge, ForgeError};
use crate::report::find;
use crate::run::{Finding, Outcome};

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
        for problem in reading.snapshot.problems.iter().chain(&reading.extraction.problems) {
            doubts.add_problem(problem, None);
        }
        for problem in &outcome.problems {
            // What was found and could not be planned, such as a template that fails.
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

    /// Returns why a branch must stay as it is: what it changes that is not known for sure.
    ///
    /// # Errors
    /// A file of the branch cannot be read.
    pub(super) async fn about(
        &self,
        comparison: &Comparison,
        forge: &dyn Forge,
        outcome: &Outcome,
    ) -> Result<Option<String>, ForgeError> {
        for file in &comparison.files {
            let Some(doubts) = self.files.get(&file.path) else { continue };
            if let Some(doubt) = doubts.iter().find(|doubt| doubt.place.is_none()) {
                return Ok(Some(doubt.reason.clone()));
            }
            let base = find(&outcome.reading.snapshot.files, &file.path);
            let (Some(base), Some(blob)) = (base, &file.blob) else { continue };
            let bytes = forge.blob(blob).await?;
            let branch = String::from_utf8_lossy(&bytes);
            let is_changed = |doubt: &&Doubt| {
                doubt.place.as_ref().is_some_and(|place| changes_lines(&base.text, &branch, place.clone()))
            };
            if let Some(doubt) = doubts.iter().find(is_changed) {
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
        Some(Ok(_)) => finding
            .without_digest()
            .map(|skip| format!("`{}` could not be looked up: {}", finding.dep.dep.dep_name, skip.detail)),
        _ => None,
    }
}
