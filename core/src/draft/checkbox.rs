//! Boxes with a hidden marker, as they stand in our texts: `- [ ] <!-- rebase-check -->Words`.

/// The longest marker, in bytes: a branch's name and a word.
const MAX_MARKER: usize = 1_024;

/// Whether a box is ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoxState {
    Ticked,
    Empty,
}

/// A box that is an item of a list and followed at once by a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkbox<'a> {
    /// The words of the marker.
    pub marker: &'a str,
    /// Whether it is ticked.
    pub state: BoxState,
    /// The byte between its brackets.
    pub at: usize,
}

/// Returns the boxes of `text` in order; what stands in a code block is no box.
pub(crate) fn checkboxes(text: &str) -> Vec<Checkbox<'_>> {
    let mut boxes = Vec::new();
    let mut fence: Option<Fence> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(open) = fence {
            if open.is_closed_by(line) {
                fence = None;
            }
        } else if let Some(open) = Fence::opened_by(line) {
            fence = Some(open);
        } else if let Some(found) = checkbox(line) {
            boxes.push(Checkbox { at: start + found.at, ..found });
        }
        start += line.len();
    }
    boxes
}

/// Returns `text` with the boxes ticked for whose marker `is_wanted` says so, and no others.
pub(crate) fn with_boxes(text: &str, is_wanted: impl Fn(&str) -> bool) -> String {
    let mut ticked = String::with_capacity(text.len());
    let mut done = 0;
    for found in checkboxes(text) {
        ticked.push_str(text.get(done..found.at).unwrap_or_default());
        ticked.push(if is_wanted(found.marker) { 'x' } else { ' ' });
        done = found.at + 1;
    }
    ticked.push_str(text.get(done..).unwrap_or_default());
    ticked
}

fn checkbox(line: &str) -> Option<Checkbox<'_>> {
    let item = line.trim_start_matches(' ');
    if line.len() - item.len() > 3 {
        return None;
    }
    let rest = item.strip_prefix(['-', '*', '+'])?;
    let content = rest.trim_start_matches(' ');
    if !(1..=4).contains(&(rest.len() - content.len())) {
        return None;
    }
    let inside = content.strip_prefix('[')?;
    let at = line.len() - inside.len();
    let (state, after) = match inside.strip_prefix(' ') {
        Some(after) => (BoxState::Empty, after),
        None => (BoxState::Ticked, inside.strip_prefix(['x', 'X'])?),
    };
    let comment = after.strip_prefix(']')?.trim_start_matches(' ').strip_prefix("<!--")?;
    let (marker, _) = comment.split_once("-->")?;
    let marker = marker.trim_matches(' ');
    (marker.len() <= MAX_MARKER).then_some(Checkbox { marker, state, at })
}

/// The line that opened a code block.
#[derive(Clone, Copy, Debug)]
struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    fn opened_by(line: &str) -> Option<Self> {
        let (fence, info) = Self::read(line)?;
        (fence.mark == '~' || !info.contains('`')).then_some(fence)
    }

    fn is_closed_by(self, line: &str) -> bool {
        Self::read(line).is_some_and(|(fence, rest)| {
            fence.mark == self.mark && fence.length >= self.length && rest.trim().is_empty()
        })
    }

    fn read(line: &str) -> Option<(Self, &str)> {
        let text = line.trim_start_matches(' ');
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let rest = text.trim_start_matches(mark);
        let fence = Self { mark, length: text.len() - rest.len() };
        (line.len() - text.len() <= 3 && fence.length >= 3).then_some((fence, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, BoxState)]) {
        let found: Vec<_> = checkboxes(text).iter().map(|found| (found.marker, found.state)).collect();
        assert_eq!(found, expected, "{text}");
        for found in checkboxes(text) {
            assert!(
                text[found.at - 1..].starts_with(['[']) && text[found.at + 1..].starts_with(']'),
                "{text}"
            );
        }
    }

    #[test]
    fn finds_items_with_a_marker() {
        check(
            "words\r\n - [x] <!-- a -->A\r\n- [ ]<!-- b -->\n* [X]  <!-- c=d --> C",
            &[("a", BoxState::Ticked), ("b", BoxState::Empty), ("c=d", BoxState::Ticked)],
        );
    }

    #[test]
    fn nothing_else_is_a_box() {
        for text in [
            "[x] <!-- a -->",
            "> - [x] <!-- a -->",
            "-[x] <!-- a -->",
            "- [y] <!-- a -->",
            "- [x] words <!-- a -->",
            "- [x] <!-- a\n-->",
            "    - [x] <!-- a -->",
            "-      [x] <!-- a -->",
            "```\n- [x] <!-- a -->\n```",
            "~~~~ `\n- [x] <!-- a -->\n~~~\n- [x] <!-- b -->",
            "- [x]",
            "- [",
            "-",
        ] {
            check(text, &[]);
        }
        check("``` `\n- [x] <!-- a -->", &[("a", BoxState::Ticked)]);
        check("~~~\n~~~\n- [x] <!-- a -->", &[("a", BoxState::Ticked)]);
    }

    #[test]
    fn sets_exactly_the_wanted_boxes() {
        let text = "- [x] <!-- a -->ä\n- [ ] <!-- b -->\n```\n- [x] <!-- a -->";
        let expected = "- [ ] <!-- a -->ä\n- [x] <!-- b -->\n```\n- [x] <!-- a -->";
        assert_eq!(with_boxes(text, |marker| marker == "b"), expected);
    }
}
