//! Tags and releases of repositories on GitLab, Gitea, Forgejo and Bitbucket.
//!
//! Their APIs list both with dates and commits. What a list does not have, a branch or the newest commit, git itself is asked for.

mod bitbucket;
mod gitea;
mod gitlab;

use std::sync::Arc;

use async_trait::async_trait;
use updraft_core::name::DatasourceId;
use updraft_core::release::{DigestQuery, Lookup, ReleaseList};
use url::Url;

use self::bitbucket::Bitbucket;
use self::gitea::Gitea;
use self::gitlab::Gitlab;
use super::git::{GitAddress, GitRemotes};
use super::pages::{Paged, Pages};
use super::registry::below;
use super::{Datasource, LookupError};
use crate::http::Http;

/// What counts as a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tags,
    Releases,
}

/// A kind of forge.
trait Forge: Paged {
    /// Returns the forge that is meant when none is named.
    fn website(&self) -> &'static str;
}

/// Returns the datasources for all of them.
pub fn all(http: &Http, remotes: &Arc<GitRemotes>) -> Vec<Arc<dyn Datasource>> {
    let mut all: Vec<Arc<dyn Datasource>> = Vec::new();
    for kind in [Kind::Tags, Kind::Releases] {
        all.push(OnForge::new(http, remotes, Gitlab { kind }));
        all.push(OnForge::new(http, remotes, Gitea::on_gitea(kind)));
        all.push(OnForge::new(http, remotes, Gitea::on_forgejo(kind)));
    }
    all.push(OnForge::new(http, remotes, Bitbucket));
    all
}

struct OnForge<R> {
    pages: Pages<R>,
    remotes: Arc<GitRemotes>,
}

impl<R: Forge> OnForge<R> {
    fn new(http: &Http, remotes: &Arc<GitRemotes>, forge: R) -> Arc<Self> {
        Arc::new(Self { pages: Pages::new(http, forge), remotes: Arc::clone(remotes) })
    }

    /// Returns the website of the forge that a lookup means.
    fn website<'a>(&self, lookup: &'a Lookup) -> &'a str {
        lookup.registry_urls.first().map_or(self.pages.registry().website(), String::as_str)
    }
}

#[async_trait]
impl<R: Forge> Datasource for OnForge<R> {
    fn id(&self) -> DatasourceId {
        self.pages.id()
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let list = self.pages.releases(lookup).await?;
        let website = list.registry_url.clone().unwrap_or_else(|| self.website(lookup).to_owned());
        let website = website_of(&website);
        Ok(Arc::new(ReleaseList {
            source_url: Some(format!("{website}/{}", lookup.package_name.trim_matches('/'))),
            registry_url: Some(website),
            ..ReleaseList::clone(&list)
        }))
    }

    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        let package = &query.lookup.package_name;
        if let Some(value) = &query.value
            && let Ok(list) = self.pages.releases(&query.lookup).await
            && let Some(commit) = list.digest_of(value)
        {
            return Ok(Some(commit));
        }
        let address =
            GitAddress::on_forge(&website_of(self.website(&query.lookup)), package.trim_matches('/'));
        let address =
            address.ok_or_else(|| LookupError::unsupported(package, "it is not the path of a repository"))?;
        Ok(self.remotes.refs(&address, package).await?.commit_of(query.value.as_deref()))
    }
}

/// Returns the address of a forge's website, without a slash at its end, from that or the address of its API.
fn website_of(place: &str) -> String {
    let place = place.trim_end_matches('/');
    ["/api/v4", "/api/v1"].iter().find_map(|end| place.strip_suffix(end)).unwrap_or(place).to_owned()
}

/// Returns the address of a list in a forge's API, `api` being the path of the API below the website.
fn list(
    registry: Option<&Url>,
    website: &str,
    api: &str,
    segments: &[&str],
    query: &str,
) -> Result<Url, String> {
    let place = registry.map(|url| {
        let mut url = url.clone();
        url.set_path(&website_of(url.path()));
        url
    });
    let api: Vec<&str> = api.split('/').collect();
    let mut url = below(place.as_ref(), website, &[api.as_slice(), segments].concat())?;
    url.set_query(Some(query));
    Ok(url)
}

/// Returns the parts of `owner/name`, of any number from `least` on.
fn path_of(package: &str, least: usize) -> Result<Vec<&str>, String> {
    let parts: Vec<&str> = package.trim_matches('/').split('/').collect();
    if parts.len() < least || parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return Err("it is not the path of a repository: write `owner/name`".to_owned());
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
