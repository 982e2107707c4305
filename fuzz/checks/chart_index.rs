//! An `index.yaml` of any layout is read in pieces of any size; the quick reader either agrees with the thorough one or leaves it to it.
//!
//! The first byte is the size of a piece.

use std::collections::BTreeSet;

use updraft::datasource::helm::{LineReader, read_index};

pub fn check(data: &[u8]) {
    let Some((size, body)) = data.split_first() else { return };
    let size = usize::from(*size).max(1);
    let wanted: BTreeSet<String> = ["fjord", "lakeside", "a"].map(str::to_owned).into();
    let thorough = read_index(body.chunks(size).map(<[u8]>::to_vec), &wanted);
    let mut reader = LineReader::new(&wanted);
    let quick = body.chunks(size).try_for_each(|piece| reader.feed(piece)).and_then(|()| reader.finish());
    if let (Ok(quick), Ok(thorough)) = (quick, thorough) {
        for (name, chart) in &quick.charts {
            let other =
                thorough.charts.get(name).unwrap_or_else(|| panic!("{name} is only in the quick reading"));
            assert_eq!(chart.releases, other.releases, "{name}");
        }
    }
}
