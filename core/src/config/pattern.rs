//! The two pattern languages of a Renovate configuration: `/regular expressions/` and globs, with `!` in front to negate.
//!
//! Regular expressions are RE2's (linear time); where the `regex` crate spells something differently it is translated.
//! Globs are minimatch's: `*` stays within a path part, `**` crosses parts when it is a whole part, `{a,b}`, `[a-z]`, `?`,
//! and the extended forms `@(a|b)`, `?(a)`, `*(a)`, `+(a)`, `!(a)`.

mod foreign;
mod glob;
mod late;
pub(crate) mod lint;
mod needle;
mod re2;

use std::fmt;
use std::sync::OnceLock;

use late::Late;
use memchr::memmem::Finder;
use needle::needle;
use regex::{Regex, RegexBuilder};

/// The largest compiled program of one pattern, in bytes.
const MAX_PROGRAM: usize = 4 * 1024 * 1024;
/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 16 * 1024;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What is wrong, one line.
    pub message: String,
    /// The part of the pattern that is to blame, as it is written there; `None` where that is not known.
    pub culprit: Option<String>,
    /// What to do, where that depends on what is wrong: one line.
    pub hint: Option<&'static str>,
}

impl PatternError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), culprit: None, hint: None }
    }
}

/// Returns the regular expression that RE2 (and so Renovate) reads in `text`.
///
/// # Errors
///
/// When it is not one, or is too large.
pub fn regex(text: &str) -> Result<Regex, PatternError> {
    expression(text, |translated| compile(translated, Case::Sensitive))
}

/// Returns how large the regular expression `text` is when it is compiled, in bytes, at most.
///
/// # Errors
///
/// As [`regex`].
pub(crate) fn regex_bytes(text: &str) -> Result<usize, PatternError> {
    expression(text, |translated| Late::new(translated, Case::Sensitive)).map(|late| late.bytes())
}

/// Returns what `make` makes of the regular expression `text`; an error points at what RE2 does not have.
fn expression<T>(text: &str, make: impl Fn(&str) -> Result<T, PatternError>) -> Result<T, PatternError> {
    make(&re2::translate(text)?).map_err(|error| foreign::find(text).unwrap_or(error))
}

/// Whether letters of different case are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `a` is not `A`: file names in `ignorePaths` and `includePaths`.
    Sensitive,
    /// `a` is `A`: everything that package rules and `managerFilePatterns` compare.
    Insensitive,
}

fn compile(source: &str, case: Case) -> Result<Regex, PatternError> {
    compile_within(source, case, MAX_PROGRAM)
}

fn compile_within(source: &str, case: Case, bytes: usize) -> Result<Regex, PatternError> {
    if source.len() > MAX_PATTERN {
        return Err(PatternError::new(format!("the pattern is longer than {MAX_PATTERN} bytes")));
    }
    RegexBuilder::new(source)
        .case_insensitive(case == Case::Insensitive)
        .size_limit(bytes)
        .dfa_size_limit(MAX_PROGRAM)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::new("the pattern is too large when compiled"),
            error => syntax_error(&error.to_string()),
        })
}

/// Returns the last line of what the parser says: the lines before it draw the pattern.
fn syntax_error(text: &str) -> PatternError {
    let reason = text.lines().rev().find_map(|line| line.strip_prefix("error: "));
    PatternError::new(reason.unwrap_or(text))
}

/// One pattern, checked.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    negated: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Any,
    Exact(String, Case),
    Regex(Late),
    /// The first must match, none of the others may: a glob with `!(..)`.
    Except(Late, Vec<Late>),
}

