//! What the options about branches, pull requests and the dashboard do: the real binary against a GitHub and a registry on sockets of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use github::{Account, Protection, PullNow, Rights};
use scene::{SLUG, Scene, TOKEN, plain_config};
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
fn one_update(more: &Value) -> Scene {
    Scene::new(&config(more), &[("app", "1.0.0", &["1.1.0"])])
}

/// Three images with a newer version each.
fn three_updates(more: &Value) -> Scene {
    let images: [(&str, &str, &[&str]); 3] =
        [("a", "1.0.0", &["1.1.0"]), ("b", "1.0.0", &["1.1.0"]), ("c", "1.0.0", &["1.1.0"])];
    Scene::new(&config(more), &images)
}

/// Runs once and returns the one pull.
#[track_caller]
fn pulled(more: &Value) -> PullNow {
    let scene = one_update(more);
    scene.run().expect(0);
    scene.pull_for("app")
}

fn dashboard(scene: &Scene) -> String {
    scene.hub().issue_titled(DASHBOARD).body
}

mod people {
    use super::*;

    fn owned(more: &Value) -> PullNow {
        let scene = one_update(more);
        scene.hub().commit("main", &[("CODEOWNERS", "* @zoe\napps/ @alice @bob @carl\n")], "Own", "o");
        scene.run().expect(0);
        scene.pull_for("app")
    }

    #[test]
    fn code_owners_are_assigned() {
        let pull = owned(&json!({"assigneesFromCodeOwners": true, "assignees": ["dora"]}));
        assert_eq!(pull.assignees, ["alice", "bob", "carl", "dora"]);
        assert_eq!(pull.reviewers, [""; 0]);
    }

    #[test]
    fn code_owners_are_asked_for_a_review() {
        let pull = owned(&json!({"reviewersFromCodeOwners": true, "additionalReviewers": ["dora"]}));
        assert_eq!(pull.reviewers, ["alice", "bob", "carl", "dora"]);
        assert_eq!(pull.assignees, [""; 0]);
    }

    #[test]
    fn so_many_of_them() {
        let more = json!({"assigneesFromCodeOwners": true, "assigneesSampleSize": 2, "reviewers": ["x", "y", "z"], "reviewersSampleSize": 1});
        let pull = owned(&more);
        assert_eq!((pull.assignees.len(), pull.reviewers.len()), (2, 1), "{pull:#?}");
    }

    #[test]
    fn nobody_is_called_to_what_merges_by_itself_unless_that_is_wanted() {
        let more = json!({"assignees": ["alice"], "reviewers": ["bob"], "automerge": true, "platformAutomerge": false});
        let pull = pulled(&more);
        assert_eq!((pull.assignees.len(), pull.reviewers.len()), (0, 0));
        let mut more = more;
        more["assignAutomerge"] = json!(true);
        let pull = pulled(&more);
        assert_eq!((pull.assignees.len(), pull.reviewers.len()), (1, 1));
    }

    #[test]
    fn rules_call_their_own() {
        let rules = json!([{"matchUpdateTypes": ["minor"], "assignees": ["{{lookup (split packageName '/') 1}}"], "reviewers": ["team:minor", "bob"]}]);
        let pull = pulled(&json!({"assignees": ["alice"], "packageRules": rules}));
        assert_eq!(pull.assignees, ["team"]);
        assert_eq!(pull.reviewers, ["bob"], "teams are asked apart from people");
    }
}

mod opening {
    use super::*;

    #[test]
    fn a_draft() {
        assert!(pulled(&json!({"draftPR": true})).is_draft);
        assert!(!pulled(&json!({})).is_draft);
    }

