//! Which files are looked at, and which manager reads them.

use std::sync::Arc;

use super::Config;
use super::json::Place;
use super::options::Options;
use super::pattern::{Case, LazyPattern, Pattern};
use crate::name::{ManagerId, RepoPath};

/// Why a manager reads a file, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Included {
    /// The manager's own pattern matches.
    ByDefault,
    /// The pattern of the configuration that is given matches.
    ByConfig(String),
    /// It is left alone.
    Ignored(Ignored),
    /// The manager does not run.
    Disabled(&'static str),
    /// No pattern matches; the manager may still know the file by its content.
    No,
}

/// Why a file is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// `ignorePaths` or `includePaths`.
    pub option: &'static str,
    /// The pattern that matches the file; `None` when no pattern of `includePaths` does.
    pub pattern: Option<String>,
    /// Where the option was set.
    pub place: Option<Place>,
}

/// `ignorePaths` and `includePaths`, compiled.
#[derive(Clone, Debug, Default)]
pub(crate) struct FilePatterns {
    ignore: Vec<Pattern>,
    include: Option<Vec<Pattern>>,
    ignore_place: Option<Place>,
    include_place: Option<Place>,
}

impl FilePatterns {
    pub(crate) fn new(options: &Options, places: impl Fn(&str) -> Option<Place>) -> Self {
        let compile = |texts: &[String]| {
            texts.iter().filter_map(|text| Pattern::glob(text, Case::Sensitive).ok()).collect()
        };
        Self {
            ignore: options.ignore_paths.as_deref().map(compile).unwrap_or_default(),
            include: options.include_paths.as_deref().filter(|paths| !paths.is_empty()).map(compile),
            ignore_place: places("ignorePaths"),
            include_place: places("includePaths"),
        }
    }

    fn ignored(&self, path: &str) -> Option<Ignored> {
        let is_included =
            |patterns: &[Pattern]| patterns.iter().any(|glob| glob.as_str() == path || glob.matches(path));
        if self.include.as_deref().is_some_and(|patterns| !is_included(patterns)) {
            return Some(Ignored { option: "includePaths", pattern: None, place: self.include_place });
        }
        let pattern = self.ignore.iter().find(|glob| path.contains(glob.as_str()) || glob.matches(path))?;
        Some(Ignored {
            option: "ignorePaths",
            pattern: Some(pattern.as_str().to_owned()),
            place: self.ignore_place,
        })
    }
}

/// Which files one manager reads.
#[derive(Clone, Debug)]
pub struct ManagerFiles {
    disabled: Option<&'static str>,
    own: Vec<LazyPattern>,
    configured: Vec<Pattern>,
    paths: Option<FilePatterns>,
}

impl ManagerFiles {
    /// Returns why the manager reads `path`, or does not.
    ///
    /// What [`Config::ignored`] says of the file is not asked again.
    pub fn includes(&self, path: &RepoPath) -> Included {
        if let Some(reason) = self.disabled {
            return Included::Disabled(reason);
        }
        let path = path.as_str();
        if let Some(ignored) = self.paths.as_ref().and_then(|paths| paths.ignored(path)) {
            return Included::Ignored(ignored);
        }
        if self.own.iter().any(|pattern| pattern.matches(path)) {
            return Included::ByDefault;
        }
        match self.configured.iter().find(|pattern| pattern.matches(path)) {
            Some(pattern) => Included::ByConfig(pattern.as_str().to_owned()),
            None => Included::No,
        }
    }

    /// Returns whether the owner said which files the manager reads; where nobody did, it may know its files by their content.
    pub fn is_configured(&self) -> bool {
        !self.configured.is_empty()
    }

    /// Returns why the manager does not run, if it does not.
    pub fn disabled(&self) -> Option<&'static str> {
        self.disabled
    }
}

impl Config {
    /// Returns why no manager reads `path`; `None` when managers may. To be asked once for each file.
    pub fn ignored(&self, path: &RepoPath) -> Option<Ignored> {
        self.patterns.ignored(path.as_str())
    }

