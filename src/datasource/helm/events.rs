//! Reads an index of any layout as a stream of YAML events: slower than by lines, and right for all that YAML allows.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use granit_parser::{BorrowedInput, ErrorKind, Event, Parser, ScalarStyle, ScanError, Span};

use super::index::{CHANGES, Chart, Entry, Index, IndexError};

/// The most bytes that may pass between two events: no honest key or text is longer.
const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;
/// The most anchored texts that are remembered.
const MAX_ANCHORS: usize = 1_000;
/// The longest text of an entry that is kept, in bytes.
const MAX_TEXT: usize = 4 * 1024;
/// The longest account of changes that is kept, in bytes.
const MAX_CHANGES: usize = 32 * 1024;
/// The most links of an entry that are kept.
const MAX_LINKS: usize = 64;

/// Reads an index from its bytes, chunk by chunk, keeping the charts in `wanted`.
///
/// # Errors
/// Returns why the bytes are not an index.
pub fn read_index(
    chunks: impl Iterator<Item = Vec<u8>>,
    wanted: &BTreeSet<String>,
) -> Result<Index, IndexError> {
    let passed = Rc::new(Cell::new(0));
    let chars = Chars { chunks, pending: Vec::new(), at: 0, text: String::new(), passed: Rc::clone(&passed) };
    let parser = Parser::new_from_fallible_iter(chars);
    Reader { parser, passed, anchors: HashMap::new(), line: 1 }.index(wanted)
}

/// Reads `text`, the block mapping of one version of a chart.
///
/// # Errors
/// Returns why it is none.
pub(super) fn read_entry(text: &str) -> Result<Entry, IndexError> {
    let parser = Parser::new_from_str(text);
    let mut reader = Reader { parser, passed: Rc::default(), anchors: HashMap::new(), line: 1 };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::MappingStart(..) => return reader.entry(),
            _ => return Err(IndexError::Layout { line: reader.line }),
        }
    }
}

/// The characters of a stream of bytes; what is not UTF-8 becomes U+FFFD.
struct Chars<C> {
    chunks: C,
    /// Bytes of a character whose end is still to come.
    pending: Vec<u8>,
    text: String,
    at: usize,
    passed: Rc<Cell<usize>>,
}

impl<C: Iterator<Item = Vec<u8>>> Chars<C> {
    /// Returns whether there is more.
    fn refill(&mut self) -> bool {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() {
            let Some(chunk) = self.chunks.next() else {
                self.text.push_str(&String::from_utf8_lossy(&std::mem::take(&mut self.pending)));
                return !self.text.is_empty();
            };
            self.pending.extend_from_slice(&chunk);
            // Whatever came before it: only what may still become a character waits.
            let cut = self.pending.utf8_chunks().last().map_or(&[][..], |last| last.invalid());
            let waits = std::str::from_utf8(cut).is_err_and(|error| error.error_len().is_none());
            let whole = self.pending.len() - if waits { cut.len() } else { 0 };
            let rest = self.pending.split_off(whole);
            self.text.push_str(&String::from_utf8_lossy(&self.pending));
            self.pending = rest;
        }
        true
    }
}

impl<C: Iterator<Item = Vec<u8>>> Iterator for Chars<C> {
    type Item = Result<char, ErrorKind>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.text.len() && !self.refill() {
            return None;
        }
        let next = self.text.get(self.at..)?.chars().next()?;
        self.at += next.len_utf8();
        let passed = self.passed.get() + next.len_utf8();
        self.passed.set(passed);
        if passed > MAX_EVENT_BYTES {
            return Some(Err(ErrorKind::InputByteLimitExceeded { limit: MAX_EVENT_BYTES }));
        }
        Some(Ok(next))
    }
}

struct Reader<'text, T: BorrowedInput<'text>> {
    parser: Parser<'text, T>,
    passed: Rc<Cell<usize>>,
    anchors: HashMap<usize, String>,
    line: usize,
}

