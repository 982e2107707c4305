//! Each request of a whole run fails in each of the ways in which networks and registries fail: the run ends, says what failed, and everything
//! that has nothing to do with it is as it would have been.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mutants::{Change, change, ways_into};
use serde_json::{Value, json};
use updraft::datasource;
use updraft::http::{DockerConfig, HostRule, HostRules, Http, HttpSettings, Patience, Proxies};
use updraft::run::{Outcome, Session};
use updraft::source::local;
use updraft_core::problem::Severity;

use crate::github::web::{End, Request, Response, Server};

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/mutants.rs"]
mod mutants;
mod support;

const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
/// How many runs go on side by side.
const WORLDS: usize = 4;
const COMMIT: &str = "3333333333333333333333333333333333333333";

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Close,
    Reset,
    Silence,
    Drip,
    Truncated,
    Status(u16),
    /// With how many seconds to wait.
    RetryAfter(u16, u32),
    /// A login page where data was expected.
    WrongType,
    Garbage,
    Empty,
    /// Megabytes of nothing that end nowhere.
    Huge,
}

const FAULTS: [Fault; 18] = [
    Fault::Close,
    Fault::Reset,
    Fault::Silence,
    Fault::Drip,
    Fault::Truncated,
    Fault::Status(401),
    Fault::Status(403),
    Fault::Status(404),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(503),
    Fault::RetryAfter(429, 0),
    Fault::RetryAfter(429, 9999),
    Fault::RetryAfter(503, 9999),
    Fault::WrongType,
    Fault::Garbage,
    Fault::Empty,
    Fault::Huge,
];

impl Fault {
    /// Whether asking once more is what helps.
    fn passes(self) -> bool {
        matches!(
            self,
            Self::Close
                | Self::Reset
                | Self::Silence
                | Self::Drip
                | Self::Truncated
                | Self::Status(503)
                | Self::RetryAfter(_, 0)
        )
    }

    fn end(self, honest: Response) -> End {
        let of = |status: u16| Response::new(status).with("content-type", "text/plain").body("no\n");
        match self {
            Self::Close => End::Close,
            Self::Reset => End::Reset,
            Self::Silence => End::Silence,
            Self::Drip => End::Drip(honest),
            Self::Truncated => End::Truncated(honest),
            Self::Status(status) => End::Answer(of(status)),
            Self::RetryAfter(status, seconds) => {
                End::Answer(of(status).with("retry-after", seconds.to_string()))
            }
            Self::WrongType => End::Answer(
                Response::new(200)
                    .with("content-type", "text/html")
                    .body("<!doctype html><title>Log in</title>"),
            ),
            Self::Garbage => End::Answer(
                Response::new(200)
                    .with("content-type", "application/json")
                    .body(b"\xff\x00{{{[[[\n- : \x07".to_vec()),
            ),
            Self::Empty => End::Answer(Response::new(200)),
            Self::Huge => {
                End::Answer(Response::new(200).with("content-type", "application/json").body(vec![
                    b'[';
                    3 * 1024
                        * 1024
                ]))
            }
        }
    }
}

/// What is to fail: a request, by its name; how; and how often.
#[derive(Clone, Debug)]
struct Plan {
    request: String,
    fault: Fault,
    times: usize,
}

/// A field of an answer that is not what it should be.
#[derive(Clone, Debug)]
struct Mutation {
    request: String,
    way: Vec<String>,
    how: Change,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    mutation: Option<Mutation>,
    asked: BTreeSet<String>,
    /// The answers that are JSON, by request.
    said: BTreeMap<String, Value>,
}

/// What a host says.
type Answers = fn(&Request) -> Response;

/// All hosts of the outside world, each a server of its own.
struct World {
    state: Arc<Mutex<State>>,
    patience: Patience,
    servers: BTreeMap<&'static str, Server>,
}

