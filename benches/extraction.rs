//! How long it takes to find the dependencies of a large repository, and to read the YAML in it.

#![expect(clippy::expect_used, reason = "a benchmark may break down")]
mod support;

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
