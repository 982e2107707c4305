//! Which versions of a kind's API were ever published, for the kinds whose API moved.
//!
//! Kubernetes: <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>; Flux: the `api` folders of
//! <https://github.com/fluxcd>; External Secrets: <https://external-secrets.io/latest/api/spec/>.

/// Returns the published versions of `kind`, oldest first, as `apiVersion` spells them; empty for kinds that are not known.
pub fn api_versions(kind: &str) -> &'static [&'static str] {
    let found = KINDS.binary_search_by_key(&kind, |(name, _)| name);
    found.ok().and_then(|at| KINDS.get(at)).map_or(&[], |(_, versions)| versions)
}

const ADMISSION: &[&str] = &["admissionregistration.k8s.io/v1beta1", "admissionregistration.k8s.io/v1"];
const ADMISSION_POLICY: &[&str] = &[
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "admissionregistration.k8s.io/v1",
];
const APPS: &[&str] = &["apps/v1beta1", "apps/v1beta2", "apps/v1"];
const AUTHORIZATION: &[&str] = &["authorization.k8s.io/v1beta1", "authorization.k8s.io/v1"];
const EXTENSIONS_APPS: &[&str] = &["extensions/v1beta1", "apps/v1beta2", "apps/v1"];
const EXTERNAL_SECRETS: &[&str] =
    &["external-secrets.io/v1alpha1", "external-secrets.io/v1beta1", "external-secrets.io/v1"];
const FLOW_CONTROL: &[&str] = &[
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "flowcontrol.apiserver.k8s.io/v1",
];
const FLUX_IMAGE: &[&str] = &[
    "image.toolkit.fluxcd.io/v1alpha1",
    "image.toolkit.fluxcd.io/v1alpha2",
    "image.toolkit.fluxcd.io/v1beta1",
    "image.toolkit.fluxcd.io/v1beta2",
    "image.toolkit.fluxcd.io/v1",
];
const FLUX_NOTIFICATION: &[&str] = &[
    "notification.toolkit.fluxcd.io/v1beta1",
    "notification.toolkit.fluxcd.io/v1beta2",
    "notification.toolkit.fluxcd.io/v1beta3",
];
const FLUX_SOURCE: &[&str] =
    &["source.toolkit.fluxcd.io/v1beta1", "source.toolkit.fluxcd.io/v1beta2", "source.toolkit.fluxcd.io/v1"];
const NETWORKING_RANGES: &[&str] =
    &["networking.k8s.io/v1alpha1", "networking.k8s.io/v1beta1", "networking.k8s.io/v1"];
const RBAC: &[&str] = &[
    "rbac.authorization.k8s.io/v1alpha1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1",
];
const RESOURCE: &[&str] = &[
    "resource.k8s.io/v1alpha2",
    "resource.k8s.io/v1alpha3",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1",
];
const STORAGE: &[&str] = &["storage.k8s.io/v1beta1", "storage.k8s.io/v1"];
const STORAGE_FROM_ALPHA: &[&str] =
    &["storage.k8s.io/v1alpha1", "storage.k8s.io/v1beta1", "storage.k8s.io/v1"];

