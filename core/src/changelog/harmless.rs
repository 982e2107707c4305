//! Text of other people, made harmless before it goes into a pull request of ours.
//!
//! What a publisher writes into release notes is shown to the owner of a repository by a bot with many rights, so it must
//! not act: it mentions nobody, closes and links no issue, opens or closes no tag, holds no comment (markers for bots are
//! comments), no box to tick, no reference that changes the text around it, and no character that cannot be seen. What
//! remains is Markdown that reads as it was meant to.
//!
//! A parser says what is code and what is a link; what is left is gone through letter by letter, so that a difference
//! between that parser and GitHub's does not let anything through that matters.

mod address;
mod anatomy;
mod html;
mod structure;
mod words;

#[cfg(test)]
mod tests;

pub(super) use self::anatomy::options;
use super::source::Source;

/// What cannot be seen, put after an `@` so that it names nobody, and after a `#` so that it names no issue.
const BREAK: char = '\u{200b}';
/// The longest text that is looked at, in bytes: more than a pull request may hold.
const LONGEST: usize = 64 * 1024;
/// How often the structure is simplified before what is left of it is broken by force. Honest texts need four rounds.
const ROUNDS: usize = 12;

/// Where a text comes from: what its relative links and issue numbers mean.
#[derive(Clone, Copy, Debug, Default)]
pub struct Home<'a> {
    /// The repository; `None` leaves relative links and issue numbers without a meaning.
    pub source: Option<&'a Source>,
    /// The tag or commit; `None` is the newest.
    pub reference: Option<&'a str>,
    /// The folder of the file the text stands in; empty for the top.
    pub folder: &'a str,
}

/// Returns `text` as Markdown that does nothing but show itself, wherever it is put on lines of its own.
pub fn harmless(text: &str, home: &Home<'_>) -> String {
    closed(tamed(readable(text), home))
}

/// What is taken away or broken may let its neighbours make something new, so it goes on until nothing is left to do.
fn tamed(mut text: String, home: &Home<'_>) -> String {
    let mut words_are_tame = false;
    for _ in 0..ROUNDS {
        text = match structure::simplify(&text, home) {
            Some(simpler) => {
                words_are_tame = false;
                simpler
            }
            None if words_are_tame => return text,
            None => {
                words_are_tame = true;
                words::tame(&text, home)
            }
        };
    }
    words::tame(&broken(&text), home)
}

fn closed(mut text: String) -> String {
    if let Some(fence) = anatomy::open_fence(&text) {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&fence);
    }
    text.trim_end().trim_start_matches('\n').to_owned()
}

/// Returns the beginning of a text, with one kind of line break and without what cannot be seen.
fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len().min(LONGEST));
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                if characters.peek() != Some(&'\n') {
                    readable.push('\n');
                }
            }
            '\n' | '\t' => readable.push(character),
            '\u{2028}' | '\u{2029}' => readable.push('\n'),
            _ if is_invisible(character) => {}
            _ => readable.push(character),
        }
        if readable.len() >= LONGEST {
            // Half a line may be half a link; whole lines are what they were.
            let whole = readable.rfind('\n').filter(|at| *at > LONGEST / 2);
            readable.truncate(whole.unwrap_or(readable.len()));
            break;
        }
    }
    readable
}

/// Whether a character cannot be seen but changes how others are read, or hides a text from the eye.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns `text` without any means to be more than words: for what is made to defeat the gentle way.
fn broken(text: &str) -> String {
    let mut broken = String::with_capacity(text.len() + text.len() / 4);
    for character in text.chars() {
        match character {
            '<' => broken.push_str("&lt;"),
            '&' => broken.push_str("&amp;"),
            '[' | ']' | '`' | '!' | '\\' => broken.extend(['\\', character]),
            '~' => broken.push_str("&#126;"),
            _ => broken.push(character),
        }
    }
    broken
}
