#![doc = include_str!("README.md")]

mod kustomize_images;
mod revision;
mod source;

use std::collections::BTreeSet;

use updraft_core::dep::Dep;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::{SourceFile, Words};
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Document, Node, Step};

use crate::helm_values::walk::{Values, images};
use crate::object;

const ID: ManagerId = ManagerId::fixed("argocd");
/// The API group of Argo CD, and of its siblings.
const GROUP: &str = "argoproj.io/";
static NAMES_GROUP: Words = Words::new(GROUP);

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
            let mut reader = Reader { file, context, seen: BTreeSet::new(), deps: Vec::new() };
            for root in file.yaml().documents().iter().map(Document::root) {
                for object in std::iter::once(root).chain(listed(root)) {
                    reader.read_object(object);
                }
            }
            let mut deps = reader.deps;
            deps.sort_by_key(|dep| dep.span);
            // What an anchor stands for is read wherever it is used.
            deps.dedup_by(|one, other| one.span == other.span && one.package_name == other.package_name);
            extraction.deps.append(&mut deps);
        }
        extraction
    }
}

fn may_hold_applications(file: &SourceFile) -> bool {
    file.holds(&NAMES_GROUP)
}

/// Returns the objects of a `List`.
fn listed(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let is_list = root.get("kind").and_then(Node::as_str) == Some("List");
    root.get("items").filter(|_| is_list).into_iter().flat_map(Node::items)
}

/// Reads the objects of one file.
struct Reader<'a> {
    file: &'a SourceFile,
    context: &'a ManagerContext,
    /// What was read: through aliases the same place can be met any number of times.
    seen: BTreeSet<ByteSpan>,
    deps: Vec<Dep>,
}

impl Reader<'_> {
    /// Reads an `Application` or `ApplicationSet`, and nothing of other objects.
    fn read_object(&mut self, object: Node<'_>) {
        let group = object.get("apiVersion").and_then(Node::as_str);
        let spec = object.get("spec").filter(|_| group.is_some_and(|group| group.starts_with(GROUP)));
        let Some(spec) = spec else { return };
        let first = self.deps.len();
        match object.get("kind").and_then(Node::as_str) {
            Some("Application") => self.read_spec(spec),
            Some("ApplicationSet") => {
                if let Some(spec) = spec.at(&["template", "spec"]) {
                    self.read_spec(spec);
                }
                if let Some(generators) = spec.get("generators").filter(|node| self.is_new(*node)) {
                    let is_template = |step: &Step<'_>| step.key.and_then(Node::as_str) == Some("template");
                    let templates = generators.walk().filter(is_template);
                    templates.filter_map(|step| step.node.get("spec")).for_each(|spec| self.read_spec(spec));
                }
            }
            _ => {}
        }
        let title = object::title(object);
        for dep in self.deps.iter_mut().skip(first) {
            dep.found_in.clone_from(&title);
        }
    }

    fn read_spec(&mut self, spec: Node<'_>) {
        if !self.is_new(spec) {
            return;
        }
        let single = spec.get("source").into_iter().chain(spec.at(&["sourceHydrator", "drySource"]));
        let list = spec.get("sources").filter(|list| self.is_new(*list));
        for source in single.chain(list.into_iter().flat_map(Node::items)) {
            self.read_source(source);
        }
    }

    fn read_source(&mut self, source: Node<'_>) {
        if !self.is_new(source) {
            return;
        }
        let (file, aliases) = (self.file, &self.context.registry_aliases);
        self.deps.extend(source::dep(file, source, aliases));
        if let Some(list) = source.at(&["kustomize", "images"]).filter(|list| self.is_new(*list)) {
            self.deps.extend(list.items().filter_map(|entry| kustomize_images::dep(file, entry, aliases)));
        }
        if let Some(root) = source.at(&["helm", "valuesObject"]).filter(|root| self.is_new(*root)) {
            self.deps.extend(images(root, &Values { manager: ID, file, aliases, pin_digests: Some(false) }));
        }
    }

    fn is_new(&mut self, node: Node<'_>) -> bool {
        self.seen.insert(node.span())
    }
}
