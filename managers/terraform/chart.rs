//! `helm_release`: a chart that Terraform installs.

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::name::{DatasourceId, VersioningId};

use super::hcl::{Body, Text};
use super::{Reader, slot, with_version};
use crate::chart::{in_registry, is_range};

impl Reader<'_> {
    /// Returns the chart of the release `name`; `None` where the chart is no text.
    pub(super) fn chart(self, name: &str, release: &Body<'_>) -> Option<Dep> {
        let chart: Text<'_> = release.text("chart")?;
        let mut dep = self.dep(chart.span, chart.text, "helm_release");
        dep.found_in = format!("helm_release {name}");
        dep.datasource = Some(DatasourceId::HELM);
        let repository = release.text("repository");
        if release.value("repository").is_some() && repository.is_none()
            || [Some(chart), repository].iter().flatten().any(Text::is_template)
        {
            return Some(dep.skipped(SkipReason::ContainsVariable, ""));
        }
        if chart.text.starts_with(['.', '/']) {
            return Some(dep.skipped(SkipReason::LocalChart, ""));
        }
        let mut named = true;
        match repository.map(|text| text.text.trim_end_matches('/')) {
            _ if chart.text.starts_with("oci://") => {
                named = false;
                dep = self.in_registry(dep, chart.text.trim_start_matches("oci://"));
            }
            Some(url) if url.starts_with("oci://") => {
                named = false;
                let address = format!("{}/{}", url.trim_start_matches("oci://"), chart.text);
                dep = self.in_registry(dep, &address);
            }
            Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
                dep.registry_urls = vec![url.to_owned()];
            }
            Some(url) => return Some(dep.skipped(SkipReason::UnsupportedUrl, format!("`{url}`"))),
            None if chart.text.contains("://") => {
                return Some(dep.skipped(SkipReason::UnsupportedUrl, "an archive has no list of versions"));
            }
            None => match chart.text.split_once('/') {
                Some((alias, chart)) if self.aliases.contains_key(alias) => {
                    named = false;
                    chart.clone_into(&mut dep.dep_name);
                    chart.clone_into(&mut dep.package_name);
                    dep.registry_urls = self.aliases.get(alias).cloned().into_iter().collect();
                }
                Some(_) => {
                    let detail = "the repository is a name that each user of Helm gives it";
                    return Some(dep.skipped(SkipReason::PlaceholderUrl, detail));
                }
                None => return Some(dep.skipped(SkipReason::NoRepository, "")),
            },
        }
        if dep.skip.is_some() {
            return Some(dep);
        }
        let range = release.text("version").is_some_and(|version| is_range(version.text));
        let is_image = dep.datasource == Some(DatasourceId::DOCKER);
        let mut dep = with_version(dep, release.text("version"));
        // Helm resolves it, by the rules of charts.
        dep.versioning = (is_image && range).then_some(VersioningId::HELM);
        if release.value("version").is_some() && release.text("version").is_none() {
            return Some(dep.skipped(SkipReason::ContainsVariable, ""));
        }
        if named && dep.skip.is_none() {
            dep.slots.push(slot(chart, Part::Name));
            dep.slots.sort_by_key(|slot| slot.span);
        }
        Some(dep)
    }

    fn in_registry(self, mut dep: Dep, address: &str) -> Dep {
        let address = address.trim_end_matches('/');
        address.rsplit('/').next().unwrap_or(address).clone_into(&mut dep.dep_name);
        in_registry(dep, address, self.aliases)
    }
}
