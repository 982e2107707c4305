//! What a registry knows about a package.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::DatasourceId;

/// What identifies one question to a registry: equal lookups are asked once a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lookup {
    /// Who is asked.
    pub datasource: DatasourceId,
    /// What is asked for: an image (`ghcr.io/owner/name`), a chart's name, `owner/repo`, a git URL, ...
    pub package_name: String,
    /// Where it is looked for, in order; empty means the datasource's own default.
    pub registry_urls: Vec<String>,
}

/// One published version of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The version as published: a tag, a chart version, ...
    pub version: String,
    /// When it was published, UTC; `None` where the registry does not say.
    pub timestamp: Option<Timestamp>,
    /// What the registry says of its stability; `None` leaves it to the versioning.
    pub is_stable: Option<bool>,
    /// Whether the publisher withdrew or deprecated it.
    pub is_deprecated: bool,
    /// The digest it resolves to, where the list already says so (a git tag's commit, a Hub tag's digest).
    pub digest: Option<String>,
}

impl Release {
    /// Returns a release of which only the version is known.
    pub fn of(version: impl Into<String>) -> Self {
        Self { version: version.into(), ..Self::default() }
    }
}

/// All that a registry answered about one package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseList {
    /// The releases, in the registry's order.
    pub releases: Vec<Release>,
    /// Names that point to a version, such as `latest`.
    pub tags: BTreeMap<String, String>,
    /// The registry that answered.
    pub registry_url: Option<String>,
    /// The source repository, for change logs and links.
    pub source_url: Option<String>,
    /// The folder inside the source repository.
    pub source_directory: Option<String>,
    /// The project's page.
    pub homepage: Option<String>,
    /// The page of the package itself.
    pub dependency_url: Option<String>,
    /// Why the whole package is deprecated, in the registry's words.
    pub deprecation_message: Option<String>,
}

impl ReleaseList {
    /// Returns the digest that the registry listed for a version; `None` when it listed none.
    pub fn digest_of(&self, version: &str) -> Option<String> {
        self.releases.iter().find(|release| release.version == version)?.digest.clone()
    }
}

/// What to resolve to a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigestQuery {
    /// The package.
    pub lookup: Lookup,
    /// The version to resolve as published: a tag, a branch; `None` asks for the default one (`latest`, `HEAD`).
    pub value: Option<String>,
    /// The digest in the file today: a pin of one platform's manifest stays on that platform.
    pub current_digest: Option<String>,
}
