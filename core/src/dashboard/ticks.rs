//! The boxes of a dashboard: which are ticked, and how they stay ticked in a new text.

use super::{Tick, Ticks};
use crate::draft::checkbox::{BoxState, checkboxes, with_boxes};

/// The most of a text that is read, in bytes; GitHub takes 65,536 characters.
const MAX_BYTES: usize = 512 * 1024;

/// A box that is about many branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bulk {
    Approve,
    Unlimit,
    Unschedule,
    Rebase,
}

impl Bulk {
    const ALL: [Self; 4] = [Self::Approve, Self::Unlimit, Self::Unschedule, Self::Rebase];

    /// Returns the hidden words behind the box.
    pub(super) fn marker(self) -> &'static str {
        match self {
            Self::Approve => "approve-all-pending-prs",
            Self::Unlimit => "create-all-rate-limited-prs",
            Self::Unschedule => "create-all-awaiting-schedule-prs",
            Self::Rebase => "rebase-all-open-prs",
        }
    }

    fn of(self, ticks: &mut Ticks) -> &mut bool {
        match self {
            Self::Approve => &mut ticks.approve_all,
            Self::Unlimit => &mut ticks.unlimit_all,
            Self::Unschedule => &mut ticks.unschedule_all,
            Self::Rebase => &mut ticks.rebase_all,
        }
    }
}

impl Tick {
    const ALL: [Self; 9] = [
        Self::Approve,
        Self::ApproveGroup,
        Self::Unschedule,
        Self::Unlimit,
        Self::Retry,
        Self::ApprovePull,
        Self::Rebase,
        Self::Recreate,
        Self::Other,
    ];

    /// Returns Renovate's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::ApproveGroup => "approveGroup",
            Self::Unschedule => "unschedule",
            Self::Unlimit => "unlimit",
            Self::Retry => "retry",
            Self::ApprovePull => "approvePr",
            Self::Rebase => "rebase",
            Self::Recreate => "recreate",
            Self::Other => "other",
        }
    }

    /// Returns the hidden words behind its box, or `None` for a name that cannot stand in them.
    pub(super) fn marker(self, branch_name: &str) -> Option<String> {
        let is_safe =
            |letter: char| !letter.is_whitespace() && !letter.is_control() && !matches!(letter, '<' | '>');
        let can_stand =
            !branch_name.is_empty() && branch_name.len() <= 500 && branch_name.chars().all(is_safe);
        can_stand.then(|| format!("{}-branch={branch_name}", self.as_str()))
    }
}

/// What one marker stands for.
enum Asked<'a> {
    Bulk(Bulk),
    Branch(Tick, &'a str),
}

fn asked(marker: &str) -> Option<Asked<'_>> {
    if let Some(bulk) = Bulk::ALL.into_iter().find(|bulk| bulk.marker() == marker) {
        return Some(Asked::Bulk(bulk));
    }
    let (action, branch_name) = marker.split_once("-branch=")?;
    let tick = Tick::ALL.into_iter().find(|tick| tick.as_str() == action)?;
    tick.marker(branch_name).map(|_| Asked::Branch(tick, branch_name))
}

/// Returns the boxes that are ticked in a dashboard. Only items of a list with one of our markers count; what stands in a code block does
/// not.
pub fn ticks(body: &str) -> Ticks {
    let mut ticks = Ticks::default();
    if body.len() > MAX_BYTES {
        return ticks;
    }
    for found in checkboxes(body).into_iter().filter(|found| found.state == BoxState::Ticked) {
        match asked(found.marker) {
            Some(Asked::Bulk(bulk)) => *bulk.of(&mut ticks) = true,
            Some(Asked::Branch(tick, branch_name)) => {
                ticks.branches.entry(branch_name.to_owned()).or_default().insert(tick);
            }
            None => {}
        }
    }
    ticks
}

/// Returns a dashboard's text with exactly the boxes ticked that `ticked` names and the text has.
pub fn with_ticks(new_body: &str, ticked: &Ticks) -> String {
    let mut ticked = ticked.clone();
    let wanted: Vec<&str> =
        Bulk::ALL.into_iter().filter(|bulk| *bulk.of(&mut ticked)).map(Bulk::marker).collect();
    with_boxes(new_body, |marker| match asked(marker) {
        Some(Asked::Bulk(bulk)) => wanted.contains(&bulk.marker()),
        Some(Asked::Branch(tick, branch_name)) => {
            ticked.branches.get(branch_name).is_some_and(|ticks| ticks.contains(&tick))
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = " - [x] <!-- rebase-branch=renovate/a-1.x -->[Update a](../pull/1)\n\
        - [X] <!-- unschedule-branch=renovate/b --> b\r\n\
        - [ ] <!-- unlimit-branch=renovate/c -->c\n\
        - [x] <!-- approveGroup-branch=renovate/b -->b\n\
        - [x] <!-- create-all-rate-limited-prs -->all\n\
        - [ ] <!-- rebase-all-open-prs -->all\n";

    fn branches(ticks: &Ticks) -> Vec<(&str, Vec<Tick>)> {
        ticks.branches.iter().map(|(name, ticks)| (name.as_str(), ticks.iter().copied().collect())).collect()
    }

    #[test]
    fn reads_what_is_ticked() {
        let ticks = ticks(BODY);
        let expected = [
            ("renovate/a-1.x", vec![Tick::Rebase]),
            ("renovate/b", vec![Tick::ApproveGroup, Tick::Unschedule]),
        ];
        assert_eq!(branches(&ticks), expected);
        assert!(ticks.unlimit_all && !ticks.rebase_all && !ticks.approve_all && !ticks.unschedule_all);
    }

    #[test]
    fn knows_only_its_own_markers() {
        for line in [
            "- [x] <!-- delete-branch=renovate/a -->",
            "- [x] <!-- rebase-branch= -->",
            "- [x] <!-- rebase-branch=a b -->",
            "- [x] <!-- rebase-branch=a<b -->",
            "- [x] <!-- manual job -->",
            "- [x] rebase-branch=a",
            "```\n- [x] <!-- rebase-branch=a -->\n```",
            "> - [x] <!-- rebase-branch=a -->",
        ] {
            assert_eq!(ticks(line), Ticks::default(), "{line}");
        }
        assert_eq!(ticks(&"- [x] <!-- rebase-branch=a -->\n".repeat(100_000)), Ticks::default());
    }

    #[test]
    fn keeps_ticks_in_a_new_text() {
        let ticked = ticks(BODY);
        assert_eq!(ticks(&with_ticks(BODY, &ticked)), ticked);
        let new = "- [ ] <!-- rebase-branch=renovate/a-1.x -->new title\n- [x] <!-- rebase-branch=renovate/z -->z\n";
        let expected = "- [x] <!-- rebase-branch=renovate/a-1.x -->new title\n- [ ] <!-- rebase-branch=renovate/z -->z\n";
        assert_eq!(with_ticks(new, &ticked), expected);
        assert!(!with_ticks(BODY, &Ticks::default()).contains("[x]"));
    }

    #[test]
    fn every_kind_of_box_can_be_read_again() {
        for tick in Tick::ALL {
            let line = format!("- [x] <!-- {} -->", tick.marker("renovate/a-1.x").unwrap());
            assert_eq!(branches(&ticks(&line)), [("renovate/a-1.x", vec![tick])]);
        }
    }
}
