//! Image references: `registry/repository:tag@digest`, with the place of each part, and the dependency they make.
//!
//! Every manager that meets an image goes through here, so an image has one name, one versioning and one set of
//! slots wherever it is written. The grammar is that of the
//! [distribution reference](https://github.com/distribution/reference/blob/main/reference.go), read leniently where
//! registries are lenient.

use std::collections::BTreeMap;

use crate::dep::{Dep, Part, SkipReason, Slot};
use crate::name::{DatasourceId, Digest, ManagerId, RepoPath, VersioningId};
use crate::span::ByteSpan;

/// A part of a reference and where it stands, counted from the start of the text that was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The part's text.
    pub text: &'a str,
    /// Its bytes in the parsed text.
    pub span: ByteSpan,
}

/// A parsed image reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// Registry and repository, as written: `ghcr.io/owner/name`, `nginx`, `localhost:5000/name`.
    pub name: Piece<'a>,
    /// The tag, without its `:`.
    pub tag: Option<Piece<'a>>,
    /// The digest with its algorithm, without its `@`.
    pub digest: Option<Piece<'a>>,
}

/// A parsed `tag`, `tag@digest` or `@digest`: what chart values keep beside the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagRef<'a> {
    /// The tag.
    pub tag: Option<Piece<'a>>,
    /// The digest with its algorithm, without its `@`.
    pub digest: Option<Piece<'a>>,
}

/// Why a text is not an image reference that can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageRefError {
    /// Nothing is there.
    #[error("the image reference is empty")]
    Empty,
    /// It has white space inside.
    #[error("an image reference has no white space")]
    WhiteSpace,
    /// A variable or a template stands in it.
    #[error("a variable or template stands in the image reference")]
    Variable,
    /// The name is not one a registry could have.
    #[error("a repository name has lower-case letters, digits and `.`, `_`, `-`, `/`")]
    Name,
    /// The tag is not a tag.
    #[error("a tag has letters, digits and `.`, `_`, `-`, and is at most 128 long")]
    Tag,
    /// The digest is not a digest.
    #[error("a digest is an algorithm and its full number of hex digits")]
    Digest,
}

impl ImageRefError {
    /// Returns the reason reports give.
    pub fn reason(self) -> SkipReason {
        match self {
            Self::Variable => SkipReason::ContainsVariable,
            Self::Name => SkipReason::InvalidName,
            Self::Empty | Self::WhiteSpace | Self::Tag | Self::Digest => SkipReason::InvalidValue,
        }
    }
}

/// Parses an image reference; white space around it is left out of the spans.
///
/// Of `${VARIABLE:-reference}` the default is taken.
///
/// # Errors
/// Says which part is wrong.
pub fn parse(text: &str) -> Result<ImageRef<'_>, ImageRefError> {
    parse_aliased(text, &BTreeMap::new())
}

/// Parses a `tag`, `tag@digest` or `@digest`.
///
/// # Errors
/// Says which part is wrong.
pub fn parse_tag(text: &str) -> Result<TagRef<'_>, ImageRefError> {
    let whole = trimmed(text)?;
    check_text(whole.text)?;
    let (tag, digest) = split(whole, '@');
    let tag = if tag.text.is_empty() && digest.is_some() { None } else { Some(sound_tag(tag)?) };
    Ok(TagRef { tag, digest: digest.map(sound_digest).transpose()? })
}

/// Returns the name and the whole digest of a reference cut inside its digest: `repository: name@sha256`, `tag: <hex>`.
///
/// Charts that always join repository and tag with a `:` are pinned that way; the hex digits are a
/// [`Part::DigestHex`].
pub fn join_cut_digest<'a>(repository: &'a str, tag: &str) -> Option<(&'a str, String)> {
    let (name, algorithm) = repository.split_once('@')?;
    let digest = format!("{algorithm}:{tag}");
    (is_name(name) && digest.parse::<Digest>().is_ok()).then_some((name, digest))
}

