//! Requirements that are an address: `git+https://host/path@v1.2.3#egg=name`.

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use super::ID;
use crate::git_url::{self, GitUrl};
use crate::scalar;

/// Returns what the address `text` installs, which starts at byte `at`; `name` is what stands before an `@`.
pub(super) fn dep(file: &SourceFile, text: &str, at: usize, name: Option<&str>) -> Dep {
    let whole = ByteSpan::new(at, at + text.len());
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    let name = name.or(egg.map(|egg| egg.split('[').next().unwrap_or(egg)));
    let mut dep = Dep::new(ID, &file.path, whole, name.unwrap_or(address));
    let Some(url) = address.strip_prefix("git+") else {
        let is_remote = address.split_once("://").is_some_and(|(scheme, _)| scheme != "file");
        return if is_remote {
            dep.skipped(SkipReason::UnsupportedUrl, "a file behind an address has no list of versions")
        } else {
            dep.skipped(SkipReason::LocalDependency, "")
        };
    };
    if scalar::has_variable(address) {
        return dep.skipped(SkipReason::ContainsVariable, "");
    }
    if url.starts_with("file:") {
        return dep.skipped(SkipReason::LocalDependency, "");
    }
    // The user stands before the path, the version behind it.
    let path_at = url
        .find("://")
        .map(|at| at + "://".len())
        .and_then(|start| url.get(start..)?.find('/').map(|slash| start + slash));
    let mark = path_at.and_then(|start| url.get(start..)?.rfind('@').map(|mark| start + mark));
    let (url, reference) = match mark {
        Some(mark) => (url.get(..mark).unwrap_or(url), url.get(mark + 1..).filter(|text| !text.is_empty())),
        None => (url, None),
    };
    let Some(parsed) = GitUrl::parse(url) else {
        return dep.skipped(SkipReason::InvalidUrl, "it is not the address of a git repository");
    };
    if name.is_none() {
        parsed.path.clone_into(&mut dep.dep_name);
    }
    dep.datasource = Some(DatasourceId::GIT_TAGS);
    url.clone_into(&mut dep.package_name);
    let Some(reference) = reference else {
        return dep.skipped(SkipReason::UnversionedReference, "it follows the default branch");
    };
    dep.current_value = Some(reference.to_owned());
    if let Some(detail) = git_url::moving(reference) {
        return dep.skipped(SkipReason::UnversionedReference, detail);
    }
    let start = at + address.len() - reference.len();
    dep.span = ByteSpan::new(start, start + reference.len());
    dep.slots.push(Slot::new(Part::Value, dep.span, reference));
    dep
}
