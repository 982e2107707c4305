//! Runs that are killed at any moment, or whose network is bad: the next run ends where an undisturbed one would have.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use github::{Failure, Fault, Moment};
use scene::{SLUG, Scene, plain_config};
use serde_json::{Value, json};

/// Which moments are chosen.
const SEED: u64 = 20_261_122;
/// How many runs are killed.
const KILLS: usize = 60;
/// How many runs go through a storm.
const STORMS: u64 = 8;

/// What a run has to do here: two pulls to open, one to move, one to close, one whose branch conflicts, labels and people.
fn scene() -> Scene {
    let mut config = plain_config();
    config["labels"] = json!(["deps", "renovate"]);
    config["assignees"] = json!(["alice"]);
    config["reviewers"] = json!(["bob"]);
    let scene = Scene::new(
        &config,
        &[
            ("moves", "1.0.0", &["1.1.0"]),
            ("conflicts", "1.0.0", &["1.1.0"]),
            ("closes", "1.0.0", &["1.1.0"]),
            ("waits", "1.0.0", &[]),
        ],
    );
    scene.run().expect(0);
    scene.release("moves", "1.2.0");
    scene.release("waits", "1.0.1");
    scene.release("waits", "2.0.0");
    scene.release("conflicts", "1.0.5");
    scene.push_version("main", "conflicts", "1.0.5", "alice");
    scene.push_version("main", "closes", "1.1.0", "alice");
    scene.github.hours_later(1);
    scene.github.forget_log();
    scene
}

/// Returns all that is in the repository, without what differs from one world to the next.
///
/// A pull more than there should be is seen: each is listed, also those that are closed.
fn state(scene: &Scene) -> Value {
    let hub = scene.hub();
    let host = scene.registry.host();
    let branches: Vec<Value> = hub
        .branch_names()
        .iter()
        .map(|branch| {
            let commits: Vec<String> = hub.commits(branch).into_iter().map(|commit| commit.message).collect();
            json!({"name": branch, "files": hub.files(branch), "commits": commits, "fresh": hub.is_up_to_date(branch)})
        })
        .collect();
    let mut pulls = hub.pulls();
    // A branch that failed in the storm comes later, and so with another number. That is all that may differ.
    let named = |text: &str| {
        pulls.iter().fold(text.to_owned(), |text, pull| {
            text.replace(&format!("/pull/{})", pull.number), &format!("/pull/{})", pull.head))
        })
    };
    let issues: Vec<Value> = hub
        .issues()
        .into_iter()
        .map(|issue| {
            json!({"title": issue.title, "state": issue.state, "body": named(&issue.body), "comments": issue.comments})
        })
        .collect();
    pulls.sort_by(|one, other| one.head.cmp(&other.head));
    let pulls: Vec<Value> = pulls
        .into_iter()
        .map(|mut pull| {
            pull.labels.sort();
            json!({
                "title": pull.title, "head": pull.head, "base": pull.base, "state": pull.state, "body": pull.body,
                "labels": pull.labels, "assignees": pull.assignees, "reviewers": pull.reviewers, "comments": pull.comments,
            })
        })
        .collect();
    let state = json!({"branches": branches, "pulls": pulls, "issues": issues}).to_string();
    let neutral = state
        .replace(&host, "registry.example")
        .replace(&host.replace(':', "-"), "registry.example")
        .replace(&scene.github.url(), "https://github.example");
    serde_json::from_str(&neutral).unwrap()
}

#[track_caller]
fn check_same(actual: &Value, expected: &Value, what: &str) {
    if actual == expected {
        return;
    }
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    let (actual, expected) = (text(actual), text(expected));
    let diff = similar::TextDiff::from_lines(&expected, &actual);
    panic!("{what}: not where an undisturbed run ends:\n{}", diff.unified_diff().context_radius(3));
}

/// Kills the bot around the request with this number, counted from 0; returns whether the run got that far.
fn run_and_kill(scene: &Scene, request: usize, moment: Moment) -> bool {
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let kill = {
        let child = Arc::clone(&child);
        move || {
            // The process is put there before this lock is free.
            if let Some(child) = child.lock().unwrap().as_mut() {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    };
    scene.github.fault(Fault::on("*", "", Failure::Call(moment, Arc::new(kill))).skip(request));
    let mut place = child.lock().unwrap();
    let mut command = scene.command(&[SLUG]);
    *place = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    drop(place);
    let status = loop {
        // Not held while waiting: whoever kills needs it.
        if let Some(status) = child.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
            break status;
        }
        std::thread::yield_now();
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    scene.github.heal();
    status.code().is_none()
}

/// Spreads jobs over two threads.
fn in_parallel(jobs: Vec<Box<dyn FnOnce() + Send>>) {
    let jobs = Mutex::new(jobs);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let job = jobs.lock().unwrap().pop();
                        let Some(job) = job else { return };
                        job();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// Returns where an undisturbed run ends, and how many requests it makes.
fn undisturbed(before: &Scene) -> (Arc<Value>, usize) {
    let scene = before.copy();
    scene.run().expect(0);
    let (requests, state) = (scene.github.log().len(), state(&scene));
    assert_eq!(scene.writes(), [""; 0], "one run does all there is to do");
    (Arc::new(state), requests)
}

#[test]
fn a_run_that_is_killed_is_completed_by_the_next() {
    let before = scene();
    let (expected, requests) = undisturbed(&before);
    assert!(requests > 30, "{requests} requests are too few to be killed at");
    let mut dice = fastrand::Rng::with_seed(SEED);
    let jobs = (0..KILLS).map(|_| {
        let (request, after) = (dice.usize(0..requests), dice.bool());
        let moment = if after { Moment::After } else { Moment::Before };
        let (expected, scene) = (Arc::clone(&expected), before.copy());
        let job = move || {
            let was_killed = run_and_kill(&scene, request, moment);
            scene.run().expect(0);
            check_same(
                &state(&scene),
                &expected,
                &format!("killed ({was_killed}) {moment:?} request {request}"),
            );
            assert_eq!(scene.writes(), [""; 0], "killed {moment:?} request {request}: nothing is left to do");
        };
        Box::new(job) as Box<dyn FnOnce() + Send>
    });
    in_parallel(jobs.collect());
}

#[test]
fn a_bad_network_leaves_nothing_half_done() {
    let before = scene();
    let (expected, _) = undisturbed(&before);
    let failures = vec![
        Failure::Drop(Moment::Before),
        Failure::Drop(Moment::After),
        Failure::Reset,
        Failure::Status(500, None),
        Failure::Status(502, None),
        Failure::Status(503, Some(0)),
        Failure::Status(409, None),
        Failure::SecondaryLimit(0),
        Failure::Status(429, Some(0)),
    ];
    let jobs = (0..STORMS).map(|round| {
        let (expected, failures, scene) = (Arc::clone(&expected), failures.clone(), before.copy());
        let job = move || {
            scene.github.storm(SEED + round, 30, failures);
            scene.run();
            scene.github.heal();
            scene.run().expect(0);
            check_same(&state(&scene), &expected, &format!("storm {round}"));
            assert_eq!(scene.writes(), [""; 0], "storm {round}: nothing is left to do");
        };
        Box::new(job) as Box<dyn FnOnce() + Send>
    });
    in_parallel(jobs.collect());
}
