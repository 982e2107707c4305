//! Providers and modules of registries that speak Terraform's protocols.
//! <https://developer.hashicorp.com/terraform/registry/api-docs> <https://opentofu.org/docs/internals/provider-registry-protocol/>

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use updraft_core::name::DatasourceId;
use updraft_core::release::{DigestQuery, Lookup, Release, ReleaseList};
use url::Url;

use super::pages::{Document, Paged, Pages};
use super::registry::{below, parse_place};
use super::source_url::SourceUrl;
use super::{Datasource, LookupError};
use crate::http::{Http, Reply, Request};

/// Terraform's own registry.
const TERRAFORM: &str = "registry.terraform.io";
/// The one of `OpenTofu`.
const OPENTOFU: &str = "registry.opentofu.org";
/// Where a registry says which protocols it speaks, and where.
const DISCOVERY: &str = "/.well-known/terraform.json";

/// What a registry is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Provider,
    Module,
}

/// Registries of one kind.
struct Protocol {
    kind: Kind,
}

/// Returns the datasources for providers and for modules.
pub fn all(http: &Http) -> Vec<Arc<dyn Datasource>> {
    [Kind::Provider, Kind::Module]
        .into_iter()
        .map(|kind| -> Arc<dyn Datasource> {
            Arc::new(Terraform { http: http.clone(), pages: Pages::new(http, Protocol { kind }) })
        })
        .collect()
}

/// All documents there are: where the services are, the list every registry has, and what Terraform's own one tells besides.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "providers.v1")]
    providers: Option<String>,
    #[serde(rename = "modules.v1")]
    modules_at: Option<String>,
    source: Option<String>,
    version: Option<String>,
    published_at: Option<Timestamp>,
    #[serde(default)]
    versions: Vec<Version>,
    #[serde(default)]
    modules: Vec<Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    versions: Vec<Version>,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Bare(String),
    Detailed { version: String },
}

/// A package taken apart.
struct Package<'a> {
    /// The host written in front of it.
    host: Option<&'a str>,
    /// `namespace/name`, of a module also its system.
    parts: Vec<&'a str>,
}

impl Kind {
    /// Returns the parts of a package, or why it is none. A provider without a namespace is one of `hashicorp`.
    fn parse(self, package: &str) -> Result<Package<'_>, String> {
        let (count, wanted) = match self {
            Self::Provider => (2, "a provider: write `namespace/name`"),
            Self::Module => (3, "a module: write `namespace/name/system`"),
        };
        // What stands behind `//` is a folder inside a module.
        let package = package.split_once("//").map_or(package, |(package, _)| package);
        let mut parts: Vec<&str> = package.split('/').collect();
        let host = (parts.len() == count + 1 && parts.first().is_some_and(|host| host.contains('.')))
            .then(|| parts.remove(0));
        if self == Self::Provider && parts.len() == 1 {
            parts.insert(0, "hashicorp");
        }
        let is_name = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let is_sound = parts.len() == count && parts.iter().all(is_name);
        is_sound.then_some(Package { host, parts }).ok_or_else(|| format!("it is not the name of {wanted}"))
    }

    fn service(self) -> &'static str {
        match self {
            Self::Provider => "providers",
            Self::Module => "modules",
        }
    }
}

/// Returns the registry that a package is in.
fn base(registry: Option<&Url>, package: &Package<'_>) -> Result<Url, String> {
    match (registry, package.host) {
        (Some(registry), _) => Ok(registry.clone()),
        (None, host) => parse_place(&format!("https://{}", host.unwrap_or(TERRAFORM))),
    }
}

impl Paged for Protocol {
    fn id(&self) -> DatasourceId {
        match self.kind {
            Kind::Provider => DatasourceId::TERRAFORM_PROVIDER,
            Kind::Module => DatasourceId::TERRAFORM_MODULE,
        }
    }

