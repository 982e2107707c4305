//! Finding the `HelmRepository` a chart comes from.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use updraft_core::dep::Origin;
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use super::namespaces::{Namespace, Namespaces};
use super::resource::{Group, Resource, title};
use crate::scalar;

/// How many repositories of one name are compared; more are not worth the time.
const NAMESAKES: usize = 64;

/// A `HelmRepository`.
#[derive(Debug)]
struct Repository<'a> {
    resource: Resource<'a>,
    /// Where it ends up, once that was asked for.
    namespaces: OnceCell<Vec<Namespace<'a>>>,
    url: &'a str,
    url_node: Node<'a>,
    /// Whether it is a container registry: `type: oci`, or an `oci://` address.
    protocol: Protocol,
}

/// How charts are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// A classic repository with an `index.yaml`.
    Index,
    /// A container registry.
    Oci,
}

/// Where a chart comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// It was found.
    Found {
        /// Its addresses; more than one where several repositories have the name.
        urls: Vec<String>,
        /// How charts are fetched.
        protocol: Protocol,
        /// How it was found.
        origins: Vec<Origin>,
    },
    /// It was not found, and why.
    Missing(String),
}

/// A `sourceRef`.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceRef<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: Option<&'a str>,
}

/// Every `HelmRepository` of the files.
#[derive(Debug)]
pub(super) struct Repositories<'a> {
    files: &'a [&'a SourceFile],
    resources: &'a [Resource<'a>],
    by_name: BTreeMap<&'a str, Vec<Repository<'a>>>,
    /// Made only when a name and the namespace beside it do not suffice.
    namespaces: OnceCell<Namespaces<'a>>,
    aliases: &'a BTreeMap<String, String>,
}

impl<'a> Repositories<'a> {
    pub(super) fn new(
        files: &'a [&'a SourceFile],
        resources: &'a [Resource<'a>],
        aliases: &'a BTreeMap<String, String>,
    ) -> Self {
        let mut by_name: BTreeMap<_, Vec<Repository>> = BTreeMap::new();
        let is_repository =
            |resource: &&Resource| resource.group == Group::Source && resource.kind == "HelmRepository";
        for resource in resources.iter().filter(is_repository) {
            let Some(url_node) = resource.spec(&["url"]) else { continue };
            let Some(url) = scalar::text(url_node) else { continue };
            let oci = resource.spec(&["type"]).and_then(Node::as_str) == Some("oci");
            let protocol = if oci { Protocol::Oci } else { protocol_of(url) };
            let namesakes = by_name.entry(resource.name).or_default();
            if namesakes.len() < NAMESAKES {
                namesakes.push(Repository {
                    resource: *resource,
                    namespaces: OnceCell::new(),
                    url,
                    url_node,
                    protocol,
                });
            }
        }
        Self { files, resources, by_name, namespaces: OnceCell::new(), aliases }
    }

    fn namespaces_of(&self, resource: &Resource<'a>) -> Vec<Namespace<'a>> {
        self.namespaces.get_or_init(|| Namespaces::new(self.files, self.resources)).of(resource)
    }

    /// Returns where a chart comes from that `user` takes from `source`.
    ///
    /// The namespaces are compared as they are written first, as Renovate does. Where that finds nothing or too much, they are
    /// compared as the kustomizations around the objects set them. Then `registryAliases` may know the name, and in the end a
    /// name that only one address has is enough.
    pub(super) fn find(&self, user: &Resource<'a>, source: SourceRef<'a>) -> Source {
        let named = self.by_name.get(source.name).map(Vec::as_slice).unwrap_or_default();
        let written = source.namespace.or(user.namespace);
        let literal: Vec<_> =
            named.iter().filter(|repository| repository.resource.namespace == written).collect();
        if one_address(&literal) {
            return found(&literal, None);
        }
        let wanted = match source.namespace {
            Some(_) => Vec::new(),
            None => self.namespaces_of(user),
        };
        let effective = |repository: &&Repository<'a>| {
            let all = repository.namespaces.get_or_init(|| self.namespaces_of(&repository.resource));
            all.iter().any(|has| {
                source.namespace == Some(has.name) || wanted.iter().any(|wanted| wanted.name == has.name)
            })
        };
        let inferred: Vec<_> = named.iter().filter(effective).collect();
        let setter = wanted.iter().find_map(Namespace::origin);
        if one_address(&inferred) {
            return found(&inferred, setter);
        }
        if !literal.is_empty() {
            return among(user, &literal, None);
        }
        if !inferred.is_empty() {
            return among(user, &inferred, setter);
        }
        if let Some(url) = self.aliases.get(source.name) {
            let protocol = protocol_of(url);
            return Source::Found { urls: vec![url.clone()], protocol, origins: Vec::new() };
        }
        let all: Vec<_> = named.iter().collect();
        if one_address(&all) {
            return found(&all, None);
        }
        Source::Missing(missing(source, written, &all))
    }
}

