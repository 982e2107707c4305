//! Lines that Flux image automation writes: `tag: v1.2.3 # {"$imagepolicy": "namespace:policy:tag"}`.
//!
//! Two bots on one line undo each other's work, so what is marked is left to the one that was there first
//! (<https://fluxcd.io/flux/guides/image-update/#configure-image-update-for-custom-resources>).

use updraft_core::span::ByteSpan;

/// How far after a value its marker may begin, in characters: lines can be long, and hold many values.
const REACH: usize = 200;

/// Returns whether the line `span` ends in carries an image policy marker after it.
pub(crate) fn marks(text: &str, span: ByteSpan) -> bool {
    let rest = text.get(span.end..).unwrap_or_default();
    let end = rest.char_indices().take(REACH).find(|(_, letter)| matches!(letter, '\n' | '#'));
    let comment = end.and_then(|(at, _)| rest.get(at..)).and_then(|rest| rest.strip_prefix('#'));
    let body = comment.map(|comment| comment.trim_start_matches([' ', '\t', '{']));
    body.is_some_and(|body| body.starts_with("\"$imagepolicy\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: bool) {
        let text = format!("a: b\n{line}\nc: 1 # {{\"$imagepolicy\": \"x:y\"}}\n");
        let start = text.find("v1").unwrap();
        assert_eq!(marks(&text, ByteSpan::new(start, start + 2)), expected, "{line}");
    }

    #[test]
    fn a_marker_owns_its_own_line_only() {
        check("tag: v1 # {\"$imagepolicy\": \"ns:policy:tag\"}", true);
        check("tag: \"v1\" # {\"$imagepolicy\": \"ns:policy\"}\r", true);
        check("tag: v1 # see the $imagepolicy above", false);
        check("tag: v1", false);
    }
}
