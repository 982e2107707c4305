use super::super::{ConfigFile, Resolution, resolve};
use super::*;
use crate::versioning::versioning;

fn config(text: &str) -> Config {
    let file = ConfigFile { path: RepoPath::new("renovate.json").unwrap(), text: text.into() };
    let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), Some("me/home")) else { panic!() };
    let wrong = config.problems.iter().find(|problem| problem.severity != crate::problem::Severity::Note);
    assert_eq!(wrong, None, "{text}");
    *config
}

fn image() -> Facts<'static> {
    Facts {
        manager: Some("flux"),
        dep_name: Some("ghcr.io/home/app"),
        package_name: Some("ghcr.io/home/app"),
        datasource: Some("docker"),
        current_value: Some("1.2.3"),
        current_version: Some("1.2.3"),
        ..Facts::default()
    }
}

#[track_caller]
fn check(rule: &str, facts: &Facts<'_>, matches: bool) {
    let config = config(&format!("{{packageRules: [{{{rule}, groupName: 'yes'}}]}}"));
    let applied = config.apply(facts);
    assert_eq!(applied.options.group_name.is_some(), matches, "{rule}: {:?}", applied.rules);
    assert_eq!(applied.rules[0].failed.is_none(), matches, "{rule}");
}

#[test]
fn each_matcher_looks_at_its_own_property() {
    let path = RepoPath::new("kubernetes/apps/app/helmrelease.yaml").unwrap();
    let versioning = versioning("semver").unwrap();
    let facts = Facts {
        file: Some(&path),
        dep_type: Some("action"),
        source_url: Some("https://github.com/Home/app"),
        registry_urls: &["https://example.com/charts".to_owned()],
        update_type: Some(UpdateType::Minor),
        new_value: Some("1.3.0"),
        base_branch: Some("main"),
        now: "2026-11-21T00:00:00Z".parse().ok(),
        current_version_timestamp: "2026-11-11T00:00:00Z".parse().ok(),
        versioning: Some(&*versioning),
        ..image()
    };
    for (rule, matches) in [
        ("matchPackageNames: ['ghcr.io/home/app']", true),
        ("matchPackageNames: ['GHCR.IO/HOME/APP']", true),
        ("matchPackageNames: ['app']", false),
        ("matchPackageNames: ['/app/']", true),
        ("matchPackageNames: ['ghcr.io/**', '!/app$/']", false),
        ("matchPackageNames: ['!/other/']", true),
        ("matchPackageNames: []", false),
        ("matchDepNames: ['*/home/*']", true),
        ("matchDatasources: ['docker', 'helm']", true),
        ("matchDatasources: ['!docker']", false),
        ("matchManagers: ['flux']", true),
        ("matchManagers: ['custom.regex']", false),
        ("matchCategories: ['kubernetes']", true),
        ("matchCategories: ['docker']", false),
        ("matchFileNames: ['kubernetes/**']", true),
        ("matchFileNames: ['**/main/**']", false),
        ("matchDepTypes: ['action']", true),
        ("matchCurrentValue: '/^1\\\\./'", true),
        ("matchNewValue: '1.3.*'", true),
        ("matchUpdateTypes: ['minor', 'patch']", true),
        ("matchUpdateTypes: ['!major']", true),
        ("matchUpdateTypes: ['pinDigest']", false),
        ("matchSourceUrls: ['https://github.com/home/app']", true),
        ("matchSourceUrls: ['https://gitlab.com/**']", false),
        ("matchRegistryUrls: ['https://example.com/**']", true),
        ("matchBaseBranches: ['main']", true),
        ("matchRepositories: ['me/*']", true),
        ("matchRepositories: ['you/*']", false),
        ("matchCurrentVersion: '/^1/'", true),
        ("matchCurrentVersion: '!/^0/'", true),
        ("matchCurrentVersion: '!/^1/'", false),
        ("matchCurrentVersion: '1.2.3'", true),
        ("matchCurrentVersion: '2.0.0'", false),
        ("matchCurrentAge: '> 3 days'", true),
        ("matchCurrentAge: '<= 9 days'", false),
        ("matchManagers: ['flux'], matchDatasources: ['helm']", false),
        (
            "matchJsonata: ['datasource = \"helm\"', 'updateType = \"minor\" and $contains(depName, \"app\")']",
            true,
        ),
        ("matchJsonata: ['$detectPlatform(sourceUrl) = \"forgejo\"']", false),
        ("matchJsonata: []", false),
    ] {
        check(rule, &facts, matches);
    }
}

#[test]
fn a_version_may_be_matched_by_a_range() {
    let npm = versioning("npm").unwrap();
    let facts = Facts { versioning: Some(&*npm), ..image() };
    check("matchCurrentVersion: '<2.0.0'", &facts, true);
    check("matchCurrentVersion: '>=1.3'", &facts, false);
    let ranged = Facts { current_value: Some("^1.0.0"), ..facts };
    check("matchCurrentVersion: '1.9.0'", &ranged, true);
    check("matchCurrentVersion: '2.0.0'", &ranged, false);
}

#[test]
fn what_is_not_known_does_not_match() {
    let facts = image();
    for rule in [
        "matchUpdateTypes: ['!major']",
        "matchSourceUrls: ['!x']",
        "matchFileNames: ['*']",
        "matchCurrentVersion: '<2'",
        "matchCurrentAge: '< 1 year'",
        "matchNewValue: '*'",
    ] {
        check(rule, &facts, false);
    }
}

