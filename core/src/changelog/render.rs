//! What a pull request shows of release notes: one block to unfold for each source repository, newest version first.

use std::collections::BTreeSet;

use super::harmless::{Home, harmless};
use super::source::Source;
use crate::draft::markdown::{code, link, plain};

/// The most versions of one repository that are shown; more would not be read.
const MOST_VERSIONS: usize = 60;

/// The notes of one source repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNotes {
    /// The repository; `None` for a package that does not say where it comes from and has notes all the same.
    pub source: Option<Source>,
    /// The dependencies that come from it, as people know them.
    pub dep_names: BTreeSet<String>,
    /// The versions, newest first.
    pub versions: Vec<VersionNotes>,
}

/// The notes of one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionNotes {
    /// The version, as it is published: a tag, a chart's version.
    pub version: String,
    /// Its page.
    pub url: Option<String>,
    /// What its publisher calls it, where that says more than the version.
    pub name: Option<String>,
    /// The page that shows what changed since the version before.
    pub compare_url: Option<String>,
    /// The tag or commit that relative links in the notes go to; `None` is the newest.
    pub reference: Option<String>,
    /// The folder of the file the notes come from; empty for the top.
    pub folder: String,
    /// The notes as their publisher wrote them; may be empty.
    pub body: String,
}

/// Returns the notes as Markdown for a pull request, with everything foreign in it made harmless; empty when there are none.
///
/// Versions with neither notes nor a link are left out, and so are sources without any version.
pub fn render(sources: &[SourceNotes]) -> String {
    let blocks: Vec<String> = sources.iter().filter_map(block).collect();
    blocks.join("\n\n")
}

fn block(notes: &SourceNotes) -> Option<String> {
    let versions: Vec<String> =
        notes.versions.iter().filter_map(|version| section(version, notes.source.as_ref())).collect();
    if versions.is_empty() {
        return None;
    }
    let left_out = versions.len().saturating_sub(MOST_VERSIONS);
    let shown = versions.get(..MOST_VERSIONS).unwrap_or(&versions).join("\n\n");
    let more = match left_out {
        0 => String::new(),
        1 => "\n\n*One older version is not shown.*".to_owned(),
        count => format!("\n\n*{count} older versions are not shown.*"),
    };
    Some(format!("<details>\n<summary>{}</summary>\n\n{shown}{more}\n\n</details>", summary(notes)))
}

/// Returns `owner/name (dependencies)` as HTML.
fn summary(notes: &SourceNotes) -> String {
    let names = notes.dep_names.iter().map(|name| words(name)).collect::<Vec<_>>().join(", ");
    match &notes.source {
        Some(source) if names.is_empty() => words(source.slug()),
        Some(source) => format!("{} ({names})", words(source.slug())),
        None => names,
    }
}

/// Returns a text as HTML of one line; Markdown is not read in a line that begins with a tag.
fn words(text: &str) -> String {
    let text = plain(text);
    let mut words = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        // A tag's line shows a backslash as it is.
        match character {
            '\\' => words.extend(characters.next()),
            _ => words.push(character),
        }
    }
    words
}

fn section(version: &VersionNotes, source: Option<&Source>) -> Option<String> {
    let home = Home { source, reference: version.reference.as_deref(), folder: &version.folder };
    let body = harmless(&version.body, &home);
    let compare = version.compare_url.as_deref().map(|url| link("Compare Source", Some(url)));
    let compare = compare.filter(|link| link.starts_with('['));
    if body.is_empty() && compare.is_none() {
        return None;
    }
    let mut section = format!("### {}", link(&code(&version.version), version.url.as_deref()));
    if let Some(name) = version.name.as_deref().map(plain).filter(|name| !name.is_empty()) {
        section.push_str(": ");
        section.push_str(&name);
    }
    for part in compare.into_iter().chain((!body.is_empty()).then_some(body)) {
        section.push_str("\n\n");
        section.push_str(&part);
    }
    Some(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(version: &str, body: &str) -> VersionNotes {
        VersionNotes { version: version.to_owned(), body: body.to_owned(), ..VersionNotes::default() }
    }

    fn fjord(versions: Vec<VersionNotes>) -> SourceNotes {
        let source = Source::parse("https://github.com/lakeside/fjord");
        SourceNotes { source, dep_names: BTreeSet::from(["fjord_a".to_owned(), "<b>".to_owned()]), versions }
    }

    #[test]
    fn a_source_unfolds_to_its_versions() {
        let newest = VersionNotes {
            url: Some("https://github.com/lakeside/fjord/releases/tag/v1.3.0".into()),
            name: Some("The *best* one".into()),
            compare_url: Some("https://github.com/lakeside/fjord/compare/v1.2.0...v1.3.0".into()),
            ..version("v1.3.0", "- sings, thanks @wave\n")
        };
        let silent = VersionNotes {
            compare_url: Some("https://github.com/lakeside/fjord/compare/v1.1.0...v1.2.0".into()),
            ..version("v1.2.0", " ")
        };
        let shown = render(&[fjord(vec![newest, silent, version("v1.1.0", "")]), fjord(vec![])]);
        let expected = "<details>\n<summary>lakeside/fjord (&lt;b&gt;, fjord_a)</summary>\n\n\
            ### [`v1.3.0`](https://github.com/lakeside/fjord/releases/tag/v1.3.0): The \\*best\\* one\n\n\
            [Compare Source](https://github.com/lakeside/fjord/compare/v1.2.0...v1.3.0)\n\n\
            - sings, thanks @\u{200b}wave\n\n\
            ### `v1.2.0`\n\n\
            [Compare Source](https://github.com/lakeside/fjord/compare/v1.1.0...v1.2.0)\n\n\
            </details>";
        assert_eq!(shown, expected);
    }

    #[test]
    fn nothing_to_say_is_nothing() {
        assert_eq!(render(&[]), "");
        assert_eq!(render(&[fjord(vec![version("1", "<!-- only a comment -->")])]), "");
    }

    #[test]
    fn too_many_versions_are_counted() {
        let versions = (0..62).rev().map(|number| version(&format!("v{number}"), "x")).collect();
        let shown = render(&[fjord(versions)]);
        assert!(shown.contains("### `v2`") && !shown.contains("### `v1`"), "{shown}");
        assert!(shown.contains("*2 older versions are not shown.*"), "{shown}");
    }
}
