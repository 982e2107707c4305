//! Makes the report of what a run found out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use updraft_core::address::without_user;
use updraft_core::config::Config;
use updraft_core::dep::{Dep, Part, Skip};
use updraft_core::name::{DatasourceId, VersioningId};
use updraft_core::plan::Upgrade;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::update::{Choice, Update};
use updraft_managers::extract::in_parallel;

use super::{
    BranchReport, ConfigReport, DepReport, FileReport, HoldReport, ProblemReport, Report, SCHEMA, Stats,
    UpdateReport, UpgradeReport, find,
};
use crate::run::{Outcome, Reading, ReadyBranch, threads};

/// Returns the report of a repository that was only read.
pub fn of_reading(reading: &Reading, now: Timestamp) -> Report<'_> {
    let files = &reading.snapshot.files;
    let deps = &reading.extraction.deps;
    let mut report = frame(reading, now);
    report.files = by_file(
        deps,
        files,
        |dep| dep,
        |dep, line| dep_report(dep, dep.skip.as_ref().map(Cow::Borrowed), line),
    );
    report.stats.deps = deps.len();
    report
}

/// Returns the report of a whole run.
pub fn of_outcome(outcome: &Outcome) -> Report<'_> {
    let reading = &outcome.reading;
    let files = &reading.snapshot.files;
    let branch_of = BranchOf::new(&outcome.branches);
    let mut report = frame(reading, outcome.now);
    report.files = by_file(
        &outcome.findings,
        files,
        |finding| &finding.dep.found,
        |finding, line| DepReport {
            current_version: finding.choice.current_version.as_deref(),
            warnings: &finding.choice.warnings,
            updates: updates(&finding.choice, &finding.dep.found, &branch_of),
            ..dep_report(&finding.dep.dep, finding.skip().map(Cow::Owned), line)
        },
    );
    report.branches = Some(outcome.branches.iter().map(|branch| branch_report(branch, files)).collect());
    report.problems.extend(outcome.problems.iter().map(|problem| ProblemReport::new(problem, files)));
    report.stats.deps = outcome.findings.len();
    report.stats.lookups = outcome.lookups;
    report.stats.requests = outcome.network.requests;
    report.stats.cache_hits = outcome.network.cache_hits;
    report.stats.bytes = outcome.network.bytes;
    report.stats.duration_ms = u64::try_from(reading.began.elapsed().as_millis()).unwrap_or(u64::MAX);
    report
}

/// Returns the configuration's part of a report.
pub fn of_config(config: &Config, files: &[SourceFile]) -> ConfigReport {
    ConfigReport {
        files: config.files.iter().map(ToString::to_string).collect(),
        problems: config.problems.iter().map(|problem| ProblemReport::new(problem, files)).collect(),
        unread_presets: config.unread_presets.iter().cloned().collect(),
    }
}

fn frame(reading: &Reading, now: Timestamp) -> Report<'_> {
    let files = &reading.snapshot.files;
    let identity = &reading.snapshot.identity;
    let problems: Vec<&Problem> =
        reading.snapshot.problems.iter().chain(&reading.extraction.problems).collect();
    Report {
        schema: SCHEMA,
        repository: identity.slug.as_deref().unwrap_or(&identity.name).to_owned(),
        now,
        config: of_config(&reading.config, files),
        files: Vec::new(),
        branches: None,
        problems: problems.into_iter().map(|problem| ProblemReport::new(problem, files)).collect(),
        stats: Stats {
            files: files.len(),
            duration_ms: u64::try_from(reading.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            ..Stats::default()
        },
    }
}

/// How many dependencies are worth a thread of their own.
const DEPS_A_THREAD: usize = 200;

/// Returns what is told of each of `found`, by file and manager, in the order it was found; `report_of` is told the line, too.
fn by_file<'a, T: Sync>(
    found: &'a [T],
    files: &[SourceFile],
    dep_of: fn(&'a T) -> &'a Dep,
    report_of: impl Fn(&'a T, usize) -> DepReport<'a> + Sync,
) -> Vec<FileReport<'a>> {
    let place = |one: &'a T| (dep_of(one).file.as_str(), dep_of(one).manager.as_str());
    let mut found: Vec<&T> = found.iter().collect();
    found.sort_by_key(|one| place(one));
    let groups: Vec<&[&T]> = found.chunk_by(|one, next| place(one) == place(next)).collect();
    let threads = threads().min(found.len() / DEPS_A_THREAD + 1);
    let reports = in_parallel(groups.len(), threads, |index| {
        let own = *groups.get(index)?;
        let (path, manager) = place(own.first()?);
        let file = find(files, path);
        let line = |one| file.map_or(1, |file| file.line(place_of(dep_of(one))));
        Some(FileReport { path, manager, deps: own.iter().map(|one| report_of(one, line(one))).collect() })
    });
    reports.into_iter().flatten().collect()
}

