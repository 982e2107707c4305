//! quay.io's own list of tags, which knows when each was pushed.
//! <https://docs.quay.io/api/swagger/#operation--api-v1-repository--repository--tag--get>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::Digest;
use updraft_core::release::Release;
use url::Url;

use super::name::Repository;
use crate::http::{Access, Http, HttpError, Identity, Request};

/// How many tags a page has at most.
const PAGE: usize = 100;

/// How many pages are read: the newest tags come first.
const PAGES: usize = 20;

#[derive(Deserialize)]
struct Page {
    tags: Vec<Tag>,
    #[serde(default)]
    has_additional: bool,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    /// Seconds since 1970, UTC.
    start_ts: Option<i64>,
    manifest_digest: Option<String>,
}

/// Returns the newest tags of a public repository, the newest first.
pub(super) async fn tags(http: &Http, repository: &Repository) -> Result<Vec<Release>, HttpError> {
    let mut tags = Vec::new();
    for number in 1..=PAGES {
        let text = format!(
            "https://quay.io/api/v1/repository/{}/tag/?limit={PAGE}&page={number}&onlyActiveTags=true",
            repository.path
        );
        let url = Url::parse(&text).map_err(|_| HttpError::address(&text))?;
        let request =
            Request::get(url).accept("application/json").access(Access::Anonymous(Identity::Anonymous));
        let page: Page = http.send(&request).await?.success()?.json()?;
        let last = !page.has_additional || page.tags.is_empty();
        tags.extend(page.tags.into_iter().map(release));
        if last {
            break;
        }
    }
    Ok(tags)
}

fn release(tag: Tag) -> Release {
    Release {
        timestamp: tag.start_ts.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        digest: tag.manifest_digest.filter(|digest| digest.parse::<Digest>().is_ok()),
        ..Release::of(tag.name)
    }
}
