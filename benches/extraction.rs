//! How long it takes to find the dependencies of a large repository, and to read the YAML in it.
//!
//! The processes that are started need the time of an empty one (`a_process_that_does_nothing`), which is not ours.

#![expect(clippy::expect_used, reason = "a benchmark may break down")]
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use updraft::run::Managers;
use updraft_core::config::Config;
use updraft_core::source::SourceFile;
use updraft_core::yaml;

const FILES: u64 = 1300;

fn main() {
    divan::main();
}

/// All managers over all files, parsing included: on as many threads as there are cores.
#[divan::bench(sample_count = 20)]
fn repository_of_1300_files(bencher: Bencher<'_, '_>) {
    let config = Config::without_file();
    bencher.counter(ItemsCount::new(FILES)).with_inputs(|| support::repository(FILES)).bench_values(
        |files| {
            let files: Vec<&SourceFile> = files.iter().collect();
            Managers::new(&config).extract(&files).deps.len()
        },
    );
}

/// Runs the binary in a world of its own.
fn updraft(arguments: &[&str], folder: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_updraft"));
    finish(command.args(arguments).arg(folder));
}

fn finish(command: &mut Command) {
    let status = command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.expect("the program runs").success(), "{command:?}");
}

/// The whole command on a working tree: the process, the walk, reading, parsing, and the report.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn command_on_1300_files(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    support::write(&support::repository(FILES), folder.path());
    bencher
        .counter(ItemsCount::new(FILES))
        .bench_local(|| updraft(&["extract", "--format", "json"], folder.path()));
}

/// The whole command where there is nothing to read: what it takes to start and to end.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn command_on_an_empty_folder(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    bencher.bench_local(|| updraft(&["extract", "--format", "json"], folder.path()));
}

/// What the commands are measured against: any process takes that long.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn a_process_that_does_nothing(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| finish(&mut Command::new("/bin/true")));
}

/// What the command on files is measured against: reading each of them, one after the other.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn reading_1300_files(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = support::repository(FILES);
    support::write(&files, folder.path());
    let paths: Vec<_> = files.iter().map(|file| folder.path().join(file.path.as_str())).collect();
    bencher
        .counter(ItemsCount::new(FILES))
        .bench_local(|| paths.iter().map(|path| fs::read(path).expect("a file").len()).sum::<usize>());
}

fn manifests() -> String {
    (0..400).map(support::helm_release).collect()
}

/// Where every value stands, with its bytes.
#[divan::bench(sample_count = 20)]
fn yaml_with_spans(bencher: Bencher<'_, '_>) {
    let text: std::sync::Arc<str> = manifests().into();
    bencher.counter(BytesCount::of_str(&text)).bench(|| yaml::parse(black_box(&text)));
}

/// The values only, of the same text: what it is measured against.
#[divan::bench(sample_count = 20)]
fn yaml_by_serde(bencher: Bencher<'_, '_>) {
    use serde::Deserialize as _;
    let text = manifests();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let documents = serde_yaml::Deserializer::from_str(black_box(&text));
        documents.map(|document| serde_yaml::Value::deserialize(document).expect("YAML")).collect::<Vec<_>>()
    });
}
