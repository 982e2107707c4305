//! Text from outside, made harmless in Markdown: it pings nobody, opens no tag, leaves no table cell.

/// Put after an `@` so that it names nobody, and after a `#` so that it names no issue.
const BREAK: char = '\u{200b}';

/// Returns `text` as plain words of one line.
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !safe.is_empty() {
            safe.push(' ');
        }
        let word = word.replace("://", ":\u{200b}//").replace("www.", "www\u{200b}.");
        for character in word.chars() {
            match character {
                '@' | '#' => safe.extend([character, BREAK]),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '&' => safe.push_str("&amp;"),
                '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => safe.extend(['\\', character]),
                BREAK => safe.push(BREAK),
                _ if is_invisible(character) => {}
                _ => safe.push(character),
            }
        }
    }
    safe
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
    // In a table `\|` is a bar even inside code.
    if line.is_empty() { line } else { format!("`{}`", line.replace('|', "\\|")) }
}

/// Returns a link that reads `words`, or only the words when `url` is no web address.
pub fn link(words: &str, url: Option<&str>) -> String {
    match url.and_then(address) {
        Some(url) => format!("[{words}]({url})"),
        None => words.to_owned(),
    }
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
