//! What became of a branch's earlier pull requests.

use jiff::{SignedDuration, Timestamp};

use crate::config::options::RecreateWhen;
use crate::forge::{PullRequest, PullState};
use crate::plan::{Branch, is_same_title};
use crate::update::UpdateType;

/// What is put at the end of a title when a pull request is closed because nobody needs it any more.
pub const AUTOCLOSED: &str = " - autoclosed";
/// What is put at the end of a title when a branch with a person's commits is left alone for good.
pub const ABANDONED: &str = " - abandoned";
/// For how long an autoclosed pull request is opened again instead of making a new one.
const REOPENED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What became of a branch's earlier pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past<'a> {
    /// Nothing that matters now.
    Nothing,
    /// A person closed the pull request for the same title, and so does not want it.
    Closed(&'a PullRequest),
    /// It was closed by the bot lately and can be opened again.
    Autoclosed(&'a PullRequest),
    /// One with the same title, which names the version, was merged: the same update comes again, as the first one was taken back.
    Merged(&'a PullRequest),
}

impl Past<'_> {
    /// Returns whether a branch with this past may merge without a person.
    pub fn automerges(self, branch: &Branch) -> bool {
        branch.automerge && !matches!(self, Self::Merged(_))
    }
}

/// Returns what `history`, the pull requests that a branch ever had with the newest first, means for one with the title of `branch`.
pub fn past<'a>(history: &'a [PullRequest], branch: &Branch, base: &str, now: Timestamp) -> Past<'a> {
    let ours = || history.iter().filter(|pull| pull.base == base && pull.state != PullState::Open);
    let respects_closing = match branch.options.recreate_when {
        Some(RecreateWhen::Always) => false,
        Some(RecreateWhen::Never) => true,
        Some(RecreateWhen::Auto) | None => !is_immortal(branch),
    };
    let with_title = ours().find(|pull| is_same_title(&pull.title, &branch.pr_title));
    match with_title {
        // Where the title names no version, what was merged was probably something older.
        Some(pull) if pull.state == PullState::Merged && !is_immortal(branch) => return Past::Merged(pull),
        Some(pull) if pull.state == PullState::Closed && respects_closing => return Past::Closed(pull),
        _ => {}
    }
    let is_recent =
        |pull: &PullRequest| pull.closed_at.is_some_and(|at| now.duration_since(at) < REOPENED_FOR);
    ours()
        .find(|pull| pull.state == PullState::Closed && pull.title.ends_with(AUTOCLOSED) && is_recent(pull))
        .map_or(Past::Nothing, Past::Autoclosed)
}

/// Returns whether a branch at the commit `sha` is only what is left of a pull request that was merged: whoever made its commits, they are in the base,
/// also where they were squashed.
pub fn is_left_over(history: &[PullRequest], base: &str, sha: &str) -> bool {
    let newest = history.iter().find(|pull| pull.base == base && pull.state == PullState::Merged);
    newest.is_some_and(|pull| pull.head_sha == sha)
}

/// Returns whether closing a pull request cannot mean "not this version", because its title does not name one: groups, pins, steps back.
pub fn is_immortal(branch: &Branch) -> bool {
    let kinds_without = |kind| matches!(kind, UpdateType::Pin | UpdateType::PinDigest | UpdateType::Rollback);
    if branch.upgrades.iter().all(|upgrade| kinds_without(upgrade.update.update_type)) {
        return true;
    }
    let versions = branch.upgrades.iter().filter_map(|upgrade| upgrade.update.new_value.as_deref());
    let is_group = branch.group_name.is_some() && branch.upgrades.len() > 1;
    is_group && !versions.into_iter().any(|version| branch.pr_title.contains(version.trim_start_matches('v')))
}
