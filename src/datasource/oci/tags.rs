//! The list of tags that every registry has.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags>

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, join, stream};
use reqwest::StatusCode;
use serde::Deserialize;
use updraft_core::release::Release;
use url::Url;

use super::access::Registries;
use super::foresight::Pages;
use super::name::Repository;
use crate::datasource::{LookupError, LookupErrorKind};
use crate::http::{Reply, Request, same_origin};

/// How many tags a page is asked to have.
const PAGE: usize = 10_000;

/// The same, of registries that refuse more.
const SMALL_PAGE: usize = 1000;

/// How many pages are read. Registries with small pages and old tags first (ghcr.io) show the newest on the last one, so all are needed.
const PAGES: usize = 1000;

/// How many pages are asked for at once, when it is known where they are.
const AT_ONCE: usize = 8;

/// How many tags are read.
const TAGS: usize = 500_000;

#[derive(Deserialize)]
struct Page {
    // `null` where there are none; without the field it is no list of tags.
    #[serde(deserialize_with = "Option::deserialize")]
    tags: Option<Vec<String>>,
}

/// Returns the tags of a repository, in the registry's order.
pub(super) async fn tags(
    registries: &Registries,
    repository: &Repository,
) -> Result<Vec<Release>, LookupError> {
    let origin = registries.url(repository, "tags/list")?;
    let known = Pages::left(&registries.http, repository).await;
    let early = stream::iter(known.expected(&origin))
        .map(|url| async { (url.clone(), page(registries, repository, url).await) })
        .buffer_unordered(AT_ONCE)
        .collect::<BTreeMap<_, _>>();
    let (reply, mut early) = join!(first_page(registries, repository), early);
    let mut reply = reply?;
    let malformed = |reply: &Reply, why: &str| LookupError::of_http(repository.shown(), reply.malformed(why));
    let (mut releases, mut seen) = (Vec::new(), BTreeSet::new());
    let mut visited: Vec<Url> = Vec::new();
    for _ in 0..PAGES {
        let here = reply.success().map_err(|error| LookupError::of_http(repository.shown(), error))?;
        let tags = here
            .json::<Page>()
            .map_err(|error| LookupError::of_http(repository.shown(), error))?
            .tags
            .unwrap_or_default();
        let before = releases.len();
        for tag in tags {
            if seen.insert(tag.clone()) {
                releases.push(Release::of(tag));
            }
        }
        let Some(next) = here.next_page() else {
            known.leave(&registries.http, repository, visited).await;
            return Ok(releases);
        };
        if !same_origin(&next, &origin) {
            return Err(malformed(&here, "the next page of the tags is on another host"));
        }
        if releases.len() == before {
            return Err(malformed(&here, "the pages of the tags never end: the next one brings nothing new"));
        }
        if releases.len() > TAGS {
            break;
        }
        reply = match early.remove(&next) {
            Some(Ok(reply)) => reply,
            _ => page(registries, repository, next.clone()).await?,
        };
        visited.push(next);
    }
    let detail = format!("`{}` has more tags than can be read ({})", repository.shown_host(), releases.len());
    Err(LookupError::new(LookupErrorKind::Malformed, repository.shown_host(), repository.shown(), detail))
}

async fn first_page(registries: &Registries, repository: &Repository) -> Result<Reply, LookupError> {
    let of_size = async |size: usize| {
        let mut url = registries.url(repository, "tags/list")?;
        url.set_query(Some(&format!("n={size}")));
        page(registries, repository, url).await
    };
    let reply = of_size(if is_ecr(&repository.host) { SMALL_PAGE } else { PAGE }).await?;
    if refuses_size(&reply) { of_size(SMALL_PAGE).await } else { Ok(reply) }
}

async fn page(registries: &Registries, repository: &Repository, url: Url) -> Result<Reply, LookupError> {
    registries.send(repository, Request::get(url).accept("application/json")).await
}

fn is_ecr(host: &str) -> bool {
    host == "public.ecr.aws" || (host.contains(".dkr.ecr.") && host.contains(".amazonaws.com"))
}

/// Whether a registry says that the page is too large for it, as those that are compatible with Amazon's do.
fn refuses_size(reply: &Reply) -> bool {
    matches!(reply.status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::BAD_REQUEST)
        && reply.text().is_ok_and(|text| text.contains("1000") || text.contains("PAGINATION_NUMBER_INVALID"))
}
