//! What the log says in the morning of what was done at night: every line stands for itself, and every decision has exactly one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::collections::BTreeMap;

use github::{Failure, Fault};
use scene::{SLUG, Scene, plain_config};
use serde_json::{Value, json};
use support::{Ran, replayed, run};

const DEMO: &str = "tests/fixtures/repos/homelab";
const DECISIONS: &str = "updraft::decisions";

/// Returns the lines of a log in JSON, each of which says when, how bad and what.
#[track_caller]
fn lines(ran: &Ran) -> Vec<Value> {
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let time = line["time"].as_str().unwrap();
        assert!(time.len() == "2026-11-19T03:00:00.000Z".len() && time.ends_with('Z'), "{line}");
        assert!(
            ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&line["level"].as_str().unwrap()),
            "{line}"
        );
        assert!(!line["message"].as_str().unwrap().is_empty(), "{line}");
        assert!(line["target"].as_str().unwrap().starts_with("updraft"), "{line}");
        line
    };
    ran.err.lines().map(read).collect()
}

fn decisions(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["target"] == DECISIONS).collect()
}

/// Returns how often each of a field's values is there.
fn counts<'l>(lines: &[&'l Value], field: &str) -> BTreeMap<&'l str, usize> {
    let mut counts = BTreeMap::new();
    for value in lines.iter().filter_map(|line| line[field].as_str()) {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

#[test]
fn a_dry_run_has_a_line_for_each_decision_of_its_report() {
    let ran = replayed(&["dry-run", DEMO, "-vv", "--log-format", "json", "--format", "json"]).expect(0);
    let (lines, report) = (lines(&ran), ran.json());
    assert!(lines.iter().all(|line| line["repository"] == "homelab"), "{}", ran.err);
    let told = decisions(&lines);
    let deps: Vec<&Value> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|file| file["deps"].as_array().unwrap())
        .collect();
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for dep in &deps {
        *expected.entry(dep["depName"].as_str().unwrap()).or_default() +=
            dep["updates"].as_array().unwrap().len().max(1);
    }
    let of_deps: Vec<&Value> = told.iter().copied().filter(|line| line["depName"].is_string()).collect();
    assert_eq!(counts(&of_deps, "depName"), expected);
    for line in &of_deps {
        assert!(
            line["packageFile"].is_string() && line["line"].is_u64() && line["manager"].is_string(),
            "{line}"
        );
        let is_plain = ["update", "up to date"].contains(&line["message"].as_str().unwrap());
        assert!(is_plain || line["reason"].is_string(), "it says why: {line}");
    }
    let branches = report["branches"].as_array().unwrap();
    let of_branches: Vec<&Value> = told.iter().copied().filter(|line| line["depName"].is_null()).collect();
    assert_eq!(of_branches.len(), branches.len());
    for branch in branches {
        let line = of_branches.iter().find(|line| line["branch"] == branch["branchName"]).unwrap();
        assert_eq!(line["reason"], branch["hold"]["reason"], "one source of reasons");
        assert_eq!(line["until"], branch["hold"]["until"]);
    }
}

#[test]
fn a_dry_run_says_why_each_dependency_stays() {
    let ran = replayed(&["dry-run", DEMO, "-vv"]).expect(0);
    for (name, what) in [
        (
            "grafana",
            "update held: outside schedule \"every weekend\" (Europe/Berlin) until=2026-11-20T23:00:00Z",
        ),
        ("docker.io/library/nginx", "update held: younger than 3 days until=2026-11-21T08:00:00Z"),
        ("docker.io/rancher/k3s-upgrade", "dependency left alone: unspecified-version, no version is given"),
        (
            "registry.lan/tools/greet",
            "dependency left alone: lookup-failed, `registry.lan` shows it to nobody",
        ),
    ] {
        let start = format!("DEBUG homelab {name}: {what}");
        assert!(ran.err.contains(&start), "{start}\n{}", ran.err);
    }
    assert!(ran.err.contains("passedOver=\"18-alpine dropped: `allowedVersions` is <18\""), "{}", ran.err);
    assert!(!ran.err.contains('\u{1b}'), "no colours where there is no terminal");
}

