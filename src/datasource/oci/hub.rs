//! Docker Hub's own list of tags, which knows when each was pushed.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use updraft_core::name::Digest;
use updraft_core::release::Release;
use url::Url;

use super::name::Repository;
use crate::http::{Access, Http, HttpError, Identity, Reply, Request, same_origin};

/// How many tags a page is asked to have; it has at most 100.
const PAGE: usize = 1000;

/// How many pages are read: the newest tags come first.
const PAGES: usize = 20;

/// How many pages are asked for at once, when it is known how many there are.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
struct Page {
    count: Option<usize>,
    next: Option<String>,
    results: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    last_updated: Option<String>,
    #[serde(rename = "tag_last_pushed")]
    last_pushed: Option<String>,
    digest: Option<String>,
}

/// What is kept of a repository from one run to the next.
#[derive(Default, Serialize, Deserialize)]
struct Known {
    /// How many tags it had in all, which may be more than were read.
    count: usize,
    tags: Vec<Release>,
}

/// Whether Docker Hub can be asked about a repository: its names have two parts.
pub(super) fn has(repository: &Repository) -> bool {
    repository.is_docker_hub() && repository.path.split('/').count() == 2
}

/// Returns the newest tags of a repository, the newest first.
///
/// What an earlier run has read is not read again, as long as the first page reaches a tag that has not changed since, and the number of tags
/// shows that none was removed.
pub(super) async fn tags(http: &Http, repository: &Repository) -> Result<Vec<Release>, HttpError> {
    let known_as = format!("docker-hub-tags/1 {}", repository.path);
    let known = http.left::<Known>(&known_as).await.unwrap_or_default();
    let first = page(http, first_page(repository)?).await?;
    let (count, size) = (first.page.count, first.page.results.len());
    let next = first.next()?;
    let mut tags = first.releases();
    if let Some(merged) = count.and_then(|count| merge(&tags, &known, count)) {
        tags = merged;
    } else if let Some(second) = next {
        tags.extend(rest(http, second, count.unwrap_or_default().div_ceil(size.max(1))).await?);
    }
    // Without their number nothing would show that one of them is gone.
    if let Some(count) = count {
        http.leave(&known_as, &Known { count, tags: tags.clone() }).await;
    }
    Ok(tags)
}

/// Returns the tags from the second page on: several pages at once where their addresses are numbered, otherwise one after the other.
async fn rest(http: &Http, second: Url, pages: usize) -> Result<Vec<Release>, HttpError> {
    let mut tags = Vec::new();
    if let (Some(_), 2..) = (numbered(&second, 2), pages) {
        let addresses = (2..=pages.min(PAGES)).filter_map(|number| numbered(&second, number));
        let mut replies = futures::stream::iter(addresses.map(|url| page(http, url))).buffered(AT_ONCE);
        while let Some(reply) = replies.next().await {
            tags.extend(reply?.releases());
        }
        return Ok(tags);
    }
    let mut next = Some(second);
    for _ in 1..PAGES {
        let Some(url) = next else { break };
        let reply = page(http, url).await?;
        next = reply.next()?;
        tags.extend(reply.releases());
    }
    Ok(tags)
}

/// Returns the address of another page, given that of the second; `None` where pages are not numbered.
fn numbered(second: &Url, number: usize) -> Option<Url> {
    let mut url = second.clone();
    let pairs: Vec<(String, String)> = second.query_pairs().into_owned().collect();
    if !pairs.iter().any(|(name, value)| name == "page" && value == "2") {
        return None;
    }
    let number = number.to_string();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().map(|(name, value)| (name, if name == "page" { &number } else { value })));
    Some(url)
}

fn first_page(repository: &Repository) -> Result<Url, HttpError> {
    let text = format!(
        "https://hub.docker.com/v2/repositories/{}/tags?page_size={PAGE}&ordering=last_updated",
        repository.path
    );
    Url::parse(&text).map_err(|_| HttpError::address(&text))
}

