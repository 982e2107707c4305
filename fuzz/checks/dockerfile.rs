//! Any text is read as a Dockerfile, and each slot holds the text that is there.

use updraft_core::manager::{Manager, ManagerContext};
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;
use updraft_managers::dockerfile::Dockerfile;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let file = SourceFile::new(RepoPath::new("Dockerfile").unwrap(), text.as_str());
    for dep in Dockerfile.extract(&[&file], &ManagerContext::default()).deps {
        for slot in &dep.slots {
            assert_eq!(slot.span.of(&text), Some(slot.text.as_str()));
        }
    }
}
