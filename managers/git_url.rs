//! The host and path of a git address, whichever way it is written, and what is followed there.

use updraft_core::name::DatasourceId;

/// A git address taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GitUrl<'a> {
    /// The host, without user and port.
    pub(crate) host: &'a str,
    /// The repository's path, without slashes around it and without `.git`.
    pub(crate) path: &'a str,
}

impl<'a> GitUrl<'a> {
    /// Takes `https://host/path`, `ssh://user@host:22/path` or `user@host:path` apart.
    pub(crate) fn parse(url: &'a str) -> Option<Self> {
        let (authority, path) = if let Some((_, rest)) = url.split_once("://") {
            rest.split_once('/')?
        } else {
            url.split_once(':').filter(|(authority, _)| authority.contains('@'))?
        };
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = host.split(':').next().unwrap_or(host);
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        (!host.is_empty() && !path.is_empty()).then_some(Self { host, path })
    }

    /// Returns `owner/repository` when it is one of GitHub's.
    pub(crate) fn github(self) -> Option<&'a str> {
        (matches!(self.host, "github.com" | "www.github.com") && self.path.split('/').count() == 2)
            .then_some(self.path)
    }
}

/// Returns where the tags of the repository at `url` are looked up, and under which name.
pub(crate) fn tags_of(url: &str) -> (DatasourceId, &str) {
    match GitUrl::parse(url).and_then(GitUrl::github) {
        Some(repository) => (DatasourceId::GITHUB_TAGS, repository),
        None => (DatasourceId::GIT_TAGS, url),
    }
}

/// Returns what is followed when `reference` names no version of a repository; `None` where it may be a tag.
pub(crate) fn moving(reference: &str) -> Option<&'static str> {
    let is_hex = reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    if matches!(reference.len(), 40 | 64) && is_hex {
        Some("it is pinned to a commit")
    } else if reference.bytes().any(|byte| byte.is_ascii_digit()) {
        None
    } else {
        Some("it follows a branch")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_a_number_and_is_no_commit() {
        for tag in ["v1.2.3", "release-1", "deadbee1"] {
            assert_eq!(moving(tag), None, "{tag}");
        }
        for other in ["main", "HEAD", "", "0123456789012345678901234567890123456789"] {
            assert!(moving(other).is_some(), "{other}");
        }
    }

    #[track_caller]
    fn check(url: &str, expected: Option<(&str, &str)>) {
        assert_eq!(GitUrl::parse(url), expected.map(|(host, path)| GitUrl { host, path }), "{url}");
    }

    #[test]
    fn reads_every_form_of_address() {
        check("https://github.com/owner/name", Some(("github.com", "owner/name")));
        check("https://github.com/owner/name.git/", Some(("github.com", "owner/name")));
        check("https://user:token@git.example.org:8443/a/b/c.git", Some(("git.example.org", "a/b/c")));
        check("ssh://git@git.example.org:22/a/b", Some(("git.example.org", "a/b")));
        check("git@github.com:owner/name.git", Some(("github.com", "owner/name")));
        check("owner/name", None);
        check("https://", None);
        check("", None);
    }
}
