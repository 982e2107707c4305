//! Commit messages and titles of pull requests.

use serde_json::Value;

use crate::changelog::is_invisible;
use crate::config::Options;
use crate::config::options::{CommitMessageLowerCase, SemanticCommits};
use crate::template::{Fields, TemplateError};
use crate::update::UpdateType;

/// To what, where several versions come from: an extra that names the old version would be wrong for some of them.
const PLAIN_EXTRA: &str = "to {{#if isMajor}}{{{prettyNewMajor}}}{{else}}{{#if isSingleVersion}}{{{prettyNewVersion}}}\
                           {{else}}{{#if newValue}}{{{newValue}}}{{else}}{{{newDigestShort}}}{{/if}}{{/if}}{{/if}}";
const SEMANTIC_PREFIX: &str =
    "{{{semanticCommitType}}}{{#if semanticCommitScope}}({{{semanticCommitScope}}}){{/if}}:";

/// Whether the repository's own commits have subjects such as `fix(deps): ..`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitStyle {
    /// They have not.
    #[default]
    Plain,
    /// They have.
    Semantic,
}

impl CommitStyle {
    /// Returns the style of most of the given commit subjects, newest first.
    pub fn detect<'a>(subjects: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut semantic, mut plain) = (0_usize, 0_usize);
        for subject in subjects.into_iter().filter(|subject| !subject.starts_with("Merge ")) {
            if is_semantic(subject) { semantic += 1 } else { plain += 1 }
        }
        if semantic > plain { Self::Semantic } else { Self::Plain }
    }

    /// Returns the style that `options` ask for; this one is what was detected.
    fn with(self, options: &Options) -> Self {
        match options.semantic_commits {
            Some(SemanticCommits::Enabled) => Self::Semantic,
            Some(SemanticCommits::Disabled) => Self::Plain,
            Some(SemanticCommits::Auto) | None => self,
        }
    }
}

/// Returns whether a subject is `type: ..`, `type(scope): ..` or one of these with `!`, the type in lower case.
fn is_semantic(subject: &str) -> bool {
    split_prefix(subject).is_some_and(|(kind, _)| kind.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// Returns the type of a subject such as `type(scope): text`, and the text.
fn split_prefix(subject: &str) -> Option<(&str, &str)> {
    let (head, rest) = subject.split_once(':')?;
    let head = head.strip_suffix('!').unwrap_or(head);
    let kind = match head.split_once('(') {
        Some((kind, scope)) => scope.ends_with(')').then_some(kind)?,
        None => head,
    };
    let is_word = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    Some((kind, rest.strip_prefix(' ').filter(|_| is_word)?))
}

/// Returns whether two titles say the same in whatever style: with or without `type(scope):` before it, and whatever its case, which is lower in the
/// semantic style. A repository's style is detected, and so changes by itself.
pub(crate) fn is_same_title(one: &str, other: &str) -> bool {
    let words =
        |title: &str| split_prefix(title.trim()).map_or(title, |(_, text)| text).trim().to_lowercase();
    words(one) == words(other)
}

/// How many things a branch changes, which decides what its title can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breadth {
    /// One dependency, from one version to one version.
    Single,
    /// One dependency to one version, from several.
    SeveralFrom,
    /// Several dependencies to one version, from one version.
    Group,
    /// Several dependencies to one version, from several.
    GroupFrom,
    /// Several versions.
    Versions,
    /// Several dependencies and several versions.
    GroupVersions,
}

impl Breadth {
    /// Returns whether there are several dependencies or several versions, so that `group` may hold.
    pub(super) fn is_several(self) -> bool {
        !matches!(self, Self::Single | Self::SeveralFrom)
    }
}

/// Everything a message is made of.
pub(super) struct MessageInput<'a> {
    /// The branch's options, those of `group` merged in when it is one.
    pub options: &'a Options,
    pub breadth: Breadth,
    pub fields: &'a Fields,
    pub style: CommitStyle,
    /// The semantic types of all members, as templates with the fields of each filled in.
    pub semantic_types: Vec<String>,
}

/// The first line of a commit message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub line: String,
    /// The part of it that says to what.
    pub extra: String,
}

/// Returns the first line of the commit message.
///
/// # Errors
///
/// When one of the owner's templates fails.
pub(super) fn subject(input: &MessageInput<'_>) -> Result<Subject, TemplateError> {
    let options = input.options;
    let mut fields = input.fields.clone();
    let semantic_type = highest_semantic_type(&input.semantic_types).unwrap_or_default();
    let scope = fields.render(options.semantic_commit_scope.as_deref().unwrap_or_default())?;
    fields.insert("semanticCommitType", semantic_type.as_str());
    fields.insert("semanticCommitScope", scope);
    let style = input.style.with(options);
    let (prefix, lower_case) = match (&options.commit_message_prefix, style) {
        (Some(prefix), _) => (prefix.as_str(), false),
        (None, CommitStyle::Semantic) => (
            SEMANTIC_PREFIX,
            options.commit_message_lower_case != Some(CommitMessageLowerCase::Never)
                && !semantic_type.chars().any(char::is_uppercase),
        ),
        (None, CommitStyle::Plain) => ("", false),
    };
    let (topic, extra) = topic_and_extra(input);
    let action = options.commit_message_action.as_deref().unwrap_or_default();
    let suffix = options.commit_message_suffix.as_deref().unwrap_or_default();
    if style == CommitStyle::Semantic {
        let prefix = fields.render(SEMANTIC_PREFIX)?;
        fields.insert("semanticPrefix", prefix);
    }
    for (name, text) in [
        ("commitMessagePrefix", prefix),
        ("commitMessageAction", action),
        ("commitMessageTopic", topic),
        ("commitMessageExtra", extra),
        ("commitMessageSuffix", suffix),
    ] {
        let text = fields.render(text)?;
        fields.insert(name, text.trim());
    }
    let extra = fields.get("commitMessageExtra").and_then(Value::as_str).unwrap_or_default().to_owned();
    let message = fields.render(options.commit_message.as_deref().unwrap_or_default())?;
    let first = message.trim().lines().next().unwrap_or_default();
    let line = one_line(first).replace("to vv", "to v");
    Ok(Subject { line: if lower_case { line.to_lowercase() } else { line }, extra })
}

