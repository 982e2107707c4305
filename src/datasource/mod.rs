//! Where releases are looked up.
//!
//! [`Datasources`] is what the rest of updraft asks: it knows who answers for a datasource's name, and asks each question once a run.

mod all;
pub mod conda;
pub mod crates;
pub mod custom;
pub mod dotnet_version;
mod error;
pub mod forges;
pub mod galaxy;
pub mod galaxy_collection;
pub mod git;
pub mod github;
pub mod github_runners;
pub mod go;
pub mod golang_version;
pub mod grafana_dashboards;
pub mod helm;
pub mod java_version;
pub mod jsr;
pub mod kubernetes_api;
#[cfg(test)]
#[path = "../../tests/support/mutants.rs"]
mod mutants;
pub mod node_version;
pub mod npm;
pub mod nuget;
pub mod oci;
pub mod packagist;
pub mod pages;
pub mod pypi;
pub mod python_version;
pub mod registry;
pub mod ruby_version;
pub mod rubygems;
pub mod source_url;
pub mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use updraft_core::config::closest;
use updraft_core::name::DatasourceId;
use updraft_core::problem::Problem;
use updraft_core::release::{DigestQuery, Lookup, ReleaseList};

pub use self::all::{all, paged, registries};
pub use self::error::{LookupError, LookupErrorKind};
use crate::http::SingleFlight;

/// Where a package comes from, as its publisher wrote into the package itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The source repository.
    pub source_url: Option<String>,
    /// The commit it was built from.
    pub revision: Option<String>,
    /// The project's page.
    pub homepage: Option<String>,
    /// What changed in this version, as a chart says in its annotation `artifacthub.io/changes`.
    pub changes: Option<String>,
}

/// One kind of registry.
#[async_trait]
pub trait Datasource: Send + Sync {
    /// Returns the name it answers to.
    fn id(&self) -> DatasourceId;

    /// Hears which packages are about to be asked for, so that one request can answer for several of them.
    ///
    /// This asks nothing, and is only ever a help: a package that was not announced is answered all the same.
    fn prepare(&self, lookups: &[&Lookup]) {
        let _ = lookups;
    }

    /// Returns what is worth telling the owner once about the answers given so far.
    fn notes(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Returns every release of a package, in the registry's order.
    ///
    /// # Errors
    /// No registry named in the lookup could tell.
    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError>;

    /// Returns the digest that a version resolves to now; `None` when there is no such version, or the datasource has no digests.
    ///
    /// # Errors
    /// No registry named in the lookup could tell.
    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        let _ = query;
        Ok(None)
    }

    /// Returns when a version was published, for datasources whose lists do not say it; asked only where a release's age matters.
    ///
    /// # Errors
    /// No registry named in the lookup could tell.
    async fn timestamp(&self, lookup: &Lookup, version: &str) -> Result<Option<Timestamp>, LookupError> {
        let _ = (lookup, version);
        Ok(None)
    }

    /// Returns where a version comes from, for datasources whose lists do not say it; asked only where links or notes are written.
    ///
    /// # Errors
    /// No registry named in the lookup could tell.
    async fn provenance(&self, lookup: &Lookup, version: &str) -> Result<Provenance, LookupError> {
        let _ = (lookup, version);
        Ok(Provenance::default())
    }
}

/// The datasources of a run. Each distinct question is asked once, and its answer or error remembered.
#[derive(Clone, Default)]
pub struct Datasources {
    by_id: BTreeMap<DatasourceId, Arc<dyn Datasource>>,
    answers: Arc<Answers>,
    /// Those of one repository, and what they answered: to another repository the same name may mean something else.
    own: BTreeMap<DatasourceId, Arc<dyn Datasource>>,
    own_answers: Arc<Answers>,
}

/// What was answered so far.
#[derive(Default)]
struct Answers {
    releases: SingleFlight<Lookup, Result<Arc<ReleaseList>, LookupError>>,
    digests: SingleFlight<DigestQuery, Result<Option<String>, LookupError>>,
    timestamps: SingleFlight<(Lookup, String), Result<Option<Timestamp>, LookupError>>,
    provenances: SingleFlight<(Lookup, String), Result<Provenance, LookupError>>,
}

impl Datasources {
    /// Returns the datasources that answer a run's questions.
    pub fn new(datasources: impl IntoIterator<Item = Arc<dyn Datasource>>) -> Self {
        Self { by_id: by_id(datasources), ..Self::default() }
    }

    /// Returns these and the ones that one repository has `own`; what these answered, and will answer, stays shared.
    #[must_use]
    pub fn with(&self, own: impl IntoIterator<Item = Arc<dyn Datasource>>) -> Self {
        Self { own: by_id(own), own_answers: Arc::default(), ..self.clone() }
    }

