//! The comments that name a dependency: `# renovate: datasource=docker depName=owner/name`.

use updraft_core::source::Words;
use updraft_core::span::ByteSpan;

/// What a comment begins with, in the languages that are read; longer ones before those they begin with.
const MARKS: [&str; 8] = ["{{- /*", "{{/*", "<!--", "{#", "/*", "//", "--", "#"];

/// What such a comment begins with, or else must say.
static NAME: Words = Words::new("renovate:");
static FIELDS: [Words; 2] = [Words::new("datasource="), Words::new("depName=")];

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 4096;

/// A comment that names a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment<'a> {
    /// The comment's bytes in its line, mark included.
    pub(super) span: ByteSpan,
    /// Whether something stands before it in its line.
    pub(super) place: Place,
    pub(super) fields: Fields<'a>,
}

/// Which line a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It has a line for itself, and is about the next one.
    Above,
    /// It follows what it is about.
    Beside,
}

/// What the comment says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    pub(super) datasource: Option<&'a str>,
    pub(super) dep_name: Option<&'a str>,
    pub(super) package_name: Option<&'a str>,
    pub(super) registry_url: Option<&'a str>,
    pub(super) versioning: Option<&'a str>,
    pub(super) extract_version: Option<&'a str>,
    pub(super) dep_type: Option<&'a str>,
    /// The branch a commit follows.
    pub(super) branch: Option<&'a str>,
}

/// Returns whether a text may hold such a comment; cheap.
pub(super) fn may_annotate(text: &str) -> bool {
    NAME.stand_in(text) || FIELDS.iter().all(|field| field.stand_in(text))
}

/// Returns the comment in `line`, if it names a dependency.
pub(super) fn parse(line: &str) -> Option<Comment<'_>> {
    if line.len() > MAX_LINE || !may_annotate(line) {
        return None;
    }
    let indentation = line.len() - line.trim_start().len();
    let above = MARKS.iter().find(|mark| line.get(indentation..).is_some_and(|rest| rest.starts_with(*mark)));
    if let Some(mark) = above {
        return comment(line, indentation, mark, Place::Above);
    }
    let starts = line.char_indices().filter(|(at, _)| {
        let before = line.get(..*at).and_then(|before| before.chars().next_back());
        before.is_some_and(char::is_whitespace)
    });
    starts.into_iter().find_map(|(at, _)| {
        let mark = MARKS.iter().find(|mark| line.get(at..).is_some_and(|rest| rest.starts_with(*mark)))?;
        comment(line, at, mark, Place::Beside)
    })
}

fn comment<'a>(line: &'a str, at: usize, mark: &str, place: Place) -> Option<Comment<'a>> {
    let body = line.get(at + mark.len()..)?.trim_start_matches('#').trim_start();
    let named = body.strip_prefix("renovate:").or_else(|| body.strip_prefix("Renovate:"));
    let fields = fields(named.unwrap_or(body));
    let sound = match named {
        Some(_) => fields != Fields::default(),
        // The short spelling, without `renovate:`, is recognised by its two fields.
        None => {
            body.starts_with(|first: char| first.is_ascii_alphabetic())
                && fields.datasource.is_some()
                && fields.dep_name.is_some()
        }
    };
    sound.then(|| Comment { span: ByteSpan::new(at, line.trim_end().len()), place, fields })
}

/// Reads `key=value` pairs; values may be quoted, and what is no known pair is a remark.
fn fields(text: &str) -> Fields<'_> {
    let mut fields = Fields::default();
    let mut rest = text;
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let end = rest.find(|letter: char| letter.is_whitespace() || letter == '=').unwrap_or(rest.len());
        let (key, after) = (rest.get(..end).unwrap_or_default(), rest.get(end..).unwrap_or_default());
        let Some(after) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''));
        let closed = quote.and_then(|quote| {
            let inner = after.get(1..)?;
            let end = inner.find(quote)?;
            Some((inner.get(..end)?, inner.get(end + 1..)?))
        });
        let (value, left) = closed.unwrap_or_else(|| {
            let end = after.find(char::is_whitespace).unwrap_or(after.len());
            (after.get(..end).unwrap_or_default(), after.get(end..).unwrap_or_default())
        });
        rest = left;
        let field = match key {
            "datasource" => &mut fields.datasource,
            "depName" => &mut fields.dep_name,
            "packageName" | "lookupName" => &mut fields.package_name,
            "registryUrl" | "repository" => &mut fields.registry_url,
            "versioning" => &mut fields.versioning,
            "extractVersion" => &mut fields.extract_version,
            "depType" => &mut fields.dep_type,
            "branch" => &mut fields.branch,
            _ => continue,
        };
        if !value.is_empty() {
            *field = Some(value);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, place: Place, expected: &str) {
        let comment = parse(line).unwrap();
        let fields = comment.fields;
        let text = [
            fields.datasource,
            fields.dep_name,
            fields.package_name,
            fields.registry_url,
            fields.versioning,
            fields.extract_version,
        ];
        assert_eq!(text.iter().flatten().copied().collect::<Vec<_>>().join(" "), expected);
        assert_eq!(comment.place, place);
    }

    #[test]
    fn reads_each_way_to_write_it() {
        check("# renovate: datasource=docker depName=a/b", Place::Above, "docker a/b");
        check("  #renovate: depName=a/b datasource=docker", Place::Above, "docker a/b");
        check("# datasource=docker depName=a/b", Place::Above, "docker a/b");
        check("// renovate: datasource=x depName=\"a b\" more words", Place::Above, "x a b");
        check("{# renovate: depName=a/b #}", Place::Above, "a/b");
        check("{{- /* renovate: depName=a/b */}}", Place::Above, "a/b");
        check("v: 1 # renovate: depName=a/b", Place::Beside, "a/b");
        check("v: \"#1\" # renovate: depName=a/b (frozen at 1: why)", Place::Beside, "a/b");
        check(
            "# renovate: datasource=helm depName=a lookupName=b repository=https://c/d?e=f versioning=regex:^(?<major>\\d+)$ extractVersion=^v(?<version>.+)$",
            Place::Above,
            "helm a b https://c/d?e=f regex:^(?<major>\\d+)$ ^v(?<version>.+)$",
        );
        check("# renovate: registryUrl=https://a/b", Place::Above, "https://a/b");
    }

    #[test]
    fn other_comments_are_not_read() {
        for line in [
            "# renovate: this is updated by hand",
            "# renovate: depName=",
            "area/renovate: 1",
            "renovate: depName=a/b",
            "# see datasource= and depName= above",
            "x: \"datasource=a depName=b\"",
            "# (datasource=a depName=b)",
            "",
            &format!("x: {} # renovate: depName=a/b", "a # ".repeat(2000)),
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
