//! The inputs of a `ResourceSet`: values that its templates are filled in with.

use std::collections::BTreeSet;

use updraft_core::dep::Dep;
use updraft_core::yaml::Node;

use super::{ID, Place, SCHEME};
use crate::helm_values::walk::{Values, images};

impl Place<'_> {
    /// Returns the images and artifacts below `inputs`.
    ///
    /// What a key of an input is for, only the template knows: a `version` is that of nothing in particular.
    pub(super) fn inputs(self, inputs: Node<'_>) -> Vec<Dep> {
        let values = Values { manager: ID, file: self.file, aliases: self.aliases, pin_digests: None };
        let mut found = images(inputs, &values);
        let known: BTreeSet<_> = found.iter().map(|dep| dep.span).collect();
        let with_tag = |text: &str| {
            text.strip_prefix(SCHEME)
                .is_some_and(|rest| rest.rsplit('/').next().is_some_and(|last| last.contains([':', '@'])))
        };
        let artifacts = inputs
            .walk()
            .map(|step| step.node)
            .filter(|node| node.as_str().is_some_and(with_tag) && !known.contains(&node.span()))
            .filter_map(|node| self.artifact(node));
        found.extend(artifacts);
        found.sort_by_key(|dep| dep.span);
        found.dedup_by(|one, other| one.span == other.span && one.package_name == other.package_name);
        found
    }
}
