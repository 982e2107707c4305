//! Branches that are there already and are not the bot's: nothing is written to them, whatever names the configuration gives. The real binary against a
//! GitHub and a registry on sockets of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use scene::{Scene, plain_config};
use serde_json::{Value, json};

/// The address of the bot's commits where nobody names another.
const BOT: (&str, &str) = ("Updraft", "bot@updraft.invalid");

/// One image with a newer version, under a configuration with more than the plain one says.
fn one_update(more: &Value) -> Scene {
    let mut config = plain_config();
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    Scene::new(&config, &[("app", "1.0.0", &["1.1.0"])])
}

fn dashboard(scene: &Scene) -> String {
    scene.hub().issue_titled("Dependency Dashboard").body
}

/// Runs the bot and checks that a branch stays where it is, and that the owner is told why no pull request comes from it.
#[track_caller]
fn check_is_left(scene: &Scene, name: &str) {
    let before = scene.hub().branches()[name].clone();
    for _ in 0..2 {
        scene.run().expect(0).says("nothing shows that it is the bot's");
        assert_eq!(scene.hub().branches().get(name), Some(&before), "{name}");
    }
    assert!(!scene.hub().pulls().iter().any(|pull| pull.head == name), "{name}");
    assert!(dashboard(scene).contains("is there already and is left alone"), "{}", dashboard(scene));
    // Nor does a tick help.
    let box_of = format!("retry-branch={name}");
    scene.hub().tick(scene.hub().issue_titled("Dependency Dashboard").number, &box_of);
    scene.run().expect(0);
    assert_eq!(scene.hub().branches().get(name), Some(&before), "{name}");
}

/// Returns the only branch beside the base.
fn branch_of(scene: &Scene) -> String {
    let names = scene.hub().branch_names();
    names.into_iter().find(|name| name != "main").expect("the bot made a branch")
}

/// Has the bot merge its update by itself, so that its commit is the newest of the base.
fn merged_by_the_bot(more: &Value) -> Scene {
    let mut all = json!({"automerge": true, "automergeType": "branch"});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    let scene = one_update(&all);
    scene.run().expect(0);
    scene.hub().set_status(&branch_of(&scene), "ci", "success");
    scene.run().expect(0);
    assert_eq!(scene.version_on("main", "app"), "1.1.0");
    scene
}

mod that_an_update_is_to_have {
    use super::*;

    #[test]
    fn stay_where_they_are_when_they_are_behind_the_base() {
        for more in
            [json!({"branchName": "production"}), json!({"branchPrefix": "", "groupName": "production"})]
        {
            let scene = one_update(&more);
            scene.hub().branch_off("production", "main");
            scene.hub().commit("main", &[("README.md", "hello\n")], "Greet", "alice");
            check_is_left(&scene, "production");
        }
    }

    #[test]
    fn stay_where_they_are_when_they_equal_the_base() {
        let scene = one_update(&json!({"branchName": "production"}));
        scene.hub().branch_off("production", "main");
        check_is_left(&scene, "production");
    }

    #[test]
    fn stay_where_they_are_when_the_bots_commit_is_the_newest_of_the_base() {
        let scene = merged_by_the_bot(&json!({"branchName": "production-{{newVersion}}"}));
        scene.hub().branch_off("production-1.2.0", "main");
        scene.release("app", "1.2.0");
        check_is_left(&scene, "production-1.2.0");
    }

    #[test]
    fn stay_where_they_are_when_only_those_committed_whose_commits_may_go() {
        let scene = one_update(&json!({
            "branchName": "production", "gitIgnoredAuthors": ["ci@users.noreply.github.com"],
        }));
        scene.hub().branch_off("production", "main");
        scene.hub().commit("production", &[("notes.txt", "built\n")], "Build", "ci");
        check_is_left(&scene, "production");
    }

    #[test]
    fn stay_where_they_are_when_the_bots_commit_comes_after_a_persons() {
        let scene = one_update(&json!({"branchName": "production"}));
        scene.hub().branch_off("production", "main");
        scene.hub().commit("production", &[("notes.txt", "a fix\n")], "A fix", "alice");
        let manifest = scene.manifest("app", "1.0.1");
        scene.hub().commit_signed("production", &[("apps/app.yaml", &manifest)], "Update app", BOT);
        check_is_left(&scene, "production");
    }

