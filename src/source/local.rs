//! Reads a working tree: a git checkout or a plain folder.
//!
//! Left out: what `.gitignore` names, `.git`, submodules, symbolic links, binary files. A file that looks like one of ours by its
//! name but cannot be read as text becomes a problem; a picture does not.

use std::cell::RefCell;
use std::fs;
use std::io::Read as _;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::process::{Command, Stdio};

use updraft_core::name::RepoPath;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use url::Url;

use super::gitignore::read_small;
use super::text::{MAX_FILE_BYTES, is_binary_by_name, is_text_by_name, text_file, too_large};
use super::walk::walk;
use super::{Identity, Snapshot, lost_configuration};

/// Room for most files, in bytes.
const USUAL_FILE_BYTES: usize = 64 * 1024;
/// How much of the room that a large file took is kept for the next ones, in bytes.
const MOST_KEPT_BYTES: usize = 1024 * 1024;

/// A working tree cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such folder.
    #[error("there is no folder `{0}`")]
    Missing(PathBuf),
    /// It is a file.
    #[error("`{0}` is not a folder")]
    NotAFolder(PathBuf),
    /// The operating system refused.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Reads the tree at `root`. What its recent commits say is left to [`recent_subjects`].
///
/// # Errors
/// Only when `root` itself is not a readable folder; single files become problems of the snapshot.
pub fn read(root: &Path) -> Result<Snapshot, SourceError> {
    let metadata = fs::metadata(root).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => SourceError::Missing(root.to_owned()),
        _ => SourceError::Unreadable { path: root.to_owned(), source },
    })?;
    if !metadata.is_dir() {
        return Err(SourceError::NotAFolder(root.to_owned()));
    }
    let root =
        root.canonicalize().map_err(|source| SourceError::Unreadable { path: root.to_owned(), source })?;
    let (files, mut problems) = read_files(&root);
    let is_link = |path: &str| root.join(path).symlink_metadata().is_ok_and(|found| found.is_symlink());
    problems.extend(lost_configuration::behind_a_link(&files, is_link));
    problems.extend(lost_configuration::above(&files, &root));
    Ok(Snapshot { files, problems, identity: identity(&root) })
}

