//! Files that were left out or not understood.

use updraft_core::problem::{Problem, Severity};

use super::case::Case;

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let problems = case.reading.snapshot.problems.iter().chain(&case.reading.extraction.problems);
    // The exit code of a check is about the configuration alone.
    problems
        .map(|problem| Problem { severity: problem.severity.max(Severity::Warning), ..problem.clone() })
        .collect()
}
