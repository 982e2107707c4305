//! The pipeline, as code: source, managers, datasources, versioning, plan, edit.
//!
//! The core decides and this crate asks: package by package it alternates ask, decide, ask, decide ([`lookup`]), and ends with branches
//! whose edits were proven.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use std::{mem, slice};

use jiff::Timestamp;
use tracing::Instrument as _;
use updraft_core::choose::{PreparedDep, prepare};
use updraft_core::config::{Config, Included, ManagerFiles};
use updraft_core::dep::{Dep, Part, Skip, SkipReason};
use updraft_core::edit::Edit;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{ManagerId, RepoPath};
use updraft_core::plan::{Branch, CommitStyle, PlanContext, UpgradeInput, patch, plan, upgrades};
use updraft_core::problem::{Problem, Severity};
use updraft_core::quote::with_quoted_numbers;
use updraft_core::release::ReleaseList;
use updraft_core::source::SourceFile;
use updraft_core::span_set::SpanSet;
use updraft_core::update::{Candidate, Choice, Dropped};
use updraft_core::versioning::Versionings;
use updraft_managers::extract::in_parallel;
use url::Url;

use crate::cli;
use crate::configuration::{self, Presets};
use crate::datasource::{self, Datasources, LookupError, LookupErrorKind, custom};
use crate::decisions;
use crate::http::Http;
use crate::lookup::{self, Answered};
use crate::proof::Proof;
use crate::report::find;
use crate::settings;
use crate::source::{Snapshot, local};
use crate::worktree;

/// A repository that was read: its files, its configuration, and what managers found.
#[derive(Debug)]
pub struct Reading {
    /// The top of the working tree.
    pub root: PathBuf,
    /// The files.
    pub snapshot: Snapshot,
    /// The configuration.
    pub config: Config,
    /// What managers found.
    pub extraction: Extraction,
    /// When reading began.
    pub began: Instant,
}

/// What is known of one dependency at the end.
#[derive(Debug)]
pub struct Finding {
    /// The dependency as it was found, and as the configuration wants it.
    pub dep: PreparedDep,
    /// What its registry answered; `None` when it was not asked.
    pub releases: Option<Result<Arc<ReleaseList>, LookupError>>,
    /// What was chosen.
    pub choice: Arc<Choice>,
}

impl Finding {
    /// Returns why the dependency is left alone, whoever said so.
    pub fn skip(&self) -> Option<Skip> {
        if let Some(skip) = self.dep.dep.skip.as_ref().or(self.choice.skip.as_ref()) {
            return Some(skip.clone());
        }
        let Some(Err(error)) = &self.releases else { return self.without_digest() };
        let reason = match error.kind {
            LookupErrorKind::Unsupported => SkipReason::UnsupportedDatasource,
            _ => SkipReason::LookupFailed,
        };
        Some(Skip { reason, detail: error.detail.clone() })
    }

    /// Returns whether an update was dropped for want of a digest.
    pub(crate) fn lacks_digest(&self) -> bool {
        let is_missing = |candidate: &Candidate| candidate.dropped == Some(Dropped::NoDigest);
        self.choice.candidates.iter().any(is_missing)
    }

    /// Returns why nothing is left of what was chosen, where that is for want of a digest.
    pub(crate) fn without_digest(&self) -> Option<Skip> {
        if !self.choice.updates.is_empty() || !self.lacks_digest() {
            return None;
        }
        let detail = self.choice.warnings.last().cloned().unwrap_or_default();
        Some(Skip { reason: SkipReason::LookupFailed, detail })
    }
}

/// One branch with its proven change.
#[derive(Debug)]
pub struct ReadyBranch {
    /// The branch.
    pub branch: Branch,
    /// The change, for `git apply`.
    pub patch: String,
    /// The changed files as they will be.
    pub texts: BTreeMap<RepoPath, Arc<str>>,
}

/// Everything a run found out.
#[derive(Debug)]
pub struct Outcome {
    /// The repository. What managers found in it has become the findings.
    pub reading: Reading,
    /// Its dependencies, in the order of the extraction.
    pub findings: Vec<Finding>,
    /// The branches that would be written, held ones included.
    pub branches: Vec<ReadyBranch>,
    /// The names of branches that there should be, and whose change could not be proven.
    pub refused: BTreeSet<String>,
    /// What went wrong after reading.
    pub problems: Vec<Problem>,
    /// Those of the problems that kept an update from being planned: a template that fails, a change that cannot be proven.
    pub unplanned: Vec<Problem>,
    /// The time the run took as now.
    pub now: Timestamp,
    /// Distinct packages asked for.
    pub lookups: usize,
    /// What the network cost.
    pub network: crate::http::HostStats,
}

