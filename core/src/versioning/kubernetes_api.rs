//! `kubernetes-api`: versions of Kubernetes APIs, `v1`, `v2beta1`, with or without their group (`apps/v1`).
//!
//! See [API versioning](https://kubernetes.io/docs/reference/using-api/#api-versioning). A group is never left.

use super::Versioning;
use super::key::{KeyBuilder, SortKey, split_digits};

/// The versioning of `apiVersion` fields.
#[derive(Debug)]
pub(super) struct KubernetesApi;

/// An `apiVersion` taken apart.
struct ApiVersion<'a> {
    group: &'a str,
    major: &'a str,
    /// `alpha1`, `beta2`, or empty.
    prerelease: &'a str,
}

fn parse(text: &str) -> Option<ApiVersion<'_>> {
    let (group, version) = match text.rsplit_once('/') {
        Some((group, _)) if group.is_empty() || group.contains(char::is_whitespace) => return None,
        Some(parts) => parts,
        None => ("", text),
    };
    let (major, prerelease) = split_digits(version.strip_prefix('v')?);
    let stage = prerelease.strip_prefix("alpha").or_else(|| prerelease.strip_prefix("beta"));
    let is_sound = prerelease.is_empty()
        || stage.is_some_and(|stage| matches!(split_digits(stage), (digits, "") if !digits.is_empty()));
    (!major.is_empty() && is_sound).then_some(ApiVersion { group, major, prerelease })
}

impl Versioning for KubernetesApi {
    fn id(&self) -> &'static str {
        "kubernetes-api"
    }

    /// Returns the order within a group: `v1alpha1`, `v1beta1`, `v1`, `v2alpha1`.
    fn key(&self, version: &str) -> Option<SortKey> {
        let version = parse(version)?;
        let mut key = KeyBuilder::new();
        key.digits(version.major).mark(u8::from(version.prerelease.is_empty())).natural(version.prerelease);
        Some(key.finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        parse(version).is_some_and(|version| version.prerelease.is_empty())
    }

    fn is_compatible(&self, version: &str, current: &str) -> bool {
        matches!((parse(version), parse(current)), (Some(version), Some(current)) if version.group == current.group)
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        let version = parse(version)?;
        if place == 0 { version.major.parse().ok() } else { Some(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_versions_of_apis_with_and_without_group() {
        for text in ["v1", "v10", "v1alpha1", "apps/v1beta2", "acme.cert-manager.io/v1"] {
            assert!(KubernetesApi.is_valid(text), "{text}");
        }
        for text in ["", "1", "v", "v1.0", "v1beta", "v1gamma1", "/v1", "a b/v1", "apps/", "v1beta1x"] {
            assert!(!KubernetesApi.is_valid(text), "{text}");
        }
    }

    #[test]
    fn orders_by_number_then_by_how_finished_it_is() {
        let ordered = ["v1alpha1", "v1alpha2", "v1alpha10", "v1beta1", "v1", "v2beta1", "v2", "v10"];
        for pair in ordered.windows(2) {
            assert!(KubernetesApi.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        assert!(KubernetesApi.equals("apps/v1", "batch/v1"));
    }

    #[test]
    fn stays_in_its_group() {
        assert!(KubernetesApi.is_compatible("apps/v1", "apps/v1beta1"));
        assert!(!KubernetesApi.is_compatible("batch/v1", "apps/v1beta1"));
        assert!(!KubernetesApi.is_compatible("v1", "apps/v1beta1"));
    }
}
