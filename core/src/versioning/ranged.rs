//! What the versionings share whose ranges are conditions between commas: `>= 1.2, < 2.0`, `~=1.4`, `!= 3.1`.
//!
//! Every condition is an interval of order keys or its opposite, so asking compares bytes, and how two ranges stand to
//! each other comes for free. A range is rewritten condition by condition; what stands around them stays.

use std::fmt::Debug;
use std::ops::Range as Span;

use super::key::{KeyBuilder, SortKey};
use super::{NewValue, RangeStrategy, Versioning};

/// What a condition says about its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// This version.
    Equal,
    /// Any other version.
    NotEqual,
    /// Everything before it.
    Less,
    /// It, and everything before it.
    AtMost,
    /// Everything after it.
    Greater,
    /// It, and everything after it.
    AtLeast,
    /// It, and everything after it that differs in the last number written: `~>`, `~=`.
    Compatible,
    /// It, and everything after it up to the next value of its first number that is not 0: `^`.
    Caret,
    /// Everything that begins with these numbers: `==1.2.*`.
    Prefix,
    /// Everything that begins otherwise: `!=1.2.*`.
    NotPrefix,
}

/// One condition of a range.
#[derive(Clone, Debug)]
pub(super) struct Condition<'a> {
    pub(super) operator: Operator,
    /// The version, without what marks it as a prefix.
    pub(super) version: &'a str,
    /// Where the version stands in the range.
    pub(super) span: Span<usize>,
}

/// The versions a condition talks about: from the first key, until just before the second.
#[derive(Clone, Debug, Default)]
pub(super) struct Interval {
    pub(super) from: Option<SortKey>,
    pub(super) until: Option<SortKey>,
}

/// How versions and ranges of one kind are spelled, and what they mean.
pub(super) trait Scheme: Send + Sync + Debug {
    /// Returns the id.
    fn id(&self) -> &'static str;

    /// Returns where a version stands, or `None` when `version` is not one.
    fn key(&self, version: &str) -> Option<SortKey>;

    /// Returns whether nothing in a version, or in the version of a condition, marks it as a prerelease.
    fn is_stable(&self, version: &str) -> bool;

    /// Returns the digits of the numbers a version, or the version of a condition, begins with.
    fn numbers<'a>(&self, version: &'a str) -> Option<Vec<&'a str>>;

    /// Returns what stands before the numbers and counts: an epoch.
    fn before_numbers<'a>(&self, version: &'a str) -> &'a str {
        let _ = version;
        ""
    }

    /// Returns the operators, each before those it begins with.
    fn operators(&self) -> &'static [(&'static str, Operator)];

    /// Returns what a version without an operator means among conditions; `None`: it may not stand there.
    fn bare(&self) -> Option<Operator> {
        Some(Operator::Equal)
    }

    /// Returns the brackets that stand around an exact version.
    fn brackets(&self) -> Option<(char, char)> {
        None
    }

    /// Returns the versions a condition talks about (for the two opposites: excludes), or `None` when it makes no sense.
    fn interval(&self, operator: Operator, version: &str) -> Option<Interval>;

    /// Returns the text that only means `version`.
    fn pinned(&self, version: &str) -> String {
        version.to_owned()
    }

    /// Returns the numbers to write after a [`Operator::Compatible`] of `count` numbers that is to hold for `new`.
    fn compatible(&self, new: &[String], count: usize) -> Vec<String> {
        first(new, count)
    }
}

/// The versioning of a scheme.
#[derive(Debug)]
pub(super) struct Ranged<S>(pub(super) S);

/// No range is longer.
const MAX_LENGTH: usize = 2048;

