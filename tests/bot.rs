//! The life of branches, pull requests and the dashboard: the real binary against a GitHub and a registry on sockets of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use github::{Account, Protection, Rights};
use scene::{SLUG, Scene, TOKEN, plain_config};
use serde_json::{Value, json};
use support::files;

const DASHBOARD: &str = "Dependency Dashboard";

/// One image with a newer version.
fn one_update() -> Scene {
    Scene::new(&plain_config(), &[("app", "1.0.0", &["1.1.0"])])
}

/// A configuration with more than the plain one says.
fn config(more: &Value) -> Value {
    let mut config = plain_config();
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

#[test]
fn the_first_run_opens_one_pull_for_each_update() {
    let more = json!({"labels": ["deps"], "assignees": ["alice"], "reviewers": ["bob", "team:platform"]});
    let scene = Scene::new(
        &config(&more),
        &[("app", "1.0.0", &["1.1.0"]), ("db", "15.1.0", &["15.1.1", "16.0.0"]), ("still", "3.0.0", &[])],
    );
    scene.run().expect(0);
    let hub = scene.hub();
    let pulls = hub.pulls();
    assert_eq!(pulls.len(), 3, "{pulls:#?}");
    for pull in &pulls {
        assert_eq!((pull.state, pull.base.as_str()), ("open", "main"));
        assert_eq!(pull.labels, ["deps"]);
        assert_eq!(pull.assignees, ["alice"]);
        assert_eq!(pull.reviewers, ["bob"]);
        let commits = hub.commits(&pull.head);
        assert_eq!(commits.len(), 1, "one commit on top of the base");
        assert_eq!(commits[0].message.lines().next().unwrap(), pull.title);
        assert!(hub.is_up_to_date(&pull.head));
    }
    let app = scene.pull_for("app");
    assert_eq!(hub.changed_files(&app.head), ["apps/app.yaml"]);
    assert_eq!(hub.file(&app.head, "apps/app.yaml").unwrap(), scene.manifest("app", "1.1.0"));
    assert!(app.title.contains("team/app") && app.title.contains("1.1.0"), "{}", app.title);
    let mut versions: Vec<String> = pulls
        .iter()
        .filter(|pull| pull.head.contains("db"))
        .map(|pull| scene.version_on(&pull.head, "db"))
        .collect();
    versions.sort();
    assert_eq!(versions, ["15.1.1", "16.0.0"]);
    let dashboard = hub.issue_titled(DASHBOARD);
    for pull in &pulls {
        assert!(dashboard.body.contains(&format!("rebase-branch={}", pull.head)), "{}", dashboard.body);
    }
    assert!(dashboard.body.contains("team/still"), "{}", dashboard.body);
}

#[test]
fn a_run_with_nothing_to_do_writes_nothing() {
    let scene = Scene::new(&plain_config(), &[("app", "1.0.0", &["1.1.0"]), ("db", "15.1.0", &["16.0.0"])]);
    scene.run().expect(0);
    assert_eq!(scene.writes(), [""; 0]);
    // What the first run changed was new to the second; nothing is new to the third.
    assert_eq!(scene.writes(), [""; 0]);
    let log = scene.github.log();
    let fresh: Vec<_> = log.iter().filter(|seen| !matches!(seen.status, Some(304 | 404))).collect();
    assert!(log.len() <= 16, "{} requests: {log:#?}", log.len());
    assert!(fresh.is_empty(), "what is known is asked for conditionally: {fresh:#?}");
}

#[test]
fn a_newer_release_moves_the_pull_that_is_open() {
    let scene = one_update();
    scene.run().expect(0);
    let before = scene.pull_for("app");
    scene.release("app", "1.2.0");
    scene.run().expect(0);
    let pulls = scene.hub().pulls();
    assert_eq!(pulls.len(), 1, "{pulls:#?}");
    let after = &pulls[0];
    assert_eq!((after.number, &after.head, after.state), (before.number, &before.head, "open"));
    assert!(after.title.contains("1.2.0") && after.body.contains("1.2.0"), "{after:#?}");
    assert_eq!(scene.version_on(&after.head, "app"), "1.2.0");
    assert_eq!(scene.hub().commits(&after.head).len(), 1);
    assert_eq!(scene.writes(), [""; 0]);
}

#[test]
fn a_branch_that_somebody_committed_to_is_left_alone() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    let mine = scene.hub().commit(&pull.head, &[("notes.txt", "mine\n")], "A fix", "alice");
    scene.release("app", "1.2.0");
    scene.run().expect(0);
    assert_eq!(scene.hub().branches()[&pull.head], mine, "nobody's work is thrown away");
    let edited = scene.pull_for("app");
    assert_eq!((edited.state, edited.comments.len()), ("open", 1), "{edited:#?}");
    scene.run().expect(0);
    assert_eq!(scene.pull_for("app").comments.len(), 1, "it is said once");
    let dashboard = scene.hub().issue_titled(DASHBOARD);
    assert!(dashboard.body.contains("Edited"), "{}", dashboard.body);
    scene.hub().tick(dashboard.number, &format!("rebase-branch={}", pull.head));
    scene.run().expect(0);
    assert_eq!(scene.version_on(&pull.head, "app"), "1.2.0", "asked for by a tick");
    assert_eq!(scene.hub().file(&pull.head, "notes.txt"), None);
}

