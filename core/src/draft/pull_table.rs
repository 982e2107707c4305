//! The table of a pull request: one row for each update, the columns the owner asks for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fit::shortened;
use super::markdown::{code, foreign_link, plain};
use super::templates::Text;
use super::{filled, safe_fields};
use crate::plan::{Branch, Upgrade};
use crate::template::Fields;

/// The columns where the owner names none.
const COLUMNS: [&str; 5] = ["Package", "Type", "Update", "Change", "Pending"];
/// The most characters that the rows may take.
const MAX_ROWS: usize = 30_000;
/// The most characters of one cell.
const MAX_CELL: usize = 2_000;

/// Returns the table with the words above it; columns without any content and repeated rows are left out.
pub(super) fn table(branch: &Branch) -> String {
    let columns: Vec<&str> = match branch.options.pr_body_columns.as_deref() {
        Some(columns) if !columns.is_empty() => columns.iter().map(String::as_str).collect(),
        _ => COLUMNS.to_vec(),
    };
    let mut seen = BTreeSet::new();
    let rows: Vec<Vec<String>> = branch
        .upgrades
        .iter()
        .map(|upgrade| Cells::of(upgrade).row(&columns))
        .filter(|row| seen.insert(row.clone()))
        .collect();
    let used: Vec<usize> = (0..columns.len())
        .filter(|column| rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let pick =
        |row: &Vec<String>| used.iter().filter_map(|column| row.get(*column).cloned()).collect::<Vec<_>>();
    let mut room = MAX_ROWS;
    let shown: Vec<Vec<String>> = rows
        .iter()
        .map(pick)
        .map_while(|row| {
            room = room.checked_sub(row.iter().map(|cell| cell.chars().count() + 3).sum::<usize>() + 2)?;
            Some(row)
        })
        .collect();
    let columns: Vec<String> = used
        .iter()
        .filter_map(|column| columns.get(*column))
        .map(|name| cell(heading(branch, name)))
        .collect();
    Text::PullTable.render(&json!({
        "is_single": rows.len() == 1,
        "columns": columns,
        "left_out": rows.len() - shown.len(),
        "rows": shown,
    }))
}

/// Returns what a column is called.
fn heading<'a>(branch: &'a Branch, column: &'a str) -> &'a str {
    let own = branch.options.pr_body_heading_definitions.as_ref().and_then(|own| own.get(column));
    own.map_or(column, String::as_str)
}

/// What fills the cells of one row.
struct Cells<'a> {
    upgrade: &'a Upgrade,
    /// The fields of the owner's columns, made when the first one wants them.
    fields: Option<Fields>,
}

impl<'a> Cells<'a> {
    fn of(upgrade: &'a Upgrade) -> Self {
        Self { upgrade, fields: None }
    }

    fn row(&mut self, columns: &[&str]) -> Vec<String> {
        let options = &self.upgrade.options;
        let own = |column: &str| options.pr_body_definitions.as_ref()?.get(column);
        let cells = columns.iter().map(|column| match own(column) {
            Some(template) => self.own(template),
            None => self.known(column),
        });
        cells.map(|cell| shortened(&cell, MAX_CELL)).collect()
    }

    /// Returns what the owner's template says.
    fn own(&mut self, template: &str) -> String {
        let upgrade = self.upgrade;
        let fields = self.fields.get_or_insert_with(|| {
            let mut fields = safe_fields(upgrade);
            fields.insert("depNameLinked".to_owned(), Value::from(name(upgrade)));
            fields.insert("references".to_owned(), Value::from(references(upgrade)));
            Fields::from(fields)
        });
        cell(&filled(template, fields))
    }

    /// Returns what stands in one of the columns that everybody has.
    fn known(&self, column: &str) -> String {
        let upgrade = self.upgrade;
        match column {
            "Package" => package(upgrade),
            "Type" => upgrade.dep.dep_type.as_deref().map(plain).unwrap_or_default(),
            "Update" => upgrade.update.update_type.as_str().to_owned(),
            "Change" => change(upgrade),
            "Current value" => code(field(upgrade, "currentValue").unwrap_or_default()),
            "New value" => code(field(upgrade, "newValue").unwrap_or_default()),
            "Package file" => code(upgrade.dep.file.as_str()),
            "References" => references(upgrade),
            "Pending" => {
                let versions = upgrade.update.pending_versions.iter().map(|version| code(version));
                versions.collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        }
    }
}

fn field<'a>(upgrade: &'a Upgrade, name: &str) -> Option<&'a str> {
    upgrade.fields.get(name).and_then(Value::as_str)
}

/// Returns the package's name with a link, and links to its source and its changes.
fn package(upgrade: &Upgrade) -> String {
    let (name, references) = (name(upgrade), references(upgrade));
    if references.is_empty() { name } else { format!("{name} ({references})") }
}

/// Returns the package's name with a link to what tells most about it.
fn name(upgrade: &Upgrade) -> String {
    let page = field(upgrade, "homepage").or(field(upgrade, "sourceUrl")).or(field(upgrade, "dependencyUrl"));
    foreign_link(&plain(&upgrade.dep.dep_name), page)
}

/// Returns links to the package's source, where the name does not link there, and to its changes.
fn references(upgrade: &Upgrade) -> String {
    let source = field(upgrade, "sourceUrl").filter(|_| field(upgrade, "homepage").is_some());
    let changes = field(upgrade, "changelogUrl");
    let changes = changes.map(|text| {
        if text.contains("{{") {
            filled(text, &Fields::from(upgrade.fields.clone()))
        } else {
            text.to_owned()
        }
    });
    let links = [("source", source), ("changelog", changes.as_deref())];
    let links = links.into_iter().map(|(words, url)| foreign_link(words, url));
    links.filter(|link| link.starts_with('[')).collect::<Vec<_>>().join(", ")
}

fn change(upgrade: &Upgrade) -> String {
    let (from, to) = (field(upgrade, "displayFrom"), field(upgrade, "displayTo"));
    let (from, to) = (code(from.unwrap_or_default()), code(to.unwrap_or_default()));
    if from.is_empty() { format!("→ {to}") } else { format!("{from} → {to}") }
}

/// Returns an owner's words as one cell.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut is_escaped = false;
    for letter in line.chars() {
        if letter == '|' && !is_escaped {
            cell.push('\\');
        }
        is_escaped = letter == '\\' && !is_escaped;
        cell.push(letter);
    }
    cell
}
