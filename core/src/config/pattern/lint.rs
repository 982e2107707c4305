//! Patterns that can be used and probably mean something else.

use std::sync::LazyLock;

use regex::Regex;

use super::regex_parts;

/// What is odd about a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oddity {
    /// What is odd: one line.
    pub(crate) message: String,
    /// What to do: one line.
    pub(crate) hint: String,
    /// The part of the pattern that is odd, as it is written there.
    pub(crate) part: String,
}

/// Words with `|` between them in a class, which is a set of letters.
static WORDS_IN_CLASS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\[((?:[A-Za-z0-9_-]{2,})(?:\|[A-Za-z0-9_-]{2,})+)\]").ok());

/// Returns what is odd about `text`, a `/regular expression/` or a glob.
pub(crate) fn pattern(text: &str) -> Option<Oddity> {
    let body = text.strip_prefix('!').unwrap_or(text);
    if let Some((inner, _)) = regex_parts(body) {
        return expression(inner);
    }
    if body.starts_with('/') && body.len() > 1 {
        return Some(Oddity {
            message: format!("`{text}` has no `/` at its end, so that it is a glob, and fits nothing"),
            hint: format!("write `{text}/`"),
            part: body.to_owned(),
        });
    }
    looks_like_expression(body).then(|| Oddity {
        message: format!(
            "`{text}` is a glob, as there are no `/` around it, but looks like a regular expression"
        ),
        hint: format!("write `{}/{body}/`", if text.len() > body.len() { "!" } else { "" }),
        part: body.to_owned(),
    })
}

/// Returns what is odd about a glob where nothing else is understood.
pub(crate) fn glob(text: &str) -> Option<Oddity> {
    let message = if regex_parts(text).is_some_and(|(inner, _)| looks_like_expression(inner)) {
        format!("`{text}` is taken as a glob: regular expressions are not understood here")
    } else if looks_like_expression(text) {
        format!("`{text}` is a glob, but looks like a regular expression")
    } else {
        return None;
    };
    let hint = "write a glob, such as `archive/**` or `**/*.sops.*`".to_owned();
    Some(Oddity { message, hint, part: text.to_owned() })
}

/// Returns what is odd about a regular expression.
pub(crate) fn expression(text: &str) -> Option<Oddity> {
    let found = WORDS_IN_CLASS.as_ref()?.captures(text)?;
    let (whole, words) = (found.get(0)?.as_str(), found.get(1)?.as_str());
    Some(Oddity {
        message: format!("`{whole}` fits one of these letters, not one of these words"),
        hint: format!("write `(?:{words})`"),
        part: whole.to_owned(),
    })
}

/// Returns whether a glob has what only regular expressions have.
fn looks_like_expression(text: &str) -> bool {
    text.starts_with('^')
        || (text.ends_with('$') && !text.ends_with("$$"))
        || text.contains("\\.")
        || text.contains("(?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: impl Into<Option<Oddity>>, hint: Option<&str>) {
        let found: Option<Oddity> = found.into();
        assert_eq!(found.as_ref().map(|oddity| oddity.hint.as_str()), hint, "{found:?}");
    }

    #[test]
    fn a_slash_without_another_is_odd() {
        check(pattern("/apps/.+\\.yaml$"), Some("write `/apps/.+\\.yaml$/`"));
        check(pattern("^harbour/"), Some("write `/^harbour//`"));
        check(pattern("!^harbour"), Some("write `!/^harbour/`"));
        check(pattern("/^harbour/"), None);
        check(pattern("/^harbour/i"), None);
        check(pattern("**/*.sops.*"), None);
        check(pattern("harbour/{a,b}/*.y{,a}ml"), None);
        check(pattern("/"), None);
    }

    #[test]
    fn words_in_a_class_are_odd() {
        check(pattern("/^[apps|base]\\/x$/"), Some("write `(?:apps|base)`"));
        check(expression("[a-z|]+"), None);
        check(expression("[a|b]"), None);
        check(expression("[^|]+"), None);
    }

    #[test]
    fn where_only_globs_count_expressions_are_odd() {
        let hint = Some("write a glob, such as `archive/**` or `**/*.sops.*`");
        check(glob("^archive/**"), hint);
        check(glob("/^archive/"), hint);
        check(glob("/archive/"), None);
        check(glob("archive/"), None);
    }
}
