//! Charts: what Helm and everything around it have in common.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::image_ref::{self, Parts};
use updraft_core::name::{DatasourceId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use crate::scalar;

/// Returns whether a chart version is a range and not one exact version: they may stand wherever a version can.
///
/// An exact version has all three numbers; fewer stand for a wildcard
/// (<https://github.com/Masterminds/semver#checking-version-constraints>).
pub(crate) fn is_range(version: &str) -> bool {
    let core = version.trim().trim_start_matches(['v', 'V', '=']);
    let core = core.split(['-', '+']).next().unwrap_or(core);
    let parts: Vec<_> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    version.contains([' ', ',', '|']) || parts.len() != 3 || !parts.iter().all(number)
}

/// Sets what to ask a container registry about a chart, `address` being host, path and name, or why nobody can be asked.
pub(crate) fn in_registry(mut dep: Dep, address: &str, aliases: &BTreeMap<String, String>) -> Dep {
    let parts = Parts { name: address, tag: None, digest: None };
    dep.package_name = parts.dep(dep.manager.clone(), &dep.file, dep.span, aliases).package_name;
    dep.datasource = Some(DatasourceId::DOCKER);
    dep.pin_digests = Some(false);
    // Whoever installs it resolves ranges by the rules of charts, wherever the chart lies.
    if dep.current_value.as_deref().is_some_and(is_range) {
        dep.versioning = Some(VersioningId::HELM);
    }
    match image_ref::parse(&dep.package_name) {
        Err(error) => dep.skipped(error.reason(), error.to_string()),
        Ok(_) => dep,
    }
}

/// Adds the slots of a chart's version and of its name, or why the chart is left alone.
pub(crate) fn with_slots(mut dep: Dep, file: &SourceFile, version: Node<'_>, name: Option<Node<'_>>) -> Dep {
    if scalar::is_image_automated(file, version) {
        return dep.skipped(SkipReason::ImageAutomation, "");
    }
    let Some(slot) = scalar::slot(version, Part::Value) else {
        return dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
    };
    dep.slots.push(slot);
    // In a registry the package is the repository's address too, which this text does not spell.
    let spells_package = dep.datasource == Some(DatasourceId::HELM);
    let name = name.filter(|name| spells_package && !name.alias());
    dep.slots.extend(name.and_then(|name| scalar::slot(name, Part::Name)));
    dep.slots.sort_by_key(|slot| slot.span);
    dep
}

#[cfg(test)]
mod tests {
    use super::is_range;

    #[test]
    fn an_exact_version_has_three_numbers() {
        for exact in ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+build.4", "1.2.3-a-b+c"] {
            assert!(!is_range(exact), "{exact}");
        }
        for range in [
            "1.2.x",
            "1.2",
            "1",
            "*",
            "^1.2.3",
            "~1.2.3",
            ">=1.2.3 <2.0.0",
            "1.2.3 - 1.4.5",
            ">1.2.3",
            "1.2.3 || 2.0.0",
            "",
        ] {
            assert!(is_range(range), "{range}");
        }
    }
}
