//! Registries that tell all about a package in one document: where it is, and how to read it. The rest is the same for all of them.

use std::sync::Arc;

use async_trait::async_trait;
use updraft_core::address::without_user;
use updraft_core::name::DatasourceId;
use updraft_core::release::{DigestQuery, Lookup, ReleaseList};
use url::Url;

use super::{Datasource, LookupError, LookupErrorKind};
use crate::http::{Body, Http, HttpError, Request, host_of, shown};

/// The largest document, in bytes: npm tells everything about every version of a package.
const DOCUMENT_LIMIT: u64 = 64 * 1024 * 1024;

/// A kind of registry.
pub trait Registry: Send + Sync {
    /// Returns the name of the datasource.
    fn id(&self) -> DatasourceId;

    /// Returns where the document about `package` is; `registry` is where the dependency wants it looked up, `None` the usual place.
    ///
    /// # Errors
    /// One line: why no registry of this kind can have such a package, or why the place is none.
    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String>;

    /// Returns the kind of document to ask for.
    fn accept(&self) -> &'static str {
        "application/json"
    }

    /// Returns a name for what [`Registry::read`] makes of a document about `package`, with a number that changes when it makes
    /// something else: `npm/1`.
    fn shape(&self, package: &str) -> String;

    /// Reads a document about `package`.
    ///
    /// # Errors
    /// One line: why it is not what it should be.
    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String>;
}

/// The datasource that asks registries of one kind.
pub struct Documents {
    http: Http,
    registry: Arc<dyn Registry>,
}

impl Documents {
    /// Returns the datasource that asks `registry` through `http`.
    pub fn new(http: &Http, registry: impl Registry + 'static) -> Self {
        Self::of(http, Arc::new(registry))
    }

    /// As [`Documents::new`], of one of a list.
    pub(super) fn of(http: &Http, registry: Arc<dyn Registry>) -> Self {
        Self { http: http.clone(), registry }
    }

    async fn ask(&self, place: Option<&str>, package: &str) -> Result<Arc<ReleaseList>, LookupError> {
        let parsed = place.map(parse_place);
        let address = parsed.transpose().and_then(|place| self.registry.address(place.as_ref(), package));
        let url = address.map_err(|why| LookupError::unsupported(package, why))?;
        check_address(&url, package)?;
        let host = host_of(&url);
        let request = Request::get(url)
            .accept(self.registry.accept())
            .host_type(self.registry.id().as_str())
            .body_limit(DOCUMENT_LIMIT);
        let read = |body| read(body, Arc::clone(&self.registry), package.to_owned());
        let list = self.http.fetch_parsed(&request, &self.registry.shape(package), read).await;
        let list = list.map_err(|error| LookupError::of_http(package, error))?;
        if list.releases.is_empty() {
            return Err(without_releases(host, package));
        }
        Ok(list)
    }
}

async fn read(
    mut body: Body,
    registry: Arc<dyn Registry>,
    package: String,
) -> Result<ReleaseList, HttpError> {
    let mut document = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        document.extend_from_slice(&chunk);
    }
    registry.read(&document, &package).map_err(|why| body.malformed(why))
}

