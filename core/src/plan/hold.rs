//! What holds a branch back although everything in it is ready.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Upgrade;
use crate::config::Options;
use crate::config::options::{InternalChecksFilter, Mode};
use crate::update::Pending;

/// Why a branch is not made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldReason {
    /// `mode: silent` looks for updates but writes no branch.
    Silent,
    /// The group has fewer members than `minimumGroupSize`.
    GroupTooSmall,
    /// Everything in it is younger than `minimumReleaseAge`.
    TooYoung,
    /// `dependencyDashboardApproval` wants a tick.
    NeedsApproval,
    /// Now is outside its `schedule`.
    OutsideSchedule,
}

/// What holds a branch back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub reason: HoldReason,
    /// When that ends, where time ends it and the time is known.
    pub until: Option<Timestamp>,
    /// What is particular here: the schedule, the size of the group.
    pub detail: String,
}

impl Hold {
    /// Returns what holds back something that waits until it is old enough.
    pub fn too_young(pending: &Pending) -> Self {
        Self { reason: HoldReason::TooYoung, until: pending.until, detail: pending.missing_age() }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            HoldReason::Silent => f.write_str("`mode` is `silent`"),
            HoldReason::GroupTooSmall => write!(f, "group size not met: {}", self.detail),
            HoldReason::TooYoung => write!(f, "younger than {}", self.detail),
            HoldReason::NeedsApproval => f.write_str("waits for a tick on the dashboard"),
            HoldReason::OutsideSchedule => write!(f, "outside schedule {}", self.detail),
        }
    }
}

/// Returns what holds a branch with these members back, the reason that lasts longest first.
pub(super) fn hold(options: &Options, upgrades: &[Upgrade], now: Timestamp) -> Option<Hold> {
    silent(options)
        .or_else(|| too_small(upgrades))
        .or_else(|| too_young(options, upgrades))
        .or_else(|| approval(options, upgrades))
        .or_else(|| schedule(options, now))
}

fn silent(options: &Options) -> Option<Hold> {
    let is_silent = options.mode == Some(Mode::Silent);
    is_silent.then(|| Hold { reason: HoldReason::Silent, until: None, detail: String::new() })
}

fn too_small(upgrades: &[Upgrade]) -> Option<Hold> {
    let grouped = upgrades.iter().filter(|upgrade| upgrade.fields.contains_key("groupName"));
    let wanted = grouped.filter_map(|upgrade| upgrade.options.minimum_group_size).max()?;
    let found = upgrades.len();
    (u32::try_from(found).unwrap_or(u32::MAX) < wanted).then(|| Hold {
        reason: HoldReason::GroupTooSmall,
        until: None,
        detail: format!("{found} of {wanted}"),
    })
}

fn too_young(options: &Options, upgrades: &[Upgrade]) -> Option<Hold> {
    if !matches!(options.internal_checks_filter, None | Some(InternalChecksFilter::Strict)) {
        return None;
    }
    let pending: Option<Vec<_>> = upgrades.iter().map(|upgrade| upgrade.update.pending.as_ref()).collect();
    let pending = pending?;
    // The branch is made with its first member that is old enough; one without a date never is.
    let first = pending
        .iter()
        .filter_map(|pending| pending.until.map(|until| (until, *pending)))
        .min_by_key(|(until, _)| *until);
    let first = first.map(|(_, pending)| pending).or_else(|| pending.first().copied());
    first.map(Hold::too_young)
}

fn approval(options: &Options, upgrades: &[Upgrade]) -> Option<Hold> {
    let wanted = options.dependency_dashboard_approval == Some(true)
        || upgrades.iter().any(|upgrade| upgrade.options.dependency_dashboard_approval == Some(true));
    wanted.then(|| Hold { reason: HoldReason::NeedsApproval, until: None, detail: String::new() })
}

fn schedule(options: &Options, now: Timestamp) -> Option<Hold> {
    let schedule = options.schedule.as_ref()?;
    let zone = options.timezone.as_ref();
    let rules = zone.map_or(TimeZone::UTC, |zone| zone.zone().clone());
    if schedule.allows(now, &rules) {
        return None;
    }
    let words: Vec<String> = schedule.texts().map(|text| format!("\"{text}\"")).collect();
    let place = zone.map(|zone| format!(" ({})", zone.name())).unwrap_or_default();
    Some(Hold {
        reason: HoldReason::OutsideSchedule,
        until: schedule.next_open(now, &rules),
        detail: format!("{}{place}", words.join(" or ")),
    })
}
