#![doc = include_str!("README.md")]

mod feature;

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::image_ref;
use updraft_core::jsonc::{self, Node, NodeValue};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

use crate::scalar;

const ID: ManagerId = ManagerId::fixed("devcontainer");

/// Finds the image and the features of development containers.
#[derive(Clone, Copy, Debug)]
pub struct Devcontainer;

impl Manager for Devcontainer {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/^.devcontainer/devcontainer.json$/", "/^.devcontainer.json$/"]
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.path.file_name() == "devcontainer.json"
            && file.path.folder().split('/').any(|part| part == ".devcontainer")
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            match jsonc::parse(&file.text) {
                Ok(root) => {
                    let mut deps: Vec<_> = image(file, &root, context).into_iter().collect();
                    let features = root.get("features").map(Node::members).unwrap_or_default();
                    deps.extend(features.iter().flat_map(|member| feature::deps(file, member, context)));
                    deps.sort_by_key(|dep| dep.span);
                    extraction.deps.append(&mut deps);
                }
                Err(error) => extraction.problems.push(
                    Problem::warning(format!("the file is no JSON: {}", error.message))
                        .at(&file.path, error.span)
                        .hint("no dependency in this file is updated"),
                ),
            }
        }
        extraction
    }
}

/// Returns the image that the container is made of.
fn image(file: &SourceFile, root: &Node, context: &ManagerContext) -> Option<Dep> {
    let node = root.get("image")?;
    let NodeValue::Text { value, spelled } = &node.value else { return None };
    let mut dep = if let Some(span) = spelled {
        image_ref::dep(ID, &file.path, value, *span, &context.registry_aliases)
    } else {
        let mut dep = Dep::new(ID, &file.path, node.span, value.as_str());
        dep.datasource = Some(DatasourceId::DOCKER);
        dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED)
    };
    dep.dep_type = Some("image".to_owned());
    Some(dep)
}
