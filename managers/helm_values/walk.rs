//! The images in a tree of chart values, wherever it stands: a `values.yaml`, or the `spec.values` of a `HelmRelease`.

use std::collections::{BTreeMap, BTreeSet};

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::image_ref::{self, ImageRefError, join_cut_digest, parse_tag};
use updraft_core::name::{DatasourceId, Digest, ManagerId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Kind, Node, Style};

use crate::image_policy;
use crate::scalar::LONGEST;

/// Who asks for the images of which file.
#[derive(Clone, Debug)]
pub(crate) struct Values<'a> {
    /// The manager the dependencies are of.
    pub(crate) manager: ManagerId,
    /// The file the values stand in.
    pub(crate) file: &'a SourceFile,
    /// `registryAliases`.
    pub(crate) aliases: &'a BTreeMap<String, String>,
    /// What the manager says about pinning digests, see [`Dep::pin_digests`].
    pub(crate) pin_digests: Option<bool>,
}

/// Returns the images below `root`, in the order of the file.
pub(crate) fn images(root: Node<'_>, values: &Values<'_>) -> Vec<Dep> {
    let mut found = Vec::new();
    // The keys that lead to the node at hand, one a level; items have none.
    let mut keys: Vec<Option<&str>> = Vec::new();
    let mut read = BTreeSet::new();
    for step in root.walk() {
        keys.truncate(step.depth);
        let key = step.key.and_then(Node::as_str);
        let named_image = key.is_some_and(|key| ends_with(key, "image"));
        let below_images =
            || keys.iter().rev().find_map(|key| *key).is_some_and(|key| ends_with(key, "images"));
        let dep = match step.node.kind() {
            // A mapping that stands in many places through its anchor is one image.
            Kind::Mapping if (named_image || below_images()) && read.insert(step.node.span().start) => {
                in_parts(step.node, values)
            }
            Kind::Scalar if named_image => key.and_then(|key| whole(key, step.node, values)),
            _ => None,
        };
        found.extend(dep);
        keys.push(key);
    }
    found.sort_by_key(|dep| dep.span);
    // `image: *anchor` is the same image again.
    found.dedup_by(|one, other| one.span == other.span && one.package_name == other.package_name);
    for dep in &mut found {
        dep.pin_digests = values.pin_digests;
    }
    found
}

