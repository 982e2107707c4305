//! Where a value that a query returns stands in the file.
//!
//! A query says what it finds, not where. So the candidates, the places that hold the value, are changed, each in its own way, and the
//! query is asked again: the place whose change shows in the result is the one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::{Document, Place};

/// How often a query is asked again about single candidates, where changing all at once changed what it finds.
const MAX_SINGLE: usize = 64;
/// How many comparisons of a place with a value there may be.
const MAX_COMPARISONS: usize = 2_000_000;

/// A candidate: a value in the text of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot<'a> {
    /// The index of the place.
    pub(super) place: usize,
    /// Where the value starts in the place's text.
    pub(super) offset: usize,
    /// The value.
    value: &'a str,
}

/// The values of one result of a query, in a fixed order: version, digest.
pub(super) type Values = [Option<String>; 2];

/// Returns the spot of each value of `results`; `ask` returns the values of a changed document's results.
pub(super) fn locate<'a>(
    document: &Document,
    results: &'a [Values],
    ask: &dyn Fn(&Value) -> Option<Vec<Values>>,
) -> Vec<[Option<Spot<'a>>; 2]> {
    let spots = candidates(&document.places, results);
    let marks: BTreeMap<String, &Spot<'a>> =
        spots.iter().enumerate().map(|(number, spot)| (marked(spot.value, number), spot)).collect();
    let all: Vec<(usize, &Spot<'a>)> = spots.iter().enumerate().collect();
    let after = ask(&changed(document, &all)).filter(|after| after.len() == results.len());
    let mut single = MAX_SINGLE;
    let mut find = |index: usize, part: usize, value: &str| {
        let shown = after.as_ref().and_then(|after| after.get(index)?.get(part)?.as_deref());
        if let Some(spot) = shown.and_then(|shown| marks.get(shown)).filter(|spot| spot.value == value) {
            return Some((*spot).clone());
        }
        for (number, spot) in all.iter().filter(|(_, spot)| spot.value == value) {
            single = single.checked_sub(1)?;
            let after =
                ask(&changed(document, &[(*number, spot)])).filter(|after| after.len() == results.len());
            let shown = after.as_ref().and_then(|after| after.get(index)?.get(part)?.as_deref());
            if shown == Some(marked(value, *number).as_str()) {
                return Some((*spot).clone());
            }
        }
        None
    };
    results
        .iter()
        .enumerate()
        .map(|(index, values)| {
            let [version, digest] = values;
            [
                version.as_deref().and_then(|value| find(index, 0, value)),
                digest.as_deref().and_then(|value| find(index, 1, value)),
            ]
        })
        .collect()
}

/// Returns every place that holds one of the values: the longest first where they overlap, each once in a place.
fn candidates<'a>(places: &[Place], results: &'a [Values]) -> Vec<Spot<'a>> {
    let wanted: BTreeSet<&str> =
        results.iter().flatten().flatten().map(String::as_str).filter(|value| !value.is_empty()).collect();
    let mut by_length: Vec<&str> = wanted.iter().copied().collect();
    by_length.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut comparisons = MAX_COMPARISONS;
    let mut spots: Vec<Spot<'a>> = Vec::new();
    for (place, Place { text, .. }) in places.iter().enumerate() {
        if let Some(value) = wanted.get(text.as_str()) {
            spots.push(Spot { place, offset: 0, value });
            continue;
        }
        let first = spots.len();
        for value in &by_length {
            comparisons = comparisons.saturating_sub(1);
            if comparisons == 0 {
                break;
            }
            let Some(offset) = text.rfind(value) else { continue };
            let taken = spots.iter().skip(first);
            if taken
                .clone()
                .all(|spot| offset + value.len() <= spot.offset || spot.offset + spot.value.len() <= offset)
            {
                spots.push(Spot { place, offset, value });
            }
        }
    }
    spots
}

/// Returns a value of the same form that no document has by chance, different for each number.
fn marked(value: &str, number: usize) -> String {
    let at = value.rfind(|letter: char| letter.is_ascii_digit()).map_or(value.len(), |digit| digit + 1);
    let (before, after) = value.split_at_checked(at).unwrap_or((value, ""));
    format!("{before}{}{after}", 7_000_001 + number)
}

/// Returns the document's value with what is at `spots` marked with their numbers.
fn changed(document: &Document, spots: &[(usize, &Spot<'_>)]) -> Value {
    let mut value = document.value.clone();
    let mut by_place: BTreeMap<usize, Vec<(usize, &Spot<'_>)>> = BTreeMap::new();
    for (number, spot) in spots {
        by_place.entry(spot.place).or_default().push((*number, spot));
    }
    for (index, mut spots) in by_place {
        let Some(place) = document.places.get(index) else { continue };
        // From the back, so that what is in front stays where it was.
        spots.sort_by_key(|(_, spot)| std::cmp::Reverse(spot.offset));
        let mut text = place.text.clone();
        for (number, spot) in spots {
            text.replace_range(spot.offset..spot.offset + spot.value.len(), &marked(spot.value, number));
        }
        if let Some(target) = value.pointer_mut(&place.pointer) {
            let number = target.is_number().then(|| text.parse().ok()).flatten();
            *target = number.map_or(Value::String(text), Value::Number);
        }
    }
    value
}
