//! Revisions of the dashboards on grafana.com. A package is the number in the address of a dashboard's page.

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};

/// grafana.com.
#[derive(Clone, Copy, Debug, Default)]
pub struct GrafanaDashboards;

#[derive(Deserialize)]
struct Revisions {
    items: Vec<Revision>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revision {
    revision: u64,
    created_at: Option<Timestamp>,
}

impl Registry for GrafanaDashboards {
    fn id(&self) -> DatasourceId {
        DatasourceId::GRAFANA_DASHBOARDS
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        if package.is_empty() || !package.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("it is not the number of a dashboard".to_owned());
        }
        below(registry, "https://grafana.com", &["api", "dashboards", package, "revisions"])
    }

    fn shape(&self, _: &str) -> String {
        "grafana-dashboards/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let found: Revisions = json(document)?;
        let release =
            |item: Revision| Release { timestamp: item.created_at, ..Release::of(item.revision.to_string()) };
        Ok(ReleaseList {
            releases: found.items.into_iter().map(release).collect(),
            dependency_url: Some(format!("https://grafana.com/grafana/dashboards/{package}")),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_revision_is_a_version() {
        let document = r#"{"page": 1, "items": [
            {"id": 7, "revision": 1, "createdAt": "2024-05-01T10:00:00.000Z", "orgName": "harbour"},
            {"id": 9, "revision": 12}
        ]}"#;
        let list =
            ask(GrafanaDashboards, "4242", "/base/api/dashboards/4242/revisions", document).await.unwrap();
        assert_eq!(versions(&list), ["1", "12"]);
        assert_eq!(list.releases[0].timestamp, "2024-05-01T10:00:00Z".parse().ok());
        let error = ask(GrafanaDashboards, "node/exporter", "/none", "").await.unwrap_err();
        assert!(error.to_string().contains("not the number"), "{error}");
    }
}
