//! Charts of classic Helm repositories, the ones with an `index.yaml`.
//!
//! An index holds all versions of all charts and can be tens of megabytes. It is downloaded once for all charts that
//! were announced, read as it arrives, and what was kept of it is kept for the next run, which only asks whether the
//! index has changed.

mod events;
mod index;
mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use updraft_core::address::without_user;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Lookup, ReleaseList};
use url::Url;

pub use self::events::read_index;
pub use self::index::{Chart, Entry, Index, IndexError};
pub use self::lines::LineReader;
use super::source_url::SourceUrl;
use super::{Datasource, LookupError, LookupErrorKind, Provenance};
use crate::http::{Body, Http, HttpError, Request, hex, host_of, shown};

/// Where charts without a repository come from, as ever.
const DEFAULT_REPOSITORY: &str = "https://charts.helm.sh/stable";
/// The largest index, in bytes.
const INDEX_LIMIT: u64 = 256 * 1024 * 1024;
/// How long one download may take.
const INDEX_DEADLINE: Duration = Duration::from_secs(180);

/// Charts of classic Helm repositories.
pub struct Helm {
    http: Http,
    /// The charts that will be asked for, by repository.
    announced: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

/// What reading an index came to.
#[derive(Debug, Serialize, Deserialize)]
enum Reading {
    Index(Index),
    /// It is not laid out in lines as Helm does it: it has to be read again, by events.
    NotInLines,
}

impl Helm {
    /// Returns the datasource that asks through `http`.
    pub fn new(http: Http) -> Self {
        Self { http, announced: Mutex::default() }
    }

    /// Returns the charts to keep of a repository's index when `chart` is asked for.
    fn wanted(&self, repository: &str, chart: &str) -> BTreeSet<String> {
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        match announced.get(repository) {
            Some(charts) if charts.contains(chart) => charts.clone(),
            _ => BTreeSet::from([chart.to_owned()]),
        }
    }

    async fn index(&self, repository: &str, chart: &str) -> Result<Arc<Reading>, LookupError> {
        let url = index_url(repository).ok_or_else(|| unsupported(repository, chart))?;
        let wanted = Arc::new(self.wanted(repository, chart));
        let own_credential = url.password().is_some();
        let mut request = Request::get(url).body_limit(INDEX_LIMIT).deadline(INDEX_DEADLINE);
        if !own_credential {
            request = request.host_type(DatasourceId::HELM.as_str());
        }
        let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let shape = format!("helm-index/2 {}", hex(&Sha256::digest(names.join("\n"))));
        let by_lines = || async {
            let wanted = Arc::clone(&wanted);
            self.http.fetch_parsed(&request, &shape, |body| read(body, Arc::clone(&wanted))).await
        };
        let mut reading = by_lines().await;
        if let Ok(found) = &reading
            && matches!(**found, Reading::NotInLines)
        {
            tracing::debug!(repository = shown(request.url()), "the index is not laid out in lines as usual");
            let shape = format!("{shape} events");
            let read = |body| read_by_events(body, Bytes::new(), Arc::clone(&wanted));
            reading = self.http.fetch_parsed(&request, &shape, read).await;
        }
        reading.map_err(|error| LookupError::of_http(chart, error))
    }

    async fn look_in(&self, repository: &str, chart: &str) -> Result<Arc<ReleaseList>, LookupError> {
        let reading = self.index(repository, chart).await?;
        let Reading::Index(index) = &*reading else { return Err(unsupported(repository, chart)) };
        match index.charts.get(chart).filter(|found| !found.releases.is_empty()) {
            Some(found) => Ok(Arc::new(list(found, repository))),
            None => Err(missing(index, repository, chart)),
        }
    }
}

#[async_trait]
impl Datasource for Helm {
    fn id(&self) -> DatasourceId {
        DatasourceId::HELM
    }

    fn prepare(&self, lookups: &[&Lookup]) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        for lookup in lookups {
            for repository in repositories(lookup) {
                announced.entry(repository.to_owned()).or_default().insert(lookup.package_name.clone());
            }
        }
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let mut failure: Option<LookupError> = None;
        for repository in repositories(lookup) {
            match self.look_in(repository, &lookup.package_name).await {
                Ok(list) => return Ok(list),
                // That one repository lacks the chart says less than that another did not answer.
                Err(error) if failure.as_ref().is_none_or(|kept| kept.kind == LookupErrorKind::NotFound) => {
                    failure = Some(error);
                }
                Err(_) => {}
            }
        }
        Err(failure.unwrap_or_else(|| {
            LookupError::unsupported(&lookup.package_name, "no repository is named for the chart")
        }))
    }

    /// The list tells the sources already; this adds the changes of one version, from the index that was read.
    async fn provenance(&self, lookup: &Lookup, version: &str) -> Result<Provenance, LookupError> {
        for repository in repositories(lookup) {
            let Ok(reading) = self.index(repository, &lookup.package_name).await else { continue };
            let Reading::Index(index) = &*reading else { continue };
            if let Some(chart) = index.charts.get(&lookup.package_name) {
                return Ok(Provenance {
                    changes: chart.changes.get(version).cloned(),
                    ..Provenance::default()
                });
            }
        }
        Ok(Provenance::default())
    }
}

