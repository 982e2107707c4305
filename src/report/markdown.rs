//! The report as Markdown, for an issue, a comment or a job summary.

use std::io;

use serde::Serialize;
use tera::{Context, Tera};

use super::{BranchReport, Report};

const TEMPLATE: &str = include_str!("templates/report.md.tera");
const TEMPLATE_NAME: &str = "report.md";
/// The places of one skip reason that are named.
const PLACES_SHOWN: usize = 5;

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    r#type: &'static str,
    old: &'a str,
    new: &'a str,
    place: String,
    branch: &'a str,
    why: String,
}

#[derive(Serialize)]
struct Skipped<'a> {
    count: usize,
    reason: &'a str,
    detail: &'a str,
    places: String,
}

/// Returns the report as Markdown.
///
/// # Errors
/// When the template cannot be rendered, which is a mistake in this program.
pub fn render(report: &Report) -> Result<String, tera::Error> {
    let mut tera = Tera::new();
    tera.set_escape_fn(escape);
    tera.autoescape_on(vec![TEMPLATE_NAME]);
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
            detail,
            places: places.iter().take(PLACES_SHOWN).cloned().collect::<Vec<_>>().join(", "),
        })
        .collect();
    let problems: Vec<_> = report.config.problems.iter().chain(&report.problems).collect();
    let mut context = Context::new();
    context.insert("repository", &report.repository);
    context.insert("stats", &report.stats);
    context.insert("packages", &report.packages());
    context.insert("ready", &rows(&ready).unwrap_or_default());
    context.insert("held", &rows(&held).unwrap_or_default());
    context.insert("skipped", &skipped);
    context.insert("problems", &problems);
    tera.render(TEMPLATE_NAME, &context)
}

fn rows(branch: &BranchReport) -> Vec<Row<'_>> {
    let why = branch.hold.as_ref().map_or_else(String::new, |hold| match hold.until {
        Some(until) => format!("{}, until {until}", hold.reason),
        None => hold.reason.clone(),
    });
    branch
        .upgrades
        .iter()
        .map(|upgrade| {
            let (old, new) = upgrade.change();
            Row {
                name: &upgrade.dep_name,
                r#type: upgrade.update_type.as_str(),
                old,
                new,
                place: format!("{}:{}", upgrade.package_file, upgrade.line),
                branch: &branch.branch_name,
                why: why.clone(),
            }
        })
        .collect()
}

/// Keeps foreign text inside its table cell and harmless: no new lines, no cell borders, no HTML, no mentions.
fn escape(text: &str, out: &mut dyn io::Write) -> io::Result<()> {
    for byte in text.bytes() {
        match byte {
            b'\n' | b'\r' => out.write_all(b" ")?,
            b'|' => out.write_all(b"\\|")?,
            b'<' => out.write_all(b"&lt;")?,
            b'@' => out.write_all("@\u{200b}".as_bytes())?,
            other => out.write_all(&[other])?,
        }
    }
    Ok(())
}
