//! Options whose value is one of a few words.

use crate::config::reader::choice;

choice! {
    /// Whether branches are written.
    Mode, "`full` or `silent`" {
        /// They are.
        Full = "full",
        /// They are not; updates are only looked for.
        Silent = "silent",
    }
}
choice! {
    /// Whether a fork is worked on.
    ForkProcessing, "`auto`, `enabled` or `disabled`" {
        /// When the bot was told its name; not when it found it by itself.
        Auto = "auto",
        /// Always.
        Enabled = "enabled",
        /// Never.
        Disabled = "disabled",
    }
}
choice! {
    /// How a range is changed.
    RangeStrategy, "a way to change ranges" {
        /// As is best for the manager; for all of updraft's that is `replace`.
        Auto = "auto",
        /// It becomes one version.
        Pin = "pin",
        /// Its lower bound rises with every release.
        Bump = "bump",
        /// It is replaced when the new version is outside.
        Replace = "replace",
        /// The new version is added to it.
        Widen = "widen",
        /// Only the lock file moves where it can.
        UpdateLockfile = "update-lockfile",
        /// Only what lies in it is considered.
        InRangeOnly = "in-range-only",
    }
}
choice! {
    /// What happens to releases of unknown age.
    MinimumReleaseAgeBehaviour, "`timestamp-required` or `timestamp-optional`" {
        /// They wait for ever.
        TimestampRequired = "timestamp-required",
        /// They are old enough.
        TimestampOptional = "timestamp-optional",
    }
}
choice! {
    /// What happens when every release is too young.
    InternalChecksFilter, "`strict`, `flexible` or `none`" {
        /// No branch is made.
        Strict = "strict",
        /// The branch is made and a check stays pending.
        Flexible = "flexible",
        /// Age does not count.
        None = "none",
    }
}
choice! {
    /// Whether release notes are fetched.
    FetchChangeLogs, "`off`, `branch` or `pr`" {
        /// They are not.
        Off = "off",
        /// When the branch is made.
        Branch = "branch",
        /// When the pull request is made.
        Pr = "pr",
    }
}
choice! {
    /// How an update is merged without a person.
    AutomergeType, "`pr`, `branch` or `pr-comment`" {
        /// By merging its pull request.
        Pr = "pr",
        /// By moving the base branch onto it, without a pull request.
        Branch = "branch",
        /// By a comment that asks another bot.
        PrComment = "pr-comment",
    }
}
choice! {
    /// The kind of merge.
    AutomergeStrategy, "a kind of merge" {
        /// The one the repository allows.
        Auto = "auto",
        /// A fast-forward.
        FastForward = "fast-forward",
        /// A merge commit.
        MergeCommit = "merge-commit",
        /// A rebase.
        Rebase = "rebase",
        /// A rebase with a merge commit.
        RebaseMerge = "rebase-merge",
        /// One commit.
        Squash = "squash",
    }
}
choice! {
    /// Whether commit subjects are `type(scope): ..`.
    SemanticCommits, "`auto`, `enabled` or `disabled`" {
        /// As the repository's own commits do.
        Auto = "auto",
        /// Always.
        Enabled = "enabled",
        /// Never.
        Disabled = "disabled",
    }
}
choice! {
    /// Whether semantic subjects are lower case.
    CommitMessageLowerCase, "`auto` or `never`" {
        /// They are.
        Auto = "auto",
        /// They are as written.
        Never = "never",
    }
}
choice! {
    /// Whether commits are made through the forge's API.
    PlatformCommit, "`auto`, `enabled` or `disabled`" {
        /// Where that signs them.
        Auto = "auto",
        /// Always.
        Enabled = "enabled",
        /// Never.
        Disabled = "disabled",
    }
}
choice! {
    /// When the pull request of a branch is opened.
    PrCreation, "`immediate`, `not-pending`, `status-success` or `approval`" {
        /// At once.
        Immediate = "immediate",
        /// When its checks are through.
        NotPending = "not-pending",
        /// When its checks are green.
        StatusSuccess = "status-success",
        /// When it is ticked on the dashboard.
        Approval = "approval",
    }
}
choice! {
    /// When a branch is made anew on top of its base.
    RebaseWhen, "a word for when to rebase" {
        /// When it is behind and that matters for merging; otherwise on conflicts.
        Auto = "auto",
        /// Never.
        Never = "never",
        /// On conflicts.
        Conflicted = "conflicted",
        /// Whenever it is behind.
        BehindBaseBranch = "behind-base-branch",
        /// Whenever it is behind and merges itself.
        Automerging = "automerging",
    }
}
choice! {
    /// Whether a closed pull request is opened again.
    RecreateWhen, "`auto`, `always` or `never`" {
        /// Only if its title cannot tell one update from another.
        Auto = "auto",
        /// Always.
        Always = "always",
        /// Never.
        Never = "never",
    }
}
