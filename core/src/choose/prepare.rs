//! What the configuration makes of a dependency before anything is looked up: other names, another registry, nothing.

use std::sync::Arc;

use crate::config::{Config, Facts};
use crate::dep::{Dep, SkipReason};
use crate::name::{DatasourceId, VersioningId};
use crate::release::Lookup;

/// A dependency as it was found, and as the configuration wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedDep {
    /// As the manager found it: what rules match, what files spell.
    pub found: Arc<Dep>,
    /// With the names, the registries and the versioning that rules give it, or skipped because a rule disables it.
    pub dep: Arc<Dep>,
}

impl PreparedDep {
    /// Returns the question to ask a registry; `None` when the dependency is skipped.
    pub fn lookup(&self) -> Option<Lookup> {
        if self.dep.skip.is_some() { None } else { self.dep.lookup() }
    }
}

/// Returns `found` with what the configuration says of it.
pub fn prepare(found: &Arc<Dep>, config: &Config) -> PreparedDep {
    let prepared = |dep: Dep| PreparedDep { found: Arc::clone(found), dep: Arc::new(dep) };
    let mut dep = Dep::clone(found);
    if dep.skip.is_some() {
        return PreparedDep { found: Arc::clone(found), dep: Arc::clone(found) };
    }
    let applied = config.apply(&Facts::of(found));
    if let Some(name) = &applied.dep_name {
        dep.dep_name.clone_from(name);
    }
    if let Some(name) = &applied.package_name {
        dep.package_name.clone_from(name);
    }
    if let Some(name) = &applied.datasource {
        dep.datasource = Some(DatasourceId::new(name.as_str()));
    }
    let options = &applied.options;
    let ignored = |name: &String| *name == found.dep_name || *name == dep.dep_name;
    if options.ignore_deps.iter().flatten().any(ignored) {
        return prepared(dep.skipped(SkipReason::Ignored, ""));
    }
    if !applied.is_enabled() {
        let rule = config.setter(&applied, "enabled").map(|rule| rule.description.clone());
        let reason = if rule.is_some() { SkipReason::PackageRules } else { SkipReason::Disabled };
        return prepared(dep.skipped(reason, rule.unwrap_or_default()));
    }
    if let Some(urls) = &options.registry_urls {
        dep.registry_urls.clone_from(urls);
    }
    if let Some(urls) = options.default_registry_urls.as_ref().filter(|_| dep.registry_urls.is_empty()) {
        dep.registry_urls.clone_from(urls);
    }
    if let Some(rule) = options.forbidding_host_rule(&dep) {
        let host = rule.match_host.as_deref().or(rule.host_type.as_deref()).unwrap_or("every host");
        let detail = format!("`hostRules` say that `{host}` is not asked");
        return prepared(dep.skipped(SkipReason::Disabled, detail));
    }
    if let Some(id) = &options.versioning {
        dep.versioning = Some(VersioningId::new(id.as_str()));
    }
    if let Some(pattern) = &options.extract_version {
        dep.extract_version = Some(pattern.clone());
    }
    if dep.current_value.is_none() && dep.current_digest.is_none() && options.pin_digests != Some(true) {
        return prepared(dep.skipped(SkipReason::UnspecifiedVersion, ""));
    }
    prepared(dep)
}
