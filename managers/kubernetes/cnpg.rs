//! Images of `CloudNativePG` that stand under other keys than `image`
//! (<https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/>).

use updraft_core::source::Words;
use updraft_core::yaml::{Document, Node};

const GROUP: &str = "postgresql.cnpg.io/";
/// What a file names that holds such objects.
pub(super) static NAMES_GROUP: Words = Words::new(GROUP);

/// Returns the references of a document: `imageName` of a cluster, and the images of its extensions.
pub(super) fn references(document: &Document) -> Vec<Node<'_>> {
    let root = document.root();
    let is_cluster = root.get("apiVersion").and_then(Node::as_str).is_some_and(|api| api.starts_with(GROUP))
        && root.get("kind").and_then(Node::as_str) == Some("Cluster");
    let Some(spec) = root.get("spec").filter(|_| is_cluster) else { return Vec::new() };
    let extensions = spec.at(&["postgresql", "extensions"]).into_iter().flat_map(Node::items);
    let images = extensions.filter_map(|extension| extension.at(&["image", "reference"]));
    spec.get("imageName").into_iter().chain(images).collect()
}
