//! Rewrites RE2's spelling of a regular expression into that of the `regex` crate.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use super::PatternError;

/// Returns `text` so that the `regex` crate reads it as RE2 does.
///
/// A brace that is no repetition is itself, and so are `[`, `&&`, `--` and `~~` inside a class; `\Q..\E` quotes; `\Z`
/// is the end; `\<` and `\>` are `<` and `>`.
pub(super) fn translate(text: &str) -> Result<String, PatternError> {
    let mut output = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => escape(&mut chars, &mut output)?,
            '[' => class(&mut chars, &mut output)?,
            '{' if !repeats(chars.clone()) || output.is_empty() => output.push_str("\\{"),
            '{' => {
                output.push('{');
                for char in chars.by_ref() {
                    output.push(char);
                    if char == '}' {
                        break;
                    }
                }
            }
            '}' => output.push_str("\\}"),
            _ => output.push(char),
        }
    }
    Ok(output)
}

/// Returns whether what follows `{` is `3}`, `3,}` or `3,5}`.
fn repeats(mut chars: Peekable<Chars<'_>>) -> bool {
    let mut digits = 0;
    while chars.next_if(char::is_ascii_digit).is_some() {
        digits += 1;
    }
    if chars.next_if_eq(&',').is_some() {
        while chars.next_if(char::is_ascii_digit).is_some() {}
    }
    digits > 0 && chars.next() == Some('}')
}

fn escape(chars: &mut Peekable<Chars<'_>>, output: &mut String) -> Result<(), PatternError> {
    match chars.next() {
        None => return Err(PatternError::new("the pattern ends in a single `\\`")),
        Some('Q') => {
            let mut quoted = String::new();
            while let Some(char) = chars.next() {
                if char == '\\' && chars.next_if_eq(&'E').is_some() {
                    break;
                }
                quoted.push(char);
            }
            output.push_str(&regex::escape(&quoted));
        }
        Some('E') => {}
        Some('Z') => output.push_str("\\z"),
        Some('C') => return Err(PatternError::new("`\\C` (a single byte) is not supported; write `.`")),
        Some(char @ ('<' | '>')) => output.push(char),
        Some('c') => match chars.next() {
            Some(letter) if letter.is_ascii_alphabetic() => {
                let _ = write!(output, "\\x{:02X}", u32::from(letter.to_ascii_uppercase()) & 0x1f);
            }
            _ => return Err(PatternError::new("`\\c` wants a letter")),
        },
        // A name or code in braces is copied whole, so that its braces are not taken for text.
        Some(char @ ('p' | 'P' | 'x' | 'u')) => {
            output.push('\\');
            output.push(char);
            if chars.peek() == Some(&'{') {
                for char in chars.by_ref() {
                    output.push(char);
                    if char == '}' {
                        break;
                    }
                }
            }
        }
        Some(char) if perl(char).is_some() => output.push_str(perl(char).unwrap_or_default()),
        Some('b') => output.push_str("(?-u:\\b)"),
        Some(char) => {
            // Punctuation beyond ASCII needs no escape and may not have one.
            if char.is_ascii() {
                output.push('\\');
            }
            output.push(char);
        }
    }
    Ok(())
}

/// Returns the class a letter stands for: RE2 knows only ASCII digits, letters and spaces.
fn perl(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => "[\\t\\n\\x0C\\r ]",
        'S' => "[^\\t\\n\\x0C\\r ]",
        _ => return None,
    })
}

/// Copies a class whose `[` was read.
fn class(chars: &mut Peekable<Chars<'_>>, output: &mut String) -> Result<(), PatternError> {
    output.push('[');
    if chars.next_if_eq(&'^').is_some() {
        output.push('^');
    }
    if chars.next_if_eq(&']').is_some() {
        output.push_str("\\]");
    }
    let mut last = '[';
    while let Some(char) = chars.next() {
        match char {
            ']' => {
                output.push(']');
                return Ok(());
            }
            '\\' if chars.peek() == Some(&'b') => {
                chars.next();
                output.push_str("\\x08");
            }
            '\\' => escape(chars, output)?,
            '[' if chars.peek() == Some(&':') => {
                // A POSIX class is copied up to its end.
                output.push('[');
                for char in chars.by_ref() {
                    output.push(char);
                    if char == ']' {
                        break;
                    }
                }
            }
            '[' => output.push_str("\\["),
            '&' | '~' if last == char || chars.peek() == Some(&char) => {
                output.push('\\');
                output.push(char);
            }
            // A dash is a range only between two ends; doubled it would be a difference of sets.
            '-' if last == '-' || chars.peek() == Some(&'-') => output.push_str("\\-"),
            _ => output.push(char),
        }
        last = char;
    }
    Err(PatternError::new("a class `[` is not closed"))
}

#[cfg(test)]
mod tests {
    use super::super::regex;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let regex = regex(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for text in matching {
            assert!(regex.is_match(text), "{pattern} should match {text}");
        }
        for text in other {
            assert!(!regex.is_match(text), "{pattern} should not match {text}");
        }
    }

    #[test]
    fn a_brace_that_repeats_nothing_is_itself() {
        check("^{{ x }}$", &["{{ x }}"], &["x"]);
        check("^a{2}$", &["aa"], &["a{2}"]);
        check("^a{,2}$", &["a{,2}"], &["aa"]);
        check("^${A:-b}", &[], &["x"]);
        check(r"^\$\{A\}$", &["${A}"], &[]);
        check(r"^\p{Lu}x{2}$", &["Axx"], &["axx"]);
    }

    #[test]
    fn a_class_holds_brackets_and_doubled_signs() {
        check("^[[]$", &["["], &["]"]);
        check("^[]a]$", &["]", "a"], &["["]);
        check("^[^]]$", &["x"], &["]"]);
        check("^[a&&b]+$", &["a&b"], &["c"]);
        check("^[[:alpha:]-]+$", &["a-b"], &["1"]);
        check(r"^[\w.--]+$", &["a.-"], &["+"]);
        check(r"^[\w.~~]+$", &["a~"], &["+"]);
    }

    #[test]
    fn spells_what_only_re2_knows() {
        check(r"^\Qa.b\E$", &["a.b"], &["axb"]);
        check(r"^a\Z", &["a"], &["ab"]);
        check(r"^\<a\>$", &["<a>"], &["a"]);
        check(r"^a\/b\-c\_d$", &["a/b-c_d"], &[]);
        check(r"(?<major>\d+)(?P<minor>x)?", &["1"], &["a"]);
    }

    #[test]
    fn says_what_cannot_be_done() {
        for (pattern, word) in
            [("a(?=b)", "look-ahead"), (r"(a)\1", "backreference"), ("[a", "class"), ("a(", "unclosed")]
        {
            let error = regex(pattern).unwrap_err().to_string();
            assert!(error.contains(word), "{pattern}: {error}");
        }
        assert!(regex(&"(a{1000}){1000}".repeat(3)).is_err());
    }
}
