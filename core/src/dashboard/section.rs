//! The sections of the dashboard that list branches, each branch with the box that fits where it stands.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ticks::Bulk;
use super::{Dashboard, Entry, Tick};
use crate::draft::fit::shortened;
use crate::draft::markdown::{code, message, plain};
use crate::life::Standing;
use crate::plan::{Hold, HoldReason};

/// How many names of dependencies stand behind a title.
const NAMES_SHOWN: usize = 6;
/// The most characters of a foreign text in one item.
const MAX_WORDS: usize = 300;

/// A section, by its heading; the order is the order of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heading {
    PendingApproval,
    GroupSizeNotMet,
    AwaitingSchedule,
    RateLimited,
    Errored,
    PullApprovalRequired,
    Edited,
    PendingChecks,
    PendingAutomerge,
    OtherBranches,
    Open,
    Closed,
}

impl Heading {
    fn words(self) -> &'static str {
        match self {
            Self::PendingApproval => "Pending Approval",
            Self::GroupSizeNotMet => "Group Size Not Met",
            Self::AwaitingSchedule => "Awaiting Schedule",
            Self::RateLimited => "Rate-Limited",
            Self::Errored => "Errored",
            Self::PullApprovalRequired => "PR Creation Approval Required",
            Self::Edited => "PR Edited (Blocked)",
            Self::PendingChecks => "Pending Status Checks",
            Self::PendingAutomerge => "Pending Branch Automerge",
            Self::OtherBranches => "Other Branches",
            Self::Open => "Open",
            Self::Closed => "PR Closed (Blocked)",
        }
    }

    fn intro(self) -> &'static str {
        match self {
            Self::PendingApproval => "These wait for your word. Tick one to have its branch made.",
            Self::GroupSizeNotMet => {
                "These groups are still too small. Tick one to have it made all the same."
            }
            Self::AwaitingSchedule => "These wait for their schedule. Tick one to have it now.",
            Self::RateLimited => "These wait until there is room under a limit. Tick one to have it now.",
            Self::Errored => {
                "These went wrong and are tried again on every run. Tick one to have it made anew."
            }
            Self::PullApprovalRequired => "The branches are there. Tick one to have its pull request opened.",
            Self::Edited => {
                "Somebody committed to these, so they are left alone. Tick one to have it made anew: **those commits are lost**."
            }
            Self::PendingChecks => {
                "These wait until they are old enough or their checks are through. Tick one to have it now."
            }
            Self::PendingAutomerge => {
                "These merge by themselves once their checks pass. Tick one to have a pull request instead."
            }
            Self::OtherBranches => {
                "No update of the last run belongs to these. They are left as they are; delete the ones you do not need."
            }
            Self::Open => "Tick one to have it made anew on top of its base.",
            Self::Closed => {
                "Somebody closed these, so they stay closed until there is a newer version. Tick one to have it again."
            }
        }
    }

    fn bulk(self) -> Option<(Bulk, &'static str)> {
        match self {
            Self::PendingApproval => Some((Bulk::Approve, "Make all that wait for your word")),
            Self::AwaitingSchedule => Some((Bulk::Unschedule, "Make all that wait for their schedule")),
            Self::RateLimited => Some((Bulk::Unlimit, "Make all that wait for room")),
            Self::Open => Some((Bulk::Rebase, "Make all open ones anew")),
            _ => None,
        }
    }
}

/// Items under one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Group {
    /// The owner's word for it, safe to show; empty for none.
    pub category: String,
    /// The items, as Markdown of one line.
    pub items: Vec<String>,
}

/// A section that has items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Section {
    pub heading: &'static str,
    pub intro: String,
    pub groups: Vec<Group>,
    /// How many items had no room.
    pub left_out: usize,
    /// The box for all of them; empty for none.
    pub bulk: String,
}

impl Section {
    /// Returns how many characters its items take.
    pub(super) fn size(&self) -> usize {
        self.groups.iter().flat_map(|group| &group.items).map(|item| item.chars().count() + 3).sum()
    }

    /// Takes the last item out and returns how many characters that saves; `None` when there is none.
    pub(super) fn shorten(&mut self) -> Option<usize> {
        let group = self.groups.iter_mut().rfind(|group| !group.items.is_empty())?;
        let item = group.items.pop()?;
        self.groups.retain(|group| !group.items.is_empty());
        self.left_out += 1;
        Some(item.chars().count() + 3)
    }
}

/// A branch at its place.
struct Row<'a> {
    category: &'a str,
    /// The item without its note.
    item: String,
    /// What is particular, safe to show; empty for nothing.
    note: String,
}

/// Returns the sections that list branches, in order; those without any are left out.
pub(super) fn sections(dashboard: &Dashboard<'_>) -> Vec<Section> {
    let mut rows: BTreeMap<Heading, Vec<Row<'_>>> = BTreeMap::new();
    for entry in dashboard.entries {
        if let Some((heading, row)) = row(entry) {
            rows.entry(heading).or_default().push(row);
        }
    }
    for (branch_name, pull) in dashboard.others {
        let item = titled(branch_name, *pull);
        rows.entry(Heading::OtherBranches).or_default().push(Row { category: "", item, note: String::new() });
    }
    rows.into_iter().map(|(heading, rows)| section(heading, rows)).collect()
}

