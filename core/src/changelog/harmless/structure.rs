//! One round of making a text's structure simple: no HTML, no references, no entities that hide a letter, and links that
//! go to the web and do not show up at the other end.

use std::cmp::Reverse;
use std::ops::Range;

use super::anatomy::{Link, LinkKind, dissect};
use super::html::Anchor;
use super::{Home, address, is_invisible};

/// A range of the text and what to put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Change {
    pub(super) fn remove(range: Range<usize>) -> Self {
        Self { range, text: String::new() }
    }
}

/// Returns a simpler text, or `None` when it is as simple as can be. What is taken away may bring neighbours together
/// that make something new, so the result wants another round.
pub(super) fn simplify(text: &str, home: &Home<'_>) -> Option<String> {
    let anatomy = dissect(text);
    let is_footnote = |range: &&Range<usize>| {
        text.get((*range).clone()).is_some_and(|definition| definition.starts_with("[^"))
    };
    // Footnotes stay, as words; whether that leaves links to them shows in the next round.
    let footnotes: Vec<Change> = anatomy
        .definitions
        .iter()
        .filter(is_footnote)
        .map(|range| Change { range: range.start..range.start + 1, text: "&#91;".to_owned() })
        .collect();
    if !footnotes.is_empty() {
        return apply(text, footnotes);
    }
    let mut changes: Vec<Change> = anatomy.definitions.into_iter().map(Change::remove).collect();
    let mut anchor = Anchor::default();
    for html in &anatomy.html {
        anchor.rewrite(text, html, &mut changes);
    }
    for (range, decoded) in anatomy.entities {
        if let Some(literal) = literal(&decoded) {
            changes.push(Change { range, text: literal });
        }
    }
    for link in &anatomy.links {
        rewrite(text, link, home, &mut changes);
    }
    apply(text, changes)
}

/// Returns what to write for an entity: letters and signs that mean something to GitHub must not hide behind one.
fn literal(decoded: &str) -> Option<String> {
    let telling = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '@' | '#' | '/' | ':' | '.' | '-' | '_')
    };
    if decoded.chars().any(|character| character == '\n' || character == '\r') {
        return Some(" ".to_owned());
    }
    if decoded.chars().any(is_invisible) {
        return Some(decoded.chars().filter(|character| !is_invisible(*character)).collect());
    }
    decoded.chars().any(telling).then(|| decoded.to_owned())
}

/// Adds what makes one link plain: `[words](address)`, or the words alone where the address is no good.
fn rewrite(text: &str, link: &Link, home: &Home<'_>, changes: &mut Vec<Change>) {
    let source = |range: Range<usize>| text.get(range).unwrap_or_default();
    match link.kind {
        LinkKind::Email => {
            let address = source(link.inner.start..link.whole.end.saturating_sub(1));
            changes.push(Change { range: link.whole.clone(), text: address.to_owned() });
            return;
        }
        LinkKind::Address => {
            let target = address::of_link(&link.target, home);
            let text = match target {
                Some(target) if link.depth == 0 => {
                    let words = address::short(&link.target, home).unwrap_or_else(|| words_of(&link.target));
                    format!("[{words}]({target})")
                }
                _ => words_of(&link.target),
            };
            changes.push(Change { range: link.whole.clone(), text });
            return;
        }
        LinkKind::Words | LinkKind::Image => {}
    }
    let opening = link.whole.start..link.inner.start;
    let closing = link.inner.end..link.whole.end;
    let (before, target) = match link.kind {
        LinkKind::Image => match address::of_image(&link.target, home) {
            Some(target) if target.starts_with("https://") => ("![", Some(target)),
            other if link.depth == 0 => ("[", other),
            _ => ("", None),
        },
        _ if link.depth == 0 => ("[", address::of_link(&link.target, home)),
        _ => ("", None),
    };
    let (before, after) = match target {
        Some(target) => (before, format!("]({target})")),
        None => ("", String::new()),
    };
    if source(opening.clone()) != before {
        changes.push(Change { range: opening, text: before.to_owned() });
    }
    if source(closing.clone()) != after {
        changes.push(Change { range: closing, text: after });
    }
}

/// Returns an address as words: without its scheme, so that nobody makes it a link again.
fn words_of(target: &str) -> String {
    let words = target.split_once("://").map_or(target, |(_, rest)| rest);
    let mut safe = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '[' | ']' | '*' | '_' | '\\' | '~' => safe.extend(['\\', character]),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '`' | '|' => safe.push(' '),
            _ => safe.push(character),
        }
    }
    safe
}

/// Makes the changes; of two that overlap, the one that begins first and reaches further. `None`: there are none.
fn apply(text: &str, mut changes: Vec<Change>) -> Option<String> {
    if changes.is_empty() {
        return None;
    }
    changes.sort_by_key(|change| (change.range.start, Reverse(change.range.end)));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for change in changes {
        let Some(between) = text.get(done..change.range.start) else { continue };
        result.push_str(between);
        result.push_str(&change.text);
        done = change.range.end;
    }
    result.push_str(text.get(done..).unwrap_or_default());
    Some(result)
}
