//! Text from outside, made harmless in Markdown: it pings nobody, opens no tag, leaves no table cell.

use serde_json::{Map, Value};

use crate::address::without_user;

/// Put after an `@` so that it names nobody, and after a `#` so that it names no issue.
const BREAK: char = '\u{200b}';

/// What means something in Markdown.
const MARKS: &[char] = &['\\', '`', '*', '_', '[', ']', '|', '~', '!'];

/// Returns `text` as plain words of one line.
pub fn plain(text: &str) -> String {
    words(text, MARKS)
}

/// Returns `text` as plain words of one line for places where HTML is written: a `<summary>`.
pub fn html(text: &str) -> String {
    words(text, &[])
}

/// Returns `text` as words of one line, with a backslash before each of `marks`.
fn words(text: &str, marks: &[char]) -> String {
    let mut safe = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !safe.is_empty() {
            safe.push(' ');
        }
        for character in unlinked(word).chars() {
            match character {
                '@' | '#' => safe.extend([character, BREAK]),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '&' => safe.push_str("&amp;"),
                _ if marks.contains(&character) => safe.extend(['\\', character]),
                BREAK => safe.push(BREAK),
                _ if is_invisible(character) => {}
                _ => safe.push(character),
            }
        }
    }
    safe
}

/// Returns `word` so that the forge makes no link of it by itself: neither of an address nor of `GH-12`.
fn unlinked(word: &str) -> String {
    let mut word = word.replace("://", ":\u{200b}//").replace("www.", "www\u{200b}.");
    for mark in ["GH-", "gh-", "Gh-", "gH-"] {
        if word.contains(mark) {
            word = word.replace(mark, &mark.replace('-', "\u{200b}-"));
        }
    }
    word
}

/// Returns one of our own messages, in which literals stand between backticks.
pub fn message(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut parts = text.split('`').peekable();
    let mut is_literal = false;
    while let Some(part) = parts.next() {
        // A backtick without a second one begins no literal.
        if is_literal && parts.peek().is_some() {
            safe.push_str(&code(part));
        } else {
            let words = plain(part);
            let glue = |at: Option<char>| if at.is_some_and(char::is_whitespace) { " " } else { "" };
            safe.push_str(if safe.is_empty() || words.is_empty() { "" } else { glue(part.chars().next()) });
            safe.push_str(&words);
            safe.push_str(glue(part.chars().next_back()));
        }
        is_literal = !is_literal;
    }
    safe.trim().to_owned()
}

/// Returns `text` as code of one line, `""` for an empty text.
pub fn code(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words
        .join(" ")
        .chars()
        .filter(|character| !is_invisible(*character))
        .map(|character| if character == '`' { '\'' } else { character })
        .collect();
    // In a table `\|` is a bar even inside code. A marker in code does nothing, but other programs look for markers line by line.
    if line.is_empty() {
        line
    } else {
        format!(
            "`{}`",
            line.replace('|', "\\|").replace("<!--", "<\u{200b}!--").replace("-->", "--\u{200b}>")
        )
    }
}

/// Returns a link that reads `words`, or only the words when `url` is no web address.
pub fn link(words: &str, url: Option<&str>) -> String {
    match url.and_then(address) {
        Some(url) => format!("[{words}]({url})"),
        None => words.to_owned(),
    }
}

/// Returns a link to somebody else's page. Links to github.com go through `redirect.github.com`, so that the other side is not told of
/// every update of everybody.
pub fn foreign_link(words: &str, url: Option<&str>) -> String {
    link(words, url.map(redirected).as_deref())
}

fn redirected(url: &str) -> String {
    let url = url.trim();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let path = rest.and_then(|rest| {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_github =
            host.eq_ignore_ascii_case("github.com") || host.eq_ignore_ascii_case("www.github.com");
        is_github.then_some(path)
    });
    path.map_or_else(|| url.to_owned(), |path| format!("https://redirect.github.com/{path}"))
}

/// Returns a link to lines of a file of the repository: `place` is `path` or `path:line`.
pub fn file_link(web_url: &str, base: &str, place: &str) -> String {
    let (path, line) = match place.rsplit_once(':') {
        Some((path, line)) if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) => {
            (path, Some(line))
        }
        _ => (place, None),
    };
    let anchor = line.map(|line| format!("#L{line}")).unwrap_or_default();
    let url = format!("{}/blob/{}/{}{anchor}", web_url.trim_end_matches('/'), encoded(base), encoded(path));
    link(&code(place), Some(&url))
}

