//! Runs of the bot inside of the test's own process, and what they leave in a repository.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use updraft::bot::{self, Ending};
use updraft::cli::{Onboarding, RequireConfig};
use updraft::datasource;
use updraft::forge::github::{Credentials, Github};
use updraft::http::{DockerConfig, HostRule, HostRules, Http, HttpSettings, Patience, Proxies};
use updraft::run::Session;
use updraft::settings::RunSettings;

use crate::github::PullNow;
use crate::github::web::Request;
use crate::scene::{SLUG, Scene, TOKEN, plain_config};

/// How many runs go on side by side.
const WORKERS: usize = 3;

/// A repository in which there is something of everything to do: to open, to move, to close, to merge, to leave alone.
pub(crate) fn scene() -> Scene {
    let mut config = plain_config();
    config["extends"] = json!([]);
    config["dependencyDashboard"] = json!(true);
    config["labels"] = json!(["deps"]);
    config["assignees"] = json!(["alice"]);
    config["reviewers"] = json!(["bob"]);
    config["packageRules"] =
        json!([{"matchPackageNames": ["/merges/"], "automerge": true, "platformAutomerge": false}]);
    let scene = Scene::new(
        &config,
        &[
            ("moves", "1.0.0", &["1.1.0"]),
            ("closes", "1.0.0", &["1.1.0"]),
            ("edited", "1.0.0", &["1.1.0"]),
            ("declined", "1.0.0", &["1.1.0"]),
            ("merges", "1.0.0", &["1.1.0"]),
            ("opens", "1.0.0", &[]),
        ],
    );
    inside(&scene);
    scene.release("moves", "1.2.0");
    scene.release("opens", "1.0.1");
    scene.push_version("main", "closes", "1.1.0", "alice");
    let branch = |name| scene.pull_for(name).head;
    scene.push_version(&branch("edited"), "edited", "1.0.9", "alice");
    scene.hub().close(scene.pull_for("declined").number, "alice");
    scene.hub().set_status(&branch("merges"), "ci", "success");
    scene.hub().add_label(scene.pull_for("moves").number, "mine", "alice");
    scene.github.hours_later(1);
    scene.github.forget_log();
    scene
}

/// Works on the repository once, without a process of its own and without a memory.
pub(crate) fn inside(scene: &Scene) -> Ending {
    inside_for(scene, Duration::from_secs(60))
}

/// The same, for so long and no longer.
pub(crate) fn inside_for(scene: &Scene, deadline: Duration) -> Ending {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rule: HostRule = serde_json::from_value(scene.registry.rule()).unwrap();
    let (host_rules, problems) = HostRules::new([rule]);
    assert_eq!(problems, []);
    // Little of it, so that silence costs a test little.
    let patience = Patience {
        connect: Duration::from_secs(5),
        silence: Duration::from_millis(400),
        deadline: Duration::from_millis(800),
        pause: Duration::from_millis(1),
        untold: Duration::from_millis(1),
        ..Patience::default()
    };
    let settings = HttpSettings { host_rules, patience, proxies: Proxies::Direct, ..HttpSettings::default() };
    runtime.block_on(async {
        let http = Http::new(settings).unwrap();
        http.stop_at((std::time::Instant::now() + deadline).into());
        let datasources = datasource::all(&http, DockerConfig::default());
        let now = scene.github.time().parse().unwrap();
        let session = Session { http, datasources, now, problems: Vec::new(), config: None };
        let endpoint = format!("{}/", scene.github.api()).parse().unwrap();
        let github = Github::connect(&session.http, &endpoint, Credentials::Token(TOKEN.into()));
        let settings = RunSettings {
            endpoint,
            repositories: vec![SLUG.to_owned()],
            autodiscover: false,
            autodiscover_filter: Vec::new(),
            onboarding: Onboarding::Off,
            require_config: RequireConfig::Optional,
            deadline,
            metrics: None,
            shard: (0, 1),
            dry_run: false,
            git_author: None,
        };
        Box::pin(bot::one(&github, &session, &settings, SLUG.to_owned())).await
    })
}

/// Returns what a run says went wrong.
pub(crate) fn said(ending: &Ending) -> Vec<String> {
    match &ending.work {
        Err(error) => vec![error.clone()],
        Ok(work) => {
            let mut said: Vec<String> = work.problems.iter().map(|problem| problem.message.clone()).collect();
            if !matches!(work.verdict, bot::Verdict::Done) {
                said.push(format!("{:?}", work.verdict));
            }
            said
        }
    }
}

