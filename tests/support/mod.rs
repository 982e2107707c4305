//! Runs the real binary as a person would: with a home of its own, and nothing from the environment of whoever runs the tests.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The Thursday on which the recorded world stands still.
pub(crate) const NOW: &str = "2026-11-19T09:00:00Z";

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Fails the test, with all that was said, unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Fails the test unless stderr holds `text`, where the lines may be indented.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let text = text.trim_matches('\n');
        assert!(self.err.contains(text), "expected:\n{text}\n\nstderr:\n{}", self.err);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs `updraft` with `arguments`.
pub(crate) fn updraft(arguments: &[&str]) -> Ran {
    run(command(arguments, &TempDir::new().unwrap()))
}

/// Runs `updraft` with `arguments` in the world that was recorded for the demonstration.
pub(crate) fn replayed(arguments: &[&str]) -> Ran {
    let registries = fixture("registries");
    let world = ["--replay", registries.to_str().unwrap(), "--now", NOW];
    updraft(&[arguments, &world].concat())
}

/// Returns the command, which is not started yet, with `home` as the user's home.
pub(crate) fn command(arguments: &[&str], home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_updraft"));
    command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Ran {
        code: output.status.code().expect("no signal ended it"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// Returns a path under `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Returns a copy of a fixture's folder that a test may change.
pub(crate) fn copy_of(name: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, bytes) in files(&fixture(name)) {
        let target = folder.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
    folder
}

/// Returns a folder that holds `files`.
pub(crate) fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let target = folder.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, text).unwrap();
    }
    folder
}

/// Returns every file below `root`, by its path there, `.git` left out.
pub(crate) fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    fn collect(root: &Path, folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != ".git") {
                collect(root, &path, found);
            } else if path.is_file() {
                found.push((path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    collect(root, root, &mut found);
    found.sort();
    found
}

/// Compares `actual` with the file at `path`; with `UPDATE_SNAPSHOTS` set, writes it there instead.
#[track_caller]
pub(crate) fn check_snapshot(path: &Path, actual: &str) {
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(
        actual == expected,
        "{} differs; `UPDATE_SNAPSHOTS=1 cargo test` rewrites it. Now it is:\n{actual}",
        path.display()
    );
}

/// Runs git in `folder` and returns whether it succeeded, with what it said.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false"])
        .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("these tests need git");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(said) } else { Err(said) }
}
