//! One entry of `customManagers`: patterns the owner wrote to find dependencies nothing else knows of.

use crate::name::RepoPath;
use crate::span::ByteSpan;

/// How the patterns of one entry work together (`matchStringsStrategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchStringsStrategy {
    /// Every match of every pattern is a dependency.
    #[default]
    Any,
    /// What the patterns find is put together into one dependency a file.
    Combination,
    /// Each pattern searches inside the matches of the one before.
    Recursive,
}

/// What the `matchStrings` of one entry are (`customType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CustomType {
    /// Regular expressions.
    #[default]
    Regex,
    /// JSONata queries about files of a format (`fileFormat`).
    Jsonata(FileFormat),
}

/// What the files are that JSONata queries are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum FileFormat {
    Json,
    Yaml,
    Toml,
}

/// One pattern, with its place in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchString {
    /// The pattern or query, unescaped: what stands between the quotes of the JSON string.
    pub pattern: String,
    /// Where the JSON string stands in [`CustomManager::file`]; `None` when it is not known.
    pub span: Option<ByteSpan>,
}

impl From<&str> for MatchString {
    fn from(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), span: None }
    }
}

/// One entry of `customManagers`.
///
/// The templates are Handlebars texts, `None` where the owner wrote none; they see the named groups of the match, or the members of
/// the query's result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomManager {
    /// `customType`
    pub custom_type: CustomType,
    /// `description`, joined into one line; may be empty.
    pub description: String,
    /// `managerFilePatterns`: the files to search, as `/regex/` or glob.
    pub manager_file_patterns: Vec<String>,
    /// `matchStrings`: regular expressions or queries.
    pub match_strings: Vec<MatchString>,
    /// `matchStringsStrategy`.
    pub match_strings_strategy: MatchStringsStrategy,
    /// `depNameTemplate`
    pub dep_name_template: Option<String>,
    /// `packageNameTemplate`
    pub package_name_template: Option<String>,
    /// `datasourceTemplate`
    pub datasource_template: Option<String>,
    /// `versioningTemplate`
    pub versioning_template: Option<String>,
    /// `currentValueTemplate`
    pub current_value_template: Option<String>,
    /// `currentDigestTemplate`
    pub current_digest_template: Option<String>,
    /// `registryUrlTemplate`
    pub registry_url_template: Option<String>,
    /// `extractVersionTemplate`
    pub extract_version_template: Option<String>,
    /// `depTypeTemplate`
    pub dep_type_template: Option<String>,
    /// `autoReplaceStringTemplate`: what the whole match becomes.
    pub auto_replace_string_template: Option<String>,
    /// The configuration file the entry stands in; `None` when it comes from a preset.
    pub file: Option<RepoPath>,
    /// Where the entry stands in [`file`](Self::file).
    pub span: ByteSpan,
    /// The preset it comes from as the owner wrote it (`github>owner/repo//file.json5`); `None` for their own entries.
    pub preset: Option<String>,
}
