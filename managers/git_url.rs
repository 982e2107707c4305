//! The host and path of a git address, whichever way it is written.

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

#[cfg(test)]
mod tests {
    use super::*;

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
