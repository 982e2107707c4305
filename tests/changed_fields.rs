//! Each field of what Docker Hub, quay.io, registries of images, their token services and chart repositories say is null, left out, or of another
//! kind, in a whole run in the recorded world: the run ends, nothing is proposed that the undisturbed documents do not have, what has nothing to do
//! with it is as it would have been, and what is lost is told.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "what was tried is printed, so that it can be counted")]

#[path = "support/mutants.rs"]
mod mutants;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mutants::{Change, change, ways_into};
use serde_json::{Value, json};
use tempfile::TempDir;
use updraft::datasource;
use updraft::http::{DockerConfig, Http, HttpSettings, World};
use updraft::run::{Finding, Outcome, Session};
use updraft::source::local;

/// A stored document.
#[derive(Clone, Debug)]
struct Document {
    /// The reply, as the store has it.
    reply: PathBuf,
    url: String,
    value: Value,
    layout: Layout,
}

/// How a document is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Json,
    Yaml,
}

/// A field that is not what it should be.
#[derive(Clone, Debug)]
struct Mutation {
    document: Document,
    way: Vec<String>,
    how: Change,
}

/// Returns the documents of the recorded world.
fn documents() -> Vec<Document> {
    let store = support::fixture("registries");
    let mut documents = Vec::new();
    for (reply, bytes) in support::files(&store) {
        if !reply.to_string_lossy().ends_with(".reply.json") {
            continue;
        }
        let entry: Value = serde_json::from_slice(&bytes).unwrap();
        let url = entry["request"]["url"].as_str().unwrap().to_owned();
        let yaml = entry["file"].as_str().filter(|name| name.strip_suffix(".yaml").is_some());
        if let Some(name) = yaml {
            let text = fs::read_to_string(store.join(&reply).with_file_name(name)).unwrap();
            let value = serde_yaml::from_str(&text).unwrap();
            documents.push(Document { reply, url, value, layout: Layout::Yaml });
        } else if !entry["json"].is_null() {
            documents.push(Document { reply, url, value: entry["json"].clone(), layout: Layout::Json });
        }
    }
    documents
}

/// Does a whole dry run of the demonstration's repository in a stored world.
fn run(tree: &Path, store: &Path) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = HttpSettings { world: World::Replay(store.to_owned()), ..HttpSettings::default() };
        let http = Http::new(settings).unwrap();
        let datasources = datasource::all(&http, DockerConfig::default());
        let now = support::NOW.parse().unwrap();
        let forge = "https://api.github.com/".parse().unwrap();
        let session = Session { http, datasources, now, problems: Vec::new(), config: None, forge };
        let run = async {
            let snapshot = local::read(tree).unwrap();
            let reading = session.understand(tree, snapshot, Instant::now()).await.unwrap();
            session.decide(reading).await
        };
        tokio::time::timeout(Duration::from_secs(60), run).await.expect("the run ends")
    })
}

/// Returns a dependency's place, which stays as it is.
fn place(finding: &Finding) -> String {
    let dep = &finding.dep.dep;
    format!("{} {:?} {}", dep.file, dep.slots.first().map(|slot| slot.span.start), dep.dep_name)
}

/// Returns what becomes of each dependency.
fn updates(outcome: &Outcome) -> BTreeMap<String, Vec<String>> {
    let told = |finding: &Finding| {
        let updates = finding.choice.updates.iter();
        let told = updates
            .map(|update| format!("{} {:?} {:?}", update.update_type, update.new_value, update.new_digest));
        (place(finding), told.collect())
    };
    outcome.findings.iter().map(told).collect()
}

/// Whether a document is what tells about a dependency. An index is about all charts, or about the one that a field is of.
fn is_about(mutation: &Mutation, finding: &Finding) -> bool {
    let name = finding.dep.dep.package_name.rsplit('/').next().unwrap();
    match mutation.document.layout {
        Layout::Json => mutation.document.url.contains(name),
        Layout::Yaml => {
            let host = mutation.document.url.split('/').nth(2).unwrap();
            let is_asked = finding.dep.dep.registry_urls.iter().any(|url| url.contains(host));
            is_asked && mutation.way.get(1).is_none_or(|chart| chart == name)
        }
    }
}

/// Fails if a run did what a changed field does not warrant.
#[track_caller]
fn check(mutation: &Mutation, outcome: &Outcome, undisturbed: &Outcome) {
    let case = format!("{} {} {:?}", mutation.document.url, mutation.way.join("."), mutation.how);
    let (found, expected) = (updates(outcome), updates(undisturbed));
    assert_eq!(found.len(), expected.len(), "{case}");
    let text = mutation.document.value.to_string();
    // A list that leaves out a version is believed.
    let leaves_out =
        mutation.way.last().is_none_or(|step| ["name", "version", "[]", "tags"].contains(&step.as_str()));
    for finding in &outcome.findings {
        let place = place(finding);
        let (found, expected) = (&found[&place], &expected[&place]);
        if found == expected {
            continue;
        }
        assert!(is_about(mutation, finding), "{case}: {place} has nothing to do with it: {found:?}");
        for update in &finding.choice.updates {
            let is_known =
                update.new_value.as_ref().is_none_or(|value| text.contains(value.trim_start_matches('v')));
            assert!(is_known, "{case}: {place} would get {update:?}");
        }
        let is_told = finding.skip().is_some() || !finding.choice.warnings.is_empty();
        assert!(is_told || leaves_out || !found.is_empty(), "{case}: {place} lost {expected:?} in silence");
    }
}

/// Puts a document with its change into a store.
fn store(folder: &Path, mutation: &Mutation) {
    let mut value = mutation.document.value.clone();
    change(&mut value, &mutation.way, mutation.how);
    let text = match mutation.document.layout {
        Layout::Json => value.to_string(),
        Layout::Yaml => serde_yaml::to_string(&value).unwrap(),
    };
    let path = folder.join(&mutation.document.reply);
    let mut entry: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let fields = entry.as_object_mut().unwrap();
    fields.retain(|name, _| !["json", "file"].contains(&name.as_str()));
    fields.insert("text".to_owned(), json!(text));
    fs::write(path, entry.to_string()).unwrap();
}

#[test]
fn each_field_that_a_registry_leaves_out_costs_only_what_it_is_about() {
    let tree: TempDir = support::copy_of("repos/homelab");
    let documents = documents();
    assert!(documents.iter().filter(|document| document.layout == Layout::Yaml).count() >= 2);
    let ways = documents
        .iter()
        .flat_map(|document| ways_into(&document.value).into_iter().map(move |way| (document, way)));
    // Each way in turn, so that each kind of document meets all of them.
    let mutations: Vec<Mutation> = ways
        .enumerate()
        .map(|(index, (document, way))| Mutation {
            document: document.clone(),
            way,
            how: Change::ALL[index % 3],
        })
        .collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let world = support::copy_of("registries");
                let undisturbed = run(tree.path(), world.path());
                while let Some(mutation) = mutations.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let path = world.path().join(&mutation.document.reply);
                    let before = fs::read(&path).unwrap();
                    store(world.path(), mutation);
                    check(mutation, &run(tree.path(), world.path()), &undisturbed);
                    fs::write(path, before).unwrap();
                }
            });
        }
    });
    println!(
        "{} changes of fields of {} documents, and as many runs that ended well",
        mutations.len(),
        documents.len()
    );
}