    #[test]
    fn when_checks_are_through() {
        let scene = one_update(&json!({"prCreation": "not-pending"}));
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 0);
        assert!(dashboard(&scene).contains("app"), "it is told that the branch waits");
        let branch = branch_of(&scene);
        scene.hub().set_status(&branch, "ci", "pending");
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 0);
        scene.hub().set_status(&branch, "ci", "failure");
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 1, "a person has to look at what failed");
    }

    #[test]
    fn when_checks_are_green() {
        let scene = one_update(&json!({"prCreation": "status-success"}));
        scene.run().expect(0);
        let branch = branch_of(&scene);
        scene.hub().set_status(&branch, "ci", "failure");
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 0);
        scene.hub().set_status(&branch, "ci", "success");
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 1);
    }

    #[test]
    fn after_so_many_hours_all_the_same() {
        let scene = one_update(&json!({"prCreation": "not-pending", "prNotPendingHours": 5}));
        // Commits have the date of their making, whatever time is pretended.
        scene.github.set_time(&jiff::Timestamp::now().to_string());
        scene.run().expect(0);
        scene.github.hours_later(4);
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 0);
        scene.github.hours_later(2);
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 1);
    }

    #[test]
    fn when_it_is_ticked() {
        let scene = one_update(&json!({"prCreation": "approval"}));
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 0);
        scene.hub().tick(scene.hub().issue_titled(DASHBOARD).number, "approvePr-branch=");
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 1);
    }

    #[test]
    fn with_the_body_and_the_words_that_are_asked_for() {
        let more = json!({
            "commitBody": "From {{currentVersion}}", "commitTrailers": ["Bot: yes"], "prTitle": "Take {{newVersion}}",
            "prHeader": "Look:", "prFooter": "Bye", "gitAuthor": "The Bot <bot@fjord.example>", "branchPrefix": "deps/",
        });
        let scene = one_update(&more);
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        assert_eq!(pull.title, "Take 1.1.0");
        assert!(pull.body.starts_with("Look:") && pull.body.contains("\nBye"), "{}", pull.body);
        assert!(pull.head.starts_with("deps/"), "{}", pull.head);
        let commit = &scene.hub().commits(&pull.head)[0];
        assert!(commit.message.ends_with("\n\nFrom 1.0.0\n\nBot: yes"), "{:?}", commit.message);
        assert_eq!((&*commit.author.name, &*commit.author.email), ("The Bot", "bot@fjord.example"));
    }
}

/// Returns the only branch of the bot.
fn branch_of(scene: &Scene) -> String {
    let names = scene.hub().branch_names();
    names.into_iter().find(|name| name.contains("app")).expect("the bot made a branch")
}

mod merging {
    use super::*;

    #[test]
    fn a_branch_without_a_pull() {
        let scene = one_update(&json!({"automerge": true, "automergeType": "branch"}));
        scene.run().expect(0);
        scene.hub().set_status(&branch_of(&scene), "ci", "success");
        scene.run().expect(0);
        assert_eq!(scene.version_on("main", "app"), "1.1.0");
        assert_eq!((scene.hub().pulls().len(), scene.hub().branch_names()), (0, vec!["main".to_owned()]));
    }

    #[test]
    fn a_branch_whose_checks_fail_gets_a_pull() {
        let scene = one_update(&json!({"automerge": true, "automergeType": "branch"}));
        scene.run().expect(0);
        scene.hub().set_status(&branch_of(&scene), "ci", "failure");
        scene.run().expect(0);
        assert_eq!((scene.hub().pulls().len(), scene.version_on("main", "app")), (1, "1.0.0".to_owned()));
    }

    #[test]
    fn a_comment_asks_somebody_else() {
        let scene = one_update(
            &json!({"automerge": true, "automergeType": "pr-comment", "automergeComment": "bors r+"}),
        );
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").comments, [""; 0]);
        scene.hub().set_status(&branch_of(&scene), "ci", "success");
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").comments, ["bors r+"], "it is said once");
    }

    #[test]
    fn tests_may_be_ignored() {
        let scene = one_update(&json!({"automerge": true, "ignoreTests": true, "platformAutomerge": false}));
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(
            (scene.pull_for("app").state, scene.version_on("main", "app")),
            ("merged", "1.1.0".to_owned())
        );
    }

