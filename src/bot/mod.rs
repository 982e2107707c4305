//! The bot: works on repositories of a forge, one after the other, and keeps their branches, pull requests and dashboards right.
//!
//! What is to be done is decided from what is there, so a run that ends at any point is completed by the next one.

mod automerge;
mod branch;
mod claim;
mod config_issue;
mod content;
mod dashboard;
mod deed;
mod doubts;
mod job;
mod metrics;
mod onboarding;
mod prune;
mod pull;
mod repository;
mod share;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tracing::Instrument as _;
use updraft_core::config::pattern::{Pattern, PatternList};
use updraft_core::problem::{Problem, Severity};
use updraft_core::source::SourceFile;

pub use self::job::Tally;
pub use self::repository::{Verdict, Wait, Work};
use crate::cli;
use crate::forge::dry_run::DryRun;
use crate::forge::github::Github;
use crate::forge::{Forge, ForgeError, ForgeErrorKind};
use crate::http::{HostStats, Http, Stats, shown};
use crate::report::ProblemReport;
use crate::run::{Outcome, Session};
use crate::settings::{self, RunSettings};

/// What became of all repositories.
#[derive(Debug)]
pub struct Summary {
    /// One for each repository, in order.
    pub endings: Vec<Ending>,
    /// What went wrong with finding out which repositories there are.
    pub problems: Vec<Problem>,
    /// What the network cost.
    pub network: Stats,
    /// When the run ended: seconds since 1970, UTC.
    pub ended_at: u64,
}

/// What became of one repository.
#[derive(Debug)]
pub struct Ending {
    /// `owner/name`.
    pub repository: String,
    /// How long it took.
    pub duration: Duration,
    /// How many requests were sent for it, to whomever.
    pub requests: u64,
    /// What was done, or why nothing could be.
    pub work: Result<Work, String>,
}

impl Ending {
    /// Returns what was found out, where it came so far.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.work.as_ref().ok()?.outcome.as_ref()
    }

    fn tally(&self) -> Option<&Tally> {
        self.work.as_ref().ok().map(|work| &work.tally)
    }

    /// Returns whether something could not be done.
    pub fn has_errors(&self) -> bool {
        self.work.as_ref().map_or(true, Work::has_errors)
    }
}

