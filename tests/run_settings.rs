//! What `updraft run` says of settings that cannot work: one line that names the setting, exit code 2, and never a word of a secret.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
mod support;

use std::fs;

use github::{Account, GitHub, Rights};
use serde_json::Value;
use support::Ran;
use tempfile::TempDir;

/// A secret that must be seen nowhere.
const SECRET: &str = "ghp_neverToBeSeen0123456789";
/// Runs the bot with `arguments` and the environment's `variables`, as loud as it gets, and fails the test when it tells the secret.
#[track_caller]
fn bot(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let home = TempDir::new().unwrap();
    let mut command = support::command(&[&["run", "-vvv"], arguments].concat(), &home);
    command.envs(variables.iter().copied());
    let ran = support::run(command);
    assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "{}\n{}", ran.out, ran.err);
    ran
}

/// Fails the test unless that ends with exit code 2 and exactly this on stderr.
#[track_caller]
fn refuses(arguments: &[&str], variables: &[(&str, &str)], expected: &str) {
    let ran = bot(arguments, variables).expect(2);
    assert_eq!(ran.err.trim_end(), format!("error: {expected}"));
    assert_eq!(ran.out, "");
}

const TOKEN: (&str, &str) = ("UPDRAFT_TOKEN", SECRET);

#[test]
fn without_a_token_it_says_where_one_is_looked_for() {
    let expected = "there is no token for the forge; set `UPDRAFT_TOKEN`, or `UPDRAFT_TOKEN_FILE` to a file that holds it";
    refuses(&["me/lab"], &[], expected);
    refuses(&["me/lab"], &[("UPDRAFT_TOKEN", "")], expected);
}

#[test]
fn a_token_for_another_forge_is_none_for_github() {
    let gitlab = [
        ("RENOVATE_PLATFORM", "gitlab"),
        ("RENOVATE_ENDPOINT", "https://gitlab.lan/api/v4"),
        ("RENOVATE_TOKEN", SECRET),
    ];
    let unused = "`RENOVATE_PLATFORM` is `gitlab`: `RENOVATE_TOKEN` and `RENOVATE_ENDPOINT` are not used";
    bot(&["me/lab"], &gitlab).expect(2).says(unused).says("error: there is no token for the forge");
    let home = TempDir::new().unwrap();
    let mut command = support::command(&["dry-run", "--offline", home.path().to_str().unwrap()], &home);
    command.envs(gitlab);
    support::run(command).expect(0).says(unused);
}

#[test]
fn without_a_repository_it_says_how_to_name_one() {
    let expected = "there is no repository to work on; name one as `updraft run owner/name` or in `UPDRAFT_REPOSITORIES`, or use `--autodiscover`";
    refuses(&[], &[TOKEN], expected);
    refuses(&[], &[TOKEN, ("UPDRAFT_REPOSITORIES", " , ")], expected);
}

