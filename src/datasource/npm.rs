//! Packages of the npm registry and of others that speak its language.
//! <https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};
use super::source_url::SourceUrl;

/// The npm registry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Npm;

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    versions: BTreeMap<String, Version>,
    #[serde(default, rename = "dist-tags")]
    tags: BTreeMap<String, String>,
    /// When each version was published; also has words that are no versions.
    #[serde(default)]
    time: BTreeMap<String, Value>,
    #[serde(default)]
    repository: Value,
    #[serde(default)]
    homepage: Value,
}

#[derive(Deserialize)]
struct Version {
    /// A text; some publishers wrote a boolean.
    #[serde(default)]
    deprecated: Value,
}

impl Registry for Npm {
    fn id(&self) -> DatasourceId {
        DatasourceId::NPM
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let name = package.strip_prefix('@').unwrap_or(package);
        let parts: Vec<&str> = name.split('/').collect();
        let is_scoped = name.len() < package.len();
        if parts.len() != 1 + usize::from(is_scoped)
            || parts.iter().any(|part| part.is_empty() || part.starts_with('.'))
        {
            return Err("it is not the name of an npm package".to_owned());
        }
        below(registry, "https://registry.npmjs.org", &[package])
    }

    fn shape(&self, _: &str) -> String {
        "npm/1".to_owned()
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let found: Package = json(document)?;
        let release = |(version, about): (&String, &Version)| Release {
            timestamp: found
                .time
                .get(version)
                .and_then(Value::as_str)
                .and_then(|text| text.parse::<Timestamp>().ok()),
            is_deprecated: is_deprecated(&about.deprecated),
            ..Release::of(version.clone())
        };
        let latest = found.tags.get("latest").and_then(|latest| found.versions.get(latest));
        let (source_url, source_directory) = source(&found.repository);
        Ok(ReleaseList {
            releases: found.versions.iter().map(release).collect(),
            source_url,
            source_directory,
            homepage: found.homepage.as_str().map(str::to_owned),
            dependency_url: Some(format!("https://www.npmjs.com/package/{package}")),
            deprecation_message: latest
                .and_then(|about| about.deprecated.as_str())
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            tags: found.tags,
            ..ReleaseList::default()
        })
    }
}

fn is_deprecated(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::String(why) => !why.is_empty(),
        _ => false,
    }
}

/// Returns the repository and the folder in it: an object, an address, or `owner/name` of GitHub.
fn source(repository: &Value) -> (Option<String>, Option<String>) {
    let text = repository.as_str().or_else(|| repository.get("url")?.as_str()).unwrap_or_default();
    let folder = repository.get("directory").and_then(Value::as_str).map(str::to_owned);
    if let Some(found) = SourceUrl::parse(text) {
        return (Some(found.repository), folder.or(found.directory));
    }
    let name = text.strip_prefix("github:").unwrap_or(text);
    let is_name = name.split('/').count() == 2
        && !name.contains([':', ' '])
        && !name.starts_with('/')
        && !name.ends_with('/');
    (is_name.then(|| format!("https://github.com/{name}")), folder)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::registry::testing::{ask, versions};
    use super::*;

    const DOCUMENT: &str = r#"{
        "name": "@scope/tool",
        "dist-tags": {"latest": "1.1.0", "next": "2.0.0-rc.1"},
        "versions": {"1.0.0": {"deprecated": "broken"}, "1.1.0": {"dist": {}}, "2.0.0-rc.1": {"deprecated": false}},
        "time": {"created": "2020-01-01T00:00:00.000Z", "1.1.0": "2024-05-01T12:00:00.000Z", "unpublished": {"x": 1}},
        "repository": {"type": "git", "url": "git+https://github.com/scope/mono.git", "directory": "packages/tool"},
        "homepage": "https://tool.example.org"
    }"#;

    #[tokio::test]
    async fn a_package_is_read_with_its_tags_dates_and_source() {
        let list = ask(Npm, "@scope/tool", "/base/@scope%2Ftool", DOCUMENT).await.unwrap();
        assert_eq!(versions(&list), ["1.0.0", "1.1.0", "2.0.0-rc.1"]);
        assert_eq!(
            list.releases.iter().map(|release| release.is_deprecated).collect::<Vec<_>>(),
            [true, false, false]
        );
        assert_eq!(list.releases[1].timestamp, "2024-05-01T12:00:00Z".parse().ok());
        assert_eq!(list.tags.get("latest").map(String::as_str), Some("1.1.0"));
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/scope/mono"));
        assert_eq!(list.source_directory.as_deref(), Some("packages/tool"));
        assert_eq!(list.deprecation_message, None);
    }

    #[tokio::test]
    async fn what_is_no_package_is_said() {
        for (package, word) in [
            ("a/b", "not the name"),
            ("@a", "not the name"),
            ("..", "not the name"),
            ("gone", "does not have it"),
        ] {
            let error = ask(Npm, package, "/none", "").await.unwrap_err();
            assert!(error.to_string().contains(word), "{package}: {error}");
        }
        let error = ask(Npm, "x", "/base/x", "<html>").await.unwrap_err();
        assert!(error.to_string().contains("HTML page"), "{error}");
    }

    #[test]
    fn the_repository_is_known_however_it_is_written() {
        for (repository, expected) in [
            (json!("https://github.com/o/n"), Some("https://github.com/o/n")),
            (json!("o/n"), Some("https://github.com/o/n")),
            (json!("github:o/n"), Some("https://github.com/o/n")),
            (json!({"url": "git@github.com:o/n.git"}), Some("https://github.com/o/n")),
            (json!("gist:1234"), None),
            (json!(7), None),
            (json!(null), None),
        ] {
            assert_eq!(source(&repository).0.as_deref(), expected, "{repository}");
        }
    }
}
