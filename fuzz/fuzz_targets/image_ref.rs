//! Any text is read as an image reference without a panic, and each slot holds the text that is there.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use updraft_core::image_ref;
use updraft_core::name::{ManagerId, RepoPath};
use updraft_core::span::ByteSpan;

fuzz_target!(|text: &str| {
    let Some(file) = RepoPath::new("a.yaml") else { return };
    let whole = ByteSpan::new(0, text.len());
    let dep = image_ref::dep(ManagerId::fixed("fuzz"), &file, text, whole, &BTreeMap::new());
    for slot in &dep.slots {
        assert_eq!(slot.span.of(text), Some(slot.text.as_str()));
    }
    let _ = (image_ref::parse(text), image_ref::parse_tag(text));
});
