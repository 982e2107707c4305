//! Where each value of a YAML file stands: documents, keys, byte spans, quoting.
//!
//! A file is read into one flat list of nodes per document, in the order of the text. Nodes keep places, not copies:
//! a scalar that is spelled as it means is a slice of the file. Aliases are references to their anchor's node, so a
//! document that repeats itself a million times through aliases costs no more than its text.
//!
//! The rules are those of [YAML 1.2.2](https://yaml.org/spec/1.2.2/), as the parser `granit-parser` reads them. Merge keys
//! (`<<`) are an extension that stays visible among the entries, and that [`Node::get`] looks through.

mod build;
mod large;
mod mask;
mod quick;
mod value;
mod walk;

use std::sync::{Arc, OnceLock};

use crate::span::ByteSpan;

pub use build::parse;
use large::{FEW, LargeMappings};
pub use value::value;
pub use walk::{Step, Walk};

/// How many entries of merged mappings [`Node::get`] looks at before it gives up, and how many at least where a document is full of merges.
const MERGE_STEPS: (usize, usize) = (2000, 100);
/// How many such entries are looked at, at the most, when each alias of a document is looked into once.
const ALL_MERGE_STEPS: usize = 4_000_000;
/// How deep merge keys may lead from one mapping to the next.
const MERGE_DEPTH: usize = 16;

/// A parsed file: the documents that could be read, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct YamlFile {
    documents: Vec<Document>,
    errors: Vec<YamlError>,
}

impl YamlFile {
    /// Returns the documents that could be read, in the order of the file.
    ///
    /// A `---` with nothing after it is a document that holds a null; comments alone are none.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Returns what was wrong with the documents that could not be read: one error each, for the first twenty.
    pub fn errors(&self) -> &[YamlError] {
        &self.errors
    }
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// What is wrong: one line, no full stop.
    pub message: String,
    /// Where.
    pub span: ByteSpan,
    /// Whether the document holds template tags (`{{ }}`), and so may not be meant to be YAML.
    pub template: bool,
}

/// One document of a file.
#[derive(Debug)]
pub struct Document {
    text: Arc<str>,
    span: ByteSpan,
    /// Every node in the order of the text, each collection before its content; the root is the first.
    nodes: Vec<Entry>,
    /// The values of those scalars that are not spelled as they mean.
    decoded: Vec<Box<str>>,
    template: bool,
    shortcuts: Shortcuts,
}

/// What makes looking for keys cheap in documents that are made to be dear; found out when it is needed.
#[derive(Debug, Default)]
struct Shortcuts {
    large: OnceLock<LargeMappings>,
    /// How many entries of merged mappings one look takes in.
    merge_steps: OnceLock<usize>,
}

/// A node as it is stored.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    end: u32,
    /// The index after this node's content: the next node of the same collection.
    next: u32,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// `decoded` is an index, or [`AS_SPELLED`].
    Scalar {
        style: Style,
        decoded: u32,
    },
    Mapping,
    Sequence,
    /// `*name`: the index of the node it stands for, which is never an alias itself.
    Alias(u32),
}

/// Stands for "the value is the text under the span".
const AS_SPELLED: u32 = u32::MAX;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One value: a string, a number, null, ...
    Scalar,
    /// Keys and values.
    Mapping,
    /// Items.
    Sequence,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `value`
    Plain,
    /// `'value'`
    SingleQuoted,
    /// `"value"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Document {
    /// Returns the document's top node.
    pub fn root(&self) -> Node<'_> {
        Node::at_index(self, 0)
    }

    /// Returns where the document stands: from its `---`, or the file's start, to the next one.
    pub fn span(&self) -> ByteSpan {
        self.span
    }

    fn large(&self) -> &LargeMappings {
        self.shortcuts.large.get_or_init(|| large::collect(self))
    }

    /// Returns how many entries of merged mappings one look takes in: the fewer the more often the document gives a reason to look.
    fn merge_steps(&self) -> usize {
        *self.shortcuts.merge_steps.get_or_init(|| {
            let aliases = self.nodes.iter().filter(|entry| matches!(entry.what, What::Alias(_))).count();
            let (most, least) = MERGE_STEPS;
            (ALL_MERGE_STEPS / aliases.max(1)).clamp(least, most)
        })
    }

    /// Returns whether it became readable only after its template tags were masked.
    ///
    /// The values that hold a tag are then given as they are spelled, escapes included.
    pub fn is_template(&self) -> bool {
        self.template
    }
}

