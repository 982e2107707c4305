//! The `Chart.lock` beside a `Chart.yaml`.

use std::collections::BTreeMap;

use updraft_core::chart_lock;
use updraft_core::dep::{Dep, Lock, Part};
use updraft_core::derived::Derived;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use super::dependency::may_be;
use crate::scalar;

/// A lock file, and the chart it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChartLock<'a> {
    file: &'a SourceFile,
    chart_file: &'a SourceFile,
    chart: Node<'a>,
}

impl<'a> ChartLock<'a> {
    /// Returns the lock beside `chart_file`, if there is one among the files `by_path`.
    pub(super) fn beside(
        chart_file: &'a SourceFile,
        chart: Node<'a>,
        by_path: &BTreeMap<&str, &'a SourceFile>,
    ) -> Option<Self> {
        let path = match chart_file.path.folder() {
            "" => "Chart.lock".to_owned(),
            folder => format!("{folder}/Chart.lock"),
        };
        Some(Self { file: by_path.get(path.as_str())?, chart_file, chart })
    }

    /// Gives each dependency its entry in the lock, where the lock can be written as Helm would; otherwise says why not.
    ///
    /// `deps` come with their places in the list of the chart.
    pub(super) fn enter(self, deps: &mut [(usize, Dep)]) -> Option<Problem> {
        let entries = match self.entries() {
            Ok(entries) => entries,
            Err(why) => return Some(self.note(why)),
        };
        let derived =
            Derived::ChartLockDigest { chart: self.chart_file.path.clone(), lock: self.file.path.clone() };
        for (index, dep) in deps.iter_mut().filter(|(_, dep)| dep.skip.is_none()) {
            let Some(entry) = entries.get(*index) else { continue };
            let slot = |key, part| entry.get(key).and_then(|node| scalar::slot(node, part));
            // What takes the place of a chart in a registry has another address, too, which is not spelled in one piece.
            let is_named = dep.slots.iter().any(|slot| slot.part == Part::Name);
            let name = if is_named { slot("name", Part::Name) } else { None };
            let mut slots: Vec<_> = name.into_iter().chain(slot("version", Part::Version)).collect();
            slots.sort_by_key(|slot| slot.span);
            dep.lock = Some(Lock { file: self.file.path.clone(), slots, derived: vec![derived.clone()] });
        }
        None
    }

    /// Returns the entries of the lock, one for each dependency of the chart.
    fn entries(self) -> Result<Vec<Node<'a>>, &'static str> {
        const CHANGED: &str = "it does not fit `Chart.yaml`";
        let root = self.file.yaml().documents().first().map(Document::root).ok_or("it cannot be read")?;
        let list = |top: Node<'a>| top.get("dependencies").into_iter().flat_map(Node::items);
        let entries: Vec<_> = list(root).collect();
        let wanted: Vec<_> = list(self.chart).collect();
        let text = |node: Node<'a>, key| node.get(key).and_then(Node::as_str).unwrap_or_default();
        let fits = |(wanted, locked): (&Node<'a>, &Node<'a>)| {
            text(*wanted, "name") == text(*locked, "name")
                && may_be(text(*wanted, "repository"), text(*locked, "repository"))
        };
        if entries.len() != wanted.len() || !wanted.iter().zip(&entries).all(fits) {
            return Err(CHANGED);
        }
        let is_spelled =
            |entry: &Node<'a>| entry.get("version").and_then(scalar::spelled).is_some() && !entry.alias();
        if !entries.iter().all(is_spelled) {
            return Err("a version in it is missing, or written with escapes");
        }
        let digest = root.get("digest").and_then(scalar::spelled).ok_or("it has no `digest`")?;
        match chart_lock::digest(self.chart, root) {
            Some(expected) if expected == digest => Ok(entries),
            _ => Err("its `digest` does not fit the two files"),
        }
    }

    fn note(self, why: &str) -> Problem {
        let (lock, chart) = (&self.file.path, &self.chart_file.path);
        let folder = match chart.folder() {
            "" => ".",
            folder => folder,
        };
        Problem::note(format!("`{lock}` is not updated together with `{chart}`: {why}"))
            .in_file(lock)
            .only_remarks()
            .hint(format!("run `helm dependency update {folder}` and commit the lock; from then on it is kept up to date"))
    }
}
