//! The whole story of a dependency, drawn from the trail that each decision left: where it was found, which rules apply, what was
//! seen and what dropped it, and what became of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use updraft_core::address::without_user;
use updraft_core::choose::PreparedDep;
use updraft_core::config::{Config, Facts, RuleTrace};
use updraft_core::name::short_digest;
use updraft_core::source::SourceFile;
use updraft_core::update::Candidate;

use crate::report::layout::wrap;
use crate::report::printable::printable;
use crate::report::{build, find};
use crate::run::{Finding, Outcome, ReadyBranch};

pub mod rules;
pub mod show;
pub mod target;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Where the second column begins, in characters.
const INDENT: usize = 13;
/// How many dropped releases are named for each reason.
const NAMED: usize = 4;

/// Returns the dependencies that `target` means: a name, a part of one, a file, or `file:line`.
pub fn matching<'o>(outcome: &'o Outcome, target: &str) -> Vec<&'o Finding> {
    let deps: Vec<&PreparedDep> = outcome.findings.iter().map(|finding| &finding.dep).collect();
    let chosen = target::chosen(&outcome.reading.snapshot.files, &deps, target);
    chosen.into_iter().filter_map(|index| outcome.findings.get(index)).collect()
}

/// Returns why `target` means nothing here, and what the owner may have meant.
pub fn nothing(outcome: &Outcome, target: &str) -> String {
    let deps: Vec<&PreparedDep> = outcome.findings.iter().map(|finding| &finding.dep).collect();
    target::nothing(&outcome.reading.snapshot.files, &deps, target)
}

/// Returns the stories as text with ANSI styles, in lines no longer than `width`, if there is one.
pub fn text(outcome: &Outcome, findings: &[&Finding], width: Option<usize>) -> String {
    let mut out = String::new();
    for (index, finding) in findings.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        Story { outcome, finding, width }.tell(&mut out);
    }
    out
}

/// Returns the stories as JSON.
pub fn json(outcome: &Outcome, findings: &[&Finding]) -> Value {
    findings.iter().map(|finding| Story { outcome, finding, width: None }.document()).collect()
}

/// One dependency's story.
struct Story<'o> {
    outcome: &'o Outcome,
    finding: &'o Finding,
    /// The terminal's width in characters, if there is one.
    width: Option<usize>,
}

