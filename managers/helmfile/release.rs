//! Releases, and the templates they inherit from.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use super::ID;
use super::chart::{self, Chart};
use super::repositories::{Protocol, Repositories};
use crate::chart::{in_registry, with_slots};
use crate::scalar;

/// How many templates of one release are looked at for a chart.
const INHERITED: usize = 16;

/// Finds the charts of one file.
#[derive(Debug)]
pub(super) struct Releases<'a> {
    file: &'a SourceFile,
    repositories: &'a Repositories<'a>,
    aliases: &'a BTreeMap<String, String>,
    templates: BTreeMap<&'a str, Node<'a>>,
}

/// A release or a template, with what it is called.
struct Release<'a> {
    node: Node<'a>,
    title: String,
    chart: Node<'a>,
    version: Option<Node<'a>>,
}

impl<'a> Releases<'a> {
    pub(super) fn new(
        file: &'a SourceFile,
        repositories: &'a Repositories<'a>,
        aliases: &'a BTreeMap<String, String>,
    ) -> Self {
        let roots = file.yaml().documents().iter().map(Document::root);
        let templates = roots
            .filter_map(|root| root.get("templates"))
            .flat_map(Node::entries)
            .filter_map(|(name, template)| Some((name.as_str()?, template)))
            .collect();
        Self { file, repositories, aliases, templates }
    }

    /// Returns the charts of the document `index`, in the order of the text.
    pub(super) fn in_document(&self, index: usize, root: Node<'a>) -> Vec<Dep> {
        let templates =
            root.get("templates").into_iter().flat_map(Node::entries).filter_map(|(name, node)| {
                let title = format!("template {}", name.as_str()?);
                Some(Release { node, title, chart: chart_of(node)?, version: version_of(node) })
            });
        let releases = root.get("releases").into_iter().flat_map(Node::items);
        let releases = releases.filter_map(|node| self.release(node));
        let mut deps: Vec<_> = templates.chain(releases).map(|release| self.dep(index, &release)).collect();
        deps.sort_by_key(|dep| dep.span);
        deps
    }

    /// Returns a release with its chart, which may be inherited; `None` where all of it is, or nothing is there.
    fn release(&self, node: Node<'a>) -> Option<Release<'a>> {
        let text = |key| node.get(key).and_then(scalar::text).map(scalar::label);
        let name = text("name").unwrap_or("without a name");
        let title = match text("namespace") {
            Some(namespace) => format!("release {namespace}/{name}"),
            None => format!("release {name}"),
        };
        let version = version_of(node);
        let inherited = || {
            version?;
            let templates = node.get("inherit").into_iter().flat_map(Node::items).take(INHERITED);
            templates
                .filter_map(|entry| self.templates.get(entry.get("template")?.as_str()?))
                .find_map(|template| chart_of(*template))
        };
        Some(Release { node, title, chart: chart_of(node).or_else(inherited)?, version })
    }

    fn dep(&self, index: usize, release: &Release<'a>) -> Dep {
        let text = scalar::written(release.chart);
        let span = release.version.unwrap_or(release.chart).span();
        let mut dep = Dep::new(ID, &self.file.path, span, text);
        dep.found_in.clone_from(&release.title);
        dep.current_value = release.version.map(scalar::written).map(str::to_owned);
        let (mut dep, name) = match chart::parse(text) {
            Chart::Other(reason, detail) => return dep.skipped(reason, detail),
            Chart::Registry { address, name, at } => {
                name.clone_into(&mut dep.dep_name);
                (in_registry(dep, address, self.aliases), Some(at))
            }
            Chart::Repository { repository, name, at } => {
                name.clone_into(&mut dep.dep_name);
                name.clone_into(&mut dep.package_name);
                let dep = self.in_repository(dep, index, repository);
                // In a registry the package is the repository's address too, which this text does not spell.
                let spells_package = dep.datasource == Some(DatasourceId::HELM);
                (dep, spells_package.then_some(at))
            }
        };
        if dep.skip.is_some() {
            return dep;
        }
        dep = self.with_version(dep, release);
        let is_own = !release.chart.alias() && release.node.span().contains(release.chart.span());
        if let Some(at) = name.filter(|_| is_own && dep.skip.is_none()) {
            dep.slots.extend(scalar::part_slot(release.chart, at, Part::Name));
            dep.slots.sort_by_key(|slot| slot.span);
        }
        dep
    }

    /// Sets what to ask the repository that the release's document calls `name`.
    fn in_repository(&self, mut dep: Dep, index: usize, name: &str) -> Dep {
        dep.datasource = Some(DatasourceId::HELM);
        let found = match self.repositories.find(index, name) {
            Ok(found) => found,
            Err(detail) => return dep.skipped(SkipReason::UnknownRegistry, detail),
        };
        dep.origins.extend(found.origin);
        if scalar::has_variable(found.url) {
            let detail = format!("the repository's address is `{}`", found.url);
            return dep.skipped(SkipReason::ContainsVariable, detail);
        }
        match found.protocol {
            Protocol::Oci => {
                let address = format!("{}/{}", found.url, dep.dep_name);
                in_registry(dep, &address, self.aliases)
            }
            Protocol::Index => {
                dep.registry_urls = vec![found.url.to_owned()];
                dep
            }
        }
    }

    /// Adds the slot of the version, or why the release is left alone.
    fn with_version(&self, dep: Dep, release: &Release<'a>) -> Dep {
        let Some(version) = release.version else {
            let detail = "without a version helmfile takes the newest chart at each run";
            return dep.skipped(SkipReason::InvalidVersion, detail);
        };
        if scalar::has_variable(version.raw()) {
            return dep.skipped(SkipReason::ContainsVariable, "");
        }
        with_slots(dep, self.file, version, None)
    }
}

fn chart_of(node: Node<'_>) -> Option<Node<'_>> {
    node.get("chart").filter(|chart| scalar::is_given(*chart))
}

fn version_of(node: Node<'_>) -> Option<Node<'_>> {
    node.get("version").filter(|version| scalar::is_given(*version))
}
