//! The comment behind a `rev`: `# frozen: v1.2.3`.

use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Node, Style};

/// What stands behind a `rev` on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behind<'a> {
    /// The version that the comment names.
    pub(super) note: Option<Note<'a>>,
    /// Where a comment can be inserted; `None` where something else follows, as in `{ rev: v1, hooks: [] }`.
    pub(super) room: Option<usize>,
}

/// A version in a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note<'a> {
    pub(super) value: &'a str,
    /// Where the version stands in the file.
    pub(super) span: ByteSpan,
}

impl<'a> Behind<'a> {
    /// Reads what follows `rev` in `text`, the text of its file.
    pub(super) fn read(text: &'a str, rev: Node<'_>) -> Self {
        let nothing = Self { note: None, room: None };
        let end = rev.span().end
            + match rev.style() {
                Some(Style::Plain) => 0,
                Some(Style::SingleQuoted | Style::DoubleQuoted) => 1,
                // In a block scalar a comment would be a part of the text.
                Some(Style::Literal | Style::Folded) | None => return nothing,
            };
        let Some(rest) = text.get(end..).and_then(|rest| rest.lines().next()) else {
            // The file ends here.
            return Self { note: None, room: (!rev.alias()).then_some(end) };
        };
        let blank = rest.trim_start();
        if rev.alias() || !(blank.is_empty() || (blank.starts_with('#') && blank.len() < rest.len())) {
            return nothing;
        }
        let note = blank.strip_prefix('#').and_then(|comment| {
            let (at, value) = version(comment)?;
            let start = end + rest.len() - comment.len() + at;
            Some(Note { value, span: ByteSpan::new(start, start + value.len()) })
        });
        Self { note, room: Some(end) }
    }
}

/// Returns the version a comment starts with, behind `frozen:` or not, and where it stands in the comment.
fn version(comment: &str) -> Option<(usize, &str)> {
    let rest = comment.trim_start();
    let rest = rest.strip_prefix("frozen:").unwrap_or(rest).trim_start();
    let value = rest.split_whitespace().next()?.trim_end_matches([',', ';', ':', '.']);
    let number = value.strip_prefix(['v', 'V']).unwrap_or(value);
    let is_version = number.starts_with(|first: char| first.is_ascii_digit())
        || rest.len() < comment.trim_start().len() && value.bytes().any(|byte| byte.is_ascii_digit());
    is_version.then(|| (comment.len() - rest.len(), value))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[track_caller]
    fn check(comment: &str, expected: Option<&str>) {
        let found = version(comment);
        assert_eq!(found.map(|(_, value)| value), expected, "{comment}");
        if let Some((at, value)) = found {
            assert!(comment[at..].starts_with(value), "{comment}");
        }
    }

    #[test]
    fn a_comment_names_a_version_at_its_start() {
        check(" frozen: v1.2.3", Some("v1.2.3"));
        check("frozen:1.2.3 by hand", Some("1.2.3"));
        check(" frozen: release-1.2", Some("release-1.2"));
        check(" v1.2.3", Some("v1.2.3"));
        check(" v1.2.3, signed", Some("v1.2.3"));
        check(" frozen: main", None);
        check(" release-1.2 was broken", None);
        check(" see issue 5", None);
        check(" frozen:", None);
        check("", None);
    }
}