impl<S: Scheme> Ranged<S> {
    /// Returns the conditions of a range, or `None` when `text` is not one.
    fn conditions<'a>(&self, text: &'a str) -> Option<Vec<Condition<'a>>> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let mut conditions = Vec::new();
        let mut start = 0;
        for piece in text.split(',') {
            conditions.push(self.condition(piece, start)?);
            start += piece.len() + 1;
        }
        Some(conditions)
    }

    fn condition<'a>(&self, piece: &'a str, start: usize) -> Option<Condition<'a>> {
        let trimmed = piece.trim();
        let bracketed = self.0.brackets().and_then(|(open, close)| {
            let inner = trimmed.strip_prefix(open)?.strip_suffix(close)?;
            Some((
                Some(Operator::Equal),
                inner.trim(),
                inner.len() - inner.trim_end().len() + close.len_utf8(),
            ))
        });
        let operator = || {
            self.0.operators().iter().find_map(|(text, operator)| {
                trimmed.strip_prefix(*text).map(|rest| (Some(*operator), rest.trim_start(), 0))
            })
        };
        let (operator, word, behind) = bracketed.or_else(operator).unwrap_or((None, trimmed, 0));
        let (operator, version) = match (operator, wildcard(word)) {
            (Some(Operator::NotEqual), Some(prefix)) => (Operator::NotPrefix, prefix),
            (Some(Operator::Equal), Some(prefix)) => (Operator::Prefix, prefix),
            (None, Some(prefix)) if self.0.bare().is_some() => (Operator::Prefix, prefix),
            (_, Some(_)) => return None,
            (operator, None) => (operator.or(self.0.bare())?, word),
        };
        self.0.interval(operator, version)?;
        let end = start + piece.trim_end().len() - behind;
        Some(Condition { operator, version, span: end - word.len()..end - word.len() + version.len() })
    }

    fn holds(&self, condition: &Condition<'_>, key: &SortKey) -> bool {
        let is_inside = self
            .0
            .interval(condition.operator, condition.version)
            .is_some_and(|interval| interval.contains(key));
        is_inside != condition.operator.is_opposite()
    }

    /// Returns whether a version lies in a range; a prerelease only does where one is named.
    fn contains(&self, conditions: &[Condition<'_>], version: &str, key: &SortKey) -> bool {
        conditions.iter().all(|condition| self.holds(condition, key))
            && (self.0.is_stable(version)
                || conditions.iter().any(|condition| !self.0.is_stable(condition.version)))
    }

    /// Returns what all conditions leave, but for the opposites.
    fn overall(&self, conditions: &[Condition<'_>]) -> Interval {
        let kept = conditions.iter().filter(|condition| !condition.operator.is_opposite());
        let intervals = kept.filter_map(|condition| self.0.interval(condition.operator, condition.version));
        intervals.fold(Interval::default(), |all, one| Interval {
            from: all.from.max(one.from),
            until: match (all.until, one.until) {
                (Some(left), Some(right)) => Some(left.min(right)),
                (left, right) => left.or(right),
            },
        })
    }

    /// Returns the text of a condition's version that makes it hold for `new`; `None` when no text does.
    fn rewritten(
        &self,
        condition: &Condition<'_>,
        key: &SortKey,
        new: &str,
        strategy: RangeStrategy,
    ) -> Option<String> {
        let numbers: Vec<String> = self.0.numbers(new)?.into_iter().map(str::to_owned).collect();
        let count = self.0.numbers(condition.version)?.len();
        let spelled = |numbers: Vec<String>| format!("{}{}", self.0.before_numbers(new), numbers.join("."));
        let is_raised = strategy == RangeStrategy::Bump;
        let holds = self.holds(condition, key);
        Some(match condition.operator {
            Operator::Equal => self.like(condition.version, new),
            Operator::AtLeast | Operator::Caret if is_raised => self.like(condition.version, new),
            Operator::Compatible if is_raised && !self.0.is_stable(new) => new.to_owned(),
            Operator::Compatible if is_raised => spelled(first(&numbers, count)),
            _ if holds => condition.version.to_owned(),
            Operator::NotEqual | Operator::NotPrefix | Operator::Greater => return None,
            Operator::Less => spelled(boundary(&numbers, &self.0.numbers(condition.version)?)),
            Operator::AtMost | Operator::AtLeast => self.like(condition.version, new),
            Operator::Compatible | Operator::Caret if !self.0.is_stable(new) => new.to_owned(),
            Operator::Compatible => spelled(self.0.compatible(&numbers, count)),
            Operator::Caret => spelled(caret_base(&numbers, count)),
            Operator::Prefix => spelled(first(&numbers, count)),
        })
    }

    /// Returns `new` with a `v` in front exactly where `old` has one.
    fn like(&self, old: &str, new: &str) -> String {
        let bare = new.strip_prefix('v').filter(|bare| self.0.key(bare).is_some()).unwrap_or(new);
        if old.starts_with('v') { format!("v{bare}") } else { bare.to_owned() }
    }
}

impl Operator {
    fn is_opposite(self) -> bool {
        matches!(self, Self::NotEqual | Self::NotPrefix)
    }
}

impl Interval {
    /// Returns the interval of one key.
    pub(super) fn only(key: SortKey) -> Self {
        Self { until: Some(key.after()), from: Some(key) }
    }

    /// Returns the interval an operator that only looks at the order means: everything but the last four.
    pub(super) fn ordered(operator: Operator, key: SortKey) -> Option<Self> {
        Some(match operator {
            Operator::Equal | Operator::NotEqual => Self::only(key),
            Operator::Less => Self { from: None, until: Some(key) },
            Operator::AtMost => Self { from: None, until: Some(key.after()) },
            Operator::Greater => Self { from: Some(key.after()), until: None },
            Operator::AtLeast => Self { from: Some(key), until: None },
            _ => return None,
        })
    }

    /// Returns whether a key lies in it.
    pub(super) fn contains(&self, key: &SortKey) -> bool {
        self.from.as_ref().is_none_or(|from| from <= key)
            && self.until.as_ref().is_none_or(|until| key < until)
    }

    fn is_empty(&self) -> bool {
        matches!((&self.from, &self.until), (Some(from), Some(until)) if from >= until)
    }

    fn is_within(&self, outer: &Self) -> bool {
        outer.from.as_ref().is_none_or(|from| self.from.as_ref().is_some_and(|own| own >= from))
            && outer.until.as_ref().is_none_or(|until| self.until.as_ref().is_some_and(|own| own <= until))
    }
}

impl<S: Scheme> Versioning for Ranged<S> {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        self.0.key(version)
    }

    fn is_valid(&self, text: &str) -> bool {
        self.is_version(text) || self.conditions(text).is_some()
    }

    fn is_single_version(&self, text: &str) -> bool {
        self.is_version(text)
            || matches!(self.conditions(text).as_deref(), Some([one]) if one.operator == Operator::Equal)
    }

    fn is_stable(&self, version: &str) -> bool {
        self.is_version(version) && self.0.is_stable(version)
    }

    fn is_less_than_range(&self, version: &str, range: &str) -> Option<bool> {
        let Some(key) = self.key(version) else { return Some(false) };
        if let Some(range) = self.key(range) {
            return Some(key < range);
        }
        let conditions = self.conditions(range).unwrap_or_default();
        Some(self.overall(&conditions).from.is_some_and(|from| key < from))
    }

    fn matches(&self, version: &str, range: &str) -> bool {
        let Some(key) = self.key(version) else { return false };
        match self.key(range) {
            Some(range) => range == key,
            None => {
                self.conditions(range).is_some_and(|conditions| self.contains(&conditions, version, &key))
            }
        }
    }

    fn in_range<'a>(&self, versions: &[&'a str], range: &str) -> Vec<(SortKey, &'a str)> {
        let keyed = versions.iter().filter_map(|version| Some((self.key(version)?, *version)));
        if let Some(range) = self.key(range) {
            return keyed.filter(|(key, _)| *key == range).collect();
        }
        let Some(conditions) = self.conditions(range) else { return Vec::new() };
        keyed.filter(|(key, version)| self.contains(&conditions, version, key)).collect()
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        self.0.numbers(version)?.get(place)?.parse().ok()
    }

    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        let (current, new) = (query.current_value, query.new_version);
        if self.is_version(current) {
            return Some(query.respelled().to_owned());
        }
        let key = self.key(new)?;
        if query.range_strategy == RangeStrategy::Pin {
            return Some(self.0.pinned(new));
        }
        let conditions = self.conditions(current)?;
        let is_inside = self.contains(&conditions, new, &key);
        match query.range_strategy {
            RangeStrategy::Bump => {}
            _ if is_inside => return Some(current.to_owned()),
            RangeStrategy::InRangeOnly => return None,
            _ => {}
        }
        let mut written = String::new();
        let mut place = 0;
        for condition in &conditions {
            written.push_str(current.get(place..condition.span.start)?);
            written.push_str(&self.rewritten(condition, &key, new, query.range_strategy)?);
            place = condition.span.end;
        }
        written.push_str(current.get(place..)?);
        self.matches(new, &written).then_some(written)
    }

    fn intersects(&self, left: &str, right: &str) -> Option<bool> {
        let (Some(left), Some(right)) = (self.range(left), self.range(right)) else { return Some(false) };
        let (left, right) = (self.overall(&left), self.overall(&right));
        let both = Interval {
            from: left.from.max(right.from),
            until: [left.until, right.until].into_iter().flatten().min(),
        };
        Some(!both.is_empty())
    }

    fn is_subset(&self, inner: &str, outer: &str) -> Option<bool> {
        let (Some(inner), Some(outer)) = (self.range(inner), self.range(outer)) else { return Some(false) };
        let has_holes = outer.iter().any(|condition| condition.operator.is_opposite());
        Some(!has_holes && self.overall(&inner).is_within(&self.overall(&outer)))
    }
}

