//! One log line for each decision of a run, at debug level: what a dependency is, and what became of it.

use tracing::debug;

use crate::run::Outcome;

/// Logs what became of every dependency, and of every branch.
pub fn log(outcome: &Outcome) {
    for finding in &outcome.findings {
        let dep = &finding.dep.dep;
        let (file, name) = (dep.file.as_str(), dep.dep_name.as_str());
        let value = dep.current_value.as_deref().or(dep.current_digest.as_deref()).unwrap_or_default();
        if let Some(skip) = finding.skip() {
            debug!(file, dep = name, value, reason = skip.reason.as_str(), detail = skip.detail, "skipped");
        } else if finding.choice.updates.is_empty() {
            debug!(file, dep = name, value, "up to date");
        }
        for update in &finding.choice.updates {
            let new = update.new_value.as_deref().or(update.new_digest.as_deref()).unwrap_or_default();
            debug!(file, dep = name, value, new, kind = update.update_type.as_str(), "update");
        }
        for warning in &finding.choice.warnings {
            debug!(file, dep = name, value, "{warning}");
        }
    }
    for ready in &outcome.branches {
        let (branch, title) = (ready.branch.branch_name.as_str(), ready.branch.pr_title.as_str());
        if let Some(hold) = &ready.branch.hold {
            debug!(branch, title, hold = %hold, "held");
        } else {
            debug!(branch, title, "ready");
        }
    }
}