impl Outcome {
    /// Returns how many steps were chosen, those that wait included.
    pub fn updates(&self) -> usize {
        self.findings.iter().map(|finding| finding.choice.updates.len()).sum()
    }
}

/// Reads a working tree and finds its dependencies; `presets` says whether the network may be used for the configuration.
///
/// # Errors
/// The folder cannot be read, or the configuration named on the command line.
pub async fn read(path: &Path, config: Option<&Path>, presets: Presets<'_>) -> anyhow::Result<Reading> {
    let began = Instant::now();
    understand(path, local::read(path)?, config, presets, began).await
}

async fn understand(
    path: &Path,
    snapshot: Snapshot,
    config: Option<&Path>,
    presets: Presets<'_>,
    began: Instant,
) -> anyhow::Result<Reading> {
    let config = configuration::load(&snapshot, config, presets).await?;
    Ok(Reading::new(path, snapshot, config, began))
}

impl Reading {
    /// Returns what a repository holds under a configuration; reading it began at `began`.
    pub fn new(path: &Path, mut snapshot: Snapshot, config: Config, began: Instant) -> Self {
        // What cannot be read of the configuration is told as a problem of the configuration.
        snapshot.problems.retain(|problem| {
            problem.file.is_none()
                || !config
                    .problems
                    .iter()
                    .any(|said| said.file == problem.file && said.severity == Severity::Error)
        });
        let extraction = Managers::new(&config).extract(&snapshot.files.iter().collect::<Vec<_>>());
        Self { root: path.to_owned(), snapshot, config, extraction, began }
    }
}

/// The most threads that are worth it.
const MAX_THREADS: usize = 8;
/// How many files are worth a thread of their own.
const FILES_A_THREAD: usize = 16;

/// Returns how many threads may work at once.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(MAX_THREADS)
}

/// The managers that run under a configuration, and which files each reads.
pub struct Managers<'c> {
    config: &'c Config,
    custom: Vec<Box<dyn Manager>>,
    /// Which files each manager reads, in the order of [`Managers::all`].
    files: Vec<ManagerFiles>,
    /// What the configuration tells each of them.
    contexts: Vec<ManagerContext>,
}

impl<'c> Managers<'c> {
    /// Returns the built-in managers and those that the configuration describes.
    pub fn new(config: &'c Config) -> Self {
        let custom = config.custom_managers.iter().cloned().map(updraft_managers::custom).collect();
        let mut managers = Self { config, custom, files: Vec::new(), contexts: Vec::new() };
        let files = managers.all().map(|manager| config.files_of(&manager.id(), &manager.file_patterns()));
        managers.files = files.collect();
        let aliases = |manager: &dyn Manager| config.base_of(manager.id().as_str()).registry_aliases.clone();
        let contexts = managers
            .all()
            .map(|manager| ManagerContext { registry_aliases: aliases(manager).unwrap_or_default() });
        managers.contexts = contexts.collect();
        managers
    }

    /// Returns all managers; what the owner describes is the most specific, and comes first.
    fn all(&self) -> impl Iterator<Item = &dyn Manager> {
        let custom = self.custom.iter().map(AsRef::as_ref);
        custom.chain(updraft_managers::ALL.iter().copied())
    }

    /// Returns what they find in `files`.
    pub fn extract(&self, files: &[&SourceFile]) -> Extraction {
        let managers: Vec<&dyn Manager> = self.all().collect();
        let ignored: BTreeSet<&RepoPath> =
            files.iter().map(|file| &file.path).filter(|path| self.config.ignored(path).is_some()).collect();
        let selects = |index: usize, file: &SourceFile| {
            let manager = managers.get(index);
            !ignored.contains(&file.path)
                && manager.is_some_and(|manager| self.reads(index, *manager, file).is_some())
        };
        // A handful of files is read before a thread has started.
        let threads = threads().min(files.len() / FILES_A_THREAD + 1);
        updraft_managers::extract::extract(&managers, files, &selects, &self.contexts, threads)
    }

