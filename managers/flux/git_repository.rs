//! `GitRepository`: a tag, or a commit with the branch it is taken from.

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::name::{DatasourceId, Digest};
use updraft_core::yaml::Node;

use super::ID;
use super::resource::Resource;
use crate::git_url::GitUrl;
use crate::scalar;

/// What `spec.ref.name` starts with when it names a tag.
const TAG_REF: &str = "refs/tags/";

/// Returns what a `GitRepository` follows.
pub(super) fn dep(repository: &Resource<'_>) -> Option<Dep> {
    let url = scalar::text(repository.spec(&["url"])?)?;
    let part = |key| repository.spec(&["ref", key]).filter(|node| scalar::text(*node).is_some());
    let (commit, tag, name) = (part("commit"), part("tag"), part("name"));
    let name = name.filter(|node| node.as_str().is_some_and(|name| name.starts_with(TAG_REF)));
    // Flux's own order: the commit wins over the name, the name over the tag.
    let node = commit.or(name).or(tag);
    let mut dep =
        Dep::new(ID, &repository.file.path, node.unwrap_or(repository.name_node).span(), repository.name);
    dep.found_in = repository.title();
    let Some(node) = node else {
        let detail = match (part("semver"), part("branch"), part("name")) {
            (Some(range), ..) => format!("Flux follows the range `{}`", range.raw()),
            (None, Some(branch), _) => format!("Flux follows the branch `{}`", branch.raw()),
            (None, None, Some(name)) => format!("Flux follows `{}`", name.raw()),
            _ => "Flux follows the default branch".to_owned(),
        };
        return Some(dep.skipped(SkipReason::UnversionedReference, detail));
    };
    let text = node.as_str().unwrap_or_default();
    if commit.is_some() {
        url.clone_into(&mut dep.package_name);
        dep.datasource = Some(DatasourceId::GIT_REFS);
        dep.current_value = part("branch").and_then(Node::as_str).map(str::to_owned);
        dep.current_digest = Some(text.to_owned());
        dep.slots.extend(scalar::slot(node, Part::Digest));
    } else {
        let value = text.strip_prefix(TAG_REF).filter(|_| name.is_some()).unwrap_or(text);
        let github = GitUrl::parse(url).and_then(GitUrl::github);
        github.unwrap_or(url).clone_into(&mut dep.package_name);
        dep.datasource =
            Some(if github.is_some() { DatasourceId::GITHUB_TAGS } else { DatasourceId::GIT_TAGS });
        dep.current_value = Some(value.to_owned());
        dep.slots.extend(scalar::part_slot(node, text.len() - value.len()..text.len(), Part::Value));
    }
    Some(checked(dep, repository, url, node))
}

/// Adds why it is left alone, if it is.
fn checked(dep: Dep, repository: &Resource<'_>, url: &str, node: Node<'_>) -> Dep {
    let text = node.as_str().unwrap_or_default();
    let no_commit = |digest: &String| digest.contains(':') || digest.parse::<Digest>().is_err();
    let (reason, detail) = if scalar::has_variable(text) || scalar::has_variable(url) {
        (SkipReason::ContainsVariable, "")
    } else if scalar::is_image_automated(repository.file, node) {
        (SkipReason::ImageAutomation, "")
    } else if dep.slots.is_empty() {
        (SkipReason::InvalidValue, scalar::NOT_SPELLED)
    } else if dep.current_digest.as_ref().is_some_and(no_commit) {
        (SkipReason::InvalidValue, "a commit has 40 hex digits")
    } else {
        return dep;
    };
    Dep { slots: Vec::new(), ..dep }.skipped(reason, detail)
}
