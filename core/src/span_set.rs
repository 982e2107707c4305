//! Many spans of one file, to ask quickly whether one of them lies inside another span.

use std::collections::BTreeMap;

use crate::name::RepoPath;
use crate::span::ByteSpan;

/// The spans of one file.
#[derive(Clone, Debug, Default)]
pub struct SpanSet {
    /// By where they start; each with the lowest end of all that start there or later.
    lowest_ends: Vec<(usize, usize)>,
}

impl SpanSet {
    /// Returns the spans of each file.
    pub fn by_file<'a>(
        places: impl IntoIterator<Item = (&'a RepoPath, ByteSpan)>,
    ) -> BTreeMap<RepoPath, Self> {
        let mut by_file: BTreeMap<&RepoPath, Vec<ByteSpan>> = BTreeMap::new();
        for (file, span) in places {
            by_file.entry(file).or_default().push(span);
        }
        by_file.into_iter().map(|(file, spans)| (file.clone(), spans.into_iter().collect())).collect()
    }

    /// Returns whether one of them lies inside `outer` or is the same, in logarithmic time.
    pub fn any_within(&self, outer: ByteSpan) -> bool {
        let from = self.lowest_ends.partition_point(|(start, _)| *start < outer.start);
        self.lowest_ends.get(from).is_some_and(|(_, lowest_end)| *lowest_end <= outer.end)
    }

    /// Returns whether one of them lies inside `outer` and leaves out some of its bytes, in logarithmic time.
    pub fn any_smaller_within(&self, outer: ByteSpan) -> bool {
        !outer.is_empty()
            && (self.any_within(ByteSpan::new(outer.start + 1, outer.end))
                || self.any_within(ByteSpan::new(outer.start, outer.end - 1)))
    }
}

impl FromIterator<ByteSpan> for SpanSet {
    fn from_iter<I: IntoIterator<Item = ByteSpan>>(spans: I) -> Self {
        let mut spans: Vec<ByteSpan> = spans.into_iter().collect();
        spans.sort_unstable();
        let mut lowest = usize::MAX;
        let mut lowest_ends = Vec::with_capacity(spans.len());
        for span in spans.iter().rev() {
            lowest = lowest.min(span.end);
            lowest_ends.push((span.start, lowest));
        }
        lowest_ends.reverse();
        Self { lowest_ends }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span() -> impl Strategy<Value = ByteSpan> {
        (0_usize..12, 0_usize..6).prop_map(|(start, len)| ByteSpan::new(start, start + len))
    }

    proptest! {
        #[test]
        fn answers_as_looking_at_each_one_would(
            spans in prop::collection::vec(span(), 0..8),
            outer in span(),
        ) {
            let set: SpanSet = spans.iter().copied().collect();
            prop_assert_eq!(set.any_within(outer), spans.iter().any(|span| outer.contains(*span)));
            let smaller = |span: &ByteSpan| *span != outer && outer.contains(*span);
            prop_assert_eq!(set.any_smaller_within(outer), spans.iter().any(smaller));
        }
    }

    #[test]
    fn a_span_that_starts_inside_and_ends_outside_is_not_within() {
        let set: SpanSet = [ByteSpan::new(3, 9)].into_iter().collect();
        assert!(!set.any_within(ByteSpan::new(2, 8)));
        assert!(set.any_within(ByteSpan::new(3, 9)));
        assert!(!set.any_smaller_within(ByteSpan::new(3, 9)));
    }
}