    /// Returns who reads a file that is not ignored, and why, in order of precedence.
    pub fn readers(&self, file: &SourceFile) -> Vec<(ManagerId, Reads)> {
        let managers = self.all().enumerate();
        managers
            .filter_map(|(index, manager)| Some((manager.id(), self.reads(index, manager, file)?)))
            .collect()
    }

    fn reads(&self, index: usize, manager: &dyn Manager, file: &SourceFile) -> Option<Reads> {
        let own = self.files.get(index)?;
        match own.includes(&file.path) {
            Included::ByDefault => Some(Reads::ByDefault),
            Included::ByConfig(pattern) => Some(Reads::ByConfig(pattern)),
            // Who lists the files of a manager means these, as with Renovate; zero configuration is for who does not.
            Included::No if !own.is_configured() && manager.recognizes(file) => Some(Reads::ByContent),
            _ => None,
        }
    }
}

/// Why a manager reads a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reads {
    /// One of its own patterns matches; those of a custom manager are the owner's.
    ByDefault,
    /// This pattern of the configuration matches.
    ByConfig(String),
    /// It knows the file by what is in it.
    ByContent,
}

/// What the runs of one process share: the way to the outside world, and every answer that was had from it.
pub struct Session {
    /// The HTTP client.
    pub http: Http,
    /// The registries.
    pub datasources: Datasources,
    /// The time that counts as now.
    pub now: Timestamp,
    /// What is wrong with the settings of the process.
    pub problems: Vec<Problem>,
    /// A configuration file to use instead of the repository's.
    pub config: Option<PathBuf>,
    /// The API of the forge that the process works with.
    pub forge: Url,
}

impl Session {
    /// Returns a session with the forge whose API is at `forge`.
    ///
    /// # Errors
    /// The settings of the process are wrong, or there can be no HTTP client.
    pub fn new(world: &cli::World, forge: Url) -> anyhow::Result<Self> {
        if let Some(folder) = &world.record {
            // Better now than after all the registries were asked.
            worktree::make_folder(folder)?;
        }
        let (http_settings, mut problems) = settings::http(world, &forge)?;
        let http = Http::new(http_settings)?;
        let (docker, unreadable) = settings::docker(world);
        problems.extend(unreadable);
        let datasources = datasource::all(&http, docker);
        let now = world.now.unwrap_or_else(Timestamp::now);
        Ok(Self { http, datasources, now, problems, config: world.config.clone(), forge })
    }

    /// Understands the files of a repository: its configuration, and what managers find. `path` is where people know it to be.
    ///
    /// # Errors
    /// The configuration named on the command line cannot be read.
    pub async fn understand(
        &self,
        path: &Path,
        snapshot: Snapshot,
        began: Instant,
    ) -> anyhow::Result<Reading> {
        let presets = Presets::Fetched { http: &self.http, forge: &self.forge };
        understand(path, snapshot, self.config.as_deref(), presets, began).await
    }

    /// Asks for every package, chooses and plans: everything but writing.
    pub async fn decide(&self, mut reading: Reading) -> Outcome {
        let before = self.http.stats().total();
        let custom = reading.config.options.custom_datasources.as_ref();
        let datasources = &self.datasources.with(custom::all(&self.http, custom));
        let found = std::mem::take(&mut reading.extraction.deps);
        let found: Vec<Arc<Dep>> = found.into_iter().map(Arc::new).collect();
        let prepared = in_parallel(found.len(), threads(), |index| {
            found.get(index).map(|dep| prepare(dep, &reading.config))
        });
        let deps: Vec<PreparedDep> = prepared.into_iter().flatten().collect();
        let Answered { mut findings, packages } =
            lookup::answer(datasources, deps, &reading.config, self.now).await;
        mark_dead_annotations(&mut findings);
        let mut problems = failures(&findings);
        problems.extend(warnings(&findings));
        problems.extend(datasources.notes());
        let Proven { branches, refused, problems: unplanned } = branches(&reading, &findings, self.now);
        problems.extend_from_slice(&unplanned);
        problems.sort();
        problems.dedup();
        let network = self.http.stats().total().since(&before);
        Outcome {
            reading,
            findings,
            branches,
            refused,
            problems,
            unplanned,
            now: self.now,
            lookups: packages,
            network,
        }
    }
}

