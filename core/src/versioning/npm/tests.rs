use super::super::RangeStrategy::{self, Bump, InRangeOnly, Pin, Replace, UpdateLockfile, Widen};
use super::*;

const NPM: Npm = Npm { id: "npm", lines: Lines::All };

#[track_caller]
fn check_range(range: &str, inside: &[&str], outside: &[&str]) {
    assert!(NPM.is_valid(range), "`{range}` is valid");
    for version in inside {
        assert!(NPM.matches(version, range), "{version} in `{range}`");
    }
    for version in outside {
        assert!(!NPM.matches(version, range), "{version} not in `{range}`");
    }
}

#[test]
fn carets_keep_the_first_number_that_is_not_zero() {
    check_range("^1.2.3", &["1.2.3", "1.99.0", "v1.3.0"], &["1.2.2", "2.0.0", "2.0.0-0", "1.3.0-rc.1"]);
    check_range("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0", "0.2.2"]);
    check_range("^0.0.3", &["0.0.3"], &["0.0.4", "0.0.2"]);
    check_range("^0.0", &["0.0.0", "0.0.9"], &["0.1.0"]);
    check_range("^0", &["0.0.0", "0.9.9"], &["1.0.0"]);
    check_range("^1.x", &["1.0.0", "1.9.0"], &["0.9.0", "2.0.0"]);
    check_range("^ v1.2", &["1.2.0", "1.9.0"], &["1.1.9"]);
}

#[test]
fn tildes_keep_the_minor_number_if_there_is_one() {
    check_range("~1.2.3", &["1.2.3", "1.2.9"], &["1.2.2", "1.3.0", "1.3.0-0"]);
    check_range("~1.2", &["1.2.0"], &["1.3.0"]);
    check_range("~1", &["1.0.0", "1.9.0"], &["2.0.0"]);
    check_range("~> 1.2.3", &["1.2.9"], &["1.3.0"]);
    check_range("~0.0.3", &["0.0.9"], &["0.1.0"]);
}

#[test]
fn missing_parts_and_wildcards_mean_any() {
    for range in ["", " ", "*", "x", "X", "*.*.*", "v*", "||", "1 || *"] {
        check_range(range, &["0.0.0", "99.1.2"], &["1.0.0-rc.1", "1.0", "junk"]);
    }
    for range in ["1", "1.x", "1.X.*", "=1", "1.*.7", "1.x.5-alpha+build", "1+build"] {
        check_range(range, &["1.0.0", "1.99.99"], &["0.9.9", "2.0.0"]);
    }
    check_range("1.2", &["1.2.0", "1.2.9"], &["1.3.0", "1.1.9"]);
    check_range("1.2.3+build", &["1.2.3", "1.2.3+other"], &["1.2.4"]);
}

#[test]
fn comparisons_bound_one_side() {
    check_range(">1.2", &["1.3.0"], &["1.2.9"]);
    check_range(">1", &["2.0.0"], &["1.9.9"]);
    check_range(">= v1.2", &["1.2.0", "9.0.0"], &["1.1.9"]);
    check_range("<1.2", &["1.1.9", "0.0.0"], &["1.2.0", "1.2.0-rc.1"]);
    check_range("<=1.2", &["1.2.9"], &["1.3.0"]);
    check_range("<=1.2.3", &["1.2.3"], &["1.2.4"]);
    check_range("> =1.2.3", &["1.2.3"], &["1.2.2"]);
    check_range("<*", &[], &["0.0.0", "0.0.0-0", "1.0.0"]);
    check_range(">=*", &["0.0.0", "1.0.0"], &[]);
}

