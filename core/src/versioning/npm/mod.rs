//! `npm` and `helm`: SemVer with npm's ranges (`^1.2`, `~1.2.3`, `1.x`, `>=1 <2`, `1.2 - 2.3`, `||`).
//!
//! Both are the same: Helm's own library reads a few ranges differently, which Renovate does not follow either.

mod range;
mod relation;
mod rewrite;
mod syntax;
#[cfg(test)]
mod tests;

pub(super) use self::range::Range;
use super::key::SortKey;
use super::{NewValue, Versioning, semver};

/// The versioning of packages and charts that are asked for by range.
#[derive(Debug)]
pub(super) struct Npm {
    /// `npm`, `helm`, ...
    pub(super) id: &'static str,
    /// Which versions are meant for everybody, besides not being prereleases.
    pub(super) lines: Lines,
}

/// Which major numbers are meant for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// All of them.
    All,
    /// Those of Node.js with long-term support: the even ones, from the autumn of their year on.
    LongTerm,
}

/// The newest line of Node.js with long-term support. <https://github.com/nodejs/release#release-schedule>
const NEWEST_LONG_TERM: u64 = 26;

impl Lines {
    fn has(self, major: u64) -> bool {
        self == Self::All || (major.is_multiple_of(2) && (4..=NEWEST_LONG_TERM).contains(&major))
    }
}

impl Versioning for Npm {
    fn id(&self) -> &str {
        self.id
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        Some(semver::key_of(&semver::parse(version)?))
    }

    fn is_valid(&self, text: &str) -> bool {
        Range::parse(text).is_some()
    }

    fn is_single_version(&self, text: &str) -> bool {
        self.is_version(text)
            || text.trim_start().strip_prefix('=').is_some_and(|version| self.is_version(version))
    }

    fn is_stable(&self, version: &str) -> bool {
        semver::parse(version).is_some_and(|version| version.pre.is_empty() && self.lines.has(version.major))
    }

    fn is_less_than_range(&self, version: &str, range: &str) -> Option<bool> {
        let (version, range) = (semver::parse(version), Range::parse(range));
        Some(version.is_some_and(|version| range.is_some_and(|range| range.is_above(&version))))
    }

    fn matches(&self, version: &str, range: &str) -> bool {
        let (version, range) = (semver::parse(version), Range::parse(range));
        version.is_some_and(|version| range.is_some_and(|range| range.contains(&version)))
    }

    fn in_range<'a>(&self, versions: &[&'a str], range: &str) -> Vec<(SortKey, &'a str)> {
        let Some(range) = Range::parse(range) else { return Vec::new() };
        let parsed = versions.iter().filter_map(|text| Some((semver::parse(text)?, *text)));
        parsed
            .filter(|(version, _)| range.contains(version))
            .map(|(version, text)| (semver::key_of(&version), text))
            .collect()
    }

    fn is_breaking(&self, current: &str, new: &str) -> Option<bool> {
        Some(semver::is_breaking(current, new))
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        semver::number(&semver::parse(version)?, place)
    }

    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        rewrite::new_value(query)
    }

    fn intersects(&self, left: &str, right: &str) -> Option<bool> {
        let (left, right) = (Range::parse(left), Range::parse(right));
        Some(left.is_some_and(|left| right.is_some_and(|right| left.intersects(&right))))
    }

    fn is_subset(&self, inner: &str, outer: &str) -> Option<bool> {
        let (inner, outer) = (Range::parse(inner), Range::parse(outer));
        Some(inner.is_some_and(|inner| outer.is_some_and(|outer| inner.is_subset_of(&outer))))
    }
}
