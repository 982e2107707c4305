//! Whatever a configuration holds, nothing here panics.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::pattern::{Case, Pattern};
use super::schedule::Schedule;
use super::{ConfigFile, Facts, PresetText, Resolution, duration, resolve};
use crate::jsonata::Expression;
use crate::name::{ManagerId, RepoPath};
use crate::template;
use crate::update::UpdateType;

/// Pieces of configurations, to be put together in any order.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "'",
    "\"",
    "\n",
    "//",
    "/*",
    "packageRules",
    "extends",
    "'config:recommended'",
    "'github>a/b'",
    "matchPackageNames",
    "'/a(/'",
    "'!**'",
    "customManagers",
    "matchStrings",
    "fileMatch",
    "null",
    "true",
    "1e400",
    "-0x1",
    "flux",
    "'{{#if a}}'",
    "'{{arg0}}'",
    "group",
    "major",
    "schedule",
    "'* * * * *'",
    "'before 5am'",
    "\u{e9}",
    "\u{feff}",
    "description",
    "minimumReleaseAge",
    "'3 days'",
    "'\\u12'",
    "hostRules",
];

fn run(text: &str) {
    let file = ConfigFile { path: RepoPath::new("renovate.json").unwrap(), text: text.into() };
    let mut presets = BTreeMap::new();
    for _ in 0..3 {
        match resolve(Some(&file), &presets, Some("me/home")) {
            Resolution::Needs(needed) => {
                let preset =
                    PresetText::Found { path: "default.json".to_owned(), text: text.into(), is_local: false };
                presets.extend(needed.iter().map(|reference| (reference.key(), preset.clone())));
            }
            Resolution::Done(config) => {
                for problem in &config.problems {
                    if let Some(span) = problem.span.filter(|_| problem.file.as_ref() == Some(&file.path)) {
                        assert!(span.of(text).is_some(), "{problem:?} points outside of {text:?}");
                    }
                }
                let facts =
                    Facts { dep_name: Some("a"), update_type: Some(UpdateType::Major), ..Facts::default() };
                config.apply(&facts);
                config.files_of(&ManagerId::fixed("flux"), &["/x/"]).includes(&file.path);
                config.shown();
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_configuration(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        run(&pieces.concat());
    }

    #[test]
    fn any_text_as_configuration(text in "\\PC{0,80}") {
        run(&text);
        run(&format!("{{{text}}}"));
    }

    #[test]
    fn any_value_of_an_option(index in 0..super::OPTIONS.len(), value in prop::sample::select(vec!["1", "-1", "'x'", "[]", "[1]", "{}", "{a: {b: []}}", "null", "true", "[[{}]]", "[{a: 1}]", "['a', null]"])) {
        run(&format!("{{{}: {value}}}", super::OPTIONS[index].name));
        run(&format!("{{packageRules: [{{'{}': {value}}}]}}", super::OPTIONS[index].name));
    }

    #[test]
    fn any_pattern(text in "[a-z/*!(){},|\\[\\]\\\\^$.?+@:<>=0-9 -]{0,24}", subject in "[a-z/.]{0,12}") {
        if let Ok(pattern) = Pattern::new(&text) {
            pattern.matches(&subject);
        }
        if let Ok(pattern) = Pattern::glob(&text, Case::Sensitive) {
            pattern.matches(&subject);
        }
        let _ = super::pattern::regex(&text);
    }

    #[test]
    fn any_schedule(words in prop::collection::vec(prop::sample::select(vec!["before", "after", "every", "on", "the", "first", "31st", "day", "of", "month", "monday", "weekend", "5am", "12:30", "and", "also", "*", "*/2", "1-5", "0", "L", "1#2", "6L", "feb", "99", "months", "3", "through", "ü"]), 0..7)) {
        if let Ok(schedule) = Schedule::parse(&[words.join(" ")]) {
            let now = "2026-03-28T23:30:00Z".parse().unwrap();
            let next = schedule.next_open(now, &TimeZone::UTC);
            prop_assert!(next.is_none_or(|next| schedule.allows(next, &TimeZone::UTC)), "{words:?} {next:?}");
        }
    }

    #[test]
    fn any_template(text in "[{}a#/^!>&~'\"( ).\\\\|@=-]{0,40}") {
        let _ = template::render(&text, &serde_json::json!({"a": ["{{a}}", {"a": 1}]}));
        let _ = template::fields(&text);
    }

    #[test]
    fn any_expression(text in "[$a(){}\\[\\]'\".,:;?=+*/&<>0-9 ^~-]{0,40}") {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.evaluate(&serde_json::json!({"a": [1, {"a": "x"}]}));
        }
    }

    #[test]
    fn any_length_of_time(text in "[0-9a-z. ]{0,20}") {
        duration::parse(&text);
    }
}
