//! A trial merge of one file: what git would make of two changes of the same text.

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// One change: these lines of the old text become those.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hunk<'a> {
    old: Range<usize>,
    new: Vec<&'a str>,
}

/// Returns the text with both changes of `old`, or `None` when they meet: when they change the same lines, or lines next to each other, as git
/// does not merge these either. The same change on both sides is no conflict.
pub fn three_way(old: &str, ours: &str, theirs: &str) -> Option<String> {
    if ours == theirs || old == theirs {
        return Some(ours.to_owned());
    }
    if old == ours {
        return Some(theirs.to_owned());
    }
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let (left, right) = (hunks(&lines, ours), hunks(&lines, theirs));
    let meets = |hunk: &Hunk<'_>, other: &Hunk<'_>| {
        hunk.old.start <= other.old.end && other.old.start <= hunk.old.end
    };
    if left.iter().any(|hunk| right.iter().any(|other| hunk != other && meets(hunk, other))) {
        return None;
    }
    let mut all: Vec<&Hunk<'_>> =
        left.iter().chain(right.iter().filter(|hunk| !left.contains(hunk))).collect();
    all.sort_by_key(|hunk| (hunk.old.start, hunk.old.end));
    let mut merged = String::with_capacity(ours.len().max(theirs.len()));
    let mut at = 0;
    for hunk in all {
        merged.extend(lines.get(at..hunk.old.start)?.iter().copied());
        merged.extend(hunk.new.iter().copied());
        at = hunk.old.end;
    }
    merged.extend(lines.get(at..)?.iter().copied());
    Some(merged)
}

/// Returns whether `new`, a changed `old`, changes any of the lines that the bytes of `span` stand on.
pub fn changes_lines(old: &str, new: &str, span: Range<usize>) -> bool {
    let line_of = |byte: usize| {
        let before = old.as_bytes().get(..byte.min(old.len())).unwrap_or_default();
        before.split(|byte| *byte == b'\n').count() - 1
    };
    let (first, last) = (line_of(span.start), line_of(span.end.saturating_sub(1).max(span.start)));
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    hunks(&lines, new)
        .iter()
        .any(|hunk| hunk.old.start <= last && first < hunk.old.end.max(hunk.old.start + 1))
}

/// Returns whether `new`, a changed `old`, changes anything that `wanted`, another changed `old`, leaves as it was.
pub fn changes_more(old: &str, new: &str, wanted: &str) -> bool {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let wanted = hunks(&lines, wanted);
    hunks(&lines, new).iter().any(|hunk| {
        let is_same_place =
            |other: &Hunk<'_>| other.old.start <= hunk.old.start && hunk.old.end <= other.old.end;
        !wanted.iter().any(is_same_place)
    })
}

fn hunks<'a>(lines: &[&str], new: &'a str) -> Vec<Hunk<'a>> {
    let new: Vec<&'a str> = new.split_inclusive('\n').collect();
    let ops = capture_diff_slices(Algorithm::Myers, lines, &new);
    let changes = ops.iter().filter(|op| op.tag() != DiffTag::Equal);
    changes
        .map(|op| Hunk { old: op.old_range(), new: new.get(op.new_range()).unwrap_or_default().to_vec() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(old: &str, ours: &str, theirs: &str, expected: Option<&str>) {
        assert_eq!(three_way(old, ours, theirs).as_deref(), expected);
        assert_eq!(three_way(old, theirs, ours).as_deref(), expected, "the other way round");
    }

    #[test]
    fn merges_changes_that_do_not_meet() {
        check("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n", Some("A\nb\nc\nD\n"));
        check("a\nb\nc\n", "a\nb\nc\n", "a\nB\nc\n", Some("a\nB\nc\n"));
        check("a\nb\nc\nd\ne\n", "a\nnew\nb\nc\nd\ne\n", "a\nb\nc\nd\n", Some("a\nnew\nb\nc\nd\n"));
    }

    #[test]
    fn the_same_change_on_both_sides_is_no_conflict() {
        check("a\nb\nc\nd\n", "A\nb\nc\nd\n", "A\nb\nc\nD\n", Some("A\nb\nc\nD\n"));
    }

    #[test]
    fn changes_that_meet_conflict() {
        check("a\nb\nc\n", "a\nB\nc\n", "a\nX\nc\n", None);
        check("a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n", None);
        check("a\nb\n", "a\nx\nb\n", "a\ny\nb\n", None);
    }

    #[test]
    fn knows_whether_a_change_goes_beyond_another() {
        let old = "one\ntwo\nthree\nfour\n";
        assert!(!changes_more(old, "one\n2\nthree\nfour\n", "one\nTWO\nthree\nfour\n"));
        assert!(!changes_more(old, "one\n2\nthree\nfour\n", "one\nTWO\nTHREE\nfour\n"));
        assert!(changes_more(old, "one\n2\n3\nfour\n", "one\nTWO\nthree\nfour\n"));
        assert!(changes_more(old, "one\n2\nthree\n4\n", "one\nTWO\nthree\nfour\n"));
        assert!(!changes_more(old, old, old));
    }

    #[test]
    fn knows_which_lines_a_change_is_about() {
        let old = "one\ntwo\nthree\n";
        assert!(changes_lines(old, "one\nTWO\nthree\n", 4..7));
        assert!(!changes_lines(old, "one\nTWO\nthree\n", 8..13));
        assert!(!changes_lines(old, "ONE\ntwo\nthree\n", 4..7));
        assert!(changes_lines(old, "one\nthree\n", 4..7));
        assert!(!changes_lines(old, old, 0..3));
    }
}
