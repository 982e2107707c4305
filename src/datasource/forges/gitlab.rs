//! GitLab. <https://docs.gitlab.com/api/tags/> <https://docs.gitlab.com/api/releases/>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::{Forge, Kind, list, path_of};
use crate::datasource::pages::{Document, Paged};

/// Tags or releases on a GitLab.
pub(super) struct Gitlab {
    pub(super) kind: Kind,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    commit: Option<Commit>,
    created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Published {
    tag_name: String,
    released_at: Option<Timestamp>,
    /// Whether `released_at` is still to come. What is not said to be out is not proposed.
    upcoming_release: bool,
    commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
    created_at: Option<Timestamp>,
}

impl Forge for Gitlab {
    fn website(&self) -> &'static str {
        "https://gitlab.com"
    }
}

impl Paged for Gitlab {
    fn id(&self) -> DatasourceId {
        match self.kind {
            Kind::Tags => DatasourceId::GITLAB_TAGS,
            Kind::Releases => DatasourceId::GITLAB_RELEASES,
        }
    }

    /// The path of a repository is one segment, groups and all.
    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let path = path_of(package, 2)?.join("/");
        let listed: &[&str] = match self.kind {
            Kind::Tags => &["repository", "tags"],
            Kind::Releases => &["releases"],
        };
        let segments = [&["projects", path.as_str()], listed].concat();
        list(registry, self.website(), "api/v4", &segments, "per_page=100")
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        match self.kind {
            Kind::Tags => {
                let tags: Vec<Tag> = document.json()?;
                found.releases.extend(tags.into_iter().map(|tag| Release {
                    timestamp: tag.created_at.or(tag.commit.as_ref().and_then(|commit| commit.created_at)),
                    digest: tag.commit.map(|commit| commit.id),
                    ..Release::of(tag.name)
                }));
            }
            Kind::Releases => {
                let releases: Vec<Published> = document.json()?;
                let out = releases.into_iter().filter(|release| !release.upcoming_release);
                found.releases.extend(out.map(|release| Release {
                    timestamp: release.released_at,
                    digest: release.commit.map(|commit| commit.id),
                    ..Release::of(release.tag_name)
                }));
            }
        }
        Ok(Vec::new())
    }
}
