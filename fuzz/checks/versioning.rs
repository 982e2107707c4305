//! Every versioning puts any texts into one order: the order is total, agrees with itself, and what is chosen is one of the candidates.
//!
//! The first line is the versioning's id; each further line is a version or a range.

use std::cmp::Ordering;

use updraft_core::versioning::{NewValue, RangeStrategy, ids, versioning};

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (head, body) = super::two(&text);
    let texts: Vec<&str> = body.split('\n').take(6).collect();
    let chosen = ids().find(|id| *id == head);
    let Ok(versioning) = versioning(chosen.unwrap_or(head)) else { return };
    for left in &texts {
        assert!(
            !versioning.is_stable(left) || versioning.key(left).is_some() || versioning.is_valid(left),
            "{left:?}"
        );
        for right in &texts {
            assert_eq!(
                versioning.compare(left, right),
                versioning.compare(right, left).reverse(),
                "{left:?} {right:?}"
            );
            assert!(!(versioning.is_greater_than(left, right) && versioning.is_greater_than(right, left)));
            let _ = (
                versioning.matches(left, right),
                versioning.is_compatible(left, right),
                versioning.is_breaking(left, right),
            );
            let _ = (versioning.intersects(left, right), versioning.is_subset(left, right));
            for third in &texts {
                if versioning.compare(left, right) != Ordering::Greater
                    && versioning.compare(right, third) != Ordering::Greater
                {
                    assert_ne!(
                        versioning.compare(left, third),
                        Ordering::Greater,
                        "{left:?} {right:?} {third:?}"
                    );
                }
            }
        }
        if let Some(best) = versioning.satisfying(&texts, left) {
            assert!(texts.contains(&best) && versioning.matches(best, left));
        }
        for strategy in
            [RangeStrategy::Replace, RangeStrategy::Pin, RangeStrategy::Bump, RangeStrategy::Widen]
        {
            let query = NewValue {
                current_value: left,
                range_strategy: strategy,
                current_version: None,
                new_version: texts[0],
            };
            let _ = versioning.new_value(&query);
        }
    }
}
