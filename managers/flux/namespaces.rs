//! Which namespace an object ends up in, where the object does not say it itself.
//!
//! Most repositories set the namespace once for a folder: with `namespace:` in a kustomization.yaml, or with `targetNamespace` in
//! the Flux `Kustomization` that applies the folder. Both override what the objects say, the outer one the inner one.

use std::collections::BTreeMap;

use updraft_core::dep::Origin;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use super::resource::{Group, Resource};
use crate::scalar;

/// How many folders deep kustomizations are followed.
const DEPTH: usize = 32;
/// How many kustomizations are looked at for one object.
const STEPS: usize = 256;
/// How many Flux `Kustomization`s may apply one folder.
const APPLIED: usize = 16;

/// A namespace and what set it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Namespace<'a> {
    pub(super) name: &'a str,
    /// The text that set it from outside; `None` when the object names it itself.
    setter: Option<(&'a SourceFile, Node<'a>)>,
}

impl Namespace<'_> {
    /// Returns where the namespace was set, for the trail of a dependency.
    pub(super) fn origin(&self) -> Option<Origin> {
        let (file, node) = self.setter?;
        let what = format!("namespace `{}`, set for the folder", self.name);
        Some(Origin { what, file: file.path.clone(), span: node.span() })
    }
}

/// A kustomization.yaml.
#[derive(Debug)]
struct Overlay<'a> {
    folder: &'a str,
    namespace: Option<Namespace<'a>>,
}

/// The namespaces that kustomizations set.
#[derive(Debug, Default)]
pub(super) struct Namespaces<'a> {
    overlays: Vec<Overlay<'a>>,
    /// The kustomizations that list a file or folder, by its path.
    listed_by: BTreeMap<String, Vec<usize>>,
    /// The folders that have a kustomization.
    folders: BTreeMap<&'a str, usize>,
    /// The `targetNamespace` of each Flux `Kustomization` that applies a folder.
    applied: BTreeMap<String, Vec<Option<Namespace<'a>>>>,
}

impl<'a> Namespaces<'a> {
    pub(super) fn new(files: &[&'a SourceFile], resources: &[Resource<'a>]) -> Self {
        let mut namespaces = Self::default();
        for file in files.iter().filter(|file| scalar::is_kustomization_name(&file.path)) {
            namespaces.add_overlay(file);
        }
        for resource in resources.iter().filter(|resource| resource.group == Group::Kustomize) {
            let Some(path) = resource.spec(&["path"]).and_then(Node::as_str) else { continue };
            let Some(path) = scalar::join("", path) else { continue };
            let target = resource.spec(&["targetNamespace"]);
            let namespace = target.and_then(|node| Some(set(resource.file, node, scalar::text(node)?)));
            let applied = namespaces.applied.entry(path).or_default();
            if applied.len() < APPLIED {
                applied.push(namespace);
            }
        }
        namespaces
    }

    fn add_overlay(&mut self, file: &'a SourceFile) {
        let Some(root) = file.yaml().documents().first().map(Document::root) else { return };
        let index = self.overlays.len();
        let folder = file.path.folder();
        let namespace = root.get("namespace").and_then(|node| Some(set(file, node, scalar::text(node)?)));
        self.overlays.push(Overlay { folder, namespace });
        self.folders.insert(folder, index);
        for list in ["resources", "bases", "components"] {
            let entries = root.get(list).into_iter().flat_map(Node::items).filter_map(Node::as_str);
            for path in
                entries.filter(|path| !path.contains("://")).filter_map(|path| scalar::join(folder, path))
            {
                self.listed_by.entry(path).or_default().push(index);
            }
        }
    }

    /// Returns the namespaces an object may end up in: several where a folder is applied more than once, none when unknown.
    pub(super) fn of(&self, resource: &Resource<'a>) -> Vec<Namespace<'a>> {
        let own = resource.namespace.map(|name| Namespace { name, setter: None });
        let path = resource.file.path.as_str();
        let mut found = Vec::new();
        if self.listed_by.contains_key(path) {
            self.climb(path, own, DEPTH, &mut STEPS.clone(), &mut found);
        } else {
            // Flux applies every file below a folder that has no kustomization.yaml of its own.
            let mut folders = std::iter::successors(Some(resource.file.path.folder()), |folder| {
                (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(above, _)| above))
            });
            let applied = folders
                .find_map(|folder| self.applied.get(folder).filter(|_| !self.folders.contains_key(folder)));
            found.extend(applied.into_iter().flatten().filter_map(|target| target.or(own)));
            if applied.is_none() {
                found.extend(own);
            }
        }
        found.sort_by_key(|namespace| namespace.name);
        found.dedup_by_key(|namespace| namespace.name);
        found
    }

    /// Follows the kustomizations that list `path` outwards; `inner` is what was set so far.
    fn climb(
        &self,
        path: &str,
        inner: Option<Namespace<'a>>,
        depth: usize,
        steps: &mut usize,
        found: &mut Vec<Namespace<'a>>,
    ) {
        let overlays = self.listed_by.get(path).into_iter().flatten();
        for overlay in overlays.filter_map(|index| self.overlays.get(*index)) {
            let (Some(left), Some(depth)) = (steps.checked_sub(1), depth.checked_sub(1)) else { return };
            *steps = left;
            let current = overlay.namespace.or(inner);
            let applied = self.applied.get(overlay.folder);
            found.extend(applied.into_iter().flatten().filter_map(|target| target.or(current)));
            if self.listed_by.contains_key(overlay.folder) {
                self.climb(overlay.folder, current, depth, steps, found);
            } else if applied.is_none() {
                found.extend(current);
            }
        }
    }
}

fn set<'a>(file: &'a SourceFile, node: Node<'a>, name: &'a str) -> Namespace<'a> {
    Namespace { name, setter: Some((file, node)) }
}
