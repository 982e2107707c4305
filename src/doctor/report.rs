//! What `updraft config check` has to tell: a verdict for people, a document for programs, Markdown for a comment.

use std::fmt::Write as _;

use anstyle::Style;
use serde::Serialize;
use updraft_core::draft::markdown::{code, message};
use updraft_core::problem::{Problem, Severity};

use super::case::count;
use super::rules::{shortened, title};
use super::{Case, Finding, RuleUse, Tags, examine, uses};
use crate::configuration::Sources;
use crate::report::layout::pad;
use crate::report::printable::printable;
use crate::report::{ConfigReport, ProblemReport, build};
use crate::run::Reading;

/// The name and version of the document's shape.
pub const SCHEMA: &str = "updraft.config-check/v1";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// How wide a rule's title becomes where there is no terminal, in characters.
const MAX_DESCRIPTION: usize = 60;
/// How narrow it becomes at most.
const MIN_DESCRIPTION: usize = 16;
/// The most notes that are shown as pictures; more are a list, for what is a warning should be seen.
const MAX_PICTURES: usize = 5;
/// How many more places of one finding are named.
const MAX_PLACES: usize = 6;

/// What was found out about a configuration.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What has no effect.
    pub findings: Vec<Finding>,
    /// How far each rule of the owner reaches.
    pub rules: Vec<RuleUse>,
}

/// A configuration's health, for programs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The configuration, and what is wrong with it.
    pub config: ConfigReport,
    /// What has no effect.
    pub findings: Vec<FindingReport>,
    /// How far each rule of the owner reaches.
    pub rules: Vec<RuleReport>,
}

/// One finding, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingReport {
    /// Which check found it.
    pub check: &'static str,
    /// What it is.
    #[serde(flatten)]
    pub problem: ProblemReport,
}

/// How far one rule reaches, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleReport {
    /// `description`; may be empty.
    pub description: String,
    /// `renovate.json5:12`
    pub place: String,
    /// Where it reaches.
    #[serde(flatten)]
    pub uses: RuleUse,
}

impl Checked {
    /// Examines a repository; `tags` is what was asked of the outside world about it.
    pub fn new(reading: &Reading, sources: &Sources, tags: &Tags) -> Self {
        let case = Case::new(reading, sources, tags);
        Self { findings: examine(&case), rules: uses(&case) }
    }

    /// Returns the findings as problems, in order.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.findings.iter().map(|finding| &finding.problem)
    }

    /// Returns the findings that are shown as pictures, those that say the same of several places as one, and the lines for the others.
    pub fn for_people(&self, reading: &Reading, verbosity: u8) -> (Vec<Problem>, Vec<String>) {
        let files = &reading.snapshot.files;
        let place = |problem: &Problem| {
            let report = ProblemReport::new(problem, files);
            match (report.file, report.line) {
                (Some(file), Some(line)) => format!("{file}:{line}"),
                (Some(file), None) => file,
                (None, _) => String::new(),
            }
        };
        let mut groups: Vec<Vec<&Problem>> = Vec::new();
        for problem in self.problems() {
            let is_same = |group: &&mut Vec<&Problem>| {
                group.first().is_some_and(|first| {
                    first.message == problem.message && first.hint == problem.hint && first.file.is_some()
                })
            };
            match groups.iter_mut().find(is_same) {
                Some(group) => group.push(problem),
                None => groups.push(vec![problem]),
            }
        }
        let folded = groups.iter().filter_map(|group| {
            let (first, others) = group.split_first()?;
            let mut problem = Problem::clone(first);
            if !others.is_empty() {
                let mut places: Vec<String> =
                    others.iter().take(MAX_PLACES).map(|other| place(other)).collect();
                if let Some(more @ 1..) = others.len().checked_sub(MAX_PLACES) {
                    places.push(format!("{more} more places"));
                }
                let hint = first.hint.as_deref().map(|hint| format!("{hint}; ")).unwrap_or_default();
                problem.hint = Some(format!("{hint}the same at {}", places.join(", ")));
            }
            Some(problem)
        });
        let (notes, warnings): (Vec<Problem>, Vec<Problem>) =
            folded.partition(|problem| problem.severity == Severity::Note);
        if notes.len() <= MAX_PICTURES || verbosity > 0 {
            return (warnings.into_iter().chain(notes).collect(), Vec::new());
        }
        let lines = notes.iter().map(|note| match place(note) {
            place if place.is_empty() => note.message.clone(),
            place => format!("{place}: {}", note.message),
        });
        (warnings, lines.collect())
    }
}

