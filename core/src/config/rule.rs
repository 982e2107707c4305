//! One entry of `packageRules`: what it matches, and what it then sets.

use std::fmt;

use serde_json::{Value, json};

use super::check;
use super::duration;
use super::json::{Node, NodeValue, Place, Property};
use super::names::{Kind, closest};
use super::options::Options;
use super::pattern::{Pattern, PatternList, regex_parts};
use super::reader::{ListedObject, OptionValue, Reader};
use crate::jsonata::Expression;

/// The names of all matchers.
pub(crate) const MATCHERS: &[&str] = &[
    "matchRepositories",
    "matchBaseBranches",
    "matchCategories",
    "matchManagers",
    "matchFileNames",
    "matchDatasources",
    "matchPackageNames",
    "matchDepNames",
    "matchDepTypes",
    "matchCurrentValue",
    "matchCurrentVersion",
    "matchUpdateTypes",
    "matchSourceUrls",
    "matchRegistryUrls",
    "matchNewValue",
    "matchCurrentAge",
    "matchConfidence",
    "matchJsonata",
];

/// One entry of `packageRules`.
#[derive(Clone, Debug, PartialEq)]
pub struct PackageRule {
    /// `description`, joined into one line; may be empty.
    pub description: String,
    /// Where it stands.
    pub place: Place,
    /// What must hold, all of it; a rule without matchers holds for everything.
    pub matchers: Vec<Matcher>,
    /// What it sets.
    pub options: Options,
    /// What it sets, as a person would write it: option and value.
    pub sets: Vec<(&'static str, String)>,
}

/// One condition of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// A list of patterns for one property.
    List(Subject, PatternList),
    /// `matchCurrentVersion`
    CurrentVersion(VersionMatcher),
    /// `matchCurrentAge`: an operator and a length of time.
    CurrentAge(AgeMatcher),
    /// `matchJsonata`: expressions of which one must hold.
    Jsonata(Vec<Expression>),
    /// A matcher that can never hold here, with the reason.
    Never(&'static str, &'static str),
}

/// What a list of patterns is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the matcher of the same name")]
pub enum Subject {
    Repositories,
    BaseBranches,
    Categories,
    Managers,
    FileNames,
    Datasources,
    PackageNames,
    DepNames,
    DepTypes,
    CurrentValue,
    UpdateTypes,
    SourceUrls,
    RegistryUrls,
    NewValue,
}

impl Subject {
    /// Returns the matcher's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repositories => "matchRepositories",
            Self::BaseBranches => "matchBaseBranches",
            Self::Categories => "matchCategories",
            Self::Managers => "matchManagers",
            Self::FileNames => "matchFileNames",
            Self::Datasources => "matchDatasources",
            Self::PackageNames => "matchPackageNames",
            Self::DepNames => "matchDepNames",
            Self::DepTypes => "matchDepTypes",
            Self::CurrentValue => "matchCurrentValue",
            Self::UpdateTypes => "matchUpdateTypes",
            Self::SourceUrls => "matchSourceUrls",
            Self::RegistryUrls => "matchRegistryUrls",
            Self::NewValue => "matchNewValue",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [
            Self::Repositories,
            Self::BaseBranches,
            Self::Categories,
            Self::Managers,
            Self::FileNames,
            Self::Datasources,
            Self::PackageNames,
            Self::DepNames,
            Self::DepTypes,
            Self::CurrentValue,
            Self::UpdateTypes,
            Self::SourceUrls,
            Self::RegistryUrls,
            Self::NewValue,
        ]
        .into_iter()
        .find(|subject| subject.as_str() == name)
    }

    /// Returns whether the matcher is one pattern instead of a list.
    pub(crate) fn is_single(self) -> bool {
        matches!(self, Self::CurrentValue | Self::NewValue)
    }
}

