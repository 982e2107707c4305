//! Tables: dependencies and configuration in, branches and titles out.

use std::sync::Arc;

use super::*;
use crate::choose::tests::config;
use crate::choose::{ChooseInput, DigestAnswers, choose, prepare, settle};
use crate::config::Config;
use crate::dep::{Dep, Part, Slot};
use crate::name::{DatasourceId, ManagerId};
use crate::release::{Release, ReleaseList};
use crate::span::ByteSpan;

const DIGEST: &str = "sha256:1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef";

/// Reads `manager datasource name value[@digest] > release release` as a dependency and its releases.
fn read(line: &str, at: usize) -> (Dep, ReleaseList) {
    let (dep, releases) = line.split_once(" > ").unwrap();
    let words: Vec<&str> = dep.split_whitespace().collect();
    let [manager, datasource, name, value] = words[..] else { panic!("{line}") };
    let (value, digest) =
        value.split_once('@').map_or((value, None), |(value, digest)| (value, Some(digest)));
    let file = RepoPath::new(&format!("apps/{at}.yaml")).unwrap();
    let mut dep = Dep::new(ManagerId::new(manager), &file, ByteSpan::new(0, value.len()), name);
    dep.datasource = Some(DatasourceId::new(datasource));
    dep.current_value = Some(value.to_owned());
    dep.current_digest = digest.map(ToOwned::to_owned);
    dep.slots.push(Slot::new(Part::Value, ByteSpan::new(0, value.len()), value));
    dep.slots.push(match digest {
        Some(digest) => {
            Slot::new(Part::Digest, ByteSpan::new(value.len(), value.len() + digest.len()), digest)
        }
        None => Slot::insertion(Part::Digest, value.len(), "@"),
    });
    let releases = ReleaseList {
        releases: releases.split_whitespace().map(Release::of).collect(),
        source_url: Some("https://github.com/example/source".to_owned()),
        ..ReleaseList::default()
    };
    (dep, releases)
}

fn now() -> Timestamp {
    "2026-03-11T12:00:00Z".parse().unwrap()
}

fn all_upgrades(config: &Config, lines: &[&str]) -> Vec<Upgrade> {
    let mut all = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let (dep, releases) = read(line, at);
        let dep = prepare(&Arc::new(dep), config);
        let mut choice = choose(&ChooseInput { dep: &dep, releases: &releases, config, now: now() });
        let queries = choice.updates.iter().filter_map(|update| update.digest_query.clone());
        let answers: DigestAnswers = queries.map(|query| (query, Ok(DIGEST.to_owned()))).collect();
        settle(&mut choice, &answers);
        let choice = Arc::new(choice);
        all.extend(upgrades(&UpgradeInput {
            dep: &dep,
            choice: &choice,
            releases: &releases,
            config,
            now: now(),
        }));
    }
    all
}

pub(crate) fn planned(options: &str, lines: &[&str]) -> Plan {
    let config = config(options);
    let context = PlanContext { config: &config, now: now(), commit_style: CommitStyle::Plain };
    plan(all_upgrades(&config, lines), &context)
}

