//! `actions.lock`: the workflows whose actions `gh actions-lock` holds to a commit outside of the workflow.

use std::collections::BTreeSet;

use updraft_core::dep::{Dep, Origin, Part};
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

/// The lock files of a repository.
#[derive(Debug, Default)]
pub(super) struct Locks<'a> {
    /// Each workflow a lock file names, with the place.
    workflows: BTreeSet<(&'a str, &'a RepoPath, ByteSpan)>,
}

/// Returns whether a file is a lock file.
pub(super) fn is_lock(file: &SourceFile) -> bool {
    file.path.file_name() == "actions.lock"
}

impl<'a> Locks<'a> {
    /// Reads the `workflows` of all lock files.
    pub(super) fn read(files: &[&'a SourceFile]) -> Self {
        let locks = files.iter().filter(|file| is_lock(file));
        let workflows = locks.flat_map(|file| {
            let documents = file.yaml().documents().iter();
            let workflows = documents.filter_map(|document| document.root().get("workflows"));
            let names = workflows.flat_map(|workflows| workflows.entries().map(|(name, _)| name));
            names.filter_map(|name| Some((name.as_str()?, &file.path, name.span())))
        });
        Self { workflows: workflows.collect() }
    }

    /// Keeps the dependencies of a locked workflow from being pinned in the workflow itself.
    pub(super) fn apply(&self, workflow: &RepoPath, deps: &mut [Dep]) {
        let named = self.workflows.iter().find(|(name, _, _)| *name == workflow.as_str());
        let Some((_, file, span)) = named else { return };
        for dep in deps.iter_mut().filter(|dep| dep.dep_type.as_deref() == Some("action")) {
            dep.pin_digests = Some(false);
            if dep.current_digest.is_none() {
                // Rules may ask for pins, too: where there is no place for a digest, none is offered.
                dep.slots.retain(|slot| slot.part != Part::ValueNote || !slot.span.is_empty());
                for slot in dep.slots.iter_mut().filter(|slot| slot.part == Part::ValueOrDigest) {
                    slot.part = Part::Value;
                }
            }
            let what = "commit held by gh actions-lock".to_owned();
            dep.origins.push(Origin { what, file: (*file).clone(), span: *span });
        }
    }
}
