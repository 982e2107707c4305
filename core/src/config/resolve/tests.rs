use super::*;

fn file(text: &str) -> ConfigFile {
    ConfigFile { path: RepoPath::new(".github/renovate.json5").unwrap(), text: text.into() }
}

fn found(path: &str, text: &str, is_local: bool) -> PresetText {
    PresetText::Found { path: path.to_owned(), text: text.into(), is_local }
}

#[track_caller]
fn done(text: &str, presets: &[(&str, PresetText)]) -> Config {
    let presets = presets.iter().map(|(key, text)| ((*key).to_owned(), text.clone())).collect();
    match resolve(Some(&file(text)), &presets, Some("me/home")) {
        Resolution::Done(config) => *config,
        Resolution::Needs(needed) => panic!("{needed:?}"),
    }
}

#[track_caller]
fn messages(config: &Config, expected: &[&str]) {
    let messages: Vec<&str> = config.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, expected);
}

#[test]
fn without_a_file_renovate_s_defaults_hold() {
    let Resolution::Done(config) = resolve(None, &BTreeMap::new(), None) else { panic!() };
    assert_eq!(config.options.separate_major_minor, Some(true));
    assert_eq!(config.options.pr_hourly_limit, Some(2));
    assert_eq!(config.options.branch_concurrent_limit, Some(10));
    messages(&config, &[]);
}

#[test]
fn presets_come_first_and_the_file_wins() {
    let config = done(
        "{extends: ['config:recommended', ':automergePr', ':disableRateLimiting'], automergeType: 'branch', ignorePaths: ['x']}",
        &[],
    );
    assert_eq!(config.options.dependency_dashboard, Some(true));
    assert_eq!(config.options.automerge_type, Some(super::super::options::AutomergeType::Branch));
    assert_eq!(
        config.options.ignore_paths,
        Some(vec!["x".to_owned()]),
        "a list that replaces drops the preset's"
    );
    assert_eq!(config.options.pr_concurrent_limit, Some(0));
    assert_eq!(config.options.branch_concurrent_limit, Some(0), "it follows the limit of pull requests");
    messages(&config, &[]);
    let origin = config.origins["dependencyDashboard"][0];
    assert_eq!(&*config.source(origin).unwrap().name, ":dependencyDashboard");
}

#[test]
fn a_nested_preset_knows_by_which_way_it_came() {
    let config = done(
        "{extends: ['github>me/presets'], labels: ['x']}",
        &[("github>me/presets", found("default.json", "{extends: ['config:recommended']}", false))],
    );
    let chain = |name: &str| -> Vec<String> {
        let place = *config.origins[name].last().unwrap();
        config.chain(place).into_iter().map(|source| source.name.to_string()).collect()
    };
    assert_eq!(chain("ignorePaths"), ["github>me/presets", "config:recommended", ":ignoreModulesAndTests"]);
    assert_eq!(chain("labels"), Vec::<String>::new());
}

#[test]
fn shows_each_option_with_where_it_was_said() {
    let text = "{extends: [':automergePr'], addLabels: ['a'], flux: {enabled: false}}";
    let config = done(text, &[]);
    let shown = config.shown();
    let find = |name: &str| shown.iter().find(|option| option.name == name).unwrap();
    let spans = |name: &str| {
        let places = find(name).places.iter();
        places
            .map(|place| format!("{} {:?}", config.source(*place).unwrap().name, place.span.of(text)))
            .collect::<Vec<_>>()
    };
    assert_eq!(spans("addLabels"), [".github/renovate.json5 Some(\"'a'\")"]);
    assert!(spans("automergeType")[0].starts_with(":automergePr "));
    assert_eq!(spans("flux.enabled"), [".github/renovate.json5 Some(\"flux\")"]);
    assert_eq!(find("separateMajorMinor").places, []);
    assert_eq!(find("addLabels").value, "[\"a\"]");
}

#[test]
fn asks_for_presets_until_it_has_them_all() {
    let text = "{extends: ['github>a/b', 'local>me/home//x.json5#v1', 'github>a/b(z)']}";
    let Resolution::Needs(needed) = resolve(Some(&file(text)), &BTreeMap::new(), Some("me/home")) else {
        panic!()
    };
    let keys: Vec<String> = needed.iter().map(PresetRef::key).collect();
    assert_eq!(keys, ["github>a/b", "local>me/home//x.json5#v1"]);
    let mut presets = BTreeMap::new();
    presets.insert(
        keys[0].clone(),
        found("default.json", "{extends: ['github>c/d:e'], labels: ['{{arg0}}']}", false),
    );
    presets.insert(keys[1].clone(), PresetText::Missing("404 Not Found".to_owned()));
    let Resolution::Needs(needed) = resolve(Some(&file(text)), &presets, Some("me/home")) else { panic!() };
    assert_eq!(needed.iter().map(PresetRef::key).collect::<Vec<_>>(), ["github>c/d//e"]);
    presets.insert("github>c/d//e".to_owned(), found("e.json", "{timezone: 'UTC'}", false));
    let Resolution::Done(config) = resolve(Some(&file(text)), &presets, Some("me/home")) else { panic!() };
    assert_eq!(config.options.timezone.as_ref().map(super::super::options::TimeZone::name), Some("UTC"));
    assert_eq!(config.options.labels, Some(vec!["z".to_owned()]));
    messages(
        &config,
        &[
            "the preset `local>me/home//x.json5#v1` is left out and its effects are missing: it could not be read: 404 Not Found",
        ],
    );
}

