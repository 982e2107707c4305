//! One repository, from its first request to its dashboard.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use tracing::Instrument as _;
use updraft_core::address::without_users;
use updraft_core::config::Options;
use updraft_core::config::options::ForkProcessing;
use updraft_core::dashboard::{Entry, ticks};
use updraft_core::draft;
use updraft_core::forge::{BranchHead, Comparison, Issue, PullRequest};
use updraft_core::life::Standing;
use updraft_core::life::limits::Counts;
use updraft_core::plan::HoldReason;
use updraft_core::problem::{Problem, Severity};

use super::config_issue;
use super::dashboard::{self, find_issue};
use super::deed::{self, About};
use super::doubts::Doubts;
use super::job::{Job, Tally, identities};
use super::onboarding;
use crate::changelog::Changelogs;
use crate::cli::{Onboarding, RequireConfig};
use crate::decisions;
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
    /// Nothing was written but an issue that says so: its configuration is wrong, or half of it could not be read. This says which, in words.
    WrongConfig(String),
    /// It has no configuration yet; a pull request offers one.
    Onboarding,
    /// The run ended before everything was done; the next one goes on.
    Unfinished(String),
}

/// What a branch waits for that is not made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Its updates, or its owner, want it to wait.
    Hold(HoldReason),
    /// There are too many others.
    Limit,
}

/// What a run did in a repository.
#[derive(Debug)]
pub struct Work {
    /// What became of it.
    pub verdict: Verdict,
    /// What was read, where it came no further.
    pub reading: Option<Reading>,
    /// What was found out, where it came so far.
    pub outcome: Option<Outcome>,
    /// Where each branch stands.
    pub entries: Vec<Entry>,
    /// What went wrong while writing.
    pub problems: Vec<Problem>,
    /// What was written.
    pub tally: Tally,
    /// The bot's open pull requests at the end; `None` where nobody has counted them.
    pub open_pulls: Option<u32>,
}

impl Work {
    pub(super) fn without_branches(verdict: Verdict) -> Self {
        Self {
            verdict,
            reading: None,
            outcome: None,
            entries: Vec::new(),
            problems: Vec::new(),
            tally: Tally::default(),
            open_pulls: None,
        }
    }

    fn without_config(why: impl Into<String>, reading: Reading) -> Self {
        Self { reading: Some(reading), ..Self::without_branches(Verdict::WrongConfig(why.into())) }
    }

    /// Returns what each branch that is not made now waits for.
    pub fn held(&self) -> impl Iterator<Item = Wait> {
        self.entries.iter().filter_map(|entry| match &entry.standing {
            Standing::Held(hold) => Some(Wait::Hold(hold.reason)),
            Standing::RateLimited { .. } => Some(Wait::Limit),
            _ => None,
        })
    }

    /// Returns what was read of the repository, however far it came.
    pub fn reading(&self) -> Option<&Reading> {
        self.outcome.as_ref().map(|outcome| &outcome.reading).or(self.reading.as_ref())
    }

