//! A YAML text as a value, for what only asks what it says and not where.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::{Kind, Node, Style, parse};

/// How deep values may nest.
const MAX_DEPTH: usize = 128;
/// How much aliases may repeat, in bytes and values together. What is written out costs about as many bytes as it has.
const MAX_REPEATED: usize = 1024 * 1024;

/// Returns what the only document of a text says; null when there is none. Of keys that stand twice the last counts.
///
/// The text may be anybody's: aliases repeat what they stand for only up to a bound, so the value is never much larger than its text.
///
/// # Errors
///
/// One line: the text is no YAML, has several documents, nests too deep, or repeats too much.
pub fn value(text: &str) -> Result<Value, String> {
    let file = parse(&Arc::from(text));
    if let Some(error) = file.errors().first() {
        return Err(error.message.clone());
    }
    match file.documents() {
        [] => Ok(Value::Null),
        [document] => Build { left: text.len() + MAX_REPEATED }.value(document.root(), 0),
        _ => Err("it has more than one document".to_owned()),
    }
}

impl Node<'_> {
    /// Returns what a scalar means by the [core schema](https://yaml.org/spec/1.2.2/#103-core-schema), tags aside; null of collections.
    pub fn scalar_value(self) -> Value {
        match (self.style(), self.as_str()) {
            (Some(Style::Plain), Some(text)) => plain(text),
            (_, Some(text)) => Value::String(text.to_owned()),
            (_, None) => Value::Null,
        }
    }
}

/// A value on its way.
struct Build {
    /// How much more it may hold.
    left: usize,
}

impl Build {
    fn value(&mut self, node: Node<'_>, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH} levels"));
        }
        self.pay(1)?;
        match node.kind() {
            Kind::Mapping => {
                let mut members = Map::new();
                for (key, value) in node.entries() {
                    let name = key.as_str().unwrap_or_else(|| key.raw());
                    self.pay(name.len())?;
                    members.insert(name.to_owned(), self.value(value, depth + 1)?);
                }
                Ok(Value::Object(members))
            }
            Kind::Sequence => node.items().map(|item| self.value(item, depth + 1)).collect(),
            Kind::Scalar => {
                self.pay(node.as_str().map_or(0, str::len))?;
                Ok(node.scalar_value())
            }
        }
    }

    fn pay(&mut self, cost: usize) -> Result<(), String> {
        self.left =
            self.left.checked_sub(cost).ok_or("its aliases repeat more than can be kept in memory")?;
        Ok(())
    }
}

/// Returns what a plain scalar means: <https://yaml.org/spec/1.2.2/#1032-tag-resolution>.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'));
    let radix = |prefix, radix| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    let number = if is_number {
        let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
        whole.ok().or_else(|| Number::from_f64(text.parse().ok()?))
    } else {
        radix("0x", 16).or_else(|| radix("0o", 8)).map(Number::from)
    };
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Value) {
        assert_eq!(value(text), Ok(expected), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, word: &str) {
        let error = value(text).unwrap_err();
        assert!(error.contains(word), "{error}");
    }

    #[test]
    fn every_kind_is_read() {
        check("", Value::Null);
        check("# nothing\n", Value::Null);
        check("a: [1, -2, 1.5, 0x10, 0o17, 1e3]\n", json!({"a": [1, -2, 1.5, 16, 15, 1000.0]}));
        check(
            "- true\n- ~\n-\n- '1'\n- 1.2.3\n- 0xlarge\n",
            json!([true, null, null, "1", "1.2.3", "0xlarge"]),
        );
        check("18446744073709551615", json!(u64::MAX));
        check("? [a, b]\n: c\n1: d\n", json!({"[a, b]": "c", "1": "d"}));
        check("a: 1\na: 2\n", json!({"a": 2}));
        check("a: |\n  x\n  y\nb: \"\\x41\"\n", json!({"a": "x\ny\n", "b": "A"}));
    }

    #[test]
    fn aliases_repeat_what_they_stand_for() {
        check("a: &a [x, &b y]\nc: [*a, *b]\n", json!({"a": ["x", "y"], "c": [["x", "y"], "y"]}));
    }

    #[test]
    fn aliases_do_not_make_much_of_little() {
        let list = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(1500), "*a, ".repeat(1500));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(50));
        let key = format!("a: &a {{? {}\n : x}}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(50));
        let levels = (1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
        let levels: String = std::iter::once("a0: &a0 x\n".to_owned()).chain(levels).collect();
        for text in [list, long, key, levels] {
            refused(&text, "aliases");
        }
    }

    #[test]
    fn a_large_text_without_aliases_is_read() {
        let lines = format!("- {}\n", "x".repeat(1000)).repeat(3000);
        assert_eq!(value(&lines).unwrap().as_array().map(Vec::len), Some(3000));
        let items = format!("[{}]", "1, ".repeat(20_000));
        assert_eq!(value(&items).unwrap().as_array().map(Vec::len), Some(20_000));
    }

    #[test]
    fn what_is_no_single_document_is_refused() {
        refused("a: b: c", "");
        refused("a: 1\n---\nb: 2\n", "more than one document");
        refused("*a", "");
        refused(&"[".repeat(100_000), "");
    }
}
