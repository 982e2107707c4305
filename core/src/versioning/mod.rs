//! Versionings: what counts as a version, which of two is newer, which may replace which, and how the new one is spelled.
//!
//! A versioning is chosen by its id ([`versioning`]); the ids and the meaning of each are Renovate's. Everything here
//! takes texts, answers without panicking on any input, and takes time linear in the text.

mod cargo;
mod distribution;
mod docker;
mod github_actions;
mod hashicorp;
mod key;
mod kubernetes_api;
mod loose;
mod maven;
mod names;
mod npm;
mod nuget;
mod packages;
mod pattern;
mod pep440;
mod python;
mod ranged;
mod ruby;
mod same_major;
mod semver;
mod semver_coerced;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

pub use key::SortKey;

use crate::config::closest;

/// One way to read version texts.
///
/// A text that is not a version has no numbers, is not stable, equals nothing, is greater than nothing.
pub trait Versioning: Send + Sync + Debug {
    /// Returns the id, as configuration spells it: `docker`, `npm`, `regex:<pattern>`.
    fn id(&self) -> &str;

    /// Returns where a version stands among the others, or `None` when `version` is not one.
    ///
    /// To sort many, take the key of each once.
    fn key(&self, version: &str) -> Option<SortKey>;

    /// Returns whether `text` is a version or, where the versioning has ranges, a range.
    fn is_valid(&self, text: &str) -> bool {
        self.is_version(text)
    }

    /// Returns whether `text` names one release, or the start of one (`v4`), rather than a range.
    fn is_version(&self, text: &str) -> bool {
        self.key(text).is_some()
    }

    /// Returns whether `text` can only ever mean one release.
    fn is_single_version(&self, text: &str) -> bool {
        self.is_version(text)
    }

    /// Returns whether a version is meant for everybody: not a prerelease.
    fn is_stable(&self, version: &str) -> bool;

    /// Returns whether `version` may be considered at all where `current` stands: the same flavour and precision.
    fn is_compatible(&self, version: &str, current: &str) -> bool {
        let _ = current;
        self.is_version(version)
    }

    /// Returns whether two versions are the same release.
    fn equals(&self, left: &str, right: &str) -> bool {
        matches!((self.key(left), self.key(right)), (Some(left), Some(right)) if left == right)
    }

    /// Compares two versions, oldest first. What is not a version comes before everything else.
    fn compare(&self, left: &str, right: &str) -> Ordering {
        self.key(left).cmp(&self.key(right))
    }

    /// Returns whether `left` is newer than `right`.
    fn is_greater_than(&self, left: &str, right: &str) -> bool {
        matches!((self.key(left), self.key(right)), (Some(left), Some(right)) if left > right)
    }

    /// Returns whether a version is lower than everything in a range; `None` when the versioning does not say.
    fn is_less_than_range(&self, version: &str, range: &str) -> Option<bool> {
        Some(self.is_greater_than(range, version))
    }

    /// Returns whether a version lies in a range; a single version is the range of itself.
    fn matches(&self, version: &str, range: &str) -> bool {
        self.equals(version, range)
    }

    /// Returns the newest of `versions` that lies in `range`.
    fn satisfying<'a>(&self, versions: &[&'a str], range: &str) -> Option<&'a str> {
        self.in_range(versions, range)
            .into_iter()
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, version)| version)
    }

    /// Returns the oldest of `versions` that lies in `range`.
    fn min_satisfying<'a>(&self, versions: &[&'a str], range: &str) -> Option<&'a str> {
        self.in_range(versions, range)
            .into_iter()
            .reduce(|best, next| if next.0 < best.0 { next } else { best })
            .map(|(_, version)| version)
    }

    /// Returns the versions that lie in `range` with their keys, in the order given. The base of [`Versioning::satisfying`].
    fn in_range<'a>(&self, versions: &[&'a str], range: &str) -> Vec<(SortKey, &'a str)> {
        let in_range = versions.iter().filter(|version| self.matches(version, range));
        in_range.filter_map(|version| Some((self.key(version)?, *version))).collect()
    }

    /// Returns whether going from `current` to `new` may break its user; `None` when the versioning cannot know.
    ///
    /// Unless a versioning knows better, that is when the major number changes.
    fn is_breaking(&self, current: &str, new: &str) -> Option<bool> {
        let are_versions = self.is_version(current) && self.is_version(new);
        Some(are_versions && self.major(current) != self.major(new))
    }

    /// Returns the number at a place, counted from 0; `None` when there is none or it does not fit.
    fn number(&self, version: &str, place: usize) -> Option<u64>;

    /// Returns the first number; `None` when there is none or it does not fit.
    fn major(&self, version: &str) -> Option<u64> {
        self.number(version, 0)
    }

    /// Returns the second number; `None` when there is none or it does not fit.
    fn minor(&self, version: &str) -> Option<u64> {
        self.number(version, 1)
    }

    /// Returns the third number; `None` when there is none or it does not fit.
    fn patch(&self, version: &str) -> Option<u64> {
        self.number(version, 2)
    }

    /// Returns the text to write in place of the current value, or `None` when the strategy leaves nothing to write.
    ///
    /// Without ranges this is the new version, without its `v` where the current value goes without one that its
    /// release has.
    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        Some(query.respelled().to_owned())
    }

    /// Returns the texts that could stand for the new version, the best first: the first that is a published name is
    /// the one to write. Only floating tags (`v4`) have more than one.
    fn spellings(&self, query: &NewValue<'_>) -> Vec<String> {
        self.new_value(query).into_iter().collect()
    }

    /// Returns whether some version could lie in both ranges; `None` when the versioning has no ranges.
    fn intersects(&self, left: &str, right: &str) -> Option<bool> {
        let _ = (left, right);
        None
    }

    /// Returns whether everything in `inner` lies in `outer`; `None` when the versioning has no ranges.
    fn is_subset(&self, inner: &str, outer: &str) -> Option<bool> {
        let _ = (inner, outer);
        None
    }

    /// Drops what is not a version and sorts the rest, oldest first; equal ones keep their order.
    fn sort(&self, versions: &mut Vec<&str>) {
        let mut keyed: Vec<_> =
            versions.iter().filter_map(|version| Some((self.key(version)?, *version))).collect();
        keyed.sort_by(|left, right| left.0.cmp(&right.0));
        versions.clear();
        versions.extend(keyed.into_iter().map(|(_, version)| version));
    }
}

