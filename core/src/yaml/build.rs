//! From text to documents: cutting the file at its markers, and filling the list of nodes from the parser's events.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, options};

use super::mask::{self, LoneTag};
use super::quick::{self, Content};
use super::{AS_SPELLED, Document, Entry, Shortcuts, Style, What, YamlError, YamlFile};
use crate::span::ByteSpan;

/// How many errors are told one by one.
const MOST_ERRORS: usize = 20;

/// Parses `text`.
///
/// Each document is read by itself: one that is broken becomes an error, and the others are read all the same. A document that
/// is broken and holds template tags (Go templates, Jinja) is read again with the tags masked.
pub fn parse(text: &Arc<str>) -> YamlFile {
    parse_after(text, quick::read)
}

/// Parses what `first` has no content for.
pub(super) fn parse_after(
    text: &Arc<str>,
    first: impl Fn(&str, Range<usize>) -> Option<Content>,
) -> YamlFile {
    let mut file = YamlFile::default();
    if u32::try_from(text.len()).is_err() {
        let message = "the file is too large to be read".to_owned();
        file.errors.push(YamlError { message, span: ByteSpan::empty(0), template: false });
        return file;
    }
    let mut broken = 0;
    for piece in pieces(text) {
        let Some(source) = text.get(piece.clone()) else { continue };
        if let Some(Content { nodes, decoded }) = first(text, piece.clone()) {
            let span = ByteSpan::new(piece.start, piece.end);
            let shortcuts = Shortcuts::default();
            file.documents.push(Document {
                text: Arc::clone(text),
                span,
                nodes,
                decoded,
                template: false,
                shortcuts,
            });
            continue;
        }
        let before = file.documents.len();
        let Err(error) = Builder::new(text, piece.start, &[]).read(source, &mut file.documents) else {
            continue;
        };
        let tags = mask::tags(source);
        let readable = !tags.is_empty()
            && [LoneTag::Comment, LoneTag::Blank].iter().any(|hide_as| {
                file.documents.truncate(before);
                let masked = mask::mask(source, &tags, *hide_as);
                Builder::new(text, piece.start, &tags).read(&masked, &mut file.documents).is_ok()
            });
        if !readable {
            broken += 1;
            if broken <= MOST_ERRORS {
                file.errors.push(describe(&error, text, piece.start, !tags.is_empty()));
            }
        }
    }
    if let (Some(more @ 1..), Some(last)) = (broken.checked_sub(MOST_ERRORS), file.errors.last_mut()) {
        last.message = format!("{}; {more} more documents of this file are broken", last.message);
    }
    file
}

/// Returns the parts of `text` that hold one document each, cut before each `---` and after each `...`.
///
/// These marks at the start of a line end a document wherever they stand, inside quotes and block scalars too
/// (`c-forbidden`, YAML 1.2.2, 9.1.2), which is why they can be found without parsing. Directives stay with their document.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut pieces = Vec::new();
    let mut start = first;
    let mut line_start = first;
    while line_start < text.len() {
        let rest = text.as_bytes().get(line_start..).unwrap_or_default();
        let next = memchr::memchr(b'\n', rest).map_or(text.len(), |end| line_start + end + 1);
        let marker =
            rest.get(..3).filter(|_| matches!(rest.get(3), None | Some(b' ' | b'\t' | b'\r' | b'\n')));
        match marker {
            Some(b"---") if line_start > start && !only_directives(text, start..line_start) => {
                pieces.push(start..line_start);
                start = line_start;
            }
            Some(b"...") => {
                pieces.push(start..next);
                start = next;
            }
            _ => {}
        }
        line_start = next;
    }
    if line_start > start || pieces.is_empty() {
        pieces.push(start..line_start);
    }
    pieces
}

/// Returns whether a part holds nothing but comments, blank lines and at least one directive (`%YAML 1.2`).
fn only_directives(text: &str, piece: Range<usize>) -> bool {
    let mut lines = text
        .get(piece)
        .unwrap_or("")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .peekable();
    lines.peek().is_some() && lines.all(|line| line.starts_with('%'))
}