#[test]
fn a_branch_that_was_merged_with_a_persons_commits_is_free_again() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.hub().commit(&pull.head, &[("notes.txt", "mine\n")], "A fix", "alice");
    scene.hub().squash(pull.number, "alice");
    let left = scene.copy();
    left.run().expect(0);
    assert_eq!(left.hub().branch_names(), ["main"], "nothing needs it any more");
    scene.release("app", "1.2.0");
    scene.run().expect(0);
    let next = scene.pull_for("app");
    assert_eq!((scene.hub().pulls().len(), next.state, &next.head), (2, "open", &pull.head));
    assert_eq!(scene.version_on(&next.head, "app"), "1.2.0");
    assert_eq!(scene.hub().commits(&next.head).len(), 1);
    // What a person commits now is in no base.
    let theirs = scene.hub().commit(&next.head, &[("notes.txt", "more\n")], "A fix", "alice");
    scene.release("app", "1.3.0");
    scene.run().expect(0);
    assert_eq!(scene.hub().branches()[&next.head], theirs);
}

#[test]
fn what_was_closed_stays_closed_until_there_is_something_newer() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.hub().close(pull.number, "alice");
    for _ in 0..2 {
        scene.run().expect(0);
        let pulls = scene.hub().pulls();
        assert_eq!((pulls.len(), pulls[0].state), (1, "closed"));
        assert_eq!(pulls[0].comments.len(), 1, "{pulls:#?}");
        assert!(!scene.hub().branch_names().contains(&pull.head));
    }
    assert_eq!(scene.writes(), [""; 0]);
    scene.release("app", "1.2.0");
    scene.run().expect(0);
    let newer = scene.pull_for("app");
    assert_eq!((scene.hub().pulls().len(), newer.state), (2, "open"));
    assert!(newer.title.contains("1.2.0"));
}

