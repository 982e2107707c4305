#![doc = include_str!("README.md")]

mod kustomize_images;
mod revision;
mod source;

use updraft_core::dep::Dep;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use crate::helm_values::walk::{Values, images};
use crate::object;

const ID: ManagerId = ManagerId::fixed("argocd");
/// The API group of Argo CD, and of its siblings.
const GROUP: &str = "argoproj.io/";

/// Finds what Argo CD deploys.
#[derive(Clone, Copy, Debug)]
pub struct ArgoCd;

impl Manager for ArgoCd {
    fn id(&self) -> ManagerId {
        ID
    }

    /// None: applications are known by their content, as they may stand anywhere.
    fn file_patterns(&self) -> Vec<&str> {
        Vec::new()
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.is_yaml_by_name() && may_hold_applications(file)
    }

    fn prepare(&self, file: &SourceFile) {
        if may_hold_applications(file) {
            file.yaml();
        }
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files.iter().filter(|file| may_hold_applications(file)) {
            extraction.problems.extend(file.yaml_problems());
            let mut deps = Vec::new();
            for root in file.yaml().documents().iter().map(Document::root) {
                for object in std::iter::once(root).chain(listed(root)) {
                    in_object(file, object, context, &mut deps);
                }
            }
            deps.sort_by_key(|dep| dep.span);
            // What an anchor stands for is read wherever it is used.
            deps.dedup_by(|one, other| one.span == other.span && one.package_name == other.package_name);
            extraction.deps.append(&mut deps);
        }
        extraction
    }
}

fn may_hold_applications(file: &SourceFile) -> bool {
    file.text.contains(GROUP)
}

/// Returns the objects of a `List`.
fn listed(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let is_list = root.get("kind").and_then(Node::as_str) == Some("List");
    root.get("items").filter(|_| is_list).into_iter().flat_map(Node::items)
}

fn in_object(file: &SourceFile, object: Node<'_>, context: &ManagerContext, deps: &mut Vec<Dep>) {
    let first = deps.len();
    for source in sources(object) {
        deps.extend(source::dep(file, source, &context.registry_aliases));
        let list = source.at(&["kustomize", "images"]).into_iter().flat_map(Node::items);
        deps.extend(list.filter_map(|entry| kustomize_images::dep(file, entry, &context.registry_aliases)));
        if let Some(root) = source.at(&["helm", "valuesObject"]) {
            let aliases = &context.registry_aliases;
            deps.extend(images(root, &Values { manager: ID, file, aliases, pin_digests: Some(false) }));
        }
    }
    let title = object::title(object);
    for dep in deps.iter_mut().skip(first) {
        dep.found_in.clone_from(&title);
    }
}

/// Returns the sources of an `Application` or `ApplicationSet`; none of other objects.
fn sources(object: Node<'_>) -> Vec<Node<'_>> {
    let group = object.get("apiVersion").and_then(Node::as_str);
    let spec = object.get("spec").filter(|_| group.is_some_and(|group| group.starts_with(GROUP)));
    let Some(spec) = spec else { return Vec::new() };
    match object.get("kind").and_then(Node::as_str) {
        Some("Application") => of_spec(spec).collect(),
        Some("ApplicationSet") => {
            let own = spec.at(&["template", "spec"]);
            let steps = spec.get("generators").into_iter().flat_map(Node::walk);
            let of_generators = steps.filter_map(|step| {
                step.key.filter(|key| key.as_str() == Some("template"))?;
                step.node.get("spec")
            });
            own.into_iter().chain(of_generators).flat_map(of_spec).collect()
        }
        _ => Vec::new(),
    }
}

fn of_spec(spec: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let single = spec.get("source").into_iter().chain(spec.at(&["sourceHydrator", "drySource"]));
    single.chain(spec.get("sources").into_iter().flat_map(Node::items))
}