/// Does the whole job on a working tree, except writing.
///
/// # Errors
/// The folder cannot be read, the settings of the process are wrong, or there can be no HTTP client. Everything else is a problem
/// of the outcome.
pub async fn dry_run(path: &Path, world: &cli::World) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    // Collecting the trusted authorities takes about as long as reading the tree, and so does asking git.
    let (session, subjects, snapshot) = std::thread::scope(|scope| {
        let session = scope.spawn(|| Session::new(world, settings::endpoint(None)?));
        let subjects = scope.spawn(|| local::recent_subjects(path));
        let snapshot = local::read(path);
        let session = session.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let subjects = subjects.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (session, subjects, snapshot)
    });
    let (session, mut snapshot) = (session?, snapshot?);
    // A plain folder inside of somebody's clone is none itself.
    if snapshot.identity.slug.is_some() {
        snapshot.identity.recent_subjects = subjects;
    }
    let name = snapshot.identity.slug.as_deref().unwrap_or(&snapshot.identity.name);
    let span = tracing::error_span!("repository", repository = name);
    let decided = async {
        let reading = session.understand(path, snapshot, began).await?;
        let outcome = session.decide(reading).await;
        decisions::log_dependencies(&outcome);
        decisions::log_branches(&outcome);
        anyhow::Ok(outcome)
    };
    let mut outcome = decided.instrument(span).await?;
    outcome.problems.extend(session.problems);
    outcome.problems.extend(session.http.recording_failure().map(Problem::error));
    outcome.problems.sort();
    outcome.problems.dedup();
    outcome.network = session.http.stats().total();
    session.http.clean_cache();
    Ok(outcome)
}

/// Says of patterns that took a whole reference for a version, where somebody else reads the version inside, what they are.
fn mark_dead_annotations(findings: &mut [Finding]) {
    let value = |dep: &Dep| {
        dep.slots.iter().find(|slot| slot.part == Part::Value && !slot.span.is_empty()).map(|slot| slot.span)
    };
    let live = findings.iter().filter(|finding| finding.skip().is_none()).map(|finding| &finding.dep.found);
    let live = SpanSet::by_file(live.filter_map(|dep| Some((&dep.file, value(dep)?))));
    for finding in findings {
        let is_invalid = finding.skip().is_some_and(|skip| skip.reason == SkipReason::InvalidValue);
        let Some(own) = value(&finding.dep.found).filter(|_| is_invalid) else { continue };
        if live.get(&finding.dep.found.file).is_some_and(|live| live.any_smaller_within(own)) {
            let detail =
                "the value is a whole image reference, not a version; it is updated without the annotation"
                    .to_owned();
            let skip = Skip { reason: SkipReason::DeadAnnotation, detail };
            finding.choice = Arc::new(Choice { skip: Some(skip), ..Choice::clone(&finding.choice) });
        }
    }
}

/// Returns one problem for each registry that could not be asked, and one for each package it does not have.
fn failures(findings: &[Finding]) -> Vec<Problem> {
    let mut by_host: BTreeMap<String, Vec<(&Finding, &LookupError)>> = BTreeMap::new();
    for finding in findings {
        // What nobody can look up is a reason to skip, not a problem of this run.
        if let Some(Err(error)) = &finding.releases
            && error.kind != LookupErrorKind::Unsupported
        {
            // A registry that cannot be asked is told once, however many packages it has.
            let key = if is_about_registry(error.kind) { error.host.clone() } else { error.to_string() };
            by_host.entry(key).or_default().push((finding, error));
        }
    }
    by_host
        .into_values()
        .filter_map(|failed| {
            let (finding, error) = failed.first()?;
            let packages: BTreeSet<&str> = failed.iter().map(|(_, error)| error.package.as_str()).collect();
            let mut problem = error.problem().at(&finding.dep.found.file, finding.dep.found.span);
            if is_about_registry(error.kind) && error.kind != LookupErrorKind::Unauthorized {
                problem.severity = Severity::Error;
            }
            if packages.len() > 1 {
                let others = packages.len() - 1;
                let packages = if others == 1 { "package" } else { "packages" };
                problem.message = format!("{} (and {others} more {packages})", problem.message);
            }
            Some(problem)
        })
        .collect()
}

