//! How long it takes to sort the tags of a busy image.

#![expect(clippy::expect_used, reason = "a benchmark may break down")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use updraft_core::versioning::versioning;

const TAGS: u64 = 10_000;

fn main() {
    divan::main();
}

fn tags() -> Vec<String> {
    (0..TAGS)
        .map(|at| {
            let (major, minor, patch) = (at % 7, at % 89, at % 31);
            match at % 5 {
                0 => format!("v{major}.{minor}.{patch}"),
                1 => format!("{major}.{minor}.{patch}-alpine3.{}", at % 22),
                2 => format!("{major}.{minor}"),
                3 => format!("sha-{:07x}", at * 7919),
                _ => format!("{major}.{minor}.{patch}rc{}", at % 3),
            }
        })
        .collect()
}

#[divan::bench(args = ["docker", "semver-coerced", "helm", "loose", r"regex:^v?(?<major>\d+)\.(?<minor>\d+)(\.(?<patch>\d+))?"])]
fn sort_10000_tags(bencher: Bencher<'_, '_>, id: &str) {
    let (versioning, tags) = (versioning(id).expect("a versioning"), tags());
    bencher
        .counter(ItemsCount::new(TAGS))
        .with_inputs(|| tags.iter().map(String::as_str).collect::<Vec<_>>())
        .bench_refs(|tags| versioning.sort(black_box(tags)));
}

/// What it is measured against: the same texts, as plain texts.
#[divan::bench]
fn sort_10000_texts(bencher: Bencher<'_, '_>) {
    let tags = tags();
    bencher
        .counter(ItemsCount::new(TAGS))
        .with_inputs(|| tags.iter().map(String::as_str).collect::<Vec<_>>())
        .bench_refs(|tags| tags.sort_unstable());
}
