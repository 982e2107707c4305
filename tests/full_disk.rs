//! A disk that is full, and a reader that goes away: the run goes on or ends with a sentence, and no file is half written.
//!
//! The disk is full as far as a process can tell: the system lets it write files of so many bytes and no more, and says so by an error.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "what was tried is printed, so that it can be counted")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use scene::{SLUG, Scene, plain_config};
use serde_json::json;
use support::{Ran, command, copy_of, files, fixture, run};
use tempfile::TempDir;

/// Returns a command for which every file ends at so many blocks of 512 bytes.
fn on_full_disk(inner: &Command, blocks: u32) -> Command {
    println!("a full disk");
    let mut limited = Command::new("sh");
    // Without the trap the system would end the process instead of refusing.
    limited.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]);
    limited.arg(inner.get_program()).args(inner.get_args());
    if let Some(folder) = inner.get_current_dir() {
        limited.current_dir(folder);
    }
    limited.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited
}

/// Returns a dry run in the recorded world.
fn replayed(folder: &Path, more: &[&str], home: &TempDir) -> Command {
    let registries = fixture("registries");
    let fixed = [
        "dry-run",
        folder.to_str().unwrap(),
        "--replay",
        registries.to_str().unwrap(),
        "--now",
        support::NOW,
    ];
    command(&[&fixed, more].concat(), home)
}

#[track_caller]
fn does_not_panic(ran: &Ran, what: &str) {
    assert!(!ran.err.contains("panicked") && !ran.err.contains("RUST_BACKTRACE"), "{what}: {}", ran.err);
}

/// How many times `text` is said on stderr.
fn times(ran: &Ran, text: &str) -> usize {
    ran.err.matches(text).count()
}

/// A bot with two updates and a cache in its home.
fn scene() -> Scene {
    Scene::new(&plain_config(), &[("keel", "1.0.0", &["1.1.0"]), ("mast", "1.0.0", &["1.1.0"])])
}

#[test]
fn a_cache_on_a_full_disk_is_told_of_once_and_costs_only_the_cache() {
    for blocks in [0, 1, 2] {
        let scene = scene();
        let cache = scene.home().path().join("cache");
        let command = scene.command(&[SLUG, "--cache-dir", cache.to_str().unwrap()]);
        let ran = run(on_full_disk(&command, blocks)).expect(0);
        assert_eq!(scene.hub().pulls().len(), 2, "{blocks}: {}", ran.err);
        assert_eq!(times(&ran, "cannot be cached"), 1, "{blocks}: {}", ran.err);
        for (path, bytes) in files(&cache) {
            // What is there is whole: a line that says what it is, and the body that it speaks of.
            let first = bytes.split(|byte| *byte == b'\n').next().unwrap();
            let is_marker = path.ends_with("cleaned");
            assert!(
                is_marker || serde_json::from_slice::<serde_json::Value>(first).is_ok(),
                "{}",
                path.display()
            );
            assert!(!path.file_name().unwrap().to_str().unwrap().starts_with('.'), "{}", path.display());
        }
        assert_eq!(scene.writes(), [""; 0], "{blocks}: the next run finds all done");
    }
}

#[test]
fn a_working_tree_on_a_full_disk_stays_as_it_was() {
    let home = TempDir::new().unwrap();
    let whole = copy_of("repos/homelab");
    let before = files(whole.path());
    run(replayed(whole.path(), &["--apply"], &home)).expect(0);
    let whole = files(whole.path());
    assert!(whole != before);
    for blocks in [0, 1, 2] {
        let tree = copy_of("repos/homelab");
        let ran = run(on_full_disk(&replayed(tree.path(), &["--apply"], &home), blocks));
        does_not_panic(&ran, "apply");
        let now = files(tree.path());
        let written = now.iter().zip(&before).filter(|(now, before)| now != before).count();
        assert_eq!(now.len(), before.len(), "{blocks}: nothing is left beside it");
        for ((now, before), whole) in now.iter().zip(&before).zip(&whole) {
            assert!(now == before || now == whole, "{blocks}: {} is half written", now.0.display());
        }
        assert!(blocks > 0 || written == 0);
        let refused = times(&ran, "error: cannot write `");
        let edited = whole.iter().zip(&before).filter(|(whole, before)| whole != before).count();
        assert_eq!(written + refused, edited, "{blocks}: {}", ran.err);
        assert_eq!(ran.code, i32::from(refused > 0), "{blocks}: {}", ran.err);
    }
}

#[test]
fn patches_on_a_full_disk_are_whole_or_not_there() {
    let (home, patches) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = fixture("repos/homelab");
    let arguments = ["--patches", patches.path().to_str().unwrap()];
    let ran = run(on_full_disk(&replayed(&folder, &arguments, &home), 0));
    does_not_panic(&ran, "patches");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(times(&ran, "cannot write `"), 1, "{}", ran.err);
    assert_eq!(files(patches.path()), []);
}

