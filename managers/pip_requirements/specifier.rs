//! One requirement: `name[extra]==1.2.3 ; marker`.
//!
//! The grammar is that of <https://packaging.python.org/en/latest/specifications/dependency-specifiers/>.

use std::ops::Range;

/// A requirement taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement<'a> {
    pub(super) name: &'a str,
    /// Where the versions stand that may be installed.
    pub(super) specifier: Option<Range<usize>>,
    /// Where the address behind an `@` stands.
    pub(super) address: Option<Range<usize>>,
    /// Whether the specifier may go on on the next line.
    pub(super) goes_on: bool,
    /// What stands behind the name and its extras, up to the marker and the options.
    pub(super) rest: &'a str,
}

impl<'a> Requirement<'a> {
    /// Reads `text`; `None` where it does not begin as a requirement does.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let is_inner = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        let end = text.find(|letter: char| !is_inner(letter)).unwrap_or(text.len());
        let name = text.get(..end)?;
        let is_end = |letter: char| letter.is_ascii_alphanumeric();
        if !name.starts_with(is_end) || !name.ends_with(is_end) {
            return None;
        }
        let mut at = end + blanks(text.get(end..)?);
        if text.get(at..)?.starts_with('[') {
            at += text.get(at..)?.find(']')? + 1;
            at += blanks(text.get(at..)?);
        }
        let rest = text.get(at..)?;
        let length = ["\\", ";", " --", "\t--"].iter().filter_map(|mark| rest.find(mark)).min();
        let (rest, behind) = rest.split_at_checked(length.unwrap_or(rest.len()))?;
        let whole = Self { name, specifier: None, address: None, goes_on: false, rest };
        if let Some(address) = rest.strip_prefix('@') {
            let start = at + 1 + blanks(address);
            let word = text.get(start..)?.split_whitespace().next().unwrap_or_default();
            return Some(Self { address: Some(start..start + word.len()), ..whole });
        }
        let rest = rest.trim_end();
        let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let start = at + usize::from(inner.is_some());
        let inner = inner.unwrap_or(rest);
        let start = start + blanks(inner);
        let inner = inner.trim();
        let continued = behind.trim_start_matches(['\\', '\r', '\n', ' ', '\t']);
        let goes_on = behind.starts_with('\\')
            && (inner.is_empty() || inner.ends_with(','))
            && !(continued.is_empty() || continued.starts_with(['-', ';']));
        let is_specifier = inner.starts_with(['=', '~', '!', '<', '>']);
        // Two names on one line, or a text that only looks like a requirement.
        if !inner.is_empty() && !is_specifier && !crate::scalar::has_variable(inner) {
            return None;
        }
        let specifier = is_specifier.then(|| start..start + inner.len());
        Some(Self { specifier, goes_on, ..whole })
    }
}

/// Returns how many bytes of blanks a text starts with.
fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, name: &str, specifier: Option<&str>) {
        let found = Requirement::read(text).unwrap();
        assert_eq!((found.name, found.specifier.map(|at| &text[at])), (name, specifier), "{text}");
        assert!(!found.goes_on, "{text}");
    }

    #[test]
    fn finds_the_specifier_between_extras_and_marker() {
        check("a", "a", None);
        check("a==1", "a", Some("==1"));
        check(
            "Zope.Interface [test, docs] >= 1.0, < 2 ; python_version < \"3\"",
            "Zope.Interface",
            Some(">= 1.0, < 2"),
        );
        check("a ( ~=1.0 )", "a", Some("~=1.0"));
        check("a==1 --hash=sha256:0", "a", Some("==1"));
        check("a==1 \\\n --hash=sha256:0", "a", Some("==1"));
        check("a==1 \\", "a", Some("==1"));
        check("a; sys_platform == 'win32'", "a", None);
        check("a==1.* ;x", "a", Some("==1.*"));
    }

    #[test]
    fn a_specifier_over_several_lines_is_told() {
        assert!(Requirement::read("a \\\n ==1").unwrap().goes_on);
        assert!(Requirement::read("a >=1, \\\r\n <2").unwrap().goes_on);
        assert!(!Requirement::read("a>=1 \\").unwrap().goes_on);
    }

    #[test]
    fn finds_an_address() {
        let text = "a[x] @ git+https://h/p@v1 ; python_version > '3'";
        assert_eq!(&text[Requirement::read(text).unwrap().address.unwrap()], "git+https://h/p@v1");
    }

    #[test]
    fn leaves_other_texts_alone() {
        for text in ["", "a b", "a: 1", "-a", "a-", "==1", "a[b", "ä==1", "a=>b c"] {
            let found = Requirement::read(text);
            assert!(found.is_none_or(|found| found.specifier.is_some()), "{text}");
        }
    }
}
