//! When a branch is made anew on top of its base, and when it may merge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Options;
use crate::config::options::{AutomergeType, RebaseWhen};
use crate::forge::{CheckState, Checks, Protection};
use crate::plan::Branch;

/// The start of the names of the bot's own checks, where the owner gives them no other.
const OWN_CHECKS: &str = "renovate/";

/// Returns whether a branch that is behind its base is made anew for that alone.
pub fn must_be_up_to_date(branch: &Branch, protection: &Protection, labels: &BTreeSet<String>) -> bool {
    let options = &branch.options;
    let has_label = options.keep_updated_label.as_ref().is_some_and(|label| labels.contains(label));
    has_label
        || match options.rebase_when {
            Some(RebaseWhen::Never | RebaseWhen::Conflicted) => false,
            Some(RebaseWhen::BehindBaseBranch) => true,
            Some(RebaseWhen::Automerging) => branch.automerge,
            Some(RebaseWhen::Auto) | None => branch.automerge || protection.must_be_up_to_date,
        }
}

/// What the checks of a commit say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// There is no check at all: nobody said that it works.
    None,
    /// Some are not done.
    Pending,
    /// All passed.
    Green,
    /// One failed.
    Red,
}

impl fmt::Display for Light {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no check has said anything",
            Self::Pending => "its checks are not done",
            Self::Green => "its checks passed",
            Self::Red => "a check failed",
        })
    }
}

/// Returns what `checks` say together. The bot's own green ones do not count as somebody saying that it works, unless the owner wants so.
pub fn light(checks: &Checks, options: &Options) -> Light {
    let renamed = || options.status_check_names.iter().flat_map(BTreeMap::values);
    let is_own = |name: &String| name.starts_with(OWN_CHECKS) || renamed().any(|own| own == name);
    let counts = |(name, state): &(&String, &CheckState)| {
        **state != CheckState::Green || !is_own(name) || options.internal_checks_as_success == Some(true)
    };
    match checks.iter().filter(counts).map(|(_, state)| *state).max() {
        None => Light::None,
        Some(CheckState::Green) => Light::Green,
        Some(CheckState::Pending) => Light::Pending,
        Some(CheckState::Red) => Light::Red,
    }
}

/// Returns whether `automergeSchedule` allows merging now.
pub fn may_merge_now(options: &Options, now: Timestamp) -> bool {
    let zone = options.timezone.as_ref().map_or(TimeZone::UTC, |zone| zone.zone().clone());
    options.automerge_schedule.as_ref().is_none_or(|schedule| schedule.allows(now, &zone))
}

/// Returns whether the forge may be told now to merge a pull request by itself; whether the branch may merge at all is asked elsewhere.
pub fn may_leave_to_forge(options: &Options, now: Timestamp) -> bool {
    options.platform_automerge != Some(false)
        && options.automerge_type != Some(AutomergeType::PrComment)
        && may_merge_now(options, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(checks: &[(&str, CheckState)], internal: bool, expected: Light) {
        let mut options = Options::default();
        options.internal_checks_as_success = Some(internal);
        options.status_check_names = Some([("minimumReleaseAge".to_owned(), "old enough".to_owned())].into());
        let checks = checks.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect();
        assert_eq!(light(&checks, &options), expected);
    }

    #[test]
    fn the_worst_check_decides() {
        use CheckState::{Green, Pending, Red};
        check(&[], false, Light::None);
        check(&[("ci", Green), ("lint", Green)], false, Light::Green);
        check(&[("ci", Green), ("lint", Pending)], false, Light::Pending);
        check(&[("ci", Red), ("lint", Pending)], false, Light::Red);
    }

    #[test]
    fn the_bots_own_green_checks_prove_nothing() {
        use CheckState::{Green, Pending};
        check(&[("renovate/stability-days", Green)], false, Light::None);
        check(&[("renovate/stability-days", Green)], true, Light::Green);
        check(&[("renovate/stability-days", Pending), ("ci", Green)], false, Light::Pending);
    }

    #[test]
    fn the_bots_own_checks_prove_nothing_under_the_owners_names_either() {
        use CheckState::{Green, Pending, Red};
        check(&[("old enough", Green)], false, Light::None);
        check(&[("old enough", Green), ("ci", Green)], false, Light::Green);
        check(&[("old enough", Green)], true, Light::Green);
        check(&[("old enough", Pending)], false, Light::Pending);
        check(&[("old enough", Red)], false, Light::Red);
    }
}