#[track_caller]
fn check(options: &str, lines: &[&str], expected: &[(&str, &str)]) {
    let plan = planned(options, lines);
    assert_eq!(plan.problems, []);
    let found: Vec<(&str, &str)> =
        plan.branches.iter().map(|branch| (branch.branch_name.as_str(), branch.pr_title.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn names_branches_and_titles_as_people_know_them() {
    check(
        "{}",
        &["flux helm cert-manager v1.20.1 > v1.20.1 v1.21.0"],
        &[("renovate/cert-manager-1.x", "Update Helm release cert-manager to v1.21.0")],
    );
    check(
        "{}",
        &["kubernetes docker ghcr.io/home/sonarr 4.0.15 > 4.0.15 4.1.0"],
        &[("renovate/ghcr.io-home-sonarr-4.x", "Update ghcr.io/home/sonarr Docker tag to v4.1.0")],
    );
    check(
        "{}",
        &["custom.regex github-releases siderolabs/talos v1.9.0 > v1.9.0 v2.0.0"],
        &[("renovate/siderolabs-talos-2.x", "Update dependency siderolabs/talos to v2")],
    );
    check(
        "{}",
        &["github-actions github-tags actions/checkout v4.1.0 > v4.1.0 v5.0.0"],
        &[("renovate/actions-checkout-5.x", "Update actions/checkout action to v5")],
    );
    check(
        "{}",
        &["kubernetes docker busybox 1.37@sha256:00 > 1.37"],
        &[("renovate/busybox-1.37", "Update busybox:1.37 Docker digest to 1234567")],
    );
}

#[test]
fn revisions_of_a_dashboard_are_whole_numbers() {
    check(
        "{}",
        &["grafana grafana-dashboards 1860 37 > 9 37 38 40"],
        &[("renovate/1860-40.x", "Update dependency 1860 to v40")],
    );
}

#[test]
fn patches_may_have_branches_of_their_own() {
    check(
        "{separateMinorPatch: true}",
        &["flux helm app 2.0.1 > 2.0.1 2.0.2 2.1.0"],
        &[
            ("renovate/app-2.0.x", "Update Helm release app to v2.0.2"),
            ("renovate/app-2.x", "Update Helm release app to v2.1.0"),
        ],
    );
}

#[test]
fn one_step_of_one_package_in_many_files_is_one_branch() {
    let lines = ["flux helm app 1.0.0 > 1.0.0 1.1.0", "helmfile helm app 1.0.0 > 1.0.0 1.1.0"];
    let plan = planned(
        "{packageRules: [{matchManagers: ['helmfile'], commitMessageTopic: 'Helm release {{depName}}'}]}",
        &lines,
    );
    assert_eq!(plan.branches.len(), 1);
    assert_eq!(plan.branches[0].pr_title, "Update Helm release app to v1.1.0");
    assert_eq!(plan.branches[0].edits.len(), 2);
}

const EXTRA: &str = "commitMessageExtra: '( {{currentVersion}} ➔ {{newVersion}} )'";

#[test]
fn a_title_that_would_name_several_old_versions_names_the_new_one() {
    let options = format!(
        "{{packageRules: [{{matchDatasources: ['docker'], commitMessageTopic: 'image {{{{depName}}}}', {EXTRA}}}]}}"
    );
    let one = "custom.regex docker app v1.8.0 > v1.8.0 v1.8.1 v1.8.3";
    let other = "custom.regex docker app v1.8.1 > v1.8.0 v1.8.1 v1.8.3";
    check(&options, &[one], &[("renovate/app-1.x", "Update image app ( v1.8.0 ➔ v1.8.3 )")]);
    check(&options, &[one, other], &[("renovate/app-1.x", "Update image app to v1.8.3")]);
}

#[test]
fn image_titles_leave_the_flavour_out() {
    check(
        "{packageRules: [{matchDatasources: ['docker'], commitMessageExtra: '({{currentVersion}} → {{newVersion}})'}]}",
        &["kubernetes docker db 25.7-alpine > 25.7-alpine 26.5-alpine"],
        &[("renovate/db-26.x", "Update db Docker tag (25.7 → 26.5)")],
    );
}

const GROUP: &str = "groupName: 'Flux Operator', group: {commitMessageTopic: '{{{groupName}}} group'}";

fn group(more: &str) -> String {
    format!("{{packageRules: [{{matchDatasources: ['docker'], {GROUP}, {EXTRA}}}]{more}}}")
}

#[test]
fn a_group_shares_a_branch_and_says_what_it_can() {
    let operator = "flux docker charts/flux-operator 0.18.0 > 0.18.0 0.19.0 1.0.0";
    let instance = "flux docker charts/flux-instance 0.18.0 > 0.18.0 0.19.0 1.0.0";
    let manifests = "flux docker flux-operator-manifests v0.18.0 > v0.18.0 v0.19.0 v1.0.0";
    check(
        &group(""),
        &[operator, instance],
        &[
            ("renovate/flux-operator", "Update Flux Operator group ( 0.18.0 ➔ 0.19.0 )"),
            ("renovate/major-flux-operator", "Update Flux Operator group ( 0.18.0 ➔ 1.0.0 )"),
        ],
    );
    check(
        &group(""),
        &[operator, manifests],
        &[
            ("renovate/flux-operator", "Update Flux Operator group"),
            ("renovate/major-flux-operator", "Update Flux Operator group (major)"),
        ],
    );
}

#[test]
fn groups_without_a_letter_for_a_branch_are_told_apart() {
    let branch = |name: &str| {
        let plan = planned(&format!("{{groupName: '{name}'}}"), &["flux helm app 1.0.0 > 1.0.0 1.1.0"]);
        plan.branches[0].branch_name.clone()
    };
    assert_eq!(branch("日本").len(), "renovate/123456".len());
    assert_ne!(branch("日本"), branch("🚀"));
}

#[test]
fn a_group_of_one_has_the_title_of_one() {
    let operator = "flux docker charts/flux-operator 0.18.1 > 0.18.1 0.18.2";
    check(
        &group(", separateMinorPatch: true"),
        &[operator],
        &[("renovate/patch-flux-operator", "Update charts/flux-operator Docker tag ( 0.18.1 ➔ 0.18.2 )")],
    );
    check(
        &group(", groupSingleUpdates: true"),
        &[operator],
        &[("renovate/flux-operator", "Update Flux Operator group ( 0.18.1 ➔ 0.18.2 )")],
    );
}

#[test]
fn new_digests_are_pinned_together() {
    check(
        "{packageRules: [{matchDatasources: ['docker'], pinDigests: true}]}",
        &["kubernetes docker one 1.0.0 > 1.0.0", "kubernetes docker two 1.0.0 > 1.0.0"],
        &[("renovate/pin-dependencies", "Pin dependencies")],
    );
}

#[test]
fn semantic_subjects_are_lower_case_unless_the_owner_writes_the_prefix() {
    let line = "kubernetes docker minio RELEASE.1 > RELEASE.1 RELEASE.2";
    let options = |more: &str| {
        format!(
            "{{semanticCommits: 'enabled', packageRules: [{{matchDatasources: ['docker'], versioning: \
             'regex:^RELEASE\\\\.(?<major>\\\\d+)$', semanticCommitType: 'feat', semanticCommitScope: 'container', {more}}}]}}"
        )
    };
    check(&options(""), &[line], &[("renovate/minio-2.x", "feat(container): update minio docker tag to v2")]);
    check(
        &options("commitMessageLowerCase: 'never'"),
        &[line],
        &[("renovate/minio-2.x", "feat(container): Update minio Docker tag to v2")],
    );
    check(
        &options("commitMessagePrefix: '{{semanticCommitType}}({{semanticCommitScope}})!:'"),
        &[line],
        &[("renovate/minio-2.x", "feat(container)!: Update minio Docker tag to v2")],
    );
}

#[test]
fn the_highest_semantic_type_of_a_branch_counts() {
    let rules = "{semanticCommits: 'enabled', packageRules: [{matchUpdateTypes: ['minor'], semanticCommitType: 'feat'}, \
                 {matchUpdateTypes: ['patch'], semanticCommitType: 'fix'}]}";
    check(
        rules,
        &[
            "custom.regex docker app v1.12.0 > v1.11.3 v1.12.0 v1.12.6",
            "custom.regex docker app v1.11.3 > v1.11.3 v1.12.0 v1.12.6",
        ],
        &[("renovate/app-1.x", "feat(deps): update app docker tag to v1.12.6")],
    );
}

#[test]
fn the_repositorys_own_commits_decide_the_style() {
    let detect = |subjects: &[&str]| CommitStyle::detect(subjects.iter().copied());
    assert_eq!(detect(&["feat(x): a", "fix: b", "Add c"]), CommitStyle::Semantic);
    assert_eq!(detect(&["Fix: b", "Add: c", "feat(x: d"]), CommitStyle::Plain);
    assert_eq!(detect(&[]), CommitStyle::Plain);
}

#[test]
fn branch_names_follow_the_owners_templates() {
    let line = "flux helm app 1.0.0 > 1.0.0 1.1.0";
    check(
        "{branchPrefix: 'bot/', additionalBranchPrefix: '{{packageFileDir}}-'}",
        &[line],
        &[("bot/apps-app-1.x", "Update Helm release app to v1.1.0")],
    );
    check(
        "{branchTopic: '{{{depNameSanitized}}}-{{{newValue}}}'}",
        &[line],
        &[("renovate/app-1.1.0", "Update Helm release app to v1.1.0")],
    );
    let hashed = planned("{hashedBranchLength: 20}", &[line]);
    assert_eq!(hashed.branches[0].branch_name.len(), 20);
}

#[track_caller]
fn check_has_no_branch(options: &str, expected: &str) {
    let mut config = config(options);
    config.base_branch = Some("main".to_owned());
    let context = PlanContext { config: &config, now: now(), commit_style: CommitStyle::Plain };
    let plan = plan(all_upgrades(&config, &["flux helm app 1.0.0 > 1.0.0 1.1.0"]), &context);
    let problems: Vec<&str> = plan.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(problems, [expected]);
    assert!(plan.branches.is_empty(), "{options}");
}

#[test]
fn no_branch_has_the_name_of_one_that_updates_go_into() {
    check_has_no_branch(
        "{branchName: 'main'}",
        "the branch for `app` would be `main`, which updates go into",
    );
    check_has_no_branch(
        "{branchPrefix: '', groupName: 'main', group: {branchTopic: 'main'}}",
        "the branch for `app` would be `main`, which updates go into",
    );
    check_has_no_branch(
        "{branchName: 'staging', baseBranchPatterns: ['main', 'staging']}",
        "the branch for `app` would be `staging`, which updates go into",
    );
}

#[test]
fn every_branch_has_a_name() {
    for options in ["{branchName: '{{groupName}}'}", "{branchName: '/./'}"] {
        check_has_no_branch(options, "the branch for `app` has no name");
    }
}

#[test]
fn names_of_branches_are_as_long_as_a_forge_takes() {
    let name = |letters: &str| {
        let options = format!("{{branchName: 'renovate/{letters}'}}");
        let plan = planned(&options, &["flux helm app 1.0.0 > 1.0.0 1.1.0"]);
        plan.branches[0].branch_name.clone()
    };
    let (longest, long, longer) = ("x".repeat(231), "é".repeat(400), "é".repeat(401));
    assert_eq!(name(&longest), format!("renovate/{longest}"));
    assert!(name(&long).starts_with("renovate/éé"));
    assert!((230..=240).contains(&name(&long).len()), "{}", name(&long).len());
    assert_ne!(name(&long), name(&longer), "they are told apart");
}

#[test]
fn names_bring_nothing_that_cannot_be_seen() {
    let options = "{commitBody: 'of {{{depName}}}\\r\\nnow', commitBodyTable: true, commitTrailers: ['Of: {{{depName}}}']}";
    let plan = planned(options, &["flux helm har\u{1b}[31mb\u{202e}our\u{9b}\u{2066} 1.0.0 > 1.0.0 1.1.0"]);
    let branch = &plan.branches[0];
    assert_eq!(branch.branch_name, "renovate/har-31mbour-1.x");
    assert_eq!(branch.pr_title, "Update Helm release har[31mbour to v1.1.0");
    let expected = "Update Helm release har[31mbour to v1.1.0\n\nof har[31mbour\nnow\n\n\
        | datasource | package     | from  | to    |\n\
        | ---------- | ----------- | ----- | ----- |\n\
        | helm       | har[31mbour | 1.0.0 | 1.1.0 |\n\nOf: har[31mbour";
    assert_eq!(branch.commit_message, expected);
    let titled =
        planned("{prTitle: '\u{202e}{{{depName}}}'}", &["flux helm har\u{200f}bour 1.0.0 > 1.0.0 1.1.0"]);
    assert_eq!(titled.branches[0].pr_title, "harbour");
}

#[test]
fn a_replacement_ignores_groups() {
    check(
        "{groupName: 'all', packageRules: [{matchPackageNames: ['app'], replacementVersion: '2.0.0'}]}",
        &["flux helm app 1.0.0 > 1.0.0"],
        &[("renovate/app-replacement", "Replace Helm release app with v2.0.0")],
    );
    let plan = planned(
        "{groupName: 'all', minimumGroupSize: 3, packageRules: [{matchPackageNames: ['app'], replacementVersion: '2.0.0'}]}",
        &["flux helm app 1.0.0 > 1.0.0"],
    );
    assert_eq!(plan.branches[0].hold, None);
}

#[test]
fn the_commit_says_what_the_owner_wants_below_its_subject() {
    let plan = planned(
        "{commitBody: 'Updates {{depName}}.', commitBodyTable: true, commitTrailers: ['Signed-off-by: Bot <bot@example.com>']}",
        &["flux helm app 1.0.0 > 1.0.0 1.1.0"],
    );
    assert_eq!(
        plan.branches[0].commit_message,
        "Update Helm release app to v1.1.0\n\nUpdates app.\n\n\
         | datasource | package | from  | to    |\n\
         | ---------- | ------- | ----- | ----- |\n\
         | helm       | app     | 1.0.0 | 1.1.0 |\n\n\
         Signed-off-by: Bot <bot@example.com>"
    );
}

#[test]
fn labels_add_up_and_automerge_needs_all() {
    let plan = planned(
        "{labels: ['deps'], groupName: 'all', packageRules: [{matchDatasources: ['helm'], addLabels: ['type/{{updateType}}'], automerge: true}]}",
        &["flux helm a 1.0.0 > 1.0.0 1.1.0", "flux docker b 1.0.0 > 1.0.0 1.0.1"],
    );
    assert_eq!(plan.branches[0].labels, ["deps", "type/minor"]);
    assert!(!plan.branches[0].automerge);
    assert_eq!(plan.branches[0].update_type, UpdateType::Minor);
}

mod holds {
    use super::*;

    #[track_caller]
    fn check(options: &str, expected: Option<(&str, Option<&str>)>) {
        let plan = planned(options, &["flux helm app 1.0.0 > 1.0.0 1.1.0"]);
        let hold = plan.branches[0].hold.clone();
        let found = hold.map(|hold| (hold.to_string(), hold.until.map(|until| until.to_string())));
        let expected = expected.map(|(words, until)| (words.to_owned(), until.map(ToOwned::to_owned)));
        assert_eq!(found, expected);
    }

    #[test]
    fn say_why_and_until_when() {
        check("{}", None);
        check("{schedule: ['at any time']}", None);
        check(
            "{schedule: ['every weekend'], timezone: 'America/New_York'}",
            Some(("outside schedule \"every weekend\" (America/New_York)", Some("2026-03-14T04:00:00Z"))),
        );
        check("{groupName: 'g', minimumGroupSize: 2}", Some(("group size not met: 1 of 2", None)));
        check("{minimumGroupSize: 2}", None);
        check("{dependencyDashboardApproval: true}", Some(("waits for a tick on the dashboard", None)));
        check("{mode: 'silent'}", Some(("`mode` is `silent`", None)));
        check(
            "{minimumReleaseAge: '3 days'}",
            Some(("younger than 3 days, as far as is known: the registry gives no date", None)),
        );
    }

    #[test]
    fn a_branch_whose_checks_may_wait_is_made() {
        check("{minimumReleaseAge: '3 days', internalChecksFilter: 'flexible'}", None);
    }
}

#[test]
fn of_two_steps_on_the_same_bytes_the_higher_one_wins() {
    let plan = planned(
        "{groupName: 'all', separateMajorMinor: true, separateMinorPatch: false, packageRules: [{matchUpdateTypes: ['major'], groupSlug: 'all'}]}",
        &["kubernetes docker app 1.0.0@sha256:00 > 1.0.0 1.1.0"],
    );
    assert_eq!(plan.branches.len(), 1);
    let kinds: Vec<UpdateType> =
        plan.branches[0].upgrades.iter().map(|upgrade| upgrade.update.update_type).collect();
    assert_eq!(kinds, [UpdateType::Minor]);
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let lines = [
        "flux helm a 1.0.0 > 1.0.0 1.1.0 2.0.0",
        "flux helm a 1.0.0 > 1.0.0 1.1.0 2.0.0",
        "kubernetes docker b 1.0.0@sha256:00 > 1.0.0 1.1.0",
        "kubernetes docker b 1.0.1 > 1.0.0 1.0.1 1.1.0",
        "flux docker c 1.0.0 > 1.0.0 3.0.0",
        "github-actions github-tags d v1 > v1 v2",
    ];
    for options in ["{}", "{groupName: 'all'}"] {
        let config = config(options);
        let context = PlanContext { config: &config, now: now(), commit_style: CommitStyle::Plain };
        let upgrades = all_upgrades(&config, &lines);
        let expected = format!("{:?}", plan(upgrades.clone(), &context));
        let mut order = upgrades;
        for turn in 0..order.len() {
            order.rotate_left(1);
            let last = order.len() - 1;
            order.swap(turn % last, last);
            assert_eq!(format!("{:?}", plan(order.clone(), &context)), expected);
        }
    }
}

#[test]
fn an_update_that_cannot_be_written_is_a_problem() {
    let config = config("{}");
    let mut all = all_upgrades(&config, &["flux helm app 1.0.0 > 1.0.0 1.1.0"]);
    all[0].edits = Err(crate::edit::EditError::NothingToEdit("app".to_owned()));
    let context = PlanContext { config: &config, now: now(), commit_style: CommitStyle::Plain };
    let plan = plan(all, &context);
    assert!(plan.branches.is_empty());
    assert_eq!(
        plan.problems[0].message,
        "`app` cannot be updated: nothing in the file spells the part of `app` that changes"
    );
}

#[test]
fn the_pull_request_says_what_changes() {
    let plan = planned("{prBodyNotes: ['Mind {{depName}}.']}", &["flux helm app|x 1.0.0 > 1.0.0 1.1.0"]);
    let body = &plan.branches[0].pr_body;
    assert!(body.contains("| Package | Update | Change |\n|---|---|---|\n"), "{body}");
    assert!(
        body.contains(
            "| [app\\|x](https://redirect.github.com/example/source) | minor | `1.0.0` → `1.1.0` |\n"
        ),
        "{body}"
    );
    assert!(body.contains("> Mind app|x."), "{body}");
    let optional = "{minimumReleaseAge: '3 days', minimumReleaseAgeBehaviour: 'timestamp-optional'}";
    let plan = planned(optional, &["flux helm app 1.0.0 > 1.0.0 1.1.0"]);
    let warning =
        "> app: the registry gives no date for `1.1.0`, so `minimumReleaseAge` `3 days` was not applied\n";
    assert!(plan.branches[0].pr_body.contains(warning), "{}", plan.branches[0].pr_body);
}