#[test]
fn conditions_join_and_alternatives_part() {
    check_range(">=1.2.3 <2.0.0", &["1.2.3", "1.9.9"], &["1.2.2", "2.0.0"]);
    check_range(">= 1.2.3  < 2", &["1.2.3", "1.9.9"], &["1.2.2", "2.0.0"]);
    check_range("1.2.3 - 2.3.4", &["1.2.3", "2.3.4"], &["1.2.2", "2.3.5"]);
    check_range("1.2 - 2.3", &["1.2.0", "2.3.9"], &["1.1.9", "2.4.0"]);
    check_range("1 - 2", &["1.0.0", "2.9.9"], &["3.0.0"]);
    check_range("* - 2.x", &["0.0.1", "2.9.9"], &["3.0.0"]);
    check_range("^1.2 || ~3.4||5", &["1.9.0", "3.4.9", "5.5.5"], &["2.0.0", "3.5.0", "6.0.0"]);
}

#[test]
fn prereleases_are_in_a_range_only_when_it_names_one_of_the_same_numbers() {
    check_range(
        "^1.2.3-beta.2",
        &["1.2.3-beta.2", "1.2.3-beta.4", "1.2.3", "1.3.0"],
        &["1.2.3-alpha", "1.2.4-beta.2"],
    );
    check_range(">=1.2.3-rc.1 <2", &["1.2.3-rc.2"], &["1.3.0-rc.1"]);
    check_range(">=1.0.0-0", &["1.0.0-alpha"], &["1.0.1-alpha"]);
}

#[test]
fn what_is_not_a_range_is_refused() {
    let long = "1 ".repeat(2000);
    for text in [
        "latest",
        "1.2.3.4",
        "01.2.3",
        "1.02",
        "1.x.05",
        "1.2.3foo",
        "1.2-rc.1",
        "1.2.3-01",
        "1.2.3-",
        "1.2.3-a..b",
        "1..2",
        "1.2.",
        "v",
        "^",
        "> ",
        ">=1.2.3<2",
        "1.2.3,2.0.0",
        "owner/repo",
        "https://example.org/x.git",
        "1.2.3+a+b+c",
        "1.2.3+",
        "9007199254740992",
        "1 - 2 - 3",
        "é",
        "^é",
        &long,
    ] {
        assert!(!NPM.is_valid(text), "{text}");
        assert!(!NPM.matches("1.2.3", text), "{text}");
    }
}

#[test]
fn one_version_is_single_with_or_without_an_equals_sign() {
    for (text, is_single) in [
        ("1.2.3", true),
        ("v1.2.3-rc.1", true),
        ("= 1.2.3", true),
        ("1.2", false),
        ("^1.2.3", false),
        ("1.x", false),
        ("==1.2.3", false),
    ] {
        assert_eq!(NPM.is_single_version(text), is_single, "{text}");
    }
}

#[test]
fn the_best_version_of_a_range_is_the_newest_or_the_oldest() {
    let versions = ["1.0.0", "junk", "v1.5.0", "1.5.0-rc.1", "1.4.0", "2.0.0"];
    assert_eq!(NPM.satisfying(&versions, "^1.0.0"), Some("v1.5.0"));
    assert_eq!(NPM.min_satisfying(&versions, ">1.0.0"), Some("1.4.0"));
    assert_eq!(NPM.satisfying(&versions, "^3"), None);
    assert_eq!(NPM.satisfying(&versions, "junk"), None);
}

#[test]
fn a_version_is_less_than_a_range_when_below_all_of_it() {
    for (version, range, is_less) in [
        ("1.2.2", "^1.2.3", true),
        ("1.2.3", "^1.2.3", false),
        ("9.0.0", "^1.2.3", false),
        ("1.2.3", ">1.2.3", true),
        ("0.1.0", "<2", false),
        ("1.0.0", "^2 || ^3", true),
        ("2.5.0", "^2 || ^3", false),
        ("2.5.0", "^3 || ^2.6", true),
        ("0.0.0", "*", false),
        ("junk", "1", false),
        ("1.0.0", "junk", false),
    ] {
        assert_eq!(NPM.is_less_than_range(version, range), Some(is_less), "{version} < `{range}`");
    }
}