fn repositories(lookup: &Lookup) -> Vec<&str> {
    if lookup.registry_urls.is_empty() {
        return vec![DEFAULT_REPOSITORY];
    }
    lookup.registry_urls.iter().map(|url| url.trim_end_matches('/')).collect()
}

fn index_url(repository: &str) -> Option<Url> {
    let mut url = Url::parse(repository).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if !url.path().ends_with("/index.yaml") {
        url.path_segments_mut().ok()?.pop_if_empty().push("index.yaml");
    }
    Some(url)
}

/// The address without what may be secret in it.
fn shown_repository(repository: &str) -> String {
    // Without a scheme the user would be taken for one.
    let text = without_user(repository);
    Url::parse(&text)
        .map_or_else(|_| text.clone().into_owned(), |url| shown(&url).trim_end_matches('/').to_owned())
}

fn unsupported(repository: &str, chart: &str) -> LookupError {
    let shown = shown_repository(repository);
    let error =
        LookupError::unsupported(chart, format!("`{shown}` is not the address of a chart repository"));
    if repository.starts_with("oci://") {
        error.hint("charts in a container registry belong to the datasource `docker`")
    } else {
        error.hint("write the address as in `helm repo add`: `https://host/path`")
    }
}

fn missing(index: &Index, repository: &str, chart: &str) -> LookupError {
    let host = Url::parse(repository).map_or_else(|_| String::new(), |url| host_of(&url));
    let shown = shown_repository(repository);
    let detail = format!("the chart repository `{shown}` does not have it");
    let error = LookupError::new(LookupErrorKind::NotFound, host, chart, detail);
    match index.near(chart).as_slice() {
        [] => error.hint(match index.names.len() {
            0 => "the repository is empty; it may have moved".to_owned(),
            count => format!("check the name; the repository has {count} charts, none with a similar one"),
        }),
        near => error.hint(format!("it has `{}`", near.join("`, `"))),
    }
}

fn list(chart: &Chart, repository: &str) -> ReleaseList {
    let source = source(chart);
    ReleaseList {
        releases: chart.releases.clone(),
        registry_url: Some(shown_repository(repository)),
        source_url: source.as_ref().map(|source| source.repository.clone()),
        source_directory: source.and_then(|source| source.directory),
        homepage: chart.home.clone(),
        ..ReleaseList::default()
    }
}

/// Where the chart (not the application in it) is likely to come from: the archive's own release, a link that names a
/// repository of charts, any source, and last the project's page when that is a repository.
fn source(chart: &Chart) -> Option<SourceUrl> {
    let links = || chart.home.iter().chain(&chart.sources);
    chart
        .urls
        .first()
        .and_then(|url| SourceUrl::of_release_download(url))
        .or_else(|| {
            links().find(|link| SourceUrl::names_charts(link)).and_then(|link| SourceUrl::parse(link))
        })
        .or_else(|| chart.sources.first().and_then(|link| SourceUrl::parse(link)))
        .or_else(|| {
            chart.home.as_deref().filter(|home| SourceUrl::is_on_forge(home)).and_then(SourceUrl::parse)
        })
}

/// Reads an index in whatever layout: by lines where that is possible, by events where the first letter says that it is not.
async fn read(mut body: Body, wanted: Arc<BTreeSet<String>>) -> Result<Reading, HttpError> {
    let mut head = Bytes::new();
    while head.trim_ascii_start().is_empty() {
        let Some(chunk) = body.chunk().await? else { break };
        head = chunk;
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").map_or_else(|| head.clone(), Bytes::copy_from_slice);
    match head.trim_ascii_start().first() {
        Some(b'<') => return Err(body.malformed(IndexError::Html)),
        Some(b'{') => return read_by_events(body, head, wanted).await,
        _ => {}
    }
    let mut reader = LineReader::new(&wanted);
    let mut fed = reader.feed(&head);
    while fed.is_ok() {
        let Some(chunk) = body.chunk().await? else { break };
        fed = reader.feed(&chunk);
    }
    match fed.and_then(|()| reader.finish()) {
        Ok(index) => Ok(Reading::Index(index)),
        Err(IndexError::Layout { .. }) => Ok(Reading::NotInLines),
        Err(error) => Err(body.malformed(error)),
    }
}

/// Reads an index by events, in a thread of its own: the parser pulls, and must not hold up others while it waits.
async fn read_by_events(
    mut body: Body,
    head: Bytes,
    wanted: Arc<BTreeSet<String>>,
) -> Result<Reading, HttpError> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(4);
    let chunks = std::iter::once(head.to_vec())
        .chain(std::iter::from_fn(move || receiver.blocking_recv().map(|chunk| chunk.to_vec())));
    let reader = tokio::task::spawn_blocking(move || read_index(chunks, &wanted));
    while let Some(chunk) = body.chunk().await? {
        // It hung up: it has met an error and will say which.
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    drop(sender);
    match reader.await {
        Ok(Ok(index)) => Ok(Reading::Index(index)),
        Ok(Err(error)) => Err(body.malformed(error)),
        Err(_) => Err(body.malformed("the reader broke down")),
    }
}

#[cfg(test)]
mod tests;
