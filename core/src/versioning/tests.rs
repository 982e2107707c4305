//! What holds for every versioning.

use proptest::prelude::*;

use super::*;

/// Every fixed id, and patterns with every group.
fn all() -> Vec<Arc<dyn Versioning>> {
    let patterns = [
        r"regex:^v?(?<major>\d+)(\.(?<minor>\d+)\.(?<patch>\d+))?$",
        r"regex:(?<major>\d+)?\.?(?<minor>\d*)(?<prerelease>[a-z]+\d*)?(?:-(?<compatibility>.*))?(?:_(?<build>.*))?",
    ];
    let ids = ids().chain(patterns);
    ids.map(|id| versioning(id).unwrap()).collect()
}

#[test]
fn each_versioning_has_its_own_id_and_is_found_by_it() {
    for versioning in all() {
        assert_eq!(super::versioning(versioning.id()).unwrap().id(), versioning.id());
    }
    let mut known: Vec<_> = ids().collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), ids().count());
}

#[test]
fn an_unknown_id_says_which_there_are() {
    let error = versioning("sever").unwrap_err();
    assert_eq!(error.to_string(), "there is no versioning `sever`");
    assert_eq!(error.hint(), "did you mean `semver`?");
    let hint = versioning("quantum").unwrap_err().hint();
    assert!(hint.contains("`semver`") && hint.contains("`regex:`"), "{hint}");
    let hint = versioning("gradle").unwrap_err().hint();
    assert!(hint.contains("Renovate's `gradle`"), "{hint}");
}

#[test]
fn no_id_is_said_to_be_missing_that_is_there() {
    for id in ELSEWHERE {
        assert!(versioning(id).is_err(), "{id}");
    }
}

#[test]
fn a_run_makes_each_versioning_once() {
    let versionings = Versionings::default();
    let first = versionings.find(r"regex:^(?<major>\d+)$").unwrap();
    assert!(Arc::ptr_eq(&first, &versionings.find(r"regex:^(?<major>\d+)$").unwrap()));
    assert_eq!(versionings.find("sever").unwrap_err(), versionings.find("sever").unwrap_err());
}

#[test]
fn sorting_drops_what_is_no_version_and_keeps_equal_ones_in_order() {
    let mut tags = vec!["1.2.0", "latest", "v1.1.0", "1.1.0", "1.10.0"];
    versioning("docker").unwrap().sort(&mut tags);
    assert_eq!(tags, ["v1.1.0", "1.1.0", "1.2.0", "1.10.0"]);
}

#[test]
fn range_strategies_are_spelled_as_they_are_read() {
    for text in ["auto", "pin", "bump", "replace", "widen", "update-lockfile", "in-range-only"] {
        assert_eq!(RangeStrategy::new(text).unwrap().as_str(), text);
    }
    assert_eq!(RangeStrategy::new("future"), None);
}

fn version() -> impl Strategy<Value = String> {
    "v?[0-3](\\.[0-2]?[0-9]){0,3}(-?(a|b|rc|alpha)\\.?[0-9]{0,2})?(-(slim|alpine|1))?"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        version(),
        "(v|apps/v)?[0-9]{1,2}(alpha|beta)?[0-9]?",
        "[0-9]:[1-3](\\.[0-9]){0,2}[~^+]?(rc|git)?[0-9]?(-[0-9](ubuntu|\\.el)?[0-9]?)?",
        "[1-3](\\.[0-9]){0,3}[.-]?(Final|SNAPSHOT|alpha|m|sp|jre|pre|dev|post)?-?[0-9]?(\\+[a-z0-9.]{1,4})?",
        "[0-9]{0,1}!?[0-3](\\.[0-9]){0,2}(a|b|rc|\\.post|\\.dev|-)[0-9]?",
        "(~>|~=|==|!=|>=|<=|<|>|\\^) ?[0-3](\\.[0-9]){0,2}(\\.\\*)?(, ?(<|!=|>=) ?[0-9](\\.[0-9])?)?",
        "\\[?[0-3](\\.[0-9]){0,2}\\]?",
        "(noble|jammy|bookworm|trixie)(-20250[1-3]0[1-9])?",
        "[v=^~<>* ]{0,3}[0-9xX*.+|a-]{0,9}( - | \\|\\| | <)?[0-9xX.é-]{0,6}",
        any::<String>(),
    ]
}

