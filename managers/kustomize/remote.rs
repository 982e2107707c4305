//! Remote bases and resources: a repository, a folder in it, and the version after `?ref=`.
//!
//! The forms are those of kustomize's
//! [remote targets](https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md), and the addresses of
//! single files that GitHub serves for a tag or a release.

use std::ops::Range;

use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::name::{DatasourceId, ManagerId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use crate::git_url::GitUrl;
use crate::scalar;

/// A remote target taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Remote<'a> {
    /// What people call the repository.
    name: String,
    /// What is looked up.
    package: String,
    datasource: DatasourceId,
    /// The version.
    version: &'a str,
    /// The places of the version in the text: a release's address may repeat it in the file name.
    places: Vec<Range<usize>>,
}

/// Returns the remote target that an entry of `resources`, `bases` or `components` names; `None` of local ones.
pub(super) fn dep(manager: &ManagerId, file: &SourceFile, entry: Node<'_>, found_in: &str) -> Option<Dep> {
    let text = scalar::text(entry)?;
    let remote = Remote::parse(text)?;
    let whole = entry.span();
    let mut dep = Dep::new(manager.clone(), &file.path, whole, remote.name.as_str());
    found_in.clone_into(&mut dep.found_in);
    dep.package_name.clone_from(&remote.package);
    dep.datasource = Some(remote.datasource.clone());
    dep.current_value = Some(remote.version.to_owned());
    let slots: Option<Vec<_>> =
        remote.places.iter().map(|place| scalar::part_slot(entry, place.clone(), Part::Value)).collect();
    let dep = match slots {
        _ if scalar::has_variable(text) => dep.skipped(SkipReason::ContainsVariable, ""),
        _ if remote.is_respelled(text) => {
            dep.skipped(SkipReason::UnsupportedUrl, "the address repeats the version in another spelling")
        }
        _ if is_commit(remote.version) => {
            dep.skipped(SkipReason::UnversionedReference, "it is pinned to a commit that belongs to no tag")
        }
        None => dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED),
        Some(_) if scalar::is_image_automated(file, entry) => dep.skipped(SkipReason::ImageAutomation, ""),
        Some(slots) => Dep { slots, ..dep },
    };
    Some(dep)
}

fn is_commit(version: &str) -> bool {
    version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl<'a> Remote<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        Self::file_on_github(text).or_else(|| Self::repository(text))
    }

    /// Reads `<repository>[//<folder>]?ref=<version>`.
    fn repository(text: &'a str) -> Option<Self> {
        let (target, query) = text.split_once('?')?;
        let mut end = target.len();
        let version = query.split('&').find_map(|part| {
            end += 1 + part.len();
            part.strip_prefix("ref=").or_else(|| part.strip_prefix("version="))
        });
        let version = version.filter(|version| !version.is_empty())?;
        let start = end - version.len();
        let target = target.strip_prefix("git::").unwrap_or(target);
        let url = repository_of(target)?;
        let parsed = GitUrl::parse(&url)?;
        let github = parsed.github().map(str::to_owned);
        let name = github.clone().unwrap_or_else(|| format!("{}/{}", parsed.host, parsed.path));
        Some(Self {
            name,
            datasource: if github.is_some() { DatasourceId::GITHUB_TAGS } else { DatasourceId::GIT_TAGS },
            package: github.unwrap_or(url),
            version,
            places: std::iter::once(start..start + version.len()).collect(),
        })
    }

    /// Reads `https://github.com/<owner>/<name>/releases/download/<tag>/<file>` and
    /// `https://raw.githubusercontent.com/<owner>/<name>/<tag>/<path>`.
    fn file_on_github(text: &'a str) -> Option<Self> {
        let (rest, marker, datasource) = match text.strip_prefix("https://github.com/") {
            Some(rest) => (rest, Some("releases/download/"), DatasourceId::GITHUB_RELEASES),
            None => {
                (text.strip_prefix("https://raw.githubusercontent.com/")?, None, DatasourceId::GITHUB_TAGS)
            }
        };
        let (owner, rest) = rest.split_once('/')?;
        let (repository, rest) = rest.split_once('/')?;
        let rest = match marker {
            Some(marker) => rest.strip_prefix(marker)?,
            None => rest.strip_prefix("refs/tags/").unwrap_or(rest),
        };
        let (version, _) = rest.split_once('/')?;
        // A branch is not a version: nothing is to be updated there.
        if !version.bytes().any(|byte| byte.is_ascii_digit()) || owner.is_empty() || repository.is_empty() {
            return None;
        }
        let start = text.len() - rest.len();
        let name = format!("{owner}/{repository}");
        Some(Self {
            package: name.clone(),
            name,
            datasource,
            version,
            places: occurrences(text, version).filter(|place| place.start >= start).collect(),
        })
    }

    /// Returns whether an address has the version once more without its `v`: `download/v1.2.3/app-1.2.3.yaml`.
    fn is_respelled(&self, text: &str) -> bool {
        self.datasource == DatasourceId::GITHUB_RELEASES
            && self.version.strip_prefix('v').is_some_and(|bare| occurrences(text, bare).next().is_some())
    }
}