    /// Returns everything that went wrong or is worth a look, in the order of the work.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        let read = self.reading().map(|reading| {
            let Reading { config, snapshot, extraction, .. } = reading;
            config.problems.iter().chain(&snapshot.problems).chain(&extraction.problems)
        });
        let found = self.outcome.iter().flat_map(|outcome| &outcome.problems);
        read.into_iter().flatten().chain(found).chain(&self.problems)
    }

    /// Returns how many of the problems are as bad as this, or worse.
    pub fn count_problems(&self, severity: Severity) -> usize {
        self.problems().filter(|problem| problem.severity <= severity).count()
    }

    /// Returns whether something could not be done.
    pub fn has_errors(&self) -> bool {
        matches!(self.verdict, Verdict::WrongConfig(_)) || self.count_problems(Severity::Error) > 0
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
    tell_grants(&forge.grants().await, settings);
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
    let mut refused = Vec::new();
    let issues = issues(forge, &repository, &reading, &mut refused).await?;
    if reading.config.has_errors() {
        if let Some(issues) = &issues {
            allowed(config_issue::open(forge, &reading, issues).await, &mut refused)?;
        }
        let why = "nothing is written until the configuration is mended";
        return Ok(Work { problems: refused, ..Work::without_config(why, reading) });
    }
    let unread = &reading.config.unread_presets;
    if !unread.is_empty() {
        let names: Vec<String> = unread.iter().map(|preset| format!("`{}`", without_users(preset))).collect();
        let why =
            format!("nothing is written with half a configuration: {} could not be read", names.join(", "));
        return Ok(Work { problems: refused, ..Work::without_config(why, reading) });
    }
    if let Some(issues) = &issues {
        allowed(config_issue::close(forge, issues).await, &mut refused)?;
    }
    reading.snapshot.identity.recent_subjects = forge.recent_subjects(&repository.default_branch).await?;
    let mut work =
        Box::pin(branches(forge, session, settings, &repository, (base, &tree), reading, issues.as_deref()))
            .await?;
    work.problems.extend(refused);
    Ok(work)
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
    refused: &mut Vec<Problem>,
) -> Result<Option<Vec<Issue>>, ForgeError> {
    if !repository.has_issues {
        return Ok(None);
    }
    let Some(mut issues) = allowed(forge.issues().await, refused)? else { return Ok(None) };
    let title = reading.config.options.dependency_dashboard_title.as_deref().unwrap_or_default();
    if reading.config.options.dependency_dashboard == Some(true) && find_issue(&issues, title).is_none() {
        let left_behind = forge.open_issues_of(PREDECESSOR).await?;
        issues.extend(left_behind.into_iter().filter(|issue| issue.title == title));
    }
    Ok(Some(issues))
}

/// Returns what came of something about issues; `None` where the token may not do it, or does not see them, which is told and no reason not to do the
/// rest.
fn allowed<T>(done: Result<T, ForgeError>, refused: &mut Vec<Problem>) -> Result<Option<T>, ForgeError> {
    match done {
        Err(error) if matches!(error.kind, ForgeErrorKind::Forbidden | ForgeErrorKind::NotFound) => {
            tracing::debug!(%error, "issues are out of reach");
            let message = "the token may not work with issues, so the Dependency Dashboard stays as it is";
            refused.push(Problem::warning(message).hint("give it the permission `Issues: write`"));
            Ok(None)
        }
        done => done.map(Some),
    }
}

