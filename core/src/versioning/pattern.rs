//! `regex:<pattern>`: the user says with named groups which part of a text is which part of a version.
//!
//! The groups are `major`, `minor`, `patch`, `build`, `revision` (numbers, 0 when missing), `prerelease` (a text that
//! makes the version unstable) and `compatibility` (a text that must stay the same).

use regex::{Captures, Regex};

use super::key::{KeyBuilder, SortKey, split_digits};
use super::{Versioning, VersioningError};
use crate::config::pattern::regex;

/// The versioning of a user's pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    /// `regex:` and the pattern.
    id: String,
    regex: Regex,
}

/// The groups that hold numbers, the most important first.
const NUMBERS: [&str; 5] = ["major", "minor", "patch", "build", "revision"];

impl Pattern {
    /// Compiles the pattern of a `regex:` id.
    pub(super) fn new(id: &str, pattern: &str) -> Result<Self, VersioningError> {
        let regex = regex(pattern).map_err(|cause| VersioningError::Pattern {
            pattern: pattern.to_owned(),
            message: cause.message,
        })?;
        let has_number =
            regex.capture_names().flatten().any(|name| matches!(name, "major" | "minor" | "patch"));
        if !has_number {
            return Err(VersioningError::NoNumber(pattern.to_owned()));
        }
        Ok(Self { id: id.to_owned(), regex })
    }

    /// Returns what the pattern finds, if the text is a version.
    fn captures<'a>(&self, text: &'a str) -> Option<Captures<'a>> {
        self.regex.captures(text)
    }
}

/// Returns the text of a group, empty when it took no part.
fn group<'a>(captures: &'a Captures<'_>, name: &str) -> &'a str {
    captures.name(name).map_or("", |found| found.as_str())
}

/// Returns the digits a group begins with.
fn digits<'a>(captures: &'a Captures<'_>, name: &str) -> &'a str {
    split_digits(group(captures, name)).0
}

impl Versioning for Pattern {
    fn id(&self) -> &str {
        &self.id
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let captures = self.captures(version)?;
        let mut key = KeyBuilder::new();
        for name in NUMBERS {
            key.digits(digits(&captures, name));
        }
        let prerelease = group(&captures, "prerelease");
        key.mark(u8::from(prerelease.is_empty())).natural(prerelease);
        Some(key.finish())
    }

    fn is_version(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    fn is_stable(&self, version: &str) -> bool {
        self.captures(version).is_some_and(|captures| group(&captures, "prerelease").is_empty())
    }

    fn is_compatible(&self, version: &str, current: &str) -> bool {
        let (Some(version), Some(current)) = (self.captures(version), self.captures(current)) else {
            return false;
        };
        group(&version, "compatibility") == group(&current, "compatibility")
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        let captures = self.captures(version)?;
        match digits(&captures, NUMBERS.get(place)?) {
            "" => Some(0),
            digits => digits.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(&format!("regex:{text}"), text).unwrap()
    }

    #[test]
    fn reads_the_version_from_named_groups() {
        let versions = pattern(
            r"^(?<major>\d+)\.(?<minor>\d+)(?:\.(?<patch>\d+))?(?<prerelease>[a-z]+\d+)?-r(?<build>\d+)$",
        );
        let ordered =
            ["3.7b1-r0", "3.7b2-r0", "3.7b10-r9", "3.7-r0", "3.7.0-r1", "3.7-r10", "3.7.1rc1-r0", "3.10-r0"];
        for text in ordered {
            assert!(versions.is_version(text), "{text}");
        }
        assert!(versions.is_greater_than("3.7-r0", "3.7b10-r0"));
        assert!(versions.is_greater_than("3.7-r10", "3.7-r9"));
        assert!(versions.is_greater_than("3.10-r0", "3.7.1-r0"));
        assert!(versions.equals("3.7-r1", "3.7.0-r01"));
        assert!(!versions.is_version("3.7"));
        assert!(versions.is_stable("3.7-r1") && !versions.is_stable("3.7b1-r1") && !versions.is_stable("x"));
        assert_eq!(
            (versions.major("3.7-r1"), versions.minor("3.7-r1"), versions.patch("3.7-r1")),
            (Some(3), Some(7), Some(0))
        );
    }

    #[test]
    fn compatible_versions_share_the_compatibility_group() {
        let versions = pattern(r"^(?<compatibility>.*?)-?(?<major>\d+)(?<revision>\d{8})?$");
        assert!(versions.is_compatible("jdk-21", "jdk-17"));
        assert!(!versions.is_compatible("jre-21", "jdk-17"));
        let optional = pattern(r"^(?<major>\d+)(?<compatibility>-alpine)?$");
        assert!(!optional.is_compatible("2-alpine", "1"));
        assert!(optional.is_compatible("2", "1"));
    }

    #[test]
    fn the_pattern_for_pinned_actions_reads_short_and_full_tags() {
        let versions = pattern(r"^v?(?<major>\d+)(\.(?<minor>\d+)\.(?<patch>\d+))?$");
        assert!(versions.is_greater_than("v4.1.1", "v4"));
        assert!(versions.equals("v4", "4.0.0"));
        assert!(!versions.is_version("v4.1"));
    }

    #[test]
    fn k3s_tags_compare_by_their_build() {
        let versions = pattern(
            r"^v(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)(?<prerelease>-[a-z]+\d+)?(?<compatibility>[+-]k3s)(?<build>\d+)$",
        );
        assert!(versions.is_greater_than("v1.31.4+k3s2", "v1.31.4+k3s1"));
        assert!(versions.is_greater_than("v1.31.4+k3s1", "v1.31.4-rc1+k3s1"));
        assert!(!versions.is_compatible("v1.31.4-k3s1", "v1.31.4+k3s1"));
    }

    #[test]
    fn rebuilds_of_an_image_are_newer_than_what_they_rebuild() {
        let bitnami = pattern(
            r"^(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)(?:-(?<compatibility>.+)-(?<build>\d+)(?:-r(?<revision>\d+))?)?$",
        );
        assert!(bitnami.is_greater_than("17.2.0-debian-12-r10", "17.2.0-debian-12-r9"));
        assert!(bitnami.is_greater_than("17.2.1-debian-12", "17.2.0-debian-12-r9"));
        assert!(bitnami.is_compatible("17.2.1-debian-13-r0", "17.2.0-debian-12-r9"));
        assert!(!bitnami.is_compatible("17.2.1", "17.2.0-debian-12-r9"));
        let grafana = pattern(r"^(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)(?:-security-(?<build>\d+))?$");
        assert!(grafana.is_greater_than("12.0.2-security-01", "12.0.2"));
        assert!(grafana.is_greater_than("12.0.3", "12.0.2-security-01"));
        assert!(grafana.is_stable("12.0.2-security-01"));
    }

    #[test]
    fn a_pattern_that_cannot_work_says_why() {
        for (text, words) in [
            ("(?<major>", "unclosed group"),
            ("(?=x)(?<major>1)", "look-ahead"),
            (r"(?<major>(\w{500}){500})", "too large"),
            (r"^(?<build>\d+)$", "no group `major`, `minor` or `patch`"),
        ] {
            let error = Pattern::new("", text).unwrap_err();
            assert!(error.to_string().contains(words), "{text}: {error}");
            assert!(!error.hint().contains('\n'), "{text}: {}", error.hint());
        }
    }
}
