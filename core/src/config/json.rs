//! Reads JSON5 (and so JSON with comments) into values that know where they stand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Number, Value};

use crate::span::ByteSpan;

/// The longest text, in bytes.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// How deep values may nest.
const MAX_DEPTH: usize = 64;

/// Which text a value comes from: an index into the list the resolver keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// Where a value stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// In which text.
    pub source: SourceId,
    /// Where in it.
    pub span: ByteSpan,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: NodeValue,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NodeValue {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Property>),
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) name_place: Place,
    pub(crate) value: Node,
}

/// A text is not JSON5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) span: ByteSpan,
    pub(crate) hint: Option<String>,
}

impl Property {
    /// Returns a member that stands where its value does.
    pub(crate) fn new(name: &str, value: Node) -> Self {
        Self { name: name.to_owned(), name_place: value.place, value }
    }

    /// Returns the member that takes the place of this one.
    pub(crate) fn replaced_by(&self, name: &str, value: impl Into<NodeValue>) -> Self {
        let value = Node::new(self.value.place, value.into());
        Self { name: name.to_owned(), name_place: self.name_place, value }
    }
}

impl From<&str> for NodeValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<bool> for NodeValue {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<Vec<Node>> for NodeValue {
    fn from(items: Vec<Node>) -> Self {
        Self::Array(items)
    }
}

impl From<Vec<Property>> for NodeValue {
    fn from(members: Vec<Property>) -> Self {
        Self::Object(members)
    }
}

impl Node {
    /// Says that the value and everything in it comes from another text.
    pub(crate) fn set_source(&mut self, source: SourceId) {
        self.place.source = source;
        match &mut self.value {
            NodeValue::Array(items) => items.iter_mut().for_each(|item| item.set_source(source)),
            NodeValue::Object(properties) => {
                for property in properties {
                    property.name_place.source = source;
                    property.value.set_source(source);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn new(place: Place, value: NodeValue) -> Self {
        Self { place, value }
    }

    pub(crate) fn text(place: Place, text: impl Into<String>) -> Self {
        Self::new(place, NodeValue::String(text.into()))
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn properties(&self) -> &[Property] {
        match &self.value {
            NodeValue::Object(properties) => properties,
            _ => &[],
        }
    }

    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            NodeValue::Array(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Node> {
        self.properties().iter().find(|property| property.name == name).map(|property| &property.value)
    }

    /// Returns what the value is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            NodeValue::Null => "`null`",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Number(_) => "a number",
            NodeValue::String(_) => "a string",
            NodeValue::Array(_) => "a list",
            NodeValue::Object(_) => "an object",
        }
    }

    /// Returns the value without its places.
    pub(crate) fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(flag) => Value::Bool(*flag),
            NodeValue::Number(number) => Value::Number(number.clone()),
            NodeValue::String(text) => Value::String(text.clone()),
            NodeValue::Array(items) => items.iter().map(Self::to_json).collect(),
            NodeValue::Object(properties) => Value::Object(
                properties
                    .iter()
                    .map(|property| (property.name.clone(), property.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// Calls `change` with every text inside the value.
    pub(crate) fn for_each_text(&mut self, change: &mut impl FnMut(&mut String)) {
        match &mut self.value {
            NodeValue::String(text) => change(text),
            NodeValue::Array(items) => items.iter_mut().for_each(|item| item.for_each_text(change)),
            NodeValue::Object(properties) => {
                for property in properties {
                    property.value.for_each_text(change);
                }
            }
            _ => {}
        }
    }
}

/// A name that an object has twice; the last one counts, as in JavaScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) name: String,
    /// Where the name stands that does not count.
    pub(crate) first: Place,
    /// Where the one stands that does.
    pub(crate) last: Place,
}

/// Returns the value that `text` spells; a byte order mark is allowed.
pub(crate) fn parse(text: &str, source: SourceId) -> Result<Node, SyntaxError> {
    parse_with_duplicates(text, source).map(|(node, _)| node)
}

/// Returns the value that `text` spells, and the names that are written twice in it.
pub(crate) fn parse_with_duplicates(
    text: &str,
    source: SourceId,
) -> Result<(Node, Vec<Duplicate>), SyntaxError> {
    let error = |message: String, span, hint| Err(SyntaxError { message, span, hint });
    if text.len() > MAX_TEXT {
        return error(format!("the file is larger than {} MB", MAX_TEXT >> 20), ByteSpan::empty(0), None);
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shift = text.len() - body.len();
    if let Some(at) = too_deep(body) {
        let message = format!("values nest deeper than {MAX_DEPTH}");
        return error(message, ByteSpan::new(at + shift, at + shift + 1), None);
    }
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    match parse_to_ast(body, &CollectOptions::default(), &options) {
        Ok(parsed) => match parsed.value {
            Some(value) => {
                let mut duplicates = Vec::new();
                let node = node(&value, source, shift, &mut duplicates);
                Ok((node, duplicates))
            }
            None => error("the file is empty".to_owned(), ByteSpan::empty(0), Some("write `{}`".to_owned())),
        },
        Err(cause) => {
            let range = cause.range();
            let span = ByteSpan::new(range.start + shift, range.end + shift);
            let complaint = cause.kind().to_string();
            let culprit = span.of(text).unwrap_or_default();
            let (mut message, mut hint) = explain(&complaint, culprit);
            let after = text.get(span.end..).unwrap_or_default().trim_start();
            if is_word(culprit) && after.starts_with(':') {
                message = format!("`{culprit}` is an option's name, but a `[` before it is still open");
                hint = Some("add the missing `]`".to_owned());
            }
            if complaint == "Expected comma"
                && let Some(line) = next_line(text, span.end)
            {
                message = format!("a `,` is missing here, before what stands on line {line}");
            }
            error(message, span, hint)
        }
    }
}

/// Returns the line, from 1, of what comes next after a byte, where that is another line than the byte's own.
fn next_line(text: &str, after: usize) -> Option<usize> {
    let (before, rest) = text.split_at_checked(after)?;
    let gap = rest.find(|character: char| !character.is_whitespace())?;
    let breaks = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
    let between = breaks(rest.get(..gap)?);
    (between > 0).then(|| breaks(before) + between + 1)
}

fn is_word(culprit: &str) -> bool {
    culprit.starts_with(char::is_alphabetic)
}

/// Says a parser's complaint in words an owner can act on.
fn explain(complaint: &str, culprit: &str) -> (String, Option<String>) {
    if is_word(culprit) && matches!(complaint, "Unexpected token" | "Unexpected word") {
        return (format!("`{culprit}` is no value"), Some(format!("write `\"{culprit}\"`")));
    }
    let (message, hint) = match complaint {
        "Expected comma" => ("a `,` is missing here", Some("values are separated by `,`")),
        "Expected colon after the string or word in object property" => {
            ("a `:` is missing after the option's name", None)
        }
        "Expected value after colon in object property" => ("the option has no value", None),
        "Expected string for object property" => ("an option's name is expected here", None),
        "Text cannot contain more than one JSON value" => (
            "there is something after the end of the configuration",
            Some("everything belongs inside one `{ .. }`"),
        ),
        "Unterminated object" => ("this `{` is never closed", Some("add the missing `}`")),
        "Unterminated array" => ("this `[` is never closed", Some("add the missing `]`")),
        "Unterminated string literal" => ("this string is never closed", None),
        "Unterminated comment block" => ("this comment is never closed", Some("add the missing `*/`")),
        "Unexpected comma" => ("there is a `,` too many", None),
        other => {
            let mut message = String::new();
            let mut chars = other.chars();
            if let Some(first) = chars.next() {
                let _ = write!(message, "{}{}", first.to_lowercase(), chars.as_str());
            }
            return (message, None);
        }
    };
    (message.to_owned(), hint.map(str::to_owned))
}

/// Returns where brackets nest too deep, counting without regard to strings and comments is not enough: both are
/// skipped.
fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => {
                at += 1;
                while let Some(inner) = bytes.get(at).filter(|inner| *inner != byte) {
                    at += if *inner == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while bytes.get(at).is_some_and(|inner| *inner != b'\n') {
                    at += 1;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at += 2;
                while bytes.get(at).is_some()
                    && !(bytes.get(at) == Some(&b'*') && bytes.get(at + 1) == Some(&b'/'))
                {
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn node(ast: &Ast<'_>, source: SourceId, shift: usize, duplicates: &mut Vec<Duplicate>) -> Node {
    let place = |ranged: &dyn Ranged| {
        let range = ranged.range();
        Place { source, span: ByteSpan::new(range.start + shift, range.end + shift) }
    };
    let value = match ast {
        Ast::NullKeyword(_) => NodeValue::Null,
        Ast::BooleanLit(literal) => NodeValue::Bool(literal.value),
        Ast::NumberLit(literal) => NodeValue::Number(number(literal.value)),
        Ast::StringLit(literal) => NodeValue::String(literal.value.clone().into_owned()),
        Ast::Array(array) => NodeValue::Array(
            array.elements.iter().map(|item| node(item, source, shift, duplicates)).collect(),
        ),
        Ast::Object(object) => {
            let mut properties: Vec<Property> = Vec::with_capacity(object.properties.len());
            let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
            for property in &object.properties {
                let (name, name_place) = match &property.name {
                    ObjectPropName::String(literal) => (literal.value.clone().into_owned(), place(literal)),
                    ObjectPropName::Word(literal) => (literal.value.to_owned(), place(literal)),
                };
                let property =
                    Property { name, name_place, value: node(&property.value, source, shift, duplicates) };
                // A name that is written twice: the last one counts, as in JavaScript.
                let next = properties.len();
                let at = *by_name.entry(property.name.clone()).or_insert(next);
                match properties.get_mut(at) {
                    Some(earlier) => {
                        duplicates.push(Duplicate {
                            name: property.name.clone(),
                            first: earlier.name_place,
                            last: property.name_place,
                        });
                        *earlier = property;
                    }
                    None => properties.push(property),
                }
            }
            NodeValue::Object(properties)
        }
    };
    Node { place: place(ast), value }
}

fn number(text: &str) -> Number {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1_i64, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    if let Some(value) = hex.and_then(|hex| i64::from_str_radix(hex, 16).ok()) {
        return (sign * value).into();
    }
    if let Ok(value) = digits.parse::<i64>() {
        return (sign * value).into();
    }
    let value = digits.parse::<f64>().unwrap_or(0.0);
    let value = if sign < 0 { -value } else { value };
    Number::from_f64(value).unwrap_or_else(|| 0.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_json5() {
        let text = "\u{feff}// top\n{\n  $schema: 'x', /* c */ \"a\": [1, +2, 0x10, -.5, 1.5e3,],\n  key_2: 'it\\'s \\x41 \\\nline',\n  n: null, t: true,\n}\n";
        let node = parse(text, SourceId(0)).unwrap();
        assert_eq!(
            node.to_json(),
            json!({"$schema": "x", "a": [1, 2, 16, -0.5, 1500.0], "key_2": "it's A line", "n": null, "t": true})
        );
        let value = node.member("key_2").unwrap();
        assert!(value.place.span.of(text).unwrap().starts_with("'it"));
    }

    #[test]
    fn the_last_of_two_equal_names_counts() {
        assert_eq!(parse("{a: 1, a: 2}", SourceId(0)).unwrap().to_json(), json!({"a": 2}));
    }

    #[test]
    fn two_hundred_thousand_names_are_not_compared_each_with_each() {
        let names: Vec<_> = (0..200_000).map(|at| format!("a{at}: 1,")).collect();
        let text = format!("{{{}}}", names.concat());
        assert_eq!(parse(&text, SourceId(0)).unwrap().properties().len(), 200_000);
    }

    #[track_caller]
    fn check_error(text: &str, at: &str, word: &str) {
        let error = parse(text, SourceId(0)).unwrap_err();
        assert!(error.message.contains(word), "{text}: {error:?}");
        assert_eq!(error.span.of(text), Some(at), "{text}: {error:?}");
    }

    #[test]
    fn points_at_the_mistake() {
        check_error("{a: 1 b: 2}", "", "`,` is missing");
        check_error("{a: [1, 2}", "}", "close brace");
        check_error("{a: }", "}", "close brace");
        check_error("{a: hello}", "hello", "no value");
        check_error("{a: ['x', b: 2}", "b", "still open");
        check_error("{a: 1", "{a: 1", "never closed");
        check_error("{a: 1} {}", "{", "after the end");
        check_error("", "", "empty");
        check_error(&"[".repeat(100_000), "[", "deeper");
    }
}
