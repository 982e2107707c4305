//! References to presets: `config:recommended`, `:timezone(UTC)`, `github>owner/repo//path/file.json5#1.2.3`, ...

use std::fmt;
use std::sync::Arc;

use super::json::{self, Node, SourceId};
use crate::span::ByteSpan;

/// Where a preset lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PresetHost {
    /// Inside updraft.
    BuiltIn,
    /// `github>`
    GitHub,
    /// `gitlab>`
    GitLab,
    /// `gitea>`
    Gitea,
    /// `forgejo>`
    Forgejo,
    /// `local>`: the forge this repository is on.
    Local,
    /// A web address.
    Web,
    /// An npm package; not supported.
    Npm,
}

impl PresetHost {
    fn prefix(self) -> &'static str {
        match self {
            Self::GitHub => "github>",
            Self::GitLab => "gitlab>",
            Self::Gitea => "gitea>",
            Self::Forgejo => "forgejo>",
            Self::Local => "local>",
            Self::Npm => "npm>",
            Self::BuiltIn | Self::Web => "",
        }
    }
}

/// Whether a preset can be read from the files of the repository that extends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkTree {
    /// It is this repository's own: read it there.
    Own,
    /// It names a file in another repository, which may be a former name or the origin of this one: when it cannot be
    /// fetched and such a file exists here, that one may stand in, with a note.
    MayStandIn,
    /// It is somebody else's, or a certain version of it.
    No,
}

/// A reference to a preset, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PresetRef {
    /// The reference as it was written.
    pub text: String,
    /// Where it lives.
    pub host: PresetHost,
    /// `owner/repo`, or the web address; the name of a built-in preset.
    pub repository: String,
    /// The file named in it, as written.
    pub file: Option<String>,
    /// The member of the file's object that is meant.
    pub member: Option<String>,
    /// The tag, branch or commit.
    pub tag: Option<String>,
    /// What `{{arg0}}` and so on stand for.
    pub arguments: Vec<String>,
    /// Whether the files of this repository can help.
    pub work_tree: WorkTree,
}

/// A preset's text, as the shell found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresetText {
    /// It was read.
    Found {
        /// The file it was read from: a path in this repository when `is_local`, otherwise one in its own.
        path: String,
        /// The text.
        text: Arc<str>,
        /// Whether it was read from the files of this repository.
        is_local: bool,
    },
    /// It could not be read, and why: one line.
    Missing(String),
    /// Who was asked says that there is no such preset: one line.
    Absent(String),
}

impl PresetRef {
    /// Takes a reference apart; `own` is the `owner/repo` of the repository that extends it.
    pub fn parse(text: &str, own: Option<&str>) -> Self {
        let trimmed = text.trim();
        let (body, arguments) = split_arguments(trimmed);
        let hosts = [
            PresetHost::GitHub,
            PresetHost::GitLab,
            PresetHost::Gitea,
            PresetHost::Forgejo,
            PresetHost::Local,
            PresetHost::Npm,
        ];
        let found = hosts.into_iter().find_map(|host| Some((host, body.strip_prefix(host.prefix())?)));
        let mut preset = Self {
            text: trimmed.to_owned(),
            host: PresetHost::BuiltIn,
            repository: body.to_owned(),
            file: None,
            member: None,
            tag: None,
            arguments,
            work_tree: WorkTree::No,
        };
        if body.starts_with("http://") || body.starts_with("https://") {
            preset.host = PresetHost::Web;
        } else if let Some((host, body)) = found {
            preset.host = host;
            preset.take_apart(body);
            preset.work_tree = preset.work_tree(own);
        } else if body.starts_with('@') || !body.contains(':') {
            preset.host = PresetHost::Npm;
        }
        preset
    }