fn ends_with(key: &str, ending: &str) -> bool {
    key.len()
        .checked_sub(ending.len())
        .and_then(|at| key.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// Returns the dependency of `anyImage: registry/repository:tag@digest`.
fn whole(key: &str, node: Node<'_>, values: &Values<'_>) -> Option<Dep> {
    let text = text_of(node)?;
    // Many keys end in `image` and hold something else: `backgroundImage: https://...`, `image: /files/logo.png`.
    let strict = key.eq_ignore_ascii_case("image") && !text.contains("://") && !text.starts_with(['/', '.']);
    match image_ref::parse(text) {
        Err(ImageRefError::Empty) => return None,
        Err(error) if error != ImageRefError::Variable && !strict => return None,
        _ => {}
    }
    let dep =
        image_ref::dep(values.manager.clone(), &values.file.path, node.raw(), node.span(), values.aliases);
    Some(unless_automated(dep, &[node], values))
}

/// The values of one image that keeps its parts apart.
struct Parts<'a> {
    registry: Option<Node<'a>>,
    repository: Node<'a>,
    tag: Option<Node<'a>>,
    digest: Option<Node<'a>>,
}

/// Returns the dependency of a mapping with `repository` and `tag` (or `version`), and perhaps `registry` and `digest`.
fn in_parts(map: Node<'_>, values: &Values<'_>) -> Option<Dep> {
    let filled =
        |key: &str| map.get(key).filter(|node| text_of(*node).is_some_and(|text| !text.trim().is_empty()));
    let parts = Parts {
        registry: filled("registry"),
        repository: filled("repository")?,
        tag: [filled("tag"), filled("version")].into_iter().flatten().next(),
        digest: ["digest", "sha"].into_iter().find_map(filled).filter(|node| full_digest(*node).is_some()),
    };
    if parts.tag.is_none() && parts.digest.is_none() {
        // The chart's default, its `appVersion`, is used: nothing here says a version.
        return None;
    }
    let used: Vec<_> = [Some(parts.repository), parts.tag, parts.digest].into_iter().flatten().collect();
    Some(unless_automated(parts.dep(values), &used, values))
}

impl Parts<'_> {
    fn dep(&self, values: &Values<'_>) -> Dep {
        let at = self.tag.or(self.digest).unwrap_or(self.repository).span();
        let mut name = self.repository.as_str().unwrap_or_default().trim().to_owned();
        if let Some(registry) = self.registry.and_then(Node::as_str) {
            name = format!("{}/{name}", registry.trim().trim_end_matches('/'));
        }
        let tag_text = self.tag.map_or("", Node::raw);
        if let Some((name, digest)) = join_cut_digest(&name, tag_text) {
            let mut dep = reference(&format!("{name}@{digest}"), at, values);
            dep.slots = vec![Slot::new(Part::DigestHex, at, tag_text)];
            return dep;
        }
        let tag = match self.tag.map(|_| parse_tag(tag_text)).transpose() {
            Ok(tag) => tag,
            Err(error) => {
                let mut dep = reference(&name, at, values);
                dep.current_value = Some(tag_text.to_owned());
                return match dep.skip {
                    Some(_) => dep,
                    None => dep.skipped(error.reason(), error.to_string()),
                };
            }
        };
        let sibling = self.digest.and_then(full_digest);
        let mut whole = name;
        if let Some(tag) = tag.and_then(|tag| tag.tag) {
            whole = format!("{whole}:{}", tag.text);
        }
        if let Some(digest) = tag.and_then(|tag| tag.digest).map(|digest| digest.text).or(sibling.as_deref())
        {
            whole = format!("{whole}@{digest}");
        }
        let mut dep = reference(&whole, at, values);
        if dep.skip.is_some() {
            return dep;
        }
        let mut slots = Vec::new();
        if self.registry.is_none() && self.repository.raw() == self.repository.as_str().unwrap_or_default() {
            slots.push(Slot::new(Part::Name, self.repository.span(), self.repository.raw()));
        }
        if let Some(tag) = tag {
            slots.extend(tag.tag.map(|tag| Slot::new(Part::Value, tag.span.shifted(at.start), tag.text)));
            slots.extend(
                tag.digest.map(|digest| Slot::new(Part::Digest, digest.span.shifted(at.start), digest.text)),
            );
        }
        if let Some(digest) = self.digest {
            let part = if digest.raw().contains(':') { Part::Digest } else { Part::DigestHex };
            slots.push(Slot::new(part, digest.span(), digest.raw()));
        } else if tag.is_some_and(|tag| tag.digest.is_none()) {
            slots.push(Slot::insertion(Part::Digest, at.end, "@"));
        }
        slots.sort_by_key(|slot| slot.span);
        dep.slots = slots;
        dep
    }
}

/// Returns the dependency of the reference `text`, whose parts come from several places; its slots are left to the caller.
fn reference(text: &str, at: ByteSpan, values: &Values<'_>) -> Dep {
    let inside = ByteSpan::new(at.start, at.start + text.len());
    let mut dep = image_ref::dep(values.manager.clone(), &values.file.path, text, inside, values.aliases);
    dep.span = at;
    dep.slots.clear();
    dep.datasource = Some(DatasourceId::DOCKER);
    dep.versioning.get_or_insert(VersioningId::fixed("docker"));
    dep
}

/// Returns the text of a scalar that is a string, or would be one if a chart used it as one: not of nulls and booleans.
///
/// What is spelled with escapes is no text to cut into parts.
fn text_of(node: Node<'_>) -> Option<&str> {
    let text = node.as_str().filter(|text| text.len() <= LONGEST && *text == node.raw())?;
    let boolean = matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE");
    let other = node.style() == Some(Style::Plain) && (node.is_plain_null() || boolean);
    (!other && !matches!(node.style(), Some(Style::Literal | Style::Folded))).then_some(text)
}

/// Returns the digest a `digest:` or `sha:` beside the tag says, with its algorithm.
fn full_digest(node: Node<'_>) -> Option<String> {
    let text = text_of(node)?;
    let full = if text.contains(':') { text.to_owned() } else { format!("sha256:{text}") };
    full.parse::<Digest>().is_ok().then_some(full)
}

fn unless_automated(dep: Dep, nodes: &[Node<'_>], values: &Values<'_>) -> Dep {
    let automated = nodes.iter().any(|node| image_policy::marks(&values.file.text, node.span()));
    if automated { dep.skipped(SkipReason::ImageAutomation, "") } else { dep }
}