/// A node of a document. A node reached through `*alias` is the anchor's node, and knows that.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    document: &'a Document,
    index: u32,
    /// The index of the alias it was reached through.
    via: Option<u32>,
}

impl<'a> Node<'a> {
    fn at_index(document: &'a Document, index: u32) -> Self {
        match document.nodes.get(index as usize) {
            Some(Entry { what: What::Alias(target), .. }) => {
                Self { document, index: *target, via: Some(index) }
            }
            _ => Self { document, index, via: None },
        }
    }

    fn entry(self) -> Entry {
        // A document has at least one node, and indices come from the document itself.
        let missing = Entry {
            start: 0,
            end: 0,
            next: 0,
            what: What::Scalar { style: Style::Plain, decoded: AS_SPELLED },
        };
        self.document.nodes.get(self.index as usize).copied().unwrap_or(missing)
    }

    /// Returns what the node is.
    pub fn kind(self) -> Kind {
        match self.entry().what {
            What::Mapping => Kind::Mapping,
            What::Sequence => Kind::Sequence,
            What::Scalar { .. } | What::Alias(_) => Kind::Scalar,
        }
    }

    /// Returns the bytes of the content: without the quotes, anchor and tag of a scalar, without the header, the first
    /// indentation and the last line breaks of a block scalar; from the first key, dash or bracket of a collection to the
    /// end of its last value or bracket.
    ///
    /// A value that is left out (`key:`) is the empty span after the colon.
    pub fn span(self) -> ByteSpan {
        let entry = self.entry();
        ByteSpan::new(entry.start as usize, entry.end as usize)
    }