fn describe(error: &ScanError, text: &str, base: usize, template: bool) -> YamlError {
    let mut start = (base + error.marker().byte_offset().unwrap_or(0)).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let rest = text.get(start..).unwrap_or("");
    let length = match error.kind() {
        ErrorKind::UnknownAnchor => rest.find([' ', '\t', '\r', '\n', ',', ']', '}']).unwrap_or(rest.len()),
        _ => rest.chars().next().filter(|next| !matches!(next, '\r' | '\n')).map_or(0, char::len_utf8),
    };
    YamlError { message: error.info(), span: ByteSpan::new(start, start + length), template }
}

/// Fills documents from the events of one piece of a file.
struct Builder<'a> {
    text: &'a Arc<str>,
    /// Where the piece starts in the file.
    base: usize,
    /// The masked tags, as places in the piece.
    tags: &'a [Range<usize>],
    document: Option<Document>,
    open: Vec<u32>,
    /// The node of each anchor, by the parser's number.
    anchors: Vec<u32>,
    /// Where the last piece of content ended, in the file.
    content_end: u32,
}

impl<'a> Builder<'a> {
    fn new(text: &'a Arc<str>, base: usize, tags: &'a [Range<usize>]) -> Self {
        Self { text, base, tags, document: None, open: Vec::new(), anchors: Vec::new(), content_end: 0 }
    }

