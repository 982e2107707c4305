#![doc = include_str!("README.md")]

mod address;
mod entry;

use updraft_core::dep::Dep;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use entry::{Entry, Type};

const ID: ManagerId = ManagerId::fixed("ansible-galaxy");

/// Finds the roles and collections that Ansible Galaxy installs.
#[derive(Clone, Copy, Debug)]
pub struct AnsibleGalaxy;

impl Manager for AnsibleGalaxy {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)(galaxy|requirements)(\\.ansible)?\\.ya?ml$/"]
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            extraction.problems.extend(file.yaml_problems());
            let roots = file.yaml().documents().iter().map(Document::root);
            let mut deps: Vec<_> = roots.flat_map(|root| in_document(file, root)).collect();
            deps.sort_by_key(|dep| dep.span);
            extraction.deps.append(&mut deps);
        }
        extraction
    }
}

fn in_document(file: &SourceFile, root: Node<'_>) -> Vec<Dep> {
    let list = |key| root.get(key).into_iter().flat_map(Node::items);
    // The first version of the format was a list of roles.
    let roles = root.items().chain(list("roles")).filter_map(|node| Entry::read(node, Type::Role));
    let collections = list("collections").filter_map(|node| Entry::read(node, Type::Collection));
    let of_galaxy = root.get("dependencies").into_iter().flat_map(Node::entries);
    let of_galaxy = of_galaxy.map(|(name, version)| Entry::of_collection(name, version));
    roles.chain(collections).chain(of_galaxy).map(|entry| entry.dep(file)).collect()
}