    /// Announces the packages that are about to be asked for: call it once, before the first question.
    pub fn prepare<'a>(&self, lookups: impl IntoIterator<Item = &'a Lookup>) {
        let mut announced: BTreeMap<&DatasourceId, BTreeSet<&Lookup>> = BTreeMap::new();
        for lookup in lookups {
            announced.entry(&lookup.datasource).or_default().insert(lookup);
        }
        for (id, lookups) in announced {
            if let Some(datasource) = self.find(id) {
                datasource.prepare(&lookups.into_iter().collect::<Vec<_>>());
            }
        }
    }

    /// Returns what is worth telling the owner once about the answers given: call it after the last question.
    pub fn notes(&self) -> Vec<Problem> {
        let notes: BTreeSet<Problem> =
            self.by_id.values().chain(self.own.values()).flat_map(|datasource| datasource.notes()).collect();
        notes.into_iter().collect()
    }

    /// Returns every release of a package.
    ///
    /// # Errors
    /// Those of [`Datasource::releases`], and that nobody answers to the datasource's name.
    pub async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        self.answers(lookup).releases.run(lookup, || async { self.of(lookup)?.releases(lookup).await }).await
    }

    /// Returns the digest that a version resolves to.
    ///
    /// # Errors
    /// As [`Datasources::releases`].
    pub async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        self.answers(&query.lookup)
            .digests
            .run(query, || async { self.of(&query.lookup)?.digest(query).await })
            .await
    }

    /// Returns when a version was published.
    ///
    /// # Errors
    /// As [`Datasources::releases`].
    pub async fn timestamp(&self, lookup: &Lookup, version: &str) -> Result<Option<Timestamp>, LookupError> {
        let key = (lookup.clone(), version.to_owned());
        self.answers(lookup)
            .timestamps
            .run(&key, || async { self.of(lookup)?.timestamp(lookup, version).await })
            .await
    }

    /// Returns where a version comes from.
    ///
    /// # Errors
    /// As [`Datasources::releases`].
    pub async fn provenance(&self, lookup: &Lookup, version: &str) -> Result<Provenance, LookupError> {
        let key = (lookup.clone(), version.to_owned());
        self.answers(lookup)
            .provenances
            .run(&key, || async { self.of(lookup)?.provenance(lookup, version).await })
            .await
    }

    fn find(&self, id: &DatasourceId) -> Option<&dyn Datasource> {
        self.own.get(id).or_else(|| self.by_id.get(id)).map(AsRef::as_ref)
    }

    fn of(&self, lookup: &Lookup) -> Result<&dyn Datasource, LookupError> {
        self.find(&lookup.datasource).ok_or_else(|| {
            let id = lookup.datasource.as_str();
            let detail = format!("nobody answers for the datasource `{id}`");
            if id.starts_with("custom.") {
                return LookupError::unsupported(&lookup.package_name, detail)
                    .hint("`customDatasources` has no entry of this name");
            }
            let meant = closest(id, self.by_id.keys().map(DatasourceId::as_str));
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            LookupError::unsupported(&lookup.package_name, detail + &meant)
        })
    }

    fn answers(&self, lookup: &Lookup) -> &Answers {
        if self.own.contains_key(&lookup.datasource) { &self.own_answers } else { &self.answers }
    }
}

fn by_id(
    datasources: impl IntoIterator<Item = Arc<dyn Datasource>>,
) -> BTreeMap<DatasourceId, Arc<dyn Datasource>> {
    datasources.into_iter().map(|datasource| (datasource.id(), datasource)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Datasource for Counting {
        fn id(&self) -> DatasourceId {
            DatasourceId::DOCKER
        }

        async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(LookupError::not_found("registry.example", &lookup.package_name))
        }
    }

    fn lookup(datasource: DatasourceId) -> Lookup {
        Lookup { datasource, package_name: "a/b".to_owned(), registry_urls: Vec::new() }
    }

    #[tokio::test]
    async fn an_error_is_remembered_too() {
        let counting = Arc::new(Counting::default());
        let datasources = Datasources::new([counting.clone() as Arc<dyn Datasource>]);
        for _ in 0..3 {
            let error = datasources.releases(&lookup(DatasourceId::DOCKER)).await.unwrap_err();
            assert_eq!(error.kind, LookupErrorKind::NotFound);
        }
        assert_eq!(counting.0.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn repositories_share_answers_except_of_what_is_their_own() {
        let (shared, own) = (Arc::new(Counting::default()), Arc::new(Counting::default()));
        let datasources = Datasources::new([shared.clone() as Arc<dyn Datasource>]);
        let docker = lookup(DatasourceId::DOCKER);
        for _ in 0..2 {
            let _ = datasources.with([]).releases(&docker).await;
        }
        assert_eq!(shared.0.load(Ordering::Relaxed), 1);
        for _ in 0..2 {
            let _ = datasources.with([own.clone() as Arc<dyn Datasource>]).releases(&docker).await;
        }
        assert_eq!((shared.0.load(Ordering::Relaxed), own.0.load(Ordering::Relaxed)), (1, 2));
    }

    #[tokio::test]
    async fn an_unknown_datasource_is_an_error_that_names_it() {
        let error = Datasources::default().releases(&lookup(DatasourceId::new("cargo"))).await.unwrap_err();
        assert_eq!(error.kind, LookupErrorKind::Unsupported);
        assert!(error.to_string().ends_with("`cargo`"), "{error}");
        let counting: Arc<dyn Datasource> = Arc::new(Counting::default());
        let error =
            Datasources::new([counting]).releases(&lookup(DatasourceId::new("dokcer"))).await.unwrap_err();
        assert!(error.to_string().ends_with("did you mean `docker`?"), "{error}");
    }
}