fn stable_version() -> impl Strategy<Value = String> {
    "v?[0-3]\\.[0-4]\\.[0-9]{1,2}".prop_filter("no leading zero", |text| npm().is_version(text))
}

fn npm() -> Arc<dyn Versioning> {
    versioning("npm").unwrap()
}

proptest! {
    #[test]
    fn the_order_is_total(left in text(), middle in text(), right in text()) {
        for versioning in all() {
            let order = |left: &str, right: &str| versioning.compare(left, right);
            prop_assert_eq!(order(&left, &right), order(&right, &left).reverse());
            prop_assert_eq!(order(&left, &left), Ordering::Equal);
            if order(&left, &middle).is_le() && order(&middle, &right).is_le() {
                prop_assert!(order(&left, &right).is_le(), "{} {left} {middle} {right}", versioning.id());
            }
            if versioning.is_greater_than(&left, &right) {
                prop_assert!(order(&left, &right).is_gt(), "{} {left} {right}", versioning.id());
            }
        }
    }

    #[test]
    fn no_text_panics(first in text(), second in text(), third in text()) {
        let strategies = ["auto", "pin", "bump", "replace", "widen", "update-lockfile", "in-range-only"];
        for versioning in all() {
            let versions = [first.as_str(), &second, &third];
            let is_valid = versioning.is_valid(&first);
            prop_assert!(is_valid || !versioning.is_version(&first));
            prop_assert!(versioning.is_version(&first) || !versioning.is_stable(&first));
            let _ = (versioning.is_single_version(&first), versioning.is_compatible(&first, &second));
            let _ = (versioning.is_less_than_range(&first, &second), versioning.is_breaking(&first, &second));
            let _ = (versioning.major(&first), versioning.minor(&first), versioning.patch(&first));
            let _ = (versioning.intersects(&first, &second), versioning.is_subset(&first, &second));
            for found in [versioning.satisfying(&versions, &third), versioning.min_satisfying(&versions, &third)].into_iter().flatten() {
                prop_assert!(versioning.matches(found, &third), "{} {found} {third}", versioning.id());
            }
            for strategy in strategies {
                let query = NewValue {
                    current_value: &first,
                    range_strategy: RangeStrategy::new(strategy).unwrap(),
                    current_version: Some(&second),
                    new_version: &third,
                };
                prop_assert_eq!(versioning.new_value(&query), versioning.spellings(&query).into_iter().next());
            }
        }
    }

    #[test]
    fn semantic_versions_are_ordered_as_the_specification_says(left in version(), right in version()) {
        let parse = |text: &str| ::semver::Version::parse(text.trim_start_matches('v')).ok();
        if let (Some(old), Some(new)) = (parse(&left), parse(&right)) {
            prop_assert_eq!(versioning("semver").unwrap().compare(&left, &right), old.cmp_precedence(&new));
        }
    }

    #[test]
    fn tags_are_ordered_number_by_number_and_the_shorter_is_the_greater(
        left in prop::collection::vec(0_u64..12, 1..5),
        right in prop::collection::vec(0_u64..12, 1..5),
    ) {
        let spell = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        let shared = left.len().min(right.len());
        let expected = left[..shared].cmp(&right[..shared]).then(right.len().cmp(&left.len()));
        prop_assert_eq!(versioning("docker").unwrap().compare(&spell(&left), &spell(&right)), expected);
    }

    #[test]
    fn a_rewritten_range_holds_the_new_version(
        operator in "[~^]|=|<=?|>=",
        space in " ?",
        number in "[0-3](\\.[0-4](\\.[0-9])?)?(\\.x)?",
        upper in "( <[0-9](\\.[0-9])?)?",
        new_version in stable_version(),
    ) {
        let current_value = format!("{operator}{space}{number}{upper}");
        for range_strategy in [RangeStrategy::Replace, RangeStrategy::Widen, RangeStrategy::Bump, RangeStrategy::UpdateLockfile] {
            let query = NewValue { current_value: &current_value, range_strategy, current_version: None, new_version: &new_version };
            if let Some(written) = npm().new_value(&query) {
                prop_assert!(npm().matches(&new_version, &written), "{range_strategy:?} `{current_value}` -> {new_version}: `{written}`");
            }
        }
    }
}