/// What to do with a range when there is a new version. The words are Renovate's `rangeStrategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RangeStrategy {
    /// What suits the kind of dependency; here always [`RangeStrategy::Replace`].
    #[default]
    Auto,
    /// Write the version itself.
    Pin,
    /// Raise the lower bound each time.
    Bump,
    /// Write a new range of the same kind once the version is outside the old one.
    Replace,
    /// Make the range larger.
    Widen,
    /// Leave a range that holds the version as it is, otherwise replace it.
    UpdateLockfile,
    /// Leave a range that holds the version as it is, otherwise do nothing.
    InRangeOnly,
}

impl RangeStrategy {
    /// Returns the strategy that configuration spells `text`.
    pub fn new(text: &str) -> Option<Self> {
        Some(match text {
            "auto" => Self::Auto,
            "pin" => Self::Pin,
            "bump" => Self::Bump,
            "replace" => Self::Replace,
            "widen" => Self::Widen,
            "update-lockfile" => Self::UpdateLockfile,
            "in-range-only" => Self::InRangeOnly,
            _ => return None,
        })
    }

    /// Returns the word configuration uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Pin => "pin",
            Self::Bump => "bump",
            Self::Replace => "replace",
            Self::Widen => "widen",
            Self::UpdateLockfile => "update-lockfile",
            Self::InRangeOnly => "in-range-only",
        }
    }
}

/// The question what to write for a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewValue<'a> {
    /// The text there now; empty when there is none.
    pub current_value: &'a str,
    /// What to do with a range.
    pub range_strategy: RangeStrategy,
    /// The release the current value means today, as published.
    pub current_version: Option<&'a str>,
    /// The release to go to, as published.
    pub new_version: &'a str,
}

impl<'a> NewValue<'a> {
    /// Returns the new version, without its `v` when the current value is the current version without its `v`.
    fn respelled(&self) -> &'a str {
        let bare = self.current_version.and_then(|version| version.strip_prefix('v'));
        match self.new_version.strip_prefix('v') {
            Some(new) if bare == Some(self.current_value) => new,
            _ => self.new_version,
        }
    }
}

/// There is no such versioning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersioningError {
    /// No versioning has this id.
    #[error("there is no versioning `{0}`")]
    Unknown(String),
    /// The pattern of a `regex:` versioning does not compile.
    #[error("the pattern `{pattern}` of a `regex:` versioning cannot be read: {message}")]
    Pattern {
        /// The pattern as written.
        pattern: String,
        /// What is wrong with it, one line.
        message: String,
    },
    /// The pattern of a `regex:` versioning finds no number to compare.
    #[error("the pattern `{0}` of a `regex:` versioning has no group `major`, `minor` or `patch`")]
    NoNumber(String),
}

impl VersioningError {
    /// Returns what to do about it, one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown(id) if ELSEWHERE.contains(&id.as_str()) => {
                format!(
                    "Renovate's `{id}` is none of updraft's; `loose` takes most versions, `regex:` with a pattern all"
                )
            }
            Self::Unknown(id) => {
                if let Some(meant) = closest(id, ids()) {
                    return format!("did you mean `{meant}`?");
                }
                let ids: Vec<_> = ids().map(|id| format!("`{id}`")).collect();
                format!("use one of {}, or `regex:` with a pattern", ids.join(", "))
            }
            Self::Pattern { .. } => {
                r"write an RE2 pattern with named groups: `^v(?<major>\\d+)\\.(?<minor>\\d+)$`".to_owned()
            }
            Self::NoNumber(_) => r"name the number in it: `^v(?<major>\\d+)$`".to_owned(),
        }
    }
}

