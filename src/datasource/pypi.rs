//! Packages of the Python Package Index. <https://docs.pypi.org/api/json/>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below, json};
use super::source_url::SourceUrl;

/// The Python Package Index.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pypi;

#[derive(Deserialize)]
struct Package {
    info: Info,
    #[serde(default)]
    releases: BTreeMap<String, Vec<File>>,
}

#[derive(Deserialize)]
struct Info {
    home_page: Option<String>,
    project_urls: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Deserialize)]
struct File {
    upload_time_iso_8601: Option<String>,
    #[serde(default)]
    yanked: bool,
}

impl Registry for Pypi {
    fn id(&self) -> DatasourceId {
        DatasourceId::PYPI
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        // Extras select parts of a package: `name[extra]`.
        let name = package.split('[').next().unwrap_or(package).trim();
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            && name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !is_name {
            return Err("it is not the name of a Python package".to_owned());
        }
        if registry.is_some_and(|url| url.path().trim_end_matches('/').ends_with("/simple")) {
            return Err("indexes that only speak the simple API are not understood".to_owned());
        }
        below(registry, "https://pypi.org/pypi", &[&normalized(name), "json"])
    }

    fn shape(&self, _: &str) -> String {
        "pypi/1".to_owned()
    }

    fn read(&self, document: &[u8], _: &str) -> Result<ReleaseList, String> {
        let found: Package = json(document)?;
        let release = |(version, files): (&String, &Vec<File>)| {
            let uploaded = files
                .iter()
                .filter_map(|file| file.upload_time_iso_8601.as_deref()?.parse::<Timestamp>().ok())
                .min();
            // Of a version without files nothing can be installed.
            let is_gone = files.iter().all(|file| file.yanked);
            Release { timestamp: uploaded, is_deprecated: is_gone, ..Release::of(version.clone()) }
        };
        let source = source(&found.info);
        Ok(ReleaseList {
            releases: found.releases.iter().map(release).collect(),
            source_url: source.as_ref().map(|source| source.repository.clone()),
            source_directory: source.and_then(|source| source.directory),
            homepage: found.info.home_page.filter(|page| !page.is_empty()),
            ..ReleaseList::default()
        })
    }
}

/// Returns the one spelling of a name that all others mean.
/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
fn normalized(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// Returns the repository: the link that says so by its label, else any link to a forge.
fn source(info: &Info) -> Option<SourceUrl> {
    let links = info
        .project_urls
        .iter()
        .flatten()
        .filter_map(|(label, url)| Some((label.to_lowercase(), url.as_deref()?)));
    let links: Vec<(String, &str)> = links.collect();
    let labelled = |words: &[&str]| {
        links
            .iter()
            .find(|(label, url)| words.iter().any(|word| label.contains(word)) && SourceUrl::is_on_forge(url))
            .map(|(_, url)| *url)
    };
    let page = info.home_page.as_deref().filter(|page| SourceUrl::is_on_forge(page));
    labelled(&["source", "repository", "code", "github"])
        .or(page)
        .or_else(|| labelled(&["home"]))
        .and_then(SourceUrl::parse)
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    const DOCUMENT: &str = r#"{
        "info": {"home_page": "", "project_urls": {"Documentation": "https://x.readthedocs.io", "Source Code": "https://github.com/o/n", "Nothing": null}},
        "releases": {
            "1.0": [{"upload_time_iso_8601": "2024-05-02T00:00:00.5Z", "yanked": false}, {"upload_time_iso_8601": "2024-05-01T00:00:00Z", "yanked": true}],
            "1.1": [{"upload_time_iso_8601": null, "yanked": true}],
            "1.2": []
        }
    }"#;

    #[tokio::test]
    async fn a_package_is_read_with_its_dates_and_source() {
        let list = ask(Pypi, "My_Tool.Kit[extra]", "/base/my-tool-kit/json", DOCUMENT).await.unwrap();
        assert_eq!(versions(&list), ["1.0", "1.1", "1.2"]);
        assert_eq!(list.releases[0].timestamp, "2024-05-01T00:00:00Z".parse().ok());
        assert_eq!(
            list.releases.iter().map(|release| release.is_deprecated).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/o/n"));
        assert_eq!(list.homepage, None);
    }

    #[tokio::test]
    async fn what_is_no_package_is_said() {
        for package in ["a/b", "", "[x]", "-x"] {
            let error = ask(Pypi, package, "/none", "").await.unwrap_err();
            assert!(error.to_string().contains("not the name"), "{package}: {error}");
        }
    }
}