/// Returns what is updated and to what, as templates.
fn topic_and_extra<'a>(input: &MessageInput<'a>) -> (&'a str, &'a str) {
    let options = input.options;
    let topic = options.commit_message_topic.as_deref().unwrap_or_default();
    let extra = options.commit_message_extra.as_deref().unwrap_or_default();
    match input.breadth {
        Breadth::SeveralFrom | Breadth::GroupFrom if !extra.is_empty() => (topic, PLAIN_EXTRA),
        Breadth::Versions | Breadth::GroupVersions => (topic, ""),
        _ => (topic, extra),
    }
}

/// Returns the type that tells most, if there are any: `feat` before `fix` before `build`, `ci`, `chore`.
fn highest_semantic_type(types: &[String]) -> Option<String> {
    const ORDER: [&str; 5] = ["chore", "ci", "build", "fix", "feat"];
    let rank = |kind: &str| ORDER.iter().position(|known| *known == kind);
    let first = types.first()?;
    let known = types.iter().filter_map(|kind| Some((rank(kind)?, kind))).max();
    Some(if rank(first).is_none() { first.clone() } else { known.map_or(first, |(_, kind)| kind).clone() })
}

/// What a title says of its branch beyond the subject.
pub(super) struct TitleInput<'a> {
    pub options: &'a Options,
    pub kind: UpdateType,
    pub is_group: bool,
    pub fields: &'a Fields,
    pub subject: &'a Subject,
}

/// Returns the title of the pull request.
///
/// # Errors
///
/// When the owner's template fails.
pub(super) fn title(input: &TitleInput<'_>) -> Result<String, TemplateError> {
    let options = input.options;
    let mut title = match &options.pr_title {
        Some(template) => one_line(&input.fields.render(template)?),
        None => input.subject.line.clone(),
    };
    if input.is_group && options.pr_title_strict != Some(true) && !names_a_version(&input.subject.extra) {
        let mark = match input.kind {
            UpdateType::Major if options.separate_major_minor != Some(false) => {
                match (options.separate_multiple_major, input.fields.get("newMajor")) {
                    (Some(true), Some(major)) => format!(" (v{major})"),
                    _ => " (major)".to_owned(),
                }
            }
            UpdateType::Minor if options.separate_minor_patch == Some(true) => " (minor)".to_owned(),
            UpdateType::Patch if options.separate_minor_patch == Some(true) => " (patch)".to_owned(),
            _ => String::new(),
        };
        if !title.to_lowercase().contains(mark.trim()) {
            title.push_str(&mark);
        }
    }
    Ok(title)
}

/// Returns whether a text holds three numbers with dots between them.
fn names_a_version(text: &str) -> bool {
    let words = text.split(|character: char| !character.is_ascii_digit() && character != '.');
    words.filter(|word| word.split('.').filter(|digits| !digits.is_empty()).count() >= 3).count() > 0
}

/// Returns the text below the subject: the owner's body, the table of updates, trailers.
///
/// # Errors
///
/// When one of the owner's templates fails.
pub(super) fn body(
    options: &Options,
    fields: &Fields,
    rows: &[[String; 4]],
) -> Result<String, TemplateError> {
    let mut parts = Vec::new();
    if let Some(body) = &options.commit_body {
        parts.push(lines(&fields.render(body)?));
    }
    if options.commit_body_table == Some(true) {
        parts.push(table(rows));
    }
    let mut trailers = Vec::new();
    for trailer in options.commit_trailers.iter().flatten() {
        trailers.push(lines(&fields.render(trailer)?));
    }
    parts.push(trailers.join("\n"));
    parts.retain(|part| !part.is_empty());
    Ok(parts.join("\n\n"))
}

/// Returns a text in one line with single spaces, without what cannot be seen but changes how the rest is read.
fn one_line(text: &str) -> String {
    let seen: String =
        text.chars().filter(|character| character.is_whitespace() || !is_invisible(*character)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a text with its lines, without what cannot be seen but changes how the rest is read.
fn lines(text: &str) -> String {
    let is_kept = |character: &char| matches!(character, '\n' | '\t') || !is_invisible(*character);
    text.trim().chars().filter(is_kept).collect()
}

/// Returns a Markdown table whose columns are as wide as their widest cell.
fn table(rows: &[[String; 4]]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(|cell| one_line(cell))).collect();
    let header = ["datasource", "package", "from", "to"].map(ToOwned::to_owned);
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().chain([&header]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        })
        .collect();
    let line = |row: &[String; 4]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule =
        format!("| {} |", widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join(" | "));
    let mut lines = vec![line(&header), rule];
    lines.extend(rows.iter().map(line));
    lines.join("\n")
}
