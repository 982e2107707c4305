//! `.terraform.lock.hcl`: which version of each provider is installed, with hashes of its archives.

use std::collections::BTreeSet;

use updraft_core::dep::Dep;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

/// What the file is called.
pub(super) const NAME: &str = ".terraform.lock.hcl";

/// Returns what to say about the lock files beside modules whose providers are among `deps`.
pub(super) fn notes(files: &[&SourceFile], deps: &[Dep]) -> Vec<Problem> {
    let of_provider = |dep: &&Dep| {
        dep.skip.is_none() && matches!(dep.dep_type.as_deref(), Some("provider" | "required_provider"))
    };
    let folders: BTreeSet<&str> = deps.iter().filter(of_provider).map(|dep| dep.file.folder()).collect();
    let locks =
        files.iter().filter(|file| file.path.file_name() == NAME && folders.contains(file.path.folder()));
    let note = |lock: &&SourceFile| {
        let folder = match lock.path.folder() {
            "" => ".",
            folder => folder,
        };
        let message = format!(
            "`{}` is not updated together with the providers: it holds hashes of their archives",
            lock.path
        );
        Problem::note(message).in_file(&lock.path).only_remarks().hint(format!(
            "run `terraform -chdir={folder} init -upgrade` (or `tofu`) in branches that change a provider, and commit the lock"
        ))
    };
    locks.map(note).collect()
}
