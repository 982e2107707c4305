//! Writes into a working tree or a folder of patches: only inside it, never through a symbolic link, never half.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use updraft_core::name::RepoPath;

use crate::whole_file::{self, Durability};

/// The longest name of a patch, in bytes, without its ending: file systems take 255 in all.
const MAX_NAME: usize = 200;

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Some part of the path is a symbolic link.
    #[error("`{0}` is not written: a part of its path is a symbolic link")]
    Symlink(String),
    /// The file is not what it was when it was read.
    #[error("`{0}` is not written: it changed since it was read")]
    Changed(String),
    /// The operating system refused.
    #[error("cannot write `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Replaces the text of `path` under `root`, if it is still `before`.
///
/// The new text is written beside the file and moved over it, so that a reader sees the old or the new text and never a part.
///
/// # Errors
/// See [`WriteError`]; the file is as it was then.
pub fn replace(root: &Path, path: &RepoPath, before: &str, after: &str) -> Result<(), WriteError> {
    let full = inside(root, path)?;
    let failed = |source| WriteError::Io { path: full.clone(), source };
    if fs::read(&full).map_err(failed)? != before.as_bytes() {
        return Err(WriteError::Changed(path.to_string()));
    }
    let permissions = fs::metadata(&full).map_err(failed)?.permissions();
    write_whole(&full, after.as_bytes(), Some(permissions))
}

fn write_whole(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> Result<(), WriteError> {
    whole_file::write(path, bytes, permissions, Durability::Lasting)
        .map_err(|source| WriteError::Io { path: path.to_owned(), source })
}

/// Returns where `path` is under `root`.
fn inside(root: &Path, path: &RepoPath) -> Result<PathBuf, WriteError> {
    let mut full = root.to_owned();
    for part in Path::new(path.as_str()).components() {
        let Component::Normal(part) = part else { return Err(WriteError::Symlink(path.to_string())) };
        full.push(part);
        if fs::symlink_metadata(&full).is_ok_and(|metadata| metadata.file_type().is_symlink()) {
            return Err(WriteError::Symlink(path.to_string()));
        }
    }
    Ok(full)
}

/// Makes a folder, and those it lies in, where they are missing.
///
/// # Errors
/// When the operating system refuses.
pub fn make_folder(folder: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(folder).map_err(|source| WriteError::Io { path: folder.to_owned(), source })
}

/// Writes one patch for each branch, by name, into `folder`: `renovate-grafana-12.x.patch`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_patches<'p>(
    folder: &Path,
    patches: impl IntoIterator<Item = (&'p str, &'p str)>,
) -> Result<(), WriteError> {
    let mut taken = BTreeSet::new();
    for (branch_name, patch) in patches {
        let name: String = branch_name
            .chars()
            .map(
                |char| {
                    if char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_') { char } else { '-' }
                },
            )
            .take(MAX_NAME)
            .collect();
        let name = name.trim_start_matches('.');
        // `a/b` and `a-b` are two branches.
        let mut file = format!("{name}.patch");
        let mut count = 1;
        while !taken.insert(file.to_ascii_lowercase()) {
            count += 1;
            file = format!("{name}-{count}.patch");
        }
        write_whole(&folder.join(file), patch.as_bytes(), None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn replaces_only_what_is_still_as_it_was_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), "a: 1\n").unwrap();
        replace(folder.path(), &path("a.yaml"), "a: 1\n", "a: 2\n").unwrap();
        let error = replace(folder.path(), &path("a.yaml"), "a: 1\n", "a: 3\n").unwrap_err();
        assert_eq!(error.to_string(), "`a.yaml` is not written: it changed since it was read");
        assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), "a: 2\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn does_not_write_through_a_link() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("a.yaml"), "a: 1\n").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        let error = replace(folder.path(), &path("link/a.yaml"), "a: 1\n", "a: 2\n").unwrap_err();
        assert!(matches!(error, WriteError::Symlink(_)));
        assert_eq!(fs::read_to_string(outside.path().join("a.yaml")).unwrap(), "a: 1\n");
    }

    #[test]
    fn patches_stay_in_their_folder_and_do_not_replace_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("new/patches");
        make_folder(&inner).unwrap();
        write_patches(&inner, [("renovate/../../etc", "1"), ("renovate-..-..-etc", "2"), ("../up", "3")])
            .unwrap();
        let names = |folder: &Path| -> Vec<String> {
            let mut names: Vec<String> = fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(&inner), ["-up.patch", "renovate-..-..-etc-2.patch", "renovate-..-..-etc.patch"]);
        assert_eq!(names(folder.path()), ["new"]);
    }
}
