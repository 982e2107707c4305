//! Bitbucket Cloud. <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::{Forge, path_of};
use crate::datasource::pages::{Document, Paged};
use crate::datasource::registry::below;

/// Tags on Bitbucket.
pub(super) struct Bitbucket;

#[derive(Deserialize)]
struct Page {
    values: Vec<Tag>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    hash: String,
    date: Option<Timestamp>,
}

impl Forge for Bitbucket {
    fn website(&self) -> &'static str {
        "https://bitbucket.org"
    }
}

impl Paged for Bitbucket {
    fn id(&self) -> DatasourceId {
        DatasourceId::BITBUCKET_TAGS
    }

    /// The API has a host of its own.
    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let path = path_of(package, 2)?;
        let api = registry.filter(|url| url.host_str() != Some("bitbucket.org"));
        let segments = [&["2.0", "repositories"], path.as_slice(), &["refs", "tags"]].concat();
        let mut url = below(api, "https://api.bitbucket.org", &segments)?;
        url.set_query(Some("pagelen=100"));
        Ok(url)
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        let page: Page = document.json()?;
        found.releases.extend(page.values.into_iter().map(|tag| Release {
            timestamp: tag.target.as_ref().and_then(|target| target.date),
            digest: tag.target.map(|target| target.hash),
            ..Release::of(tag.name)
        }));
        page.next.iter().map(|next| document.link(next)).collect()
    }
}