    fn take_apart(&mut self, body: &str) {
        let (body, tag) = match body.split_once('#') {
            Some((body, tag)) => (body, Some(tag.to_owned())),
            None => (body, None),
        };
        self.tag = tag.filter(|tag| !tag.is_empty());
        let (repository, path) = match body.split_once("//") {
            Some((repository, path)) => (repository, Some(path)),
            None => (body, None),
        };
        let (repository, name) = match (path, repository.split_once(':')) {
            (None, Some((repository, name))) => (repository, Some(name)),
            _ => (repository, None),
        };
        repository.clone_into(&mut self.repository);
        // `//path:name` is a file in a folder; `name/member` is a member of a file.
        let (folder, name) = match (path, name) {
            (Some(path), _) => {
                let Some((folder, name)) = path.split_once(':') else {
                    self.file = Some(path.trim_matches('/').to_owned());
                    return;
                };
                (Some(folder), Some(name))
            }
            (None, name) => (None, name),
        };
        let Some(name) = name.filter(|name| !name.is_empty()) else { return };
        let (file, member) = match name.split_once('/') {
            Some((file, member)) => (file, Some(member)),
            None => (name, None),
        };
        self.member = member.map(str::to_owned);
        self.file = Some(match folder {
            Some(folder) => format!("{}/{file}", folder.trim_matches('/')),
            None => file.to_owned(),
        });
    }

    fn work_tree(&self, own: Option<&str>) -> WorkTree {
        if self.tag.is_some() || !matches!(self.host, PresetHost::GitHub | PresetHost::Local) {
            return WorkTree::No;
        }
        if own.is_some_and(|own| own.eq_ignore_ascii_case(&self.repository)) {
            return WorkTree::Own;
        }
        if self.file.is_some() { WorkTree::MayStandIn } else { WorkTree::No }
    }

    /// Returns whether the names in it are ones a forge could have: no `..`, nothing that means something in an address.
    pub fn is_sound(&self) -> bool {
        let sound = |part: &str| {
            !part.is_empty()
                && !part.starts_with("..")
                && part != "."
                && !part.contains(['?', '#', '%', '\\', ' ', '@', '&', '<', '>', '"'])
        };
        let parts = self.repository.split('/').count();
        match self.host {
            PresetHost::BuiltIn | PresetHost::Npm | PresetHost::Web => true,
            host => {
                // More parts would be another address of its interface.
                (if host == PresetHost::GitHub { parts == 2 } else { parts >= 2 })
                    && self.repository.split('/').all(sound)
                    && self.file.as_deref().is_none_or(|file| file.split('/').all(sound))
            }
        }
    }

    /// Returns what identifies the text to fetch: references that differ only in arguments or member share it.
    pub fn key(&self) -> String {
        let file = self.file.as_deref().map(|file| format!("//{file}")).unwrap_or_default();
        let tag = self.tag.as_deref().map(|tag| format!("#{tag}")).unwrap_or_default();
        format!("{}{}{file}{tag}", self.host.prefix(), self.repository)
    }

    /// Returns the files to try in its repository, in order.
    pub fn files(&self) -> Vec<String> {
        match &self.file {
            None => vec!["default.json".to_owned(), "default.json5".to_owned(), "renovate.json".to_owned()],
            Some(file) if has_extension(file) => vec![file.clone()],
            Some(file) => vec![format!("{file}.json"), format!("{file}.json5")],
        }
    }
}

/// A reference to a preset inside a configuration's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The reference.
    pub preset: PresetRef,
    /// Where its text stands, without the quotes.
    pub span: ByteSpan,
}

/// Returns every reference in the `extends` of a configuration, in the order of the text; none of a text that cannot be
/// read. References spelled with escapes are left out: their bytes are not their text.
pub fn references(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    if let Ok(node) = json::parse(text, SourceId(0)) {
        collect(&node, text, &mut found);
    }
    found.sort_by_key(|reference| reference.span);
    found
}

fn collect(node: &Node, text: &str, found: &mut Vec<Reference>) {
    for item in node.items() {
        collect(item, text, found);
    }
    for property in node.properties() {
        collect(&property.value, text, found);
        if property.name != "extends" {
            continue;
        }
        let one = property.value.as_str().map(|_| &property.value);
        for item in one.into_iter().chain(property.value.items()) {
            let span = ByteSpan::new(item.place.span.start + 1, item.place.span.end.saturating_sub(1));
            if let Some(written) = item.as_str().filter(|written| span.of(text) == Some(written)) {
                found.push(Reference { preset: PresetRef::parse(written, None), span });
            }
        }
    }
}

fn has_extension(file: &str) -> bool {
    [".json", ".json5", ".jsonc"].iter().any(|extension| file.ends_with(extension))
}

fn split_arguments(text: &str) -> (&str, Vec<String>) {
    let parts = text.strip_suffix(')').and_then(|text| text.split_once('('));
    match parts {
        Some((name, arguments)) => {
            (name, arguments.split(',').map(|argument| argument.trim().to_owned()).collect())
        }
        None => (text, Vec::new()),
    }
}