#[test]
fn what_nobody_needs_is_closed_and_opened_again_when_it_is_needed() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.push_version("main", "app", "1.1.0", "alice");
    scene.run().expect(0);
    let closed = scene.pull_for("app");
    assert_eq!(closed.state, "closed");
    assert!(closed.title.ends_with(" - autoclosed"), "{}", closed.title);
    assert!(!scene.hub().branch_names().contains(&pull.head));
    assert_eq!(scene.writes(), [""; 0]);
    scene.push_version("main", "app", "1.0.0", "alice");
    scene.run().expect(0);
    let reopened = scene.pull_for("app");
    assert_eq!((reopened.number, reopened.state), (pull.number, "open"), "{:#?}", scene.hub().pulls());
    assert_eq!(reopened.title, pull.title);
    assert_eq!(scene.version_on(&pull.head, "app"), "1.1.0");
    assert_eq!(scene.writes(), [""; 0]);

    // The same with something newer: GitHub opens it again for the old commit only, and only then can it move.
    scene.push_version("main", "app", "1.1.0", "alice");
    scene.run().expect(0);
    scene.push_version("main", "app", "1.0.0", "alice");
    scene.release("app", "1.2.0");
    scene.run().expect(0);
    let newer = scene.pull_for("app");
    assert_eq!((newer.number, newer.state), (pull.number, "open"), "{:#?}", scene.hub().pulls());
    assert!(newer.title.contains("1.2.0"), "{}", newer.title);
    assert_eq!(scene.version_on(&pull.head, "app"), "1.2.0");
}

#[test]
fn a_conflict_with_the_base_is_solved_by_making_the_branch_anew() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.release("app", "1.0.5");
    scene.push_version("main", "app", "1.0.5", "alice");
    scene.run().expect(0);
    let after = scene.pull_for("app");
    assert_eq!((after.number, after.state), (pull.number, "open"));
    assert!(scene.hub().is_up_to_date(&pull.head), "a conflict is the reason to rebase");
    assert_eq!(scene.version_on(&pull.head, "app"), "1.1.0");
    assert_eq!(scene.hub().commits(&pull.head).len(), 1);
}

#[test]
fn a_branch_that_is_merely_behind_stays_as_it_is() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.hub().commit("main", &[("README.md", "hello\n")], "Elsewhere", "alice");
    let writes = scene.writes();
    assert!(writes.iter().all(|write| !write.contains("/git/")), "{writes:?}");
    assert_eq!(scene.pull_for("app").head_sha, pull.head_sha);
    scene.configure(&config(&json!({"rebaseWhen": "behind-base-branch"})));
    scene.run().expect(0);
    assert!(scene.hub().is_up_to_date(&pull.head));
}

#[test]
fn a_dead_registry_takes_nothing_back() {
    let scene = Scene::new(&plain_config(), &[("app", "1.0.0", &["1.1.0"]), ("db", "15.1.0", &["15.2.0"])]);
    scene.run().expect(0);
    let before = scene.pull_for("app");
    scene.registry.fail("team/app", 404);
    scene.release("db", "15.3.0");
    scene.run();
    assert_eq!(scene.pull_for("app").state, "open");
    assert_eq!(scene.hub().branches()[&before.head], before.head_sha);
    assert_eq!(scene.version_on(&scene.pull_for("db").head, "db"), "15.3.0", "everything else goes on");
}

#[test]
fn a_tick_on_the_dashboard_makes_a_branch_anew() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.hub().commit("main", &[("README.md", "hello\n")], "Elsewhere", "alice");
    let dashboard = scene.hub().issue_titled(DASHBOARD);
    scene.hub().tick(dashboard.number, &format!("rebase-branch={}", pull.head));
    scene.run().expect(0);
    assert!(scene.hub().is_up_to_date(&pull.head));
    let dashboard = scene.hub().issue_titled(DASHBOARD);
    assert!(!dashboard.body.contains("[x]"), "what was asked for is done: {}", dashboard.body);
    assert_eq!(scene.writes(), [""; 0]);
}

