//! quay.io's own list of tags, which knows when each was pushed.
//! <https://docs.quay.io/api/swagger/#operation--api-v1-repository--repository--tag--get>

use futures::{StreamExt as _, stream};
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

/// How many pages are asked for at once, when it is known how many there are.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
struct Page {
    tags: Vec<Tag>,
    has_additional: Option<bool>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    /// Seconds since 1970, UTC.
    start_ts: Option<i64>,
    manifest_digest: Option<String>,
}

/// Returns the newest tags of a public repository, the newest first.
///
/// A page says only whether there is another one. So many as the last run found are asked for at once.
pub(super) async fn tags(http: &Http, repository: &Repository) -> Result<Vec<Release>, HttpError> {
    tags_at("https://quay.io", http, repository).await
}

async fn tags_at(origin: &str, http: &Http, repository: &Repository) -> Result<Vec<Release>, HttpError> {
    let page = |number| page(origin, http, repository, number);
    let known_as = format!("quay-pages/1 {}", repository.path);
    let known = http.left::<usize>(&known_as).await.unwrap_or_default().min(PAGES);
    let mut foreseen = stream::iter((1..=known).map(page)).buffered(AT_ONCE);
    let mut tags = Vec::new();
    for number in 1..=PAGES {
        let page = match foreseen.next().await {
            Some(page) => page?,
            None => page(number).await?,
        };
        // A page that does not say whether there is another one is the last when it is not full.
        let has_more = page.has_additional.unwrap_or(page.tags.len() >= PAGE);
        let is_last = !has_more || page.tags.is_empty();
        tags.extend(page.tags.into_iter().map(release));
        if is_last {
            if number != known {
                http.leave(&known_as, &number).await;
            }
            break;
        }
    }
    Ok(tags)
}

async fn page(origin: &str, http: &Http, repository: &Repository, number: usize) -> Result<Page, HttpError> {
    let text = format!(
        "{origin}/api/v1/repository/{}/tag/?limit={PAGE}&page={number}&onlyActiveTags=true",
        repository.path
    );
    let url = Url::parse(&text).map_err(|_| HttpError::address(&text))?;
    let request = Request::get(url).accept("application/json").access(Access::Anonymous(Identity::Anonymous));
    http.send(&request).await?.success()?.json()
}

fn release(tag: Tag) -> Release {
    Release {
        timestamp: tag.start_ts.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        digest: tag.manifest_digest.filter(|digest| digest.parse::<Digest>().is_ok()),
        ..Release::of(tag.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{Answer, Server, cached_client};

    #[tokio::test]
    async fn the_next_run_asks_for_all_pages_at_once() {
        let server = Server::start(|seen| {
            let (number, is_again) =
                (if seen.target.contains("&page=1&") { 1 } else { 2 }, seen.target.starts_with("/again"));
            let page =
                serde_json::json!({"tags": [{"name": format!("v{number}")}], "has_additional": number == 1});
            // The second run waits until both have been asked for: they are the third and the fourth request.
            Answer::json(&page).after(if is_again { 4 } else { 1 })
        })
        .await;
        let cache = tempfile::tempdir().unwrap();
        let read = async |origin: &str| {
            let repository = Repository::parse("quay.io/a/b", None).unwrap();
            let tags = tags_at(origin, &cached_client(cache.path()), &repository).await.unwrap();
            tags.into_iter().map(|release| release.version).collect::<Vec<_>>()
        };
        assert_eq!(read(&server.origin).await, ["v1", "v2"]);
        assert_eq!(read(&format!("{}/again", server.origin)).await, ["v1", "v2"]);
        assert_eq!(server.seen().len(), 4);
    }
}
