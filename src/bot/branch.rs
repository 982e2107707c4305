//! Brings one branch to where it should be: made, left alone, made anew.

use updraft_core::config::options::RebaseWhen;
use updraft_core::dashboard::Tick;
use updraft_core::draft;
use updraft_core::draft::comments::{self, Comment};
use updraft_core::forge::PullRequest;
use updraft_core::life::content::Verdict;
use updraft_core::life::past::{Past, is_left_over, past};
use updraft_core::life::policy::{may_leave_to_forge, must_be_up_to_date};
use updraft_core::life::{Standing, lifts};
use updraft_core::plan::{Branch, HoldReason};

use super::content;
use super::deed::{About, Deed};
use super::job::{Job, Roots};
use crate::forge::{Allowed, Change, CommitHead, ForgeError, ForgeErrorKind, NewCommit, NewFile, WORKFLOWS};
use crate::run::ReadyBranch;

/// What keeps a branch from being merged although nobody touched it.
const REWRITTEN: &str = "the history of its base was written anew";

/// A branch that is there and brings what it should.
pub(super) struct Made {
    /// Its commit.
    pub(super) sha: String,
    /// How it came to be.
    pub(super) how: How,
    /// How many commits it is behind the base.
    pub(super) behind_by: u64,
}

/// How a branch came to be as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It was so before.
    Found,
    /// This run committed to it.
    Committed,
}

/// What a person who asks for a branch to be made anew agrees to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consent {
    /// This branch was named, so what people did to it may go.
    WithWhatPeopleDid,
    /// It was one of many, or was said to have failed: what people did to it stays.
    IfNobodyTouchedIt,
}