/// Says what the token may do: in one line where one repository is worked on; what is missing, always.
fn tell_grants(grants: &[Grant], settings: &RunSettings) {
    let names = |wanted: Allowed| {
        let those = grants.iter().filter(|grant| grant.allowed == wanted);
        let names: Vec<String> = those.map(|grant| format!("{} {}", grant.name, grant.wanted)).collect();
        Some(names.join(", ")).filter(|names| !names.is_empty())
    };
    let (granted, unknown) = (names(Allowed::Yes), names(Allowed::Unknown));
    if settings.repositories.len() == 1 && !settings.autodiscover {
        tracing::info!(granted, unknown, "permissions");
    } else {
        tracing::debug!(granted, unknown, "permissions");
    }
    for Grant { name, wanted, without, .. } in grants.iter().filter(|grant| grant.allowed == Allowed::No) {
        tracing::warn!(reason = without, permission = name, access = wanted, "permission missing");
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
    let (author, own) =
        identities(&reading.config.options, settings.git_author.as_deref(), &account, repository);
    let outcome = session.decide(reading).await;
    decisions::log_dependencies(&outcome);
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
        changelogs: Changelogs::new(&session.http, &session.datasources, session.now)
            .for_readers_of(repository.visibility),
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
        is_told: false,
        because: None,
        entries: Vec::new(),
        problems: Vec::new(),
        tally: Tally::default(),
    };
    job.look_ahead().await;
    job.counts.commits_this_hour = job.commits_since(full_hour(session.now));
    let ended = job.finish(issues).await;
    let Job { entries, problems, tally, counts, .. } = job;
    let verdict = match ended {
        Ok(()) => Verdict::Done,
        Err(error) if error.is_postponed() => Verdict::Unfinished(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let open_pulls = Some(counts.open_pulls);
    Ok(Work { verdict, reading: None, outcome: Some(outcome), entries, problems, tally, open_pulls })
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
        let written = dashboard::write(self, issues, &others).await;
        match allowed(written, &mut self.problems) {
            Err(error) if !error.is_fatal() => {
                self.failed("the Dependency Dashboard could not be brought up to date", &error);
                Ok(())
            }
            written => written.map(|_| ()),
        }
    }

    /// Settles every planned branch in turn. What goes wrong with one is told and does not keep the others from being settled.
    ///
    /// # Errors
    /// Nothing else can be done in this repository now.
    async fn settle_all(&mut self) -> Result<(), ForgeError> {
        let outcome = self.outcome;
        for ready in &outcome.branches {
            let span = tracing::error_span!("branch", branch = ready.branch.branch_name);
            (self.is_told, self.because) = (false, None);
            let standing = match self.settle(ready).instrument(span.clone()).await {
                Ok(standing) => standing,
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => {
                    let name = &ready.branch.branch_name;
                    self.failed(&format!("the branch `{name}` could not be brought up to date"), &error);
                    Standing::Errored { reason: error.to_string() }
                }
            };
            span.in_scope(|| self.tell_standing(ready, &standing));
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

    /// Tells why a branch that nothing was done to stays as it is, or is not there.
    fn tell_standing(&mut self, ready: &ReadyBranch, standing: &Standing) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        let (what, number) = match standing {
            Standing::Held(_) | Standing::RateLimited { .. } => ("branch held", None),
            Standing::Errored { .. } => ("branch failed", None),
            Standing::AwaitsPullApproval | Standing::AwaitsChecks | Standing::AwaitsAutomerge => {
                ("branch left alone", None)
            }
            Standing::Edited { pull } | Standing::Frozen { pull, .. } | Standing::Merged { pull } => {
                ("branch left alone", *pull)
            }
            Standing::Open { pull } => ("branch left alone", Some(*pull)),
            Standing::Closed { pull } => ("branch left out", Some(*pull)),
        };
        let until = match standing {
            Standing::Held(hold) => hold.until,
            _ => None,
        };
        let reason = self.because.take().unwrap_or_else(|| standing.to_string());
        deed::tell_undone(
            what,
            until,
            About { number, title: Some(&ready.branch.pr_title), reason: Some(&reason), ..About::default() },
        );
    }

    /// Tells what could not be done.
    pub(super) fn failed(&mut self, what: &str, error: &ForgeError) {
        let message = format!("{what}: {error}");
        let problem = if error.kind == ForgeErrorKind::Refused {
            // Somebody else changed it at the same time, or does not want it to change; the next run looks again at what is there.
            Problem::warning(message)
        } else {
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

/// Returns what branches of this configuration begin with.
pub(super) fn prefixes(options: &Options) -> impl Iterator<Item = &str> {
    let prefixes = [&options.branch_prefix, &options.branch_prefix_old].into_iter().flatten();
    prefixes.map(String::as_str).filter(|prefix| !prefix.is_empty() && !prefix.contains("{{"))
}

/// Returns the branches that may be the bot's. A prefix that is empty would make every branch one of them, so then only those count that this run plans.
async fn heads(forge: &dyn Forge, outcome: &Outcome) -> Result<BTreeMap<String, String>, ForgeError> {
    let prefixes: Vec<&str> = prefixes(&outcome.reading.config.options).collect();
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