    #[test]
    fn what_was_merged_and_taken_back_waits_for_a_person() {
        let more = json!({"automerge": true, "ignoreTests": true, "platformAutomerge": false});
        let scene = one_update(&more);
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "merged");
        scene.push_version("main", "app", "1.0.0", "alice");
        for _ in 0..3 {
            scene.run().expect(0);
            let again = scene.pull_for("app");
            assert_eq!((scene.hub().pulls().len(), again.state), (2, "open"), "{again:#?}");
        }
        scene.release("app", "1.2.0");
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "merged", "something newer is something else");
    }

    #[test]
    fn the_strategy_is_the_owners() {
        for (strategy, method) in
            [("squash", "squash"), ("rebase", "rebase"), ("merge-commit", "merge"), ("auto", "squash")]
        {
            let scene = one_update(&json!({"automerge": true, "automergeStrategy": strategy}));
            scene
                .hub()
                .protect("main", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
            scene.run().expect(0);
            let auto = scene.pull_for("app").auto_merge.unwrap_or_default().to_lowercase();
            assert_eq!(auto, method, "{strategy}");
        }
    }

    /// An update that GitHub merges once `ci` is green.
    fn left_to_github(more: &Value) -> Scene {
        let scene = one_update(more);
        scene.github.set_time("2026-11-21T12:00:00Z");
        scene.hub().protect("main", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
        scene.run().expect(0);
        assert!(scene.pull_for("app").auto_merge.is_some());
        scene
    }

    #[test]
    fn what_may_no_longer_merge_is_taken_back_from_github_before_anything_else() {
        let scene = left_to_github(&json!({"automerge": true}));
        scene.configure(&config(&json!({"automerge": false})));
        scene.release("app", "1.2.0");
        scene.github.forget_log();
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        assert_eq!((pull.auto_merge, scene.version_on(&pull.head, "app")), (None, "1.2.0".to_owned()));
        let log = scene.github.log();
        let at = |method: &str, end: &str| {
            log.iter().position(|seen| seen.method == method && seen.path.contains(end))
        };
        let (asked, pushed) = (at("POST", "/graphql").unwrap(), at("PATCH", "/git/refs/heads/").unwrap());
        assert!(asked < pushed, "GitHub must not merge what is pushed: {log:#?}");
        scene.hub().set_status(&pull.head, "ci", "success");
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "open");
    }

    #[test]
    fn what_waits_for_its_schedule_or_was_edited_is_taken_back_from_github() {
        let scene = left_to_github(&json!({"automerge": true, "automergeSchedule": ["every weekend"]}));
        scene.github.set_time("2026-11-24T12:00:00Z");
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").auto_merge, None, "it is Tuesday");
        scene.github.set_time("2026-11-28T12:00:00Z");
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        assert!(pull.auto_merge.is_some(), "it is Saturday");
        scene.hub().commit(&pull.head, &[("notes.txt", "mine\n")], "A fix", "alice");
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").auto_merge, None, "a person's commits are a person's to merge");
    }

    #[test]
    fn what_a_person_leaves_to_github_stays_there() {
        let scene = one_update(&json!({}));
        scene.hub().protect("main", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
        scene.run().expect(0);
        let number = scene.pull_for("app").number;
        // The bot's own token may be a person's, too.
        for login in ["alice", "carer"] {
            scene.hub().enable_auto_merge(number, login);
            scene.run().expect(0);
            assert!(scene.pull_for("app").auto_merge.is_some(), "{login}");
        }
        scene.configure(&config(&json!({"automerge": true})));
        scene.hub().enable_auto_merge(number, "alice");
        scene.run().expect(0);
        scene.configure(&config(&json!({"automerge": false})));
        scene.run().expect(0);
        assert!(scene.pull_for("app").auto_merge.is_some());
    }

    #[test]
    fn outside_its_schedule_nothing_merges() {
        let more = json!({
            "automerge": true, "ignoreTests": true, "platformAutomerge": false, "automergeSchedule": ["every weekend"],
        });
        let scene = one_update(&more);
        scene.github.set_time("2026-11-19T12:00:00Z");
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "open");
        scene.github.set_time("2026-11-21T12:00:00Z");
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "merged");
    }

    #[test]
    fn the_bots_own_checks_may_count() {
        let more = json!({"automerge": true, "platformAutomerge": false, "minimumReleaseAge": "1 day"});
        let scene = one_update(&more);
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "open", "nobody else has spoken");
        let mut more = more;
        more["internalChecksAsSuccess"] = json!(true);
        scene.configure(&config(&more));
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "merged");
    }

    #[test]
    fn a_merged_branch_may_stay() {
        let more = json!({"automerge": true, "ignoreTests": true, "platformAutomerge": false, "pruneBranchAfterAutomerge": false, "pruneStaleBranches": false});
        let scene = one_update(&more);
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.pull_for("app").state, "merged");
        assert_eq!(scene.hub().branch_names().len(), 2);
    }
}

