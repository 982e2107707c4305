//! The configuration as it holds: each option with where it was set, the rules in the order they apply.

use std::fmt::Write as _;

use anstyle::Style;
use updraft_core::config::{Config, Shown};
use updraft_core::source::SourceFile;

use crate::report::layout::wrap;
use crate::report::printable::printable;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Returns the configuration as text with ANSI styles, in lines no longer than `width`, if there is one; what nobody set comes last.
pub fn config(config: &Config, files: &[SourceFile], width: Option<usize>) -> String {
    let mut out = String::new();
    let (set, defaults): (Vec<Shown>, Vec<Shown>) =
        config.shown().into_iter().partition(|option| !option.places.is_empty());
    for option in &set {
        let indent = option.name.chars().count() + 2;
        let origins = origins(config, option, files);
        let one = match origins.as_slice() {
            [one] => format!("  {DIM}{}{DIM:#}", printable(one)),
            _ => String::new(),
        };
        let value = wrap(&format!("{}{one}", printable(&option.value)), width, indent);
        let _ = writeln!(out, "{BOLD}{}{BOLD:#}: {value}", option.name);
        for origin in origins.iter().filter(|_| origins.len() > 1) {
            let _ = writeln!(out, "    {DIM}{}{DIM:#}", printable(origin));
        }
    }
    rules(config, files, width, &mut out);
    let gap = if out.is_empty() { "" } else { "\n" };
    let _ = writeln!(out, "{gap}{BOLD}defaults{BOLD:#}, where nothing else is said");
    for option in &defaults {
        let value = wrap(&printable(&option.value), width, option.name.chars().count() + 2);
        let _ = writeln!(out, "{DIM}{}: {value}{DIM:#}", option.name);
    }
    out
}

/// Returns where an option was set: once for an option of which the last text counts, all places for one that adds up.
fn origins(config: &Config, option: &Shown, files: &[SourceFile]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for place in &option.places {
        let name = config.place_name(*place, files);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn rules(config: &Config, files: &[SourceFile], width: Option<usize>, out: &mut String) {
    if config.rules.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{BOLD}packageRules{BOLD:#}, in the order they apply");
    for (index, rule) in config.rules.iter().enumerate() {
        let number = config.rule_number(index).map(|number| format!("#{number} ")).unwrap_or_default();
        let title = if rule.description.is_empty() {
            String::new()
        } else {
            format!("{BOLD}{}{BOLD:#}  ", printable(&rule.description))
        };
        let place = config.place_name(rule.place, files);
        let _ = writeln!(out, "  {number}{title}{DIM}{}{DIM:#}", printable(&place));
        for matcher in &rule.matchers {
            let text = format!("{} {}", matcher.name(), printable(&matcher.wants()));
            let _ = writeln!(out, "        {DIM}for{DIM:#} {}", wrap(text.trim_end(), width, 12));
        }
        for (name, value) in &rule.sets {
            let _ = writeln!(out, "        {name}: {}", wrap(&printable(value), width, 10 + name.len()));
        }
    }
}
