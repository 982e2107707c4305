//! `uses:` lines: actions, reusable workflows and images that run as steps.
//!
//! They are read line by line, because the comment behind a value belongs to it, and so that one broken file still
//! gets its updates.

use updraft_core::dep::{Dep, Part, Skip, SkipReason, Slot};
use updraft_core::image_ref;
use updraft_core::manager::ManagerContext;
use updraft_core::name::{DatasourceId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use super::ID;
use super::action_ref::{ActionRef, is_commit, is_short_commit, is_version};
use super::comment::note;

/// Returns the dependencies of all `uses:` lines of a file.
pub(super) fn deps(file: &SourceFile, context: &ManagerContext) -> Vec<Dep> {
    let mut deps = Vec::new();
    let mut start = file.text.len() - file.text.trim_start_matches('\u{feff}').len();
    for line in file.text.get(start..).unwrap_or_default().split_inclusive('\n') {
        if let Some(uses) = Uses::read(line.trim_end_matches(['\n', '\r']), start) {
            deps.extend(uses.dep(file, context));
        }
        start += line.len();
    }
    deps
}

/// The value of one `uses:` key, and the comment behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Uses<'a> {
    /// The value without quotes.
    value: &'a str,
    /// Where the value stands in the file.
    span: ByteSpan,
    /// Where a comment can be inserted.
    end: usize,
    /// The text of the comment after its `#`, and where that starts in the file.
    comment: Option<(&'a str, usize)>,
}

impl<'a> Uses<'a> {
    /// Reads a line that starts at byte `start` of its file.
    fn read(line: &'a str, start: usize) -> Option<Self> {
        let (value_start, style) = value_start(line)?;
        let rest = line.get(value_start..)?;
        let value = if let quote @ ('"' | '\'') = rest.chars().next()? {
            let value = rest.get(1..)?.split_once(quote)?.0;
            ByteSpan::new(value_start + 1, value_start + 1 + value.len())
        } else {
            let stop = match style {
                Style::Flow => rest.find([',', '}']),
                Style::Block => None,
            };
            let end = comment_start(rest).into_iter().chain(stop).min().unwrap_or(rest.len());
            ByteSpan::new(value_start, value_start + rest.get(..end)?.trim_end().len())
        };
        let behind = line.get(value.end..)?;
        let hash = comment_start(behind);
        let comment = hash.and_then(|hash| Some((behind.get(hash + 1..)?, start + value.end + hash + 1)));
        // In `{ uses: a/b@v1, with: {} }` the comment has its place behind everything else on the line.
        let end = value.end + behind.get(..hash.unwrap_or(behind.len()))?.trim_end().len();
        Some(Self { value: value.of(line)?, span: value.shifted(start), end: start + end, comment })
    }

    fn dep(&self, file: &SourceFile, context: &ManagerContext) -> Option<Dep> {
        if let Some(image) = self.value.strip_prefix("docker://") {
            let span = ByteSpan::new(self.span.end - image.len(), self.span.end);
            let mut dep = image_ref::dep(ID, &file.path, image, span, &context.registry_aliases);
            dep.dep_type = Some("docker".to_owned());
            return Some(dep);
        }
        let Some(action) = ActionRef::parse(self.value) else { return self.variable(file) };
        let mut dep = self.described(action, file);
        if is_commit(action.git_ref) || self.is_short_commit(action.git_ref) {
            self.pin(&mut dep, action);
        } else {
            self.follow(&mut dep, action);
        }
        Some(dep)
    }

    /// Returns a skipped dependency when variables stand in a reference, as in the templates of workflows.
    fn variable(&self, file: &SourceFile) -> Option<Dep> {
        let has_variable = self.value.contains("${{") && self.value.contains('/');
        has_variable.then(|| {
            let mut dep = Dep::new(ID, &file.path, self.span, self.value);
            dep.dep_type = Some("action".to_owned());
            dep.skipped(SkipReason::ContainsVariable, "`uses` takes no expressions")
        })
    }

    fn described(&self, action: ActionRef<'_>, file: &SourceFile) -> Dep {
        let name = format!("{}{}", action.host.unwrap_or_default(), action.repository);
        let mut dep = Dep::new(ID, &file.path, self.span, name.as_str());
        dep.dep_type = Some("action".to_owned());
        if is_workflow(action.path) {
            dep.found_in = format!("reusable workflow {}", action.path.trim_start_matches('/'));
        }
        let (name_start, name_end) = match action.host {
            // Any other host is asked the way git asks, whatever software it runs.
            Some(host) if !is_github(host) => {
                dep.package_name = name;
                (action.repository_span.start - host.len(), action.repository_span.end)
            }
            host => {
                dep.package_name = action.repository.into();
                dep.registry_urls = host.map(str::to_owned).into_iter().collect();
                (action.repository_span.start, action.repository_span.end)
            }
        };
        let place = ByteSpan::new(name_start, name_end).shifted(self.span.start);
        dep.slots.push(Slot::new(Part::Name, place, dep.package_name.as_str()));
        dep
    }

    /// A short commit of digits alone is one only when a comment says which version it is.
    fn is_short_commit(&self, git_ref: &str) -> bool {
        let reads_as_number = git_ref.bytes().all(|byte| byte.is_ascii_digit());
        is_short_commit(git_ref)
            && (!reads_as_number || self.comment.is_some_and(|(text, _)| note(text).is_some()))
    }

    /// `owner/repo@<commit> # v1.2.3`: the comment says the value.
    fn pin(&self, dep: &mut Dep, action: ActionRef<'_>) {
        dep.current_digest = Some(action.git_ref.to_owned());
        dep.slots.push(Slot::new(Part::Digest, action.ref_span.shifted(self.span.start), action.git_ref));
        let said = self.comment.and_then(|(text, at)| Some((note(text)?, text, at)));
        let Some((note, text, at)) = said else {
            dep.datasource = Some(Host::of(action).tags());
            dep.versioning = Some(VersioningId::fixed("github-actions"));
            dep.slots.push(Slot::insertion(Part::ValueNote, self.end, " # "));
            let detail = "a comment such as `# v1.2.3` behind the commit would say what to follow";
            dep.skip = Some(Skip { reason: SkipReason::UnversionedReference, detail: detail.to_owned() });
            return;
        };
        set_value(dep, note.value, Host::of(action));
        if let Some(replaced) = note.span.of(text) {
            dep.slots.push(Slot::new(Part::ValueNote, note.span.shifted(at), replaced));
        }
    }

    /// `owner/repo@v1`, `owner/repo@main`: the value stands where a commit may take its place.
    fn follow(&self, dep: &mut Dep, action: ActionRef<'_>) {
        set_value(dep, action.git_ref, Host::of(action));
        dep.slots.push(Slot::new(
            Part::ValueOrDigest,
            action.ref_span.shifted(self.span.start),
            action.git_ref,
        ));
        let same = self.comment.and_then(|(text, at)| {
            let note = note(text).filter(|note| note.value == action.git_ref)?;
            Some(Slot::new(Part::ValueNote, note.span.shifted(at), note.span.of(text)?))
        });
        dep.slots.push(same.unwrap_or_else(|| Slot::insertion(Part::ValueNote, self.end, " # ")));
    }
}

/// How the mapping that holds the key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// One key a line.
    Block,
    /// `{ name: x, uses: y }`
    Flow,
}

