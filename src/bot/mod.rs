//! The bot: works on repositories of a forge, one after the other, and keeps their branches, pull requests and dashboards right.
//!
//! What is to be done is decided from what is there, so a run that ends at any point is completed by the next one.

mod automerge;
mod branch;
mod config_issue;
mod content;
mod dashboard;
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
use updraft_core::config::pattern::{Pattern, PatternList};

pub use self::job::Tally;
pub use self::repository::{Verdict, Work};
use crate::cli;
use crate::forge::dry_run::DryRun;
use crate::forge::github::Github;
use crate::forge::{Forge, ForgeError, ForgeErrorKind};
use crate::http::{HostStats, Http};
use crate::run::{Outcome, Session};
use crate::settings::{self, RunSettings};

/// What became of all repositories.
#[derive(Debug)]
pub struct Summary {
    /// One for each repository, in order.
    pub endings: Vec<Ending>,
    /// What the network cost.
    pub network: HostStats,
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
        self.work.as_ref().map_or(true, |work| work.verdict == Verdict::WrongConfig || work.has_errors())
    }
}

/// Works on all repositories. One that fails does not keep the others from being worked on.
///
/// # Errors
/// The settings of the process are wrong, or the repositories cannot be listed.
pub async fn run(arguments: &cli::Run) -> anyhow::Result<Summary> {
    let settings = settings::run(arguments)?;
    let session = Session::new(&arguments.world)?;
    for problem in &session.problems {
        tracing::warn!(hint = problem.hint, "{}", problem.message);
    }
    session.http.stop_at((Instant::now() + settings.deadline).into());
    stop_on_signal(&session.http);
    let github = Github::connect(&session.http, &settings.endpoint, settings::credentials()?);
    let mut endings = Vec::new();
    for slug in repositories(&github, &settings).await? {
        let ending = one(&github, &session, &settings, slug).await;
        report(&ending);
        endings.push(ending);
    }
    session.http.clean_cache();
    if let Some(failure) = session.http.recording_failure() {
        tracing::error!("{failure}");
    }
    let ended_at = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
    let summary = Summary { endings, network: session.http.stats().total(), ended_at };
    if let Some(path) = &settings.metrics {
        metrics::write(path, &summary)
            .with_context(|| format!("the figures cannot be written to `{}`", path.display()))?;
    }
    Ok(summary)
}

/// Returns the repositories to work on: those named, and those discovered, in order.
async fn repositories(github: &Github, settings: &RunSettings) -> anyhow::Result<Vec<String>> {
    let mut all = settings.repositories.clone();
    if settings.autodiscover {
        let patterns: Result<Vec<Pattern>, _> =
            settings.autodiscover_filter.iter().map(|text| Pattern::new(text)).collect();
        let filter = PatternList::new(patterns.context("`--autodiscover-filter` cannot be read")?);
        let found = github.repositories().await.context("the repositories cannot be listed")?;
        all.extend(found.into_iter().filter(|slug| filter.patterns().is_empty() || filter.matches(slug)));
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|slug| share::is_ours(slug, settings.shard) && seen.insert(slug.to_lowercase()));
    Ok(all)
}

/// Works on one repository, `owner/name`.
pub async fn one(github: &Github, session: &Session, settings: &RunSettings, slug: String) -> Ending {
    let began = Instant::now();
    let forge = github.repository(&slug);
    let work = match forge {
        Ok(forge) if settings.dry_run => attempt(&DryRun::new(forge), session, settings).await,
        Ok(forge) => attempt(&forge, session, settings).await,
        Err(error) => Err(error.into()),
    };
    let work =
        work.map_err(|error| crate::command::describe(&error).trim_start_matches("error: ").to_owned());
    Ending { repository: slug, duration: began.elapsed(), work }
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

/// Says in one line what became of a repository.
fn report(ending: &Ending) {
    let repository = ending.repository.as_str();
    let milliseconds = u64::try_from(ending.duration.as_millis()).unwrap_or(u64::MAX);
    let work = match &ending.work {
        Ok(work) => work,
        Err(error) => {
            tracing::error!(repository, milliseconds, "failed: {error}");
            return;
        }
    };
    for problem in &work.problems {
        tracing::warn!(
            repository,
            file = problem.file.as_ref().map(tracing::field::display),
            hint = problem.hint,
            "{}",
            problem.message
        );
    }
    let Tally { branches_created, branches_updated, pulls_created, pulls_updated, merged, pruned, errors } =
        work.tally;
    let dependencies = work.outcome.as_ref().map_or(0, |outcome| outcome.findings.len());
    let branches = work.outcome.as_ref().map_or(0, |outcome| outcome.branches.len());
    match &work.verdict {
        Verdict::Done => tracing::info!(
            repository,
            milliseconds,
            dependencies,
            branches,
            branches_created,
            branches_updated,
            pulls_created,
            pulls_updated,
            merged,
            pruned,
            errors,
            "done"
        ),
        Verdict::Skipped(reason) => tracing::info!(repository, milliseconds, "skipped: {reason}"),
        Verdict::WrongConfig => {
            tracing::error!(repository, milliseconds, "nothing is written until the configuration is mended");
        }
        Verdict::Unfinished(reason) => tracing::warn!(
            repository,
            milliseconds,
            dependencies,
            branches,
            branches_created,
            branches_updated,
            pulls_created,
            pulls_updated,
            merged,
            pruned,
            errors,
            "unfinished, the next run goes on: {reason}"
        ),
        Verdict::Onboarding => {
            tracing::info!(
                repository,
                milliseconds,
                "waits for the pull request that offers a configuration"
            );
        }
    }
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
