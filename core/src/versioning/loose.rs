//! `loose`: numbers between dots, then anything. It takes almost every text that begins with a number.
//!
//! The longer of two versions that begin alike is the newer (`2.4` < `2.4.0`), and one without a suffix is newer than the
//! same numbers with one. Suffixes are not prereleases: everything is stable.

use super::Versioning;
use super::docker::{is_commit_hash, split_numbers};
use super::key::{KeyBuilder, SortKey};

/// The versioning for whatever no other one fits.
#[derive(Debug)]
pub(super) struct Loose;

/// What has more numbers is not a version.
const MAX_NUMBERS: usize = 6;

/// Returns the digits of each number and the suffix.
fn parse(text: &str) -> Option<(Vec<&str>, &str)> {
    if is_commit_hash(text) {
        return None;
    }
    let (numbers, suffix) = split_numbers(text.strip_prefix(['v', 'V']).unwrap_or(text))?;
    (numbers.len() <= MAX_NUMBERS).then_some((numbers, suffix))
}

impl Versioning for Loose {
    fn id(&self) -> &'static str {
        "loose"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let (numbers, suffix) = parse(version)?;
        let mut key = KeyBuilder::new();
        for digits in numbers {
            key.mark(1).digits(digits);
        }
        key.mark(0).mark(u8::from(suffix.is_empty())).natural(suffix);
        Some(key.finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        self.is_version(version)
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        parse(version)?.0.get(place)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_begins_with_a_number() {
        for text in [
            "1",
            "v1.4",
            "V0.5",
            "4.2.21.Final",
            "1.1-groovy-2.4",
            "0.8a",
            "1.2.3.4.5.6",
            "2024-07-21T11-33-05.abc",
            "1.x",
            "1.",
        ] {
            assert!(Loose.is_version(text), "{text}");
            assert!(Loose.is_stable(text), "{text}");
        }
        for text in ["", "v", "foo", "^1.2.0", "1.2.3.4.5.6.7", "0a1b2c3", "vv1", ".1"] {
            assert!(!Loose.is_version(text), "{text}");
        }
    }

    #[test]
    fn orders_longer_after_shorter_and_suffixes_before_none() {
        let ordered = [
            "1.9",
            "1.9.1",
            "2",
            "2.4-rc2",
            "2.4-rc10",
            "2.4.alpha",
            "2.4.beta",
            "2.4",
            "2.4.0-beta",
            "2.4.0",
            "2.4.99",
            "2.4.100",
            "20240101",
            "99999999999999999999",
        ];
        for pair in ordered.windows(2) {
            assert!(Loose.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        assert!(Loose.equals("v1.02", "1.2"));
    }

    #[test]
    fn has_the_numbers_that_are_written() {
        assert_eq!(
            (Loose.major("v2.4-x"), Loose.minor("v2.4-x"), Loose.patch("v2.4-x")),
            (Some(2), Some(4), None)
        );
    }
}
