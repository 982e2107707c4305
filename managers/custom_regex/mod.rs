#![doc = include_str!("README.md")]

use std::collections::BTreeSet;

use updraft_core::config::custom_manager::{CustomManager, MatchString};
use updraft_core::dep::Origin;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

mod fields;
mod find;
mod pattern;

use fields::{Unusable, dep};
pub(crate) use fields::{full_digest, is_url};
use find::{MAX_MATCHES, find};
use pattern::Pattern;

/// The largest file that is searched, in bytes.
const MAX_FILE: usize = 2 * 1024 * 1024;
/// How many patterns an entry may have: recursive ones are nested as deep.
const MAX_PATTERNS: usize = 100;

const ID: ManagerId = ManagerId::fixed("custom.regex");

/// Finds what one entry of `customManagers` describes.
#[derive(Debug)]
pub struct CustomRegex {
    config: CustomManager,
    /// As many as `config.match_strings`; `None` where one cannot be used.
    patterns: Vec<Option<Pattern>>,
    problems: Vec<Problem>,
}

impl CustomRegex {
    /// Compiles an entry. What cannot be used is told by [`CustomRegex::problems`]; the rest works all the same.
    pub fn new(mut config: CustomManager) -> Self {
        let mut problems = Vec::new();
        if config.match_strings.len() > MAX_PATTERNS {
            config.match_strings.truncate(MAX_PATTERNS);
            let message = format!("only the first {MAX_PATTERNS} `matchStrings` are used");
            problems.push(placed(Problem::warning(message), &config, None));
        }
        if config.match_strings.is_empty() {
            let problem = Problem::warning("the custom manager has no `matchStrings`, so it finds nothing");
            problems.push(placed(problem, &config, None));
        }
        let mut patterns = Vec::new();
        for text in &config.match_strings {
            match Pattern::compile(&text.pattern) {
                Ok(pattern) => patterns.push(Some(pattern)),
                Err(refusal) => {
                    let problem = Problem::error(refusal.message).hint(refusal.hint);
                    problems.push(placed(problem, &config, Some(text)));
                    patterns.push(None);
                }
            }
        }
        Self { config, patterns, problems }
    }

    /// Returns what is wrong with the entry itself. [`Manager::extract`] returns it too.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn name(&self) -> String {
        name_of(&self.config)
    }

    fn search(&self, file: &SourceFile, extraction: &mut Extraction, told: &mut BTreeSet<Told>) {
        if file.text.len() > MAX_FILE {
            let message = format!("{} does not search files larger than {MAX_FILE} bytes", self.name());
            extraction.problems.push(Problem::warning(message).in_file(&file.path));
            return;
        }
        let finds = find(&file.text, &self.patterns, self.config.match_strings_strategy);
        if finds.cut.is_some() {
            let message =
                format!("{} matches more than {MAX_MATCHES} times: the rest is left out", self.name());
            extraction.problems.push(Problem::warning(message).in_file(&file.path));
        }
        let mut silent: BTreeSet<usize> = BTreeSet::new();
        let mut deps = Vec::new();
        for found in &finds.found {
            let mut made = match dep(&self.config, file, found) {
                Ok(made) => made,
                Err(Unusable::Missing(missing)) => {
                    if silent.insert(found.pattern) {
                        extraction.problems.push(self.missing(&missing, file, found.whole));
                    }
                    continue;
                }
                Err(Unusable::Template { field, error }) => {
                    if told.insert(Told::Template(field)) {
                        let problem = Problem::error(format!("`{field}Template`: {error}"));
                        extraction.problems.push(placed(problem, &self.config, None));
                    }
                    continue;
                }
            };
            if let Some(url) = made.bad_registry
                && told.insert(Told::Registry(url.clone()))
            {
                let problem = Problem::warning(format!("`{url}` is not the address of a registry"));
                extraction.problems.push(
                    problem
                        .at(&file.path, made.dep.span)
                        .only_remarks()
                        .hint("an address has a scheme: `https://example.org/charts`"),
                );
            }
            made.dep.found_in = self.name();
            made.dep.origins.extend(self.config.file.as_ref().map(|config| {
                Origin {
                    what: self.name(),
                    file: config.clone(),
                    span: self
                        .config
                        .match_strings
                        .get(found.pattern)
                        .and_then(|text| text.span)
                        .unwrap_or(self.config.span),
                }
            }));
            deps.push(made.dep);
        }
        deps.sort_by_key(|dep| dep.span);
        extraction.deps.append(&mut deps);
    }

    /// Says that a match is no dependency: Renovate drops it without a word.
    fn missing(&self, missing: &[&str], file: &SourceFile, span: ByteSpan) -> Problem {
        let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
        let first = missing.first().unwrap_or(&"currentValue");
        Problem::warning(format!("{} matches here, but finds no {}", self.name(), names.join(" and no ")))
            .at(&file.path, span)
            .only_remarks()
            .hint(format!(
                "give the pattern a group `(?<{first}>...)`, or the custom manager a `{first}Template`"
            ))
    }
}

/// What is told once a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Template(&'static str),
    Registry(String),
}

/// Returns what people know an entry by.
pub(crate) fn name_of(config: &CustomManager) -> String {
    match config.description.as_str() {
        "" => "the custom manager".to_owned(),
        description => format!("the custom manager `{description}`"),
    }
}

/// Points a problem at a pattern, or at the entry.
pub(crate) fn placed(problem: Problem, config: &CustomManager, text: Option<&MatchString>) -> Problem {
    let span = text.and_then(|text| text.span).unwrap_or(config.span);
    match (&config.file, &config.preset) {
        (Some(file), _) => problem.at(file, span),
        (None, Some(preset)) => {
            let message = format!("{} (in the preset `{preset}`)", problem.message);
            Problem { message, ..problem }
        }
        (None, None) => problem,
    }
}

impl Manager for CustomRegex {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        self.config.manager_file_patterns.iter().map(String::as_str).collect()
    }

    fn extract(&self, files: &[&SourceFile], _context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction { problems: self.problems.clone(), ..Extraction::default() };
        let mut told = BTreeSet::new();
        for file in files {
            self.search(file, &mut extraction, &mut told);
        }
        extraction
    }
}

#[cfg(test)]
mod tests;
