//! The keys of large mappings, sorted: where a file says `*large` thousands of times, each look into it must not cost all of its keys.

use std::collections::BTreeMap;

use super::{Document, Node, What};

/// How many entries of a mapping are looked at one by one.
pub(super) const FEW: usize = 32;

/// The large mappings of a document, by their index: the indices of their keys, sorted by what they say and then by their place.
pub(super) type LargeMappings = BTreeMap<u32, Box<[u32]>>;

/// Returns the large mappings of a document.
pub(super) fn collect(document: &Document) -> LargeMappings {
    let mut found = LargeMappings::new();
    for (index, entry) in (0..).zip(&document.nodes) {
        // Each entry of a mapping is two nodes at least.
        let is_small = entry.next.saturating_sub(index) as usize <= 2 * FEW;
        if is_small || !matches!(entry.what, What::Mapping) {
            continue;
        }
        let mut keys = Vec::new();
        let mut at = index + 1;
        while at < entry.next {
            keys.push(at);
            let Some(value) = document.nodes.get(at as usize).map(|key| key.next) else { break };
            let Some(next) = document.nodes.get(value as usize).map(|value| value.next) else { break };
            at = next;
        }
        if keys.len() > FEW {
            keys.sort_by_key(|key| (Node::at_index(document, *key).as_str(), *key));
            found.insert(index, keys.into_boxed_slice());
        }
    }
    found
}

/// Returns those of sorted keys that say `key`, in the order of the text.
pub(super) fn equal<'k>(document: &Document, keys: &'k [u32], key: &str) -> &'k [u32] {
    let said = |index: u32| Node::at_index(document, index).as_str();
    let start = keys.partition_point(|index| said(*index) < Some(key));
    let rest = keys.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|index| said(*index) == Some(key))).unwrap_or_default()
}
