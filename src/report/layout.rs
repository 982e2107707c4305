//! Fits text into the width of a terminal: padding, shortening, wrapping. All widths are in characters.

/// Returns `text` in at least `width` characters.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// Returns `text` in exactly `width` characters: padded, or shortened as [`shorten`] does.
pub fn fit(text: &str, width: usize) -> String {
    pad(&shorten(text, width), width)
}

/// Returns `text` in at most `width` characters.
///
/// A path or a name with slashes keeps its end, which tells most, by whole parts; then its beginning, if there is room. Anything else
/// loses its middle.
pub fn shorten(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    let suffixes = text.match_indices('/').filter_map(|(at, _)| text.get(at..));
    if let Some(suffix) = suffixes.into_iter().find(|suffix| suffix.chars().count() < width) {
        let head = text.split('/').next().unwrap_or_default();
        let room = width - 1 - suffix.chars().count();
        let head = if head.chars().count() < room { format!("{head}/") } else { String::new() };
        return format!("{head}…{suffix}");
    }
    let keep = width.saturating_sub(1);
    let head = keep / 3;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - (keep - head)).collect();
    format!("{start}…{end}")
}

/// Returns `text`, which begins in column `indent`, with line breaks between words so that no line is longer than `width`, and each
/// further line begins in column `indent`. ANSI styles in it take no room. Without a width there are no breaks.
pub fn wrap(text: &str, width: Option<usize>, indent: usize) -> String {
    let Some(width) = width else { return text.to_owned() };
    // Narrower than this, breaks do more harm than good.
    let width = width.max(indent + 20);
    let mut out = String::with_capacity(text.len());
    let mut column = indent;
    for (index, word) in text.split(' ').enumerate() {
        let length = visible(word);
        if index > 0 && column > indent && column + 1 + length > width {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if index > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// Returns how many characters of `text` are seen: all but ANSI styles.
pub fn visible(text: &str) -> usize {
    let mut count = 0;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(|letter| *letter == 'm');
        } else {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_shortened(text: &str, width: usize, expected: &str) {
        assert_eq!(shorten(text, width), expected);
        assert!(expected.chars().count() <= width);
    }

    #[test]
    fn a_path_keeps_its_end_by_whole_parts() {
        let path = "kubernetes/apps/media/sonarr/helmrelease.yaml:31";
        check_shortened(path, 60, path);
        check_shortened(path, 41, "…/apps/media/sonarr/helmrelease.yaml:31");
        check_shortened(path, 34, "…/media/sonarr/helmrelease.yaml:31");
        check_shortened(path, 22, "…/helmrelease.yaml:31");
        check_shortened(path, 12, "kub….yaml:31");
        check_shortened(
            "ghcr.io/controlplaneio-fluxcd/charts/flux-operator",
            32,
            "ghcr.io/…/charts/flux-operator",
        );
    }

    #[test]
    fn other_text_loses_its_middle() {
        check_shortened("2026.11.19-alpine3.22", 12, "202…pine3.22");
    }

    #[track_caller]
    fn check_wrapped(text: &str, expected: &str) {
        assert_eq!(wrap(text, Some(30), 4), expected);
    }

    #[test]
    fn lines_break_between_words_and_hang() {
        check_wrapped("short enough", "short enough");
        check_wrapped("the reply of `registry.lan` broke off", "the reply of\n    `registry.lan` broke off");
        check_wrapped(&"x".repeat(40), &"x".repeat(40));
        check_wrapped(
            "\u{1b}[2ma b c d e f g h i j k l m\u{1b}[0m n",
            "\u{1b}[2ma b c d e f g h i j k l m\u{1b}[0m\n    n",
        );
        assert_eq!(
            wrap("no terminal, no breaks, however long it is", None, 4),
            "no terminal, no breaks, however long it is"
        );
    }
}
