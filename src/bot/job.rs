//! One repository's work of one run: what is on the forge, what should be, and the means to bring one to the other.

use std::collections::BTreeMap;
use std::slice;

use futures::StreamExt;
use futures::stream;
use updraft_core::config::Options;
use updraft_core::config::options::FetchChangeLogs;
use updraft_core::dashboard::{Entry, Ticks};
use updraft_core::forge::{Checks, Comparison, Protection, PullRequest, Signature};
use updraft_core::life::limits::Counts;
use updraft_core::life::ownership::{Own, noreply, signature};
use updraft_core::life::policy::{Light, light};
use updraft_core::plan::Branch;
use updraft_core::problem::Problem;
use url::Url;

use super::content::Base;
use super::deed::{self, About, Deed};
use super::doubts::Doubts;
use crate::changelog::{BranchNotes, Changelogs};
use crate::forge::{
    Account, AccountKind, CommitHead, Forge, ForgeError, ForgeErrorKind, Grant, Repository, Tree,
};
use crate::run::{Outcome, Session};

/// How many questions are asked at once.
const AT_ONCE: usize = 8;

/// The author of commits where nobody names another: an address that can belong to nobody, so that the bot's commits are told from those of
/// whoever lends it a token. See RFC 2606 for `.invalid`.
const AUTHOR: (&str, &str) = ("Updraft", "bot@updraft.invalid");

/// One repository's work of one run.
pub(super) struct Job<'a> {
    pub(super) forge: &'a dyn Forge,
    pub(super) session: &'a Session,
    pub(super) changelogs: Changelogs<'a>,
    pub(super) repository: &'a Repository,
    pub(super) outcome: &'a Outcome,
    /// The base branch's newest commit.
    pub(super) base: CommitHead,
    /// Its files.
    pub(super) tree: &'a Tree,
    pub(super) protection: Protection,
    /// What the token may do.
    pub(super) grants: Vec<Grant>,
    /// Who the token belongs to.
    pub(super) account: Account,
    /// Who commits; `None` leaves that to the forge, which signs.
    pub(super) author: Option<Signature>,
    pub(super) own: Own,
    /// The bot's branches and where they point.
    pub(super) heads: BTreeMap<String, String>,
    /// The open pull requests by their branch.
    pub(super) pulls: BTreeMap<String, PullRequest>,
    pub(super) ticks: Ticks,
    pub(super) counts: Counts,
    pub(super) doubts: Doubts,
    /// Branches beside the base, by their commit, as far as they were asked for together.
    pub(super) compared: BTreeMap<String, Comparison>,
    /// The pull requests that branches ever had, as far as they were asked for together.
    pub(super) histories: BTreeMap<String, Vec<PullRequest>>,
    /// Release notes by branch, as far as they were asked for together.
    pub(super) notes: BTreeMap<String, BranchNotes>,
    /// Whether the log has said what becomes of the branch that is being settled.
    pub(super) is_told: bool,
    /// Why the branch that is being settled stays as it is, where that is not plain from where it stands.
    pub(super) because: Option<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) problems: Vec<Problem>,
    pub(super) tally: Tally,
}

/// What a branch grows out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    /// The base as it is, or as it was.
    Base,
    /// What was the base before its history was written anew.
    Rewritten,
}

/// What a run did, for its summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Branches made.
    pub branches_created: u64,
    /// Branches made anew.
    pub branches_updated: u64,
    /// Pull requests opened, or opened again.
    pub pulls_created: u64,
    /// Pull requests whose words changed.
    pub pulls_updated: u64,
    /// Updates merged.
    pub merged: u64,
    /// Pull requests closed and branches deleted because nobody needs them.
    pub pruned: u64,
}

