//! Packages of the JavaScript Registry. <https://jsr.io/docs/api>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};

/// jsr.io.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jsr;

#[derive(Deserialize)]
struct Package {
    versions: BTreeMap<String, Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    #[serde(default)]
    yanked: bool,
    created_at: Option<Timestamp>,
}

impl Registry for Jsr {
    fn id(&self) -> DatasourceId {
        DatasourceId::JSR
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let parts = package.strip_prefix('@').and_then(|package| package.split_once('/'));
        let (scope, name) = parts
            .filter(|(scope, name)| !scope.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or("it is not the name of a package: write `@scope/name`")?;
        below(registry, "https://jsr.io", &[&format!("@{scope}"), name, "meta.json"])
    }

    fn shape(&self, _: &str) -> String {
        "jsr/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let found: Package = json(document)?;
        let release = |(version, entry): (String, Version)| Release {
            timestamp: entry.created_at,
            is_deprecated: entry.yanked,
            ..Release::of(version)
        };
        Ok(ReleaseList {
            releases: found.versions.into_iter().map(release).collect(),
            dependency_url: Some(format!("https://jsr.io/{package}")),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_withdrawn_version_is_marked() {
        let document = r#"{"scope": "fjord", "name": "boat", "latest": "1.0.0", "versions": {"1.0.0": {"createdAt": "2024-05-01T00:00:00Z"}, "1.1.0": {"yanked": true}}}"#;
        let list = ask(Jsr, "@fjord/boat", "/base/@fjord/boat/meta.json", document).await.unwrap();
        assert_eq!(versions(&list), ["1.0.0", "1.1.0"]);
        assert_eq!((list.releases[0].is_deprecated, list.releases[1].is_deprecated), (false, true));
        assert!(list.releases[0].timestamp.is_some());
        assert!(ask(Jsr, "fjord/boat", "/none", "").await.is_err());
    }
}
