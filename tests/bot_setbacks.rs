//! What becomes of a run in which not everything can be done: the real binary against a GitHub and a registry on sockets of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::sync::Arc;

use github::web::{Request, Response};
use github::{Failure, Fault, Moment, Protection};
use scene::{SLUG, Scene, plain_config};
use serde_json::{Value, json};

const DASHBOARD: &str = "Dependency Dashboard";

/// A configuration with more than the plain one says.
fn config(more: &Value) -> Value {
    let mut config = plain_config();
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

/// One image with a newer version, under a configuration with more than the plain one says.
fn one_update(more: &Value) -> Arc<Scene> {
    Arc::new(Scene::new(&config(more), &[("app", "1.0.0", &["1.1.0"])]))
}

/// Three images with a newer version each.
fn three_updates(more: &Value) -> Scene {
    let images: [(&str, &str, &[&str]); 3] =
        [("a", "1.0.0", &["1.1.0"]), ("b", "1.0.0", &["1.1.0"]), ("c", "1.0.0", &["1.1.0"])];
    Scene::new(&config(more), &images)
}

/// Returns the only branch of the bot.
fn branch_of(scene: &Scene) -> String {
    let names = scene.hub().branch_names();
    names.into_iter().find(|name| name.contains("app")).expect("the bot made a branch")
}

fn dashboard(scene: &Scene) -> String {
    scene.hub().issue_titled(DASHBOARD).body
}

/// Ticks a box of the dashboard.
#[track_caller]
fn tick(scene: &Scene, marker: &str) {
    scene.hub().tick(scene.hub().issue_titled(DASHBOARD).number, marker);
}

#[test]
fn a_pull_request_that_a_list_left_out_is_not_closed_by_github_alone() {
    let scene = one_update(&json!({}));
    scene.run().expect(0);
    let pull = scene.pull_for("app");
    scene.push_version("main", "app", "1.1.0", "alice");
    let empty = |_: &Request, mut response: Response| {
        response.body = b"[]".to_vec();
        response
    };
    let lists_open = |request: &Request| request.parameter("state") == Some("open");
    let fault = Fault::on("GET", "/pulls$", Failure::Alter(Arc::new(empty)));
    scene.github.fault(fault.only(Arc::new(lists_open)).times(usize::MAX));
    scene.run().expect(0);
    assert_eq!(scene.hub().branch_names(), ["main"]);
    let now = scene.pull_for("app");
    assert_eq!((now.state, now.title), ("closed", format!("{} - autoclosed", pull.title)));
}

#[test]
fn a_dashboard_that_cannot_be_written_hides_nothing_else_of_what_was_done() {
    let scene = one_update(&json!({}));
    let refused = Failure::Status(422, None);
    scene.github.fault(Fault::on("POST", "/issues$", refused).times(usize::MAX));
    let ran = scene.run().expect(0);
    let ran = ran.says("the Dependency Dashboard could not be brought up to date");
    assert!(ran.err.contains("done"), "its figures are told: {}", ran.err);
    assert_eq!(scene.pull_for("app").state, "open");
}

/// From now on something is forbidden.
fn forbid(scene: &Scene, method: &str, path: &str) {
    scene.github.fault(Fault::on(method, path, Failure::Status(403, None)).times(usize::MAX));
}

/// Returns what somebody does while the bot waits for an answer.
fn meanwhile(
    scene: &Arc<Scene>,
    act: impl Fn(&Scene) + Send + Sync + 'static,
) -> Arc<dyn Fn() + Send + Sync> {
    let scene = Arc::downgrade(scene);
    Arc::new(move || {
        if let Some(scene) = scene.upgrade() {
            act(&scene);
        }
    })
}

mod branches_nobody_needs {
    use super::*;

    #[test]
    fn one_that_shares_nothing_with_the_base_is_left_and_told() {
        let scene = one_update(&json!({}));
        scene.hub().commit("renovate/driftwood", &[("notes.txt", "mine\n")], "Begin anew", "alice");
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "open");
        assert!(dashboard(&scene).contains("renovate/driftwood"), "{}", dashboard(&scene));
        assert!(scene.hub().branch_names().contains(&"renovate/driftwood".to_owned()));
    }

    #[test]
    fn one_that_must_not_be_deleted_is_left_and_told() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let branch = branch_of(&scene);
        scene.push_version("main", "app", "1.1.0", "alice");
        scene.hub().protect(&branch, Protection::default());
        scene.run().expect(0).says(&branch);
        assert!(dashboard(&scene).contains("Other Branches"), "{}", dashboard(&scene));
    }

    #[test]
    fn one_that_somebody_pushes_to_just_then_keeps_its_pull() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        scene.push_version("main", "app", "1.1.0", "alice");
        let head = pull.head.clone();
        let push = meanwhile(&scene, move |scene| {
            scene.hub().commit(&head, &[("notes.txt", "mine\n")], "A fix", "alice");
        });
        scene.github.fault(Fault::on("GET", "/compare/", Failure::Call(Moment::Before, push)));
        scene.run().expect(0);
        let after = scene.pull_for("app");
        assert_eq!((after.state, &after.title), ("open", &pull.title));
        assert_eq!(scene.hub().file(&pull.head, "notes.txt").as_deref(), Some("mine\n"));
        assert!(dashboard(&scene).contains(&format!("pull/{}", pull.number)), "{}", dashboard(&scene));
    }

    #[test]
    fn one_that_somebody_sent_elsewhere_does_not_merge_there_by_itself() {
        let scene = one_update(&json!({"automerge": true}));
        scene.hub().switch(|switches| switches.auto_merge = true);
        scene.hub().protect("main", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        assert!(pull.auto_merge.is_some(), "{pull:#?}");
        scene.hub().branch_off("staging", "main");
        scene.hub().protect("staging", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
        scene.hub().retarget(pull.number, "staging");
        scene.push_version("main", "app", "1.1.0", "alice");
        scene.run().expect(0);
        let after = scene.pull_for("app");
        assert_eq!((after.state, after.auto_merge), ("open", None), "its owner decides now");
        assert_eq!(scene.writes(), [""; 0]);
        // What a person left to GitHub stays there.
        scene.hub().enable_auto_merge(pull.number, "alice");
        scene.run().expect(0);
        assert!(scene.pull_for("app").auto_merge.is_some());
    }

    #[test]
    fn one_that_is_not_to_be_deleted_does_not_merge_by_itself() {
        let scene = one_update(&json!({"automerge": true, "pruneStaleBranches": false}));
        scene.hub().switch(|switches| switches.auto_merge = true);
        scene.hub().protect("main", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
        scene.run().expect(0);
        assert!(scene.pull_for("app").auto_merge.is_some());
        scene.push_version("main", "app", "1.1.0", "alice");
        scene.run().expect(0);
        let after = scene.pull_for("app");
        assert_eq!((after.state, after.auto_merge), ("open", None));
    }

    #[test]
    fn one_that_cannot_be_read_fails_alone() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        scene.push_version("main", "app", "1.1.0", "alice");
        forbid(&scene, "GET", "/compare/");
        scene.run().expect(1).says(&pull.head);
        assert_eq!(scene.pull_for("app").state, "open");
        assert!(dashboard(&scene).contains("Other Branches"), "{}", dashboard(&scene));
    }
}

mod a_base_that_was_written_anew {
    use super::*;

    /// What a base still has that was written anew.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Kept {
        Nothing,
        /// All but the commit that the bot's branches were made from.
        Older,
    }

    const WAYS: [Kept; 2] = [Kept::Nothing, Kept::Older];

    /// One update with an open pull request, and a base that has lost the commit it was made from.
    fn rewritten(more: &Value, kept: Kept) -> Arc<Scene> {
        let scene = one_update(more);
        let older = scene.hub().branches()["main"].clone();
        scene.hub().commit("main", &[("README.md", "hello\n")], "Greet", "alice");
        scene.run().expect(0);
        scene.hub().rewrite("main", (kept == Kept::Older).then_some(&*older), "alice");
        scene
    }

    #[test]
    fn takes_the_bots_branches_along() {
        for keeps in WAYS {
            let scene = rewritten(&json!({}), keeps);
            let pull = scene.pull_for("app");
            scene.run().expect(0);
            assert!(scene.hub().is_up_to_date(&pull.head), "{keeps:?}");
            assert_eq!(scene.version_on(&pull.head, "app"), "1.1.0");
            let after = scene.pull_for("app");
            assert_eq!((after.number, after.state), (pull.number, "open"));
            assert_eq!(scene.hub().files(&pull.head).len(), scene.hub().files("main").len());
            assert_eq!(scene.writes(), [""; 0], "{keeps:?}");
        }
    }

    #[test]
    fn leaves_what_people_committed_and_says_so() {
        for keeps in WAYS {
            let scene = rewritten(&json!({}), keeps);
            let pull = scene.pull_for("app");
            scene.hub().commit(&pull.head, &[("notes.txt", "mine\n")], "A fix", "alice");
            scene.run().expect(0);
            assert_eq!(scene.hub().file(&pull.head, "notes.txt").as_deref(), Some("mine\n"), "{keeps:?}");
            assert!(dashboard(&scene).contains("Edited"), "{}", dashboard(&scene));
            assert_eq!(scene.writes(), [""; 0], "{keeps:?}");
            tick(&scene, "rebase-branch=");
            scene.run().expect(0);
            assert!(scene.hub().is_up_to_date(&pull.head), "{keeps:?}");
        }
    }

    #[test]
    fn leaves_what_is_never_to_be_made_anew() {
        let scene = rewritten(&json!({"rebaseWhen": "never"}), Kept::Nothing);
        let pull = scene.pull_for("app");
        scene.run().expect(0);
        assert!(!scene.hub().is_up_to_date(&pull.head));
        assert!(!dashboard(&scene).contains("Errored"), "{}", dashboard(&scene));
    }

    #[test]
    fn does_not_keep_what_nothing_needs() {
        for keeps in WAYS {
            let scene = rewritten(&json!({}), keeps);
            let pull = scene.pull_for("app");
            scene.push_version("main", "app", "1.1.0", "alice");
            scene.run().expect(0);
            assert_eq!(scene.pull_for("app").state, "closed", "{keeps:?}");
            assert!(!scene.hub().branch_names().contains(&pull.head));
        }
    }
}

