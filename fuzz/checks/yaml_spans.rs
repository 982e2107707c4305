//! Any text is read as YAML, and every span lies where the text says.

use std::sync::Arc;

use updraft_core::yaml;

pub fn check(data: &[u8]) {
    let text: Arc<str> = super::text(data).into();
    let file = yaml::parse(&text);
    for error in file.errors() {
        assert!(error.span.of(&text).is_some());
    }
    for document in file.documents() {
        assert!(document.span().of(&text).is_some());
        for step in document.root().walk() {
            assert_eq!(step.node.span().of(&text), Some(step.node.raw()));
            assert!(step.node.used_at().of(&text).is_some());
            let _ = (step.node.as_str(), step.node.get("image"), step.node.is_plain_null());
        }
    }
}
