//! Manifests read line by line: what each document is, and its `image:` lines.
//!
//! Lines, because much that holds images is no YAML yet (chart templates, Jinja), and because images also stand in manifests
//! inside of strings: a `ConfigMap` with a pod in it.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::{memchr, memmem};
use regex::Regex;
use updraft_core::span::ByteSpan;

use crate::scalar::label;

/// A text and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    pub(super) span: ByteSpan,
}

/// One document of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest<'a> {
    pub(super) api_version: Option<Value<'a>>,
    pub(super) kind: Option<&'a str>,
    /// `metadata.name`
    pub(super) name: Option<&'a str>,
    /// `metadata.namespace`
    pub(super) namespace: Option<&'a str>,
    /// The values of the `image:` lines, in order.
    pub(super) images: Vec<Value<'a>>,
}

impl Manifest<'_> {
    /// Returns what people call it: `Deployment default/homepage`.
    pub(super) fn title(&self) -> String {
        let Some(kind) = self.kind.map(label) else { return String::new() };
        match (self.namespace.map(label), self.name.map(label)) {
            (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
            (None, Some(name)) => format!("{kind} {name}"),
            (_, None) => kind.to_owned(),
        }
    }
}

/// Returns the documents of `text`, those of other kinds of YAML included.
pub(super) fn manifests(text: &str) -> Vec<Manifest<'_>> {
    let mut found = Vec::new();
    let mut words = memmem::find_iter(text.as_bytes(), "image").peekable();
    let mut manifest = Manifest::default();
    // The indentation of the lines below `metadata:`, once it is known.
    let mut metadata: Option<Option<usize>> = None;
    let mut at = 0;
    while at < text.len() {
        let start = at;
        at = memchr(b'\n', text.as_bytes().get(at..).unwrap_or_default())
            .map_or(text.len(), |end| at + end + 1);
        let line = text.get(start..at).unwrap_or_default();
        let (line, start) = match line.strip_prefix('\u{feff}') {
            Some(rest) if start == 0 => (rest, start + '\u{feff}'.len_utf8()),
            _ => (line, start),
        };
        let line = line.trim_end_matches(['\n', '\r']);
        if line == "---" || line.starts_with("--- ") {
            found.push(std::mem::take(&mut manifest));
            metadata = None;
            continue;
        }
        if words.next_if(|word| *word < at).is_some() {
            while words.next_if(|word| *word < at).is_some() {}
            manifest.images.extend(images(line, start));
        }
        let indentation = line.len() - line.trim_start_matches(' ').len();
        let content = line.get(indentation..).unwrap_or_default();
        if indentation == 0 {
            if !content.starts_with('#') && !content.is_empty() {
                metadata = None;
            }
            if let Some(value) = value_of("apiVersion:", line, start) {
                manifest.api_version.get_or_insert(value);
            } else if let Some(value) = value_of("kind:", line, start) {
                manifest.kind.get_or_insert(value.text);
            } else if line.trim_end() == "metadata:" {
                metadata = Some(None);
            }
        } else if let Some(depth) = &mut metadata
            && !content.starts_with('#')
            && *depth.get_or_insert(indentation) == indentation
        {
            if let Some(value) = value_of("name:", content, start + indentation) {
                manifest.name.get_or_insert(value.text);
            } else if let Some(value) = value_of("namespace:", content, start + indentation) {
                manifest.namespace.get_or_insert(value.text);
            }
        }
    }
    found.push(manifest);
    found
}

/// Returns the scalar after `key` at the start of `line`, without its quotes, anchor and comment.
fn value_of<'a>(key: &str, line: &'a str, start: usize) -> Option<Value<'a>> {
    let rest = line.strip_prefix(key)?;
    let place = plain_word(rest).or_else(|| scalar(rest))?;
    let start = start + key.len();
    let span = ByteSpan::new(start + place.start, start + place.end);
    Some(Value { text: rest.get(place)?, span })
}

/// Returns what follows one space up to the end of the line, where that is a plain word: nearly all values are, and need no pattern.
fn plain_word(rest: &str) -> Option<Range<usize>> {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-' | b'_' | b':');
    let word = rest.strip_prefix(' ')?;
    let starts = word.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    (starts && word.bytes().all(is_plain)).then_some(1..rest.len())
}

