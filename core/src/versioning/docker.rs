//! `docker`: tags of images. A tag is numbers, letters that make it a prerelease, and a suffix that names its flavour.
//!
//! `3.8.0b1-slim-bookworm` is 3.8.0, prerelease `b1`, suffix `slim-bookworm`. A tag only ever goes to a tag with the
//! same suffix and as many numbers. So `1.2.3-rc.1` is a stable tag of the flavour `rc.1`.

use super::key::{KeyBuilder, SortKey, split_digits};
use super::{NewValue, Versioning};

/// The versioning of image tags.
#[derive(Debug)]
pub(super) struct Docker;

/// A tag taken apart.
struct Tag<'a> {
    /// Each number's digits; at least one.
    numbers: Vec<&'a str>,
    /// The letters after the last number.
    prerelease: &'a str,
    /// What follows the first `-`.
    suffix: &'a str,
}

impl<'a> Tag<'a> {
    /// Returns the parts, or `None` for what is no version: names, commit hashes.
    fn parse(text: &'a str) -> Option<Self> {
        if is_commit_hash(text) {
            return None;
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        let (version, suffix) = text.split_once('-').unwrap_or((text, ""));
        let (numbers, prerelease) = split_numbers(version)?;
        let is_word = prerelease.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_word.then_some(Self { numbers, prerelease, suffix })
    }
}

impl Versioning for Docker {
    fn id(&self) -> &'static str {
        "docker"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let tag = Tag::parse(version)?;
        let mut key = KeyBuilder::new();
        for digits in &tag.numbers {
            key.digits(digits);
        }
        // `2.1` floats above every `2.1.x`, so the end of the numbers is greater than any further number.
        key.mark(0xFF);
        key.mark(u8::from(tag.prerelease.is_empty())).natural(tag.prerelease);
        key.natural_reversed(tag.suffix);
        Some(key.finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        Tag::parse(version).is_some_and(|tag| tag.prerelease.is_empty())
    }

    fn is_compatible(&self, version: &str, current: &str) -> bool {
        let (Some(version), Some(current)) = (Tag::parse(version), Tag::parse(current)) else { return false };
        version.suffix == current.suffix && version.numbers.len() == current.numbers.len()
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        Tag::parse(version)?.numbers.get(place)?.parse().ok()
    }

    /// Returns the tag as published: with or without its `v`, another spelling would name no image.
    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        Some(query.new_version.to_owned())
    }
}

/// Returns whether a text looks like a git commit: 7 to 40 lower-case hex digits that are not all decimal.
pub(super) fn is_commit_hash(text: &str) -> bool {
    (7..=40).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && !text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits `1.2.3rc1` into the digits of each number and the rest; `None` when no digit comes first.
pub(super) fn split_numbers(text: &str) -> Option<(Vec<&str>, &str)> {
    let (first, mut rest) = split_digits(text);
    if first.is_empty() {
        return None;
    }
    let mut numbers = vec![first];
    while let Some(after) = rest.strip_prefix('.') {
        let (digits, after) = split_digits(after);
        if digits.is_empty() {
            break;
        }
        numbers.push(digits);
        rest = after;
    }
    Some((numbers, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ascending(texts: &[&str]) {
        for pair in texts.windows(2) {
            assert!(Docker.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
            assert!(!Docker.is_greater_than(pair[0], pair[1]), "not {} > {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn takes_tags_that_begin_with_a_number() {
        for text in ["1", "v1.2.3", "20250101", "1.2rc1", "3.11b2-slim", "1.2.3-alpine3.20", "1-", "1.2.3_r4"]
        {
            assert!(Docker.is_version(text), "{text}");
        }
        for text in
            ["", "v", "latest", "alpine", "1.2.", "1..2", "1.2.x", "V1", "1.2+build", "edge-1.2", "v-1"]
        {
            assert!(!Docker.is_version(text), "{text}");
        }
    }

    #[test]
    fn a_commit_hash_is_no_version_but_a_date_is() {
        for text in ["0a1b2c3", "1234567e", "0123456789abcdef0123456789abcdef01234567"] {
            assert!(!Docker.is_version(text), "{text}");
        }
        for text in ["0a1b2c", "20240102", "1A2b3c4", "0123456789abcdef0123456789abcdef012345678"] {
            assert!(Docker.is_version(text), "{text}");
        }
    }

    #[test]
    fn orders_numbers_then_prereleases_then_suffixes() {
        ascending(&["1.2.3", "1.2.10", "1.2", "1.10.0", "1", "2.0.0", "20250101"]);
        ascending(&["3.8.0a1", "3.8.0b1", "3.8.0b2", "3.8.0b10", "3.8.0rc1", "3.8.0"]);
        ascending(&["1.2-slim", "1.2-alpine", "1.2"]);
        ascending(&["99999999999999999999999", "100000000000000000000000"]);
    }

    #[test]
    fn a_leading_v_and_leading_zeros_do_not_matter() {
        assert!(Docker.equals("v1.2.3", "1.2.3"));
        assert!(Docker.equals("18.04", "18.4"));
        assert!(!Docker.equals("1.2", "1.2.0"));
    }

    #[test]
    fn goes_only_to_the_same_flavour_and_precision() {
        for (version, current) in
            [("1.3", "1.2"), ("v1.3.0", "1.2.3"), ("2.0-alpine", "1.0-alpine"), ("1.2rc1", "1.1")]
        {
            assert!(Docker.is_compatible(version, current), "{current} -> {version}");
        }
        for (version, current) in [
            ("1.3.0", "1.2"),
            ("1.3", "1.2-alpine"),
            ("1.3-alpine3.20", "1.2-alpine3.19"),
            ("latest", "1.2"),
            ("1.2", "latest"),
        ] {
            assert!(!Docker.is_compatible(version, current), "{current} -> {version}");
        }
    }

    #[test]
    fn letters_after_the_numbers_make_a_prerelease_and_a_suffix_does_not() {
        assert!(Docker.is_stable("1.2.3-rc.1"));
        assert!(!Docker.is_stable("1.2.3rc1"));
        assert!(!Docker.is_stable("latest"));
    }

    #[test]
    fn has_as_many_numbers_as_are_written() {
        assert_eq!((Docker.major("v3"), Docker.minor("v3"), Docker.patch("v3")), (Some(3), None, None));
        assert_eq!((Docker.minor("18.04-slim"), Docker.patch("1.2.3rc1")), (Some(4), Some(3)));
        assert_eq!(Docker.major("99999999999999999999999"), None);
    }
}