/// Returns the byte of the `#` that starts a comment, white space before it.
fn comment_start(text: &str) -> Option<usize> {
    text.match_indices('#')
        .map(|(at, _)| at)
        .find(|at| text.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])))
}

/// Returns the byte where the value of the `uses` key of a line starts.
fn value_start(line: &str) -> Option<(usize, Style)> {
    let mut style = Style::Block;
    let mut rest = line.trim_start();
    while let Some(after) = rest.strip_prefix('-').filter(|after| after.starts_with([' ', '\t'])) {
        rest = after.trim_start();
    }
    if let Some(inner) = rest.strip_prefix('{') {
        style = Style::Flow;
        rest = inner.trim_start();
        if !rest.starts_with(['u', '"', '\'']) || key_value(rest).is_none() {
            rest = rest.get(rest.find(" uses:")? + 1..)?;
        }
    }
    let mut value = key_value(rest)?;
    if let Some(anchor) = value.strip_prefix('&') {
        value = anchor.get(anchor.find([' ', '\t'])?..)?.trim_start();
    }
    Some((line.len() - value.len(), style))
}

/// Returns what follows `uses:`, when the text starts with that key.
fn key_value(text: &str) -> Option<&str> {
    let after = ["uses", "\"uses\"", "'uses'"].iter().find_map(|key| text.strip_prefix(key))?;
    let value = after.trim_start().strip_prefix(':')?;
    value.starts_with([' ', '\t']).then(|| value.trim_start())
}

