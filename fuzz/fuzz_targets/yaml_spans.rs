//! Any text is read as YAML without a panic, and every span lies in the text.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use updraft_core::yaml;

fuzz_target!(|text: &str| {
    let text: Arc<str> = text.into();
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
});
