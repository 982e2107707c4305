//! HTML among Markdown: tags are taken away, links and images become Markdown, and what only looks like a tag is shown.

use std::ops::Range;

use super::anatomy::{Html, Place};
use super::structure::Change;

/// Elements whose tags may go without a loss: what they hold reads well by itself. `<version>` is no such, but a word in
/// angle brackets; `<script>` holds nothing to read, and is shown.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// What stands at a `<`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mark {
    /// Nothing that HTML knows: it is shown.
    Words,
    /// A comment or a tag to be left out.
    Gone,
    /// `<br>`, or a cell's end: what was apart stays so.
    Gap,
    /// `<li>`.
    Item,
    /// `<img>`.
    Image { source: String, words: String },
    /// `<a href>`.
    Anchor(String),
    /// `</a>`.
    AnchorEnd,
}

/// A link that began as `<a>` and waits for its end.
#[derive(Debug, Default)]
pub(super) struct Anchor {
    /// Which of the changes is its beginning, and where it leads.
    open: Option<(usize, String)>,
}

impl Anchor {
    /// Adds the changes that make one piece of HTML into Markdown.
    pub(super) fn rewrite(&mut self, text: &str, html: &Html, changes: &mut Vec<Change>) {
        if html.place == Place::Block {
            self.open = None;
        }
        let lines = Lines::of(text, html);
        if html.place == Place::Block {
            // Four spaces would be code once the tags are gone.
            for line in &lines.ranges {
                let content = text.get(line.clone()).unwrap_or_default();
                let indent = content.len() - content.trim_start_matches([' ', '\t']).len();
                if indent > 0 {
                    changes.push(Change::remove(line.start..line.start + indent));
                }
            }
        }
        let mut at = 0;
        while let Some(found) = lines.text.get(at..).and_then(|rest| rest.find('<')) {
            let start = at + found;
            let (mark, length) = lines.read(start);
            let range = start..start + length;
            at = range.end;
            let text = match mark {
                Mark::Words => "&lt;".to_owned(),
                Mark::Gone => String::new(),
                Mark::Item if html.place == Place::Block && lines.begins_line(start) => "- ".to_owned(),
                Mark::Gap | Mark::Item => " ".to_owned(),
                Mark::Image { source, words } => format!("![{words}](<{source}>)"),
                Mark::Anchor(target) => {
                    self.open = Some((changes.len(), target));
                    String::new()
                }
                Mark::AnchorEnd => match self.open.take() {
                    Some((begin, target)) => {
                        if let Some(begin) = changes.get_mut(begin) {
                            begin.text.push('[');
                        }
                        format!("](<{target}>)")
                    }
                    None => String::new(),
                },
            };
            lines.change(range, text, changes);
        }
        if html.place == Place::Block {
            self.open = None;
        }
    }
}

/// The lines of a piece of HTML as one text, and where each is in the whole.
struct Lines {
    text: String,
    ranges: Vec<Range<usize>>,
    /// Where each line begins in the joined text.
    offsets: Vec<usize>,
    ends: Ends,
}

impl Lines {
    fn of(text: &str, html: &Html) -> Self {
        let joined: String = html.lines.iter().filter_map(|range| text.get(range.clone())).collect();
        let mut offset = 0;
        let begin = |range: &Range<usize>| {
            let begin = offset;
            offset += range.end - range.start;
            begin
        };
        let offsets = html.lines.iter().map(begin).collect();
        Self { ends: Ends::of(&joined), text: joined, ranges: html.lines.clone(), offsets }
    }

    fn begins_line(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        before.chars().rev().take_while(|character| *character != '\n').all(char::is_whitespace)
    }

    /// Returns what stands at a `<`, and its length in bytes.
    fn read(&self, at: usize) -> (Mark, usize) {
        let text = self.text.get(at..).unwrap_or_default();
        let last = match text.get(1..3) {
            Some("!-") => self.ends.comment,
            Some("![") => self.ends.data,
            _ => self.ends.angle,
        };
        if last < at { (Mark::Words, 1) } else { read(text) }
    }

    /// Replaces a range of the joined text; line breaks in it stay.
    fn change(&self, range: Range<usize>, text: String, changes: &mut Vec<Change>) {
        let mut text = Some(text);
        let first = self.offsets.partition_point(|offset| *offset <= range.start).saturating_sub(1);
        for (line, offset) in self.ranges.iter().zip(&self.offsets).skip(first) {
            let (start, end) = (range.start.max(*offset), range.end.min(offset + (line.end - line.start)));
            if start >= end {
                break;
            }
            let part = self.text.get(start..end).unwrap_or_default();
            let kept = part.len() - part.trim_end_matches('\n').len();
            let place = line.start + (start - offset)..line.start + (end - offset) - kept;
            changes.push(Change { range: place, text: text.take().unwrap_or_default() });
        }
    }
}

/// Where the last of each mark is that ends something: what begins after it is never ended, and need not be searched.
#[derive(Clone, Copy, Debug)]
struct Ends {
    comment: usize,
    data: usize,
    angle: usize,
}

