//! An `index.yaml` of any layout is read in pieces of any size; the quick reader either agrees with the thorough one or leaves it to it.
//!
//! They may differ about what the specification of YAML forbids, and the thorough reader takes: a value whose further lines are indented no
//! deeper than what it stands in.
//!
//! The first byte is the size of a piece.

use std::collections::BTreeSet;

use updraft::datasource::helm::{LineReader, read_index};
use updraft_core::yaml::{self, Node, Style};

pub fn check(data: &[u8]) {
    let Some((size, body)) = data.split_first() else { return };
    let size = usize::from(*size).max(1);
    let wanted: BTreeSet<String> = ["fjord", "lakeside", "a"].map(str::to_owned).into();
    let thorough = read_index(body.chunks(size).map(<[u8]>::to_vec), &wanted);
    let mut reader = LineReader::new(&wanted);
    let quick = body.chunks(size).try_for_each(|piece| reader.feed(piece)).and_then(|()| reader.finish());
    if let (Ok(quick), Ok(thorough)) = (quick, thorough)
        && is_indented_as_it_must_be(&super::text(body))
    {
        for (name, chart) in &quick.charts {
            let other =
                thorough.charts.get(name).unwrap_or_else(|| panic!("{name} is only in the quick reading"));
            assert_eq!(chart.releases, other.releases, "{name}");
        }
    }
}

/// Returns whether every further line of a scalar or a flow collection is indented deeper than its first one.
///
/// See <https://yaml.org/spec/1.2.2/#flow-style-productions>.
fn is_indented_as_it_must_be(text: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let file = yaml::parse(&text.into());
    let is_right = |node: Node<'_>| {
        let raw = node.raw();
        let may_continue = match node.style() {
            Some(style) => matches!(style, Style::Plain | Style::SingleQuoted | Style::DoubleQuoted),
            None => raw.starts_with(['{', '[']),
        };
        let first = text[..node.span().start].rfind('\n').map_or(0, |at| at + 1);
        let mut further = raw.lines().skip(1).filter(|line| !line.trim().is_empty());
        !may_continue || further.all(|line| indent(line) > indent(&text[first..]))
    };
    file.documents().iter().all(|document| document.root().walk().all(|step| is_right(step.node)))
}
