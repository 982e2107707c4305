//! A source of an application: where it comes from, and the version.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use super::{ID, revision};
use crate::{chart, scalar};

/// Where a source lies, by the form of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin<'a> {
    /// A chart of a repository with an index.
    Charts { url: &'a str, chart: &'a str },
    /// A chart or another artifact in a container registry: the whole address without a scheme.
    Registry(String),
    /// A git repository.
    Git(&'a str),
}

impl<'a> Origin<'a> {
    /// Returns where `url` and `chart` lead (<https://argo-cd.readthedocs.io/en/stable/user-guide/oci/>).
    fn new(url: &'a str, chart: Option<&'a str>) -> Self {
        let address = url.strip_prefix("oci://");
        match (chart, address) {
            (Some(chart), _) if address.is_some() || !url.contains("://") => {
                let host = address.unwrap_or(url).trim_end_matches('/');
                Self::Registry(format!("{host}/{chart}"))
            }
            (Some(chart), _) => Self::Charts { url, chart },
            (None, Some(address)) => Self::Registry(address.trim_end_matches('/').to_owned()),
            (None, None) => Self::Git(url),
        }
    }
}

/// Returns the dependency of a source; `None` where it names no address.
pub(super) fn dep(file: &SourceFile, source: Node<'_>, aliases: &BTreeMap<String, String>) -> Option<Dep> {
    let given = |key| source.get(key).filter(|node| scalar::is_given(*node));
    let (url, chart_node, target) = (given("repoURL")?, given("chart"), given("targetRevision"));
    let origin = Origin::new(scalar::written(url).trim(), chart_node.map(scalar::written));
    let (name, datasource) = match &origin {
        Origin::Charts { chart, .. } => (*chart, DatasourceId::HELM),
        Origin::Registry(address) => (address.as_str(), DatasourceId::DOCKER),
        Origin::Git(url) => (*url, DatasourceId::GIT_TAGS),
    };
    let mut dep = Dep::new(ID, &file.path, target.unwrap_or(url).span(), name);
    dep.datasource = Some(datasource);
    dep.current_value = target.map(scalar::written).map(str::to_owned);
    if [Some(url), chart_node, target].into_iter().flatten().any(|node| scalar::has_variable(node.raw())) {
        return Some(dep.skipped(SkipReason::ContainsVariable, ""));
    }
    let value = dep.current_value.as_deref();
    match &origin {
        Origin::Charts { url, .. } => dep.registry_urls = vec![(*url).to_owned()],
        Origin::Registry(address) => {
            if value.is_some_and(|value| value.starts_with("sha256:")) {
                return Some(dep.skipped(SkipReason::UnversionedReference, "it is pinned to a digest"));
            }
            dep = chart::in_registry(dep, address, aliases);
            if dep.skip.is_some() {
                return Some(dep);
            }
            // Only charts have ranges.
            dep.versioning = dep.versioning.filter(|_| chart_node.is_some());
        }
        Origin::Git(_) => {
            if let Some(detail) = revision::moving(value) {
                return Some(dep.skipped(SkipReason::UnversionedReference, detail));
            }
        }
    }
    let Some(target) = target else {
        return Some(dep.skipped(SkipReason::UnspecifiedVersion, "Argo CD takes the newest at each refresh"));
    };
    Some(chart::with_slots(dep, file, target, chart_node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_tells_charts_artifacts_and_repositories_apart() {
        let charts = Origin::Charts { url: "https://charts.example.org", chart: "app" };
        assert_eq!(Origin::new("https://charts.example.org", Some("app")), charts);
        for url in ["oci://ghcr.io/fjord/charts/", "ghcr.io/fjord/charts"] {
            let whole = "ghcr.io/fjord/charts/app".to_owned();
            assert_eq!(Origin::new(url, Some("app")), Origin::Registry(whole), "{url}");
        }
        let whole = "ghcr.io/fjord/app".to_owned();
        assert_eq!(Origin::new("oci://ghcr.io/fjord/app", None), Origin::Registry(whole));
        for url in ["https://git.example.org/fjord/app.git", "git@git.example.org:fjord/app.git"] {
            assert_eq!(Origin::new(url, None), Origin::Git(url), "{url}");
        }
    }
}