/// Returns the verdict, and with `-v` how far each rule reaches, in lines of at most `width` characters, if there is a width.
pub fn text(checked: &Checked, reading: &Reading, verbosity: u8, width: Option<usize>) -> String {
    let mut out = String::new();
    if verbosity > 0 && !checked.rules.is_empty() {
        rules(checked, reading, width, &mut out);
    }
    let config = &reading.config;
    let source = config
        .files
        .first()
        .map_or_else(|| "no configuration, defaults hold".to_owned(), ToString::to_string);
    let verdict = counts(&config.problems, "fine");
    let _ = writeln!(
        out,
        "{}: {verdict} ({} package rules of its own, {} with presets)",
        printable(&source),
        checked.rules.len(),
        config.rules.len()
    );
    let problems: Vec<Problem> = checked.problems().cloned().collect();
    let _ = writeln!(
        out,
        "without effect: {} ({}, {})",
        counts(&problems, "nothing"),
        count(reading.snapshot.files.len(), "file", "files"),
        count(reading.extraction.deps.len(), "dependency", "dependencies"),
    );
    out
}

fn counts(problems: &[Problem], none: &str) -> String {
    let of = |severity: Severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let counts = [
        (of(Severity::Error), "error", "errors"),
        (of(Severity::Warning), "warning", "warnings"),
        (of(Severity::Note), "note", "notes"),
    ];
    let said: Vec<String> = counts
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, several)| count(*number, one, several))
        .collect();
    if said.is_empty() { none.to_owned() } else { said.join(", ") }
}

/// Writes how many dependencies each rule of the owner holds for.
fn rules(checked: &Checked, reading: &Reading, width: Option<usize>, out: &mut String) {
    let rows: Vec<[String; 4]> = checked
        .rules
        .iter()
        .filter_map(|uses| {
            let rule = reading.config.rules.get(uses.index)?;
            let place = reading.config.place_name(rule.place, &reading.snapshot.files);
            let title = printable(&title(rule)).into_owned();
            let number = reading.config.rule_number(uses.index).unwrap_or_default();
            Some([format!("#{number}"), reach(uses), title, printable(&place).into_owned()])
        })
        .collect();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let others = widest(0) + widest(1) + widest(3) + 8;
    let room = width.map_or(MAX_DESCRIPTION, |width| width.saturating_sub(others).max(MIN_DESCRIPTION));
    let title_width = widest(2).min(room);
    let _ = writeln!(out, "{BOLD}package rules of its own{BOLD:#}, and how many dependencies each holds for");
    for [number, reach, title, place] in &rows {
        let _ = writeln!(
            out,
            "  {DIM}{}{DIM:#}  {}  {}  {DIM}{place}{DIM:#}",
            pad(number, widest(0)),
            pad(reach, widest(1)),
            pad(&shortened(title, title_width), title_width),
        );
    }
    out.push('\n');
}

fn reach(uses: &RuleUse) -> String {
    match (uses.dependencies, uses.depending) {
        (0, 0) => "none".to_owned(),
        (0, depending) => format!("up to {depending}"),
        (sure, 0) => sure.to_string(),
        (sure, depending) => format!("{sure} to {}", sure + depending),
    }
}

/// Returns the document.
pub fn document(checked: &Checked, reading: &Reading) -> Document {
    let files = &reading.snapshot.files;
    let findings = checked.findings.iter().map(|finding| FindingReport {
        check: finding.check,
        problem: ProblemReport::new(&finding.problem, files),
    });
    let rules = checked.rules.iter().filter_map(|uses| {
        let rule = reading.config.rules.get(uses.index)?;
        Some(RuleReport {
            description: rule.description.clone(),
            place: reading.config.place_name(rule.place, files),
            uses: uses.clone(),
        })
    });
    Document {
        schema: SCHEMA,
        config: build::of_config(&reading.config, files),
        findings: findings.collect(),
        rules: rules.collect(),
    }
}

/// Returns the verdict and the findings as Markdown.
pub fn markdown(checked: &Checked, reading: &Reading) -> String {
    let document = document(checked, reading);
    let mut out = String::from("## Configuration\n\n");
    let file = document.config.files.first().map_or_else(|| "no file".to_owned(), |file| code(file));
    let _ = writeln!(out, "{file}: {}\n", counts(&reading.config.problems, "fine"));
    let findings = document.findings.iter().map(|finding| &finding.problem);
    for problem in document.config.problems.iter().chain(findings) {
        let place = match (&problem.file, problem.line) {
            (Some(file), Some(line)) => format!(" {}", code(&format!("{file}:{line}"))),
            (Some(file), None) => format!(" {}", code(file)),
            (None, _) => String::new(),
        };
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let _ = writeln!(out, "- **{severity}**{place}: {}", message(&problem.message));
        if let Some(hint) = &problem.hint {
            let _ = writeln!(out, "  <br>{}", message(hint));
        }
    }
    out
}