/// Returns `path` with everything encoded that is not plain in a web address.
fn encoded(path: &str) -> String {
    let mut safe = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~' | b'+' | b',' | b'=')
        {
            safe.push(char::from(byte));
        } else {
            safe.push('%');
            for digit in [byte >> 4, byte & 15] {
                safe.extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    safe
}

/// Returns `fields` for an owner's template whose text is shown: what the template says is the owner's, what a field says may be anybody's.
pub fn shown_fields(fields: &Map<String, Value>) -> Map<String, Value> {
    fields.iter().map(|(name, value)| (name.clone(), shown_field(value))).collect()
}

fn shown_field(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(shown_text(text)),
        Value::Array(items) => items.iter().map(shown_field).collect(),
        Value::Object(members) => Value::Object(shown_fields(members)),
        other => other.clone(),
    }
}

fn shown_text(text: &str) -> String {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    let text = if is_address { without_user(text) } else { text.into() };
    let mut safe = String::with_capacity(text.len());
    for character in text.replace("-->", "--\u{200b}>").chars() {
        match character {
            _ if character.is_whitespace() => safe.push(' '),
            BREAK => safe.push(BREAK),
            _ if is_invisible(character) || is_private(character) => {}
            '`' => safe.push('\''),
            '<' => safe.extend(['<', BREAK]),
            '@' | '#' if !is_address => safe.extend([character, BREAK]),
            _ => safe.push(character),
        }
    }
    safe
}

/// Returns whether a character is one that no text has by itself; ours mark where parts go.
fn is_private(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}')
}

/// Returns `url` as it can stand in a link, or `None` when it is no web address.
fn address(url: &str) -> Option<String> {
    let url = url.trim();
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return None;
    }
    let mut safe = String::with_capacity(url.len());
    for character in url.chars() {
        match character {
            _ if is_invisible(character) || character.is_whitespace() => return None,
            '(' => safe.push_str("%28"),
            ')' => safe.push_str("%29"),
            '<' => safe.push_str("%3C"),
            '>' => safe.push_str("%3E"),
            '|' => safe.push_str("%7C"),
            '\\' => safe.push_str("%5C"),
            _ => safe.push(character),
        }
    }
    Some(safe)
}

/// Returns whether a character cannot be seen but changes how its neighbours are read.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(plain(text), expected);
    }

    #[test]
    fn words_from_outside_ping_nobody_and_close_nothing() {
        check("thanks @maintainer", "thanks @\u{200b}maintainer");
        check("fixes #12", "fixes #\u{200b}12");
        check("<!-- rebase-check -->", "&lt;\\!-- rebase-check --&gt;");
        check("a | b\n| c |", "a \\| b \\| c \\|");
        check("see https://evil.example", "see https:\u{200b}//evil.example");
        check("see www.evil.example", "see www\u{200b}.evil.example");
        check("a\u{202e}b", "ab");
        check("fixes GH-12", "fixes GH\u{200b}-12");
        check("![x](y)", "\\!\\[x\\](y)");
    }

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(code("1.2.3"), "`1.2.3`");
        assert_eq!(code("1`@me`"), "`1'@me'`");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code(""), "");
    }

    #[test]
    fn html_opens_no_tag_and_pings_nobody() {
        assert_eq!(html("a </summary> @b_c & `d`"), "a &lt;/summary&gt; @\u{200b}b_c &amp; `d`");
    }

    #[test]
    fn links_to_github_do_not_tell_the_other_side() {
        let check = |url: &str, expected: &str| assert_eq!(foreign_link("a", Some(url)), expected);
        check("https://github.com/o/r/pull/1", "[a](https://redirect.github.com/o/r/pull/1)");
        check("http://www.GitHub.com/o", "[a](https://redirect.github.com/o)");
        check("https://github.com", "[a](https://redirect.github.com/)");
        check("https://github.com.evil.example/o", "[a](https://github.com.evil.example/o)");
        check("https://gitlab.com/o/r", "[a](https://gitlab.com/o/r)");
    }

    #[test]
    fn places_become_links_to_lines() {
        let check = |place: &str, expected: &str| {
            assert_eq!(file_link("https://github.com/o/r", "main", place), expected);
        };
        check("apps/a.yaml:12", "[`apps/a.yaml:12`](https://github.com/o/r/blob/main/apps/a.yaml#L12)");
        check("a b/ü)?.yaml", "[`a b/ü)?.yaml`](https://github.com/o/r/blob/main/a%20b/%C3%BC%29%3F.yaml)");
    }

    #[test]
    fn fields_in_shown_templates_open_nothing() {
        let fields = serde_json::json!({"a": "x\n<!-- y --> @me #1 `z`", "url": "https://e.example/@a#b", "n": [1, "@b"]});
        let shown = shown_fields(fields.as_object().unwrap());
        let expected = "x <\u{200b}!-- y --\u{200b}> @\u{200b}me #\u{200b}1 'z'";
        assert_eq!(
            Value::Object(shown),
            serde_json::json!({"a": expected, "url": "https://e.example/@a#b", "n": [1, "@\u{200b}b"]})
        );
    }

    #[test]
    fn messages_keep_their_literals() {
        assert_eq!(message("`1.2`: it is gone"), "`1.2`: it is gone");
        assert_eq!(message("no digest for `a@b`: @you <b>"), "no digest for `a@b`: @\u{200b}you &lt;b&gt;");
        assert_eq!(message("`a` `b` and `c"), "`a` `b` and c");
    }

    #[test]
    fn links_go_to_the_web_only() {
        assert_eq!(link("a", Some("https://example.com/x(1)")), "[a](https://example.com/x%281%29)");
        assert_eq!(link("a", Some("javascript:alert(1)")), "a");
        assert_eq!(link("a", Some("https://example.com/ b")), "a");
        assert_eq!(link("a", None), "a");
    }
}