#[test]
fn a_repository_has_an_owner_and_a_name() {
    refuses(&["lab"], &[TOKEN], "`lab` is no repository; write `owner/name`");
    refuses(
        &["https://github.com/me/lab"],
        &[TOKEN],
        "`https://github.com/me/lab` is no repository; write `owner/name`",
    );
    refuses(
        &[],
        &[TOKEN, ("RENOVATE_REPOSITORIES", r#"["me/lab", "me/"]"#)],
        "`me/` is no repository; write `owner/name`",
    );
}

#[test]
fn an_endpoint_is_a_web_address() {
    for address in ["github.example.com", "ftp://github.example.com", "https://"] {
        let expected = format!(
            "the endpoint `{address}` is no web address; write one such as `https://api.github.com/` or `https://github.example.com/api/v3/`"
        );
        refuses(&["me/lab", "--endpoint", address], &[TOKEN], &expected);
        refuses(&["me/lab"], &[TOKEN, ("RENOVATE_ENDPOINT", address)], &expected);
    }
}

#[test]
fn a_token_file_that_cannot_be_read_is_named() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("token");
    let path = missing.to_str().unwrap();
    let ran = bot(&["me/lab"], &[("UPDRAFT_TOKEN_FILE", path)]).expect(2);
    ran.says(&format!("error: cannot read `{path}`, which `UPDRAFT_TOKEN_FILE` names\n  caused by: "));
    fs::write(&missing, "\n").unwrap();
    refuses(
        &["me/lab"],
        &[("UPDRAFT_TOKEN_FILE", path)],
        &format!("`{path}`, which `UPDRAFT_TOKEN_FILE` names, is empty"),
    );
}

#[test]
fn a_token_file_is_read_without_the_line_end() {
    let (github, folder) = (github(), TempDir::new().unwrap());
    let path = folder.path().join("token");
    fs::write(&path, format!("{SECRET}\n")).unwrap();
    bot(&["me/lab", "--endpoint", &github.api()], &[("RENOVATE_TOKEN_FILE", path.to_str().unwrap())])
        .expect(0);
}

#[test]
fn an_app_has_a_private_key() {
    refuses(
        &["me/lab"],
        &[("UPDRAFT_APP_ID", "12")],
        "there is the id of a GitHub App, but no private key; set `UPDRAFT_APP_PRIVATE_KEY_FILE` to the file that holds it",
    );
    let ran = bot(&["me/lab"], &[("UPDRAFT_APP_ID", "12"), ("UPDRAFT_APP_PRIVATE_KEY", SECRET)]);
    ran.expect(2).says("error: the private key of the GitHub App cannot be read");
}

#[test]
fn a_run_beyond_the_last_share_has_nothing_to_do() {
    let expected = "this run is number 4 of 4: numbers begin at 0, so there is nothing for it to do";
    refuses(&["me/lab", "--shards", "4"], &[TOKEN, ("JOB_COMPLETION_INDEX", "4")], expected);
    refuses(&["me/lab"], &[TOKEN, ("UPDRAFT_SHARDS", "4"), ("UPDRAFT_SHARD", "4")], expected);
    refuses(
        &["me/lab", "--shards", "4"],
        &[TOKEN, ("JOB_COMPLETION_INDEX", "first")],
        "`JOB_COMPLETION_INDEX` is `first`; write a number",
    );
}

#[test]
fn switches_and_words_are_checked() {
    refuses(
        &["me/lab"],
        &[TOKEN, ("RENOVATE_AUTODISCOVER", "maybe")],
        "`RENOVATE_AUTODISCOVER` is `maybe`; write `true` or `false`",
    );
    refuses(
        &["me/lab"],
        &[TOKEN, ("RENOVATE_REQUIRE_CONFIG", "perhaps")],
        "`RENOVATE_REQUIRE_CONFIG` is `perhaps`, which is none of its words",
    );
}

#[test]
fn host_rules_that_are_no_list_are_placed_and_not_quoted() {
    let rules = format!(r#"{{"matchHost": "registry.lan", "token": "{SECRET}"}}"#);
    let ran = bot(&["me/lab"], &[TOKEN, ("UPDRAFT_HOST_RULES", &rules)]).expect(2);
    ran.says("error: the host rules of the environment are no JSON list of rules (line 1, column ");
}

/// Starts a GitHub that knows the secret, with a repository in which there is nothing to do.
fn github() -> GitHub {
    let github = GitHub::start();
    github.account(SECRET, Account::user("bot", Rights::Write));
    github.repository("me/lab", &[("renovate.json", "{}\n"), ("notes.txt", "nothing to do\n")]);
    github
}

/// Returns the log lines about repositories that say how long they took: the summaries.
fn summaries(ran: &Ran) -> Vec<Value> {
    let lines = ran.err.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_summary = |line: &Value| line["level"] != "TRACE" && line["milliseconds"].is_u64();
    lines.filter(|line| line["repository"].is_string() && is_summary(line)).collect()
}

#[test]
fn each_repository_ends_with_one_json_line_and_is_in_the_figures() {
    let (github, folder) = (github(), TempDir::new().unwrap());
    let metrics = folder.path().join("updraft.prom");
    let variables = [
        TOKEN,
        ("UPDRAFT_REPOSITORIES", "me/lab, me/gone"),
        ("RENOVATE_ENDPOINT", &github.api()),
        ("UPDRAFT_LOG_FORMAT", "json"),
        ("UPDRAFT_METRICS", metrics.to_str().unwrap()),
    ];
    let ran = bot(&[], &variables).expect(1);
    let told = summaries(&ran);
    let [lab, gone] = told.as_slice() else { panic!("one line a repository: {}", ran.err) };
    assert_eq!(
        (&lab["repository"], &lab["level"], &lab["message"]),
        (&"me/lab".into(), &"INFO".into(), &"done".into())
    );
    for figure in [
        "dependencies",
        "branches",
        "held",
        "branchesCreated",
        "pullsCreated",
        "merged",
        "pruned",
        "problems",
        "errors",
    ] {
        assert_eq!(lab[figure], 0, "{figure}");
    }
    assert_eq!((&gone["repository"], &gone["level"]), (&"me/gone".into(), &"ERROR".into()));
    let why = gone["reason"].as_str().unwrap();
    assert!(why.starts_with("the forge does not know the repository"), "{why}");
    let figures = fs::read_to_string(metrics).unwrap();
    assert!(figures.contains("updraft_repository_success{repository=\"me/lab\"} 1\n"), "{figures}");
    assert!(figures.contains("updraft_repository_success{repository=\"me/gone\"} 0\n"), "{figures}");
    assert!(!figures.contains(SECRET));
}

#[test]
fn a_token_that_the_forge_does_not_know_is_told_and_not_shown() {
    let github = GitHub::start();
    github.repository("me/lab", &[("renovate.json", "{}\n")]);
    let ran = bot(&["me/lab", "--endpoint", &github.api(), "--log-format", "json"], &[TOKEN]).expect(1);
    let told = summaries(&ran);
    let [summary] = told.as_slice() else { panic!("one line a repository: {}", ran.err) };
    let why = summary["reason"].as_str().unwrap();
    assert!(why.starts_with("the forge does not accept the token (401): "), "{why}");
    assert!(!why.contains("caused by"), "{why}");
}

#[test]
fn a_log_in_json_is_json_from_the_first_line() {
    let ran = bot(&["--log-format", "json"], &[TOKEN]).expect(2);
    let line: Value = serde_json::from_str(ran.err.trim()).unwrap();
    assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"the run cannot begin".into()));
    assert!(line["reason"].as_str().unwrap().starts_with("there is no repository to work on"), "{line}");
}

#[test]
fn repositories_that_cannot_be_listed_are_no_wrong_usage() {
    let github = GitHub::start();
    let ran = bot(&["--autodiscover", "--endpoint", &github.api()], &[TOKEN]).expect(1);
    assert!(ran.err.contains("error: the repositories cannot be listed\n"), "{}", ran.err);
}

#[test]
fn a_filter_that_leaves_nothing_is_told() {
    let github = github();
    let filter = ["--autodiscover", "--autodiscover-filter", "nobody/*", "--endpoint", &github.api()];
    let ran = bot(&filter, &[TOKEN]).expect(0);
    assert!(
        ran.err.contains("none of the repositories that the token may write to is worked on"),
        "{}",
        ran.err
    );
}
