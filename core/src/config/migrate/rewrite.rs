//! Writes today's forms into a configuration's text, as edits of bytes: comments, order and spaces stay as they are.

use std::collections::BTreeMap;

use super::super::json::{self, Node, NodeValue, Property, SourceId};
use super::super::reader::quote;
use super::migrate;
use crate::name::RepoPath;
use crate::span::ByteSpan;

/// A configuration in today's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The new text.
    pub text: String,
    /// What was old, in the order of the old text.
    pub changes: Vec<Change>,
}

/// One old form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands in the old text.
    pub span: ByteSpan,
    /// What is old about it: one line.
    pub message: String,
}

/// Why a text cannot be rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// It is no JSON5.
    #[error("it cannot be read")]
    Unreadable,
    /// The edited text would not mean what the old one does.
    #[error("it is too unusual to be edited safely")]
    Unsafe,
}

/// Returns the configuration `text` of the file `path` in today's form; `None` when it is.
///
/// What the new text means is compared with what the old one is taken for, so that nothing else has changed.
///
/// # Errors
///
/// The text is no JSON5, or the comparison fails.
pub fn rewrite(path: &RepoPath, text: &str) -> Result<Option<Rewritten>, RewriteError> {
    let old = root(path, text).ok_or(RewriteError::Unreadable)?;
    let mut new = old.clone();
    let found = migrate(&mut new);
    if found.is_empty() {
        return Ok(None);
    }
    let mut changes: Vec<Change> = found
        .into_iter()
        .map(|migration| Change { span: migration.place.span, message: migration.message })
        .collect();
    changes.sort_by_key(|change| change.span);
    let mut editor = Editor { text, known: BTreeMap::new(), edits: Vec::new() };
    editor.collect(&old);
    let style = Style { quote: '"', names: Names::Quoted };
    editor.node(&old, &new, style);
    let edited = editor.apply().ok_or(RewriteError::Unsafe)?;
    let mut check = root(path, &edited).ok_or(RewriteError::Unsafe)?;
    if check.to_json() != new.to_json() || !migrate(&mut check).is_empty() {
        return Err(RewriteError::Unsafe);
    }
    Ok(Some(Rewritten { text: edited, changes }))
}

/// Returns the configuration in a text; in `package.json` it is a member.
fn root(path: &RepoPath, text: &str) -> Option<Node> {
    let node = json::parse(text, SourceId(0)).ok()?;
    if path.file_name() == "package.json" { node.member("renovate").cloned() } else { Some(node) }
}

struct Editor<'a> {
    text: &'a str,
    /// The old values by their places, so that one that only moved keeps its spelling.
    known: BTreeMap<ByteSpan, &'a Node>,
    edits: Vec<(ByteSpan, String)>,
}

impl<'a> Editor<'a> {
    fn collect(&mut self, node: &'a Node) {
        self.known.insert(node.place.span, node);
        node.items().iter().for_each(|item| self.collect(item));
        node.properties().iter().for_each(|property| self.collect(&property.value));
    }

    fn apply(mut self) -> Option<String> {
        self.edits.sort_by_key(|(span, _)| *span);
        let mut out = String::with_capacity(self.text.len() + 256);
        let mut at = 0;
        for (span, new) in &self.edits {
            // What is deleted twice is deleted once.
            if span.start < at && new.is_empty() {
                at = at.max(span.end);
                continue;
            }
            out.push_str(self.text.get(at..span.start)?);
            out.push_str(new);
            at = span.end;
        }
        out.push_str(self.text.get(at..)?);
        Some(out)
    }

    fn replace(&mut self, span: ByteSpan, new: String) {
        self.edits.push((span, new));
    }

    fn insert(&mut self, at: usize, new: String) {
        self.replace(ByteSpan::empty(at), new);
    }

