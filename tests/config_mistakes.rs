//! What people get wrong in a configuration, and how `updraft config check` shows it: what, where, and what to do.
//!
//! Each folder of `tests/fixtures/config` is a configuration, with what is said of it in `told.txt`, and, where old names and forms can be
//! written anew, the patch that `updraft config migrate` prints in `migrated.patch`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::path::PathBuf;

use support::{check_snapshot, copy_of, fixture, folder_with, replayed, updraft};

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(fixture("config")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

#[test]
fn every_mistake_is_shown_where_it_stands() {
    for case in cases() {
        let ran = replayed(&["config", "check", case.to_str().unwrap()]);
        let told = format!("{}{}exit code {}\n", ran.err, ran.out, ran.code);
        check_snapshot(&case.join("told.txt"), &told);
    }
}

#[test]
fn old_names_can_be_written_anew() {
    for case in cases() {
        let ran = updraft(&["config", "migrate", case.to_str().unwrap()]);
        if !ran.out.is_empty() || case.ends_with("old-names") {
            check_snapshot(&case.join("migrated.patch"), &ran.out);
        }
    }
}

#[test]
fn what_was_written_anew_means_the_same_and_is_new() {
    let repository = copy_of("config/old-names");
    let path = repository.path().to_str().unwrap();
    let ran = updraft(&["config", "migrate", "--apply", path]).expect(0);
    assert!(ran.err.contains("brought up to date"), "{}", ran.err);
    let ran = updraft(&["config", "migrate", path]).expect(0);
    assert_eq!((ran.out.as_str(), ran.err.trim_end()), ("", "nothing is old in the configuration"));
    let text = fs::read_to_string(repository.path().join("renovate.json5")).unwrap();
    assert!(text.contains("// What we start from.") && text.contains("// time to look"), "{text}");
}

#[test]
fn a_second_configuration_is_told() {
    let files = [("renovate.json", "{}"), (".renovaterc.json5", "{labels: ['a']}")];
    let repository = folder_with(&files);
    let ran = replayed(&["config", "check", repository.path().to_str().unwrap()]).expect(0);
    assert!(ran.err.contains("`.renovaterc.json5` is not read: `renovate.json` comes first"), "{}", ran.err);
}

#[test]
fn the_schema_is_one_document() {
    let ran = updraft(&["config", "schema"]).expect(0);
    let schema: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["definitions"]["options"]["properties"]["automerge"]["anyOf"][0]["type"], "boolean");
}
