//! `semver-coerced`: whatever has numbers in it, read as three of them: `v1.2` is 1.2.0, `release-1.2.3` is 1.2.3.
//!
//! What stands around the numbers does not count when versions are compared, so `1.2.0-rc.1` and `1.2.0` are equal; only
//! [`Versioning::is_stable`] looks at it.

use ::semver::Version;

use super::key::{SortKey, split_digits};
use super::npm::Range;
use super::{Versioning, semver};

/// The versioning of release names that are almost semantic versions.
#[derive(Debug)]
pub(super) struct SemverCoerced;

/// Longer runs of digits are not version numbers.
const MAX_DIGITS: usize = 16;

/// Returns the first one to three numbers in a text; `None` without one, and with leading zeros, as SemVer has none.
fn coerce(text: &str) -> Option<Version> {
    let mut rest = text;
    let numbers = loop {
        rest = rest.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        if rest.is_empty() {
            return None;
        }
        let (first, after) = split_digits(rest);
        if first.len() <= MAX_DIGITS {
            break [
                Some(first),
                next_number(after),
                next_number(after).and_then(|second| next_number(after.get(1 + second.len()..)?)),
            ];
        }
        rest = after;
    };
    let [major, minor, patch] = numbers.map(|digits| digits.unwrap_or("0"));
    semver::parse(&format!("{major}.{minor}.{patch}"))
}

/// Returns the digits after a dot at the start of a text.
fn next_number(text: &str) -> Option<&str> {
    let (digits, _) = split_digits(text.strip_prefix('.')?);
    (1..=MAX_DIGITS).contains(&digits.len()).then_some(digits)
}

/// Returns the version with its missing numbers filled in and all the rest kept: `1.0.0-beta` of `v1.0-beta`.
fn padded(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(end)?;
    let missing = 2_usize.saturating_sub(numbers.matches('.').count());
    semver::parse(&format!("{numbers}{}{rest}", ".0".repeat(missing)))
}

impl Versioning for SemverCoerced {
    fn id(&self) -> &'static str {
        "semver-coerced"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        Some(semver::key_of(&coerce(version)?))
    }

    /// Returns whether the text has numbers and nothing that belongs to ranges: `1.x` and `>=1.2` have both.
    fn is_single_version(&self, text: &str) -> bool {
        let has_wildcard = text.split('.').skip(1).any(|part| matches!(part, "x" | "X"));
        self.is_version(text) && !has_wildcard && !text.contains(['^', '~', '<', '>', '=', '*', '|', ' '])
    }

    fn is_stable(&self, version: &str) -> bool {
        padded(version).is_some_and(|version| version.pre.is_empty())
    }

    fn is_less_than_range(&self, version: &str, range: &str) -> Option<bool> {
        let (version, range) = (coerce(version), Range::parse(range));
        Some(version.is_some_and(|version| range.is_some_and(|range| range.is_above(&version))))
    }

    fn matches(&self, version: &str, range: &str) -> bool {
        let (version, range) = (coerce(version), Range::parse(range));
        version.is_some_and(|version| range.is_some_and(|range| range.contains(&version)))
    }

    fn in_range<'a>(&self, versions: &[&'a str], range: &str) -> Vec<(SortKey, &'a str)> {
        let Some(range) = Range::parse(range) else { return Vec::new() };
        let coerced = versions.iter().filter_map(|text| Some((coerce(text)?, *text)));
        coerced
            .filter(|(version, _)| range.contains(version))
            .map(|(version, text)| (semver::key_of(&version), text))
            .collect()
    }

    fn is_breaking(&self, current: &str, new: &str) -> Option<bool> {
        let (Some(current), Some(new)) = (coerce(current), coerce(new)) else { return Some(false) };
        Some(current.major != new.major || current.major == 0)
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        semver::number(&coerce(version)?, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_numbers_wherever_they_stand() {
        for (text, numbers) in [
            ("1.2.3", (1, 2, 3)),
            ("v1.2", (1, 2, 0)),
            ("release-7", (7, 0, 0)),
            ("1.2.3.4", (1, 2, 3)),
            ("v1.2.x", (1, 2, 0)),
            ("1.2-rc3", (1, 2, 0)),
            ("12345678901234567-8.9", (8, 9, 0)),
            ("1.12345678901234567.2", (1, 0, 0)),
            ("é2", (2, 0, 0)),
        ] {
            let read = (SemverCoerced.major(text), SemverCoerced.minor(text), SemverCoerced.patch(text));
            assert_eq!(read, (Some(numbers.0), Some(numbers.1), Some(numbers.2)), "{text}");
        }
        for text in ["", "latest", "v", "17.04", "2024.01.05"] {
            assert!(!SemverCoerced.is_valid(text), "{text}");
        }
    }

    #[test]
    fn a_range_is_not_a_single_version() {
        for text in ["v1.2", "release-1.2.3", "1.2.3-xen.1"] {
            assert!(SemverCoerced.is_single_version(text), "{text}");
        }
        for text in ["1.x", "^1.2.3", ">= 1.2", "1 - 2", "latest", "= 1.2.3"] {
            assert!(!SemverCoerced.is_single_version(text), "{text}");
        }
    }

    #[test]
    fn compares_the_numbers_only() {
        assert!(SemverCoerced.equals("v1.2", "1.2.0-rc.1"));
        assert!(SemverCoerced.is_greater_than("release-1.10", "v1.9.9"));
        assert_eq!(SemverCoerced.satisfying(&["v1.2", "1.9-foo", "v2"], "^1.0.0"), Some("1.9-foo"));
        assert!(SemverCoerced.matches("v1.2", "1.2.x"));
        assert_eq!(SemverCoerced.is_less_than_range("v1", ">=1.2"), Some(true));
    }

    #[test]
    fn is_stable_when_nothing_but_numbers_is_written() {
        for (text, is_stable) in [
            ("v1", true),
            ("1.2", true),
            ("1.2.3+build", true),
            ("v1.2-rc.1", false),
            ("release-1.2.3", false),
            ("1.2.3.4", false),
            ("1.x", false),
        ] {
            assert_eq!(SemverCoerced.is_stable(text), is_stable, "{text}");
        }
    }
}
