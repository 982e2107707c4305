//! TOML with the place of every value.
//!
//! A thin tree over `toml_edit`, which bounds how deep a document may nest. Nothing is ever printed: edits splice the file's bytes.

use serde_json::{Map, Value as Json};

use crate::span::ByteSpan;

/// Why a text is not TOML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TomlError {
    /// What is wrong, one line.
    pub message: String,
    /// Where.
    pub span: ByteSpan,
}

/// A value of a document; the document itself is a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it holds.
    pub value: NodeValue,
    /// All of its bytes, quotes and brackets included; empty for a table that no header and no bracket opens.
    pub span: ByteSpan,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// A string.
    Text {
        /// What it means.
        value: String,
        /// Where it stands between its quotes, when it is spelled there as it means; `None` where escapes are in it.
        spelled: Option<ByteSpan>,
    },
    /// A number, a boolean or a date, as JSON would say it.
    Other(Json),
    /// An array, of tables or of values.
    List(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<Member>),
}

/// A key of a table with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key, without quotes.
    pub name: String,
    /// Where the key stands, quotes included.
    pub name_span: ByteSpan,
    /// The value.
    pub node: Node,
}

impl Node {
    /// Returns the string, or `None` of anything else.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns the members of a table, none of anything else.
    pub fn members(&self) -> &[Member] {
        match &self.value {
            NodeValue::Table(members) => members,
            _ => &[],
        }
    }