impl Pattern {
    /// Returns the pattern that `text` spells; globs ignore case, regular expressions do when they end in `/i`.
    ///
    /// # Errors
    ///
    /// When the expression is not one, or is too large.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let (negated, body) = match text.strip_prefix('!') {
            Some(body) => (true, body),
            None => (false, text),
        };
        let kind = if body == "*" || body == "**" && !negated {
            Kind::Any
        } else if let Some((expression, case)) = regex_parts(body) {
            Kind::Regex(self::expression(expression, |translated| Late::new(translated, case))?)
        } else {
            glob_kind(body, Case::Insensitive)?
        };
        Ok(Self { text: text.to_owned(), negated, kind })
    }

    /// Returns the glob that `text` spells, compared by `case`; neither `!` nor `/../` is special.
    ///
    /// # Errors
    ///
    /// When it is too large.
    pub fn glob(text: &str, case: Case) -> Result<Self, PatternError> {
        Ok(Self { text: text.to_owned(), negated: false, kind: glob_kind(text, case)? })
    }

    /// Returns the pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns how large the pattern is when it is compiled, in bytes, at most.
    pub(crate) fn bytes(&self) -> usize {
        match &self.kind {
            Kind::Any | Kind::Exact(..) => 0,
            Kind::Regex(regex) => regex.bytes(),
            Kind::Except(regex, not) => regex.bytes() + not.iter().map(Late::bytes).sum::<usize>(),
        }
    }

    /// Returns whether the pattern was written with `!` in front.
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// Returns whether the pattern, its `!` taken into account, holds for `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_body(text) != self.negated
    }

    fn matches_body(&self, text: &str) -> bool {
        match &self.kind {
            Kind::Any => true,
            Kind::Exact(exact, Case::Sensitive) => exact == text,
            Kind::Exact(exact, Case::Insensitive) => exact.eq_ignore_ascii_case(text),
            Kind::Regex(regex) => regex.is_match(text),
            Kind::Except(regex, not) => regex.is_match(text) && !not.iter().any(|regex| regex.is_match(text)),
        }
    }
}

/// A pattern that is compiled when a text first has what it cannot match without.
///
/// Most patterns of most managers never meet such a text, and compiling all of them takes longer than reading a small repository.
#[derive(Clone, Debug)]
pub(crate) struct LazyPattern {
    text: String,
    /// What every text holds that the pattern matches; may be empty.
    needle: Finder<'static>,
    /// `None` inside when it is no pattern, and so matches nothing.
    compiled: OnceLock<Option<Pattern>>,
}

impl LazyPattern {
    pub(crate) fn new(text: &str) -> Self {
        let expression = regex_parts(text).filter(|(_, case)| *case == Case::Sensitive);
        let known = expression.map_or_else(String::new, |(expression, _)| needle(expression));
        let needle = Finder::new(&known).into_owned();
        Self { text: text.to_owned(), needle, compiled: OnceLock::new() }
    }

    /// Returns whether `text` is matched, as by [`Pattern::matches`].
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.needle.find(text.as_bytes()).is_some()
            && self
                .compiled
                .get_or_init(|| Pattern::new(&self.text).ok())
                .as_ref()
                .is_some_and(|pattern| pattern.matches(text))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Returns the expression and its case when `text` is written `/expression/` or `/expression/i`.
pub fn regex_parts(text: &str) -> Option<(&str, Case)> {
    let body = text.strip_prefix('/')?;
    if let Some(expression) = body.strip_suffix("/i") {
        return Some((expression, Case::Insensitive));
    }
    body.strip_suffix('/').map(|expression| (expression, Case::Sensitive))
}

fn glob_kind(text: &str, case: Case) -> Result<Kind, PatternError> {
    if text.is_ascii() && !text.contains(['*', '?', '[', '{', '(', '\\', '+', '@', '!']) {
        return Ok(Kind::Exact(text.to_owned(), case));
    }
    if text.len() > MAX_PATTERN {
        return Err(PatternError::new(format!("the pattern is longer than {MAX_PATTERN} bytes")));
    }
    let glob = glob::translate(text)?;
    let regex = Late::new(&glob.matches, case)?;
    if glob.excludes.is_empty() {
        return Ok(Kind::Regex(regex));
    }
    let excludes = glob.excludes.iter().map(|source| Late::new(source, case)).collect::<Result<_, _>>()?;
    Ok(Kind::Except(regex, excludes))
}

/// A list of patterns as matchers hold it: when there are positive ones, one must match; every negative one must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatternList {
    patterns: Vec<Pattern>,
}

