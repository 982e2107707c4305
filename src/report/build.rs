//! Makes the report of what a run found out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use updraft_core::address::without_user;
use updraft_core::config::Config;
use updraft_core::dep::{Dep, Part, Skip};
use updraft_core::plan::Upgrade;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::update::{Choice, Update};

use super::{
    BranchReport, ConfigReport, DepReport, FileReport, HoldReport, ProblemReport, Report, SCHEMA, Stats,
    UpdateReport, UpgradeReport, find,
};
use crate::run::{Outcome, Reading, ReadyBranch};

/// Returns the report of a repository that was only read.
pub fn of_reading(reading: &Reading, now: Timestamp) -> Report {
    let files = &reading.snapshot.files;
    let deps = reading.extraction.deps.iter().map(|dep| (dep, dep_report(dep, dep.skip.as_ref(), files)));
    let mut report = frame(reading, now);
    report.files = by_file(deps);
    report.stats.deps = reading.extraction.deps.len();
    report
}

/// Returns the report of a whole run.
pub fn of_outcome(outcome: &Outcome) -> Report {
    let reading = &outcome.reading;
    let files = &reading.snapshot.files;
    let branch_of = BranchOf::new(&outcome.branches);
    let deps = outcome.findings.iter().map(|finding| {
        let mut report = dep_report(&finding.dep.dep, finding.skip().as_ref(), files);
        report.current_version.clone_from(&finding.choice.current_version);
        report.warnings.clone_from(&finding.choice.warnings);
        report.updates = updates(&finding.choice, &finding.dep.found, &branch_of);
        (&*finding.dep.found, report)
    });
    let mut report = frame(reading, outcome.now);
    report.files = by_file(deps);
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
    }
}

fn frame(reading: &Reading, now: Timestamp) -> Report {
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

/// Groups dependencies by file and manager, keeping their order.
fn by_file<'d>(deps: impl Iterator<Item = (&'d Dep, DepReport)>) -> Vec<FileReport> {
    let mut files: BTreeMap<(&str, &str), Vec<DepReport>> = BTreeMap::new();
    for (dep, report) in deps {
        files.entry((dep.file.as_str(), dep.manager.as_str())).or_default().push(report);
    }
    files
        .into_iter()
        .map(|((path, manager), deps)| FileReport {
            path: path.to_owned(),
            manager: manager.to_owned(),
            deps,
        })
        .collect()
}

fn dep_report(dep: &Dep, skip: Option<&Skip>, files: &[SourceFile]) -> DepReport {
    DepReport {
        dep_name: dep.dep_name.clone(),
        package_name: dep.package_name.clone(),
        datasource: dep.datasource.as_ref().map(ToString::to_string),
        versioning: dep.versioning.as_ref().map(ToString::to_string),
        current_value: dep.current_value.clone(),
        current_version: None,
        current_digest: dep.current_digest.clone(),
        registry_urls: dep.registry_urls.iter().map(|url| without_user(url).into_owned()).collect(),
        dep_type: dep.dep_type.clone(),
        skip_reason: skip.map(|skip| skip.reason.as_str().to_owned()),
        skip_detail: skip.map(|skip| match skip.detail.as_str() {
            "" => skip.reason.explain().to_owned(),
            detail => detail.to_owned(),
        }),
        line: line_of(dep, files),
        updates: Vec::new(),
        warnings: Vec::new(),
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
