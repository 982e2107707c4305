//! What the patterns find in a text: whole matches and named groups, put together as the strategy says.

use std::collections::BTreeMap;

use updraft_core::config::custom_manager::MatchStringsStrategy;
use updraft_core::span::ByteSpan;

use super::pattern::Pattern;

/// How many matches are taken from one file.
pub(super) const MAX_MATCHES: usize = 10_000;

/// One find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The pattern whose match it is, counted from 0.
    pub(super) pattern: usize,
    /// The text that the owner's `autoReplaceStringTemplate` replaces.
    pub(super) whole: ByteSpan,
    /// The named groups that took part, and where they stand.
    pub(super) groups: BTreeMap<String, ByteSpan>,
}

impl Found {
    /// Returns the text of a group, `None` when it is empty.
    pub(super) fn group<'t>(&self, name: &str, text: &'t str) -> Option<&'t str> {
        self.groups.get(name).and_then(|span| span.of(text)).filter(|text| !text.is_empty())
    }
}

/// All finds of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Finds {
    pub(super) found: Vec<Found>,
    /// Whether there were more than [`MAX_MATCHES`].
    pub(super) cut: Option<TooMany>,
}

/// Not every match was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// Searches `text` with `patterns`; a pattern that could not be compiled is `None`.
pub(super) fn find(text: &str, patterns: &[Option<Pattern>], strategy: MatchStringsStrategy) -> Finds {
    let mut search = Search { text, left: MAX_MATCHES, finds: Finds::default() };
    match strategy {
        MatchStringsStrategy::Any => {
            for (number, pattern) in patterns.iter().enumerate() {
                let found = search.matches(number, pattern.as_ref(), ByteSpan::new(0, text.len()));
                search.finds.found.extend(found);
            }
        }
        MatchStringsStrategy::Combination => search.combine(patterns),
        MatchStringsStrategy::Recursive => {
            search.descend(patterns, &Found { whole: ByteSpan::new(0, text.len()), ..Found::default() }, 0);
        }
    }
    search.finds
}

struct Search<'t> {
    text: &'t str,
    left: usize,
    finds: Finds,
}

impl Search<'_> {
    /// Returns the matches of one pattern inside `place`.
    fn matches(&mut self, number: usize, pattern: Option<&Pattern>, place: ByteSpan) -> Vec<Found> {
        let (Some(pattern), Some(text)) = (pattern, place.of(self.text)) else { return Vec::new() };
        if !pattern.can_match(text) {
            return Vec::new();
        }
        let span = |found: regex::Match<'_>| ByteSpan::new(found.start(), found.end()).shifted(place.start);
        let mut matches = Vec::new();
        for captures in pattern.regex.captures_iter(text) {
            let Some(left) = self.left.checked_sub(1) else {
                self.finds.cut = Some(TooMany);
                break;
            };
            self.left = left;
            let Some(whole) = captures.get(0) else { continue };
            let named = pattern.regex.capture_names().flatten();
            let groups = named.filter_map(|name| Some((name.to_owned(), span(captures.name(name)?))));
            matches.push(Found { pattern: number, whole: span(whole), groups: groups.collect() });
        }
        matches
    }

    /// Puts the groups of all matches together, later ones over earlier ones; what holds the value is the whole.
    fn combine(&mut self, patterns: &[Option<Pattern>]) {
        let mut combined: Option<Found> = None;
        for (number, pattern) in patterns.iter().enumerate() {
            for found in self.matches(number, pattern.as_ref(), ByteSpan::new(0, self.text.len())) {
                let holds_value = ["currentValue", "currentDigest"]
                    .iter()
                    .any(|name| found.group(name, self.text).is_some());
                let combined = combined.get_or_insert_with(|| found.clone());
                if holds_value {
                    combined.whole = found.whole;
                    combined.pattern = found.pattern;
                }
                merge(combined, &found, self.text);
            }
        }
        self.finds.found.extend(combined);
    }

    /// Searches what `outer` matched with the patterns from number `next` on; the innermost matches count.
    fn descend(&mut self, patterns: &[Option<Pattern>], outer: &Found, next: usize) {
        let Some(pattern) = patterns.get(next) else {
            if next > 0 {
                self.finds.found.push(outer.clone());
            }
            return;
        };
        for mut inner in self.matches(next, pattern.as_ref(), outer.whole) {
            let mut groups = outer.clone();
            merge(&mut groups, &inner, self.text);
            inner.groups = groups.groups;
            self.descend(patterns, &inner, next + 1);
        }
    }
}

/// Adds the groups of `found` that hold something to those of `to`.
fn merge(to: &mut Found, found: &Found, text: &str) {
    for (name, span) in &found.groups {
        if found.group(name, text).is_some() || !to.groups.contains_key(name) {
            to.groups.insert(name.clone(), *span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, patterns: &[&str], strategy: MatchStringsStrategy, expected: &[&str]) {
        let patterns: Vec<_> = patterns.iter().map(|pattern| Pattern::compile(pattern).ok()).collect();
        let show = |found: &Found| {
            let groups =
                found.groups.iter().map(|(name, span)| format!(" {name}={}", span.of(text).unwrap()));
            format!("[{}]{}", found.whole.of(text).unwrap(), groups.collect::<String>())
        };
        let finds = find(text, &patterns, strategy);
        assert_eq!(finds.found.iter().map(show).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn any_takes_every_match_of_every_pattern() {
        check(
            "a=1 b=2 c:3",
            &[r"(?<name>\w)=(?<value>\d)", r"(?<name>\w):(?<value>\d)(?<more>x)?", "nothing"],
            MatchStringsStrategy::Any,
            &["[a=1] name=a value=1", "[b=2] name=b value=2", "[c:3] name=c value=3"],
        );
    }

    #[test]
    fn combination_makes_one_of_all() {
        check(
            "version: 1\nname: x\nurl: y\n",
            &[
                "version: (?<currentValue>.+)",
                "name: (?<depName>.+)",
                "url: (?<registryUrl>.+)",
                "none: (?<x>.+)",
            ],
            MatchStringsStrategy::Combination,
            &["[version: 1] currentValue=1 depName=x registryUrl=y"],
        );
        check("", &["version: (?<currentValue>.+)"], MatchStringsStrategy::Combination, &[]);
    }

    #[test]
    fn recursive_searches_inside_the_match_before() {
        check(
            "group1: {x: 1, y: 2} group2: {x: 3}",
            &[r"(?<depType>group\d): \{[^}]*\}", r"\{(?<all>[^}]*)", r"(?<depName>\w): (?<currentValue>\d)"],
            MatchStringsStrategy::Recursive,
            &[
                "[x: 1] all=x: 1, y: 2 currentValue=1 depName=x depType=group1",
                "[y: 2] all=x: 1, y: 2 currentValue=2 depName=y depType=group1",
                "[x: 3] all=x: 3 currentValue=3 depName=x depType=group2",
            ],
        );
        check("a", &["a", "b"], MatchStringsStrategy::Recursive, &[]);
        check("a", &[], MatchStringsStrategy::Recursive, &[]);
    }

    #[test]
    fn a_pattern_that_matches_everywhere_ends() {
        let patterns = [Pattern::compile("").ok(), Pattern::compile("x*").ok()];
        let text = "x".repeat(20_000);
        for strategy in
            [MatchStringsStrategy::Any, MatchStringsStrategy::Combination, MatchStringsStrategy::Recursive]
        {
            let finds = find(&text, &patterns, strategy);
            assert!(finds.found.len() <= MAX_MATCHES && finds.cut.is_some());
        }
    }
}