/// The texts of a reference whose parts may stand in different places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Registry and repository.
    pub name: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest with its algorithm.
    pub digest: Option<&'a str>,
}

impl Parts<'_> {
    /// Returns the dependency these parts make, without slots: the caller knows where the parts stand.
    ///
    /// The parts are taken as they are; [`parse`] and [`parse_tag`] are where they are checked.
    pub fn dep(
        self,
        manager: ManagerId,
        file: &RepoPath,
        span: ByteSpan,
        aliases: &BTreeMap<String, String>,
    ) -> Dep {
        let mut dep = Dep::new(manager, file, span, display_name(self.name));
        dep.package_name = unaliased(self.name, aliases);
        dep.datasource = Some(DatasourceId::DOCKER);
        dep.versioning = versioning(self.name, self.tag);
        dep.current_value = self.tag.map(str::to_owned);
        dep.current_digest = self.digest.map(str::to_owned);
        dep
    }
}

/// Returns the dependency of the image reference `text`, which stands at `span` in `file`.
///
/// A text that cannot be followed gives a skipped dependency. The slots are the name, the tag and the digest, or the
/// place after the tag (after the name when there is no tag) where a digest can be inserted. `aliases` are the
/// configuration's `registryAliases`: the file keeps the alias, the lookup goes to what it stands for.
pub fn dep(
    manager: ManagerId,
    file: &RepoPath,
    text: &str,
    span: ByteSpan,
    aliases: &BTreeMap<String, String>,
) -> Dep {
    let refused = |reason: SkipReason, why: String| {
        let mut dep = Dep::new(manager.clone(), file, span, text.trim()).skipped(reason, why);
        dep.datasource = Some(DatasourceId::DOCKER);
        dep
    };
    let image = match parse_aliased(text, aliases) {
        Ok(image) => image,
        Err(error) => return refused(error.reason(), error.to_string()),
    };
    if span.len() != text.len() {
        return refused(
            SkipReason::InvalidValue,
            "it is written with escapes, so its parts cannot be told apart".into(),
        );
    }
    let mut dep = image.parts().dep(manager, file, span, aliases);
    dep.slots = image.slots(span.start);
    dep
}

impl<'a> ImageRef<'a> {
    /// Returns the texts of the parts.
    pub fn parts(&self) -> Parts<'a> {
        Parts {
            name: self.name.text,
            tag: self.tag.map(|tag| tag.text),
            digest: self.digest.map(|digest| digest.text),
        }
    }

    /// Returns the slots of a reference whose text starts at byte `start` of its file.
    pub fn slots(&self, start: usize) -> Vec<Slot> {
        let filled = |part, piece: Piece<'_>| Slot::new(part, piece.span.shifted(start), piece.text);
        let mut slots = vec![filled(Part::Name, self.name)];
        slots.extend(self.tag.map(|tag| filled(Part::Value, tag)));
        slots.push(match self.digest {
            Some(digest) => filled(Part::Digest, digest),
            None => Slot::insertion(
                Part::Digest,
                start + self.tag.map_or(self.name.span.end, |tag| tag.span.end),
                "@",
            ),
        });
        slots
    }
}

/// Parses a reference that may begin with an alias; an alias may be a variable (`$REGISTRY`).
fn parse_aliased<'a>(
    text: &'a str,
    aliases: &BTreeMap<String, String>,
) -> Result<ImageRef<'a>, ImageRefError> {
    let whole = trimmed(text)?;
    if let Some((alias, _)) = alias_of(whole.text, aliases) {
        let (_, rest) = split_at(whole, alias.len());
        let mut image = parse_piece(rest.ok_or(ImageRefError::Name)?)?;
        let span = ByteSpan::new(whole.span.start, image.name.span.end);
        image.name = Piece { text: span.of(text).ok_or(ImageRefError::Name)?, span };
        return Ok(image);
    }
    parse_piece(default_of_variable(whole).unwrap_or(whole))
}

