//! Packages of Packagist. <https://packagist.org/apidoc>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};
use super::source_url::SourceUrl;

/// packagist.org. A package is `vendor/name`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packagist;

#[derive(Deserialize)]
struct Answer {
    packages: BTreeMap<String, Vec<Entry>>,
}

/// An entry only has what differs from the one before it; both of these always do.
#[derive(Deserialize)]
struct Entry {
    version: String,
    time: Option<Timestamp>,
    source: Option<serde_json::Value>,
}

impl Registry for Packagist {
    fn id(&self) -> DatasourceId {
        DatasourceId::PACKAGIST
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let parts = package
            .split_once('/')
            .filter(|(vendor, name)| !vendor.is_empty() && !name.is_empty() && !name.contains('/'));
        let (vendor, name) = parts.ok_or("it is not the name of a package: write `vendor/name`")?;
        below(registry, "https://repo.packagist.org", &["p2", vendor, &format!("{name}.json")])
    }

    fn shape(&self, _: &str) -> String {
        "packagist/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let mut answer: Answer = json(document)?;
        let versions = answer.packages.remove(package).unwrap_or_default();
        let source = versions.iter().find_map(|version| version.source.as_ref()?.get("url")?.as_str());
        Ok(ReleaseList {
            source_url: source.and_then(SourceUrl::parse).map(|source| source.repository),
            dependency_url: Some(format!("https://packagist.org/packages/{package}")),
            releases: versions
                .iter()
                .map(|version| Release { timestamp: version.time, ..Release::of(&version.version) })
                .collect(),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_package_is_read_with_its_dates_and_source() {
        let document = r#"{"minified": "composer/2.0", "packages": {"fjord/boat": [
            {"name": "fjord/boat", "version": "v1.1.0", "time": "2024-05-01T00:00:00+00:00", "source": {"url": "https://github.com/fjord/boat.git"}},
            {"version": "v1.0.0", "source": "__unset"}]}}"#;
        let list = ask(Packagist, "fjord/boat", "/base/p2/fjord/boat.json", document).await.unwrap();
        assert_eq!(versions(&list), ["v1.1.0", "v1.0.0"]);
        assert!(list.releases[0].timestamp.is_some());
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/fjord/boat"));
    }
}
