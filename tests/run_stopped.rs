//! A run that is told to stop, as Kubernetes does it: it ends after the write that is under way, and the next run goes on.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use github::{Account, Failure, Fault, Gate, GitHub, Moment, Rights};
use tempfile::TempDir;

const TOKEN: &str = "secret";

/// Returns a run, which is not started yet, over a repository that has no configuration and is to be offered one: four writes.
fn run(github: &GitHub, home: &TempDir) -> Command {
    let mut command = support::command(&["run", "me/lab", "--endpoint", &github.api()], home);
    command.env("UPDRAFT_TOKEN", TOKEN);
    command
}

/// Starts a GitHub with that repository.
fn github() -> GitHub {
    let github = GitHub::start();
    github.account(TOKEN, Account::user("bot", Rights::Write));
    github.repository("me/lab", &[("notes.txt", "nothing to do\n")]);
    github
}

/// Tells a run to stop when the write number `write` has had its effect and its answer is still to come. Returns the exit code.
fn stopped_at(github: &GitHub, home: &TempDir, write: usize) -> i32 {
    let process = Arc::new(Mutex::new(None::<u32>));
    let (id, heard) = (Arc::clone(&process), Gate::default());
    let gate = heard.clone();
    let stop = move || {
        let id = id.lock().unwrap().expect("it runs");
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().unwrap();
        assert!(told.success());
        gate.wait();
    };
    github.fault(Fault::on("write", ".", Failure::Call(Moment::After, Arc::new(stop))).skip(write));
    let mut child = {
        // Nobody asks for the id before it is known.
        let mut process = process.lock().unwrap();
        let child = run(github, home).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        *process = Some(child.id());
        child
    };
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        if line.unwrap().contains("told to stop") {
            heard.open();
        }
    }
    child.wait().unwrap().code().expect("it ends by itself")
}

#[test]
fn a_run_that_is_told_to_stop_writes_nothing_more_and_the_next_one_goes_on() {
    let undisturbed = github();
    let home = TempDir::new().unwrap();
    support::run(run(&undisturbed, &home)).expect(0);
    let writes = undisturbed.writes().len();
    assert!(writes > 2, "{:?}", undisturbed.writes());

    for write in 0..writes {
        let (github, home) = (github(), TempDir::new().unwrap());
        let code = stopped_at(&github, &home, write);
        assert!(code == 0 || code == 1, "it is neither killed nor wrongly used: {code}");
        assert_eq!(github.writes(), undisturbed.writes()[..=write], "stopped at write {write}");
        support::run(run(&github, &home)).expect(0);
        let pulls: Vec<String> =
            github.writes().into_iter().filter(|write| write.ends_with("/pulls")).collect();
        assert_eq!(pulls.len(), 1, "stopped at write {write}: {:?}", github.writes());
    }
}