fn section(heading: Heading, rows: Vec<Row<'_>>) -> Section {
    let count = rows.len();
    let mut intro = heading.intro().to_owned();
    // What holds for all of them is said once.
    let shared = rows
        .first()
        .map(|row| row.note.clone())
        .filter(|note| count > 1 && !note.is_empty() && rows.iter().all(|row| row.note == *note));
    if let Some(note) = &shared {
        intro = format!("{intro} For all of them: {note}.");
    }
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in rows {
        let is_said = row.note.is_empty() || shared.is_some();
        let item = if is_said { row.item } else { format!("{} · {}", row.item, row.note) };
        groups.entry(row.category).or_default().push(item);
    }
    let bulk = heading.bulk().filter(|_| count > 1);
    Section {
        heading: heading.words(),
        intro,
        groups: groups
            .into_iter()
            .map(|(category, items)| Group { category: plain(category), items })
            .collect(),
        left_out: 0,
        bulk: bulk
            .map(|(bulk, words)| format!("[ ] <!-- {} -->**{words}**", bulk.marker()))
            .unwrap_or_default(),
    }
}

/// Returns where a branch is listed, or `None` for one that is listed elsewhere.
fn row(entry: &Entry) -> Option<(Heading, Row<'_>)> {
    let (heading, tick, pull, note) = match &entry.standing {
        Standing::Held(hold) => {
            let (heading, tick) = held(hold.reason)?;
            (heading, tick, None, hold_note(hold))
        }
        Standing::RateLimited { limit } => (Heading::RateLimited, Tick::Unlimit, None, code(limit)),
        Standing::Errored { reason } => (Heading::Errored, Tick::Retry, None, message(&short(reason))),
        Standing::AwaitsPullApproval => {
            (Heading::PullApprovalRequired, Tick::ApprovePull, None, String::new())
        }
        Standing::AwaitsChecks => (Heading::PendingChecks, Tick::ApprovePull, None, String::new()),
        Standing::AwaitsAutomerge => (Heading::PendingAutomerge, Tick::ApprovePull, None, String::new()),
        Standing::Edited { pull } => (Heading::Edited, Tick::Rebase, *pull, String::new()),
        Standing::Open { pull } => (Heading::Open, Tick::Rebase, Some(*pull), String::new()),
        Standing::Frozen { pull, reason } => {
            (Heading::Errored, Tick::Retry, *pull, format!("stays as it is: {}", message(&short(reason))))
        }
        Standing::Closed { pull } => (Heading::Closed, Tick::Recreate, Some(*pull), String::new()),
        Standing::Merged { .. } => return None,
    };
    let title = titled(&entry.title, pull);
    let names = names(&entry.dep_names);
    let item = match tick.marker(&entry.branch_name) {
        Some(marker) => format!("[ ] <!-- {marker} -->{title}{names}"),
        None => format!("{title}{names}"),
    };
    Some((heading, Row { category: entry.category.as_deref().unwrap_or_default().trim(), item, note }))
}

/// Returns the section and the box of a branch that is not made; `None` where no tick helps.
fn held(reason: HoldReason) -> Option<(Heading, Tick)> {
    match reason {
        HoldReason::NeedsApproval => Some((Heading::PendingApproval, Tick::Approve)),
        HoldReason::GroupTooSmall => Some((Heading::GroupSizeNotMet, Tick::ApproveGroup)),
        HoldReason::OutsideSchedule => Some((Heading::AwaitingSchedule, Tick::Unschedule)),
        HoldReason::TooYoung => Some((Heading::PendingChecks, Tick::Approve)),
        HoldReason::Silent => None,
    }
}

/// Returns what is particular about a hold. Nothing in it changes from run to run while the branch waits for the same thing.
fn hold_note(hold: &Hold) -> String {
    let detail = plain(&short(&hold.detail));
    match (hold.reason, hold.until) {
        (HoldReason::TooYoung, Some(until)) => {
            format!("{detail} old on {}", until.strftime("%Y-%m-%d %H:%M UTC"))
        }
        (HoldReason::TooYoung, None) => format!("younger than {detail}"),
        _ => detail,
    }
}

fn titled(title: &str, pull: Option<u64>) -> String {
    let words = plain(&short(title));
    pull.map_or_else(|| words.clone(), |pull| format!("[{words}](../pull/{pull})"))
}

/// Returns the names of the dependencies behind a title that can name only one.
fn names(names: &[String]) -> String {
    if names.len() < 2 {
        return String::new();
    }
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| code(&short(name))).collect();
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!(" ({}{more})", shown.join(", "))
}

/// Returns `text` without what is too long to read in a list.
pub(super) fn short(text: &str) -> String {
    shortened(text, MAX_WORDS)
}
