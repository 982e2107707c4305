//! A step from what a file says to what it could say, and the story of how it was chosen.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dep::Skip;
use crate::release::DigestQuery;

/// The kind of a step. The words are Renovate's; the order is the order branches are worked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UpdateType {
    /// A range becomes one version.
    Pin,
    /// A digest is added.
    PinDigest,
    /// Only the digest moves.
    Digest,
    /// The lowest part of the version rises.
    Patch,
    /// The middle part of the version rises.
    Minor,
    /// The first part of the version rises.
    Major,
    /// The version goes back, as the current one is gone.
    Rollback,
    /// Another package takes its place.
    Replacement,
}

impl UpdateType {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Pin,
        Self::PinDigest,
        Self::Digest,
        Self::Patch,
        Self::Minor,
        Self::Major,
        Self::Rollback,
        Self::Replacement,
    ];

    /// Returns Renovate's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::PinDigest => "pinDigest",
            Self::Digest => "digest",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Rollback => "rollback",
            Self::Replacement => "replacement",
        }
    }
}

impl fmt::Display for UpdateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One step for one dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Its kind.
    pub update_type: UpdateType,
    /// The value the file gets; `None` keeps the value (digest updates of an unversioned reference).
    pub new_value: Option<String>,
    /// The version it stands for, as the registry spells it.
    pub new_version: Option<String>,
    /// Its first three parts, where the versioning knows them.
    pub new_major: Option<u64>,
    /// See [`Update::new_major`].
    pub new_minor: Option<u64>,
    /// See [`Update::new_major`].
    pub new_patch: Option<u64>,
    /// The name the file gets (replacements only).
    pub new_name: Option<String>,
    /// The digest the file gets.
    pub new_digest: Option<String>,
    /// What to ask a registry for the digest before this update is complete; `None` when nothing is missing.
    pub digest_query: Option<DigestQuery>,
    /// When the release was published, UTC.
    pub release_timestamp: Option<Timestamp>,
    /// Why it waits although it was chosen: too young, and until when (`None`: no date is known).
    pub pending: Option<Pending>,
    /// Versions of this bucket that were passed over because they are too young, newest first.
    pub pending_versions: Vec<String>,
    /// The releases whose age decides about this step and has no date in the registry's list, by the registry's own names, newest first.
    pub undated: Vec<String>,
    /// Whether the registry calls the step breaking: a new major, or a new minor below 1.0.0.
    pub is_breaking: bool,
}

impl Update {
    /// Returns an update of which only the kind is known.
    pub fn new(update_type: UpdateType) -> Self {
        Self {
            update_type,
            new_value: None,
            new_version: None,
            new_major: None,
            new_minor: None,
            new_patch: None,
            new_name: None,
            new_digest: None,
            digest_query: None,
            release_timestamp: None,
            pending: None,
            pending_versions: Vec::new(),
            undated: Vec::new(),
            is_breaking: false,
        }
    }
}

/// Why a chosen update waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// `minimumReleaseAge` as the owner wrote it.
    pub minimum_release_age: String,
    /// When it will be old enough; `None` when the registry gives no date.
    pub until: Option<Timestamp>,
}

impl Pending {
    /// Returns the age that is missing, and that nobody knows it where that is so.
    pub fn missing_age(&self) -> String {
        match self.until {
            Some(_) => self.minimum_release_age.clone(),
            None => {
                format!("{}, as far as is known: the registry gives no date", self.minimum_release_age)
            }
        }
    }
}

/// One release that was looked at, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The version as published.
    pub version: String,
    /// When it was published.
    pub timestamp: Option<Timestamp>,
    /// Why it was dropped; `None` when it was chosen.
    pub dropped: Option<Dropped>,
}

/// Why a release was not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason", content = "detail")]
pub enum Dropped {
    /// Its name is no version of this versioning.
    NotAVersion,
    /// It does not match `extractVersion` (the pattern is given).
    ExtractVersion(String),
    /// It is not newer than what the file says.
    NotNewer,
    /// It is unstable.
    Unstable,
    /// The publisher deprecated it.
    Deprecated,
    /// It has another flavour or precision than the current value.
    Incompatible,
    /// `allowedVersions` excludes it (the constraint is given).
    AllowedVersions(String),
    /// It is above the tag `latest` (the tag's version is given).
    AboveLatest(String),
    /// `followTag` follows another version (the tag is given).
    FollowTag(String),
    /// `maxMajorIncrement` excludes it.
    MaxMajorIncrement,
    /// It is younger than `minimumReleaseAge` (the option's value is given).
    TooYoung(String),
    /// A package rule disables this update type (the rule is described).
    Disabled(String),
    /// The current value stands for it already: a range, or a floating tag such as `v4`.
    InRange,
    /// A higher one was chosen in the same bucket (that version is given).
    LowerThan(String),
    /// No digest could be found for it.
    NoDigest,
}

impl Dropped {
    /// Returns whether somebody could wonder why the release was not taken: it is newer, and a version like the current one.
    pub fn is_notable(&self) -> bool {
        !matches!(
            self,
            Self::NotAVersion
                | Self::ExtractVersion(_)
                | Self::NotNewer
                | Self::Incompatible
                | Self::LowerThan(_)
        )
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAVersion => f.write_str("not a version of this kind"),
            Self::ExtractVersion(pattern) => write!(f, "`extractVersion` {pattern} does not match"),
            Self::NotNewer => f.write_str("not newer"),
            Self::InRange => f.write_str("the range in the file takes it already"),
            Self::Unstable => f.write_str("prerelease"),
            Self::Deprecated => f.write_str("deprecated"),
            Self::Incompatible => f.write_str("another flavour or precision"),
            Self::AllowedVersions(constraint) => write!(f, "`allowedVersions` is {constraint}"),
            Self::AboveLatest(latest) => write!(f, "above the tag `latest`, which is {latest}"),
            Self::FollowTag(tag) => write!(f, "`followTag` follows {tag}"),
            Self::MaxMajorIncrement => f.write_str("`maxMajorIncrement`"),
            Self::TooYoung(age) => write!(f, "younger than {age}"),
            Self::Disabled(rule) => write!(f, "disabled by {rule}"),
            Self::LowerThan(version) => write!(f, "lower than {version}"),
            Self::NoDigest => f.write_str("no digest was found"),
        }
    }
}

/// What was decided for one dependency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The version the current value stands for.
    pub current_version: Option<String>,
    /// When that was published.
    pub current_version_timestamp: Option<Timestamp>,
    /// The steps, in the order of [`UpdateType`].
    pub updates: Vec<Update>,
    /// The releases that were looked at: newer ones first, then a few older ones, then a few that are no versions.
    pub candidates: Vec<Candidate>,
    /// How many further releases were looked at.
    pub unlisted: usize,
    /// Why nothing can be chosen, when that shows only now.
    pub skip: Option<Skip>,
    /// What the owner should know: "`1.2` is not among the published tags", ...
    pub warnings: Vec<String>,
}
