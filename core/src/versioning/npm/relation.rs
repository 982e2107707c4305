//! How two ranges stand to each other, seen as intervals.

use std::cmp::Ordering;

use super::range::{Alternative, Bound, Comparator, Range};

impl Range {
    /// Returns whether some version could lie in both ranges.
    pub(super) fn intersects(&self, other: &Self) -> bool {
        self.alternatives.iter().any(|left| other.alternatives.iter().any(|right| left.intersects(right)))
    }

    /// Returns whether everything in this range lies in `outer`. Each alternative must lie in one of `outer`.
    pub(super) fn is_subset_of(&self, outer: &Self) -> bool {
        self.alternatives
            .iter()
            .all(|inner| inner.is_empty() || outer.alternatives.iter().any(|outer| inner.is_subset_of(outer)))
    }
}

impl Alternative {
    fn intersects(&self, other: &Self) -> bool {
        let mut exact = [self, other].into_iter().flat_map(|side| &side.comparators);
        if let Some(Comparator { version, .. }) = exact.find(|one| one.bound == Bound::Exactly) {
            return self.contains(version) && other.contains(version);
        }
        let both = self.comparators.iter().chain(&other.comparators).cloned().collect();
        !Self { comparators: both }.is_empty()
    }

    /// Returns whether the bounds leave no room.
    fn is_empty(&self) -> bool {
        let (Some(lower), Some(upper)) = (self.lower(), self.upper()) else {
            return self.upper().is_some_and(Comparator::is_below_everything);
        };
        match lower.version.cmp_precedence(&upper.version) {
            Ordering::Less => false,
            Ordering::Equal => !(lower.bound.is_inclusive() && upper.bound.is_inclusive()),
            Ordering::Greater => true,
        }
    }

    fn is_subset_of(&self, outer: &Self) -> bool {
        let lower_fits = match (self.lower(), outer.lower()) {
            (_, None) => true,
            (None, Some(outer)) => outer.is_start_of_everything(),
            (Some(own), Some(outer)) => match own.version.cmp_precedence(&outer.version) {
                Ordering::Greater => true,
                Ordering::Equal => outer.bound.is_inclusive() || !own.bound.is_inclusive(),
                Ordering::Less => false,
            },
        };
        let upper_fits = match (self.upper(), outer.upper()) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(outer)) => match own.version.cmp_precedence(&outer.version) {
                Ordering::Less => true,
                Ordering::Equal => outer.bound.is_inclusive() || !own.bound.is_inclusive(),
                Ordering::Greater => false,
            },
        };
        let prereleases_fit = self
            .lower()
            .is_none_or(|own| own.version.pre.is_empty() || outer.names_prereleases_of(&own.version));
        lower_fits && upper_fits && prereleases_fit
    }
}

impl Comparator {
    /// Returns whether this is `<0.0.0-0`, below which there is no version.
    fn is_below_everything(&self) -> bool {
        let Self { version, .. } = self;
        !self.bound.is_inclusive()
            && version.major + version.minor + version.patch == 0
            && version.pre.as_str() == "0"
    }

    /// Returns whether this is `>=0.0.0`, which every release fulfils.
    fn is_start_of_everything(&self) -> bool {
        let Self { version, .. } = self;
        self.bound.is_inclusive() && version.major == 0 && version.minor == 0 && version.patch == 0
    }
}