#[test]
fn later_rules_win_and_the_last_setter_is_known() {
    let config = config(
        "{packageRules: [{matchDatasources: ['docker'], enabled: false, description: 'off'}, \
         {matchPackageNames: ['/app/'], enabled: true, description: ['back', 'on']}, {matchPackageNames: ['x'], enabled: false}]}",
    );
    let applied = config.apply(&image());
    assert!(applied.is_enabled());
    assert_eq!(config.setter(&applied, "enabled").map(|rule| rule.description.as_str()), Some("back on"));
    assert_eq!(applied.rules[2].failed, Some("matchPackageNames"));
    assert_eq!(config.rules[0].sets, [("enabled", "false".to_owned())]);
}

#[test]
fn defaults_come_from_manager_and_datasource() {
    let config =
        config("{commitMessageTopic: 'mine', pinDigests: true, 'helm-values': {labels: ['values']}}");
    let topic = |facts: &Facts<'_>| {
        let topic = config.apply(facts).options.commit_message_topic.clone().unwrap();
        template::render(&topic, &facts.fields()).unwrap()
    };
    assert_eq!(
        topic(&Facts { dep_name: Some("app"), ..image() }),
        "app Docker tag",
        "a datasource's default wins over the top level"
    );
    let workflow = Facts { manager: Some("github-actions"), dep_name: Some("app"), ..image() };
    assert_eq!(topic(&Facts { datasource: Some("github-tags"), ..workflow }), "app action");
    assert_eq!(topic(&workflow), "app Docker tag", "an image in a workflow is no action");
    assert_eq!(topic(&Facts { datasource: Some("npm"), ..image() }), "mine");
    let values = Facts { manager: Some("helm-values"), dep_name: Some("app"), ..image() };
    assert_eq!(topic(&values), "helm values app", "a manager's default wins over a datasource's");
    let applied = config.apply(&values);
    assert_eq!(applied.options.pin_digests, Some(false), "the manager's default wins over the top level");
    assert_eq!(applied.options.labels, Some(vec!["values".to_owned()]));
    assert_eq!(config.apply(&image()).options.pin_digests, Some(true));
}

#[test]
fn a_rule_wins_over_what_the_manager_wants() {
    let config =
        config("{packageRules: [{matchManagers: ['helm-values'], pinDigests: true, versioning: 'semver'}]}");
    let facts = Facts {
        manager: Some("helm-values"),
        pin_digests: Some(false),
        versioning_id: Some("docker"),
        ..image()
    };
    let options = config.apply(&facts).options;
    assert_eq!((options.pin_digests, options.versioning.as_deref()), (Some(true), Some("semver")));
}

#[test]
fn blocks_of_update_types_hold_below_rules() {
    let config = config(
        "{major: {automerge: false, labels: ['major']}, minor: {automerge: true}, \
         packageRules: [{matchPackageNames: ['/app/'], labels: ['rule'], addLabels: ['x'], patch: {automerge: true}}]}",
    );
    let with = |kind| config.apply(&Facts { update_type: Some(kind), ..image() }).options;
    assert_eq!(
        with(UpdateType::Major).labels,
        Some(vec!["rule".to_owned()]),
        "rules hold again after the block"
    );
    assert_eq!(with(UpdateType::Minor).automerge, Some(true));
    assert_eq!(with(UpdateType::Patch).automerge, Some(true), "a rule may bring a block");
    assert_eq!(with(UpdateType::Major).add_labels, Some(vec!["x".to_owned()]));
    let digest = with(UpdateType::Digest);
    assert_eq!(digest.branch_topic.as_deref(), Some("{{{depNameSanitized}}}-{{{currentValue}}}"));
    let pin = with(UpdateType::PinDigest);
    assert_eq!(
        (pin.group_name.as_deref(), pin.commit_message_action.as_deref()),
        (Some("Pin Dependencies"), Some("Pin"))
    );
}

#[test]
fn a_rule_s_group_wins_over_the_group_of_pins() {
    let config = config("{packageRules: [{matchPackageNames: ['/app/'], groupName: 'mine'}]}");
    let options = config.apply(&Facts { update_type: Some(UpdateType::PinDigest), ..image() }).options;
    assert_eq!((options.group_name.as_deref(), options.group_slug.as_deref()), (Some("mine"), None));
}

#[test]
fn names_are_overridden_by_templates_and_matched_afterwards() {
    let config = config(
        "{packageRules: [\
         {matchPackageNames: ['other/app'], addLabels: ['early']}, \
         {matchDepNames: ['ghcr.io/home/app'], overridePackageName: \"other/{{lookup (split packageName '/') 2}}\", overrideDepName: 'app'}, \
         {matchDepNames: ['app'], addLabels: ['late']}]}",
    );
    let applied = config.apply(&image());
    assert_eq!(applied.package_name.as_deref(), Some("other/app"));
    assert_eq!(applied.dep_name.as_deref(), Some("app"));
    assert_eq!(
        applied.options.add_labels,
        Some(vec!["late".to_owned(), "early".to_owned()]),
        "the next stage knows the new names"
    );
    assert!(applied.rules.iter().all(|rule| rule.failed.is_none()));
}

#[test]
fn a_source_is_a_template_too() {
    let config = config(
        "{packageRules: [{matchPackageNames: ['/app/'], sourceUrl: 'https://github.com/{{{replace \"^ghcr.io/\" \"\" packageName}}}'}]}",
    );
    assert_eq!(config.apply(&image()).source_url.as_deref(), Some("https://github.com/home/app"));
}