impl Matcher {
    fn cost(&self) -> u8 {
        match self {
            Self::Never(..) => 0,
            Self::List(
                Subject::UpdateTypes | Subject::Managers | Subject::Datasources | Subject::DepTypes,
                _,
            ) => 1,
            Self::List(..) | Self::CurrentAge(_) => 2,
            Self::CurrentVersion(_) => 3,
            Self::Jsonata(_) => 4,
        }
    }

    /// Returns what it wants, as a person would write it in short: `docker, !helm`; empty for what has no short form.
    pub fn wants(&self) -> String {
        match self {
            Self::List(_, list) => {
                let texts: Vec<&str> = list.patterns().iter().map(Pattern::as_str).collect();
                texts.join(", ")
            }
            Self::CurrentVersion(VersionMatcher::Pattern(pattern)) => pattern.to_string(),
            Self::CurrentVersion(VersionMatcher::Range(range)) => range.clone(),
            Self::CurrentAge(_) | Self::Jsonata(_) | Self::Never(..) => String::new(),
        }
    }

    /// Returns the matcher's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::List(subject, _) => subject.as_str(),
            Self::CurrentVersion(_) => "matchCurrentVersion",
            Self::CurrentAge(_) => "matchCurrentAge",
            Self::Jsonata(_) => "matchJsonata",
            Self::Never(name, _) => name,
        }
    }
}

/// What `matchCurrentVersion` wants.
#[derive(Clone, Debug, PartialEq)]
pub enum VersionMatcher {
    /// `/regex/` or `!/regex/`, held against the current version.
    Pattern(Pattern),
    /// A version, which the current value must allow, or a range, in which the current version must lie.
    Range(String),
}

/// What `matchCurrentAge` wants: `> 3 days`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeMatcher {
    operator: AgeOperator,
    length: jiff::SignedDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AgeOperator {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl AgeMatcher {
    /// Returns the condition that `text` spells.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (operator, length) = [
            ("<=", AgeOperator::AtMost),
            (">=", AgeOperator::AtLeast),
            ("<", AgeOperator::Less),
            (">", AgeOperator::More),
        ]
        .into_iter()
        .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))?;
        Some(Self { operator, length: duration::parse(length)? })
    }

    /// Returns whether something of this age fits.
    pub fn matches(&self, age: jiff::SignedDuration) -> bool {
        match self.operator {
            AgeOperator::Less => age < self.length,
            AgeOperator::AtMost => age <= self.length,
            AgeOperator::More => age > self.length,
            AgeOperator::AtLeast => age >= self.length,
        }
    }
}

impl ListedObject for PackageRule {
    const WANTS: &'static str = "a list of rules";
    const PLURAL: &'static str = "rules";
    const ALONE: Option<&'static str> = Some("put `[ ]` around the rule");

    fn read_one(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut matchers = Vec::new();
        let mut has_unknown = false;
        for property in node.properties() {
            if MATCHERS.contains(&property.name.as_str()) {
                matchers.extend(read_matcher(property, reader));
            } else if property.name.starts_with("match") {
                let old = super::migrate::old_matchers();
                let close = closest(&property.name, MATCHERS.iter().copied().chain(old));
                let hint = close.map_or_else(
                    || "remove it, or look the matcher up in the list of options".to_owned(),
                    |close| match super::migrate::renamed_matchers().find(|(old, _)| *old == close) {
                        Some((_, new)) => format!("did you mean `{close}`, which is `{new}` today?"),
                        None => format!("did you mean `{close}`?"),
                    },
                );
                reader.warning(
                    property.name_place,
                    format!("there is no matcher `{}`, so the rule holds for nothing", property.name),
                    hint,
                );
                has_unknown = true;
            } else if property.name == "packageRules" {
                reader.warning(
                    property.name_place,
                    "`packageRules` inside a rule has no effect",
                    "move it out of the rule",
                );
            }
        }
        // The cheap ones first: most rules fail by one of them.
        matchers.sort_by_key(Matcher::cost);
        if has_unknown {
            // Better a rule that does nothing than one that holds for more than was meant.
            matchers = vec![Matcher::Never("match..", "it has a matcher that does not exist")];
        }
        let elsewhere: fn(&str) -> bool = |name| name.starts_with("match") || name == "packageRules";
        let options = Options::read_object(node, reader, elsewhere);
        let description = options.description.as_ref().map(|lines| lines.join(" ")).unwrap_or_default();
        let mut sets = options.set();
        sets.retain(|(name, _)| *name != "description");
        sets.extend(options.managers.keys().filter_map(|manager| {
            let name = super::names::manager_name(manager)?;
            Some((name, "{..}".to_owned()))
        }));
        Some(Self { description, place: node.place, matchers, options, sets })
    }

