//! What a run does on the forge, and how its log tells of it: one line for each deed, with the reason.

use jiff::Timestamp;
use tracing::{debug, info};

use crate::forge::Writes;
use crate::logging::DECISIONS;

/// Something that is done on the forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    BranchCreated,
    BranchRestored,
    BranchUpdated,
    BranchDeleted,
    BranchMerged,
    PullOpened,
    PullReopened,
    PullEdited,
    PullClosed,
    PullMerged,
    PullSentBack,
    MergeAskedFor,
    MergeLeftToForge,
    MergeTakenBack,
    LabelsAdded,
    LabelRemoved,
    Assigned,
    ReviewAskedFor,
    Commented,
    StatusSet,
    IssueOpened,
    IssueEdited,
    IssueClosed,
}

/// How loudly something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// The log tells the story with it: at the level info.
    Story,
    /// It goes along with something else: at the level debug.
    Detail,
}

impl Deed {
    /// Returns what happened, or what would have happened.
    fn words(self, writes: Writes) -> &'static str {
        let (done, pretended) = match self {
            Self::BranchCreated => ("branch created", "would create the branch"),
            Self::BranchRestored => ("branch restored", "would restore the branch"),
            Self::BranchUpdated => ("branch updated", "would update the branch"),
            Self::BranchDeleted => ("branch deleted", "would delete the branch"),
            Self::BranchMerged => ("branch merged", "would merge the branch"),
            Self::PullOpened => ("pull request opened", "would open a pull request"),
            Self::PullReopened => ("pull request reopened", "would reopen the pull request"),
            Self::PullEdited => ("pull request edited", "would edit the pull request"),
            Self::PullClosed => ("pull request closed", "would close the pull request"),
            Self::PullMerged => ("pull request merged", "would merge the pull request"),
            Self::PullSentBack => ("pull request sent back", "would send the pull request back"),
            Self::MergeAskedFor => ("merge asked for", "would ask for the merge"),
            Self::MergeLeftToForge => ("merge left to the forge", "would leave the merge to the forge"),
            Self::MergeTakenBack => {
                ("merge taken back from the forge", "would take the merge back from the forge")
            }
            Self::LabelsAdded => ("labels added", "would add labels"),
            Self::LabelRemoved => ("label removed", "would remove a label"),
            Self::Assigned => ("assigned", "would assign"),
            Self::ReviewAskedFor => ("review asked for", "would ask for a review"),
            Self::Commented => ("comment in place", "would comment"),
            Self::StatusSet => ("status set", "would set a status"),
            Self::IssueOpened => ("issue opened", "would open an issue"),
            Self::IssueEdited => ("issue edited", "would edit the issue"),
            Self::IssueClosed => ("issue closed", "would close the issue"),
        };
        match writes {
            Writes::Real => done,
            Writes::Pretended => pretended,
        }
    }

    fn weight(self) -> Weight {
        match self {
            Self::PullEdited
            | Self::LabelsAdded
            | Self::LabelRemoved
            | Self::Assigned
            | Self::ReviewAskedFor
            | Self::Commented
            | Self::StatusSet
            | Self::IssueEdited => Weight::Detail,
            _ => Weight::Story,
        }
    }
}

/// What is told of a deed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    /// The number of the pull request or the issue; 0 for one that was not really opened.
    pub(super) number: Option<u64>,
    /// Its title.
    pub(super) title: Option<&'a str>,
    /// What exactly: labels, names, a heading.
    pub(super) what: Option<&'a str>,
    /// Why it was done.
    pub(super) reason: Option<&'a str>,
}

impl<'a> About<'a> {
    /// Returns what there is to tell of a pull request.
    pub(super) fn pull(number: u64) -> Self {
        Self { number: Some(number), ..Self::default() }
    }

    /// Returns what there is to tell where only the reason is not plain.
    pub(super) fn because(reason: &'a str) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }

    pub(super) fn title(self, title: &'a str) -> Self {
        Self { title: Some(title), ..self }
    }

    pub(super) fn what(self, what: &'a str) -> Self {
        Self { what: Some(what), ..self }
    }

    pub(super) fn reason(self, reason: &'a str) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

/// Tells of a deed.
pub(super) fn tell(writes: Writes, deed: Deed, about: About<'_>) {
    let words = deed.words(writes);
    let About { number, title, what, reason } = about;
    let number = number.filter(|number| *number > 0);
    match deed.weight() {
        Weight::Story => info!(target: DECISIONS, reason, number, title, what, "{words}"),
        Weight::Detail => debug!(target: DECISIONS, reason, number, title, what, "{words}"),
    }
}

/// Tells that something is not done, why, and until when where time ends that.
pub(super) fn tell_undone(what: &'static str, until: Option<Timestamp>, about: About<'_>) {
    let About { number, title, reason, .. } = about;
    let number = number.filter(|number| *number > 0);
    debug!(target: DECISIONS, reason, until = until.map(tracing::field::display), number, title, "{what}");
}
