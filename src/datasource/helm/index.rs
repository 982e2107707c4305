//! What is kept of a Helm repository's `index.yaml`: a few fields of the charts that were asked for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};
use updraft_core::release::Release;

/// The most versions of one chart that are kept; what comes after is older.
const MAX_VERSIONS: usize = 20_000;
/// The most chart names that are kept.
const MAX_CHARTS: usize = 50_000;

/// Of how many versions of a chart the changes are kept: updates go to the newest, and the rest is old news.
pub(super) const MOST_CHANGES: usize = 5;
/// The annotation in which a chart tells what changed. <https://artifacthub.io/docs/topics/annotations/helm/>
pub(super) const CHANGES: &str = "artifacthub.io/changes";

/// What an index says of one version of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The version as written; an entry without one is not kept.
    pub version: Option<String>,
    /// When it was published, as written.
    pub created: Option<String>,
    /// `deprecated`, as written.
    pub deprecated: Option<String>,
    /// The project's page.
    pub home: Option<String>,
    /// Links to sources.
    pub sources: Vec<String>,
    /// Where the archive is.
    pub urls: Vec<String>,
    /// What changed, as its annotation says.
    pub changes: Option<String>,
}

/// All that is kept of one chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// Its versions, in the order of the index.
    pub releases: Vec<Release>,
    /// The project's page, as the newest version says.
    pub home: Option<String>,
    /// Links to sources, as the newest version says.
    pub sources: Vec<String>,
    /// Where the newest version's archive is.
    pub urls: Vec<String>,
    /// What changed in each of the first few versions of the index, as their annotations say.
    pub changes: BTreeMap<String, String>,
    /// The newest version seen, whose texts are kept.
    #[serde(skip)]
    newest: Option<Version>,
}

impl Chart {
    /// Adds one version, in the order of the index. An entry without a version is left out.
    pub fn add(&mut self, entry: Entry) {
        let Some(version) = entry.version.filter(|version| !version.is_empty()) else { return };
        if self.releases.len() >= MAX_VERSIONS {
            return;
        }
        let parsed = Version::parse(version.strip_prefix('v').unwrap_or(&version)).ok();
        // Helm writes the newest first; other tools may not.
        let newer = matches!((&parsed, &self.newest), (Some(parsed), Some(newest)) if parsed > newest);
        if self.releases.is_empty() || newer {
            self.home = entry.home;
            self.sources = entry.sources;
            self.urls = entry.urls;
            self.newest = parsed;
        }
        if let Some(changes) = entry.changes.filter(|_| self.releases.len() < MOST_CHANGES) {
            self.changes.insert(version.clone(), changes);
        }
        self.releases.push(Release {
            version,
            timestamp: entry.created.as_deref().and_then(timestamp),
            is_stable: None,
            is_deprecated: entry.deprecated.as_deref() == Some("true"),
            // The archive's hash is no digest that anybody pins a chart to.
            digest: None,
        });
    }
}

/// What is kept of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The charts that were asked for and are there.
    pub charts: BTreeMap<String, Chart>,
    /// The names of all charts, to say what else a missing one could be.
    pub names: BTreeSet<String>,
}

impl Index {
    pub(super) fn name(&mut self, name: &str) {
        if self.names.len() < MAX_CHARTS {
            self.names.insert(name.to_owned());
        }
    }

    /// Returns up to three charts whose names are close to `name`, the closest first.
    pub fn near(&self, name: &str) -> Vec<&str> {
        let wanted = name.to_lowercase();
        let mut near: Vec<(usize, &str)> = self
            .names
            .iter()
            .filter_map(|known| {
                let other = known.to_lowercase();
                let contained = wanted.len() >= 3
                    && other.len() >= 3
                    && (other.contains(&wanted) || wanted.contains(&other));
                let distance = strsim::levenshtein(&wanted, &other);
                (contained || distance <= wanted.len().div_ceil(4)).then_some((distance, known.as_str()))
            })
            .collect();
        near.sort_unstable();
        near.into_iter().take(3).map(|(_, known)| known).collect()
    }
}

/// Why a reply is not an index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is a page for people.
    #[error("it is an HTML page, not an index.yaml")]
    Html,
    /// It is empty or holds something else.
    #[error("it has no `entries`, so it is not a Helm repository's index.yaml")]
    NoEntries,
    /// It is not YAML.
    #[error("line {line} is not YAML: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong, as the parser says.
        message: String,
    },
    /// A part that must be kept is larger than any honest one.
    #[error("line {line} is longer than an index may have")]
    TooLong {
        /// The line, from 1.
        line: usize,
    },
    /// An alias or a merge stands for a version: legal, never seen, and not followed.
    #[error("line {line} has a YAML alias in place of a chart or one of its versions")]
    Alias {
        /// The line, from 1.
        line: usize,
    },
    /// The reader of lines met something it does not understand; the reader of events does.
    #[error("line {line} is not laid out as Helm does it")]
    Layout {
        /// The line, from 1.
        line: usize,
    },
}

/// Helm writes RFC 3339; other tools leave the `T` or the colon of the offset out.
fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let (date, rest) = text.split_once(' ')?;
        let time = rest.split(' ').next()?;
        // `2024-01-02 03:04:05.6 +0000 UTC` is how Go prints a time; other zones than UTC do not occur.
        let utc = rest.contains("+0000") || rest.ends_with("UTC") || rest == time;
        utc.then(|| format!("{date}T{}Z", time.trim_end_matches('Z')).parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_times_that_tools_write() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(timestamp(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
        check("2016-10-06T16:23:20.499814565-06:00", Some("2016-10-06T22:23:20.499814565Z"));
        check("2024-01-02T03:04:05Z", Some("2024-01-02T03:04:05Z"));
        check("2024-01-02 03:04:05.6 +0000 UTC", Some("2024-01-02T03:04:05.6Z"));
        check("2024-01-02 03:04:05", Some("2024-01-02T03:04:05Z"));
        check("yesterday", None);
        check("", None);
    }

    #[test]
    fn keeps_the_texts_of_the_newest_version() {
        let mut chart = Chart::default();
        for version in ["1.0.0", "nonsense", "2.0.0", "1.9.0"] {
            let entry =
                Entry { version: Some(version.into()), home: Some(version.into()), ..Entry::default() };
            chart.add(entry);
        }
        assert_eq!(chart.home.as_deref(), Some("2.0.0"));
        assert_eq!(chart.releases.len(), 4);
    }

    #[test]
    fn an_entry_without_a_version_is_left_out() {
        let mut chart = Chart::default();
        chart.add(Entry { home: Some("x".into()), ..Entry::default() });
        chart.add(Entry { version: Some(String::new()), ..Entry::default() });
        assert_eq!(chart, Chart::default());
    }

    #[test]
    fn names_what_else_it_could_be() {
        let mut index = Index::default();
        for name in ["grafana", "loki", "loki-stack", "tempo", "k8s-monitoring"] {
            index.name(name);
        }
        assert_eq!(index.near("grafanna"), ["grafana"]);
        assert_eq!(index.near("loki-distributed"), ["loki"]);
        assert_eq!(index.near("Loki"), ["loki", "loki-stack"]);
        assert!(index.near("zookeeper").is_empty());
    }
}
