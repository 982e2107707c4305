//! Addresses: which may stay links, and how one of GitHub's is written so that the other end does not hear of it.

use std::fmt::Write as _;

use super::{BREAK, Home, is_invisible};

/// GitHub's own way around back-references: it leads to the same page, and is no mention of it.
const DETOUR: &str = "https://redirect.github.com";
/// The longest address that stays a link, in bytes.
const LONGEST: usize = 2000;

/// Returns what a link's address becomes; `None` when it is none that a browser should follow.
pub(super) fn of_link(target: &str, home: &Home<'_>) -> Option<String> {
    let target = absolute(target, home, Use::Page)?;
    Some(match on_github(&target) {
        Some("") | None => target,
        Some(rest) => format!("{DETOUR}{rest}"),
    })
}

/// Returns what an image's address becomes; `None` when it is none.
pub(super) fn of_image(target: &str, home: &Home<'_>) -> Option<String> {
    absolute(target, home, Use::Bytes)
}

/// Returns an address of GitHub as people write it in short, `owner/name#12` or `v1...v2`, as Markdown that links
/// nothing by itself; `None` when there is no short way.
pub(super) fn short(target: &str, home: &Home<'_>) -> Option<String> {
    let path = on_github(target)?.split(['?', '#']).next()?;
    let mut parts = path.strip_prefix('/')?.split('/');
    let (owner, name, kind, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let slug = format!("{owner}/{name}");
    if !is_name(owner) || !is_name(name) {
        return None;
    }
    let is_home = home.source.is_some_and(|source| source.slug().eq_ignore_ascii_case(&slug));
    let slug = if is_home { String::new() } else { slug.replace('_', "\\_") };
    let more = parts.next();
    match kind {
        "issues" | "pull" | "discussions" if is_number(rest) && more.is_none() => {
            Some(format!("{slug}#{BREAK}{rest}"))
        }
        "commit" if rest.len() >= 7 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let seven = rest.get(..7)?;
            Some(if is_home { format!("`{seven}`") } else { format!("{slug} `{seven}`") })
        }
        "compare" if is_home && more.is_none() && is_comparison(rest) => Some(format!("`{rest}`")),
        _ => None,
    }
}

/// Returns the rest of an address of GitHub's website, from the slash on; `None` when it is no such address.
pub(super) fn on_github(target: &str) -> Option<&str> {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.trim_end_matches('.');
    let host = host
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("www."))
        .map_or(host, |_| host.get(4..).unwrap_or_default());
    host.eq_ignore_ascii_case("github.com").then_some(path)
}