    /// Returns the items of a list, none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            NodeValue::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the value of a table's key.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.node)
    }

    /// Returns the same as JSON; dates become text.
    pub fn to_json(&self) -> Json {
        match &self.value {
            NodeValue::Text { value, .. } => Json::String(value.clone()),
            NodeValue::Other(value) => value.clone(),
            NodeValue::List(items) => items.iter().map(Self::to_json).collect(),
            NodeValue::Table(members) => {
                let members = members.iter().map(|member| (member.name.clone(), member.node.to_json()));
                Json::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

/// Returns the table that a document is.
///
/// # Errors
///
/// The first thing that is no TOML; nothing of the document is known then.
pub fn parse(text: &str) -> Result<Node, TomlError> {
    let document = toml_edit::Document::parse(text).map_err(|error| TomlError {
        message: error.message().lines().collect::<Vec<_>>().join(", "),
        span: error.span().map_or_else(ByteSpan::default, |span| ByteSpan::new(span.start, span.end)),
    })?;
    Ok(Node {
        value: NodeValue::Table(members(document.as_table(), text)),
        span: ByteSpan::new(0, text.len()),
    })
}

fn members(table: &dyn toml_edit::TableLike, text: &str) -> Vec<Member> {
    let member = |(name, item): (&str, &toml_edit::Item)| {
        let key = table.key(name).and_then(toml_edit::Key::span);
        Some(Member { name: name.to_owned(), name_span: place(key), node: of_item(item, text)? })
    };
    table.iter().filter_map(member).collect()
}

fn of_item(item: &toml_edit::Item, text: &str) -> Option<Node> {
    let value = match item {
        toml_edit::Item::None => return None,
        toml_edit::Item::Value(value) => return Some(of_value(value, text)),
        toml_edit::Item::Table(table) => NodeValue::Table(members(table, text)),
        toml_edit::Item::ArrayOfTables(tables) => {
            let of_table = |table: &toml_edit::Table| Node {
                value: NodeValue::Table(members(table, text)),
                span: place(table.span()),
            };
            NodeValue::List(tables.iter().map(of_table).collect())
        }
    };
    Some(Node { value, span: place(item.span()) })
}

fn of_value(value: &toml_edit::Value, text: &str) -> Node {
    let span = place(value.span());
    let value = match value {
        toml_edit::Value::String(string) => {
            NodeValue::Text { value: string.value().clone(), spelled: spelled(string.value(), span, text) }
        }
        toml_edit::Value::Integer(number) => NodeValue::Other((*number.value()).into()),
        toml_edit::Value::Float(number) => NodeValue::Other((*number.value()).into()),
        toml_edit::Value::Boolean(boolean) => NodeValue::Other((*boolean.value()).into()),
        toml_edit::Value::Datetime(date) => NodeValue::Other(date.value().to_string().into()),
        toml_edit::Value::Array(items) => {
            NodeValue::List(items.iter().map(|item| of_value(item, text)).collect())
        }
        toml_edit::Value::InlineTable(table) => NodeValue::Table(members(table, text)),
    };
    Node { value, span }
}

/// Returns where a string stands between its quotes (one or three at each end), if it is spelled there as it means.
pub(crate) fn spelled(value: &str, span: ByteSpan, text: &str) -> Option<ByteSpan> {
    let raw = span.of(text)?;
    let quotes = if raw.len() >= 6 && (raw.starts_with("\"\"\"") || raw.starts_with("'''")) { 3 } else { 1 };
    let inner = raw.get(quotes..raw.len().checked_sub(quotes)?)?;
    (inner == value).then(|| ByteSpan::new(span.start + quotes, span.end - quotes))
}

fn place(span: Option<std::ops::Range<usize>>) -> ByteSpan {
    span.map_or_else(ByteSpan::default, |span| ByteSpan::new(span.start, span.end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Collects where every string stands.
    fn places<'a>(node: &Node, text: &'a str, found: &mut Vec<Option<&'a str>>) {
        if let NodeValue::Text { value, spelled } = &node.value {
            let place = spelled.map(|span| span.of(text).unwrap());
            assert!(place.is_none_or(|place| place == value));
            found.push(place);
        }
        let inner = node.items().iter().chain(node.members().iter().map(|member| &member.node));
        inner.for_each(|inner| places(inner, text, found));
    }

    #[track_caller]
    fn check(text: &str, expected: &Json, spelled: &[Option<&str>]) {
        let node = parse(text).unwrap();
        assert_eq!(node.to_json(), *expected, "{text}");
        let mut found = Vec::new();
        places(&node, text, &mut found);
        assert_eq!(found, spelled, "{text}");
    }

    #[test]
    fn strings_know_where_they_stand() {
        check("a = \"1\"\nb = '2' # c\n", &json!({"a": "1", "b": "2"}), &[Some("1"), Some("2")]);
        check("a = \"\\u0031\"\nb = \"\"\"3\"\"\"\n", &json!({"a": "1", "b": "3"}), &[None, Some("3")]);
        check("a = \"\"\"\n3\"\"\"\r\nb = ''", &json!({"a": "3", "b": ""}), &[None, Some("")]);
        check("\u{feff}a = \"ä\"", &json!({"a": "ä"}), &[Some("ä")]);
        check("a = [\"1\", {b = \"2\"}]", &json!({"a": ["1", {"b": "2"}]}), &[Some("1"), Some("2")]);
        check(
            "[[a]]\nb = \"1\"\n[a.c]\nd = \"2\"",
            &json!({"a": [{"b": "1", "c": {"d": "2"}}]}),
            &[Some("1"), Some("2")],
        );
    }

    #[test]
    fn other_values_become_json() {
        check(
            "a = 1\nb = 1.5\nc = true\nd = 2025-01-02",
            &json!({"a": 1, "b": 1.5, "c": true, "d": "2025-01-02"}),
            &[],
        );
        check("a.b.c = 1\n[a.d]\n", &json!({"a": {"b": {"c": 1}, "d": {}}}), &[]);
    }

    #[test]
    fn keys_know_where_they_stand() {
        let text = "[a.'b c']\n\"d\" = 1";
        let node = parse(text).unwrap();
        let outer = &node.members()[0];
        let inner = &outer.node.members()[0];
        let last = &inner.node.members()[0];
        let spelled = [outer, inner, last].map(|member| member.name_span.of(text).unwrap());
        assert_eq!(spelled, ["a", "'b c'", "\"d\""]);
        assert_eq!(node.get("a").and_then(|a| a.get("b c")).map(Node::to_json), Some(json!({"d": 1})));
    }

    #[test]
    fn says_what_is_no_toml_and_where() {
        let error = parse("a = 1\nb = {{ c }}\n").unwrap_err();
        assert!(error.span.start > 6 && !error.message.contains('\n'), "{error:?}");
        assert!(parse("a = 1\na = 2").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
        assert!(parse(&format!("a = {}1{}", "{a=".repeat(100_000), "}".repeat(100_000))).is_err());
        assert!(parse(&format!("[{}a]", "a.".repeat(100_000))).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}a-c=.,'\"\n\\\\ 0-9#\u{e4}-]{0,60}") {
            if let Ok(node) = parse(&text) {
                places(&node, &text, &mut Vec::new());
            }
        }
    }
}
