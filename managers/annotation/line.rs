//! The value in an annotated line: what is assigned, and what part of it is the version.

use std::sync::LazyLock;

use regex::Regex;
use updraft_core::image_ref::{self, ImageRef, Piece, TagRef};
use updraft_core::name::Digest;
use updraft_core::span::ByteSpan;

/// A version as it is spelled in a line. Spans count from the line's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelled<'a> {
    /// A version by itself.
    Version(Piece<'a>),
    /// A version with the digest of an image: `v1@sha256:<hex>`.
    Tag(TagRef<'a>),
    /// A whole image reference, and its text.
    Image { whole: Piece<'a>, image: ImageRef<'a> },
    /// A commit.
    Commit(Piece<'a>),
}

/// Why a line holds no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is made of variables or a template.
    Variable,
    /// Something else, in words that go on from "cannot be applied".
    Dead(String),
}

/// What is known of the version that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted<'a> {
    pub(super) datasource: &'a str,
    pub(super) name: &'a str,
}

impl Wanted<'_> {
    fn is_image(self) -> bool {
        self.datasource == "docker"
    }
}

fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, and tests run it")]
    Regex::new(text).expect("a sound pattern")
}

/// What comes before the value: list dashes, `export`, `ARG`, a key with `:` or `=`.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^(?:-\s+)*(?:(?:export|local|readonly|declare(?:\s-\w+)*|ARG|ENV|LABEL|set(?:\s-\w+)*)\s+)*(?:"[^"]*"|'[^']*'|[\w.@$\[\]-]+(?:\s[\w.-]+)?)\s*(?:[:?+]?=|:=|:(?:\s|$))\s*"#,
    )
});
/// `ENV KEY value`, `set key value`.
static SPACED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:ENV|set(?:\s-\w+)*)\s+\w+\s+"));
/// A version that nobody takes for anything else.
static STRICT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^[vV]?[0-9]+(?:\.[0-9]+)+(?:[-+._~][0-9A-Za-z.+_~-]*|[a-z]+[0-9]*)?$|^[vV][0-9]+$")
});
/// Anything an annotation may call a version: it has a digit somewhere.
static LOOSE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[0-9A-Za-z][0-9A-Za-z.+_~-]*$"));
/// `~> 1.2`, `>= 1.2, < 2`
static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:[~^<>=!]+\s*[vV]?[0-9][0-9A-Za-z.+-]*)(?:\s*[, ]\s*[~^<>=!]+\s*[vV]?[0-9][0-9A-Za-z.+-]*)*$",
    )
});
/// The version inside of a file's name: `tool-1.2.3-linux.tar.gz`.
static IN_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[-_@])([vV]?[0-9]+(?:\.[0-9]+)+(?:-(?:rc|alpha|beta)[.-]?[0-9]*)?)(?:[-_.]|$)")
});
/// `${NAME:-default}`
static DEFAULT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\$\{\w+:?[-=]([^{}$]+)\}$"));

/// The words that are tags of images without being versions.
const MOVING_TAGS: [&str; 8] = ["latest", "stable", "edge", "main", "master", "nightly", "rolling", "lts"];

/// Returns the version in `line`, from which the annotation itself has been cut.
pub(super) fn find<'a>(line: &'a str, wanted: Wanted<'_>) -> Result<Spelled<'a>, Unusable> {
    let value = operand(line);
    if value.text.is_empty() {
        return Err(Unusable::Dead("the line has no value".to_owned()));
    }
    if let Some(spelled) = in_value(value, wanted) {
        return Ok(spelled);
    }
    if ["$", "{{", "{%", "#{", "`"].iter().any(|mark| value.text.contains(mark)) {
        return Err(Unusable::Variable);
    }
    let words = if value.text.contains("://") { "no part of the address" } else { "nothing in the line" };
    Err(Unusable::Dead(format!("{words} looks like a version of `{}`", wanted.name)))
}

/// Returns the version in a commented-out line; a remark with a number in it is none.
pub(super) fn find_in_comment<'a>(line: &'a str, wanted: Wanted<'_>) -> Option<Spelled<'a>> {
    let start = line.len() - line.trim_start().len();
    let rest = line.get(start..)?;
    let mark = ["#", "//", "--"].iter().find(|mark| rest.starts_with(*mark))?;
    let start = start + mark.len();
    let body = line.get(start..)?;
    let assigned = ASSIGNMENT.is_match(body.trim_start()) || body.contains("://");
    let found = if assigned { find(body, wanted).ok()? } else { return None };
    Some(found.shifted(start))
}

