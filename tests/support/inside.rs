//! Runs of the bot inside of the test's own process, and what they leave in a repository.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::print_stdout, reason = "what is found is told at once")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::{Value, json};
use updraft::bot::{self, Summary};
use updraft::cli::{Onboarding, RequireConfig};
use updraft::datasource;
use updraft::forge::github::{Credentials, Github};
use updraft::http::{DockerConfig, HostRule, HostRules, Http, HttpSettings, Patience, Proxies};
use updraft::run::Session;
use updraft::settings::RunSettings;
use updraft_core::problem::Severity;

use crate::github::PullNow;
use crate::github::web::Request;
use crate::scene::{Door, SLUG, Scene, TOKEN, plain_config};

const APP_KEY: &str = include_str!("../fixtures/app-key.pem");

/// How many runs go on side by side.
const WORKERS: usize = 6;

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

/// Two owners with several repositories: one in which an update is under way and another has come, one without a configuration, one that was never worked
/// on, one that is only a copy.
pub(crate) fn everywhere(door: Door) -> Scene {
    let mut config = plain_config();
    config["extends"] = json!([]);
    config["dependencyDashboard"] = json!(true);
    let mut scene = Scene::new(&config, &[("moves", "1.0.0", &["1.1.0"])]);
    scene.github.app_with_tokens_for("updraft", SignedDuration::from_hours(24 * 365 * 50));
    let manifest = scene.manifest("moves", "1.0.0");
    let dockerfile = format!("FROM {}\n", scene.image("moves", "1.0.0"));
    let config = config.to_string();
    scene.github.repository("o/copy", &[("Dockerfile", &dockerfile)]).switch(|switches| switches.fork = true);
    scene.github.repository("o/new", &[("Dockerfile", &dockerfile)]);
    scene.door = door;
    inside(&scene);
    scene.release("moves", "1.2.0");
    let files = [("apps/moves.yaml", manifest.as_str()), ("renovate.json", &config)];
    scene.github.repository("p/far", &files);
    scene.github.repository("p/new", &[("Dockerfile", &dockerfile)]);
    scene.github.hours_later(1);
    scene.github.forget_log();
    scene
}

