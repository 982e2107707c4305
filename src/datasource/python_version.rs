//! Versions of Python, as its site lists them. <https://www.python.org/api/v2/downloads/release/>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};

/// python.org.
#[derive(Clone, Copy, Debug, Default)]
pub struct PythonVersion;

#[derive(Deserialize)]
struct Entry {
    /// `Python 3.12.4`.
    name: String,
    release_date: Option<Timestamp>,
    #[serde(default)]
    pre_release: bool,
    is_published: Option<bool>,
}

impl Registry for PythonVersion {
    fn id(&self) -> DatasourceId {
        DatasourceId::PYTHON_VERSION
    }

    fn address(&self, registry: Option<&Url>, _: &str) -> Result<Url, String> {
        below(registry, "https://www.python.org", &["api", "v2", "downloads", "release", ""])
    }

    fn shape(&self, _: &str) -> String {
        "python-version/2".to_owned()
    }

    fn read(&self, document: &[u8], _: &str) -> Result<ReleaseList, String> {
        let entries: Vec<Entry> = json(document)?;
        let releases = entries.iter().filter(|entry| entry.is_published == Some(true)).filter_map(|entry| {
            Some(Release {
                timestamp: entry.release_date,
                is_stable: entry.pre_release.then_some(false),
                ..Release::of(entry.name.strip_prefix("Python ")?)
            })
        });
        Ok(ReleaseList {
            releases: releases.collect(),
            source_url: Some("https://github.com/python/cpython".to_owned()),
            homepage: Some("https://www.python.org".to_owned()),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn versions_are_read_without_the_name_in_front() {
        let document = r#"[
            {"name": "Python 3.14.0rc1", "release_date": "2025-07-22T00:00:00Z", "pre_release": true, "is_published": true},
            {"name": "Python 3.13.5", "release_date": "2025-06-11T00:00:00Z", "pre_release": false, "is_published": true},
            {"name": "Python 9", "is_published": false},
            {"name": "Python 8"},
            {"name": "Python install manager 25.0"}
        ]"#;
        let list = ask(PythonVersion, "python", "/base/api/v2/downloads/release/", document).await.unwrap();
        assert_eq!(versions(&list), ["3.14.0rc1", "3.13.5"]);
        assert_eq!(list.releases[0].is_stable, Some(false));
        assert_eq!(list.releases[1].timestamp, "2025-06-11T00:00:00Z".parse().ok());
    }
}
