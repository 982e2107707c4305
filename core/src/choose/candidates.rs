//! The releases of a package as candidates: named, sorted, each once.

use std::collections::HashMap;

use regex::Regex;

use super::filter::{Stability, stability};
use crate::config::pattern;
use crate::release::{Release, ReleaseList};
use crate::update::{Candidate, Dropped};
use crate::versioning::{SortKey, Versioning};

/// How a value is split into what is compared and what must stay the same: `versionCompatibility`.
pub(super) struct Compatibility {
    regex: Regex,
}

/// A value that [`Compatibility`] took apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split<'a> {
    /// What is compared.
    pub version: &'a str,
    /// What must stay the same.
    pub compatibility: &'a str,
}

impl Compatibility {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let regex = pattern::regex(text).map_err(|error| error.to_string())?;
        if regex.capture_names().flatten().any(|name| name == "version") {
            Ok(Self { regex })
        } else {
            Err("it has no group `version`".to_owned())
        }
    }

    /// Returns the parts of `text`, or `None` when it does not match.
    pub(super) fn split<'a>(&self, text: &'a str) -> Option<Split<'a>> {
        let captures = self.regex.captures(text)?;
        Some(Split {
            version: captures.name("version")?.as_str(),
            compatibility: captures.name("compatibility").map_or("", |part| part.as_str()),
        })
    }
}

/// One release that is a version.
pub(super) struct Entry<'a> {
    /// The version, as `extractVersion` and `versionCompatibility` leave it.
    pub version: &'a str,
    /// What the registry said.
    pub release: &'a Release,
    key: SortKey,
}

/// The releases of a package, newest first, each version once.
pub(super) struct Entries<'a> {
    pub list: Vec<Entry<'a>>,
    /// What is no version here, and why.
    pub refused: Vec<Candidate>,
    /// Where each version stands in the list.
    places: HashMap<&'a str, usize>,
}

/// What turns the name of a release into a version.
pub(super) struct Naming<'a> {
    pub versioning: &'a dyn Versioning,
    pub extract: Option<(&'a str, Regex)>,
    pub compatibility: Option<(Compatibility, &'a str)>,
}

impl Naming<'_> {
    /// Returns the version that a release's name holds.
    fn version<'a>(&self, name: &'a str) -> Result<&'a str, Dropped> {
        let mut version = name;
        if let Some((text, regex)) = &self.extract {
            let found = regex.captures(name).and_then(|captures| captures.name("version"));
            version = found.ok_or_else(|| Dropped::ExtractVersion((*text).to_owned()))?.as_str();
        }
        if let Some((compatibility, wanted)) = &self.compatibility {
            match compatibility.split(version) {
                Some(split) if split.compatibility == *wanted => version = split.version,
                _ => return Err(Dropped::Incompatible),
            }
        }
        Ok(version)
    }
}

impl<'a> Entries<'a> {
    /// Reads the releases; `current` is the value to move from.
    pub(super) fn of(releases: &'a ReleaseList, naming: &Naming<'_>, current: &str) -> Self {
        let mut list = Vec::with_capacity(releases.releases.len());
        let mut refused = Vec::new();
        for release in &releases.releases {
            let named = naming.version(&release.version).and_then(|version| {
                naming.versioning.key(version).map(|key| (version, key)).ok_or(Dropped::NotAVersion)
            });
            match named {
                Ok((version, key)) => list.push(Entry { version, release, key }),
                Err(dropped) => refused.push(Candidate {
                    version: release.version.clone(),
                    timestamp: release.timestamp,
                    dropped: Some(dropped),
                }),
            }
        }
        // A stable sort: of equal versions the one the registry names first stays.
        list.sort_by(|left, right| right.key.cmp(&left.key));
        let list = without_equals(list, |entry| rank(naming.versioning, entry, current));
        let places = list.iter().enumerate().map(|(place, entry)| (entry.version, place)).collect();
        Self { list, refused, places }
    }

    pub(super) fn versions(&self) -> Vec<&'a str> {
        self.list.iter().map(|entry| entry.version).collect()
    }

    /// Returns the entry whose version is spelled `version`.
    pub(super) fn named(&self, version: &str) -> Option<&Entry<'a>> {
        self.places.get(version).and_then(|place| self.list.get(*place))
    }
}

/// Returns the place of an entry among equals, the lowest is kept: the current value itself, else a stable one, else one with or without `v` like
/// it, else the first.
fn rank(versioning: &dyn Versioning, entry: &Entry<'_>, current: &str) -> (bool, bool, bool) {
    (
        entry.version != current,
        stability(versioning, entry) == Stability::Unstable,
        has_v(entry.version) != has_v(current),
    )
}

/// Keeps one of equal versions: the one with the lowest rank, the first of several.
fn without_equals<'a, R: Ord>(list: Vec<Entry<'a>>, rank: impl Fn(&Entry<'a>) -> R) -> Vec<Entry<'a>> {
    let mut kept: Vec<Entry<'a>> = Vec::with_capacity(list.len());
    for entry in list {
        match kept.last_mut() {
            Some(previous) if previous.key == entry.key => {
                if rank(&entry) < rank(previous) {
                    *previous = entry;
                }
            }
            _ => kept.push(entry),
        }
    }
    kept
}

fn has_v(version: &str) -> bool {
    version.starts_with(['v', 'V'])
}