mod permissions {
    use super::*;

    #[test]
    fn without_that_for_statuses_pulls_are_opened_all_the_same() {
        let scene = one_update(&json!({"minimumReleaseAge": "1 day"}));
        forbid(&scene, "POST", "/statuses/");
        for _ in 0..2 {
            scene.run().expect(0).says("Commit statuses: write");
            assert_eq!(scene.pull_for("app").state, "open");
        }
    }

    #[test]
    fn what_is_too_young_does_not_merge_where_its_commit_cannot_say_so() {
        let scene = one_update(&json!({
            "minimumReleaseAge": "300 days", "internalChecksFilter": "flexible", "automerge": true, "platformAutomerge": false,
        }));
        forbid(&scene, "POST", "/statuses/");
        scene.run().expect(0);
        scene.hub().set_status(&branch_of(&scene), "ci", "success");
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "open");
    }

    #[test]
    fn without_that_to_read_issues_there_is_only_no_dashboard() {
        let scene = one_update(&json!({}));
        forbid(&scene, "GET", "/issues$");
        scene.run().expect(0).says("Issues: write");
        assert_eq!(scene.pull_for("app").state, "open");
        assert!(scene.hub().issues().is_empty());
    }

    #[test]
    fn without_that_to_write_issues_there_is_only_no_dashboard() {
        let scene = one_update(&json!({}));
        forbid(&scene, "POST", "/issues$");
        scene.run().expect(0).says("Issues: write");
        assert_eq!(scene.pull_for("app").state, "open");
        assert!(scene.hub().issues().is_empty());
    }

    #[test]
    fn without_that_for_issues_a_wrong_configuration_is_still_told() {
        let scene = one_update(&json!({}));
        scene.hub().commit("main", &[("renovate.json", "{\"extends\": [")], "Oops", "alice");
        forbid(&scene, "write", "/issues");
        scene.run().expect(1).says("nothing is written until the configuration is mended");
    }
}

