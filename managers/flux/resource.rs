//! The objects of Flux among the documents of files.

use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use crate::scalar::{self, label};

/// The API group an object belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// `helm.toolkit.fluxcd.io`
    Helm,
    /// `source.toolkit.fluxcd.io`
    Source,
    /// `kustomize.toolkit.fluxcd.io`
    Kustomize,
}

/// One object of Flux.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource<'a> {
    /// Where it stands.
    pub(super) file: &'a SourceFile,
    /// Its API group, in whatever version.
    pub(super) group: Group,
    /// Its kind.
    pub(super) kind: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// The namespace it names itself.
    pub(super) namespace: Option<&'a str>,
    /// Its `metadata.name`.
    pub(super) name_node: Node<'a>,
    node: Node<'a>,
}

impl<'a> Resource<'a> {
    /// Returns the value under `spec` that `path` leads to.
    pub(super) fn spec(&self, path: &[&str]) -> Option<Node<'a>> {
        self.node.get("spec")?.at(path)
    }

    /// Returns the name people know it by: "HelmRelease grafana/grafana".
    pub(super) fn title(&self) -> String {
        title(self.kind, self.namespace, self.name)
    }
}

/// Returns the name people know an object by: "HelmRelease grafana/grafana".
pub(super) fn title(kind: &str, namespace: Option<&str>, name: &str) -> String {
    let (kind, name) = (label(kind), label(name));
    match namespace.map(label) {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// Returns the Flux objects of `files`, in order; those inside a `List` or a `ResourceSet` too.
pub(super) fn collect<'a>(files: &[&'a SourceFile]) -> Vec<Resource<'a>> {
    let mut found = Vec::new();
    for file in files {
        for root in file.yaml().documents().iter().map(Document::root) {
            add(file, root, &mut found);
            let nested = match root.get("kind").and_then(Node::as_str) {
                Some("List") => root.get("items"),
                Some("ResourceSet") => root.at(&["spec", "resources"]),
                _ => None,
            };
            nested.into_iter().flat_map(Node::items).for_each(|node| add(file, node, &mut found));
        }
    }
    found
}

fn add<'a>(file: &'a SourceFile, node: Node<'a>, found: &mut Vec<Resource<'a>>) {
    found.extend(resource(file, node));
}

fn resource<'a>(file: &'a SourceFile, node: Node<'a>) -> Option<Resource<'a>> {
    let (group, _) = node.get("apiVersion")?.as_str()?.split_once('/')?;
    let group = match group {
        "helm.toolkit.fluxcd.io" => Group::Helm,
        "source.toolkit.fluxcd.io" => Group::Source,
        "kustomize.toolkit.fluxcd.io" => Group::Kustomize,
        _ => return None,
    };
    let kind = node.get("kind")?.as_str()?;
    let metadata = node.get("metadata")?;
    let name_node = metadata.get("name").filter(|name| scalar::is_given(*name))?;
    // `name: {{ x }}` is a mapping to YAML, and a name that is filled in later to people.
    let name = name_node.as_str().unwrap_or_else(|| name_node.raw());
    let namespace = metadata.get("namespace").and_then(scalar::text);
    Some(Resource { file, group, kind, name, namespace, name_node, node })
}
