//! Any text is read as a Dockerfile without a panic, and each slot holds the text that is there.

#![no_main]

use libfuzzer_sys::fuzz_target;
use updraft_core::manager::{Manager, ManagerContext};
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;
use updraft_managers::dockerfile::Dockerfile;

fuzz_target!(|text: &str| {
    let Some(path) = RepoPath::new("Dockerfile") else { return };
    let file = SourceFile::new(path, text);
    for dep in Dockerfile.extract(&[&file], &ManagerContext::default()).deps {
        for slot in &dep.slots {
            assert_eq!(slot.span.of(text), Some(slot.text.as_str()));
        }
    }
});