impl Job<'_> {
    /// Brings a branch and its pull request to where they should be.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn settle(&mut self, ready: &ReadyBranch) -> Result<Standing, ForgeError> {
        if let Some(reason) = self.forbids_workflows(ready) {
            return Ok(Standing::Errored { reason });
        }
        match self.heads.get(&ready.branch.branch_name).cloned() {
            None => self.begin(ready).await,
            Some(sha) => self.go_on(ready, sha).await,
        }
    }

    /// Returns why a branch cannot be written that changes workflows, where the token may not.
    fn forbids_workflows(&self, ready: &ReadyBranch) -> Option<String> {
        let changes_workflows = ready.texts.keys().any(|path| path.as_str().starts_with(WORKFLOWS));
        let grant = self.grants.iter().find(|grant| grant.name == "workflows")?;
        (changes_workflows && grant.allowed == Allowed::No).then(|| {
            format!("the token may not change `{WORKFLOWS}`: give it the scope `workflow`, or the permission `Workflows: write`")
        })
    }

    /// Makes a branch that is not there, unless something forbids it.
    async fn begin(&mut self, ready: &ReadyBranch) -> Result<Standing, ForgeError> {
        let branch = &ready.branch;
        let name = &branch.branch_name;
        // What a tick lifted.
        let mut lifted = None;
        if let Some(hold) = &branch.hold {
            if !lifts(&self.ticks, name, hold) {
                return Ok(Standing::Held(hold.clone()));
            }
            lifted = Some(format!("a box on the dashboard is ticked, although: {hold}"));
        }
        let is_lifted = self.ticks.wants(name) || self.ticks.unlimit_all || lifted.is_some();
        if let Some(limit) = self.counts.forbid_branch(branch) {
            let standing = Standing::RateLimited { limit };
            if !is_lifted {
                return Ok(standing);
            }
            lifted.get_or_insert_with(|| format!("a box on the dashboard is ticked, although: {standing}"));
        }
        let history = self.forge.pulls_of(name).await?;
        let before = past(&history, branch, &self.repository.default_branch, self.session.now);
        if let Past::Closed(pull) = before
            && !self.ticks.wants(name)
        {
            self.say(&comments::ignored(branch), "prIgnoreNotification", pull).await?;
            return Ok(Standing::Closed { pull: pull.number });
        }
        if let Past::Autoclosed(old) = before
            && self.brings_back(name, old).await?
        {
            return self.go_on(ready, old.head_sha.clone()).await;
        }
        let head = self.commit(ready).await?;
        let made = self.forge.create_branch(name, &head.sha).await;
        let sha = match made {
            Ok(()) => head.sha,
            // Another run was faster: when it made the same, it is as good as ours.
            Err(error) if error.kind == ForgeErrorKind::Refused => match self.forge.head(name).await? {
                Some(other) if other.tree == head.tree => other.sha,
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        self.counts.branches += 1;
        self.tally.branches_created += 1;
        self.heads.insert(name.clone(), sha.clone());
        self.tell_branch(Deed::BranchCreated, lifted.as_deref());
        let made = Made { sha, how: How::Committed, behind_by: 0 };
        self.pull(ready, &made, before).await
    }

    /// Puts a branch back where it was when its pull request was closed, as GitHub opens that again for no other commit. Returns whether it could.
    async fn brings_back(&mut self, name: &str, old: &PullRequest) -> Result<bool, ForgeError> {
        match self.forge.create_branch(name, &old.head_sha).await {
            Ok(()) => {}
            // The commit is gone for good.
            Err(error) if matches!(error.kind, ForgeErrorKind::Refused | ForgeErrorKind::NotFound) => {
                tracing::debug!(%error, branch = name, "cannot be brought back, so it is made anew");
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        self.counts.branches += 1;
        self.tally.branches_created += 1;
        self.heads.insert(name.to_owned(), old.head_sha.clone());
        self.tell_branch(
            Deed::BranchRestored,
            Some("its pull request was closed when nothing needed it, and is opened again"),
        );
        Ok(true)
    }

    /// Looks after a branch that is there.
    async fn go_on(&mut self, ready: &ReadyBranch, sha: String) -> Result<Standing, ForgeError> {
        let branch = &ready.branch;
        let name = &branch.branch_name;
        let mut open = self.pulls.get(name).cloned();
        let (comparison, roots) = self.compare_with_its_base(&sha).await?;
        if !self.is_ours((name, &sha), (&comparison, roots), open.as_ref()).await? {
            return Ok(self.leave_to_others(name));
        }
        let consent = self.consent(branch, open.as_ref());
        let is_asked = consent.is_some();
        let is_retargeted = open.as_ref().is_some_and(|pull| pull.base != self.repository.default_branch);
        let history = self.history(branch).await?;
        let mut before = past(&history, branch, &self.repository.default_branch, self.session.now);
        let is_left_over = open.is_none() && is_left_over(&history, &self.repository.default_branch, &sha);
        let is_somebodys = (self.own.is_edited(&comparison) && !is_left_over) || is_retargeted;
        // What was squashed is in the base, too.
        let ahead_by = if is_left_over { 0 } else { comparison.ahead_by };
        if is_somebodys
            || !before.automerges(branch)
            || !may_leave_to_forge(&branch.options, self.session.now)
        {
            // First of all: what is pushed from here on must not merge before anybody looks.
            self.take_back(name).await?;
        }
        if is_somebodys && consent.map(|(consent, _)| consent) != Some(Consent::WithWhatPeopleDid) {
            self.because = is_retargeted.then(|| "somebody changed the base of its pull request".to_owned());
            return self.leave_edited(open.as_ref()).await;
        }
        if let Some(standing) = self.standing_still(branch, open.as_ref(), ahead_by) {
            return Ok(standing);
        }
        if open.is_some() {
            // What was merged and taken back must not merge by itself, however often a run looks at it. Whatever else was there before is settled.
            before = if matches!(before, Past::Merged(_)) { before } else { Past::Nothing };
        } else {
            if let Past::Closed(pull) = before
                && !self.ticks.wants(name)
            {
                self.say(&comments::ignored(branch), "prIgnoreNotification", pull).await?;
                self.forge.delete_branch(name, &sha).await?;
                self.heads.remove(name);
                self.tally.pruned += 1;
                let standing = Standing::Closed { pull: pull.number };
                self.tell_branch(Deed::BranchDeleted, Some(&standing.to_string()));
                return Ok(standing);
            }
            if let Past::Autoclosed(old) = before
                && old.head_sha == sha
            {
                open = self.reopen(branch, old).await?;
            }
        }
        let verdict = match roots {
            Roots::Base => content::of_branch(self.forge, &self.content_base(), ready, &comparison).await?,
            Roots::Rewritten => Verdict::Conflicted,
        };
        if verdict != Verdict::Right
            && let Some(reason) =
                self.doubts.about(&comparison, Some(ready), self.forge, self.outcome).await?
        {
            return Ok(Standing::Frozen { pull: open.map(|pull| pull.number), reason });
        }
        let labels = open.as_ref().map(|pull| pull.labels.clone()).unwrap_or_default();
        let is_behind = comparison.behind_by > 0;
        let is_fresh = !is_behind && ahead_by == 1 && verdict == Verdict::Right;
        let never = branch.options.rebase_when == Some(RebaseWhen::Never);
        let why = match verdict {
            _ if is_asked => consent.map(|(_, how)| how.to_owned()),
            Verdict::Different => Some(verdict.to_string()),
            Verdict::Conflicted if !never => Some(match roots {
                Roots::Base => verdict.to_string(),
                Roots::Rewritten => REWRITTEN.to_owned(),
            }),
            Verdict::Right if ahead_by == 0 => Some("it has no commit".to_owned()),
            _ if is_behind && must_be_up_to_date(branch, &self.protection, &labels) => {
                Some(format!("it is {} commits behind its base", comparison.behind_by))
            }
            _ => None,
        };
        let mut made = Made { sha, how: How::Found, behind_by: comparison.behind_by };
        if let Some(why) = why.filter(|_| !is_fresh) {
            if let Some(limit) = self.counts.forbid_commit(branch).filter(|_| !is_asked) {
                return Ok(Standing::RateLimited { limit });
            }
            let head = self.commit(ready).await?;
            self.forge.move_branch(name, &made.sha, &head.sha).await?;
            self.tally.branches_updated += 1;
            self.heads.insert(name.clone(), head.sha.clone());
            self.tell_branch(Deed::BranchUpdated, Some(&why));
            made = Made { sha: head.sha, how: How::Committed, behind_by: 0 };
        }
        if is_retargeted {
            self.brings_home(name).await?;
        }
        if roots == Roots::Rewritten && made.how == How::Found {
            self.because = Some(format!("{REWRITTEN}, and `rebaseWhen` leaves it there"));
        }
        if is_behind && made.how == How::Found {
            let (behind, never) = (comparison.behind_by, if never { ", as `rebaseWhen` says" } else { "" });
            self.because = Some(format!("{verdict}, {behind} commits behind its base{never}"));
        }
        self.pull(ready, &made, before).await
    }

    /// Has a pull request that somebody sent elsewhere go into the base branch again.
    async fn brings_home(&mut self, name: &str) -> Result<(), ForgeError> {
        let Some(pull) = self.pulls.get_mut(name) else { return Ok(()) };
        let base = &self.repository.default_branch;
        let change = Change { base: Some(base.clone()), ..Change::default() };
        self.forge.change_pull(pull.number, &change).await?;
        let (number, from) = (pull.number, std::mem::replace(&mut pull.base, base.clone()));
        let reason = format!("it went into `{from}`");
        self.tell(Deed::PullSentBack, About::pull(number).what(base).reason(&reason));
        Ok(())
    }

    /// Returns where a branch stands that is not to be touched now although nobody else committed to it. `ahead_by` counts its commits that are not in
    /// the base.
    fn standing_still(
        &mut self,
        branch: &Branch,
        open: Option<&PullRequest>,
        ahead_by: u64,
    ) -> Option<Standing> {
        let stands = |hold: Option<&updraft_core::plan::Hold>| match (open, hold) {
            (Some(pull), _) => Standing::Open { pull: pull.number },
            (None, Some(hold)) => Standing::Held(hold.clone()),
            (None, None) => Standing::AwaitsAutomerge,
        };
        let stop = branch.options.stop_updating_label.as_ref();
        if let Some((label, _)) = stop.zip(open).filter(|(label, pull)| pull.labels.contains(*label)) {
            self.because = Some(format!("its pull request has the label `{label}`"));
            return Some(stands(None));
        }
        let lifted = |hold: &updraft_core::plan::Hold| lifts(&self.ticks, &branch.branch_name, hold);
        let hold = branch.hold.as_ref().filter(|hold| !lifted(hold))?;
        let is_still = match hold.reason {
            HoldReason::Silent | HoldReason::TooYoung => true,
            HoldReason::OutsideSchedule => branch.options.update_not_scheduled == Some(false),
            // It was approved, or large enough, when it was made.
            HoldReason::NeedsApproval | HoldReason::GroupTooSmall => ahead_by == 0,
        };
        is_still.then(|| {
            self.because = Some(hold.to_string());
            stands(Some(hold))
        })
    }

    /// Returns whether a person asks for the branch to be made anew, whether that goes for what people did to it, and how it is asked.
    fn consent(&self, branch: &Branch, open: Option<&PullRequest>) -> Option<(Consent, &'static str)> {
        const TICKED: &str = "a box on the dashboard is ticked";
        let name = &branch.branch_name;
        let by_pull = open.and_then(|pull| {
            let label = branch.options.rebase_label.as_ref();
            if draft::wants_rebase(&pull.body) {
                Some("the box in its pull request is ticked")
            } else if label.is_some_and(|label| pull.labels.contains(label)) {
                Some("its pull request has the label `rebaseLabel`")
            } else {
                pull.title
                    .starts_with("rebase!")
                    .then_some("the title of its pull request begins with `rebase!`")
            }
        });
        let by_box = || self.ticks.has(name, Tick::Rebase).then_some(TICKED);
        if let Some(how) = by_pull.or_else(by_box) {
            return Some((Consent::WithWhatPeopleDid, how));
        }
        // These boxes stand where nobody is told that there are other commits on it.
        let in_passing = self.ticks.has(name, Tick::Retry) || (self.ticks.rebase_all && open.is_some());
        in_passing.then_some((Consent::IfNobodyTouchedIt, TICKED))
    }

    /// Makes the commit that a branch should consist of.
    async fn commit(&mut self, ready: &ReadyBranch) -> Result<CommitHead, ForgeError> {
        let files = ready.texts.iter().map(|(path, text)| {
            let mode = self.tree.get(path.as_str()).map_or("100644", |entry| entry.mode.as_str());
            NewFile { path: path.to_string(), mode: mode.to_owned(), text: std::sync::Arc::clone(text) }
        });
        let commit = NewCommit {
            parent: self.base.clone(),
            files: files.collect(),
            message: ready.branch.commit_message.clone(),
            author: self.author.clone(),
        };
        let head = self.forge.commit(&commit).await?;
        self.counts.commits_this_hour += 1;
        Ok(head)
    }

    async fn leave_edited(&self, open: Option<&PullRequest>) -> Result<Standing, ForgeError> {
        if let Some(pull) = open {
            self.say(&comments::edited(), "prEditedNotification", pull).await?;
        }
        Ok(Standing::Edited { pull: open.map(|pull| pull.number) })
    }

    /// Writes a comment once, unless the owner names it in `suppressNotifications`.
    ///
    /// # Errors
    /// The forge could not be asked, or did not do what was asked.
    pub(super) async fn say(
        &self,
        comment: &Comment,
        notification: &str,
        pull: &PullRequest,
    ) -> Result<(), ForgeError> {
        if self.options().suppresses(notification) {
            return Ok(());
        }
        self.forge.comment(pull.number, &comment.heading, &comment.text).await?;
        self.tell(Deed::Commented, About::pull(pull.number).what(&comment.heading));
        Ok(())
    }
}