impl Ends {
    fn of(text: &str) -> Self {
        let last = |mark| text.rfind(mark).unwrap_or(0);
        Self { comment: last("-->"), data: last("]]>"), angle: last(">") }
    }
}

/// Returns what stands at the `<` that `text` begins with, and its length in bytes.
fn read(text: &str) -> (Mark, usize) {
    let until = |end: &str, from: usize| {
        text.get(from..).and_then(|rest| rest.find(end)).map(|at| (Mark::Gone, from + at + end.len()))
    };
    let rest = text.get(1..).unwrap_or_default();
    let words = (Mark::Words, 1);
    if rest.starts_with("!--") {
        // `<!-->` and `<!--->` are whole comments.
        return until("-->", 2).unwrap_or(words);
    }
    if rest.starts_with("![CDATA[") {
        return until("]]>", 9).unwrap_or(words);
    }
    if rest.starts_with('!') || rest.starts_with('?') {
        return until(">", 2).unwrap_or(words);
    }
    tag(text).unwrap_or(words)
}

/// Reads a tag of an element that is known.
fn tag(text: &str) -> Option<(Mark, usize)> {
    let closing = text.get(1..)?.starts_with('/');
    let start = if closing { 2 } else { 1 };
    let rest = text.get(start..)?;
    let name_length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = rest.get(..name_length)?.to_ascii_lowercase();
    if !ELEMENTS.contains(&name.as_str()) {
        return None;
    }
    let attributes = rest.get(name_length..)?;
    if !attributes.starts_with([' ', '\t', '\n', '/', '>']) {
        return None;
    }
    let length = end_of_tag(attributes)?;
    let whole = start + name_length + length;
    let attributes = attributes.get(..length)?;
    let mark = match (name.as_str(), closing) {
        ("a", true) => Mark::AnchorEnd,
        ("a", false) => address(attributes, "href").map_or(Mark::Gone, Mark::Anchor),
        ("img", false) => match address(attributes, "src") {
            Some(source) => Mark::Image { source, words: alternative(attributes) },
            None => Mark::Gone,
        },
        ("br" | "hr" | "td" | "th" | "dd", _) => Mark::Gap,
        ("li", false) => Mark::Item,
        _ => Mark::Gone,
    };
    Some((mark, whole))
}

/// Returns the length of a tag's attributes with its `>`. A `>` in quotes belongs to a value.
fn end_of_tag(attributes: &str) -> Option<usize> {
    let mut quote = None;
    let mut last = ' ';
    for (at, character) in attributes.char_indices() {
        match (quote, character) {
            (None, '>') => return Some(at + 1),
            (None, '<') => return None,
            (None, '"' | '\'') if last == '=' => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        if !character.is_whitespace() {
            last = character;
        }
    }
    None
}

/// Returns the value of an attribute.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '/');
        let length =
            rest.find(|character: char| character.is_whitespace() || matches!(character, '=' | '>' | '/'))?;
        let (key, after) = rest.split_at_checked(length)?;
        let Some(value) = after.trim_start().strip_prefix('=') else {
            if after.starts_with('>') || (length == 0 && !after.starts_with('/')) {
                return None;
            }
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split_once(quote)?,
            _ => value.split_at_checked(value.find(|end: char| end.is_whitespace() || end == '>')?)?,
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// Returns an attribute that is an address, as it can stand between `<` and `>`.
fn address(attributes: &str, name: &str) -> Option<String> {
    let value: String = attribute(attributes, name)?
        .trim()
        .chars()
        .filter(|character| !matches!(character, '<' | '>' | '\\' | '\n' | '`'))
        .collect();
    (!value.is_empty()).then_some(value)
}

/// Returns the words that stand for an image.
fn alternative(attributes: &str) -> String {
    let words: String = attribute(attributes, "alt")
        .unwrap_or_default()
        .chars()
        .map(
            |character| {
                if matches!(character, '[' | ']' | '<' | '>' | '`' | '\\' | '|') { ' ' } else { character }
            },
        )
        .take(100)
        .collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { "image".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Mark, rest: &str) {
        let (mark, length) = read(text);
        assert_eq!((mark, &text[length..]), (expected, rest), "{text}");
    }

    #[test]
    fn reads_what_stands_at_an_angle() {
        check("<!-- a --> b", Mark::Gone, " b");
        check("<!-->b", Mark::Gone, "b");
        check("<!-- a", Mark::Words, "!-- a");
        check("<?php x ?>b", Mark::Gone, "b");
        check("<details open>b", Mark::Gone, "b");
        check("</DETAILS\n>b", Mark::Gone, "b");
        check("<detailsx>b", Mark::Words, "detailsx>b");
        check("<version>b", Mark::Words, "version>b");
        check("<a title=\">\" href='x y'>b", Mark::Anchor("x y".into()), "b");
        check("<a name=x>b", Mark::Gone, "b");
        check(
            "<img src=https://a/b.png alt=\"a ] b\" />c",
            Mark::Image { source: "https://a/b.png".into(), words: "a b".into() },
            "c",
        );
        check("<b", Mark::Words, "b");
        check("<b <i>", Mark::Words, "b <i>");
        check("<", Mark::Words, "");
    }
}
