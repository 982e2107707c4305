//! Tidies up branches that no update needs any more.

use tracing::Instrument as _;
use updraft_core::draft::comments;
use updraft_core::forge::{PullRequest, PullState};
use updraft_core::life::past::{ABANDONED, AUTOCLOSED, is_left_over};

use super::claim::NOT_OURS;
use super::deed::{self, About, Deed};
use super::job::Job;
use crate::forge::{Change, ForgeError};

/// Why something goes.
const UNNEEDED: &str = "nothing needs it any more";

impl Job<'_> {
    /// Closes the pull requests and deletes the branches that nobody needs. Those that a person committed to, and those about which this run knows
    /// too little, stay and are returned with their pull requests. What cannot be tidied up is told and stays as well.
    ///
    /// # Errors
    /// Nothing else can be done in this repository now.
    pub(super) async fn prune(&mut self) -> Result<Vec<(String, Option<u64>)>, ForgeError> {
        let planned: Vec<&str> =
            self.outcome.branches.iter().map(|ready| ready.branch.branch_name.as_str()).collect();
        let stale: Vec<(String, String)> = self
            .heads
            .iter()
            .filter(|(name, _)| !planned.contains(&name.as_str()))
            .filter(|(name, _)| **name != self.repository.default_branch)
            .map(|(name, sha)| (name.clone(), sha.clone()))
            .collect();
        let mut left = Vec::new();
        for (name, sha) in stale {
            let pull = self.pulls.get(&name).cloned();
            let span = tracing::error_span!("branch", branch = name);
            let is_gone = match self.tidy(&name, &sha, pull.as_ref()).instrument(span).await {
                Ok(is_gone) => is_gone,
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => {
                    self.failed(
                        &format!("the branch `{name}`, which nothing needs, could not be tidied up"),
                        &error,
                    );
                    false
                }
            };
            if !is_gone {
                let pull = self.pulls.get(&name).map(|pull| pull.number);
                left.push((name, pull));
            }
        }
        Ok(left)
    }

    /// Tidies one branch up; returns whether it is gone.
    async fn tidy(&mut self, name: &str, sha: &str, pull: Option<&PullRequest>) -> Result<bool, ForgeError> {
        // Where it goes was decided by somebody else, such as a configuration with several base branches.
        let is_retargeted = pull.is_some_and(|pull| pull.base != self.repository.default_branch);
        let prunes = self.options().prune_stale_branches != Some(false);
        let left_alone = |reason: &str| {
            let number = pull.map(|pull| pull.number);
            deed::tell_undone("branch left alone", None, About { number, ..About::because(reason) });
        };
        let reason = match () {
            () if !prunes => Some("nothing needs it, and `pruneStaleBranches` is `false`"),
            () if is_retargeted => Some("its pull request goes into another base"),
            () if self.outcome.refused.contains(name) => Some("its change could not be proven in this run"),
            () => None,
        };
        if let Some(reason) = reason {
            if is_retargeted || !prunes {
                // It stays, but what nothing needs must not merge before anybody looks.
                self.take_back(name).await?;
            }
            left_alone(reason);
            return Ok(false);
        }
        let (comparison, roots) = self.compare_with_its_base(sha).await?;
        if !self.is_ours((name, sha), (&comparison, roots), pull).await? {
            left_alone(NOT_OURS);
            return Ok(false);
        }
        if let Some(reason) = self.doubts.about(&comparison, None, self.forge, self.outcome).await? {
            left_alone(&reason);
            return Ok(false);
        }
        if self.own.is_edited(&comparison) && !self.is_left_over(name, sha, pull).await? {
            self.take_back(name).await?;
            left_alone("nothing needs it, and somebody else committed to it");
            if let Some(pull) = pull.filter(|pull| !pull.title.ends_with(ABANDONED)) {
                let title = Some(format!("{}{ABANDONED}", pull.title));
                let change = Change { title, ..Change::default() };
                self.forge.change_pull(pull.number, &change).await?;
                self.tell(Deed::PullEdited, About::pull(pull.number).reason(UNNEEDED));
                self.say(&comments::abandoned(), "prEditedNotification", pull).await?;
            }
            return Ok(false);
        }
        // What is closed must be what was looked at: it cannot be opened again once its branch has moved.
        if self.forge.head(name).await?.is_some_and(|head| head.sha != sha) {
            left_alone("somebody has just pushed to it");
            return Ok(false);
        }
        // GitHub closes what loses its branch, and without these words that would be somebody's no to the update.
        let found = match pull {
            Some(pull) => Some(pull.clone()),
            None => self.open_pull_into_base(name).await?,
        };
        if let Some(pull) = found {
            let title = pull.title.trim_end_matches(AUTOCLOSED);
            let change = Change { title: Some(format!("{title}{AUTOCLOSED}")), ..Change::closing() };
            self.forge.change_pull(pull.number, &change).await?;
            self.tell(Deed::PullClosed, About::pull(pull.number).title(title).reason(UNNEEDED));
            self.pulls.remove(name);
        }
        self.forge.delete_branch(name, sha).await?;
        self.heads.remove(name);
        self.tally.pruned += 1;
        self.tell(Deed::BranchDeleted, About::because(UNNEEDED));
        Ok(true)
    }

    /// Returns the open pull request of a branch that was not among all open ones when this run began.
    async fn open_pull_into_base(&self, name: &str) -> Result<Option<PullRequest>, ForgeError> {
        let history = self.forge.pulls_of(name).await?;
        let base = &self.repository.default_branch;
        Ok(history.into_iter().find(|pull| pull.state == PullState::Open && pull.base == *base))
    }

    /// Returns whether a branch is only what is left of a pull request that was merged.
    async fn is_left_over(
        &self,
        name: &str,
        sha: &str,
        pull: Option<&PullRequest>,
    ) -> Result<bool, ForgeError> {
        if pull.is_some() {
            return Ok(false);
        }
        let history = self.forge.pulls_of(name).await?;
        Ok(is_left_over(&history, &self.repository.default_branch, sha))
    }
}
