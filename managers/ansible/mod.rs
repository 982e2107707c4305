#![doc = include_str!("README.md")]

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Kind, Step};

use crate::image;

const ID: ManagerId = ManagerId::fixed("ansible");

/// Finds the images of Ansible's tasks.
#[derive(Clone, Copy, Debug)]
pub struct Ansible;

impl Manager for Ansible {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)tasks/[^/]+\\.ya?ml$/"]
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            extraction.problems.extend(file.yaml_problems());
            for root in file.yaml().documents().iter().map(Document::root) {
                extraction.deps.extend(root.walk().filter_map(|step| dep(file, step, context)));
            }
        }
        extraction
    }
}

/// Returns the image that a node of a task names.
fn dep(file: &SourceFile, step: Step<'_>, context: &ManagerContext) -> Option<Dep> {
    let is_image = step.key?.as_str()? == "image" && step.node.kind() == Kind::Scalar;
    let dep = image::dep(&ID, file, step.node, &context.registry_aliases).filter(|_| is_image)?;
    let names_image = match dep.skip.as_ref().map(|skip| skip.reason) {
        None => dep.current_value.is_some() || dep.current_digest.is_some(),
        Some(SkipReason::ContainsVariable) => !dep.dep_name.starts_with("{{"),
        Some(SkipReason::ImageAutomation) => true,
        Some(_) => false,
    };
    names_image.then_some(dep)
}
