//! `hashicorp`: versions and constraints of Terraform, `OpenTofu` and what else its makers have.
//! <https://developer.hashicorp.com/terraform/language/expressions/version-constraints>

use super::key::{KeyBuilder, SortKey};
use super::ranged::{
    Interval, Operator, PESSIMISTIC, Scheme, next_prefix, pessimistic, split_numbers, write_numbers,
};
use super::semver::write_prerelease;

/// The scheme of Terraform.
#[derive(Debug)]
pub(super) struct Hashicorp;

/// A version taken apart.
pub(super) struct Version<'a> {
    pub(super) numbers: Vec<&'a str>,
    /// Without its `-`; empty without one.
    pub(super) prerelease: &'a str,
}

/// What has more numbers is not a version.
const MAX_NUMBERS: usize = 6;

/// Takes a version apart: numbers, a prerelease after `-`, anything after `+`.
pub(super) fn parse(text: &str) -> Option<Version<'_>> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (numbers, rest) = split_numbers(text)?;
    let prerelease = match rest.strip_prefix('-') {
        Some(prerelease) => Some(prerelease),
        None if rest.is_empty() => None,
        None => return None,
    };
    let is_identifier = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'~'))
    };
    let is_sound = |text: Option<&str>| text.is_none_or(|text| text.split('.').all(is_identifier));
    (numbers.len() <= MAX_NUMBERS && is_sound(prerelease) && is_sound(build))
        .then_some(Version { numbers, prerelease: prerelease.unwrap_or_default() })
}

/// Returns the key before everything that begins with these numbers, and of their prereleases.
pub(super) fn start_of<T: AsRef<str>>(numbers: &[T]) -> KeyBuilder {
    let mut key = KeyBuilder::new();
    write_numbers(&mut key, numbers);
    key
}

/// Returns the order of SemVer, with any count of numbers.
pub(super) fn key_of(version: &Version<'_>) -> SortKey {
    let mut key = start_of(&version.numbers);
    write_prerelease(&mut key, version.prerelease);
    key.finish()
}

impl Scheme for Hashicorp {
    fn id(&self) -> &'static str {
        "hashicorp"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        Some(key_of(&parse(version)?))
    }

    fn is_stable(&self, version: &str) -> bool {
        parse(version).is_some_and(|version| version.prerelease.is_empty())
    }

    fn numbers<'a>(&self, version: &'a str) -> Option<Vec<&'a str>> {
        Some(parse(version)?.numbers)
    }

    fn operators(&self) -> &'static [(&'static str, Operator)] {
        PESSIMISTIC
    }

    /// `~> 1` has no end: only the last number written may rise, and there is no other.
    fn interval(&self, operator: Operator, version: &str) -> Option<Interval> {
        let from = self.key(version)?;
        if operator != Operator::Compatible {
            return Interval::ordered(operator, from);
        }
        let numbers = parse(version)?.numbers;
        let (_, head) = numbers.split_last()?;
        let until = next_prefix(head).map(|numbers| start_of(&numbers).finish());
        Some(Interval { from: Some(from), until })
    }

    fn compatible(&self, new: &[String], count: usize) -> Vec<String> {
        pessimistic(new, count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranged::Ranged;
    use super::super::{NewValue, RangeStrategy, Versioning};
    use super::*;

    const TERRAFORM: Ranged<Hashicorp> = Ranged(Hashicorp);

    #[test]
    fn takes_versions_and_constraints() {
        for text in ["1", "1.2", "1.2.3", "v1.2.3", "1.2.3-beta.1", "1.2.3+build", "1.2.3.4"] {
            assert!(TERRAFORM.is_version(text), "{text}");
        }
        for text in ["~> 1.2", ">= 1.2, < 2.0.0, != 1.5.0", "=1.2.3", "~>1", "> v1.0"] {
            assert!(TERRAFORM.is_valid(text) && !TERRAFORM.is_version(text), "{text}");
        }
        for text in [
            "",
            "latest",
            "~> ",
            "^1.2",
            "1.2.x",
            "~1.2",
            "1.2,",
            ">= 1.2 < 2",
            "1.2.3-",
            "1.2.3-a..b",
            "1.*.2",
        ] {
            assert!(!TERRAFORM.is_valid(text), "{text}");
        }
        for pair in [
            "0.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-rc.2",
            "1.0.0-rc.10",
            "1.0",
            "1.0.1",
            "1.10",
        ]
        .windows(2)
        {
            assert!(TERRAFORM.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        assert!(TERRAFORM.equals("1.2", "v1.2.0"));
    }

    #[test]
    fn constraints_hold_as_terraform_says() {
        for (range, inside, outside) in [
            ("~> 1.2", &["1.2.0", "1.99.0"][..], &["1.1.9", "2.0.0", "2.0.0-beta", "1.3.0-beta"][..]),
            ("~> 1.2.3", &["1.2.3", "1.2.10"], &["1.3.0", "1.2.2"]),
            ("~> 0.5", &["0.5.0", "0.9.0"], &["1.0.0"]),
            ("~> 1", &["1.0.0", "2.0.0"], &["0.9.0"]),
            (">= 1.2, < 2.0, != 1.5.0", &["1.2.0", "1.9.9"], &["1.5.0", "2.0.0", "2.0.0-rc1"]),
            ("1.2.3", &["1.2.3"], &["1.2.4"]),
            ("= 1.2.0-beta", &["1.2.0-beta"], &["1.2.0"]),
        ] {
            for version in inside {
                assert!(TERRAFORM.matches(version, range), "{version} in {range}");
            }
            for version in outside {
                assert!(!TERRAFORM.matches(version, range), "{version} not in {range}");
            }
        }
    }

    #[track_caller]
    fn check(strategy: RangeStrategy, current_value: &str, new_version: &str, expected: Option<&str>) {
        let query = NewValue { current_value, range_strategy: strategy, current_version: None, new_version };
        assert_eq!(TERRAFORM.new_value(&query).as_deref(), expected, "{current_value} -> {new_version}");
    }

    #[test]
    fn rewrites_constraints_in_the_shape_they_have() {
        use RangeStrategy::{Bump, Pin, Replace, Widen};
        check(Replace, "1.2.3", "1.3.0", Some("1.3.0"));
        check(Replace, "= 1.2.3", "1.3.0", Some("= 1.3.0"));
        check(Replace, "~> 4.16", "5.31.2", Some("~> 5.0"));
        check(Replace, "~> 4.16.1", "5.31.2", Some("~> 5.31.0"));
        check(Replace, "~> 4.16", "4.20.0", Some("~> 4.16"));
        check(Bump, "~> 4.16", "4.20.1", Some("~> 4.20"));
        check(Bump, "~> 4.16.1", "4.20.1", Some("~> 4.20.1"));
        check(Replace, ">= 4.0, < 5.0", "5.31.2", Some(">= 4.0, < 6.0"));
        check(Widen, ">= 4.0, < 5.0.0", "5.31.2", Some(">= 4.0, < 6.0.0"));
        check(Replace, ">= 4.0", "5.31.2", Some(">= 4.0"));
        check(Bump, ">= 4.0", "v5.31.2", Some(">= 5.31.2"));
        check(Replace, "v1.2.3", "v1.3.0", Some("v1.3.0"));
        check(Replace, "= v1.2.3", "1.3.0", Some("= v1.3.0"));
        check(Pin, "~> 4.16", "5.31.2", Some("5.31.2"));
        check(Replace, "> 6.0, != 5.31.2", "5.31.2", None);
    }
}