fn scalar(rest: &str) -> Option<Range<usize>> {
    static SCALAR: LazyLock<Regex> = LazyLock::new(|| {
        constant(
            r#"^[ \t]+(?:[&!]\S+[ \t]+)?(?:"([^"]*)"|'([^']*)'|([^\s"'#&*!|>{}\[\]]\S*))[ \t]*(?:$|[ \t]#)"#,
        )
    });
    let found = SCALAR.captures(rest)?;
    (1..=3).find_map(|group| found.get(group)).map(|value| value.range())
}

/// Returns the values of `image` keys in a line, in block or in flow style.
fn images(line: &str, start: usize) -> impl Iterator<Item = Value<'_>> {
    static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
        let key = r#"(?:^[ \t]*(?:-[ \t]+)*|[{,][ \t]*)(?:image:[ \t]+|["']image["'][ \t]*:[ \t]*)"#;
        let value = r#"(?:[&!]\S+[ \t]+)?(?:"([^"]*)"|'([^']*)'|([^\s"'{}\[\],#&*!|>%@`][^\s{}\[\],]*|\$\{[^\s{}]*\}[^\s{}\[\],]*))"#;
        constant(&format!(r"{key}{value}[ \t]*(?:$|[ \t]#|[,\]}}])"))
    });
    IMAGE.captures_iter(line).filter_map(move |found| {
        let value = (1..=3).find_map(|group| found.get(group))?;
        let start = start + value.start();
        Some(Value { text: value.as_str(), span: ByteSpan::new(start, start + value.as_str().len()) })
    })
}

#[expect(clippy::expect_used, reason = "the pattern is a constant, and every test runs it")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a sound pattern")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found = manifests(text);
        let images: Vec<_> = found.iter().flat_map(|manifest| &manifest.images).collect();
        assert_eq!(images.iter().map(|image| image.text).collect::<Vec<_>>(), expected, "{text}");
        for image in images {
            assert_eq!(image.span.of(text), Some(image.text));
        }
    }

    #[test]
    fn finds_an_image_however_the_line_is_written() {
        check("image: a:1", &["a:1"]);
        check("  - image: a:1", &["a:1"]);
        check("- - image: \"a:1\" # why", &["a:1"]);
        check("\timage: 'a:1'\r\n", &["a:1"]);
        check("image: &anchor a:1", &["a:1"]);
        check("image: !!str a:1", &["a:1"]);
        check("containers: [{name: x, image: a:1}, {image: \"b:2\"}]", &["a:1", "b:2"]);
        check("{\"image\":\"a:1\",\"x\":1}", &["a:1"]);
        check("image: ${IMAGE:-a:1}", &["${IMAGE:-a:1}"]);
    }

    proptest! {
        #[test]
        fn a_plain_word_is_what_the_pattern_finds(rest in " {0,2}[a-zA-Z0-9./_:#\"-]{0,4}[ #\t]?[a-z]?") {
            if let Some(word) = plain_word(&rest) {
                prop_assert_eq!(scalar(&rest), Some(word));
            }
        }

        #[test]
        fn no_text_panics_and_each_value_is_where_it_says(
            text in "(---|image: |- |apiVersion: |kind: |metadata:|  name: |[\"'{},&*#ä\n]|[a-z:/.@ ]){0,40}"
        ) {
            for manifest in manifests(&text) {
                for value in manifest.images.iter().chain(&manifest.api_version) {
                    prop_assert_eq!(value.span.of(&text), Some(value.text));
                }
            }
        }
    }

    #[test]
    fn leaves_other_lines_alone() {
        for text in [
            "image:",
            "image: {repository: a, tag: 1}",
            "image: *anchor",
            "image: |",
            "# image: a:1",
            "imagePullPolicy: Always",
            "myimage: a:1",
            "image: {{ .Values.image }}",
            "image: a b",
            "see image: a:1",
            "image: #a",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn knows_what_a_document_is() {
        let text = "\u{feff}apiVersion: apps/v1 # why\r\nkind: \"Deployment\"\r\nmetadata:\r\n  # name: no\r\n  name: app\r\n  labels:\r\n    \
                    name: other\r\n  namespace: home\r\nspec:\r\n  name: third\r\n---\r\nkind: List\r\n--- # next\r\nfoo: bar";
        let found = manifests(text);
        assert_eq!(
            found.iter().map(Manifest::title).collect::<Vec<_>>(),
            ["Deployment home/app", "List", ""]
        );
        let api_version = found[0].api_version.unwrap();
        assert_eq!((api_version.text, api_version.span.of(text)), ("apps/v1", Some("apps/v1")));
    }
}
