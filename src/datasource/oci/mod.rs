//! The datasource `docker`: images, charts and other artifacts in an OCI registry.
//!
//! Tags come from Docker Hub's and quay.io's own interfaces, which know when each was pushed, and from the registry's list everywhere else.
//! Tags are returned as published; a chart's version has `_` where `+` is meant.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>

mod access;
mod challenge;
#[cfg(test)]
mod changed_fields;
mod foresight;
mod hub;
mod manifest;
mod name;
mod quay;
mod tags;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use futures::join;
use jiff::Timestamp;
use reqwest::StatusCode;
use updraft_core::name::DatasourceId;
use updraft_core::release::{DigestQuery, Lookup, ReleaseList};

use self::access::Registries;
use self::foresight::References;
use self::manifest::{Manifests, Resolved};
use self::name::Repository;
use super::{Datasource, LookupError, LookupErrorKind, Provenance};
use crate::http::{DockerConfig, Http, HttpErrorKind, SingleFlight};

pub use self::challenge::{Challenge, parse as challenges};

/// The tag that is meant where none is written.
const DEFAULT_TAG: &str = "latest";

/// The datasource `docker`.
#[derive(Debug)]
pub struct Oci {
    registries: Registries,
    lists: SingleFlight<Repository, Result<Arc<ReleaseList>, LookupError>>,
    references: References,
}

impl Oci {
    /// Returns the datasource, which logs in with the process's host rules and a Docker `config.json`.
    pub fn new(http: Http, docker: DockerConfig) -> Self {
        Self {
            registries: Registries::new(http, docker),
            lists: SingleFlight::default(),
            references: References::default(),
        }
    }

    async fn list(&self, repository: &Repository) -> Result<Arc<ReleaseList>, LookupError> {
        let read =
            || async { join!(self.read_list(repository), self.resolve_again(repository)).0.map(Arc::new) };
        self.lists.run(repository, read).await
    }

    /// Resolves what the last run resolved in a repository, so that it is at hand when it is needed.
    async fn resolve_again(&self, repository: &Repository) {
        let manifests = Manifests { registries: &self.registries, repository };
        let references = self.references.expected(&self.registries.http, repository).await;
        join_all(references.iter().map(|reference| manifests.resolve(reference))).await;
    }

    /// Returns what a tag or digest resolves to; the next run will ask for it at once.
    async fn resolve_noted(
        &self,
        repository: &Repository,
        reference: &str,
    ) -> Result<Option<Resolved>, LookupError> {
        let resolved = Manifests { registries: &self.registries, repository }.resolve(reference).await?;
        self.references.note(&self.registries.http, repository, reference).await;
        Ok(resolved)
    }

    async fn read_list(&self, repository: &Repository) -> Result<ReleaseList, LookupError> {
        let own = if hub::has(repository) {
            Some(hub::tags(&self.registries.http, repository).await)
        } else if repository.is_quay() {
            Some(quay::tags(&self.registries.http, repository).await)
        } else {
            None
        };
        let releases = match own {
            Some(Ok(releases)) => releases,
            Some(Err(error)) => {
                let hides = [StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED].map(HttpErrorKind::Status);
                let is_hidden = hides.contains(&error.kind);
                if is_hidden && let Some(error) = self.registries.hopeless(repository).await {
                    return Err(error);
                }
                // A private repository, or the interface is down: the registry itself may still tell.
                tracing::debug!(%error, "asking the registry for the tags instead");
                tags::tags(&self.registries, repository).await?
            }
            None => tags::tags(&self.registries, repository).await?,
        };
        Ok(ReleaseList {
            registry_url: Some(format!("https://{}", repository.host)),
            releases,
            ..ReleaseList::default()
        })
    }

    /// Returns the digest of a tag as the list of tags has it, where the list was read anyway and has digests.
    fn listed(&self, repository: &Repository, tag: &str) -> Option<String> {
        self.lists.known(repository)?.ok()?.digest_of(tag)
    }

