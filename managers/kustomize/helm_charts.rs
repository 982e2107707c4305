//! The `helmCharts` list of kustomizations.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use crate::{chart, scalar};

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
        dep = chart::in_registry(dep, &format!("{}/{name}", registry.trim_end_matches('/')), aliases);
    } else {
        dep.registry_urls = vec![repository.to_owned()];
    }
    let Some(version) = version else {
        return Some(dep.skipped(SkipReason::UnspecifiedVersion, "kustomize takes the newest chart"));
    };
    if [name, repository, version.raw()].into_iter().any(scalar::has_variable) {
        return Some(dep.skipped(SkipReason::ContainsVariable, ""));
    }
    if dep.skip.is_some() {
        return Some(dep);
    }
    Some(chart::with_slots(dep, file, version, Some(name_node)))
}
