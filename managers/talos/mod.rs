#![doc = include_str!("README.md")]

mod factory;

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::image_ref;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::{SourceFile, Words};
use updraft_core::yaml::{Document, Node};

use crate::scalar;

const ID: ManagerId = ManagerId::fixed("talos");
/// The API group of the operator that upgrades a cluster from inside.
const TUPPR: &str = "tuppr.home-operations.com/";
static NAMES_TUPPR: Words = Words::new(TUPPR);
/// The keys of images, and what stands in the files that are about machines.
static IMAGE_KEYS: [Words; 2] = [Words::new("image:"), Words::new("talosImageURL:")];
static MACHINE_WORDS: [Words; 3] =
    [Words::new("machine:"), Words::new("cluster:"), Words::new(factory::HOST)];
/// The keys at the top of a machine's configuration.
const MACHINE: [&str; 5] = ["version", "debug", "persist", "machine", "cluster"];
/// The keys below which a machine's configuration names images.
const IMAGES: [&[&str]; 8] = [
    &["machine", "install", "image"],
    &["machine", "kubelet", "image"],
    &["cluster", "apiServer", "image"],
    &["cluster", "controllerManager", "image"],
    &["cluster", "scheduler", "image"],
    &["cluster", "proxy", "image"],
    &["cluster", "etcd", "image"],
    &["cluster", "coreDNS", "image"],
];

/// Finds the versions of Talos and of Kubernetes on its machines.
#[derive(Clone, Copy, Debug)]
pub struct Talos;

impl Manager for Talos {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)talconfig\\.ya?ml$/", "/(^|/)talenv(\\.sops)?\\.ya?ml$/"]
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        let names_image = || {
            IMAGE_KEYS.iter().any(|key| file.holds(key)) && MACHINE_WORDS.iter().any(|word| file.holds(word))
        };
        file.is_yaml_by_name() && (names_image() || file.holds(&NAMES_TUPPR))
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            let reader = Reader { file, aliases: &context.registry_aliases };
            for root in file.yaml().documents().iter().map(Document::root) {
                extraction.deps.extend(reader.document(root));
            }
        }
        extraction
    }
}

/// Reads one file.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    file: &'a SourceFile,
    aliases: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    fn document(self, root: Node<'_>) -> Vec<Dep> {
        let text = |key| root.get(key).and_then(Node::as_str);
        let mut found: Vec<Dep> = match (text("apiVersion"), text("kind")) {
            (Some(api), Some("TalosUpgrade")) if api.starts_with(TUPPR) => {
                root.at(&["spec", "talos", "version"]).and_then(|node| self.talos(node)).into_iter().collect()
            }
            (Some(api), Some("KubernetesUpgrade")) if api.starts_with(TUPPR) => root
                .at(&["spec", "kubernetes", "version"])
                .and_then(|node| self.kubernetes(node))
                .into_iter()
                .collect(),
            // Objects of a cluster are no configuration of machines.
            (Some(_), Some(_)) => Vec::new(),
            _ => self.configuration(root),
        };
        found.sort_by_key(|dep| dep.span);
        found
    }

    /// Returns what the configuration of machines, or of a tool that writes them, names.
    fn configuration(self, root: Node<'_>) -> Vec<Dep> {
        let mut found: Vec<Dep> = Vec::new();
        // Values of charts have a `cluster`, too.
        if root.entries().all(|(key, _)| key.as_str().is_some_and(|key| MACHINE.contains(&key))) {
            found.extend(IMAGES.iter().filter_map(|path| self.image(root.at(path)?)));
        }
        if is_of_talhelper(self.file) {
            found.extend(root.get("talosVersion").and_then(|node| self.talos(node)));
            found.extend(root.get("kubernetesVersion").and_then(|node| self.kubernetes(node)));
        }
        // Elsewhere, too: in the list of nodes of a tool, in patches inside of texts.
        let known: Vec<_> = found.iter().map(|dep| dep.span).collect();
        found.extend(factory::versions(self.file, root).into_iter().filter(|dep| !known.contains(&dep.span)));
        found
    }

    /// Returns an image of a container registry; those of the image factory are looked for by themselves.
    fn image(self, node: Node<'_>) -> Option<Dep> {
        let text =
            scalar::spelled(node).filter(|text| !text.trim().is_empty() && !text.contains(factory::HOST))?;
        let mut dep = image_ref::dep(ID, &self.file.path, text, node.span(), self.aliases);
        // `talosctl` compares tags, and takes the versions of Kubernetes out of them.
        dep.pin_digests = Some(false);
        Some(dep)
    }

    fn talos(self, node: Node<'_>) -> Option<Dep> {
        let mut dep = Dep::new(ID, &self.file.path, node.span(), "siderolabs/talos");
        dep.datasource = Some(DatasourceId::GITHUB_RELEASES);
        self.with_version(dep, node)
    }

    /// Returns the version of Kubernetes, which is that of the kubelet that Talos runs.
    fn kubernetes(self, node: Node<'_>) -> Option<Dep> {
        let mut dep = Dep::new(ID, &self.file.path, node.span(), "ghcr.io/siderolabs/kubelet");
        dep.datasource = Some(DatasourceId::DOCKER);
        dep.pin_digests = Some(false);
        self.with_version(dep, node)
    }

    /// Adds the version, or why it is left alone; `None` where there is none.
    fn with_version(self, mut dep: Dep, node: Node<'_>) -> Option<Dep> {
        dep.current_value = Some(scalar::text(node)?.to_owned());
        Some(if scalar::has_variable(node.raw()) {
            dep.skipped(SkipReason::ContainsVariable, "")
        } else if scalar::is_image_automated(self.file, node) {
            dep.skipped(SkipReason::ImageAutomation, "")
        } else if let Some(slot) = scalar::slot(node, Part::Value) {
            dep.slots.push(slot);
            dep
        } else {
            dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED)
        })
    }
}

/// Returns whether a file is called as talhelper calls its own.
fn is_of_talhelper(file: &SourceFile) -> bool {
    ["talconfig.", "talenv."].iter().any(|start| file.path.file_name().starts_with(start))
}