impl World {
    fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let hosts: [(&'static str, Answers); 5] =
            [("registry", registry), ("charts", charts), ("packages", packages), ("git", git), ("hub", hub)];
        let servers = hosts.map(|(host, answer)| {
            let state = Arc::clone(&state);
            let server = Server::start(move |request| {
                let name = format!("{host} {} {}", request.method, shown(&request));
                let mut state = state.lock().unwrap();
                state.asked.insert(name.clone());
                let mut honest = answer(&request);
                if let Ok(mut value) = serde_json::from_slice::<Value>(&honest.body) {
                    state.said.insert(name.clone(), value.clone());
                    if let Some(wrong) = state.mutation.as_ref().filter(|wrong| wrong.request == name) {
                        change(&mut value, &wrong.way, wrong.how);
                        honest.body = serde_json::to_vec(&value).unwrap();
                    }
                }
                let failing = state.plan.as_mut().filter(|plan| plan.request == name && plan.times > 0);
                match failing {
                    Some(plan) => {
                        plan.times -= 1;
                        plan.fault.end(honest)
                    }
                    None => End::Answer(honest),
                }
            });
            (host, server)
        });
        // A process that has little patience, so that silence costs a test little.
        let patience = Patience {
            connect: Duration::from_secs(1),
            silence: Duration::from_millis(150),
            deadline: Duration::from_millis(400),
            pause: Duration::from_millis(1),
            retries: 1,
            ..Patience::default()
        };
        Self { state, patience, servers: servers.into() }
    }

    /// The same, where everybody answers in the end.
    fn patient() -> Self {
        Self { patience: Patience::default(), ..Self::start() }
    }

    fn address(&self, host: &str) -> String {
        self.servers[host].address.to_string()
    }

    /// Does a whole run with what is planned, and returns what came of it and what was asked.
    fn run(&self, tree: &Path, plan: Option<Plan>) -> (Outcome, BTreeSet<String>) {
        self.run_with_cache(tree, plan, None)
    }

    /// The same, with a cache on disk.
    fn run_with_cache(
        &self,
        tree: &Path,
        plan: Option<Plan>,
        cache: Option<&Path>,
    ) -> (Outcome, BTreeSet<String>) {
        {
            let mut state = self.state.lock().unwrap();
            (state.plan, state.asked) = (plan, BTreeSet::new());
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let outcome = runtime.block_on(async {
            let run = async {
                let snapshot = local::read(tree).unwrap();
                let session = self.session(cache);
                let reading = session.understand(tree, snapshot, Instant::now()).await.unwrap();
                session.decide(reading).await
            };
            tokio::time::timeout(Duration::from_secs(60), run).await.expect("the run ends")
        });
        (outcome, std::mem::take(&mut self.state.lock().unwrap().asked))
    }

    fn session(&self, cache: Option<&Path>) -> Session {
        let rules = self.servers.keys().map(|host| HostRule {
            match_host: Some(self.address(host)),
            insecure_registry: Some(true),
            token: (*host == "hub").then(|| "a-token".into()),
            ..HostRule::default()
        });
        let (host_rules, problems) = HostRules::new(rules);
        assert_eq!(problems, []);
        let settings = HttpSettings {
            host_rules,
            patience: self.patience,
            proxies: Proxies::Direct,
            cache_dir: cache.map(Path::to_owned),
            ..HttpSettings::default()
        };
        let http = Http::new(settings).unwrap();
        let datasources = datasource::all(&http, DockerConfig::default());
        Session {
            http,
            datasources,
            now: support::NOW.parse().unwrap(),
            problems: Vec::new(),
            config: None,
            forge: "https://api.github.com/".parse().unwrap(),
        }
    }
}

/// Returns the path and the query.
fn shown(request: &Request) -> String {
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}?{}", request.path, query.join("&"))
}

fn registry(request: &Request) -> Response {
    let host = request.header("host").to_owned();
    if request.path == "/token" {
        return Response::json(200, &json!({"token": "a-token", "expires_in": 300}));
    }
    if request.header("authorization").is_empty() {
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"harbour\"");
        return Response::new(401).with("www-authenticate", challenge);
    }
    let name = request.path.trim_start_matches("/v2/");
    if let Some(name) = name.strip_suffix("/tags/list") {
        if request.parameter("last").is_some() {
            return Response::json(200, &json!({"name": name, "tags": ["1.1.0"]}));
        }
        let next = format!("</v2/{name}/tags/list?n=10000&last=1.0.1>; rel=\"next\"");
        return Response::json(200, &json!({"name": name, "tags": ["1.0.0", "1.0.1"]})).with("link", next);
    }
    let digest = if name.ends_with(":1.0.0") || name.ends_with("/1.0.0") { OLD } else { NEW };
    Response::new(200)
        .with("content-type", "application/vnd.oci.image.index.v1+json")
        .with("docker-content-digest", digest)
        .body("{\"schemaVersion\":2,\"manifests\":[]}")
}