/// Returns the lines of a run of the bot, each of which says in which repository it was written.
#[track_caller]
fn night(scene: &Scene, arguments: &[&str]) -> Vec<Value> {
    let ran = scene.run_with(&[arguments, &["--log-format", "json", SLUG]].concat()).expect(0);
    let lines = lines(&ran);
    let frame = |line: &Value| ["run begins", "run ended"].contains(&line["message"].as_str().unwrap());
    let outside: Vec<&Value> = lines.iter().filter(|line| line["repository"] != SLUG).collect();
    assert!(outside.iter().all(|line| frame(line) || line["message"] == "request"), "{outside:#?}");
    lines
}

/// Returns what is said at a level, as `branch: message: reason`.
fn story(lines: &[Value], level: &str) -> Vec<String> {
    let told = lines.iter().filter(|line| line["level"] == level && line["target"] == DECISIONS);
    told.map(|line| {
        let part = |name: &str| line[name].as_str().unwrap_or("-");
        format!("{}: {}: {}", part("branch"), part("message"), part("reason"))
    })
    .collect()
}

fn scene() -> Scene {
    let mut config = plain_config();
    config["packageRules"] = json!([
        {"matchUpdateTypes": ["major"], "dependencyDashboardApproval": true},
        {"matchPackageNames": ["**/auto"], "automerge": true, "platformAutomerge": false},
    ]);
    Scene::new(
        &config,
        &[
            ("app", "1.0.0", &["1.1.0"]),
            ("auto", "1.0.0", &["1.1.0"]),
            ("db", "15.1.0", &["16.0.0"]),
            ("still", "3.0.0", &[]),
        ],
    )
}

#[test]
fn the_log_tells_what_was_done_and_why() {
    let scene = scene();
    let name = |pull: &str| scene.pull_for(pull).head;
    let first = night(&scene, &["-vv"]);
    let (app, auto) = (name("app"), name("auto"));
    assert_eq!(
        story(&first, "INFO"),
        [
            format!("{app}: branch created: -"),
            format!("{app}: pull request opened: -"),
            format!("{auto}: branch created: -"),
            format!("{auto}: pull request opened: -"),
            "-: issue opened: -".to_owned(),
        ]
    );
    let quiet = story(&first, "DEBUG");
    let says = |text: &str| assert!(quiet.iter().any(|line| line.ends_with(text)), "{text}\n{quiet:#?}");
    says(": branch held: waits for a tick on the dashboard");
    says(&format!(
        "{auto}: pull request not merged: it was committed to just now, so no check can have passed"
    ));
    says("-: up to date: -");
    let done = first.iter().find(|line| line["message"] == "done").unwrap();
    for (figure, expected) in [
        ("dependencies", 4),
        ("updates", 3),
        ("branches", 3),
        ("held", 1),
        ("branchesCreated", 2),
        ("pullsCreated", 2),
        ("merged", 0),
        ("pruned", 0),
        ("errors", 0),
    ] {
        // Each manifest names its kind's version, too.
        let extra = if figure == "dependencies" { 4 } else { 0 };
        assert_eq!(done[figure], expected + extra, "{figure} in {done}");
    }
    assert!(done["milliseconds"].is_u64());
    let ended = first.iter().find(|line| line["message"] == "run ended").unwrap();
    assert!(done["requests"].is_u64());
    assert_eq!(done["requests"], ended["requests"], "there is no other repository");

    let second = night(&scene, &["-vv"]);
    let quiet = story(&second, "DEBUG");
    assert!(quiet.contains(&format!("{app}: branch left alone: it is as it should be")), "{quiet:#?}");
    assert!(
        quiet.contains(&format!("{auto}: pull request not merged: no check has said anything")),
        "{quiet:#?}"
    );
    assert!(story(&second, "INFO").is_empty(), "{second:#?}");

    scene.hub().set_status(&auto, "ci", "success");
    scene.release("app", "1.2.0");
    let third = story(&night(&scene, &[]), "INFO");
    assert_eq!(
        third,
        [
            format!("{app}: branch updated: it brings something else than is wanted now"),
            format!("{auto}: pull request merged: -"),
            format!("{auto}: branch deleted: it is merged"),
        ]
    );

    scene.push_version("main", "app", "1.2.0", "alice");
    let fourth = story(&night(&scene, &[]), "INFO");
    assert_eq!(
        fourth,
        [
            format!("{app}: pull request closed: nothing needs it any more"),
            format!("{app}: branch deleted: nothing needs it any more"),
        ]
    );
}

