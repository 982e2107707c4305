//! The `dependencies` of a `Chart.yaml`.

use std::collections::BTreeMap;

use updraft_core::chart_lock::is_alias;
use updraft_core::dep::{Dep, SkipReason};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use super::ID;
use crate::{chart, scalar};

/// Reads the dependencies of one chart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dependencies<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) aliases: &'a BTreeMap<String, String>,
}

impl Dependencies<'_> {
    /// Returns the charts that `chart` depends on, each with its place in the list.
    pub(super) fn of(self, chart: Node<'_>) -> Vec<(usize, Dep)> {
        let parent = chart.get("name").and_then(scalar::text).map_or("without a name", scalar::label);
        let items = chart.get("dependencies").into_iter().flat_map(Node::items).enumerate();
        let dep = |(index, node)| {
            let mut dep = self.dep(node)?;
            dep.found_in = format!("chart {parent}");
            Some((index, dep))
        };
        items.filter_map(dep).collect()
    }

    fn dep(self, node: Node<'_>) -> Option<Dep> {
        let name_node = node.get("name")?;
        let name = scalar::text(name_node)?;
        let version = node.get("version").filter(|version| scalar::text(*version).is_some());
        let mut dep = Dep::new(ID, &self.file.path, version.unwrap_or(name_node).span(), name);
        dep.datasource = Some(DatasourceId::HELM);
        dep.current_value = version.and_then(Node::as_str).map(str::to_owned);
        let Some(version) = version else {
            return Some(dep.skipped(SkipReason::UnspecifiedVersion, "Helm takes any version"));
        };
        if [name_node, version].iter().any(|node| scalar::has_variable(node.raw())) {
            return Some(dep.skipped(SkipReason::ContainsVariable, ""));
        }
        let repository = node.get("repository").and_then(scalar::text).unwrap_or_default();
        dep = self.with_repository(dep, repository);
        if dep.skip.is_some() {
            return Some(dep);
        }
        Some(chart::with_slots(dep, self.file, version, Some(name_node)))
    }

    /// Sets what to ask, or why nobody can be asked.
    fn with_repository(self, mut dep: Dep, repository: &str) -> Dep {
        let alias = repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:"));
        let url = if let Some(alias) = alias {
            let Some(url) = self.aliases.get(alias) else {
                let detail = format!("`{repository}` is a name that each user of Helm gives a repository");
                return dep.skipped(SkipReason::PlaceholderUrl, detail);
            };
            url
        } else {
            repository
        };
        if url.is_empty() {
            return dep.skipped(SkipReason::NoRepository, "the chart is expected in the folder `charts`");
        }
        if scalar::has_variable(url) {
            return dep.skipped(SkipReason::ContainsVariable, format!("the repository's address is `{url}`"));
        }
        let Some((scheme, rest)) = url.split_once(':') else {
            return dep.skipped(SkipReason::InvalidUrl, format!("`{url}` is no address"));
        };
        match scheme {
            "oci" => {
                let address = format!("{}/{}", rest.trim_matches('/'), dep.dep_name);
                chart::in_registry(dep, &address, self.aliases)
            }
            "file" => dep.skipped(SkipReason::LocalDependency, ""),
            _ if scheme.starts_with("git+") => {
                dep.skipped(SkipReason::UnknownRegistry, "a git repository has no list of charts")
            }
            "http" | "https" if !rest.trim_start_matches('/').is_empty() => {
                dep.registry_urls = vec![url.to_owned()];
                dep
            }
            "http" | "https" => dep.skipped(SkipReason::InvalidUrl, format!("`{url}` names no host")),
            _ => dep.skipped(SkipReason::UnsupportedUrl, format!("`{url}`")),
        }
    }
}

/// Returns whether a repository may be the same as another one is: aliases are resolved by whoever runs Helm.
pub(super) fn may_be(wanted: &str, locked: &str) -> bool {
    is_alias(wanted) || wanted == locked
}