impl Story<'_> {
    fn tell(&self, out: &mut String) {
        self.headline(out);
        self.origins(out);
        self.rules(out);
        self.candidates(out);
        self.ending(out);
    }

    fn files(&self) -> &[SourceFile] {
        &self.outcome.reading.snapshot.files
    }

    fn config(&self) -> &Config {
        &self.outcome.reading.config
    }

    fn headline(&self, out: &mut String) {
        let dep = &self.finding.dep.dep;
        let value = match (&dep.current_value, &dep.current_digest) {
            (Some(value), Some(digest)) => format!("{value}@{}", short_digest(digest)),
            (Some(value), None) => value.clone(),
            (None, Some(digest)) => short_digest(digest).to_owned(),
            (None, None) => String::new(),
        };
        let from = dep.datasource.as_ref().map(|datasource| {
            let registry = match &self.finding.releases {
                Some(Ok(releases)) => releases.registry_url.clone(),
                _ => None,
            };
            let registry = registry.or_else(|| dep.registry_urls.first().cloned());
            let registry = registry.map(|registry| without_user(&registry).into_owned());
            registry
                .map_or_else(|| datasource.to_string(), |registry| format!("{datasource} from {registry}"))
        });
        let (name, value) = (printable(&dep.dep_name), printable(&value));
        let from = from.unwrap_or_default();
        let _ = writeln!(out, "{BOLD}{name}{BOLD:#} {value}  {DIM}{}{DIM:#}", printable(&from));
    }

    /// Writes a line of foreign text.
    fn line(&self, out: &mut String, label: &str, text: &str) {
        self.styled_line(out, label, &printable(text));
    }

    /// Writes a line with styles in it; what is foreign in it has to be printable already.
    fn styled_line(&self, out: &mut String, label: &str, text: &str) {
        let text = wrap(text, self.width, INDENT);
        let _ = writeln!(out, "  {DIM}{label:<width$}{DIM:#}{text}", width = INDENT - 2);
    }

    fn origins(&self, out: &mut String) {
        let found = &self.finding.dep.found;
        let place = self.place(&found.file, build::place_of(found));
        let inside = if found.found_in.is_empty() { String::new() } else { format!(", {}", found.found_in) };
        self.line(out, "found", &format!("{place}   {}{inside}", found.manager));
        for origin in &found.origins {
            self.line(
                out,
                "source",
                &format!("{}   {}", origin.what, self.place(&origin.file, origin.span.start)),
            );
        }
        let dep = &self.finding.dep.dep;
        if dep.package_name != dep.dep_name {
            self.line(out, "package", &dep.package_name);
        }
        if let Some(versioning) = &dep.versioning {
            self.line(out, "versioning", versioning.as_str());
        }
    }

    fn place(&self, file: &updraft_core::name::RepoPath, offset: usize) -> String {
        match find(self.files(), file.as_str()) {
            Some(source) => {
                let position = source.lines().position(&source.text, offset);
                format!("{file}:{}:{}", position.line, position.column)
            }
            None => file.to_string(),
        }
    }

    /// Returns what the rules say: of the first step that is ready, or of the dependency as it was found.
    fn traces(&self) -> Vec<RuleTrace> {
        let upgrade = self.branches().into_iter().find_map(|ready| {
            ready.branch.upgrades.iter().find(|upgrade| *upgrade.found == *self.finding.dep.found)
        });
        match upgrade {
            Some(upgrade) => upgrade.rules.clone(),
            None => self.config().apply(&Facts::of(&self.finding.dep.found)).rules,
        }
    }

    fn rules(&self, out: &mut String) {
        let traces = self.traces();
        let mut label = "rules";
        for trace in traces.iter().filter(|trace| trace.failed.is_none()) {
            let Some(rule) = self.config().rules.get(trace.index) else { continue };
            let number = self.config().rule_number(trace.index);
            let number = number.map(|number| format!("#{number} ")).unwrap_or_default();
            let description = if rule.description.is_empty() {
                String::new()
            } else {
                format!("\"{}\" ", printable(&rule.description))
            };
            let sets: Vec<&str> = rule.sets.iter().map(|(name, _)| *name).collect();
            let place = self.config().place_name(rule.place, self.files());
            let place = printable(&place);
            self.styled_line(
                out,
                label,
                &format!("{number}{description}{DIM}{place}{DIM:#}   {}", sets.join(", ")),
            );
            label = "";
        }
        let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
        // What presets have for others is not worth a word here.
        for trace in traces.iter().filter(|trace| self.config().rule_number(trace.index).is_some()) {
            if let Some(name) = trace.failed {
                *failed.entry(name).or_default() += 1;
            }
        }
        if !failed.is_empty() {
            let counts: Vec<String> =
                failed.iter().map(|(name, count)| format!("{count} by {name}")).collect();
            self.styled_line(out, label, &format!("{DIM}not for it: {}{DIM:#}", counts.join(", ")));
        }
    }

    fn candidates(&self, out: &mut String) {
        let candidates = &self.finding.choice.candidates;
        if candidates.is_empty() {
            return;
        }
        let mut label = "candidates";
        for candidate in candidates.iter().filter(|candidate| candidate.dropped.is_none()) {
            let date = candidate.timestamp.map(|at| format!(", published {}", day(at))).unwrap_or_default();
            let version = printable(&candidate.version);
            self.styled_line(out, label, &format!("{BOLD}{version}{BOLD:#} chosen{date}"));
            label = "";
        }
        let mut groups: Vec<(String, Vec<&Candidate>)> = Vec::new();
        for candidate in candidates {
            if let Some(dropped) = &candidate.dropped {
                let reason = dropped.to_string();
                match groups.iter_mut().find(|(other, _)| *other == reason) {
                    Some((_, group)) => group.push(candidate),
                    None => groups.push((reason, vec![candidate])),
                }
            }
        }
        for (reason, group) in groups {
            let named: Vec<&str> =
                group.iter().take(NAMED).map(|candidate| candidate.version.as_str()).collect();
            let further = match group.len().saturating_sub(NAMED) {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            let (named, reason) = (named.join(", "), printable(&reason));
            let named = printable(&named);
            self.styled_line(out, label, &format!("{named}{further} {DIM}dropped: {reason}{DIM:#}"));
            label = "";
        }
    }

    fn branches(&self) -> Vec<&ReadyBranch> {
        let found = &self.finding.dep.found;
        let mine =
            |ready: &&ReadyBranch| ready.branch.upgrades.iter().any(|upgrade| *upgrade.found == **found);
        self.outcome.branches.iter().filter(mine).collect()
    }

    fn ending(&self, out: &mut String) {
        for warning in &self.finding.choice.warnings {
            self.line(out, "warning", warning);
        }
        for ready in self.branches() {
            self.line(
                out,
                "branch",
                &format!("{}   \"{}\"", ready.branch.branch_name, ready.branch.pr_title),
            );
            for upgrade in
                ready.branch.upgrades.iter().filter(|upgrade| *upgrade.found == *self.finding.dep.found)
            {
                if let Some(digest) = &upgrade.update.new_digest {
                    self.line(out, "digest", digest);
                }
            }
            if let Some(hold) = &ready.branch.hold {
                let until = hold
                    .until
                    .map(|until| format!("; opens {}", moment(until, self.zone())))
                    .unwrap_or_default();
                self.line(out, "held", &format!("{hold}{until}"));
            }
        }
        match self.finding.skip() {
            Some(skip) => {
                let detail =
                    if skip.detail.is_empty() { String::new() } else { format!(": {}", skip.detail) };
                self.line(out, "skipped", &format!("{}{detail}", skip.reason.as_str()));
                self.styled_line(out, "", &format!("{DIM}{}{DIM:#}", skip.reason.explain()));
            }
            None if self.branches().is_empty() => self.line(out, "result", "up to date"),
            None => {}
        }
    }

    fn zone(&self) -> TimeZone {
        self.config().options.timezone.as_ref().map_or(TimeZone::UTC, |zone| zone.zone().clone())
    }

    fn document(&self) -> Value {
        let finding = self.finding;
        let dep = &finding.dep.dep;
        let rules: Vec<Value> = self
            .traces()
            .iter()
            .filter_map(|trace| {
                let rule = self.config().rules.get(trace.index)?;
                Some(json!({
                    "index": trace.index,
                    "description": rule.description,
                    "place": self.config().place_name(rule.place, self.files()),
                    "matched": trace.failed.is_none(),
                    "failed": trace.failed,
                }))
            })
            .collect();
        let branches: Vec<Value> = self
            .branches()
            .iter()
            .map(|ready| {
                json!({
                    "branchName": ready.branch.branch_name,
                    "prTitle": ready.branch.pr_title,
                    "hold": ready.branch.hold.as_ref().map(|hold| json!({"reason": hold.to_string(), "until": hold.until})),
                })
            })
            .collect();
        let origins: Vec<Value> = dep
            .origins
            .iter()
            .map(|origin| json!({"what": origin.what, "place": self.place(&origin.file, origin.span.start)}))
            .collect();
        json!({
            "depName": dep.dep_name,
            "packageName": dep.package_name,
            "datasource": dep.datasource.as_ref().map(ToString::to_string),
            "versioning": dep.versioning.as_ref().map(ToString::to_string),
            "currentValue": dep.current_value,
            "currentVersion": finding.choice.current_version,
            "currentDigest": dep.current_digest,
            "manager": dep.manager.as_str(),
            "packageFile": dep.file.as_str(),
            "line": build::line_of(dep, self.files()),
            "foundIn": dep.found_in,
            "origins": origins,
            "rules": rules,
            "candidates": finding.choice.candidates,
            "branches": branches,
            "warnings": finding.choice.warnings,
            "skipReason": finding.skip().map(|skip| skip.reason.as_str()),
            "skipDetail": finding.skip().map(|skip| skip.detail),
        })
    }
}

fn day(at: jiff::Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

fn moment(at: jiff::Timestamp, zone: TimeZone) -> String {
    at.to_zoned(zone).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}
