//! One role or collection to install.

use std::ops::Range;

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Kind, Node};

use super::ID;
use super::address::{self, Address};
use crate::git_url::{self, GitUrl};
use crate::scalar;

/// What is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Role,
    Collection,
}

/// A version and where it stands.
#[derive(Clone, Debug)]
struct Version<'a> {
    node: Node<'a>,
    at: Range<usize>,
    text: &'a str,
}

/// One entry of a list.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    what: Type,
    /// The node that holds the address.
    node: Node<'a>,
    /// The address, at the start of that node.
    address: &'a str,
    version: Option<Version<'a>>,
    /// What it says of its address: `type`, or `scm`.
    kind: Option<&'a str>,
    /// The Galaxy server to ask.
    server: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// Reads an entry of `roles` or `collections`; `None` where it names nothing.
    pub(super) fn read(node: Node<'a>, what: Type) -> Option<Self> {
        if node.kind() == Kind::Scalar {
            return scalar::text(node).map(|text| Self::of_text(node, text, what));
        }
        let given = |key| node.get(key).filter(|node| scalar::is_given(*node));
        let kind = given("type").or(given("scm")).map(scalar::written);
        let source = given("source");
        let (name, server) = match what {
            Type::Role => (given("src").or(given("name")), None),
            Type::Collection if kind == Some("git") && source.is_some() => (source, None),
            Type::Collection => (given("name").or(source), source.map(scalar::written)),
        };
        let name = name?;
        let own = Self::of_text(name, scalar::written(name), what);
        let version = given("version").map(whole);
        Some(Self { version: version.or(own.version), kind, server, ..own })
    }

    /// Reads an entry of the `dependencies` of a `galaxy.yml`.
    pub(super) fn of_collection(name: Node<'a>, version: Node<'a>) -> Self {
        let version = Some(version).filter(|version| scalar::is_given(*version)).map(whole);
        let what = Type::Collection;
        Self { what, node: name, address: scalar::written(name), version, kind: None, server: None }
    }

    /// Reads `address`, `address,version` or `namespace.name:version`.
    fn of_text(node: Node<'a>, text: &'a str, what: Type) -> Self {
        let is_name = !text.contains('/') && !text.contains('@');
        let mark = if is_name && what == Type::Collection { ':' } else { ',' };
        let (address, version) = match text.split_once(mark) {
            Some((address, version)) => (address, Some(version)),
            None => (text, None),
        };
        let version = version.map(|version| {
            // `src,version,name` is how roles were once written.
            let text = version.split(',').next().filter(|_| what == Type::Role).unwrap_or(version);
            let start = address.len() + 1;
            Version { node, at: start..start + text.len(), text }
        });
        let version = version.filter(|version| !version.text.is_empty());
        Self { what, node, address, version, kind: None, server: None }
    }

    pub(super) fn dep(&self, file: &SourceFile) -> Dep {
        let span = self.version.as_ref().map_or(self.node, |version| version.node).span();
        let mut dep = Dep::new(ID, &file.path, span, self.address);
        dep.dep_type = Some(if self.what == Type::Role { "role" } else { "collection" }.to_owned());
        dep.current_value = self.version.as_ref().map(|version| version.text.to_owned());
        let texts = [Some(self.address), dep.current_value.as_deref(), self.server];
        if texts.into_iter().flatten().any(scalar::has_variable) {
            return dep.skipped(SkipReason::ContainsVariable, "");
        }
        let name = match address::of(self.address, self.kind) {
            Address::Local => return dep.skipped(SkipReason::LocalDependency, ""),
            Address::Archive => {
                return dep.skipped(SkipReason::UnsupportedUrl, "an archive has no list of versions");
            }
            Address::Unknown => {
                let detail = "it is neither `namespace.name` nor the address of a git repository";
                return dep.skipped(SkipReason::InvalidName, detail);
            }
            Address::Galaxy(name) => match self.in_galaxy(&mut dep) {
                Ok(()) => Some(0..name.len()),
                Err(server) => {
                    let detail = format!("the server `{server}` is known to `ansible.cfg` only");
                    return dep.skipped(SkipReason::UnknownRegistry, detail);
                }
            },
            Address::Git(url) => {
                let (datasource, package) = git_url::tags_of(url);
                dep.datasource = Some(datasource);
                package.clone_into(&mut dep.package_name);
                if let Some(url) = GitUrl::parse(url) {
                    url.path.clone_into(&mut dep.dep_name);
                }
                self.address.find(package).map(|at| at..at + package.len())
            }
        };
        self.with_slots(dep, file, name)
    }

    /// Sets where a Galaxy server is asked, or returns the name of a server whose address is not known.
    fn in_galaxy(&self, dep: &mut Dep) -> Result<(), &'a str> {
        dep.datasource = Some(match self.what {
            Type::Role => DatasourceId::GALAXY,
            Type::Collection => DatasourceId::GALAXY_COLLECTION,
        });
        match self.server {
            Some(server) if !server.contains("://") => return Err(server),
            server => dep.registry_urls.extend(server.map(str::to_owned)),
        }
        Ok(())
    }

    /// Adds the slots, `name` being where the name stands in the address, or why the entry is left alone.
    fn with_slots(&self, mut dep: Dep, file: &SourceFile, name: Option<Range<usize>>) -> Dep {
        let Some(version) = self.version.as_ref().filter(|version| version.text != "*") else {
            return dep.skipped(SkipReason::UnspecifiedVersion, "the newest is installed");
        };
        let is_git = [DatasourceId::GITHUB_TAGS, DatasourceId::GIT_TAGS]
            .iter()
            .any(|id| dep.datasource.as_ref() == Some(id));
        if is_git && let Some(detail) = git_url::moving(version.text) {
            return dep.skipped(SkipReason::UnversionedReference, detail);
        }
        if scalar::is_image_automated(file, version.node) {
            return dep.skipped(SkipReason::ImageAutomation, "");
        }
        let Some(slot) = scalar::part_slot(version.node, version.at.clone(), Part::Value) else {
            return dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
        };
        dep.span = slot.span;
        dep.slots.push(slot);
        if !self.node.alias() {
            dep.slots.extend(name.and_then(|at| scalar::part_slot(self.node, at, Part::Name)));
        }
        dep.slots.sort_by_key(|slot| slot.span);
        dep
    }
}

/// Returns the version that fills a node.
fn whole(node: Node<'_>) -> Version<'_> {
    let text = scalar::written(node);
    Version { node, at: 0..text.len(), text }
}
