//! Versions of Java, as Adoptium builds it. <https://api.adoptium.net/q/swagger-ui/>

use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::pages::{Document, Paged};
use super::registry::below;

/// Adoptium.
#[derive(Clone, Copy, Debug, Default)]
pub struct JavaVersion;

/// How many versions a page has: the most there may be.
const PAGE: usize = 50;

#[derive(Deserialize)]
struct Page {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    semver: String,
}

impl Paged for JavaVersion {
    fn id(&self) -> DatasourceId {
        DatasourceId::JAVA_VERSION
    }

    /// `java`, `java-jdk` and `java-jre` are packages; `?os=linux&architecture=x64` behind them leaves out what is not built for it.
    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let (name, query) = package.split_once('?').unwrap_or((package, ""));
        let image = match name {
            "java" | "java-jdk" => "jdk",
            "java-jre" => "jre",
            _ => return Err("it is none of `java`, `java-jdk` and `java-jre`".to_owned()),
        };
        let mut url = below(registry, "https://api.adoptium.net", &["v3", "info", "release_versions"])?;
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("page_size", &PAGE.to_string()).append_pair("image_type", image);
        for (key, value) in
            [("project", "jdk"), ("release_type", "ga"), ("sort_method", "DATE"), ("sort_order", "DESC")]
        {
            pairs.append_pair(key, value);
        }
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if matches!(&*key, "os" | "architecture") {
                pairs.append_pair(&key, &value);
            }
        }
        pairs.append_pair("page", "0");
        drop(pairs);
        Ok(url)
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        let page: Page = document.json()?;
        let is_full = page.versions.len() >= PAGE;
        found.releases.extend(page.versions.into_iter().map(|version| Release::of(version.semver)));
        found.homepage = Some("https://adoptium.net".to_owned());
        Ok(if is_full { next_page(document.url).into_iter().collect() } else { Vec::new() })
    }
}

/// Returns the address with the next number of a page.
fn next_page(url: &Url) -> Option<Url> {
    let (rest, page) = url.query()?.rsplit_once("page=")?;
    let mut next = url.clone();
    next.set_query(Some(&format!("{rest}page={}", page.parse::<u32>().ok()?.checked_add(1)?)));
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::super::pages::Pages;
    use super::*;
    use crate::datasource::Datasource as _;
    use crate::http::testing::{Answer, Server, client};
    use updraft_core::release::Lookup;

    #[tokio::test]
    async fn pages_are_read_until_one_is_not_full() {
        let server = Server::start(|seen| {
            let wanted = "/v3/info/release_versions?page_size=50&image_type=jre&project=jdk&release_type=ga&sort_method=DATE&sort_order=DESC&os=linux&page=";
            let Some(page) = seen.target.strip_prefix(wanted) else { return Answer::status(404) };
            let count = if page == "0" { PAGE } else { 2 };
            let versions: Vec<_> = (0..count).map(|at| format!(r#"{{"semver": "{page}.0.{at}+7", "major": 21}}"#)).collect();
            Answer::ok(format!(r#"{{"versions": [{}]}}"#, versions.join(",")))
        })
        .await;
        let lookup = Lookup {
            datasource: DatasourceId::JAVA_VERSION,
            package_name: "java-jre?os=linux&system=true".to_owned(),
            registry_urls: vec![server.origin.clone()],
        };
        let list = Pages::new(&client(), JavaVersion).releases(&lookup).await.unwrap();
        assert_eq!(list.releases.len(), PAGE + 2);
        assert_eq!(server.seen().len(), 2);
        assert!(JavaVersion.address(None, "kotlin").is_err());
    }
}