    /// Returns the text under [`Node::span`], as it is in the file.
    pub fn raw(self) -> &'a str {
        self.span().of(&self.document.text).unwrap_or("")
    }

    /// Returns the value of a scalar, after escapes and line folding; `None` of collections.
    ///
    /// Numbers, booleans and nulls come as they are spelled; a value that is left out is `""`.
    pub fn as_str(self) -> Option<&'a str> {
        let What::Scalar { decoded, .. } = self.entry().what else { return None };
        match self.document.decoded.get(decoded as usize) {
            Some(value) => Some(value),
            None => Some(self.raw()),
        }
    }

    /// Returns how a scalar is written; `None` of collections.
    pub fn style(self) -> Option<Style> {
        match self.entry().what {
            What::Scalar { style, .. } => Some(style),
            _ => None,
        }
    }

    /// Returns whether it is a null of the core schema: left out, `~` or `null`, without quotes.
    pub fn is_plain_null(self) -> bool {
        self.style() == Some(Style::Plain)
            && matches!(self.as_str(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    /// Returns whether it was reached through `*alias`; its span is then that of the anchor's node.
    pub fn alias(self) -> bool {
        self.via.is_some()
    }

    /// Returns where the `*alias` stands through which it was reached.
    pub fn alias_span(self) -> Option<ByteSpan> {
        let entry = self.document.nodes.get(self.via? as usize)?;
        Some(ByteSpan::new(entry.start as usize, entry.end as usize))
    }

    /// Returns where the node is used: the `*alias` it was reached through, or else its own span.
    pub fn used_at(self) -> ByteSpan {
        self.alias_span().unwrap_or_else(|| self.span())
    }

    /// Returns the keys and values of a mapping, in order, `<<` and repeated keys included; nothing of other nodes.
    pub fn entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
        let mut children = self.children(Kind::Mapping);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// Returns the items of a sequence, in order; nothing of other nodes.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> {
        self.children(Kind::Sequence)
    }

    fn children(self, kind: Kind) -> Children<'a> {
        let end = if self.kind() == kind { self.entry().next } else { 0 };
        Children { document: self.document, at: self.index + 1, end }
    }

    /// Returns the value of `key` in a mapping, its merge keys included; the last one where a key is repeated.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entry_of(key).map(|(_, value)| value)
    }

    /// Returns the node of the key `key` itself.
    pub fn key_of(self, key: &str) -> Option<Node<'a>> {
        self.entry_of(key).map(|(key, _)| key)
    }

    /// Returns the node that `path`, one key after the other, leads to.
    pub fn at(self, path: &[&str]) -> Option<Node<'a>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the node and value of the key `key`, as [`Node::get`] finds them.
    pub fn entry_of(self, key: &str) -> Option<(Node<'a>, Node<'a>)> {
        match self.own(key) {
            (_, Own::Entry(key, value)) => Some((key, value)),
            (_, Own::Nothing) => None,
            (_, Own::Merges) => self.find_merged(key, MERGE_DEPTH, &mut self.document.merge_steps()),
        }
    }

    /// Looks for `key` in what is merged into the mapping.
    fn find_merged(self, key: &str, depth: usize, steps: &mut usize) -> Option<(Node<'a>, Node<'a>)> {
        let depth = depth.checked_sub(1)?;
        for source in self.merged() {
            let (seen, own) = source.own(key);
            *steps = steps.saturating_sub(1 + seen);
            let found = match own {
                _ if *steps == 0 => return None,
                Own::Entry(key, value) => Some((key, value)),
                Own::Nothing => None,
                Own::Merges => source.find_merged(key, depth, steps),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Looks for `key` among the mapping's own entries, of which the last one counts. Returns also how many it had to look at.
    fn own(self, key: &str) -> (usize, Own<'a>) {
        let (mut found, mut seen) = (Own::Nothing, 0);
        for (name, value) in self.entries() {
            if seen == FEW {
                // It is searched, whatever its size.
                return (seen, self.own_of_many(key));
            }
            seen += 1;
            match name.as_str() {
                Some(text) if text == key => found = Own::Entry(name, value),
                Some("<<") if matches!(found, Own::Nothing) => found = Own::Merges,
                _ => {}
            }
        }
        (seen, found)
    }

    fn own_of_many(self, key: &str) -> Own<'a> {
        let Some(keys) = self.document.large().get(&self.index) else { return Own::Nothing };
        let equal = |key| large::equal(self.document, keys, key);
        match equal(key).last() {
            Some(index) => self.entry_at(*index).map_or(Own::Nothing, |(key, value)| Own::Entry(key, value)),
            None if equal("<<").is_empty() => Own::Nothing,
            None => Own::Merges,
        }
    }

    /// Returns the key at an index and its value.
    fn entry_at(self, index: u32) -> Option<(Node<'a>, Node<'a>)> {
        let value = self.document.nodes.get(index as usize)?.next;
        Some((Node::at_index(self.document, index), Node::at_index(self.document, value)))
    }

    /// Returns what is merged into a mapping, in the order in which it counts: `<<: *a` and `<<: [*a, *b]`, where the earlier one wins.
    fn merged(self) -> impl Iterator<Item = Node<'a>> {
        let many = self.document.shortcuts.large.get().and_then(|large| large.get(&self.index));
        let (few, keys) = match many {
            Some(keys) => (None, large::equal(self.document, keys, "<<")),
            None => (Some(self.entries().filter(|(name, _)| name.as_str() == Some("<<"))), [].as_slice()),
        };
        let sources = few.into_iter().flatten().chain(keys.iter().filter_map(move |key| self.entry_at(*key)));
        sources.flat_map(|(_, source)| std::iter::once(source).chain(source.items()))
    }

    /// Returns an iterator over this node and everything in it, each once, in the order of the text.
    pub fn walk(self) -> Walk<'a> {
        Walk::new(self)
    }
}

/// What a mapping itself says of a key.
#[derive(Clone, Copy)]
enum Own<'a> {
    Entry(Node<'a>, Node<'a>),
    /// Nothing, and others are merged into it.
    Merges,
    Nothing,
}

/// The nodes right below a collection: keys and values in turn, or items.
struct Children<'a> {
    document: &'a Document,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.at >= self.end {
            return None;
        }
        let index = self.at;
        self.at = self.document.nodes.get(index as usize)?.next;
        Some(Node::at_index(self.document, index))
    }
}

#[cfg(test)]
mod tests;
