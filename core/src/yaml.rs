//! Where each value of a YAML file stands: documents, keys, byte spans, quoting.

use std::borrow::Cow;

use crate::span::ByteSpan;

/// A parsed file: the documents that could be read, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct YamlFile {
    documents: Vec<Document>,
    errors: Vec<YamlError>,
}

/// One document.
#[derive(Debug)]
pub struct Document {
    span: ByteSpan,
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: ByteSpan,
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

/// A node of a document, seen with its file's text.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    _document: &'a Document,
}

/// Parses `text`.
pub fn parse(text: &str) -> YamlFile {
    let _ = text;
    YamlFile::default()
}

impl YamlFile {
    /// Returns the documents.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }
    /// Returns the errors.
    pub fn errors(&self) -> &[YamlError] {
        &self.errors
    }
}

impl Document {
    /// Returns where the document stands.
    pub fn span(&self) -> ByteSpan {
        self.span
    }
}

impl<'a> Node<'a> {
    /// Returns the scalar's value.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        None
    }
}
