//! `updraft config migrate`: the configuration's files with today's names and forms.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use updraft_core::config::rewrite;
use updraft_core::name::RepoPath;
use updraft_core::plan::patch::patch;
use updraft_core::problem::{Problem, Severity};
use updraft_core::source::SourceFile;

use crate::configuration::{self, Presets};
use crate::report::find;
use crate::source::local;
use crate::worktree;

/// What would change.
#[derive(Debug, Default)]
pub struct Migrated {
    /// The files of the repository.
    pub files: Vec<SourceFile>,
    /// Files that cannot be rewritten, and why.
    pub problems: Vec<Problem>,
    changed: Vec<Changed>,
}

#[derive(Debug)]
struct Changed {
    path: RepoPath,
    before: String,
    after: String,
    /// How many old names and forms it has.
    count: usize,
}

/// Returns what would change in the configuration of the working tree at `path`, presets of its own included.
///
/// # Errors
/// The folder cannot be read.
pub async fn migrated(path: &Path) -> anyhow::Result<Migrated> {
    let snapshot = local::read(path)?;
    let config = configuration::load(&snapshot, None, Presets::Unreachable).await?;
    let mut migrated = Migrated::default();
    for path in &config.files {
        let Some(file) = find(&snapshot.files, path.as_str()) else { continue };
        match rewrite(path, &file.text) {
            Ok(None) => {}
            Ok(Some(rewritten)) => migrated.changed.push(Changed {
                path: path.clone(),
                before: file.text.to_string(),
                after: rewritten.text,
                count: rewritten.changes.len(),
            }),
            Err(error) => {
                let unreadable = |problem: &&Problem| {
                    problem.severity == Severity::Error && problem.file.as_ref() == Some(path)
                };
                let said = config.problems.iter().find(unreadable).cloned();
                migrated.problems.push(said.unwrap_or_else(|| {
                    Problem::error(format!("`{path}` is left as it is: {error}"))
                        .hint("`updraft config check` shows what to write")
                }));
            }
        }
    }
    migrated.files = snapshot.files;
    Ok(migrated)
}

impl Migrated {
    /// Returns the changes as patches.
    pub fn patches(&self) -> String {
        self.changed.iter().map(|changed| patch(&changed.path, &changed.before, &changed.after)).collect()
    }

    /// Writes the changes.
    ///
    /// # Errors
    /// A file has changed in the meantime, or cannot be written.
    pub fn write(&self, root: &Path) -> anyhow::Result<()> {
        for changed in &self.changed {
            worktree::replace(root, &changed.path, &changed.before, &changed.after)
                .with_context(|| format!("`{}` could not be written", changed.path))?;
        }
        Ok(())
    }

    /// Returns what was done, for people; `None` where the problems say it all.
    pub fn written(&self) -> Option<String> {
        self.told("brought up to date")
    }

    /// Returns what could be done, for people; `None` where the problems say it all.
    pub fn offered(&self) -> Option<String> {
        let told = self.told("to bring up to date")?;
        Some(if self.changed.is_empty() { told } else { format!("{told}; `--apply` does it") })
    }

    fn told(&self, done: &str) -> Option<String> {
        if self.changed.is_empty() && !self.problems.is_empty() {
            return None;
        }
        let count: usize = self.changed.iter().map(|changed| changed.count).sum();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let mut text = String::new();
        let files = self.changed.len();
        let _ = match count {
            0 => write!(text, "nothing is old in the configuration"),
            _ => write!(
                text,
                "{count} old name{} and form{} in {files} file{} {done}",
                plural(count),
                plural(count),
                plural(files)
            ),
        };
        Some(text)
    }
}