#[test]
fn problems_in_own_presets_point_into_their_file() {
    let preset = "{\n  packageRules: [{fileMatch: ['a'], groupNam: 'x'}],\n}";
    let config = done(
        "{extends: ['github>me/home//.renovate/a.json5']}",
        &[("github>me/home//.renovate/a.json5", found(".renovate/a.json5", preset, true))],
    );
    let problem = config.problems.iter().find(|problem| problem.message.contains("groupNam")).unwrap();
    assert_eq!(problem.file.as_ref().map(RepoPath::as_str), Some(".renovate/a.json5"));
    assert_eq!(problem.span.and_then(|span| span.of(preset)), Some("groupNam"));
    assert_eq!(config.files.len(), 2);
    assert_eq!(&*config.source(config.rules[0].place).unwrap().name, ".renovate/a.json5");
}

#[test]
fn problems_in_somebody_else_s_preset_name_it_and_are_no_errors() {
    let config = done(
        "{extends: ['github>a/b']}",
        &[("github>a/b", found("default.json", "{automerge: 1, fileMatch: 2}", false))],
    );
    assert!(
        config
            .problems
            .iter()
            .all(|problem| problem.severity > crate::problem::Severity::Error && problem.file.is_none())
    );
    assert!(config.problems[0].message.contains("in the preset `github>a/b`"), "{:?}", config.problems);
}

#[test]
fn arguments_are_put_into_texts() {
    let config = done(
        "{extends: [':timezone(America/New_York)', ':semanticCommitTypeAll(feat)', ':assignAndReview(x)']}",
        &[],
    );
    assert_eq!(
        config.options.timezone.as_ref().map(super::super::options::TimeZone::name),
        Some("America/New_York")
    );
    assert_eq!(config.rules[0].options.semantic_commit_type.as_deref(), Some("feat"));
    assert_eq!(config.options.reviewers, Some(vec!["x".to_owned()]));
}

#[test]
fn presets_may_stand_in_rules_and_blocks() {
    let config = done(
        "{packageRules: [{matchPackageNames: ['a'], extends: ['schedule:weekly'], labels: ['x']}], lockFileMaintenance: {extends: ['schedule:daily'], enabled: true}}",
        &[],
    );
    let rule = &config.rules[0];
    assert_eq!(
        rule.options.schedule.as_ref().map(|schedule| schedule.texts().collect::<Vec<_>>()),
        Some(vec!["* 0-3 * * 1"])
    );
    assert_eq!(rule.matchers.len(), 1);
    let block = config.options.lock_file_maintenance.as_deref().unwrap();
    assert_eq!(
        block.schedule.as_ref().map(|schedule| schedule.texts().collect::<Vec<_>>()),
        Some(vec!["* 0-3 * * *"])
    );
    let unsupported = "`lockFileMaintenance` has no effect in updraft: lock files are made anew by the tools they belong to, which updraft does not run";
    messages(&config, &[unsupported]);
}

#[test]
fn presets_can_be_left_out_by_name() {
    let config = done(
        "{extends: ['config:recommended'], ignorePresets: [':ignoreModulesAndTests', ':dependencyDashboard']}",
        &[],
    );
    assert_eq!(config.options.ignore_paths, Some(Vec::new()));
    assert_eq!(config.options.dependency_dashboard, Some(false));
}

#[track_caller]
fn check_no_preset(name: &str, message: &str, hint: &str) {
    let config = done(&format!("{{extends: ['{name}']}}"), &[]);
    messages(&config, &[message]);
    assert_eq!(config.problems[0].hint.as_deref(), Some(hint), "{name}");
    assert_eq!(config.problems[0].severity, crate::problem::Severity::Error, "{name}");
}

