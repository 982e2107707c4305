//! What the configuration means for a pull request, in words.

use serde_json::json;

use super::schedule_words::schedule_words;
use super::templates::Text;
use crate::config::options::{AutomergeType, RebaseWhen, RecreateWhen};
use crate::life::past::is_immortal;
use crate::plan::Branch;

/// Returns the part of the text about the configuration.
pub(super) fn describe(branch: &Branch) -> String {
    Text::PullConfiguration.render(&json!({
        "schedule": schedules(branch),
        "automerge": automerge(branch),
        "rebasing": rebasing(branch),
        "ignore": ignoring(branch),
    }))
}

fn schedules(branch: &Branch) -> String {
    let options = &branch.options;
    let own = schedule_words(options.schedule.as_ref(), options);
    let merging = schedule_words(options.automerge_schedule.as_ref(), options);
    if branch.automerge && own != merging { format!("{own}; automerge {merging}") } else { own }
}

fn automerge(branch: &Branch) -> &'static str {
    if !branch.automerge {
        return "off; merge it yourself when you are satisfied";
    }
    match branch.options.automerge_type {
        Some(AutomergeType::Branch) => "on; without a pull request while the checks pass",
        Some(AutomergeType::PrComment) => "on; by a comment to another bot",
        _ if branch.options.ignore_tests == Some(true) => "on; without waiting for checks",
        _ => "on, once the checks pass",
    }
}

fn rebasing(branch: &Branch) -> &'static str {
    match branch.options.rebase_when {
        Some(RebaseWhen::Never) => "never, unless you tick the box below",
        Some(RebaseWhen::BehindBaseBranch) => {
            "whenever the branch is behind its base, or you tick the box below"
        }
        Some(RebaseWhen::Automerging | RebaseWhen::Auto) | None if branch.automerge => {
            "whenever the branch is behind its base, or you tick the box below"
        }
        _ => "when the branch has conflicts, or you tick the box below",
    }
}

fn ignoring(branch: &Branch) -> &'static str {
    match branch.options.recreate_when {
        Some(RecreateWhen::Always) => {
            "a closed pull request comes again; disable the updates in the configuration instead"
        }
        Some(RecreateWhen::Auto) | None if is_immortal(branch) => {
            "its title names no version, so closing it is not remembered; disable the updates in the configuration instead"
        }
        _ => "close this pull request, and you will not be asked about this version again",
    }
}
