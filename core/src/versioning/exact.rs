//! `exact`: any text is a version, equal to itself only; nothing is newer than anything.

use super::key::{KeyBuilder, SortKey};
use super::{NewValue, Versioning};

/// The versioning of names that only ever match themselves, such as branches.
#[derive(Debug)]
pub(super) struct Exact;

impl Versioning for Exact {
    fn id(&self) -> &'static str {
        "exact"
    }

    /// Returns the same key for every text: there is no order.
    fn key(&self, version: &str) -> Option<SortKey> {
        (!version.is_empty()).then(|| KeyBuilder::new().finish())
    }

    fn is_stable(&self, version: &str) -> bool {
        !version.is_empty()
    }

    fn equals(&self, left: &str, right: &str) -> bool {
        left == right && !left.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_equals_itself_and_is_newer_than_nothing() {
        assert!(Exact.equals("main", "main") && Exact.matches("main", "main"));
        assert!(
            !Exact.equals("main", "Main")
                && !Exact.is_greater_than("main", "dev")
                && !Exact.is_greater_than("dev", "main")
        );
        assert_eq!(Exact.satisfying(&["dev", "main"], "main"), Some("main"));
        assert!(!Exact.is_valid("") && !Exact.equals("", ""));
    }
}
