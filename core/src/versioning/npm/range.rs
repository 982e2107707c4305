//! What a range means: which versions lie in it.

use std::cmp::Ordering;

use ::semver::{Prerelease, Version};

use super::syntax::{Condition, Operator, Partial, Written};

/// A range: a version lies in it when it lies in one of the alternatives.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(super) alternatives: Vec<Alternative>,
}

/// Conditions that must all hold; none means any version.
#[derive(Clone, Debug, Default)]
pub(super) struct Alternative {
    pub(super) comparators: Vec<Comparator>,
}

/// One bound.
#[derive(Clone, Debug)]
pub(super) struct Comparator {
    pub(super) bound: Bound,
    pub(super) version: Version,
}

/// On which side of its version a comparator allows others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Below,
    AtMost,
    Exactly,
    AtLeast,
    Above,
}

impl Range {
    /// Returns the range a text spells, or `None` when it spells none. The empty text is any version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(Self::of(&Written::parse(text)?))
    }

    pub(super) fn of(written: &Written<'_>) -> Self {
        let alternatives =
            written.alternatives.iter().map(|alternative| Alternative::of(&alternative.conditions));
        Self { alternatives: alternatives.collect() }
    }

    /// Returns whether a version lies in the range.
    ///
    /// A prerelease does only when the range itself names a prerelease of the same three numbers.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|alternative| alternative.contains(version))
    }

    /// Returns whether a version is lower than everything in the range.
    pub(crate) fn is_above(&self, version: &Version) -> bool {
        self.alternatives.iter().all(|alternative| match alternative.lower() {
            Some(lower) if lower.bound == Bound::Above => version.cmp_precedence(&lower.version).is_le(),
            Some(lower) => version.cmp_precedence(&lower.version).is_lt(),
            None if alternative.upper().is_some() => false,
            None => version.cmp_precedence(&Version::new(0, 0, 0)).is_lt(),
        })
    }
}

impl Alternative {
    pub(super) fn of(conditions: &[Condition<'_>]) -> Self {
        Self { comparators: conditions.iter().flat_map(comparators).collect() }
    }

    /// Returns whether a version lies in the alternative; prereleases only where they are named.
    pub(super) fn contains(&self, version: &Version) -> bool {
        self.allows(version) && (version.pre.is_empty() || self.names_prereleases_of(version))
    }

    /// Returns whether a version lies within the bounds.
    pub(super) fn allows(&self, version: &Version) -> bool {
        self.comparators.iter().all(|comparator| comparator.allows(version))
    }

    /// Returns whether a bound is a prerelease of the version's own three numbers.
    pub(super) fn names_prereleases_of(&self, version: &Version) -> bool {
        self.comparators.iter().any(|Comparator { version: own, .. }| {
            !own.pre.is_empty()
                && (own.major, own.minor, own.patch) == (version.major, version.minor, version.patch)
        })
    }

    /// Returns the strictest lower bound.
    pub(super) fn lower(&self) -> Option<&Comparator> {
        let lower = self.comparators.iter().filter(|comparator| comparator.bound.is_lower());
        lower.max_by(|left, right| {
            let strictness = |comparator: &Comparator| comparator.bound == Bound::Above;
            left.version.cmp_precedence(&right.version).then(strictness(left).cmp(&strictness(right)))
        })
    }

    /// Returns the strictest upper bound.
    pub(super) fn upper(&self) -> Option<&Comparator> {
        let upper = self.comparators.iter().filter(|comparator| comparator.bound.is_upper());
        upper.min_by(|left, right| {
            let strictness = |comparator: &Comparator| comparator.bound != Bound::Below;
            left.version.cmp_precedence(&right.version).then(strictness(left).cmp(&strictness(right)))
        })
    }
}

impl Comparator {
    fn allows(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.version);
        match self.bound {
            Bound::Below => order == Ordering::Less,
            Bound::AtMost => order != Ordering::Greater,
            Bound::Exactly => order == Ordering::Equal,
            Bound::AtLeast => order != Ordering::Less,
            Bound::Above => order == Ordering::Greater,
        }
    }
}