    /// Returns which files `manager` reads, `own` being its default patterns. To be asked once for each manager.
    pub fn files_of(&self, manager: &ManagerId, own: &[&str]) -> ManagerFiles {
        let block = self.options.managers.get(manager.as_str());
        let base = self.base_of(manager.as_str());
        let is_listed = |list: &Vec<String>| {
            list.iter().any(|name| {
                name == manager.as_str()
                    || (name == "regex" && *manager == "custom.regex")
                    || name == "custom.*" && manager.as_str().starts_with("custom.")
            })
        };
        let disabled = if self
            .options
            .enabled_managers
            .as_ref()
            .is_some_and(|list| !list.is_empty() && !is_listed(list))
        {
            Some("`enabledManagers` does not name it")
        } else if base.enabled == Some(false) {
            Some(if block.is_some_and(|block| block.enabled.is_some()) {
                "its options say `enabled: false`"
            } else {
                "it is off by default"
            })
        } else {
            None
        };
        let configured = block.and_then(|block| block.manager_file_patterns.as_deref()).unwrap_or_default();
        let has_own_paths =
            block.is_some_and(|block| block.ignore_paths.is_some() || block.include_paths.is_some());
        ManagerFiles {
            disabled,
            own: own.iter().map(|text| LazyPattern::new(text)).collect(),
            configured: configured.iter().filter_map(|text| Pattern::new(text).ok()).collect(),
            paths: has_own_paths.then(|| FilePatterns::new(&base, |_| None)),
        }
    }

    /// Returns the options of a manager before anything is known of a dependency.
    pub fn base_of(&self, manager: &str) -> Arc<Options> {
        self.bases.get(manager).unwrap_or(&self.plain_base).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{ConfigFile, Resolution, resolve};
    use super::*;

    fn config(text: &str) -> Config {
        let file = ConfigFile { path: RepoPath::new("renovate.json").unwrap(), text: text.into() };
        let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else { panic!() };
        *config
    }

    #[track_caller]
    fn check_ignored(text: &str, path: &str, by: &str) {
        let found = config(text).ignored(&RepoPath::new(path).unwrap());
        let found = found.map_or_else(String::new, |ignored| {
            format!("{} {}", ignored.option, ignored.pattern.unwrap_or_default())
        });
        assert_eq!(found, by, "{text} {path}");
    }

    #[test]
    fn paths_are_ignored_by_glob_or_by_a_part() {
        let text = "{ignorePaths: ['**/*.sops.*', 'archive/', 'a.yaml']}";
        check_ignored(text, "x/y.sops.yaml", "ignorePaths **/*.sops.*");
        check_ignored(text, "x/archive/y.yaml", "ignorePaths archive/");
        check_ignored(text, "b/a.yaml", "ignorePaths a.yaml");
        check_ignored(text, "x/y.yaml", "");
        let recommended = "{extends: ['config:recommended']}";
        check_ignored(recommended, "kubernetes/apps/test/x.yaml", "ignorePaths **/test/**");
        let emptied = "{extends: ['config:recommended'], ignorePaths: []}";
        check_ignored(emptied, "kubernetes/apps/test/x.yaml", "");
        check_ignored("{includePaths: ['kubernetes/**', 'x.yaml']}", "x.yaml", "");
        check_ignored("{includePaths: ['kubernetes/**']}", "x.yaml", "includePaths ");
    }

    #[test]
    fn an_ignored_file_names_who_ignores_it() {
        let config = config("{extends: [':ignoreModulesAndTests']}");
        let place =
            config.ignored(&RepoPath::new("test/x").unwrap()).and_then(|ignored| ignored.place).unwrap();
        assert_eq!(&*config.source(place).unwrap().name, ":ignoreModulesAndTests");
    }

    #[track_caller]
    fn check(text: &str, manager: &'static str, path: &str, expected: &Included) {
        let files = config(text).files_of(&ManagerId::fixed(manager), &["/(^|/)own\\.yaml$/"]);
        assert_eq!(files.includes(&RepoPath::new(path).unwrap()), *expected, "{text} {path}");
    }

    #[test]
    fn patterns_of_the_owner_add_to_the_manager_s() {
        let text = "{flux: {managerFilePatterns: ['/(^|/)kubernetes/.+\\\\.ya?ml$/', 'x/*.yml']}}";
        check(text, "flux", "a/own.yaml", &Included::ByDefault);
        check(
            text,
            "flux",
            "kubernetes/a/b.yaml",
            &Included::ByConfig("/(^|/)kubernetes/.+\\.ya?ml$/".to_owned()),
        );
        check(text, "flux", "x/a.yml", &Included::ByConfig("x/*.yml".to_owned()));
        check(text, "flux", "y/a.yml", &Included::No);
        check(text, "kubernetes", "x/a.yml", &Included::No);
    }

    #[test]
    fn managers_can_be_switched_off() {
        check(
            "{enabledManagers: ['kubernetes']}",
            "flux",
            "own.yaml",
            &Included::Disabled("`enabledManagers` does not name it"),
        );
        check("{enabledManagers: ['regex']}", "custom.regex", "own.yaml", &Included::ByDefault);
        check(
            "{flux: {enabled: false}}",
            "flux",
            "own.yaml",
            &Included::Disabled("its options say `enabled: false`"),
        );
        check("{}", "pre-commit", "own.yaml", &Included::Disabled("it is off by default"));
        check("{extends: [':enablePreCommit']}", "pre-commit", "own.yaml", &Included::ByDefault);
    }
}
