//! The lines of a requirements file: comments, options, requirements.

/// One line, with those a `\` at its end joins to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The text, without the line break at its end and without its comment.
    text: &'a str,
    /// Where it starts in the file.
    start: usize,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// Nothing is there.
    Nothing,
    /// `--name value`
    Option { name: &'a str, value: &'a str },
    /// An address that stands alone, or behind `-e`, and the byte it starts at.
    Address { text: &'a str, at: usize },
    /// Anything else, and the byte it starts at.
    Requirement { text: &'a str, at: usize },
}

/// Returns the lines of a file, each from its first byte.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut end = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        end += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        // A comment ends the line it stands on, whatever is at its end.
        if content.ends_with('\\') && end < text.len() && comment(content).is_none() {
            continue;
        }
        let whole = text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']);
        let whole = comment(whole).and_then(|at| whole.get(..at)).unwrap_or(whole);
        found.push(Line { text: whole, start });
        start = end;
    }
    found
}

/// Returns where the comment of a line begins.
fn comment(line: &str) -> Option<usize> {
    let is_start = |at: usize| {
        line.get(..at).and_then(|before| before.chars().next_back()).is_none_or(char::is_whitespace)
    };
    line.match_indices('#').map(|(at, _)| at).find(|at| is_start(*at))
}

impl<'a> Line<'a> {
    /// Returns what the line says.
    pub(super) fn content(&self) -> Content<'a> {
        let (text, at) = trimmed(self.text, self.start);
        if text.is_empty() {
            return Content::Nothing;
        }
        if let Some(option) = text.strip_prefix('-') {
            let mark = option.find(|letter: char| letter.is_whitespace() || letter == '=');
            let (name, value) = mark.and_then(|mark| option.split_at_checked(mark)).unwrap_or((option, ""));
            let value_at = at + text.len() - value.len();
            let (value, value_at) = trimmed(value.strip_prefix('=').unwrap_or(value), value_at);
            return match name {
                "e" | "-editable" => Content::Address { text: first_word(value), at: value_at },
                _ => Content::Option { name, value: first_word(value) },
            };
        }
        let word = first_word(text);
        if word.starts_with(['.', '/', '~']) || address_start(word) {
            return Content::Address { text: word, at };
        }
        Content::Requirement { text, at }
    }

    /// Returns whether the line says which files may be installed.
    pub(super) fn has_hashes(&self) -> bool {
        self.text.contains("--hash")
    }
}

/// Returns whether a word is `scheme:...`, as opposed to a name with something behind it.
fn address_start(word: &str) -> bool {
    word.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
    }) || word.starts_with("file:")
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Returns `text`, which starts at byte `start`, without the blanks around it.
fn trimmed(text: &str, start: usize) -> (&str, usize) {
    let inner = text.trim_start();
    (inner.trim_end(), start + text.len() - inner.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[Content<'_>]) {
        let found: Vec<_> = lines(text).iter().map(Line::content).collect();
        assert_eq!(found, expected, "{text}");
        for content in found {
            if let Content::Address { text: part, at } | Content::Requirement { text: part, at } = content {
                assert!(text[at..].starts_with(part), "{text}");
            }
        }
    }

    #[test]
    fn tells_options_addresses_and_requirements_apart() {
        check("# a\n\n  # b\r\n", &[Content::Nothing, Content::Nothing, Content::Nothing]);
        check("\u{feff}a==1 # why\n", &[Content::Requirement { text: "a==1", at: 3 }]);
        check("a==1#2", &[Content::Requirement { text: "a==1#2", at: 0 }]);
        check("-r other.txt", &[Content::Option { name: "r", value: "other.txt" }]);
        check("--index-url=https://x", &[Content::Option { name: "-index-url", value: "https://x" }]);
        check("-i  https://x # y", &[Content::Option { name: "i", value: "https://x" }]);
        check("-e git+https://x#egg=a", &[Content::Address { text: "git+https://x#egg=a", at: 3 }]);
        check(" ./a", &[Content::Address { text: "./a", at: 1 }]);
        check("https://x/a.whl ; b", &[Content::Address { text: "https://x/a.whl", at: 0 }]);
        check("a @ https://x", &[Content::Requirement { text: "a @ https://x", at: 0 }]);
        check("-", &[Content::Option { name: "", value: "" }]);
    }

    #[test]
    fn a_backslash_joins_lines() {
        check(
            "a==1 \\\r\n  --hash=x\nb",
            &[
                Content::Requirement { text: "a==1 \\\r\n  --hash=x", at: 0 },
                Content::Requirement { text: "b", at: 19 },
            ],
        );
        check("# a \\\nb", &[Content::Nothing, Content::Requirement { text: "b", at: 6 }]);
        check("a \\", &[Content::Requirement { text: "a \\", at: 0 }]);
    }
}