#[test]
fn unknown_presets_are_said_and_suggested() {
    check_no_preset(
        "config:recomended",
        "there is no preset `config:recomended`",
        "did you mean `config:recommended`?",
    );
    check_no_preset(":timezon(UTC)", "there is no preset `:timezon(UTC)`", "did you mean `:timezone`?");
    check_no_preset(
        "docker:everything",
        "there is no preset `docker:everything`",
        "remove it, or say in `packageRules` what you need of it",
    );
    check_no_preset(
        "team:presets",
        "there is no preset `team:presets`",
        "a preset of a repository is written `github>owner/repo` or `local>owner/repo`",
    );
    check_no_preset(
        "semanticCommits",
        "there is no preset `semanticCommits`",
        "did you mean `:semanticCommits`?",
    );
    check_no_preset(
        "@team/renovate-config",
        "`@team/renovate-config` is the name of an npm package, and presets from npm are not supported",
        "put the preset into a repository and extend it as `github>owner/repo`",
    );
}

#[test]
fn presets_without_effect_are_known_and_kept_apart() {
    let config =
        done("{extends: ['mergeConfidence:all-badges', 'group:nestMonorepo', ':semanticCommits']}", &[]);
    messages(&config, &[]);
    let idle: Vec<&str> = config.idle_presets.iter().map(String::as_str).collect();
    assert_eq!(idle, ["group:nestMonorepo", "mergeConfidence:all-badges"]);
}

#[test]
fn a_rule_that_extends_packages_nobody_looks_up_matches_nothing() {
    let config = done("{packageRules: [{extends: ['packages:mapbox'], automerge: true}]}", &[]);
    messages(&config, &[]);
    assert_eq!(config.rules[0].matchers.len(), 1, "without one it would hold for everything");
}

#[test]
fn presets_that_extend_each_other_end() {
    let config = done(
        "{extends: ['github>a/b']}",
        &[
            ("github>a/b", found("default.json", "{extends: ['github>c/d'], labels: ['ab']}", false)),
            ("github>c/d", found("default.json", "{extends: ['github>a/b'], timezone: 'UTC'}", false)),
        ],
    );
    assert_eq!(config.options.labels, Some(vec!["ab".to_owned()]));
    assert!(config.problems[0].message.contains("extends itself"));
    // Arguments make every round another preset.
    let config = done(
        "{extends: ['github>a/b(x)']}",
        &[("github>a/b", found("default.json", "{extends: ['github>a/b({{arg0}}x)']}", false))],
    );
    assert!(config.problems[0].message.contains("too many presets"), "{:?}", config.problems);
}

#[test]
fn a_broken_file_is_one_problem_and_the_defaults_hold() {
    let config = done("{automerge: true", &[]);
    messages(&config, &["this `{` is never closed"]);
    assert_eq!(config.options.automerge, Some(false));
    let config = done("[]", &[]);
    messages(&config, &["the configuration must be an object, it is a list"]);
}

#[test]
fn a_package_json_holds_it_in_a_member() {
    let root = ConfigFile {
        path: RepoPath::new("package.json").unwrap(),
        text: r#"{"name": "x", "renovate": {"labels": ["a"]}}"#.into(),
    };
    let Resolution::Done(config) = resolve(Some(&root), &BTreeMap::new(), None) else { panic!() };
    assert_eq!(config.options.labels, Some(vec!["a".to_owned()]));
    messages(&config, &[]);
}

#[test]
fn old_forms_are_noted_once_where_they_stand() {
    let text = "{regexManagers: [{fileMatch: ['x$'], matchStrings: ['(?<depName>a) (?<currentValue>b)'], datasourceTemplate: 'docker'}]}";
    let config = done(text, &[]);
    messages(
        &config,
        &[
            "`regexManagers` is called `customManagers` today",
            "`fileMatch` is called `managerFilePatterns` today",
        ],
    );
    assert_eq!(config.problems[1].span.and_then(|span| span.of(text)), Some("fileMatch"));
    assert_eq!(config.custom_managers[0].manager_file_patterns, ["/x$/"]);
    assert_eq!(config.custom_managers[0].file.as_ref().map(RepoPath::as_str), Some(".github/renovate.json5"));
}

#[test]
fn a_name_that_is_written_twice_is_told_where_it_does_not_count() {
    let text = "{\n  labels: ['a'],\n  patch: {automerge: true, automerge: false},\n  labels: ['b'],\n}";
    let config = done(text, &[]);
    messages(
        &config,
        &[
            "`automerge` is written twice here, and only the last one counts",
            "`labels` is written twice here, and only the last one counts",
        ],
    );
    let second = &config.problems[1];
    assert_eq!(second.hint.as_deref(), Some("put both together in line 4, or remove one of them"));
    assert_eq!(second.span.map(|span| span.start), text.find("labels"));
    assert_eq!(config.options.labels, Some(vec!["b".to_owned()]));
}
