//! What the address of a role or collection is, by its form.

use crate::git_url::GitUrl;

/// Where a role or collection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address<'a> {
    /// A Galaxy server knows it by this name: `community.general`.
    Galaxy(&'a str),
    /// A git repository.
    Git(&'a str),
    /// An archive behind an address.
    Archive,
    /// A file or folder.
    Local,
    /// Nothing that is known.
    Unknown,
}

/// What an entry says of the kind of its address: the value of `type` or `scm`.
pub(super) fn of<'a>(text: &'a str, kind: Option<&str>) -> Address<'a> {
    let (url, is_git) = match text.strip_prefix("git+") {
        Some(url) => (url, true),
        None => (text, kind == Some("git")),
    };
    // A collection may be in a folder of the repository.
    let url = url.split('#').next().unwrap_or(url);
    if url.starts_with(['.', '/', '~'])
        || url.starts_with("file:")
        || matches!(kind, Some("dir" | "file" | "subdirs"))
    {
        return Address::Local;
    }
    let is_archive = [".tar.gz", ".tgz", ".zip"].iter().any(|end| url.ends_with(end));
    if kind == Some("url") || (is_archive && url.contains("://")) {
        return Address::Archive;
    }
    if GitUrl::parse(url).is_some() {
        return Address::Git(url);
    }
    let is_name = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    match url.split_once('.') {
        Some((namespace, name)) if !is_git && is_name(namespace) && is_name(name) => Address::Galaxy(url),
        _ => Address::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: Option<&str>, expected: Address<'_>) {
        assert_eq!(of(text, kind), expected, "{text}");
    }

    #[test]
    fn tells_servers_repositories_and_files_apart() {
        check("community.general", None, Address::Galaxy("community.general"));
        check("fjord.boat-house", Some("galaxy"), Address::Galaxy("fjord.boat-house"));
        for text in [
            "https://github.com/fjord/boat",
            "git+https://github.com/fjord/boat.git",
            "git@git.example.org:fjord/boat.git",
            "git+ssh://git@git.example.org/fjord/boat.git",
        ] {
            check(text, None, Address::Git(text.trim_start_matches("git+")));
        }
        check(
            "https://git.example.org/a/b.git#/c/",
            Some("git"),
            Address::Git("https://git.example.org/a/b.git"),
        );
        check("https://example.org/boat.tar.gz", None, Address::Archive);
        check("https://example.org/boat", Some("url"), Address::Archive);
        for text in ["./boat", "/srv/boat.tar.gz", "git+file:///srv/boat", "file:///srv/boat"] {
            check(text, None, Address::Local);
        }
        check("boat", Some("dir"), Address::Local);
        for text in ["boat", "a.b.c", "a b.c", "", ".", "git+", "git+boat.house"] {
            assert!(matches!(of(text, None), Address::Unknown | Address::Local), "{text}");
        }
    }
}