#[test]
fn a_tick_for_all_or_for_another_try_spares_what_people_committed_to() {
    let images: [(&str, &str, &[&str]); 3] =
        [("a", "1.0.0", &["1.1.0"]), ("b", "1.0.0", &["1.1.0"]), ("c", "1.0.0", &["1.1.0"])];
    let scene = Scene::new(&plain_config(), &images);
    scene.run().expect(0);
    let [a, b, c] = ["team-a-", "team-b-", "team-c-"].map(|name| scene.pull_for(name).head);
    let theirs = scene.hub().commit(&b, &[("notes.txt", "mine\n")], "A fix", "alice");
    scene.hub().commit("main", &[("README.md", "hello\n")], "Elsewhere", "alice");
    scene.run().expect(0);
    let dashboard = scene.hub().issue_titled(DASHBOARD).number;
    scene.hub().tick(dashboard, "rebase-all-open-prs");
    // An error that came before the look at the commits has it under this box, which warns of nothing.
    scene.hub().edit_body(dashboard, |body| format!("{body}\n - [x] <!-- retry-branch={b} -->b\n"));
    scene.run().expect(0);
    assert!(scene.hub().is_up_to_date(&a) && scene.hub().is_up_to_date(&c), "these are made anew");
    assert_eq!(scene.hub().branches()[&b], theirs, "nobody's work is thrown away");
}

#[test]
fn a_tick_in_the_pull_makes_its_branch_anew() {
    let scene = one_update();
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.hub().commit("main", &[("README.md", "hello\n")], "Elsewhere", "alice");
    scene.hub().tick(pull.number, "rebase-check");
    scene.run().expect(0);
    assert!(scene.hub().is_up_to_date(&pull.head));
    assert!(!scene.pull_for("app").body.contains("[x]"));
}

#[test]
fn a_pull_that_somebody_sent_elsewhere_comes_back_only_when_asked() {
    let more = json!({"automerge": true, "platformAutomerge": false});
    let scene = Scene::new(&config(&more), &[("app", "1.0.0", &["1.1.0"])]);
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.hub().branch_off("staging", "main");
    scene.hub().retarget(pull.number, "staging");
    scene.hub().set_status(&pull.head, "ci", "success");
    scene.run().expect(0);
    let elsewhere = scene.pull_for("app");
    assert_eq!((elsewhere.state, elsewhere.base.as_str()), ("open", "staging"));
    scene.hub().tick(scene.hub().issue_titled(DASHBOARD).number, &format!("rebase-branch={}", pull.head));
    scene.run().expect(0);
    scene.run().expect(0);
    let back = scene.pull_for("app");
    assert_eq!((back.number, back.state, back.base.as_str()), (pull.number, "merged", "main"));
    assert_eq!(scene.version_on("staging", "app"), "1.0.0", "nobody wants it merged there by itself");
}

#[test]
fn what_needs_approval_waits_for_a_tick() {
    let rules = json!([{"matchUpdateTypes": ["major"], "dependencyDashboardApproval": true}]);
    let images: [(&str, &str, &[&str]); 2] = [("app", "1.0.0", &["1.1.0"]), ("db", "15.1.0", &["16.0.0"])];
    let scene = Scene::new(&config(&json!({"packageRules": rules})), &images);
    scene.run().expect(0);
    assert_eq!(scene.hub().pulls().len(), 1, "the major one waits");
    scene.hub().tick(scene.hub().issue_titled(DASHBOARD).number, "approve-branch=");
    scene.run().expect(0);
    let pull = scene.pull_for("db");
    assert_eq!(scene.version_on(&pull.head, "db"), "16.0.0");
    assert!(!scene.hub().issue_titled(DASHBOARD).body.contains("[x]"));
    assert_eq!(scene.writes(), [""; 0], "and it stays, although the tick is gone");
}

#[test]
fn a_tick_made_while_the_run_goes_on_survives() {
    let scene = std::sync::Arc::new(one_update());
    scene.run().expect(0);
    let dashboard = scene.hub().issue_titled(DASHBOARD);
    scene.release("app", "1.2.0");
    let (weak, number) = (std::sync::Arc::downgrade(&scene), dashboard.number);
    let tick = move || {
        if let Some(scene) = weak.upgrade() {
            scene.hub().tick(number, "rebase-branch=");
        }
    };
    // The bot has read the dashboard by the time it writes its first commit.
    let call = github::Failure::Call(github::Moment::Before, std::sync::Arc::new(tick));
    scene.github.fault(github::Fault::on("POST", "/git/commits$", call));
    scene.run().expect(0);
    let dashboard = scene.hub().issue_titled(DASHBOARD);
    assert!(dashboard.body.contains("[x] <!-- rebase-branch="), "{}", dashboard.body);
}

