//! Reads `customManagers`.

use serde_json::{Value, json};

use super::custom_manager::{CustomManager, MatchString, MatchStringsStrategy};
use super::json::{Node, NodeValue, Property};
use super::names::closest;
use super::pattern::{self, Pattern};
use super::reader::{OptionValue, Reader};
use super::templates;

pub(crate) const TEMPLATES: &[&str] = &[
    "depNameTemplate",
    "packageNameTemplate",
    "datasourceTemplate",
    "versioningTemplate",
    "currentValueTemplate",
    "currentDigestTemplate",
    "registryUrlTemplate",
    "extractVersionTemplate",
    "depTypeTemplate",
    "autoReplaceStringTemplate",
];
const OTHERS: &[&str] = &[
    "customType",
    "description",
    "managerFilePatterns",
    "matchStrings",
    "matchStringsStrategy",
    "fileFormat",
    "enabled",
];

impl OptionValue for Vec<CustomManager> {
    const WANTS: &'static str = "a list of custom managers";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let NodeValue::Array(items) = &node.value else {
            reader.wrong_type(node, name, Self::WANTS, None);
            return None;
        };
        Some(items.iter().filter_map(|item| read_one(item, reader)).collect())
    }

    fn add(&mut self, later: &Self) {
        self.extend_from_slice(later);
    }

    fn show(&self) -> String {
        format!("[{} managers]", self.len())
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": { "$ref": "#/$defs/customManager" } })
    }
}

fn read_one(node: &Node, reader: &mut Reader<'_>) -> Option<CustomManager> {
    if !matches!(node.value, NodeValue::Object(_)) {
        reader.wrong_type(node, "customManagers", "only objects in its list", None);
        return None;
    }
    let source = reader.source(node.place.source);
    let mut manager = CustomManager {
        file: source.and_then(|source| source.file.clone()),
        span: node.place.span,
        preset: source.and_then(|source| source.preset.as_deref().map(str::to_owned)),
        ..CustomManager::default()
    };
    let mut is_enabled = true;
    for property in node.properties() {
        if !matches!(property.value.value, NodeValue::Null) {
            read_member(property, &mut manager, &mut is_enabled, reader);
        }
    }
    match node.member("customType").and_then(Node::as_str) {
        Some("regex") => {}
        Some("jsonata") => {
            reader.warning(
                node.place,
                "custom managers of the type `jsonata` do not run in updraft",
                "describe the dependency with `customType: \"regex\"`",
            );
            return None;
        }
        _ => reader.error(node.place, "a custom manager needs `customType`", "add `customType: \"regex\"`"),
    }
    if manager.match_strings.is_empty() {
        reader.error(node.place, "a custom manager needs `matchStrings`", "add a list of patterns");
        return None;
    }
    if manager.manager_file_patterns.is_empty() {
        reader.error(
            node.place,
            "a custom manager needs `managerFilePatterns`",
            "add a list of patterns, such as `[\"/\\\\.ya?ml$/\"]`",
        );
        return None;
    }
    check_groups(node, &manager, reader);
    check_templates(node, &manager, reader);
    is_enabled.then_some(manager)
}

fn read_member(
    property: &Property,
    manager: &mut CustomManager,
    is_enabled: &mut bool,
    reader: &mut Reader<'_>,
) {
    let (name, node) = (property.name.as_str(), &property.value);
    let template = match name {
        "depNameTemplate" => &mut manager.dep_name_template,
        "packageNameTemplate" => &mut manager.package_name_template,
        "datasourceTemplate" => &mut manager.datasource_template,
        "versioningTemplate" => &mut manager.versioning_template,
        "currentValueTemplate" => &mut manager.current_value_template,
        "currentDigestTemplate" => &mut manager.current_digest_template,
        "registryUrlTemplate" => &mut manager.registry_url_template,
        "extractVersionTemplate" => &mut manager.extract_version_template,
        "depTypeTemplate" => &mut manager.dep_type_template,
        "autoReplaceStringTemplate" => &mut manager.auto_replace_string_template,
        _ => {
            read_other(property, manager, is_enabled, reader);
            return;
        }
    };
    *template = String::read(name, node, reader);
}

