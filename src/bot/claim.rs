//! Whose a branch is that is there already. Its name says nothing: a template of the configuration can name any branch.

use updraft_core::forge::{Comparison, PullRequest};
use updraft_core::life::Standing;
use updraft_core::life::ownership::{is_ours_by_pulls, names_the_bot};
use updraft_core::problem::Problem;

use super::job::{Job, Roots};
use super::repository::prefixes;
use crate::forge::ForgeError;

/// Why a branch is left alone that nothing shows to be the bot's.
pub(super) const NOT_OURS: &str = "nothing shows that it is the bot's: it has no commit of the bot, and no pull request of the bot is for it";

impl Job<'_> {
    /// Returns whether a branch at a commit is the bot's. That somebody else has nothing on it does not make it so: a branch for releases, or one that
    /// was just made, has no commits of its own either. What shows it is a commit of the bot, or a pull request of the bot.
    ///
    /// # Errors
    /// The forge could not be asked.
    pub(super) async fn is_ours(
        &self,
        (name, sha): (&str, &str),
        (comparison, roots): (&Comparison, Roots),
        open: Option<&PullRequest>,
    ) -> Result<bool, ForgeError> {
        if *name == *self.repository.default_branch || self.outcome.reading.config.is_base_branch(name) {
            return Ok(false);
        }
        let is_named_after_us =
            prefixes(self.options()).any(|prefix| names_the_bot(prefix) && name.starts_with(prefix));
        let has_commit = comparison.commits.iter().any(|commit| self.own.made_itself(commit));
        // What is merged into a branch that others work on is a commit of the bot, too, and the newest for a while.
        if has_commit && (roots == Roots::Base || is_named_after_us) {
            return Ok(true);
        }
        if is_ours_by_pulls(open, sha) || is_ours_by_pulls(&self.forge.pulls_of(name).await?, sha) {
            return Ok(true);
        }
        // The base was moved onto it, and the run ended before it was deleted.
        Ok(comparison.ahead_by == 0 && is_named_after_us && self.made_tip(sha).await?)
    }

    /// Returns whether a commit that the base has, too, is the bot's own.
    async fn made_tip(&self, sha: &str) -> Result<bool, ForgeError> {
        let [parent] = &*self.forge.parents(sha).await? else { return Ok(false) };
        let alone = self.forge.compare(parent, sha).await?;
        Ok(alone.commits.last().is_some_and(|newest| newest.sha == sha && self.own.made_itself(newest)))
    }

    /// Tells that a planned branch has the name of one that is not the bot's; returns where that leaves it.
    pub(super) fn leave_to_others(&mut self, name: &str) -> Standing {
        let message = format!("the branch `{name}` is there already and is left alone: {NOT_OURS}");
        self.warn(Problem::warning(message).hint(
            "have `branchName`, `branchPrefix` or `groupName` give the update another branch, or delete this one",
        ));
        Standing::Errored { reason: NOT_OURS.to_owned() }
    }
}
