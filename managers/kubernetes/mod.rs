#![doc = include_str!("README.md")]

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::image_ref::{self, ImageRefError};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId, VersioningId};
use updraft_core::problem::{Problem, Severity};
use updraft_core::source::{SourceFile, Words};

use crate::image_policy;

mod api_versions;
mod cnpg;
mod image_volume;
mod manifest;

pub use api_versions::api_versions;
use manifest::{Manifest, Value, manifests};

/// Finds the images and the API versions in Kubernetes manifests.
#[derive(Clone, Copy, Debug)]
pub struct Kubernetes;

const ID: ManagerId = ManagerId::fixed("kubernetes");

impl Manager for Kubernetes {
    fn id(&self) -> ManagerId {
        ID
    }

    /// None: manifests are known by their content, as they may stand anywhere.
    fn file_patterns(&self) -> Vec<&str> {
        Vec::new()
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.is_yaml_by_name() && is_manifest(file)
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files.iter().filter(|file| is_manifest(file)) {
            extraction.problems.extend(broken_documents(file));
            let mut deps: Vec<_> = manifests(&file.text)
                .iter()
                .flat_map(|manifest| in_manifest(manifest, file, &context.registry_aliases))
                .collect();
            deps.extend(under_other_keys(file, &context.registry_aliases));
            deps.sort_by_key(|dep| dep.span);
            extraction.deps.append(&mut deps);
        }
        extraction
    }
}

/// What every manifest has.
static MANIFEST_KEYS: [Words; 2] = [Words::new("apiVersion:"), Words::new("kind:")];

fn is_manifest(file: &SourceFile) -> bool {
    MANIFEST_KEYS.iter().all(|key| file.holds(key))
}

/// Returns what no cluster would accept. The lines are read all the same, as a template may become fine later; a file that is known to be
/// a template is not worth a word.
fn broken_documents(file: &SourceFile) -> impl Iterator<Item = Problem> {
    let broken = file.yaml_problems().into_iter().filter(|problem| problem.severity == Severity::Warning);
    broken.map(|problem| problem.hint("images and API versions are still found here, line by line"))
}

fn in_manifest(manifest: &Manifest<'_>, file: &SourceFile, aliases: &BTreeMap<String, String>) -> Vec<Dep> {
    let mut deps: Vec<_> = manifest.images.iter().filter_map(|value| image(*value, file, aliases)).collect();
    if manifest.kind == Some("ImageRepository") {
        // It names what Flux scans, all tags of it: a digest here would end the scan.
        for dep in &mut deps {
            dep.slots.retain(|slot| slot.part == Part::Name);
        }
    }
    deps.extend(api_version(manifest, file));
    for dep in &mut deps {
        dep.found_in = manifest.title();
    }
    deps
}

/// Returns the dependency of an `image:` value, unless it is no reference to an image at all.
fn image(value: Value<'_>, file: &SourceFile, aliases: &BTreeMap<String, String>) -> Option<Dep> {
    let template = ["{{", "{%", "#{", "<%"].iter().any(|mark| value.text.contains(mark));
    let other = matches!(value.text, "true" | "false" | "null" | "~")
        || value.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match image_ref::parse(value.text) {
        _ if template || other => return None,
        // A variable may stand where an alias is, or be filled in by Flux.
        // With a digest at its end it was meant to be an image, and no cluster will pull it.
        Ok(_) | Err(ImageRefError::Variable | ImageRefError::Digest) => {}
        Err(_) => return None,
    }
    let dep = image_ref::dep(ID, &file.path, value.text, value.span, aliases);
    let automated = image_policy::marks(&file.text, value.span);
    Some(if automated { dep.skipped(SkipReason::ImageAutomation, "") } else { dep })
}

/// What a volume made of an image has.
static VOLUME_KEYS: [Words; 2] = [Words::new("volumes:"), Words::new("reference:")];

/// Returns the images that stand where no line says `image:` before them.
fn under_other_keys(file: &SourceFile, aliases: &BTreeMap<String, String>) -> Vec<Dep> {
    let mut nodes = Vec::new();
    if VOLUME_KEYS.iter().all(|key| file.holds(key)) {
        nodes.extend(file.yaml().documents().iter().flat_map(image_volume::references));
    }
    if file.holds(&cnpg::NAMES_GROUP) {
        nodes.extend(file.yaml().documents().iter().flat_map(cnpg::references));
    }
    let nodes = nodes.into_iter();
    let written_plainly = nodes.filter(|node| node.as_str() == Some(node.raw()));
    written_plainly
        .filter_map(|node| image(Value { text: node.raw(), span: node.span() }, file, aliases))
        .collect()
}

/// Returns the dependency of a manifest on its API, for kinds whose API moved.
fn api_version(manifest: &Manifest<'_>, file: &SourceFile) -> Option<Dep> {
    let (kind, value) = (manifest.kind?, manifest.api_version?);
    // A kustomization file is read by kustomize, not by a cluster; Flux has a kind of the same name.
    let local = value.text.starts_with("kustomize.config.k8s.io/");
    if local || !is_api_version(value.text) || api_versions(kind).is_empty() {
        return None;
    }
    let mut dep = Dep::new(ID, &file.path, value.span, kind);
    dep.datasource = Some(DatasourceId::KUBERNETES_API);
    dep.versioning = Some(VersioningId::fixed("kubernetes-api"));
    dep.current_value = Some(value.text.to_owned());
    dep.slots = vec![Slot::new(Part::Value, value.span, value.text)];
    Some(dep)
}

/// Returns whether `text` is `v1`, `v2beta1`, `group/v1`, ...
fn is_api_version(text: &str) -> bool {
    let (group, version) = text.rsplit_once('/').unwrap_or(("", text));
    let group_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let digits = version.strip_prefix('v').unwrap_or_default();
    group.bytes().all(group_byte)
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
