//! One file of the repository, read once and parsed once for all managers.

use std::sync::{Arc, OnceLock};

use memchr::memmem::Finder;

use crate::name::RepoPath;
use crate::problem::Problem;
use crate::span::LineIndex;
use crate::yaml::{self, YamlError, YamlFile};

/// What follows the name of a file in the name of its template.
const TEMPLATE_ENDINGS: [&str; 4] = [".j2", ".jinja2", ".tmpl", ".gotmpl"];

/// Words that are looked for in every file: what that needs is made once, and many bytes are looked at in one step.
#[derive(Debug)]
pub struct Words {
    text: &'static str,
    finder: OnceLock<Finder<'static>>,
}

impl Words {
    /// Returns the words `text`.
    pub const fn new(text: &'static str) -> Self {
        Self { text, finder: OnceLock::new() }
    }

    /// Returns whether they stand anywhere in `text`.
    pub fn stand_in(&self, text: &str) -> bool {
        self.finder.get_or_init(|| Finder::new(self.text)).find(text.as_bytes()).is_some()
    }
}

/// A text file of the repository.
///
/// What several managers need of it (lines, the YAML tree) is made at most once, on first use.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it is.
    pub path: RepoPath,
    /// Its text, byte for byte as in the repository (a byte order mark included).
    pub text: Arc<str>,
    lines: OnceLock<LineIndex>,
    yaml: OnceLock<YamlFile>,
}

impl SourceFile {
    /// Returns the file at `path` holding `text`.
    pub fn new(path: RepoPath, text: impl Into<Arc<str>>) -> Self {
        Self { path, text: text.into(), lines: OnceLock::new(), yaml: OnceLock::new() }
    }

    /// Returns the file's lines.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// Returns whether `words` stand anywhere in the text.
    pub fn holds(&self, words: &Words) -> bool {
        words.stand_in(&self.text)
    }

    /// Returns the file's YAML documents; broken ones are left out and named in [`YamlFile::errors`].
    pub fn yaml(&self) -> &YamlFile {
        self.yaml.get_or_init(|| yaml::parse(&self.text))
    }

    /// Returns what was wrong with the file's YAML documents, for the report.
    ///
    /// A file that is meant to become YAML only after a template engine ran is worth a note at most.
    pub fn yaml_problems(&self) -> Vec<Problem> {
        let name = self.path.file_name();
        let template =
            [".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".gotmpl"].iter().any(|end| name.ends_with(end))
                || self.path.folder().split('/').any(|part| part == "templates");
        let problem = |error: &YamlError| {
            let message = format!("a YAML document cannot be read: {}", error.message);
            if template || error.template {
                Problem::note(message).at(&self.path, error.span).only_remarks()
            } else {
                Problem::warning(message)
                    .at(&self.path, error.span)
                    .hint("no dependency in this document is updated")
            }
        };
        self.yaml().errors().iter().map(problem).collect()
    }

    /// Returns whether the file's name says that it is YAML, or a template that becomes YAML (`app.yaml.j2`).
    pub fn is_yaml_by_name(&self) -> bool {
        let name = self.path.file_name();
        let name = TEMPLATE_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
        [".yaml", ".yml"].iter().any(|ending| name.ends_with(ending))
    }

    /// Returns the line (from 1) that holds the byte `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.lines().line(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Severity;

    #[test]
    fn words_stand_anywhere_in_a_file_or_nowhere() {
        static WORDS: Words = Words::new("kind:");
        let holds = |text: &str| SourceFile::new(RepoPath::new("a.yaml").unwrap(), text).holds(&WORDS);
        assert!(holds("kind:") && holds("kind: a") && holds(&format!("{}kind:", "kin d: ".repeat(90))));
        assert!(!holds("") && !holds("kind") && !holds(&"kin d: ".repeat(90)));
    }

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[Severity]) {
        let file = SourceFile::new(RepoPath::new(path).unwrap(), text);
        let found: Vec<_> = file.yaml_problems().iter().map(|problem| problem.severity).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_broken_document_is_a_warning_and_a_template_only_a_note() {
        check("app/a.yaml", "a: b\n", &[]);
        check("app/a.yaml", "a: b: c\n---\nd: [\n", &[Severity::Warning, Severity::Warning]);
        check("app/a.yaml", "a: b: {{ c }}: d\n", &[Severity::Note]);
        check("chart/templates/a.yaml", "a: b: c\n", &[Severity::Note]);
        check("app/a.yaml.j2", "a: b: c\n", &[Severity::Note]);
    }
}