/// Returns where something is asked for, without what names one thing among others of its kind.
pub(crate) fn route(request: &Request) -> String {
    let path = request.path.trim_start_matches("/api/v3").trim_start_matches("/repos/o/r");
    let is_id = |part: &str| part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "heads" => {
                parts.push("heads/…");
                break;
            }
            _ if part.contains("...") || is_id(part) => parts.push("…"),
            _ if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => parts.push("…"),
            _ => parts.push(part),
        }
    }
    let state = request.parameter("state").map_or_else(String::new, |state| format!("?state={state}"));
    format!("{} {}{state}", request.method, parts.join("/"))
}

/// What stands in a repository, by what it is called.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) branches: BTreeMap<String, Value>,
    /// By their branch and how many of that branch come before.
    pulls: BTreeMap<(String, usize), PullNow>,
    /// How many issues there are with a title and in which states.
    issues: BTreeMap<String, Vec<&'static str>>,
}

impl State {
    pub(crate) fn of(scene: &Scene) -> Self {
        let hub = scene.hub();
        let (host, dashed) = (scene.registry.host(), scene.registry.host().replace(':', "-"));
        let neutral = |text: &str| {
            text.replace(&host, "registry.example")
                .replace(&dashed, "registry.example")
                .replace(&scene.github.url(), "https://github.example")
        };
        let branches = hub.branch_names().into_iter().map(|name| {
            let commits: Vec<String> = hub.commits(&name).into_iter().map(|commit| commit.message).collect();
            (name.clone(), json!({"files": hub.files(&name), "commits": commits}))
        });
        let mut pulls: BTreeMap<(String, usize), PullNow> = BTreeMap::new();
        for mut pull in hub.pulls() {
            let count = pulls.keys().filter(|(head, _)| *head == pull.head).count();
            pull.body = neutral(&pull.body);
            pull.labels.sort();
            // Both depend on what else was made.
            (pull.number, pull.head_sha) = (0, String::new());
            pulls.insert((pull.head.clone(), count), pull);
        }
        let mut issues: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for issue in hub.issues() {
            issues.entry(issue.title).or_default().push(issue.state);
        }
        Self { branches: branches.collect(), pulls, issues }
    }

    /// Returns what is neither as it was before nor as it should be after.
    pub(crate) fn wrong(&self, before: &Self, after: &Self) -> Vec<String> {
        let mut wrong = Vec::new();
        for name in self.branches.keys().chain(before.branches.keys()).collect::<BTreeSet<_>>() {
            let now = self.branches.get(name);
            if now != before.branches.get(name) && now != after.branches.get(name) {
                wrong.push(format!("the branch {name} is {now:?}"));
            }
        }
        for key in self.pulls.keys().chain(before.pulls.keys()).collect::<BTreeSet<_>>() {
            let (now, before, after) = (self.pulls.get(key), before.pulls.get(key), after.pulls.get(key));
            match now {
                Some(now) if !is_between(now, before, after) => {
                    wrong.push(format!("the pull {key:?} is {now:#?}"));
                }
                Some(_) => {}
                None => wrong.push(format!("the pull {key:?} is gone")),
            }
        }
        for (title, states) in &self.issues {
            if Some(states) != before.issues.get(title) && Some(states) != after.issues.get(title) {
                wrong.push(format!("the issues `{title}` are {states:?}"));
            }
        }
        wrong
    }
}

/// Whether each property of a pull is as it was or as it should be.
fn is_between(now: &PullNow, before: Option<&PullNow>, after: Option<&PullNow>) -> bool {
    let sides: Vec<&PullNow> = before.into_iter().chain(after).collect();
    let one = |property: fn(&PullNow) -> &str| sides.iter().any(|side| property(side) == property(now));
    let lists = |property: fn(&PullNow) -> &Vec<String>| {
        let known: BTreeSet<&String> = sides.iter().flat_map(|side| property(side)).collect();
        let kept = |item: &String| {
            !after.is_some_and(|after| property(after).contains(item)) || property(now).contains(item)
        };
        property(now).iter().all(|item| known.contains(item))
            && before.is_none_or(|before| property(before).iter().all(kept))
    };
    one(|pull| &pull.title)
        && one(|pull| &pull.base)
        && one(|pull| pull.state)
        && one(|pull| &pull.body)
        && lists(|pull| &pull.labels)
        && lists(|pull| &pull.assignees)
        && lists(|pull| &pull.reviewers)
        && lists(|pull| &pull.comments)
}

/// Does all jobs, some side by side, and fails with all that is wrong with what came of them.
#[track_caller]
pub(crate) fn check_each<T: Sync>(jobs: &[T], check: impl Fn(&T) -> Vec<String> + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wrong = check(job);
                    if !wrong.is_empty() {
                        failures.lock().unwrap().push(wrong.join("\n"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), jobs.len(), failures.join("\n\n"));
}