#[test]
fn every_branch_has_exactly_one_line_in_every_run() {
    let scene = scene();
    for turn in 0..3 {
        let lines = night(&scene, &["-vv"]);
        let told: Vec<&Value> = decisions(&lines)
            .into_iter()
            .filter(|line| {
                line["depName"].is_null() && line["message"].as_str().unwrap().starts_with("branch ")
            })
            .collect();
        let counts = counts(&told, "branch");
        assert_eq!(counts.len(), 3, "{turn}: {told:#?}");
        assert!(counts.values().all(|count| *count == 1), "{turn}: {told:#?}");
        scene.release("app", &format!("1.{}.0", turn + 2));
    }
}

#[test]
fn the_usual_log_is_a_story_of_few_lines() {
    let scene = scene();
    let words = |ran: &Ran| -> Vec<String> {
        let text = |line: &str| line.split_once(" INFO  ").map_or(line, |(_, text)| text).to_owned();
        ran.err.lines().map(text).map(|line| line.split(['=', '"']).next().unwrap().to_owned()).collect()
    };
    let ran = scene.run().expect(0);
    let told = words(&ran);
    assert_eq!(told.len(), 9, "{}", ran.err);
    assert!(told[0].starts_with("run begins") && told[8].starts_with("run ended"), "{}", ran.err);
    assert!(
        told[1].starts_with("o/r: permissions") && told[7].starts_with("o/r: done dependencies"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains('\u{1b}'));
    let again = scene.run().expect(0);
    assert_eq!(words(&again).len(), 4, "{}", again.err);
}

#[test]
fn a_dry_run_of_the_bot_says_what_would_be_done() {
    let scene = scene();
    let lines = night(&scene, &["--dry-run"]);
    let told = story(&lines, "INFO");
    assert_eq!(told.len(), 5, "{told:#?}");
    assert!(told.iter().all(|line| line.contains(": would ")), "{told:#?}");
}

#[test]
fn renovates_level_says_how_much_is_told() {
    for (variable, level, expected) in [
        ("LOG_LEVEL", "debug", true),
        ("LOG_LEVEL", "info", false),
        ("LOG_LEVEL", "warn", false),
        ("UPDRAFT_LOG", "updraft::decisions=debug", true),
        ("LOG_LEVEL", "loud", false),
    ] {
        let scene = scene();
        let mut command = scene.command(&[SLUG]);
        command.env(variable, level);
        let ran = run(command).expect(0);
        assert_eq!(ran.err.contains(" DEBUG "), expected, "{variable}={level}\n{}", ran.err);
        assert_eq!(ran.err.contains(" INFO "), level != "warn", "{variable}={level}\n{}", ran.err);
        assert_eq!(ran.err.contains("this is no level"), level == "loud", "{}", ran.err);
    }
}

#[test]
fn every_request_is_told_with_what_came_of_it() {
    let scene = scene();
    scene.run().expect(0);
    scene.github.fault(github::Fault::on("GET", "/issues", github::Failure::Status(502, None)));
    let lines = night(&scene, &["-vvv"]);
    let requests: Vec<&Value> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert!(!requests.is_empty());
    for line in &requests {
        assert_eq!(line["level"], "TRACE");
        for number in ["status", "milliseconds", "bytes", "attempt"] {
            assert!(line[number].is_u64(), "{number} in {line}");
        }
        assert!(line["method"].is_string() && line["url"].as_str().unwrap().starts_with("http"), "{line}");
    }
    assert!(
        requests.iter().any(|line| line["cache"] == "unchanged" && line["status"] == 304),
        "{requests:#?}"
    );
    let again =
        lines.iter().find(|line| line["message"] == "asking again").expect("a failure is asked again");
    assert_eq!(
        (&again["level"], &again["status"], &again["attempt"]),
        (&json!("DEBUG"), &json!(502), &json!(1))
    );
    assert!(requests.iter().any(|line| line["attempt"] == 2), "{requests:#?}");
}

/// Returns the lines that say what went wrong, and the one that says what became of the repository.
#[track_caller]
fn problems(lines: &[Value]) -> (Vec<&Value>, &Value) {
    let told = lines.iter().filter(|line| line["message"] == "problem").collect();
    let is_end = |line: &&Value| line["milliseconds"].is_u64() && line["repository"] == SLUG;
    (told, lines.iter().rfind(is_end).expect("the repository has a line of its own"))
}

#[test]
fn the_problems_of_the_figures_are_those_that_the_log_tells() {
    let scene = scene();
    let dead = scene.manifest("dead", "1.0.0").replace(&scene.registry.host(), "127.0.0.1:1");
    scene.hub().commit("main", &[("apps/dead.yaml", &dead), ("apps/binary.yaml", "a\0b")], "Add", "alice");
    let figures = scene.home().path().join("figures.prom");
    let mut command = scene.command(&["--log-format", "json", SLUG]);
    command.env("UPDRAFT_METRICS", &figures);
    let ran = run(command).expect(1);
    let lines = lines(&ran);
    let (told, done) = problems(&lines);
    let errors = told.iter().filter(|line| line["level"] == "ERROR").count();
    assert!(errors > 0 && told.len() > errors, "there is something to count: {told:#?}");
    assert_eq!(
        (&done["message"], &done["problems"], &done["errors"]),
        (&json!("done"), &json!(told.len()), &json!(errors))
    );
    let figures = std::fs::read_to_string(figures).unwrap();
    let warnings = told.len() - errors;
    for figure in [
        format!("updraft_repository_errors{{repository=\"{SLUG}\"}} {errors}\n"),
        format!("updraft_repository_problems{{repository=\"{SLUG}\",severity=\"error\"}} {errors}\n"),
        format!("updraft_repository_problems{{repository=\"{SLUG}\",severity=\"warning\"}} {warnings}\n"),
    ] {
        assert!(figures.contains(&figure), "{figure}{figures}");
    }
}

#[test]
fn what_is_wrong_with_a_configuration_is_told_with_its_line() {
    let scene = scene();
    let wrong = "{\n  \"extends\": [\"config:recommended\"],\n  \"labels\": 3\n}\n";
    scene.hub().commit("main", &[("renovate.json", wrong)], "Oops", "alice");
    let ran = scene.run_with(&["--log-format", "json", SLUG]).expect(1);
    let lines = lines(&ran);
    let (told, end) = problems(&lines);
    assert_eq!(end["reason"], "nothing is written until the configuration is mended");
    let [problem] = told.as_slice() else { panic!("{told:#?}") };
    assert_eq!(
        (&problem["level"], &problem["packageFile"], &problem["line"]),
        (&json!("ERROR"), &json!("renovate.json"), &json!(3))
    );
}

#[test]
fn a_preset_that_cannot_be_read_is_told_with_its_line() {
    let scene = scene();
    let text = "{\n  \"extends\": [\n    \"local>o/shared\"\n  ]\n}\n";
    scene.hub().commit("main", &[("renovate.json", text)], "Share", "alice");
    scene.github.fault(Fault::on("GET", "/o/shared", Failure::Status(403, None)).times(usize::MAX));
    let figures = scene.home().path().join("figures.prom");
    let mut command = scene.command(&["--log-format", "json", SLUG]);
    command.env("UPDRAFT_METRICS", &figures);
    let ran = run(command).expect(1);
    let lines = lines(&ran);
    let (told, end) = problems(&lines);
    let reason = end["reason"].as_str().unwrap();
    assert!(reason.starts_with("nothing is written with half a configuration: `local>o/shared`"), "{end}");
    let [problem] = told.as_slice() else { panic!("{told:#?}") };
    assert_eq!((&problem["packageFile"], &problem["line"]), (&json!("renovate.json"), &json!(3)));
    assert!(problem["hint"].as_str().unwrap().contains("`updraft run` writes nothing"), "{problem}");
    let figures = std::fs::read_to_string(figures).unwrap();
    assert!(
        figures.contains(&format!("updraft_repository_success{{repository=\"{SLUG}\"}} 0\n")),
        "{figures}"
    );
}