/// Sets what is followed: the versions of a repository, or one of its branches.
fn set_value(dep: &mut Dep, value: &str, host: Host) {
    let (datasource, versioning) = if is_version(value) {
        (host.tags(), VersioningId::fixed("github-actions"))
    } else {
        (host.branches(), VersioningId::fixed("exact"))
    };
    dep.datasource = Some(datasource);
    dep.versioning = Some(versioning);
    dep.current_value = Some(value.to_owned());
}

/// What kind of host an action comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    GitHub,
    Other,
}

impl Host {
    fn of(action: ActionRef<'_>) -> Self {
        if action.host.is_none_or(is_github) { Self::GitHub } else { Self::Other }
    }

    fn tags(self) -> DatasourceId {
        match self {
            Self::GitHub => DatasourceId::GITHUB_TAGS,
            Self::Other => DatasourceId::GIT_TAGS,
        }
    }

    fn branches(self) -> DatasourceId {
        match self {
            Self::GitHub => DatasourceId::GITHUB_DIGEST,
            Self::Other => DatasourceId::GIT_REFS,
        }
    }
}

/// Returns whether `https://host/` is GitHub's, or by its name an enterprise server.
fn is_github(host: &str) -> bool {
    let name = host.split_once("://").map_or(host, |(_, name)| name);
    name.trim_end_matches('/') == "github.com" || name.starts_with("github.")
}

