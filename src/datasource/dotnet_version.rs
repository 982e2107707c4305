//! Versions of .NET, as its release metadata lists them. <https://github.com/dotnet/core/blob/main/release-notes/README.md>

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::pages::{Document, Paged};
use super::registry::parse_place;

/// The release metadata of .NET. The packages are `dotnet-sdk` and `dotnet-runtime`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DotnetVersion;

const INDEX: &str = "https://builds.dotnet.microsoft.com/dotnet/release-metadata/releases-index.json";

/// Both documents there are: the list of channels, and the releases of one.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "releases-index", default)]
    channels: Vec<Channel>,
    #[serde(default)]
    releases: Vec<Published>,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(rename = "releases.json")]
    releases: String,
}

#[derive(Deserialize)]
struct Published {
    #[serde(rename = "release-date")]
    date: Option<String>,
    runtime: Option<Product>,
    sdk: Option<Product>,
    #[serde(default)]
    sdks: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    version: Option<String>,
}

impl Paged for DotnetVersion {
    fn id(&self) -> DatasourceId {
        DatasourceId::DOTNET_VERSION
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        if !matches!(package, "dotnet-sdk" | "dotnet-runtime") {
            return Err("it is neither `dotnet-sdk` nor `dotnet-runtime`".to_owned());
        }
        registry.map_or_else(|| parse_place(INDEX), |url| Ok(url.clone()))
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        let answer: Answer = document.json()?;
        for published in answer.releases {
            let date = published.date.as_deref().and_then(|date| {
                let date: Date = date.parse().ok()?;
                Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
            });
            let products: Vec<Product> = if document.package == "dotnet-runtime" {
                published.runtime.into_iter().collect()
            } else {
                published.sdk.into_iter().chain(published.sdks).collect()
            };
            let versions = products.into_iter().filter_map(|product| product.version);
            found
                .releases
                .extend(versions.map(|version| Release { timestamp: date, ..Release::of(version) }));
        }
        found.source_url = Some("https://github.com/dotnet/sdk".to_owned());
        found.homepage = Some("https://dotnet.microsoft.com".to_owned());
        answer.channels.iter().map(|channel| document.link(&channel.releases)).collect()
    }

    /// The index is copied to hosts that do not have what it names.
    fn other_hosts(&self) -> &'static [&'static str] {
        &["builds.dotnet.microsoft.com", "dotnetcli.blob.core.windows.net", "dotnetcli.azureedge.net"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::testing::ask;
    use super::super::registry::testing::versions;
    use super::*;

    const DOCUMENTS: &[(&str, &str)] = &[
        ("/", r#"{"releases-index": [{"channel-version": "9.0", "releases.json": "{origin}/9.0.json"}]}"#),
        (
            "/9.0.json",
            r#"{"channel-version": "9.0", "releases": [
                {"release-date": "2025-03-11", "runtime": {"version": "9.0.3"}, "sdk": {"version": "9.0.201"}, "sdks": [{"version": "9.0.201"}, {"version": "9.0.104"}]},
                {"release-date": "odd", "runtime": null, "sdk": {"version": "9.0.100-rc.1"}}]}"#,
        ),
    ];

    #[tokio::test]
    async fn the_package_says_which_product() {
        let list = ask(DotnetVersion, "dotnet-sdk", DOCUMENTS).await.unwrap();
        assert_eq!(versions(&list), ["9.0.201", "9.0.104", "9.0.100-rc.1"]);
        assert_eq!(list.releases[1].timestamp, "2025-03-11T00:00:00Z".parse().ok());
        assert_eq!(versions(&ask(DotnetVersion, "dotnet-runtime", DOCUMENTS).await.unwrap()), ["9.0.3"]);
        assert!(ask(DotnetVersion, "dotnet", DOCUMENTS).await.is_err());
    }
}
