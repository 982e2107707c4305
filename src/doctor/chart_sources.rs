//! Charts whose repository is not among the files, and the repositories that may be meant.

use std::collections::BTreeMap;

use updraft_core::config::closest;
use updraft_core::dep::{Dep, SkipReason};
use updraft_core::name::RepoPath;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use super::case::Case;

/// The most repositories that are named as what may be meant.
const MAX_NAMED: usize = 3;

/// A repository of charts in a manifest.
struct Repository<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
    file: &'a RepoPath,
}

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let is_unknown = |dep: &&Dep| {
        dep.skip.as_ref().is_some_and(|skip| {
            // Charts out of a git repository are no mistake.
            skip.reason == SkipReason::UnknownRegistry && skip.detail.starts_with("no ")
        })
    };
    let unknown: Vec<&Dep> = case.deps().iter().filter(is_unknown).collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    let repositories: Vec<Repository<'_>> = case.files().iter().flat_map(repositories).collect();
    // One repository that is missing is one problem, however many charts come from it.
    let mut told: BTreeMap<&str, Vec<&Dep>> = BTreeMap::new();
    for dep in unknown {
        let detail = dep.skip.as_ref().map_or("", |skip| skip.detail.as_str());
        told.entry(detail).or_default().push(dep);
    }
    told.into_iter()
        .filter_map(|(detail, deps)| {
            let first = *deps.first()?;
            let others = match deps.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let message = format!("the chart `{}`{others} is never updated: {detail}", first.dep_name);
            let hint = hint(case, wanted(detail), &repositories);
            Some(Problem::warning(message).at(&first.file, first.span).hint(hint))
        })
        .collect()
}

/// Returns the name in "no HelmRepository namespace/name among the files".
fn wanted(detail: &str) -> &str {
    let title = detail.split(" among the files").next().unwrap_or(detail);
    title.rsplit([' ', '/']).next().unwrap_or(title)
}

fn hint(case: &Case<'_>, wanted: &str, repositories: &[Repository<'_>]) -> String {
    let named = |name: &str| -> Vec<&Repository<'_>> {
        repositories.iter().filter(|repository| repository.name == name).collect()
    };
    let mut near = named(wanted);
    if near.is_empty() {
        let close = closest(wanted, repositories.iter().map(|repository| repository.name));
        near = close.map(named).unwrap_or_default();
    }
    if let Some(repository) = near.iter().find(|repository| case.config().ignored(repository.file).is_some())
    {
        return format!("`{}` is in `{}`, which `ignorePaths` leaves out", repository.name, repository.file);
    }
    if near.is_empty() {
        return format!(
            "add it, or say where it is: `\"registryAliases\": {{\"{wanted}\": \"https://..\"}}`"
        );
    }
    let titles: Vec<String> = near
        .iter()
        .map(|repository| {
            let namespace = repository.namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
            format!("`{namespace}{}` in `{}`", repository.name, repository.file)
        })
        .take(MAX_NAMED)
        .collect();
    format!("did you mean {}?", titles.join(" or "))
}

fn repositories(file: &SourceFile) -> Vec<Repository<'_>> {
    if !(file.text.contains("HelmRepository") || file.text.contains("OCIRepository"))
        || !file.is_yaml_by_name()
    {
        return Vec::new();
    }
    file.yaml()
        .documents()
        .iter()
        .filter_map(|document| {
            let root = document.root();
            let kind = root.get("kind")?.as_str()?;
            if !matches!(kind, "HelmRepository" | "OCIRepository") {
                return None;
            }
            Some(Repository {
                name: root.at(&["metadata", "name"])?.as_str()?,
                namespace: root.at(&["metadata", "namespace"]).and_then(Node::as_str),
                file: &file.path,
            })
        })
        .collect()
}