#[test]
fn ranges_relate_as_sets() {
    for (left, right, intersect, subset) in [
        ("^1.2.0", "^1.0.0", true, true),
        ("^1.0.0", "^1.2.0", true, false),
        ("^1", "^2", false, false),
        (">=1", "<=1.0.0", true, false),
        (">1.0.0", "<=1.0.0", false, false),
        ("1.2.3", "1.x", true, true),
        ("1.0.0 || 2.0.0", "1 || 2", true, true),
        ("1 || 2", "1", true, false),
        ("*", ">=0.0.0", true, true),
        (">=0.0.0", "*", true, true),
        ("*", "<3", true, false),
        ("<2 >=3", "1.0.0", false, true),
        ("1.0.0-rc.1", "<2", false, false),
        (">=1.0.0-rc.1 <1.5.0", ">=1.0.0-rc.0", true, true),
        (">=1.0.0-rc.1 <1.5.0", ">=0.9.0", true, false),
        ("<0.0.0-0", "1", false, true),
        ("junk", "*", false, false),
    ] {
        assert_eq!(NPM.intersects(left, right), Some(intersect), "`{left}` and `{right}` intersect");
        assert_eq!(NPM.is_subset(left, right), Some(subset), "`{left}` within `{right}`");
    }
}

#[track_caller]
fn check_new_value(strategy: RangeStrategy, rows: &[(&str, &str, Option<&str>)]) {
    for (current_value, new_version, expected) in rows {
        let query = NewValue { current_value, range_strategy: strategy, current_version: None, new_version };
        assert_eq!(NPM.new_value(&query).as_deref(), *expected, "`{current_value}` -> {new_version}");
    }
}

#[test]
fn one_version_becomes_the_new_one_as_published() {
    for strategy in [RangeStrategy::Auto, Replace, Bump, Widen, UpdateLockfile] {
        check_new_value(
            strategy,
            &[
                ("1.2.3", "1.3.0", Some("1.3.0")),
                ("v1.2.3", "1.3.0", Some("1.3.0")),
                ("1.2.3", "v1.3.0", Some("v1.3.0")),
            ],
        );
    }
}

#[test]
fn replace_keeps_operator_precision_and_space() {
    check_new_value(
        Replace,
        &[
            ("^1.2.3", "3.4.5", Some("^3.0.0")),
            ("^1.2", "3.4.5", Some("^3.0")),
            ("^1", "v3.4.5", Some("^3")),
            ("^1.x", "3.4.5", Some("^3.x")),
            ("^v1.2.3", "3.4.5", Some("^v3.0.0")),
            ("^0.3.1", "0.4.2", Some("^0.4.0")),
            ("^0.0.7", "0.0.9", Some("^0.0.9")),
            ("^2.3.4", "2.1.9", Some("^2.1.9")),
            ("~ 1.2.3", "1.4.5", Some("~ 1.4.0")),
            ("~1.2", "1.4.5", Some("~1.4")),
            ("~1", "2.4.5", Some("~2")),
            ("1.2", "1.4.5", Some("1.4")),
            ("1.2.X", "2.4.5", Some("2.4.X")),
            ("1.x.x", "2.4.5", Some("2.x.x")),
            ("1.x.5", "2.4.5", Some("2.x")),
            ("= 1.2.3", "1.4.5", Some("= 1.4.5")),
            ("<= 1.2", "1.4.5", Some("<= 1.4")),
            ("<=1.2.3", "1.4.5", Some("<=1.4.5")),
            (">=1.0.0 <2.0.0", "3.4.5", Some(">=1.0.0 <4.0.0")),
            (">=1.0.0 <2.0.0-0", "3.4.5", Some(">=1.0.0 <4.0.0-0")),
            ("<0.3.0", "0.4.1", Some("<0.5.0")),
            ("<0.3.2", "0.4.1", Some("<0.4.2")),
            ("<1.x", "2.4.5", Some("<3.x")),
            (">=2.0.0", "1.5.0", Some(">=1.5.0")),
            ("1.0.0 - 2", "3.4.5", Some("1.0.0 - 3")),
            ("^1.0.0 || ^2.0.0", "3.4.5", Some("^3.0.0")),
            (">2.0.0", "1.0.0", None),
        ],
    );
}

