//! Goes through the folders of a working tree, on as many threads as there are cores.
//!
//! Each folder is listed once, and what it lists says whether it has a `.gitignore` or is another repository, so that nothing needs to be asked
//! for in vain.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use super::gitignore::Ignores;

/// Most threads that are worth it: reading what is in memory is quick, and what is not waits for the disk.
const MAX_THREADS: usize = 8;

/// A folder that is still to be listed.
struct Folder {
    path: PathBuf,
    /// What the folders above leave out; `None` for the root.
    above: Option<Arc<Ignores>>,
}

/// The folders that wait for a thread, and how many threads are at work: more may come of those.
struct Open {
    folders: Vec<Folder>,
    busy: usize,
}

struct Queue {
    open: Mutex<Open>,
    changed: Condvar,
    /// How many threads have nothing to do.
    idle: AtomicUsize,
}

/// Returns `visit` of each regular file below `root` that nothing leaves out, and of each folder that cannot be listed, in no order.
///
/// Not entered are `.git`, other repositories (submodules), links, and what a `.gitignore` names.
pub(super) fn walk<T: Send>(
    root: &Path,
    visit: impl Fn(&Path, io::Result<()>) -> Option<T> + Sync,
) -> Vec<T> {
    let first = Folder { path: root.to_owned(), above: None };
    let open = Mutex::new(Open { folders: vec![first], busy: 0 });
    let queue = Queue { open, changed: Condvar::new(), idle: AtomicUsize::new(0) };
    let work = || {
        let mut found = Vec::new();
        while let Some(first) = queue.take() {
            // A thread goes through what is below by itself, and parts with some of it only for one that has nothing to do.
            let mut own = vec![first];
            while let Some(folder) = own.pop() {
                own.extend(list(&folder, &mut |path, listed| found.extend(visit(path, listed))));
                queue.share(&mut own);
            }
            queue.finish();
        }
        found
    };
    let threads = thread::available_parallelism().map_or(2, usize::from).min(MAX_THREADS);
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for helper in helpers {
            match helper.join() {
                Ok(part) => found.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    })
}

impl Queue {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a folder to list; `None` when there are none left and none can come.
    fn take(&self) -> Option<Folder> {
        let mut open = self.open();
        loop {
            if let Some(folder) = open.folders.pop() {
                open.busy += 1;
                return Some(folder);
            }
            if open.busy == 0 {
                return None;
            }
            self.idle.fetch_add(1, Ordering::Relaxed);
            open = self.changed.wait(open).unwrap_or_else(PoisonError::into_inner);
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Leaves half of `own`, the ones nearest to the root, to a thread that has nothing to do.
    fn share(&self, own: &mut Vec<Folder>) {
        if own.len() > 1 && self.idle.load(Ordering::Relaxed) > 0 {
            let half = own.len() / 2;
            self.open().folders.extend(own.drain(..half));
            self.changed.notify_one();
        }
    }

    /// Says that a thread has listed what it took, and all below.
    fn finish(&self) {
        let mut open = self.open();
        open.busy -= 1;
        let is_last = open.busy == 0;
        drop(open);
        if is_last {
            self.changed.notify_all();
        }
    }
}

/// Visits the files of one folder, and returns the folders in it.
fn list(folder: &Folder, visit: &mut impl FnMut(&Path, io::Result<()>)) -> Vec<Folder> {
    let read = |entry: io::Result<fs::DirEntry>| entry.map(|entry| (entry.file_name(), entry.file_type()));
    let entries = fs::read_dir(&folder.path).and_then(|entries| entries.map(read).collect());
    let entries: Vec<(OsString, io::Result<FileType>)> = match entries {
        Ok(entries) => entries,
        Err(error) => {
            visit(&folder.path, Err(error));
            return Vec::new();
        }
    };
    let (mut is_repository, mut has_ignores) = (false, false);
    for (name, _) in &entries {
        is_repository |= name == ".git";
        has_ignores |= name == ".gitignore";
    }
    let ignores = match &folder.above {
        Some(_) if is_repository => return Vec::new(),
        Some(above) if has_ignores => Arc::new(Ignores::below(above, &folder.path)),
        Some(above) => Arc::clone(above),
        None => Arc::new(Ignores::of_root(&folder.path)),
    };
    let mut inner = Vec::new();
    for (name, kind) in entries.into_iter().filter(|(name, _)| name != ".git") {
        let path = folder.path.join(name);
        match kind {
            Err(error) => visit(&path, Err(error)),
            Ok(kind) if !kind.is_dir() && !kind.is_file() => {}
            Ok(kind) if ignores.leave_out(&path, kind.is_dir()) => {}
            Ok(kind) if kind.is_dir() => inner.push(Folder { path, above: Some(Arc::clone(&ignores)) }),
            Ok(_) => visit(&path, Ok(())),
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_everywhere_once_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let expected: Vec<String> = (0..200).map(|at| format!("a/{}/{at}.yaml", at % 17)).collect();
        for path in &expected {
            write(path, "");
        }
        write(".git/config", "");
        write("sub/.git", "gitdir: elsewhere");
        write("sub/a.yaml", "");
        write("b/.gitignore", "out/\n*.tmp\n");
        write("b/out/a.yaml", "");
        write("b/c/a.tmp", "");
        write("b/c/a.yaml", "");
        let mut found = walk(folder.path(), |path, listed| {
            listed.unwrap();
            path.strip_prefix(folder.path()).unwrap().to_str().map(str::to_owned)
        });
        found.sort();
        let mut expected: Vec<_> =
            expected.iter().map(String::as_str).chain(["b/.gitignore", "b/c/a.yaml"]).collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
