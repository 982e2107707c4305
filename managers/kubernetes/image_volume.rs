//! Images mounted as volumes: `volumes[].image.reference` of a pod
//! (<https://kubernetes.io/docs/concepts/storage/volumes/#image>).

use updraft_core::yaml::{Document, Node};

/// Returns the references of a document's image volumes.
pub(super) fn references(document: &Document) -> Vec<Node<'_>> {
    let root = document.root();
    let path: &[&str] = match root.get("kind").and_then(Node::as_str) {
        Some("Pod") => &["spec", "volumes"],
        Some("DaemonSet" | "Deployment" | "Job" | "ReplicaSet" | "ReplicationController" | "StatefulSet") => {
            &["spec", "template", "spec", "volumes"]
        }
        Some("CronJob") => &["spec", "jobTemplate", "spec", "template", "spec", "volumes"],
        _ => return Vec::new(),
    };
    let volumes = root.at(path).into_iter().flat_map(Node::items);
    volumes.filter_map(|volume| volume.at(&["image", "reference"])).collect()
}