/// Returns whether a path is a workflow's: a file, where an action is a folder.
fn is_workflow(path: &str) -> bool {
    [".yml", ".yaml"].iter().any(|extension| path.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use updraft_core::name::RepoPath;

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn read(line: &str) -> Vec<Dep> {
        let path = RepoPath::new(".github/workflows/ci.yml").unwrap();
        deps(&SourceFile::new(path, line), &ManagerContext::default())
    }

    /// Returns the line after the slots were filled the way an update fills them.
    fn edited(line: &str, value: &str, digest: Option<&str>) -> String {
        let dep = read(line).remove(0);
        let mut text = line.to_owned();
        for slot in dep.slots.iter().rev() {
            let new = match (&slot.part, digest) {
                (Part::Digest | Part::ValueOrDigest, Some(digest)) => digest.to_owned(),
                (Part::ValueOrDigest, None) => value.to_owned(),
                (Part::ValueNote, None) if slot.span.is_empty() => continue,
                (Part::ValueNote, _) => format!("{}{value}", slot.lead),
                _ => continue,
            };
            assert_eq!(slot.span.of(line), Some(slot.text.as_str()));
            text.replace_range(slot.span.start..slot.span.end, &new);
        }
        text
    }

    #[test]
    fn pinning_writes_the_commit_and_the_version_behind_it() {
        #[track_caller]
        fn check(line: &str, expected: &str) {
            assert_eq!(edited(line, "v5", Some("<sha>")), expected);
        }
        check("  - uses: a/b@v4", "  - uses: a/b@<sha> # v5");
        check("    uses: 'a/b/c@v4'\r\n", "    uses: 'a/b/c@<sha>' # v5\r\n");
        check("- \"uses\" : \"a/b@v4\" # why", "- \"uses\" : \"a/b@<sha>\" # v5 # why");
        check("uses: a/b@v4 # v4", "uses: a/b@<sha> # v5");
        check("uses: a/b@main", "uses: a/b@<sha> # v5");
        check("- { name: x, uses: a/b@v4, with: {} }", "- { name: x, uses: a/b@<sha>, with: {} } # v5");
        check("- {uses: 'a/b@v4'} # why", "- {uses: 'a/b@<sha>'} # v5 # why");
        check("uses: &checkout a/b@v4", "uses: &checkout a/b@<sha> # v5");
    }

    #[test]
    fn a_pinned_line_keeps_its_shape() {
        #[track_caller]
        fn check(before: &str, after: &str) {
            let line = |pattern: &str, sha: &str| pattern.replace("SHA", sha);
            assert_eq!(edited(&line(before, SHA), "v5.1", Some("<sha>")), line(after, "<sha>"));
        }
        check("uses: a/b@SHA # v5.0", "uses: a/b@SHA # v5.1");
        check("uses: a/b@SHA   #v5.0 # zizmor: ignore[x]", "uses: a/b@SHA   #v5.1 # zizmor: ignore[x]");
        check("uses: a/b@SHA # renovate: tag=v5.0", "uses: a/b@SHA # v5.1");
        check("uses: a/b@SHA # ratchet:a/b@v5", "uses: a/b@SHA # ratchet:a/b@v5.1");
        check("uses: \"a/b@SHA\"\t# v5.0\n", "uses: \"a/b@SHA\"\t# v5.1\n");
    }

    #[test]
    fn an_unpinned_line_gets_the_tag_alone() {
        assert_eq!(edited("uses: a/b@v4", "v5", None), "uses: a/b@v5");
        assert_eq!(edited("uses: a/b@v4 # v4", "v5", None), "uses: a/b@v5 # v5");
        assert_eq!(edited("uses: a/b@v4 # important", "v5", None), "uses: a/b@v5 # important");
    }

    #[test]
    fn says_what_is_followed() {
        #[track_caller]
        fn check(line: &str, datasource: &str, package: &str, value: Option<&str>, digest: Option<&str>) {
            let dep = read(line).remove(0);
            let found = dep.datasource.as_ref().map_or("", DatasourceId::as_str);
            assert_eq!((found, dep.package_name.as_str()), (datasource, package), "{line}");
            assert_eq!(
                (dep.current_value.as_deref(), dep.current_digest.as_deref()),
                (value, digest),
                "{line}"
            );
        }
        check("uses: a/b/c@v1", "github-tags", "a/b", Some("v1"), None);
        check("uses: a/b@main", "github-digest", "a/b", Some("main"), None);
        check("uses: a/b@release/v1", "github-digest", "a/b", Some("release/v1"), None);
        check(&format!("uses: a/b@{SHA} # main"), "github-digest", "a/b", Some("main"), Some(SHA));
        check(&format!("uses: a/b@{SHA}"), "github-tags", "a/b", None, Some(SHA));
        check("uses: a/b@0123abc # v1", "github-tags", "a/b", Some("v1"), Some("0123abc"));
        check("uses: a/b@0123abc", "github-tags", "a/b", None, Some("0123abc"));
        check("uses: a/b@202501", "github-tags", "a/b", Some("202501"), None);
        check("uses: a/b@202501 # v1", "github-tags", "a/b", Some("v1"), Some("202501"));
        check("uses: https://github.com/a/b@v1", "github-tags", "a/b", Some("v1"), None);
        check("uses: https://code.example/a/b@v1", "git-tags", "https://code.example/a/b", Some("v1"), None);
        check(
            "uses: https://code.example/a/b@main",
            "git-refs",
            "https://code.example/a/b",
            Some("main"),
            None,
        );
        check("uses: docker://alpine:3.20", "docker", "alpine", Some("3.20"), None);
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "# - uses: a/b@v1",
            "  #uses: a/b@v1",
            "uses: ./local@v1",
            "uses: ../local",
            "uses:",
            "uses: ",
            "uses:a/b@v1",
            "reuses: a/b@v1",
            "pull-uses: write",
            "- { name: x }",
            "uses: *checkout",
            "uses: 'a/b@v1",
            "uses: a b/c@v1",
            "run: echo uses: a/b@v1",
            "uses: &a",
            "uses: \"",
            "{ uses",
        ] {
            assert_eq!(read(line), [], "{line}");
        }
    }

    #[test]
    fn an_expression_is_a_reason() {
        let dep = read("uses: a/b@${{ inputs.ref }}").remove(0);
        assert_eq!(dep.skip.map(|skip| skip.reason), Some(SkipReason::ContainsVariable));
    }
}
