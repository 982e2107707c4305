//! The text of a range taken apart, with the place of each part, so that it can be both understood and rewritten.
//!
//! The grammar is the one of [npm's ranges](https://github.com/npm/node-semver#range-grammar), without its loose mode.

use std::ops::Range as Span;

use super::super::semver::MAX_NUMBER;

/// A range as written: alternatives between `||`, each a list of conditions that must all hold.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) alternatives: Vec<Alternative<'a>>,
}

/// One alternative: no condition at all means any version.
#[derive(Debug)]
pub(super) struct Alternative<'a> {
    pub(super) conditions: Vec<Condition<'a>>,
    /// Where it stands, without the space around it.
    pub(super) span: Span<usize>,
}

/// One condition: an operator and a version of which parts may be missing.
#[derive(Clone, Debug)]
pub(super) struct Condition<'a> {
    pub(super) operator: Operator,
    pub(super) version: Partial<'a>,
    /// Where the version stands, without a `v` in front.
    pub(super) span: Span<usize>,
}

/// What a condition says about its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// No operator: the version, or everything that begins like it.
    Bare,
    Equal,
    Caret,
    Tilde,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The left side of `1.2 - 2.3`.
    From,
    /// The right side of `1.2 - 2.3`.
    To,
}

/// A version of which parts may be missing: `1`, `1.2.x`, `1.2.3-rc.1`.
#[derive(Clone, Debug)]
pub(super) struct Partial<'a> {
    /// The numbers before the first missing part: at most three.
    pub(super) numbers: Vec<u64>,
    /// The wildcards written after them: `.x`, `.*.*`, or `*` for the whole version; empty when nothing is written.
    pub(super) wildcards: &'a str,
    /// The prerelease, without its `-`; only after three numbers.
    pub(super) prerelease: &'a str,
}

/// No range is longer.
const MAX_LENGTH: usize = 2048;

impl<'a> Written<'a> {
    /// Returns the parts, or `None` when `text` is not a range.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let mut alternatives = Vec::new();
        let mut start = 0;
        for piece in text.split("||") {
            let trimmed = piece.trim_start();
            let begin = start + (piece.len() - trimmed.len());
            alternatives.push(Alternative::parse(trimmed.trim_end(), begin)?);
            start += piece.len() + 2;
        }
        Some(Self { alternatives })
    }
}

impl<'a> Alternative<'a> {
    fn parse(text: &'a str, offset: usize) -> Option<Self> {
        let span = offset..offset + text.len();
        if let Some(conditions) = hyphen(text, offset) {
            return Some(Self { conditions, span });
        }
        let mut conditions = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (operator, after) = Operator::split(rest);
            let (word, next) = split_word(after.trim_start());
            let (version, after_prefix) = Partial::parse(word)?;
            let end = span.end - next.len();
            conditions.push(Condition { operator, version, span: end - after_prefix..end });
            rest = next.trim_start();
        }
        Some(Self { conditions, span })
    }
}

/// Splits at the first space.
fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Returns the two conditions of `1.2 - 2.3`, if that is what the text is.
fn hyphen(text: &str, offset: usize) -> Option<Vec<Condition<'_>>> {
    let (from, rest) = split_word(text);
    let (dash, rest) = split_word(rest.trim_start());
    let to = rest.trim_start();
    if dash != "-" || to.contains(char::is_whitespace) {
        return None;
    }
    let (lower, lower_length) = Partial::parse(from)?;
    let (upper, upper_length) = Partial::parse(to)?;
    let (lower_end, upper_end) = (offset + from.len(), offset + text.len());
    Some(vec![
        Condition { operator: Operator::From, version: lower, span: lower_end - lower_length..lower_end },
        Condition { operator: Operator::To, version: upper, span: upper_end - upper_length..upper_end },
    ])
}

