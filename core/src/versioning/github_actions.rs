//! `github-actions`: tags of actions. `v4` and `v4.1` float over the releases that begin like them.
//!
//! A full version (`v4.1.2`, `v4.1-rc.1`) names one release. Whether a `v` stands in front never matters for comparing.

use ::semver::Version;

use super::key::{KeyBuilder, SortKey};
use super::{NewValue, RangeStrategy, Versioning, semver};

/// The versioning of actions.
#[derive(Debug)]
pub(super) struct GithubActions;

/// A tag taken apart.
struct Tag {
    /// The version, missing numbers taken as 0.
    version: Version,
    /// How many numbers are written.
    precision: Precision,
    /// Whether a `v` stands in front.
    prefix: Prefix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Major,
    Minor,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Prefix {
    None,
    V,
}

impl Tag {
    fn parse(text: &str) -> Option<Self> {
        let (bare, prefix) = text.strip_prefix('v').map_or((text, Prefix::None), |bare| (bare, Prefix::V));
        if !bare.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let (numbers, prerelease) = bare.split_once('-').unwrap_or((bare, ""));
        let (padded, precision) = match (numbers.matches('.').count(), prerelease.is_empty()) {
            (0, true) => (format!("{bare}.0.0"), Precision::Major),
            (1, true) => (format!("{bare}.0"), Precision::Minor),
            (1, false) => (format!("{numbers}.0-{prerelease}"), Precision::Full),
            _ => (bare.to_owned(), Precision::Full),
        };
        Some(Self { version: semver::parse(&padded)?, precision, prefix })
    }

    /// Returns whether the tag stands for several releases.
    fn is_floating(&self) -> bool {
        self.precision != Precision::Full
    }

    /// Returns whether a version lies in what the tag stands for.
    fn covers(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.precision {
            Precision::Full => version.cmp_precedence(own).is_eq(),
            Precision::Major => version.pre.is_empty() && version.major == own.major,
            Precision::Minor => {
                version.pre.is_empty() && (version.major, version.minor) == (own.major, own.minor)
            }
        }
    }
}

/// Returns a floating tag for a version.
fn floating(version: &Version, precision: Precision, prefix: Prefix) -> String {
    let prefix = if prefix == Prefix::V { "v" } else { "" };
    match precision {
        Precision::Major => format!("{prefix}{}", version.major),
        Precision::Minor => format!("{prefix}{}.{}", version.major, version.minor),
        Precision::Full => format!("{prefix}{version}"),
    }
}

impl Versioning for GithubActions {
    fn id(&self) -> &'static str {
        "github-actions"
    }

    /// Returns the order of the versions; a floating tag comes before the release it starts with, and a tag without
    /// `v` before the same one with it.
    fn key(&self, version: &str) -> Option<SortKey> {
        let tag = Tag::parse(version)?;
        let mut key = KeyBuilder::new();
        semver::write_key(&mut key, &tag.version);
        key.mark(tag.precision as u8).mark(tag.prefix as u8);
        Some(key.finish())
    }

    fn is_single_version(&self, text: &str) -> bool {
        Tag::parse(text).is_some_and(|tag| !tag.is_floating())
    }

    fn is_stable(&self, version: &str) -> bool {
        Tag::parse(version).is_some_and(|tag| tag.version.pre.is_empty())
    }

    fn equals(&self, left: &str, right: &str) -> bool {
        matches!((Tag::parse(left), Tag::parse(right)), (Some(left), Some(right)) if left.version.cmp_precedence(&right.version).is_eq())
    }

    fn is_greater_than(&self, left: &str, right: &str) -> bool {
        matches!((Tag::parse(left), Tag::parse(right)), (Some(left), Some(right)) if left.version.cmp_precedence(&right.version).is_gt())
    }

    fn matches(&self, version: &str, range: &str) -> bool {
        matches!((Tag::parse(version), Tag::parse(range)), (Some(version), Some(range)) if range.covers(&version.version))
    }

