#![doc = include_str!("README.md")]

mod helm_charts;
pub(crate) mod images;
mod remote;

use updraft_core::dep::Dep;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::{SourceFile, Words};
use updraft_core::yaml::{Document, Node};

const ID: ManagerId = ManagerId::fixed("kustomize");
/// The API group of kustomize's own objects, as opposed to Flux's `Kustomization`.
const GROUP: &str = "kustomize.config.k8s.io/";
static NAMES_GROUP: Words = Words::new(GROUP);

/// Finds what kustomizations name: remote bases, images, and charts to inflate.
#[derive(Clone, Copy, Debug)]
pub struct Kustomize;

impl Manager for Kustomize {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)kustomization\\.ya?ml$/"]
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.path.file_name() == "Kustomization" || (file.is_yaml_by_name() && file.holds(&NAMES_GROUP))
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            extraction.problems.extend(file.yaml_problems());
            for root in file.yaml().documents().iter().map(Document::root) {
                if let Some(kind) = kind(root) {
                    extract(file, root, kind, context, &mut extraction.deps);
                }
            }
        }
        extraction
    }
}

/// Returns the kind of a kustomization, which both `apiVersion` and `kind` may leave out.
fn kind(root: Node<'_>) -> Option<&str> {
    let group = root.get("apiVersion").and_then(Node::as_str);
    let kind = root.get("kind").map_or(Some("Kustomization"), Node::as_str)?;
    (group.is_none_or(|group| group.starts_with(GROUP)) && matches!(kind, "Kustomization" | "Component"))
        .then_some(kind)
}

fn extract(file: &SourceFile, root: Node<'_>, kind: &str, context: &ManagerContext, deps: &mut Vec<Dep>) {
    let aliases = &context.registry_aliases;
    let first = deps.len();
    for list in ["bases", "resources", "components"] {
        let entries = root.get(list).into_iter().flat_map(Node::items);
        deps.extend(entries.filter_map(|entry| remote::dep(&ID, file, entry, kind)));
    }
    if let Some(list) = root.get("images") {
        deps.extend(images::deps(&ID, file, list, kind, aliases));
    }
    let charts = root.get("helmCharts").into_iter().flat_map(Node::items);
    deps.extend(charts.filter_map(|entry| helm_charts::dep(&ID, file, entry, kind, aliases)));
    if let Some(new) = deps.get_mut(first..) {
        new.sort_by_key(|dep| dep.span);
    }
}
