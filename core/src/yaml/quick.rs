//! A quick reader for the part of YAML that nearly all manifests are written in.
//!
//! It knows block mappings and block sequences, keys and scalars of one line, flow collections of one line, block scalars, anchors and
//! aliases. Of a document that holds anything else, or anything wrong, it says nothing: that is for the parser, and so is every message.
//! What it does read, it reads as the parser does, which the tests hold it to.

use std::collections::BTreeMap;
use std::ops::Range;

use super::build::position;
use super::{AS_SPELLED, Entry, Style, What};

/// How deep collections may nest; the parser allows more.
const MAX_DEPTH: usize = 48;
/// The longest key, in bytes; the parser allows some more characters.
const MAX_KEY: usize = 1000;
/// The content of a document.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) nodes: Vec<Entry>,
    pub(super) decoded: Vec<Box<str>>,
}

/// Returns the content of the document in `piece` of `text`; `None` when it is not for this reader.
pub(super) fn read(text: &str, piece: Range<usize>) -> Option<Content> {
    let source = text.get(piece.clone())?;
    // The mark of an end can only be in the last line: that is where the text was cut.
    let last = source.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
    if !is_plain_text(source) || last.starts_with("...") {
        return None;
    }
    let mut reader = Reader {
        text: text.get(..piece.end)?,
        bytes: text.as_bytes().get(..piece.end)?,
        line: None,
        content: Content { nodes: Vec::with_capacity(source.len() / 16), decoded: Vec::new() },
        anchors: BTreeMap::new(),
        content_end: 0,
        depth: MAX_DEPTH,
    };
    let mut start = piece.start;
    if source.starts_with("---") {
        let end = reader.line_end(start);
        reader.ends(start + 3, end)?;
        start = end + 1;
    }
    reader.advance(start);
    let first = reader.line?;
    reader.node(first, None)?;
    reader.line.is_none().then_some(reader.content)
}

/// Returns whether a text holds no characters that the parser may treat in a way of its own.
fn is_plain_text(text: &str) -> bool {
    let is_control = |byte: u8| (byte < b' ' && byte != b'\n') || byte == 0x7f;
    // Many bytes at a time, as no step depends on the one before.
    if text.as_bytes().iter().fold(false, |found, byte| found | is_control(*byte)) {
        return false;
    }
    let is_usual = |letter: char| {
        letter.is_ascii()
            || matches!(letter, '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
    };
    text.is_ascii() || text.chars().all(is_usual)
}

/// Returns whether no plain scalar starts with `byte`, as far as this reader knows; a dash is looked at by itself.
fn is_indicator(byte: u8) -> bool {
    matches!(
        byte,
        b',' | b'['
            | b']'
            | b'{'
            | b'}'
            | b'#'
            | b'&'
            | b'*'
            | b'!'
            | b'|'
            | b'>'
            | b'\''
            | b'"'
            | b'%'
            | b'@'
            | b'`'
            | b'?'
            | b':'
            | b' '
            | b'\n'
    )
}

/// A line that is neither blank nor a comment; all places are bytes of the file.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    /// Where its first token stands.
    first: usize,
    end: usize,
}

impl Line {
    fn column(self) -> usize {
        self.first - self.start
    }

    /// Returns the rest of the line from `at`, as if it stood alone.
    fn from(self, at: usize) -> Self {
        Self { first: at, ..self }
    }
}

/// A scalar of one line.
struct Scalar {
    style: Style,
    content: Range<usize>,
    /// The byte after it, quotes included.
    end: usize,
    decoded: Option<String>,
}

impl Scalar {
    fn plain(content: Range<usize>) -> Self {
        let end = content.end;
        Self { style: Style::Plain, content, end, decoded: None }
    }
}

/// Where a plain scalar stands, which decides what ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Block,
    Flow,
}

