//! How long it takes to take one chart out of an `index.yaml` of 30 MB that arrives in pieces.

#![expect(clippy::expect_used, reason = "a benchmark may break down")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use updraft::datasource::helm::{LineReader, read_index};

const SIZE: usize = 30 * 1024 * 1024;
/// What a TLS connection hands over at a time, in bytes.
const PIECE: usize = 16 * 1024;

fn main() {
    divan::main();
}

fn index(size: usize) -> Vec<u8> {
    let mut text = "apiVersion: v1\nentries:\n".to_owned();
    for chart in 0.. {
        let _ = writeln!(text, "  chart-{chart}:");
        for version in (0..150).rev() {
            let _ = write!(
                text,
                "  - annotations:
      artifacthub.io/changes: |
        - kind: changed
          description: bump the application to 1.{version}.0
      licenses: Apache-2.0
    apiVersion: v2
    appVersion: 1.{version}.0
    created: \"2024-05-{:02}T10:42:11.123456789Z\"
    dependencies:
    - name: common
      repository: oci://registry.example.org/charts
      version: 2.x.x
    description: A chart that installs an application and says about it what its authors thought of.
    digest: 99c76e403d752c84ead610644d4b1c2f2b453a74b921f422b9dcb8a7c8b559cd
    home: https://example.org/chart-{chart}
    keywords:
    - application
    - server
    maintainers:
    - email: someone@example.org
      name: someone
    name: chart-{chart}
    sources:
    - https://github.com/example/charts
    urls:
    - https://charts.example.org/chart-{chart}-{version}.1.0.tgz
    version: {version}.1.0
",
                version % 28 + 1,
            );
            if text.len() >= size {
                text.push_str("generated: \"2024-06-01T00:00:00Z\"\n");
                return text.into_bytes();
            }
        }
    }
    text.into_bytes()
}

#[divan::bench(sample_count = 10)]
fn by_lines(bencher: Bencher<'_, '_>) {
    let (index, wanted) = (index(SIZE), BTreeSet::from(["chart-20".to_owned()]));
    bencher.counter(BytesCount::new(index.len())).bench(|| {
        let mut reader = LineReader::new(&wanted);
        for piece in black_box(&index).chunks(PIECE) {
            reader.feed(piece).expect("an index");
        }
        reader.finish().expect("an index").names.len()
    });
}

/// The way for layouts that the reader of lines does not know.
#[divan::bench(sample_count = 1)]
fn by_events(bencher: Bencher<'_, '_>) {
    let (index, wanted) = (index(SIZE), BTreeSet::from(["chart-20".to_owned()]));
    bencher.counter(BytesCount::new(index.len())).bench(|| {
        read_index(black_box(&index).chunks(PIECE).map(<[u8]>::to_vec), &wanted).expect("an index")
    });
}

/// What it is measured against: looking at every byte once.
#[divan::bench(sample_count = 10)]
fn counting_lines(bencher: Bencher<'_, '_>) {
    let index = index(SIZE);
    bencher
        .counter(BytesCount::new(index.len()))
        .bench(|| memchr::memchr_iter(b'\n', black_box(&index)).count());
}