struct Fetched {
    page: Page,
    reply: Reply,
}

async fn page(http: &Http, url: Url) -> Result<Fetched, HttpError> {
    let request = Request::get(url).accept("application/json").access(Access::Anonymous(Identity::Anonymous));
    let reply = http.send(&request).await?.success()?;
    Ok(Fetched { page: reply.json()?, reply })
}

impl Fetched {
    fn next(&self) -> Result<Option<Url>, HttpError> {
        let Some(next) = self.page.next.as_deref().filter(|next| !next.is_empty()) else { return Ok(None) };
        match self.reply.url.join(next) {
            Ok(url) if same_origin(&url, &self.reply.url) => Ok(Some(url)),
            _ => Err(self.reply.malformed("the next page of the tags is on another host")),
        }
    }

    fn releases(&self) -> Vec<Release> {
        let time = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        let release = |tag: &Tag| Release {
            timestamp: time(&tag.last_pushed).or_else(|| time(&tag.last_updated)),
            digest: tag.digest.clone().filter(|digest| digest.parse::<Digest>().is_ok()),
            ..Release::of(tag.name.clone())
        };
        self.page.results.iter().map(release).collect()
    }
}

/// Returns all tags, from those of the first page and those known before; `None` when they do not add up.
fn merge(first: &[Release], known: &Known, count: usize) -> Option<Vec<Release>> {
    let by_name: BTreeMap<&str, &Release> =
        known.tags.iter().map(|tag| (tag.version.as_str(), tag)).collect();
    let unchanged = first.iter().any(|tag| by_name.get(tag.version.as_str()).is_some_and(|old| *old == tag));
    let new = first.iter().filter(|tag| !by_name.contains_key(tag.version.as_str())).count();
    if !unchanged || count != known.count + new {
        return None;
    }
    let fresh: BTreeSet<&str> = first.iter().map(|tag| tag.version.as_str()).collect();
    let older = known.tags.iter().filter(|tag| !fresh.contains(tag.version.as_str()));
    Some(first.iter().chain(older).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(name: &str, digest: char) -> Release {
        Release { digest: Some(format!("sha256:{}", digest.to_string().repeat(64))), ..Release::of(name) }
    }

    #[track_caller]
    fn check(first: &[Release], known: &[Release], counts: (usize, usize), expected: Option<&[&str]>) {
        let known = Known { count: counts.0, tags: known.to_vec() };
        let merged = merge(first, &known, counts.1);
        let names =
            merged.as_ref().map(|tags| tags.iter().map(|tag| tag.version.as_str()).collect::<Vec<_>>());
        assert_eq!(names, expected.map(<[&str]>::to_vec));
    }

    #[test]
    fn known_tags_are_reused_only_when_the_numbers_agree() {
        let (one, two, three) = (tag("1", 'a'), tag("2", 'b'), tag("3", 'c'));
        let known = [two.clone(), one.clone()];
        check(&[three.clone(), two.clone()], &known, (2, 3), Some(&["3", "2", "1"]));
        // `latest` moved: the same number of tags, another digest.
        check(&[tag("1", 'd'), two.clone()], &known, (2, 2), Some(&["1", "2"]));
        // One was removed.
        check(&[three.clone(), two.clone()], &known, (2, 2), None);
        // The first page does not reach what is known.
        check(&[three], &known, (2, 3), None);
        check(&[two], &[], (0, 1), None);
    }

    #[test]
    fn pages_are_numbered_only_where_the_address_says_so() {
        let second = Url::parse("https://hub.docker.com/t?ordering=x&page=2&page_size=100").unwrap();
        assert_eq!(
            numbered(&second, 7).unwrap().as_str(),
            "https://hub.docker.com/t?ordering=x&page=7&page_size=100"
        );
        assert_eq!(numbered(&Url::parse("https://hub.docker.com/t?cursor=2").unwrap(), 7), None);
    }
}
