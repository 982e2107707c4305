//! JSON as people write it (comments, trailing commas, JSON5), with the place of every value.
//!
//! The tree is that of [`toml`](crate::toml), so that a manager reads both alike. The size of a text and the depth of its values are
//! bounded.

use serde_json::Value as Json;

use crate::config::json::{self, SourceId};
use crate::span::ByteSpan;
use crate::toml::spelled;

pub use crate::toml::{Member, Node, NodeValue};

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// What is wrong, one line.
    pub message: String,
    /// Where.
    pub span: ByteSpan,
}

/// Returns the value that a text spells; a byte order mark is allowed.
///
/// # Errors
///
/// The first thing that is no JSON; nothing of the text is known then.
pub fn parse(text: &str) -> Result<Node, JsonError> {
    let root = json::parse(text, SourceId::default())
        .map_err(|error| JsonError { message: error.message, span: error.span })?;
    Ok(convert(root, text))
}

/// Goes as deep as the parser lets values nest.
fn convert(node: json::Node, text: &str) -> Node {
    let span = node.place.span;
    let value = match node.value {
        json::NodeValue::Null => NodeValue::Other(Json::Null),
        json::NodeValue::Bool(flag) => NodeValue::Other(Json::Bool(flag)),
        json::NodeValue::Number(number) => NodeValue::Other(Json::Number(number)),
        json::NodeValue::String(value) => {
            let spelled = spelled(&value, span, text);
            NodeValue::Text { value, spelled }
        }
        json::NodeValue::Array(items) => {
            NodeValue::List(items.into_iter().map(|item| convert(item, text)).collect())
        }
        json::NodeValue::Object(properties) => {
            let member = |property: json::Property| Member {
                name: property.name,
                name_span: property.name_place.span,
                node: convert(property.value, text),
            };
            NodeValue::Table(properties.into_iter().map(member).collect())
        }
    };
    Node { value, span }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_know_where_they_stand() {
        let text =
            "\u{feff}// top\n{\"a\": \"ä\", b: 'x', \"c\": \"\\u0031\", \"d\": [1, null, true,], /* e */}";
        let root = parse(text).unwrap();
        assert_eq!(root.to_json(), json!({"a": "ä", "b": "x", "c": "1", "d": [1, null, true]}));
        let place = |name: &str| match &root.get(name).unwrap().value {
            NodeValue::Text { spelled, .. } => spelled.map(|span| span.of(text).unwrap()),
            _ => panic!("{name} is no text"),
        };
        assert_eq!([place("a"), place("b"), place("c")], [Some("ä"), Some("x"), None]);
        assert_eq!(root.members()[0].name_span.of(text), Some("\"a\""));
    }

    #[test]
    fn says_what_is_no_json_and_where() {
        let error = parse("{\"a\": }").unwrap_err();
        assert_eq!(error.span.of("{\"a\": }"), Some("}"));
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse("").is_err());
    }
}
