//! Release notes that are too long, shortened where it does no harm.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::harmless::options;

/// What stands where something was left out.
const NOTICE: &str = "*The release notes end here, as they are longer than a pull request may be; the links above lead to the rest.*";

/// Returns rendered notes shortened to at most `room` characters; what they have open is closed, and a line says that
/// something is missing. Notes that fit are returned as they are; empty when there is not even room for that line.
pub fn cut(notes: &str, room: usize) -> String {
    if notes.chars().count() <= room {
        return notes.to_owned();
    }
    let mut best = None;
    let mut counted = (0, 0);
    for place in places(notes) {
        let (at, before) = counted;
        let Some(between) = notes.get(at..place.at) else { continue };
        let length = before + between.chars().count();
        counted = (place.at, length);
        let end = ending(&place);
        if length + end.chars().count() > room {
            break;
        }
        best = Some((place.at, end));
    }
    match best {
        Some((at, end)) => format!("{}{end}", notes.get(..at).unwrap_or_default()),
        None if NOTICE.chars().count() <= room => NOTICE.to_owned(),
        None => String::new(),
    }
}

/// A place where the text may end.
#[derive(Debug)]
struct Place {
    /// The byte.
    at: usize,
    /// How many blocks to unfold are open there.
    details: usize,
    /// What closes the code that is open there.
    fence: Option<String>,
}

fn ending(place: &Place) -> String {
    let mut ending = String::new();
    if let Some(fence) = &place.fence {
        ending.push('\n');
        ending.push_str(fence);
    }
    ending.push_str("\n\n");
    ending.push_str(NOTICE);
    for _ in 0..place.details {
        ending.push_str("\n\n</details>");
    }
    ending
}

/// Returns where a text may end, in order: after a line of words, an item, a row, a block, and between lines of code.
fn places(notes: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let (mut details, mut links, mut depth) = (0_usize, 0_usize, 0_usize);
    let mut fence: Option<String> = None;
    let mut end = |at: usize, details: usize, fence: Option<String>| {
        let at = notes.get(..at).map_or(0, |text| text.trim_end_matches(['\n', ' ']).len());
        if places.last().is_none_or(|last| last.at < at) {
            places.push(Place { at, details, fence });
        }
    };
    for (event, range) in Parser::new_ext(notes, options()).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                match &tag {
                    Tag::CodeBlock(CodeBlockKind::Fenced(_)) if depth == 0 => {
                        fence = notes.get(range).map(fence_of);
                    }
                    Tag::Link { .. } | Tag::Image { .. } => links += 1,
                    _ => {}
                }
                depth += 1;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                match tag {
                    TagEnd::Link | TagEnd::Image => links = links.saturating_sub(1),
                    TagEnd::CodeBlock => {
                        fence = None;
                        end(range.end, details, None);
                    }
                    TagEnd::Paragraph
                    | TagEnd::Item
                    | TagEnd::TableRow
                    | TagEnd::Heading(_)
                    | TagEnd::HtmlBlock => {
                        end(range.end, details, None);
                    }
                    _ => {}
                }
            }
            Event::Text(_) if fence.is_some() => {
                let shown = notes.get(range.clone()).unwrap_or_default();
                for (at, _) in shown.match_indices('\n') {
                    end(range.start + at, details, fence.clone());
                }
            }
            Event::SoftBreak | Event::HardBreak if links == 0 => end(range.start, details, None),
            Event::Html(text) if text.starts_with("<details") => details += 1,
            Event::Html(text) if text.starts_with("</details") => details = details.saturating_sub(1),
            _ => {}
        }
    }
    places
}

/// Returns the line that closes a block of code.
fn fence_of(block: &str) -> String {
    let block = block.trim_start();
    let mark = if block.starts_with('~') { '~' } else { '`' };
    block.chars().take_while(|character| *character == mark).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::changelog::{Home, harmless};

    fn wrapped(body: &str) -> String {
        let body = harmless(body, &Home::default());
        format!(
            "<details>\n<summary>o/r (a)</summary>\n\n### `v1`\n\n{body}\n\n</details>\n\n<details>\n<summary>o/s</summary>\n\n### `v2`\n\nx\n\n</details>"
        )
    }

    /// Asserts that what follows the text is a paragraph of its own, and no block is open or closed too often.
    #[track_caller]
    fn assert_whole(text: &str) {
        let whole = format!("{text}\n\nEND");
        let (mut depth, mut details, mut ends) = (0, 0, 0);
        for (event, _) in Parser::new_ext(&whole, options()).into_offset_iter() {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                Event::Html(text) if text.starts_with("<details") => details += 1,
                Event::Html(text) if text.starts_with("</details") => {
                    details -= 1;
                    assert!(details >= 0, "{whole}");
                }
                Event::Text(text) => ends += i32::from(&*text == "END" && depth == 1),
                _ => {}
            }
        }
        assert_eq!((details, ends), (0, 1), "{whole}");
    }

    #[test]
    fn notes_that_fit_stay() {
        let notes = wrapped("- a");
        assert_eq!(cut(&notes, notes.chars().count()), notes);
    }

    #[test]
    fn a_long_list_ends_after_an_item() {
        let notes = wrapped(&"- a line about nothing much\n".repeat(1000));
        let short = cut(&notes, 2000);
        let count = short.chars().count();
        assert!((1900..=2000).contains(&count), "{count}");
        assert!(short.ends_with(&format!("much\n\n{NOTICE}\n\n</details>")), "{short}");
        assert_whole(&short);
    }

    #[test]
    fn long_code_is_closed() {
        let notes = wrapped(&format!("````sh\n{}````", "echo `a`\n".repeat(1000)));
        let short = cut(&notes, 1000);
        assert!(short.ends_with(&format!("echo `a`\n````\n\n{NOTICE}\n\n</details>")), "{short}");
        assert_whole(&short);
    }

    #[test]
    fn a_long_paragraph_ends_after_a_line() {
        let notes = wrapped(&"some `code\nspan` here [and\na](https://a.b) link\n".repeat(100));
        for room in 300..500 {
            let short = cut(&notes, room);
            let words = short.split(NOTICE).next().unwrap();
            assert_eq!(words.matches('`').count() % 2, 0, "{short}");
            assert_whole(&short);
        }
    }

    #[test]
    fn without_any_room_there_is_nothing() {
        assert_eq!(cut(&wrapped("a"), 10), "");
        assert_eq!(cut(&"a".repeat(1000), 200), NOTICE);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_cut_is_whole(picks in prop::collection::vec(0..16_usize, 0..60), room in 150..900_usize) {
            const PIECES: [&str; 16] = [
                "a line of words ", "\n", "\n\n", "- item\n", "  - inner\n", "> ", "```\n", "~~~~\n", "`code`", "[a](https://b.c)", "| a | b |\n",
                "|---|---|\n", "### h\n", "    ", "1. x\n", "@me #1 ",
            ];
            let notes = wrapped(&picks.iter().map(|pick| PIECES[*pick]).collect::<String>());
            let short = cut(&notes, room);
            prop_assert!(short.chars().count() <= room);
            assert_whole(&short);
        }
    }
}
