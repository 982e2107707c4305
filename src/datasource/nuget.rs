//! Packages of `NuGet` feeds, version 3 of the protocol. <https://learn.microsoft.com/en-us/nuget/api/overview>

use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::pages::{Document, Paged};
use super::registry::{below, parse_place};
use super::source_url::SourceUrl;

/// nuget.org, and other feeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nuget;

/// All documents there are: the index of services, the index of a package, and a page of that.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    resources: Vec<Service>,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    kind: String,
}

/// A page, or a leaf of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(rename = "@id")]
    id: Option<String>,
    items: Option<Vec<Item>>,
    catalog_entry: Option<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    version: String,
    published: Option<Timestamp>,
    listed: Option<bool>,
    project_url: Option<String>,
    deprecation: Option<serde_json::Value>,
}

/// The services that list a package's versions, the best first.
const SERVICES: [&str; 4] = [
    "RegistrationsBaseUrl/3.6.0",
    "RegistrationsBaseUrl/Versioned",
    "RegistrationsBaseUrl/3.4.0",
    "RegistrationsBaseUrl",
];

impl Paged for Nuget {
    fn id(&self) -> DatasourceId {
        DatasourceId::NUGET
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let is_name = !package.is_empty()
            && package.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if !is_name {
            return Err("it is not the name of a package".to_owned());
        }
        match registry {
            None => parse_place("https://api.nuget.org/v3/index.json"),
            Some(url) if url.path().ends_with("/index.json") => Ok(url.clone()),
            Some(url) => Err(format!(
                "`{}` is not the index of a feed of version 3, which ends in `/index.json`",
                crate::http::shown(url)
            )),
        }
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        let answer: Answer = document.json()?;
        if !answer.resources.is_empty() {
            let service =
                SERVICES.iter().find_map(|kind| answer.resources.iter().find(|one| one.kind == *kind));
            let service = service.ok_or("the feed has no service that lists the versions of a package")?;
            let place = document.link(&service.id)?;
            return Ok(vec![below(Some(&place), "", &[&document.package.to_lowercase(), "index.json"])?]);
        }
        let mut more = Vec::new();
        for item in answer.items {
            match (item.catalog_entry, item.items, item.id) {
                (Some(entry), ..) => add(entry, found),
                (None, Some(leaves), _) => {
                    leaves
                        .into_iter()
                        .filter_map(|leaf| leaf.catalog_entry)
                        .for_each(|entry| add(entry, found));
                }
                (None, None, Some(page)) => more.push(document.link(&page)?),
                (None, None, None) => {}
            }
        }
        found.dependency_url = Some(format!("https://www.nuget.org/packages/{}", document.package));
        Ok(more)
    }
}

/// Adds a version. One that is not listed, or was deprecated, is not offered to those who do not have it already.
fn add(entry: Entry, found: &mut ReleaseList) {
    let version = entry.version.split('+').next().unwrap_or_default();
    found.releases.push(Release {
        timestamp: entry.published.filter(|_| entry.listed != Some(false)),
        is_deprecated: entry.listed == Some(false) || entry.deprecation.is_some(),
        ..Release::of(version)
    });
    let page = entry.project_url.filter(|page| !page.is_empty());
    if let Some(source) =
        page.as_deref().filter(|page| SourceUrl::is_on_forge(page)).and_then(SourceUrl::parse)
    {
        found.source_url = Some(source.repository);
    }
    found.homepage = page.or(found.homepage.take());
}

#[cfg(test)]
mod tests {
    use super::super::pages::testing::ask;
    use super::super::registry::testing::versions;
    use super::super::{Datasource as _, pages::Pages};
    use super::*;
    use crate::http::testing::{Answer, Server, client};
    use updraft_core::release::Lookup;

    #[tokio::test]
    async fn all_pages_of_a_package_are_read() {
        let server = Server::start(|seen| {
            let text = match seen.target.as_str() {
                "/v3/index.json" => r#"{"version": "3.0.0", "resources": [
                    {"@id": "{origin}/old/", "@type": "RegistrationsBaseUrl"},
                    {"@id": "{origin}/new/", "@type": "RegistrationsBaseUrl/3.6.0"}]}"#,
                "/new/fjord.boat/index.json" => r#"{"count": 2, "items": [
                    {"@id": "{origin}/new/fjord.boat/page/1.json", "count": 1},
                    {"@id": "{origin}/new/fjord.boat/page/2.json", "items": [
                        {"@id": "{origin}/x", "catalogEntry": {"version": "2.0.0+build", "published": "2024-05-01T00:00:00+00:00", "listed": true, "projectUrl": "https://github.com/fjord/boat"}},
                        {"@id": "{origin}/y", "catalogEntry": {"version": "2.1.0", "published": "1900-01-01T00:00:00+00:00", "listed": false}}]}]}"#,
                "/new/fjord.boat/page/1.json" => r#"{"items": [{"catalogEntry": {"version": "1.0.0", "deprecation": {"reasons": ["Legacy"]}}}]}"#,
                _ => return Answer::status(404),
            };
            Answer::ok(text.replace("{origin}", &format!("http://{}", seen.header("host").unwrap_or_default())))
        })
        .await;
        let lookup = Lookup {
            datasource: DatasourceId::NUGET,
            package_name: "Fjord.Boat".to_owned(),
            registry_urls: vec![format!("{}/v3/index.json", server.origin)],
        };
        let list = Pages::new(&client(), Nuget).releases(&lookup).await.unwrap();
        assert_eq!(versions(&list), ["2.0.0", "2.1.0", "1.0.0"]);
        let deprecated: Vec<_> = list.releases.iter().map(|release| release.is_deprecated).collect();
        assert_eq!(deprecated, [false, true, true]);
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/fjord/boat"));
        let error = ask(Nuget, "Fjord.Boat", &[]).await.unwrap_err();
        assert!(error.to_string().contains("/index.json"), "{error}");
    }
}
