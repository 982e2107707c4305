//! The pull request that offers a configuration to a repository that has none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fit::shortened;
use super::markdown::{code, html, message, plain};
use super::schedule_words::schedule_words;
use super::templates::Text;
use crate::config::Options;
use crate::plan::Branch;
use crate::problem::Problem;

/// The branch it is on.
pub const BRANCH: &str = "renovate/configure";
/// Its title.
pub const TITLE: &str = "Configure Renovate";
/// The message of its commit.
pub const COMMIT_MESSAGE: &str = "Add renovate.json";
/// The file it adds.
pub const FILE: &str = "renovate.json";
/// What stands in that file.
pub const SUGGESTED: &str = r#"{
  "$schema": "https://docs.renovatebot.com/renovate-schema.json",
  "extends": ["config:recommended"]
}
"#;

/// The most characters that the names of files may take.
const MAX_FILES: usize = 30_000;
/// How many pull requests are named.
const BRANCHES_SHOWN: usize = 60;
/// How many problems are named.
const PROBLEMS_SHOWN: usize = 20;
/// The most characters of one foreign text.
const MAX_WORDS: usize = 200;
/// A list with more items than this is folded.
const OPEN_ITEMS: usize = 10;

/// What the pull request tells of.
#[derive(Clone, Debug)]
pub struct Onboarding<'a> {
    /// The branch that updates go into.
    pub base: &'a str,
    /// The files in which dependencies were found, by manager; sorted.
    pub files: &'a BTreeMap<String, Vec<String>>,
    /// How many dependencies are in them.
    pub deps: usize,
    /// What holds once the offered configuration is there.
    pub options: &'a Options,
    /// The branches that would be made.
    pub branches: &'a [Branch],
    /// What went wrong.
    pub problems: &'a [Problem],
}

/// Returns the text of the pull request.
pub fn body(onboarding: &Onboarding<'_>) -> String {
    let Onboarding { branches, problems, options, .. } = onboarding;
    Text::Onboarding.render(&json!({
        "file": code(FILE),
        "suggested": SUGGESTED,
        "base": code(onboarding.base),
        "deps": onboarding.deps,
        "managers": managers(onboarding.files),
        "meanings": meanings(options),
        "count": branches.len(),
        "is_long": branches.len() > OPEN_ITEMS,
        "branches": branches.iter().take(BRANCHES_SHOWN).map(coming).collect::<Vec<_>>(),
        "branches_left": branches.len().saturating_sub(BRANCHES_SHOWN),
        "problems": problems.iter().take(PROBLEMS_SHOWN).map(told).collect::<Vec<_>>(),
        "problems_left": problems.len().saturating_sub(PROBLEMS_SHOWN),
    }))
}

/// Returns the managers with the files they read; what has no room is counted.
fn managers(files: &BTreeMap<String, Vec<String>>) -> Vec<Value> {
    let mut room = MAX_FILES;
    let mut managers = Vec::with_capacity(files.len());
    for (manager, files) in files {
        let shown: Vec<String> = files
            .iter()
            .map(|file| code(&shortened(file, MAX_WORDS)))
            .map_while(|file| {
                room = room.checked_sub(file.chars().count() + 3)?;
                Some(file)
            })
            .collect();
        managers.push(json!({
            "name": html(&shortened(manager, MAX_WORDS)),
            "count": files.len(),
            "left_out": files.len() - shown.len(),
            "files": shown,
        }));
    }
    managers
}

