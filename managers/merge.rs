//! Makes one dependency of what several managers, or one of them twice, see in the same bytes.
//!
//! A hostile file may have any number of dependencies on the same bytes (an `ARG` that thousands of images are built from), so
//! nothing here compares each with each.

use std::collections::{BTreeMap, BTreeSet};

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::name::{DatasourceId, RepoPath};
use updraft_core::span::ByteSpan;
use updraft_core::span_set::SpanSet;

/// A dependency with the rank of the manager that found it: the lower, the more specific.
type Ranked<'a> = (usize, &'a Dep);

/// Keeps one dependency of those that are one and the same, in the order of files and bytes; `found` is what each manager found, the more
/// specific first.
///
/// Dependencies are large: only where they stand is put in order, and each of them moves once.
pub(crate) fn merge(found: Vec<Vec<Dep>>) -> Vec<Dep> {
    let all_of = |(rank, own): (usize, &'_ Vec<Dep>)| (0..own.len()).map(move |index| (rank, index));
    let mut order: Vec<(usize, usize)> = found.iter().enumerate().flat_map(all_of).collect();
    let at = |(rank, index): (usize, usize)| found.get(rank).and_then(|own| own.get(index));
    order
        .sort_by_cached_key(|place| at(*place).map(|dep| (&dep.file, dep.span.start, dep.span.end, place.0)));
    let ranked: Vec<Ranked<'_>> = order.iter().filter_map(|place| Some((place.0, at(*place)?))).collect();
    let lost = lost(&ranked);
    let mut found: Vec<Vec<Option<Dep>>> =
        found.into_iter().map(|own| own.into_iter().map(Some).collect()).collect();
    let mut merged = Vec::with_capacity(order.len() - lost.len());
    let kept = order.into_iter().enumerate().filter(|(place, _)| !lost.contains(place));
    merged.extend(kept.filter_map(|(_, (rank, index))| found.get_mut(rank)?.get_mut(index)?.take()));
    merged
}

/// Returns those of `deps` that another one stands for, or that nobody misses.
fn lost(deps: &[Ranked<'_>]) -> BTreeSet<usize> {
    let mut places: Vec<(&RepoPath, ByteSpan, usize)> =
        deps.iter().enumerate().map(|(index, (_, dep))| (&dep.file, place(dep), index)).collect();
    places.sort();
    let mut lost = BTreeSet::new();
    for group in places.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|group| group.len() > 1) {
        lost.extend(losers(deps, group.iter().map(|(_, _, index)| *index)));
    }
    lost.extend(dead_annotations(deps, &lost));
    lost
}

/// Returns the bytes a dependency is identified by: where its value stands, else its digest, else all of it.
fn place(dep: &Dep) -> ByteSpan {
    let rank = |slot: &&Slot| match slot.part {
        Part::Value | Part::ValueOrDigest | Part::ValueNote | Part::Version => 0,
        Part::Digest | Part::DigestHex => 1,
        Part::Template(_) | Part::Name => 2,
    };
    dep.slots.iter().filter(|slot| !slot.span.is_empty()).min_by_key(rank).map_or(dep.span, |slot| slot.span)
}

/// Returns those of `group`, ascending indexes of dependencies on the same bytes, that another one stands for.
///
/// The first one meets those that are the same thing, in order, until it has beaten all or lost to one; then the next one that is
/// left does. Who wins may depend on that order: what an annotation says more is said against one other dependency.
fn losers(deps: &[Ranked<'_>], group: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut losers = Vec::new();
    let mut waiting = Waiting::new(group.filter_map(|index| Some((index, deps.get(index)?))));
    while let Some((index, one)) = waiting.take_first() {
        while let Some((rival, other)) = waiting.first_rival(one) {
            if !precedes(one, other) {
                losers.push(index);
                break;
            }
            waiting.remove(rival, other);
            losers.push(rival);
        }
    }
    losers
}

/// One package as one manager sees it.
type Seen<'a> = (usize, Option<&'a DatasourceId>, &'a str);

/// Dependencies on the same bytes that have not been compared yet, kept so that the next rival of any is found at once.
///
/// Two are rivals, that is the same thing, when two managers saw them, or one manager saw the same package twice.
#[derive(Default)]
struct Waiting<'a> {
    all: BTreeMap<usize, &'a Ranked<'a>>,
    by_rank: BTreeMap<usize, BTreeSet<usize>>,
    by_package: BTreeMap<Seen<'a>, BTreeSet<usize>>,
    /// The first of each rank, and the rank.
    firsts: BTreeSet<(usize, usize)>,
}

impl<'a> Waiting<'a> {
    fn new(members: impl Iterator<Item = (usize, &'a Ranked<'a>)>) -> Self {
        let mut waiting = Self::default();
        for (index, dep) in members {
            waiting.all.insert(index, dep);
            waiting.by_rank.entry(dep.0).or_default().insert(index);
            waiting.by_package.entry(seen(dep)).or_default().insert(index);
        }
        let first = |(rank, own): (&usize, &BTreeSet<usize>)| Some((*own.first()?, *rank));
        waiting.firsts = waiting.by_rank.iter().filter_map(first).collect();
        waiting
    }

    fn take_first(&mut self) -> Option<(usize, &'a Ranked<'a>)> {
        let (index, dep) = self.all.first_key_value().map(|(index, dep)| (*index, *dep))?;
        self.remove(index, dep);
        Some((index, dep))
    }

    fn first_rival(&self, one: &Ranked<'_>) -> Option<(usize, &'a Ranked<'a>)> {
        let of_others = self.firsts.iter().find(|(_, rank)| *rank != one.0).map(|(index, _)| *index);
        let of_same_package = self.by_package.get(&seen(one)).and_then(BTreeSet::first).copied();
        let index = of_others.into_iter().chain(of_same_package).min()?;
        Some((index, self.all.get(&index)?))
    }

    fn remove(&mut self, index: usize, dep: &'a Ranked<'a>) {
        self.all.remove(&index);
        if let Some(own) = self.by_package.get_mut(&seen(dep)) {
            own.remove(&index);
        }
        if let Some(own) = self.by_rank.get_mut(&dep.0) {
            own.remove(&index);
            if self.firsts.remove(&(index, dep.0)) {
                self.firsts.extend(own.first().map(|next| (*next, dep.0)));
            }
        }
    }
}

fn seen<'a>((rank, dep): &Ranked<'a>) -> Seen<'a> {
    (*rank, dep.datasource.as_ref(), &dep.package_name)
}