fn missing(source: SourceRef<'_>, written: Option<&str>, all: &[&Repository<'_>]) -> String {
    let wanted = title("HelmRepository", written, source.name);
    if all.is_empty() {
        return format!("no {wanted} among the files");
    }
    format!("no {wanted} among the files, and those of the same name differ: {}", places(all))
}

fn places(repositories: &[&Repository<'_>]) -> String {
    let places: Vec<_> =
        repositories.iter().map(|repository| repository.resource.file.path.as_str()).collect();
    places.join(", ")
}

fn protocol_of(url: &str) -> Protocol {
    if url.starts_with("oci://") { Protocol::Oci } else { Protocol::Index }
}

fn one_address(repositories: &[&Repository<'_>]) -> bool {
    repositories.first().is_some_and(|first| {
        let same = |other: &&Repository<'_>| {
            other.protocol == first.protocol
                && other.url.trim_end_matches('/') == first.url.trim_end_matches('/')
        };
        repositories.iter().all(same)
    })
}

/// Returns where a chart comes from that several repositories of different addresses may have, all of the right name and namespace.
///
/// A cluster has only one of that name, so these belong to several clusters. Charts are looked for in all that have an `index.yaml`, as Renovate
/// does. A container registry is asked by itself: there those count that stand nearest to who uses them, in the folder of its cluster.
fn among(user: &Resource<'_>, repositories: &[&Repository<'_>], setter: Option<Origin>) -> Source {
    let all_are = |protocol, some: &[&Repository<'_>]| some.iter().all(|one| one.protocol == protocol);
    if all_are(Protocol::Index, repositories) {
        return found(repositories, setter);
    }
    let nearness = |repository: &Repository<'_>| shared_folders(user.file, repository.resource.file);
    let most = repositories.iter().map(|repository| nearness(repository)).max();
    let nearest: Vec<_> =
        repositories.iter().copied().filter(|repository| Some(nearness(repository)) == most).collect();
    if all_are(Protocol::Index, &nearest) || all_are(Protocol::Oci, &nearest) {
        return found(&nearest, setter);
    }
    let name = nearest.first().map_or_else(String::new, |repository| repository.resource.title());
    Source::Missing(format!(
        "{name} is declared more than once, as a container registry (`type: oci`) and as a repository with an `index.yaml`: {}",
        places(&nearest)
    ))
}

/// Returns how many folders two files have in common, from the outermost on.
fn shared_folders(one: &SourceFile, other: &SourceFile) -> usize {
    let (one, other) = (one.path.folder().split('/'), other.path.folder().split('/'));
    one.zip(other).take_while(|(one, other)| one == other).count()
}

fn found(repositories: &[&Repository<'_>], setter: Option<Origin>) -> Source {
    let oci = repositories.iter().any(|repository| repository.protocol == Protocol::Oci);
    let mut urls: Vec<String> = Vec::new();
    let mut origins = Vec::new();
    for repository in repositories {
        if one_address(repositories) && !urls.is_empty() {
            break;
        }
        urls.push(repository.url.to_owned());
        let file = repository.resource.file.path.clone();
        origins.push(Origin { what: repository.resource.title(), file, span: repository.url_node.used_at() });
    }
    origins.extend(setter);
    Source::Found { urls, protocol: if oci { Protocol::Oci } else { Protocol::Index }, origins }
}