fn charts(_: &Request) -> Response {
    let versions = |name: &str| {
        format!(
            "  {name}:\n  - name: {name}\n    version: 1.1.0\n    created: \"2026-01-02T03:04:05Z\"\n  - name: {name}\n    version: 1.0.0\n"
        )
    };
    let text = format!("apiVersion: v1\nentries:\n{}{}", versions("keel"), versions("mast"));
    Response::new(200).with("content-type", "text/yaml").body(text)
}

fn packages(request: &Request) -> Response {
    match request.path.as_str() {
        "/sail" => Response::json(
            200,
            &json!({"name": "sail", "dist-tags": {"latest": "1.1.0"}, "versions": {"1.0.0": {}, "1.1.0": {}}}),
        ),
        _ => Response::json(200, &json!({"releases": [{"version": "1.0.0"}, {"version": "1.1.0"}]})),
    }
}

fn git(_: &Request) -> Response {
    let line = |text: String| format!("{:04x}{text}", text.len() + 4);
    let text = [
        line("# service=git-upload-pack\n".to_owned()),
        "0000".to_owned(),
        line(format!("{COMMIT} HEAD\0symref=HEAD:refs/heads/main\n")),
        line(format!("{COMMIT} refs/tags/v1.0.0\n")),
        line(format!("{COMMIT} refs/tags/v1.1.0\n")),
        "0000".to_owned(),
    ];
    Response::new(200).with("content-type", "application/x-git-upload-pack-advertisement").body(text.concat())
}

fn hub(request: &Request) -> Response {
    if request.path != "/api/graphql" {
        return git(request);
    }
    let page = |nodes: Value| json!({"pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": nodes});
    let refs = ["v1.1.0", "v1.0.0"].map(|tag| {
        json!({"name": tag, "target": {"__typename": "Commit", "oid": COMMIT, "committedDate": "2026-01-10T00:00:00Z"}})
    });
    let releases = ["v1.1.0", "v1.0.0"].map(|tag| {
        json!({"tagName": tag, "publishedAt": "2026-01-10T00:00:00Z", "isPrerelease": false, "isDraft": false, "tagCommit": {"oid": COMMIT}})
    });
    let repository = json!({"refs": page(json!(refs)), "releases": page(json!(releases))});
    Response::json(200, &json!({"data": {"r0": repository}}))
}

fn tree(world: &World) -> tempfile::TempDir {
    let address = |host| world.address(host);
    let (registry, charts, packages, git, hub) =
        (address("registry"), address("charts"), address("packages"), address("git"), address("hub"));
    let config = json!({"customDatasources": {"dock": {
        "defaultRegistryUrlTemplate": format!("http://{packages}/dock/{{{{packageName}}}}"),
    }}});
    let chart = |name: &str| {
        format!(
            "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: lake}}\nspec:\n  chart:\n    spec:\n      chart: {name}\n      version: 1.0.0\n      sourceRef: {{kind: HelmRepository, name: boats}}\n"
        )
    };
    let sources = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: boats, namespace: lake}}\nspec: {{url: \"http://{charts}\"}}\n{}{}",
        chart("keel"),
        chart("mast")
    );
    let images = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n    - image: {registry}/lake/anchor:1.0.0\n    - image: {registry}/lake/buoy:1.0.0@{OLD}\n"
    );
    let annotated = format!(
        "# renovate: datasource=npm depName=sail registryUrl=http://{packages}\nSAIL=1.0.0\n# renovate: datasource=custom.dock depName=pier\nPIER=1.0.0\n# renovate: datasource=git-tags depName=oar packageName=http://{git}/lake/oar\nOAR=v1.0.0\n# renovate: datasource=github-releases depName=lake/rope registryUrl=http://{hub}\nROPE=v1.0.0\n"
    );
    support::folder_with(&[
        ("renovate.json", &config.to_string()),
        ("a/charts.yaml", &sources),
        ("a/images.yaml", &images),
        ("a/tools.env", &annotated),
    ])
}

/// The host each dependency is asked for.
const HOST_OF: [(&str, &str); 8] = [
    ("anchor", "registry"),
    ("buoy", "registry"),
    ("keel", "charts"),
    ("mast", "charts"),
    ("sail", "packages"),
    ("pier", "packages"),
    ("oar", "git"),
    ("rope", "hub"),
];

