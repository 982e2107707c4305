//! `updraft config`: what a configuration says, what of it has no effect, and which rules hold for what.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Ran, check_snapshot, command, fixture, folder_with, replayed, run, updraft};
use tempfile::TempDir;

const NEGLECTED: &str = "tests/fixtures/repos/neglected";
const HOMELAB: &str = "tests/fixtures/repos/homelab";

const POD: &str =
    "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: ghcr.io/fjord/ferry:1.36.1\n";

fn on_terminal(arguments: &[&str]) -> Ran {
    let mut command = command(arguments, &TempDir::new().unwrap());
    command.env("COLUMNS", "100");
    run(command)
}

/// Returns what was said, without the number of rules that presets bring.
fn steady(ran: &Ran) -> String {
    let said = format!("{}{}", ran.err, ran.out);
    let (head, tail) = said.rsplit_once(" of its own, ").unwrap();
    let (_, tail) = tail.split_once(" with presets").unwrap();
    format!("{head} of its own, N with presets{tail}")
}

fn check_report(name: &str, text: &str) {
    check_snapshot(&fixture("reports").join(name), text);
}

#[test]
fn the_doctor_says_what_has_no_effect() {
    let ran = on_terminal(&["config", "check", NEGLECTED, "--offline"]).expect(0);
    check_report("neglected.check.txt", &steady(&ran));
    let all = on_terminal(&["config", "check", NEGLECTED, "--offline", "-v"]).expect(0);
    check_report("neglected.check-v.txt", &steady(&all));
}

#[test]
fn a_document_holds_the_same_findings() {
    let ran = updraft(&["config", "check", NEGLECTED, "--offline", "--format", "json"]).expect(0);
    assert_eq!(ran.err, "", "in other formats than the table, the problems are part of the document");
    let document = ran.json();
    assert_eq!(document["schema"], "updraft.config-check/v1");
    let findings = document["findings"].as_array().unwrap();
    let of = |check: &str| findings.iter().find(|finding| finding["check"] == check).unwrap();
    assert_eq!(of("ignored-paths")["file"], ".github/renovate.json5");
    assert_eq!(of("ignored-paths")["line"], 3);
    assert_eq!(of("annotations")["severity"], "warning");
    assert_eq!(document["rules"][0]["dependencies"], 3);
    let markdown = updraft(&["config", "check", NEGLECTED, "--offline", "--format", "markdown"]).expect(0);
    check_report("neglected.check.md", &markdown.out);
}

#[test]
fn a_repository_in_order_is_fine() {
    let ran = replayed(&["config", "check", HOMELAB]).expect(0);
    assert!(ran.out.starts_with(".github/renovate.json5: fine (8 package rules of its own, "), "{}", ran.out);
    let folder = folder_with(&[
        (
            "renovate.json",
            r#"{"extends": ["config:recommended"], "packageRules": [{"matchDatasources": ["docker"], "automerge": true}]}"#,
        ),
        ("pod.yaml", POD),
    ]);
    let ran = updraft(&["config", "check", folder.path().to_str().unwrap()]).expect(0);
    assert_eq!(ran.err, "");
    assert!(ran.out.ends_with("without effect: nothing (2 files, 1 dependency)\n"), "{}", ran.out);
}

#[test]
fn a_configuration_named_on_the_command_line_is_shown_too() {
    let folder = folder_with(&[("pod.yaml", POD)]);
    let elsewhere =
        folder_with(&[("my.json5", "{packageRules: [{matchDepNames: ['ferry'], automerge: true}]}")]);
    let config = elsewhere.path().join("my.json5");
    updraft(&["config", "check", folder.path().to_str().unwrap(), "--config", config.to_str().unwrap()])
        .expect(0)
        .says(
            "
warning: rule #1 matches nothing: no dependency has the `depName` `ferry`
 --> my.json5:1:34
",
        );
}

#[test]
fn explain_tells_which_rules_hold_and_what_keeps_the_others_out() {
    let ran = on_terminal(&["config", "explain", "ghcr.io/fjord/ferry", NEGLECTED]).expect(0);
    assert_eq!(ran.err, "");
    let own: Vec<&str> = ran.out.lines().filter(|line| !line.contains(" of presets")).collect();
    check_report("neglected.explain-ferry.txt", &format!("{}\n", own.join("\n")));
    let by_line =
        on_terminal(&["config", "explain", "clusters/harbour/apps/ferry.yaml:7", NEGLECTED]).expect(0);
    assert_eq!(by_line.out, ran.out);
    let all = on_terminal(&["config", "explain", "ghcr.io/fjord/ferry", NEGLECTED, "-v"]).expect(0);
    assert!(all.out.contains("docker:pinDigests"), "{}", all.out);
}

#[test]
fn explain_tells_who_reads_a_file_or_why_nobody_does() {
    let read = updraft(&["config", "explain", "./clusters/harbour/apps/ferry.yaml", NEGLECTED]).expect(0).out;
    assert!(read.contains("read by     flux   `managerFilePatterns` names /\\.ya?ml$/\n"), "{read}");
    assert!(read.contains("\nghcr.io/fjord/lakeside 2.0.0  docker\n"), "{read}");
    let left_out =
        updraft(&["config", "explain", "clusters/harbour/test/kayak.yaml", NEGLECTED]).expect(0).out;
    assert_eq!(
        left_out,
        "clusters/harbour/test/kayak.yaml\n  left out    `ignorePaths` names `**/test/**`   config:recommended > :ignoreModulesAndTests\n"
    );
    updraft(&["config", "explain", "ferri", NEGLECTED])
        .expect(2)
        .says("error: no dependency is called `ferri`\nhint: did you mean `ferry`?");
}

#[test]
fn explain_as_a_document_holds_every_rule() {
    let ran = updraft(&["config", "explain", "ghcr.io/fjord/ferry", NEGLECTED, "--format", "json"]).expect(0);
    let document = ran.json();
    assert_eq!(document["schema"], "updraft.config-explain/v1");
    let rules = document["dependencies"][0]["rules"].as_array().unwrap();
    let own = |number: u64| rules.iter().find(|rule| rule["number"] == number).unwrap();
    assert_eq!(own(1)["holds"], "yes");
    assert_eq!(own(2)["failed"]["matcher"], "matchDepNames");
    assert_eq!(own(2)["failed"]["saw"][0], "ghcr.io/fjord/ferry");
    assert_eq!(document["dependencies"][0]["options"]["groupName"]["setBy"], "#1");
}

#[test]
fn a_comment_that_is_no_tag_of_the_pinned_commit_is_said_to_be_none() {
    let workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd # v5.0.9\n";
    let tree = folder_with(&[("renovate.json", "{}"), (".github/workflows/a.yaml", workflow)]);
    let check = ["config", "check", tree.path().to_str().unwrap()];
    replayed(&check).expect(0).says(
        "
warning: `actions/checkout` is pinned to a commit, and `v5.0.9` beside it is no tag there
 --> .github/workflows/a.yaml:6:75
  |
6 |       - uses: actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd # v5.0.9
  |                                                                           ^^^^^^
  |
  = hint: write `v5.0.1`, which is that commit
",
    );
    let offline = updraft(&[&check[..], &["--offline"]].concat()).expect(0);
    assert!(!offline.err.contains("v5.0.9"), "nobody is asked: {}", offline.err);
}
