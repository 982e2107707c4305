//! Registries that know what a case says, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use updraft::datasource::kubernetes_api::KubernetesApi;
use updraft::datasource::{Datasource, Datasources, LookupError};
use updraft_core::name::DatasourceId;
use updraft_core::release::{DigestQuery, Lookup, ReleaseList};

use crate::case::Case;

/// One kind of registry.
struct Shelf {
    id: DatasourceId,
    packages: BTreeMap<String, ReleaseList>,
    /// What it tells only to who asks for it: by package and version.
    dates: BTreeMap<(String, String), Timestamp>,
}

#[async_trait]
impl Datasource for Shelf {
    fn id(&self) -> DatasourceId {
        self.id.clone()
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let known = self.packages.get(&lookup.package_name);
        let host = lookup.registry_urls.first().cloned().unwrap_or_else(|| "the default registry".to_owned());
        let list = known.ok_or_else(|| LookupError::not_found(host, &lookup.package_name))?;
        Ok(Arc::new(ReleaseList { registry_url: lookup.registry_urls.first().cloned(), ..list.clone() }))
    }

    async fn timestamp(&self, lookup: &Lookup, version: &str) -> Result<Option<Timestamp>, LookupError> {
        Ok(self.dates.get(&(lookup.package_name.clone(), version.to_owned())).copied())
    }

    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        let tag = query.value.as_deref().unwrap_or("latest");
        let is_image = self.id == DatasourceId::DOCKER;
        let hash = Sha256::digest(format!("{}:{tag}", query.lookup.package_name));
        let hex = hash.iter().take(if is_image { 32 } else { 20 }).fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        Ok(Some(if is_image { format!("sha256:{hex}") } else { hex }))
    }
}

/// Returns the registries of a case.
pub(crate) fn of(case: &Case) -> Datasources {
    let ids: BTreeSet<&String> = case.packages.iter().map(|(id, ..)| id).collect();
    let shelf = |id: &String| {
        let own = case.packages.iter().filter(|(other, ..)| other == id);
        let packages = own.map(|(_, name, list)| (name.clone(), list.clone())).collect();
        let dates =
            case.dates.iter().map(|(package, version, date)| ((package.clone(), version.clone()), *date));
        Arc::new(Shelf { id: DatasourceId::new(id.clone()), packages, dates: dates.collect() })
            as Arc<dyn Datasource>
    };
    let known: Arc<dyn Datasource> = Arc::new(KubernetesApi);
    Datasources::new(ids.into_iter().map(shelf).chain([known]))
}
