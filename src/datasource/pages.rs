//! Registries whose answer comes in several documents: pages, or a list of lists.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::StatusCode;
use updraft_core::address::without_user;
use updraft_core::name::DatasourceId;
use updraft_core::release::{DigestQuery, Lookup, Release, ReleaseList};
use url::Url;

use super::registry::{check_address, first_answer, parse_place, without_releases};
use super::{Datasource, LookupError, LookupErrorKind};
use crate::http::{Http, Reply, Request, host_of, same_origin};

/// The largest document, in bytes.
const DOCUMENT_LIMIT: u64 = 32 * 1024 * 1024;
/// The most documents that are read about one package.
const MAX_DOCUMENTS: usize = 200;
/// The most releases of one package.
const MAX_RELEASES: usize = 50_000;

/// A kind of registry that answers in several documents.
pub trait Paged: Send + Sync {
    /// Returns the name of the datasource.
    fn id(&self) -> DatasourceId;

    /// Returns where the first document about `package` is; `registry` is where the dependency wants it looked up, `None` the usual
    /// place.
    ///
    /// # Errors
    /// One line: why no registry of this kind can have such a package, or why the place is none.
    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String>;

    /// Reads one of the documents into `found`, and says which ones follow. A `Link` to the next page is followed without being named.
    ///
    /// # Errors
    /// One line: why it is not what it should be.
    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String>;

    /// Returns which other hosts may hold some of the documents; without any, all are where the first one is.
    fn other_hosts(&self) -> &'static [&'static str] {
        &[]
    }
}

/// One of the documents.
pub struct Document<'a> {
    /// The package it is about.
    pub package: &'a str,
    /// Where it was found.
    pub url: &'a Url,
    /// What it holds.
    pub text: &'a [u8],
}

impl Document<'_> {
    /// Reads it as JSON.
    ///
    /// # Errors
    /// One line.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, String> {
        super::registry::json(self.text)
    }

    /// Returns the address of another document, as this one names it.
    ///
    /// # Errors
    /// One line.
    pub fn link(&self, text: &str) -> Result<Url, String> {
        self.url.join(text).map_err(|_| format!("it names `{text}`, which is no address"))
    }
}

/// The datasource that asks registries of one kind.
pub struct Pages<R: ?Sized> {
    http: Http,
    registry: Arc<R>,
}

impl<R: Paged> Pages<R> {
    /// Returns the datasource that asks `registry` through `http`.
    pub fn new(http: &Http, registry: R) -> Self {
        Self::of(http, Arc::new(registry))
    }
}

impl<R: Paged + ?Sized> Pages<R> {
    /// As [`Pages::new`], of one of a list.
    pub(super) fn of(http: &Http, registry: Arc<R>) -> Self {
        Self { http: http.clone(), registry }
    }

    /// Returns the kind of registry.
    pub(super) fn registry(&self) -> &R {
        &self.registry
    }

    async fn ask(&self, place: Option<&str>, package: &str) -> Result<Arc<ReleaseList>, LookupError> {
        let address = place.map(parse_place).transpose();
        let first = address.and_then(|place| self.registry.address(place.as_ref(), package));
        let first = first.map_err(|why| LookupError::unsupported(package, why))?;
        check_address(&first, package)?;
        let host = host_of(&first);
        let mut list = ReleaseList {
            registry_url: place.map(|place| without_user(place).into_owned()),
            ..ReleaseList::default()
        };
        let mut seen = BTreeSet::from([first.clone()]);
        let mut open = VecDeque::from([first.clone()]);
        while let Some(url) = open.pop_front() {
            let reply = self.get(&url).await.map_err(|error| LookupError::of_http(package, error))?;
            let is_behind_the_end = reply.status == StatusCode::NOT_FOUND && url != first;
            if is_behind_the_end {
                continue;
            }
            let reply = reply.success().map_err(|error| LookupError::of_http(package, error))?;
            let known = list.releases.len();
            let document = Document { package, url: &reply.url, text: &reply.body };
            let malformed = |why: String| LookupError::of_http(package, reply.malformed(why));
            let mut more = self.registry.read(&document, &mut list).map_err(malformed)?;
            // A page that brings nothing is the last one, whatever it says of others.
            more.extend(reply.next_page().filter(|_| list.releases.len() > known));
            for next in more {
                let is_allowed = same_origin(&next, &first)
                    || (next.scheme() == "https"
                        && next.host_str().is_some_and(|host| self.registry.other_hosts().contains(&host)));
                if !is_allowed {
                    return Err(malformed("the next page is on another host".to_owned()));
                }
                if seen.insert(next.clone()) {
                    open.push_back(next);
                }
            }
            if seen.len() > MAX_DOCUMENTS || list.releases.len() > MAX_RELEASES {
                let detail = format!("`{host}` has more releases of it than can be read");
                return Err(LookupError::new(LookupErrorKind::Malformed, host, package, detail));
            }
        }
        if list.releases.is_empty() {
            return Err(without_releases(host, package));
        }
        drop_repeated(&mut list.releases);
        Ok(Arc::new(list))
    }

