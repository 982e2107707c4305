//! What other engines' regular expressions have and RE2's have not.

use super::PatternError;

const AROUND: &str = "match what stands around it as well: only the named groups count";
const NOT: &str = "say what is wanted; in a list of patterns, what is not wanted goes into one of its own, with `!` in front of its `/`";

/// How it begins, what it is called, and what to do instead.
const TOKENS: &[(&str, &str, &str)] = &[
    ("(?<=", "look-behind", AROUND),
    ("(?<!", "negative look-behind", NOT),
    ("(?=", "look-ahead", AROUND),
    ("(?!", "negative look-ahead", NOT),
    ("(?>", "an atomic group", "write `(?:` instead: nothing goes back here anyway"),
    ("(?(", "a condition", "write both ways with `|` between them"),
    ("\\k", "a backreference", "write the pattern of the group a second time"),
    ("\\G", "an anchor at the last match", "remove it"),
    ("\\K", "a reset of the match", "match it in a named group instead"),
];

/// Returns what is foreign in `text`, first things first; `None` when nothing is.
pub(super) fn find(text: &str) -> Option<PatternError> {
    let mut rest = text;
    let mut in_class = false;
    while let Some(char) = rest.chars().next() {
        let mut length = char.len_utf8();
        match char {
            ']' if in_class => in_class = false,
            '[' if !in_class => {
                in_class = true;
                // `[]a]` and `[^]a]` hold a bracket.
                length += ["^]", "]", "^"]
                    .iter()
                    .find(|start| rest.get(1..).is_some_and(|rest| rest.starts_with(**start)))
                    .map_or(0, |start| start.len());
            }
            _ if !in_class => {
                if let Some((token, name, hint)) = TOKENS.iter().find(|(token, ..)| rest.starts_with(token)) {
                    return Some(error(token, name, hint));
                }
                let digit = rest.strip_prefix('\\').and_then(|rest| rest.chars().next());
                if let Some(digit @ '1'..='9') = digit {
                    let hint = "write the pattern of the group a second time";
                    return Some(error(&format!("\\{digit}"), "a backreference", hint));
                }
            }
            _ => {}
        }
        if char == '\\' {
            length += rest.chars().nth(1).map_or(0, char::len_utf8);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    None
}

fn error(token: &str, name: &str, hint: &'static str) -> PatternError {
    PatternError {
        message: format!("`{token}` is {name}, which RE2 does not have, in Renovate neither"),
        culprit: Some(token.to_owned()),
        hint: Some(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, culprit: Option<&str>) {
        assert_eq!(find(pattern).and_then(|error| error.culprit).as_deref(), culprit, "{pattern}");
    }

    #[test]
    fn finds_what_re2_has_not() {
        check("^(?!a)b", Some("(?!"));
        check("(?<=a)b(?=c)", Some("(?<="));
        check(r"(a)\1", Some(r"\1"));
        check(r"(?<a>x)\k<a>", Some(r"\k"));
        check("(?>a)", Some("(?>"));
    }

    #[test]
    fn leaves_the_same_signs_alone_where_they_are_text() {
        for pattern in ["(?<a>b)(?:c)(?i:d)(?P<e>f)", r"\(?=", "[(?!]", "[](?=]x", r"\\1", "é"] {
            check(pattern, None);
        }
    }
}
