//! Any text is read as an image reference, and each slot holds the text that is there.

use std::collections::BTreeMap;

use updraft_core::image_ref;
use updraft_core::name::{ManagerId, RepoPath};
use updraft_core::span::ByteSpan;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let file = RepoPath::new("a.yaml").unwrap();
    let whole = ByteSpan::new(0, text.len());
    let dep = image_ref::dep(ManagerId::fixed("fuzz"), &file, &text, whole, &BTreeMap::new());
    for slot in &dep.slots {
        assert_eq!(slot.span.of(&text), Some(slot.text.as_str()));
    }
    let _ = (image_ref::parse(&text), image_ref::parse_tag(&text));
}
