//! What `.gitignore` files leave out of a working tree.
//!
//! The files are read with care, because a repository can hold anything under that name: only regular files, no links (git itself follows
//! none here), and none that is larger than any list of patterns.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The largest list of patterns that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// What the folders of a tree leave out: one folder, and those above it.
#[derive(Debug, Default)]
pub(super) struct Ignores {
    own: Option<Gitignore>,
    above: Option<Arc<Ignores>>,
}

impl Ignores {
    /// Returns what the root of a tree leaves out.
    pub(super) fn of_root(root: &Path) -> Self {
        // The later file wins.
        Self { own: patterns(root, &[root.join(".git/info/exclude"), root.join(".gitignore")]), above: None }
    }

    /// Returns what `folder`, which has a `.gitignore`, leaves out besides what those `above` it do.
    pub(super) fn below(above: &Arc<Self>, folder: &Path) -> Self {
        Self { own: patterns(folder, &[folder.join(".gitignore")]), above: Some(Arc::clone(above)) }
    }

    /// Returns whether `path`, a file or folder in the innermost folder, is left out. The nearest folder with a say decides.
    pub(super) fn leave_out(&self, path: &Path, is_folder: bool) -> bool {
        let mut folder = Some(self);
        while let Some(here) = folder {
            match here.own.as_ref().map_or(Match::None, |own| own.matched(path, is_folder)) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => folder = here.above.as_deref(),
            }
        }
        false
    }
}

/// Returns the patterns that `files` hold for `folder`; `None` when there are none.
fn patterns(folder: &Path, files: &[PathBuf]) -> Option<Gitignore> {
    let texts: Vec<(&PathBuf, String)> =
        files.iter().filter_map(|file| Some((file, read_small(file)?))).collect();
    if texts.is_empty() {
        return None;
    }
    let mut builder = GitignoreBuilder::new(folder);
    for (file, text) in &texts {
        for line in text.trim_start_matches('\u{feff}').lines() {
            // A line that is no pattern leaves nothing out, as in git.
            let _ = builder.add_line(Some((*file).clone()), line);
        }
    }
    builder.build().ok().filter(|patterns| !patterns.is_empty())
}

/// Returns the text of a small regular file; `None` for anything else.
pub(super) fn read_small(path: &Path) -> Option<String> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_BYTES).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], path: &str, expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let full = folder.path().join(file);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, text).unwrap();
        }
        let is_folder = path.ends_with('/');
        let path = path.trim_end_matches('/');
        let mut ignores = Arc::new(Ignores::of_root(folder.path()));
        for (at, _) in path.match_indices('/') {
            ignores = Arc::new(Ignores::below(&ignores, &folder.path().join(&path[..at])));
        }
        assert_eq!(ignores.leave_out(&folder.path().join(path), is_folder), expected);
    }

    #[test]
    fn the_nearest_folder_decides() {
        let files = [(".gitignore", "*.secret\nbuild/\n/top.yaml\n[\n"), ("a/.gitignore", "!keep.secret\n")];
        check(&files, "x.secret", true);
        check(&files, "a/x.secret", true);
        check(&files, "a/keep.secret", false);
        check(&files, "b/keep.secret", true);
        check(&files, "b/build/", true);
        check(&files, "top.yaml", true);
        check(&files, "a/top.yaml", false);
        check(&[], "a.yaml", false);
        check(&[(".git/info/exclude", "mine.yaml\n")], "a/mine.yaml", true);
        check(&[(".git/info/exclude", "a.yaml\n"), (".gitignore", "!a.yaml\n")], "a.yaml", false);
    }

    #[cfg(unix)]
    #[test]
    fn a_list_that_never_ends_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join(".gitignore")).unwrap();
        assert!(!Ignores::of_root(folder.path()).leave_out(&folder.path().join("a.yaml"), false));
        let huge = fs::File::create(folder.path().join("huge")).unwrap();
        huge.set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(read_small(&folder.path().join("huge")), None);
    }
}
