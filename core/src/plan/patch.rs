//! Patches as `git diff` writes them, so that `git apply` takes them.

use std::fmt::Write as _;

use similar::{Algorithm, TextDiff};

use crate::name::RepoPath;

/// The lines shown around a change, as in git.
const CONTEXT: usize = 3;

/// Returns the patch that turns `before` into `after` at `path`, or an empty text when they are equal.
///
/// Lines end at `\n` only; a `\r` before it is a part of the line.
pub fn patch(path: &RepoPath, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let old_lines: Vec<&str> = before.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = after.split_inclusive('\n').collect();
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Histogram)
        .newline_terminated(true)
        .diff_slices(&old_lines, &new_lines);
    let (old_name, new_name) = (quoted("a/", path), quoted("b/", path));
    let mut text = format!("diff --git {old_name} {new_name}\n");
    let _ = writeln!(text, "--- {old_name}{}", tab(path));
    let _ = writeln!(text, "+++ {new_name}{}", tab(path));
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let _ = write!(text, "{hunk}");
    }
    text
}

/// Returns the tab that git puts after a name with a space, so that the name's end is known.
fn tab(path: &RepoPath) -> &'static str {
    if path.as_str().contains(' ') { "\t" } else { "" }
}

/// Returns the name as git spells it: in quotes, with escapes, when it holds a quote or a control character.
fn quoted(prefix: &str, path: &RepoPath) -> String {
    let path = path.as_str();
    if !path.chars().any(|character| character.is_control() || matches!(character, '"' | '\\')) {
        return format!("{prefix}{path}");
    }
    let mut name = format!("\"{prefix}");
    for character in path.chars() {
        match character {
            '"' => name.push_str("\\\""),
            '\\' => name.push_str("\\\\"),
            _ if character.is_control() => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(name, "\\{byte:03o}");
                }
            }
            _ => name.push(character),
        }
    }
    name.push('"');
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, before: &str, after: &str, expected: &str) {
        assert_eq!(patch(&RepoPath::new(path).unwrap(), before, after), expected);
    }

    #[test]
    fn shows_three_lines_around_a_change() {
        check(
            "apps/a.yaml",
            "1\n2\n3\n4\nversion: 1\n6\n7\n8\n9\n",
            "1\n2\n3\n4\nversion: 2\n6\n7\n8\n9\n",
            concat!(
                "diff --git a/apps/a.yaml b/apps/a.yaml\n",
                "--- a/apps/a.yaml\n",
                "+++ b/apps/a.yaml\n",
                "@@ -2,7 +2,7 @@\n",
                " 2\n 3\n 4\n-version: 1\n+version: 2\n 6\n 7\n 8\n",
            ),
        );
    }

    #[test]
    fn keeps_carriage_returns_and_says_when_the_last_line_break_is_missing() {
        check(
            "a.yaml",
            "a\r\nb: 1",
            "a\r\nb: 2",
            concat!(
                "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n",
                " a\r\n-b: 1\n\\ No newline at end of file\n+b: 2\n\\ No newline at end of file\n",
            ),
        );
    }

    #[test]
    fn a_lone_carriage_return_ends_no_line() {
        check(
            "a.yaml",
            "a\rb\nc\n",
            "a\rB\nc\n",
            "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n-a\rb\n+a\rB\n c\n",
        );
    }

    #[test]
    fn spells_odd_names_as_git_does() {
        check(
            "my file.yaml",
            "a\n",
            "b\n",
            concat!(
                "diff --git a/my file.yaml b/my file.yaml\n--- a/my file.yaml\t\n+++ b/my file.yaml\t\n",
                "@@ -1 +1 @@\n-a\n+b\n",
            ),
        );
        assert_eq!(quoted("a/", &RepoPath::new("x\"\u{7f}.yaml").unwrap()), "\"a/x\\\"\\177.yaml\"");
    }

    #[test]
    fn no_change_is_no_patch() {
        check("a.yaml", "a\n", "a\n", "");
    }
}
