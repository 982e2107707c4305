//! The images that a source overrides: `kustomize.images`.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::image_ref;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::Node;

use super::ID;
use crate::{image, scalar};

/// Returns the image of `[name=]image:tag`.
pub(super) fn dep(file: &SourceFile, entry: Node<'_>, aliases: &BTreeMap<String, String>) -> Option<Dep> {
    let renamed = scalar::spelled(entry).and_then(|text| text.split_once('='));
    let dep = match renamed.filter(|_| !scalar::has_variable(entry.raw())) {
        None => image::dep(&ID, file, entry, aliases)?,
        Some((name, text)) => {
            let span = ByteSpan::new(entry.span().start + name.len() + 1, entry.span().end);
            let dep = image_ref::dep(ID, &file.path, text, span, aliases);
            let automated = dep.skip.is_none() && scalar::is_image_automated(file, entry);
            if automated { dep.skipped(SkipReason::ImageAutomation, "") } else { dep }
        }
    };
    if dep.skip.is_none() && dep.current_value.is_none() && dep.current_digest.is_none() {
        let detail = "the image is renamed, and its tag stays what it is";
        return Some(Dep { slots: Vec::new(), ..dep }.skipped(SkipReason::UnspecifiedVersion, detail));
    }
    Some(dep)
}
