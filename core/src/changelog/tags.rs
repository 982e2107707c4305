//! Which tag of the source repository a version of a package was made from.

use regex::Regex;

use crate::config::pattern;
use crate::versioning::Versioning;

/// What stands between a package's name and its version in a tag.
const SEPARATORS: [char; 4] = ['@', '_', '-', '/'];

/// What is known of a package that helps to find its tags.
#[derive(Clone, Debug)]
pub struct TagNames<'a> {
    names: Vec<&'a str>,
    extract: Option<Regex>,
    versioning: &'a dyn Versioning,
}

impl<'a> TagNames<'a> {
    /// Returns how tags may name a package: by all of its names, and by the last part of each. A pattern `extract_version`
    /// takes the version out of a tag.
    pub fn new(
        dep_name: &'a str,
        package_name: &'a str,
        extract_version: Option<&str>,
        versioning: &'a dyn Versioning,
    ) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for name in [dep_name, package_name] {
            let last = name.rsplit('/').next().unwrap_or(name);
            for name in [name, last] {
                if !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names.push("release");
        Self { names, extract: extract_version.and_then(|text| pattern::regex(text).ok()), versioning }
    }

    /// Returns the tag of a version, of those that the repository has; `None` when none is its own.
    ///
    /// A tag that names the package (`chart-1.2.0`, `helm-chart/v1.2.0`) comes before one that does not (`v1.2.0`), as
    /// several packages may share a repository.
    pub fn tag_of<'t>(&self, version: &str, tags: &'t [String]) -> Option<&'t str> {
        let extracted = |tag: &&String| {
            let captures = self.extract.as_ref()?.captures(tag)?;
            Some(captures.name("version")?.as_str() == version)
        };
        if let Some(tag) = tags.iter().find(|tag| extracted(tag) == Some(true)) {
            return Some(tag);
        }
        let spellings = spellings(version, self.versioning);
        for name in &self.names {
            for spelling in &spellings {
                if let Some(tag) = tags.iter().find(|tag| names_version(tag, name, spelling)) {
                    return Some(tag);
                }
            }
        }
        let plain = spellings.iter().find_map(|spelling| {
            tags.iter().find(|tag| *tag == spelling || tag.strip_prefix('v') == Some(spelling))
        });
        let equals = |spelling: &String| tags.iter().find(|tag| self.versioning.equals(tag, spelling));
        plain.or_else(|| spellings.iter().find_map(equals)).map(String::as_str)
    }
}

/// Returns the ways a tag may spell a version, without its `v`: in a container registry `+` is not allowed, and a flavour
/// is not the source's business.
fn spellings(version: &str, versioning: &dyn Versioning) -> Vec<String> {
    let bare = version.strip_prefix('v').unwrap_or(version);
    let mut spellings = vec![bare.to_owned(), bare.replacen('_', "+", 1)];
    if let Some((before, after)) = bare.rsplit_once('-') {
        spellings.push(format!("{before}+{after}"));
    }
    if versioning.id() == "docker" {
        spellings.extend(bare.split('-').next().map(str::to_owned));
    }
    let mut seen = Vec::new();
    spellings.retain(|spelling| {
        !seen.contains(spelling) && {
            seen.push(spelling.clone());
            true
        }
    });
    spellings
}

/// Whether a tag is `<name>-<version>`, or ends so: `helm-loki-6.6.2` is `loki` too.
fn names_version(tag: &str, name: &str, spelling: &str) -> bool {
    let Some(rest) = tag.strip_suffix(spelling) else { return false };
    let rest = rest.strip_suffix('v').unwrap_or(rest);
    let Some(rest) = rest.strip_suffix(SEPARATORS) else { return false };
    rest.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with(SEPARATORS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versioning::versioning;

    #[track_caller]
    fn check(id: &str, version: &str, name: &str, tags: &str, expected: Option<&str>) {
        let tags: Vec<String> = tags.split(' ').map(str::to_owned).collect();
        let versioning = versioning(id).unwrap();
        let names = TagNames::new(name, name, None, &*versioning);
        assert_eq!(names.tag_of(version, &tags), expected, "{version} in {tags:?}");
    }

    #[test]
    fn a_tag_of_the_package_comes_first() {
        check("helm", "6.6.2", "loki", "6.6.2 v6.6.2 loki-6.6.2", Some("loki-6.6.2"));
        check("helm", "6.6.2", "loki", "6.6.2 helm-loki-6.6.2 tempo-6.6.2", Some("helm-loki-6.6.2"));
        check(
            "helm",
            "6.6.2",
            "ghcr.io/grafana/charts/loki",
            "charts/loki/v6.6.2",
            Some("charts/loki/v6.6.2"),
        );
        check("helm", "6.6.2", "loki", "release-v6.6.2", Some("release-v6.6.2"));
        check("helm", "6.6.2", "loki", "notloki-6.6.2", None);
    }

    #[test]
    fn a_version_may_be_spelled_otherwise() {
        check("docker", "1.3.0", "a/b", "v1.3.0 v1.3.1", Some("v1.3.0"));
        check("docker", "1.3.0-alpine", "a/b", "v1.3.0 v1.3.1", Some("v1.3.0"));
        check("docker", "v1.33.1-k3s1", "rancher/k3s", "v1.33.1+k3s1 v1.33.1", Some("v1.33.1+k3s1"));
        check("semver-coerced", "v1.3", "a/b", "1.3.0", Some("1.3.0"));
        check("semver", "v1.3.0", "a/b", "11.3.0 v1.3.0-rc.1 1.3.01", None);
        check("semver", "1.3.0", "", "", None);
    }

    #[test]
    fn the_owner_may_say_where_the_version_is() {
        let tags = ["5.0.0", "kustomize/v5.0.0"].map(str::to_owned);
        let semver = versioning("semver").unwrap();
        let names = TagNames::new("x", "y/x", Some("^kustomize/v(?<version>.+)$"), &*semver);
        assert_eq!(names.tag_of("5.0.0", &tags), Some("kustomize/v5.0.0"));
        let broken = TagNames::new("x", "y/x", Some("("), &*semver);
        assert_eq!(broken.tag_of("5.0.0", &tags), Some("5.0.0"));
    }
}
