//! Which presets a configuration extends, and where it says so.

use super::json::{Node, NodeValue, SourceId, parse};
use crate::span::ByteSpan;

/// One entry of an `extends`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extended {
    /// What it says.
    pub text: String,
    /// Where the text stands, without its quotes; `None` when it is written with escapes.
    pub text_span: Option<ByteSpan>,
    /// Where the whole string stands, quotes included.
    pub span: ByteSpan,
}

/// Returns the entries of every `extends` in a configuration, those inside rules and other options too, in the order of the text.
///
/// A text that is not JSON5 has none: whoever reads the configuration says what is wrong with it.
pub fn extended(text: &str) -> Vec<Extended> {
    let mut found = Vec::new();
    if let Ok(root) = parse(text, SourceId::default()) {
        collect(&root, text, &mut found);
    }
    found
}

/// The depth of values is bounded by [`parse`].
fn collect(node: &Node, text: &str, found: &mut Vec<Extended>) {
    for property in node.properties() {
        if property.name == "extends" {
            let value = &property.value;
            let items = if let NodeValue::String(_) = value.value {
                std::slice::from_ref(value)
            } else {
                value.items()
            };
            found.extend(items.iter().filter_map(|item| entry(item, text)));
        }
        collect(&property.value, text, found);
    }
    for item in node.items() {
        collect(item, text, found);
    }
}

fn entry(item: &Node, text: &str) -> Option<Extended> {
    let says = item.as_str()?;
    let span = item.place.span;
    let inner = ByteSpan::new(span.start + 1, span.end.saturating_sub(1));
    let text_span = (inner.of(text) == Some(says)).then_some(inner);
    Some(Extended { text: says.to_owned(), text_span, span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found = extended(text);
        let says: Vec<_> = found.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(says, expected, "{text}");
        for entry in found {
            let spelled = entry.text_span.and_then(|span| span.of(text));
            assert_eq!(spelled.unwrap_or(&entry.text), entry.text, "{text}");
            assert_eq!(spelled.is_none(), entry.span.of(text).unwrap().contains('\\'), "{text}");
        }
    }

    #[test]
    fn every_extends_is_found_with_its_place() {
        check("{extends: ['a', \"b#1\"]}", &["a", "b#1"]);
        check("\u{feff}{\"extends\": \"a\"}", &["a"]);
        check("{packageRules: [{extends: ['a']}], extends: ['b'], flux: {extends: ['c']}}", &["a", "b", "c"]);
        check(r#"{"extends": ["a\u0062", 5, null, ["x"]]}"#, &["ab"]);
        check("{description: 'extends', x: ['extends']}", &[]);
        check("{extends: [", &[]);
        check("[]", &[]);
        check("", &[]);
    }
}
