//! JSON that is looked at on terminals: what would move the cursor or turn the direction of the writing is spelled.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::printable::is_active;

/// Writes a value as JSON with two spaces for each level.
///
/// # Errors
/// It cannot be written.
pub fn write(out: impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Spelling(PrettyFormatter::new()));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Returns JSON on one line, or what stands in a text of it, with the same spelled.
pub fn spelled(json: &str) -> Cow<'_, str> {
    // Nearly all texts are of these, and many bytes are looked at in one step.
    let is_plain = json.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if is_plain || !json.chars().any(is_active) {
        return Cow::Borrowed(json);
    }
    let mut spelled = String::with_capacity(json.len() + 6);
    for letter in json.chars() {
        if is_active(letter) {
            // All of them are in the first plane, so that four digits are enough.
            let _ = write!(spelled, "\\u{:04x}", u32::from(letter));
        } else {
            spelled.push(letter);
        }
    }
    Cow::Owned(spelled)
}

/// As its formatter, but JSON itself spells only what is below U+0020.
struct Spelling<'a>(PrettyFormatter<'a>);

impl Formatter for Spelling<'_> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        out.write_all(spelled(text).as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelled() {
        let value = json!({
            "a\u{202e}b": ["\u{1b}[31m\u{9b}2J\u{7f}", "größe \"x\"\n", {}, [], [1, {"c": null}]], "z": {"y": true},
        });
        let mut out = Vec::new();
        write(&mut out, &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""a\u202eb": ["#) && text.contains(r"\u001b[31m\u009b2J\u007f"), "{text}");
        assert!(!text.chars().any(|letter| is_active(letter) && letter != '\n'), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        let plain = json!({"a": ["größe", {}, [], [1, {"c": null}]], "z": {"y": true}});
        let mut out = Vec::new();
        write(&mut out, &plain).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&plain).unwrap());
    }
}