/// Returns where `version` stands in `text` by itself, not as a part of another word or version.
fn occurrences<'a>(text: &'a str, version: &'a str) -> impl Iterator<Item = Range<usize>> {
    let alone = |place: &Range<usize>| {
        let mut after = text.get(place.end..).unwrap_or("").chars();
        let free_after = match after.next() {
            Some('.') => !after.next().is_some_and(|next| next.is_ascii_digit()),
            next => !next.is_some_and(char::is_alphanumeric),
        };
        let before = text.get(..place.start).and_then(|before| before.chars().next_back());
        free_after && !before.is_some_and(|before| before == '.' || before.is_alphanumeric())
    };
    text.match_indices(version).map(|(at, found)| at..at + found.len()).filter(alone)
}

/// Returns the address git knows the repository of `target` by, without the folder inside it.
fn repository_of(target: &str) -> Option<String> {
    let (scheme, rest) = match target.split_once("://") {
        Some((scheme @ ("https" | "http" | "ssh"), rest)) => (format!("{scheme}://"), rest),
        Some(_) => return None,
        None => (String::new(), target),
    };
    // `user@host:path` separates the path with a colon, everything else with a slash.
    let scp = scheme.is_empty()
        && rest.split('/').next().is_some_and(|host| host.contains('@') && host.contains(':'));
    let (authority, path) = rest.split_once(if scp { ':' } else { '/' })?;
    let host = authority.rsplit('@').next().unwrap_or(authority);
    if !host.contains('.') && !host.contains(':') && scheme.is_empty() && !scp || host.starts_with('.') {
        return None;
    }
    let path = path.trim_start_matches('/');
    let repository = if let Some((repository, _)) = path.split_once("//") {
        repository.to_owned()
    } else if let Some(at) = path.find(".git/") {
        path.get(..at + ".git".len())?.to_owned()
    } else if path.strip_suffix(".git").is_some() {
        path.to_owned()
    } else {
        // `org/project/_git/name` on Azure DevOps, `owner/name` elsewhere.
        let parts: Vec<_> = path.split('/').collect();
        let length = parts.iter().position(|part| *part == "_git").map_or(2, |at| at + 2);
        parts.get(..length)?.join("/")
    };
    let scheme = if scheme.is_empty() && !scp { "https://".to_owned() } else { scheme };
    let separator = if scp { ':' } else { '/' };
    (!repository.is_empty()).then(|| format!("{scheme}{authority}{separator}{repository}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str, &str, &str)>) {
        let remote = Remote::parse(text);
        let found = remote.as_ref().map(|remote| {
            assert!(remote.places.iter().all(|place| &text[place.clone()] == remote.version));
            (remote.name.as_str(), remote.package.as_str(), remote.datasource.as_str(), remote.version)
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn repositories_of_github_are_known_by_owner_and_name() {
        for text in [
            "https://github.com/owner/name//deploy?ref=v1.2.3",
            "https://github.com/owner/name/deploy/base?ref=v1.2.3",
            "github.com/owner/name//deploy?timeout=90s&ref=v1.2.3",
            "github.com/owner/name?ref=v1.2.3",
            "git::https://github.com/owner/name.git//deploy?ref=v1.2.3",
            "git@github.com:owner/name.git?ref=v1.2.3",
            "git@github.com:owner/name//deploy?version=v1.2.3",
            "ssh://git@github.com/owner/name.git//deploy?ref=v1.2.3&submodules=false",
        ] {
            check(text, Some(("owner/name", "owner/name", "github-tags", "v1.2.3")));
        }
    }

    #[test]
    fn other_repositories_are_known_by_their_address() {
        check(
            "https://git.example.org/group/sub/name.git/deploy?ref=1.0",
            Some((
                "git.example.org/group/sub/name",
                "https://git.example.org/group/sub/name.git",
                "git-tags",
                "1.0",
            )),
        );
        check(
            "ssh://git@git.example.org:2222/a/b//c?ref=1.0",
            Some(("git.example.org/a/b", "ssh://git@git.example.org:2222/a/b", "git-tags", "1.0")),
        );
        check(
            "git@git.example.org:a/b.git//c?ref=1.0",
            Some(("git.example.org/a/b", "git@git.example.org:a/b.git", "git-tags", "1.0")),
        );
        check(
            "https://dev.azure.com/org/project/_git/name/deploy?ref=1.0",
            Some((
                "dev.azure.com/org/project/_git/name",
                "https://dev.azure.com/org/project/_git/name",
                "git-tags",
                "1.0",
            )),
        );
    }

    #[test]
    fn files_of_tags_and_releases_are_known() {
        check(
            "https://github.com/owner/name/releases/download/v1.2.3/install.yaml",
            Some(("owner/name", "owner/name", "github-releases", "v1.2.3")),
        );
        check(
            "https://raw.githubusercontent.com/owner/name/v1.2.3/deploy/crds.yaml",
            Some(("owner/name", "owner/name", "github-tags", "v1.2.3")),
        );
        check("https://raw.githubusercontent.com/owner/name/main/deploy/crds.yaml", None);
        let text = "https://github.com/owner/name/releases/download/v1.2.3/app-v1.2.3.yaml";
        assert_eq!(Remote::parse(text).unwrap().places.len(), 2);
        let text = "https://github.com/owner/name/releases/download/v1/v1beta1-v1.2.yaml";
        assert_eq!(Remote::parse(text).unwrap().places.len(), 1);
    }

    #[test]
    fn local_and_unversioned_targets_are_no_dependencies() {
        for text in [
            "../base",
            "./base?ref=1",
            "base/sub?ref=1",
            "https://github.com/owner/name",
            "https://x.y/?ref=1",
            "a?ref=",
            "",
        ] {
            check(text, None);
        }
    }
}
