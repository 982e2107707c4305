//! One repository, from its first request to its dashboard.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use updraft_core::config::Options;
use updraft_core::config::options::ForkProcessing;
use updraft_core::dashboard::{Entry, ticks};
use updraft_core::draft;
use updraft_core::forge::{BranchHead, Comparison, Issue, PullRequest};
use updraft_core::life::Standing;
use updraft_core::life::limits::Counts;
use updraft_core::problem::{Problem, Severity};

use super::config_issue;
use super::dashboard::{self, find_issue};
use super::doubts::Doubts;
use super::job::{Job, Tally, identities};
use super::onboarding;
use crate::changelog::Changelogs;
use crate::cli::{Onboarding, RequireConfig};
use crate::forge::{Allowed, Descent, Forge, ForgeError, ForgeErrorKind, Grant, Permission, Repository};
use crate::run::{Outcome, Reading, ReadyBranch, Session};
use crate::settings::RunSettings;
use crate::source::remote;

/// The account of Renovate's own App.
const PREDECESSOR: &str = "renovate[bot]";

/// What became of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was worked on.
    Done,
    /// There was nothing to work on: it is archived, empty, switched off.
    Skipped(String),
    /// Its configuration is wrong, so nothing was written but an issue that says so.
    WrongConfig,
    /// It has no configuration yet; a pull request offers one.
    Onboarding,
    /// The run ended before everything was done; the next one goes on.
    Unfinished(String),
}

/// What a run did in a repository.
#[derive(Debug)]
pub struct Work {
    /// What became of it.
    pub verdict: Verdict,
    /// What was found out, where it came so far.
    pub outcome: Option<Outcome>,
    /// Where each branch stands.
    pub entries: Vec<Entry>,
    /// What went wrong while writing.
    pub problems: Vec<Problem>,
    /// What was written.
    pub tally: Tally,
}

impl Work {
    pub(super) fn without_branches(verdict: Verdict) -> Self {
        Self { verdict, outcome: None, entries: Vec::new(), problems: Vec::new(), tally: Tally::default() }
    }