/// What a value belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    /// The byte after the colon, which is where a value stands that is left out.
    Mapping(usize),
    Sequence,
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The next line that says something.
    line: Option<Line>,
    content: Content,
    anchors: BTreeMap<&'a str, u32>,
    /// Where the last piece of content ended.
    content_end: u32,
    /// How many collections may still nest.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Returns whether the byte at `at` parts tokens: a space, or the end of the line.
    fn is_gap(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\n'))
    }

    fn line_end(&self, start: usize) -> usize {
        let rest = self.bytes.get(start..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(self.bytes.len(), |length| start + length)
    }

    fn skip_spaces(&self, mut at: usize) -> usize {
        while self.byte(at) == Some(b' ') {
            at += 1;
        }
        at
    }

    /// Finds the next line that says something, from the start of a line on.
    fn advance(&mut self, mut start: usize) {
        self.line = None;
        while start < self.bytes.len() {
            let first = self.skip_spaces(start);
            match self.byte(first) {
                Some(b'\n') => start = first + 1,
                Some(b'#') => start = self.line_end(first) + 1,
                Some(_) => {
                    self.line = Some(Line { start, first, end: self.line_end(first) });
                    return;
                }
                None => return,
            }
        }
    }

    /// Returns whether nothing but spaces and a comment stands between `at` and `end`; `None` when something does.
    fn ends(&self, at: usize, end: usize) -> Option<()> {
        let next = self.skip_spaces(at);
        let is_comment = next > at && self.byte(next) == Some(b'#');
        (next >= end || is_comment).then_some(())
    }

    /// Returns whether the byte at `at` is the dash of an item.
    fn is_dash(&self, at: usize) -> bool {
        self.byte(at) == Some(b'-') && self.is_gap(at + 1)
    }

    /// Reads the collection that starts with the first token of `line`.
    fn node(&mut self, line: Line, anchor: Option<&'a str>) -> Option<()> {
        self.depth = self.depth.checked_sub(1)?;
        if self.is_dash(line.first) {
            self.sequence(line, anchor)?;
        } else {
            self.mapping(line, anchor)?;
        }
        self.depth += 1;
        Some(())
    }

    fn mapping(&mut self, mut line: Line, anchor: Option<&'a str>) -> Option<()> {
        let column = line.column();
        let index = self.open(What::Mapping, line.first, anchor);
        loop {
            let key = self.key(line)?;
            let colon = key.end;
            self.push_scalar(key, None);
            self.value(line.from(colon + 1), column, Parent::Mapping(colon + 1))?;
            match self.line {
                Some(next) if next.column() == column && !self.is_dash(next.first) => line = next,
                Some(next) if next.column() >= column => return None,
                _ => break,
            }
        }
        self.close(index);
        Some(())
    }

    fn sequence(&mut self, mut line: Line, anchor: Option<&'a str>) -> Option<()> {
        let column = line.column();
        let index = self.open(What::Sequence, line.first, anchor);
        loop {
            let item = line.from(self.skip_spaces(line.first + 1));
            if self.byte(item.first) == Some(b'#') {
                return None;
            }
            if self.is_dash(item.first) || self.key(item).is_some() {
                self.node(item, None)?;
            } else {
                self.value(item, column, Parent::Sequence)?;
            }
            match self.line {
                Some(next) if next.column() == column && self.is_dash(next.first) => line = next,
                Some(next) if next.column() > column => return None,
                _ => break,
            }
        }
        self.close(index);
        Some(())
    }

    /// Returns the key that `line` starts with; it ends before its colon.
    fn key(&self, line: Line) -> Option<Scalar> {
        let key = match self.byte(line.first)? {
            b'"' | b'\'' => self.quoted(line.first, line.end)?,
            _ => self.plain(line.first, line.end, Within::Block)?,
        };
        let has_colon = self.byte(key.end) == Some(b':') && self.is_gap(key.end + 1);
        (has_colon && key.end - line.first <= MAX_KEY).then_some(key)
    }

    /// Reads what stands for a key or an item: `line` starts after the colon or at the item.
    fn value(&mut self, line: Line, column: usize, parent: Parent) -> Option<()> {
        let mut at = self.skip_spaces(line.first);
        let mut anchor = None;
        if self.byte(at) == Some(b'&') {
            let name = self.name(at + 1)?;
            at = self.skip_spaces(at + 1 + name.len());
            anchor = Some(name);
        }
        match self.byte(at).filter(|_| at < line.end) {
            None | Some(b'#') => return self.value_below(line, column, parent, anchor),
            Some(b'|' | b'>') => return self.block_scalar(line.from(at), column, anchor),
            Some(b'[' | b'{') => {
                let end = self.flow_collection(at, line.end, anchor)?;
                self.ends(end, line.end)?;
            }
            Some(b'*') if anchor.is_none() => {
                let end = self.alias(at)?;
                self.ends(end, line.end)?;
            }
            Some(quote) => {
                let scalar = if matches!(quote, b'"' | b'\'') {
                    self.quoted(at, line.end)?
                } else {
                    self.plain(at, line.end, Within::Block)?
                };
                self.ends(scalar.end, line.end)?;
                self.push_scalar(scalar, anchor);
            }
        }
        self.advance(line.end + 1);
        Some(())
    }

    /// Reads a value of which nothing stands on the line itself.
    fn value_below(
        &mut self,
        line: Line,
        column: usize,
        parent: Parent,
        anchor: Option<&'a str>,
    ) -> Option<()> {
        self.advance(line.end + 1);
        match (self.line, parent) {
            (Some(next), _) if next.column() > column => self.node(next, anchor),
            (Some(next), Parent::Mapping(_)) if next.column() == column && self.is_dash(next.first) => {
                self.node(next, anchor)
            }
            (_, Parent::Mapping(after_colon)) if anchor.is_none() => {
                self.push_scalar(Scalar::plain(after_colon..after_colon), None);
                Some(())
            }
            _ => None,
        }
    }

    /// Returns the name of an anchor or alias.
    fn name(&self, start: usize) -> Option<&'a str> {
        let rest = self.bytes.get(start..)?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let is_whole = matches!(rest.get(length), None | Some(b' ' | b'\n' | b',' | b']' | b'}'));
        self.text.get(start..start + length).filter(|name| is_whole && !name.is_empty())
    }

    /// Reads `*name`, and returns where it ends.
    fn alias(&mut self, at: usize) -> Option<usize> {
        let name = self.name(at + 1)?;
        let target = *self.anchors.get(name)?;
        let end = at + 1 + name.len();
        self.push(What::Alias(target), &(at..end), None);
        self.content_end = position(end);
        Some(end)
    }

    /// Returns the plain scalar at `at`; in a block it ends before a colon only where it is a key.
    fn plain(&self, at: usize, line_end: usize, within: Within) -> Option<Scalar> {
        let first = self.byte(at)?;
        let is_text = first != b'-' || self.byte(at + 1)?.is_ascii_alphanumeric() || self.is_flag(at);
        if is_indicator(first) || !is_text {
            return None;
        }
        let mut end = at;
        let mut last = at;
        for (index, byte) in self.bytes.get(at..line_end)?.iter().enumerate() {
            let here = at + index;
            match byte {
                b' ' => {
                    end = here + 1;
                    continue;
                }
                b':' if self.is_gap(here + 1) => {
                    // A space before the colon is left to the parser.
                    return (last == here).then(|| Scalar::plain(at..here));
                }
                b'#' if end == here => return Some(Scalar::plain(at..last)),
                b',' | b']' | b'}' if within == Within::Flow => return Some(Scalar::plain(at..last)),
                b'[' | b'{' if within == Within::Flow => return None,
                b':' if within == Within::Flow
                    && matches!(self.byte(here + 1), Some(b',' | b'[' | b']' | b'{' | b'}')) =>
                {
                    return None;
                }
                _ => {}
            }
            last = here + 1;
        }
        Some(Scalar::plain(at..last))
    }

    /// Returns whether a flag such as `--level` stands at `at`.
    fn is_flag(&self, at: usize) -> bool {
        self.byte(at + 1) == Some(b'-') && self.byte(at + 2).is_some_and(|byte| byte.is_ascii_alphanumeric())
    }

    /// Returns the quoted scalar at `at`.
    fn quoted(&self, at: usize, line_end: usize) -> Option<Scalar> {
        let quote = self.byte(at)?;
        let mut decoded: Option<String> = None;
        let start = at + 1;
        let mut from = start;
        let mut here = start;
        loop {
            let byte = self.byte(here).filter(|_| here < line_end)?;
            let meaning = match byte {
                b'\\' if quote == b'"' => match self.byte(here + 1)? {
                    b'n' => '\n',
                    b't' => '\t',
                    same @ (b'"' | b'\\' | b'/') => char::from(same),
                    _ => return None,
                },
                _ if byte != quote => {
                    here += 1;
                    continue;
                }
                _ if quote == b'\'' && self.byte(here + 1) == Some(b'\'') => '\'',
                _ => break,
            };
            let text = decoded.get_or_insert_default();
            text.push_str(self.text.get(from..here)?);
            text.push(meaning);
            here += 2;
            from = here;
        }
        if let Some(text) = &mut decoded {
            text.push_str(self.text.get(from..here)?);
        }
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        Some(Scalar { style, content: start..here, end: here + 1, decoded })
    }

    /// Reads the flow collection at `at`, and returns where it ends.
    fn flow_collection(&mut self, at: usize, line_end: usize, anchor: Option<&'a str>) -> Option<usize> {
        self.depth = self.depth.checked_sub(1)?;
        let is_mapping = self.byte(at) == Some(b'{');
        let (what, close) = if is_mapping { (What::Mapping, b'}') } else { (What::Sequence, b']') };
        let index = self.open(what, at, anchor);
        let mut here = self.skip_spaces(at + 1);
        while self.byte(here) != Some(close) {
            if is_mapping {
                let key = match self.byte(here)? {
                    b'"' | b'\'' => self.quoted(here, line_end)?,
                    _ => self.plain(here, line_end, Within::Flow)?,
                };
                if self.byte(key.end) != Some(b':') || self.byte(key.end + 1) != Some(b' ') {
                    return None;
                }
                here = self.skip_spaces(key.end + 1);
                self.push_scalar(key, None);
            }
            here = self.flow_node(here, line_end)?;
            here = self.skip_spaces(here);
            match self.byte(here)? {
                b',' => here = self.skip_spaces(here + 1),
                byte if byte == close => {}
                _ => return None,
            }
        }
        here += 1;
        if here > line_end {
            return None;
        }
        self.content_end = position(here);
        self.close(index);
        self.depth += 1;
        Some(here)
    }

    /// Reads one value inside a flow collection, and returns where it ends.
    fn flow_node(&mut self, at: usize, line_end: usize) -> Option<usize> {
        let scalar = match self.byte(at)? {
            b'[' | b'{' => return self.flow_collection(at, line_end, None),
            b'*' => return self.alias(at),
            b'"' | b'\'' => self.quoted(at, line_end)?,
            _ => self.plain(at, line_end, Within::Flow)?,
        };
        let end = scalar.end;
        self.push_scalar(scalar, None);
        // A pair without braces (`[a: b]`) ends here, too.
        Some(end)
    }

    /// Reads the block scalar whose header is the first token of `line`.
    fn block_scalar(&mut self, line: Line, column: usize, anchor: Option<&'a str>) -> Option<()> {
        let style = if self.byte(line.first) == Some(b'|') { Style::Literal } else { Style::Folded };
        let chomping = self.byte(line.first + 1).filter(|byte| matches!(byte, b'-' | b'+'));
        self.ends(line.first + 1 + usize::from(chomping.is_some()), line.end)?;
        let first = line.end + 1;
        let indentation = self.skip_spaces(first) - first;
        if indentation <= column {
            return None;
        }
        let mut value = String::new();
        let (mut start, mut content_end, mut blank_lines) = (first, first, 0);
        while start < self.bytes.len() {
            let token = self.skip_spaces(start);
            let end = self.line_end(token);
            let column_here = token - start;
            if token == end {
                // Blank lines at the start and spaces that count are left to the parser.
                if value.is_empty() || column_here > indentation {
                    return None;
                }
                blank_lines += 1;
            } else if column_here < indentation {
                break;
            } else {
                if style == Style::Folded && column_here > indentation {
                    return None;
                }
                if !value.is_empty() {
                    match (style, blank_lines) {
                        (Style::Folded, 0) => value.push(' '),
                        (Style::Folded, _) => value.extend(std::iter::repeat_n('\n', blank_lines)),
                        _ => value.extend(std::iter::repeat_n('\n', blank_lines + 1)),
                    }
                }
                blank_lines = 0;
                value.push_str(self.text.get(start + indentation..end)?);
                content_end = end;
            }
            start = end + 1;
        }
        let content_start = first + indentation;
        let raw = self.text.get(content_start..content_end)?;
        let content = content_start..content_start + raw.trim_end_matches(' ').len();
        if content.len() != raw.len() && chomping == Some(b'+') {
            return None;
        }
        // A file may end without a line break, and then the value does.
        let is_finished = self.byte(content_end) == Some(b'\n');
        match chomping {
            Some(b'-') => {}
            Some(_) if is_finished && self.bytes.last() == Some(&b'\n') => {
                value.extend(std::iter::repeat_n('\n', blank_lines + 1));
            }
            None if is_finished => value.push('\n'),
            None => {}
            Some(_) => return None,
        }
        let is_spelled = self.text.get(content.clone()) == Some(value.as_str());
        let end = content.end;
        self.push_scalar(Scalar { style, content, end, decoded: (!is_spelled).then_some(value) }, anchor);
        self.advance(start);
        Some(())
    }

    fn push_scalar(&mut self, scalar: Scalar, anchor: Option<&'a str>) {
        let Scalar { style, content, end, decoded } = scalar;
        let decoded = decoded.map_or(AS_SPELLED, |value| {
            self.content.decoded.push(value.into_boxed_str());
            position(self.content.decoded.len() - 1)
        });
        self.push(What::Scalar { style, decoded }, &content, anchor);
        self.content_end = position(end);
    }

    fn open(&mut self, what: What, start: usize, anchor: Option<&'a str>) -> usize {
        self.content_end = self.content_end.max(position(start));
        self.push(what, &(start..start), anchor);
        self.content.nodes.len() - 1
    }

    /// Ends a collection where the last piece of its content ended.
    fn close(&mut self, index: usize) {
        let next = position(self.content.nodes.len());
        let end = self.content_end;
        if let Some(entry) = self.content.nodes.get_mut(index) {
            entry.next = next;
            entry.end = end.max(entry.start);
        }
    }

    fn push(&mut self, what: What, span: &Range<usize>, anchor: Option<&'a str>) {
        let index = position(self.content.nodes.len());
        self.content.nodes.push(Entry {
            start: position(span.start),
            end: position(span.end),
            next: index + 1,
            what,
        });
        if let Some(name) = anchor {
            self.anchors.insert(name, index);
        }
    }
}
