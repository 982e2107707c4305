//! `python`: versions of Python itself, and the constraints that tools put on them.
//!
//! They compare as those of its packages do. Fewer than three numbers stand for everything that begins with them: `3.12` is
//! any 3.12, and goes to `3.13`. Besides the specifiers of packages, `^` and `~` are read as in other languages.

use super::key::SortKey;
use super::pep440::{Pep440, end_of_numbers};
use super::ranged::{Interval, Operator, Scheme, caret_end};

/// The scheme of Python itself.
#[derive(Debug)]
pub(super) struct Python;

impl Scheme for Python {
    fn id(&self) -> &'static str {
        "python"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let is_full = Pep440.numbers(version)?.len() >= 3 || !Pep440.is_stable(version);
        Pep440.key(version).filter(|_| is_full)
    }

    fn is_stable(&self, version: &str) -> bool {
        Pep440.is_stable(version)
    }

    fn numbers<'a>(&self, version: &'a str) -> Option<Vec<&'a str>> {
        Pep440.numbers(version)
    }

    fn operators(&self) -> &'static [(&'static str, Operator)] {
        &[
            ("^", Operator::Caret),
            ("~=", Operator::Compatible),
            ("===", Operator::Equal),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ]
    }

    fn bare(&self) -> Option<Operator> {
        Some(Operator::Prefix)
    }

    fn interval(&self, operator: Operator, version: &str) -> Option<Interval> {
        if operator != Operator::Caret {
            return Pep440.interval(operator, version);
        }
        let numbers = Pep440.numbers(version)?;
        Some(Interval { from: Pep440.key(version), until: Some(end_of_numbers(&caret_end(&numbers)?)) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranged::Ranged;
    use super::super::{NewValue, RangeStrategy, Versioning};
    use super::*;

    const PYTHON: Ranged<Python> = Ranged(Python);

    #[test]
    fn fewer_numbers_stand_for_all_that_begin_with_them() {
        assert!(PYTHON.is_version("3.12.4") && PYTHON.is_version("3.13.0rc1") && !PYTHON.is_version("3.12"));
        for (range, inside, outside) in [
            ("3.12", "3.12.4", "3.13.0"),
            ("3", "3.13.0", "4.0.0"),
            ("3.12.*", "3.12.1", "3.11.9"),
            ("^3.9", "3.13.0", "4.0.0"),
            (">=3.9,<3.13", "3.12.9", "3.13.0"),
            ("~=3.9.1", "3.9.7", "3.10.0"),
        ] {
            assert!(PYTHON.matches(inside, range) && !PYTHON.matches(outside, range), "{range}");
        }
    }

    #[test]
    fn the_precision_is_kept() {
        for (current_value, new_version, expected) in [
            ("3.12", "3.13.1", "3.13"),
            ("3.12.4", "3.13.1", "3.13.1"),
            ("3", "3.13.1", "3"),
            ("^3.9", "4.1.0", "^4.0"),
            (">=3.9,<3.13", "3.13.1", ">=3.9,<3.14"),
        ] {
            let range_strategy = RangeStrategy::Replace;
            let query = NewValue { current_value, range_strategy, current_version: None, new_version };
            assert_eq!(
                PYTHON.new_value(&query).as_deref(),
                Some(expected),
                "{current_value} -> {new_version}"
            );
        }
    }
}
