//! Each request of a run of the bot fails in each way in which networks and GitHub fail, once or always: the run ends and says what failed, nothing
//! stands in the repository that should not, and the next run ends where an undisturbed one would have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/inside.rs"]
mod inside;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use github::web::{End, Request, Response};
use github::{Failure, Fault, Moment};
use inside::{State, check_each, chosen, full_step, inside, inside_for, late, route, said, scene, scenes};
use scene::Scene;
use serde_json::json;

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The connection is closed before anything happens.
    Close,
    /// It is done, and the answer is lost.
    AnswerLost,
    Reset,
    Silence,
    /// It is done, and the answer comes a byte at a time.
    Drip,
    /// It is done, and half of the answer comes.
    Truncated,
    Status(u16),
    /// With how many seconds to wait.
    RetryAfter(u16, u64),
    /// 403 because of too many requests, with or without the seconds to wait.
    SecondaryLimit(Option<u64>),
    /// A login page where data was expected.
    LoginPage,
    Garbage,
    Empty,
    /// An answer without an end.
    Huge,
}

const WAYS: [Way; 26] = [
    Way::Close,
    Way::AnswerLost,
    Way::Reset,
    Way::Silence,
    Way::Drip,
    Way::Truncated,
    Way::Status(401),
    Way::Status(403),
    Way::Status(404),
    Way::Status(409),
    Way::Status(422),
    Way::Status(429),
    Way::Status(500),
    Way::Status(502),
    Way::Status(503),
    Way::Status(504),
    Way::RetryAfter(403, 0),
    Way::RetryAfter(429, 0),
    Way::RetryAfter(429, 9999),
    Way::RetryAfter(503, 9999),
    Way::SecondaryLimit(Some(0)),
    Way::SecondaryLimit(None),
    Way::LoginPage,
    Way::Garbage,
    Way::Empty,
    Way::Huge,
];

impl Way {
    fn failure(self) -> Failure {
        let instead = |response: Response| Failure::End(Arc::new(move |_| End::Answer(response.clone())));
        let refusal = |status: u16, message: &str| Response::json(status, &json!({"message": message}));
        let limit = "You have exceeded a secondary rate limit.";
        match self {
            Self::Close => Failure::Drop(Moment::Before),
            Self::AnswerLost => Failure::Drop(Moment::After),
            Self::Reset => Failure::Reset,
            Self::Silence => Failure::End(Arc::new(|_| End::Silence)),
            Self::Drip => Failure::Send(Arc::new(End::Drip)),
            Self::Truncated => Failure::Send(Arc::new(End::Truncated)),
            Self::Status(status) => instead(refusal(status, "Something went wrong")),
            Self::RetryAfter(status, seconds) => {
                instead(refusal(status, "Later, please").with("retry-after", seconds.to_string()))
            }
            Self::SecondaryLimit(None) => instead(refusal(403, limit)),
            Self::SecondaryLimit(Some(seconds)) => {
                instead(refusal(403, limit).with("retry-after", seconds.to_string()))
            }
            Self::LoginPage => instead(
                Response::new(200)
                    .with("content-type", "text/html")
                    .body("<!doctype html><title>Log in</title>"),
            ),
            Self::Garbage => instead(
                Response::new(200)
                    .with("content-type", "application/json")
                    .body(b"\xff\x00{{{[[[\n- : \x07".to_vec()),
            ),
            Self::Empty => instead(Response::new(200)),
            Self::Huge => instead(
                Response::new(200).with("content-type", "application/json").body(vec![b'['; 3 * 1024 * 1024]),
            ),
        }
    }
}

/// What is to fail.
#[derive(Clone, Debug)]
struct Plan {
    place: &'static str,
    route: String,
    way: Way,
    times: usize,
}

/// A scene, and what there is in it before and after an undisturbed run.
struct Stage {
    place: &'static str,
    scene: Scene,
    before: State,
    after: State,
}

