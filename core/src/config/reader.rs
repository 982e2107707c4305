//! Turns values with places into typed ones, and says what is wrong where it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::effect;
use super::json::{Node, NodeValue, Place, SourceId};
use super::pattern::{self, Pattern, PatternError};
use crate::name::RepoPath;
use crate::problem::{Problem, Severity};
use crate::span::ByteSpan;

/// A longer pattern is not repeated in what is said of it: it is in the picture.
const MAX_SHOWN: usize = 60;

/// A text that options come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What people call it: a file's path, or a preset as it was written.
    pub name: Arc<str>,
    /// The file of this repository it is; `None` for presets from elsewhere.
    pub file: Option<RepoPath>,
    /// The preset it was read for; `None` for the configuration file itself.
    pub preset: Option<Arc<str>>,
    /// The entry of an `extends` that asks for it; `None` for the configuration file itself.
    pub extended_at: Option<Place>,
    /// What it says; empty for presets that come with updraft.
    pub text: Arc<str>,
}

/// Collects typed values and what is wrong with the others.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a [Source],
    pub(crate) problems: Vec<Problem>,
    /// Options that change nothing, and where each stands: in the owner's own text before anybody else's.
    without_effect: BTreeMap<String, Place>,
    /// Whether more is looked at than the type of each value.
    pub(crate) checks: bool,
    /// How large all patterns are when they are compiled, in bytes.
    pattern_bytes: usize,
}

/// How large all patterns of a configuration may be when they are compiled, in bytes: a few letters of one can become megabytes.
const MAX_PATTERN_BYTES: usize = 64 * 1024 * 1024;

impl<'a> Reader<'a> {
    pub(crate) fn new(sources: &'a [Source]) -> Self {
        Self {
            sources,
            problems: Vec::new(),
            without_effect: BTreeMap::new(),
            checks: true,
            pattern_bytes: 0,
        }
    }

    /// Returns a reader of tables that are our own: a test looks at what is in them, once.
    pub(crate) fn of_own_tables() -> Self {
        Self { checks: false, ..Self::new(&[]) }
    }

