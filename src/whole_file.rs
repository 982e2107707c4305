//! Writes files so that a reader finds the old text or the new one, and never a part: also where the disk is full.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;

/// When a file has to be on the disk itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before it takes the place of another one: what it replaces cannot be had again.
    Lasting,
    /// Whenever the system sees fit: it can be made anew.
    Passing,
}

/// Puts `bytes` at `path`, as a file of its own: in place of what is there, and not through a link that is there.
///
/// # Errors
/// The operating system refused. What was at `path` is as it was, and nothing is left beside it.
pub fn write(
    path: &Path,
    bytes: &[u8],
    permissions: Option<fs::Permissions>,
    durability: Durability,
) -> io::Result<()> {
    let temporary = path.with_file_name(format!(".updraft-{}-{}", std::process::id(), fastrand::u64(..)));
    let fill = |mut file: fs::File| {
        file.write_all(bytes)?;
        match durability {
            Durability::Lasting => file.sync_all(),
            Durability::Passing => Ok(()),
        }
    };
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)
        .and_then(fill)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| fs::set_permissions(&temporary, permissions)))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // It may not even exist; the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_leaves_what_was_there_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"old", None, Durability::Passing).unwrap();
        write(&path, b"new", None, Durability::Lasting).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::create_dir_all(folder.path().join("taken/inside")).unwrap();
        assert!(write(&folder.path().join("taken"), b"x", None, Durability::Passing).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