fn read_files(root: &Path) -> (Vec<SourceFile>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let outcomes = walk(root, |path, listed| match listed {
        Ok(()) => read_file(root, path),
        Err(error) => Some(Err(Problem::warning(format!(
            "a part of the tree cannot be read: {}: {error}",
            path.display()
        )))),
    });
    for outcome in outcomes {
        match outcome {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    files.sort_by(|a: &SourceFile, b: &SourceFile| a.path.cmp(&b.path));
    problems.sort();
    (files, problems)
}

fn read_file(root: &Path, full: &Path) -> Option<Result<SourceFile, Problem>> {
    let relative = full.strip_prefix(root).ok()?;
    let Some(path) = relative.to_str().and_then(|text| RepoPath::new(&text.replace(MAIN_SEPARATOR, "/")))
    else {
        return Some(Err(Problem::note(format!(
            "the file `{}` is left out: its name is not UTF-8, or has a backslash",
            relative.to_string_lossy()
        ))));
    };
    read_text(full, &path)
}

/// Reads one file; `None` for one that is simply not ours (a picture, an archive).
fn read_text(full: &Path, path: &RepoPath) -> Option<Result<SourceFile, Problem>> {
    thread_local! {
        /// Every file is read into the same room, and only what is text is kept.
        static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    if is_binary_by_name(path) {
        return None;
    }
    let ours = is_text_by_name(path);
    let unreadable =
        |message: String, hint: &str| ours.then(|| Err(Problem::warning(message).in_file(path).hint(hint)));
    let file = match fs::File::open(full) {
        Ok(file) => file,
        Err(error) => {
            return unreadable(format!("`{path}` cannot be read: {error}"), "check its permissions");
        }
    };
    BYTES.with_borrow_mut(|bytes| {
        bytes.clear();
        bytes.reserve(USUAL_FILE_BYTES);
        let outcome = match (&file).take(MAX_FILE_BYTES + 1).read_to_end(bytes) {
            Err(error) => {
                unreadable(format!("`{path}` cannot be read: {error}"), "check the disk and its permissions")
            }
            Ok(read) if read as u64 > MAX_FILE_BYTES => {
                let size = file.metadata().map_or(read as u64, |metadata| metadata.len());
                too_large(path, size).map(Err)
            }
            Ok(_) => text_file(path, bytes),
        };
        bytes.shrink_to(MOST_KEPT_BYTES);
        outcome
    })
}

/// Says who the repository at `root` is, from its git configuration, without needing a git binary for it.
fn identity(root: &Path) -> Identity {
    let folder =
        root.file_name().map_or_else(|| "repository".to_owned(), |name| name.to_string_lossy().into_owned());
    let git = git_folder(root);
    let base_branch = git.as_deref().and_then(base_branch).map(Into::into);
    let remote = git
        .and_then(|git| read_small(&git.join("config")))
        .and_then(|config| origin_url(&config))
        .and_then(|url| host_and_slug(&url));
    match remote {
        Some((host, slug)) => Identity {
            name: slug.rsplit('/').next().unwrap_or(&slug).to_owned(),
            slug: Some(slug.into()),
            host: Some(host.into()),
            base_branch,
            recent_subjects: Vec::new(),
        },
        None => Identity { name: folder, base_branch, ..Identity::default() },
    }
}

/// Returns the folder that holds `config`: `.git`, or for a linked work tree the main repository's.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let pointer = read_small(&git)?;
    let own = root.join(pointer.strip_prefix("gitdir:")?.trim());
    let common = read_small(&own.join("commondir"))?;
    Some(own.join(common.trim()))
}

/// Returns the branch that a remote called `origin` says is its default, else the one that is checked out.
fn base_branch(git: &Path) -> Option<String> {
    let points_to = |file: &str, prefix: &str| {
        let text = read_small(&git.join(file))?;
        text.strip_prefix("ref:")?.trim().strip_prefix(prefix).map(str::to_owned)
    };
    points_to("refs/remotes/origin/HEAD", "refs/remotes/origin/").or_else(|| points_to("HEAD", "refs/heads/"))
}

/// Returns the `url` of the section `[remote "origin"]`.
fn origin_url(config: &str) -> Option<String> {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.replace(' ', "").eq_ignore_ascii_case("[remote\"origin\"]");
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            return Some(value.trim().trim_matches('"').to_owned());
        }
    }
    None
}

/// Splits `https://host/owner/name.git`, `ssh://git@host/owner/name` and `git@host:owner/name.git`.
fn host_and_slug(url: &str) -> Option<(String, String)> {
    let (host, path) = match Url::parse(url) {
        Ok(parsed) if parsed.has_host() => (parsed.host_str()?.to_owned(), parsed.path().to_owned()),
        _ => {
            let (user_host, path) = url.split_once(':')?;
            let host = user_host.rsplit('@').next()?;
            (host.to_owned(), path.to_owned())
        }
    };
    let slug = path.trim_matches('/').trim_end_matches(".git").to_owned();
    (!host.is_empty() && slug.contains('/')).then_some((host, slug))
}