    /// Makes `new` of `old`; `style` is how names and strings around it are written.
    fn node(&mut self, old: &Node, new: &Node, style: Style) {
        if old == new {
            return;
        }
        match (&old.value, &new.value) {
            (NodeValue::Object(before), NodeValue::Object(after)) if old.place == new.place => {
                let style = self.style(old.place.span).unwrap_or(style);
                self.object(old, before, after, style);
            }
            (NodeValue::Array(before), NodeValue::Array(after))
                if old.place == new.place
                    && before.len() <= after.len()
                    && before.iter().zip(after).all(|(before, after)| before.place == after.place) =>
            {
                let style = self.style(old.place.span).unwrap_or(style);
                for (before, after) in before.iter().zip(after) {
                    self.node(before, after, style);
                }
                self.append(old, before.last(), after.get(before.len()..).unwrap_or_default(), style);
            }
            _ => {
                let style = self.style(old.place.span).unwrap_or(style);
                let printed = self.print(new, style);
                self.replace(old.place.span, printed);
            }
        }
    }

    /// Adds items to the end of a list.
    fn append(&mut self, list: &Node, end: Option<&Node>, more: &[Node], style: Style) {
        let mut added = String::new();
        for item in more {
            if end.is_some() || !added.is_empty() {
                added.push_str(&self.separator(end));
            }
            added.push_str(&self.print(item, style));
        }
        if !added.is_empty() {
            self.insert(end.map_or(list.place.span.start + 1, |end| end.place.span.end), added);
        }
    }

    /// Returns what stands between `last` and a value after it.
    fn separator(&self, last: Option<&Node>) -> String {
        match last.and_then(|last| self.indent(last.place.span.start)) {
            Some(indent) => format!(",\n{indent}"),
            None => ", ".to_owned(),
        }
    }

