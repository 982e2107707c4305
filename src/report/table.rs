//! The report a person reads on a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use updraft_core::update::UpdateType;

use crate::apply::Applied;

use super::layout::{fit, pad, shorten, wrap};
use super::printable::printable;
use super::{BranchReport, DepReport, Report, UpgradeReport, age};

/// The widest a column of names gets where there is no terminal to fit into.
const MAX_NAME: usize = 60;
/// The narrowest a column of names or places gets before a row takes two lines.
const MIN_COLUMN: usize = 34;
/// The width of the arrow between two versions, and the spaces around it.
const ARROW: usize = 3;
/// The widest a column of registries gets where there is little room; reasons for leaving something out may take two lines.
const MAX_SOURCE: usize = 20;
/// The places of one skip reason that are named.
const PLACES_SHOWN: usize = 3;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// What the table depends on besides the report.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The terminal's width in characters, if there is one.
    pub width: Option<usize>,
    /// The owner's time zone.
    pub zone: TimeZone,
    /// The working tree, as it was named on the command line; `None` where there is none that another command could look at.
    pub path: Option<&'a Path>,
    /// Where the patches were written.
    pub patches: Option<&'a Path>,
    /// What was written into the working tree, when it was to be.
    pub applied: Option<Applied>,
}

/// One line of the table.
struct Row {
    name: String,
    old: String,
    new: String,
    kind: &'static str,
    detail: Detail,
}

/// What stands at the end of a row.
enum Detail {
    Place { place: String, age: String },
    Hold(String),
}

/// Returns the report as text with ANSI styles; the caller strips them where there is no terminal.
pub fn render(report: &Report, view: &View<'_>) -> String {
    let mut out = String::new();
    headline(&mut out, report);
    if let Some(branches) = &report.branches {
        sections(&mut out, report, branches, view);
        skipped(&mut out, report, view.width);
        closing(&mut out, report, branches, view);
    } else {
        inventory(&mut out, report, view.width);
        skipped(&mut out, report, view.width);
    }
    out
}

fn headline(out: &mut String, report: &Report) {
    let stats = &report.stats;
    let name = report.repository.rsplit('/').next().unwrap_or(&report.repository);
    let _ = write!(
        out,
        "{BOLD}{}{BOLD:#} {DIM}·{DIM:#} {} {DIM}·{DIM:#} {} in {} {DIM}·{DIM:#} {}",
        printable(name),
        count(stats.files, "file", "files"),
        count(stats.deps, "dependency", "dependencies"),
        count(report.packages(), "package", "packages"),
        duration(stats.duration_ms)
    );
    if report.branches.is_some() {
        let requests = count(usize::try_from(stats.requests).unwrap_or(usize::MAX), "request", "requests");
        let _ = write!(out, " {DIM}·{DIM:#} {requests}");
    }
    out.push('\n');
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
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

fn sections(out: &mut String, report: &Report, branches: &[BranchReport], view: &View<'_>) {
    let mut tables: Vec<(String, Vec<Row>)> = Vec::new();
    for (title, color, types) in HEADINGS {
        let rows: Vec<Row> = branches
            .iter()
            .filter(|branch| branch.hold.is_none())
            .flat_map(|branch| {
                rows(branch, types, |upgrade, further| Detail::Place {
                    place: format!("{}:{}{further}", printable(&upgrade.package_file), upgrade.line),
                    age: age(upgrade.release_timestamp, report.now).unwrap_or_default(),
                })
            })
            .collect();
        let style = Style::new().bold().fg_color(Some(color.into()));
        tables.push((format!("{style}{title}{style:#}"), rows));
    }
    let held: Vec<Row> = branches
        .iter()
        .filter_map(|branch| branch.hold.as_ref().map(|hold| (branch, hold)))
        .flat_map(|(branch, hold)| {
            let until =
                hold.until.map(|until| format!(", until {}", moment(until, &view.zone))).unwrap_or_default();
            rows(branch, &UpdateType::ALL, move |_, _| {
                Detail::Hold(format!("{}{until}", printable(&hold.reason)))
            })
        })
        .collect();
    tables.push((format!("{BOLD}HELD{BOLD:#}"), held));
    tables.retain(|(_, rows)| !rows.is_empty());
    for (_, rows) in &mut tables {
        rows.sort_by(|a, b| a.name.cmp(&b.name));
    }
    draw(out, &tables, view.width);
}

/// Returns one row for each package and step of `branch` that is of one of `types`; `detail` gets the first of the places, and what to
/// say of the others.
fn rows(
    branch: &BranchReport,
    types: &[UpdateType],
    detail: impl Fn(&UpgradeReport, &str) -> Detail,
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
            let [name, old, new] = [name, old, new].map(|text| printable(text).into_owned());
            Some(Row { name, old, new, kind, detail: detail(first, &further) })
        })
        .collect()
}

/// The widths of the columns.
struct Columns {
    name: usize,
    old: usize,
    new: usize,
    /// Zero: there is no room for it.
    kind: usize,
    place: usize,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    OneLine,
    /// The second line has what does not fit on the first.
    TwoLines,
}