mod labels {
    use super::*;

    /// One letter more than GitHub takes.
    fn too_long() -> String {
        "x".repeat(51)
    }

    #[test]
    fn one_that_github_does_not_take_keeps_nothing_from_a_pull() {
        let scene = one_update(&json!({"labels": [too_long(), "deps"], "assignees": ["alice"]}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        assert_eq!((pull.labels, pull.assignees), (vec!["deps".to_owned()], vec!["alice".to_owned()]));
        assert_eq!(scene.writes(), [""; 0]);
    }

    #[test]
    fn one_that_github_does_not_take_keeps_nobody_from_the_dashboard() {
        let scene = one_update(&json!({"dependencyDashboardLabels": [too_long(), "overview"]}));
        scene.run().expect(0);
        assert_eq!(scene.hub().issue_titled(DASHBOARD).labels, ["overview"]);
        assert_eq!(scene.writes(), [""; 0]);
    }

    #[test]
    fn one_that_is_refused_for_another_reason_is_left_out() {
        let scene = one_update(&json!({"labels": ["deps", "reserved"]}));
        // All at once, and then the first alone.
        scene.github.fault(Fault::on("POST", "/labels$", Failure::Status(422, None)).times(2));
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").labels, ["reserved"]);
    }
}

mod warnings {
    use super::*;

    #[test]
    fn a_version_that_the_registry_has_forgotten_keeps_nothing_as_it_is() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        // Nobody ever published this one.
        scene.push_version("main", "app", "1.0.1", "alice");
        scene.release("app", "1.2.0");
        scene.run().expect(0);
        assert_eq!(scene.version_on(&pull.head, "app"), "1.2.0");
        assert!(scene.hub().is_up_to_date(&pull.head));
        // The branch has another name now, and nothing needs the old one.
        scene.configure(&config(
            &json!({"packageRules": [{"matchPackageNames": ["**/app"], "groupName": "fleet"}]}),
        ));
        scene.run().expect(0);
        assert!(!scene.hub().branch_names().contains(&pull.head), "{:?}", scene.hub().branch_names());
    }

    #[test]
    fn a_match_of_a_custom_manager_that_is_no_dependency_freezes_no_branch() {
        let custom = json!({
            "customType": "regex", "managerFilePatterns": ["/^apps/.+\\.yaml$/"], "datasourceTemplate": "docker",
            "matchStrings": ["# since (?<currentValue>\\S+)"],
        });
        let scene = one_update(&json!({"customManagers": [custom]}));
        let text = format!("{}# since 0.9.0\n", scene.manifest("app", "1.0.0"));
        scene.hub().commit("main", &[("apps/app.yaml", &text)], "Say since when", "alice");
        scene.run().expect(0);
        scene.release("app", "1.2.0");
        scene.run().expect(0);
        assert_eq!(scene.version_on(&branch_of(&scene), "app"), "1.2.0");
    }

    #[test]
    fn a_file_that_is_broken_takes_nothing_back() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        let text = format!("{}broken: [\n", scene.manifest("app", "1.0.0"));
        scene.hub().commit("main", &[("apps/app.yaml", &text)], "Oops", "alice");
        scene.run();
        assert_eq!(scene.pull_for("app").state, "open");
        assert!(scene.hub().branch_names().contains(&pull.head));
    }
}

