#![doc = include_str!("README.md")]

mod dependency;
mod lock;

use std::collections::BTreeMap;

use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Node};

use dependency::Dependencies;
use lock::ChartLock;

const ID: ManagerId = ManagerId::fixed("helmv3");

/// Finds the charts that a chart depends on.
#[derive(Clone, Copy, Debug)]
pub struct Helmv3;

impl Manager for Helmv3 {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)Chart\\.ya?ml$/", "/(^|/)Chart\\.lock$/"]
    }

    fn prepare(&self, file: &SourceFile) {
        if file.text.contains("dependencies:") {
            file.yaml();
        }
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        let by_path: BTreeMap<&str, &SourceFile> =
            files.iter().map(|file| (file.path.as_str(), *file)).collect();
        for file in files.iter().filter(|file| is_chart(file) && file.text.contains("dependencies:")) {
            extraction.problems.extend(file.yaml_problems());
            let Some(chart) = file.yaml().documents().first().map(Document::root) else { continue };
            if chart.get("apiVersion").and_then(Node::as_str) != Some("v2") {
                continue;
            }
            let mut deps = Dependencies { file, aliases: &context.registry_aliases }.of(chart);
            let lock = ChartLock::beside(file, chart, &by_path);
            if let Some(lock) = lock.filter(|_| deps.iter().any(|(_, dep)| dep.skip.is_none())) {
                extraction.problems.extend(lock.enter(&mut deps));
            }
            extraction.deps.extend(deps.into_iter().map(|(_, dep)| dep));
        }
        extraction
    }
}

fn is_chart(file: &SourceFile) -> bool {
    matches!(file.path.file_name(), "Chart.yaml" | "Chart.yml")
}