fn dep_report<'a>(dep: &'a Dep, skip: Option<Cow<'a, Skip>>, line: usize) -> DepReport<'a> {
    DepReport {
        dep_name: &dep.dep_name,
        package_name: &dep.package_name,
        datasource: dep.datasource.as_ref().map(DatasourceId::as_str),
        versioning: dep.versioning.as_ref().map(VersioningId::as_str),
        current_value: dep.current_value.as_deref(),
        current_version: None,
        current_digest: dep.current_digest.as_deref(),
        registry_urls: dep.registry_urls.iter().map(|url| without_user(url)).collect(),
        dep_type: dep.dep_type.as_deref(),
        skip_reason: skip.as_ref().map(|skip| skip.reason.as_str()),
        skip_detail: skip.map(|skip| match skip {
            skip if skip.detail.is_empty() => Cow::Borrowed(skip.reason.explain()),
            Cow::Borrowed(skip) => Cow::Borrowed(&*skip.detail),
            Cow::Owned(skip) => Cow::Owned(skip.detail),
        }),
        line,
        updates: Vec::new(),
        warnings: &[],
    }
}

/// Returns the line a dependency stands on, from 1: that of its value.
pub fn line_of(dep: &Dep, files: &[SourceFile]) -> usize {
    find(files, dep.file.as_str()).map_or(1, |file| file.line(place_of(dep)))
}

/// Returns the byte where people look for a dependency: its value, or else its digest, or else whatever spells it.
pub fn place_of(dep: &Dep) -> usize {
    let written = || dep.slots.iter().filter(|slot| !slot.span.is_empty());
    let version = written().find(|slot| matches!(slot.part, Part::Value | Part::ValueOrDigest));
    let digest = || written().find(|slot| matches!(slot.part, Part::Digest | Part::DigestHex));
    version.or_else(digest).or_else(|| written().next()).map_or(dep.span.start, |slot| slot.span.start)
}

/// The branch of each step, by dependency.
pub(crate) struct BranchOf<'a>(BTreeMap<(&'a str, usize, &'a str, Option<&'a str>), &'a ReadyBranch>);

impl<'a> BranchOf<'a> {
    pub(crate) fn new(branches: &'a [ReadyBranch]) -> Self {
        let mut names = BTreeMap::new();
        for ready in branches {
            for upgrade in &ready.branch.upgrades {
                let (found, update) = (&upgrade.found, &upgrade.update);
                let step = (
                    found.file.as_str(),
                    found.span.start,
                    update.update_type.as_str(),
                    update.new_value.as_deref(),
                );
                names.insert(step, ready);
            }
        }
        Self(names)
    }

    /// Returns the branch that takes a step of a dependency, as it was found.
    pub(crate) fn step(&self, found: &Dep, update: &Update) -> Option<&'a ReadyBranch> {
        let (kind, value) = (update.update_type.as_str(), update.new_value.as_deref());
        self.0.get(&(found.file.as_str(), found.span.start, kind, value)).copied()
    }
}

fn updates(choice: &Choice, found: &Dep, branch_of: &BranchOf<'_>) -> Vec<UpdateReport> {
    let report = |update: &Update| UpdateReport {
        update_type: update.update_type,
        new_value: update.new_value.clone(),
        new_version: update.new_version.clone(),
        new_digest: update.new_digest.clone(),
        release_timestamp: update.release_timestamp,
        branch_name: branch_of.step(found, update).map(|ready| ready.branch.branch_name.clone()),
    };
    choice.updates.iter().map(report).collect()
}

fn branch_report(ready: &ReadyBranch, files: &[SourceFile]) -> BranchReport {
    let branch = &ready.branch;
    BranchReport {
        branch_name: branch.branch_name.clone(),
        pr_title: branch.pr_title.clone(),
        commit_message: branch.commit_message.clone(),
        pr_body: branch.pr_body.clone(),
        labels: branch.labels.clone(),
        automerge: branch.automerge,
        hold: branch.hold.as_ref().map(|hold| HoldReport { reason: hold.to_string(), until: hold.until }),
        upgrades: branch.upgrades.iter().map(|upgrade| upgrade_report(upgrade, files)).collect(),
        files: ready.texts.keys().map(ToString::to_string).collect(),
        patch: ready.patch.clone(),
    }
}

fn upgrade_report(upgrade: &Upgrade, files: &[SourceFile]) -> UpgradeReport {
    let (dep, update) = (&upgrade.dep, &upgrade.update);
    UpgradeReport {
        dep_name: dep.dep_name.clone(),
        package_name: dep.package_name.clone(),
        manager: dep.manager.to_string(),
        package_file: dep.file.to_string(),
        line: line_of(dep, files),
        datasource: dep.datasource.as_ref().map(ToString::to_string).unwrap_or_default(),
        dep_type: dep.dep_type.clone(),
        current_value: dep.current_value.clone(),
        new_value: update.new_value.clone(),
        current_version: upgrade.choice.current_version.clone(),
        new_version: update.new_version.clone(),
        current_digest: dep.current_digest.clone(),
        new_digest: update.new_digest.clone(),
        update_type: update.update_type,
        release_timestamp: update.release_timestamp,
    }
}
