//! What follows `uses:` for an action or reusable workflow: `[https://host/]owner/repo[/path]@ref`.

use updraft_core::span::ByteSpan;

/// A parsed reference; the spans count from the start of the text that was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ActionRef<'a> {
    /// `https://host/`, when the action is fetched from a host of its own.
    pub(super) host: Option<&'a str>,
    /// `owner/repo`.
    pub(super) repository: &'a str,
    /// Where `owner/repo` stands.
    pub(super) repository_span: ByteSpan,
    /// What stands behind the repository, with its `/`: the folder of an action, the file of a workflow; may be empty.
    pub(super) path: &'a str,
    /// A tag, a branch or a commit.
    pub(super) git_ref: &'a str,
    /// Where the ref stands.
    pub(super) ref_span: ByteSpan,
}

impl<'a> ActionRef<'a> {
    /// Parses a reference, or returns `None` when the text is none (a local action, an image, something else).
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let name_start = match text.find("://") {
            Some(colon) if matches!(text.get(..colon)?, "https" | "http") => {
                let host_start = colon + "://".len();
                let host = text.get(host_start..)?.split('/').next()?;
                let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
                if host.is_empty() || !host.bytes().all(is_host) {
                    return None;
                }
                host_start + host.len() + 1
            }
            Some(_) => return None,
            None => 0,
        };
        let at = name_start + text.get(name_start..)?.find('@')?;
        let mut parts = text.get(name_start..at)?.splitn(3, '/');
        let (owner, repo) = (parts.next()?, parts.next()?);
        let git_ref = text.get(at + 1..)?;
        let path_is_sound = parts.next().is_none_or(|path| !path.is_empty() && path.bytes().all(is_visible));
        let is_sound = is_name(owner)
            && is_name(repo)
            && path_is_sound
            && !git_ref.is_empty()
            && git_ref.bytes().all(is_visible);
        if !is_sound {
            return None;
        }
        let repository_span = ByteSpan::new(name_start, name_start + owner.len() + 1 + repo.len());
        Some(Self {
            host: text.get(..name_start).filter(|host| !host.is_empty()),
            repository: repository_span.of(text)?,
            repository_span,
            path: text.get(repository_span.end..at)?,
            git_ref,
            ref_span: ByteSpan::new(at + 1, text.len()),
        })
    }
}

/// Returns whether `text` is a whole commit.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(is_hex)
}

/// Returns whether `text` could be the start of a commit, as people shorten it.
pub(super) fn is_short_commit(text: &str) -> bool {
    matches!(text.len(), 6 | 7) && text.bytes().all(is_hex)
}

/// Returns whether `text` reads like a version of an action (`v4`, `v4.1`, `4.1.2`, `v4.1-rc.1`) rather than a branch.
pub(super) fn is_version(text: &str) -> bool {
    let numbers = text.strip_prefix('v').unwrap_or(text);
    let (numbers, suffix) = match numbers.find(['-', '+']) {
        Some(at) => (numbers.get(..at).unwrap_or_default(), numbers.get(at + 1..)),
        None => (numbers, None),
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    numbers.split('.').all(is_number)
        && suffix.is_none_or(|suffix| {
            // A single number with something behind it (`v3-node20`) is a name, not a prerelease.
            numbers.contains('.')
                && !suffix.is_empty()
                && suffix
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
        })
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'{' | b'}' | b'$' | b'`' | b'\\')
}

fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str, &str, &str)>) {
        let parsed = ActionRef::parse(text);
        if let Some(action) = parsed {
            assert_eq!(action.repository_span.of(text), Some(action.repository));
            assert_eq!(action.ref_span.of(text), Some(action.git_ref));
        }
        let parsed =
            parsed.map(|action| (action.host.unwrap_or(""), action.repository, action.path, action.git_ref));
        assert_eq!(parsed, expected, "{text}");
    }

    #[test]
    fn tells_host_repository_path_and_ref_apart() {
        check("actions/checkout@v4", Some(("", "actions/checkout", "", "v4")));
        check("a/b/c/d@main", Some(("", "a/b", "/c/d", "main")));
        check("a/b/.github/workflows/x.yml@feat/y", Some(("", "a/b", "/.github/workflows/x.yml", "feat/y")));
        check("https://code.example:8443/a/b@v1", Some(("https://code.example:8443/", "a/b", "", "v1")));
    }

    #[test]
    fn is_nothing_else() {
        for text in [
            "",
            "@",
            "a@v1",
            "a/b",
            "a/b@",
            "./a/b@v1",
            "../a/b@v1",
            "docker://a/b@v1",
            "https://a/b@v1",
            "https://",
            "a/${{ b }}@v1",
            "a/b@${{ c }}",
            "a b/c@v1",
            "/a/b@v1",
            "a/b/@v1",
            "https:///a/b@v1",
        ] {
            assert_eq!(ActionRef::parse(text), None, "{text}");
        }
    }

    #[test]
    fn tells_versions_from_branches() {
        for text in ["v4", "4", "v4.1", "4.1.2", "v4.1.2-rc.1", "v2.2-rc.1", "1.2.3+4", "20250101"] {
            assert!(is_version(text), "{text}");
        }
        for text in
            ["main", "", "v", "release/v1", "foo-v1.2", "v1.x", "v3-node20", "v1.", "1..2", "V4", "v1.2-"]
        {
            assert!(!is_version(text), "{text}");
        }
    }
}
