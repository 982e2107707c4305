//! `gotk-components.yaml`: the manifest of Flux itself, as `flux install` or `flux bootstrap` writes it.

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use super::ID;

/// What stands before the version, in a comment among the first lines.
const VERSION: &str = "# Flux Version: ";
/// How many lines the header may have.
const HEADER_LINES: usize = 10;

/// Returns whether `file` is a manifest of Flux itself.
pub(super) fn is_system_manifest(file: &SourceFile) -> bool {
    matches!(file.path.file_name(), "gotk-components.yaml" | "gotk-components.yml")
}

/// Returns the version of Flux a system manifest was made of.
///
/// It is only reported: a new version needs the whole file written anew, by the `flux` command of that version and with the
/// flags of the first time, which the file tells only in part.
pub(super) fn dep(file: &SourceFile) -> Option<Dep> {
    let mut start = 0;
    for line in file.text.split_inclusive('\n').take(HEADER_LINES) {
        if let Some(at) = line.find(VERSION) {
            let version = line.get(at + VERSION.len()..)?.trim();
            let start = start + at + VERSION.len();
            let span = ByteSpan::new(start, start + version.len());
            let mut dep = Dep::new(ID, &file.path, span, "fluxcd/flux2");
            "Flux system manifest".clone_into(&mut dep.found_in);
            dep.datasource = Some(DatasourceId::GITHUB_RELEASES);
            dep.current_value = Some(version.to_owned());
            let detail = "the whole file comes from `flux install --export`: run it with the new version of `flux`, or let \
                          flux-operator manage Flux";
            return Some(dep.skipped(SkipReason::UnsupportedDatasource, detail));
        }
        start += line.len();
    }
    None
}
