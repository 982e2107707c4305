//! `same-major`: any version stands for itself and all later ones of its major number; only another major number is an update.

use super::key::SortKey;
use super::semver_coerced::SemverCoerced;
use super::{NewValue, Versioning};

/// The versioning of what follows a major line by itself.
#[derive(Debug)]
pub(super) struct SameMajor;

impl Versioning for SameMajor {
    fn id(&self) -> &'static str {
        "same-major"
    }

    fn key(&self, version: &str) -> Option<SortKey> {
        SemverCoerced.key(version)
    }

    fn is_single_version(&self, _text: &str) -> bool {
        false
    }

    fn is_stable(&self, version: &str) -> bool {
        SemverCoerced.is_stable(version)
    }

    fn matches(&self, version: &str, range: &str) -> bool {
        matches!((self.major(version), self.major(range)), (Some(own), Some(line)) if own == line)
            && self.compare(version, range).is_ge()
    }

    fn is_breaking(&self, current: &str, new: &str) -> Option<bool> {
        SemverCoerced.is_breaking(current, new)
    }

    fn number(&self, version: &str, place: usize) -> Option<u64> {
        SemverCoerced.number(version, place)
    }

    fn new_value(&self, query: &NewValue<'_>) -> Option<String> {
        let is_inside = self.matches(query.new_version, query.current_value);
        Some(if is_inside { query.current_value } else { query.new_version }.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::RangeStrategy;
    use super::*;

    #[test]
    fn only_another_major_number_is_written() {
        let written = |current_value, new_version| {
            let range_strategy = RangeStrategy::Replace;
            SameMajor.new_value(&NewValue {
                current_value,
                range_strategy,
                current_version: None,
                new_version,
            })
        };
        assert_eq!(written("4.1.2", "4.9.0").as_deref(), Some("4.1.2"));
        assert_eq!(written("4.1.2", "5.0.1").as_deref(), Some("5.0.1"));
        assert!(SameMajor.matches("4.2.0", "v4.1") && !SameMajor.matches("4.0.9", "4.1.0"));
        assert_eq!(SameMajor.satisfying(&["4.0.0", "4.3.0", "5.0.0"], "4.1.0"), Some("4.3.0"));
    }
}
