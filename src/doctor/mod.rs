//! What a configuration and its repository say without effect: comments that no manager reads, patterns that match no file, rules that
//! never match. Nothing here is an error; each finding is something that its owner probably believes to work.
//!
//! To add a check: a file with a `pub(super) fn examine(case: &Case<'_>) -> Vec<Problem>`, and its entry in [`CHECKS`].

mod annotations;
mod case;
mod chart_sources;
mod custom_managers;
mod extends;
mod file_patterns;
mod files;
mod ignored_paths;
mod repair;
pub mod report;
mod rules;
mod schedules;
mod unused;
mod version_comments;

use updraft_core::problem::Problem;

pub use case::Case;
pub use rules::{RuleUse, uses};
pub use version_comments::Tags;

/// One thing that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name in reports.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub about: &'static str,
    /// Returns what is wrong.
    pub examine: fn(&Case<'_>) -> Vec<Problem>,
}

/// Everything that is looked at, in the order in which it is told.
pub const CHECKS: &[Check] = &[
    Check { id: "extends", about: "presets that add nothing", examine: extends::examine },
    Check { id: "file-patterns", about: "patterns that match no file", examine: file_patterns::examine },
    Check {
        id: "custom-managers",
        about: "custom managers that find nothing",
        examine: custom_managers::examine,
    },
    Check { id: "package-rules", about: "rules that match nothing", examine: rules::examine },
    Check { id: "unused", about: "entries that nothing refers to", examine: unused::examine },
    Check { id: "schedules", about: "schedules that say less than it seems", examine: schedules::examine },
    Check { id: "ignored-paths", about: "manifests that presets leave out", examine: ignored_paths::examine },
    Check { id: "annotations", about: "comments that update nothing", examine: annotations::examine },
    Check {
        id: "chart-sources",
        about: "charts whose repository is not known",
        examine: chart_sources::examine,
    },
    Check {
        id: "version-comments",
        about: "versions beside pinned commits that are not theirs",
        examine: version_comments::examine,
    },
    Check { id: "files", about: "files that cannot be read", examine: files::examine },
];

/// One thing to tell the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it: [`Check::id`].
    pub check: &'static str,
    /// What it is, where, and what to do.
    pub problem: Problem,
}

/// Returns everything that is found, the more important first.
pub fn examine(case: &Case<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for check in CHECKS {
        for problem in (check.examine)(case) {
            if !findings.iter().any(|known| known.problem == problem) {
                findings.push(Finding { check: check.id, problem });
            }
        }
    }
    findings.sort_by_key(|finding| finding.problem.severity);
    findings
}
