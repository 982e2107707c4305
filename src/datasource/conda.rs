//! Packages of conda channels. <https://api.anaconda.org/docs>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};
use super::source_url::SourceUrl;

/// anaconda.org. A package is `channel/name`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conda;

#[derive(Deserialize)]
struct Package {
    versions: Vec<String>,
    #[serde(default)]
    files: Vec<File>,
    html_url: Option<String>,
    dev_url: Option<String>,
}

#[derive(Deserialize)]
struct File {
    version: String,
    upload_time: Option<String>,
}

impl Registry for Conda {
    fn id(&self) -> DatasourceId {
        DatasourceId::CONDA
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let parts: Vec<&str> = package.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        if parts.len() != 2 || parts.join("/") != package {
            return Err("it is not the name of a package: write `channel/name`".to_owned());
        }
        below(registry, "https://api.anaconda.org/package", &parts)
    }

    fn shape(&self, _: &str) -> String {
        "conda/1".to_owned()
    }

    fn read(&self, document: &[u8], _: &str) -> Result<ReleaseList, String> {
        let found: Package = json(document)?;
        let mut uploaded: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for file in &found.files {
            let time = file
                .upload_time
                .as_deref()
                .and_then(|time| time.replacen(' ', "T", 1).parse::<Timestamp>().ok());
            if let Some(time) = time {
                let first = uploaded.entry(&file.version).or_insert(time);
                *first = time.min(*first);
            }
        }
        let release = |version: &String| Release {
            timestamp: uploaded.get(version.as_str()).copied(),
            ..Release::of(version)
        };
        Ok(ReleaseList {
            releases: found.versions.iter().map(release).collect(),
            source_url: found.dev_url.as_deref().and_then(SourceUrl::parse).map(|source| source.repository),
            homepage: found.html_url,
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_version_is_as_old_as_its_first_file() {
        let document = r#"{"html_url": "http://anaconda.org/fjord/boat", "dev_url": "https://github.com/fjord/boat", "versions": ["1.0", "1.1"], "files": [
            {"version": "1.0", "upload_time": "2024-05-02 10:00:00.000000+00:00"},
            {"version": "1.0", "upload_time": "2024-05-01 10:00:00.000000+00:00"}]}"#;
        let list = ask(Conda, "fjord/boat", "/base/fjord/boat", document).await.unwrap();
        assert_eq!(versions(&list), ["1.0", "1.1"]);
        assert_eq!(list.releases[0].timestamp, "2024-05-01T10:00:00Z".parse().ok());
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/fjord/boat"));
        assert!(ask(Conda, "boat", "/none", "").await.is_err());
    }
}