impl Bound {
    fn is_lower(self) -> bool {
        matches!(self, Self::Exactly | Self::AtLeast | Self::Above)
    }

    fn is_upper(self) -> bool {
        matches!(self, Self::Exactly | Self::AtMost | Self::Below)
    }

    /// Returns whether the version of the bound is allowed itself.
    pub(super) fn is_inclusive(self) -> bool {
        matches!(self, Self::Exactly | Self::AtLeast | Self::AtMost)
    }
}

/// Returns the bounds a condition stands for.
fn comparators(condition: &Condition<'_>) -> Vec<Comparator> {
    let partial = &condition.version;
    let given = version_of(partial);
    let at_least = |version| Comparator { bound: Bound::AtLeast, version };
    let below = |version| Comparator { bound: Bound::Below, version };
    let at = |bound| vec![Comparator { bound, version: given.clone() }];
    match condition.operator {
        Operator::Less | Operator::Greater if partial.is_any() => vec![below(before(0, 0, 0))],
        _ if partial.is_any() => Vec::new(),
        Operator::Bare | Operator::Equal if partial.is_full() => at(Bound::Exactly),
        Operator::Bare | Operator::Equal => vec![at_least(given), below(after_prefix(partial))],
        Operator::Caret => vec![at_least(given), below(after_caret(partial))],
        Operator::Tilde => vec![at_least(given), below(after_tilde(partial))],
        Operator::Less if partial.is_full() => at(Bound::Below),
        Operator::Less => vec![below(before(given.major, given.minor, 0))],
        Operator::LessOrEqual | Operator::To if partial.is_full() => at(Bound::AtMost),
        Operator::LessOrEqual | Operator::To => vec![below(after_prefix(partial))],
        Operator::Greater if partial.is_full() => at(Bound::Above),
        Operator::Greater => {
            let next = after_prefix(partial);
            vec![at_least(Version::new(next.major, next.minor, next.patch))]
        }
        Operator::GreaterOrEqual | Operator::From => at(Bound::AtLeast),
    }
}

/// Returns the lowest version a partial one can mean.
pub(super) fn version_of(partial: &Partial<'_>) -> Version {
    let mut version = Version::new(partial.number(0), partial.number(1), partial.number(2));
    version.pre = Prerelease::new(partial.prerelease).unwrap_or(Prerelease::EMPTY);
    version
}

/// Returns the lowest prerelease of a version: everything below it comes before all its prereleases too.
fn before(major: u64, minor: u64, patch: u64) -> Version {
    let mut version = Version::new(major, minor, patch);
    version.pre = Prerelease::new("0").unwrap_or(Prerelease::EMPTY);
    version
}

/// Returns the end of everything that begins like a partial version.
fn after_prefix(partial: &Partial<'_>) -> Version {
    match partial.numbers.len() {
        0 | 1 => before(partial.number(0) + 1, 0, 0),
        2 => before(partial.number(0), partial.number(1) + 1, 0),
        _ => before(partial.number(0), partial.number(1), partial.number(2) + 1),
    }
}

/// Returns the end of a caret range: the next value of the first number that is not 0.
fn after_caret(partial: &Partial<'_>) -> Version {
    match *partial.numbers {
        [0, 0, patch] => before(0, 0, patch + 1),
        [0, minor, ..] => before(0, minor + 1, 0),
        _ => before(partial.number(0) + 1, 0, 0),
    }
}

/// Returns the end of a tilde range: the next minor version, or the next major one if no minor number is given.
fn after_tilde(partial: &Partial<'_>) -> Version {
    match *partial.numbers {
        [major, minor, ..] => before(major, minor + 1, 0),
        _ => before(partial.number(0) + 1, 0, 0),
    }
}
