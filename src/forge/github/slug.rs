//! The name of a repository: its owner and its own.

use std::fmt;

/// `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slug {
    pub(super) owner: String,
    pub(super) name: String,
}

impl Slug {
    /// Returns the slug; `None` when `text` is not `owner/name`, or holds what no name on GitHub can hold.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.trim().split_once('/')?;
        let is_sound = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.len() <= 100
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        (is_sound(owner) && is_sound(name)).then(|| Self { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// Whether `text` names the same repository: GitHub does not tell cases apart.
    pub(super) fn is(&self, text: &str) -> bool {
        text.split_once('/').is_some_and(|(owner, name)| {
            owner.eq_ignore_ascii_case(&self.owner) && name.eq_ignore_ascii_case(&self.name)
        })
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_an_owner_and_a_name_and_cannot_lead_elsewhere() {
        let slug = Slug::parse(" Octo-Org/home.ops ").unwrap();
        assert_eq!(slug.to_string(), "Octo-Org/home.ops");
        assert!(slug.is("octo-org/Home.Ops") && !slug.is("octo-org/home") && !slug.is("home.ops"));
        for bad in ["", "a", "a/", "/b", "a/b/c", "a/..", "../b", "a/b?x", "a/b#x", "a b/c", "a/%2e%2e"] {
            assert_eq!(Slug::parse(bad), None, "{bad}");
        }
    }
}
