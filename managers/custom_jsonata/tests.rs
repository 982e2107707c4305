use proptest::prelude::*;
use updraft_core::config::custom_manager::MatchString;
use updraft_core::name::RepoPath;
use updraft_core::problem::Severity;

use super::*;
use crate::testing::check_fixtures;

fn config(format: FileFormat, queries: &[&str]) -> CustomManager {
    CustomManager {
        custom_type: CustomType::Jsonata(format),
        description: "test".to_owned(),
        match_strings: queries.iter().map(|query| MatchString::from(*query)).collect(),
        datasource_template: Some("docker".to_owned()),
        ..CustomManager::default()
    }
}

fn extract(config: CustomManager, text: &str) -> Extraction {
    let file = SourceFile::new(RepoPath::new("apps/web/file").unwrap(), text);
    CustomJsonata::new(config).extract(&[&file], &ManagerContext::default())
}

/// Returns each dependency as `name value`, with the text around its first slot.
#[track_caller]
fn check(config: CustomManager, text: &str, expected: &[(&str, &str, Option<&str>)]) {
    let extraction = extract(config, text);
    assert_eq!(extraction.problems, [], "{text}");
    let line = |dep: &Dep| {
        let at = dep.slots.first()?.span.start;
        let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        Some(format!("{}|{}", &text[start..at], text[at..].lines().next().unwrap()))
    };
    let found: Vec<_> = extraction
        .deps
        .iter()
        .map(|dep| (dep.dep_name.clone(), dep.current_value.clone(), line(dep)))
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(name, value, line)| (name.as_str(), value.as_deref().unwrap_or(""), line.as_deref()))
        .collect();
    let mut expected = expected.to_vec();
    expected.sort_by_key(|(_, _, line)| line.map(|line| text.find(&line.replace('|', ""))));
    assert_eq!(found, expected, "{text}");
}

#[test]
fn queries_are_extracted_as_their_snapshots_show() {
    let manager = CustomJsonata::new(CustomManager {
        manager_file_patterns: vec![r"/versions\.yaml$/".to_owned()],
        registry_url_template: Some("{{{registry}}}".to_owned()),
        ..config(
            FileFormat::Yaml,
            &[
                "tools.{'depName': name, 'currentValue': version, 'versioning': 'semver'}",
                "images.{'depName': $split(ref, ':')[0], 'currentValue': $split($split(ref, '@')[0], ':')[1], 'currentDigest': $split(ref, '@')[1], 'registry': registry}",
            ],
        )
    });
    check_fixtures("custom_jsonata", &manager);
}

#[test]
fn the_place_is_found_by_changing_it() {
    let text = "{\n\"other\": \"1.0\",\n\"a\": {\"v\": \"1.0\"},\n\"b\": {\"v\": \"1.0\"}\n}";
    let query = "[{'depName': 'a', 'currentValue': a.v}, {'depName': 'b', 'currentValue': b.v}]";
    check(
        config(FileFormat::Json, &[query]),
        text,
        &[("a", "1.0", Some("\"a\": {\"v\": \"|1.0\"},")), ("b", "1.0", Some("\"b\": {\"v\": \"|1.0\"}"))],
    );
}

#[test]
fn a_query_that_looks_at_values_is_asked_about_one_place_after_the_other() {
    // All changed at once, nothing passes the filter.
    let text = "wanted: '1.0'\nlist:\n- {n: a, v: '1.0'}\n- {n: b, v: '2.0'}\n";
    let query = "list[$exists($$.wanted) and $$.wanted <= '1.0'].{'depName': n, 'currentValue': v}";
    check(
        config(FileFormat::Yaml, &[query]),
        text,
        &[("a", "1.0", Some("- {n: a, v: '|1.0'}")), ("b", "2.0", Some("- {n: b, v: '|2.0'}"))],
    );
}

#[test]
fn numbers_and_parts_of_texts_have_places() {
    let text = "revision = 42\nimage = \"nginx:1.27\"\n";
    let query = "[{'depName': 'r', 'currentValue': $string(revision)}, {'depName': 'n', 'currentValue': $split(image, ':')[1]}]";
    check(
        config(FileFormat::Toml, &[query]),
        text,
        &[("r", "42", Some("revision = |42")), ("n", "1.27", Some("image = \"nginx:|1.27\""))],
    );
}

#[test]
fn templates_win_over_members_and_see_all_of_them() {
    let config = CustomManager {
        dep_name_template: Some("{{owner}}/{{{depName}}}".to_owned()),
        current_value_template: Some("v{{{currentValue}}}".to_owned()),
        ..config(FileFormat::Json, &["{'depName': 'n', 'owner': o, 'currentValue': v}"])
    };
    check(config.clone(), "{\"o\": \"me\",\n\"v\": \"1\", \"w\": \"v1\"}", &[("me/n", "v1", None)]);
    let extraction = extract(config, "{\"o\": \"me\", \"v\": \"1\"}");
    assert_eq!(extraction.deps[0].skip.as_ref().map(|skip| skip.reason), Some(SkipReason::InvalidConfig));
}

#[track_caller]
fn check_problem(config: CustomManager, text: &str, severity: Severity, word: &str) {
    let extraction = extract(config, text);
    let [problem] = &extraction.problems[..] else { panic!("{:?}", extraction.problems) };
    assert!(problem.severity == severity && problem.message.contains(word), "{problem:?}");
    assert_eq!(extraction.deps, []);
}

#[test]
fn what_is_wrong_is_said_once() {
    let json = FileFormat::Json;
    check_problem(config(json, &["{"]), "{}", Severity::Error, "cannot be read");
    check_problem(config(json, &["$sum('a')"]), "{}", Severity::Error, "fails");
    check_problem(
        config(json, &["[{'depName': 'a'}, {'depName': 'b'}]"]),
        "{}",
        Severity::Warning,
        "no `currentValue`",
    );
    check_problem(config(json, &["$"]), "{\"a\": [", Severity::Warning, "cannot be read");
    check_problem(config(FileFormat::Toml, &["$"]), "a = ", Severity::Warning, "no TOML");
    let template =
        CustomManager { dep_name_template: Some("{{nothing x}}".to_owned()), ..config(json, &["{'a': 1}"]) };
    check_problem(template, "{}", Severity::Error, "depNameTemplate");
    assert_eq!(extract(config(json, &["nothing", "7", "['a']"]), "{}"), Extraction::default());
}

proptest! {
    #[test]
    fn no_file_panics_and_slots_say_what_is_there(text in "[{}\\[\\]\":, a-c0-2.\n-]{0,60}") {
        let query = "**.{'depName': 'x', 'currentValue': a, 'currentDigest': b}";
        for format in [FileFormat::Json, FileFormat::Yaml, FileFormat::Toml] {
            for dep in extract(config(format, &[query, "*"]), &text).deps {
                for slot in &dep.slots {
                    prop_assert_eq!(slot.span.of(&text), Some(slot.text.as_str()));
                }
            }
        }
    }
}
