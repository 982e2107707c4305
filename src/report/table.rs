//! The report a person reads on a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use updraft_core::update::UpdateType;

use super::{BranchReport, Report, UpgradeReport, age};

/// The widest a column of names or places gets, in characters.
const MAX_NAME: usize = 52;
/// The places of one skip reason that are named.
const PLACES_SHOWN: usize = 3;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// One line of the table.
struct Row {
    name: String,
    old: String,
    new: String,
    kind: &'static str,
    place: String,
    note: String,
}

/// Returns the report as text with ANSI styles; the caller strips them where there is no terminal. `width` is the terminal's, in
/// characters, if there is one.
pub fn render(report: &Report, width: Option<usize>) -> String {
    let mut out = String::new();
    headline(&mut out, report);
    if let Some(branches) = &report.branches {
        sections(&mut out, report, branches, width);
        skipped(&mut out, report);
        closing(&mut out, branches);
    } else {
        inventory(&mut out, report, width);
        skipped(&mut out, report);
    }
    out
}

fn headline(out: &mut String, report: &Report) {
    let stats = &report.stats;
    let name = report.repository.rsplit('/').next().unwrap_or(&report.repository);
    let _ = write!(
        out,
        "{BOLD}{name}{BOLD:#} {DIM}·{DIM:#} {} files {DIM}·{DIM:#} {} dependencies in {} packages {DIM}·{DIM:#} {}",
        stats.files,
        stats.deps,
        report.packages(),
        duration(stats.duration_ms)
    );
    if report.branches.is_some() {
        let _ = write!(out, " {DIM}·{DIM:#} {} requests", stats.requests);
    }
    out.push('\n');
}

fn duration(milliseconds: u64) -> String {
    if milliseconds < 100 {
        format!("{milliseconds} ms")
    } else {
        format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
    }
}

/// The headings of branches nothing holds back, with the kinds of step under each.
const HEADINGS: [(&str, AnsiColor, &[UpdateType]); 5] = [
    ("MAJOR", AnsiColor::Red, &[UpdateType::Major]),
    ("MINOR", AnsiColor::Yellow, &[UpdateType::Minor]),
    ("PATCH", AnsiColor::Green, &[UpdateType::Patch]),
    ("DIGEST", AnsiColor::Cyan, &[UpdateType::Digest, UpdateType::PinDigest, UpdateType::Pin]),
    ("REPLACED OR ROLLED BACK", AnsiColor::Magenta, &[UpdateType::Replacement, UpdateType::Rollback]),
];

fn sections(out: &mut String, report: &Report, branches: &[BranchReport], width: Option<usize>) {
    let mut tables: Vec<(String, Vec<Row>)> = Vec::new();
    for (title, color, types) in HEADINGS {
        let rows: Vec<Row> = branches
            .iter()
            .filter(|branch| branch.hold.is_none())
            .flat_map(|branch| rows(branch, types, |upgrade| age(upgrade.release_timestamp, report.now)))
            .collect();
        let style = Style::new().bold().fg_color(Some(color.into()));
        tables.push((format!("{style}{title}{style:#}"), rows));
    }
    let held: Vec<Row> = branches
        .iter()
        .filter_map(|branch| branch.hold.as_ref().map(|hold| (branch, hold)))
        .flat_map(|(branch, hold)| {
            let until = hold.until.map(|until| format!(", until {}", moment(until))).unwrap_or_default();
            rows(branch, &UpdateType::ALL, move |_| Some(format!("{}{until}", hold.reason)))
        })
        .collect();
    tables.push((format!("{BOLD}HELD{BOLD:#}"), held));
    tables.retain(|(_, rows)| !rows.is_empty());
    draw(out, &tables, width);
}