    fn schema_of_one() -> Value {
        json!({ "$ref": "#/definitions/rule" })
    }
}

fn read_matcher(property: &Property, reader: &mut Reader<'_>) -> Option<Matcher> {
    let (name, node) = (property.name.as_str(), &property.value);
    if matches!(node.value, NodeValue::Null) {
        return None;
    }
    if let Some(subject) = Subject::of(name) {
        let texts: Vec<(String, Place)> = if subject.is_single() {
            String::read(name, node, reader).map(|text| (text, node.place)).into_iter().collect()
        } else {
            let places: Vec<Place> = match &node.value {
                NodeValue::Array(items) => {
                    items.iter().filter(|item| item.as_str().is_some()).map(|item| item.place).collect()
                }
                _ => vec![node.place],
            };
            Vec::<String>::read(name, node, reader).unwrap_or_default().into_iter().zip(places).collect()
        };
        for (text, place) in &texts {
            match Kind::of(subject) {
                Some(kind) => check::name(name, kind, text, *place, reader),
                None => check::matcher(name, text, *place, reader),
            }
        }
        return Some(Matcher::List(subject, patterns(name, &texts, reader)));
    }
    match name {
        "matchCurrentVersion" => {
            let text = String::read(name, node, reader)?;
            if regex_parts(text.strip_prefix('!').unwrap_or(&text)).is_some() {
                return Some(
                    reader
                        .pattern(node.place, name, &text)
                        .map_or(Matcher::Never("matchCurrentVersion", "its pattern is wrong"), |pattern| {
                            Matcher::CurrentVersion(VersionMatcher::Pattern(pattern))
                        }),
                );
            }
            Some(Matcher::CurrentVersion(VersionMatcher::Range(text)))
        }
        "matchCurrentAge" => {
            let text = String::read(name, node, reader)?;
            Some(AgeMatcher::parse(&text).map_or_else(
                || {
                    let message = format!("`matchCurrentAge`: `{text}` is no comparison of ages");
                    reader.error(node.place, message, "write an operator and a length, such as `> 3 days`");
                    Matcher::Never("matchCurrentAge", "its value is wrong")
                },
                Matcher::CurrentAge,
            ))
        }
        "matchConfidence" => {
            Vec::<String>::read(name, node, reader)?;
            reader.without_effect(name, property.name_place);
            Some(Matcher::Never(
                "matchConfidence",
                "merge confidence is a paid service that updraft does not ask",
            ))
        }
        "matchJsonata" => {
            let texts = Vec::<String>::read(name, node, reader)?;
            let mut expressions = Vec::new();
            for text in texts {
                match Expression::parse(&text) {
                    Ok(expression) => expressions.push(expression),
                    Err(error) => {
                        let hint = "expressions are JSONata: `datasource = \"docker\" and isBreaking`";
                        reader.error(node.place, format!("`matchJsonata`: {error}"), hint);
                    }
                }
            }
            Some(Matcher::Jsonata(expressions))
        }
        _ => None,
    }
}

fn patterns(name: &str, texts: &[(String, Place)], reader: &mut Reader<'_>) -> PatternList {
    let patterns = texts.iter().filter_map(|(text, place)| reader.pattern(*place, name, text));
    PatternList::new(patterns.collect())
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