#[async_trait]
impl Datasource for Documents {
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

/// Asks the registries a lookup names one after the other, or the usual one, until one has the package.
///
/// # Errors
/// None has it. That one lacks the package says less than that another did not answer.
pub(super) async fn first_answer<'a, F>(
    lookup: &'a Lookup,
    ask: impl Fn(Option<&'a str>) -> F,
) -> Result<Arc<ReleaseList>, LookupError>
where
    F: Future<Output = Result<Arc<ReleaseList>, LookupError>>,
{
    if lookup.registry_urls.is_empty() {
        return ask(None).await;
    }
    let mut failure: Option<LookupError> = None;
    for place in &lookup.registry_urls {
        match ask(Some(place)).await {
            Ok(list) => return Ok(list),
            Err(error) if failure.as_ref().is_none_or(|kept| kept.kind == LookupErrorKind::NotFound) => {
                failure = Some(error);
            }
            Err(_) => {}
        }
    }
    Err(failure
        .unwrap_or_else(|| LookupError::unsupported(&lookup.package_name, "no registry is named for it")))
}

/// Returns the address of a registry.
///
/// # Errors
/// What to tell the owner: it is none.
pub(super) fn parse_place(place: &str) -> Result<Url, String> {
    Url::parse(place).map_err(|_| format!("`{}` is not the address of a registry", without_user(place)))
}

/// Returns the error that `url` cannot be asked, unless it can.
pub(super) fn check_address(url: &Url, package: &str) -> Result<(), LookupError> {
    if matches!(url.scheme(), "http" | "https") {
        return Ok(());
    }
    let detail = format!("`{}` is not the address of a registry", shown(url));
    Err(LookupError::unsupported(package, detail).hint("an address starts with `https://`"))
}

/// Returns the error that a registry knows the package but no release of it.
pub(super) fn without_releases(host: String, package: &str) -> LookupError {
    let detail = format!("`{host}` knows of no release of it");
    LookupError::new(LookupErrorKind::NotFound, host, package, detail)
}

/// Returns `base` (or `default`, a sound address) with further path segments, each encoded as one.
///
/// # Errors
/// One line, when there can be no path below it.
pub(super) fn below(base: Option<&Url>, default: &str, segments: &[&str]) -> Result<Url, String> {
    let mut url = match base {
        Some(base) => base.clone(),
        None => Url::parse(default).map_err(|error| error.to_string())?,
    };
    let shown = shown(&url);
    url.path_segments_mut()
        .map_err(|()| format!("`{shown}` is not the address of a registry"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// Reads JSON.
///
/// # Errors
/// One line, which names an HTML page as such: a login page or a proxy's error.
pub(super) fn json<T: serde::de::DeserializeOwned>(document: &[u8]) -> Result<T, String> {
    if document.trim_ascii_start().starts_with(b"<") {
        return Err("it is an HTML page where JSON was expected".to_owned());
    }
    serde_json::from_slice(document).map_err(|error| format!("it is not the JSON expected: {error}"))
}

/// What the tests of all kinds of registry share.
#[cfg(test)]
pub(super) mod testing {
    use serde_json::Value;

    use super::super::mutants::changed;
    use super::*;
    use crate::http::testing::{Answer, Server, client};

    /// Asks a server that knows one document, at `target`, for `package`.
    pub(crate) async fn ask(
        registry: impl Registry + 'static,
        package: &str,
        target: &'static str,
        document: &'static str,
    ) -> Result<Arc<ReleaseList>, LookupError> {
        survives(document, |document| registry.read(document, package));
        let server =
            Server::start(
                move |seen| if seen.target == target { Answer::ok(document) } else { Answer::status(404) },
            )
            .await;
        let datasource = Documents::new(&client(), registry);
        let lookup = Lookup {
            datasource: datasource.id(),
            package_name: package.to_owned(),
            registry_urls: vec![format!("{}/base/", server.origin)],
        };
        datasource.releases(&lookup).await
    }

    /// Reads a document with each field null, missing, and of another kind. There may be less in it, but nothing else.
    #[track_caller]
    pub(crate) fn survives(document: &str, read: impl Fn(&[u8]) -> Result<ReleaseList, String>) {
        // Some are a list of documents, one a line.
        let values = serde_json::from_str(document).map_or_else(
            |_| document.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>(),
            |value| Ok(vec![value]),
        );
        let (Ok(values), Ok(whole)) = (values, read(document.as_bytes())) else { return };
        let known = versions(&whole);
        let mut count = 0;
        for (index, value) in values.iter().enumerate() {
            for (what, value) in changed(value) {
                let mut values = values.clone();
                values[index] = value;
                let text: Vec<String> = values.iter().map(ToString::to_string).collect();
                count += 1;
                let Ok(list) = read(text.join("\n").as_bytes()) else { continue };
                for version in versions(&list) {
                    assert!(known.contains(&version), "{what} brings {version}");
                }
            }
        }
        println!("{count} changes of a document's fields were survived");
    }

    /// Returns the versions of a list.
    pub(crate) fn versions(list: &ReleaseList) -> Vec<&str> {
        list.releases.iter().map(|release| release.version.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use updraft_core::release::Release;

    use super::testing::versions;
    use super::*;
    use crate::http::testing::{Answer, Server, cached_client, client};

    /// A document is a list of versions with spaces between them.
    struct Words;

    impl Registry for Words {
        fn id(&self) -> DatasourceId {
            DatasourceId::new("words")
        }

        fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
            below(registry, "https://registry.invalid", &[package])
        }

        fn shape(&self, _: &str) -> String {
            "words/1".to_owned()
        }

        fn read(&self, document: &[u8], _: &str) -> Result<ReleaseList, String> {
            let text = std::str::from_utf8(document).map_err(|error| error.to_string())?;
            Ok(ReleaseList {
                releases: text.split(' ').filter(|word| !word.is_empty()).map(Release::of).collect(),
                ..ReleaseList::default()
            })
        }
    }

    fn lookup(package: &str, places: &[&str]) -> Lookup {
        Lookup {
            datasource: Words.id(),
            package_name: package.to_owned(),
            registry_urls: places.iter().map(|place| (*place).to_owned()).collect(),
        }
    }

    async fn serving() -> Server {
        Server::start(|seen| match seen.target.as_str() {
            "/a/x%2Fy" => Answer::ok("1 2"),
            "/b/x%2Fy" => Answer::ok("3"),
            "/b/none" => Answer::ok(""),
            "/b/odd" => Answer::ok(b"\xff".to_vec()),
            "/c/x%2Fy" => Answer::status(401),
            _ => Answer::status(404),
        })
        .await
    }

    #[tokio::test]
    async fn the_first_registry_that_has_it_answers() {
        let server = serving().await;
        let [a, b, none] = ["a", "b/", "none"].map(|name| format!("{}/{name}", server.origin));
        let words = Documents::new(&client(), Words);
        assert_eq!(versions(&words.releases(&lookup("x/y", &[&none, &a, &b])).await.unwrap()), ["1", "2"]);
        assert_eq!(versions(&words.releases(&lookup("x/y", &[&b])).await.unwrap()), ["3"]);
    }

    #[tokio::test]
    async fn a_failure_says_the_most_that_is_known() {
        let server = serving().await;
        let [b, c, none] = ["b", "c", "none"].map(|name| format!("{}/{name}", server.origin));
        let words = Documents::new(&client(), Words);
        for (package, places, kind) in [
            ("x/y", vec![none.as_str(), &c], LookupErrorKind::Unauthorized),
            ("x/y", vec![&none], LookupErrorKind::NotFound),
            ("none", vec![&b], LookupErrorKind::NotFound),
            ("odd", vec![&b], LookupErrorKind::Malformed),
            ("x/y", vec!["file:///etc/passwd"], LookupErrorKind::Unsupported),
            ("x/y", vec!["data:text,1"], LookupErrorKind::Unsupported),
            ("x/y", vec!["registry"], LookupErrorKind::Unsupported),
        ] {
            let error = words.releases(&lookup(package, &places)).await.unwrap_err();
            assert_eq!(error.kind, kind, "{package} {places:?}: {error}");
        }
    }

    #[tokio::test]
    async fn the_next_run_only_asks_whether_it_has_changed() {
        let server = Server::start(|seen| {
            if seen.header("if-none-match").is_some() {
                Answer::status(304)
            } else {
                Answer::ok("1").header("etag", "\"1\"")
            }
        })
        .await;
        let cache = tempfile::TempDir::new().unwrap();
        for _ in 0..2 {
            let words = Documents::new(&cached_client(cache.path()), Words);
            assert_eq!(versions(&words.releases(&lookup("x", &[&server.origin])).await.unwrap()), ["1"]);
        }
        assert_eq!(server.seen().len(), 2);
    }
}
