#![doc = include_str!("README.md")]

mod registry;
mod source;
mod tool;

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::toml::{self, Member, Node, NodeValue};

use crate::scalar;
use tool::Tool;

const ID: ManagerId = ManagerId::fixed("mise");

/// Finds the tools that mise installs.
#[derive(Clone, Copy, Debug)]
pub struct Mise;

impl Manager for Mise {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec![
            "/(^|/)\\.?mise(?:\\.[^/]+)?\\.toml$/",
            "/(^|/)\\.?mise/config(?:\\.[^/]+)?\\.toml$/",
            "/(^|/)\\.?mise/conf\\.d/[^/]+\\.toml$/",
            "/(^|/)\\.config/mise/.+\\.toml$/",
            "/(^|/)\\.rtx(?:\\.[^/]+)?\\.toml$/",
        ]
    }

    fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            match toml::parse(&file.text) {
                Ok(root) => extraction.deps.extend(tools(&root).map(|tool| dep(file, tool))),
                Err(error) => extraction.problems.push(
                    Problem::warning(format!("the file is no TOML: {}", error.message))
                        .at(&file.path, error.span)
                        .hint("no tool in this file is updated"),
                ),
            }
        }
        extraction.deps.sort_by(|a, b| (&a.file, a.span).cmp(&(&b.file, b.span)));
        extraction
    }
}

/// Returns the tools of a configuration and of its tasks.
fn tools(root: &Node) -> impl Iterator<Item = &Member> {
    let tasks = root.get("tasks").map(Node::members).unwrap_or_default().iter().map(|task| &task.node);
    std::iter::once(root).chain(tasks).filter_map(|node| node.get("tools")).flat_map(Node::members)
}

fn dep(file: &SourceFile, member: &Member) -> Dep {
    let tool = Tool::parse(&member.name);
    let mut dep = Dep::new(ID, &file.path, member.name_span, tool.full);
    tool.name.clone_into(&mut dep.package_name);
    let Some(node) = version_of(&member.node) else {
        return dep.skipped(SkipReason::UnspecifiedVersion, "");
    };
    dep.span = node.span;
    let NodeValue::Text { value: text, spelled } = &node.value else {
        return dep.skipped(SkipReason::InvalidValue, "mise wants versions in quotes");
    };
    dep.current_value = Some(text.clone());
    if scalar::has_variable(text) {
        return dep.skipped(SkipReason::ContainsVariable, "");
    }
    let version = match requested(text) {
        Ok(version) => version,
        Err((reason, detail)) => return dep.skipped(reason, detail),
    };
    let source = match source::of(&tool, tool.name, version) {
        Ok(source) => source,
        Err((reason, detail)) => return dep.skipped(reason, detail),
    };
    dep.datasource = Some(source.datasource);
    dep.package_name = source.package_name;
    dep.versioning = source.versioning;
    dep.extract_version = source.extract_version;
    dep.current_value = Some(version.to_owned());
    let Some(spelled) = spelled else {
        return dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
    };
    // The version is the end of the text.
    dep.span = ByteSpan::new(spelled.end.saturating_sub(version.len()), spelled.end);
    dep.slots.push(Slot::new(Part::Value, dep.span, version));
    dep.pin_digests = Some(false);
    dep
}

/// Returns where the version of a tool stands: by itself, first in a list, or under `version`.
fn version_of(node: &Node) -> Option<&Node> {
    let node = match &node.value {
        NodeValue::List(items) => items.first()?,
        _ => node,
    };
    match &node.value {
        NodeValue::Table(_) => node.get("version"),
        NodeValue::List(_) => None,
        NodeValue::Text { value, .. } if value.trim().is_empty() => None,
        NodeValue::Text { .. } | NodeValue::Other(_) => Some(node),
    }
}

/// Returns the version in what is asked of mise: the end of `text`.
///
/// See <https://mise.jdx.dev/dev-tools/#tool-version-specifiers>.
fn requested(text: &str) -> Result<&str, source::Unknown> {
    let moving = matches!(text, "latest" | "stable" | "beta" | "nightly") || text.starts_with("lts");
    if moving {
        return Err((SkipReason::UnspecifiedVersion, format!("mise follows `{text}` by itself")));
    }
    if text == "system" {
        return Err((SkipReason::UnspecifiedVersion, "the tool of the system is used".to_owned()));
    }
    if text.starts_with("sub-") {
        return Err((SkipReason::UnversionedReference, "it is counted from another version".to_owned()));
    }
    match text.split_once(':') {
        Some(("path", _)) => Err((SkipReason::LocalDependency, String::new())),
        Some(("ref" | "branch" | "rev", _)) => {
            Err((SkipReason::UnversionedReference, "it follows a branch or stays on a commit".to_owned()))
        }
        Some(("prefix" | "tag", version)) => Ok(version),
        _ => Ok(text),
    }
}
