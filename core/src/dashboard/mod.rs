//! The Dependency Dashboard: one issue that shows every branch with a box to tick, what was found, and why the rest is left alone.
//!
//! The words around are ours; the hidden markers behind the boxes are the ones people's tools know: `<!-- rebase-branch=NAME -->`.

mod body;
mod detected;
mod left_alone;
mod section;
mod ticks;

use std::collections::{BTreeMap, BTreeSet};

pub use self::body::body;
pub use self::ticks::{ticks, with_ticks};

use crate::life::Standing;
use crate::problem::Problem;

/// What a ticked box asks for. In Renovate's words: `approve-branch=..`, `unschedule-branch=..` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tick {
    /// `approve`: make the branch although it waits for approval or for its age.
    Approve,
    /// `approveGroup`: make the group although it is too small.
    ApproveGroup,
    /// `unschedule`: make it outside its schedule.
    Unschedule,
    /// `unlimit`: make it although a limit is reached.
    Unlimit,
    /// `retry`: try again.
    Retry,
    /// `approvePr`: open the pull request.
    ApprovePull,
    /// `rebase`: make the branch anew.
    Rebase,
    /// `recreate`: make it again although its pull request was closed.
    Recreate,
    /// `other`: one of the other branches.
    Other,
}

/// The boxes that are ticked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four boxes that have nothing to do with each other")]
pub struct Ticks {
    /// Those of single branches.
    pub branches: BTreeMap<String, BTreeSet<Tick>>,
    /// `approve-all-pending-prs`.
    pub approve_all: bool,
    /// `create-all-rate-limited-prs`.
    pub unlimit_all: bool,
    /// `create-all-awaiting-schedule-prs`.
    pub unschedule_all: bool,
    /// `rebase-all-open-prs`.
    pub rebase_all: bool,
}

impl Ticks {
    /// Returns whether one certain box of a branch is ticked.
    pub fn has(&self, branch_name: &str, tick: Tick) -> bool {
        self.branches.get(branch_name).is_some_and(|own| own.contains(&tick))
    }

    /// Returns whether any box of a branch is ticked that asks for it to be made.
    pub fn wants(&self, branch_name: &str) -> bool {
        self.branches.get(branch_name).is_some_and(|own| own.iter().any(|tick| *tick != Tick::Rebase))
    }
}

/// A branch as the dashboard shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub branch_name: String,
    /// The title of its pull request.
    pub title: String,
    /// Where it stands.
    pub standing: Standing,
    /// The names of its dependencies, sorted.
    pub dep_names: Vec<String>,
    /// `dependencyDashboardCategory`.
    pub category: Option<String>,
}

/// A dependency as the dashboard lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Detected {
    /// The manager that found it.
    pub manager: String,
    /// The file.
    pub file: String,
    /// The name.
    pub dep_name: String,
    /// The value in the file.
    pub current_value: Option<String>,
    /// The digest in the file.
    pub current_digest: Option<String>,
    /// The values it could move to.
    pub new_values: Vec<String>,
}

/// Dependencies that are left alone for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAlone {
    /// The reason in a word or two: `contains variable`.
    pub reason: String,
    /// What is particular about it.
    pub detail: String,
    /// The dependencies with their places: `ghcr.io/a/b` at `apps/a.yaml:12`.
    pub places: Vec<(String, String)>,
}

/// All that a dashboard shows.
#[derive(Clone, Debug)]
pub struct Dashboard<'a> {
    /// `dependencyDashboardHeader`, already filled in.
    pub header: Option<&'a str>,
    /// `dependencyDashboardFooter`, already filled in.
    pub footer: Option<&'a str>,
    /// The repository's page, for links to files: `https://github.com/o/r`.
    pub web_url: &'a str,
    /// The default branch, for links to files.
    pub base: &'a str,
    /// The planned branches in the order they are worked on.
    pub entries: &'a [Entry],
    /// Bot branches that no update of this run belongs to and that are left, with their pull requests.
    pub others: &'a [(String, Option<u64>)],
    /// What went wrong.
    pub problems: &'a [Problem],
    /// Everything that was found and is looked after, sorted.
    pub detected: &'a [Detected],
    /// What is left alone, and why.
    pub left_alone: &'a [LeftAlone],
}