    async fn get(&self, url: &Url) -> Result<Reply, crate::http::HttpError> {
        let request = Request::get(url.clone())
            .accept("application/json, */*;q=0.5")
            .host_type(self.registry.id().as_str())
            .body_limit(DOCUMENT_LIMIT);
        self.http.send(&request).await
    }
}

/// Keeps the first of those of the same version: pages shift while they are read.
fn drop_repeated(releases: &mut Vec<Release>) {
    let mut seen = BTreeSet::new();
    releases.retain(|release| seen.insert(release.version.clone()));
}

#[async_trait]
impl<R: Paged + ?Sized> Datasource for Pages<R> {
    fn id(&self) -> DatasourceId {
        self.registry.id()
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        first_answer(lookup, |place| self.ask(place, &lookup.package_name)).await
    }

    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        let Some(version) = &query.value else { return Ok(None) };
        let list = self.releases(&query.lookup).await?;
        Ok(list.digest_of(version))
    }
}

/// What the tests of all kinds of paged registry share.
#[cfg(test)]
pub(super) mod testing {
    use super::super::mutants::changed;
    use super::*;
    use crate::http::testing::{Answer, Server, client};

    /// Asks a server that has these documents, by path and query, for `package`. `{origin}` in a document is its address. Then asks again with
    /// each field of each document null, missing, and of another kind: there may be less in the answer, but nothing else.
    pub(crate) async fn ask(
        registry: impl Paged + 'static,
        package: &str,
        documents: &'static [(&'static str, &'static str)],
    ) -> Result<Arc<ReleaseList>, LookupError> {
        let registry: Arc<dyn Paged> = Arc::new(registry);
        let documents: Vec<(&str, String)> =
            documents.iter().map(|(target, text)| (*target, (*text).to_owned())).collect();
        let whole = answer(Arc::clone(&registry), package, documents.clone()).await?;
        let mut count = 0;
        for (index, (target, text)) in documents.iter().enumerate() {
            let Ok(value) = serde_json::from_str(text) else { continue };
            for (what, value) in changed(&value) {
                let mut documents = documents.clone();
                documents[index].1 = value.to_string();
                count += 1;
                let Ok(list) = answer(Arc::clone(&registry), package, documents).await else { continue };
                check_less(&format!("{target}: {what}"), &list, &whole);
            }
        }
        println!("{count} changes of a document's fields were survived");
        Ok(whole)
    }

    /// Fails if a list has a version that another has not, or has it as something else: with another digest, or as stable where it is not.
    #[track_caller]
    pub(crate) fn check_less(what: &str, list: &ReleaseList, whole: &ReleaseList) {
        for release in &list.releases {
            let known = whole.releases.iter().find(|known| known.version == release.version);
            let known = known.unwrap_or_else(|| panic!("{what} brings {}", release.version));
            assert!(release.digest.is_none() || release.digest == known.digest, "{what}: {release:?}");
            assert!(
                known.is_stable != Some(false) || release.is_stable == Some(false),
                "{what}: {release:?}"
            );
        }
    }