impl Columns {
    /// Returns the widths for rows that are to fit into `width`: first places and names get shorter, then the kind is left out, and then
    /// a row takes two lines.
    fn of(rows: &[&Row], width: Option<usize>) -> Self {
        fn widest<'r>(texts: impl Iterator<Item = &'r str>) -> usize {
            texts.map(|text| text.chars().count()).max().unwrap_or(0)
        }
        let places = rows.iter().filter_map(|row| match &row.detail {
            Detail::Place { place, .. } => Some(place.as_str()),
            Detail::Hold(_) => None,
        });
        let ages = rows.iter().filter_map(|row| match &row.detail {
            Detail::Place { age, .. } => Some(age.as_str()),
            Detail::Hold(_) => None,
        });
        let mut columns = Self {
            name: widest(rows.iter().map(|row| row.name.as_str())),
            old: widest(rows.iter().map(|row| row.old.as_str())),
            new: widest(rows.iter().map(|row| row.new.as_str())),
            kind: widest(rows.iter().map(|row| row.kind)),
            place: widest(places),
            form: Form::OneLine,
        };
        let age = match widest(ages) {
            0 => 0,
            age => age + 2,
        };
        let Some(width) = width else {
            columns.name = columns.name.min(MAX_NAME);
            return columns;
        };
        let versions = columns.old + ARROW + columns.new;
        let fixed = 2 + 2 + versions + 2 + age;
        let least = columns.name.min(MIN_COLUMN) + columns.place.min(MIN_COLUMN);
        if fixed + columns.kind + 2 + least > width {
            columns.kind = 0;
        }
        let fixed = fixed + if columns.kind > 0 { columns.kind + 2 } else { 0 };
        if fixed + least > width {
            columns.form = Form::TwoLines;
            columns.name = columns.name.min(width.saturating_sub(2 + 2 + versions + age)).max(16);
            return columns;
        }
        let room = width - fixed;
        if columns.name + columns.place > room {
            columns.place = room.saturating_sub(columns.name).max(columns.place.min(MIN_COLUMN));
            columns.name = columns.name.min(room - columns.place);
        }
        columns
    }
}

/// Draws tables that share their column widths.
fn draw(out: &mut String, tables: &[(String, Vec<Row>)], width: Option<usize>) {
    let all: Vec<&Row> = tables.iter().flat_map(|(_, rows)| rows).collect();
    let columns = Columns::of(&all, width);
    for (title, rows) in tables {
        let _ = writeln!(out, "\n{title}");
        for row in rows {
            let _ = writeln!(out, "{}", line(row, &columns, width));
        }
    }
}

fn line(row: &Row, columns: &Columns, width: Option<usize>) -> String {
    let mut line = format!(
        "  {}  {} {DIM}→{DIM:#} {BOLD}{}{BOLD:#}",
        fit(&row.name, columns.name),
        pad(&row.old, columns.old),
        row.new
    );
    let gap = " ".repeat(columns.new - row.new.chars().count() + 2);
    let used = 2 + columns.name + 2 + columns.old + ARROW + columns.new + 2;
    let kind = if columns.kind == 0 { String::new() } else { format!("{}  ", pad(row.kind, columns.kind)) };
    match (&row.detail, columns.form) {
        (Detail::Place { place, age }, Form::OneLine) => {
            let place = shorten(place, columns.place);
            let _ = write!(line, "{gap}{DIM}{kind}{place}{DIM:#}");
            if !age.is_empty() {
                let _ = write!(line, "{}{age}", " ".repeat(columns.place - place.chars().count() + 2));
            }
        }
        (Detail::Place { place, age }, Form::TwoLines) => {
            if !age.is_empty() {
                let _ = write!(line, "{gap}{age}");
            }
            let place = shorten(place, width.unwrap_or(usize::MAX).saturating_sub(4 + row.kind.len() + 3));
            let _ = write!(line, "\n    {DIM}{} · {place}{DIM:#}", row.kind);
        }
        (Detail::Hold(reason), Form::OneLine)
            if width.is_none_or(|width| used + kind.len() + reason.chars().count() <= width) =>
        {
            let _ = write!(line, "{gap}{DIM}{kind}{DIM:#}{reason}");
        }
        (Detail::Hold(reason), _) => {
            let _ = write!(line, "\n    {}", wrap(reason, width, 4));
        }
    }
    line
}

/// Returns a moment for people: "Sat 2026-11-28 00:00 CET".
fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

