//! The `images` list of kustomizations, which Flux's `Kustomization` has as well.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::image_ref::{self, Parts, TagRef};
use updraft_core::name::{Digest, ManagerId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use crate::scalar;

/// Returns the images of `list`; an entry that names no tag, digest or new name sets nothing and is none.
pub(crate) fn deps(
    manager: &ManagerId,
    file: &SourceFile,
    list: Node<'_>,
    found_in: &str,
    aliases: &BTreeMap<String, String>,
) -> Vec<Dep> {
    let dep = |entry| {
        let mut dep = Entry::read(entry)?.dep(manager, file, aliases);
        found_in.clone_into(&mut dep.found_in);
        Some(dep)
    };
    list.items().filter_map(dep).collect()
}

/// One entry of the list.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    /// The image that is pulled: `newName`, or else `name`.
    name: Node<'a>,
    renamed: bool,
    tag: Option<Node<'a>>,
    digest: Option<Node<'a>>,
}

impl<'a> Entry<'a> {
    fn read(entry: Node<'a>) -> Option<Self> {
        let part = |key| entry.get(key).filter(|node| scalar::text(*node).is_some());
        let (new_name, tag, digest) = (part("newName"), part("newTag"), part("digest"));
        let name = new_name.or(part("name"))?;
        (new_name.is_some() || tag.is_some() || digest.is_some()).then_some(Self {
            name,
            renamed: new_name.is_some(),
            tag,
            digest,
        })
    }

    fn dep(self, manager: &ManagerId, file: &SourceFile, aliases: &BTreeMap<String, String>) -> Dep {
        let name = self.name.as_str().unwrap_or_default();
        let Some(value) = self.tag.or(self.digest) else {
            return whole_reference(manager, file, self.name, aliases);
        };
        let tag = self.tag.and_then(Node::as_str);
        let digest = self.digest.and_then(Node::as_str);
        let split = tag.map(image_ref::parse_tag).transpose();
        let parts = match split {
            Ok(Some(TagRef { tag, digest: inner })) => Parts {
                name,
                tag: tag.map(|tag| tag.text),
                digest: digest.or(inner.map(|digest| digest.text)),
            },
            _ => Parts { name, tag, digest },
        };
        let mut dep = parts.dep(manager.clone(), &file.path, value.span(), aliases);
        if let Some((reason, detail)) = self.refusal(file, name) {
            return dep.skipped(reason, detail);
        }
        let split = match split {
            Ok(split) => split,
            Err(error) => return dep.skipped(error.reason(), error.to_string()),
        };
        if self.renamed {
            dep.slots.extend(scalar::slot(self.name, Part::Name));
        }
        let values = match (split, self.digest) {
            (Some(split), _) => tag_slots(split, value),
            (None, digest) => {
                digest.and_then(|digest| scalar::slot(digest, Part::Digest)).map(|slot| vec![slot])
            }
        };
        let Some(values) = values else {
            return dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
        };
        dep.slots.extend(values);
        dep.slots.sort_by_key(|slot| slot.span);
        dep
    }

    /// Returns why an entry is left alone.
    fn refusal(self, file: &SourceFile, name: &str) -> Option<(SkipReason, String)> {
        let values = [self.tag, self.digest];
        let mut values = values.into_iter().flatten();
        if scalar::has_variable(name) || values.clone().any(|node| scalar::has_variable(node.raw())) {
            return Some((SkipReason::ContainsVariable, String::new()));
        }
        if values.any(|node| scalar::is_image_automated(file, node)) {
            return Some((SkipReason::ImageAutomation, String::new()));
        }
        if self.tag.is_some() && self.digest.is_some() {
            let detail = "`newTag` and `digest` exclude each other; write `newTag: <tag>@<digest>`";
            return Some((SkipReason::InvalidDependencySpecification, detail.to_owned()));
        }
        if self.tag.and_then(Node::as_str).is_some_and(|tag| tag.starts_with("sha256:")) {
            return Some((
                SkipReason::InvalidValue,
                "`newTag` holds a digest, which belongs in `digest`".to_owned(),
            ));
        }
        let digest = self.digest.and_then(Node::as_str);
        if digest.is_some_and(|digest| !digest.starts_with("sha256:") || digest.parse::<Digest>().is_err()) {
            return Some((
                SkipReason::InvalidValue,
                "`digest` is not `sha256:` and 64 hex digits".to_owned(),
            ));
        }
        None
    }
}

/// Returns the slots of a `newTag`: the tag, and its digest or the place for one.
fn tag_slots(split: TagRef<'_>, node: Node<'_>) -> Option<Vec<Slot>> {
    scalar::spelled(node)?;
    let start = node.span().start;
    let filled = |part, piece: image_ref::Piece<'_>| Slot::new(part, piece.span.shifted(start), piece.text);
    let mut slots: Vec<_> = split.tag.map(|tag| filled(Part::Value, tag)).into_iter().collect();
    slots.push(match split.digest {
        Some(digest) => filled(Part::Digest, digest),
        None => Slot::insertion(Part::Digest, start + split.tag?.span.end, "@"),
    });
    Some(slots)
}

/// Returns the image of a `newName` that stands alone, and so may hold a tag and digest itself.
fn whole_reference(
    manager: &ManagerId,
    file: &SourceFile,
    name: Node<'_>,
    aliases: &BTreeMap<String, String>,
) -> Dep {
    let text = name.as_str().unwrap_or_default();
    let dep = image_ref::dep(manager.clone(), &file.path, text, name.span(), aliases);
    if dep.skip.is_none() && scalar::is_image_automated(file, name) {
        return Dep { slots: Vec::new(), ..dep }.skipped(SkipReason::ImageAutomation, "");
    }
    if dep.skip.is_none() && dep.current_value.is_none() && dep.current_digest.is_none() {
        let detail = "the image is renamed, and its tag stays what it is";
        return Dep { slots: Vec::new(), ..dep }.skipped(SkipReason::UnspecifiedVersion, detail);
    }
    dep
}