/// Returns what the offered configuration does, one line for each thing that people ask about.
fn meanings(options: &Options) -> Vec<String> {
    let mut meanings = Vec::new();
    let limit = |number: Option<u32>| number.filter(|number| *number > 0);
    match (limit(options.pr_hourly_limit), limit(options.pr_concurrent_limit)) {
        (Some(hourly), Some(open)) => {
            meanings.push(format!("at most {hourly} new pull requests an hour, and {open} open at once"));
        }
        (Some(hourly), None) => meanings.push(format!("at most {hourly} new pull requests an hour")),
        (None, Some(open)) => meanings.push(format!("at most {open} pull requests open at once")),
        (None, None) => meanings.push("no limit on the number of pull requests".to_owned()),
    }
    if options.dependency_dashboard == Some(true) {
        let title = options.dependency_dashboard_title.as_deref().unwrap_or("Dependency Dashboard");
        meanings.push(format!("an issue, the *{}*, shows every update and what holds it back", plain(title)));
    }
    meanings.push(match options.automerge {
        Some(true) => "updates merge themselves once their checks pass".to_owned(),
        _ => "nothing merges itself".to_owned(),
    });
    if options.separate_major_minor != Some(false) {
        meanings.push("major updates have pull requests of their own".to_owned());
    }
    if let Some(schedule) = options.schedule.as_ref().filter(|schedule| !schedule.is_always()) {
        meanings.push(format!("updates come {}", schedule_words(Some(schedule), options)));
    }
    meanings
}

/// Returns a pull request to come: its title and, where it does not come at once, why.
fn coming(branch: &Branch) -> String {
    let title = plain(&shortened(&branch.pr_title, MAX_WORDS));
    let held =
        branch.hold.as_ref().map(|hold| format!(" · {}", message(&shortened(&hold.to_string(), MAX_WORDS))));
    format!("{title}{}", held.unwrap_or_default())
}

fn told(problem: &Problem) -> String {
    let place = problem.file.as_ref().map(|file| format!("{}: ", code(file.as_str()))).unwrap_or_default();
    format!("{place}{}", message(&shortened(&problem.message, 2 * MAX_WORDS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFile, Resolution, resolve};
    use crate::name::RepoPath;
    use crate::plan::tests::planned;

    fn suggested() -> Options {
        let file = ConfigFile { path: RepoPath::new(FILE).unwrap(), text: SUGGESTED.into() };
        let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else {
            panic!("it needs more")
        };
        assert_eq!(config.problems, []);
        config.options
    }

    #[test]
    fn tells_what_to_expect() {
        let plan = planned(
            "{}",
            &[
                "kubernetes docker ghcr.io/larkspur/finch 1.2.0 > 1.2.0 1.3.0",
                "flux helm app 1.0.0 > 1.0.0 2.0.0",
            ],
        );
        let files = [("flux", vec!["apps/1.yaml"]), ("kubernetes", vec!["apps/0.yaml", "apps/2.yaml"])]
            .map(|(manager, files)| (manager.to_owned(), files.into_iter().map(ToOwned::to_owned).collect()));
        let body = body(&Onboarding {
            base: "main",
            files: &files.into(),
            deps: 4,
            options: &suggested(),
            branches: &plan.branches,
            problems: &[Problem::warning("`registry.lan` refused the connection")],
        });
        assert_eq!(body, include_str!("tests/onboarding.md"));
    }

    #[test]
    fn a_huge_repository_fits() {
        let lines: Vec<String> =
            (0..600).map(|at| format!("flux helm {}{at} 1.0.0 > 1.0.0 2.0.0", "a".repeat(100))).collect();
        let plan = planned("{}", &lines.iter().map(String::as_str).collect::<Vec<_>>());
        let files = (0..20)
            .map(|at| {
                (format!("manager{at}"), (0..500).map(|file| format!("apps/<b>/{file}.yaml")).collect())
            })
            .collect();
        let problems = vec![Problem::error("x".repeat(9_000)); 500];
        let body = body(&Onboarding {
            base: "main",
            files: &files,
            deps: 10_000,
            options: &suggested(),
            branches: &plan.branches,
            problems: &problems,
        });
        assert!(body.chars().count() < 60_000, "{}", body.chars().count());
        assert!(
            body.contains("- and 540 more\n")
                && body.contains("- and 500 more\n")
                && body.contains("- and 480 more\n"),
            "{body}"
        );
    }
}