impl Spelled<'_> {
    /// Returns the same with spans that count from `by` bytes further left.
    fn shifted(self, by: usize) -> Self {
        match self {
            Self::Version(version) => Self::Version(shift(version, by)),
            Self::Tag(tag) => Self::Tag(shift_tag(tag, by)),
            Self::Image { whole, image } => Self::Image { whole: shift(whole, by), image },
            Self::Commit(commit) => Self::Commit(shift(commit, by)),
        }
    }
}

fn shift(piece: Piece<'_>, by: usize) -> Piece<'_> {
    Piece { text: piece.text, span: piece.span.shifted(by) }
}

fn shift_tag(tag: TagRef<'_>, by: usize) -> TagRef<'_> {
    TagRef { tag: tag.tag.map(|piece| shift(piece, by)), digest: tag.digest.map(|piece| shift(piece, by)) }
}

/// Returns `text[range]` as a piece of `whole`.
fn part(whole: Piece<'_>, start: usize, end: usize) -> Option<Piece<'_>> {
    let text = whole.text.get(start..end)?;
    Some(Piece { text, span: ByteSpan::new(whole.span.start + start, whole.span.start + end) })
}

fn trimmed(piece: Piece<'_>) -> Piece<'_> {
    let text = piece.text.trim();
    let start = piece.span.start + (piece.text.len() - piece.text.trim_start().len());
    Piece { text, span: ByteSpan::new(start, start + text.len()) }
}

/// Returns the assigned value: without key, anchor, quotes, trailing comma and comment.
fn operand(line: &str) -> Piece<'_> {
    let whole = trimmed(Piece { text: line, span: ByteSpan::new(0, line.len()) });
    let key = plain_key(whole.text).unwrap_or_else(|| {
        ASSIGNMENT.find(whole.text).or_else(|| SPACED.find(whole.text)).map_or(0, |found| found.end())
    });
    let mut value = part(whole, key, whole.text.len()).map_or(whole, trimmed);
    loop {
        let stripped = value.text.strip_prefix("- ").map(str::len).or_else(|| {
            let word = value.text.strip_prefix(['&', '!'])?;
            word.find(char::is_whitespace).and_then(|end| word.get(end..)).map(str::len)
        });
        match stripped.and_then(|left| part(value, value.text.len() - left, value.text.len())) {
            Some(rest) => value = trimmed(rest),
            None => break,
        }
    }
    unquoted(value)
}

/// Returns where the value starts after a plain `KEY=` or `key: `, as [`ASSIGNMENT`] finds it; most lines have one, and that pattern is large.
fn plain_key(text: &str) -> Option<usize> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = text.bytes().position(|byte| !is_part(byte))?;
    let (key, rest) = text.split_at_checked(length)?;
    let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix(": "))?;
    let is_plain = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    is_plain.then(|| text.len() - value.trim_start().len())
}

fn unquoted(value: Piece<'_>) -> Piece<'_> {
    if let Some(quote) = value.text.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        let end =
            value.text.get(1..).and_then(|inner| inner.find(quote)).map_or(value.text.len(), |end| end + 1);
        return part(value, 1, end).map_or(value, trimmed);
    }
    let comment = value.text.match_indices('#').map(|(at, _)| at).find(|at| {
        value.text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    });
    let cut = part(value, 0, comment.unwrap_or(value.text.len())).map_or(value, trimmed);
    let bare = cut.text.trim_end_matches([',', ';', '\\', ' ', '\t']);
    part(cut, 0, bare.len()).unwrap_or(cut)
}

/// Returns a word of a flow mapping or list without the brackets and commas around it.
fn unbracketed(word: Piece<'_>) -> Piece<'_> {
    let outer = ['{', '}', '[', ']', '(', ')', ','];
    let start = word.text.len() - word.text.trim_start_matches(outer).len();
    let end = word.text.trim_end_matches(outer).len();
    part(word, start, end.max(start)).unwrap_or(word)
}

fn in_value<'a>(value: Piece<'a>, wanted: Wanted<'_>) -> Option<Spelled<'a>> {
    let default = || DEFAULT.captures(value.text)?.get(1);
    if let Some(default) = value.text.starts_with("${").then(default).flatten() {
        return in_value(part(value, default.start(), default.end())?, wanted);
    }
    if is_commit(value.text) {
        return Some(Spelled::Commit(value));
    }
    if value.text.starts_with(['~', '^', '<', '>', '=', '!']) && RANGE.is_match(value.text) {
        return Some(Spelled::Version(value));
    }
    if value.text.contains(char::is_whitespace) {
        return among_words(value, wanted);
    }
    in_word(value, wanted)
}

/// Returns the version in a text without white space.
fn in_word<'a>(word: Piece<'a>, wanted: Wanted<'_>) -> Option<Spelled<'a>> {
    if let Some(image) = image(word, wanted) {
        return Some(image);
    }
    if let Ok(tag) = image_ref::parse_tag(word.text)
        && tag.digest.is_some()
    {
        return Some(Spelled::Tag(shift_tag(tag, word.span.start)));
    }
    if word.text.contains('/') {
        return in_address(word, wanted).map(Spelled::Version);
    }
    if let Some((name, version)) = word.text.rsplit_once('@')
        && is_version(version, wanted)
    {
        return part(word, name.len() + 1, word.text.len()).map(Spelled::Version);
    }
    is_version(word.text, wanted).then_some(Spelled::Version(word))
}

/// Returns an image reference with a tag or a digest, which a bare version is not.
fn image<'a>(word: Piece<'a>, wanted: Wanted<'_>) -> Option<Spelled<'a>> {
    let scheme = ["oci://", "docker://"].iter().find(|scheme| word.text.starts_with(*scheme));
    if scheme.is_none() && word.text.contains("://") {
        return None;
    }
    let whole = part(word, scheme.map_or(0, |scheme| scheme.len()), word.text.len())?;
    let image = image_ref::parse(whole.text).ok()?;
    let named = image.name.text.contains('/') || wanted.is_image();
    let is_image = image.tag.is_some() || (image.digest.is_some() && image.name.text.contains('/'));
    (named && is_image).then_some(Spelled::Image { whole, image })
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && !text.contains(':') && text.parse::<Digest>().is_ok()
}

fn is_version(text: &str, wanted: Wanted<'_>) -> bool {
    let digit = text.contains(|letter: char| letter.is_ascii_digit());
    LOOSE.is_match(text) && (digit || (wanted.is_image() && MOVING_TAGS.contains(&text)))
}

/// Returns the version in an address or path.
fn in_address<'a>(address: Piece<'a>, wanted: Wanted<'_>) -> Option<Piece<'a>> {
    let (path_end, query) = match address.text.find('?') {
        Some(at) => (at, Some(at + 1)),
        None => (address.text.len(), None),
    };
    if let Some(query) = query.and_then(|at| part(address, at, address.text.len()))
        && let Some(found) = in_query(query, wanted)
    {
        return Some(found);
    }
    let host_end = address.text.find("://").map_or(0, |at| at + 3);
    let path = part(address, host_end, path_end)?;
    let mut segments = Vec::new();
    let mut at = 0;
    for text in path.text.split('/') {
        segments.extend(part(path, at, at + text.len()));
        at += text.len() + 1;
    }
    if host_end > 0 && !segments.is_empty() {
        segments.remove(0);
    }
    let bare = |segment: &Piece<'a>| {
        let end = [".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip", ".yaml", ".yml", ".json"]
            .iter()
            .find_map(|ending| segment.text.strip_suffix(ending))
            .map_or(segment.text.len(), str::len);
        part(*segment, 0, end)
    };
    if let Some(found) = segments.iter().filter_map(bare).find(|segment| STRICT.is_match(segment.text)) {
        return Some(found);
    }
    // `releases/download/release-1.2/...`: any tag may stand there.
    let tag = segments.windows(2).find_map(|pair| match pair {
        [before, tag] if matches!(before.text, "download" | "tags" | "tag" | "raw" | "archive") => bare(tag),
        _ => None,
    });
    if let Some(tag) = tag.filter(|tag| is_version(tag.text, wanted)) {
        return Some(tag);
    }
    let numbers: Vec<_> = segments
        .iter()
        .filter(|segment| {
            let digits = segment.text.bytes().all(|byte| byte.is_ascii_digit());
            digits && !segment.text.is_empty() && segment.text != wanted.name
        })
        .collect();
    if let [number] = numbers[..] {
        return Some(*number);
    }
    segments.iter().rev().find_map(|segment| {
        let found = IN_NAME.captures(segment.text)?.get(1)?;
        part(*segment, found.start(), found.end())
    })
}

/// Returns the version in `ref=v1.2.3&...`.
fn in_query<'a>(query: Piece<'a>, wanted: Wanted<'_>) -> Option<Piece<'a>> {
    let mut at = 0;
    for pair in query.text.split('&') {
        let start = at;
        at += pair.len() + 1;
        if let Some((key, value)) = pair.split_once('=')
            && matches!(key, "ref" | "version" | "tag" | "v")
            && is_version(value, wanted)
        {
            return part(query, start + key.len() + 1, start + pair.len());
        }
    }
    None
}

/// Returns the version in a command or a sentence, if there is no doubt which word it is.
fn among_words<'a>(value: Piece<'a>, wanted: Wanted<'_>) -> Option<Spelled<'a>> {
    let mut words = Vec::new();
    let mut at = 0;
    for text in value.text.split(char::is_whitespace) {
        let whole = part(value, at, at + text.len());
        at += text.len() + 1;
        words.extend(whole.map(unbracketed).filter(|word| !word.text.is_empty()).map(unquoted));
    }
    let option = words.windows(2).find_map(|pair| match pair {
        [option, version] if matches!(option.text, "--version" | "--tag") => Some(*version),
        _ => None,
    });
    let joined = words.iter().find_map(|word| {
        let (option, _) = word.text.split_once('=')?;
        let known = matches!(option.trim_start_matches('-').to_ascii_lowercase().as_str(), "version" | "tag");
        known.then(|| part(*word, option.len() + 1, word.text.len()).map(unquoted)).flatten()
    });
    if let Some(version) = option.or(joined).filter(|version| is_version(version.text, wanted)) {
        return Some(Spelled::Version(version));
    }
    let telling = |word: &&Piece<'a>| {
        word.text.contains("://")
            || word.text.rsplit_once('@').is_some_and(|(_, version)| STRICT.is_match(version))
            || STRICT.is_match(word.text)
            || (wanted.is_image() && image(**word, wanted).is_some())
    };
    let found: Vec<_> = words.iter().filter(telling).filter_map(|word| in_word(*word, wanted)).collect();
    match found[..] {
        [only] => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[track_caller]
    fn check_as(datasource: &str, line: &str, expected: &str) {
        let wanted = Wanted { datasource, name: "20842" };
        let show = |piece: Piece<'_>| {
            assert_eq!(piece.span.of(line), Some(piece.text), "{line}");
            piece.text.to_owned()
        };
        let actual = match find(line, wanted) {
            Ok(Spelled::Version(version)) => show(version),
            Ok(Spelled::Commit(commit)) => format!("commit {}", show(commit)),
            Ok(Spelled::Tag(tag)) => format!(
                "{} @ {}",
                tag.tag.map_or(String::new(), show),
                tag.digest.map_or(String::new(), show)
            ),
            Ok(Spelled::Image { whole, image }) => {
                format!("image {} tag {}", show(whole), image.tag.map_or("none", |tag| tag.text))
            }
            Err(Unusable::Variable) => "variable".to_owned(),
            Err(Unusable::Dead(why)) => format!("dead: {why}"),
        };
        assert_eq!(actual, expected, "{line}");
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        check_as("github-releases", line, expected);
    }

    proptest! {
        #[test]
        fn a_plain_key_ends_where_the_pattern_says(
            text in "(- |export |ENV )?[a-zA-Z_.9-]{0,3}[ :=?+\"ä]{0,3}[a-z=: -]{0,4}"
        ) {
            if let Some(end) = plain_key(&text) {
                prop_assert_eq!(ASSIGNMENT.find(&text).map(|found| found.end()), Some(end));
            }
        }

        #[test]
        fn no_line_panics_and_each_version_is_where_it_says(
            line in "[ -&a-]?(key[:=] ?|ENV A |- )?[\"'&]?[-a-z0-9v./:@#$ {}<>=~ä]{0,40}[\"',]?",
            datasource in "docker|github-tags",
        ) {
            let found = [find(&line, Wanted { datasource: &datasource, name: "a/b" }).ok(), find_in_comment(&line, Wanted { datasource: &datasource, name: "a/b" })];
            for spelled in found.into_iter().flatten() {
                let pieces = match spelled {
                    Spelled::Version(piece) | Spelled::Commit(piece) | Spelled::Image { whole: piece, .. } => vec![piece],
                    Spelled::Tag(tag) => [tag.tag, tag.digest].into_iter().flatten().collect(),
                };
                for piece in pieces {
                    prop_assert_eq!(piece.span.of(&line), Some(piece.text));
                }
            }
        }
    }

    #[test]
    fn reads_assignments_of_many_languages() {
        check("version: v1.2.3", "v1.2.3");
        check("  - version: &anchor \"v1.2.3\" # why", "v1.2.3");
        check("key: !!str 1.20", "1.20");
        check("- 1.2.3", "1.2.3");
        check("KEY=v1.2.3", "v1.2.3");
        check("export KEY=\"v1.2.3+k3s1\"", "v1.2.3+k3s1");
        check("KEY=${KEY:-1.2.3}", "1.2.3");
        check("KEY=\"${KEY:=1.2.3}\"", "1.2.3");
        check("ARG TOOL_VERSION=1.2.3", "1.2.3");
        check("ENV TOOL_VERSION 1.2.3", "1.2.3");
        check("ENV TOOL_VERSION=1.2.3 \\", "1.2.3");
        check("tool = \"1.2.3\"", "1.2.3");
        check("VERSION := 1.2.3", "1.2.3");
        check("VERSION ?= 1.2.3", "1.2.3");
        check("\"version\": \"1.2.3\",", "1.2.3");
        check("set -x VERSION 1.2.3", "1.2.3");
        check("version = \"~> 1.2\"", "~> 1.2");
        check("revision: 45", "45");
        check("release: RELEASE.2024-01-16T16-07-38Z", "RELEASE.2024-01-16T16-07-38Z");
        check("name: jdk-21.0.1+12", "jdk-21.0.1+12");
    }

    #[test]
    fn reads_versions_in_addresses() {
        check("- https://github.com/a/b/releases/download/v1.2.3/b-linux.yaml", "v1.2.3");
        check("url: https://github.com/a/b/raw/v0.16.2/deploy/bundle.yaml", "v0.16.2");
        check("url: https://raw.githubusercontent.com/a/b/v1.2.3/values.yaml", "v1.2.3");
        check("url: https://raw.githubusercontent.com/a/b/refs/tags/v1.2.3/values.yaml", "v1.2.3");
        check("url: https://github.com/a/b/archive/refs/tags/v1.2.3.tar.gz", "v1.2.3");
        check("- https://github.com/a/b//deploy?ref=v1.2.3&x=1", "v1.2.3");
        check("url: https://github.com/a/b/releases/download/release-7/b.yaml", "release-7");
        check("url: https://example.org/tool-1.2.3-linux-amd64.tar.gz", "1.2.3");
        check("url: https://example.org/dashboards/20842/revisions/3/download", "3");
        check("run: go install example.org/cmd@v1.2.3", "v1.2.3");
        check("uses: a/b@v1.2.3", "v1.2.3");
        check("run: curl -fsSL https://github.com/a/b/releases/download/v1.2.3/b.sh | sh", "v1.2.3");
        check("run: helm install a b/c --version 1.2.3 \\", "1.2.3");
        check("run: npx -y pkg@1.2.3 # why", "1.2.3");
        check("chart: {name: b, version: 1.2.3}", "1.2.3");
        check("run: tool --version=\"1.2.3\" --other 2", "1.2.3");
    }

    #[test]
    fn reads_the_tag_of_an_image() {
        check_as("docker", "image: busybox:1.38.0", "image busybox:1.38.0 tag 1.38.0");
        check_as("docker", "value: \"ghcr.io/a/b:v1\"", "image ghcr.io/a/b:v1 tag v1");
        check_as("docker", "url: oci://ghcr.io/a/b:1.0", "image ghcr.io/a/b:1.0 tag 1.0");
        check_as("docker", &format!("tag: v1@sha256:{HEX}"), &format!("v1 @ sha256:{HEX}"));
        check_as("docker", "tag: latest", "latest");
        check_as("docker", "tag: 38", "38");
        check(
            "image: factory.example.org/installer/abc:v1.9.1",
            "image factory.example.org/installer/abc:v1.9.1 tag v1.9.1",
        );
    }

    #[test]
    fn reads_commits() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        check_as("git-refs", &format!("commit: {commit}"), &format!("commit {commit}"));
    }

    #[test]
    fn says_why_there_is_none() {
        check("version: ${VERSION}", "variable");
        check("version: {{ version }}", "variable");
        check("version:", "dead: the line has no value");
        check("version: # later", "dead: the line has no value");
        check("name: web", "dead: nothing in the line looks like a version of `20842`");
        check("tag: latest", "dead: nothing in the line looks like a version of `20842`");
        check(
            "url: https://example.org/main/values.yaml",
            "dead: no part of the address looks like a version of `20842`",
        );
        check("run: tool 1.2.3 and 4.5.6", "dead: nothing in the line looks like a version of `20842`");
    }

    #[test]
    fn a_remark_is_no_value_and_a_commented_out_value_is_one() {
        let wanted = Wanted { datasource: "docker", name: "a" };
        for line in ["# see issue 12", "#", "# version 2 is broken", "version: 1"] {
            assert_eq!(find_in_comment(line, wanted), None, "{line}");
        }
        for line in ["# version: 1.2.3", "  # https://example.org/1.2.3/x", "// version = 1.2.3"] {
            let Some(Spelled::Version(version)) = find_in_comment(line, wanted) else { panic!("{line}") };
            assert_eq!((version.text, version.span.of(line)), ("1.2.3", Some("1.2.3")));
        }
    }
}