impl PatternList {
    /// Returns the list of `patterns`.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns }
    }

    /// Returns the patterns, in order.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Returns whether the list holds for `text`; an empty list never does.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_any(std::iter::once(text))
    }

    /// Returns whether one of `texts` satisfies the list.
    pub fn matches_any<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        texts.into_iter().any(|text| {
            let mut has_positive = false;
            let mut found = false;
            for pattern in &self.patterns {
                if pattern.negated {
                    if !pattern.matches(text) {
                        return false;
                    }
                } else {
                    has_positive = true;
                    found = found || pattern.matches(text);
                }
            }
            (found || !has_positive) && !self.patterns.is_empty()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], matching: &[&str], other: &[&str]) {
        let list = PatternList::new(patterns.iter().map(|text| Pattern::new(text).unwrap()).collect());
        for text in matching {
            assert!(list.matches(text), "{patterns:?} should match {text}");
        }
        for text in other {
            assert!(!list.matches(text), "{patterns:?} should not match {text}");
        }
    }

    #[test]
    fn expressions_stand_between_slashes() {
        check(&["/^rook/"], &["rook-ceph"], &["a/rook", "Rook"]);
        check(&["/^rook/i"], &["Rook-ceph"], &["a/rook"]);
        check(&["!/^rook/"], &["ceph"], &["rook"]);
        check(&["/a"], &["/a"], &["a", "xa"]);
        check(&["//a//"], &["x/a/y"], &["a"]);
    }

    #[test]
    fn everything_else_is_a_glob_without_regard_to_case() {
        check(&["ghcr.io/Home/*"], &["GHCR.io/home/app"], &["ghcr.io/home/app/x"]);
        check(&["exact.name"], &["Exact.Name"], &["exactxname"]);
        check(&["*"], &["anything/at/all", ""], &[]);
        check(&["!*"], &[], &["anything"]);
    }

    #[test]
    fn one_positive_pattern_and_every_negative_one_must_hold() {
        check(&["a*", "b*"], &["ab", "ba"], &["c"]);
        check(&["a*", "!ab"], &["aa"], &["ab", "c"]);
        check(&["!a", "!b"], &["c"], &["a", "b"]);
        check(&[], &[], &["", "a"]);
    }

    #[test]
    fn one_of_several_texts_must_satisfy_the_whole_list() {
        let list = PatternList::new(vec![Pattern::new("a*").unwrap(), Pattern::new("!ab").unwrap()]);
        assert!(list.matches_any(["ab", "ac"]));
        assert!(!list.matches_any(["ab", "b"]));
        assert!(!list.matches_any([]));
    }

    #[track_caller]
    fn check_lazy(pattern: &str, matching: &[&str], other: &[&str]) {
        let lazy = LazyPattern::new(pattern);
        for text in matching {
            assert!(lazy.matches(text), "{pattern} should match {text}");
        }
        for text in other {
            assert!(!lazy.matches(text), "{pattern} should not match {text}");
        }
    }

    #[test]
    fn a_pattern_compiled_late_matches_the_same() {
        check_lazy("/(^|/)values\\.ya?ml$/", &["values.yml", "a/values.yaml"], &["values_yml", "b.yaml", ""]);
        check_lazy("!/^a/", &["b"], &["a"]);
        check_lazy("!/abc/", &["b"], &["abc"]);
        check_lazy("/abc/i", &["ABC"], &["ab"]);
        check_lazy("*.yaml", &["A.YAML"], &["a/b.yaml"]);
        check_lazy("/(/", &[], &["("]);
    }

    #[test]
    fn a_plain_glob_knows_neither_expressions_nor_negation() {
        let pattern = |text| Pattern::glob(text, Case::Sensitive).unwrap();
        assert!(!pattern("A").matches("a") && pattern("a").matches("a"));
        assert!(pattern("/a.c/").matches("/a.c/") && !pattern("/a.c/").matches("abc"));
    }
}