    /// Reads `source`, which is the piece or its masked form, and adds its documents to `documents`.
    fn read(mut self, source: &str, documents: &mut Vec<Document>) -> Result<(), ScanError> {
        let options = options! { emit_comments: false };
        let first = documents.len();
        for event in Parser::new_from_str_with_options(source, options) {
            let (event, span) = event?;
            match event {
                Event::DocumentStart(..) => {
                    let start = if documents.len() == first { self.base } else { self.range(&span).start };
                    if let Some(last) = documents.last_mut().filter(|_| start > self.base) {
                        last.span.end = start;
                    }
                    self.document = Some(Document {
                        text: Arc::clone(self.text),
                        span: ByteSpan::new(start, self.base + source.len()),
                        nodes: Vec::with_capacity(source.len() / 16),
                        decoded: Vec::new(),
                        template: !self.tags.is_empty(),
                        shortcuts: Shortcuts::default(),
                    });
                }
                Event::DocumentEnd => {
                    documents.extend(self.document.take().filter(|document| !document.nodes.is_empty()));
                    self.open.clear();
                }
                Event::Scalar(value, style, anchor, _) => self.scalar(source, value, style, anchor, &span),
                Event::Alias(anchor) => self.alias(anchor, &span),
                Event::MappingStart(_, anchor, _) => {
                    self.start(What::Mapping, anchor, self.range(&span).start);
                }
                Event::SequenceStart(_, anchor, _) => {
                    let start = self.sequence_start(self.range(&span).start);
                    self.start(What::Sequence, anchor, start);
                }
                Event::MappingEnd | Event::SequenceEnd => self.end(&span),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the bytes of an event, as places in the file.
    fn range(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        self.base + range.start..self.base + range.end
    }

    fn scalar(&mut self, source: &str, value: Cow<'_, str>, style: ScalarStyle, anchor: usize, span: &Span) {
        let token = self.range(span);
        let (style, content) = match style {
            ScalarStyle::SingleQuoted => (Style::SingleQuoted, inner(&token)),
            ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, inner(&token)),
            ScalarStyle::Literal => (Style::Literal, self.trimmed(&token)),
            ScalarStyle::Folded => (Style::Folded, self.trimmed(&token)),
            ScalarStyle::Plain => (Style::Plain, self.plain(&token)),
        };
        let local = content.start - self.base..content.end - self.base;
        // A masked tag must not be taken for a value, so the text of the file is the value then.
        let at = self.tags.partition_point(|tag| tag.end <= local.start);
        let tagged = self.tags.get(at).is_some_and(|tag| tag.start < local.end);
        // The parser spells a value that is left out `~`.
        let spelled = tagged || content.is_empty() || source.get(local) == Some(&*value);
        self.content_end = position(match style {
            Style::SingleQuoted | Style::DoubleQuoted => token.end,
            _ => content.end,
        });
        let unfinished = matches!(style, Style::Literal | Style::Folded)
            && self.text.get(content.end..).is_some_and(|rest| rest.trim_matches([' ', '\t']).is_empty());
        let Some(document) = &mut self.document else { return };
        let decoded = if spelled {
            AS_SPELLED
        } else {
            let mut value = value.into_owned();
            // The parser ends the last line even where the file does not.
            if unfinished && value.ends_with('\n') {
                value.pop();
            }
            document.decoded.push(value.into_boxed_str());
            position(document.decoded.len() - 1)
        };
        self.push(What::Scalar { style, decoded }, anchor, &content);
    }

    /// Returns where a plain scalar stands; one that is left out stands after its colon.
    fn plain(&self, token: &Range<usize>) -> Range<usize> {
        if !token.is_empty() {
            return token.clone();
        }
        let rest = self.text.get(token.start..).unwrap_or("");
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        match rest.as_bytes().get(blanks) {
            Some(b':') => token.start + blanks + 1..token.start + blanks + 1,
            _ => token.clone(),
        }
    }

    /// Returns the lines of a block scalar without the last line breaks.
    fn trimmed(&self, token: &Range<usize>) -> Range<usize> {
        let content = self.text.get(token.clone()).unwrap_or("");
        token.start..token.start + content.trim_end_matches([' ', '\t', '\r', '\n']).len()
    }

    /// Returns where the first dash of a sequence stands: the parser points after it when a key's value is not indented.
    fn sequence_start(&self, start: usize) -> usize {
        let before = self.text.get(self.base..start).unwrap_or("");
        let Some(line) = before.trim_end_matches([' ', '\t']).strip_suffix('-') else { return start };
        let is_first = line.trim_end_matches([' ', '\t']).chars().last().is_none_or(|last| last == '\n');
        let is_value = self.open.last().is_some_and(|parent| self.is_mapping(*parent));
        if is_first && is_value { self.base + line.len() } else { start }
    }

    fn is_mapping(&self, index: u32) -> bool {
        let entry = self.document.as_ref().and_then(|document| document.nodes.get(index as usize));
        matches!(entry, Some(Entry { what: What::Mapping, .. }))
    }

    fn alias(&mut self, anchor: usize, span: &Span) {
        let token = self.range(span);
        self.content_end = position(token.end);
        // The parser reports unknown anchors itself.
        let target = self.anchors.get(anchor).copied().unwrap_or(0);
        self.push(What::Alias(target), 0, &token);
    }

    fn start(&mut self, what: What, anchor: usize, start: usize) {
        let index = self.document.as_ref().map_or(0, |document| position(document.nodes.len()));
        self.open.push(index);
        self.content_end = self.content_end.max(position(start));
        self.push(what, anchor, &(start..start));
    }

    fn end(&mut self, span: &Span) {
        let token = self.range(span);
        if !token.is_empty() {
            self.content_end = position(token.end);
        }
        let end = self.content_end;
        let (Some(index), Some(document)) = (self.open.pop(), &mut self.document) else { return };
        let next = position(document.nodes.len());
        if let Some(entry) = document.nodes.get_mut(index as usize) {
            entry.next = next;
            entry.end = end.max(entry.start);
        }
    }

    fn push(&mut self, what: What, anchor: usize, span: &Range<usize>) {
        let Some(document) = &mut self.document else { return };
        let index = position(document.nodes.len());
        document.nodes.push(Entry {
            start: position(span.start),
            end: position(span.end),
            next: index + 1,
            what,
        });
        if anchor > 0 {
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, 0);
            }
            if let Some(place) = self.anchors.get_mut(anchor) {
                *place = index;
            }
        }
    }
}

/// Returns a quoted token without its quotes.
fn inner(token: &Range<usize>) -> Range<usize> {
    let start = token.start + 1;
    start..token.end.saturating_sub(1).max(start)
}

/// Returns a place as it is stored; larger texts were refused at the start.
pub(super) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