    pub(crate) fn source(&self, id: SourceId) -> Option<&'a Source> {
        self.sources.get(usize::from(id.0))
    }

    /// Notes a problem at `place`; in a preset from elsewhere the preset is named instead.
    pub(crate) fn report(
        &mut self,
        severity: Severity,
        place: Place,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let problem = locate(self.sources, Problem { severity, ..Problem::error(message) }, place);
        self.problems.push(Problem { hint, ..problem });
    }

    /// Returns where `part` of a text stands inside of it, as far as its spelling there can be recognised; the place of the text otherwise.
    pub(crate) fn within(&self, place: Place, part: &str) -> Place {
        let raw = self.source(place.source).and_then(|source| place.span.of(&source.text));
        let escaped = quote(part);
        let escaped = escaped.get(1..escaped.len() - 1).unwrap_or_default();
        let found = raw.and_then(|raw| {
            let spellings = [escaped, part];
            spellings.into_iter().find_map(|spelled| Some((raw.find(spelled)?, spelled.len())))
        });
        match found {
            Some((at, length)) if length > 0 => {
                let start = place.span.start + at;
                Place { span: ByteSpan::new(start, start + length), ..place }
            }
            _ => place,
        }
    }

    /// Says that a pattern cannot be used, and points at the part of it that is to blame.
    /// Returns the pattern that `text` spells; one that cannot be used, or has no room any more, is a problem.
    pub(crate) fn pattern(&mut self, place: Place, name: &str, text: &str) -> Option<Pattern> {
        match Pattern::new(text) {
            Ok(pattern) => self.has_room(place, name, pattern.bytes()).then_some(pattern),
            Err(error) => {
                self.bad_pattern(place, name, text, &error);
                None
            }
        }
    }

    /// Returns whether `expression`, a part of the `text` that was written, is a regular expression that can be used, and has room.
    pub(crate) fn is_regex(&mut self, place: Place, name: &str, text: &str, expression: &str) -> bool {
        match pattern::regex_bytes(expression) {
            Ok(bytes) => self.has_room(place, name, bytes),
            Err(error) => {
                self.bad_pattern(place, name, text, &error);
                false
            }
        }
    }

    /// Takes `bytes` for a pattern, if they are left; that none are is said once.
    fn has_room(&mut self, place: Place, name: &str, bytes: usize) -> bool {
        let is_first = self.pattern_bytes <= MAX_PATTERN_BYTES;
        self.pattern_bytes = self.pattern_bytes.saturating_add(bytes);
        let has_room = self.pattern_bytes <= MAX_PATTERN_BYTES;
        if is_first && !has_room {
            let message = format!("`{name}`: from here on, all patterns together are too large");
            self.error(
                place,
                message,
                "repetitions of classes such as `\\w{1,100}` are the largest; write `\\w+`",
            );
        }
        has_room
    }

    pub(crate) fn bad_pattern(&mut self, place: Place, name: &str, text: &str, error: &PatternError) {
        let place = error.culprit.as_deref().map_or(place, |culprit| self.within(place, culprit));
        let shown = if text.chars().count() > MAX_SHOWN { String::new() } else { format!(" `{text}`") };
        let hint = error.hint.unwrap_or("patterns are written `/regular expression/` (RE2) or as a glob");
        self.error(place, format!("`{name}`: the pattern{shown} cannot be used: {error}"), hint);
    }

    pub(crate) fn error(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        self.report(Severity::Error, place, message, Some(hint.into()));
    }

    pub(crate) fn warning(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        self.report(Severity::Warning, place, message, Some(hint.into()));
    }

    /// Notes that an option changes nothing; it is said once, by [`Reader::finish`].
    pub(crate) fn without_effect(&mut self, name: &str, place: Place) {
        let is_own = |place: Place| self.source(place.source).is_none_or(|source| source.file.is_some());
        let known = self.without_effect.get(name).copied();
        if known.is_none_or(|known| !is_own(known) && is_own(place)) {
            self.without_effect.insert(name.to_owned(), place);
        }
    }

    /// Returns everything that is wrong.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for (name, place) in std::mem::take(&mut self.without_effect) {
            let (severity, message) = effect::words(&name);
            // A preset is for everybody: what does not matter here is no fault of whoever extends it.
            let is_own = self.source(place.source).is_none_or(|source| source.file.is_some());
            let severity = if is_own { severity } else { Severity::Note };
            self.report(severity, place, message, None);
        }
        self.problems
    }

    pub(crate) fn wrong_type(&mut self, node: &Node, name: &str, wanted: &str, hint: Option<String>) {
        let hint = hint.unwrap_or_else(|| format!("it is {} here", node.kind()));
        self.error(node.place, format!("`{name}` wants {wanted}"), hint);
    }
}

/// Points `problem` at `place`, or names the preset when the text is not one of this repository's files.
pub(crate) fn locate(sources: &[Source], problem: Problem, place: Place) -> Problem {
    match sources.get(usize::from(place.source.0)) {
        Some(Source { file: Some(file), .. }) => problem.at(file, place.span),
        Some(Source { name, .. }) => {
            // The owner cannot change somebody else's preset, so nothing in it is their error.
            let severity = problem.severity.max(Severity::Warning);
            Problem { message: format!("{} (in the preset `{name}`)", problem.message), severity, ..problem }
        }
        None => problem,
    }
}

/// A type an option can have.
pub(crate) trait OptionValue: Sized + Clone {
    /// What is wanted, for people: "a list of strings".
    const WANTS: &'static str;

    /// Returns the value, or `None` after noting what is wrong.
    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// Adds what a later text says of a mergeable option; other types are replaced.
    fn add(&mut self, later: &Self) {
        later.clone_into(self);
    }

    /// Returns the value as a person would write it.
    fn show(&self) -> String;

    /// Returns the JSON schema of the type.
    fn schema() -> Value;
}

impl OptionValue for bool {
    const WANTS: &'static str = "`true` or `false`";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let NodeValue::Bool(flag) = node.value {
            return Some(flag);
        }
        let repaired = node.as_str().and_then(|text| text.parse().ok());
        reader.wrong_type(
            node,
            name,
            Self::WANTS,
            repaired.map(|flag: bool| format!("write `{flag}` without quotes")),
        );
        repaired
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl OptionValue for i64 {
    const WANTS: &'static str = "a whole number";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let NodeValue::Number(number) = &node.value
            && let Some(value) = number.as_i64()
        {
            return Some(value);
        }
        let repaired: Option<Self> = node.as_str().and_then(|text| text.trim().parse().ok());
        reader.wrong_type(
            node,
            name,
            Self::WANTS,
            repaired.map(|number| format!("write `{number}` without quotes")),
        );
        repaired
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn schema() -> Value {
        json!({ "type": "integer" })
    }
}