fn parse_piece(whole: Piece<'_>) -> Result<ImageRef<'_>, ImageRefError> {
    check_text(whole.text)?;
    let (rest, digest) = split(whole, '@');
    let tag_at =
        rest.text.rfind(':').filter(|colon| !rest.text.get(*colon..).is_some_and(|tag| tag.contains('/')));
    let (name, tag) = match tag_at {
        Some(colon) => split_at(rest, colon),
        None => (rest, None),
    };
    if !is_name(name.text) {
        return Err(ImageRefError::Name);
    }
    Ok(ImageRef { name, tag: tag.map(sound_tag).transpose()?, digest: digest.map(sound_digest).transpose()? })
}

/// Returns `text` without the white space around it.
fn trimmed(text: &str) -> Result<Piece<'_>, ImageRefError> {
    let inner = text.trim();
    if inner.is_empty() {
        return Err(ImageRefError::Empty);
    }
    let start = text.len() - text.trim_start().len();
    Ok(Piece { text: inner, span: ByteSpan::new(start, start + inner.len()) })
}

/// Returns the default in `${VARIABLE:-default}`, when that is the whole text.
fn default_of_variable(whole: Piece<'_>) -> Option<Piece<'_>> {
    let inner = whole.text.strip_prefix("${")?.strip_suffix('}')?;
    let (variable, default) = inner.split_once(":-")?;
    let is_variable =
        !variable.is_empty() && variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let start = whole.span.start + "${".len() + variable.len() + ":-".len();
    (is_variable && !default.is_empty())
        .then(|| Piece { text: default, span: ByteSpan::new(start, start + default.len()) })
}

/// Refuses what no reference may hold.
fn check_text(text: &str) -> Result<(), ImageRefError> {
    if text.contains('$') || text.contains("{{") || text.contains("{%") {
        Err(ImageRefError::Variable)
    } else if text.contains(char::is_whitespace) {
        Err(ImageRefError::WhiteSpace)
    } else {
        Ok(())
    }
}

/// Splits at the first `mark`, which belongs to neither side.
fn split(whole: Piece<'_>, mark: char) -> (Piece<'_>, Option<Piece<'_>>) {
    match whole.text.find(mark) {
        Some(at) => split_at(whole, at),
        None => (whole, None),
    }
}

/// Splits around the one-byte character at byte `at`.
fn split_at(whole: Piece<'_>, at: usize) -> (Piece<'_>, Option<Piece<'_>>) {
    let (Some(left), Some(right)) = (whole.text.get(..at), whole.text.get(at + 1..)) else {
        return (whole, None);
    };
    let start = whole.span.start;
    (
        Piece { text: left, span: ByteSpan::new(start, start + at) },
        Some(Piece { text: right, span: ByteSpan::new(start + at + 1, whole.span.end) }),
    )
}

fn sound_tag(tag: Piece<'_>) -> Result<Piece<'_>, ImageRefError> {
    let mut bytes = tag.text.bytes();
    let sound = tag.text.len() <= 128
        && bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    if sound { Ok(tag) } else { Err(ImageRefError::Tag) }
}

fn sound_digest(digest: Piece<'_>) -> Result<Piece<'_>, ImageRefError> {
    let sound = digest.text.contains(':') && digest.text.parse::<Digest>().is_ok();
    if sound { Ok(digest) } else { Err(ImageRefError::Digest) }
}

/// Returns whether a registry could have a repository of this name; the host alone may have capital letters.
fn is_name(name: &str) -> bool {
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
        _ => (None, name),
    };
    let host_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    let path_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    let path_part = |part: &str| {
        part.bytes().all(path_byte)
            && part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.ends_with(|last: char| last.is_ascii_alphanumeric())
    };
    name.len() <= 512
        && host.is_none_or(|host| host.bytes().all(host_byte) && !host.starts_with([':', '.', '-']))
        && path.split('/').all(path_part)
}

/// Returns the longest alias that `name` begins with, and what it stands for.
fn alias_of<'a>(name: &str, aliases: &'a BTreeMap<String, String>) -> Option<(&'a str, &'a str)> {
    aliases
        .iter()
        .filter(|(alias, _)| {
            !alias.is_empty() && name.strip_prefix(alias.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
        .max_by_key(|(alias, _)| alias.len())
        .map(|(alias, target)| (alias.as_str(), target.as_str()))
}

fn unaliased(name: &str, aliases: &BTreeMap<String, String>) -> String {
    match alias_of(name, aliases) {
        Some((alias, target)) => {
            format!("{}{}", target.trim_end_matches('/'), name.get(alias.len()..).unwrap_or_default())
        }
        None => name.to_owned(),
    }
}

/// Returns the name people read: no platform or `library/` in front, no port on `quay.io`.
fn display_name(name: &str) -> String {
    if let Some((port, rest)) = name.strip_prefix("quay.io:").and_then(|rest| rest.split_once('/'))
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return format!("quay.io/{rest}");
    }
    let plain = ["amd64/", "arm64/", "library/"].iter().find_map(|prefix| name.strip_prefix(prefix));
    plain.unwrap_or(name).to_owned()
}

/// Returns the versioning an image needs that the docker one would misread: distributions with code names.
fn versioning(name: &str, tag: Option<&str>) -> Option<VersioningId> {
    match name.rsplit('/').next() {
        Some("ubuntu") => Some(VersioningId::fixed("ubuntu")),
        Some("debian") if tag.is_some_and(is_debian_release) => Some(VersioningId::fixed("debian")),
        _ => None,
    }
}

/// Returns whether `value` names a Debian release by number or code name
/// (<https://www.debian.org/releases/>).
fn is_debian_release(value: &str) -> bool {
    const NAMES: [&str; 25] = [
        "buzz",
        "rex",
        "bo",
        "hamm",
        "slink",
        "potato",
        "woody",
        "sarge",
        "etch",
        "lenny",
        "squeeze",
        "wheezy",
        "jessie",
        "stretch",
        "buster",
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
        "sid",
        "stable",
        "oldstable",
        "oldoldstable",
        "testing",
    ];
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    NAMES.contains(&value)
        || match value.split_once('.') {
            Some((major, minor)) => number(major) && number(minor),
            None => number(value) && value.len() <= 2,
        }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn file() -> RepoPath {
        RepoPath::new("a.yaml").unwrap()
    }

    fn made(text: &str, aliases: &[(&str, &str)]) -> Dep {
        let aliases =
            aliases.iter().map(|(alias, target)| ((*alias).to_owned(), (*target).to_owned())).collect();
        dep(ManagerId::fixed("kubernetes"), &file(), text, ByteSpan::new(100, 100 + text.len()), &aliases)
    }

    /// Writes the slots of `text` as `N<name>`, `V<tag>`, `D<digest>`, `+` for a place where a digest can go.
    #[track_caller]
    fn check(text: &str, marked: &str) {
        let dep = made(text, &[]);
        assert_eq!(dep.skip, None, "{text}");
        let mut got = text.to_owned();
        for slot in dep.slots.iter().rev() {
            let span = ByteSpan::new(slot.span.start - 100, slot.span.end - 100);
            assert_eq!(span.of(text), Some(slot.text.as_str()), "{text}: the slot's text is the text there");
            let mark = match (&slot.part, slot.lead.as_str()) {
                (Part::Name, "") => format!("N<{}>", slot.text),
                (Part::Value, "") => format!("V<{}>", slot.text),
                (Part::Digest, "") => format!("D<{}>", &slot.text[..9]),
                (Part::Digest, "@") => "+".to_owned(),
                other => panic!("{other:?}"),
            };
            got.replace_range(span.start..span.end, &mark);
        }
        assert_eq!(got, marked);
    }

    #[test]
    fn tells_name_tag_and_digest_apart() {
        check("nginx", "N<nginx>+");
        check("nginx:1.29", "N<nginx>:V<1.29>+");
        check(" nginx:1.29\n", " N<nginx>:V<1.29>+\n");
        check("ghcr.io/a/b:v1", "N<ghcr.io/a/b>:V<v1>+");
        check("localhost:5000/app", "N<localhost:5000/app>+");
        check("localhost:5000/app:2", "N<localhost:5000/app>:V<2>+");
        check("[::1]:5000/app:2", "N<[::1]:5000/app>:V<2>+");
        check(&format!("nginx@sha256:{HEX}"), "N<nginx>@D<sha256:01>");
        check(&format!("r.example:443/a:1@sha256:{HEX}"), "N<r.example:443/a>:V<1>@D<sha256:01>");
    }

    #[test]
    fn takes_the_default_of_a_variable() {
        check("${IMAGE:-nginx:1.29}", "${IMAGE:-N<nginx>:V<1.29>+}");
        check(&format!("${{IMAGE:-a.b/c:1@sha256:{HEX}}}"), "${IMAGE:-N<a.b/c>:V<1>@D<sha256:01>}");
    }

    #[test]
    fn leaves_alone_what_is_not_a_reference() {
        #[track_caller]
        fn check(text: &str, reason: SkipReason) {
            let dep = made(text, &[]);
            assert_eq!(dep.skip.as_ref().map(|skip| skip.reason), Some(reason), "{text}");
            assert!(dep.slots.is_empty());
        }
        check("", SkipReason::InvalidValue);
        check("  ", SkipReason::InvalidValue);
        check("a b", SkipReason::InvalidValue);
        check("nginx:", SkipReason::InvalidValue);
        check("nginx:ä", SkipReason::InvalidValue);
        check("nginx@sha256:12", SkipReason::InvalidValue);
        check(&format!("nginx@{HEX}"), SkipReason::InvalidValue);
        check("nginx:${TAG}", SkipReason::ContainsVariable);
        check("${IMAGE}", SkipReason::ContainsVariable);
        check("${IMAGE:-}", SkipReason::ContainsVariable);
        check("${IMAGE:-${OTHER:-a}}", SkipReason::ContainsVariable);
        check("${A:-a}/b:${C:-d}", SkipReason::ContainsVariable);
        check("{{ .Values.image }}:1", SkipReason::ContainsVariable);
        check("Nginx:1", SkipReason::InvalidName);
        check("ghcr.io/Owner/app:1", SkipReason::InvalidName);
        check("a//b:1", SkipReason::InvalidName);
        check(":1", SkipReason::InvalidName);
        check("https://example.com/a", SkipReason::InvalidName);
    }

    #[test]
    fn a_value_written_with_escapes_is_not_cut_up() {
        let dep = dep(ManagerId::fixed("flux"), &file(), "a:1", ByteSpan::new(0, 9), &BTreeMap::new());
        assert_eq!(dep.skip.map(|skip| skip.reason), Some(SkipReason::InvalidValue));
    }

    #[test]
    fn shows_short_names_and_looks_up_long_ones() {
        #[track_caller]
        fn check(text: &str, dep_name: &str, package_name: &str) {
            let dep = made(
                text,
                &[("mirror", "quay.io/mirrored/"), ("$HOST", "r.example"), ("mirror/deep", "ghcr.io")],
            );
            assert_eq!(
                (dep.dep_name.as_str(), dep.package_name.as_str()),
                (dep_name, package_name),
                "{text}"
            );
            assert_eq!(dep.skip, None, "{text}");
        }
        check("amd64/nginx:1", "nginx", "amd64/nginx");
        check("library/nginx:1", "nginx", "library/nginx");
        check("r.example/library/nginx:1", "r.example/library/nginx", "r.example/library/nginx");
        check("quay.io:443/a/b:1", "quay.io/a/b", "quay.io:443/a/b");
        check("mirror/a:1", "mirror/a", "quay.io/mirrored/a");
        check("mirror/deep/a:1", "mirror/deep/a", "ghcr.io/a");
        check("mirrored/a:1", "mirrored/a", "mirrored/a");
        check("$HOST/a:1", "$HOST/a", "r.example/a");
    }

    #[test]
    fn distributions_have_their_own_versioning() {
        #[track_caller]
        fn check(text: &str, versioning: Option<&str>) {
            assert_eq!(made(text, &[]).versioning.as_ref().map(VersioningId::as_str), versioning, "{text}");
        }
        check("ubuntu:24.04", Some("ubuntu"));
        check("r.example/base/ubuntu:noble", Some("ubuntu"));
        check("debian:12", Some("debian"));
        check("library/debian:bookworm", Some("debian"));
        check("debian:bookworm-slim", None);
        check("debian:20250101", None);
        check("debian", None);
        check("nginx:1.29", None);
    }

    #[test]
    fn a_tag_may_carry_its_digest() {
        let text = format!("v1@sha256:{HEX}");
        let both = parse_tag(&text).unwrap();
        assert_eq!(both.tag.map(|tag| tag.text), Some("v1"));
        assert_eq!(both.digest.map(|digest| digest.span), Some(ByteSpan::new(3, text.len())));
        assert_eq!(parse_tag(&text[2..]).unwrap().tag, None);
        assert_eq!(parse_tag(" v1 ").unwrap().tag.map(|tag| tag.span), Some(ByteSpan::new(1, 3)));
        assert_eq!(parse_tag("${TAG}"), Err(ImageRefError::Variable));
        assert_eq!(parse_tag("a/b"), Err(ImageRefError::Tag));
        assert_eq!(parse_tag("@"), Err(ImageRefError::Digest));
    }

    #[test]
    fn a_digest_cut_between_repository_and_tag_is_joined() {
        let whole = Some(("a.b/c", format!("sha256:{HEX}")));
        assert_eq!(join_cut_digest("a.b/c@sha256", HEX), whole);
        assert_eq!(join_cut_digest("a.b/c@sha256", "1.2"), None);
        assert_eq!(join_cut_digest("a.b/c", HEX), None);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_slots_say_what_is_there(text in "\\PC{0,60}", start in 0..1000_usize) {
            let span = ByteSpan::new(start, start + text.len());
            let aliases = BTreeMap::from([("é".to_owned(), "x".to_owned()), ("$a".to_owned(), "y".to_owned())]);
            let dep = dep(ManagerId::fixed("flux"), &file(), &text, span, &aliases);
            for slot in &dep.slots {
                let inside = ByteSpan::new(slot.span.start - start, slot.span.end - start);
                prop_assert_eq!(inside.of(&text), Some(slot.text.as_str()));
            }
            let _ = parse_tag(&text);
        }

        #[test]
        fn parts_put_together_are_the_text(name in "([a-z]{1,5}\\.[a-z]{2}(:[0-9]{2,4})?/)?[a-z]{1,6}(/[a-z0-9]{1,6}){0,2}", tag in "(:[A-Za-z0-9][a-zA-Z0-9.-]{0,9})?", digest in "(@sha256:[0-9a-f]{64})?") {
            let text = format!("{name}{tag}{digest}");
            let image = parse(&text).unwrap();
            prop_assert_eq!(image.name.text, name);
            prop_assert_eq!(image.tag.map_or("", |part| part.text), tag.trim_start_matches(':'));
            prop_assert_eq!(image.digest.map_or("", |part| part.text), digest.trim_start_matches('@'));
        }
    }
}
