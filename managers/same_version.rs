//! The same version a second time: `releases/download/v1.2.3/tool-v1.2.3.tar.gz` is right only if both move.

use updraft_core::span::ByteSpan;

/// Returns the other places inside `within` where the text under `first` stands as a version of its own, in order.
///
/// Short numbers are left out: a `3` means many things.
pub(crate) fn repeats(text: &str, within: ByteSpan, first: ByteSpan) -> Vec<ByteSpan> {
    let (Some(value), Some(place)) = (first.of(text), within.of(text)) else { return Vec::new() };
    if !value.contains('.') || !value.contains(|letter: char| letter.is_ascii_digit()) {
        return Vec::new();
    }
    let places = place.match_indices(value).map(|(at, _)| {
        let at = within.start + at;
        ByteSpan::new(at, at + value.len())
    });
    places.filter(|span| !span.overlaps(first) && stands_alone(text, *span)).collect()
}

fn stands_alone(text: &str, span: ByteSpan) -> bool {
    let before = text.get(..span.start).and_then(|text| text.chars().next_back());
    let mut after = text.get(span.end..).unwrap_or_default().chars();
    let next = after.next();
    let continues =
        matches!(next, Some('.' | '+')) && after.next().is_some_and(|letter| letter.is_ascii_digit());
    !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '.')
        && !next.is_some_and(char::is_alphanumeric)
        && !continues
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, value: &str, expected: usize) {
        let at = text.find(value).unwrap();
        let first = ByteSpan::new(at, at + value.len());
        assert_eq!(repeats(text, ByteSpan::new(0, text.len()), first).len(), expected, "{text}");
    }

    #[test]
    fn a_version_counts_where_it_stands_by_itself() {
        check("v1.2.3/tool-v1.2.3.tar.gz", "v1.2.3", 1);
        check("v1.2.3/tool_v1.2.3_linux", "v1.2.3", 1);
        check("v1.2.3/v1.2.34/v1.2.3.4/xv1.2.3/v1.2.3rc1/v1.2.3+1", "v1.2.3", 0);
        check("1.2/0.1.2/1.2", "1.2", 1);
        check("3/3/3", "3", 0);
        check("main/main", "main", 0);
    }
}