/// Returns whether `a` stays of the two: one that can be updated before one that cannot, then an annotation that says more than the
/// place it stands at, then the more specific manager.
fn precedes((a_rank, a): &Ranked<'_>, (b_rank, b): &Ranked<'_>) -> bool {
    let order = |dep: &Dep, other: &Dep, rank: usize| (dep.skip.is_some(), !says_more(dep, other), rank);
    order(a, b, *a_rank) <= order(b, a, *b_rank)
}

/// Returns whether `dep` is an annotation whose author asked for something else than what stands there by itself. What the owner described in a
/// custom manager does not stand there by itself: they know how their annotations are meant.
fn says_more(dep: &Dep, other: &Dep) -> bool {
    let asks = dep.datasource != other.datasource
        || dep.package_name != other.package_name
        || dep.versioning != other.versioning
        || dep.extract_version.is_some();
    dep.manager == "annotation" && asks && !other.manager.as_str().starts_with("custom.")
}

/// Returns the annotations that cannot be applied to their line where another manager reads that line by itself: nothing is lost
/// without them.
fn dead_annotations(deps: &[Ranked<'_>], lost: &BTreeSet<usize>) -> Vec<usize> {
    let numbered = || deps.iter().map(|(_, dep)| *dep).enumerate();
    let is_dead = |dep: &Dep| dep.skip.as_ref().is_some_and(|skip| skip.reason == SkipReason::DeadAnnotation);
    let dead: Vec<(usize, &Dep)> = numbered().filter(|(_, dep)| is_dead(dep)).collect();
    if dead.is_empty() {
        return Vec::new();
    }
    let live = numbered().filter(|(index, dep)| dep.skip.is_none() && !lost.contains(index));
    let read = SpanSet::by_file(live.map(|(_, dep)| (&dep.file, place(dep))));
    let is_superfluous = |dep: &Dep| read.get(&dep.file).is_some_and(|own| own.any_within(dep.span));
    dead.into_iter().filter(|(_, dep)| is_superfluous(dep)).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use updraft_core::name::ManagerId;

    use super::*;

    /// How many managers there are; the last one reads annotations.
    const MANAGERS: usize = 3;

    fn dep(rank: usize, span: ByteSpan, package: &str, skip: Option<SkipReason>) -> (usize, Dep) {
        let manager = ManagerId::new(["first", "second", "annotation"][rank]);
        let mut dep = Dep::new(manager, &RepoPath::new("a").unwrap(), span, package);
        if let Some(reason) = skip {
            dep = dep.skipped(reason, "");
        }
        (rank, dep)
    }

    fn merge_ranked(deps: impl IntoIterator<Item = (usize, Dep)>) -> Vec<Dep> {
        let mut found: Vec<Vec<Dep>> = Vec::new();
        for (rank, dep) in deps {
            found.resize_with(found.len().max(rank + 1), Vec::new);
            found[rank].push(dep);
        }
        merge(found)
    }

    /// Says the same as [`merge`], by comparing each with each.
    fn merge_by_pairs(mut deps: Vec<(usize, Dep)>) -> Vec<Dep> {
        deps.sort_by_key(|(rank, dep)| (dep.file.clone(), dep.span, *rank));
        let mut kept = vec![true; deps.len()];
        for (at, one) in deps.iter().enumerate() {
            for (later, other) in deps.iter().enumerate().skip(at + 1) {
                let same_place = one.1.file == other.1.file && place(&one.1) == place(&other.1);
                let same_package =
                    one.1.datasource == other.1.datasource && one.1.package_name == other.1.package_name;
                if kept[at] && kept[later] && same_place && (one.0 != other.0 || same_package) {
                    kept[if precedes(&(one.0, &one.1), &(other.0, &other.1)) { later } else { at }] = false;
                }
            }
        }
        for (at, (_, one)) in deps.iter().enumerate() {
            let dead = one.skip.as_ref().is_some_and(|skip| skip.reason == SkipReason::DeadAnnotation);
            let read = deps.iter().zip(&kept).any(|((_, other), kept)| {
                *kept && other.skip.is_none() && other.file == one.file && one.span.contains(place(other))
            });
            if dead && read {
                kept[at] = false;
            }
        }
        deps.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|((_, dep), _)| dep).collect()
    }

    fn any_span() -> impl Strategy<Value = ByteSpan> {
        (0_usize..3, 0_usize..4).prop_map(|(start, len)| ByteSpan::new(start, start + len))
    }

    fn any_dep() -> impl Strategy<Value = (usize, Dep)> {
        let skip = prop_oneof![
            3 => Just(None),
            1 => Just(Some(SkipReason::InvalidValue)),
            1 => Just(Some(SkipReason::DeadAnnotation)),
        ];
        let datasource =
            prop_oneof![Just(None), Just(Some(DatasourceId::DOCKER)), Just(Some(DatasourceId::HELM))];
        let slot = prop_oneof![2 => Just(None), 5 => Just(Some(ByteSpan::new(1, 2))), 1 => any_span().prop_map(Some)];
        (0..MANAGERS, any_span(), "[ab]", skip, (datasource, slot, "[ab]", "[ab]")).prop_map(
            |(rank, span, package, skip, (datasource, slot, file, extracts))| {
                let (rank, mut dep) = dep(rank, span, &package, skip);
                dep.datasource = datasource;
                dep.slots.extend(slot.map(|span| Slot::new(Part::Value, span, "1")));
                dep.file = RepoPath::new(&file).unwrap();
                dep.extract_version = (extracts == "a").then(|| "(?<version>.*)".to_owned());
                (rank, dep)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn says_what_comparing_each_with_each_says(deps in prop::collection::vec(any_dep(), 0..14)) {
            prop_assert_eq!(merge_ranked(deps.clone()), merge_by_pairs(deps));
        }
    }

    const MANY: usize = 50_000;

    #[track_caller]
    fn check_many(deps: impl Iterator<Item = (usize, Dep)>, expected: usize) {
        assert_eq!(merge_ranked(deps).len(), expected);
    }

    #[test]
    fn tells_fifty_thousand_packages_on_the_same_bytes_apart() {
        let here = ByteSpan::new(0, 1);
        // One manager: all are different things, each seen twice.
        check_many((0..2 * MANY).map(|number| dep(0, here, &(number % MANY).to_string(), None)), MANY);
        // Two managers: the last one is the only one that can be updated, so that every other one loses to it alone.
        let hopeless =
            (0..MANY).map(|number| dep(0, here, &number.to_string(), Some(SkipReason::InvalidValue)));
        check_many(hopeless.chain([dep(1, here, "a", None)]), 1);
        // Two managers in turn.
        check_many((0..MANY).map(|number| dep(number % 2, here, &number.to_string(), None)), MANY / 2);
        // As many managers as dependencies, as only a configuration can have them.
        check_many((0..MANY).map(|number| (MANY - number, dep(0, here, &number.to_string(), None).1)), 1);
    }

    #[test]
    fn looks_for_what_stands_in_fifty_thousand_dead_annotations() {
        let dead = |start: usize, end: usize| {
            dep(2, ByteSpan::new(start, end), "a", Some(SkipReason::DeadAnnotation))
        };
        let side_by_side = (0..MANY).map(|number| dead(number * 10, number * 10 + 5));
        check_many(side_by_side.chain([dep(0, ByteSpan::new(52, 54), "b", None)]), MANY);
        // What starts in each of them ends behind all of them.
        let nested = (0..MANY).map(|number| dead(number, 2 * MANY));
        let across = (0..MANY).map(|number| dep(0, ByteSpan::new(number, 2 * MANY + 1), "b", None));
        check_many(nested.chain(across), 2 * MANY);
    }
}
