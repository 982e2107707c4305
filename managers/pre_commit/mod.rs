#![doc = include_str!("README.md")]

mod frozen;

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Kind, Node};

use crate::git_url::GitUrl;
use crate::scalar;
use frozen::Behind;

const ID: ManagerId = ManagerId::fixed("pre-commit");

/// Finds the repositories of hooks that pre-commit runs.
#[derive(Clone, Copy, Debug)]
pub struct PreCommit;

impl Manager for PreCommit {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)\\.pre-commit-config\\.ya?ml$/"]
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.path.file_name().starts_with(".pre-commit-config.y") && file.is_yaml_by_name()
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            extraction.problems.extend(file.yaml_problems());
            let roots = file.yaml().documents().iter().map(Document::root);
            let repos = roots.filter_map(|root| root.get("repos")).flat_map(Node::items);
            extraction.deps.extend(repos.filter_map(|entry| dep(file, entry)));
        }
        extraction
    }
}

/// Returns the repository that an entry of `repos` takes hooks from; `None` where they are of this repository or built in.
fn dep(file: &SourceFile, entry: Node<'_>) -> Option<Dep> {
    let repo = entry.get("repo").filter(|repo| scalar::is_given(*repo))?;
    let address = scalar::written(repo);
    if matches!(address, "" | "local" | "meta") {
        return None;
    }
    let rev = entry.get("rev").filter(|rev| scalar::is_given(*rev));
    let mut dep = Dep::new(ID, &file.path, rev.unwrap_or(repo).span(), address);
    dep.current_value = rev.map(scalar::written).map(str::to_owned);
    if [Some(address), rev.map(scalar::written)].into_iter().flatten().any(scalar::has_variable) {
        return Some(dep.skipped(SkipReason::ContainsVariable, ""));
    }
    let Some(url) = GitUrl::parse(address) else {
        return Some(dep.skipped(SkipReason::InvalidUrl, "it is not the address of a git repository"));
    };
    url.path.clone_into(&mut dep.dep_name);
    let name = if let Some(repository) = url.github() {
        dep.datasource = Some(DatasourceId::GITHUB_TAGS);
        repository.clone_into(&mut dep.package_name);
        address.find(repository).map(|at| at..at + repository.len())
    } else {
        dep.datasource = Some(DatasourceId::GIT_TAGS);
        Some(0..address.len())
    };
    let Some(rev) = rev else {
        return Some(dep.skipped(SkipReason::UnspecifiedVersion, "pre-commit demands a `rev`"));
    };
    dep = with_rev(dep, file, rev);
    if dep.skip.is_none() && !repo.alias() {
        dep.slots.extend(name.and_then(|at| scalar::part_slot(repo, at, Part::Name)));
        dep.slots.sort_by_key(|slot| slot.span);
    }
    Some(dep)
}

/// Reads `rev` and the comment behind it.
fn with_rev(mut dep: Dep, file: &SourceFile, rev: Node<'_>) -> Dep {
    let Some(text) = scalar::spelled(rev).filter(|_| rev.kind() == Kind::Scalar) else {
        return dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
    };
    let behind = Behind::read(&file.text, rev);
    if is_commit(text) {
        dep.current_digest = Some(text.to_owned());
        dep.current_value = behind.note.map(|note| note.value.to_owned());
        let Some(note) = behind.note else {
            let detail = "a comment such as `# frozen: v1.2.3` behind the commit would say what to follow";
            return dep.skipped(SkipReason::UnversionedReference, detail);
        };
        dep.slots.push(Slot::new(Part::Digest, rev.span(), text));
        dep.slots.push(Slot::new(Part::ValueNote, note.span, note.value));
        return dep;
    }
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return dep.skipped(SkipReason::UnversionedReference, "it follows a branch");
    }
    let note = match behind.note.filter(|note| note.value == text) {
        Some(note) => Some(Slot::new(Part::ValueNote, note.span, note.value)),
        None => behind.room.map(|at| Slot::insertion(Part::ValueNote, at, "  # frozen: ")),
    };
    if let Some(note) = note {
        dep.slots.push(Slot::new(Part::ValueOrDigest, rev.span(), text));
        dep.slots.push(note);
    } else {
        dep.slots.push(Slot::new(Part::Value, rev.span(), text));
        dep.pin_digests = Some(false);
    }
    dep
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
