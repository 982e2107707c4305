//! The published API versions of Kubernetes kinds: what `apiVersion` can be.
//!
//! There is no registry of them; the table is the one the manager knows the kinds by.

use std::sync::Arc;

use async_trait::async_trait;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Lookup, Release, ReleaseList};
use updraft_managers::kubernetes::api_versions;

use super::{Datasource, LookupError, LookupErrorKind};

/// API versions of Kubernetes kinds.
#[derive(Clone, Copy, Debug, Default)]
pub struct KubernetesApi;

#[async_trait]
impl Datasource for KubernetesApi {
    fn id(&self) -> DatasourceId {
        DatasourceId::KUBERNETES_API
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let versions = api_versions(&lookup.package_name);
        if versions.is_empty() {
            let detail = "its API versions are not known";
            return Err(LookupError::new(LookupErrorKind::NotFound, "", &lookup.package_name, detail));
        }
        let releases = versions.iter().copied().map(Release::of).collect();
        Ok(Arc::new(ReleaseList { releases, ..ReleaseList::default() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn versions(kind: &str) -> Result<Vec<String>, LookupError> {
        let lookup = Lookup {
            datasource: DatasourceId::KUBERNETES_API,
            package_name: kind.to_owned(),
            registry_urls: Vec::new(),
        };
        let list = KubernetesApi.releases(&lookup).await?;
        Ok(list.releases.iter().map(|release| release.version.clone()).collect())
    }

    #[tokio::test]
    async fn a_kind_has_its_versions() {
        assert!(versions("HelmRelease").await.unwrap().contains(&"helm.toolkit.fluxcd.io/v2".to_owned()));
    }

    #[tokio::test]
    async fn an_unknown_kind_is_not_found() {
        assert_eq!(versions("Nonsense").await.unwrap_err().kind, LookupErrorKind::NotFound);
    }
}