/// Returns one row for each package and step of `branch` that is of one of `types`.
fn rows(
    branch: &BranchReport,
    types: &[UpdateType],
    note: impl Fn(&UpgradeReport) -> Option<String>,
) -> Vec<Row> {
    let mut merged: BTreeMap<(&str, &str, &str, &'static str), Vec<&UpgradeReport>> = BTreeMap::new();
    for upgrade in branch.upgrades.iter().filter(|upgrade| types.contains(&upgrade.update_type)) {
        let (old, new) = upgrade.change();
        merged.entry((&upgrade.dep_name, old, new, upgrade.kind())).or_default().push(upgrade);
    }
    merged
        .into_iter()
        .filter_map(|((name, old, new, kind), upgrades)| {
            let first = upgrades.first()?;
            let further = match upgrades.len() - 1 {
                0 => String::new(),
                count => format!(" (+{count})"),
            };
            Some(Row {
                name: name.to_owned(),
                old: old.to_owned(),
                new: new.to_owned(),
                kind,
                place: format!("{}:{}{further}", first.package_file, first.line),
                note: note(first).unwrap_or_default(),
            })
        })
        .collect()
}

/// Draws tables that share their column widths.
fn draw(out: &mut String, tables: &[(String, Vec<Row>)], width: Option<usize>) {
    let all = || tables.iter().flat_map(|(_, rows)| rows);
    let widest = |text: fn(&Row) -> &str| all().map(|row| text(row).chars().count()).max().unwrap_or(0);
    let name_width = widest(|row| &row.name).min(MAX_NAME);
    let old_width = widest(|row| &row.old).min(MAX_NAME);
    let new_width = widest(|row| &row.new).min(MAX_NAME);
    let kind_width = widest(|row| row.kind);
    let note_width = widest(|row| &row.note);
    let fixed = 2 + name_width + 2 + old_width + 3 + new_width + 3 + kind_width + 2;
    let place_width = width
        .map_or(usize::MAX, |width| {
            width.saturating_sub(fixed + if note_width > 0 { note_width + 2 } else { 0 }).max(24)
        })
        .min(widest(|row| &row.place));
    for (title, rows) in tables {
        let _ = writeln!(out, "\n{title}");
        for row in rows {
            let line = format!(
                "  {}  {} {DIM}→{DIM:#} {BOLD}{}{BOLD:#}   {DIM}{}{DIM:#}  {DIM}{}{DIM:#}{}{}",
                fit(&row.name, name_width),
                fit(&row.old, old_width),
                fit(&row.new, new_width),
                fit(row.kind, kind_width),
                fit(&row.place, place_width),
                if row.note.is_empty() { "" } else { "  " },
                row.note
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

/// Returns `text` in exactly `width` characters: padded, or cut in the middle where its two ends say most.
fn fit(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return format!("{text}{}", " ".repeat(width - count));
    }
    let keep = width.saturating_sub(1);
    let head = keep / 3;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - (keep - head)).collect();
    format!("{start}…{end}")
}

/// Returns a moment for people: "Sat 2026-11-28 00:00 UTC".
fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a %Y-%m-%d %H:%M UTC").to_string()
}

fn skipped(out: &mut String, report: &Report) {
    let reasons = report.skipped();
    if reasons.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{BOLD}NOT UPDATED, BECAUSE{BOLD:#}");
    let mut rows: Vec<_> = reasons.into_iter().collect();
    rows.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
    let width = rows.iter().map(|((reason, _), _)| reason.chars().count()).max().unwrap_or(0);
    for ((reason, detail), places) in rows {
        let named = places.iter().take(PLACES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
        let further = match places.len().saturating_sub(PLACES_SHOWN) {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        let separator = if detail.is_empty() { "" } else { "  " };
        let _ = writeln!(
            out,
            "  {:>3} × {}  {detail}{separator}{DIM}{named}{further}{DIM:#}",
            places.len(),
            fit(&reason.replace('-', " "), width)
        );
    }
}

fn closing(out: &mut String, branches: &[BranchReport]) {
    let held = branches.iter().filter(|branch| branch.hold.is_some()).count();
    let ready = branches.len() - held;
    let plural = |count: usize| if count == 1 { "branch" } else { "branches" };
    out.push('\n');
    match (ready, held) {
        (0, 0) => out.push_str("Everything is up to date."),
        (ready, 0) => {
            let _ = write!(out, "{ready} {} would be written.", plural(ready));
        }
        (ready, held) => {
            let _ = write!(out, "{ready} {} would be written, {held} held.", plural(ready));
        }
    }
    if let Some(upgrade) = branches.first().and_then(|branch| branch.upgrades.first()) {
        let _ = write!(
            out,
            " {DIM}`updraft explain {}` says why; `--patches DIR` writes them out.{DIM:#}",
            upgrade.dep_name
        );
    }
    out.push('\n');
}

/// Lists what was found, where nothing was looked up.
fn inventory(out: &mut String, report: &Report, width: Option<usize>) {
    let name_width = report
        .deps()
        .map(|(_, dep)| dep.dep_name.chars().count())
        .max()
        .unwrap_or(0)
        .min(width.map_or(MAX_NAME, |width| (width / 2).max(20)));
    for file in &report.files {
        let _ = writeln!(out, "\n{BOLD}{}{BOLD:#} {DIM}{}{DIM:#}", file.path, file.manager);
        for dep in &file.deps {
            let value = match (&dep.current_value, &dep.current_digest) {
                (Some(value), Some(digest)) => {
                    format!("{value}@{}", updraft_core::name::short_digest(digest))
                }
                (value, digest) => super::shown(value.as_deref(), digest.as_deref()).to_owned(),
            };
            let source = dep.skip_reason.as_ref().map_or_else(
                || dep.datasource.clone().unwrap_or_default(),
                |reason| format!("{} (skipped)", reason.replace('-', " ")),
            );
            let _ = writeln!(
                out,
                "  {DIM}{:>4}{DIM:#}  {}  {value}  {DIM}{source}{DIM:#}",
                dep.line,
                fit(&dep.dep_name, name_width)
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_in_the_middle() {
        assert_eq!(fit("kubernetes/apps/media/sonarr/helmrelease.yaml:31", 24), "kuberne…mrelease.yaml:31");
        assert_eq!(fit("a", 3), "a  ");
    }

    #[test]
    fn ages_are_words() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let check = |published: &str, expected: &str| {
            assert_eq!(age(published.parse().ok(), now).as_deref(), Some(expected), "{published}");
        };
        check("2026-11-20T23:30:00Z", "30 minutes old");
        check("2026-11-20T23:00:00Z", "1 hour old");
        check("2026-11-18T00:00:00Z", "3 days old");
        check("2026-08-01T00:00:00Z", "3 months old");
        check("2020-01-01T00:00:00Z", "6 years old");
        assert_eq!(age("2027-01-01T00:00:00Z".parse().ok(), now), None);
    }
}