impl<S: Scheme> Ranged<S> {
    /// Returns the conditions of a range, or the one a version is.
    fn range<'a>(&self, text: &'a str) -> Option<Vec<Condition<'a>>> {
        if self.is_version(text) {
            return Some(vec![Condition { operator: Operator::Equal, version: text, span: 0..text.len() }]);
        }
        self.conditions(text)
    }
}

/// Returns what stands before `.*`.
fn wildcard(word: &str) -> Option<&str> {
    word.strip_suffix(".*")
}

/// Returns the numbers after the last of those that begin with `numbers`.
pub(super) fn next_prefix(numbers: &[&str]) -> Option<Vec<String>> {
    let (last, head) = numbers.split_last()?;
    Some(head.iter().map(|digits| (*digits).to_owned()).chain([increment(last)]).collect())
}

/// Returns the numbers a caret range ends before: the next value of the first number that is not 0, or of the last one.
pub(super) fn caret_end(numbers: &[&str]) -> Option<Vec<String>> {
    let kept = numbers.iter().position(|digits| !is_zero(digits)).map_or(numbers.len(), |at| at + 1);
    next_prefix(numbers.get(..kept)?)
}

/// Returns the first `count` numbers; missing ones are 0.
pub(super) fn first(numbers: &[String], count: usize) -> Vec<String> {
    let zeros = std::iter::repeat_with(|| "0".to_owned());
    numbers.iter().cloned().chain(zeros).take(count).collect()
}