impl Stage {
    #[track_caller]
    fn of((place, scene): (&'static str, Scene)) -> Self {
        let copy = scene.copy();
        assert_eq!(said(&inside(&copy)), [""; 0]);
        let (before, after) = (State::of(&scene), State::of(&copy));
        assert!(before != after, "{place}");
        assert_eq!(said(&inside(&copy)), [""; 0]);
        assert!(State::of(&copy) == after, "{place}: what is done is done");
        Self { place, scene, before, after }
    }
}

/// Returns the kinds of requests of an undisturbed run.
fn routes(before: &Scene) -> BTreeSet<String> {
    let scene = before.copy();
    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let note = {
        let seen = Arc::clone(&seen);
        move |request: &Request, response: Response| {
            seen.lock().unwrap().insert(route(request));
            response
        }
    };
    scene.github.fault(Fault::on("*", "", Failure::Alter(Arc::new(note))).times(usize::MAX));
    inside(&scene);
    let seen = seen.lock().unwrap();
    seen.clone()
}

fn check(plan: &Plan, stages: &[Stage]) -> Vec<String> {
    let stage = stages.iter().find(|stage| stage.place == plan.place).unwrap();
    let scene = stage.scene.copy();
    let wanted = plan.route.clone();
    let is_meant = move |request: &Request| route(request) == wanted;
    scene.github.fault(Fault::on("*", "", plan.way.failure()).only(Arc::new(is_meant)).times(plan.times));
    let ran = inside(&scene);
    let now = State::of(&scene);
    let mut wrong = now.wrong(&stage.before, &stage.after);
    wrong.extend(late(&ran));
    let told = said(&ran);
    // GitHub refuses people who cannot be asked, and labels that cannot be, which are then left out; that is only logged.
    let is_about_names = ["/assignees", "/requested_reviewers", "/labels"];
    let is_left_out = is_about_names.iter().any(|end| plan.route.ends_with(end))
        && matches!(plan.way, Way::Status(404 | 409 | 422));
    if now != stage.after && told.is_empty() && !is_left_out {
        wrong.push(format!("it ended elsewhere and said nothing: {:?}", now.differences(&stage.after)));
    }
    scene.github.heal();
    if now != stage.after {
        let next = inside(&scene);
        let later = State::of(&scene);
        wrong.extend(
            later.wrong(&stage.after, &stage.after).into_iter().map(|text| format!("the next run: {text}")),
        );
        if later != stage.after {
            wrong.push(format!(
                "the next run ended elsewhere: {:?}; it said: {:?}",
                later.differences(&stage.after),
                said(&next)
            ));
        }
    }
    if !wrong.is_empty() {
        wrong.insert(0, format!("{plan:?}:"));
        wrong.push(format!("it said: {told:#?}"));
    }
    wrong
}

/// Lets every `step`th of all failures happen.
#[track_caller]
fn check_every(step: usize) {
    let stages = scenes().map(Stage::of);
    let mut all = Vec::new();
    let mut kinds = BTreeSet::new();
    for Stage { place, scene, .. } in &stages {
        let mut routes = routes(scene);
        assert!(routes.len() > 20, "{place}: {routes:#?}");
        if *place == "a token everywhere" {
            // What it does otherwise than the others.
            routes.retain(|route| !kinds.contains(route));
        }
        for route in routes {
            let plan = |way, times| Plan { place, route: route.clone(), way, times };
            all.extend(WAYS.into_iter().flat_map(|way| [plan(way, 1), plan(way, usize::MAX)]));
            kinds.insert(route);
        }
    }
    // A file that comes empty has no dependencies, and nobody seems to need their updates.
    let route = "GET /git/blobs/…".to_owned();
    let empty = Plan { place: "one repository", route, way: Way::Empty, times: 1 };
    let plans: Vec<Plan> = chosen(all.into_iter().step_by(step).chain([empty]).collect());
    check_each(&plans, |plan| check(plan, &stages));
    println!("{} kinds of requests, {} faults, and as many runs that ended well", kinds.len(), plans.len());
}

#[test]
fn a_request_that_fails_leaves_nothing_wrong() {
    // A step that has no divisor in common with the number of ways meets each of them.
    check_every(83);
}

#[test]
fn a_run_ends_at_its_deadline_wherever_it_is() {
    let before = scene();
    let after = before.copy();
    inside(&after);
    let (state_before, state_after) = (State::of(&before), State::of(&after));
    let deadlines: Vec<u64> = (0..12).map(|step| step * 30).collect();
    check_each(&deadlines, |milliseconds| {
        let scene = before.copy();
        // Somebody who never answers does not hold the run longer either.
        scene.github.fault(Fault::on("*", "comments", Way::Silence.failure()).times(usize::MAX));
        let ending = inside_for(&scene, Duration::from_millis(*milliseconds));
        let mut wrong = State::of(&scene).wrong(&state_before, &state_after);
        if said(&ending).is_empty() {
            wrong.push("it said nothing of what is left".to_owned());
        }
        scene.github.heal();
        inside(&scene);
        wrong.extend(State::of(&scene).wrong(&state_after, &state_after));
        if !wrong.is_empty() {
            wrong.insert(0, format!("stopped after {milliseconds} ms:"));
        }
        wrong
    });
    println!("{} deadlines, and as many runs that ended well", deadlines.len());
}

#[test]
#[ignore = "takes minutes: `cargo test --test bot_faults -- --ignored`"]
fn each_request_fails_in_each_way_and_leaves_nothing_wrong() {
    check_every(full_step());
}
