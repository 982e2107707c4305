//! Which dependencies people mean by what they write.

use std::collections::BTreeSet;
use std::path::Path;

use updraft_core::choose::PreparedDep;
use updraft_core::config::closest;
use updraft_core::dep::Dep;
use updraft_core::source::SourceFile;

use crate::report::printable::printable;
use crate::report::{build, find};

/// How many lines of a file are named where none was meant.
const LINES_NAMED: usize = 12;

/// Returns `target` as a path in the tree at `root`, where people name a file as their shell completes it: with the way to the tree in front.
pub fn inside(root: &Path, target: &str) -> String {
    let whole = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let named = Path::new(target);
    let below = named.strip_prefix(root).or_else(|_| named.strip_prefix(whole)).ok();
    below.and_then(Path::to_str).filter(|below| !below.is_empty()).unwrap_or(target).to_owned()
}

/// Returns the places in `deps` of those that `target` means: a name, a part of one, a file, or `file:line`.
pub fn chosen(files: &[SourceFile], deps: &[&PreparedDep], target: &str) -> Vec<usize> {
    let target = target.trim_start_matches("./");
    let place = target.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse::<usize>().ok()?)));
    let by = |test: &dyn Fn(&PreparedDep) -> bool| -> Vec<usize> {
        deps.iter().enumerate().filter(|(_, dep)| test(dep)).map(|(index, _)| index).collect()
    };
    if let Some((file, line)) = place.filter(|(file, _)| find(files, file).is_some()) {
        return by(&|dep| dep.found.file.as_str() == file && lines_of(&dep.found, files).contains(&line));
    }
    if find(files, target).is_some() {
        return by(&|dep| dep.found.file.as_str() == target);
    }
    let exact = by(&|prepared| {
        let (found, dep) = (&prepared.found, &prepared.dep);
        [&found.dep_name, &found.package_name, &dep.dep_name, &dep.package_name]
            .iter()
            .any(|name| *name == target)
    });
    if !exact.is_empty() {
        return exact;
    }
    let wanted = target.to_lowercase();
    by(&|prepared| {
        let dep = &prepared.dep;
        dep.dep_name.to_lowercase().contains(&wanted) || dep.package_name.to_lowercase().contains(&wanted)
    })
}

/// Returns the file that `target` is, as a whole.
pub fn file<'f>(files: &'f [SourceFile], target: &str) -> Option<&'f SourceFile> {
    find(files, target.trim_start_matches("./"))
}

fn lines_of(dep: &Dep, files: &[SourceFile]) -> Vec<usize> {
    let Some(file) = find(files, dep.file.as_str()) else { return Vec::new() };
    // The comment above a value means the value.
    let origins = dep.origins.iter().filter(|origin| origin.file == dep.file).map(|origin| origin.span);
    let spans = dep.slots.iter().map(|slot| slot.span).chain([dep.span]).chain(origins);
    spans.flat_map(|span| [file.line(span.start), file.line(span.end)]).collect()
}

/// Returns why `target` means nothing here, and what the owner may have meant.
pub fn nothing(files: &[SourceFile], deps: &[&PreparedDep], target: &str) -> String {
    let file = target.rsplit_once(':').map_or(target, |(file, _)| file).trim_start_matches("./");
    if find(files, file).is_some() {
        let lines: BTreeSet<usize> = deps
            .iter()
            .filter(|dep| dep.found.file.as_str() == file)
            .map(|dep| build::line_of(&dep.found, files))
            .collect();
        let lines: Vec<String> = lines.iter().take(LINES_NAMED).map(ToString::to_string).collect();
        return if lines.is_empty() {
            format!("no dependency was found in `{file}`\nhint: `updraft extract` lists those of other files")
        } else {
            format!(
                "no dependency stands at `{target}`\nhint: those of this file stand on the lines {}",
                lines.join(", ")
            )
        };
    }
    let names = || deps.iter().map(|dep| dep.dep.dep_name.as_str());
    let last_parts = names().filter_map(|name| name.rsplit('/').next());
    let near = closest(target, names().chain(last_parts));
    let hint = near.map_or_else(
        || "`updraft extract` lists what there is".to_owned(),
        |name| format!("did you mean `{}`?", printable(name)),
    );
    format!("no dependency is called `{target}`\nhint: {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_inside(root: &str, target: &str, expected: &str) {
        assert_eq!(inside(Path::new(root), target), expected, "{root} {target}");
    }

    #[test]
    fn a_file_may_be_named_with_the_way_to_the_tree() {
        check_inside("/home/me/lab", "/home/me/lab/apps/a.yaml:12", "apps/a.yaml:12");
        check_inside("lab/", "lab/apps/a.yaml", "apps/a.yaml");
        check_inside("lab", "apps/a.yaml", "apps/a.yaml");
        check_inside(".", "./apps/a.yaml", "apps/a.yaml");
        check_inside(".", "ghcr.io/me/lab", "ghcr.io/me/lab");
        check_inside("lab", "lab", "lab");
        let here = std::env::current_dir().unwrap();
        check_inside(".", here.join("apps/a.yaml:3").to_str().unwrap(), "apps/a.yaml:3");
    }
}