    #[test]
    fn are_not_deleted_when_somebody_once_closed_a_pull_with_that_title() {
        let scene = one_update(&json!({"branchName": "production"}));
        scene.run().expect(0);
        let pull = scene.pull_for("production");
        scene.hub().close(pull.number, "alice");
        scene.hub().delete_branch("production");
        scene.hub().branch_off("production", "main");
        let before = scene.hub().branches()["production"].clone();
        scene.run().expect(0).says("nothing shows that it is the bot's");
        assert_eq!(scene.hub().branches().get("production"), Some(&before));
    }

    #[test]
    fn are_not_the_base_itself() {
        let scene = one_update(&json!({"branchName": "main"}));
        let before = scene.hub().branches()["main"].clone();
        scene.run().expect(1).says("which updates go into");
        assert_eq!(scene.hub().branches()["main"], before);
        assert!(dashboard(&scene).contains("which updates go into"), "{}", dashboard(&scene));
    }
}

mod that_begin_like_the_bots {
    use super::*;

    #[test]
    fn are_not_deleted() {
        let scene = one_update(&json!({"branchPrefix": "pro"}));
        scene.hub().branch_off("production", "main");
        scene.hub().branch_off("proposal", "main");
        scene.hub().commit("proposal", &[("notes.txt", "mine\n")], "An idea", "alice");
        let idea = scene.hub().open_pull("proposal", "An idea", "alice");
        scene.hub().branch_off("probe", "main");
        scene.hub().commit("probe", &[("probe.txt", "mine\n")], "Probe", "alice");
        let probe = scene.hub().open_pull("probe", "Probe", "alice");
        scene.hub().merge(probe, "alice");
        scene.run().expect(0);
        let names = scene.hub().branch_names();
        for name in ["production", "proposal", "probe"] {
            assert!(names.iter().any(|there| there == name), "{name} {names:?}");
        }
        let idea = scene.hub().pulls().into_iter().find(|pull| pull.number == idea).unwrap();
        assert_eq!((idea.title.as_str(), idea.state, idea.comments.len()), ("An idea", "open", 0));
        assert_eq!(scene.writes(), [""; 0]);
    }

    #[test]
    fn are_not_deleted_when_the_bots_commit_is_the_newest_of_the_base() {
        let scene = merged_by_the_bot(&json!({"branchPrefix": "release/"}));
        scene.hub().branch_off("release/2026", "main");
        scene.run().expect(0);
        assert_eq!(scene.hub().branch_names(), ["main", "release/2026"]);
    }
}

mod that_are_the_bots_after_all {
    use super::*;

    #[test]
    fn what_is_left_of_a_branch_that_was_merged_without_a_pull_is_deleted() {
        let scene = merged_by_the_bot(&json!({}));
        // A run that ended right after it had moved the base.
        scene.hub().branch_off("renovate/app-1.x", "main");
        scene.run().expect(0);
        assert_eq!(scene.hub().branch_names(), ["main"]);
    }

    #[test]
    fn one_that_was_merged_without_a_pull_and_kept_is_used_again() {
        let scene =
            merged_by_the_bot(&json!({"pruneBranchAfterAutomerge": false, "pruneStaleBranches": false}));
        scene.release("app", "1.2.0");
        scene.run().expect(0);
        assert_eq!(scene.version_on(&branch_of(&scene), "app"), "1.2.0");
    }

    #[test]
    fn one_whose_pull_was_merged_and_that_was_kept_is_used_again() {
        for prefix in ["renovate/", "updates/"] {
            let scene = one_update(&json!({"branchPrefix": prefix, "pruneStaleBranches": false}));
            scene.run().expect(0);
            let pull = scene.pull_for("app");
            scene.hub().merge(pull.number, "alice");
            scene.release("app", "1.2.0");
            scene.run().expect(0);
            assert_eq!(scene.version_on(&pull.head, "app"), "1.2.0", "{prefix}");
        }
    }

    #[test]
    fn one_whose_pull_was_merged_is_deleted_whatever_it_is_called() {
        let scene = one_update(&json!({"branchName": "bump-{{depNameSanitized}}", "branchPrefix": "bump-"}));
        scene.run().expect(0);
        scene.hub().merge(scene.pull_for("app").number, "alice");
        scene.run().expect(0);
        assert_eq!(scene.hub().branch_names(), ["main"]);
    }
}