impl fmt::Display for PresetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        text: &str,
        host: PresetHost,
        repository: &str,
        files: &[&str],
        rest: (Option<&str>, Option<&str>),
        work_tree: WorkTree,
    ) {
        let preset = PresetRef::parse(text, Some("me/home"));
        assert_eq!((preset.host, preset.repository.as_str()), (host, repository), "{text}");
        if !files.is_empty() {
            assert_eq!(preset.files(), files, "{text}");
        }
        assert_eq!((preset.member.as_deref(), preset.tag.as_deref()), rest, "{text}");
        assert_eq!(preset.work_tree, work_tree, "{text}");
    }

    #[test]
    fn takes_references_apart() {
        use PresetHost::{BuiltIn, Forgejo, GitHub, Local, Npm, Web};
        use WorkTree::{MayStandIn, No, Own};
        check("config:recommended", BuiltIn, "config:recommended", &[], (None, None), No);
        check(":timezone(Europe/Berlin)", BuiltIn, ":timezone", &[], (None, None), No);
        let default = &["default.json", "default.json5", "renovate.json"];
        check("github>o/r", GitHub, "o/r", default, (None, None), No);
        check("github>o/r#1.2.3", GitHub, "o/r", default, (None, Some("1.2.3")), No);
        check("github>o/r:base", GitHub, "o/r", &["base.json", "base.json5"], (None, None), MayStandIn);
        check(
            "github>o/r:base/sub#v1",
            GitHub,
            "o/r",
            &["base.json", "base.json5"],
            (Some("sub"), Some("v1")),
            No,
        );
        check("github>o/r:base.json5(a, b)", GitHub, "o/r", &["base.json5"], (None, None), MayStandIn);
        check(
            "github>Me/Home//.renovate/a.json5",
            GitHub,
            "Me/Home",
            &[".renovate/a.json5"],
            (None, None),
            Own,
        );
        check("local>me/home//x/y", Local, "me/home", &["x/y.json", "x/y.json5"], (None, None), Own);
        check("local>o/r//x:y/z", Local, "o/r", &["x/y.json", "x/y.json5"], (Some("z"), None), MayStandIn);
        check("forgejo>o/r", Forgejo, "o/r", default, (None, None), No);
        check("https://example.com/a.json", Web, "https://example.com/a.json", &[], (None, None), No);
        check("@scope/x", Npm, "@scope/x", &[], (None, None), No);
        check("x", Npm, "x", &[], (None, None), No);
    }

    #[test]
    fn a_reference_cannot_leave_its_repository() {
        for text in [
            "github>o/r//../x",
            "github>../../user",
            "github>o",
            "github>o/r/x",
            "github>o/r?x=1",
            "github>o/r//a%2f",
        ] {
            assert!(!PresetRef::parse(text, None).is_sound(), "{text}");
        }
        for text in
            ["github>o/r", "github>o/r//.renovate/a.json5#v1", "config:recommended", "local>g/sub/r:base"]
        {
            assert!(PresetRef::parse(text, None).is_sound(), "{text}");
        }
    }

    #[test]
    fn finds_references_where_they_stand() {
        let text = "{\n  extends: ['github>a/b#1.2.0', \"config:recommended\"], // x\n  packageRules: [{extends: [':x']}],\n}";
        let found: Vec<(&str, Option<&str>)> = references(text)
            .iter()
            .map(|reference| {
                (reference.span.of(text).unwrap(), reference.preset.tag.is_some().then_some("tag"))
            })
            .collect();
        assert_eq!(found, [("github>a/b#1.2.0", Some("tag")), ("config:recommended", None), (":x", None)]);
        assert_eq!(references("{extends: [").len(), 0);
    }

    #[test]
    fn arguments_are_separated_by_commas() {
        assert_eq!(PresetRef::parse(":x(a, b c)", None).arguments, ["a", "b c"]);
        assert_eq!(PresetRef::parse("github>o/r#v1(a)", None).tag.as_deref(), Some("v1"));
    }

    #[test]
    fn references_that_differ_in_arguments_share_a_text() {
        let key = |text: &str| PresetRef::parse(text, None).key();
        assert_eq!(key("github>o/r:base/a(x)"), key("github>o/r:base/b"));
        assert_ne!(key("github>o/r:base#1"), key("github>o/r:base"));
    }
}
