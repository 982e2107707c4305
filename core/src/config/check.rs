//! What is wrong with the values of options beyond their type: patterns, and names of things.

use super::json::{Node, NodeValue, Place};
use super::names::{Kind, doubt};
use super::pattern::lint::{self, Oddity};
use super::pattern::{PatternError, regex_parts};
use super::reader::Reader;
use crate::problem::Severity;
use crate::versioning::{self, VersioningError};

/// Looks at the value of an option.
pub(crate) fn option(name: &str, node: &Node, reader: &mut Reader<'_>) {
    match name {
        "managerFilePatterns" => each(node, reader, |text, place, reader| {
            reader.pattern(place, name, text);
            odd(name, place, lint::pattern(text), reader);
        }),
        "ignorePaths" | "includePaths" => each(node, reader, |text, place, reader| {
            odd(name, place, lint::glob(text), reader);
        }),
        "extractVersion" => each(node, reader, |text, place, reader| {
            expression(name, text, place, &["version"], reader);
        }),
        "versionCompatibility" => each(node, reader, |text, place, reader| {
            expression(name, text, place, &["version", "compatibility"], reader);
        }),
        "allowedVersions" => each(node, reader, |text, place, reader| {
            if regex_parts(text.strip_prefix('!').unwrap_or(text)).is_some() {
                reader.pattern(place, name, text);
            }
        }),
        "versioning" => each(node, reader, |text, place, reader| versioning(name, text, place, reader)),
        "enabledManagers" => each_name(name, Kind::Manager, node, reader),
        "overrideDatasource" => each_name(name, Kind::Datasource, node, reader),
        "suppressNotifications" => each_name(name, Kind::Notification, node, reader),
        _ => {}
    }
}

/// Looks at a member of a custom manager; its templates are names where they hold nothing to fill in.
pub(crate) fn custom_manager(name: &str, node: &Node, reader: &mut Reader<'_>) {
    match name {
        "managerFilePatterns" => each(node, reader, |text, place, reader| {
            odd(name, place, lint::pattern(text), reader);
        }),
        "matchStrings" => each(node, reader, |text, place, reader| {
            odd(name, place, lint::expression(text), reader);
        }),
        "datasourceTemplate" => each_name(name, Kind::Datasource, node, reader),
        "versioningTemplate" => each(node, reader, |text, place, reader| {
            if !text.contains("{{") {
                versioning(name, text, place, reader);
            }
        }),
        "extractVersionTemplate" => each(node, reader, |text, place, reader| {
            if !text.contains("{{") {
                expression(name, text, place, &["version"], reader);
            }
        }),
        _ => {}
    }
}

/// Looks at one pattern of a matcher.
pub(crate) fn matcher(name: &str, text: &str, place: Place, reader: &mut Reader<'_>) {
    odd(name, place, lint::pattern(text), reader);
}

/// Says that a word is no name of its kind.
pub(crate) fn name(option: &str, kind: Kind, text: &str, place: Place, reader: &mut Reader<'_>) {
    if let Some(doubt) = doubt(kind, text) {
        reader.report(doubt.severity, place, format!("`{option}`: {}", doubt.message), Some(doubt.hint));
    }
}

fn each(node: &Node, reader: &mut Reader<'_>, look: impl Fn(&str, Place, &mut Reader<'_>)) {
    match &node.value {
        NodeValue::String(text) => look(text, node.place, reader),
        NodeValue::Array(items) => {
            for item in items {
                if let Some(text) = item.as_str() {
                    look(text, item.place, reader);
                }
            }
        }
        _ => {}
    }
}

fn each_name(option: &str, kind: Kind, node: &Node, reader: &mut Reader<'_>) {
    each(node, reader, |text, place, reader| name(option, kind, text, place, reader));
}

fn odd(name: &str, place: Place, oddity: Option<Oddity>, reader: &mut Reader<'_>) {
    if let Some(oddity) = oddity {
        let place = reader.within(place, &oddity.part);
        reader.warning(place, format!("`{name}`: {}", oddity.message), oddity.hint);
    }
}

fn versioning(name: &str, text: &str, place: Place, reader: &mut Reader<'_>) {
    if text.strip_prefix("regex:").is_some_and(|body| !reader.is_regex(place, name, text, body)) {
        return;
    }
    match versioning::versioning(text) {
        Ok(_) => {}
        Err(error @ VersioningError::Unknown(_)) => match doubt(Kind::Versioning, text) {
            Some(doubt) if doubt.severity == Severity::Warning => {
                reader.warning(place, format!("`{name}`: {}", doubt.message), doubt.hint);
            }
            Some(_) => reader.warning(place, format!("`{name}`: {error}"), error.hint()),
            None => reader.warning(place, format!("`{name}`: {error} in updraft"), error.hint()),
        },
        Err(error) => reader.error(place, format!("`{name}`: {error}"), error.hint()),
    }
}

/// Looks at a regular expression that needs certain groups.
fn expression(name: &str, text: &str, place: Place, groups: &[&str], reader: &mut Reader<'_>) {
    if !reader.is_regex(place, name, text, text) {
        return;
    }
    for group in groups.iter().filter(|group| !has_group(text, group)) {
        let error = PatternError {
            message: format!("it has no group `{group}`"),
            culprit: None,
            hint: Some("name the part that counts, as in `^v(?<version>.+)$`"),
        };
        reader.bad_pattern(place, name, text, &error);
    }
}

fn has_group(pattern: &str, group: &str) -> bool {
    pattern.contains(&format!("(?<{group}>")) || pattern.contains(&format!("(?P<{group}>"))
}
