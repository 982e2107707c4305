//! From YAML scalars to slots.

use std::ops::Range;

use updraft_core::dep::{Part, Slot};
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Kind, Node};

use crate::image_policy;

/// Returns the value of a scalar that is spelled as it means, so that its bytes can be edited one by one.
pub(crate) fn spelled(node: Node<'_>) -> Option<&str> {
    node.as_str().filter(|text| *text == node.raw())
}

/// The longest value that can be a name, an address or a version, in bytes.
///
/// What is longer is none of them, and a dependency keeps copies of its texts: one that a hundred thousand aliases stand for would fill
/// the memory.
pub(crate) const LONGEST: usize = 2048;
/// The longest name that is shown of what a dependency was found in, in bytes: that of an object in a cluster.
const LONGEST_LABEL: usize = 253;

/// Returns the value of a scalar that holds something; `None` of nulls, empty texts, collections, and texts beyond [`LONGEST`].
pub(crate) fn text(node: Node<'_>) -> Option<&str> {
    let is_text = |text: &&str| text.len() <= LONGEST && !text.trim().is_empty() && !node.is_plain_null();
    node.as_str().filter(is_text)
}

/// Returns what is shown of a name: its beginning, if it is longer than names are.
pub(crate) fn label(name: &str) -> &str {
    let end = (0..=LONGEST_LABEL.min(name.len())).rev().find(|at| name.is_char_boundary(*at));
    end.and_then(|end| name.get(..end)).unwrap_or_default()
}

/// Returns the value of a scalar, and what is written of anything else: a template without quotes is a mapping to YAML.
pub(crate) fn written(node: Node<'_>) -> &str {
    node.as_str().unwrap_or_else(|| node.raw())
}

/// Returns whether there is a text, or a template without quotes.
pub(crate) fn is_given(node: Node<'_>) -> bool {
    let is_template =
        || node.kind() == Kind::Mapping && node.raw().len() <= LONGEST && has_variable(node.raw());
    text(node).is_some() || is_template()
}

/// Why a value is left alone that is not [`spelled`] as it means.
pub(crate) const NOT_SPELLED: &str = "it is written with escapes or over several lines";

/// Returns the slot of a whole scalar, or `None` when it is written with escapes or over several lines.
pub(crate) fn slot(node: Node<'_>, part: Part) -> Option<Slot> {
    Some(Slot::new(part, node.span(), spelled(node)?))
}

/// Returns the slot of a part of a scalar, counted in its value.
pub(crate) fn part_slot(node: Node<'_>, range: Range<usize>, part: Part) -> Option<Slot> {
    let text = spelled(node)?.get(range.clone())?;
    Some(Slot::new(part, ByteSpan::new(range.start, range.end).shifted(node.span().start), text))
}

/// Returns whether a value is filled in later: by Flux's `postBuild`, a template engine, or a `ResourceSet`.
pub(crate) fn has_variable(text: &str) -> bool {
    ["${", "{{", "{%", "#{", "<<", "$("].iter().any(|mark| text.contains(mark))
}

/// Returns whether Flux's image automation writes the line a node is used on.
pub(crate) fn is_image_automated(file: &SourceFile, node: Node<'_>) -> bool {
    image_policy::marks(&file.text, node.used_at())
}

/// Returns the path that `relative` names, seen from `folder`; `""` is the top of the repository, `None` is outside of it.
pub(crate) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Returns whether a file is what kustomize reads in a folder.
pub(crate) fn is_kustomization_name(path: &RepoPath) -> bool {
    matches!(path.file_name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}
