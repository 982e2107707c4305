//! How many branches and pull requests may be made: an hour, and at once.

use crate::config::Options;
use crate::plan::Branch;

/// What counts against the limits, as far as this run knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open pull requests of the bot.
    pub open_pulls: u32,
    /// Branches of the bot.
    pub branches: u32,
    /// Pull requests that were opened since the full hour.
    pub pulls_this_hour: u32,
    /// Commits made since the full hour.
    pub commits_this_hour: u32,
}

impl Counts {
    /// Returns the limit that forbids to make `branch` now, in words: `prConcurrentLimit 10`. A limit of 0 is none, and the lowest of a branch's
    /// members holds.
    pub fn forbid_branch(&self, branch: &Branch) -> Option<String> {
        // Without a limit of their own, branches are limited as pull requests are.
        let branches = |options: &Options| options.branch_concurrent_limit.or(options.pr_concurrent_limit);
        [
            ("prHourlyLimit", lowest(branch, |options| options.pr_hourly_limit), self.pulls_this_hour),
            ("prConcurrentLimit", lowest(branch, |options| options.pr_concurrent_limit), self.open_pulls),
            ("branchConcurrentLimit", lowest(branch, branches), self.branches),
            (
                "commitHourlyLimit",
                lowest(branch, |options| options.commit_hourly_limit),
                self.commits_this_hour,
            ),
        ]
        .into_iter()
        .find_map(|(name, limit, count)| {
            limit.filter(|limit| count >= *limit).map(|limit| format!("{name} {limit}"))
        })
    }

    /// Returns the limit that forbids to commit to an existing branch now.
    pub fn forbid_commit(&self, branch: &Branch) -> Option<String> {
        let limit = lowest(branch, |options| options.commit_hourly_limit)?;
        (self.commits_this_hour >= limit).then(|| format!("commitHourlyLimit {limit}"))
    }
}

/// Returns the lowest limit among a branch and its members; `None` where there is none.
fn lowest(branch: &Branch, limit: impl Fn(&Options) -> Option<u32>) -> Option<u32> {
    let members = branch.upgrades.iter().filter_map(|upgrade| limit(&upgrade.options));
    members.chain(limit(&branch.options)).filter(|limit| *limit > 0).min()
}
