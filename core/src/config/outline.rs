//! Where the members of a configuration file stand, so that whoever judges what it says can point at it.

use super::json::{self, Node, NodeValue, SourceId};
use super::migrate;
use crate::name::RepoPath;
use crate::span::ByteSpan;

/// A configuration file as values with their places, in today's spelling.
#[derive(Clone, Debug)]
pub struct Outline {
    root: Node,
}

/// One value of an [`Outline`].
#[derive(Clone, Copy, Debug)]
pub struct Item<'o>(&'o Node);

impl Outline {
    /// Returns the values of the configuration file `path`; `None` when `text` is no JSON5 or holds no configuration.
    pub fn read(path: &RepoPath, text: &str) -> Option<Self> {
        let mut root = json::parse(text, SourceId::default()).ok()?;
        if path.file_name() == "package.json" {
            root = root.member("renovate")?.clone();
        }
        migrate::migrate(&mut root);
        Some(Self { root })
    }

    /// Returns the whole.
    pub fn root(&self) -> Item<'_> {
        Item(&self.root)
    }

    /// Returns the object that stands at `span`: an entry of `packageRules`, say.
    pub fn object_at(&self, span: ByteSpan) -> Option<Item<'_>> {
        find(&self.root, span).map(Item)
    }
}

/// The depth of values is bounded by [`json::parse`].
fn find(node: &Node, span: ByteSpan) -> Option<&Node> {
    if node.place.span == span && matches!(node.value, NodeValue::Object(_)) {
        return Some(node);
    }
    let inside = node.properties().iter().map(|property| &property.value).chain(node.items());
    inside.into_iter().find_map(|inner| find(inner, span))
}

impl<'o> Item<'o> {
    /// Returns where it stands, quotes included.
    pub fn span(self) -> ByteSpan {
        self.0.place.span
    }

    /// Returns the text of a string.
    pub fn text(self) -> Option<&'o str> {
        self.0.as_str()
    }

    /// Returns the members of an object: their names, where the names stand, and their values.
    pub fn members(self) -> impl Iterator<Item = (&'o str, ByteSpan, Self)> {
        let members = self.0.properties().iter();
        members.map(|member| (member.name.as_str(), member.name_place.span, Self(&member.value)))
    }

    /// Returns the value of a member.
    pub fn member(self, name: &str) -> Option<Self> {
        self.0.member(name).map(Self)
    }

    /// Returns the entries of a list; a value that is none counts as a list of one.
    pub fn entries(self) -> impl Iterator<Item = Self> {
        let list = match &self.0.value {
            NodeValue::Array(items) => items.as_slice(),
            NodeValue::Null => &[],
            _ => std::slice::from_ref(self.0),
        };
        list.iter().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, members: &[&str], expected: &[&str]) {
        let outline = Outline::read(&RepoPath::new(path).unwrap(), text);
        let found = outline
            .as_ref()
            .and_then(|outline| members.iter().try_fold(outline.root(), |item, name| item.member(name)));
        let entries: Vec<_> =
            found.into_iter().flat_map(Item::entries).map(|entry| entry.span().of(text).unwrap()).collect();
        assert_eq!(entries, expected, "{text}");
    }

    #[test]
    fn values_stand_where_they_were_written() {
        check(
            "renovate.json",
            r#"{"flux": {"managerFilePatterns": ["a", "b"]}}"#,
            &["flux", "managerFilePatterns"],
            &[r#""a""#, r#""b""#],
        );
        check("renovate.json", "{ignoreDeps: 'a'}", &["ignoreDeps"], &["'a'"]);
        check("renovate.json", "{ignoreDeps: null}", &["ignoreDeps"], &[]);
        check(
            "package.json",
            r#"{"renovate": {"ignoreDeps": ["x"]}, "ignoreDeps": []}"#,
            &["ignoreDeps"],
            &[r#""x""#],
        );
        check("renovate.json", "{ignoreDeps: [", &["ignoreDeps"], &[]);
    }

    #[test]
    fn old_names_have_their_new_ones() {
        check("renovate.json", "{flux: {fileMatch: ['a$']}}", &["flux", "managerFilePatterns"], &["'a$'"]);
    }

    #[test]
    fn an_object_is_found_by_its_place() {
        let text = "{packageRules: [{a: 1}, {matchDepNames: ['x']}]}";
        let outline = Outline::read(&RepoPath::new("renovate.json").unwrap(), text).unwrap();
        let start = text.find("{match").unwrap();
        let rule = outline.object_at(ByteSpan::new(start, text.len() - 2)).unwrap();
        assert_eq!(
            rule.members().map(|(name, span, _)| (name, span.of(text).unwrap())).collect::<Vec<_>>(),
            [("matchDepNames", "matchDepNames")]
        );
        assert!(outline.object_at(ByteSpan::new(3, 5)).is_none());
    }
}
