//! A GitHub that leaves things out: in each answer that the bot reads, each field is in turn null, missing, or of another kind. The run ends and
//! says so, and in the repository there is nothing that neither was there before nor would be there after an undisturbed run.

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
#[path = "support/mutants.rs"]
mod mutants;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use github::web::{Request, Response};
use github::{Failure, Fault};
use inside::{State, check_each, chosen, full_step, inside, late, route, said, scenes};
use mutants::{Change, change, ways_into};
use regex::Regex;
use scene::Scene;
use serde_json::Value;

/// A field of an answer: where it is asked for, and its way from the outermost value; `[]` is the entries of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Field {
    route: String,
    way: Vec<String>,
}

/// One thing that is wrong, always in the same way.
#[derive(Clone, Debug)]
struct Mutation {
    place: &'static str,
    field: Field,
    change: Change,
}

/// Returns the names of all fields that the code reads of GitHub's answers.
fn fields_that_are_read() -> BTreeSet<String> {
    let structure = Regex::new(r"(?s)derive\([^)]*Deserialize[^)]*\)\].*?\n}").unwrap();
    let field = Regex::new(r#"(?m)^ +(?:pub\(super\) )?([a-z_]+):|rename = "([a-z_]+)""#).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/forge/github");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for found in structure.find_iter(&text) {
            let fields = field.captures_iter(found.as_str());
            names.extend(fields.map(|field| field.get(1).or(field.get(2)).unwrap().as_str().to_owned()));
        }
    }
    assert!(names.len() > 40 && names.contains("sha") && names.contains("ref"), "{names:?}");
    names
}

/// Returns changes of every field that an undisturbed run is told and reads.
fn mutations(place: &'static str, before: &Scene) -> Vec<Mutation> {
    let scene = before.copy();
    let seen: Arc<Mutex<BTreeSet<Field>>> = Arc::default();
    let names = fields_that_are_read();
    let note = {
        let seen = Arc::clone(&seen);
        move |request: &Request, response: Response| {
            // What stands in a file is the repository's, not GitHub's.
            let value =
                serde_json::from_slice(&response.body).ok().filter(|_| !request.path.contains("/git/blobs/"));
            if let Some(value) = value {
                let found = ways_into(&value);
                let is_read = |way: &Vec<String>| way.iter().all(|step| step == "[]" || names.contains(step));
                let route = route(request);
                let fields = found.into_iter().filter(is_read).map(|way| Field { route: route.clone(), way });
                seen.lock().unwrap().extend(fields);
            }
            response
        }
    };
    scene.github.fault(Fault::on("*", "", Failure::Alter(Arc::new(note))).times(usize::MAX));
    inside(&scene);
    let seen = seen.lock().unwrap();
    let changes = |field: &Field| Change::ALL.map(|change| Mutation { place, field: field.clone(), change });
    seen.iter().flat_map(changes).collect()
}

/// Runs with one thing wrong; returns what is wrong with what came of it.
fn check(mutation: &Mutation, scene: &Scene, before: &State, after: &State) -> Vec<String> {
    let answer = {
        let Mutation { field: Field { route: wanted, way }, change: how, .. } = mutation.clone();
        move |request: &Request, mut response: Response| {
            if route(request) == wanted
                && let Ok(mut value) = serde_json::from_slice::<Value>(&response.body)
            {
                change(&mut value, &way, how);
                response.body = serde_json::to_vec(&value).unwrap();
                // GitHub's tags are of what it says.
                response.headers.retain(|(name, _)| name != "etag");
                response = response.with("etag", "\"other\"");
            }
            response
        }
    };
    scene.github.fault(Fault::on("*", "", Failure::Alter(Arc::new(answer))).times(usize::MAX));
    let ran = inside(scene);
    let now = State::of(scene);
    let mut wrong = now.wrong(before, after);
    wrong.extend(late(&ran));
    let told = said(&ran);
    if now != *after && told.is_empty() {
        wrong.push(format!("it ended elsewhere and said nothing: {:?}", now.differences(after)));
    }
    scene.github.heal();
    if now != *after {
        let next = inside(scene);
        let later = State::of(scene);
        wrong.extend(later.wrong(after, after).into_iter().map(|text| format!("the next run: {text}")));
        if later != *after {
            wrong.push(format!(
                "the next run ended elsewhere: {:?}; it said: {:?}",
                later.differences(after),
                said(&next)
            ));
        }
    }
    if !wrong.is_empty() {
        let Mutation { place, field: Field { route, way }, change } = mutation;
        wrong.insert(0, format!("{place}: {route}: {} is {change:?}:", way.join(".")));
        wrong.push(format!("it said: {told:#?}"));
    }
    wrong
}

#[test]
fn a_field_that_github_leaves_out_makes_nothing_wrong() {
    check_every(127);
}

#[test]
#[ignore = "takes minutes: `cargo test --test unexpected_answers -- --ignored`"]
fn each_field_that_github_leaves_out_makes_nothing_wrong() {
    check_every(full_step());
}

/// Lets every `step`th of all changes happen.
#[track_caller]
fn check_every(step: usize) {
    // A list that comes empty is believed: nothing shows that there ever was anything on it.
    let is_believed = |mutation: &Mutation| {
        let Field { route, way } = &mutation.field;
        let lists = ["/issues?state=open", "/pulls?state=open", "/pulls?state=all"];
        mutation.change == Change::Missing && way == &["[]"] && lists.iter().any(|list| route.ends_with(list))
    };
    let mut stages = BTreeMap::new();
    let (mut all, mut known) = (Vec::new(), BTreeSet::new());
    for (place, before) in scenes() {
        let after = before.copy();
        assert_eq!(said(&inside(&after)), [""; 0]);
        let (state_before, state_after) = (State::of(&before), State::of(&after));
        assert!(state_before != state_after, "{place}");
        let mut mutations = mutations(place, &before);
        if place == "a token everywhere" {
            // What it is told otherwise than the others.
            mutations.retain(|mutation| !known.contains(&mutation.field));
        }
        mutations.retain(|mutation| !is_believed(mutation));
        known.extend(mutations.iter().map(|mutation| mutation.field.clone()));
        all.extend(mutations);
        stages.insert(place, (before, state_before, state_after));
    }
    assert!(all.len() > 500, "{} are too few", all.len());
    let mutations: Vec<Mutation> = chosen(all.into_iter().step_by(step).collect());
    check_each(&mutations, |mutation| {
        let (scene, before, after) = &stages[mutation.place];
        check(mutation, &scene.copy(), before, after)
    });
    let routes: BTreeSet<&str> = mutations.iter().map(|mutation| mutation.field.route.as_str()).collect();
    println!(
        "{} answers, {} changes of their fields, and as many runs that ended well",
        routes.len(),
        mutations.len()
    );
}