/// In the order of the kinds' names.
const KINDS: &[(&str, &[&str])] = &[
    ("APIService", &["apiregistration.k8s.io/v1beta1", "apiregistration.k8s.io/v1"]),
    ("Alert", FLUX_NOTIFICATION),
    ("Bucket", FLUX_SOURCE),
    ("CSIDriver", STORAGE),
    ("CSINode", STORAGE),
    ("CSIStorageCapacity", STORAGE_FROM_ALPHA),
    ("CertificateSigningRequest", &["certificates.k8s.io/v1beta1", "certificates.k8s.io/v1"]),
    ("ClusterExternalSecret", &["external-secrets.io/v1beta1", "external-secrets.io/v1"]),
    ("ClusterRole", RBAC),
    ("ClusterRoleBinding", RBAC),
    ("ClusterSecretStore", EXTERNAL_SECRETS),
    ("ControllerRevision", APPS),
    ("CronJob", &["batch/v1beta1", "batch/v1"]),
    ("CustomResourceDefinition", &["apiextensions.k8s.io/v1beta1", "apiextensions.k8s.io/v1"]),
    ("DaemonSet", EXTENSIONS_APPS),
    ("Deployment", &["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2", "apps/v1"]),
    ("DeviceClass", RESOURCE),
    ("EndpointSlice", &["discovery.k8s.io/v1beta1", "discovery.k8s.io/v1"]),
    ("Event", &["events.k8s.io/v1beta1", "events.k8s.io/v1"]),
    ("ExternalSecret", EXTERNAL_SECRETS),
    ("FlowSchema", FLOW_CONTROL),
    ("GitRepository", FLUX_SOURCE),
    ("HelmChart", FLUX_SOURCE),
    (
        "HelmRelease",
        &["helm.toolkit.fluxcd.io/v2beta1", "helm.toolkit.fluxcd.io/v2beta2", "helm.toolkit.fluxcd.io/v2"],
    ),
    ("HelmRepository", FLUX_SOURCE),
    (
        "HorizontalPodAutoscaler",
        &["autoscaling/v1", "autoscaling/v2beta1", "autoscaling/v2beta2", "autoscaling/v2"],
    ),
    ("IPAddress", NETWORKING_RANGES),
    ("ImagePolicy", FLUX_IMAGE),
    ("ImageRepository", FLUX_IMAGE),
    ("ImageUpdateAutomation", FLUX_IMAGE),
    ("Ingress", &["extensions/v1beta1", "networking.k8s.io/v1beta1", "networking.k8s.io/v1"]),
    ("IngressClass", &["networking.k8s.io/v1beta1", "networking.k8s.io/v1"]),
    (
        "Kustomization",
        &[
            "kustomize.toolkit.fluxcd.io/v1beta1",
            "kustomize.toolkit.fluxcd.io/v1beta2",
            "kustomize.toolkit.fluxcd.io/v1",
        ],
    ),
    ("Lease", &["coordination.k8s.io/v1beta1", "coordination.k8s.io/v1"]),
    ("LocalSubjectAccessReview", AUTHORIZATION),
    ("MutatingWebhookConfiguration", ADMISSION),
    ("NetworkPolicy", &["extensions/v1beta1", "networking.k8s.io/v1"]),
    ("OCIRepository", &["source.toolkit.fluxcd.io/v1beta2", "source.toolkit.fluxcd.io/v1"]),
    ("PodDisruptionBudget", &["policy/v1beta1", "policy/v1"]),
    ("PodSecurityPolicy", &["extensions/v1beta1", "policy/v1beta1"]),
    ("PriorityClass", &["scheduling.k8s.io/v1alpha1", "scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1"]),
    ("PriorityLevelConfiguration", FLOW_CONTROL),
    ("Provider", FLUX_NOTIFICATION),
    (
        "Receiver",
        &[
            "notification.toolkit.fluxcd.io/v1beta1",
            "notification.toolkit.fluxcd.io/v1beta2",
            "notification.toolkit.fluxcd.io/v1",
        ],
    ),
    ("ReplicaSet", EXTENSIONS_APPS),
    ("ResourceClaim", RESOURCE),
    ("ResourceClaimTemplate", RESOURCE),
    ("ResourceSlice", RESOURCE),
    ("Role", RBAC),
    ("RoleBinding", RBAC),
    ("RuntimeClass", &["node.k8s.io/v1alpha1", "node.k8s.io/v1beta1", "node.k8s.io/v1"]),
    ("SecretStore", EXTERNAL_SECRETS),
    ("SelfSubjectAccessReview", AUTHORIZATION),
    (
        "SelfSubjectReview",
        &["authentication.k8s.io/v1alpha1", "authentication.k8s.io/v1beta1", "authentication.k8s.io/v1"],
    ),
    ("SelfSubjectRulesReview", AUTHORIZATION),
    ("ServiceCIDR", NETWORKING_RANGES),
    ("StatefulSet", APPS),
    ("StorageClass", STORAGE),
    ("SubjectAccessReview", AUTHORIZATION),
    ("TokenReview", &["authentication.k8s.io/v1beta1", "authentication.k8s.io/v1"]),
    ("ValidatingAdmissionPolicy", ADMISSION_POLICY),
    ("ValidatingAdmissionPolicyBinding", ADMISSION_POLICY),
    ("ValidatingWebhookConfiguration", ADMISSION),
    ("VolumeAttachment", STORAGE_FROM_ALPHA),
    ("VolumeAttributesClass", STORAGE_FROM_ALPHA),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found() {
        for (kind, versions) in KINDS {
            assert_eq!(api_versions(kind), *versions, "{kind} is out of order");
            assert!(versions.len() > 1, "{kind} has nothing to move to");
        }
        assert!(api_versions("Service").is_empty());
    }

    #[test]
    fn versions_name_their_group_and_appear_once() {
        for (kind, versions) in KINDS {
            for (at, version) in versions.iter().enumerate() {
                let (group, name) = version.split_once('/').unwrap();
                assert!(!group.is_empty() && name.starts_with('v'), "{kind}: {version}");
                assert!(!versions[..at].contains(version), "{kind}: {version} twice");
            }
        }
    }
}