/// Whether `text` is the number of an issue.
pub(super) fn is_number(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` is the name of an owner or of a repository.
pub(super) fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_comparison(text: &str) -> bool {
    text.contains("...")
        && text.len() <= 100
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+'))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Page,
    Bytes,
}

/// Returns an address as it can stand between parentheses.
fn absolute(target: &str, home: &Home<'_>, what: Use) -> Option<String> {
    let target: String = target.trim().chars().filter(|character| !is_invisible(*character)).collect();
    let scheme = target.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| is_scheme(scheme));
    let target = match scheme {
        Some(scheme) if ["https", "http"].iter().any(|web| scheme.eq_ignore_ascii_case(web)) => {
            let rest = target.get(scheme.len()..)?.strip_prefix("://").filter(|rest| !rest.is_empty())?;
            format!("{}://{rest}", scheme.to_ascii_lowercase())
        }
        Some(_) => return None,
        None => match target.strip_prefix("//") {
            Some(rest) => format!("https://{rest}"),
            None => relative(&target, home, what)?,
        },
    };
    (target.len() <= LONGEST).then(|| encode(&target))
}

/// Whether `text` is the scheme of an address.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Returns the address of a file of the repository the text comes from.
fn relative(path: &str, home: &Home<'_>, what: Use) -> Option<String> {
    let source = home.source?;
    if path.is_empty() || path.starts_with(['#', '?']) {
        return None;
    }
    let folder = if path.starts_with('/') { "" } else { home.folder };
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    Some(match what {
        Use::Page => source.file(home.reference, &path),
        Use::Bytes => source.raw(home.reference, &path),
    })
}

/// Returns an address with nothing in it that means something to Markdown.
fn encode(target: &str) -> String {
    let mut encoded = String::with_capacity(target.len());
    for character in target.chars() {
        match character {
            '&' => encoded.push_str("&amp;"),
            '(' | ')' | '<' | '>' | '\\' | '"' | '`' | '|' | '{' | '}' | '*' | '[' | ']' | '~' | '\''
            | '^' => {
                // A `String` takes no error.
                let _ = write!(encoded, "%{:02X}", u32::from(character));
            }
            _ if character.is_whitespace() => encoded.push_str("%20"),
            _ => encoded.push(character),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changelog::source::Source;

    fn with_home<T>(check: impl Fn(&Home<'_>) -> T) -> T {
        let source = Source::parse("https://github.com/lakeside/fjord").unwrap();
        check(&Home { source: Some(&source), reference: Some("v2"), folder: "docs" })
    }

    #[track_caller]
    fn check(target: &str, expected: Option<&str>) {
        assert_eq!(with_home(|home| of_link(target, home)).as_deref(), expected, "{target}");
    }

    #[test]
    fn links_go_to_the_web_and_around_back_references() {
        check("https://example.org/a_(b)?c=1&d", Some("https://example.org/a_%28b%29?c=1&amp;d"));
        check("https://github.com/o/r/issues/3#x", Some("https://redirect.github.com/o/r/issues/3#x"));
        check("HTTP://WWW.GitHub.com:80/o/r/pull/3", Some("https://redirect.github.com/o/r/pull/3"));
        check("https://x@github.com./o/r", Some("https://redirect.github.com/o/r"));
        check("https://github.com", Some("https://github.com"));
        check("https://github.community/o/r/issues/3", Some("https://github.community/o/r/issues/3"));
        check("//github.com/o/r/issues/3", Some("https://redirect.github.com/o/r/issues/3"));
        check("javascript:alert(1)", None);
        check("java\u{200b}script:alert(1)", None);
        check("mailto:a@b.c", None);
        check("#top", None);
        check("", None);
        check("https:", None);
    }

    #[test]
    fn relative_links_lead_into_the_repository() {
        check("upgrade.md", Some("https://redirect.github.com/lakeside/fjord/blob/v2/docs/upgrade.md"));
        check("../a b.md#x", Some("https://redirect.github.com/lakeside/fjord/blob/v2/a%20b.md#x"));
        check("/a.md", Some("https://redirect.github.com/lakeside/fjord/blob/v2/a.md"));
        check("../../etc/passwd", None);
        let image = with_home(|home| of_image("a.png", home));
        assert_eq!(image.as_deref(), Some("https://github.com/lakeside/fjord/raw/v2/docs/a.png"));
        assert_eq!(of_link("upgrade.md", &Home::default()), None);
    }

    #[test]
    fn addresses_of_github_have_short_names() {
        let short = |target| with_home(|home| short(target, home));
        assert_eq!(short("https://github.com/o/r_s/pull/12").as_deref(), Some("o/r\\_s#\u{200b}12"));
        assert_eq!(short("https://github.com/Lakeside/fjord/issues/12?x#y").as_deref(), Some("#\u{200b}12"));
        assert_eq!(
            short("https://github.com/lakeside/fjord/commit/0123456789").as_deref(),
            Some("`0123456`")
        );
        assert_eq!(short("https://github.com/lakeside/fjord/compare/v1...v2").as_deref(), Some("`v1...v2`"));
        assert_eq!(short("https://github.com/o/r/issues"), None);
        assert_eq!(short("https://github.com/o/r/compare/a`b...c"), None);
        assert_eq!(short("https://example.org/o/r/issues/1"), None);
    }
}