mod rebasing {
    use super::*;

    /// Returns whether a branch was made anew once its base had moved, elsewhere or on the same line.
    fn is_rebased(more: &Value, file: Option<(&str, &str)>) -> bool {
        let scene = one_update(more);
        scene.run().expect(0);
        let branch = branch_of(&scene);
        match file {
            Some(file) => {
                scene.hub().commit("main", &[file], "Elsewhere", "alice");
            }
            None => scene.push_version("main", "app", "1.0.0-patched", "alice"),
        }
        scene.release("app", "1.0.0-patched");
        scene.run().expect(0);
        scene.hub().is_up_to_date(&branch)
    }

    #[test]
    fn as_the_owner_says() {
        let elsewhere = Some(("README.md", "hello\n"));
        for (when, expected) in
            [("behind-base-branch", true), ("conflicted", false), ("never", false), ("auto", false)]
        {
            assert_eq!(is_rebased(&json!({"rebaseWhen": when}), elsewhere), expected, "{when}");
        }
        let merging = json!({"rebaseWhen": "automerging", "automerge": true, "platformAutomerge": false});
        assert!(is_rebased(&merging, elsewhere));
        assert!(!is_rebased(&json!({"rebaseWhen": "automerging"}), elsewhere));
    }

    #[test]
    fn labels_ask_for_it_or_forbid_it() {
        let more =
            json!({"rebaseLabel": "again", "stopUpdatingLabel": "hands off", "keepUpdatedLabel": "fresh"});
        let scene = one_update(&more);
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        scene.hub().add_label(pull.number, "hands off", "alice");
        scene.release("app", "1.2.0");
        scene.run().expect(0);
        assert_eq!(scene.version_on(&pull.head, "app"), "1.1.0");
        scene.hub().remove_label(pull.number, "hands off", "alice");
        scene.run().expect(0);
        assert_eq!(scene.version_on(&pull.head, "app"), "1.2.0");
        scene.hub().commit("main", &[("README.md", "one\n")], "Elsewhere", "alice");
        scene.hub().add_label(pull.number, "again", "alice");
        scene.run().expect(0);
        assert!(scene.hub().is_up_to_date(&pull.head));
        assert_eq!(scene.pull_for("app").labels, [""; 0], "the label is taken off again");
        scene.hub().add_label(pull.number, "fresh", "alice");
        for text in ["two\n", "three\n"] {
            scene.hub().commit("main", &[("README.md", text)], "Elsewhere", "alice");
            scene.run().expect(0);
            assert!(scene.hub().is_up_to_date(&pull.head));
        }
    }

    #[test]
    fn commits_of_some_authors_are_not_a_persons() {
        let scene = one_update(
            &json!({"gitIgnoredAuthors": ["ci@fjord.example"], "rebaseWhen": "behind-base-branch"}),
        );
        scene.run().expect(0);
        let branch = branch_of(&scene);
        let who = ("Formatter", "ci@fjord.example");
        scene.hub().commit_signed(&branch, &[("notes.txt", "formatted\n")], "Format", who);
        scene.release("app", "1.2.0");
        scene.run().expect(0);
        assert_eq!(scene.version_on(&branch, "app"), "1.2.0", "it was not edited by a person");
    }

    #[test]
    fn outside_the_schedule_branches_stay_up_to_date_unless_that_is_unwanted() {
        for (wanted, expected) in [(true, "1.2.0"), (false, "1.1.0")] {
            let scene = one_update(&json!({"schedule": ["every weekend"], "updateNotScheduled": wanted}));
            scene.github.set_time("2026-11-21T12:00:00Z");
            scene.run().expect(0);
            let branch = branch_of(&scene);
            scene.github.set_time("2026-11-24T12:00:00Z");
            scene.release("app", "1.2.0");
            scene.run().expect(0);
            assert_eq!(scene.version_on(&branch, "app"), expected);
        }
    }
}

mod closing {
    use super::*;

    /// Returns how many pulls there were, and what was said of the first, after a person had closed it.
    fn closed(more: &Value) -> (usize, Vec<String>) {
        let scene = one_update(more);
        scene.run().expect(0);
        let pull = scene.pull_for("app");
        scene.hub().close(pull.number, "alice");
        scene.run().expect(0);
        scene.run().expect(0);
        (scene.hub().pulls().len(), scene.hub().pulls()[0].comments.clone())
    }