/// Returns what becomes of each dependency, by its name's last part.
fn updates(outcome: &Outcome) -> BTreeMap<String, String> {
    outcome
        .findings
        .iter()
        .map(|finding| {
            let name = finding.dep.dep.dep_name.rsplit('/').next().unwrap().to_owned();
            let updates: Vec<String> = finding
                .choice
                .updates
                .iter()
                .map(|update| {
                    format!("{} {:?} {:?}", update.update_type, update.new_value, update.new_digest)
                })
                .collect();
            (name, updates.join(", "))
        })
        .collect()
}

/// Returns the patch of each branch.
fn patches(outcome: &Outcome) -> BTreeSet<String> {
    outcome.branches.iter().map(|ready| ready.patch.clone()).collect()
}

#[test]
fn each_request_fails_in_each_way_and_everything_else_is_right() {
    let world = World::start();
    let tree = tree(&world);
    let (undisturbed, requests) = world.run(tree.path(), None);
    let expected = updates(&undisturbed);
    assert!(undisturbed.problems.is_empty(), "{:?}", undisturbed.problems);
    for (name, _) in HOST_OF {
        assert!(expected[name].contains("1.1.0"), "{name} has an update: {expected:?}");
    }
    assert!(requests.len() >= 12, "the run asks everybody: {requests:#?}");
    drop(tree);
    let names: Vec<String> = requests.into_iter().collect();
    let plans: Vec<Plan> = names.iter().flat_map(|request| plans(request)).collect();
    // Most of the time is waited, so several worlds fail side by side.
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..WORLDS {
            scope.spawn(|| {
                let world = World::start();
                let tree = self::tree(&world);
                let (undisturbed, _) = world.run(tree.path(), None);
                while let Some(plan) = plans.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (outcome, _) = world.run(tree.path(), Some(plan.clone()));
                    check(plan, &outcome, &undisturbed);
                }
            });
        }
    });
    println!("{} faults, and as many runs that ended well", plans.len());
}

/// Returns the ways in which a request is to fail: in each way for ever, and once where asking again may help.
fn plans(request: &str) -> Vec<Plan> {
    let plan = |fault, times| Plan { request: request.to_owned(), fault, times };
    let once = FAULTS.into_iter().filter(|fault| fault.passes()).map(|fault| plan(fault, 1));
    FAULTS.into_iter().map(|fault| plan(fault, usize::MAX)).chain(once).collect()
}

#[track_caller]
fn check(plan: &Plan, outcome: &Outcome, undisturbed: &Outcome) {
    let case = format!("{plan:?}");
    let (found, expected) = (updates(outcome), updates(undisturbed));
    if plan.times == 1 {
        assert_eq!(found, expected, "{case}: asking again helps");
    }
    let lost = lost(&case, &plan.request, outcome, undisturbed);
    if !lost.is_empty() {
        let said = outcome.problems.iter().any(|problem| problem.severity <= Severity::Warning);
        let told = outcome
            .findings
            .iter()
            .any(|finding| finding.skip().is_some() || !finding.choice.warnings.is_empty());
        assert!(said || told, "{case}: {lost:?} are lost in silence");
    }
}

/// Returns what a run lost, and fails if that has nothing to do with one request, or if anything is proposed that is not right.
#[track_caller]
fn lost(case: &str, request: &str, outcome: &Outcome, undisturbed: &Outcome) -> Vec<&'static str> {
    let (found, expected) = (updates(outcome), updates(undisturbed));
    let failing = request.split(' ').next().unwrap();
    let mut lost = Vec::new();
    for (name, host) in HOST_OF {
        if found[name] == expected[name] {
            continue;
        }
        assert_eq!(host, failing, "{case}: {name} has nothing to do with it");
        // Nothing else is proposed than what is right; it may be less.
        let parts: Vec<&str> = expected[name].split(", ").collect();
        for update in found[name].split(", ").filter(|update| !update.is_empty()) {
            assert!(parts.contains(&update) || update.contains("1.0.1"), "{case}: {name} would get {update}");
        }
        lost.push(name);
    }
    let known = patches(undisturbed);
    for patch in patches(outcome) {
        assert!(known.contains(&patch) || lost.iter().any(|name| patch.contains(name)), "{case}: {patch}");
    }
    lost
}