impl Summary {
    /// Returns whether something could not be done.
    pub fn has_errors(&self) -> bool {
        self.endings.iter().any(Ending::has_errors)
            || self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Works on all repositories, from the settings of the process to the figures of the run.
///
/// # Errors
/// The settings of the process are wrong, or the repositories cannot be listed.
pub async fn run(arguments: &cli::Run) -> anyhow::Result<Summary> {
    let began = Instant::now();
    let settings = settings::run(arguments)?;
    let session = Session::new(&arguments.world, settings.endpoint.clone())?;
    for problem in &session.problems {
        tell_problem(problem, &[]);
    }
    session.http.stop_at((Instant::now() + settings.deadline).into());
    stop_on_signal(&session.http);
    let github = Github::connect(&session.http, &settings.endpoint, settings::credentials()?);
    let summary = all(&github, &session, &settings).await?;
    session.http.clean_cache();
    if let Some(failure) = session.http.recording_failure() {
        tracing::error!("{failure}");
    }
    tell_end(&summary, began);
    if let Some(path) = &settings.metrics {
        metrics::write(path, &summary)
            .with_context(|| format!("the figures cannot be written to `{}`", path.display()))?;
    }
    Ok(summary)
}

/// Works on all repositories. One that fails does not keep the others from being worked on.
///
/// # Errors
/// The repositories cannot be listed.
pub async fn all(github: &Github, session: &Session, settings: &RunSettings) -> anyhow::Result<Summary> {
    let mut endings = Vec::new();
    let (slugs, problems) = repositories(github, settings).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        endpoint = shown(&settings.endpoint),
        repositories = slugs.len(),
        dryRun = settings.dry_run.then_some(true),
        "run begins"
    );
    for problem in &problems {
        tell_problem(problem, &[]);
    }
    let count = slugs.len();
    for (slug, waiting) in slugs.into_iter().zip((0..count).rev()) {
        let span = tracing::error_span!("repository", repository = slug);
        session.http.begin_turn(waiting);
        let ending = one(github, session, settings, slug).instrument(span.clone()).await;
        span.in_scope(|| report(&ending));
        endings.push(ending);
    }
    let ended_at = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
    Ok(Summary { endings, problems, network: session.http.stats(), ended_at })
}

/// Returns the repositories to work on: those named, and those discovered, in order; and what went wrong with discovering them.
async fn repositories(
    github: &Github,
    settings: &RunSettings,
) -> anyhow::Result<(Vec<String>, Vec<Problem>)> {
    let (mut all, mut problems) = (settings.repositories.clone(), Vec::new());
    if settings.autodiscover {
        let patterns: Result<Vec<Pattern>, _> =
            settings.autodiscover_filter.iter().map(|text| Pattern::new(text)).collect();
        let filter = PatternList::new(patterns.context("`--autodiscover-filter` cannot be read")?);
        let found = github.repositories().await.context("the repositories cannot be listed")?;
        if found.names.is_empty() && found.failures.is_empty() {
            let problem = Problem::warning("no repository was found that the token may write to");
            problems.push(problem.hint("give the token access to repositories, or install the App"));
        }
        problems.extend(found.failures.into_iter().map(|error| Problem::error(error.message)));
        let is_wanted = |slug: &String| filter.patterns().is_empty() || filter.matches(slug);
        let are_there = !found.names.is_empty();
        all.extend(found.names.into_iter().filter(is_wanted));
        if are_there && all.is_empty() {
            let filter = settings.autodiscover_filter.join(", ");
            let problem =
                Problem::warning("none of the repositories that the token may write to is worked on");
            problems
                .push(problem.hint(format!("`{filter}` of `--autodiscover-filter` matches none of them")));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|slug| share::is_ours(slug, settings.shard) && seen.insert(slug.to_lowercase()));
    Ok((all, problems))
}

/// Works on one repository, `owner/name`.
pub async fn one(github: &Github, session: &Session, settings: &RunSettings, slug: String) -> Ending {
    let began = Instant::now();
    let sent = || session.http.stats().total().requests;
    let before = sent();
    let forge = github.repository(&slug);
    let work = match forge {
        Ok(forge) if settings.dry_run => attempt(&DryRun::new(forge), session, settings).await,
        Ok(forge) => attempt(&forge, session, settings).await,
        Err(error) => Err(error.into()),
    };
    let work = work.map_err(|error| crate::command::in_one_line(&error));
    Ending { repository: slug, duration: began.elapsed(), requests: sent() - before, work }
}

async fn attempt(forge: &dyn Forge, session: &Session, settings: &RunSettings) -> anyhow::Result<Work> {
    let error = match Box::pin(repository::work(forge, session, settings)).await {
        Ok(work) => return Ok(work),
        Err(error) => error,
    };
    match error.downcast_ref::<ForgeError>() {
        Some(error) if error.is_postponed() => {
            Ok(Work::without_branches(Verdict::Unfinished(error.to_string())))
        }
        Some(ForgeError { kind: ForgeErrorKind::NotFound, .. }) => {
            Err(error.context("the forge does not know the repository, or the token may not see it"))
        }
        Some(ForgeError { kind: ForgeErrorKind::Unauthorized, .. }) => {
            Err(error.context("the forge does not accept the token (401)"))
        }
        Some(ForgeError { kind: ForgeErrorKind::Forbidden, .. }) => {
            Err(error.context("the token has not the permission for this (403)"))
        }
        _ => Err(error),
    }
}

/// Says what has to be looked at in a repository, and in one line what became of it.
fn report(ending: &Ending) {
    let milliseconds = ending.duration.as_millis();
    let work = match &ending.work {
        Ok(work) => work,
        Err(error) => {
            tracing::error!(reason = error, milliseconds, "failed");
            return;
        }
    };
    let files = work.reading().map_or(&[][..], |reading| &reading.snapshot.files);
    for problem in work.problems() {
        tell_problem(problem, files);
    }
    match &work.verdict {
        Verdict::Skipped(reason) => tracing::info!(reason, milliseconds, "skipped"),
        Verdict::WrongConfig(reason) => tracing::error!(reason, milliseconds, "failed"),
        Verdict::Onboarding => {
            let reason = "the pull request that offers a configuration is open";
            tracing::info!(reason, milliseconds, "waiting");
        }
        Verdict::Done => tell_figures("done", None, ending, work),
        Verdict::Unfinished(reason) => {
            tell_figures("unfinished, the next run goes on", Some(reason), ending, work);
        }
    }
}

/// Says what has to be looked at; what is merely good to know is on the dashboard too.
fn tell_problem(problem: &Problem, files: &[SourceFile]) {
    let ProblemReport { severity, file, line, message, hint, .. } = ProblemReport::new(problem, files);
    match severity {
        Severity::Error => tracing::error!(reason = message, packageFile = file, line, hint, "problem"),
        Severity::Warning => tracing::warn!(reason = message, packageFile = file, line, hint, "problem"),
        Severity::Note => tracing::debug!(reason = message, packageFile = file, line, hint, "problem"),
    }
}

fn tell_figures(message: &'static str, reason: Option<&str>, ending: &Ending, work: &Work) {
    /// One event for each level, with the same fields.
    macro_rules! tell {
        ($level:ident, $tally:ident, $outcome:ident) => {
            tracing::$level!(
                reason,
                dependencies = $outcome.map_or(0, |outcome| outcome.findings.len()),
                packages = $outcome.map_or(0, |outcome| outcome.lookups),
                updates = $outcome.map_or(0, Outcome::updates),
                branches = $outcome.map_or(0, |outcome| outcome.branches.len()),
                held = work.held().count(),
                pullsOpen = work.open_pulls,
                branchesCreated = $tally.branches_created,
                branchesUpdated = $tally.branches_updated,
                pullsCreated = $tally.pulls_created,
                pullsUpdated = $tally.pulls_updated,
                merged = $tally.merged,
                pruned = $tally.pruned,
                // Notes are not told at the level of this line.
                problems = work.count_problems(Severity::Warning),
                errors = work.count_problems(Severity::Error),
                requests = ending.requests,
                milliseconds = ending.duration.as_millis(),
                "{message}"
            )
        };
    }
    let (tally, outcome) = (&work.tally, work.outcome.as_ref());
    if reason.is_none() {
        tell!(info, tally, outcome);
    } else {
        tell!(warn, tally, outcome);
    }
}

/// Says in one line what became of the run.
fn tell_end(summary: &Summary, began: Instant) {
    let failed = summary.endings.iter().filter(|ending| ending.has_errors()).count();
    let HostStats { requests, cache_hits, bytes, retries } = summary.network.total();
    tracing::info!(
        repositories = summary.endings.len(),
        failed,
        requests,
        cacheHits = cache_hits,
        retries,
        bytes,
        milliseconds = began.elapsed().as_millis(),
        "run ended"
    );
}

/// Ends the run between two requests when the process is told to stop.
fn stop_on_signal(http: &Http) {
    let http = http.clone();
    tokio::spawn(async move {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
        http.stop();
        tracing::warn!("told to stop: ending after the request that is under way");
        // Who asks twice does not want to wait.
        let _ = tokio::signal::ctrl_c().await;
        std::process::exit(130);
    });
}
