//! What stands behind a tag: an index of images for several platforms, or one image, and its configuration.

use std::collections::BTreeMap;

use jiff::Timestamp;
use oci_distribution::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE, OciImageIndex, OciImageManifest, OciManifest,
};
use reqwest::StatusCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use updraft_core::name::Digest;
use url::Url;

use super::access::Registries;
use super::name::{Repository, is_reference};
use crate::datasource::{LookupError, Provenance};
use crate::http::{Absence, Caching, Proof, Reply, Request, hex};

/// The largest manifest and the largest configuration that are read, in bytes. Registries accept 4 MiB.
const LIMIT: u64 = 4 * 1024 * 1024;

/// The media type of a Helm chart's configuration, which is its `Chart.yaml` as JSON.
const HELM_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";

/// The header in which a registry says what a tag resolves to.
const DIGEST_HEADER: &str = "docker-content-digest";

/// What a tag resolves to, without what is behind it.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) digest: String,
    /// Whether one image stands behind it, for one platform.
    pub(super) is_single_image: bool,
}

/// The part of an image's configuration that is of use here. The rest, and all that may be wrong in it, is not looked at.
/// <https://github.com/opencontainers/image-spec/blob/main/config.md>
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    created: Option<String>,
    architecture: Option<String>,
    os: Option<String>,
    variant: Option<String>,
    #[serde(rename = "config")]
    container: Option<Container>,
    // Of a chart.
    home: Option<String>,
    sources: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// The platform an image is for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// Asks for the manifests of one repository.
pub(super) struct Manifests<'a> {
    pub(super) registries: &'a Registries,
    pub(super) repository: &'a Repository,
}

