#![doc = include_str!("README.md")]

use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::SourceFile;

pub(crate) mod walk;

use walk::{Values, images};

/// Finds the images in the values files of charts.
#[derive(Clone, Copy, Debug)]
pub struct HelmValues;

const ID: ManagerId = ManagerId::fixed("helm-values");

impl Manager for HelmValues {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec![r"/(^|/)values\.ya?ml$/"]
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            let values =
                Values { manager: ID, file, aliases: &context.registry_aliases, pin_digests: Some(false) };
            let documents = file.yaml().documents().iter();
            extraction.deps.extend(documents.flat_map(|document| images(document.root(), &values)));
        }
        extraction
    }
}
