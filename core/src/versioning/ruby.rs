//! `ruby`: versions and requirements of gems. <https://guides.rubygems.org/patterns/#semantic-versioning>

use super::key::{KeyBuilder, SortKey, split_digits};
use super::ranged::{
    Interval, Operator, PESSIMISTIC, Scheme, is_zero, next_prefix, pessimistic, split_numbers, write_numbers,
};

/// The scheme of Ruby's packages.
#[derive(Debug)]
pub(super) struct Ruby;

/// Returns the numbers a version begins with, and the rest: letters in it make it a prerelease.
fn parse(text: &str) -> Option<(Vec<&str>, &str)> {
    let text = text.trim();
    let (numbers, rest) = split_numbers(text.strip_prefix('v').unwrap_or(text))?;
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // `1.2b` and `1.2.b` are the same, and a dash begins a prerelease.
    let parts = rest.strip_prefix(['.', '-']).unwrap_or(rest);
    (rest.is_empty() || parts.split(['.', '-']).all(is_part)).then_some((numbers, rest))
}

/// Adds the parts of a prerelease: letters before numbers, and before the end of the version.
fn write_rest(key: &mut KeyBuilder, mut rest: &str) {
    let mut zeros = 0_usize;
    // RubyGems reads a dash as `.pre.`.
    while let Some(next) = rest.chars().next() {
        let (digits, after) = split_digits(rest);
        if next == '-' || next == '.' {
            rest = rest.get(1..).unwrap_or_default();
            if next == '-' {
                key.mark(1).ascii("pre");
                zeros = 0;
            }
        } else if digits.is_empty() {
            let end = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (letters, after) = rest.split_at_checked(end.max(next.len_utf8())).unwrap_or((rest, ""));
            (0..zeros).for_each(|_| _ = key.mark(3).digits("0"));
            key.mark(1).ascii(letters);
            (rest, zeros) = (after, 0);
        } else {
            // Zeros at the end do not count.
            if is_zero(digits) {
                zeros += 1;
            } else {
                (0..zeros).for_each(|_| _ = key.mark(3).digits("0"));
                key.mark(3).digits(digits);
                zeros = 0;
            }
            rest = after;
        }
    }
}

impl Scheme for Ruby {
    fn id(&self) -> &'static str {
        "ruby"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        let (numbers, rest) = parse(version)?;
        let mut key = KeyBuilder::new();
        write_numbers(&mut key, &numbers);
        write_rest(&mut key, rest);
        key.mark(2);
        Some(key.finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        parse(version).is_some_and(|(_, rest)| rest.is_empty())
    }

    fn numbers<'a>(&self, version: &'a str) -> Option<Vec<&'a str>> {
        Some(parse(version)?.0)
    }

    fn operators(&self) -> &'static [(&'static str, Operator)] {
        PESSIMISTIC
    }

    fn interval(&self, operator: Operator, version: &str) -> Option<Interval> {
        let from = self.key(version)?;
        if operator != Operator::Compatible {
            return Interval::ordered(operator, from);
        }
        let numbers = parse(version)?.0;
        let head = numbers.split_last().map(|(_, head)| head).filter(|head| !head.is_empty());
        let mut until = KeyBuilder::new();
        write_numbers(&mut until, &next_prefix(head.unwrap_or(&numbers))?);
        Some(Interval { from: Some(from), until: Some(until.finish()) })
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

    const GEMS: Ranged<Ruby> = Ranged(Ruby);

    #[test]
    fn orders_as_rubygems_does() {
        let ordered = [
            "0.9",
            "1.0.a",
            "1.0.a.2",
            "1.0.a10",
            "1.0.b",
            "1.0.pre",
            "1.0.rc1",
            "1.0",
            "1.0.1",
            "1.1",
            "1.10",
            "2.0.0-alpha",
            "2.0.0",
        ];
        for pair in ordered.windows(2) {
            assert!(GEMS.is_greater_than(pair[1], pair[0]), "{} > {}", pair[1], pair[0]);
        }
        for (left, right) in
            [("1.0", "1"), ("1.0.a", "1.0a"), ("1.a.0", "1.a"), ("v1.2", "1.2.0"), ("1-a", "1.pre.a")]
        {
            assert!(GEMS.equals(left, right), "{left} = {right}");
        }
        assert!(GEMS.is_stable("1.2") && !GEMS.is_stable("1.2.rc1"));
        for text in ["", "latest", "1..2", "1.2-", "1.2_3", "1.é", "~>", "^1.2", "1.2,"] {
            assert!(!GEMS.is_valid(text), "{text}");
        }
    }

    #[test]
    fn requirements_hold_and_are_rewritten() {
        for (range, inside, outside) in [
            ("~> 1.2", &["1.2", "1.9.9"][..], &["1.1", "2.0", "2.0.a"][..]),
            ("~> 1.2.3", &["1.2.3", "1.2.9"], &["1.3"]),
            ("~> 1", &["1.9"], &["2.0"]),
            (">= 1.2, < 2, != 1.5", &["1.2"], &["1.5.0", "2.0"]),
        ] {
            for version in inside {
                assert!(GEMS.matches(version, range), "{version} in {range}");
            }
            for version in outside {
                assert!(!GEMS.matches(version, range), "{version} not in {range}");
            }
        }
        for (current_value, new_version, expected) in [
            ("~> 1.2", "2.3.4", "~> 2.0"),
            ("~> 1.2.3", "2.3.4", "~> 2.3.0"),
            ("= 1.2", "2.3.4", "= 2.3.4"),
            ("1.2", "1.3", "1.3"),
        ] {
            let range_strategy = RangeStrategy::Replace;
            let query = NewValue { current_value, range_strategy, current_version: None, new_version };
            assert_eq!(GEMS.new_value(&query).as_deref(), Some(expected), "{current_value} -> {new_version}");
        }
    }
}