    /// The two well-known registries need not be asked where their services are.
    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        let package = self.kind.parse(package)?;
        let base = base(registry, &package)?;
        let start = ["v1", self.kind.service()];
        match base.host_str() {
            Some(TERRAFORM) => below(Some(&base), "", &[&start, package.parts.as_slice()].concat()),
            Some(OPENTOFU) => {
                below(Some(&base), "", &[&start, package.parts.as_slice(), &["versions"]].concat())
            }
            _ => base.join(DISCOVERY).map_err(|error| error.to_string()),
        }
    }

    fn read(&self, document: &Document<'_>, found: &mut ReleaseList) -> Result<Vec<Url>, String> {
        let answer: Answer = document.json()?;
        let package = self.kind.parse(document.package)?;
        if document.url.path() == DISCOVERY {
            let service = match self.kind {
                Kind::Provider => answer.providers,
                Kind::Module => answer.modules_at,
            };
            let service = service.ok_or_else(|| format!("it has no service `{}.v1`", self.kind.service()))?;
            let place = document.link(&service)?;
            return Ok(vec![below(Some(&place), "", &[package.parts.as_slice(), &["versions"]].concat())?]);
        }
        let latest = answer.version.zip(answer.published_at);
        let source = answer.source.or_else(|| answer.modules.iter().find_map(|module| module.source.clone()));
        let versions =
            answer.versions.into_iter().chain(answer.modules.into_iter().flat_map(|module| module.versions));
        found.releases.extend(versions.map(|version| {
            let (Version::Bare(version) | Version::Detailed { version }) = version;
            let published = latest.as_ref().filter(|(latest, _)| *latest == version);
            Release { timestamp: published.map(|(_, time)| *time), ..Release::of(version) }
        }));
        let host = document.url.host_str();
        found.source_url = match source {
            Some(source) => SourceUrl::parse(&source).map(|source| source.repository),
            None if host == Some(OPENTOFU) => self.repository(&package),
            None => None,
        };
        found.dependency_url = host
            .filter(|host| *host == TERRAFORM)
            .map(|host| format!("https://{host}/{}/{}", self.kind.service(), package.parts.join("/")));
        Ok(Vec::new())
    }
}

impl Protocol {
    /// Returns the repository that has a package of `OpenTofu`'s registry: its name follows from the package's.
    fn repository(&self, package: &Package<'_>) -> Option<String> {
        match (self.kind, package.parts.as_slice()) {
            // It builds HashiCorp's providers itself.
            (Kind::Provider, ["hashicorp", name]) => {
                Some(format!("https://github.com/opentofu/terraform-provider-{name}"))
            }
            (Kind::Provider, [namespace, name]) => {
                Some(format!("https://github.com/{namespace}/terraform-provider-{name}"))
            }
            (Kind::Module, [namespace, name, system]) => {
                Some(format!("https://github.com/{namespace}/terraform-{system}-{name}"))
            }
            _ => None,
        }
    }
}

struct Terraform {
    http: Http,
    pages: Pages<Protocol>,
}

#[derive(Deserialize)]
struct Detail {
    published_at: Option<Timestamp>,
}

impl Terraform {
    /// Returns where Terraform's registry tells more about one version; `None` for other registries.
    fn detail(&self, lookup: &Lookup, version: &str) -> Option<Url> {
        let registry = lookup.registry_urls.first().map(|place| Url::parse(place)).transpose().ok()?;
        let kind = self.pages.registry().kind;
        let package = kind.parse(&lookup.package_name).ok()?;
        let base = base(registry.as_ref(), &package).ok()?;
        if base.host_str() != Some(TERRAFORM) {
            return None;
        }
        below(Some(&base), "", &[&["v1", kind.service()], package.parts.as_slice(), &[version]].concat()).ok()
    }
}