#[test]
fn replace_makes_room_for_a_prerelease() {
    check_new_value(
        Replace,
        &[("^1.2.3", "2.1.0-rc.3", Some("^2.1.0-rc")), ("~1.2", "1.3.0-beta", Some("~1.3.0-beta"))],
    );
}

#[test]
fn bump_raises_the_lower_bound() {
    check_new_value(
        Bump,
        &[
            ("^1.2.3", "1.4.5", Some("^1.4.5")),
            ("~1.2", "1.2.7", Some("~1.2.7")),
            (">= 1.2.3", "1.4.5", Some(">= 1.4.5")),
            (">=1.2.3 <2.0.0", "1.4.5", Some(">=1.4.5 <2.0.0")),
            (">=1.2.3 <2.0.0", "2.1.0", Some(">=2.1.0 <3.0.0")),
            ("1.2.3 - 2.0.0", "1.4.5", Some("1.4.5 - 2.0.0")),
            ("^1.0.0 || ^2.0.0", "2.4.5", Some("^1.0.0 || ^2.4.5")),
            ("^1.0.0 || ^2.0.0", "1.4.5", Some("^1.4.5 || ^2.0.0")),
            ("<2.0.0", "1.4.5", Some("<2.0.0")),
            (">1.0.0", "2.0.0", None),
        ],
    );
}

#[test]
fn widen_raises_the_upper_bound_or_adds_an_alternative() {
    check_new_value(
        Widen,
        &[
            ("^1.2.3", "1.4.5", Some("^1.2.3")),
            ("^1.2.3", "2.4.5", Some("^1.2.3 || ^2.0.0")),
            ("1.2.3 || 1.2.4", "2.0.0", Some("1.2.3 || 1.2.4 || 2.0.0")),
            (">=1.2.3 <2.0.0", "2.4.5", Some(">=1.2.3 <3.0.0")),
            (">=1.2.3 <2.0.0", "1.0.0", Some(">=1.2.3 <2.0.0 || 1.0.0")),
            ("1 - 2", "3.0.0", Some("1 - 3")),
        ],
    );
}

#[test]
fn the_other_strategies_write_the_version_or_nothing_new() {
    check_new_value(Pin, &[("^1.2.3", "1.4.5", Some("1.4.5")), ("*", "v1.4.5", Some("v1.4.5"))]);
    check_new_value(
        UpdateLockfile,
        &[("^1.2.3", "1.4.5", Some("^1.2.3")), ("^1.2.3", "2.4.5", Some("^2.0.0"))],
    );
    check_new_value(InRangeOnly, &[("^1.2.3", "1.4.5", Some("^1.2.3")), ("^1.2.3", "2.4.5", None)]);
}

#[test]
fn any_version_stays_any_version() {
    for any in ["", "*", "x", "X"] {
        for strategy in [RangeStrategy::Auto, Replace, Bump, Widen] {
            check_new_value(strategy, &[(any, "1.2.3", None)]);
        }
        check_new_value(UpdateLockfile, &[(any, "1.2.3", Some(any))]);
    }
}

#[test]
fn of_node_only_lines_with_long_term_support_are_stable() {
    let node = Npm { id: "node", lines: Lines::LongTerm };
    for (version, is_stable) in
        [("22.1.0", true), ("24.0.0-rc.1", false), ("23.1.0", false), ("28.0.0", false), ("0.10.1", false)]
    {
        assert_eq!(node.is_stable(version), is_stable, "{version}");
    }
    assert!(node.matches("22.1.0", "22") && node.matches("23.1.0", ">=22"));
}