impl<'text, T: BorrowedInput<'text>> Reader<'text, T> {
    fn index(mut self, wanted: &BTreeSet<String>) -> Result<Index, IndexError> {
        let mut index = Index::default();
        let mut found = false;
        loop {
            match self.next()? {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::MappingStart(..) => break,
                _ => return Err(IndexError::NoEntries),
            }
        }
        while let Some(key) = self.key()? {
            let value = self.next()?;
            if key == "entries" && !found {
                found = true;
                self.entries(value, wanted, &mut index)?;
            } else {
                self.skip(&value)?;
            }
        }
        if found { Ok(index) } else { Err(IndexError::NoEntries) }
    }

    fn entries(
        &mut self,
        start: Event<'text>,
        wanted: &BTreeSet<String>,
        index: &mut Index,
    ) -> Result<(), IndexError> {
        match start {
            Event::MappingStart(..) => {}
            // `entries:` with nothing behind it: a repository without charts.
            Event::Scalar(text, ScalarStyle::Plain, ..) if is_null(&text) => return Ok(()),
            _ => return Err(IndexError::NoEntries),
        }
        while let Some(name) = self.key()? {
            index.name(&name);
            let value = self.next()?;
            if !wanted.contains(&name) {
                self.skip(&value)?;
                continue;
            }
            let mut chart = Chart::default();
            match value {
                Event::SequenceStart(..) => self.versions(&mut chart)?,
                Event::Scalar(text, ScalarStyle::Plain, ..) if is_null(&text) => {}
                Event::Alias(_) => return Err(IndexError::Alias { line: self.line }),
                other => self.skip(&other)?,
            }
            index.charts.insert(name, chart);
        }
        Ok(())
    }

    /// Reads the versions of a chart; the start of the sequence has been read.
    fn versions(&mut self, chart: &mut Chart) -> Result<(), IndexError> {
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(()),
                Event::MappingStart(..) => {
                    let entry = self.entry()?;
                    chart.add(entry);
                }
                Event::Alias(_) => return Err(IndexError::Alias { line: self.line }),
                other => self.skip(&other)?,
            }
        }
    }

    fn entry(&mut self) -> Result<Entry, IndexError> {
        let mut entry = Entry::default();
        while let Some(key) = self.key()? {
            match key.as_str() {
                "version" => entry.version = self.text()?,
                "created" => entry.created = self.text()?,
                "deprecated" => entry.deprecated = self.text()?,
                "home" => entry.home = self.text()?,
                "sources" => entry.sources = self.texts()?,
                "urls" => entry.urls = self.texts()?,
                "annotations" => entry.changes = self.changes()?,
                "<<" => return Err(IndexError::Alias { line: self.line }),
                _ => {
                    let value = self.next()?;
                    self.skip(&value)?;
                }
            }
        }
        Ok(entry)
    }

    /// Returns the changes that the annotations of a version tell; an account that is too long is none.
    fn changes(&mut self) -> Result<Option<String>, IndexError> {
        let event = self.next()?;
        if !matches!(event, Event::MappingStart(..)) {
            self.skip(&event)?;
            return Ok(None);
        }
        let mut changes = None;
        while let Some(key) = self.key()? {
            let value = self.next()?;
            match &value {
                Event::Scalar(text, style, ..) if key == CHANGES && text.len() <= MAX_CHANGES => {
                    let is_none = *style == ScalarStyle::Plain && is_null(text);
                    changes = (!is_none).then(|| text.to_string());
                }
                _ => self.skip(&value)?,
            }
        }
        Ok(changes)
    }

    /// Returns the next key of the mapping that is open, `None` at its end. A key that is no text is empty.
    fn key(&mut self) -> Result<Option<String>, IndexError> {
        let event = self.next()?;
        if matches!(event, Event::MappingEnd) {
            return Ok(None);
        }
        if let Some(text) = self.scalar(&event) {
            return Ok(Some(text));
        }
        self.skip(&event)?;
        Ok(Some(String::new()))
    }

    /// Returns a text; `None` for null and for what is no text.
    fn text(&mut self) -> Result<Option<String>, IndexError> {
        let event = self.next()?;
        if let Event::Scalar(text, ScalarStyle::Plain, ..) = &event
            && is_null(text)
        {
            return Ok(None);
        }
        let text = self.scalar(&event);
        if text.is_none() {
            self.skip(&event)?;
        }
        Ok(text)
    }

    /// Returns the texts of a sequence; one text counts as a sequence of one.
    fn texts(&mut self) -> Result<Vec<String>, IndexError> {
        let event = self.next()?;
        if let Event::Scalar(text, ScalarStyle::Plain, ..) = &event
            && is_null(text)
        {
            return Ok(Vec::new());
        }
        if !matches!(event, Event::SequenceStart(..)) {
            let single = self.scalar(&event);
            if single.is_none() {
                self.skip(&event)?;
            }
            return Ok(single.into_iter().collect());
        }
        let mut texts = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(texts);
            }
            match self.scalar(&event) {
                Some(text) if texts.len() < MAX_LINKS => texts.push(text),
                Some(_) => {}
                None => self.skip(&event)?,
            }
        }
    }

    /// Returns a scalar's text, an alias of one followed. An over-long text is no text.
    fn scalar(&self, event: &Event<'text>) -> Option<String> {
        match event {
            Event::Scalar(text, ..) => (text.len() <= MAX_TEXT).then(|| text.to_string()),
            Event::Alias(id) => self.anchors.get(id).cloned(),
            _ => None,
        }
    }

    /// Passes over the rest of the value that starts with `start`.
    fn skip(&mut self, start: &Event<'text>) -> Result<(), IndexError> {
        let mut depth = usize::from(opens(start));
        while depth > 0 {
            let event = self.next()?;
            if opens(&event) {
                depth += 1;
            } else if matches!(event, Event::MappingEnd | Event::SequenceEnd) {
                depth -= 1;
            }
        }
        Ok(())
    }

    /// Returns the next event that is no comment.
    fn next(&mut self) -> Result<Event<'text>, IndexError> {
        loop {
            self.passed.set(0);
            let (event, span): (Event<'text>, Span) = match self.parser.next_event() {
                Some(Ok(next)) => next,
                Some(Err(error)) => return Err(syntax(&error)),
                None => {
                    return Err(IndexError::Syntax { line: self.line, message: "it ends too early".into() });
                }
            };
            self.line = span.start.line();
            match &event {
                Event::Scalar(text, _, anchor, _) if *anchor != 0 && text.len() <= MAX_TEXT => {
                    if self.anchors.len() < MAX_ANCHORS {
                        self.anchors.insert(*anchor, text.to_string());
                    }
                    return Ok(event);
                }
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(..)
                | Event::DocumentEnd
                | Event::SequenceEnd
                | Event::MappingEnd => return Ok(event),
                _ if event.is_node() => return Ok(event),
                // A comment.
                _ => {}
            }
        }
    }
}

