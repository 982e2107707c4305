#![doc = include_str!("README.md")]

mod chart;
mod lock;
mod release;
mod repositories;

use std::collections::BTreeMap;

use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{ManagerId, RepoPath};
use updraft_core::source::{SourceFile, Words};
use updraft_core::yaml::Document;

use release::Releases;
use repositories::Repositories;

const ID: ManagerId = ManagerId::fixed("helmfile");
/// What the comment for language servers names in a helmfile of any name.
static SCHEMA: Words = Words::new("schemastore.org/helmfile");

/// Finds the charts that helmfiles release.
#[derive(Clone, Copy, Debug)]
pub struct Helmfile;

impl Manager for Helmfile {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec![
            "/(^|/)helmfile\\.ya?ml(?:\\.gotmpl)?$/",
            "/(^|/)helmfile\\.d/.+\\.ya?ml(?:\\.gotmpl)?$/",
            // Not to be read, only to be known of.
            "/(^|/)helmfile\\.lock$/",
            "/(^|/)helmfile\\.d/.+\\.lock$/",
        ]
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.is_yaml_by_name() && (is_helmfile_name(&file.path) || file.holds(&SCHEMA))
    }

    fn prepare(&self, file: &SourceFile) {
        if may_hold_charts(file) {
            file.yaml();
        }
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        let by_path: BTreeMap<&str, &SourceFile> =
            files.iter().map(|file| (file.path.as_str(), *file)).collect();
        for file in files.iter().copied().filter(|file| may_hold_charts(file)) {
            extraction.problems.extend(file.yaml_problems());
            let aliases = &context.registry_aliases;
            let repositories = Repositories::new(file, &by_path, aliases);
            let releases = Releases::new(file, &repositories, aliases);
            let first = extraction.deps.len();
            for (index, root) in file.yaml().documents().iter().map(Document::root).enumerate() {
                extraction.deps.extend(releases.in_document(index, root));
            }
            let new = extraction.deps.get(first..).unwrap_or_default();
            if new.iter().any(|dep| dep.skip.is_none()) {
                extraction.problems.extend(lock::note(file, &by_path));
            }
        }
        extraction
    }
}

/// Returns whether a file is called as helmfile calls its own, whatever template it is.
fn is_helmfile_name(path: &RepoPath) -> bool {
    path.file_name().starts_with("helmfile.y") || path.folder().split('/').any(|part| part == "helmfile.d")
}

/// Returns whether there is something to find: folders of helmfiles hold values and locks, too.
fn may_hold_charts(file: &SourceFile) -> bool {
    file.path.file_name().strip_suffix(".lock").is_none()
        && (file.text.contains("releases:") || file.text.contains("templates:"))
}