#[test]
fn a_recording_on_a_full_disk_is_said_to_be_incomplete_and_the_run_goes_on() {
    let scene = scene();
    let tree = TempDir::new().unwrap();
    for name in ["keel", "mast"] {
        fs::write(tree.path().join(format!("{name}.yaml")), scene.manifest(name, "1.0.0")).unwrap();
    }
    let config = json!({"kubernetes": {"managerFilePatterns": ["/\\.yaml$/"]}});
    fs::write(tree.path().join("renovate.json"), config.to_string()).unwrap();
    for blocks in [0, 1] {
        let store = TempDir::new().unwrap();
        let arguments = [
            "dry-run",
            tree.path().to_str().unwrap(),
            "--record",
            store.path().to_str().unwrap(),
            "--format",
            "json",
        ];
        let mut inner = command(&arguments, scene.home());
        inner.env("UPDRAFT_HOST_RULES", json!([scene.registry.rule()]).to_string());
        let ran = run(on_full_disk(&inner, blocks));
        does_not_panic(&ran, "record");
        let report = ran.json();
        assert_eq!(report["branches"].as_array().unwrap().len(), 2, "{report:#}");
        let said: Vec<&str> = report["problems"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|problem| problem["severity"] == "error")
            .map(|problem| problem["message"].as_str().unwrap())
            .collect();
        let is_whole = files(store.path()).iter().all(|(_, bytes)| bytes.len() < 512 * blocks as usize);
        assert!(is_whole, "{blocks}: what does not fit is not there");
        let lacks = files(store.path()).is_empty();
        assert!(lacks || blocks > 0);
        if lacks {
            assert_eq!(ran.code, 1, "{}", ran.err);
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with("the recording lacks replies: `"), "{said:?}");
        }
    }
}

#[test]
fn figures_on_a_full_disk_are_the_old_ones() {
    let scene = scene();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("updraft.prom");
    fs::write(&path, "updraft_requests 1\n").unwrap();
    let command = scene.command(&[SLUG, "--metrics", path.to_str().unwrap()]);
    let ran = run(on_full_disk(&command, 0));
    does_not_panic(&ran, "figures");
    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("the figures cannot be written to `"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), "updraft_requests 1\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(scene.hub().pulls().len(), 2, "the work was done");
}

/// Returns each command that prints something long, with the words it is called by.
fn printing(home: &TempDir) -> Vec<(&'static str, Command)> {
    let folder = fixture("repos/homelab");
    let folder = folder.to_str().unwrap();
    vec![
        ("dry-run", replayed(Path::new(folder), &[], home)),
        ("extract", command(&["extract", folder], home)),
        ("config schema", command(&["config", "schema"], home)),
        ("config show", command(&["config", "show", folder, "--offline"], home)),
        ("completions", command(&["completions", "bash"], home)),
        ("help", command(&["dry-run", "--help"], home)),
        ("version", command(&["--version"], home)),
        ("wrong usage", command(&["dry-run", "--nonsense"], home)),
        ("no such folder", command(&["dry-run", "/nowhere/at/all"], home)),
    ]
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = TempDir::new().unwrap();
    for (name, inner) in printing(&home) {
        for (out, err) in [("2>&1 | true", ""), (">&-", ""), ("2>&-", ">/dev/null")] {
            // The exit code of the command itself, not of whoever reads.
            let script = format!("{{ \"$@\" {err}; echo $? >&9; }} 9>\"$CODE\" {out}");
            let code = home.path().join("code");
            let mut shell = Command::new("sh");
            shell.args(["-c", &script, "sh"]).arg(inner.get_program()).args(inner.get_args());
            shell.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
            let output = shell.env("CODE", &code).stdin(Stdio::null()).output().unwrap();
            println!("a reader that goes away, or a stream that is closed");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!said.contains("panicked"), "{name} {out}: {said}");
            let code = fs::read_to_string(&code).unwrap();
            assert!(["0", "1", "2"].contains(&code.trim()), "{name} {out}: exit code {code}: {said}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_said_and_is_no_success() {
    let home = TempDir::new().unwrap();
    for (name, mut command) in printing(&home) {
        let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.stdin(Stdio::null()).stdout(full()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{name}: {said}");
        assert!(output.status.code().is_some(), "{name}: {said}");
        let prints_nothing = ["wrong usage", "no such folder", "help", "version"].contains(&name);
        assert!(prints_nothing || output.status.code() != Some(0), "{name}: {said}");
        assert!(prints_nothing || said.contains("the result cannot be written"), "{name}: {said}");
        // Neither can be written.
        let status = command.stdout(full()).stderr(full()).status().unwrap();
        assert!(status.code().is_some_and(|code| code <= 2), "{name}: {status}");
        println!("a stdout that is full\na stdout and a stderr that are full");
    }
}
