//! `semver`: exactly [Semantic Versioning 2](https://semver.org), with an optional `v` in front.

use ::semver::Version;

use super::Versioning;
use super::key::{KeyBuilder, SortKey};

/// The versioning of strict semantic versions.
#[derive(Debug)]
pub(super) struct Semver;

/// No version is longer: the limit of npm's own parser.
const MAX_LENGTH: usize = 256;

/// No number is greater: npm counts in JavaScript.
pub(super) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Returns the version a text spells, with or without a `v` and space around it.
pub(super) fn parse(text: &str) -> Option<Version> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let text = text.trim();
    let version = Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()?;
    let is_countable =
        [version.major, version.minor, version.patch].iter().all(|number| *number <= MAX_NUMBER);
    is_countable.then_some(version)
}

/// Returns the order of SemVer: build metadata does not count.
pub(super) fn key_of(version: &Version) -> SortKey {
    let mut key = KeyBuilder::new();
    write_key(&mut key, version);
    key.finish()
}

/// Adds the order of SemVer to a longer key.
pub(super) fn write_key(key: &mut KeyBuilder, version: &Version) {
    key.number(version.major).number(version.minor).number(version.patch);
    write_prerelease(key, &version.pre);
}

/// Adds a prerelease, without its `-`: an empty one, a release, comes after all others.
pub(super) fn write_prerelease(key: &mut KeyBuilder, prerelease: &str) {
    if prerelease.is_empty() {
        key.mark(0xFF);
        return;
    }
    for identifier in prerelease.split('.') {
        if identifier.bytes().all(|byte| byte.is_ascii_digit()) {
            key.mark(1).digits(identifier);
        } else {
            key.mark(2).ascii(identifier);
        }
    }
    key.mark(0);
}

/// Returns the number at a place, counted from 0.
pub(super) fn number(version: &Version, place: usize) -> Option<u64> {
    [version.major, version.minor, version.patch].get(place).copied()
}

/// Returns whether an update may break its user: another major number, or one of the two promises nothing (`0.x`, a
/// prerelease). `false` when either is not a version.
pub(super) fn is_breaking(current: &str, new: &str) -> bool {
    let (Some(current), Some(new)) = (parse(current), parse(new)) else { return false };
    current.major != new.major || current.major == 0 || !current.pre.is_empty() || !new.pre.is_empty()
}

impl Versioning for Semver {
    fn id(&self) -> &'static str {
        "semver"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        Some(key_of(&parse(version)?))
    }

    fn is_stable(&self, version: &str) -> bool {
        parse(version).is_some_and(|version| version.pre.is_empty())
    }

    fn is_breaking(&self, current: &str, new: &str) -> Option<bool> {
        Some(is_breaking(current, new))
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        number(&parse(version)?, place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NewValue, RangeStrategy};
    use super::*;

    #[test]
    fn takes_strict_versions_with_an_optional_v() {
        for text in ["1.2.3", "v1.2.3", "0.0.0", "1.2.3-rc.1", "1.2.3+build", "1.2.3-a-b.0+x.y"] {
            assert!(Semver.is_valid(text), "{text}");
        }
        let long = format!("1.2.3-{}", "a".repeat(300));
        for text in [
            "", "v", "1", "1.2", "01.2.3", "1.2.3.4", "^1.2.3", "=1.2.3", "V1.2.3", "vv1.2.3", "1.2.3-01",
            &long,
        ] {
            assert!(!Semver.is_valid(text), "{text}");
        }
    }

    #[test]
    fn orders_as_the_specification_says() {
        let ordered = [
            "1.0.0-0",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.1.0",
            "2.0.0",
            "10.0.0",
        ];
        for pair in ordered.windows(2) {
            assert!(Semver.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        assert!(Semver.equals("v1.0.0+a", "1.0.0+b"));
    }

    #[test]
    fn before_1_0_everything_may_break() {
        for (current, new) in
            [("0.1.0", "0.1.1"), ("1.0.0-rc.1", "1.0.0"), ("1.0.0", "1.1.0-rc.1"), ("2.0.0", "1.0.0")]
        {
            assert_eq!(Semver.is_breaking(current, new), Some(true), "{current} -> {new}");
        }
        assert_eq!(Semver.is_breaking("1.0.0", "1.9.0"), Some(false));
    }

    #[test]
    fn writes_no_v_where_the_value_has_none() {
        let written = |current_value, current_version, new_version| {
            let range_strategy = RangeStrategy::Auto;
            let current_version = Some(current_version);
            Semver
                .new_value(&NewValue { current_value, range_strategy, current_version, new_version })
                .unwrap()
        };
        assert_eq!(written("1.0.0", "v1.0.0", "v2.0.0"), "2.0.0");
        assert_eq!(written("v1.0.0", "v1.0.0", "v2.0.0"), "v2.0.0");
        assert_eq!(written("1.0.0", "1.0.0", "v2.0.0"), "v2.0.0");
    }
}
