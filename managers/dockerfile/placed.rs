//! A text put together from pieces of a file, that still knows where each byte came from.

use updraft_core::span::ByteSpan;

/// A text made of pieces of one file.
///
/// An instruction that goes over several lines, or a reference whose variables were replaced by the defaults of their
/// `ARG` lines, reads as one text and is written in several places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PlacedText {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// Where the piece starts in the text.
    at: usize,
    /// Where it stands in the file.
    place: ByteSpan,
}

impl PlacedText {
    /// Returns the text.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Appends what stands at `place` in `file`.
    pub(super) fn push(&mut self, file: &str, place: ByteSpan) {
        if let Some(text) = place.of(file).filter(|text| !text.is_empty()) {
            self.push_piece(text, place);
        }
    }

    /// Appends the part `span` of another text.
    pub(super) fn push_part(&mut self, other: &Self, span: ByteSpan) {
        for (within, place) in other.pieces(span) {
            if let Some(text) = within.of(&other.text) {
                self.push_piece(text, place);
            }
        }
    }

    /// Returns the pieces of the part `span`: where each is in the text, and where it stands in the file.
    pub(super) fn pieces(&self, span: ByteSpan) -> impl Iterator<Item = (ByteSpan, ByteSpan)> + '_ {
        let first = self.pieces.partition_point(|piece| piece.end() <= span.start);
        self.pieces.iter().skip(first).take_while(move |piece| piece.at < span.end).map(move |piece| {
            let within = ByteSpan::new(span.start.max(piece.at), span.end.min(piece.end()));
            let start = piece.place.start + (within.start - piece.at);
            (within, ByteSpan::new(start, start + within.len()))
        })
    }

    /// Returns the part `span`.
    pub(super) fn part(&self, span: ByteSpan) -> Self {
        let mut part = Self::default();
        part.push_part(self, span);
        part
    }

    /// Returns where `span` of the text stands in the file; `None` when it stands in more than one place.
    ///
    /// The place of an empty span is where the text before it ends.
    pub(super) fn place(&self, span: ByteSpan) -> Option<ByteSpan> {
        let reaches = span.end.max(span.start);
        let piece = match self.pieces.partition_point(|piece| piece.at < reaches).checked_sub(1) {
            Some(last) => self.pieces.get(last)?,
            None => self.pieces.first()?,
        };
        let start = span.start.checked_sub(piece.at)?;
        (span.end <= piece.end())
            .then(|| ByteSpan::new(piece.place.start + start, piece.place.start + start + span.len()))
    }

    /// Returns the smallest stretch of the file that holds every piece.
    pub(super) fn stretch(&self) -> ByteSpan {
        let start = self.pieces.iter().map(|piece| piece.place.start).min().unwrap_or(0);
        let end = self.pieces.iter().map(|piece| piece.place.end).max().unwrap_or(start);
        ByteSpan::new(start, end)
    }

    fn push_piece(&mut self, text: &str, place: ByteSpan) {
        match self.pieces.last_mut() {
            Some(last) if last.place.end == place.start => last.place.end = place.end,
            _ => self.pieces.push(Piece { at: self.text.len(), place }),
        }
        self.text.push_str(text);
    }
}

impl Piece {
    fn end(self) -> usize {
        self.at + self.place.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_each_part_stands() {
        let file = "FROM a:${T}\nARG T=1.2\n";
        let mut text = PlacedText::default();
        text.push(file, ByteSpan::new(5, 7));
        text.push(file, ByteSpan::new(18, 21));
        assert_eq!(text.as_str(), "a:1.2");
        assert_eq!(text.place(ByteSpan::new(0, 1)), Some(ByteSpan::new(5, 6)));
        assert_eq!(text.place(ByteSpan::new(2, 5)), Some(ByteSpan::new(18, 21)));
        assert_eq!(text.place(ByteSpan::new(1, 5)), None);
        assert_eq!(text.place(ByteSpan::empty(5)), Some(ByteSpan::empty(21)));
        assert_eq!(text.place(ByteSpan::empty(2)), Some(ByteSpan::empty(7)));
        assert_eq!(text.part(ByteSpan::new(1, 4)).place(ByteSpan::new(1, 3)), Some(ByteSpan::new(18, 20)));
        assert_eq!(text.stretch(), ByteSpan::new(5, 21));
    }

    #[test]
    fn neighbours_become_one_piece() {
        let mut text = PlacedText::default();
        text.push("abcdef", ByteSpan::new(0, 2));
        text.push("abcdef", ByteSpan::new(2, 4));
        assert_eq!(text.place(ByteSpan::new(1, 3)), Some(ByteSpan::new(1, 3)));
    }
}
