//! `maven`: versions of Maven artifacts, in Maven's own order. <https://maven.apache.org/pom.html#version-order-specification>
//!
//! Ranges (`[1.0,2.0)`) are not read.

use super::Versioning;
use super::key::{KeyBuilder, SortKey, split_digits};
use super::ranged::{is_zero, split_numbers};

/// The versioning of Maven artifacts.
#[derive(Debug)]
pub(super) struct Maven;

/// Where the end of a version stands among qualifiers: behind those of prereleases, before all others.
const END: u8 = 15;
/// The qualifiers Maven knows, with where they stand. Those of the place [`END`] mean nothing.
const QUALIFIERS: &[(&str, u8)] = &[
    ("alpha", 10),
    ("beta", 11),
    ("milestone", 12),
    ("rc", 13),
    ("cr", 13),
    ("snapshot", 14),
    ("ga", END),
    ("final", END),
    ("release", END),
    ("sp", 16),
];
/// Directly before a number, one letter stands for a word.
const SHORT: &[(&str, u8)] = &[("a", 10), ("b", 11), ("m", 12)];
/// Any other qualifier.
const WORD: u8 = 17;
/// A number behind a dash.
const DASHED: u8 = 18;
/// A number behind a dot.
const NUMBER: u8 = 20;

/// A piece of a version.
enum Token<'a> {
    Number { kind: u8, digits: &'a str },
    Qualifier { place: u8, word: String },
}

/// Returns the pieces; between digits and letters there is a dash that is not written.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let mut tokens = Vec::new();
    let (mut rest, mut kind) = (text, NUMBER);
    while let Some(next) = rest.chars().next() {
        if matches!(next, '.' | '-' | '_' | '+') {
            kind = if next == '.' { NUMBER } else { DASHED };
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (digits, after) = split_digits(rest);
        if !digits.is_empty() {
            tokens.push(Token::Number { kind, digits });
            (rest, kind) = (after, DASHED);
            continue;
        }
        let end = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        let (word, after) = rest.split_at_checked(end)?;
        let word = word.to_ascii_lowercase();
        let is_before_number = after.starts_with(|first: char| first.is_ascii_digit());
        let short = SHORT.iter().filter(|_| is_before_number);
        let place = QUALIFIERS
            .iter()
            .chain(short)
            .find(|(known, _)| *known == word)
            .map_or(WORD, |(_, place)| *place);
        tokens.push(Token::Qualifier { place, word });
        (rest, kind) = (after, DASHED);
    }
    Some(tokens)
}

impl Versioning for Maven {
    fn id(&self) -> &'static str {
        "maven"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let mut key = KeyBuilder::new();
        // Zeros and words without a meaning only count where a number follows.
        let mut zeros = 0_usize;
        for token in tokens(version)? {
            match token {
                Token::Number { digits, .. } if is_zero(digits) => zeros += 1,
                Token::Number { kind, digits } => {
                    if kind == NUMBER {
                        (0..zeros).for_each(|_| _ = key.mark(NUMBER).digits("0"));
                    }
                    zeros = 0;
                    key.mark(kind).digits(digits);
                }
                Token::Qualifier { place: END, .. } => {}
                Token::Qualifier { place, word } => {
                    zeros = 0;
                    key.mark(place);
                    if place == WORD {
                        key.ascii(&word);
                    }
                }
            }
        }
        key.mark(END);
        Some(key.finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        let is_early = |token: &Token<'_>| matches!(token, Token::Qualifier { place, .. } if *place < END);
        tokens(version).is_some_and(|tokens| !tokens.iter().any(is_early))
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        tokens(version)?;
        split_numbers(version)?.0.get(place)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_as_maven_does() {
        let ordered = [
            "1-alpha2",
            "1.0-alpha-10",
            "1.0-beta-1",
            "1.0-m3",
            "1.0-rc1",
            "1.0-SNAPSHOT",
            "1.0",
            "1.0-sp1",
            "1.0-jre",
            "1-1",
            "1.0.1",
            "1.1",
            "1.10",
            "2.0.0.Alpha1",
            "2.0.0.Final",
            "2.0.0.1",
        ];
        for pair in ordered.windows(2) {
            assert!(Maven.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        for (left, right) in
            [("1", "1.0.0"), ("1.0-rc1", "1-CR1"), ("1.0.Final", "1.0"), ("1a1", "1-alpha-1")]
        {
            assert!(Maven.equals(left, right), "{left} = {right}");
        }
        assert!(Maven.is_stable("1.0.Final") && Maven.is_stable("1.0-jre") && !Maven.is_stable("1.0-RC2"));
        for text in ["", "v1", "latest", "[1.0,2.0)", "1.0 ", "1.é"] {
            assert!(!Maven.is_valid(text), "{text}");
        }
    }
}
