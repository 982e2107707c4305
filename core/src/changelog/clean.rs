//! Notes as their publisher wrote them, made to fit below our own headings.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag};

use super::harmless::options;

/// A heading in a Markdown text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// 1 for the highest.
    pub(super) level: usize,
    /// All of it, with its line break.
    pub(super) range: Range<usize>,
    /// Its words, without marks and addresses.
    pub(super) words: String,
}

/// Returns the headings of a text that stand in no list or quote, in order.
pub(super) fn headings(text: &str) -> Vec<Heading> {
    let mut headings: Vec<Heading> = Vec::new();
    let (mut depth, mut inside) = (0_usize, false);
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if let (Tag::Heading { level, .. }, 0) = (&tag, depth) {
                    headings.push(Heading { level: number(*level), range, words: String::new() });
                    inside = true;
                }
                depth += 1;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                inside &= depth > 0;
            }
            Event::Text(words) | Event::Code(words) if inside => {
                if let Some(heading) = headings.last_mut() {
                    heading.words.push_str(&words);
                }
            }
            _ => {}
        }
    }
    headings
}

fn number(level: HeadingLevel) -> usize {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// Returns notes without a first heading that only repeats the version, and with the other headings below ours.
pub fn clean(notes: &str, version: &str) -> String {
    let notes = notes.replace("\r\n", "\n");
    let headings = headings(&notes);
    let mut cleaned = String::with_capacity(notes.len() + 16);
    let mut at = 0;
    for (index, heading) in headings.iter().enumerate() {
        let source = notes.get(heading.range.clone()).unwrap_or_default();
        cleaned.push_str(notes.get(at..heading.range.start).unwrap_or_default());
        at = heading.range.end;
        let is_first = index == 0 && cleaned.trim().is_empty();
        if is_first && (names(&heading.words, version) || source.contains("/compare/")) {
            continue;
        }
        match lowered(source, heading.level) {
            Some(lowered) => cleaned.push_str(&lowered),
            None => cleaned.push_str(source),
        }
    }
    cleaned.push_str(notes.get(at..).unwrap_or_default());
    cleaned.trim_matches('\n').trim_end().to_owned()
}

/// Returns a heading as one that stands below the version's; `None` leaves it as it is.
fn lowered(source: &str, level: usize) -> Option<String> {
    let marks = match level {
        1 => "###",
        2 => "####",
        3 | 4 => "#####",
        _ => return None,
    };
    let end = if source.ends_with('\n') { "\n" } else { "" };
    if source.starts_with('#') {
        return Some(format!("{marks}{}", source.trim_start_matches('#')));
    }
    // Underlined; more than one line of words is left alone.
    let mut lines = source.lines();
    let (words, _, None) = (lines.next()?, lines.next()?, lines.next()) else { return None };
    Some(format!("{marks} {}{end}", words.trim()))
}

/// Returns whether one of the words of a heading is the version, perhaps behind a package's name.
pub(super) fn names(words: &str, version: &str) -> bool {
    let bare = version.strip_prefix('v').unwrap_or(version);
    let is_edge = |character: char| {
        character.is_whitespace()
            || matches!(character, '[' | ']' | '(' | ')' | ',' | ':' | ';' | '*' | '"' | '\'')
    };
    !bare.is_empty()
        && words.split(is_edge).any(|word| {
            let Some(before) = word.trim_end_matches('.').strip_suffix(bare) else { return false };
            let before = before.strip_suffix(['v', 'V']).unwrap_or(before);
            before.is_empty() || before.ends_with(['@', '/', '_', '-'])
        })
}

/// Returns what a release's name says beyond its version; `None` when that is nothing.
pub fn release_name(name: &str, tag: &str, version: &str) -> Option<String> {
    let mut rest = name.trim();
    let bare = version.strip_prefix('v').unwrap_or(version);
    loop {
        let before = rest;
        for prefix in ["Release", "release", "Version", "version", tag, version, bare] {
            if let Some(after) =
                rest.strip_prefix(prefix).filter(|after| !prefix.is_empty() && is_apart(after))
            {
                rest = after;
            }
        }
        rest = rest.trim_start_matches(|character: char| {
            character.is_whitespace() || matches!(character, ':' | '-' | '–' | '—')
        });
        rest = rest
            .strip_prefix('v')
            .filter(|after| after.starts_with(bare) && !bare.is_empty())
            .unwrap_or(rest);
        if rest == before {
            break;
        }
    }
    let rest = rest.trim();
    let is_date = rest.len() == 10 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (!rest.is_empty() && !is_date && !rest.ends_with(bare)).then(|| rest.to_owned())
}

fn is_apart(after: &str) -> bool {
    !after.starts_with(|next: char| next.is_alphanumeric() && next != 'v')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(notes: &str, expected: &str) {
        assert_eq!(clean(notes, "v1.2.3"), expected, "{notes}");
    }

    #[test]
    fn headings_stand_below_ours() {
        check("# A\r\n\r\n## B ##\n### C\n##### D\n", "### A\n\n#### B ##\n##### C\n##### D");
        check("A\n=\n\nB *b*\n---\nx", "### A\n\n#### B *b*\nx");
        check("A\nB\n=\n", "A\nB\n=");
        check("```\n# a comment\n```\n\n    # more", "```\n# a comment\n```\n\n    # more");
    }

    #[test]
    fn a_heading_that_repeats_the_version_goes() {
        check(
            "## [1.2.3](https://github.com/o/r/compare/v1.2.2...v1.2.3) (2024-01-02)\n\n### Fixes\n\n- a",
            "##### Fixes\n\n- a",
        );
        check("# Release v1.2.3\n\n- a", "- a");
        check("words\n\n# 1.2.3\n\n- a", "words\n\n### 1.2.3\n\n- a");
        check("# 1.2.30\n\n- a", "### 1.2.30\n\n- a");
    }

    #[test]
    fn a_name_says_more_than_the_version_or_is_none() {
        let name = |name| release_name(name, "v1.6.0", "1.6.0");
        assert_eq!(name("1.6.0: the long roof").as_deref(), Some("the long roof"));
        assert_eq!(name("Release v1.6.0 - the long roof").as_deref(), Some("the long roof"));
        assert_eq!(name("The long roof").as_deref(), Some("The long roof"));
        assert_eq!(name("Released in May").as_deref(), Some("Released in May"));
        for same in
            ["v1.6.0", "1.6.0", "Release 1.6.0", "Version v1.6.0", "", "boathouse-1.6.0", "1.6.0 2024-01-02"]
        {
            assert_eq!(name(same), None, "{same}");
        }
        assert_eq!(release_name("x", "", ""), None);
    }
}