#[test]
fn only_so_many_pulls_are_open_at_once() {
    let images: [(&str, &str, &[&str]); 3] =
        [("a", "1.0.0", &["1.1.0"]), ("b", "1.0.0", &["1.1.0"]), ("c", "1.0.0", &["1.1.0"])];
    let scene = Scene::new(&config(&json!({"prConcurrentLimit": 1, "branchConcurrentLimit": null})), &images);
    scene.run().expect(0);
    assert_eq!(scene.hub().pulls().len(), 1);
    assert_eq!(scene.writes(), [""; 0]);
    let dashboard = scene.hub().issue_titled(DASHBOARD);
    scene.hub().tick(dashboard.number, "unlimit-branch=");
    scene.run().expect(0);
    assert_eq!(scene.hub().pulls().len(), 2, "a tick goes past the limit");
    let open = scene.pull_for("/").number;
    scene.hub().merge(open, "alice");
}

#[test]
fn what_is_green_is_merged() {
    let more = json!({"automerge": true, "platformAutomerge": false});
    let images: [(&str, &str, &[&str]); 2] = [("a", "1.0.0", &["1.1.0"]), ("b", "1.0.0", &["1.1.0"])];
    let scene = Scene::new(&config(&more), &images);
    scene.run().expect(0);
    scene.run().expect(0);
    assert!(scene.hub().pulls().iter().all(|pull| pull.state == "open"), "no check has spoken yet");
    for pull in scene.hub().pulls() {
        scene.hub().set_status(&pull.head, "ci", "success");
    }
    scene.run().expect(0);
    scene.run().expect(0);
    assert!(scene.hub().pulls().iter().all(|pull| pull.state == "merged"), "{:#?}", scene.hub().pulls());
    assert_eq!(scene.version_on("main", "a"), "1.1.0");
    assert_eq!(scene.hub().branch_names(), ["main"]);
}