    #[test]
    fn what_was_closed_is_made_again_only_if_that_is_wanted() {
        assert_eq!(closed(&json!({})).0, 1);
        assert_eq!(closed(&json!({"recreateWhen": "never"})).0, 1);
        assert_eq!(closed(&json!({"recreateWhen": "always"})).0, 2);
    }

    #[test]
    fn notifications_are_said_once_or_not_at_all() {
        let (_, said) = closed(&json!({}));
        assert!(said.len() == 1 && said[0].contains("Renovate Ignore Notification"), "{said:?}");
        let (_, said) = closed(&json!({"suppressNotifications": ["prIgnoreNotification"]}));
        assert_eq!(said, [""; 0]);
        let own =
            json!({"userStrings": {"ignoreTopic": "Noted", "ignoreOther": "No {{{newVersion}}} then."}});
        let (_, said) = closed(&own);
        assert!(
            said.len() == 1 && said[0].contains("Noted") && said[0].contains("No 1.1.0 then."),
            "{said:?}"
        );
    }

    #[test]
    fn edits_are_told_unless_that_is_suppressed() {
        for (more, comments) in
            [(json!({}), 1), (json!({"suppressNotifications": ["prEditedNotification"]}), 0)]
        {
            let scene = one_update(&more);
            scene.run().expect(0);
            let pull = scene.pull_for("app");
            scene.hub().commit(&pull.head, &[("notes.txt", "mine\n")], "A fix", "alice");
            scene.release("app", "1.2.0");
            scene.run().expect(0);
            assert_eq!(scene.pull_for("app").comments.len(), comments);
        }
    }

    #[test]
    fn branches_nobody_needs_may_stay() {
        let scene = one_update(&json!({"pruneStaleBranches": false}));
        scene.run().expect(0);
        scene.push_version("main", "app", "1.1.0", "alice");
        scene.run().expect(0);
        assert_eq!((scene.hub().branch_names().len(), scene.pull_for("app").state), (2, "open"));
    }

    #[test]
    fn branches_under_the_former_prefix_are_the_bots_too() {
        let scene = one_update(&json!({}));
        scene.run().expect(0);
        scene.configure(&config(&json!({"branchPrefix": "deps/", "branchPrefixOld": "renovate/"})));
        scene.run().expect(0);
        let names = scene.hub().branch_names();
        assert!(names.iter().any(|name| name.starts_with("deps/")), "{names:?}");
        assert!(!names.iter().any(|name| name.starts_with("renovate/")), "{names:?}");
    }
}

mod limits {
    use super::*;

    fn made(more: &Value) -> usize {
        let scene = three_updates(more);
        scene.run().expect(0);
        scene.hub().branch_names().len() - 1
    }

    #[test]
    fn each_limit_holds() {
        assert_eq!(made(&json!({})), 3);
        for name in ["prHourlyLimit", "prConcurrentLimit", "branchConcurrentLimit", "commitHourlyLimit"] {
            assert_eq!(made(&json!({ name: 2 })), 2, "{name}");
        }
    }

    #[test]
    fn a_limit_of_a_rule_holds_for_what_it_matches() {
        let rules = json!([{"matchPackageNames": ["**/a"], "prConcurrentLimit": 1, "prPriority": -1}]);
        let scene = three_updates(&json!({"packageRules": rules}));
        scene.run().expect(0);
        let names = scene.hub().branch_names();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(!names.iter().any(|name| name.contains("team-a-")), "{names:?}");
    }

    #[test]
    fn priority_decides_who_comes_first() {
        let rules = json!([{"matchPackageNames": ["**/c"], "prPriority": 5}]);
        let scene = three_updates(&json!({"packageRules": rules, "prConcurrentLimit": 1}));
        scene.run().expect(0);
        assert!(scene.pull_for("/").head.contains("team-c-"), "{:?}", scene.hub().pulls());
    }

    #[test]
    fn an_hour_later_there_is_room_again() {
        let scene = three_updates(&json!({"prHourlyLimit": 2}));
        scene.github.set_time("2026-11-19T12:10:00Z");
        scene.run().expect(0);
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 2);
        scene.github.set_time("2026-11-19T13:05:00Z");
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 3);
    }
}