impl Operator {
    /// Splits off the operator a text begins with.
    fn split(text: &str) -> (Self, &str) {
        let strip = |prefix: char| text.strip_prefix(prefix).map(str::trim_start);
        if let Some(rest) = strip('^') {
            (Self::Caret, rest)
        } else if let Some(rest) = text.strip_prefix('~') {
            (Self::Tilde, rest.strip_prefix('>').unwrap_or(rest))
        } else if let Some(rest) = strip('<') {
            rest.strip_prefix('=').map_or((Self::Less, rest), |rest| (Self::LessOrEqual, rest))
        } else if let Some(rest) = strip('>') {
            rest.strip_prefix('=').map_or((Self::Greater, rest), |rest| (Self::GreaterOrEqual, rest))
        } else if let Some(rest) = strip('=') {
            (Self::Equal, rest)
        } else {
            (Self::Bare, text)
        }
    }
}

impl<'a> Partial<'a> {
    /// Returns the version of a word and its length without the `v` and `=` in front.
    fn parse(word: &'a str) -> Option<(Self, usize)> {
        let text = word.trim_start_matches(['v', '=']);
        let core = without_build(text)?;
        let (written, prerelease) =
            core.split_once('-').map_or((core, None), |(left, right)| (left, Some(right)));
        let pieces: Vec<_> = written.split('.').collect();
        let prerelease = match prerelease {
            Some(prerelease) if pieces.len() == 3 && is_prerelease(prerelease) => prerelease,
            None if pieces.len() <= 3 => "",
            _ => return None,
        };
        let is_wildcard = |piece: &str| matches!(piece, "x" | "X" | "*");
        let read: Option<Vec<_>> = pieces
            .iter()
            .map(|piece| if is_wildcard(piece) { Some(None) } else { number(piece).map(Some) })
            .collect();
        let read = read?;
        let numbers: Vec<u64> = read.iter().map_while(|part| *part).collect();
        let prerelease = if numbers.len() == 3 { prerelease } else { "" };
        // A number after a wildcard (`1.x.5`) says nothing.
        let wildcards = read.iter().skip(numbers.len()).take_while(|part| part.is_none()).count();
        let start =
            pieces.iter().take(numbers.len()).map(|piece| piece.len() + 1).sum::<usize>().saturating_sub(1);
        let length = (2 * wildcards).saturating_sub(usize::from(numbers.is_empty()));
        let wildcards = written.get(start..start + length).unwrap_or_default();
        Some((Self { numbers, wildcards, prerelease }, text.len()))
    }

    /// Returns a text with these numbers in place of its own, as many as it has.
    pub(super) fn with(&self, numbers: [u64; 3]) -> String {
        let numbers: Vec<_> = numbers.iter().take(self.numbers.len()).map(u64::to_string).collect();
        numbers.join(".") + self.wildcards
    }

    /// Returns the number at `place`, 0 when it is missing.
    pub(super) fn number(&self, place: usize) -> u64 {
        self.numbers.get(place).copied().unwrap_or(0)
    }

    /// Returns whether nothing is missing.
    pub(super) fn is_full(&self) -> bool {
        self.numbers.len() == 3
    }

    /// Returns whether everything is missing: `*`, `x`.
    pub(super) fn is_any(&self) -> bool {
        self.numbers.is_empty()
    }
}

/// Returns the text without its build metadata, which never matters in a range.
///
/// npm takes one run of it away before it reads the version, so that a second one does no harm either.
fn without_build(text: &str) -> Option<&str> {
    let Some((core, build)) = text.split_once('+') else { return Some(text) };
    let is_sound = |build: &str| build.split('.').all(is_identifier);
    let sound = match build.split_once('+') {
        Some((first, second)) => is_sound(first) && is_sound(second) && core.split('.').count() >= 3,
        None => is_sound(build),
    };
    sound.then_some(core)
}

/// Returns the number, which has no leading zero and is not beyond what JavaScript can count.
fn number(digits: &str) -> Option<u64> {
    let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
    let number = digits.parse().ok()?;
    (!has_leading_zero && number <= MAX_NUMBER).then_some(number)
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns whether this is a prerelease of SemVer: identifiers between dots, numbers without leading zeros.
fn is_prerelease(text: &str) -> bool {
    text.split('.').all(|identifier| {
        let is_number = identifier.bytes().all(|byte| byte.is_ascii_digit());
        is_identifier(identifier) && !(is_number && identifier.len() > 1 && identifier.starts_with('0'))
    })
}
