//! The `helmCharts` list of kustomizations.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::image_ref::Parts;
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use crate::scalar;

/// Returns the chart that an entry of `helmCharts` inflates.
pub(super) fn dep(
    manager: &ManagerId,
    file: &SourceFile,
    entry: Node<'_>,
    found_in: &str,
    aliases: &BTreeMap<String, String>,
) -> Option<Dep> {
    let part = |key| entry.get(key).filter(|node| scalar::text(*node).is_some());
    let name_node = part("name")?;
    let name = name_node.as_str()?;
    let version = part("version");
    let mut dep = Dep::new(manager.clone(), &file.path, version.unwrap_or(name_node).span(), name);
    found_in.clone_into(&mut dep.found_in);
    dep.datasource = Some(DatasourceId::HELM);
    dep.current_value = version.and_then(Node::as_str).map(str::to_owned);
    let Some(repository) = part("repo").and_then(Node::as_str) else {
        return Some(
            dep.skipped(SkipReason::NoRepository, "the chart has no `repo`, so it lies in the chart folder"),
        );
    };
    if let Some(registry) = repository.strip_prefix("oci://") {
        let package = format!("{}/{name}", registry.trim_end_matches('/'));
        let parts = Parts { name: &package, tag: None, digest: None };
        dep.package_name = parts.dep(manager.clone(), &file.path, dep.span, aliases).package_name;
        dep.datasource = Some(DatasourceId::DOCKER);
        dep.pin_digests = Some(false);
    } else {
        dep.registry_urls = vec![repository.to_owned()];
    }
    let Some(version) = version else {
        return Some(dep.skipped(SkipReason::UnspecifiedVersion, "kustomize takes the newest chart"));
    };
    if [name, repository, version.raw()].into_iter().any(scalar::has_variable) {
        return Some(dep.skipped(SkipReason::ContainsVariable, ""));
    }
    let Some(slot) = scalar::slot(version, Part::Value) else {
        return Some(dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED));
    };
    dep.slots.push(slot);
    // In a registry the package is the repository's address too, which this text does not spell.
    if dep.datasource == Some(DatasourceId::HELM) && !name_node.alias() {
        dep.slots.extend(scalar::slot(name_node, Part::Name));
    }
    dep.slots.sort_by_key(|slot| slot.span);
    Some(dep)
}
