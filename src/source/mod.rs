//! Where the files of a repository come from: a working tree or a forge.

mod gitignore;
pub mod local;
mod lost_configuration;
pub mod remote;
mod text;
mod walk;

use std::sync::Arc;

use updraft_core::config::ConfigFile;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

/// The text files of one repository, and what could not be read.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The files, by path.
    pub files: Vec<SourceFile>,
    /// Files that were left out, and why.
    pub problems: Vec<Problem>,
    /// Who the repository is.
    pub identity: Identity,
}

impl Snapshot {
    /// Puts a configuration file that is used in place of the repository's own among the files, so that problems in it can be shown.
    pub fn hold(&mut self, file: Option<ConfigFile>) {
        let Some(file) = file else { return };
        match self.files.binary_search_by(|other| other.path.cmp(&file.path)) {
            Ok(at) => {
                if let Some(known) = self.files.get_mut(at).filter(|known| known.text != file.text) {
                    *known = SourceFile::new(file.path, file.text);
                }
            }
            Err(at) => self.files.insert(at, SourceFile::new(file.path, file.text)),
        }
    }
}

/// What is known of a repository besides its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `owner/name`, from the remote called `origin`; `None` for a plain folder.
    pub slug: Option<Arc<str>>,
    /// The host of that remote: `github.com`.
    pub host: Option<Arc<str>>,
    /// The branch that is updated; `None` where nobody can say.
    pub base_branch: Option<Arc<str>>,
    /// The name to show: the last part of the slug, or the folder's name.
    pub name: String,
    /// Recent commit subjects, newest first, to see whether the repository uses semantic commits; empty when unknown.
    pub recent_subjects: Vec<String>,
}