mod branches_that_merge_without_a_pull {
    use super::*;

    fn automerging(more: &Value) -> Arc<Scene> {
        let mut all = json!({"automerge": true, "automergeType": "branch"});
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        let scene = one_update(&all);
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 0);
        scene
    }

    #[test]
    fn get_one_where_the_base_takes_nothing_else() {
        let scene = automerging(&json!({"platformAutomerge": false}));
        scene.hub().protect("main", Protection { approvals: 1, ..Protection::default() });
        scene.hub().set_status(&branch_of(&scene), "ci", "success");
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "open");
    }

    #[test]
    fn get_one_when_they_are_behind_and_must_not_be_made_anew() {
        for when in ["conflicted", "never"] {
            let scene = automerging(&json!({"rebaseWhen": when, "platformAutomerge": false}));
            scene.hub().commit("main", &[("README.md", "hello\n")], "Elsewhere", "alice");
            scene.hub().set_status(&branch_of(&scene), "ci", "success");
            scene.run().expect(0);
            assert_eq!(scene.hub().pulls().len(), 1, "{when}");
        }
    }

    #[test]
    fn wait_for_the_next_run_when_another_was_merged_just_before() {
        let scene = three_updates(&json!({"automerge": true, "automergeType": "branch"}));
        scene.run().expect(0);
        for branch in scene.hub().branch_names().iter().filter(|name| *name != "main") {
            scene.hub().set_status(branch, "ci", "success");
        }
        scene.run().expect(0);
        assert_eq!((scene.hub().branch_names().len(), scene.hub().pulls().len()), (3, 0));
    }

    #[test]
    fn get_one_when_that_is_ticked() {
        let scene = automerging(&json!({}));
        tick(&scene, "approvePr-branch=");
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 1);
        assert_eq!(scene.writes(), [""; 0]);
    }

    #[test]
    fn so_do_those_that_wait_for_checks() {
        for creation in ["not-pending", "status-success"] {
            let scene = one_update(&json!({"prCreation": creation}));
            scene.run().expect(0);
            tick(&scene, "approvePr-branch=");
            scene.run().expect(0);
            assert_eq!(scene.hub().pulls().len(), 1, "{creation}");
        }
    }
}