impl OptionValue for u32 {
    const WANTS: &'static str = "a whole number, 0 or more";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let before = reader.problems.len();
        let number = i64::read(name, node, reader)?;
        let value = Self::try_from(number).ok();
        if value.is_none() && reader.problems.len() == before {
            reader.wrong_type(node, name, Self::WANTS, None);
        }
        value
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

impl OptionValue for String {
    const WANTS: &'static str = "a string";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            NodeValue::String(text) => Some(text.clone()),
            NodeValue::Array(items)
                if items.len() == 1 && items.iter().all(|item| item.as_str().is_some()) =>
            {
                let text = items.first().and_then(Node::as_str).unwrap_or_default().to_owned();
                reader.wrong_type(
                    node,
                    name,
                    Self::WANTS,
                    Some(format!("write `{}` without `[ ]`", quote(&text))),
                );
                Some(text)
            }
            NodeValue::Number(number) => {
                let text = number.to_string();
                reader.wrong_type(node, name, Self::WANTS, Some(format!("write `{}`", quote(&text))));
                Some(text)
            }
            _ => {
                reader.wrong_type(node, name, Self::WANTS, None);
                None
            }
        }
    }

    fn show(&self) -> String {
        quote(self)
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

/// Options that may be one string instead of a list.
pub(crate) const MAY_BE_ONE_STRING: &[&str] =
    &["description", "schedule", "automergeSchedule", "extends", "ignorePresets"];

impl OptionValue for Vec<String> {
    const WANTS: &'static str = "a list of strings";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            NodeValue::Array(items) => {
                let mut texts = Self::with_capacity(items.len());
                for item in items {
                    match &item.value {
                        NodeValue::String(text) => texts.push(text.clone()),
                        NodeValue::Null => {}
                        _ => reader.wrong_type(item, name, "only strings in its list", None),
                    }
                }
                Some(texts)
            }
            NodeValue::String(text) => {
                if !MAY_BE_ONE_STRING.contains(&name) {
                    reader.wrong_type(node, name, Self::WANTS, Some(format!("write `[{}]`", quote(text))));
                }
                Some(vec![text.clone()])
            }
            _ => {
                reader.wrong_type(node, name, Self::WANTS, None);
                None
            }
        }
    }

    fn add(&mut self, later: &Self) {
        for item in later {
            if !self.contains(item) {
                self.push(item.clone());
            }
        }
    }

    fn show(&self) -> String {
        format!("[{}]", self.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", "))
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": { "type": "string" } })
    }
}

/// One of the objects in a list that is an option.
pub(crate) trait ListedObject: Sized + Clone {
    /// What is wanted of the list, for people: "a list of rules".
    const WANTS: &'static str;
    /// What many are called.
    const PLURAL: &'static str;
    /// What to say where one stands without a list around it; `None`: it is not read then.
    const ALONE: Option<&'static str> = None;

    /// Reads one object, or returns `None` after noting what is wrong.
    fn read_one(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// Returns the JSON schema of one.
    fn schema_of_one() -> Value;
}

impl<T: ListedObject> OptionValue for Vec<T> {
    const WANTS: &'static str = T::WANTS;

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let items = match &node.value {
            NodeValue::Array(items) => items.as_slice(),
            other => {
                let alone = T::ALONE.filter(|_| matches!(other, NodeValue::Object(_)));
                reader.wrong_type(node, name, Self::WANTS, alone.map(str::to_owned));
                alone.map(|_| std::slice::from_ref(node))?
            }
        };
        let mut objects = Self::with_capacity(items.len());
        for item in items {
            if matches!(item.value, NodeValue::Object(_)) {
                objects.extend(T::read_one(item, reader));
            } else {
                reader.wrong_type(item, name, "only objects in its list", None);
            }
        }
        Some(objects)
    }

    fn add(&mut self, later: &Self) {
        self.extend_from_slice(later);
    }

