//! What a manager is: something that says where the dependencies in a kind of file are. It never writes text.

use std::collections::BTreeMap;

use crate::dep::Dep;
use crate::name::ManagerId;
use crate::problem::Problem;
use crate::source::SourceFile;

/// What the configuration tells managers.
#[derive(Clone, Debug, Default)]
pub struct ManagerContext {
    /// `registryAliases`: a name or prefix, and what it stands for.
    pub registry_aliases: BTreeMap<String, String>,
}

/// What a manager found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extraction {
    /// The dependencies, in the order of files and of bytes.
    pub deps: Vec<Dep>,
    /// What was wrong with the files.
    pub problems: Vec<Problem>,
}

/// Finds dependencies in one kind of file.
pub trait Manager: Send + Sync {
    /// Returns the manager's name.
    fn id(&self) -> ManagerId;

    /// Returns the default `managerFilePatterns`, in Renovate's spelling (`/regex/` or a glob).
    ///
    /// A file that matches, or that matches a pattern of the configuration, is always handed to [`Manager::extract`].
    /// They are borrowed from the manager, because those of a custom manager are the owner's.
    fn file_patterns(&self) -> Vec<&str>;

    /// Returns whether `file`, though no pattern matches it, is of this manager's kind by its content.
    ///
    /// This is what makes zero configuration work; it must be cheap (a literal search, not a parse).
    fn recognizes(&self, file: &SourceFile) -> bool {
        let _ = file;
        false
    }

    /// Does beforehand what [`Manager::extract`] will need of `file` alone, such as parsing it.
    ///
    /// It may be called from several threads at once, each with another file; doing nothing is right too, only slower.
    fn prepare(&self, file: &SourceFile) {
        let _ = file;
    }

    /// Returns the dependencies of `files`.
    ///
    /// All files come at once, because what one means may stand in another (a `HelmRelease` and its `HelmRepository`).
    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction;
}
