//! `nuget`: SemVer with up to four numbers. <https://learn.microsoft.com/en-us/nuget/concepts/package-versioning>
//!
//! Of ranges, only the exact one (`[1.2.3]`) and the floating one (`1.*`) are read.

use super::hashicorp::{Version, parse, start_of};
use super::key::SortKey;
use super::ranged::{Interval, Operator, Scheme, next_prefix};

/// The scheme of .NET packages.
#[derive(Debug)]
pub(super) struct Nuget;

fn version(text: &str) -> Option<Version<'_>> {
    parse(text).filter(|version| version.numbers.len() <= 4)
}

impl Scheme for Nuget {
    fn id(&self) -> &'static str {
        "nuget"
    }

    /// The case of a prerelease does not count.
    fn key(&self, text: &str) -> Option<SortKey> {
        let version = version(text)?;
        let lower = version.prerelease.to_ascii_lowercase();
        Some(super::hashicorp::key_of(&Version { prerelease: &lower, ..version }))
    }

    fn is_stable(&self, text: &str) -> bool {
        version(text).is_some_and(|version| version.prerelease.is_empty())
    }

    fn numbers<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        Some(version(text)?.numbers)
    }

    fn operators(&self) -> &'static [(&'static str, Operator)] {
        &[]
    }

    fn interval(&self, operator: Operator, text: &str) -> Option<Interval> {
        let from = self.key(text)?;
        if operator != Operator::Prefix {
            return Interval::ordered(operator, from);
        }
        let until = start_of(&next_prefix(&version(text)?.numbers)?).finish();
        Some(Interval { from: Some(from), until: Some(until) })
    }

    fn brackets(&self) -> Option<(char, char)> {
        Some(('[', ']'))
    }

    fn pinned(&self, version: &str) -> String {
        format!("[{version}]")
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranged::Ranged;
    use super::super::{NewValue, RangeStrategy, Versioning};
    use super::*;

    const NUGET: Ranged<Nuget> = Ranged(Nuget);

    #[test]
    fn versions_have_up_to_four_numbers_and_prereleases_no_case() {
        for pair in ["1.0.0-alpha", "1.0.0-Beta", "1.0.0-rc.2", "1.0", "1.0.0.1", "1.0.1"].windows(2) {
            assert!(NUGET.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        assert!(NUGET.equals("1.0.0-RC.1", "1.0-rc.1+build"));
        for text in ["", "1.2.3.4.5", "latest", "[1.0,2.0)", "[1.0", "*"] {
            assert!(!NUGET.is_valid(text), "{text}");
        }
    }

    #[test]
    fn exact_and_floating_ranges_are_rewritten() {
        for (current_value, new_version, expected) in [
            ("[1.2.3]", "2.0.0", "[2.0.0]"),
            ("1.*", "2.3.4", "2.*"),
            ("1.2.*", "1.2.9", "1.2.*"),
            ("1.2.3", "2.0.0", "2.0.0"),
        ] {
            let range_strategy = RangeStrategy::Replace;
            let query = NewValue { current_value, range_strategy, current_version: None, new_version };
            assert_eq!(
                NUGET.new_value(&query).as_deref(),
                Some(expected),
                "{current_value} -> {new_version}"
            );
        }
        assert!(NUGET.is_single_version("[1.2.3]") && NUGET.matches("1.2.3", "[1.2.3]"));
    }
}
