//! Manifests that `ignorePaths` leaves out though they hold dependencies.

use std::collections::BTreeMap;

use updraft_core::config::{Ignored, Place};
use updraft_core::dep::Dep;
use updraft_core::problem::Problem;

use super::case::{Case, count};

/// Folders of other people's code: nobody updates anything in there.
const FOREIGN: [&str; 5] = ["node_modules", "bower_components", "vendor", "__fixtures__", "__tests__"];

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    if case.config().options.ignore_paths.as_ref().is_none_or(Vec::is_empty) {
        return Vec::new();
    }
    let mut swallowed: BTreeMap<(String, Option<Place>), Vec<&Dep>> = BTreeMap::new();
    for dep in case.everything().deps.iter().filter(|dep| dep.skip.is_none()) {
        if let Some(Ignored { pattern: Some(pattern), place, .. }) = case.config().ignored(&dep.file)
            && !dep.file.as_str().split('/').any(|part| FOREIGN.contains(&part))
        {
            swallowed.entry((pattern, place)).or_default().push(dep);
        }
    }
    let by_preset: Vec<String> = swallowed
        .keys()
        .filter(|(_, place)| !place.is_some_and(|place| case.config().is_own(place)))
        .map(|(pattern, _)| pattern.clone())
        .collect();
    swallowed
        .iter()
        .filter_map(|((pattern, place), deps)| {
            let is_own = place.is_some_and(|place| case.config().is_own(place));
            if is_own {
                by_owner(case, pattern, deps)
            } else {
                Some(by_others(case, pattern, *place, deps, &by_preset))
            }
        })
        .collect()
}

/// Says what a preset's pattern leaves out.
fn by_others(
    case: &Case<'_>,
    pattern: &str,
    place: Option<Place>,
    deps: &[&Dep],
    swallowing: &[String],
) -> Problem {
    let chain: Vec<&str> = place
        .map(|place| case.config().chain(place))
        .unwrap_or_default()
        .iter()
        .map(|source| &*source.name)
        .collect();
    let message = format!("`{pattern}` of the preset `{}` leaves out {}", chain.join(" > "), what(deps));
    let rest: Vec<String> = case
        .config()
        .options
        .ignore_paths
        .iter()
        .flatten()
        .filter(|other| !swallowing.contains(other))
        .map(|other| format!("\"{other}\""))
        .collect();
    let hint = format!(
        "a list of your own takes the place of the preset's: `\"ignorePaths\": [{}]`",
        rest.join(", ")
    );
    let problem = Problem::warning(message).hint(hint);
    // Where the outermost preset is extended is what the owner can change.
    let extended =
        place.and_then(|place| case.config().chain(place).first().and_then(|source| source.extended_at));
    match extended.and_then(|at| Some((case.config().source(at)?.file.clone()?, at.span))) {
        Some((path, span)) => problem.at(&path, span),
        None => problem,
    }
}

/// Says so when a pattern of the owner takes more than a folder or a file of that name.
fn by_owner(case: &Case<'_>, pattern: &str, deps: &[&Dep]) -> Option<Problem> {
    if pattern.contains(['*', '?', '[', '{']) {
        return None;
    }
    let bare = pattern.trim_matches('/');
    let by_accident: Vec<&Dep> = deps
        .iter()
        .copied()
        .filter(|dep| {
            let path = dep.file.as_str();
            !format!("/{path}/").contains(&format!("/{bare}/"))
        })
        .collect();
    if by_accident.is_empty() {
        return None;
    }
    let message = format!(
        "`{pattern}` leaves out every path that holds these letters, among them {}",
        what(&by_accident)
    );
    let own = case.own().iter().find_map(|own| {
        let list = own.outline.root().member("ignorePaths")?;
        let entry = list.entries().find(|entry| entry.text() == Some(pattern))?;
        Some((&own.path, entry.span()))
    });
    let problem = Problem::warning(message).hint(format!("write `**/{bare}/**` for folders of that name"));
    Some(match own {
        Some((path, span)) => problem.at(path, span),
        None => problem,
    })
}

fn what(deps: &[&Dep]) -> String {
    let mut files: Vec<&str> = deps.iter().map(|dep| dep.file.as_str()).collect();
    files.dedup();
    let first = files.first().copied().unwrap_or_default();
    format!(
        "{} with {}, such as `{first}`",
        count(files.len(), "file", "files"),
        count(deps.len(), "dependency", "dependencies"),
    )
}
