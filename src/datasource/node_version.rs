//! Versions of Node.js, as its download site lists them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};

/// The list of Node.js versions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeVersion;

#[derive(Deserialize)]
struct Entry {
    /// With a `v`.
    version: String,
    date: Option<String>,
    /// The name of the line with long-term support that the version is of, or `false`.
    #[serde(default)]
    lts: Value,
}

impl Registry for NodeVersion {
    fn id(&self) -> DatasourceId {
        DatasourceId::NODE_VERSION
    }

    fn address(&self, registry: Option<&Url>, _: &str) -> Result<Url, String> {
        below(registry, "https://nodejs.org/dist", &["index.json"])
    }

    fn shape(&self, _: &str) -> String {
        "node-version/1".to_owned()
    }

    /// Only versions with long-term support are stable, as with Renovate: who stays on such a line is not moved off it.
    fn read(&self, document: &[u8], _: &str) -> Result<ReleaseList, String> {
        let entries: Vec<Entry> = json(document)?;
        let release = |entry: &Entry| Release {
            timestamp: entry.date.as_deref().and_then(|date| {
                let date: Date = date.parse().ok()?;
                Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
            }),
            is_stable: Some(entry.lts.is_string()),
            ..Release::of(entry.version.strip_prefix('v').unwrap_or(&entry.version))
        };
        Ok(ReleaseList {
            releases: entries.iter().map(release).collect(),
            source_url: Some("https://github.com/nodejs/node".to_owned()),
            homepage: Some("https://nodejs.org".to_owned()),
            ..ReleaseList::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    const DOCUMENT: &str = r#"[
        {"version": "v25.0.0", "date": "2025-10-15", "files": [], "lts": false},
        {"version": "v24.10.0", "date": "2025-10-08", "lts": "Krypton", "security": false},
        {"version": "v0.1.14", "date": "odd"}
    ]"#;

    #[tokio::test]
    async fn only_versions_with_long_term_support_are_stable() {
        let list = ask(NodeVersion, "node", "/base/index.json", DOCUMENT).await.unwrap();
        assert_eq!(versions(&list), ["25.0.0", "24.10.0", "0.1.14"]);
        assert_eq!(
            list.releases.iter().map(|release| release.is_stable).collect::<Vec<_>>(),
            [Some(false), Some(true), Some(false)]
        );
        assert_eq!(list.releases[1].timestamp, "2025-10-08T00:00:00Z".parse().ok());
        assert_eq!(list.releases[2].timestamp, None);
    }
}
