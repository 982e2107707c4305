//! The pull request that offers a configuration to a repository that has none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fit::shortened;
use super::markdown::{code, html, message, plain};
use super::schedule_words::schedule_words;
use super::templates::Text;
use crate::config::{ConfigFile, Options, Resolution, resolve};
use crate::name::RepoPath;
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
pub const CONFIG: &str = r#"{
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
    /// The files in which dependencies were found, each after the manager that reads it; sorted.
    pub files: Vec<(String, String)>,
    /// The branches that would be made.
    pub branches: Vec<&'a Branch>,
    /// What went wrong.
    pub problems: &'a [Problem],
}

/// Returns the text of the pull request.
pub fn body(onboarding: &Onboarding<'_>) -> String {
    let Onboarding { branches, problems, .. } = onboarding;
    Text::Onboarding.render(&json!({
        "file": code(FILE),
        "suggested": CONFIG,
        "base": code(onboarding.base),
        "managers": managers(&onboarding.files),
        "meanings": meanings(&offered()),
        "count": branches.len(),
        "is_long": branches.len() > OPEN_ITEMS,
        "branches": branches.iter().take(BRANCHES_SHOWN).map(|branch| coming(branch)).collect::<Vec<_>>(),
        "branches_left": branches.len().saturating_sub(BRANCHES_SHOWN),
        "problems": problems.iter().take(PROBLEMS_SHOWN).map(told).collect::<Vec<_>>(),
        "problems_left": problems.len().saturating_sub(PROBLEMS_SHOWN),
    }))
}

/// Returns the managers with the files they read; what has no room is counted.
fn managers(files: &[(String, String)]) -> Vec<Value> {
    let mut room = MAX_FILES;
    let mut managers = Vec::new();
    for files in files.chunk_by(|(one, _), (next, _)| one == next) {
        let shown: Vec<String> = files
            .iter()
            .map(|(_, file)| code(&shortened(file, MAX_WORDS)))
            .map_while(|file| {
                room = room.checked_sub(file.chars().count() + 3)?;
                Some(file)
            })
            .collect();
        managers.push(json!({
            "name": files.first().map(|(manager, _)| html(&shortened(manager, MAX_WORDS))),
            "count": files.len(),
            "left_out": files.len() - shown.len(),
            "files": shown,
        }));
    }
    managers
}

/// Returns the options that hold with the offered configuration, which needs nothing but built-in presets.
fn offered() -> Options {
    let file = RepoPath::new(FILE).map(|path| ConfigFile { path, text: CONFIG.into() });
    match resolve(file.as_ref(), &BTreeMap::new(), None) {
        Resolution::Done(config) => config.options,
        Resolution::Needs(_) => Options::default(),
    }
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
    use crate::plan::tests::planned;

    #[test]
    fn what_is_offered_can_be_used() {
        let path = RepoPath::new(FILE).unwrap();
        let file = ConfigFile { path, text: CONFIG.into() };
        let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else {
            panic!("it needs more")
        };
        assert_eq!(config.problems, []);
        assert_eq!(config.options, offered());
    }

    #[test]
    fn tells_what_to_expect() {
        let plan = planned(
            "{}",
            &[
                "kubernetes docker ghcr.io/lakeside/fjord 1.2.0 > 1.2.0 1.3.0",
                "flux helm app 1.0.0 > 1.0.0 2.0.0",
            ],
        );
        let files = [("flux", "apps/1.yaml"), ("kubernetes", "apps/0.yaml"), ("kubernetes", "apps/2.yaml")];
        let body = body(&Onboarding {
            base: "main",
            files: files.map(|(manager, file)| (manager.to_owned(), file.to_owned())).into(),
            branches: plan.branches.iter().collect(),
            problems: &[Problem::warning("`registry.lan` refused the connection")],
        });
        assert_eq!(body, include_str!("tests/onboarding.md"));
    }

    #[test]
    fn a_huge_repository_fits() {
        let lines: Vec<String> =
            (0..600).map(|at| format!("flux helm {}{at} 1.0.0 > 1.0.0 2.0.0", "a".repeat(100))).collect();
        let plan = planned("{}", &lines.iter().map(String::as_str).collect::<Vec<_>>());
        let files = (0..10_000)
            .map(|at| (format!("manager{}", at / 500), format!("apps/<b>/{}.yaml", at % 500)))
            .collect();
        let problems = vec![Problem::error("x".repeat(9_000)); 500];
        let body = body(&Onboarding {
            base: "main",
            files,
            branches: plan.branches.iter().collect(),
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
