//! Some of the people, where all would be too many: `assigneesSampleSize`, `reviewersSampleSize`.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

/// Returns up to `size` of `people`; all of them when there is no size.
///
/// Another branch gets others, the same branch always the same ones: a run that was cut short must not call somebody else when it goes on.
pub fn sample(people: BTreeSet<String>, size: Option<u32>, branch: &str) -> BTreeSet<String> {
    let size = size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX));
    if people.len() <= size {
        return people;
    }
    let mut drawn: Vec<(Vec<u8>, String)> = people
        .into_iter()
        .map(|person| (Sha256::digest(format!("{branch}\n{person}")).to_vec(), person))
        .collect();
    drawn.sort();
    drawn.into_iter().take(size).map(|(_, person)| person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn as_many_as_wanted_and_the_same_for_the_same_branch() {
        let all = people(&["ann", "ben", "cy", "dot", "eve"]);
        let two = sample(all.clone(), Some(2), "renovate/fjord-1.x");
        assert_eq!(two.len(), 2);
        assert!(two.is_subset(&all));
        assert_eq!(sample(all.clone(), Some(2), "renovate/fjord-1.x"), two);
        let others: BTreeSet<BTreeSet<String>> =
            (0..20).map(|number| sample(all.clone(), Some(2), &format!("renovate/{number}"))).collect();
        assert!(others.len() > 3, "branches share the work: {others:?}");
    }

    #[test]
    fn all_where_nobody_says_how_many_or_there_are_no_more() {
        let all = people(&["ann", "ben"]);
        assert_eq!(sample(all.clone(), None, "b"), all);
        assert_eq!(sample(all.clone(), Some(2), "b"), all);
        assert_eq!(sample(all.clone(), Some(9), "b"), all);
        assert_eq!(sample(all, Some(0), "b"), people(&[]));
    }
}
