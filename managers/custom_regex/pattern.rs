//! The owner's patterns, compiled: JavaScript and RE2 spelling is turned into that of the `regex` crate.
//!
//! Renovate runs patterns with RE2, whose language (<https://github.com/google/re2/wiki/Syntax>) is that of the `regex`
//! crate but for details, and which people write in the spelling of JavaScript. What has no meaning in either linear-time
//! engine (lookaround, back references) is refused with a hint.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

/// How much memory a compiled pattern may take, in bytes: counted repetitions multiply.
const MAX_COMPILED: usize = 4 * 1024 * 1024;
/// How deep groups may be nested.
const MAX_NESTING: u32 = 100;
/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 16 * 1024;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// A text without which there is no match: found far faster than the pattern is run.
    needed: Option<Regex>,
}

/// Why a pattern is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What is wrong with it.
    pub(super) message: String,
    /// What to write instead.
    pub(super) hint: &'static str,
}

impl Pattern {
    /// Compiles `text`.
    pub(super) fn compile(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_PATTERN {
            return Err(Refusal {
                message: format!("the pattern is longer than {MAX_PATTERN} bytes"),
                hint: "split it into several patterns",
            });
        }
        let translated = translate(text)?;
        let hir = regex_syntax::ParserBuilder::new()
            .nest_limit(MAX_NESTING)
            .build()
            .parse(&translated)
            .map_err(|error| unreadable(&error))?;
        let regex = RegexBuilder::new(&translated)
            .nest_limit(MAX_NESTING)
            .size_limit(MAX_COMPILED)
            .dfa_size_limit(MAX_COMPILED)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(limit) => Refusal {
                    message: format!("the compiled pattern is larger than {limit} bytes"),
                    hint: "use smaller counted repetitions (`{1,100}`), or `+` and `*`",
                },
                error => Refusal { message: last_line(&error.to_string()), hint: GENERAL_HINT },
            })?;
        let mut needed = String::new();
        longest_literal(&hir, &mut needed);
        let needed =
            if needed.len() < 3 { None } else { RegexBuilder::new(&regex::escape(&needed)).build().ok() };
        Ok(Self { regex, needed })
    }

    /// Returns whether the pattern can match somewhere in `text`; cheap, and often wrongly `true`.
    pub(super) fn can_match(&self, text: &str) -> bool {
        self.needed.as_ref().is_none_or(|needed| needed.is_match(text))
    }
}

const GENERAL_HINT: &str = "patterns are RE2 patterns: https://github.com/google/re2/wiki/Syntax";
const LOOKAROUND_HINT: &str = "RE2 has no lookaround, so Renovate refuses it too: match the text around as well, and put \
                               only what is wanted into the group";
const BACK_REFERENCE_HINT: &str = "RE2 has no back references: repeat the group's pattern instead";

fn unreadable(error: &regex_syntax::Error) -> Refusal {
    let message = match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        error => last_line(&error.to_string()),
    };
    Refusal { message: format!("the pattern cannot be read: {message}"), hint: GENERAL_HINT }
}

/// Returns the last line of the `regex` crate's messages, which is the reason; a picture stands above.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Puts the longest text that every match holds into `longest`.
fn longest_literal(hir: &Hir, longest: &mut String) {
    match hir.kind() {
        HirKind::Literal(literal) => {
            if literal.0.len() > longest.len()
                && let Ok(text) = std::str::from_utf8(&literal.0)
            {
                text.clone_into(longest);
            }
        }
        HirKind::Capture(capture) => longest_literal(&capture.sub, longest),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest_literal(&repetition.sub, longest),
        HirKind::Concat(parts) => parts.iter().for_each(|part| longest_literal(part, longest)),
        HirKind::Empty
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Repetition(_)
        | HirKind::Alternation(_) => {}
    }
}

/// Where in a pattern the translation stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InClass,
}

