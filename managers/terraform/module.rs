//! Modules, by the form of their source (<https://developer.hashicorp.com/terraform/language/modules/sources>).

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::image_ref::{self, Parts};
use updraft_core::name::{DatasourceId, Digest};

use super::hcl::{Body, Text};
use super::{ID, Program, Reader, with_version};
use crate::git_url::GitUrl;

impl Reader<'_> {
    /// Returns the module `name`; `None` without a source.
    pub(super) fn module(self, name: &str, module: &Body<'_>) -> Option<Dep> {
        let source = module.text("source")?;
        let text = source.text;
        let mut dep = self.dep(source.span, name, "module");
        dep.found_in = format!("module {name}");
        if text.starts_with("./") || text.starts_with("../") {
            return Some(dep.skipped(SkipReason::LocalDependency, ""));
        }
        if source.is_template() {
            return Some(dep.skipped(SkipReason::ContainsVariable, format!("the source is `{text}`")));
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        if let Some(address) = address.strip_prefix("oci://") {
            return Some(self.in_container_registry(dep, without_folder(address), source, query));
        }
        Some(if let Some((url, github)) = repository(address) {
            in_repository(dep, &url, github, source, query)
        } else if address.contains("::") || address.contains("://") {
            dep.skipped(SkipReason::UnsupportedUrl, "such an address has no list of versions")
        } else {
            let parts: Vec<_> = without_folder(address).split('/').collect();
            let host = match parts.as_slice() {
                [_, _, _] => Program::of(self.file).registry().map(str::to_owned),
                [host, _, _, _] if host.contains(['.', ':']) => Some(format!("https://{host}")),
                _ => {
                    let detail = format!("`{text}` is no form of source that is known");
                    return Some(dep.skipped(SkipReason::UnsupportedUrl, detail));
                }
            };
            dep.dep_name = parts.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join("/");
            dep.package_name.clone_from(&dep.dep_name);
            dep.datasource = Some(DatasourceId::TERRAFORM_MODULE);
            dep.registry_urls = host.into_iter().collect();
            with_version(dep, module.text("version"))
        })
    }

    fn in_container_registry(self, dep: Dep, address: &str, source: Text<'_>, query: &str) -> Dep {
        let slot = parameter(source, query, "tag");
        let parts = Parts { name: address, tag: slot.as_ref().map(|slot| slot.text.as_str()), digest: None };
        let mut found =
            parts.dep(ID, &dep.file, slot.as_ref().map_or(dep.span, |slot| slot.span), self.aliases);
        found.versioning = None;
        found.pin_digests = Some(false);
        found.dep_type = dep.dep_type;
        found.found_in = dep.found_in;
        if let Err(error) = image_ref::parse(&found.package_name) {
            return found.skipped(error.reason(), error.to_string());
        }
        match slot {
            Some(slot) => found.slots.push(slot),
            None => return found.skipped(SkipReason::UnversionedReference, "it names no tag"),
        }
        found
    }
}

/// Returns a module in a git repository, which is `owner/name` on GitHub if it is there.
fn in_repository(mut dep: Dep, url: &str, github: Option<String>, source: Text<'_>, query: &str) -> Dep {
    if let Some(name) = github {
        dep.dep_name = format!("github.com/{name}");
        dep.package_name = name;
        dep.datasource = Some(DatasourceId::GITHUB_TAGS);
    } else {
        let short = GitUrl::parse(url).map(|url| format!("{}/{}", url.host, url.path));
        dep.dep_name = short.unwrap_or_else(|| url.to_owned());
        url.clone_into(&mut dep.package_name);
        dep.datasource = Some(DatasourceId::GIT_TAGS);
    }
    let Some(slot) = parameter(source, query, "ref") else {
        return dep.skipped(SkipReason::UnversionedReference, "it follows the default branch");
    };
    dep.current_value = Some(slot.text.clone());
    if slot.text.parse::<Digest>().is_ok() {
        return dep.skipped(SkipReason::UnversionedReference, "a commit, and nothing says of which version");
    }
    dep.span = slot.span;
    dep.slots.push(slot);
    dep
}

/// Returns the value of a parameter of an address, and where it stands.
fn parameter(source: Text<'_>, query: &str, name: &str) -> Option<Slot> {
    let mut at = source.span.end - query.len();
    for parameter in query.split('&') {
        if let Some(value) = parameter.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            let start = at + name.len() + 1;
            let span = updraft_core::span::ByteSpan::new(start, start + value.len());
            return (!value.is_empty()).then(|| Slot::new(Part::Value, span, value));
        }
        at += parameter.len() + 1;
    }
    None
}

/// Returns the address of a git repository, and its name if it is one of GitHub's; `None` of other sources.
fn repository(address: &str) -> Option<(String, Option<String>)> {
    let url = if let Some(url) = address.strip_prefix("git::") {
        url.to_owned()
    } else if address.starts_with("github.com/") || address.starts_with("bitbucket.org/") {
        format!("https://{address}")
    } else if address.starts_with("git@") {
        address.to_owned()
    } else {
        return None;
    };
    let url = without_folder(&url);
    // The names of folders can follow those of owner and repository without two slashes.
    let parsed = GitUrl::parse(url)?;
    let github = (parsed.host == "github.com").then(|| {
        parsed
            .path
            .splitn(3, '/')
            .take(2)
            .map(|part| part.trim_end_matches(".git"))
            .collect::<Vec<_>>()
            .join("/")
    });
    // Who runs this may have a key for `git@…`; everybody can read what is public.
    let url = match url.split_once("://") {
        Some(("ssh", _)) | None => format!("https://{}/{}", parsed.host, parsed.path),
        Some(_) => url.to_owned(),
    };
    Some((url, github.filter(|name| name.contains('/'))))
}

/// Returns an address without the folder inside of what it names: `//modules/vpc`.
fn without_folder(address: &str) -> &str {
    let start = address.find("://").map_or(0, |at| at + "://".len());
    match address.get(start..).and_then(|rest| rest.find("//")) {
        Some(at) => address.get(..start + at).unwrap_or(address),
        None => address,
    }
}
