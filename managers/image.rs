//! Images that one YAML scalar spells whole: `image: registry/repository:tag@digest`.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::image_ref;
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Kind, Node};

use crate::scalar;

/// Returns the image that `node` names; `None` where it names none: a null, an empty text, a collection.
///
/// A template without quotes is a mapping to YAML; it is told from others and skipped.
pub(crate) fn dep(
    manager: &ManagerId,
    file: &SourceFile,
    node: Node<'_>,
    aliases: &BTreeMap<String, String>,
) -> Option<Dep> {
    if node.kind() != Kind::Scalar && scalar::is_given(node) {
        return Some(left_alone(manager, file, node, SkipReason::ContainsVariable, ""));
    }
    scalar::text(node)?;
    let Some(text) = scalar::spelled(node) else {
        return Some(left_alone(manager, file, node, SkipReason::InvalidValue, scalar::NOT_SPELLED));
    };
    let dep = image_ref::dep(manager.clone(), &file.path, text, node.span(), aliases);
    let automated = dep.skip.is_none() && scalar::is_image_automated(file, node);
    Some(if automated { dep.skipped(SkipReason::ImageAutomation, "") } else { dep })
}

fn left_alone(
    manager: &ManagerId,
    file: &SourceFile,
    node: Node<'_>,
    reason: SkipReason,
    detail: &str,
) -> Dep {
    let mut dep = Dep::new(manager.clone(), &file.path, node.span(), scalar::written(node).trim());
    dep.datasource = Some(DatasourceId::DOCKER);
    dep.skipped(reason, detail)
}
