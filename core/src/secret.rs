//! Lines of a file as they may be shown: with nothing in them that logs anybody in.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// How far before what is shown a key may stand that makes a secret of its value, in bytes.
const REACH: usize = 512;

/// A key that names a secret, and its value: a quoted text, or the rest of a line.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?ix)
        ["']? \b \w*? (?: username | password | passwd | token | secret | encrypted | api-?key | privatekey | authorization | artifactauth ) ["']?
        \s* [:=]
        (?: \s* "(?<double> (?: [^"\\] | \\. )* ) | \s* '(?<single> [^']* ) | [\ \t]* (?<plain> [^\s"'\[{,}\]|>] [^\r\n,}\]]* ) )"#,
    )
    .ok()
});

/// The user and the password of an address.
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"://([^\s/?#"'`]+)@"#).ok());

/// Returns `text[shown]` with a `*` for each byte of what is secret in it, so that everything stays in its place.
pub fn masked(text: &str, shown: Range<usize>) -> Cow<'_, str> {
    let line = text.get(shown.clone()).unwrap_or_default();
    let (Some(key), Some(user)) = (&*KEY, &*USER) else { return Cow::Borrowed("") };
    let from = (shown.start.saturating_sub(REACH)..=shown.start).find(|at| text.is_char_boundary(*at));
    let from = from.unwrap_or(shown.start);
    let around = text.get(from..shown.end).unwrap_or_default();
    let of_keys = key.captures_iter(around).filter_map(|found| {
        ["double", "single", "plain"].iter().find_map(|name| found.name(name)).map(|value| value.range())
    });
    let of_rules = of_host_rules(text, shown.end);
    let of_users = user.captures_iter(around).filter_map(|found| found.get(1).map(|user| user.range()));
    let secrets =
        of_keys.chain(of_users).map(|secret| from + secret.start..from + secret.end).chain(of_rules);
    let mut secrets: Vec<Range<usize>> = secrets.filter(|secret| secret.end > shown.start).collect();
    secrets.sort_by_key(|secret| secret.start);
    let mut masked = String::with_capacity(line.len());
    let mut at = shown.start;
    for secret in secrets {
        let (start, end) = (secret.start.max(at), secret.end.min(shown.end));
        if end <= start {
            continue;
        }
        masked.push_str(text.get(at..start).unwrap_or_default());
        masked.extend(std::iter::repeat_n('*', end - start));
        at = end;
    }
    if at == shown.start {
        Cow::Borrowed(line)
    } else {
        Cow::Owned(masked + text.get(at..shown.end).unwrap_or_default())
    }
}

/// Returns where the texts in the `hostRules` of a configuration stand, up to `end`, those aside that say which host and of what kind: whatever
/// their key, they may be a secret.
fn of_host_rules(text: &str, end: usize) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let mut at = 0;
    let seen = text.get(..end).unwrap_or_default();
    while let Some(found) = seen.get(at..).and_then(|rest| rest.find("hostRules")) {
        at += found + "hostRules".len();
        let rest = seen.get(at..).unwrap_or_default();
        let list = rest.trim_start_matches(['"', '\'', ':', ' ', '\t', '\r', '\n']);
        at += rest.len() - list.len();
        if list.starts_with('[') {
            at = texts_of_list(seen, at, &mut secrets);
        }
    }
    secrets
}