/// Returns what choosing left to say, once for each package.
fn warnings(findings: &[Finding]) -> Vec<Problem> {
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut problems = Vec::new();
    let versionings = Versionings::default();
    for finding in findings {
        let dep = &finding.dep.found;
        if let Some(Err(error)) = dep.versioning.as_ref().map(|id| versionings.find(id.as_str())) {
            let message = format!("`{}`: {error}", dep.dep_name);
            if told.insert(message.clone()) {
                problems.push(Problem::warning(message).hint(error.hint()).at(&dep.file, dep.span));
            }
        }
        for warning in &finding.choice.warnings {
            let message = format!("`{}`: {warning}", finding.dep.dep.dep_name);
            if told.insert(message.clone()) {
                problems.push(Problem::warning(message).at(&dep.file, dep.span));
            }
        }
    }
    problems
}

/// Returns whether an error is about the registry as a whole and not about one package in it.
fn is_about_registry(kind: LookupErrorKind) -> bool {
    !matches!(kind, LookupErrorKind::NotFound | LookupErrorKind::Unsupported)
}

/// The branches of a plan, with their changes.
#[derive(Default)]
struct Proven {
    branches: Vec<ReadyBranch>,
    /// The names of those that could not be proven.
    refused: BTreeSet<String>,
    problems: Vec<Problem>,
}

/// Returns the new texts of files, and the patch that makes them.
fn written(proof: &Proof<'_>, texts: BTreeMap<RepoPath, String>) -> (BTreeMap<RepoPath, Arc<str>>, String) {
    let texts: BTreeMap<RepoPath, Arc<str>> =
        texts.into_iter().map(|(path, text)| (path, text.into())).collect();
    let patch = texts
        .iter()
        .filter_map(|(path, after)| Some(patch::patch(path, &proof.text(path)?, after)))
        .collect();
    (texts, patch)
}

/// Returns the branches with their proven changes, and what could not be proven.
fn branches(reading: &Reading, findings: &[Finding], now: Timestamp) -> Proven {
    let config = &reading.config;
    let steps = in_parallel(findings.len(), threads(), |index| match findings.get(index) {
        Some(Finding { dep, choice, releases: Some(Ok(releases)) }) => {
            upgrades(&UpgradeInput { dep, choice, releases, config, now })
        }
        _ => Vec::new(),
    });
    let steps = steps.into_iter().flatten().collect();
    let subjects = reading.snapshot.identity.recent_subjects.iter().map(String::as_str);
    let context = PlanContext { config, now, commit_style: CommitStyle::detect(subjects) };
    let planned = plan(steps, &context);
    let mut proven = Proven { problems: planned.problems, ..Proven::default() };
    let proof = Proof::new(reading, findings);
    let mut branches = planned.branches;
    let mut unquoted: BTreeMap<usize, BTreeMap<RepoPath, Vec<Edit>>> = BTreeMap::new();
    for (index, branch) in branches.iter_mut().enumerate() {
        for (path, edits) in &mut branch.edits {
            let file = find(&reading.snapshot.files, path.as_str());
            if let Some(quoted) = file.and_then(|file| with_quoted_numbers(file, edits)) {
                let own = unquoted.entry(index).or_default();
                own.insert(path.clone(), mem::replace(edits, quoted));
            }
        }
    }
    let mut verdicts = proof.of_each(&branches);
    for (index, edits) in unquoted {
        let (Some(branch), Some(verdict)) = (branches.get_mut(index), verdicts.get_mut(index)) else {
            continue;
        };
        if verdict.is_err() {
            // A pattern of the owner may take the quotes for a part of the version.
            branch.edits.extend(edits);
            *verdict = proof.of_each(slice::from_ref(branch)).pop().unwrap_or(Ok(()));
        }
    }
    let changes = in_parallel(branches.len(), threads(), |index| {
        let (branch, verdict) = (branches.get(index)?, verdicts.get(index)?);
        Some(verdict.clone().and_then(|()| proof.texts(branch)).map(|texts| written(&proof, texts)))
    });
    for (branch, change) in branches.into_iter().zip(changes.into_iter().flatten()) {
        match change {
            Ok((texts, patch)) => proven.branches.push(ReadyBranch { branch, patch, texts }),
            Err(problem) => {
                proven.refused.insert(branch.branch_name);
                proven.problems.push(problem);
            }
        }
    }
    proven
}
