//! Which newer releases may be taken at all.

use super::allowed::Allowed;
use super::candidates::Entry;
use crate::release::ReleaseList;
use crate::update::Dropped;
use crate::versioning::Versioning;

/// What decides over a release, apart from its age.
pub(super) struct Filter<'a> {
    pub versioning: &'a dyn Versioning,
    /// The value to move from, without what `versionCompatibility` keeps the same.
    pub current_value: &'a str,
    /// The release it means today.
    pub current: Current<'a>,
    pub allowed: Option<(Allowed, String)>,
    /// `ignoreUnstable`
    pub unstable: Unstable,
    /// The version that no update may pass: the tag `latest`, while `respectLatest` holds.
    pub ceiling: Option<&'a str>,
    /// `maxMajorIncrement`
    pub max_major_increment: Option<u64>,
}

/// The release that the current value means today.
#[derive(Clone, Copy, Debug)]
pub(super) struct Current<'a> {
    pub version: &'a str,
    pub stability: Stability,
    pub support: Support,
}

impl<'a> Current<'a> {
    /// Returns the current release; `entry` is what the registry says of it, if anything.
    pub(super) fn new(versioning: &dyn Versioning, version: &'a str, entry: Option<&Entry<'_>>) -> Self {
        let by_name = || if versioning.is_stable(version) { Stability::Stable } else { Stability::Unstable };
        let support = match entry {
            Some(entry) if entry.release.is_deprecated => Support::Deprecated,
            _ => Support::Supported,
        };
        let stability = entry.map_or_else(by_name, |entry| stability(versioning, entry));
        Self { version, stability, support }
    }
}

/// What is thought of prereleases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unstable {
    /// They are for those who already use one.
    Ignore,
    /// They are like any other.
    Take,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stability {
    Stable,
    Unstable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    Supported,
    Deprecated,
}

/// Returns whether a release is stable, to the registry and to the versioning.
pub(super) fn stability(versioning: &dyn Versioning, entry: &Entry<'_>) -> Stability {
    match entry.release.is_stable {
        Some(false) => Stability::Unstable,
        _ if versioning.is_stable(entry.version) => Stability::Stable,
        _ => Stability::Unstable,
    }
}

impl Filter<'_> {
    /// Returns why `entry` may not be taken, or `None` when it may.
    pub(super) fn refuses(&self, entry: &Entry<'_>) -> Option<Dropped> {
        let version = entry.version;
        if !self.versioning.is_greater_than(version, self.current.version) {
            return Some(Dropped::NotNewer);
        }
        if entry.release.is_deprecated && self.current.support == Support::Supported {
            return Some(Dropped::Deprecated);
        }
        if self.is_too_great_a_step(version) {
            return Some(Dropped::MaxMajorIncrement);
        }
        if let Some((allowed, text)) = &self.allowed
            && !allowed.allows(version, self.versioning)
        {
            return Some(Dropped::AllowedVersions(text.clone()));
        }
        if let Some(latest) = self.ceiling
            && self.versioning.is_greater_than(version, latest)
        {
            return Some(Dropped::AboveLatest(latest.to_owned()));
        }
        if self.is_unwanted_prerelease(entry) {
            return Some(Dropped::Unstable);
        }
        if !self.versioning.is_compatible(version, self.current_value) {
            return Some(Dropped::Incompatible);
        }
        None
    }

    fn is_too_great_a_step(&self, version: &str) -> bool {
        let (Some(most), Some(new), Some(old)) = (
            self.max_major_increment,
            self.versioning.major(version),
            self.versioning.major(self.current.version),
        ) else {
            return false;
        };
        most > 0 && new.saturating_sub(old) > most
    }

    /// Someone on a prerelease is taken to its release, and to later prereleases of that same release.
    fn is_unwanted_prerelease(&self, entry: &Entry<'_>) -> bool {
        if self.unstable == Unstable::Take || stability(self.versioning, entry) == Stability::Stable {
            return false;
        }
        let base = |version: &str| {
            (self.versioning.major(version), self.versioning.minor(version), self.versioning.patch(version))
        };
        self.current.stability == Stability::Stable || base(entry.version) != base(self.current.version)
    }
}

/// Returns the version that the tag `latest` names, when it binds someone on `current`.
pub(super) fn ceiling<'a>(
    releases: &'a ReleaseList,
    versioning: &dyn Versioning,
    current: &str,
) -> Option<&'a str> {
    let latest = releases.tags.get("latest")?.as_str();
    (versioning.is_version(latest) && !versioning.is_greater_than(current, latest)).then_some(latest)
}
