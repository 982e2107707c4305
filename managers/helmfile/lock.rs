//! The lock file beside a helmfile.

use std::collections::BTreeMap;

use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

/// Returns what to say about the lock file of `file`, if there is one among the files `by_path`.
///
/// Its name is that of the helmfile (<https://helmfile.readthedocs.io/en/latest/#deps>).
pub(super) fn note(file: &SourceFile, by_path: &BTreeMap<&str, &SourceFile>) -> Option<Problem> {
    let path = file.path.as_str();
    let stem = path.strip_suffix(".gotmpl").unwrap_or(path);
    let stem = stem.strip_suffix(".yaml").or_else(|| stem.strip_suffix(".yml"))?;
    let lock = by_path.get(format!("{stem}.lock").as_str())?;
    let message =
        format!("`{}` is not updated together with `{path}`: only helmfile can write it", lock.path);
    Some(
        Problem::note(message).in_file(&lock.path).only_remarks().hint(format!(
            "run `helmfile -f {path} deps` in branches that change the file, and commit the lock"
        )),
    )
}
