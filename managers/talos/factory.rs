//! Addresses of the [image factory](https://factory.talos.dev): `factory.talos.dev/metal-installer/<schematic>:v1.13.0`.

use std::sync::LazyLock;

use regex::Regex;
use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::Node;

use super::ID;
use crate::image_policy;

/// The factory's host.
pub(super) const HOST: &str = "factory.talos.dev/";

/// Returns the versions in the addresses of the factory that stand in the document with the top `root`.
///
/// The factory builds what it is asked for and has no list of versions, so they are those of Talos.
pub(super) fn versions(file: &SourceFile, root: Node<'_>) -> Vec<Dep> {
    let start = root.span().start;
    let Some(text) = root.span().of(&file.text).filter(|text| text.contains(HOST)) else { return Vec::new() };
    let found = address().captures_iter(text).filter_map(|found| {
        let version = found.get(1)?;
        let span = ByteSpan::new(version.start(), version.end()).shifted(start);
        let mut dep = Dep::new(ID, &file.path, span, "siderolabs/talos");
        "image factory".clone_into(&mut dep.found_in);
        dep.datasource = Some(DatasourceId::GITHUB_RELEASES);
        dep.current_value = Some(version.as_str().to_owned());
        if found.get(2).is_some() {
            let detail =
                "a digest is that of one schematic, which only the factory could tell; leave the digest out";
            return Some(dep.skipped(SkipReason::UnsupportedDatasource, detail));
        }
        if image_policy::marks(&file.text, span) {
            return Some(dep.skipped(SkipReason::ImageAutomation, ""));
        }
        dep.slots.push(Slot::new(Part::Value, span, version.as_str()));
        Some(dep)
    });
    found.collect()
}

fn address() -> &'static Regex {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        let version = r"(v[0-9]+\.[0-9]+\.[0-9]+(?:-(?:alpha|beta|rc)\.[0-9]+)?)";
        constant(&format!(
            r"factory\.talos\.dev/(?:[a-z0-9-]{{1,40}}/){{1,3}}[0-9a-f]{{64}}[:/]{version}(@sha256:)?"
        ))
    });
    &ADDRESS
}

#[expect(clippy::expect_used, reason = "the pattern is a constant, and every test runs it")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a sound pattern")
}