impl Job<'_> {
    /// Tells of something that was done.
    pub(super) fn tell(&self, deed: Deed, about: About<'_>) {
        deed::tell(self.forge.writes(), deed, about);
    }

    /// Tells what was done to the branch that is being settled; this is the one line about it.
    pub(super) fn tell_branch(&mut self, deed: Deed, reason: Option<&str>) {
        self.tell(deed, About { reason, ..About::default() });
        self.is_told = true;
    }

    pub(super) fn options(&self) -> &Options {
        &self.outcome.reading.config.options
    }

    /// Asks at once for what will be looked at one after the other: how each branch differs from the base, what became of its earlier pull requests,
    /// and the release notes of each branch that is there.
    pub(super) async fn look_ahead(&mut self) {
        let (forge, base, changelogs) = (self.forge, &self.base.sha, &self.changelogs);
        let compared = stream::iter(self.heads.values())
            .map(|sha| async move { Some((sha.clone(), forge.compare(base, sha).await.ok()?)) })
            .buffer_unordered(AT_ONCE)
            .filter_map(std::future::ready)
            .collect::<BTreeMap<_, _>>();
        let there = self.outcome.branches.iter().map(|ready| &ready.branch).filter(|branch| {
            let fetches = branch.options.fetch_change_logs != Some(FetchChangeLogs::Off);
            fetches && self.pulls.contains_key(&branch.branch_name)
        });
        let notes = stream::iter(there)
            .map(|branch| async move { (branch.branch_name.clone(), changelogs.notes(branch).await) })
            .buffer_unordered(AT_ONCE)
            .collect::<BTreeMap<_, _>>();
        let with_past = self
            .outcome
            .branches
            .iter()
            .map(|ready| &ready.branch)
            .filter(|branch| self.heads.contains_key(&branch.branch_name) && self.past_matters(branch));
        let histories = stream::iter(with_past.map(|branch| branch.branch_name.clone()))
            .map(|name| async move { forge.pulls_of(&name).await.ok().map(|history| (name, history)) })
            .buffer_unordered(AT_ONCE)
            .filter_map(std::future::ready)
            .collect::<BTreeMap<_, _>>();
        (self.compared, self.notes, self.histories) = tokio::join!(compared, notes, histories);
    }

    /// Returns whether it matters what became of a branch's earlier pull requests: where it has none now, or may merge by itself.
    fn past_matters(&self, branch: &Branch) -> bool {
        branch.automerge || !self.pulls.contains_key(&branch.branch_name)
    }

    /// Returns the pull requests that a branch ever had, newest first; none where they do not matter.
    ///
    /// # Errors
    /// The forge could not be asked.
    pub(super) async fn history(&self, branch: &Branch) -> Result<Vec<PullRequest>, ForgeError> {
        match self.histories.get(&branch.branch_name) {
            Some(history) => Ok(history.clone()),
            None if self.past_matters(branch) => self.forge.pulls_of(&branch.branch_name).await,
            None => Ok(Vec::new()),
        }
    }

    /// Returns how a branch at a commit differs from the base.
    ///
    /// # Errors
    /// The forge could not be asked.
    pub(super) async fn compare(&self, sha: &str) -> Result<Comparison, ForgeError> {
        match self.compared.get(sha) {
            Some(comparison) => Ok(comparison.clone()),
            None => self.forge.compare(&self.base.sha, sha).await,
        }
    }

    /// Returns how a branch differs from what it was made from, and whether that still is the base.
    ///
    /// A base whose history was written anew has only some of the commits that the bot's came after, or none. The bot makes one commit for a branch,
    /// right after the base: where the newest is the bot's, all before it was the base once, and nobody else has committed to the branch.
    ///
    /// # Errors
    /// The forge could not be asked.
    pub(super) async fn compare_with_its_base(
        &mut self,
        sha: &str,
    ) -> Result<(Comparison, Roots), ForgeError> {
        let compared = self.compare(sha).await;
        match &compared {
            Ok(comparison) => {
                let newest = comparison.commits.last().filter(|newest| newest.sha == sha);
                let is_buried = newest.is_some_and(|newest| self.own.made_now(newest));
                if !is_buried || !self.own.is_edited(comparison) {
                    return compared.map(|comparison| (comparison, Roots::Base));
                }
            }
            Err(error) if error.kind == ForgeErrorKind::NotFound => {}
            Err(_) => return compared.map(|comparison| (comparison, Roots::Base)),
        }
        // That commit alone. What merges, or comes after nothing, is not the bot's.
        let parents = self.forge.parents(sha).await?;
        let mut alone = match parents.as_slice() {
            [parent] => self.forge.compare(parent, sha).await?,
            _ => Comparison::default(),
        };
        if !alone.commits.last().is_some_and(|newest| self.own.made_now(newest)) {
            if compared.is_ok() {
                return compared.map(|comparison| (comparison, Roots::Base));
            }
            // Whose commits there are before it is not known, and what is not known counts as a person's.
            alone.ahead_by += 1;
        }
        self.compared.insert(sha.to_owned(), alone.clone());
        Ok((alone, Roots::Rewritten))
    }

    /// Returns what is checked of a commit; `None` where the token may not see that.
    ///
    /// # Errors
    /// The forge could not be asked.
    pub(super) async fn checks(&mut self, sha: &str) -> Result<Option<Checks>, ForgeError> {
        match self.forge.checks(sha).await {
            Ok(checks) => Ok(Some(checks)),
            Err(error) if error.kind == ForgeErrorKind::Forbidden => {
                let problem =
                    Problem::warning("the token may not see checks, so nothing that waits for them goes on")
                        .hint("give it the permissions `Checks: read` and `Commit statuses: write`");
                tracing::debug!(reason = %error, "checks cannot be seen");
                self.warn(problem);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells of something that is missing, once a run.
    pub(super) fn warn(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Returns what the checks of a commit say together. Checks that cannot be seen may still be pending.
    ///
    /// # Errors
    /// The forge could not be asked.
    pub(super) async fn light(&mut self, sha: &str, options: &Options) -> Result<Light, ForgeError> {
        Ok(self.checks(sha).await?.map_or(Light::Pending, |checks| light(&checks, options)))
    }

    /// Returns the release notes of a branch.
    pub(super) async fn notes(&self, branch: &Branch) -> BranchNotes {
        match self.notes.get(&branch.branch_name) {
            _ if branch.options.fetch_change_logs == Some(FetchChangeLogs::Off) => BranchNotes::default(),
            Some(notes) => notes.clone(),
            None => self.changelogs.notes(branch).await,
        }
    }

    pub(super) fn content_base(&self) -> Base<'_> {
        Base { commit: &self.base, tree: self.tree, outcome: self.outcome }
    }
}

/// Returns who commits, and what the bot's own commits look like.
///
/// An App commits as itself and the forge signs that, unless the owner names an author. A token's owner is a person, whose own commits must not be
/// taken for the bot's.
pub(super) fn identities(
    options: &Options,
    named: Option<&str>,
    account: &Account,
    repository: &Repository,
) -> (Option<Signature>, Own) {
    let wanted = options.git_author.as_deref().or(named).and_then(signature);
    let author = match account.kind {
        AccountKind::App => wanted,
        AccountKind::User => wanted.or_else(|| {
            let (name, email) = AUTHOR;
            Some(Signature { name: name.to_owned(), email: email.to_owned() })
        }),
    };
    let website = Url::parse(&repository.web_url).ok();
    let host = website.as_ref().and_then(Url::host_str).unwrap_or_default();
    let by_forge = noreply(host, account.id, &account.login);
    let authors: &[String] = match &author {
        Some(author) => slice::from_ref(&author.email),
        None => &by_forge,
    };
    let ignored = options.git_ignored_authors.iter().flatten().map(String::as_str);
    let own = Own::new(host, authors.iter().map(String::as_str), AUTHOR.1, ignored);
    (author, own)
}
