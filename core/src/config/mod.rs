//! The configuration as the owner wrote it, read once, and what it says about each dependency.
//!
//! [`resolve`] reads the file and the presets it extends, [`Config::files_of`] says which files a manager reads, and
//! [`Config::apply`] what holds for a dependency or an update.

mod apply;
mod base_branch;
mod categories;
mod check;
pub mod custom_datasource;
pub mod custom_manager;
mod defaults;
pub mod duration;
mod effect;
mod extended;
mod files;
pub mod host_rule;
pub(crate) mod json;
mod migrate;
mod names;
#[cfg(test)]
mod no_panic;
pub mod options;
mod outline;
pub mod pattern;
pub mod preset;
mod presets;
mod read_custom;
mod reader;
mod resolve;
pub mod rule;
pub mod schedule;
mod schema;
mod templates;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::name::RepoPath;
use crate::problem::{Problem, Severity};
use crate::source::SourceFile;

pub use apply::{Applied, Facts, RuleTrace};
pub use custom_datasource::CustomDatasource;
pub use custom_manager::CustomManager;
pub use extended::{Extended, extended};
pub use files::{Ignored, Included, ManagerFiles};
pub use host_rule::HostRule;
pub use json::{Place, SourceId};
pub use migrate::{Change, RewriteError, Rewritten, rewrite};
pub use names::closest;
pub use options::{OPTIONS, OptionInfo, Options};
pub use outline::{Item, Outline};
pub use preset::{PresetHost, PresetRef, PresetText, WorkTree};
pub use reader::Source;
pub use resolve::{Resolution, resolve};
pub use rule::PackageRule;
pub use schema::schema;
pub use verdict::{Holds, Saw, Verdict};

/// The places a configuration is looked for, in order; the first one wins.
///
/// In `package.json` it is the member `renovate`.
pub fn search_order() -> &'static [&'static str] {
    &[
        "renovate.json",
        "renovate.jsonc",
        "renovate.json5",
        ".github/renovate.json",
        ".github/renovate.jsonc",
        ".github/renovate.json5",
        ".gitlab/renovate.json",
        ".gitlab/renovate.jsonc",
        ".gitlab/renovate.json5",
        ".renovaterc",
        ".renovaterc.json",
        ".renovaterc.jsonc",
        ".renovaterc.json5",
        "package.json",
    ]
}

/// A configuration file of the repository.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Where it is.
    pub path: RepoPath,
    /// Its text.
    pub text: Arc<str>,
}

/// The configuration, presets included.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The options that hold where no rule, block or manager says otherwise; defaults are included.
    pub options: Options,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// The files of this repository it was read from.
    pub files: Vec<RepoPath>,
    /// The texts it was read from, built-in presets included; a [`Place`] points into one of them.
    pub sources: Vec<Source>,
    /// `packageRules`, in the order they apply.
    pub rules: Vec<PackageRule>,
    /// `customManagers`, in order.
    pub custom_managers: Vec<CustomManager>,
    /// Where each option of the top level was said, earliest first: by the texts in [`Config::sources`].
    pub origins: BTreeMap<String, Vec<Place>>,
    /// Presets that it extends and that could not be read, so that it is not whole.
    pub unread_presets: BTreeSet<String>,
    /// Presets of Renovate that it extends, directly or through others, and that change nothing in updraft.
    pub idle_presets: BTreeSet<String>,
    /// `owner/name` of this repository, if it is known.
    pub repository: Option<String>,
    /// The branch that is updated, if it is known.
    pub base_branch: Option<String>,
    bases: apply::Bases,
    plain_base: Arc<Options>,
    combinations: apply::Combinations,
    datasources: BTreeMap<String, Options>,
    patterns: files::FilePatterns,
}

/// One option of the top level, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its name; `flux.managerFilePatterns` for an option of one manager.
    pub name: String,
    /// Its value, as a person would write it.
    pub value: String,
    /// Where it was said, earliest first; empty for a default.
    pub places: Vec<Place>,
}

