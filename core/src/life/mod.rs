//! The life of a branch and its pull request: what is there already, and what is to be done about it. Decisions only; doing it is not the core's
//! business.

pub mod content;
pub mod limits;
pub mod merge;
pub mod ownership;
pub mod past;
pub mod policy;
pub mod sample;

use std::fmt;

use crate::dashboard::Ticks;
use crate::plan::{Hold, HoldReason};

/// Where a branch stands at the end of a run: what the dashboard, the report and the logs tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not made now: approval, schedule, age, size of the group.
    Held(Hold),
    /// It is not made now, because a limit is reached.
    RateLimited {
        /// Which: `prConcurrentLimit 10`.
        limit: String,
    },
    /// It could not be made or brought up to date.
    Errored {
        /// Why.
        reason: String,
    },
    /// It is there; its pull request waits for approval (`prCreation: approval`).
    AwaitsPullApproval,
    /// It is there; its pull request waits for checks (`prCreation: not-pending` or `status-success`).
    AwaitsChecks,
    /// It is there without a pull request, and is merged once its checks pass.
    AwaitsAutomerge,
    /// A person committed to it, so it is left alone.
    Edited {
        /// Its pull request.
        pull: Option<u64>,
    },
    /// It has an open pull request.
    Open {
        /// The pull request.
        pull: u64,
    },
    /// It stays as it is, because a dependency of it could not be looked up.
    Frozen {
        /// Its pull request.
        pull: Option<u64>,
        /// What could not be looked up.
        reason: String,
    },
    /// A person closed its pull request without merging it, and does not want to see it again.
    Closed {
        /// The pull request.
        pull: u64,
    },
    /// It was merged in this run.
    Merged {
        /// The pull request; `None` where there was none.
        pull: Option<u64>,
    },
}

impl fmt::Display for Standing {
    /// Says why it stands there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(hold) => hold.fmt(f),
            Self::RateLimited { limit } => write!(f, "the limit {limit} is reached"),
            Self::Errored { reason } | Self::Frozen { reason, .. } => f.write_str(reason),
            Self::AwaitsPullApproval => f.write_str("its pull request waits for a tick on the dashboard"),
            Self::AwaitsChecks => f.write_str("its pull request waits for its checks"),
            Self::AwaitsAutomerge => f.write_str("it merges by itself once it may"),
            Self::Edited { .. } => f.write_str("somebody else committed to it"),
            Self::Open { .. } => f.write_str("it is as it should be"),
            Self::Closed { .. } => f.write_str("somebody closed its pull request"),
            Self::Merged { .. } => f.write_str("it is merged"),
        }
    }
}

/// Returns whether a tick on the dashboard makes a branch although something holds it back. A tick lifts every hold of its branch, but not
/// `mode: silent`.
pub fn lifts(ticks: &Ticks, branch_name: &str, hold: &Hold) -> bool {
    let for_all = match hold.reason {
        HoldReason::Silent => return false,
        HoldReason::NeedsApproval => ticks.approve_all,
        HoldReason::OutsideSchedule => ticks.unschedule_all,
        HoldReason::GroupTooSmall | HoldReason::TooYoung => false,
    };
    ticks.wants(branch_name) || for_all
}

#[cfg(test)]
mod tests;
