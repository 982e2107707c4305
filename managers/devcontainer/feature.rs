//! A feature: what is installed into the container, and at which version.

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::image_ref;
use updraft_core::jsonc::{Member, Node, NodeValue};
use updraft_core::manager::ManagerContext;
use updraft_core::name::{DatasourceId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use super::ID;
use crate::chart::is_range;
use crate::scalar;

/// Where the features are published whose versions are known.
const KNOWN: &str = "ghcr.io/devcontainers/features/";
const TYPE: &str = "feature";

/// Returns the feature that a member of `features` names, and what it is asked to install.
pub(super) fn deps(file: &SourceFile, member: &Member, context: &ManagerContext) -> Vec<Dep> {
    let feature = feature(file, member, context);
    let version = version(file, &feature, &member.node);
    std::iter::once(feature).chain(version).collect()
}

fn feature(file: &SourceFile, member: &Member, context: &ManagerContext) -> Dep {
    let name = member.name.as_str();
    let whole = member.name_span;
    let skipped = |reason, detail| {
        let mut dep = Dep::new(ID, &file.path, whole, name).skipped(reason, detail);
        dep.dep_type = Some(TYPE.to_owned());
        dep
    };
    if name.starts_with(['.', '/']) {
        return skipped(SkipReason::LocalDependency, "");
    }
    if name.contains("://") {
        return skipped(SkipReason::UnsupportedUrl, "an archive has no list of versions");
    }
    // In JSON the name has quotes; JSON5 has names without.
    let quoted = ByteSpan::new(whole.start + 1, whole.end.saturating_sub(1));
    let Some(span) = [quoted, whole].into_iter().find(|span| span.of(&file.text) == Some(name)) else {
        return skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
    };
    let mut dep = image_ref::dep(ID, &file.path, name, span, &context.registry_aliases);
    dep.dep_type = Some(TYPE.to_owned());
    dep.pin_digests = Some(false);
    dep.slots.retain(|slot| !slot.span.is_empty());
    if dep.skip.is_none() && dep.current_value.is_none() && dep.current_digest.is_none() {
        dep.slots.clear();
        return dep.skipped(SkipReason::UnspecifiedVersion, "the newest is installed");
    }
    dep
}

/// Returns what a feature is asked to install, where it is known how that is versioned.
fn version(file: &SourceFile, feature: &Dep, options: &Node) -> Option<Dep> {
    let tool = feature.package_name.strip_prefix(KNOWN)?;
    let (datasource, package) = match tool {
        "node" => (DatasourceId::NODE_VERSION, "node"),
        "go" => (DatasourceId::GOLANG_VERSION, "go"),
        "python" => (DatasourceId::PYTHON_VERSION, "python"),
        "ruby" => (DatasourceId::RUBY_VERSION, "ruby-version"),
        _ => return None,
    };
    let node = match &options.value {
        NodeValue::Text { .. } => options,
        _ => options.get("version")?,
    };
    let NodeValue::Text { value, spelled } = &node.value else { return None };
    let mut dep = Dep::new(ID, &file.path, spelled.unwrap_or(node.span), tool);
    dep.found_in = format!("feature {tool}");
    package.clone_into(&mut dep.package_name);
    dep.datasource = Some(datasource);
    dep.dep_type = Some(TYPE.to_owned());
    dep.current_value = Some(value.clone());
    if scalar::has_variable(value) {
        return Some(dep.skipped(SkipReason::ContainsVariable, ""));
    }
    if !value.starts_with(|first: char| first.is_ascii_digit()) {
        let detail = format!("the feature chooses what `{value}` is");
        return Some(dep.skipped(SkipReason::UnspecifiedVersion, detail));
    }
    if is_range(value) {
        dep.versioning = Some(VersioningId::NPM);
    }
    let Some(span) = *spelled else {
        return Some(dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED));
    };
    dep.slots.push(Slot::new(Part::Value, span, value.as_str()));
    Some(dep)
}
