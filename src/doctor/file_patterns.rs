//! `managerFilePatterns` of the owner that match no file.

use updraft_core::config::Item;
use updraft_core::config::pattern::Pattern;
use updraft_core::problem::Problem;

use super::case::{Case, Own, count, listed};
use super::repair::repair;

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for own in case.own() {
        for (manager, _, block) in own.outline.root().members() {
            if manager != "customManagers" {
                let patterns = block.member("managerFilePatterns");
                problems.extend(patterns_without_file(case, own, patterns, &format!("`{manager}`")));
                continue;
            }
            for custom in block.entries() {
                let description = custom.member("description").and_then(Item::text);
                let name = description.map_or_else(
                    || "the custom manager".to_owned(),
                    |text| format!("the custom manager `{text}`"),
                );
                let patterns = custom.member("managerFilePatterns");
                problems.extend(patterns_without_file(case, own, patterns, &name));
            }
        }
    }
    problems
}

fn patterns_without_file(
    case: &Case<'_>,
    own: &Own,
    patterns: Option<Item<'_>>,
    reader: &str,
) -> Vec<Problem> {
    let entries: Vec<(Item<'_>, &str)> =
        patterns.into_iter().flat_map(Item::entries).filter_map(|item| Some((item, item.text()?))).collect();
    let paths = || case.files().iter().map(|file| file.path.as_str());
    // A pattern that cannot be used is an error of its own.
    let is_dead =
        |text: &str| Pattern::new(text).is_ok_and(|pattern| !paths().any(|path| pattern.matches(path)));
    let mut problems = Vec::new();
    let mut plain: Vec<(Item<'_>, &str)> = Vec::new();
    for (item, text) in entries.iter().copied().filter(|(_, text)| is_dead(text)) {
        let Some(repair) = repair(text, &paths()) else {
            plain.push((item, text));
            continue;
        };
        let hint = format!(
            "did you mean `{}`, which matches {}? {}",
            repair.pattern,
            count(repair.matches, "file", "files"),
            repair.why
        );
        let message = format!("no file matches `{text}`, so {reader} reads nothing by it");
        problems.push(Problem::warning(message).at(&own.path, item.span()).hint(hint));
    }
    if let Some((item, text)) = plain.first() {
        let texts: Vec<&str> = plain.iter().map(|(_, text)| *text).collect();
        let message = format!("no file matches {}, so {reader} reads nothing by it", listed(&texts));
        problems.push(Problem::note(message).at(&own.path, item.span()).hint(hint(case, text)));
    }
    problems
}

/// Returns what to do about a pattern that resembles nothing: its ending may tell which files were meant.
fn hint(case: &Case<'_>, text: &str) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_')
        .filter(|word| word.len() > 3 && !matches!(*word, "yaml" | "json" | "toml"))
        .collect();
    let near: Vec<&str> = case
        .files()
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| {
            words.iter().any(|word| path.rsplit('/').next().is_some_and(|name| name.contains(word)))
        })
        .collect();
    if near.is_empty() {
        "remove it, unless such files are still to come".to_owned()
    } else {
        format!("there is {}", listed(&near))
    }
}
