//! Lines that Flux image automation writes: `tag: v1.2.3 # {"$imagepolicy": "namespace:policy:tag"}`.
//!
//! Two bots on one line undo each other's work, so what is marked is left to the one that was there first
//! (<https://fluxcd.io/flux/guides/image-update/#configure-image-update-for-custom-resources>).

use updraft_core::span::ByteSpan;

/// Returns whether the line `span` ends in carries an image policy marker after it.
pub(crate) fn marks(text: &str, span: ByteSpan) -> bool {
    let rest = text.get(span.end..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    line.split_once('#').is_some_and(|(_, comment)| comment.contains("\"$imagepolicy\""))
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