/// Asks git, where there is one, for the recent commit subjects of a clone; an empty list when it cannot say.
pub fn recent_subjects(root: &Path) -> Vec<String> {
    if git_folder(root).is_none() {
        return Vec::new();
    }
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        // What the clone's own configuration names is not run: whoever made it may not be whoever looks at it.
        .args(["--no-pager", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false"])
        .args(["-c", "core.hooksPath=/dev/null"])
        .args(["log", "-n", "30", "--format=%s", "--no-color", "--no-ext-diff", "--no-textconv"])
        // A missing commit is not worth asking a remote for, by whatever command that is done. The second is for a git that does not know the
        // first: no protocol is allowed.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_slug(url: &str, expected: Option<(&str, &str)>) {
        assert_eq!(
            host_and_slug(url),
            expected.map(|(host, slug)| (host.to_owned(), slug.to_owned())),
            "{url}"
        );
    }

    #[test]
    fn reads_every_spelling_of_a_remote() {
        check_slug("https://github.com/owner/name.git", Some(("github.com", "owner/name")));
        check_slug("https://token@github.com/owner/name", Some(("github.com", "owner/name")));
        check_slug("git@github.com:owner/name.git", Some(("github.com", "owner/name")));
        check_slug("ssh://git@git.lan:2222/owner/name", Some(("git.lan", "owner/name")));
        check_slug("/srv/git/name", None);
    }

    #[test]
    fn finds_the_origin_among_remotes() {
        let config = "[core]\n\tbare = false\n[remote \"fork\"]\n\turl = a\n[remote \"origin\"]\n\turl = b\n";
        assert_eq!(origin_url(config).as_deref(), Some("b"));
    }

    #[test]
    fn leaves_out_what_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, bytes: &[u8]| {
            let full = root.join(path);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, bytes).unwrap();
        };
        write(".gitignore", b"secret/\n");
        write("secret/a.yaml", b"a: 1\n");
        write("sub/.git", b"gitdir: ../.git/modules/sub\n");
        write("sub/b.yaml", b"b: 1\n");
        write(".git/config", b"[remote \"origin\"]\n\turl = https://github.com/me/homelab\n");
        write(".github/workflows/ci.yaml", b"on: push\n");
        write("photo.png", b"\x89PNG\0");
        write("bin.yaml", b"a\0b");
        write("latin.yaml", b"a: \xe4\n");
        write("data.dat", b"\0\0");
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hosts", root.join("link.yaml")).unwrap();

        let snapshot = read(root).unwrap();
        let paths: Vec<_> = snapshot.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".github/workflows/ci.yaml", ".gitignore"]);
        let problems: Vec<_> = snapshot.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            problems,
            ["`bin.yaml` is left out: it is binary", "`latin.yaml` is left out: line 1 is not valid UTF-8"]
        );
        assert_eq!(snapshot.identity.slug.as_deref(), Some("me/homelab"));
    }

    #[cfg(unix)]
    #[test]
    fn a_backslash_in_a_name_is_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sub\\a.yaml"), "a: 1\n").unwrap();
        let snapshot = read(folder.path()).unwrap();
        assert!(snapshot.files.is_empty());
        assert!(snapshot.problems[0].message.contains("`sub\\a.yaml` is left out"));
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let error = read(Path::new("/no/such/folder")).unwrap_err();
        assert_eq!(error.to_string(), "there is no folder `/no/such/folder`");
    }

    #[test]
    fn a_huge_file_is_a_problem_and_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("huge.yaml")).unwrap();
        file.set_len(MAX_FILE_BYTES + 1).unwrap();
        let snapshot = read(folder.path()).unwrap();
        assert!(snapshot.files.is_empty());
        assert!(snapshot.problems[0].message.starts_with("`huge.yaml` is left out: 8 MB"));
    }

    /// What a clone's configuration may name to be run, each of which would leave a file behind.
    #[cfg(unix)]
    const TRAPS: &str = r#"
[core]
	fsmonitor = "touch TRAP/fsmonitor"
	pager = "touch TRAP/pager; cat"
	sshCommand = "touch TRAP/ssh; false"
	editor = "touch TRAP/editor"
	askPass = "touch TRAP/askpass"
	gitProxy = "touch TRAP/proxy"
	alternateRefsCommand = "touch TRAP/alternate"
	hooksPath = TRAP/hooks
	attributesFile = TRAP/attributes
	repositoryFormatVersion = 1