/// What there is under an id.
pub type Found = Result<Arc<dyn Versioning>, VersioningError>;

/// Makes a versioning.
type Make = fn() -> Arc<dyn Versioning>;

/// The versionings that need no configuration, by id.
const FIXED: &[(&str, Make)] = &[
    ("docker", || Arc::new(docker::Docker)),
    ("semver", || Arc::new(semver::Semver)),
    ("semver-coerced", || Arc::new(semver_coerced::SemverCoerced)),
    ("helm", || Arc::new(npm::Npm { id: "helm", lines: npm::Lines::All })),
    ("npm", || Arc::new(npm::Npm { id: "npm", lines: npm::Lines::All })),
    ("node", || Arc::new(npm::Npm { id: "node", lines: npm::Lines::LongTerm })),
    ("deno", || Arc::new(npm::Npm { id: "deno", lines: npm::Lines::All })),
    ("semver-partial", || Arc::new(npm::Npm { id: "semver-partial", lines: npm::Lines::All })),
    ("same-major", || Arc::new(same_major::SameMajor)),
    ("loose", || Arc::new(loose::Loose)),
    ("kubernetes-api", || Arc::new(kubernetes_api::KubernetesApi)),
    ("github-actions", || Arc::new(github_actions::GithubActions)),
    ("exact", || Arc::new(names::EXACT)),
    ("ubuntu", || Arc::new(distribution::UBUNTU)),
    ("debian", || Arc::new(distribution::DEBIAN)),
    ("pep440", || Arc::new(ranged::Ranged(pep440::Pep440))),
    ("python", || Arc::new(ranged::Ranged(python::Python))),
    ("ruby", || Arc::new(ranged::Ranged(ruby::Ruby))),
    ("cargo", || Arc::new(ranged::Ranged(cargo::Cargo))),
    ("nuget", || Arc::new(ranged::Ranged(nuget::Nuget))),
    ("maven", || Arc::new(maven::Maven)),
    ("deb", || Arc::new(packages::DEB)),
    ("rpm", || Arc::new(packages::RPM)),
    ("git", || Arc::new(names::GIT)),
    ("hashicorp", || Arc::new(ranged::Ranged(hashicorp::Hashicorp))),
];

/// The versionings that are a pattern, by id.
const PATTERNS: &[(&str, &str)] = &[(
    "redhat",
    r"^v?(?<major>\d+)(?:\.(?<minor>\d+)(?:\.(?<patch>\d+))?)?(?:-(?<build>\d+)(?:\.(?<revision>\d+))?)?$",
)];

/// Renovate's versionings that are not among these.
const ELSEWHERE: &[&str] = &[
    "apk",
    "aws-eks-addon",
    "aws-machine-image",
    "azure-rest-api",
    "bazel-module",
    "conan",
    "composer",
    "conda",
    "devbox",
    "elm",
    "glasskube",
    "go-mod-directive",
    "gradle",
    "hermit",
    "hex",
    "ivy",
    "lambda-node",
    "nixpkgs",
    "perl",
    "poetry",
    "pvp",
    "rez",
    "rust-release-channel",
    "swift",
    "unity3d",
    "unity3d-packages",
];

/// Returns the versioning with this id: one of the fixed ones, or `regex:<pattern>`.
///
/// A pattern is compiled each time; [`Versionings`] remembers.
///
/// # Errors
///
/// When there is no such versioning, or the pattern cannot be used; [`VersioningError::hint`] says what to do.
pub fn versioning(id: &str) -> Found {
    if let Some(pattern) = id.strip_prefix("regex:") {
        return Ok(Arc::new(pattern::Pattern::new(id, pattern)?));
    }
    if let Some((_, pattern)) = PATTERNS.iter().find(|(name, _)| *name == id) {
        return Ok(Arc::new(pattern::Pattern::new(id, pattern)?));
    }
    let fixed = FIXED.iter().find(|(name, _)| *name == id).map(|(_, make)| make());
    fixed.ok_or_else(|| VersioningError::Unknown(id.to_owned()))
}

/// Returns the ids of the versionings that need nothing more to be known: all but `regex:<pattern>`.
pub fn ids() -> impl Iterator<Item = &'static str> {
    FIXED.iter().map(|(id, _)| *id).chain(PATTERNS.iter().map(|(id, _)| *id))
}

/// Versionings made once each, for a run that asks for the same few ids again and again.
#[derive(Debug, Default)]
pub struct Versionings(Mutex<BTreeMap<String, Found>>);

impl Versionings {
    /// Returns what [`versioning`] returns.
    ///
    /// # Errors
    ///
    /// As [`versioning`], the same error each time.
    pub fn find(&self, id: &str) -> Found {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(id) {
            return known.clone();
        }
        let made = versioning(id);
        known.insert(id.to_owned(), made.clone());
        made
    }
}
