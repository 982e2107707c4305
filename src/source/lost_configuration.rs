//! A configuration that is there, and is not among the files that are read: its owner would wonder why it has no effect.

use std::fs;
use std::path::Path;

use updraft_core::config::search_order;
use updraft_core::name::RepoPath;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

use crate::report::find;

/// The places of configurations that are nothing else.
fn places() -> impl Iterator<Item = &'static str> {
    search_order().iter().copied().filter(|path| *path != "package.json")
}

/// Returns whether one of the configuration's places is among `files`, which are sorted by path.
fn is_read(files: &[SourceFile]) -> bool {
    places().any(|place| find(files, place).is_some())
}

/// Says that the only configuration is a symbolic link: links are not followed. `is_link` answers for a path in the repository.
pub(super) fn behind_a_link(files: &[SourceFile], is_link: impl Fn(&str) -> bool) -> Option<Problem> {
    if is_read(files) {
        return None;
    }
    let path = RepoPath::new(places().find(|place| is_link(place))?)?;
    let problem =
        Problem::warning(format!("`{path}` is left out: it is a symbolic link, which is not followed"));
    Some(problem.in_file(&path).hint("put the file itself there"))
}

/// Says that the folder at `root` is a part of a repository whose configuration stands further up.
pub(super) fn above(files: &[SourceFile], root: &Path) -> Option<Problem> {
    if is_read(files) || root.join(".git").exists() {
        return None;
    }
    let top = root.ancestors().skip(1).find(|folder| folder.join(".git").exists())?;
    let place = places().find(|place| fs::metadata(top.join(place)).is_ok_and(|found| found.is_file()))?;
    let message =
        format!("the repository begins at `{}`, and its `{place}` is not read from here", top.display());
    Some(Problem::warning(message).hint("name that folder, or the file with `--config`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_a_repository_does_not_hide_the_configuration_above_it() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("kubernetes/apps");
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(above(&[], &folder), None, "there is no repository");
        fs::create_dir(top.path().join(".git")).unwrap();
        assert_eq!(above(&[], &folder), None, "there is no configuration");
        fs::write(top.path().join(".renovaterc"), "{}").unwrap();
        let message = above(&[], &folder).unwrap().message;
        assert!(message.contains(&format!("`{}`", top.path().display())), "{message}");
        assert!(message.contains("`.renovaterc` is not read"), "{message}");
        assert_eq!(above(&[], top.path()), None);
        let own = SourceFile::new(RepoPath::new("renovate.json").unwrap(), "{}");
        assert_eq!(above(&[own], &folder), None);
    }

    #[test]
    fn a_link_counts_where_no_other_configuration_does() {
        let is_link = |path: &str| path == "renovate.json";
        let path = behind_a_link(&[], is_link).and_then(|problem| problem.file);
        assert_eq!(path, RepoPath::new("renovate.json"));
        let file = |path: &str| SourceFile::new(RepoPath::new(path).unwrap(), "{}");
        assert!(behind_a_link(&[file("package.json"), file("pod.yaml")], is_link).is_some());
        assert_eq!(behind_a_link(&[file(".github/renovate.json5")], is_link), None);
        assert_eq!(behind_a_link(&[], |_| false), None);
    }
}