[extensions]
	partialClone = origin
[remote "origin"]
	url = "ext::sh -c touch% TRAP/remote"
	promisor = true
	partialCloneFilter = blob:none
	uploadpack = "touch TRAP/uploadpack; git-upload-pack"
[protocol]
	allow = always
[protocol "ext"]
	allow = always
[alias]
	log = "!touch TRAP/alias"
[pager]
	log = "touch TRAP/pagerlog; cat"
[diff]
	external = "touch TRAP/diff"
[diff "trap"]
	command = "touch TRAP/command"
	textconv = "touch TRAP/textconv; cat"
[filter "trap"]
	clean = "touch TRAP/clean; cat"
	smudge = "touch TRAP/smudge; cat"
	process = "touch TRAP/process"
	required = true
[log]
	showSignature = true
[gpg]
	program = TRAP/gpg.sh
[gpg "ssh"]
	program = TRAP/gpg.sh
	defaultKeyCommand = "touch TRAP/key"
[credential]
	helper = "!touch TRAP/credential"
[interactive]
	diffFilter = "touch TRAP/interactive"
[trailer "trap"]
	command = "touch TRAP/trailer"
"#;

    /// Runs git as whoever prepares a clone, apart from any configuration of this machine, and returns what it says.
    #[cfg(unix)]
    fn git(root: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(root)
            .args([
                "-c",
                "user.name=alice",
                "-c",
                "user.email=alice@example.com",
                "-c",
                "commit.gpgSign=false",
            ])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_run_that_a_clone_names_in_its_configuration() {
        use std::os::unix::fs::PermissionsExt as _;
        let (clone, trap) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = clone.path();
        git(root, &["init", "--quiet", "--initial-branch", "main"]);
        for number in ["one", "two", "three"] {
            fs::write(root.join("a.yaml"), format!("a: {number}\n")).unwrap();
            git(root, &["add", "."]);
            git(root, &["commit", "--quiet", "-m", &format!("feat: {number}")]);
        }
        // One that says it is signed makes git look for a program that checks it.
        let signed = git(root, &["cat-file", "commit", "HEAD"]).replacen(
            "\n\n",
            "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n",
            1,
        );
        fs::write(root.join(".git/signed"), signed + "\n").unwrap();
        let id = git(root, &["hash-object", "-t", "commit", "-w", ".git/signed"]);
        git(root, &["update-ref", "refs/heads/main", &id]);

        let here = trap.path().display().to_string();
        let script = |path: PathBuf, name: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("#!/bin/sh\ntouch {here}/{name}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        script(trap.path().join("gpg.sh"), "gpg");
        for hook in ["post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"] {
            script(trap.path().join("hooks").join(hook), hook);
            script(root.join(".git/hooks").join(hook), hook);
        }
        let attributes = "* filter=trap diff=trap\n";
        fs::write(trap.path().join("attributes"), attributes).unwrap();
        fs::write(root.join(".gitattributes"), attributes).unwrap();
        let config = root.join(".git/config");
        fs::write(&config, fs::read_to_string(&config).unwrap() + &TRAPS.replace("TRAP", &here)).unwrap();
        let names = || {
            let names = fs::read_dir(trap.path()).unwrap().map(|entry| entry.unwrap().file_name());
            names.collect::<std::collections::BTreeSet<_>>()
        };
        let before = names();

        assert_eq!(recent_subjects(root), ["feat: three", "feat: two", "feat: one"]);
        assert_eq!(names(), before, "nothing was run");
        // Then a commit that has to be fetched first, by a command that the configuration names.
        let (shelf, rest) = id.split_at(2);
        fs::remove_file(root.join(".git/objects").join(shelf).join(rest)).unwrap();
        assert!(recent_subjects(root).is_empty());
        read(root).unwrap();
        assert_eq!(names(), before, "nothing was run");
    }
}
