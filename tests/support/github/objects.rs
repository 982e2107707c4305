//! Git's objects, with the ids that git computes: SHA-1 over `kind length\0` and the bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use sha1::{Digest as _, Sha1};

/// Forty hexadecimal digits.
pub(crate) type Id = String;

/// One file of a tree that was read as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// `100644`, `100755`, `120000` (a symbolic link) or `160000` (a submodule).
    pub(crate) mode: String,
    pub(crate) id: Id,
}

/// The files of a tree, by path.
pub(crate) type Files = BTreeMap<String, File>;

/// One line of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) mode: String,
    pub(crate) name: String,
    pub(crate) id: Id,
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) date: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) tree: Id,
    pub(crate) parents: Vec<Id>,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
    pub(crate) message: String,
}

/// The objects of one repository. Nothing is ever collected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    pub(crate) blobs: BTreeMap<Id, Vec<u8>>,
    pub(crate) trees: BTreeMap<Id, Vec<Entry>>,
    pub(crate) commits: BTreeMap<Id, Commit>,
}

/// Returns the id of an object.
pub(crate) fn id_of(kind: &str, bytes: &[u8]) -> Id {
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", bytes.len()));
    hash.update(bytes);
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

impl Objects {
    pub(crate) fn add_blob(&mut self, bytes: Vec<u8>) -> Id {
        let id = id_of("blob", &bytes);
        self.blobs.insert(id.clone(), bytes);
        id
    }

    /// Adds the tree that holds `files`, with every tree below it.
    pub(crate) fn add_tree(&mut self, files: &Files) -> Id {
        let mut entries = Vec::new();
        let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
        for (path, file) in files {
            if let Some((folder, rest)) = path.split_once('/') {
                folders.entry(folder).or_default().insert(rest.to_owned(), file.clone());
            } else {
                let (mode, id) = (file.mode.clone(), file.id.clone());
                entries.push(Entry { mode, name: path.clone(), id });
            }
        }
        for (name, below) in folders {
            let id = self.add_tree(&below);
            entries.push(Entry { mode: "040000".to_owned(), name: name.to_owned(), id });
        }
        // Git sorts a folder as if its name ended with a slash.
        let key = |entry: &Entry| {
            let end = if entry.mode == "040000" { "/" } else { "" };
            format!("{}{end}", entry.name).into_bytes()
        };
        entries.sort_by_key(key);
        let mut bytes = Vec::new();
        for entry in &entries {
            bytes.extend_from_slice(
                format!("{} {}\0", entry.mode.trim_start_matches('0'), entry.name).as_bytes(),
            );
            for pair in entry.id.as_bytes().chunks(2) {
                bytes.push(u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
            }
        }
        let id = id_of("tree", &bytes);
        self.trees.insert(id.clone(), entries);
        id
    }

    pub(crate) fn add_commit(&mut self, commit: Commit) -> Id {
        let mut text = format!("tree {}\n", commit.tree);
        for parent in &commit.parents {
            writeln!(text, "parent {parent}").unwrap();
        }
        for (role, who) in [("author", &commit.author), ("committer", &commit.committer)] {
            writeln!(text, "{role} {} <{}> {} +0000", who.name, who.email, who.date.as_second()).unwrap();
        }
        write!(text, "\n{}", commit.message).unwrap();
        let id = id_of("commit", text.as_bytes());
        self.commits.insert(id.clone(), commit);
        id
    }

    /// Returns every file below a tree.
    pub(crate) fn files(&self, tree: &str) -> Files {
        let mut files = Files::new();
        for entry in self.trees.get(tree).into_iter().flatten() {
            if entry.mode == "040000" {
                let below = self.files(&entry.id).into_iter();
                files.extend(below.map(|(path, file)| (format!("{}/{path}", entry.name), file)));
            } else {
                let file = File { mode: entry.mode.clone(), id: entry.id.clone() };
                files.insert(entry.name.clone(), file);
            }
        }
        files
    }

    /// Returns every file of a commit; none where there is no such commit.
    pub(crate) fn files_of_commit(&self, commit: &str) -> Files {
        self.commits.get(commit).map(|commit| self.files(&commit.tree)).unwrap_or_default()
    }

    pub(crate) fn text(&self, blob: &str) -> Option<&str> {
        std::str::from_utf8(self.blobs.get(blob)?).ok()
    }
}
