//! GitHub's hosted runner images: what `runs-on` can name.
//!
//! There is no registry of them. The table is written from GitHub's announcements, see
//! <https://docs.github.com/actions/reference/runners/github-hosted-runners> and <https://github.com/actions/runner-images>.

use std::sync::Arc;

use async_trait::async_trait;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Lookup, Release, ReleaseList};

use super::{Datasource, LookupError, LookupErrorKind};

/// Whether an image is there to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Current,
    /// Announced to be removed, or gone.
    Deprecated,
}

use State::{Current, Deprecated};

/// A version, the day it became generally available, and the variants it comes in, each a suffix of the version.
struct Image(&'static str, &'static str, State, &'static [&'static str]);

const UBUNTU: &[Image] = &[
    Image("26.04", "2026-09-17", Current, &["", "-arm"]),
    Image("24.04", "2024-09-25", Current, &["", "-arm"]),
    Image("22.04", "2022-08-09", Deprecated, &["", "-arm"]),
    Image("20.04", "2020-06-02", Deprecated, &[""]),
    Image("18.04", "2019-08-08", Deprecated, &[""]),
    Image("16.04", "2019-08-08", Deprecated, &[""]),
];
const MACOS: &[Image] = &[
    Image("26", "2026-02-26", Current, &["", "-intel", "-large", "-xlarge"]),
    Image("15", "2025-04-10", Current, &["", "-intel", "-large", "-xlarge"]),
    Image("14", "2024-04-01", Deprecated, &["", "-large", "-xlarge"]),
    Image("13", "2023-04-24", Deprecated, &["", "-large", "-xlarge"]),
    Image("12", "2022-06-13", Deprecated, &["", "-large"]),
    Image("11", "2021-08-16", Deprecated, &[""]),
    Image("10.15", "2019-11-13", Deprecated, &[""]),
];
const WINDOWS: &[Image] = &[
    Image("2025", "2025-04-10", Current, &[""]),
    Image("2022", "2021-11-16", Current, &[""]),
    Image("2019", "2019-08-08", Deprecated, &[""]),
    Image("2016", "2019-08-08", Deprecated, &[""]),
    Image("11", "2025-08-07", Current, &["-arm"]),
];

/// GitHub's hosted runner images.
#[derive(Clone, Copy, Debug, Default)]
pub struct GithubRunners;

/// Returns the versions of a runner image by its name: `ubuntu`, `macos`, `windows`.
fn images(name: &str) -> Option<&'static [Image]> {
    match name {
        "ubuntu" => Some(UBUNTU),
        "macos" => Some(MACOS),
        "windows" => Some(WINDOWS),
        _ => None,
    }
}

#[async_trait]
impl Datasource for GithubRunners {
    fn id(&self) -> DatasourceId {
        DatasourceId::GITHUB_RUNNERS
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let name = &lookup.package_name;
        let images = images(name).ok_or_else(|| {
            LookupError::new(LookupErrorKind::NotFound, "", name, "it is not a runner image of GitHub's")
                .hint("GitHub hosts `ubuntu`, `macos` and `windows`; other runners are your own")
        })?;
        let release = |Image(version, day, state, variants): &'static Image| {
            variants.iter().map(move |variant| Release {
                timestamp: format!("{day}T00:00:00Z").parse().ok(),
                is_deprecated: *state == Deprecated,
                ..Release::of(format!("{version}{variant}"))
            })
        };
        Ok(Arc::new(ReleaseList {
            releases: images.iter().flat_map(release).collect(),
            source_url: Some("https://github.com/actions/runner-images".to_owned()),
            ..ReleaseList::default()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn versions(name: &str) -> Result<Vec<Release>, LookupError> {
        let lookup = Lookup {
            datasource: DatasourceId::GITHUB_RUNNERS,
            package_name: name.to_owned(),
            registry_urls: Vec::new(),
        };
        GithubRunners.releases(&lookup).await.map(|list| list.releases.clone())
    }

    #[tokio::test]
    async fn every_image_has_a_date() {
        for name in ["ubuntu", "macos", "windows"] {
            for release in versions(name).await.unwrap() {
                assert!(release.timestamp.is_some(), "{name} {}", release.version);
            }
        }
    }

    #[tokio::test]
    async fn variants_are_versions_of_their_own() {
        let releases = versions("ubuntu").await.unwrap();
        let names: Vec<&str> = releases.iter().map(|release| release.version.as_str()).collect();
        assert!(names.contains(&"24.04") && names.contains(&"24.04-arm"));
        assert!(releases.iter().any(|release| release.version == "20.04" && release.is_deprecated));
    }

    #[tokio::test]
    async fn an_unknown_image_is_not_found() {
        assert_eq!(versions("self-hosted").await.unwrap_err().kind, LookupErrorKind::NotFound);
    }
}
