#![doc = include_str!("README.md")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::{SourceFile, Words};
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Kind, Node};

use crate::{image_policy, scalar};

const ID: ManagerId = ManagerId::fixed("grafana");
static ADDRESS: Words = Words::new("grafana.com/api/dashboards/");

/// Finds the dashboards that are taken from grafana.com.
#[derive(Clone, Copy, Debug)]
pub struct Grafana;

impl Manager for Grafana {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        Vec::new()
    }

    fn recognizes(&self, file: &SourceFile) -> bool {
        file.is_yaml_by_name() && (names_id(file) || file.holds(&ADDRESS))
    }

    fn prepare(&self, file: &SourceFile) {
        if names_id(file) {
            file.yaml();
        }
    }

    fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            let mut found = Vec::new();
            if names_id(file) {
                let documents = file.yaml().documents().iter();
                found.extend(documents.flat_map(|document| by_id(file, document.root())));
            }
            found.extend(by_address(file));
            found.sort_by_key(|dep| dep.span);
            extraction.deps.append(&mut found);
        }
        extraction
    }
}

/// What an id stands beside, or under.
static KEYS_OF_ID: [Words; 2] = [Words::new("gnetId"), Words::new("grafanaCom:")];

/// Returns whether a file may hold an id beside a revision.
fn names_id(file: &SourceFile) -> bool {
    KEYS_OF_ID.iter().any(|key| file.holds(key))
}

/// Returns the dashboards named by an id and a revision: `gnetId` in values of Grafana's chart, `grafanaCom` of a `GrafanaDashboard`.
fn by_id(file: &SourceFile, root: Node<'_>) -> Vec<Dep> {
    let object = root.at(&["metadata", "name"]).and_then(scalar::text);
    let mut read = BTreeSet::new();
    let mappings = root.walk().filter(|step| step.node.kind() == Kind::Mapping);
    let found = mappings.filter(|step| read.insert(step.node.span())).filter_map(|step| {
        let key = step.key.and_then(Node::as_str);
        let (id, name) = match key {
            Some("grafanaCom") => (step.node.get("id")?, object),
            _ => (step.node.get("gnetId")?, key),
        };
        dashboard(file, step.node, id, name)
    });
    found.collect()
}

fn dashboard(file: &SourceFile, node: Node<'_>, id: Node<'_>, name: Option<&str>) -> Option<Dep> {
    let number = scalar::text(id)?;
    let revision = node.get("revision").filter(|revision| scalar::text(*revision).is_some());
    let mut dep = Dep::new(ID, &file.path, revision.unwrap_or(id).span(), name.unwrap_or(number));
    number.clone_into(&mut dep.package_name);
    dep.found_in = format!("dashboard {number} of grafana.com");
    dep.datasource = Some(DatasourceId::GRAFANA_DASHBOARDS);
    dep.current_value = revision.and_then(Node::as_str).map(str::to_owned);
    let Some(revision) = revision else {
        return Some(
            dep.skipped(SkipReason::UnspecifiedVersion, "without a revision it is left to what reads it"),
        );
    };
    if [id, revision].iter().any(|node| scalar::has_variable(node.raw())) {
        return Some(dep.skipped(SkipReason::ContainsVariable, ""));
    }
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(dep.skipped(SkipReason::InvalidName, "the id of a dashboard is a number"));
    }
    if scalar::is_image_automated(file, revision) {
        return Some(dep.skipped(SkipReason::ImageAutomation, ""));
    }
    let Some(slot) = scalar::slot(revision, Part::Value) else {
        return Some(dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED));
    };
    dep.slots.push(slot);
    Some(dep)
}

/// Returns the dashboards named by the address of one revision.
fn by_address(file: &SourceFile) -> impl Iterator<Item = Dep> {
    static REVISION: LazyLock<Regex> = LazyLock::new(|| {
        constant(r"grafana\.com/api/dashboards/([0-9]{1,9})/revisions/([0-9]{1,9})/download")
    });
    REVISION.captures_iter(&file.text).filter_map(|found| {
        let (id, revision) = (found.get(1)?.as_str(), found.get(2)?);
        let span = ByteSpan::new(revision.start(), revision.end());
        let mut dep = Dep::new(ID, &file.path, span, id);
        dep.found_in = format!("dashboard {id} of grafana.com");
        dep.datasource = Some(DatasourceId::GRAFANA_DASHBOARDS);
        dep.current_value = Some(revision.as_str().to_owned());
        if image_policy::marks(&file.text, span) {
            return Some(dep.skipped(SkipReason::ImageAutomation, ""));
        }
        dep.slots.push(Slot::new(Part::Value, span, revision.as_str()));
        Some(dep)
    })
}

#[expect(clippy::expect_used, reason = "the pattern is a constant, and every test runs it")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a sound pattern")
}