fn skipped(out: &mut String, report: &Report, width: Option<usize>) {
    let reasons = report.skipped();
    if reasons.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{BOLD}NOT UPDATED, BECAUSE{BOLD:#}");
    let mut rows: Vec<_> = reasons.into_iter().collect();
    rows.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
    let reason_width = rows.iter().map(|((reason, _), _)| reason.chars().count()).max().unwrap_or(0);
    let indent = "  999 × ".chars().count() + reason_width + 2;
    for ((reason, detail), places) in rows {
        let detail = &*printable(detail);
        let mut named =
            places.iter().take(PLACES_SHOWN).map(|(_, place)| place.as_str()).collect::<Vec<_>>().join(", ");
        if let Some(more) = places.len().checked_sub(PLACES_SHOWN).filter(|more| *more > 0) {
            let _ = write!(named, " and {more} more");
        }
        let named = printable(&named);
        let _ = write!(out, "  {:>3} × {}  ", places.len(), pad(&reason.replace('-', " "), reason_width));
        let together = indent + detail.chars().count() + 2 + named.chars().count();
        if detail.is_empty() {
            let _ = writeln!(out, "{DIM}{}{DIM:#}", wrap(&named, width, indent));
        } else if width.is_none_or(|width| together <= width) {
            let _ = writeln!(out, "{detail}  {DIM}{named}{DIM:#}");
        } else {
            let _ = writeln!(out, "{}", wrap(detail, width, indent));
            let _ = writeln!(out, "{}{DIM}{}{DIM:#}", " ".repeat(indent), wrap(&named, width, indent));
        }
    }
}

fn closing(out: &mut String, report: &Report, branches: &[BranchReport], view: &View<'_>) {
    conclusion(out, report, branches, view);
    if let Some(text) = report.config.without_effect() {
        let _ = writeln!(out, "{}", wrap(text, view.width, 0));
    }
}

fn conclusion(out: &mut String, report: &Report, branches: &[BranchReport], view: &View<'_>) {
    let held: Vec<&BranchReport> = branches.iter().filter(|branch| branch.hold.is_some()).collect();
    let ready = branches.len() - held.len();
    if branches.is_empty() {
        let _ = writeln!(out, "\n{}", report.without_branches());
        return;
    }
    let mut text = match view.applied {
        Some(applied) if applied.files == 0 => "Nothing was written into the working tree".to_owned(),
        Some(applied) => format!(
            "{} written into {} of the working tree",
            count(applied.branches, "branch", "branches"),
            count(applied.files, "file", "files")
        ),
        None => format!("{} would be written", count(ready, "branch", "branches")),
    };
    if !held.is_empty() {
        let _ = write!(text, ", {} held", held.len());
    }
    text.push('.');
    // What is held back raises the most questions.
    if let Some(path) = view.path
        && let Some(upgrade) =
            held.first().copied().or(branches.first()).and_then(|branch| branch.upgrades.first())
    {
        let path = match path.to_string_lossy() {
            here if here == "." => String::new(),
            path => format!(" {}", argument(&path)),
        };
        let _ = write!(text, " {DIM}`updraft explain {}{path}` says why; ", argument(&upgrade.dep_name));
        let _ = match view.patches {
            Some(folder) => {
                write!(text, "the patches are in `{}`.{DIM:#}", printable(&folder.to_string_lossy()))
            }
            None => write!(text, "`--patches DIR` writes them out.{DIM:#}"),
        };
    }
    let _ = writeln!(out, "\n{}", wrap(&text, view.width, 0));
}

/// Returns a word of a command that people may copy into a shell.
fn argument(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@+,=%".contains(letter);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", printable(text).replace('\'', "'\\''"))
}

/// Lists what was found, where nothing was looked up.
fn inventory(out: &mut String, report: &Report, width: Option<usize>) {
    let widest =
        |text: &dyn Fn(&DepReport) -> usize| report.deps().map(|(_, dep)| text(dep)).max().unwrap_or(0);
    let value_width = widest(&|dep| dep.value().chars().count());
    let value_width = value_width.min(width.map_or(MAX_NAME / 2, |width| (width / 3).max(10)));
    let source_width = widest(&|dep| dep.source().chars().count()).min(MAX_SOURCE);
    let room = width.map_or(MAX_NAME, |width| width.saturating_sub(8 + 2 + value_width + 2 + source_width));
    let name_width = widest(&|dep| dep.dep_name.chars().count()).min(room.max(16));
    let indent = 8 + name_width + 2 + value_width + 2;
    for file in &report.files {
        let _ = writeln!(out, "\n{BOLD}{}{BOLD:#} {DIM}{}{DIM:#}", printable(file.path), file.manager);
        let mut deps: Vec<&DepReport> = file.deps.iter().collect();
        deps.sort_by_key(|dep| dep.line);
        for dep in deps {
            let value = printable(&dep.value()).into_owned();
            let value = if width.is_some() { fit(&value, value_width) } else { pad(&value, value_width) };
            let source = wrap(&printable(&dep.source()), width, indent);
            let _ = writeln!(
                out,
                "  {DIM}{:>4}{DIM:#}  {}  {}  {DIM}{source}{DIM:#}",
                dep.line,
                fit(&printable(dep.dep_name), name_width),
                value
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_to_copy_is_one_command() {
        assert_eq!(argument("ghcr.io/owner/name"), "ghcr.io/owner/name");
        assert_eq!(argument("my repo"), "'my repo'");
        assert_eq!(argument("a'; rm -rf ~; '\n"), r"'a'\''; rm -rf ~; '\''␊'");
        assert_eq!(argument("-v"), "'-v'");
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
