//! Regular expressions that are checked when they are read, and compiled when a text is first held against them.
//!
//! Presets that everybody extends hold hundreds of patterns, and most of them never meet a text: compiling them all would take longer than
//! reading a repository.

use std::sync::{Arc, OnceLock};

use regex::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::{Case, MAX_PATTERN, MAX_PROGRAM, PatternError, compile, compile_within, syntax_error};

/// How many bytes one state takes at most when it is compiled.
const STATE_BYTES: usize = 64;
/// How many states one range of characters becomes at most, spelled in the bytes of UTF-8.
const RANGE_STATES: usize = 64;

/// A regular expression that is known to be one.
#[derive(Clone, Debug)]
pub(super) struct Late {
    source: Arc<str>,
    case: Case,
    /// How large it is when it is compiled, in bytes, at most.
    bytes: usize,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

/// What is tried one after the other where the size of a program cannot be told from its expression, in bytes.
const SIZES: [usize; 3] = [64 * 1024, 256 * 1024, 1024 * 1024];

impl Late {
    /// Returns the expression that `source` spells in the language of the `regex` crate.
    ///
    /// # Errors
    ///
    /// When it is not one, or is too large. Only what is sure to be small enough is left for later.
    pub(super) fn new(source: &str, case: Case) -> Result<Self, PatternError> {
        let compiled = OnceLock::new();
        let mut bytes = estimate(source, case)?;
        if bytes > MAX_PROGRAM {
            let within = |size: &usize| Some((*size, compile_within(source, case, *size).ok()?));
            let small = SIZES.iter().find_map(within);
            let (size, program) = small.map_or_else(|| Ok((MAX_PROGRAM, compile(source, case)?)), Ok)?;
            bytes = size;
            let _ = compiled.set(Some(program));
        }
        Ok(Self { source: source.into(), case, bytes, compiled: Arc::new(compiled) })
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| compile(&self.source, self.case).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

/// Returns how large an expression may be when it is compiled, in bytes: often far less.
fn estimate(source: &str, case: Case) -> Result<usize, PatternError> {
    if source.len() > MAX_PATTERN {
        return Ok(usize::MAX);
    }
    let mut parser = ParserBuilder::new().case_insensitive(case == Case::Insensitive).build();
    let parsed = parser.parse(source).map_err(|error| syntax_error(&error.to_string()))?;
    Ok(states(&parsed).saturating_mul(STATE_BYTES))
}

/// Returns how many states an expression becomes at most; the parser bounds how deep it is nested.
fn states(expression: &Hir) -> usize {
    let all = |parts: &[Hir]| parts.iter().map(states).fold(2, usize::saturating_add);
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(RANGE_STATES),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            states(&repetition.sub).saturating_add(2).saturating_mul(times)
        }
        HirKind::Capture(capture) => states(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => all(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, waits: bool) {
        for case in [Case::Sensitive, Case::Insensitive] {
            let late = Late::new(source, case).unwrap();
            assert_eq!(late.compiled.get().is_none(), waits, "{source}");
            assert!(compile(source, case).is_ok(), "{source}");
        }
    }

    #[test]
    fn what_is_sure_to_be_small_waits_until_it_is_needed() {
        check("^a(b|c)*[^/]+\\.ya?ml$", true);
        check("\\w+@\\d", true);
        check("(a{1,10}){1,10}", true);
        check("(?:\\w{2}){3}", false);
    }

    #[test]
    fn what_is_wrong_is_said_at_once() {
        let error = |source| Late::new(source, Case::Sensitive).unwrap_err();
        for source in ["a(", "[z-a]", "(?P<a>b)(?P<a>c)", "a**{2}{"] {
            assert_eq!(Late::new(source, Case::Sensitive).err(), compile(source, Case::Sensitive).err());
        }
        assert!(error("a(").message.contains("unclosed group"));
        assert!(error("(\\w{100}){100}").message.contains("too large"));
        assert!(error(&"a".repeat(MAX_PATTERN + 1)).message.contains("longer"));
    }

    #[test]
    fn clones_share_what_is_compiled() {
        let late = Late::new("^a.c$", Case::Insensitive).unwrap();
        let clone = late.clone();
        assert!(late.is_match("ABC") && !late.is_match("ab"));
        assert!(clone.compiled.get().is_some());
    }

    /// The largest classes there are, and as many copies of each as may wait.
    #[test]
    fn nothing_that_waits_turns_out_to_be_too_large() {
        for class in [
            "\\w",
            "\\W",
            "\\pL",
            "\\PL",
            "\\p{Cn}",
            "\\s",
            "\\S",
            ".",
            "[^a]",
            "(?i:k)",
            "[\\x{80}-\\x{10ffff}]",
        ] {
            for times in [1, 2, 3, 5, 9, 20, 60, 100, 500, 1000] {
                for source in [format!("{class}{{{times}}}"), format!("(?:{class}|a){{1,{times}}}b")] {
                    for case in [Case::Sensitive, Case::Insensitive] {
                        if estimate(&source, case).unwrap() <= MAX_PROGRAM {
                            assert!(compile(&source, case).is_ok(), "{source}");
                        }
                    }
                }
            }
        }
    }
}
