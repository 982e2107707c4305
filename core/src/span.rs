//! Where a text stands in a file, as bytes, and as the line and column people read.

use serde::Serialize;

/// A half-open range of bytes in a file: `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ByteSpan {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl ByteSpan {
    /// Returns the span `start..end`; `end` is raised to `start` when it is lower.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the empty span at `at`: a place where something can be inserted.
    pub fn empty(at: usize) -> Self {
        Self { start: at, end: at }
    }

    /// Returns the length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Returns whether the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns the text under the span, or `None` when it is out of range or cuts a character.
    pub fn of(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    /// Returns this span moved right by `by` bytes.
    #[must_use]
    pub fn shifted(self, by: usize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// Returns whether two spans share a byte, or are the same empty place.
    pub fn overlaps(self, other: Self) -> bool {
        self == other || (self.start < other.end && other.start < self.end)
    }

    /// Returns whether `other` lies inside this span.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A place in a file as editors count it: both numbers start at 1, columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The line starts of one text, to turn bytes into lines and columns.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Builds the index of `text`; lines end with `\n`.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { starts }
    }

    /// Returns the line (from 1) that holds the byte `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// Returns the line and column of the byte `offset` in `text`, the text this index was built of.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        Position { line, column }
    }

    /// Returns the bytes of line `line` (from 1) without its line break, or `None` past the end.
    pub fn line_span(&self, text: &str, line: usize) -> Option<ByteSpan> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let end = self.starts.get(line).copied().unwrap_or(text.len());
        let row = text.get(start..end)?;
        Some(ByteSpan::new(start, start + row.trim_end_matches(['\n', '\r']).len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_columns_in_characters() {
        let text = "a: ä\nb: é1\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, text.find('1').unwrap()), Position { line: 2, column: 5 });
        assert_eq!(index.line_span(text, 2).and_then(|span| span.of(text)), Some("b: é1"));
    }

    #[test]
    fn leaves_the_carriage_return_out_of_a_line() {
        let text = "a\r\nb\r\n";
        let index = LineIndex::new(text);
        assert_eq!(index.line_span(text, 1).and_then(|span| span.of(text)), Some("a"));
        assert_eq!(index.line_span(text, 4), None);
    }
}
