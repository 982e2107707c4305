#![doc = include_str!("README.md")]

mod inputs;

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::image_ref::{self, Parts};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId, VersioningId};
use updraft_core::source::{SourceFile, Words};
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Document, Node};

use crate::chart::is_range;
use crate::{object, scalar};

const ID: ManagerId = ManagerId::fixed("flux-operator");
const GROUP: &str = "fluxcd.controlplane.io/";
static NAMES_GROUP: Words = Words::new(GROUP);
/// The artifact with Flux's manifests; the chart of an instance names it without the API group.
static MANIFESTS: Words = Words::new("flux-operator-manifests");
const SCHEME: &str = "oci://";

/// Finds the version of Flux that flux-operator installs, and the inputs of its templates.
#[derive(Clone, Copy, Debug)]
pub struct FluxOperator;

impl Manager for FluxOperator {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        Vec::new()
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.is_yaml_by_name() && (file.holds(&NAMES_GROUP) || file.holds(&MANIFESTS))
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            extraction.problems.extend(file.yaml_problems());
            for root in file.yaml().documents().iter().map(Document::root) {
                let aliases = &context.registry_aliases;
                let title = title(root);
                let mut found = Place { file, aliases }.of_document(root);
                for dep in found.iter_mut().filter(|dep| dep.found_in.is_empty()) {
                    dep.found_in.clone_from(&title);
                }
                extraction.deps.append(&mut found);
            }
        }
        extraction
    }
}

/// Returns what people call a document: "`FluxInstance` flux-system/flux".
fn title(root: Node<'_>) -> String {
    match root.get("kind") {
        Some(_) => object::title(root),
        None => "values of flux-instance".to_owned(),
    }
}

/// Where something is looked for, and with which aliases.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    file: &'a SourceFile,
    aliases: &'a BTreeMap<String, String>,
}

impl Place<'_> {
    fn of_document(self, root: Node<'_>) -> Vec<Dep> {
        let group = root.get("apiVersion").and_then(Node::as_str).is_some_and(|api| api.starts_with(GROUP));
        match (group, root.get("kind").and_then(Node::as_str)) {
            (true, Some("FluxInstance")) => {
                root.get("spec").map_or_else(Vec::new, |spec| self.instance(spec))
            }
            (true, Some("ResourceSet")) => {
                root.at(&["spec", "inputs"]).map_or_else(Vec::new, |inputs| self.inputs(inputs))
            }
            (true, Some("ResourceSetInputProvider")) => {
                root.at(&["spec", "defaultValues"]).map_or_else(Vec::new, |inputs| self.inputs(inputs))
            }
            // The chart `flux-instance` makes a `FluxInstance` of its value `instance`.
            (false, Some("HelmRelease")) => {
                root.at(&["spec", "values", "instance"]).map_or_else(Vec::new, |spec| self.instance(spec))
            }
            (false, None) => root.get("instance").map_or_else(Vec::new, |spec| self.instance(spec)),
            _ => Vec::new(),
        }
    }

    /// Returns what the `spec` of an instance names.
    fn instance(self, spec: Node<'_>) -> Vec<Dep> {
        let distribution = |key| spec.at(&["distribution", key]).filter(|node| scalar::text(*node).is_some());
        let mut found: Vec<Dep> =
            distribution("version").map(|version| self.version(version)).into_iter().collect();
        found.extend(distribution("artifact").and_then(|artifact| self.artifact(artifact)));
        found.extend(self.sync(spec));
        found.sort_by_key(|dep| dep.span);
        found
    }

    /// Returns the version of Flux itself, which may be a range.
    fn version(self, node: Node<'_>) -> Dep {
        let text = node.as_str().unwrap_or_default();
        let mut dep = Dep::new(ID, &self.file.path, node.span(), "fluxcd/flux2");
        dep.datasource = Some(DatasourceId::GITHUB_RELEASES);
        dep.current_value = Some(text.to_owned());
        // The operator's versions have no `v`.
        dep.extract_version = Some("^v(?<version>.+)$".to_owned());
        if is_range(text) {
            dep.versioning = Some(VersioningId::fixed("helm"));
        }
        self.with_slot(dep, node)
    }

    /// Returns the dependency of `oci://host/path:tag@digest`; `None` of other texts.
    fn artifact(self, node: Node<'_>) -> Option<Dep> {
        let text = node.as_str()?;
        let reference = text.strip_prefix(SCHEME)?;
        let span = node.span();
        if scalar::spelled(node).is_none() {
            let dep = Dep::new(ID, &self.file.path, span, reference);
            return Some(dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED));
        }
        let inside = ByteSpan::new(span.start + SCHEME.len(), span.end);
        let mut dep = image_ref::dep(ID, &self.file.path, reference, inside, self.aliases);
        // What is pulled is manifests, whatever the distribution's name.
        dep.versioning = None;
        Some(if scalar::is_image_automated(self.file, node) {
            dep.skipped(SkipReason::ImageAutomation, "")
        } else {
            dep
        })
    }

    /// Returns the artifact that the cluster is synchronised with, where it is one of a container registry with a fixed tag.
    fn sync(self, spec: Node<'_>) -> Option<Dep> {
        let sync = spec.get("sync")?;
        let reference = sync.get("ref").filter(|node| scalar::text(*node).is_some())?;
        let url = sync.get("url").and_then(scalar::text)?;
        let name = url.strip_prefix(SCHEME)?.trim_end_matches('/');
        let tag = reference.as_str()?;
        if sync.get("kind").and_then(Node::as_str) != Some("OCIRepository") || tag.starts_with("sha256:") {
            return None;
        }
        let parts = Parts { name, tag: Some(tag), digest: None };
        let mut dep = parts.dep(ID, &self.file.path, reference.span(), self.aliases);
        dep.versioning = None;
        dep.pin_digests = Some(false);
        if scalar::has_variable(name) {
            return Some(dep.skipped(SkipReason::ContainsVariable, ""));
        }
        if let Err(error) = image_ref::parse(&dep.package_name) {
            return Some(dep.skipped(error.reason(), error.to_string()));
        }
        Some(self.with_slot(dep, reference))
    }

    /// Adds the slot of the value, or why it is left alone.
    fn with_slot(self, mut dep: Dep, node: Node<'_>) -> Dep {
        if scalar::has_variable(node.raw()) {
            return dep.skipped(SkipReason::ContainsVariable, "");
        }
        if scalar::is_image_automated(self.file, node) {
            return dep.skipped(SkipReason::ImageAutomation, "");
        }
        let Some(slot) = scalar::slot(node, Part::Value) else {
            return dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
        };
        dep.slots.push(slot);
        dep
    }
}
