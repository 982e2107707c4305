//! Places whose text follows from other texts: the digest of a lock file.
//!
//! They cannot be slots, because several updates in one branch change what they follow from. They are written last, from the files as the
//! branch leaves them, and a manager reads the result again to prove it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chart_lock;
use crate::edit::Edit;
use crate::name::RepoPath;
use crate::yaml::{self, Document, Node, YamlFile};

/// A place whose text follows from other texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Derived {
    /// The `digest` of a `Chart.lock`, which follows from the lock itself and from the `Chart.yaml` beside it.
    ChartLockDigest {
        /// The `Chart.yaml`.
        chart: RepoPath,
        /// The `Chart.lock`.
        lock: RepoPath,
    },
}

impl Derived {
    /// Returns what has to be written after all else was: `text_of` gives each file as it will be.
    ///
    /// `None` where the place is gone, cannot be computed, or says the right thing already.
    pub fn edit(&self, text_of: &dyn Fn(&RepoPath) -> Option<Arc<str>>) -> Option<Edit> {
        match self {
            Self::ChartLockDigest { chart, lock } => {
                let [chart, locked] = [text_of(chart)?, text_of(lock)?].map(|text| yaml::parse(&text));
                let place = root(&locked)?.get("digest")?;
                let old = place.as_str().filter(|text| *text == place.raw())?;
                let new = chart_lock::digest(root(&chart)?, root(&locked)?)?;
                (new != old).then(|| Edit {
                    file: lock.clone(),
                    span: place.span(),
                    old: old.to_owned(),
                    new,
                })
            }
        }
    }
}

/// Adds to `texts`, the changed files of a branch, what `derived` says follows from them; `before` gives the files as they were.
pub fn complete<'d>(
    texts: &mut BTreeMap<RepoPath, String>,
    derived: impl IntoIterator<Item = &'d Derived>,
    before: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
) {
    for place in derived {
        let text_of =
            |path: &RepoPath| texts.get(path).map(|text| Arc::from(text.as_str())).or_else(|| before(path));
        let Some(edit) = place.edit(&text_of) else { continue };
        let Some(text) = text_of(&edit.file) else { continue };
        let (Some(head), Some(tail)) = (text.get(..edit.span.start), text.get(edit.span.end..)) else {
            continue;
        };
        texts.insert(edit.file, format!("{head}{}{tail}", edit.new));
    }
}

fn root(file: &YamlFile) -> Option<Node<'_>> {
    file.documents().first().map(Document::root)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHART: &str =
        "dependencies:\n- name: buoy\n  version: 1.0.0\n  repository: https://charts.example.org\n";

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn lock(version: &str, digest: &str) -> String {
        format!(
            "dependencies:\n- name: buoy\n  repository: https://charts.example.org\n  version: {version}\ndigest: {digest}\ngenerated: \"x\"\n"
        )
    }

    #[test]
    fn the_digest_of_a_chart_lock_follows_from_both_files_as_they_will_be() {
        let place = Derived::ChartLockDigest { chart: path("a/Chart.yaml"), lock: path("a/Chart.lock") };
        let before = |_: &RepoPath| Some(Arc::from(lock("1.0.0", "sha256:0")));
        let mut texts = BTreeMap::from([(path("a/Chart.yaml"), CHART.replace("1.0.0", "1.1.0"))]);
        complete(&mut texts, [&place], &before);
        let first = texts[&path("a/Chart.lock")].clone();
        assert_eq!(first.len(), lock("1.0.0", &format!("sha256:{}", "0".repeat(64))).len());
        assert!(first.ends_with("\ngenerated: \"x\"\n"));

        texts.insert(path("a/Chart.lock"), lock("1.1.0", "sha256:0"));
        complete(&mut texts, [&place], &before);
        assert_ne!(texts[&path("a/Chart.lock")], first.replace("version: 1.0.0", "version: 1.1.0"));

        let done = texts.clone();
        complete(&mut texts, [&place], &before);
        assert_eq!(texts, done);
    }

    #[test]
    fn a_place_that_is_gone_is_left_alone() {
        let place = Derived::ChartLockDigest { chart: path("a/Chart.yaml"), lock: path("a/Chart.lock") };
        let mut texts = BTreeMap::from([(path("a/Chart.yaml"), CHART.to_owned())]);
        complete(&mut texts, [&place], &|_| None);
        complete(&mut texts, [&place], &|_| Some(Arc::from("dependencies: []\n")));
        assert_eq!(texts.len(), 1);
    }
}
