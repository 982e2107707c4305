//! `exact` and `git`: names that only ever match themselves. Nothing is newer than anything.

use super::docker::is_commit_hash;
use super::key::{KeyBuilder, SortKey};
use super::{NewValue, Versioning};

/// The versioning of names without an order.
#[derive(Debug)]
pub(super) struct Names {
    id: &'static str,
    is_name: fn(&str) -> bool,
}

/// Any text, such as a branch.
pub(super) const EXACT: Names = Names { id: "exact", is_name: |text| !text.is_empty() };
/// Commits.
pub(super) const GIT: Names = Names { id: "git", is_name: is_commit };

/// Returns whether this is a commit, whole or its first seven digits and more.
fn is_commit(text: &str) -> bool {
    let is_digits = (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_long = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_commit_hash(text) || is_digits || is_long
}

impl Versioning for Names {
    fn id(&self) -> &str {
        self.id
    }

    /// Returns the same key for every name: there is no order.
    fn key(&self, version: &str) -> Option<SortKey> {
        (self.is_name)(version).then(|| KeyBuilder::new().finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        self.is_version(version)
    }

    fn equals(&self, left: &str, right: &str) -> bool {
        left == right && self.is_version(left)
    }

    fn is_less_than_range(&self, _version: &str, _range: &str) -> Option<bool> {
        Some(false)
    }

    fn is_breaking(&self, _current: &str, _new: &str) -> Option<bool> {
        None
    }

    fn number(&self, _version: &str, _place: usize) -> Option<u64> {
        None
    }

    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        Some(query.new_version.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_equals_itself_and_is_newer_than_nothing() {
        assert!(EXACT.equals("main", "main") && EXACT.matches("main", "main"));
        assert!(
            !EXACT.equals("main", "Main")
                && !EXACT.is_greater_than("main", "dev")
                && !EXACT.is_greater_than("dev", "main")
        );
        assert_eq!(EXACT.satisfying(&["dev", "main"], "main"), Some("main"));
        assert!(!EXACT.is_valid("") && !EXACT.equals("", ""));
    }

    #[test]
    fn a_commit_only_equals_itself() {
        let (one, other) = ("0123456789abcdef0123456789abcdef01234567", "0123456");
        assert!(GIT.equals(one, one) && GIT.is_version(other) && GIT.is_version(&"a".repeat(64)));
        assert!(
            !GIT.equals(one, other) && !GIT.is_greater_than(one, other) && !GIT.is_greater_than(other, one)
        );
        for text in ["", "main", "v1.0.0", "012345", "0123456789ABCDEF"] {
            assert!(!GIT.is_valid(text), "{text}");
        }
    }
}