/// Returns the scenes in which things go wrong, each with what it is.
pub(crate) fn scenes() -> [(&'static str, Scene); 3] {
    [
        ("one repository", scene()),
        ("an App everywhere", everywhere(Door::AppEverywhere)),
        ("a token everywhere", everywhere(Door::TokenEverywhere)),
    ]
}

/// Returns the step of the full sets: 1 is everything there is, and a larger one a sample, for those who cannot wait.
pub(crate) fn full_step() -> usize {
    let step = std::env::var("FAULTS_STEP").ok();
    step.map_or(1, |step| step.parse().expect("FAULTS_STEP is a number"))
}

/// Keeps what is named by `FAULTS_ONLY`, words that all stand in what a job looks like; without it, everything.
pub(crate) fn chosen<T: Debug>(jobs: Vec<T>) -> Vec<T> {
    let words = std::env::var("FAULTS_ONLY").unwrap_or_default();
    let is_chosen = |job: &T| words.split(' ').all(|word| format!("{job:?}").contains(word));
    jobs.into_iter().filter(is_chosen).collect()
}

/// Works on what there is once, without a process of its own, and remembers what was learnt for the next time.
pub(crate) fn inside(scene: &Scene) -> Ran {
    inside_for(scene, Duration::from_secs(60))
}

/// What came of a run, and how long it took.
pub(crate) struct Ran {
    summary: Result<Summary, String>,
    took: Duration,
}

/// The same, for so long and no longer.
pub(crate) fn inside_for(scene: &Scene, deadline: Duration) -> Ran {
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rule: HostRule = serde_json::from_value(scene.registry.rule()).unwrap();
    let (host_rules, problems) = HostRules::new([rule]);
    assert_eq!(problems, []);
    // Little of it, so that silence costs a test little; not so little that a busy machine is taken for a silent one.
    let patience = Patience {
        connect: Duration::from_secs(5),
        silence: Duration::from_secs(1),
        deadline: Duration::from_secs(3),
        pause: Duration::from_millis(1),
        untold: Duration::from_millis(1),
        ..Patience::default()
    };
    let settings = HttpSettings {
        host_rules,
        patience,
        cache_dir: Some(scene.home().path().join("cache")),
        proxies: Proxies::Direct,
        ..HttpSettings::default()
    };
    let summary = runtime.block_on(async {
        let http = Http::new(settings).unwrap();
        http.stop_at((std::time::Instant::now() + deadline).into());
        let datasources = datasource::all(&http, DockerConfig::default());
        let now = scene.github.time().parse().unwrap();
        let session = Session {
            http,
            datasources,
            now,
            problems: Vec::new(),
            config: None,
            forge: "https://api.github.com/".parse().unwrap(),
        };
        let endpoint = format!("{}/", scene.github.api()).parse().unwrap();
        let credentials = match scene.door {
            Door::AppEverywhere => Credentials::app("4711", &APP_KEY.to_owned().into()).unwrap(),
            Door::Token | Door::TokenEverywhere => Credentials::Token(TOKEN.into()),
        };
        let github = Github::connect(&session.http, &endpoint, credentials);
        let is_told = scene.door == Door::Token;
        let settings = RunSettings {
            endpoint,
            repositories: if is_told { vec![SLUG.to_owned()] } else { Vec::new() },
            autodiscover: !is_told,
            autodiscover_filter: Vec::new(),
            onboarding: if is_told { Onboarding::Off } else { Onboarding::On },
            require_config: RequireConfig::Optional,
            deadline,
            metrics: None,
            shard: (0, 1),
            dry_run: false,
            git_author: None,
        };
        Box::pin(bot::all(&github, &session, &settings)).await.map_err(|error| format!("{error:#}"))
    });
    Ran { summary, took: began.elapsed() }
}

/// Returns what is wrong with how long a run took: its deadline is a minute, and what it does after that is little.
pub(crate) fn late(ran: &Ran) -> Option<String> {
    (ran.took > Duration::from_secs(70)).then(|| format!("it took {:?}", ran.took))
}

/// Returns what a run says went wrong.
pub(crate) fn said(ran: &Ran) -> Vec<String> {
    let summary = match &ran.summary {
        Ok(summary) => summary,
        Err(error) => return vec![error.clone()],
    };
    let mut said: Vec<String> = summary.problems.iter().map(|problem| problem.message.clone()).collect();
    for ending in &summary.endings {
        let work = match &ending.work {
            Ok(work) => work,
            Err(error) => {
                said.push(error.clone());
                continue;
            }
        };
        let found = work.outcome.iter().flat_map(|outcome| &outcome.problems);
        let problems = work.problems.iter().chain(found).filter(|problem| problem.severity != Severity::Note);
        said.extend(problems.map(|problem| problem.message.clone()));
        match &work.verdict {
            bot::Verdict::Done | bot::Verdict::Onboarding => {}
            bot::Verdict::Skipped(reason) if reason.starts_with("it is a fork") => {}
            verdict => said.push(format!("{verdict:?}")),
        }
    }
    said
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
        let mut state = Self { branches: BTreeMap::new(), pulls: BTreeMap::new(), issues: BTreeMap::new() };
        for slug in scene.github.repositories() {
            state.add(scene, &slug);
        }
        state
    }

    fn add(&mut self, scene: &Scene, slug: &str) {
        let hub = scene.github.hub(slug);
        let place = if slug == SLUG { String::new() } else { format!("{slug} ") };
        let (host, dashed) = (scene.registry.host(), scene.registry.host().replace(':', "-"));
        let neutral = |text: &str| {
            text.replace(&host, "registry.example")
                .replace(&dashed, "registry.example")
                .replace(&scene.github.url(), "https://github.example")
        };
        for name in hub.branch_names() {
            let commits: Vec<String> = hub.commits(&name).into_iter().map(|commit| commit.message).collect();
            let branch = json!({"files": hub.files(&name), "commits": commits});
            self.branches.insert(format!("{place}{name}"), branch);
        }
        for mut pull in hub.pulls() {
            let head = format!("{place}{}", pull.head);
            let count = self.pulls.keys().filter(|(known, _)| *known == head).count();
            pull.body = neutral(&pull.body);
            pull.labels.sort();
            // Both depend on what else was made.
            (pull.number, pull.head_sha) = (0, String::new());
            self.pulls.insert((head, count), pull);
        }
        for issue in hub.issues() {
            self.issues.entry(format!("{place}{}", issue.title)).or_default().push(issue.state);
        }
    }

    /// Returns what is otherwise than in another state, in a word each.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        fn keys<K: Ord + Debug, V: PartialEq>(one: &BTreeMap<K, V>, two: &BTreeMap<K, V>) -> Vec<String> {
            let all: BTreeSet<&K> = one.keys().chain(two.keys()).collect();
            all.into_iter().filter(|key| one.get(key) != two.get(key)).map(|key| format!("{key:?}")).collect()
        }
        let mut all = keys(&self.branches, &other.branches);
        all.extend(keys(&self.pulls, &other.pulls));
        all.extend(keys(&self.issues, &other.issues));
        all
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

/// Does all jobs, some side by side, and fails with all that is wrong with what came of them; each is told when it is found, as all may take long.
#[track_caller]
pub(crate) fn check_each<T: Debug + Sync>(jobs: &[T], check: impl Fn(&T) -> Vec<String> + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wrong = panic::catch_unwind(AssertUnwindSafe(|| check(job)))
                        .unwrap_or_else(|_| vec![format!("{job:?}: it panicked")]);
                    if !wrong.is_empty() {
                        let wrong = wrong.join("\n");
                        println!("{wrong}\n");
                        failures.lock().unwrap().push(wrong);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), jobs.len(), failures.join("\n\n"));
}