impl Manifests<'_> {
    /// Returns what a tag or digest resolves to; `None` when there is no such one.
    pub(super) async fn resolve(&self, reference: &str) -> Result<Option<Resolved>, LookupError> {
        if !is_reference(reference) {
            return Ok(None);
        }
        let mut reply = self.send(self.request(reference)?.head_only()).await?;
        let digest = digest_header(&reply);
        if matches!(reply.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(None);
        }
        if digest.is_none() || !reply.status.is_success() {
            // Not every registry answers HEAD as it should.
            reply = self.send(self.request(reference)?).await?;
        }
        if matches!(reply.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(None);
        }
        let reply = reply.success().map_err(|error| self.failed(error))?;
        let digest = digest.or_else(|| digest_header(&reply)).unwrap_or_else(|| sha256(&reply.body));
        let kind = reply.header("content-type").unwrap_or_default();
        let is_single_image =
            kind.starts_with(OCI_IMAGE_MEDIA_TYPE) || kind.starts_with(IMAGE_MANIFEST_MEDIA_TYPE);
        Ok(Some(Resolved { digest, is_single_image }))
    }

    /// Returns the digest that `reference` has for the platform of the image `pinned`; `None` when that platform is gone.
    pub(super) async fn resolve_for_platform_of(
        &self,
        pinned: &str,
        reference: &str,
        resolved: &Resolved,
    ) -> Result<Option<String>, LookupError> {
        if resolved.is_single_image {
            return Ok(Some(resolved.digest.clone()));
        }
        let OciManifest::Image(image) = self.manifest(pinned).await? else {
            return Ok(Some(resolved.digest.clone()));
        };
        let Some(platform) = self.config(&image).await?.platform() else {
            return Ok(Some(resolved.digest.clone()));
        };
        let OciManifest::ImageIndex(index) = self.manifest(reference).await? else {
            return Ok(Some(resolved.digest.clone()));
        };
        let entries: Vec<_> = index.manifests.iter().filter(|entry| platform.is_of(entry)).collect();
        let entry = match entries.as_slice() {
            [only] => Some(*only),
            // `arm` alone is neither `arm/v6` nor `arm/v7`.
            several => several.iter().copied().find(|entry| variant_of(entry) == platform.variant.as_deref()),
        };
        Ok(entry.map(|entry| entry.digest.clone()).filter(|digest| digest.parse::<Digest>().is_ok()))
    }

    /// Returns when the image behind a tag was made; `None` when it does not say, or says that it hides it (reproducible images are from 1970).
    pub(super) async fn created(&self, reference: &str) -> Result<Option<Timestamp>, LookupError> {
        let manifest = self.manifest(reference).await?;
        let annotated = created_of(annotations(&manifest));
        if annotated.is_some() {
            return Ok(annotated);
        }
        let Some(image) = self.first_image(manifest).await? else { return Ok(None) };
        if let Some(time) = created_of(image.annotations.as_ref()) {
            return Ok(Some(time));
        }
        Ok(self.config(&image).await?.created.as_deref().and_then(believable_time))
    }

    /// Returns where the image behind a tag comes from: by the annotations of the index, of its first entry, of the first image, and the labels
    /// of its configuration, in this order; a chart tells in its configuration.
    pub(super) async fn provenance(&self, reference: &str) -> Result<Provenance, LookupError> {
        let manifest = self.manifest(reference).await?;
        let mut found = Provenance::default();
        add_labels(&mut found, annotations(&manifest));
        if let OciManifest::ImageIndex(index) = &manifest {
            add_labels(&mut found, first_entry(index).and_then(|entry| entry.annotations.as_ref()));
        }
        if found.source_url.is_some() {
            return Ok(found);
        }
        let Some(image) = self.first_image(manifest).await? else { return Ok(found) };
        add_labels(&mut found, image.annotations.as_ref());
        if found.source_url.is_none() {
            let is_chart = image.config.media_type == HELM_CONFIG;
            let config = self.config(&image).await?;
            if is_chart {
                found.homepage = found.homepage.or(config.home);
                found.source_url =
                    config.sources.unwrap_or_default().into_iter().next().or(found.homepage.clone());
            } else {
                add_labels(&mut found, config.container.and_then(|container| container.labels).as_ref());
            }
        }
        Ok(found)
    }

    /// Returns the manifest itself or, of an index, the first one that is an image for a platform.
    async fn first_image(&self, manifest: OciManifest) -> Result<Option<OciImageManifest>, LookupError> {
        let index = match manifest {
            OciManifest::Image(image) => return Ok(Some(image)),
            OciManifest::ImageIndex(index) => index,
        };
        let Some(entry) = first_entry(&index) else { return Ok(None) };
        match self.manifest(&entry.digest).await? {
            OciManifest::Image(image) => Ok(Some(image)),
            // An index inside an index is allowed, and nobody makes one; it could go on for ever.
            OciManifest::ImageIndex(_) => Ok(None),
        }
    }

    async fn manifest(&self, reference: &str) -> Result<OciManifest, LookupError> {
        let reply =
            self.send(self.request(reference)?).await?.success().map_err(|error| self.failed(error))?;
        self.verify(reference, &reply)?;
        reply.json().map_err(|error| self.failed(error))
    }

    async fn config(&self, image: &OciImageManifest) -> Result<Config, LookupError> {
        let digest = image.config.digest.as_str();
        if digest.parse::<Digest>().is_err() {
            return Ok(Config::default());
        }
        let url = self.registries.url(self.repository, &format!("blobs/{digest}"))?;
        let request = immutable(url, digest).body_limit(LIMIT);
        let reply = self.send(request).await?.success().map_err(|error| self.failed(error))?;
        self.verify(digest, &reply)?;
        reply.json().map_err(|error| self.failed(error))
    }

    fn request(&self, reference: &str) -> Result<Request, LookupError> {
        if !is_reference(reference) {
            return Err(LookupError::unsupported(
                self.repository.shown(),
                format!("{reference:?} is no tag and no digest"),
            ));
        }
        let url = self.registries.url(self.repository, &format!("manifests/{reference}"))?;
        let accept = [
            IMAGE_MANIFEST_LIST_MEDIA_TYPE,
            IMAGE_MANIFEST_MEDIA_TYPE,
            OCI_IMAGE_INDEX_MEDIA_TYPE,
            OCI_IMAGE_MEDIA_TYPE,
        ]
        .join(", ");
        let request = if is_digest(reference) { immutable(url, reference) } else { Request::get(url) };
        Ok(request.accept(accept).body_limit(LIMIT))
    }

    async fn send(&self, request: Request) -> Result<Reply, LookupError> {
        self.registries.send(self.repository, request).await
    }

    /// Checks that what was asked for by its digest is what it should be.
    fn verify(&self, reference: &str, reply: &Reply) -> Result<(), LookupError> {
        if proof(reference).is_none_or(|proof| proof.holds(&reply.body)) {
            return Ok(());
        }
        Err(self
            .failed(reply.malformed(format!("it does not have the digest `{reference}` that was asked for"))))
    }

    fn failed(&self, error: crate::http::HttpError) -> LookupError {
        LookupError::of_http(self.repository.shown(), error)
    }
}