/// Returns `pattern` in the spelling of the `regex` crate.
fn translate(pattern: &str) -> Result<String, Refusal> {
    let mut out = String::with_capacity(pattern.len() + 32);
    let mut place = Place::Outside;
    let mut rest = pattern;
    while let Some(next) = rest.chars().next() {
        let after = rest.get(next.len_utf8()..).unwrap_or_default();
        rest = match (next, place) {
            ('\\', _) => escape(after, place, &mut out)?,
            ('[', Place::Outside) => {
                place = Place::InClass;
                open_class(after, &mut out)
            }
            ('[', Place::InClass) => posix_class(rest, &mut out).unwrap_or_else(|| {
                out.push_str(r"\[");
                after
            }),
            (']', Place::InClass) => {
                place = Place::Outside;
                out.push(']');
                after
            }
            // `&&`, `--` and `~~` are set operations in the `regex` crate only.
            ('&' | '~', Place::InClass) => {
                out.push('\\');
                out.push(next);
                after
            }
            ('-', Place::InClass) if after.starts_with('-') => {
                out.push_str(r"-\-");
                after.get(1..).unwrap_or_default()
            }
            ('(', Place::Outside) => {
                if ["?=", "?!", "?<=", "?<!"].iter().any(|mark| after.starts_with(mark)) {
                    return Err(Refusal {
                        message: "the pattern looks ahead or behind (`(?=`, `(?!`, `(?<=`, `(?<!`)"
                            .to_owned(),
                        hint: LOOKAROUND_HINT,
                    });
                }
                out.push('(');
                after
            }
            // A brace that opens no repetition is itself: `{{ name }}`.
            ('{', Place::Outside) => {
                if let Some(length) = repetition(after) {
                    out.push('{');
                    out.push_str(after.get(..length).unwrap_or_default());
                    after.get(length..).unwrap_or_default()
                } else {
                    out.push_str(r"\{");
                    after
                }
            }
            ('}', Place::Outside) => {
                out.push_str(r"\}");
                after
            }
            _ => {
                out.push(next);
                after
            }
        };
    }
    Ok(out)
}

/// Writes what an escape means and returns the pattern after it; `after` is what follows the backslash.
fn escape<'a>(after: &'a str, place: Place, out: &mut String) -> Result<&'a str, Refusal> {
    let Some(letter) = after.chars().next() else {
        out.push('\\');
        return Ok(after);
    };
    let rest = after.get(letter.len_utf8()..).unwrap_or_default();
    let inside = place == Place::InClass;
    match letter {
        // The classes are those of ASCII, as in RE2 and JavaScript.
        'd' => out.push_str(if inside { "0-9" } else { "[0-9]" }),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str(if inside { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' => out.push_str(if inside { r"\t\n\f\r " } else { r"[\t\n\f\r ]" }),
        'S' => out.push_str(r"[^\t\n\f\r ]"),
        'b' => out.push_str(if inside { r"\x08" } else { r"(?-u:\b)" }),
        '0' => out.push_str(r"\x00"),
        '1'..='9' | 'k' => {
            return Err(Refusal {
                message: format!("the pattern refers back to a group (`\\{letter}`)"),
                hint: BACK_REFERENCE_HINT,
            });
        }
        'Q' => {
            let (literal, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(literal));
            return Ok(rest);
        }
        'c' => {
            let Some(control) = rest.chars().next().filter(char::is_ascii_alphabetic) else {
                out.push_str(r"\\c");
                return Ok(rest);
            };
            // A control character is the letter's place in the alphabet.
            let code = u32::from(control) & 0x1f;
            out.extend(char::from_u32(code));
            return Ok(rest.get(1..).unwrap_or_default());
        }
        // The `regex` crate gives these a meaning of their own.
        '<' | '>' => out.push(letter),
        letter if letter.is_ascii() => {
            out.push('\\');
            out.push(letter);
        }
        letter => out.push(letter),
    }
    Ok(rest)
}

/// Writes the start of a class and returns the pattern after it; a `]` right at the start is itself.
fn open_class<'a>(after: &'a str, out: &mut String) -> &'a str {
    out.push('[');
    let after = after.strip_prefix('^').map_or(after, |after| {
        out.push('^');
        after
    });
    after.strip_prefix(']').map_or(after, |after| {
        out.push_str(r"\]");
        after
    })
}

/// Copies `[:name:]`, if `rest` begins with one.
fn posix_class<'a>(rest: &'a str, out: &mut String) -> Option<&'a str> {
    let inner = rest.strip_prefix("[:")?;
    let end = inner.find(":]")?;
    let name = inner.get(..end)?;
    if !name.trim_start_matches('^').bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    out.push_str(rest.get(..end + 4)?);
    inner.get(end + 2..)
}