/// Adds where the texts of the list at `start` stand to `secrets`, and returns where the list ends.
fn texts_of_list(text: &str, start: usize, secrets: &mut Vec<Range<usize>>) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut key) = (start, 0_usize, "");
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 1 => return at,
            b']' | b'}' => depth -= 1,
            b'"' | b'\'' => {
                let inside = at + 1..end_of_text(bytes, at + 1, *byte);
                at = inside.end;
                let value = text.get(inside.clone()).unwrap_or_default();
                let after = text.get(at + 1..).unwrap_or_default().trim_start();
                let says_which =
                    matches!(key, "matchHost" | "hostType" | "description") && !value.contains('@');
                if after.starts_with(':') {
                    key = value;
                } else if !says_which {
                    secrets.push(inside);
                }
            }
            b'/' => {
                let rest = text.get(at..).unwrap_or_default();
                let end = if rest.starts_with("//") {
                    rest.find('\n')
                } else if rest.starts_with("/*") {
                    rest.find("*/")
                } else {
                    Some(0)
                };
                at += end.unwrap_or(rest.len());
            }
            letter if letter.is_ascii_alphabetic() => {
                let rest = text.get(at..).unwrap_or_default();
                let length = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
                key = rest.get(..length).unwrap_or_default();
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// Returns where the text that began with `quote` ends, the quote not included.
fn end_of_text(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(byte) = bytes.get(at).filter(|byte| **byte != quote) {
        at += if *byte == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks how the last line of a text is shown.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let start = text.rfind('\n').map_or(0, |at| at + 1);
        let shown = masked(text, start..text.len());
        assert_eq!(shown, expected);
        assert_eq!(shown.len(), text.len() - start);
    }

    #[test]
    fn what_logs_in_is_hidden_and_stays_in_its_place() {
        check(
            r#"{"hostRules":[{"matchHost":"a.lan","token":"s3cr3t"}], "extends": [1]}"#,
            r#"{"hostRules":[{"matchHost":"a.lan","token":"******"}], "extends": [1]}"#,
        );
        check(r#"{password: 'a,b}', username: "m\"e"}"#, "{password: '****', username: \"****\"}");
        check("  npmToken: abc # note", "  npmToken: **********");
        check("//registry.lan/:_authToken=abc", "//registry.lan/:_authToken=***");
        check(
            "headers: {'x-api-key': 'k', Authorization: 'Bearer b'}",
            "headers: {'x-api-key': '*', Authorization: '********'}",
        );
        check("repoURL: https://me:p@w@git.lan/a", "repoURL: https://******@git.lan/a");
        check("{\n  \"token\":\n    \"s3cr3t\",", "    \"******\",");
        check("{\"token\": \"never closed", "{\"token\": \"************");
        check("{\"token\": \"two\nlines\", \"enabled\": false}", "*****\", \"enabled\": false}");
        check("password: pä", "password: ***");
    }

    #[test]
    fn of_host_rules_only_the_host_is_shown() {
        check(
            r#"{"hostRules": [{"matchHost": "a.lan", "tokn": "s3\"cr3t", "headers": {"x": "y"}}, {"matchHost": "me:pw@lake"}], "labels": ["b"]}"#,
            r#"{"hostRules": [{"matchHost": "a.lan", "tokn": "********", "headers": {"x": "*"}}, {"matchHost": "**********"}], "labels": ["b"]}"#,
        );
        check(
            "{hostRules: [\n  {hostType: 'npm',\n   tokn:\n   's3cr3t', enabled: false},",
            "   '******', enabled: false},",
        );
        check(
            "{hostRules: [ // don't\n /* don't */ {tokn: 's3cr3t'}], labels: ['b']}",
            " /* don't */ {tokn: '******'}], labels: ['b']}",
        );
        check("{hostRules: [{tokn: 'never closed", "{hostRules: [{tokn: '************");
        check("{hostRules: [{tokn: 'ä\\", "{hostRules: [{tokn: '***");
        check("{hostRules: {tokn: 'of no list'}}", "{hostRules: {tokn: 'of no list'}}");
    }

    #[test]
    fn what_logs_nobody_in_is_shown() {
        for text in [
            "image: app:1.0@sha256:ab",
            "tokens: 3",
            "secretName: tls",
            "token:\n  name: x",
            "password: \"\"",
            "extends: ['https://host.lan/@fjord/a']",
            "",
        ] {
            let line = text.rsplit('\n').next().unwrap();
            check(text, line);
        }
    }

    #[test]
    fn only_so_much_of_a_file_is_looked_at() {
        let text = format!("ä{}token: abc", "ä".repeat(2000));
        check(&text, &format!("ä{}token: ***", "ä".repeat(2000)));
        assert_eq!(masked(&text, 1..4), "");
        assert_eq!(masked(&text, 0..9000), "");
    }
}
