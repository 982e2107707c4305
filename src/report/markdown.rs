//! The report as Markdown, for an issue, a comment or a job summary.

use serde::Serialize;
use tera::{Context, Tera};
use updraft_core::draft::markdown::{code, message, plain};
use updraft_core::problem::Severity;

use super::{BranchReport, ProblemReport, Report};

const TEMPLATE: &str = include_str!("templates/report.md.tera");
const TEMPLATE_NAME: &str = "report.md";
/// The places of one skip reason that are named.
const PLACES_SHOWN: usize = 5;

/// What the template shows of a step; all texts are safe Markdown.
#[derive(Serialize)]
struct Row {
    name: String,
    r#type: &'static str,
    old: String,
    new: String,
    place: String,
    branch: String,
    why: String,
}

#[derive(Serialize)]
struct Skipped<'a> {
    count: usize,
    reason: &'a str,
    detail: String,
    places: String,
}

#[derive(Serialize)]
struct Told {
    severity: Severity,
    place: String,
    message: String,
    hint: String,
}

/// What the template shows of a dependency where nothing was looked up; all texts are safe Markdown.
#[derive(Serialize)]
struct Found {
    name: String,
    value: String,
    source: String,
    place: String,
}

/// Returns the report as Markdown.
///
/// # Errors
/// When the template cannot be rendered, which is a mistake in this program.
pub fn render(report: &Report) -> Result<String, tera::Error> {
    let mut tera = Tera::new();
    // What comes from outside is made safe before it goes in.
    tera.autoescape_on(Vec::<&'static str>::new());
    tera.add_raw_template(TEMPLATE_NAME, TEMPLATE)?;
    let branches = report.branches.as_deref().unwrap_or_default();
    let (held, ready): (Vec<_>, Vec<_>) = branches.iter().partition(|branch| branch.hold.is_some());
    let rows = |branches: &[&'_ BranchReport]| {
        serde_json::to_value(branches.iter().flat_map(|b| rows(b)).collect::<Vec<_>>())
    };
    let skipped: Vec<_> = report
        .skipped()
        .into_iter()
        .map(|((reason, detail), places)| Skipped {
            count: places.len(),
            reason,
            detail: message(detail),
            places: places
                .iter()
                .take(PLACES_SHOWN)
                .map(|(_, place)| code(place))
                .collect::<Vec<_>>()
                .join(", "),
        })
        .collect();
    let problems: Vec<_> = report.config.problems.iter().chain(&report.problems).map(told).collect();
    let mut context = Context::new();
    context.insert("repository", &plain(&report.repository));
    context.insert("stats", &report.stats);
    context.insert("packages", &report.packages());
    context.insert("found", &report.branches.is_none().then(|| found(report)));
    context.insert("ready", &rows(&ready).unwrap_or_default());
    context.insert("held", &rows(&held).unwrap_or_default());
    context.insert("listed", &report.branches.is_none());
    let is_empty = report.branches.as_ref().map_or(report.stats.deps == 0, Vec::is_empty);
    context.insert("conclusion", &is_empty.then(|| report.without_branches()));
    context.insert("unusable", &report.branches.as_ref().and_then(|_| report.config.without_effect()));
    context.insert("skipped", &skipped);
    context.insert("problems", &problems);
    tera.render(TEMPLATE_NAME, &context)
}

fn rows(branch: &BranchReport) -> Vec<Row> {
    let why = branch.hold.as_ref().map_or_else(String::new, |hold| match hold.until {
        Some(until) => format!("{}, until {until}", message(&hold.reason)),
        None => message(&hold.reason),
    });
    branch
        .upgrades
        .iter()
        .map(|upgrade| {
            let (old, new) = upgrade.change();
            Row {
                name: plain(&upgrade.dep_name),
                r#type: upgrade.update_type.as_str(),
                old: code(old),
                new: code(new),
                place: code(&format!("{}:{}", upgrade.package_file, upgrade.line)),
                branch: code(&branch.branch_name),
                why: why.clone(),
            }
        })
        .collect()
}

fn found(report: &Report) -> Vec<Found> {
    let found = report.deps().map(|(file, dep)| Found {
        name: plain(dep.dep_name),
        value: code(&dep.value()),
        source: plain(&dep.source()),
        place: code(&format!("{}:{}", file.path, dep.line)),
    });
    found.collect()
}

fn told(problem: &ProblemReport) -> Told {
    let place = match (&problem.file, problem.line) {
        (Some(file), Some(line)) => code(&format!("{file}:{line}")),
        (Some(file), None) => code(file),
        (None, _) => String::new(),
    };
    Told {
        severity: problem.severity,
        place,
        message: message(&problem.message),
        hint: problem.hint.as_deref().map(message).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use updraft_core::update::UpdateType;

    use super::*;
    use crate::report::{HoldReport, UpgradeReport};

    /// Ends a code span, a cell, a line, a comment; pings, closes, links, shows a picture.
    const EVIL: &str =
        "a`|\n# b @maintainer fixes #1 <img src=x> ![p](https://evil.example/p.png) \u{1b}[31m<!-- x -->";

    #[test]
    fn foreign_text_stays_where_it_is_put_and_does_nothing() {
        let evil = || Some(EVIL.to_owned());
        let upgrade = UpgradeReport {
            dep_name: EVIL.to_owned(),
            package_name: EVIL.to_owned(),
            manager: "flux".to_owned(),
            package_file: EVIL.to_owned(),
            line: 1,
            datasource: "docker".to_owned(),
            dep_type: None,
            current_value: evil(),
            new_value: Some(format!("{EVIL}2")),
            current_version: None,
            new_version: None,
            current_digest: None,
            new_digest: None,
            update_type: UpdateType::Minor,
            release_timestamp: None,
        };
        let branch = BranchReport {
            branch_name: EVIL.to_owned(),
            pr_title: String::new(),
            commit_message: String::new(),
            pr_body: String::new(),
            labels: Vec::new(),
            automerge: false,
            hold: None,
            upgrades: vec![upgrade],
            files: Vec::new(),
            patch: String::new(),
        };
        let held = BranchReport {
            hold: Some(HoldReport { reason: EVIL.to_owned(), until: None }),
            ..branch.clone()
        };
        let problem = ProblemReport {
            severity: Severity::Error,
            file: evil(),
            line: None,
            column: None,
            message: EVIL.to_owned(),
            hint: evil(),
        };
        let report = Report {
            schema: crate::report::SCHEMA,
            repository: EVIL.to_owned(),
            now: jiff::Timestamp::UNIX_EPOCH,
            config: crate::report::ConfigReport::default(),
            files: Vec::new(),
            branches: Some(vec![branch, held]),
            problems: vec![problem],
            stats: crate::report::Stats::default(),
        };
        let text = render(&report).unwrap();
        for line in text.lines().filter(|line| line.starts_with('|')) {
            assert_eq!(line.replace("\\|", "").matches('|').count(), 6, "{line}");
        }
        // Outside of code nothing is left that means something.
        let text = text.replace("\\`", "");
        let outside: String = text.split('`').step_by(2).collect();
        for bad in ["@m", "#1", "<", "![", "\u{1b}", "\n# b"] {
            assert!(!outside.contains(bad), "{bad:?} in {outside}");
        }
        assert_eq!(text.matches('`').count() % 2, 0);
    }
}