    /// Returns the white space in front of what stands at `at`, where nothing else does in its line.
    fn indent(&self, at: usize) -> Option<&'a str> {
        let before = self.text.get(..at)?;
        let line = before.get(before.rfind('\n')? + 1..)?;
        line.trim().is_empty().then_some(line)
    }

    fn object(&mut self, object: &Node, before: &[Property], after: &[Property], around: Style) {
        let is_old = |property: &&Property| before.iter().any(|old| old.name_place == property.name_place);
        let mut survivor: Option<&Property> = None;
        for (index, old) in before.iter().enumerate() {
            let mut news = after.iter().filter(|new| new.name_place == old.name_place);
            let Some(first) = news.next() else {
                self.delete(old, survivor, before.get(index + 1));
                continue;
            };
            survivor = Some(old);
            let style = self.style(old.name_place.span).unwrap_or(Style { names: Names::Bare, ..around });
            if first.name != old.name {
                self.replace(old.name_place.span, spell_name(&first.name, style));
            }
            if first.value.place == old.value.place {
                self.node(&old.value, &first.value, style);
            } else {
                let printed = self.print(&first.value, style);
                self.replace(old.value.place.span, printed);
            }
            for further in news {
                let separator = self.indent(old.name_place.span.start);
                let separator = separator.map_or_else(|| ", ".to_owned(), |indent| format!(",\n{indent}"));
                let printed = self.property(further, style);
                self.insert(old.value.place.span.end, format!("{separator}{printed}"));
            }
        }
        let made: Vec<&Property> = after.iter().filter(|property| !is_old(property)).collect();
        for property in made {
            let stays = |old: &&Property| after.iter().any(|new| new.name_place == old.name_place);
            if let Some(first) = before.iter().find(stays) {
                let at = first.name_place.span.start;
                let style = self.style(first.name_place.span).unwrap_or(around);
                let printed = self.property(property, style);
                let separator =
                    self.indent(at).map_or_else(|| " ".to_owned(), |indent| format!("\n{indent}"));
                self.insert(at, format!("{printed},{separator}"));
            } else {
                let printed = self.property(property, around);
                self.insert(object.place.span.start + 1, printed);
            }
        }
    }

    /// Removes a member with its comma, and its line if there is nothing else in it.
    fn delete(&mut self, old: &Property, survivor: Option<&Property>, next: Option<&Property>) {
        let (start, end) = (old.name_place.span.start, old.value.place.span.end);
        let comma = self.comma(end);
        let to = comma.map_or(end, |comma| comma + 1);
        let rest = self.text.get(to..).unwrap_or_default();
        let ends_line = rest.split('\n').next().unwrap_or_default().trim().is_empty();
        let span = match (self.indent(start), next) {
            (Some(indent), _) if ends_line => ByteSpan::new((start - indent.len()).saturating_sub(1), to),
            (_, Some(next)) => {
                let next = next.name_place.span.start;
                let is_blank = self.text.get(to..next).is_some_and(|between| between.trim().is_empty());
                let spaces = rest.len() - rest.trim_start_matches(' ').len();
                ByteSpan::new(start, if is_blank { next } else { to + spaces })
            }
            (_, None) => {
                let before = self.text.get(..start).unwrap_or_default();
                ByteSpan::new(before.trim_end().len(), to)
            }
        };
        self.replace(span, String::new());
        // Without a comma it was the last one, and the one before becomes that.
        let dangling =
            survivor.filter(|_| comma.is_none()).and_then(|last| self.comma(last.value.place.span.end));
        if let Some(comma) = dangling {
            self.replace(ByteSpan::new(comma, comma + 1), String::new());
        }
    }

    /// Returns where the comma after a value stands, beyond white space and comments.
    fn comma(&self, after: usize) -> Option<usize> {
        let mut at = after;
        loop {
            let rest = self.text.get(at..)?;
            let skipped = rest.len() - rest.trim_start().len();
            at += skipped;
            let rest = rest.get(skipped..)?;
            if rest.starts_with("//") {
                at += rest.find('\n')?;
            } else if rest.starts_with("/*") {
                at += rest.find("*/")? + 2;
            } else {
                return rest.starts_with(',').then_some(at);
            }
        }
    }

    /// Returns how names and strings are written in what stands at `span`; `None` when it has neither.
    fn style(&self, span: ByteSpan) -> Option<Style> {
        let text = span.of(self.text)?;
        let mark = text.chars().find(|char| matches!(char, '\'' | '"'));
        let inside = text.strip_prefix(['{', '[']);
        let names = match inside.map(str::trim_start) {
            Some(inside) if inside.starts_with(char::is_alphabetic) => Names::Bare,
            _ => Names::Quoted,
        };
        match (mark, names) {
            (Some(quote), names) => Some(Style { quote, names }),
            (None, Names::Bare) => Some(Style { quote: '"', names }),
            (None, Names::Quoted) => None,
        }
    }

    fn property(&self, property: &Property, style: Style) -> String {
        format!("{}: {}", spell_name(&property.name, style), self.print(&property.value, style))
    }

    fn print(&self, node: &Node, style: Style) -> String {
        if let Some(raw) = self.known.get(&node.place.span).filter(|old| **old == node)
            && let Some(text) = raw.place.span.of(self.text)
        {
            return text.to_owned();
        }
        match &node.value {
            NodeValue::String(text) => spell(text, style.quote),
            NodeValue::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.print(item, style)).collect();
                format!("[{}]", items.join(", "))
            }
            NodeValue::Object(members) if members.is_empty() => "{}".to_owned(),
            NodeValue::Object(members) => {
                let members: Vec<String> =
                    members.iter().map(|member| self.property(member, style)).collect();
                format!("{{ {} }}", members.join(", "))
            }
            NodeValue::Null => "null".to_owned(),
            NodeValue::Bool(flag) => flag.to_string(),
            NodeValue::Number(number) => number.to_string(),
        }
    }
}

/// How the names of members are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Quoted,
    /// As in JavaScript, where they are words.
    Bare,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Style {
    quote: char,
    names: Names,
}

fn spell_name(name: &str, style: Style) -> String {
    let is_word = name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric());
    if style.names == Names::Bare && is_word { name.to_owned() } else { spell(name, style.quote) }
}

