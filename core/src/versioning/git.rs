//! `git`: commits. Each only equals itself; nothing is newer than anything.

use super::docker::is_commit_hash;
use super::key::{KeyBuilder, SortKey};
use super::{NewValue, Versioning};

/// The versioning of commits.
#[derive(Debug)]
pub(super) struct Git;

impl Versioning for Git {
    fn id(&self) -> &'static str {
        "git"
    }

    /// Returns the same key for every commit: there is no order.
    fn key(&self, version: &str) -> Option<SortKey> {
        is_commit(version).then(|| KeyBuilder::new().finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        is_commit(version)
    }

    fn equals(&self, left: &str, right: &str) -> bool {
        left == right && is_commit(left)
    }

    fn is_less_than_range(&self, _version: &str, _range: &str) -> Option<bool> {
        Some(false)
    }

    fn is_breaking(&self, _current: &str, _new: &str) -> Option<bool> {
        None
    }

    fn major(&self, _version: &str) -> Option<u64> {
        None
    }

    fn minor(&self, _version: &str) -> Option<u64> {
        None
    }

    fn patch(&self, _version: &str) -> Option<u64> {
        None
    }

    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        Some(query.new_version.to_owned())
    }
}

/// Returns whether this is a commit, whole or its first seven digits and more.
fn is_commit(text: &str) -> bool {
    let is_digits = (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_long = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_commit_hash(text) || is_digits || is_long
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_only_equals_itself() {
        let (one, other) = ("0123456789abcdef0123456789abcdef01234567", "0123456");
        assert!(Git.equals(one, one) && Git.is_version(other) && Git.is_version(&"a".repeat(64)));
        assert!(
            !Git.equals(one, other) && !Git.is_greater_than(one, other) && !Git.is_greater_than(other, one)
        );
        for text in ["", "main", "v1.0.0", "012345", "0123456789ABCDEF"] {
            assert!(!Git.is_valid(text), "{text}");
        }
    }
}
