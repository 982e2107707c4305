//! The `repositories` of a helmfile: what the first part of `repository/chart` stands for.

use std::collections::{BTreeMap, BTreeSet};

use updraft_core::dep::Origin;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use crate::scalar;

/// What everybody knows without naming it (<https://docs.renovatebot.com/modules/manager/helmfile/>).
const STABLE: (&str, &str) = ("stable", "https://charts.helm.sh/stable");
/// How many files of `bases` are looked at.
const BASES: usize = 32;

/// How charts are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// A classic repository with an `index.yaml`.
    Index,
    /// A container registry.
    Oci,
}

/// Where a repository lies.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    /// Its address; that of a registry is without a scheme.
    pub(super) url: &'a str,
    pub(super) protocol: Protocol,
    /// The entry it was found in; `None` of aliases.
    pub(super) origin: Option<Origin>,
}

/// An entry of `repositories`.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    file: &'a SourceFile,
    name: &'a str,
    url: Node<'a>,
    is_oci: Option<&'a str>,
}

/// The repositories that the releases of one file can name.
#[derive(Debug)]
pub(super) struct Repositories<'a> {
    /// By name, then by document.
    own: BTreeMap<&'a str, BTreeMap<usize, Entry<'a>>>,
    of_bases: BTreeMap<&'a str, Entry<'a>>,
    aliases: &'a BTreeMap<String, String>,
}

impl<'a> Repositories<'a> {
    /// Reads the table of `file` and of those of its `bases` that are among the files `by_path`.
    pub(super) fn new(
        file: &'a SourceFile,
        by_path: &BTreeMap<&str, &'a SourceFile>,
        aliases: &'a BTreeMap<String, String>,
    ) -> Self {
        let mut own: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (index, root) in file.yaml().documents().iter().map(Document::root).enumerate() {
            for entry in entries(file, root) {
                own.entry(entry.name).or_default().insert(index, entry);
            }
        }
        let mut of_bases = BTreeMap::new();
        for base in bases(file) {
            let Some(base) = by_path.get(base.as_str()) else { continue };
            for root in base.yaml().documents().iter().map(Document::root) {
                of_bases.extend(entries(base, root).map(|entry| (entry.name, entry)));
            }
        }
        Self { own, of_bases, aliases }
    }

    /// Returns the repository that a release in the document `index` calls `name`, or why there is none.
    pub(super) fn find(&self, index: usize, name: &str) -> Result<Found<'a>, String> {
        let own = self.own.get(name).and_then(|entries| {
            entries
                .range(..=index)
                .next_back()
                .or_else(|| entries.range(index..).next())
                .map(|(_, entry)| entry)
        });
        let Some(entry) = own.or_else(|| self.of_bases.get(name)) else {
            let alias = self.aliases.get(name).map(String::as_str);
            let url = alias.or_else(|| (name == STABLE.0).then_some(STABLE.1));
            return url
                .map(|url| located(url, url.starts_with("oci://"), None))
                .ok_or_else(|| format!("no entry `{name}` in `repositories`"));
        };
        let url = entry.url.as_str().unwrap_or_default();
        if url.starts_with("git+") {
            return Err(format!(
                "the repository `{name}` is a git repository, which has no list of versions"
            ));
        }
        let what = format!("repository {name}");
        let origin = Origin { what, file: entry.file.path.clone(), span: entry.url.span() };
        Ok(located(url, entry.is_oci == Some("true") || url.starts_with("oci://"), Some(origin)))
    }
}

fn located(url: &str, is_oci: bool, origin: Option<Origin>) -> Found<'_> {
    if is_oci {
        let url = url.trim_start_matches("oci://").trim_end_matches('/');
        Found { url, protocol: Protocol::Oci, origin }
    } else {
        Found { url, protocol: Protocol::Index, origin }
    }
}

fn entries<'a>(file: &'a SourceFile, root: Node<'a>) -> impl Iterator<Item = Entry<'a>> {
    root.get("repositories").into_iter().flat_map(Node::items).filter_map(move |entry| {
        let name = entry.get("name").and_then(scalar::text)?;
        let url = entry.get("url").filter(|url| scalar::text(*url).is_some())?;
        Some(Entry { file, name, url, is_oci: entry.get("oci").and_then(Node::as_str) })
    })
}

/// Returns the paths that `bases` of a file name, as seen from the top of the repository.
fn bases(file: &SourceFile) -> BTreeSet<String> {
    let lists = file.yaml().documents().iter().filter_map(|document| document.root().get("bases"));
    lists
        .flat_map(Node::items)
        .filter_map(scalar::text)
        .take(BASES)
        .filter_map(|base| scalar::join(file.path.folder(), base))
        .collect()
}