    async fn answer(
        registry: Arc<dyn Paged>,
        package: &str,
        documents: Vec<(&'static str, String)>,
    ) -> Result<Arc<ReleaseList>, LookupError> {
        let server = Server::start(move |seen| {
            let found = documents.iter().find(|(target, _)| *target == seen.target);
            found.map_or_else(
                || Answer::status(404),
                |(_, text)| {
                    let host = seen.header("host").unwrap_or_default();
                    Answer::ok(text.replace("{origin}", &format!("http://{host}")))
                },
            )
        })
        .await;
        let datasource = Pages::of(&client(), registry);
        let lookup = Lookup {
            datasource: datasource.id(),
            package_name: package.to_owned(),
            registry_urls: vec![server.origin.clone()],
        };
        datasource.releases(&lookup).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::versions;
    use super::*;
    use crate::http::testing::{Answer, Server, client};

    /// A document is a list of versions and of the names of further documents, which begin with a slash.
    struct Words;

    impl Paged for Words {
        fn id(&self) -> DatasourceId {
            DatasourceId::new("words")
        }

        fn address(&self, registry: Option<&Url>, _: &str) -> Result<Url, String> {
            registry.cloned().ok_or_else(|| "there is no usual place".to_owned())
        }

        fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
            let text = std::str::from_utf8(document.text).map_err(|error| error.to_string())?;
            let (links, versions): (Vec<&str>, Vec<&str>) =
                text.split_whitespace().partition(|word| word.contains('/'));
            found.releases.extend(versions.into_iter().map(Release::of));
            links.into_iter().map(|link| document.link(link)).collect()
        }
    }

    async fn ask(server: &Server, start: &str) -> Result<Arc<ReleaseList>, LookupError> {
        let lookup = Lookup {
            datasource: Words.id(),
            package_name: "a/b".to_owned(),
            registry_urls: vec![format!("{}{start}", server.origin)],
        };
        Pages::new(&client(), Words).releases(&lookup).await
    }

    #[tokio::test]
    async fn pages_are_read_to_their_end_and_versions_kept_once() {
        let server = Server::start(|seen| match seen.target.as_str() {
            "/linked" => Answer::ok("1 2").header("link", "</linked?page=2>; rel=\"next\""),
            "/linked?page=2" => Answer::ok("2 3").header("link", "</linked?page=3>; rel=\"next\""),
            "/linked?page=3" => Answer::ok("").header("link", "</linked?page=4>; rel=\"next\""),
            "/named" => Answer::ok("/x /y /gone"),
            "/x" => Answer::ok("1"),
            "/y" => Answer::ok("2 /named"),
            _ => Answer::status(404),
        })
        .await;
        assert_eq!(versions(&ask(&server, "/linked").await.unwrap()), ["1", "2", "3"]);
        assert_eq!(versions(&ask(&server, "/named").await.unwrap()), ["1", "2"]);
        let seen = server.lines();
        assert!(!seen.iter().any(|line| line.contains("page=4")), "{seen:?}");
    }

    #[tokio::test]
    async fn nobody_is_sent_elsewhere_or_on_for_ever() {
        let server = Server::start(|seen| match seen.target.as_str() {
            "/away" => Answer::ok("1").header("link", "<https://elsewhere.invalid/>; rel=\"next\""),
            "/empty" => Answer::ok(""),
            "/odd" => Answer::ok(b"\xff".to_vec()),
            target => {
                let page: u32 = target.rsplit('=').next().and_then(|page| page.parse().ok()).unwrap_or(0);
                Answer::ok(format!("{page}")).header("link", format!("</?page={}>; rel=next", page + 1))
            }
        })
        .await;
        for (start, kind) in [
            ("/away", LookupErrorKind::Malformed),
            ("/?page=1", LookupErrorKind::Malformed),
            ("/empty", LookupErrorKind::NotFound),
            ("/odd", LookupErrorKind::Malformed),
        ] {
            let error = ask(&server, start).await.unwrap_err();
            assert_eq!(error.kind, kind, "{start}: {error}");
        }
    }
}