#[test]
fn a_protected_base_merges_by_itself_once_it_may() {
    let scene = Scene::new(&config(&json!({"automerge": true})), &[("app", "1.0.0", &["1.1.0"])]);
    scene.hub().protect("main", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    assert!(pull.auto_merge.is_some(), "{pull:#?}");
    scene.hub().set_status(&pull.head, "ci", "success");
    assert_eq!(scene.pull_for("app").state, "merged");
    scene.run().expect(0);
    assert_eq!(scene.hub().branch_names(), ["main"]);
}

#[test]
fn a_repository_without_configuration_is_asked_first() {
    let scene = Scene::new(&Value::Null, &[("app", "1.0.0", &["1.1.0"])]);
    scene.run().expect(0);
    let pulls = scene.hub().pulls();
    assert_eq!(pulls.len(), 1, "{pulls:#?}");
    assert_eq!(
        (pulls[0].head.as_str(), pulls[0].title.as_str()),
        ("renovate/configure", "Configure Renovate")
    );
    assert!(scene.hub().file("renovate/configure", "renovate.json").is_some());
    assert_eq!(scene.writes(), [""; 0]);
    scene.hub().merge(pulls[0].number, "alice");
    scene.configure(&plain_config());
    scene.run().expect(0);
    assert_eq!(scene.pull_for("app").state, "open");
    assert_eq!(scene.hub().file("renovate/configure", "renovate.json"), None, "its branch is tidied away");
}

#[test]
fn a_mistake_in_the_configuration_becomes_an_issue_until_it_is_mended() {
    let scene = one_update();
    scene.run().expect(0);
    let title = "Action Required: Fix Renovate Configuration";
    scene.hub().commit("main", &[("renovate.json", "{\"extends\": [")], "Oops", "alice");
    scene.release("app", "1.2.0");
    scene.run();
    let issue = scene.hub().issue_titled(title);
    assert!(issue.state == "open" && issue.body.contains("renovate.json"), "{issue:#?}");
    let pull = scene.pull_for("app");
    assert!(pull.state == "open" && pull.title.contains("1.1.0"), "all work on pulls stops: {pull:#?}");
    scene.configure(&plain_config());
    scene.run().expect(0);
    assert_eq!(scene.hub().issue_titled(title).state, "closed");
    assert!(scene.pull_for("app").title.contains("1.2.0"));
}

#[test]
fn a_configuration_that_is_no_text_is_not_taken_for_none() {
    let scene = one_update();
    scene.hub().commit("main", &[("renovate.json", "{\0}\0")], "Save it with another editor", "alice");
    scene.run().expect(1);
    let issue = scene.hub().issue_titled("Action Required: Fix Renovate Configuration");
    assert!(issue.state == "open" && issue.body.contains("cannot be read"), "{issue:#?}");
    assert_eq!(scene.hub().branch_names(), ["main"], "neither updates nor an offer of another one");
}

#[test]
fn a_token_that_may_only_read_writes_nothing_and_says_so() {
    let scene = one_update();
    scene.github.account(TOKEN, Account::user("carer", Rights::Read));
    let ran = scene.run();
    assert_ne!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    let said = format!("{}{}", ran.out, ran.err).to_lowercase();
    assert!(said.contains("write") || said.contains("permission"), "{said}");
    assert_eq!(scene.hub().branch_names(), ["main"]);
    assert!(scene.hub().pulls().is_empty() && scene.hub().issues().is_empty());
}

#[test]
fn workflows_are_left_out_where_the_token_may_not_touch_them() {
    let scene = one_update();
    scene.github.account(TOKEN, Account::user("carer", Rights::WriteExceptWorkflows));
    scene.run().expect(0);
    assert_eq!(scene.pull_for("app").state, "open");
}

#[test]
fn one_repository_that_cannot_be_had_does_not_stop_the_others() {
    let scene = one_update();
    let ran = scene.run_with(&["o/gone", SLUG]).expect(1);
    assert!(format!("{}{}", ran.out, ran.err).contains("o/gone"), "{}{}", ran.out, ran.err);
    assert_eq!(scene.pull_for("app").state, "open");
}

#[test]
fn a_dry_run_writes_nothing() {
    let scene = one_update();
    scene.run_with(&["--dry-run", SLUG]).expect(0);
    assert_eq!(scene.github.writes(), [""; 0]);
    assert_eq!(scene.hub().branch_names(), ["main"]);
}

#[test]
fn the_token_is_in_nothing_that_is_printed_or_kept() {
    for (verbosity, dry_run) in [("-vv", None), ("-vvv", None), ("-vvv", Some("--dry-run"))] {
        for format in ["text", "json"] {
            let scene = one_update();
            let arguments = [verbosity, "--log-format", format, SLUG].into_iter().chain(dry_run);
            let ran = scene.run_with(&arguments.collect::<Vec<_>>()).expect(0);
            let half: String = TOKEN.chars().skip(8).take(12).collect();
            for text in [&ran.out, &ran.err] {
                assert!(!text.contains(&half), "the token was printed");
                assert!(!text.to_lowercase().contains("authorization: "), "a header was printed");
            }
            for (path, bytes) in files(scene.home().path()) {
                assert!(
                    !String::from_utf8_lossy(&bytes).contains(&half),
                    "{} holds the token",
                    path.display()
                );
            }
            for pull in scene.hub().pulls() {
                assert!(!format!("{pull:?}").contains(&half));
            }
        }
    }
}