#[async_trait]
impl Datasource for Terraform {
    fn id(&self) -> DatasourceId {
        self.pages.id()
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        self.pages.releases(lookup).await
    }

    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        self.pages.digest(query).await
    }

    async fn timestamp(&self, lookup: &Lookup, version: &str) -> Result<Option<Timestamp>, LookupError> {
        let Some(url) = self.detail(lookup, version) else { return Ok(None) };
        let failed = |error| LookupError::of_http(&lookup.package_name, error);
        let request = Request::get(url).accept("application/json").host_type(self.id().as_str());
        let reply = self.http.send(&request).await.and_then(Reply::success).map_err(failed)?;
        let detail: Detail = reply.json().map_err(failed)?;
        Ok(detail.published_at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::testing::ask;
    use super::super::registry::testing::versions;
    use super::*;

    const PROVIDER: Protocol = Protocol { kind: Kind::Provider };
    const MODULE: Protocol = Protocol { kind: Kind::Module };

    #[test]
    fn a_package_is_looked_up_where_its_name_says() {
        for (protocol, registry, package, expected) in [
            (PROVIDER, None, "hashicorp/aws", "https://registry.terraform.io/v1/providers/hashicorp/aws"),
            (PROVIDER, None, "aws", "https://registry.terraform.io/v1/providers/hashicorp/aws"),
            (
                PROVIDER,
                None,
                "registry.opentofu.org/fjord/boat",
                "https://registry.opentofu.org/v1/providers/fjord/boat/versions",
            ),
            (
                PROVIDER,
                Some("https://registry.opentofu.org"),
                "fjord/boat",
                "https://registry.opentofu.org/v1/providers/fjord/boat/versions",
            ),
            (
                MODULE,
                None,
                "fjord/boat/aws//modules/sail",
                "https://registry.terraform.io/v1/modules/fjord/boat/aws",
            ),
            (
                MODULE,
                None,
                "tf.example.org/fjord/boat/aws",
                "https://tf.example.org/.well-known/terraform.json",
            ),
        ] {
            let registry = registry.map(|place| Url::parse(place).unwrap());
            let url = protocol.address(registry.as_ref(), package).unwrap();
            assert_eq!(url.as_str(), expected, "{package}");
        }
        for package in ["", "a/b/c/d", "fjord/..", "fjord/a b"] {
            assert!(PROVIDER.address(None, package).is_err(), "{package}");
        }
        assert!(MODULE.address(None, "fjord/boat").is_err());
    }

    #[tokio::test]
    async fn a_registry_says_where_its_lists_are() {
        const DISCOVERED: (&str, &str) =
            (DISCOVERY, r#"{"providers.v1": "/p/", "modules.v1": "{origin}/m/v1/"}"#);
        let list = ask(
            PROVIDER,
            "fjord/boat",
            &[
                DISCOVERED,
                (
                    "/p/fjord/boat/versions",
                    r#"{"versions": [{"version": "1.2.0", "protocols": ["6.0"]}, {"version": "1.3.0"}]}"#,
                ),
            ],
        )
        .await
        .unwrap();
        assert_eq!(versions(&list), ["1.2.0", "1.3.0"]);
        let list = ask(
            MODULE,
            "fjord/boat/aws",
            &[DISCOVERED, ("/m/v1/fjord/boat/aws/versions", r#"{"modules": [{"source": "https://github.com/fjord/terraform-aws-boat", "versions": [{"version": "2.0.0"}]}]}"#)],
        )
        .await
        .unwrap();
        assert_eq!(versions(&list), ["2.0.0"]);
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/fjord/terraform-aws-boat"));
        assert!(ask(MODULE, "fjord/boat/aws", &[(DISCOVERY, "{}")]).await.is_err());
    }

    #[test]
    fn the_well_known_registries_tell_more() {
        let read = |url: &str, package, text: &str| {
            let mut found = ReleaseList::default();
            let document = Document { package, url: &Url::parse(url).unwrap(), text: text.as_bytes() };
            assert_eq!(PROVIDER.read(&document, &mut found), Ok(Vec::new()));
            found
        };
        let list = read(
            "https://registry.terraform.io/v1/providers/fjord/boat",
            "fjord/boat",
            r#"{"source": "https://github.com/fjord/terraform-provider-boat", "version": "1.3.0", "published_at": "2024-05-01T00:00:00Z", "versions": ["1.2.0", "1.3.0"]}"#,
        );
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/fjord/terraform-provider-boat"));
        assert_eq!(
            list.dependency_url.as_deref(),
            Some("https://registry.terraform.io/providers/fjord/boat")
        );
        let times: Vec<_> = list.releases.iter().map(|release| release.timestamp.is_some()).collect();
        assert_eq!(times, [false, true]);
        let list = read(
            "https://registry.opentofu.org/v1/providers/hashicorp/boat/versions",
            "hashicorp/boat",
            r#"{"versions": [{"version": "1.2.0"}]}"#,
        );
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/opentofu/terraform-provider-boat"));
    }
}