/// Returns a request for content with a digest. Registries forget what no tag points to any more, and do not take that back within a run.
fn immutable(url: Url, digest: &str) -> Request {
    Request::get(url).caching(Caching::Immutable).absence(Absence::OfTheRun).proven(proof(digest))
}

/// Returns what shows that content has a digest; `None` for tags, and for digests of another kind.
fn proof(reference: &str) -> Option<Proof> {
    let is_known = reference.starts_with("sha256:");
    is_known.then(|| Proof::new(reference, |body, digest| sha256(body) == digest))
}

impl Config {
    fn platform(self) -> Option<Platform> {
        Some(Platform { os: self.os?, architecture: self.architecture?, variant: self.variant })
    }
}

impl Platform {
    /// Whether an entry of an index is for this platform. A variant counts only where both name one: `arm64` is `arm64/v8`.
    fn is_of(&self, entry: &ImageIndexEntry) -> bool {
        entry.platform.as_ref().is_some_and(|platform| {
            let variants = (self.variant.as_deref(), platform.variant.as_deref());
            platform.os.to_string() == self.os
                && platform.architecture.to_string() == self.architecture
                && (variants.0.is_none() || variants.1.is_none() || variants.0 == variants.1)
        })
    }
}

fn variant_of(entry: &ImageIndexEntry) -> Option<&str> {
    entry.platform.as_ref()?.variant.as_deref()
}

fn is_digest(reference: &str) -> bool {
    reference.contains(':')
}

fn digest_header(reply: &Reply) -> Option<String> {
    reply.header(DIGEST_HEADER).filter(|text| text.parse::<Digest>().is_ok()).map(str::to_owned)
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn annotations(manifest: &OciManifest) -> Option<&BTreeMap<String, String>> {
    match manifest {
        OciManifest::Image(image) => image.annotations.as_ref(),
        OciManifest::ImageIndex(index) => index.annotations.as_ref(),
    }
}

/// Returns the first entry of an index that is an image. Attestations stand there too, for the platform `unknown`.
fn first_entry(index: &OciImageIndex) -> Option<&ImageIndexEntry> {
    let unknown = |entry: &&ImageIndexEntry| {
        entry.platform.as_ref().is_some_and(|platform| platform.architecture.to_string() == "unknown")
    };
    index
        .manifests
        .iter()
        .find(|entry| !unknown(entry))
        .filter(|entry| entry.digest.parse::<Digest>().is_ok())
}

fn created_of(annotations: Option<&BTreeMap<String, String>>) -> Option<Timestamp> {
    believable_time(annotations?.get("org.opencontainers.image.created")?)
}

/// Returns a time, unless it is one that stands for "not told".
fn believable_time(text: &str) -> Option<Timestamp> {
    /// 2013, the year of the first images.
    const FIRST: i64 = 1_356_998_400;
    text.parse::<Timestamp>().ok().filter(|time| time.as_second() >= FIRST)
}

fn add_labels(found: &mut Provenance, labels: Option<&BTreeMap<String, String>>) {
    let Some(labels) = labels else { return };
    let first = |names: [&str; 2]| {
        names.iter().find_map(|name| labels.get(*name)).filter(|value| !value.is_empty()).cloned()
    };
    let source = first(["org.opencontainers.image.source", "org.label-schema.vcs-url"]);
    found.source_url = found.source_url.take().or(source);
    let revision = first(["org.opencontainers.image.revision", "org.label-schema.vcs-ref"]);
    found.revision = found.revision.take().or(revision);
    let homepage = first(["org.opencontainers.image.url", "org.label-schema.url"]);
    found.homepage = found.homepage.take().or(homepage);
    // Helm writes a chart's own annotations beside these.
    let changes = labels.get("artifacthub.io/changes").filter(|value| !value.is_empty()).cloned();
    found.changes = found.changes.take().or(changes);
}