impl Config {
    /// Returns every option that has a value, in the order of [`OPTIONS`], and then those of single managers.
    pub fn shown(&self) -> Vec<Shown> {
        let places = |name: &str| self.origins.get(name).cloned().unwrap_or_default();
        let top = self.options.set().into_iter().map(|(name, value)| Shown {
            name: name.to_owned(),
            value,
            places: places(name),
        });
        let managers = self.options.managers.iter().flat_map(|(manager, options)| {
            let places = places(manager);
            options.set().into_iter().map(move |(name, value)| Shown {
                name: format!("{manager}.{name}"),
                value,
                places: places.clone(),
            })
        });
        top.chain(managers).collect()
    }

    /// Returns the configuration of a repository that has none: Renovate's defaults.
    pub fn without_file() -> Self {
        resolve::finish(Vec::new(), None, Vec::new(), Vec::new(), None)
    }

    /// Returns the presets through which a place is reached, outermost first and the place's own text last; empty for what the
    /// configuration file itself says.
    pub fn chain(&self, place: Place) -> Vec<&Source> {
        let mut chain = Vec::new();
        let mut place = Some(place);
        // A text is read after what extends it, so the sources get fewer with every step.
        while let Some(source) = place.and_then(|place| self.source(place)) {
            if source.extended_at.is_some() {
                chain.push(source);
            }
            place = source.extended_at.filter(|outer| place.is_some_and(|inner| outer.source < inner.source));
        }
        chain.reverse();
        chain
    }

    /// Returns where people find a place: `renovate.json5:23`, or the presets through which it is reached, outermost first, as in
    /// `config:recommended > :dependencyDashboard`. `files` are those of the repository, by path.
    pub fn place_name(&self, place: Place, files: &[SourceFile]) -> String {
        let Some(source) = self.source(place) else { return String::new() };
        if let Some(path) = &source.file {
            return match files.binary_search_by(|file| file.path.cmp(path)).ok().and_then(|at| files.get(at))
            {
                Some(file) => format!("{path}:{}", file.line(place.span.start)),
                None => path.to_string(),
            };
        }
        let names: Vec<&str> = self.chain(place).into_iter().map(|source| &*source.name).collect();
        names.join(" > ")
    }

    /// Returns whether a place is in a file of this repository: what its owner can change here.
    pub fn is_own(&self, place: Place) -> bool {
        self.source(place).is_some_and(|source| source.file.is_some())
    }

    /// Returns what people call a rule: `#3` for the third of this repository, and nothing for those of presets, which have no place in its
    /// files.
    pub fn rule_number(&self, index: usize) -> Option<usize> {
        let is_own = |rule: &PackageRule| self.is_own(rule.place);
        let (before, rest) = self.rules.split_at_checked(index)?;
        rest.first().filter(|rule| is_own(rule))?;
        Some(before.iter().filter(|rule| is_own(rule)).count() + 1)
    }

    /// Returns the same configuration without `ignorePaths` and `includePaths` of the top level: what managers would read if nothing were
    /// left out.
    #[must_use]
    pub fn without_left_out_paths(&self) -> Self {
        Self { patterns: files::FilePatterns::default(), ..self.clone() }
    }

    /// Returns the same configuration without one entry of `registryAliases`.
    #[must_use]
    pub fn without_alias(&self, name: &str) -> Self {
        let mut config = self.clone();
        let remove = |options: &mut Options| {
            if let Some(aliases) = &mut options.registry_aliases {
                aliases.remove(name);
            }
        };
        remove(&mut config.options);
        remove(Arc::make_mut(&mut config.plain_base));
        config.bases.values_mut().for_each(|base| remove(Arc::make_mut(base)));
        config
    }

    /// Returns whether it cannot be used as it is: what its owner wants is not known then, and nothing is written.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Returns what a place is called: `.renovaterc.json5` or the preset's name.
    pub fn source(&self, place: Place) -> Option<&Source> {
        self.sources.get(usize::from(place.source.0))
    }
}