    /// Returns whether something could not be done.
    pub fn has_errors(&self) -> bool {
        let all = self.outcome.iter().flat_map(|outcome| &outcome.problems).chain(&self.problems);
        self.tally.errors > 0 || all.into_iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Works on one repository.
///
/// # Errors
/// The forge could not be asked for what everything else needs, or wants to be left alone.
pub(super) async fn work(
    forge: &dyn Forge,
    session: &Session,
    settings: &RunSettings,
) -> anyhow::Result<Work> {
    let began = Instant::now();
    let repository = forge.repository().await?;
    if let Some(reason) = unfit(&repository)? {
        return Ok(Work::without_branches(Verdict::Skipped(reason)));
    }
    tell_grants(&repository, &forge.grants().await, settings);
    let Some(base) = forge.head(&repository.default_branch).await? else {
        return Ok(Work::without_branches(Verdict::Skipped("it is empty".to_owned())));
    };
    let (snapshot, tree) = remote::read(forge, &session.http, &repository, &base).await?;
    let mut reading = session.understand(Path::new(&repository.slug), snapshot, began).await?;
    if repository.descent == Descent::Fork && !processes_forks(&reading.config.options, settings) {
        let reason = "it is a fork: `forkProcessing: \"enabled\"` in its configuration has it worked on";
        return Ok(Work::without_branches(Verdict::Skipped(reason.to_owned())));
    }
    if reading.config.files.is_empty() && session.config.is_none() {
        match (settings.onboarding, settings.require_config) {
            (Onboarding::On, _) => {
                let outcome = session.decide(reading).await;
                let site = onboarding::Site { forge, repository: &repository, base: &base, settings };
                match site.offer(&outcome).await? {
                    onboarding::Answer::Open => {
                        return Ok(Work {
                            outcome: Some(outcome),
                            ..Work::without_branches(Verdict::Onboarding)
                        });
                    }
                    onboarding::Answer::Declined if settings.require_config == RequireConfig::Required => {
                        let reason = "its owner closed the pull request that offers a configuration";
                        return Ok(Work::without_branches(Verdict::Skipped(reason.to_owned())));
                    }
                    onboarding::Answer::Declined => reading = outcome.reading,
                }
            }
            (Onboarding::Off, RequireConfig::Required) => {
                return Ok(Work::without_branches(Verdict::Skipped("it has no configuration".to_owned())));
            }
            (Onboarding::Off, RequireConfig::Optional) => {}
        }
    }
    if reading.config.options.enabled == Some(false) {
        return Ok(Work::without_branches(Verdict::Skipped(
            "its configuration says `enabled: false`".to_owned(),
        )));
    }
    let issues = issues(forge, &repository, &reading).await?;
    if reading.config.problems.iter().any(|problem| problem.severity == Severity::Error) {
        let mut work = Work::without_branches(Verdict::WrongConfig);
        work.problems.clone_from(&reading.config.problems);
        if let Some(issues) = &issues {
            allowed(config_issue::open(forge, &reading, issues).await)?;
        }
        return Ok(work);
    }
    let unread = &reading.config.unread_presets;
    if !unread.is_empty() {
        for problem in &reading.config.problems {
            tracing::warn!(repository = repository.slug, hint = problem.hint, "{}", problem.message);
        }
        let names: Vec<String> = unread.iter().map(|preset| format!("`{preset}`")).collect();
        anyhow::bail!("nothing is written with half a configuration: {} could not be read", names.join(", "));
    }
    if let Some(issues) = &issues {
        allowed(config_issue::close(forge, issues).await)?;
    }
    reading.snapshot.identity.recent_subjects = forge.recent_subjects(&repository.default_branch).await?;
    Box::pin(branches(forge, session, settings, &repository, (base, &tree), reading, issues.as_deref())).await
}

/// Returns whether a fork is worked on: only when somebody asked for it, by its name or in its configuration.
fn processes_forks(options: &Options, settings: &RunSettings) -> bool {
    match options.fork_processing {
        Some(ForkProcessing::Enabled) => true,
        Some(ForkProcessing::Disabled) => false,
        Some(ForkProcessing::Auto) | None => !settings.autodiscover,
    }
}

/// Returns why a repository cannot be worked on, where that is nobody's fault.
///
/// # Errors
/// The token may not write to it.
fn unfit(repository: &Repository) -> anyhow::Result<Option<String>> {
    if repository.is_archived {
        return Ok(Some("it is archived".to_owned()));
    }
    anyhow::ensure!(
        repository.permission >= Permission::Write,
        "the token may only read `{}`: writing to it is forbidden (a 403 permission error would follow); give the token \
         write access to contents, pull requests and issues",
        repository.slug
    );
    Ok(None)
}

/// Returns the issues that are ours to keep right. A dashboard that Renovate's own App left behind is one of them; anybody else's is not, since its boxes
/// would be anybody's to tick. `None` where they are switched off, or the token may not see them.
async fn issues(
    forge: &dyn Forge,
    repository: &Repository,
    reading: &Reading,
) -> Result<Option<Vec<Issue>>, ForgeError> {
    if !repository.has_issues {
        return Ok(None);
    }
    let Some(mut issues) = allowed(forge.issues().await)? else { return Ok(None) };
    let title = reading.config.options.dependency_dashboard_title.as_deref().unwrap_or_default();
    if reading.config.options.dependency_dashboard == Some(true) && find_issue(&issues, title).is_none() {
        let left_behind = forge.open_issues_of(PREDECESSOR).await?;
        issues.extend(left_behind.into_iter().filter(|issue| issue.title == title));
    }
    Ok(Some(issues))
}

/// Returns what came of something about issues; `None` where the token may not do it, which is said and no reason not to do the rest.
fn allowed<T>(done: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match done {
        Err(error) if error.kind == ForgeErrorKind::Forbidden => {
            let hint = "give it the permission `Issues: write`";
            tracing::warn!(%error, hint, "the token may not work with issues, so there is no Dependency Dashboard");
            Ok(None)
        }
        done => done.map(Some),
    }
}

/// Says what the token may do: all of it where one repository is worked on, and otherwise only what is missing.
fn tell_grants(repository: &Repository, grants: &[Grant], settings: &RunSettings) {
    let is_alone = settings.repositories.len() == 1 && !settings.autodiscover;
    if grants.iter().all(|grant| grant.allowed == Allowed::Unknown) {
        tracing::debug!(repository = repository.slug, "the forge does not say what this token may do");
        return;
    }
    for Grant { name, wanted, allowed, without } in grants {
        match allowed {
            Allowed::Yes if is_alone => tracing::info!("permission {name:<14} {wanted:<5} yes"),
            Allowed::Yes => {}
            Allowed::No => {
                tracing::warn!(
                    repository = repository.slug,
                    "permission {name:<14} {wanted:<5} no: {without}"
                );
            }
            Allowed::Unknown => tracing::info!("permission {name:<14} {wanted:<5} not known"),
        }
    }
}

async fn branches(
    forge: &dyn Forge,
    session: &Session,
    settings: &RunSettings,
    repository: &Repository,
    (base, tree): (crate::forge::CommitHead, &crate::forge::Tree),
    reading: Reading,
    issues: Option<&[Issue]>,
) -> anyhow::Result<Work> {
    let account = forge.account().await?;
    let (author, own) = identities(&reading.config.options, settings.git_author.as_deref(), &account);
    let outcome = session.decide(reading).await;
    crate::decisions::log(&outcome);
    let options = &outcome.reading.config.options;
    let heads = heads(forge, &outcome).await?;
    let pulls = pulls(forge, repository).await?;
    let counts = counts(forge, &outcome, &heads, &pulls, session.now).await?;
    let title = options.dependency_dashboard_title.as_deref().unwrap_or_default();
    let ticked = find_issue(issues.unwrap_or_default(), title)
        .filter(|issue| issue.is_open)
        .map(|issue| ticks(&issue.body));
    let mut job = Job {
        forge,
        session,
        changelogs: Changelogs::new(&session.http, &session.datasources, session.now),
        repository,
        outcome: &outcome,
        grants: forge.grants().await,
        protection: forge.protection(&repository.default_branch).await?,
        base,
        tree,
        account,
        author,
        own,
        heads,
        pulls,
        ticks: ticked.unwrap_or_default(),
        counts,
        doubts: Doubts::of(&outcome),
        compared: BTreeMap::new(),
        histories: BTreeMap::new(),
        notes: BTreeMap::new(),
        entries: Vec::new(),
        problems: Vec::new(),
        tally: Tally::default(),
    };
    job.look_ahead().await;
    job.counts.commits_this_hour = job.commits_since(full_hour(session.now));
    let ended = job.finish(issues).await;
    let Job { entries, problems, tally, .. } = job;
    let verdict = match ended {
        Ok(()) => Verdict::Done,
        Err(error) if error.is_postponed() => Verdict::Unfinished(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    Ok(Work { verdict, outcome: Some(outcome), entries, problems, tally })
}

impl Job<'_> {
    /// Does everything there is to do, in an order in which it can end at any point.
    ///
    /// # Errors
    /// Nothing else can be done in this repository now.
    async fn finish(&mut self, issues: Option<&[Issue]>) -> Result<(), ForgeError> {
        self.settle_all().await?;
        let others = self.prune().await?;
        let Some(issues) = issues else { return Ok(()) };
        allowed(dashboard::write(self, issues, &others).await).map(|_| ())
    }

    /// Settles every planned branch in turn. What goes wrong with one is told and does not keep the others from being settled.
    ///
    /// # Errors
    /// Nothing else can be done in this repository now.
    async fn settle_all(&mut self) -> Result<(), ForgeError> {
        let outcome = self.outcome;
        for ready in &outcome.branches {
            let standing = match self.settle(ready).await {
                Ok(standing) => standing,
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => {
                    let name = &ready.branch.branch_name;
                    self.failed(&format!("the branch `{name}` could not be brought up to date"), &error);
                    Standing::Errored { reason: error.to_string() }
                }
            };
            tracing::debug!(branch = ready.branch.branch_name, ?standing, "settled");
            self.entries.push(entry(ready, standing));
        }
        Ok(())
    }

    /// Returns how many of the branches that are there the bot has committed to since a time.
    fn commits_since(&self, time: Timestamp) -> u32 {
        let is_recent = |comparison: &&Comparison| {
            let own = comparison.commits.iter().filter(|commit| self.own.made(commit));
            own.filter_map(|commit| commit.committed_at).max().is_some_and(|at| at >= time)
        };
        number(self.compared.values().filter(is_recent).count())
    }

    /// Tells what could not be done.
    pub(super) fn failed(&mut self, what: &str, error: &ForgeError) {
        let message = format!("{what}: {error}");
        let problem = if error.kind == ForgeErrorKind::Refused {
            // Somebody else changed it at the same time, or does not want it to change; the next run looks again at what is there.
            Problem::warning(message)
        } else {
            self.tally.errors += 1;
            Problem::error(message)
        };
        self.problems.push(problem);
    }
}

fn entry(ready: &ReadyBranch, standing: Standing) -> Entry {
    let branch = &ready.branch;
    let mut dep_names: Vec<String> =
        branch.upgrades.iter().map(|upgrade| upgrade.dep.dep_name.clone()).collect();
    dep_names.sort();
    dep_names.dedup();
    Entry {
        branch_name: branch.branch_name.clone(),
        title: branch.pr_title.clone(),
        standing,
        dep_names,
        category: branch.options.dependency_dashboard_category.clone(),
    }
}

/// Returns the bot's branches. A prefix that is empty would make every branch one of them, so then only those count that this run plans.
async fn heads(forge: &dyn Forge, outcome: &Outcome) -> Result<BTreeMap<String, String>, ForgeError> {
    let options = &outcome.reading.config.options;
    let prefixes: Vec<&str> = [&options.branch_prefix, &options.branch_prefix_old]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .filter(|prefix| !prefix.is_empty() && !prefix.contains("{{"))
        .collect();
    let mut heads = BTreeMap::new();
    for prefix in &prefixes {
        let found = forge.branches(prefix).await?;
        heads.extend(found.into_iter().map(|BranchHead { name, sha }| (name, sha)));
    }
    for ready in &outcome.branches {
        let name = &ready.branch.branch_name;
        if !prefixes.iter().any(|prefix| name.starts_with(prefix))
            && let Some(head) = forge.head(name).await?
        {
            heads.insert(name.clone(), head.sha);
        }
    }
    Ok(heads)
}

/// Returns the open pull requests by their branch; where a branch has several, the one into the base branch.
async fn pulls(
    forge: &dyn Forge,
    repository: &Repository,
) -> Result<BTreeMap<String, PullRequest>, ForgeError> {
    let mut pulls: BTreeMap<String, PullRequest> = BTreeMap::new();
    for pull in forge.open_pulls().await? {
        let is_better = pull.base == repository.default_branch;
        if is_better || !pulls.contains_key(&pull.head) {
            pulls.insert(pull.head.clone(), pull);
        }
    }
    Ok(pulls)
}

fn full_hour(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(3600) * 3600).unwrap_or(now)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Counts what is limited. What was opened in this hour is asked for only where that matters.
async fn counts(
    forge: &dyn Forge,
    outcome: &Outcome,
    heads: &BTreeMap<String, String>,
    pulls: &BTreeMap<String, PullRequest>,
    now: Timestamp,
) -> Result<Counts, ForgeError> {
    let prefix = outcome.reading.config.options.branch_prefix.as_deref().unwrap_or_default();
    let is_own = |pull: &&PullRequest| heads.contains_key(&pull.head) || pull.head.starts_with(prefix);
    let is_limited = |ready: &ReadyBranch| {
        let limit = ready.branch.options.pr_hourly_limit.unwrap_or_default();
        limit > 0 && !heads.contains_key(&ready.branch.branch_name)
    };
    let mut pulls_this_hour = 0;
    if outcome.branches.iter().any(is_limited) {
        pulls_this_hour = forge.opened_since(full_hour(now)).await?.iter().filter(is_own).count();
    }
    Ok(Counts {
        open_pulls: number(pulls.values().filter(|pull| heads.contains_key(&pull.head)).count()),
        branches: number(heads.keys().filter(|name| *name != draft::onboarding::BRANCH).count()),
        pulls_this_hour: number(pulls_this_hour),
        commits_this_hour: 0,
    })
}
