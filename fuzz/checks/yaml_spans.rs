//! Any text is read as YAML, and every span lies where the text says; the quick reader reads what the parser does.

use std::sync::Arc;

use updraft_core::yaml::{self, YamlFile};

/// A comment that the quick reader leaves to the parser, and with it the document it stands in.
const FOR_THE_PARSER: &str = "# \u{2028}\n";

pub fn check(data: &[u8]) {
    let text: Arc<str> = super::text(data).into();
    let file = yaml::parse(&text);
    if !text.starts_with('\u{feff}') {
        let parsed = yaml::parse(&format!("{FOR_THE_PARSER}{text}").into());
        assert_eq!(nodes(&file, 0), nodes(&parsed, FOR_THE_PARSER.len()));
    }
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

/// Returns where each node of a file stands, from `offset` on, and what it says.
fn nodes(file: &YamlFile, offset: usize) -> Vec<(usize, usize, Option<String>, bool)> {
    let steps = file.documents().iter().flat_map(|document| document.root().walk().collect::<Vec<_>>());
    steps
        .map(|step| {
            let (node, at) = (step.node, step.node.span());
            let text = node.as_str().map(str::to_owned);
            (at.start - offset, at.end - offset, text, node.is_plain_null())
        })
        .collect()
}
