use super::super::json::{SourceId, parse};
use super::*;

fn read(text: &str) -> (Options, Vec<crate::problem::Problem>) {
    let mut reader = Reader::new(&[]);
    let options = Options::read_object(&parse(text, SourceId(0)).unwrap(), &mut reader, |_| false);
    (options, reader.problems)
}

#[test]
fn every_field_has_its_option_s_name() {
    for (name, field) in FIELDS {
        let expected = match *name {
            "$schema" => "schema".to_owned(),
            "draftPR" => "draft_pr".to_owned(),
            name => name.chars().fold(String::new(), |mut snake, char| {
                if char.is_ascii_uppercase() {
                    snake.push('_');
                }
                snake.push(char.to_ascii_lowercase());
                snake
            }),
        };
        assert_eq!(*field, expected, "{name}");
    }
}

#[test]
fn later_options_replace_or_add() {
    let (mut options, _) = read(
        "{labels: ['a'], addLabels: ['a'], ignorePaths: ['a'], registryAliases: {x: '1', y: '2'}, \
         group: {commitMessageTopic: 'a'}, major: {automerge: true}, flux: {managerFilePatterns: ['a']}}",
    );
    let (later, _) = read(
        "{labels: ['b'], addLabels: ['b', 'a'], ignorePaths: ['b'], registryAliases: {y: '3'}, \
         group: {branchTopic: 'b'}, major: {enabled: false}, flux: {managerFilePatterns: ['b'], enabled: false}}",
    );
    options.merge(&later);
    let one = |text: &str| Some(vec![text.to_owned()]);
    let both = Some(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!((&options.labels, &options.add_labels, &options.ignore_paths), (&one("b"), &both, &one("b")));
    let aliases = options.registry_aliases.clone().unwrap();
    assert_eq!((aliases["x"].as_str(), aliases["y"].as_str()), ("1", "3"));
    let group = options.group.as_deref().unwrap();
    assert_eq!(
        (group.commit_message_topic.as_deref(), group.branch_topic.as_deref()),
        (Some("a"), Some("b"))
    );
    let major = options.block(UpdateType::Major).unwrap();
    assert_eq!((major.automerge, major.enabled), (Some(true), Some(false)));
    let flux = &options.managers["flux"];
    assert_eq!((&flux.manager_file_patterns, flux.enabled), (&both, Some(false)));
}

#[test]
fn null_takes_back_what_was_said() {
    let (mut options, _) = read("{groupName: 'a', minimumReleaseAge: '3 days'}");
    let (later, problems) = read("{groupName: null, minimumReleaseAge: null}");
    options.merge(&later);
    assert_eq!((options.group_name.as_deref(), &options.minimum_release_age), (None, &None));
    assert_eq!(problems, []);
    let (again, _) = read("{groupName: 'b'}");
    options.merge(&again);
    assert_eq!(options.group_name.as_deref(), Some("b"));
}

#[test]
fn null_in_a_block_takes_back_what_stands_outside() {
    let (mut options, _) = read("{groupName: 'a', major: {groupName: null}, minor: {groupName: null}}");
    let (later, _) = read("{minor: {groupName: 'c'}}");
    options.merge(&later);
    let with = |kind| {
        let mut result = options.clone();
        result.merge(options.block(kind).unwrap());
        result.group_name
    };
    assert_eq!(with(UpdateType::Major), None);
    assert_eq!(with(UpdateType::Minor).as_deref(), Some("c"));
}

#[test]
fn a_new_group_name_drops_the_slug_of_the_old_one() {
    let (mut options, _) = read("{groupName: 'a', groupSlug: 'x'}");
    options.merge(&read("{groupName: 'b'}").0);
    assert_eq!(options.group_slug, None);
    options.merge(&read("{groupName: 'c', groupSlug: 'y'}").0);
    assert_eq!(options.group_slug.as_deref(), Some("y"));
}

#[track_caller]
fn check_problem(text: &str, at: &str, message: &str, hint: &str) {
    let sources = [super::super::reader::Source {
        name: "renovate.json".into(),
        file: crate::name::RepoPath::new("renovate.json"),
        preset: None,
        extended_at: None,
        text: text.into(),
    }];
    let mut reader = Reader::new(&sources);
    Options::read_object(&parse(text, SourceId(0)).unwrap(), &mut reader, |_| false);
    let [problem] = reader.problems.as_slice() else { panic!("{text}: {:?}", reader.problems) };
    assert_eq!(problem.message, message, "{text}");
    assert_eq!(problem.hint.as_deref(), Some(hint), "{text}");
    assert_eq!(problem.span.and_then(|span| span.of(text)), Some(at), "{text}");
}

#[test]
fn points_at_mistakes_and_says_what_to_write() {
    check_problem(
        "{automerge: 'true'}",
        "'true'",
        "`automerge` wants `true` or `false`",
        "write `true` without quotes",
    );
    check_problem("{labels: 'a'}", "'a'", "`labels` wants a list of strings", "write `[\"a\"]`");
    check_problem(
        "{labels: ['a', 1]}",
        "1",
        "`labels` wants only strings in its list",
        "it is a number here",
    );
    check_problem("{groupName: ['a']}", "['a']", "`groupName` wants a string", "write `\"a\"` without `[ ]`");
    check_problem(
        "{prHourlyLimit: -1}",
        "-1",
        "`prHourlyLimit` wants a whole number, 0 or more",
        "it is a number here",
    );
    check_problem(
        "{automergeType: 'brunch'}",
        "'brunch'",
        "`automergeType` wants `pr`, `branch` or `pr-comment`",
        "did you mean \"branch\"?",
    );
    check_problem(
        "{packageRule: []}",
        "packageRule",
        "there is no option `packageRule`",
        "did you mean `packageRules`?",
    );
    check_problem("{flux: []}", "[]", "`flux` wants an object: it is a manager's name", "it is a list here");
    check_problem(
        "{matchPackageNames: []}",
        "matchPackageNames",
        "there is no option `matchPackageNames`",
        "matchers belong into an entry of `packageRules`",
    );
    check_problem(
        "{timezone: 'Europe/Berln'}",
        "'Europe/Berln'",
        "there is no time zone `Europe/Berln`; schedules are in UTC",
        "did you mean `Europe/Berlin`?",
    );
    check_problem(
        "{minimumReleaseAge: 'three days'}",
        "'three days'",
        "`minimumReleaseAge`: `three days` is no length of time",
        "write a number and a unit, such as `3 days`, `36 hours`, `2 weeks`",
    );
    check_problem(
        "{schedule: ['at any time', 'on mondey']}",
        "'on mondey'",
        "`schedule`: `mondey` in `on mondey` is not understood; it is taken to be always open",
        "did you mean `monday`?",
    );
    check_problem(
        "{platform: 'github'}",
        "platform",
        "`platform` is a setting of the bot's process and is ignored in a repository",
        "set it with a flag or the environment of the bot, and remove it here",
    );
    check_problem(
        "{packageRules: [{matchPackageNames: ['/(/'], enabled: false}]}",
        "'/(/'",
        "`matchPackageNames`: the pattern `/(/` cannot be used: unclosed group",
        "patterns are written `/regular expression/` (RE2) or as a glob",
    );
    check_problem(
        "{packageRules: [{matchDatasources: ['dokcer', 'custom.x', 'helm*'], enabled: false}]}",
        "'dokcer'",
        "`matchDatasources`: there is no datasource `dokcer`",
        "did you mean `docker`?",
    );
    check_problem(
        "{commitMessageTopic: 'image {{depNam}}'}",
        "'image {{depNam}}'",
        "`commitMessageTopic`: there is no field `depNam`, so it is always empty",
        "did you mean `depName`?",
    );
    check_problem(
        "{packageRules: [{labels: ['{{#if a}}']}]}",
        "'{{#if a}}'",
        "`labels`: the template cannot be read: `{{#if}}` is never closed",
        "templates are Handlebars: `{{{depName}}}`, `{{#if isMajor}}..{{/if}}`",
    );
    check_problem(
        "{packageRules: [{matchPackageName: ['a']}]}",
        "matchPackageName",
        "there is no matcher `matchPackageName`, so the rule holds for nothing",
        "did you mean `matchPackageNames`?",
    );
    check_problem(
        "{customManagers: [{customType: 'regex', managerFilePatterns: ['a'], matchStrings: ['(?<currentValue>a)'], datasourceTemplate: 'docker'}]}",
        "{customType: 'regex', managerFilePatterns: ['a'], matchStrings: ['(?<currentValue>a)'], datasourceTemplate: 'docker'}",
        "this custom manager never finds a dependency: nothing gives it `depName` or `packageName`",
        "add a named group to `matchStrings`, or a template of that name",
    );
}

#[test]
fn one_string_is_enough_where_renovate_says_so() {
    let (options, problems) = read("{schedule: 'every weekend', description: 'a'}");
    assert_eq!(problems, []);
    assert_eq!(options.schedule.unwrap().texts().collect::<Vec<_>>(), ["every weekend"]);
}

#[test]
fn a_pattern_that_cannot_be_used_shows_the_part_to_blame() {
    check_problem(
        "{packageRules: [{matchPackageNames: ['/^ghcr.io\\\\/(?!harbour)/'], enabled: false}]}",
        "(?!",
        "`matchPackageNames`: the pattern `/^ghcr.io\\/(?!harbour)/` cannot be used: `(?!` is negative look-ahead, which RE2 does not have, in Renovate neither",
        "say what is wanted; in a list of patterns, what is not wanted goes into one of its own, with `!` in front of its `/`",
    );
    check_problem(
        "{extractVersion: '^(?<version>a)\\\\1'}",
        "\\\\1",
        "`extractVersion`: the pattern `^(?<version>a)\\1` cannot be used: `\\1` is a backreference, which RE2 does not have, in Renovate neither",
        "write the pattern of the group a second time",
    );
    check_problem(
        "{extractVersion: '^v(?<ver>.+)$'}",
        "'^v(?<ver>.+)$'",
        "`extractVersion`: the pattern `^v(?<ver>.+)$` cannot be used: it has no group `version`",
        "name the part that counts, as in `^v(?<version>.+)$`",
    );
    check_problem(
        "{flux: {managerFilePatterns: ['/(/']}}",
        "'/(/'",
        "`managerFilePatterns`: the pattern `/(/` cannot be used: unclosed group",
        "patterns are written `/regular expression/` (RE2) or as a glob",
    );
    check_problem(
        "{packageRules: [{versioning: 'regex:^(?<major>', enabled: true}]}",
        "'regex:^(?<major>'",
        "`versioning`: the pattern `regex:^(?<major>` cannot be used: unclosed group",
        "patterns are written `/regular expression/` (RE2) or as a glob",
    );
}

#[test]
fn patterns_that_probably_mean_something_else_are_told() {
    check_problem(
        "{kubernetes: {managerFilePatterns: ['/apps/.+\\\\.yaml$']}}",
        "/apps/.+\\\\.yaml$",
        "`managerFilePatterns`: `/apps/.+\\.yaml$` has no `/` at its end, so that it is a glob, and fits nothing",
        "write `/apps/.+\\.yaml$/`",
    );
    check_problem(
        "{flux: {managerFilePatterns: ['/[apps|base]/.+/']}}",
        "[apps|base]",
        "`managerFilePatterns`: `[apps|base]` fits one of these letters, not one of these words",
        "write `(?:apps|base)`",
    );
    check_problem(
        "{ignorePaths: ['^archive/**']}",
        "^archive/**",
        "`ignorePaths`: `^archive/**` is a glob, but looks like a regular expression",
        "write a glob, such as `archive/**` or `**/*.sops.*`",
    );
}

#[test]
fn names_that_do_not_exist_are_told() {
    check_problem(
        "{matchStrings: []}",
        "matchStrings",
        "there is no option `matchStrings`",
        "it belongs into an entry of `customManagers`",
    );
    check_problem(
        "{packageRules: [{matchDatasources: ['kustomize'], enabled: false}]}",
        "'kustomize'",
        "`matchDatasources`: there is no datasource `kustomize`",
        "it is a manager: write `matchManagers: [\"kustomize\"]`",
    );
    check_problem(
        "{packageRules: [{matchManagers: ['github-action'], enabled: false}]}",
        "'github-action'",
        "`matchManagers`: there is no manager `github-action`",
        "did you mean `github-actions`?",
    );
    check_problem(
        "{packageRules: [{versioning: 'semvr', enabled: false}]}",
        "'semvr'",
        "`versioning`: there is no versioning `semvr`",
        "did you mean `semver`?",
    );
    check_problem(
        "{enabledManagers: ['fluxx']}",
        "'fluxx'",
        "`enabledManagers`: there is no manager `fluxx`",
        "did you mean `flux`?",
    );
    check_problem(
        "{packageRules: [{matchUpdateTypes: ['majr'], enabled: false}]}",
        "'majr'",
        "`matchUpdateTypes`: there is no update type `majr`",
        "did you mean `major`?",
    );
    check_problem(
        "{customManagers: [{customType: 'regex', managerFilePatterns: ['a'], matchStrings: ['(?<depName>x)(?<currentValue>a)'], datasourceTemplate: 'dockr'}]}",
        "'dockr'",
        "`datasourceTemplate`: there is no datasource `dockr`",
        "did you mean `docker`?",
    );
    check_problem(
        "{packageRules: [{matchPackagePattern: ['x'], enabled: false}]}",
        "matchPackagePattern",
        "there is no matcher `matchPackagePattern`, so the rule holds for nothing",
        "did you mean `matchPackagePatterns`, which is `matchPackageNames` today?",
    );
    check_problem(
        "{schedule: ['at 11:30']}",
        "'at 11:30'",
        "`schedule`: `at 11:30` is a moment, and a schedule is a window of time; it is taken to be always open",
        "write `after 11am and before 1pm`; the time zone is an option of its own, `timezone`",
    );
}