mod ticks {
    use super::*;

    #[test]
    fn for_all_go_past_limits_too() {
        for (more, marker) in [
            (json!({"dependencyDashboardApproval": true, "prHourlyLimit": 1}), "approve-all-pending-prs"),
            (
                json!({"schedule": ["every weekend"], "prConcurrentLimit": 1}),
                "create-all-awaiting-schedule-prs",
            ),
        ] {
            let scene = three_updates(&more);
            scene.run().expect(0);
            assert_eq!(scene.hub().pulls().len(), 0, "{marker}");
            tick(&scene, marker);
            scene.run().expect(0);
            assert_eq!(scene.hub().pulls().len(), 3, "{marker}");
        }
    }

    #[test]
    fn stay_when_what_they_ask_for_went_wrong() {
        for marker in ["approve-branch=", "approve-all-pending-prs"] {
            let scene = three_updates(&json!({"dependencyDashboardApproval": true}));
            scene.run().expect(0);
            tick(&scene, marker);
            scene.github.fault(Fault::on("POST", "/git/commits$", Failure::Status(403, None)));
            scene.run().expect(1);
            let made = scene.hub().pulls().len();
            assert!(dashboard(&scene).contains("[x]"), "{}", dashboard(&scene));
            scene.run().expect(0);
            assert_eq!(scene.hub().pulls().len(), made + 1, "{marker}");
            assert!(!dashboard(&scene).contains("[x]"), "{}", dashboard(&scene));
        }
    }

    #[test]
    fn are_gone_when_something_else_went_wrong() {
        let scene = three_updates(&json!({}));
        forbid(&scene, "POST", "/git/commits$");
        scene.run().expect(1);
        assert!(!dashboard(&scene).contains("[x]"), "{}", dashboard(&scene));
    }