mod the_dashboard {
    use super::*;

    #[test]
    fn has_the_words_the_owner_wants() {
        let more = json!({
            "dependencyDashboardTitle": "Ships 🚢", "dependencyDashboardHeader": "Ahoy", "dependencyDashboardFooter": "Farewell {{repository}}",
            "dependencyDashboardLabels": ["dashboard"],
            "packageRules": [{"matchPackageNames": ["**/app"], "dependencyDashboardCategory": "Fleet", "dependencyDashboardApproval": true}],
        });
        let scene = one_update(&more);
        scene.run().expect(0);
        let issue = scene.hub().issue_titled("Ships 🚢");
        assert!(
            issue.body.contains("Ahoy")
                && issue.body.contains("Farewell o/r")
                && issue.body.contains("Fleet"),
            "{}",
            issue.body
        );
        assert_eq!(issue.labels, ["dashboard"]);
    }

    #[test]
    fn is_not_there_when_it_is_off() {
        let scene = one_update(&json!({"dependencyDashboard": false}));
        scene.run().expect(0);
        assert!(scene.hub().issues().is_empty());
    }

    #[test]
    fn is_closed_when_there_is_nothing_to_tell() {
        for (closes, state) in [(true, "closed"), (false, "open")] {
            let scene = one_update(&json!({"dependencyDashboardAutoclose": closes}));
            scene.run().expect(0);
            scene.push_version("main", "app", "1.1.0", "alice");
            scene.run().expect(0);
            assert_eq!(scene.hub().issue_titled(DASHBOARD).state, state);
        }
    }

    #[test]
    fn tells_of_a_group_that_is_too_small() {
        let scene = one_update(&json!({"groupName": "all", "minimumGroupSize": 2}));
        scene.run().expect(0);
        assert_eq!(scene.hub().pulls().len(), 0);
        assert!(dashboard(&scene).contains("1 of 2"), "{}", dashboard(&scene));
    }
}

mod the_repository {
    use super::*;

    #[test]
    fn checks_may_have_other_names() {
        let more =
            json!({"minimumReleaseAge": "1 day", "statusCheckNames": {"minimumReleaseAge": "old enough"}});
        let scene = one_update(&more);
        scene.run().expect(0);
        assert_eq!(scene.hub().statuses(&branch_of(&scene))["old enough"], "success");
    }

    #[test]
    fn what_is_too_young_is_pending_where_it_is_made_all_the_same() {
        let more = json!({"minimumReleaseAge": "300 days", "internalChecksFilter": "flexible"});
        let scene = one_update(&more);
        scene.run().expect(0);
        assert_eq!(scene.hub().statuses(&branch_of(&scene))["renovate/stability-days"], "pending");
    }

    #[test]
    fn other_base_branches_are_said_not_to_be_worked_on() {
        let scene = one_update(&json!({"baseBranchPatterns": ["main", "release"]}));
        scene.run().expect(0);
        assert!(dashboard(&scene).contains("baseBranchPatterns"), "{}", dashboard(&scene));
        assert_eq!(scene.hub().pulls().len(), 1);
    }

    #[test]
    fn a_fork_is_worked_on_when_it_is_named_or_wants_it() {
        let pulls = |more: &Value, arguments: &[&str]| {
            let scene = one_update(more);
            scene.hub().switch(|switches| switches.fork = true);
            scene.github.account(TOKEN, Account::user("carer", Rights::Write));
            scene.run_with(arguments).expect(0);
            scene.hub().pulls().len()
        };
        assert_eq!(pulls(&json!({}), &[SLUG]), 1);
        assert_eq!(pulls(&json!({}), &["--autodiscover"]), 0);
        assert_eq!(pulls(&json!({"forkProcessing": "enabled"}), &["--autodiscover"]), 1);
        assert_eq!(pulls(&json!({"forkProcessing": "disabled"}), &[SLUG]), 0);
    }

    #[test]
    fn silence_writes_nothing_but_the_dashboard() {
        let scene = one_update(&json!({"mode": "silent"}));
        scene.run().expect(0);
        assert_eq!((scene.hub().pulls().len(), scene.hub().branch_names().len()), (0, 1));
    }
}
