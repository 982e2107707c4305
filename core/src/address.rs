//! Addresses as people may see them: whoever writes a user and a password into one has not meant to show them.

use std::borrow::Cow;

/// Returns an address without the user and the password in it, whether or not the rest of it can be read: `https://me:secret@host/path` is
/// `https://host/path`. A user without a password stays where no scheme is written, as in `git@github.com:owner/repo`.
pub fn without_user(text: &str) -> Cow<'_, str> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((authority, path)) = rest.split_at_checked(end) else { return Cow::Borrowed(text) };
    let host = host_of(authority);
    let user = authority.strip_suffix(host).unwrap_or_default();
    match scheme {
        _ if user.is_empty() => Cow::Borrowed(text),
        Some(scheme) => Cow::Owned(format!("{scheme}://{host}{path}")),
        None if user.contains(':') => Cow::Owned(format!("{host}{path}")),
        None => Cow::Borrowed(text),
    }
}

/// Returns the host and the port of what stands between the scheme and the path of an address: `me:secret@host:443` is `host:443`.
pub fn host_of(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(without_user(text), expected);
    }

    #[test]
    fn a_user_and_a_password_are_not_shown() {
        check("https://me:secret@host.example/charts", "https://host.example/charts");
        check("https://secret@host.example", "https://host.example");
        check("oci://me:se@cret@host.example:5000/a?b=c@d", "oci://host.example:5000/a?b=c@d");
        check("https://me:secret@ho st/charts", "https://ho st/charts");
        check("me:secret@registry.lan/app", "registry.lan/app");
    }

    #[test]
    fn a_host_is_shown_without_whoever_stands_before_it() {
        for (authority, host) in [
            ("me:secret@host", "host"),
            ("secret@host:1", "host:1"),
            ("a@b@host", "host"),
            ("host", "host"),
            ("", ""),
        ] {
            assert_eq!(host_of(authority), host);
        }
    }

    #[test]
    fn what_has_none_stays_as_it_is() {
        for text in [
            "https://host.example/@scope/name",
            "git@github.com:lakeside/homelab.git",
            "@scope/name",
            "",
            "a://",
        ] {
            check(text, text);
        }
    }
}