    #[test]
    fn that_make_a_closed_one_again_open_it_at_once() {
        for more in
            [json!({"prCreation": "not-pending"}), json!({"automerge": true, "automergeType": "branch"})]
        {
            let scene = one_update(&more);
            scene.run().expect(0);
            scene.hub().set_status(&branch_of(&scene), "ci", "failure");
            scene.run().expect(0);
            scene.hub().close(scene.pull_for("app").number, "alice");
            scene.run().expect(0);
            assert_eq!(scene.hub().branch_names(), ["main"]);
            tick(&scene, "recreate-branch=");
            for _ in 0..2 {
                scene.run().expect(0);
                let pulls = scene.hub().pulls();
                assert_eq!((pulls.len(), pulls.last().unwrap().state), (2, "open"), "{pulls:#?}");
            }
        }
    }
}

mod dry_runs {
    use super::*;

    #[test]
    fn end_well_where_branches_have_no_pull() {
        for more in [
            json!({"automerge": true, "automergeType": "branch"}),
            json!({"prCreation": "not-pending"}),
            json!({"prCreation": "status-success"}),
        ] {
            let scene = one_update(&more);
            scene.run_with(&["--dry-run", SLUG]).expect(0);
            assert_eq!(scene.github.writes(), [""; 0]);
        }
    }
}

mod limits {
    use super::*;

    #[test]
    fn for_commits_count_those_of_earlier_runs_in_this_hour() {
        let scene = three_updates(&json!({"commitHourlyLimit": 2}));
        // Commits have the date of their making, whatever time is pretended.
        scene.github.set_time(&jiff::Timestamp::now().to_string());
        for _ in 0..2 {
            scene.run().expect(0);
            assert_eq!(scene.hub().pulls().len(), 2);
        }
        scene.github.hours_later(2);
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 3);
    }
}

mod waiting {
    use super::*;

    /// Lets GitHub ask for patience before one kind of order, while somebody pushes to the branch.
    fn pushed_to_while_waiting(scene: &Arc<Scene>, method: &str, head: String) {
        let push = meanwhile(scene, move |scene| {
            scene.hub().commit(&head, &[("notes.txt", "mine\n")], "A fix", "alice");
        });
        let failure = Failure::LimitAfter(1, push);
        scene.github.fault(Fault::on(method, "/git/refs/heads/", failure));
    }

    #[test]
    fn throws_nothing_away_that_is_pushed_meanwhile() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        scene.release("app", "1.2.0");
        pushed_to_while_waiting(&scene, "PATCH", pull.head.clone());
        scene.run().expect(0);
        assert_eq!(scene.hub().file(&pull.head, "notes.txt").as_deref(), Some("mine\n"));
        assert!(dashboard(&scene).contains("Errored"), "{}", dashboard(&scene));
    }

    #[test]
    fn deletes_nothing_that_is_pushed_to_meanwhile() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        scene.push_version("main", "app", "1.1.0", "alice");
        pushed_to_while_waiting(&scene, "DELETE", pull.head.clone());
        scene.run().expect(0);
        assert_eq!(scene.hub().file(&pull.head, "notes.txt").as_deref(), Some("mine\n"));
    }

    #[test]
    fn ends_and_the_order_is_carried_out() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        scene.release("app", "1.2.0");
        for failure in [Failure::SecondaryLimit(1), Failure::Status(502, None), Failure::Drop(Moment::After)]
        {
            scene.github.fault(Fault::on("PATCH", "/git/refs/heads/", failure));
        }
        scene.run().expect(0);
        assert_eq!(scene.version_on(&pull.head, "app"), "1.2.0");
        scene.push_version("main", "app", "1.2.0", "alice");
        for failure in [Failure::SecondaryLimit(1), Failure::Status(502, None), Failure::Drop(Moment::After)]
        {
            scene.github.fault(Fault::on("DELETE", "/git/refs/heads/", failure));
        }
        scene.run().expect(0);
        assert_eq!(scene.hub().branch_names(), ["main"]);
    }
}
