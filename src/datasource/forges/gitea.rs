//! Gitea, and Forgejo with the same API. <https://docs.gitea.com/api/> <https://forgejo.org/docs/latest/user/api-usage/>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::{Forge, Kind, list, path_of};
use crate::datasource::pages::{Document, Paged};

/// Tags or releases on a Gitea or a Forgejo.
pub(super) struct Gitea {
    id: DatasourceId,
    kind: Kind,
    website: &'static str,
}

impl Gitea {
    /// Returns what lists those of a Gitea.
    pub(super) fn on_gitea(kind: Kind) -> Self {
        let id = match kind {
            Kind::Tags => DatasourceId::GITEA_TAGS,
            Kind::Releases => DatasourceId::GITEA_RELEASES,
        };
        Self { id, kind, website: "https://gitea.com" }
    }

    /// Returns what lists those of a Forgejo.
    pub(super) fn on_forgejo(kind: Kind) -> Self {
        let id = match kind {
            Kind::Tags => DatasourceId::FORGEJO_TAGS,
            Kind::Releases => DatasourceId::FORGEJO_RELEASES,
        };
        Self { id, kind, website: "https://code.forgejo.org" }
    }
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
    created: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Entry {
    tag_name: String,
    published_at: Option<Timestamp>,
    // What is not said to be out, and stable, is not proposed as such.
    prerelease: bool,
    draft: bool,
}

impl Forge for Gitea {
    fn website(&self) -> &'static str {
        self.website
    }
}

impl Paged for Gitea {
    fn id(&self) -> DatasourceId {
        self.id.clone()
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let path = path_of(package, 2)?;
        let (listed, query) = match self.kind {
            Kind::Tags => ("tags", "limit=50"),
            Kind::Releases => ("releases", "draft=false&limit=50"),
        };
        list(registry, self.website, "api/v1", &[&["repos"], path.as_slice(), &[listed]].concat(), query)
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        match self.kind {
            Kind::Tags => {
                let tags: Vec<Tag> = document.json()?;
                found.releases.extend(tags.into_iter().map(|tag| Release {
                    timestamp: tag.commit.as_ref().and_then(|commit| commit.created),
                    digest: tag.commit.map(|commit| commit.sha),
                    ..Release::of(tag.name)
                }));
            }
            Kind::Releases => {
                let releases: Vec<Entry> = document.json()?;
                let out = releases.into_iter().filter(|release| !release.draft);
                found.releases.extend(out.map(|release| Release {
                    timestamp: release.published_at,
                    // One that is not marked may be unstable all the same, by its version.
                    is_stable: release.prerelease.then_some(false),
                    ..Release::of(release.tag_name)
                }));
            }
        }
        Ok(Vec::new())
    }
}
