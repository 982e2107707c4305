//! `cargo`: SemVer with Cargo's requirements. <https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html>
//!
//! A full version alone is that version: this is what an annotation beside a pinned version means. With fewer numbers it
//! is a requirement, as in a manifest: `1.2` holds for everything up to 2.0.

use super::hashicorp::{Version, key_of, parse, start_of};
use super::key::SortKey;
use super::ranged::{Interval, Operator, Scheme, caret_end, next_prefix};

/// The scheme of Rust's packages.
#[derive(Debug)]
pub(super) struct Cargo;

/// Returns a version of which the last numbers may be missing.
fn partial(text: &str) -> Option<Version<'_>> {
    let version = parse(text)?;
    let is_sound = version.numbers.len() == 3 || (version.numbers.len() < 3 && version.prerelease.is_empty());
    is_sound.then_some(version)
}

impl Scheme for Cargo {
    fn id(&self) -> &'static str {
        "cargo"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let version = partial(version)?;
        (version.numbers.len() == 3).then(|| key_of(&version))
    }

    fn is_stable(&self, version: &str) -> bool {
        partial(version).is_some_and(|version| version.prerelease.is_empty())
    }

    fn numbers<'a>(&self, version: &'a str) -> Option<Vec<&'a str>> {
        Some(partial(version)?.numbers)
    }

    fn operators(&self) -> &'static [(&'static str, Operator)] {
        &[
            ("^", Operator::Caret),
            ("~", Operator::Compatible),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("=", Operator::Equal),
        ]
    }

    fn bare(&self) -> Option<Operator> {
        Some(Operator::Caret)
    }

    fn interval(&self, operator: Operator, version: &str) -> Option<Interval> {
        let version = partial(version)?;
        let numbers = version.numbers.as_slice();
        let start = |numbers: &[String]| start_of(numbers).finish();
        let key = key_of(&version);
        let is_full = numbers.len() == 3;
        Some(match operator {
            Operator::Caret => Interval { from: Some(key), until: Some(start(&caret_end(numbers)?)) },
            Operator::Compatible => Interval {
                from: Some(key),
                until: Some(start(&next_prefix(numbers.get(..2).unwrap_or(numbers))?)),
            },
            Operator::Prefix if is_full => return None,
            Operator::Prefix => Interval { from: Some(key), until: Some(start(&next_prefix(numbers)?)) },
            Operator::Equal if !is_full => {
                Interval { from: Some(key), until: Some(start(&next_prefix(numbers)?)) }
            }
            Operator::AtMost if !is_full => {
                Interval { from: None, until: Some(start(&next_prefix(numbers)?)) }
            }
            Operator::Greater if !is_full => {
                Interval { from: Some(start(&next_prefix(numbers)?)), until: None }
            }
            _ => return Interval::ordered(operator, key),
        })
    }

    fn pinned(&self, version: &str) -> String {
        format!("={version}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranged::Ranged;
    use super::super::{NewValue, RangeStrategy, Versioning};
    use super::*;

    const RUST: Ranged<Cargo> = Ranged(Cargo);

    #[test]
    fn requirements_hold_as_cargo_says() {
        for (range, inside, outside) in [
            ("1.2", &["1.2.0", "1.9.0"][..], &["1.1.0", "2.0.0", "2.0.0-rc.1"][..]),
            ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0", "0.2.2"]),
            ("0.0", &["0.0.9"], &["0.1.0"]),
            ("0", &["0.9.0"], &["1.0.0"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4"]),
            ("~1.2.3", &["1.2.9"], &["1.3.0"]),
            ("~1", &["1.9.0"], &["2.0.0"]),
            ("1.2.*", &["1.2.7"], &["1.3.0"]),
            ("=1.2.3", &["1.2.3"], &["1.2.4"]),
            ("=1.2", &["1.2.4"], &["1.3.0"]),
            (">=1.2, <1.5", &["1.2.0", "1.4.9"], &["1.5.0"]),
            (">1.2", &["1.3.0"], &["1.2.9"]),
            ("<=1.2", &["1.2.9"], &["1.3.0"]),
        ] {
            assert!(RUST.is_valid(range) && !RUST.is_version(range), "{range}");
            for version in inside {
                assert!(RUST.matches(version, range), "{version} in {range}");
            }
            for version in outside {
                assert!(!RUST.matches(version, range), "{version} not in {range}");
            }
        }
        for text in ["", "1.2.3.4", "1.2-rc", "latest", "1.2 1.3", "==1.2"] {
            assert!(!RUST.is_valid(text), "{text}");
        }
    }

    #[test]
    fn rewrites_requirements_in_the_shape_they_have() {
        for (range_strategy, current_value, new_version, expected) in [
            (RangeStrategy::Replace, "1.2.3", "1.3.0", "1.3.0"),
            (RangeStrategy::Replace, "1.2", "2.3.4", "2.0"),
            (RangeStrategy::Replace, "1.2", "1.3.4", "1.2"),
            (RangeStrategy::Replace, "^0.2.3", "0.3.4", "^0.3.0"),
            (RangeStrategy::Bump, "^1.2.3", "1.3.4", "^1.3.4"),
            (RangeStrategy::Replace, "~1.2", "2.3.4", "~2.3"),
            (RangeStrategy::Replace, "=1.2.3", "1.3.4", "=1.3.4"),
            (RangeStrategy::Replace, "1.*", "2.3.4", "2.*"),
            (RangeStrategy::Pin, "1.2", "2.3.4", "=2.3.4"),
        ] {
            let query = NewValue { current_value, range_strategy, current_version: None, new_version };
            assert_eq!(RUST.new_value(&query).as_deref(), Some(expected), "{current_value} -> {new_version}");
        }
    }
}