    fn show(&self) -> String {
        format!("[{} {}]", self.len(), T::PLURAL)
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema_of_one() })
    }
}

impl OptionValue for BTreeMap<String, String> {
    const WANTS: &'static str = "an object of strings";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if !matches!(node.value, NodeValue::Object(_)) {
            reader.wrong_type(node, name, Self::WANTS, None);
            return None;
        }
        let mut map = Self::new();
        for property in node.properties() {
            match &property.value.value {
                NodeValue::String(text) => {
                    map.insert(property.name.clone(), text.clone());
                }
                NodeValue::Null => {}
                _ => {
                    reader.wrong_type(
                        &property.value,
                        &format!("{name}.{}", property.name),
                        "a string",
                        None,
                    );
                }
            }
        }
        Some(map)
    }

    fn add(&mut self, later: &Self) {
        self.append(&mut later.clone());
    }

    fn show(&self) -> String {
        let members: Vec<String> =
            self.iter().map(|(name, text)| format!("{}: {}", quote(name), quote(text))).collect();
        format!("{{{}}}", members.join(", "))
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

impl OptionValue for Value {
    const WANTS: &'static str = "a value";

    fn read(_: &str, node: &Node, _: &mut Reader<'_>) -> Option<Self> {
        Some(node.to_json())
    }

    fn add(&mut self, later: &Self) {
        match (self, later) {
            (Self::Array(items), Self::Array(more)) => items.extend(more.iter().cloned()),
            (Self::Object(members), Self::Object(more)) => {
                for (name, value) in more {
                    match members.get_mut(name) {
                        Some(member) => member.add(value),
                        None => {
                            members.insert(name.clone(), value.clone());
                        }
                    }
                }
            }
            (this, later) => *this = later.clone(),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn schema() -> Value {
        json!({})
    }
}

pub(crate) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// An option whose value is one of a few words.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $wants:literal { $($(#[$word_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$word_doc])* $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns Renovate's word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::config::reader::OptionValue for $name {
            const WANTS: &'static str = $wants;

            fn read(
                name: &str,
                node: &$crate::config::json::Node,
                reader: &mut $crate::config::reader::Reader<'_>,
            ) -> Option<Self> {
                $crate::config::reader::read_choice(name, Self::WANTS, Self::ALL, Self::as_str, node, reader)
            }

            fn show(&self) -> String {
                $crate::config::reader::quote(self.as_str())
            }

            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": [$($word),+] })
            }
        }
    };
}
pub(crate) use choice;

/// Reads one of a few words.
pub(crate) fn read_choice<T: Copy>(
    name: &str,
    wants: &str,
    all: &[T],
    word: impl Fn(T) -> &'static str,
    node: &Node,
    reader: &mut Reader<'_>,
) -> Option<T> {
    let written = node.as_str();
    if let Some(found) = all.iter().copied().find(|choice| Some(word(*choice)) == written) {
        return Some(found);
    }
    let words: Vec<&str> = all.iter().map(|choice| word(*choice)).collect();
    let close = written.and_then(|written| super::names::closest(written, words.iter().copied()));
    let hint = close.map_or_else(
        || format!("write one of {}", words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(", ")),
        |close| format!("did you mean {}?", quote(close)),
    );
    reader.wrong_type(node, name, wants, Some(hint));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_room_together_and_what_has_none_is_said_once() {
        let mut reader = Reader::new(&[]);
        let place = Place::default();
        for at in 0..30 {
            assert!(
                reader.pattern(place, "matchPackageNames", &format!("/^ghcr\\.io/\\w+-{at}\\d*$/")).is_some()
            );
        }
        assert!(reader.pattern_bytes < MAX_PATTERN_BYTES / 20, "{}", reader.pattern_bytes);
        reader.pattern_bytes = MAX_PATTERN_BYTES - 1_000;
        assert!(reader.is_regex(place, "matchStrings", "abc", "abc") && reader.problems.is_empty());
        for _ in 0..3 {
            assert!(!reader.is_regex(place, "matchStrings", "\\w+", "\\w+"));
            assert!(reader.pattern(place, "matchDepNames", "/a|b/").is_none());
        }
        let messages: Vec<_> = reader.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["`matchStrings`: from here on, all patterns together are too large"]);
    }
}
