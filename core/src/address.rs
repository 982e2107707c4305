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
    let Some((user, host)) = authority.rsplit_once('@') else { return Cow::Borrowed(text) };
    match scheme {
        Some(scheme) => Cow::Owned(format!("{scheme}://{host}{path}")),
        None if user.contains(':') => Cow::Owned(format!("{host}{path}")),
        None => Cow::Borrowed(text),
    }
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
