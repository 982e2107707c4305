//! Versions of Go, as its download page lists them. <https://go.dev/dl/?mode=json&include=all>

use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};

/// The list of Go versions.
#[derive(Clone, Copy, Debug, Default)]
pub struct GolangVersion;

#[derive(Deserialize)]
struct Entry {
    /// `go1.22.3`, `go1.23rc1`.
    version: String,
}

impl Registry for GolangVersion {
    fn id(&self) -> DatasourceId {
        DatasourceId::GOLANG_VERSION
    }

    fn address(&self, registry: Option<&Url>, _: &str) -> Result<Url, String> {
        let mut url = below(registry, "https://go.dev", &["dl", ""])?;
        url.set_query(Some("mode=json&include=all"));
        Ok(url)
    }

    fn shape(&self, _: &str) -> String {
        "golang-version/1".to_owned()
    }

    fn read(&self, document: &[u8], _: &str) -> Result<ReleaseList, String> {
        let entries: Vec<Entry> = json(document)?;
        let versions = entries.iter().filter_map(|entry| entry.version.strip_prefix("go"));
        Ok(ReleaseList {
            releases: versions.map(Release::of).collect(),
            source_url: Some("https://github.com/golang/go".to_owned()),
            homepage: Some("https://go.dev".to_owned()),
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
        let document = r#"[{"version": "go1.23rc1", "stable": false}, {"version": "go1.22.3", "stable": true, "files": []}, {"version": "x"}]"#;
        let list = ask(GolangVersion, "go", "/base/dl/?mode=json&include=all", document).await.unwrap();
        assert_eq!(versions(&list), ["1.23rc1", "1.22.3"]);
    }
}