    async fn resolve(
        &self,
        repository: &Repository,
        tag: &str,
        current: Option<&str>,
    ) -> Result<Option<String>, LookupError> {
        let resolved = match self.listed(repository, tag) {
            Some(digest) => Some(Resolved { digest, is_single_image: false }),
            None => self.resolve_noted(repository, tag).await?,
        };
        let Some(resolved) = resolved else { return Ok(None) };
        let Some(current) = current.filter(|current| *current != resolved.digest) else {
            return Ok(Some(resolved.digest));
        };
        // A digest the registry has forgotten was some index or image; the index is the better guess.
        match self.resolve_noted(repository, current).await? {
            Some(pinned) if pinned.is_single_image => {
                let manifests = Manifests { registries: &self.registries, repository };
                manifests.resolve_for_platform_of(current, tag, &resolved).await
            }
            _ => Ok(Some(resolved.digest)),
        }
    }
}

#[async_trait]
impl Datasource for Oci {
    fn id(&self) -> DatasourceId {
        DatasourceId::DOCKER
    }

    fn prepare(&self, lookups: &[&Lookup]) {
        let likeliest = lookups.iter().filter_map(|lookup| repositories(lookup).ok()?.into_iter().next());
        // Docker Hub and quay.io list tags without a token.
        let by_tags = likeliest.filter(|repository| !hub::has(repository) && !repository.is_quay());
        self.registries.tokens.announce(by_tags);
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let mut search = Search::default();
        for repository in repositories(lookup)? {
            if let Some(list) = search.take(self.list(&repository).await.map(Some))? {
                return Ok(list);
            }
        }
        search.end()?.ok_or_else(|| LookupError::not_found("", &lookup.package_name))
    }

    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        let tag = query.value.as_deref().unwrap_or(DEFAULT_TAG);
        let current = query.current_digest.as_deref();
        let mut search = Search::default();
        for repository in repositories(&query.lookup)? {
            if let Some(digest) = search.take(self.resolve(&repository, tag, current).await)? {
                return Ok(Some(digest));
            }
        }
        search.end()
    }

    async fn timestamp(&self, lookup: &Lookup, version: &str) -> Result<Option<Timestamp>, LookupError> {
        let mut search = Search::default();
        for repository in &repositories(lookup)? {
            let manifests = Manifests { registries: &self.registries, repository };
            if let Some(time) = search.take(manifests.created(version).await)? {
                return Ok(Some(time));
            }
        }
        search.end()
    }

    async fn provenance(&self, lookup: &Lookup, version: &str) -> Result<Provenance, LookupError> {
        let mut search = Search::default();
        for repository in &repositories(lookup)? {
            let manifests = Manifests { registries: &self.registries, repository };
            if let Some(found) = search.take(manifests.provenance(version).await.map(Some))? {
                return Ok(found);
            }
        }
        Ok(search.end()?.unwrap_or_default())
    }
}

/// A search through several registries: one that does not have the package sends us on to the next.
#[derive(Default)]
struct Search {
    missing: Option<LookupError>,
}

impl Search {
    fn take<T>(&mut self, answer: Result<Option<T>, LookupError>) -> Result<Option<T>, LookupError> {
        match answer {
            Err(error) if error.kind == LookupErrorKind::NotFound => {
                self.missing.get_or_insert(error);
                Ok(None)
            }
            other => other,
        }
    }

    fn end<T>(self) -> Result<Option<T>, LookupError> {
        self.missing.map_or(Ok(None), Err)
    }
}

/// Returns the repositories a lookup may mean, the likeliest first.
fn repositories(lookup: &Lookup) -> Result<Vec<Repository>, LookupError> {
    let mut found = Vec::new();
    let registries: Vec<Option<&str>> = match lookup.registry_urls.as_slice() {
        [] => vec![None],
        urls => urls.iter().map(|url| Some(url.as_str())).collect(),
    };
    for registry in registries {
        let repository = Repository::parse(&lookup.package_name, registry)?;
        if !found.contains(&repository) {
            found.extend([Some(repository.clone()), repository.in_library()].into_iter().flatten());
        }
    }
    Ok(found)
}
