//! The owner's patterns, compiled, each with a text that is looked for first.

use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};
use updraft_core::config::pattern::{self, PatternError};

/// How short a text is not worth looking for.
const SHORTEST: usize = 3;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// A text without which there is no match: found far faster than the pattern is run.
    needed: Option<Regex>,
}

/// Why a pattern is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What is wrong with it.
    pub(super) message: String,
    /// What to write instead.
    pub(super) hint: &'static str,
}

impl Pattern {
    /// Compiles `text`, as RE2 reads it.
    pub(super) fn compile(text: &str) -> Result<Self, Refusal> {
        let regex = pattern::regex(text).map_err(|error| refusal(&error))?;
        let mut needed = String::new();
        if let Ok(hir) = regex_syntax::parse(regex.as_str()) {
            longest_literal(&hir, &mut needed);
        }
        let needed = (needed.len() >= SHORTEST).then(|| Regex::new(&regex::escape(&needed)).ok()).flatten();
        Ok(Self { regex, needed })
    }

    /// Returns whether the pattern can match somewhere in `text`; cheap, and often wrongly `true`.
    pub(super) fn can_match(&self, text: &str) -> bool {
        self.needed.as_ref().is_none_or(|needed| needed.is_match(text))
    }
}

fn refusal(error: &PatternError) -> Refusal {
    let hint = error.hint.unwrap_or("patterns are RE2 patterns: https://github.com/google/re2/wiki/Syntax");
    Refusal { message: format!("the pattern cannot be used: {error}"), hint }
}

/// Puts the longest text that every match holds into `longest`.
fn longest_literal(hir: &Hir, longest: &mut String) {
    match hir.kind() {
        HirKind::Literal(literal) => {
            if literal.0.len() > longest.len()
                && let Ok(text) = std::str::from_utf8(&literal.0)
            {
                text.clone_into(longest);
            }
        }
        HirKind::Capture(capture) => longest_literal(&capture.sub, longest),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest_literal(&repetition.sub, longest),
        HirKind::Concat(parts) => parts.iter().for_each(|part| longest_literal(part, longest)),
        HirKind::Empty
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Repetition(_)
        | HirKind::Alternation(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(pattern: &str, message: &str, hint: &str) {
        let refusal = Pattern::compile(pattern).unwrap_err();
        assert!(refusal.message.contains(message) && refusal.hint.contains(hint), "{refusal:?}");
    }

    #[test]
    fn says_what_to_write_instead() {
        refuses("(?<=v)1", "look-behind", "");
        refuses("v(?!1)", "look-ahead", "");
        refuses(r"(?<a>x)\1", "backreference", "a second time");
        refuses("(?<a>x", "unclosed group", "RE2");
        refuses("(?<a>x)(?<a>y)", "duplicate capture group name", "RE2");
        refuses("(((a{500}){500}){500})", "", "RE2");
        refuses(&"(".repeat(2000), "", "RE2");
        refuses(&"a".repeat(20_000), "longer than", "RE2");
        refuses("a\\", "", "RE2");
    }

    #[track_caller]
    fn needs(pattern: &str, text: Option<&str>) {
        let needed = Pattern::compile(pattern).unwrap().needed;
        assert_eq!(needed.as_ref().map(Regex::as_str), text.map(regex::escape).as_deref());
    }

    #[test]
    fn knows_a_text_every_match_holds() {
        needs(r"datasource=(?<datasource>\S+) depName=(?<depName>\S+)", Some("datasource="));
        needs(r#"\S+: "?(?<currentValue>[^"\s]+)"? # ?renovate: depName="#, Some("renovate: depName="));
        needs(r"https:\/\/github.com\/(?<depName>\S+)\/releases\/download\/", Some("/releases/download/"));
        needs(r"(?<a>v1\.2)?x(?:abcd|efgh)*", None);
        needs("(?:abcd|efgh)", None);
        needs("(?i)renovate", None);
        needs("(?<a>renovate)+", Some("renovate"));
    }
}
