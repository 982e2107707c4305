//! One file of the repository, read once and parsed once for all managers.

use std::sync::{Arc, OnceLock};

use crate::name::RepoPath;
use crate::span::LineIndex;
use crate::yaml::{self, YamlFile};

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

    /// Returns the file's YAML documents; broken ones are left out and named in [`YamlFile::errors`].
    pub fn yaml(&self) -> &YamlFile {
        self.yaml.get_or_init(|| yaml::parse(&self.text))
    }

    /// Returns the line (from 1) that holds the byte `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.lines().line(offset)
    }
}