/// Fields that hold lists where nothing may mean an empty list.
const LISTS: [&str; 4] = ["nodes", "[]", "releases", "refs"];

#[test]
fn each_field_that_a_registry_leaves_out_costs_only_what_it_is_about() {
    let world = World::patient();
    let tree = tree(&world);
    world.run(tree.path(), None);
    let said = std::mem::take(&mut world.state.lock().unwrap().said);
    let mutations: Vec<Mutation> = said
        .iter()
        .flat_map(|(request, value)| ways_into(value).into_iter().map(move |way| (request, way)))
        // A list that is said to be empty is one.
        .filter(|(_, way)| !way.last().is_some_and(|step| LISTS.contains(&step.as_str())))
        .enumerate()
        // Each way in turn, so that each kind of answer meets all of them.
        .map(|(index, (request, way))| Mutation {
            request: request.clone(),
            way,
            how: Change::ALL[index % 3],
        })
        .collect();
    assert!(mutations.len() > 40, "{said:#?}");
    drop(tree);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let world = World::patient();
                let tree = self::tree(&world);
                let (undisturbed, _) = world.run(tree.path(), None);
                while let Some(mutation) = mutations.get(next.fetch_add(1, Ordering::Relaxed)) {
                    world.state.lock().unwrap().mutation = Some(mutation.clone());
                    let (outcome, _) = world.run(tree.path(), None);
                    // A list that leaves out a version is believed, so there is nothing to tell.
                    lost(&format!("{mutation:?}"), &mutation.request, &outcome, &undisturbed);
                }
            });
        }
    });
    println!("{} changes of fields, and as many runs that ended well", mutations.len());
}

/// Runs with a cache that was treated badly after an earlier run filled it, and expects what a run without any cache finds.
#[track_caller]
fn check_cache(treat: impl Fn(&Path)) {
    let world = World::start();
    let tree = tree(&world);
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("cache");
    let (first, _) = world.run_with_cache(tree.path(), None, Some(&cache));
    treat(&cache);
    let (second, _) = world.run_with_cache(tree.path(), None, Some(&cache));
    assert_eq!(updates(&second), updates(&first));
    assert_eq!(patches(&second), patches(&first));
    assert_eq!(second.problems, []);
}

/// Returns every file of the cache.
fn entries(cache: &Path) -> Vec<std::path::PathBuf> {
    let entries: Vec<_> = support::files(cache).into_iter().map(|(path, _)| cache.join(path)).collect();
    assert!(entries.len() > 3, "the cache is in use");
    entries
}

#[test]
fn a_cache_with_damaged_entries_is_as_good_as_none() {
    check_cache(|cache| entries(cache).iter().for_each(|path| fs::write(path, b"\xff{\"x").unwrap()));
    check_cache(|cache| entries(cache).iter().for_each(|path| fs::write(path, b"").unwrap()));
    check_cache(|cache| {
        for path in entries(cache) {
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        }
    });
    // What belongs to one reply lies where another one is looked for.
    check_cache(|cache| {
        let paths = entries(cache);
        let contents: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
        for (path, bytes) in paths.iter().zip(contents.iter().cycle().skip(1)) {
            fs::write(path, bytes).unwrap();
        }
    });
}

#[test]
fn a_cache_that_cannot_be_written_costs_only_the_cache() {
    check_cache(|cache| {
        fs::remove_dir_all(cache).unwrap();
        fs::write(cache, "a file where a folder should be").unwrap();
    });
    check_cache(|cache| {
        for path in entries(cache) {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
    });
}

#[test]
fn a_clock_that_jumps_makes_nothing_old_or_new() {
    for seconds in [0, 4_000_000_000] {
        check_cache(|cache| {
            let time = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            for path in entries(cache) {
                fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
            }
        });
    }
}

#[test]
fn two_processes_on_one_cache_do_not_disturb_each_other() {
    let world = World::start();
    let tree = tree(&world);
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("cache");
    let (alone, _) = world.run(tree.path(), None);
    for _ in 0..3 {
        thread::scope(|scope| {
            let run = || world.run_with_cache(tree.path(), None, Some(&cache)).0;
            let both = [scope.spawn(run), scope.spawn(run)];
            for outcome in both.map(|run| run.join().unwrap()) {
                assert_eq!(updates(&outcome), updates(&alone));
                assert_eq!(outcome.problems, []);
            }
        });
    }
}