fn spell(text: &str, mark: char) -> String {
    let json = quote(text);
    if mark == '"' {
        return json;
    }
    let inner = json.get(1..json.len() - 1).unwrap_or_default();
    format!("'{}'", inner.replace("\\\"", "\"").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(old: &str, new: &str) {
        let path = RepoPath::new("renovate.json5").unwrap();
        let rewritten = rewrite(&path, old).unwrap_or_else(|error| panic!("{old}: {error}"));
        assert_eq!(rewritten.map(|rewritten| rewritten.text).as_deref().unwrap_or(old), new);
    }

    #[test]
    fn names_and_values_change_in_their_places() {
        check(
            "{\n  // Where to look.\n  \"extends\": [\"config:base\", \":x\"], // sound\n  'rebaseStalePrs': true,\n  masterIssue: true\n}\n",
            "{\n  // Where to look.\n  \"extends\": [\"config:recommended\", \":x\"], // sound\n  'rebaseWhen': 'behind-base-branch',\n  dependencyDashboard: true\n}\n",
        );
        check("{stabilityDays: 3}", "{minimumReleaseAge: \"3 days\"}");
        check(
            "{flux: {fileMatch: ['a\\\\.ya?ml$', \"it's\"]}}",
            "{flux: {managerFilePatterns: ['/a\\\\.ya?ml$/', \"/it's/\"]}}",
        );
    }

    #[test]
    fn a_rule_gets_one_list_of_its_old_matchers() {
        check(
            "{\n  packageRules: [\n    {\n      matchPackageNames: ['a'],\n      matchPackagePatterns: ['^b'], // both\n      excludePackageNames: ['c'],\n    },\n  ],\n}",
            "{\n  packageRules: [\n    {\n      matchPackageNames: ['a', '/^b/', '!c'],\n      // both\n    },\n  ],\n}",
        );
        check(
            "{\n  \"packageRules\": [\n    {\n      \"matchPackageNames\": [\n        \"a\"\n      ],\n      \"matchPackagePatterns\": [\"b\"]\n    }\n  ]\n}",
            "{\n  \"packageRules\": [\n    {\n      \"matchPackageNames\": [\n        \"a\",\n        \"/b/\"\n      ]\n    }\n  ]\n}",
        );
        check(
            "{packageRules: [{matchPackageNames: ['a'], matchPackagePrefixes: ['b']}]}",
            "{packageRules: [{matchPackageNames: ['a', 'b{/,}**']}]}",
        );
        check(
            "{\"packageRules\": [{\"matchPackagePatterns\": [\"^a\"], \"enabled\": false}]}",
            "{\"packageRules\": [{\"matchPackageNames\": [\"/^a/\"], \"enabled\": false}]}",
        );
    }

    #[test]
    fn custom_managers_get_their_type() {
        check(
            "{\n  \"regexManagers\": [\n    {\n      // crds\n      \"fileMatch\": [\"a\"],\n      \"matchStrings\": [\"(?<lookupName>b)\"]\n    }\n  ]\n}",
            "{\n  \"customManagers\": [\n    {\n      // crds\n      \"customType\": \"regex\",\n      \"managerFilePatterns\": [\"/a/\"],\n      \"matchStrings\": [\"(?<packageName>b)\"]\n    }\n  ]\n}",
        );
        check(
            "{regexManagers: [{fileMatch: ['a'], matchStrings: ['b']}], customManagers: [{customType: 'regex', matchStrings: ['c']}]}",
            "{customManagers: [{customType: 'regex', managerFilePatterns: ['/a/'], matchStrings: ['b']}, {customType: 'regex', matchStrings: ['c']}]}",
        );
    }

    #[test]
    fn one_option_may_become_two_and_blocks_may_become_rules() {
        check(
            "{semanticPrefix: 'fix(deps):'}",
            "{semanticCommitType: \"fix\", semanticCommitScope: \"deps\"}".replace('"', "'").as_str(),
        );
        check(
            "{\n  docker: {pinDigests: true},\n  labels: ['a'],\n}",
            "{\n  packageRules: [{ matchCategories: ['docker'], pinDigests: true }],\n  labels: ['a'],\n}",
        );
    }

    #[test]
    fn what_is_new_is_left_alone() {
        let path = RepoPath::new("renovate.json").unwrap();
        assert_eq!(rewrite(&path, "{labels: ['a']}"), Ok(None));
        assert_eq!(rewrite(&path, "{labels: "), Err(RewriteError::Unreadable));
        let path = RepoPath::new("package.json").unwrap();
        let text = r#"{"name": "x", "renovate": {"extends": ["config:base"]}}"#;
        let new = rewrite(&path, text).unwrap().unwrap();
        assert_eq!(new.text, r#"{"name": "x", "renovate": {"extends": ["config:recommended"]}}"#);
        assert_eq!(new.changes[0].span.of(text), Some("\"config:base\""));
    }
}