fn read_other(
    property: &Property,
    manager: &mut CustomManager,
    is_enabled: &mut bool,
    reader: &mut Reader<'_>,
) {
    let (name, node) = (property.name.as_str(), &property.value);
    match name {
        "customType" | "fileFormat" => {
            String::read(name, node, reader);
        }
        "enabled" => *is_enabled = bool::read(name, node, reader).unwrap_or(true),
        "description" => {
            manager.description = Vec::<String>::read(name, node, reader).unwrap_or_default().join(" ");
        }
        "managerFilePatterns" => {
            manager.manager_file_patterns = Vec::<String>::read(name, node, reader).unwrap_or_default();
            let hint = "patterns are written `/regular expression/` (RE2) or as a glob";
            manager.manager_file_patterns.retain(|text| match Pattern::new(text) {
                Ok(_) => true,
                Err(error) => {
                    reader.error(node.place, format!("`{name}`: `{text}` cannot be used: {error}"), hint);
                    false
                }
            });
        }
        "matchStringsStrategy" => {
            let words = [
                ("any", MatchStringsStrategy::Any),
                ("combination", MatchStringsStrategy::Combination),
                ("recursive", MatchStringsStrategy::Recursive),
            ];
            match words.iter().find(|(word, _)| Some(*word) == node.as_str()) {
                Some((_, strategy)) => manager.match_strings_strategy = *strategy,
                None => reader.wrong_type(node, name, "`any`, `combination` or `recursive`", None),
            }
        }
        "matchStrings" => {
            Vec::<String>::read(name, node, reader);
            let items = if node.as_str().is_some() { std::slice::from_ref(node) } else { node.items() };
            for item in items {
                let Some(text) = item.as_str() else { continue };
                match pattern::regex(text) {
                    Ok(_) => manager
                        .match_strings
                        .push(MatchString { pattern: text.to_owned(), span: Some(item.place.span) }),
                    Err(error) => reader.error(
                        item.place,
                        format!("`matchStrings`: the pattern cannot be used: {error}"),
                        "patterns are regular expressions as RE2 reads them",
                    ),
                }
            }
        }
        _ => {
            let known = TEMPLATES.iter().chain(OTHERS).copied();
            let hint = closest(name, known).map_or_else(
                || "a custom manager has matchStrings, managerFilePatterns and templates".to_owned(),
                |close| format!("did you mean `{close}`?"),
            );
            reader.warning(property.name_place, format!("a custom manager has no `{name}`"), hint);
        }
    }
}

/// Says what is wrong with the templates: they see the named groups of the patterns.
fn check_templates(node: &Node, manager: &CustomManager, reader: &mut Reader<'_>) {
    let patterns: Vec<_> =
        manager.match_strings.iter().filter_map(|text| pattern::regex(&text.pattern).ok()).collect();
    let groups: Vec<&str> = patterns.iter().flat_map(|pattern| pattern.capture_names().flatten()).collect();
    for property in node.properties().iter().filter(|property| TEMPLATES.contains(&property.name.as_str())) {
        templates::check_custom(&property.name, &property.value, &groups, reader);
    }
}

/// Says when an entry can never find a dependency, because nothing gives it a name, a datasource or a value.
fn check_groups(node: &Node, manager: &CustomManager, reader: &mut Reader<'_>) {
    let has = |group: &str| {
        let named = [format!("(?<{group}>"), format!("(?P<{group}>")];
        manager.match_strings.iter().any(|text| named.iter().any(|named| text.pattern.contains(named)))
    };
    let missing = if !has("depName")
        && !has("packageName")
        && manager.dep_name_template.is_none()
        && manager.package_name_template.is_none()
    {
        "`depName` or `packageName`"
    } else if !has("datasource") && manager.datasource_template.is_none() {
        "`datasource`"
    } else if !has("currentValue")
        && !has("currentDigest")
        && manager.current_value_template.is_none()
        && manager.current_digest_template.is_none()
    {
        "`currentValue` or `currentDigest`"
    } else {
        return;
    };
    reader.warning(
        node.place,
        format!("this custom manager never finds a dependency: nothing gives it {missing}"),
        "add a named group to `matchStrings`, or a template of that name",
    );
}
