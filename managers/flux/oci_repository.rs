//! `OCIRepository`: an artifact or chart in a container registry, by tag, digest, or both.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::image_ref::{self, Parts};
use updraft_core::name::Digest;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::Node;

use super::ID;
use super::resource::Resource;
use crate::scalar;

const SCHEME: &str = "oci://";

/// Returns what an `OCIRepository` follows.
pub(super) fn dep(repository: &Resource<'_>, aliases: &BTreeMap<String, String>) -> Option<Dep> {
    let url_node = repository.spec(&["url"])?;
    let url = scalar::text(url_node)?;
    let name = url.strip_prefix(SCHEME)?.trim_end_matches('/');
    let reference = repository.spec(&["ref"]);
    let part =
        |key| reference.and_then(|reference| reference.get(key)).filter(|node| scalar::text(*node).is_some());
    let (tag, digest) = (part("tag"), part("digest"));
    let text = |node: Option<Node<'_>>| node.and_then(Node::as_str).map(str::to_owned);
    let (tag_text, digest_text) = (text(tag), text(digest));
    let parts = Parts { name, tag: tag_text.as_deref(), digest: digest_text.as_deref() };
    let span = tag.or(digest).unwrap_or(url_node).span();
    let mut dep = parts.dep(ID, &repository.file.path, span, aliases);
    // What Flux pulls is a chart or manifests, whatever the distribution's name.
    dep.versioning = None;
    dep.found_in = repository.title();
    if scalar::has_variable(url)
        || [tag, digest].iter().flatten().any(|node| scalar::has_variable(node.raw()))
    {
        return Some(dep.skipped(SkipReason::ContainsVariable, ""));
    }
    if let Err(error) = image_ref::parse(&dep.package_name) {
        return Some(dep.skipped(error.reason(), error.to_string()));
    }
    let (Some(reference), Some(_)) = (reference, tag.or(digest)) else {
        let detail = match (part("semver"), part("semverFilter")) {
            (Some(range), _) | (None, Some(range)) => format!("Flux follows the range `{}`", range.raw()),
            (None, None) => "Flux follows `latest`".to_owned(),
        };
        return Some(dep.skipped(SkipReason::UnversionedReference, detail));
    };
    if [tag, digest].iter().flatten().any(|node| scalar::is_image_automated(repository.file, *node)) {
        return Some(dep.skipped(SkipReason::ImageAutomation, ""));
    }
    if digest_text.is_some_and(|digest| !digest.contains(':') || digest.parse::<Digest>().is_err()) {
        return Some(dep.skipped(SkipReason::InvalidValue, "the digest is not `sha256:` and 64 hex digits"));
    }
    let digest_slot = match digest {
        Some(digest) => scalar::slot(digest, Part::Digest),
        None => Some(insertion(repository.file, reference, tag?)),
    };
    let tag_slot = tag.map(|tag| scalar::slot(tag, Part::Value));
    let (Some(digest_slot), Some(tag_slot)) =
        (digest_slot, tag_slot.map_or(Some(None), |slot| slot.map(Some)))
    else {
        return Some(dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED));
    };
    dep.slots.extend(scalar::part_slot(url_node, SCHEME.len()..SCHEME.len() + name.len(), Part::Name));
    dep.slots.extend(tag_slot);
    dep.slots.push(digest_slot);
    dep.slots.sort_by_key(|slot| slot.span);
    Some(dep)
}

/// Returns the place for a `digest:` beside a `tag:` that has none: the next line, or after a comma in braces.
fn insertion(file: &SourceFile, reference: Node<'_>, tag: Node<'_>) -> Slot {
    let used = tag.used_at();
    let text = &*file.text;
    if reference.raw().starts_with('{') {
        // The closing quote of the tag, if it has one, comes first.
        let quoted = !tag.alias() && text.get(used.end..).is_some_and(|rest| rest.starts_with(['"', '\'']));
        return Slot::insertion(Part::Digest, used.end + usize::from(quoted), ", digest: ");
    }
    let line = |offset| file.lines().line_span(text, file.line(offset)).unwrap_or(ByteSpan::empty(offset));
    let key = reference.key_of("tag").map_or(used.start, |key| key.span().start);
    let key = text.get(..key).map_or(key, |before| before.trim_end_matches(['"', '\'']).len());
    let before = text.get(line(key).start..key).unwrap_or("");
    let indent: String = before.chars().map(|char| if char == '\t' { '\t' } else { ' ' }).collect();
    let end = line(used.end).end;
    let newline = if text.get(end..).is_some_and(|rest| rest.starts_with("\r\n")) { "\r\n" } else { "\n" };
    Slot::insertion(Part::Digest, end, format!("{newline}{indent}digest: "))
}