/// Returns the length of `n}`, `n,}` or `n,m}` at the start of `after`.
fn repetition(after: &str) -> Option<usize> {
    let end = after.find('}')?;
    let (low, high) = match after.get(..end)?.split_once(',') {
        Some((low, high)) => (low, high),
        None => (after.get(..end)?, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!low.is_empty() && digits(low) && digits(high)).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let pattern = Pattern::compile(pattern).unwrap();
        for text in matching {
            assert!(pattern.can_match(text) && pattern.regex.is_match(text), "{text:?} should match");
        }
        for text in others {
            assert!(!pattern.regex.is_match(text), "{text:?} should not match");
        }
    }

    #[test]
    fn reads_the_spelling_of_javascript() {
        check(r"^(?<name>a)\/b\-c\_d\:$", &["a/b-c_d:"], &["a\\/b"]);
        check(r"^\<(?<a>.+)\>$", &["<x>"], &["x"]);
        check(r"^\cJ$", &["\n"], &["J"]);
        check(r"^[[\]a]+$", &["[]a"], &["b"]);
        check(r"^[a&&b~~]+$", &["a&b~"], &["c"]);
        check(r"^[+--]+$", &["+,-"], &["/"]);
    }

    #[test]
    fn reads_the_spelling_of_re2() {
        check(r"^(?P<name>a)\Q.*[\E$", &["a.*["], &["ab["]);
        check(r"^[[:digit:]x]+$", &["12x"], &[":"]);
        check("(?m:^b$)", &["a\nb\nc"], &["ab"]);
        check("(?i)^ab$", &["AB"], &[]);
        check("a.c", &["abc"], &["a\nc"]);
    }

    #[test]
    fn a_brace_that_repeats_nothing_is_itself() {
        check(r"^\{\{ (?<a>x) }}$", &["{{ x }}"], &[]);
        check("^{{x}}$", &["{{x}}"], &["x"]);
        check("^a{2,3}b{2}c{1,}$", &["aabbc"], &["abbc"]);
        check("^a{,2}$", &["a{,2}"], &["aa"]);
    }

    #[test]
    fn classes_are_those_of_ascii() {
        check(r"^\d+$", &["12"], &["\u{664}"]);
        check(r"^[\d.]+$", &["1.2"], &["\u{664}"]);
        check(r"^\w+$", &["a_1"], &["é"]);
        check(r"^\s$", &[" ", "\t"], &["\u{a0}"]);
        check(r"^[\s,]+$", &[" ,"], &["\u{a0}"]);
        check(r"^[^\S\n]$", &[" "], &["\n", "a"]);
        check(r"\bv1\b", &["a v1."], &["av1"]);
    }

    #[track_caller]
    fn refuses(pattern: &str, message: &str) {
        let refusal = Pattern::compile(pattern).unwrap_err();
        assert!(refusal.message.contains(message), "{refusal:?}");
    }

    #[test]
    fn says_what_it_cannot_read() {
        refuses("(?<=v)1", "looks ahead or behind");
        refuses("v(?!1)", "looks ahead or behind");
        refuses(r"(?<a>x)\1", "refers back");
        refuses(r"(?<a>x)\k<a>", "refers back");
        refuses("(?<a>x", "unclosed group");
        refuses("(?<a>x)(?<a>y)", "duplicate capture group name");
        refuses("(((a{500}){500}){500})", "larger than");
        refuses(&"(".repeat(200), "");
        refuses(&"a".repeat(20_000), "longer than");
        refuses("[z-a]", "invalid character class range");
        refuses("a\\", "");
    }

    #[track_caller]
    fn needs(pattern: &str, text: Option<&str>) {
        let needed = Pattern::compile(pattern).unwrap().needed;
        assert_eq!(needed.as_ref().map(Regex::as_str), text.map(regex::escape).as_deref());
    }

    #[test]
    fn knows_a_text_every_match_holds() {
        needs(r"datasource=(?<datasource>\S+) depName=(?<depName>\S+)", Some("datasource="));
        needs(r#"\S+: "?(?<currentValue>[^"\s]+)"? # ?renovate: depName="#, Some("renovate: depName="));
        needs(r"(?<a>v1\.2)?x(?:abcd|efgh)*", None);
        needs(r"(?:abcd|efgh)", None);
        needs("(?i)renovate", None);
        needs("(?<a>renovate)+", Some("renovate"));
    }
}
