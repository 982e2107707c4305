//! Addresses as people may see them: whoever writes a user and a password into one has not meant to show them.

use std::borrow::Cow;

/// Returns an address without the user and the password in it, whether or not the rest of it can be read: `https://me:secret@host/path` is
/// `https://host/path`. A user without a password stays where it is none to hide: without a scheme, as in `git@github.com:owner/repo`, and
/// with that of ssh.
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
        Some(scheme) if scheme.ends_with("ssh") && !user.contains(':') => Cow::Borrowed(text),
        Some(scheme) => Cow::Owned(format!("{scheme}://{host}{path}")),
        None if has_password(user) && !is_digest(host) => Cow::Owned(format!("{host}{path}")),
        None => Cow::Borrowed(text),
    }
}

/// Returns a text without the users and passwords of the addresses in it, as [`without_user`] does it for one. Without a scheme only what
/// surely is an address counts as one: `app:1.0@sha256:ab` and `npm:boat@2.0` stay.
pub fn without_users(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let is_end = |letter: char| letter.is_whitespace() || "`\"'<>()|,;".contains(letter);
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(is_end) {
        let word = part.trim_end_matches(is_end);
        shown.push_str(&without_user_of_word(word));
        shown.push_str(part.strip_prefix(word).unwrap_or_default());
    }
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

fn without_user_of_word(word: &str) -> Cow<'_, str> {
    if word.contains("://") {
        return without_user(word);
    }
    // A name may stand before it: `image=me:secret@host/app`.
    let start = word.rfind('=').map_or(0, |at| at + 1);
    let Some((before, address)) = word.split_at_checked(start) else { return Cow::Borrowed(word) };
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let host = address.get(..end).map(host_of).unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port
        || name == "localhost"
        || (name.contains('.') && address.get(end..).is_some_and(|rest| rest.starts_with('/')))
    {
        Cow::Owned(format!("{before}{}", without_user(address)))
    } else {
        Cow::Borrowed(word)
    }
}

/// Whether `user`, all before the host with its `@`, holds a user and a password.
fn has_password(user: &str) -> bool {
    user.split_once(':').is_some_and(|(name, password)| !name.is_empty() && password.len() > 1)
}

/// Whether what stands behind an `@` is the digest of an image and no host.
fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        algorithm.starts_with("sha") && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
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

    #[track_caller]
    fn check_text(text: &str, expected: &str) {
        assert_eq!(without_users(text), expected);
        assert_eq!(without_users(expected), expected);
    }

    #[test]
    fn no_address_in_a_text_shows_its_user() {
        check_text(
            "`https://me:pw@host.lan/a` is not `https://token@host.lan`",
            "`https://host.lan/a` is not `https://host.lan`",
        );
        check_text("git::https://me:p@w@host.lan/a.git?ref=v1", "git::https://host.lan/a.git?ref=v1");
        check_text("give `me:pw@host.lan/app` a rule", "give `host.lan/app` a rule");
        check_text("(me:pw@127.0.0.1:5000)", "(127.0.0.1:5000)");
        check_text("image=me:pw@localhost/app:1.0", "image=localhost/app:1.0");
        check_text("https://${USER}:${TOKEN}@host.lan/a", "https://host.lan/a");
        check_text("ssh://me:pw@host.lan/a", "ssh://host.lan/a");
    }

    #[test]
    fn a_text_without_a_password_stays_as_it_is() {
        for text in [
            "",
            "@",
            "@@:@/:",
            "app:1.0@sha256:ab",
            "`docker.io/library/app:1.0@sha256:ab12` cannot be read",
            "npm:boat@2.0",
            "npm:@fjord/boat",
            "npm:@fjord.lan/boat",
            "git@github.com:lakeside/homelab.git",
            "ssh://git@github.com/lakeside/homelab.git",
            "git+ssh://git@host.lan:22/a",
            "https://host.lan/@fjord/boat",
            "mail me@host.lan: now",
            "boat@v1.2.3/oars",
        ] {
            check_text(text, text);
        }
    }

    #[test]
    fn what_has_none_stays_as_it_is() {
        for text in [
            "https://host.example/@scope/name",
            "git@github.com:lakeside/homelab.git",
            "@scope/name",
            "nginx:1.0@sha256:ab",
            "ssh://git@host.example/a",
            "",
            "a://",
        ] {
            check(text, text);
        }
    }
}