    /// Returns the full versions in the range: a floating tag among `versions` is no release.
    fn in_range<'a>(&self, versions: &[&'a str], range: &str) -> Vec<(SortKey, &'a str)> {
        let Some(range) = Tag::parse(range) else { return Vec::new() };
        let releases = versions.iter().filter(|text| {
            Tag::parse(text).is_some_and(|tag| !tag.is_floating() && range.covers(&tag.version))
        });
        releases.filter_map(|text| Some((self.key(text)?, *text))).collect()
    }

    /// Returns whether the first number that promises anything changes: the major one, for `0.x` the minor one.
    fn is_breaking(&self, current: &str, new: &str) -> Option<bool> {
        let (Some(current), Some(new)) = (Tag::parse(current), Tag::parse(new)) else { return Some(false) };
        let (current, new) = (current.version, new.version);
        Some(current.major != new.major || (current.major == 0 && current.minor != new.minor))
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        semver::number(&Tag::parse(version)?.version, place)
    }

    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        self.spellings(query).into_iter().next()
    }

    /// Returns the floating tags that could follow a floating one, never less specific than it, then the version as
    /// published: `v5`, `v5.0`, `v5.0.1` for `v4`; and `v4` alone for what it stands for itself.
    fn spellings(&self, query: &NewValue<'_>) -> Vec<String> {
        let published = query.new_version.to_owned();
        let current = Tag::parse(query.current_value).filter(Tag::is_floating);
        let (Some(current), Some(new)) = (current, Tag::parse(query.new_version)) else {
            return vec![published];
        };
        if query.range_strategy == RangeStrategy::Pin || !new.version.pre.is_empty() {
            return vec![published];
        }
        if current.covers(&new.version) {
            // It may be a branch, which is in no list of tags, and moves by itself.
            return vec![query.current_value.to_owned()];
        }
        let precisions = [Precision::Major, Precision::Minor, Precision::Full];
        let precisions = precisions.into_iter().filter(|precision| *precision >= current.precision);
        let mut spellings: Vec<_> =
            precisions.map(|precision| floating(&new.version, precision, current.prefix)).collect();
        if !spellings.contains(&published) {
            spellings.push(published);
        }
        spellings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_spellings(current_value: &str, new_version: &str, expected: &[&str]) {
        let query = NewValue {
            current_value,
            range_strategy: RangeStrategy::Replace,
            current_version: None,
            new_version,
        };
        assert_eq!(GithubActions.spellings(&query), expected, "{current_value} -> {new_version}");
    }

    #[test]
    fn takes_floating_tags_full_versions_and_two_numbers_with_a_prerelease() {
        for text in ["1", "v1", "v1.2", "v1.2.3", "1.2.3-alpha", "v2.2-rc.1", "1.2.3+build"] {
            assert!(GithubActions.is_version(text), "{text}");
        }
        for text in [
            "", "v", "main", "~latest", "<6", "^3", "#1.0.0", "v1.2.3.4", "v01", "vv1", "v2-beta", " 1",
            "v1+b.c",
        ] {
            assert!(!GithubActions.is_version(text), "{text}");
        }
    }

    #[test]
    fn only_full_versions_name_one_release() {
        for (text, is_single) in
            [("v1", false), ("v1.2", false), ("v1.2.3", true), ("v2.2-rc.1", true), ("main", false)]
        {
            assert_eq!(GithubActions.is_single_version(text), is_single, "{text}");
        }
    }

    #[test]
    fn floating_tags_cover_the_stable_releases_that_begin_like_them() {
        for (version, range) in
            [("v4.1.2", "v4"), ("4.1.2", "v4.1"), ("v4", "4"), ("v4.1", "v4"), ("v4.1.2", "4.1.2")]
        {
            assert!(GithubActions.matches(version, range), "{version} in {range}");
        }
        for (version, range) in [
            ("v5.0.0", "v4"),
            ("v4.2.0", "v4.1"),
            ("v4.1.2-rc.1", "v4"),
            ("v4.1.3", "v4.1.2"),
            ("main", "v4"),
            ("v4", "main"),
        ] {
            assert!(!GithubActions.matches(version, range), "{version} in {range}");
        }
    }

    #[test]
    fn a_floating_tag_is_not_the_release_it_stands_for() {
        assert_eq!(
            GithubActions.satisfying(&["v4", "v4.1", "v4.1.0", "v4.0.9", "v5.0.0"], "v4"),
            Some("v4.1.0")
        );
        assert_eq!(GithubActions.satisfying(&["v4", "v4.1"], "v4"), None);
        let mut tags = vec!["v5", "v4.1.0", "junk", "v4", "4.1.0", "v4.1"];
        GithubActions.sort(&mut tags);
        assert_eq!(tags, ["v4", "v4.1", "4.1.0", "v4.1.0", "v5"]);
    }

    #[test]
    fn a_floating_tag_goes_to_the_shortest_one_that_is_as_specific() {
        check_spellings("v4", "v5.0.1", &["v5", "v5.0", "v5.0.1"]);
        check_spellings("v4.1", "v5.0.1", &["v5.0", "v5.0.1"]);
        check_spellings("v4", "v4.9.0", &["v4"]);
        check_spellings("v4.1", "v4.9.0", &["v4.9", "v4.9.0"]);
        check_spellings("v4", "5.0.1", &["v5", "v5.0", "v5.0.1", "5.0.1"]);
        check_spellings("v4.1.2", "v5.0.1", &["v5.0.1"]);
        check_spellings("v4", "v5.0.0-rc.1", &["v5.0.0-rc.1"]);
        check_spellings("main", "v5.0.0", &["v5.0.0"]);
    }

    #[test]
    fn before_1_0_the_minor_number_breaks() {
        for (current, new, breaks) in [
            ("v1", "v2", true),
            ("v1.0.0", "v1.1.0", false),
            ("v0.1.0", "v0.2.0", true),
            ("0.1.0", "0.1.1", false),
            ("main", "v1", false),
        ] {
            assert_eq!(GithubActions.is_breaking(current, new), Some(breaks), "{current} -> {new}");
        }
    }
}
