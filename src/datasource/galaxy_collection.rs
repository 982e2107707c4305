//! Collections of Ansible Galaxy, and of an Automation Hub. <https://galaxy.ansible.com/api/v3/>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::galaxy::parts;
use super::pages::{Document, Paged};
use super::registry::below;
use super::source_url::SourceUrl;

/// Ansible Galaxy, for collections.
#[derive(Clone, Copy, Debug, Default)]
pub struct GalaxyCollection;

/// Both documents there are: a page of versions, and one version.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    links: Links,
    #[serde(default)]
    data: Vec<Version>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    repository: Option<String>,
}

#[derive(Default, Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    created_at: Option<Timestamp>,
}

/// Where the API has the collections of galaxy.ansible.com.
const INDEX: [&str; 7] = ["api", "v3", "plugin", "ansible", "content", "published", "collections"];

impl Paged for GalaxyCollection {
    fn id(&self) -> DatasourceId {
        DatasourceId::GALAXY_COLLECTION
    }

    /// A hub is named by the address of its API, as in `ansible.cfg`: `https://hub.example.org/api/galaxy/content/published/`.
    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let (namespace, name) =
            parts(package).ok_or("it is not the name of a collection: write `namespace.name`")?;
        let is_hub = registry.is_some_and(|url| url.path().trim_end_matches('/').ends_with("/published"));
        let start: &[&str] = if is_hub { &["v3", "collections"] } else { &INDEX };
        let middle: &[&str] = if is_hub { &[] } else { &["index"] };
        let segments = [start, middle, &[namespace, name, "versions", ""]].concat();
        let mut url = below(registry, "https://galaxy.ansible.com", &segments)?;
        url.set_query(Some("limit=100"));
        Ok(url)
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        let page: Answer = document.json()?;
        if let Some(metadata) = page.metadata {
            let source = metadata.repository.as_deref().and_then(SourceUrl::parse);
            found.source_url = source.map(|source| source.repository);
            return Ok(Vec::new());
        }
        // The newest version knows where the source is.
        let newest = page.data.first().filter(|_| found.releases.is_empty()).map(|newest| {
            let mut url = document.url.clone();
            url.set_query(None);
            below(Some(&url), "", &[&newest.version, ""])
        });
        let mut more: Vec<Url> = newest.transpose()?.into_iter().collect();
        found.releases.extend(
            page.data
                .into_iter()
                .map(|version| Release { timestamp: version.created_at, ..Release::of(version.version) }),
        );
        found.dependency_url = parts(document.package).map(|(namespace, name)| {
            format!("https://galaxy.ansible.com/ui/repo/published/{namespace}/{name}/")
        });
        if let Some(next) = &page.links.next {
            more.push(document.link(next)?);
        }
        Ok(more)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::testing::ask;
    use super::super::registry::testing::versions;
    use super::*;

    #[tokio::test]
    async fn all_pages_are_read() {
        let list = ask(
            GalaxyCollection,
            "harbour.tools",
            &[
                (
                    "/api/v3/plugin/ansible/content/published/collections/index/harbour/tools/versions/?limit=100",
                    r#"{"meta": {"count": 2}, "links": {"first": "/x", "next": "/api/v3/more?limit=100&offset=100"}, "data": [
                        {"version": "2.0.0", "created_at": "2024-05-01T10:00:00.000000Z", "requires_ansible": ">=2.15"}]}"#,
                ),
                (
                    "/api/v3/plugin/ansible/content/published/collections/index/harbour/tools/versions/2.0.0/",
                    r#"{"version": "2.0.0", "metadata": {"repository": "https://github.com/harbour/tools", "license": []}}"#,
                ),
                (
                    "/api/v3/more?limit=100&offset=100",
                    r#"{"links": {"next": null}, "data": [{"version": "1.0.0"}]}"#,
                ),
            ],
        )
        .await
        .unwrap();
        assert_eq!(versions(&list), ["2.0.0", "1.0.0"]);
        assert_eq!(list.releases[0].timestamp, "2024-05-01T10:00:00Z".parse().ok());
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/harbour/tools"));
        assert!(ask(GalaxyCollection, "tools", &[]).await.is_err());
    }
}
