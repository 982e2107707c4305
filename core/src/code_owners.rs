//! Who owns which files: the `CODEOWNERS` file.
//!
//! See <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>: the
//! patterns are those of `.gitignore` without `!` and `[]`, and the last one that matches decides.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};

/// The largest program a pattern may become, in bytes.
const MAX_PATTERN_BYTES: usize = 64 * 1024;
/// How many lines are read at most.
const MAX_LINES: usize = 3_000;

/// The owners of a repository's files.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners {
    rules: Vec<(Regex, BTreeSet<String>)>,
}

impl CodeOwners {
    /// Where the file is looked for, in order; the first one counts.
    pub const PLACES: [&'static str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

    /// Reads a file. Lines that are no rule are passed over, as GitHub does.
    pub fn read(text: &str) -> Self {
        let rules = text.lines().take(MAX_LINES).filter_map(|line| {
            let line = line.split_once('#').map_or(line, |(rule, _)| rule);
            let mut words = line.split_whitespace();
            let pattern = pattern(words.next()?)?;
            Some((pattern, words.filter_map(owner).collect()))
        });
        Self { rules: rules.collect() }
    }

    /// Returns the owners of a file: logins, and `team:name` for teams.
    pub fn of(&self, path: &str) -> BTreeSet<String> {
        self.rules
            .iter()
            .rev()
            .find(|(pattern, _)| pattern.is_match(path))
            .map(|(_, owners)| owners.clone())
            .unwrap_or_default()
    }
}

/// Returns `login` for `@login`, `team:name` for `@organisation/name`; mail addresses name nobody we could ask.
fn owner(word: &str) -> Option<String> {
    let name = word.strip_prefix('@')?;
    match name.split_once('/') {
        Some((_, team)) if !team.is_empty() => Some(format!("team:{team}")),
        Some(_) => None,
        None => (!name.is_empty()).then(|| name.to_owned()),
    }
}

fn pattern(glob: &str) -> Option<Regex> {
    let is_folder = glob.ends_with('/');
    let body = glob.trim_end_matches('/');
    // A slash anywhere but at the end ties a pattern to the top.
    let is_tied = body.contains('/');
    let mut text = if is_tied { "^".to_owned() } else { "(?:^|/)".to_owned() };
    let mut rest = body.trim_start_matches('/');
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**/") {
            text.push_str("(?:.*/)?");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("**") {
            text.push_str(".*");
            rest = after;
        } else {
            match next {
                '*' => text.push_str("[^/]*"),
                '?' => text.push_str("[^/]"),
                other => text.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    // A folder's pattern is about everything in it; `docs/*` is about the files in it, not those further down.
    text.push_str(match (is_folder, body.ends_with("/*")) {
        (true, _) => "/",
        (false, true) => "$",
        (false, false) => "(?:/|$)",
    });
    RegexBuilder::new(&text).size_limit(MAX_PATTERN_BYTES).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, path: &str, expected: &[&str]) {
        let owners = CodeOwners::read(file).of(path);
        assert_eq!(owners.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{path}");
    }

    #[test]
    fn the_last_rule_that_matches_decides() {
        let file = "* @everyone # all of it\n/apps/ @alice @org/media\n*.md docs@example.com @writer\napps/secret.yaml\n";
        check(file, "flux/a.yaml", &["everyone"]);
        check(file, "apps/a/b.yaml", &["alice", "team:media"]);
        check(file, "apps/README.md", &["writer"]);
        check(file, "apps/secret.yaml", &[]);
    }

    #[test]
    fn patterns_are_tied_to_the_top_by_a_slash() {
        check("apps/ @a\n", "other/apps/x.yaml", &["a"]);
        check("/apps/ @a\n", "other/apps/x.yaml", &[]);
        check("docs/* @a\n", "docs/x.md", &["a"]);
        check("docs/* @a\n", "docs/deep/x.md", &[]);
        check("**/logs @a\n", "deep/logs/x.txt", &["a"]);
        check("a/**/z.yaml @a\n", "a/b/c/z.yaml", &["a"]);
        check("[x @a\n", "[x", &["a"]);
    }
}
