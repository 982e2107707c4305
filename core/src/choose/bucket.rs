//! Buckets: of the releases in one bucket one update is made.

use crate::update::UpdateType;
use crate::versioning::Versioning;

/// How finely releases are told apart: `separateMajorMinor` and its relatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Separation {
    pub majors: Majors,
    pub minors: Minors,
}

/// How majors are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Majors {
    /// Not at all (`separateMajorMinor: false`).
    Together,
    /// From everything below.
    #[default]
    Apart,
    /// Each from each other too (`separateMultipleMajor`).
    Each,
}

/// How minors and patches are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Minors {
    /// Not at all.
    #[default]
    Together,
    /// From patches (`separateMinorPatch`).
    Apart,
    /// Each from each other, and from patches (`separateMultipleMinor`).
    Each,
}

/// A set of releases of which the highest is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bucket {
    Patch,
    Minor(Option<(u64, u64)>),
    NonMajor,
    Major(Option<u64>),
    Latest,
}

impl Bucket {
    pub(super) fn of(
        version: &str,
        kind: UpdateType,
        separation: Separation,
        versioning: &dyn Versioning,
    ) -> Self {
        let (major, minor) = (versioning.major(version), versioning.minor(version));
        match (separation.majors, separation.minors, kind) {
            (Majors::Together, ..) => Self::Latest,
            (Majors::Each, _, UpdateType::Major) => Self::Major(major),
            (Majors::Apart, _, UpdateType::Major) => Self::Major(None),
            (_, Minors::Together, _) => Self::NonMajor,
            (_, Minors::Each, UpdateType::Minor) => Self::Minor(major.zip(minor)),
            (_, Minors::Apart, UpdateType::Minor) => Self::Minor(None),
            _ => Self::Patch,
        }
    }
}

/// Returns whether the step between two versions is a major, a minor or a patch.
pub(super) fn step(versioning: &dyn Versioning, current: &str, new: &str) -> UpdateType {
    let rises =
        |part: fn(&dyn Versioning, &str) -> Option<u64>| part(versioning, new) > part(versioning, current);
    if rises(|versioning, version| versioning.major(version)) {
        UpdateType::Major
    } else if rises(|versioning, version| versioning.minor(version)) {
        UpdateType::Minor
    } else {
        UpdateType::Patch
    }
}
