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

use github::{Failure, Fault, Moment, Protection};
use scene::{Scene, plain_config};
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

/// Returns the only branch of the bot.
fn branch_of(scene: &Scene) -> String {
    let names = scene.hub().branch_names();
    names.into_iter().find(|name| name.contains("app")).expect("the bot made a branch")
}

fn dashboard(scene: &Scene) -> String {
    scene.hub().issue_titled(DASHBOARD).body
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
        scene.run().expect(0).says("renovate/driftwood");
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
