//! Merges what may merge without a person.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use updraft_core::config::options::{AutomergeStrategy, AutomergeType};
use updraft_core::draft::Memory;
use updraft_core::forge::{MergeMethod, PullRequest};
use updraft_core::life::Standing;
use updraft_core::life::policy::{Light, may_leave_to_forge, may_merge_now, must_be_up_to_date};
use updraft_core::plan::Branch;

use super::branch::{How, Made};
use super::deed::{self, About, Deed};
use super::job::Job;
use crate::forge::{AccountKind, ForgeError, ForgeErrorKind, Merge};

/// Checks of a commit made just now cannot have passed.
const TOO_NEW: &str = "it was committed to just now, so no check can have passed";
/// Why something does not merge for the time of day.
const NOT_SCHEDULED: &str = "outside `automergeSchedule`";

/// Tells why something that may merge by itself does not.
fn not_merged(what: &'static str, number: Option<u64>, reason: &str) {
    deed::tell_undone(what, None, About { number, ..About::because(reason) });
}

impl Job<'_> {
    /// Moves the base onto a branch whose checks pass. Returns where it stands, or `None` when a person has to look at it in a pull request.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn merges_branch(
        &mut self,
        branch: &Branch,
        made: &Made,
    ) -> Result<Option<Standing>, ForgeError> {
        let options = &branch.options;
        let ignores_tests = options.ignore_tests == Some(true);
        match self.light(&made.sha, options).await? {
            _ if ignores_tests => {}
            Light::Red => {
                not_merged("branch not merged", None, &Light::Red.to_string());
                return Ok(None);
            }
            light @ (Light::None | Light::Pending) => {
                not_merged("branch not merged", None, &light.to_string());
                let has_waited = self.has_waited_enough(branch, &made.sha).await?;
                return Ok((!has_waited).then_some(Standing::AwaitsAutomerge));
            }
            Light::Green if made.how == How::Committed => {
                not_merged("branch not merged", None, TOO_NEW);
                return Ok(Some(Standing::AwaitsAutomerge));
            }
            Light::Green => {}
        }
        // Nobody but a person brings it back on top of its base.
        if made.behind_by > 0 {
            let comes_on_top = must_be_up_to_date(branch, &self.protection, &BTreeSet::new());
            let never = if comes_on_top { "" } else { ", and `rebaseWhen` leaves it there" };
            not_merged("branch not merged", None, &format!("it is behind its base{never}"));
            return Ok(comes_on_top.then_some(Standing::AwaitsAutomerge));
        }
        if !may_merge_now(options, self.session.now) {
            not_merged("branch not merged", None, NOT_SCHEDULED);
            return Ok(Some(Standing::AwaitsAutomerge));
        }
        match self.forge.fast_forward(&self.repository.default_branch, &made.sha).await {
            Ok(()) => {
                self.tell(Deed::BranchMerged, About::default().title(&branch.pr_title));
                self.merged(branch, &made.sha).await?;
                Ok(Some(Standing::Merged { pull: None }))
            }
            Err(error) if matches!(error.kind, ForgeErrorKind::Refused | ForgeErrorKind::Forbidden) => {
                not_merged("branch not merged", None, &error.to_string());
                // Where the base has moved, by this very run perhaps, the next run makes the branch anew. Otherwise it takes pull requests only.
                let base = self.forge.head(&self.repository.default_branch).await?;
                let has_moved = base.is_none_or(|head| head.sha != self.base.sha);
                Ok(has_moved.then_some(Standing::AwaitsAutomerge))
            }
            Err(error) => Err(error),
        }
    }

    /// Merges a pull request, or has the forge merge it once it may. Returns whether it is merged.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn merges(
        &mut self,
        branch: &Branch,
        made: &Made,
        pull: &PullRequest,
    ) -> Result<bool, ForgeError> {
        let options = &branch.options;
        if options.automerge_type == Some(AutomergeType::PrComment) {
            return self.asks_to_merge(branch, made, pull).await.map(|()| false);
        }
        let undone = |reason: &str| not_merged("pull request not merged", Some(pull.number), reason);
        let Some(method) = self.merge_method(branch) else {
            undone("the repository allows none of the ways to merge");
            return Ok(false);
        };
        let leaves_it_to_forge =
            may_leave_to_forge(options, self.session.now) && self.repository.allows_auto_merge;
        if leaves_it_to_forge && pull.auto_merge.is_none() && !pull.is_draft {
            match self.forge.enable_auto_merge(pull, method).await {
                // What could be merged at once is not taken; then it is on us.
                Err(error) if matches!(error.kind, ForgeErrorKind::Refused | ForgeErrorKind::Forbidden) => {
                    tracing::debug!(%error, pull = pull.number, "the forge does not merge it by itself");
                }
                Err(error) => return Err(error),
                Ok(()) => {
                    self.tell(Deed::MergeLeftToForge, About::pull(pull.number));
                    return Ok(false);
                }
            }
        }
        if pull.is_draft {
            undone("it is a draft");
            return Ok(false);
        }
        if let Some(reason) = self.forbids_merging(branch, made).await? {
            undone(&reason);
            return Ok(false);
        }
        match self.forge.merge(pull.number, &Merge { head_sha: made.sha.clone(), method }).await {
            Ok(()) => {
                self.tell(Deed::PullMerged, About::pull(pull.number).title(&branch.pr_title));
                self.pulls.remove(&branch.branch_name);
                self.merged(branch, &made.sha).await?;
                Ok(true)
            }
            Err(error) if error.kind == ForgeErrorKind::Refused => {
                undone(&error.to_string());
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Has the forge no longer merge a pull request that the bot left to it. What a person left to it stays there.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn take_back(&mut self, name: &str) -> Result<(), ForgeError> {
        let Some(pull) = self.pulls.get(name).filter(|pull| self.left_to_forge(pull)) else { return Ok(()) };
        self.forge.disable_auto_merge(pull).await?;
        self.tell(Deed::MergeTakenBack, About::pull(pull.number));
        if let Some(pull) = self.pulls.get_mut(name) {
            pull.auto_merge = None;
        }
        Ok(())
    }

    /// Returns whether it was the bot that left a pull request to the forge.
    fn left_to_forge(&self, pull: &PullRequest) -> bool {
        let by = pull.auto_merge.as_ref().and_then(|auto_merge| auto_merge.by.as_deref());
        // A token of a person's account is also that person's.
        let is_bots = || match self.account.kind {
            AccountKind::App => true,
            AccountKind::User => Memory::read(&pull.body).is_some_and(|memory| memory.automerges),
        };
        by.is_some_and(|by| by.eq_ignore_ascii_case(&self.account.login)) && is_bots()
    }

    async fn asks_to_merge(
        &mut self,
        branch: &Branch,
        made: &Made,
        pull: &PullRequest,
    ) -> Result<(), ForgeError> {
        if let Some(reason) = self.forbids_merging(branch, made).await? {
            not_merged("merge not asked for", Some(pull.number), &reason);
            return Ok(());
        }
        let comment = branch.options.automerge_comment.as_deref().unwrap_or("automergeComment");
        self.forge.comment(pull.number, "", comment).await?;
        self.tell(Deed::MergeAskedFor, About::pull(pull.number).what(comment));
        Ok(())
    }

    /// Returns why something may not merge now.
    async fn forbids_merging(&mut self, branch: &Branch, made: &Made) -> Result<Option<String>, ForgeError> {
        let options = &branch.options;
        if !may_merge_now(options, self.session.now) {
            return Ok(Some(NOT_SCHEDULED.to_owned()));
        }
        if options.ignore_tests == Some(true) {
            return Ok(None);
        }
        if made.how == How::Committed {
            return Ok(Some(TOO_NEW.to_owned()));
        }
        let light = self.light(&made.sha, options).await?;
        Ok((light != Light::Green).then(|| light.to_string()))
    }

    /// Tidies up after a merge.
    async fn merged(&mut self, branch: &Branch, sha: &str) -> Result<(), ForgeError> {
        self.tally.merged += 1;
        self.counts.open_pulls = self.counts.open_pulls.saturating_sub(1);
        if branch.options.prune_branch_after_automerge != Some(false) {
            self.forge.delete_branch(&branch.branch_name, sha).await?;
            self.heads.remove(&branch.branch_name);
            self.tell_branch(Deed::BranchDeleted, Some(&Standing::Merged { pull: None }.to_string()));
            self.counts.branches = self.counts.branches.saturating_sub(1);
        }
        Ok(())
    }

    /// Returns how to merge: as the owner wants, or the first way that the repository allows.
    fn merge_method(&self, branch: &Branch) -> Option<MergeMethod> {
        let wanted = match branch.options.automerge_strategy {
            Some(AutomergeStrategy::Squash) => Some(MergeMethod::Squash),
            Some(
                AutomergeStrategy::Rebase | AutomergeStrategy::RebaseMerge | AutomergeStrategy::FastForward,
            ) => Some(MergeMethod::Rebase),
            Some(AutomergeStrategy::MergeCommit) => Some(MergeMethod::Merge),
            Some(AutomergeStrategy::Auto) | None => None,
        };
        let allowed = &self.repository.merge_methods;
        let order = [MergeMethod::Squash, MergeMethod::Merge, MergeMethod::Rebase];
        wanted.or_else(|| order.into_iter().find(|method| allowed.contains(method)))
    }

    /// Returns whether a branch has waited for its checks so long that a person should look at it: `prNotPendingHours`.
    pub(super) async fn has_waited_enough(&self, branch: &Branch, sha: &str) -> Result<bool, ForgeError> {
        let comparison = self.compare(sha).await?;
        let newest = comparison.commits.iter().filter_map(|commit| commit.committed_at).max();
        let hours = i64::from(branch.options.pr_not_pending_hours.unwrap_or(25));
        Ok(newest.is_some_and(|at| self.session.now.duration_since(at) > SignedDuration::from_hours(hours)))
    }
}