/// The operators of Ruby, which Terraform took over.
pub(super) const PESSIMISTIC: &[(&str, Operator)] = &[
    ("~>", Operator::Compatible),
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=", Operator::Equal),
];

/// Returns the numbers to write after `~>`, whose last number is the one that is free: `~> 4.16` becomes `~> 5.0`, `~> 4.16.1` becomes
/// `~> 5.31.0`.
pub(super) fn pessimistic(new: &[String], count: usize) -> Vec<String> {
    first(&first(new, count.saturating_sub(1).max(1)), count)
}

/// Returns the start of the caret range that holds `numbers`, of `count` numbers.
fn caret_base(numbers: &[String], count: usize) -> Vec<String> {
    let significant = numbers.iter().position(|digits| !is_zero(digits)).map_or(count, |at| at + 1);
    first(&first(numbers, significant), count)
}

/// Returns the next `<` bound above `numbers` that is as round as `old`: `< 2.0` becomes `< 4.0` for 3.1.
fn boundary(numbers: &[String], old: &[&str]) -> Vec<String> {
    let zeros = old.iter().rev().take_while(|digits| is_zero(digits)).count();
    let kept = old.len().saturating_sub(zeros).max(1);
    let mut raised = first(numbers, kept);
    if let Some(last) = raised.last_mut() {
        *last = increment(last);
    }
    first(&raised, old.len())
}

/// Returns whether a number is 0.
pub(super) fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|byte| byte == b'0')
}

/// Returns the digits of the next number, whatever its size.
pub(super) fn increment(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let zeros = "0".repeat(digits.len() - kept.len());
    let (head, last) = kept.split_at_checked(kept.len().saturating_sub(1)).unwrap_or((kept, ""));
    let raised = match last.bytes().next() {
        Some(byte) => char::from(byte + 1),
        None => '1',
    };
    format!("{head}{raised}{zeros}")
}

/// Adds a list of numbers to a key: zeros at its end do not count.
pub(super) fn write_numbers<T: AsRef<str>>(key: &mut KeyBuilder, numbers: &[T]) {
    let zeros = numbers.iter().rev().take_while(|digits| is_zero(digits.as_ref())).count();
    for digits in numbers.iter().take(numbers.len() - zeros) {
        key.mark(1).digits(digits.as_ref());
    }
    key.mark(0);
}

/// Splits off the numbers a text begins with, with a dot between each two.
pub(super) fn split_numbers(text: &str) -> Option<(Vec<&str>, &str)> {
    let (first, mut rest) = super::key::split_digits(text);
    if first.is_empty() {
        return None;
    }
    let mut numbers = vec![first];
    while let Some(after) = rest.strip_prefix('.') {
        let (digits, next) = super::key::split_digits(after);
        if digits.is_empty() {
            break;
        }
        numbers.push(digits);
        rest = next;
    }
    Some((numbers, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_number_is_found_whatever_its_size() {
        for (digits, next) in
            [("0", "1"), ("9", "10"), ("199", "200"), ("99", "100"), ("08", "09"), ("", "1")]
        {
            assert_eq!(increment(digits), next, "{digits}");
        }
        let nines = "9".repeat(50);
        assert_eq!(increment(&nines), format!("1{}", "0".repeat(50)));
    }
}