fn opens(event: &Event<'_>) -> bool {
    matches!(event, Event::MappingStart(..) | Event::SequenceStart(..))
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn syntax(error: &ScanError) -> IndexError {
    let line = error.marker().line();
    if matches!(error.kind(), ErrorKind::InputByteLimitExceeded { .. }) {
        return IndexError::TooLong { line };
    }
    IndexError::Syntax { line, message: error.info() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Index, IndexError> {
        let wanted = BTreeSet::from(["a".to_owned(), "c".to_owned()]);
        // Small chunks, so that characters and tokens are cut.
        read_index(text.as_bytes().chunks(3).map(<[u8]>::to_vec), &wanted)
    }

    #[track_caller]
    fn versions(text: &str, chart: &str) -> Vec<String> {
        let index = read(text).unwrap();
        index.charts.get(chart).map_or_else(Vec::new, |chart| {
            chart.releases.iter().map(|release| release.version.clone()).collect()
        })
    }

    #[test]
    fn reads_json() {
        let text = r#"{"apiVersion":"v1","entries":{"a":[{"version":"1.0.0","urls":["x\/a.tgz"],"description":"\ud83d\ude80 ä",
            "created":"2024-01-02T03:04:05Z"},{"version":"0.9.0"}],"b":[{"version":"3"}]}}"#;
        assert_eq!(versions(text, "a"), ["1.0.0", "0.9.0"]);
        let index = read(text).unwrap();
        assert_eq!(index.charts["a"].urls, ["x/a.tgz"]);
        assert_eq!(index.names.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn reads_flow_style_and_odd_indentation() {
        assert_eq!(versions("entries: {a: [{version: 1.20}, {version: '2'}]}", "a"), ["1.20", "2"]);
        assert_eq!(versions("  entries:\n      a:\n          -   version: 1.0.0\n", "a"), ["1.0.0"]);
    }

    #[test]
    fn follows_aliases_of_texts() {
        let text = "entries:\n  a:\n  - version: &v 1.0.0\n  c:\n  - version: *v\n";
        assert_eq!(versions(text, "c"), ["1.0.0"]);
    }

    #[test]
    fn an_alias_for_a_version_is_refused() {
        let text = "entries:\n  a:\n  - &x {version: 1.0.0}\n  c:\n  - *x\n";
        assert_eq!(read(text), Err(IndexError::Alias { line: 5 }));
        let merge = "x: &x {version: 1}\nentries:\n  a:\n  - <<: *x\n";
        assert_eq!(read(merge), Err(IndexError::Alias { line: 4 }));
    }

    #[test]
    fn a_repository_may_have_no_charts() {
        for text in ["entries: {}", "entries:\n", "entries: null\ngenerated: x"] {
            assert_eq!(read(text), Ok(Index::default()), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(read("hello"), Err(IndexError::NoEntries));
        assert_eq!(read("- a\n"), Err(IndexError::NoEntries));
        assert_eq!(read(""), Err(IndexError::NoEntries));
        assert_eq!(read("apiVersion: v1\n"), Err(IndexError::NoEntries));
        assert!(matches!(read("entries:\n  a: [1"), Err(IndexError::Syntax { .. })));
    }

    #[test]
    fn bytes_that_are_no_character_spoil_no_other() {
        let text = b"entries:\n  a:\n  - version: 1\xff\xc3\xa4\n";
        for size in 1..text.len() {
            let wanted = BTreeSet::from(["a".to_owned()]);
            let index = read_index(text.chunks(size).map(<[u8]>::to_vec), &wanted).unwrap();
            assert_eq!(index.charts["a"].releases[0].version, "1\u{fffd}\u{e4}", "pieces of {size}");
        }
    }

    #[test]
    fn an_endless_text_is_refused() {
        let head = b"entries:\n  a:\n  - description: ".to_vec();
        let chunks = std::iter::once(head).chain(std::iter::repeat_n(vec![b'x'; 64 * 1024], 100));
        assert_eq!(
            read_index(chunks, &BTreeSet::from(["a".to_owned()])),
            Err(IndexError::TooLong { line: 3 })
        );
    }

    #[test]
    fn no_cut_panics() {
        let text = "entries:\n  a:\n  - version: \"1\"\n    urls: [x, 'ä']\n  b: {x: &y [*y]}\n";
        for end in 0..text.len() {
            let _ =
                read_index(std::iter::once(text.as_bytes()[..end].to_vec()), &BTreeSet::from(["a".into()]));
        }
    }
}
