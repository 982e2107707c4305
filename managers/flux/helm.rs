//! `HelmRelease` and `HelmChart`: a chart, its version, and the repository it comes from.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::name::DatasourceId;
use updraft_core::yaml::Node;

use super::ID;
use super::repositories::{Protocol, Repositories, Source, SourceRef};
use super::resource::Resource;
use crate::{chart, scalar};

/// Finds charts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charts<'a> {
    pub(super) repositories: &'a Repositories<'a>,
    pub(super) aliases: &'a BTreeMap<String, String>,
}

impl<'a> Charts<'a> {
    /// Returns the chart of a `HelmRelease`; `None` where `chartRef` leaves it to another object.
    pub(super) fn of_release(self, release: &Resource<'a>) -> Option<Dep> {
        if release.spec(&["chartRef"]).is_some() {
            return None;
        }
        self.chart(release, release.spec(&["chart", "spec"])?)
    }

    /// Returns the chart of a `HelmChart`; `None` where it comes out of a `GitRepository`, which is updated itself.
    pub(super) fn of_chart(self, chart: &Resource<'a>) -> Option<Dep> {
        let spec = chart.spec(&[])?;
        match spec.at(&["sourceRef", "kind"])?.as_str()? {
            "HelmRepository" => self.chart(chart, spec),
            "GitRepository" => None,
            kind => {
                let detail = format!("charts of a {kind} have no list of versions");
                let dep = self.chart(chart, spec)?;
                Some(
                    Dep { datasource: None, slots: Vec::new(), ..dep }
                        .skipped(SkipReason::UnsupportedDatasource, detail),
                )
            }
        }
    }

    /// Reads `chart`, `version` and `sourceRef` of a chart's specification.
    fn chart(self, user: &Resource<'a>, spec: Node<'a>) -> Option<Dep> {
        let name_node = spec.get("chart")?;
        let name = scalar::text(name_node)?;
        let version = spec.get("version").filter(|node| scalar::text(*node).is_some());
        let span = version.unwrap_or(name_node).span();
        let mut dep = Dep::new(ID, &user.file.path, span, name);
        dep.found_in = user.title();
        dep.datasource = Some(DatasourceId::HELM);
        dep.current_value = version.and_then(Node::as_str).map(str::to_owned);
        if name.starts_with(['.', '/']) {
            return Some(dep.skipped(SkipReason::LocalChart, ""));
        }
        if scalar::has_variable(name) {
            return Some(dep.skipped(SkipReason::ContainsVariable, format!("the chart is called `{name}`")));
        }
        let dep = self.with_source(dep, user, spec);
        Some(if dep.skip.is_some() { dep } else { with_slots(dep, user, name_node, version) })
    }

    /// Looks the repository up.
    fn with_source(self, mut dep: Dep, user: &Resource<'a>, spec: Node<'a>) -> Dep {
        let text = |key| spec.at(&["sourceRef", key]).and_then(scalar::text);
        let (kind, Some(name)) = (text("kind").unwrap_or("HelmRepository"), text("name")) else {
            return dep.skipped(SkipReason::UnknownRegistry, "the chart has no `sourceRef`");
        };
        if kind != "HelmRepository" {
            return dep.skipped(
                SkipReason::UnknownRegistry,
                format!("the chart comes out of {kind} {name}, which has its own version"),
            );
        }
        let source = SourceRef { name, namespace: text("namespace") };
        let (urls, protocol, origins) = match self.repositories.find(user, source) {
            Source::Found { urls, protocol, origins } => (urls, protocol, origins),
            Source::Missing(_) if scalar::has_variable(name) => {
                return dep
                    .skipped(SkipReason::ContainsVariable, format!("its HelmRepository is called `{name}`"));
            }
            Source::Missing(detail) => return dep.skipped(SkipReason::UnknownRegistry, detail),
        };
        dep.origins = origins;
        match protocol {
            Protocol::Index => dep.registry_urls.clone_from(&urls),
            Protocol::Oci => {
                let host =
                    urls.first().map_or("", |url| url.trim_start_matches("oci://").trim_end_matches('/'));
                let address = format!("{host}/{}", dep.dep_name);
                dep = chart::in_registry(dep, &address, self.aliases);
            }
        }
        match urls.into_iter().find(|url| scalar::has_variable(url)) {
            Some(url) => {
                dep.skipped(SkipReason::ContainsVariable, format!("the repository's address is `{url}`"))
            }
            None => dep,
        }
    }
}

/// Adds the slots, or why the chart is left alone.
fn with_slots(dep: Dep, user: &Resource<'_>, name: Node<'_>, version: Option<Node<'_>>) -> Dep {
    let Some(version) = version else {
        return dep
            .skipped(SkipReason::UnspecifiedVersion, "Flux takes the newest chart at each reconciliation");
    };
    if version.as_str().is_some_and(scalar::has_variable) {
        return dep.skipped(SkipReason::ContainsVariable, "");
    }
    chart::with_slots(dep, user.file, version, Some(name))
}
