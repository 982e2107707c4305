//! What a pattern that matches nothing may have been meant to be.

use updraft_core::config::pattern::{Pattern, regex_parts};

/// A pattern that does match something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// How it is written.
    pub(super) pattern: String,
    /// What is wrong with the other one, as a clause.
    pub(super) why: &'static str,
    /// How many texts it matches.
    pub(super) matches: usize,
}

/// Returns the nearest pattern that matches some of `texts`; `None` where nothing is near.
pub(super) fn repair<'t>(pattern: &str, texts: &(impl Iterator<Item = &'t str> + Clone)) -> Option<Repair> {
    candidates(pattern).into_iter().find_map(|(candidate, why)| {
        let compiled = Pattern::new(&candidate).ok()?;
        let matches = texts.clone().filter(|text| compiled.matches(text)).count();
        (matches > 0).then_some(Repair { pattern: candidate, why, matches })
    })
}

fn candidates(pattern: &str) -> Vec<(String, &'static str)> {
    if let Some((expression, _)) = regex_parts(pattern) {
        let bare = expression.strip_prefix('^').unwrap_or(expression);
        let open = bare.strip_suffix('$').unwrap_or(bare);
        return vec![
            (format!("/{expression}/i"), "regular expressions mind upper and lower case"),
            (format!("/{bare}/"), "`^` is the start of the whole text"),
            (format!("/{open}/"), "`$` is the end of the whole text"),
        ];
    }
    let mut found = Vec::new();
    if looks_like_regex(pattern) {
        let expression = pattern.strip_prefix('/').or_else(|| pattern.strip_suffix('/')).unwrap_or(pattern);
        found.push((format!("/{expression}/"), "without slashes around it, it is read as a glob"));
    }
    let bare = pattern.trim_start_matches("./").trim_start_matches('/');
    if bare != pattern {
        found
            .push((bare.to_owned(), "paths are written from the top of the repository, without `/` or `./`"));
    }
    if let Some(folder) = bare.strip_suffix('/') {
        found.push((format!("{folder}/**"), "a folder stands for the files in it only with `**`"));
    }
    if !bare.starts_with("**/") {
        found.push((format!("**/{bare}"), "a glob is held against the whole text"));
    }
    if !bare.contains("**") {
        match bare.rsplit_once('/') {
            Some((folder, "*")) => found.push((format!("{folder}/**"), "`*` ends at a `/`")),
            Some((folder, name)) if name.contains('*') => {
                found.push((format!("{folder}/**/{name}"), "`*` ends at a `/`"));
            }
            _ if bare.contains('*') => {}
            _ => found.push((format!("{bare}/**"), "a folder stands for the files in it only with `**`")),
        }
    }
    found
}

/// Returns whether a glob holds what is common in regular expressions and means little in globs.
pub(super) fn looks_like_regex(pattern: &str) -> bool {
    pattern.starts_with('^')
        || pattern.ends_with('$')
        || pattern.starts_with("(^|")
        || [r"\.", ".*", ".+", r"\d", "(?:", "(?i"].iter().any(|mark| pattern.contains(mark))
        || (pattern.starts_with('/') != pattern.ends_with('/') && pattern.contains(['(', '|', '\\']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, texts: &[&str], expected: Option<&str>) {
        let repaired = repair(pattern, &texts.iter().copied());
        assert_eq!(repaired.as_ref().map(|repair| repair.pattern.as_str()), expected, "{pattern}");
    }

    #[test]
    fn a_pattern_is_repaired_to_one_that_matches() {
        let names = ["ghcr.io/fjord/Lakeside", "quay.io/harbour/pilot-boat"];
        check("^ghcr.io/fjord", &names, Some("/^ghcr.io/fjord/"));
        check(r"ghcr\.io", &names, Some(r"/ghcr\.io/"));
        check("/pilot.*", &names, Some("/pilot.*/"));
        check("/^pilot/", &names, Some("/pilot/"));
        check("/lakeside/", &names, Some("/lakeside/i"));
        check("pilot-boat", &names, Some("**/pilot-boat"));
        check("quay.io/*", &names, Some("quay.io/**"));
        check("*pilot*", &names, Some("**/*pilot*"));
        check("nothing", &names, None);
        let paths = ["clusters/fjord/apps/pilot.yaml", "README.md"];
        check("*.yaml", &paths, Some("**/*.yaml"));
        check("./README.md", &paths, Some("README.md"));
        check("fjord/**", &paths, Some("**/fjord/**"));
        check("clusters/fjord", &paths, Some("clusters/fjord/**"));
        check("clusters/fjord/", &paths, Some("clusters/fjord/**"));
        check("clusters/*.yaml", &paths, Some("clusters/**/*.yaml"));
        check("clusters/*.json", &paths, None);
    }
}
