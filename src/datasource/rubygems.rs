//! Packages of `RubyGems`. <https://guides.rubygems.org/rubygems-org-api/>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};
use super::source_url::SourceUrl;

/// rubygems.org.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rubygems;

#[derive(Deserialize)]
struct Version {
    number: String,
    created_at: Option<Timestamp>,
    #[serde(default)]
    prerelease: bool,
    metadata: Option<BTreeMap<String, Option<String>>>,
}

impl Registry for Rubygems {
    fn id(&self) -> DatasourceId {
        DatasourceId::RUBYGEMS
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let is_name = !package.is_empty()
            && package.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if !is_name {
            return Err("it is not the name of a gem".to_owned());
        }
        below(registry, "https://rubygems.org", &["api", "v1", "versions", &format!("{package}.json")])
    }

    fn shape(&self, _: &str) -> String {
        "rubygems/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let found: Vec<Version> = json(document)?;
        let link = |key: &str| {
            let links = found.iter().filter_map(|version| version.metadata.as_ref()?.get(key)?.as_deref());
            links.filter(|link| !link.is_empty()).map(str::to_owned).next()
        };
        let (source, homepage) =
            (link("source_code_uri").and_then(|link| SourceUrl::parse(&link)), link("homepage_uri"));
        let mut releases: Vec<Release> = Vec::new();
        // There is one entry for each platform.
        for version in found {
            if releases.last().is_none_or(|last| last.version != version.number) {
                releases.push(Release {
                    timestamp: version.created_at,
                    is_stable: version.prerelease.then_some(false),
                    ..Release::of(version.number)
                });
            }
        }
        Ok(ReleaseList {
            releases,
            source_url: source.as_ref().map(|source| source.repository.clone()),
            source_directory: source.and_then(|source| source.directory),
            homepage,
            dependency_url: Some(format!("https://rubygems.org/gems/{package}")),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_gem_is_read_with_its_dates_and_source() {
        let document = r#"[
            {"number": "2.0.0.rc1", "created_at": "2024-06-01T00:00:00.000Z", "prerelease": true, "platform": "ruby", "metadata": {}},
            {"number": "1.2.0", "created_at": "2024-05-01T00:00:00.000Z", "prerelease": false, "platform": "java", "metadata": {"source_code_uri": "https://github.com/fjord/boat/tree/v1/sail"}},
            {"number": "1.2.0", "created_at": "2024-05-01T00:00:00.000Z", "platform": "ruby", "metadata": null}
        ]"#;
        let list = ask(Rubygems, "boat", "/base/api/v1/versions/boat.json", document).await.unwrap();
        assert_eq!(versions(&list), ["2.0.0.rc1", "1.2.0"]);
        assert_eq!(list.releases[0].is_stable, Some(false));
        assert_eq!(list.releases[1].timestamp, "2024-05-01T00:00:00Z".parse().ok());
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/fjord/boat"));
        assert!(ask(Rubygems, "a/b", "/none", "").await.is_err());
    }
}
