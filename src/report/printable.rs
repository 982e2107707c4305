//! Foreign text on a terminal: what a file, a name or a registry says is shown, and never obeyed.

use std::borrow::Cow;

/// Returns `text` on one line, with a picture in place of every character that would move the cursor, change colours, or turn the direction
/// of the writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_active) {
        return Cow::Borrowed(text);
    }
    let picture = |letter: char| match letter {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '␡',
        _ => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.chars().map(|letter| if is_active(letter) { picture(letter) } else { letter }).collect())
}

/// Whether a terminal does something else with the character than show it.
pub(super) fn is_active(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(printable(text), expected);
    }

    #[test]
    fn foreign_text_is_shown_and_not_obeyed() {
        check("ghcr.io/größe:1.2.3", "ghcr.io/größe:1.2.3");
        check("a\u{1b}[31mb\u{7}", "a␛[31mb␇");
        check("a\nb\tc\r", "a␊b␉c␍");
        check("a\u{9b}2Jb\u{202e}c\u{7f}", "a�2Jb�c␡");
    }
}
