//! Objects of Kubernetes: what people call them.

use updraft_core::yaml::Node;

use crate::scalar;

/// Returns the name people know the object `root` by: "Application argocd/grafana".
pub(crate) fn title(root: Node<'_>) -> String {
    let kind = root.get("kind").and_then(scalar::text).map_or("object", scalar::label);
    let part = |key| {
        let text = root.at(&["metadata", key]).map(scalar::written).map(scalar::label);
        text.filter(|text| !text.trim().is_empty())
    };
    match (part("namespace"), part("name")) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => kind.to_owned(),
    }
}
