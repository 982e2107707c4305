//! What went wrong, where, and what to do about it: one bad file or dead registry never ends a run.

use serde::Serialize;

use crate::address::without_users;
use crate::name::RepoPath;
use crate::span::ByteSpan;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something could not be done; the exit code is 1.
    Error,
    /// Something is probably not what the owner meant.
    Warning,
    /// Good to know.
    Note,
}

/// How much of a file is not known because of a problem in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Perhaps all of it: what stands elsewhere may not have been read either.
    #[default]
    File,
    /// Nothing: the file was read and understood, and this is said about one place of it.
    Nothing,
}

/// One thing to tell the owner. It may quote what stands in a file: users and passwords in addresses are left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: one line, literals in backticks, no full stop.
    pub message: String,
    /// The file it is about, if it is about one.
    pub file: Option<RepoPath>,
    /// The bytes in that file to point at.
    pub span: Option<ByteSpan>,
    /// What to do: one line.
    pub hint: Option<String>,
    /// How much of the file is not known.
    pub extent: Extent,
}

impl Problem {
    /// Returns an error that says `message`.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: without_users(&message.into()).into_owned(),
            file: None,
            span: None,
            hint: None,
            extent: Extent::default(),
        }
    }

    /// Returns a warning that says `message`.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Returns a note that says `message`.
    pub fn note(message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(message) }
    }

    /// Points the problem at a file.
    #[must_use]
    pub fn in_file(mut self, file: &RepoPath) -> Self {
        self.file = Some(file.clone());
        self
    }

    /// Points the problem at bytes of a file.
    #[must_use]
    pub fn at(mut self, file: &RepoPath, span: ByteSpan) -> Self {
        self.file = Some(file.clone());
        self.span = Some(span);
        self
    }

    /// Says that the file was read and understood all the same.
    #[must_use]
    pub fn only_remarks(mut self) -> Self {
        self.extent = Extent::Nothing;
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(without_users(&hint.into()).into_owned());
        self
    }
}
