//! Reads `customManagers`.

use serde_json::{Value, json};

use super::check;
use super::custom_manager::{CustomManager, CustomType, FileFormat, MatchString, MatchStringsStrategy};
use super::json::{Node, NodeValue, Place, Property};
use super::names::closest;
use super::pattern;
use super::reader::{ListedObject, OptionValue, Reader};
use super::templates;
use crate::jsonata::Expression;

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

/// Returns whether only a custom manager has a member of this name.
pub(crate) fn is_member(name: &str) -> bool {
    TEMPLATES.contains(&name)
        || matches!(name, "customType" | "matchStrings" | "matchStringsStrategy" | "fileFormat")
}

impl ListedObject for CustomManager {
    const WANTS: &'static str = "a list of custom managers";
    const PLURAL: &'static str = "managers";

    fn read_one(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let source = reader.source(node.place.source);
        let mut manager = Self {
            file: source.and_then(|source| source.file.clone()),
            span: node.place.span,
            preset: source.and_then(|source| source.preset.as_deref().map(str::to_owned)),
            ..Self::default()
        };
        manager.custom_type = custom_type(node, reader)?;
        let mut is_enabled = true;
        for property in node.properties() {
            if !matches!(property.value.value, NodeValue::Null) {
                check::custom_manager(&property.name, &property.value, reader);
                read_member(property, &mut manager, &mut is_enabled, reader);
            }
        }
        let says = |name: &str| node.member(name).is_some_and(|value| !value.items().is_empty());
        // Where there are some and none can be used, that was told.
        if manager.match_strings.is_empty() && says("matchStrings")
            || manager.manager_file_patterns.is_empty() && says("managerFilePatterns")
        {
            return None;
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
        if manager.custom_type == CustomType::Regex {
            check_groups(node, &manager, reader);
        }
        check_templates(node, &manager, reader);
        is_enabled.then_some(manager)
    }

    fn schema_of_one() -> Value {
        json!({ "$ref": "#/definitions/customManager" })
    }
}

/// Returns what the `matchStrings` are; `None` when nothing could be done with them.
fn custom_type(node: &Node, reader: &mut Reader<'_>) -> Option<CustomType> {
    match node.member("customType").and_then(Node::as_str) {
        Some("regex") => Some(CustomType::Regex),
        Some("jsonata") => {
            let formats =
                [("json", FileFormat::Json), ("yaml", FileFormat::Yaml), ("toml", FileFormat::Toml)];
            let written = node.member("fileFormat");
            let found = formats.iter().find(|(word, _)| Some(*word) == written.and_then(Node::as_str));
            if found.is_none() {
                let message =
                    "a custom manager of the type `jsonata` needs `fileFormat`: `json`, `yaml` or `toml`";
                reader.error(
                    written.unwrap_or(node).place,
                    message,
                    "add what the files are, such as `fileFormat: \"json\"`",
                );
            }
            found.map(|(_, format)| CustomType::Jsonata(*format))
        }
        _ => {
            reader.error(node.place, "a custom manager needs `customType`", "add `customType: \"regex\"`");
            Some(CustomType::Regex)
        }
    }
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
            Vec::<String>::read(name, node, reader);
            manager.manager_file_patterns.clear();
            for (text, place) in texts(node) {
                if reader.pattern(place, name, text).is_some() {
                    manager.manager_file_patterns.push(text.to_owned());
                }
            }
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
            for (text, place) in texts(node) {
                let is_sound = match manager.custom_type {
                    CustomType::Regex => reader.is_regex(place, name, text, text),
                    CustomType::Jsonata(_) => Expression::parse(text)
                        .map_err(|error| {
                            let hint = "queries are JSONata: <https://docs.jsonata.org>";
                            reader.error(place, format!("`matchStrings`: {error}"), hint);
                        })
                        .is_ok(),
                };
                if is_sound {
                    manager
                        .match_strings
                        .push(MatchString { pattern: text.to_owned(), span: Some(place.span) });
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

/// Returns the texts of a list, or the only one, and where each stands.
fn texts(node: &Node) -> impl Iterator<Item = (&str, Place)> {
    let items = if node.as_str().is_some() { std::slice::from_ref(node) } else { node.items() };
    items.iter().filter_map(|item| Some((item.as_str()?, item.place)))
}

/// Says what is wrong with the templates: they see the named groups of the patterns, or the members that queries name.
fn check_templates(node: &Node, manager: &CustomManager, reader: &mut Reader<'_>) {
    let texts = || manager.match_strings.iter().map(|text| text.pattern.as_str());
    let patterns: Vec<_> = match manager.custom_type {
        CustomType::Regex => texts().filter_map(|text| pattern::regex(text).ok()).collect(),
        CustomType::Jsonata(_) => Vec::new(),
    };
    let mut names: Vec<&str> =
        patterns.iter().flat_map(|pattern| pattern.capture_names().flatten()).collect();
    if manager.custom_type != CustomType::Regex {
        // Any word of a query may be a member's name.
        names.extend(
            texts().flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')),
        );
    }
    for property in node.properties().iter().filter(|property| TEMPLATES.contains(&property.name.as_str())) {
        templates::check_custom(&property.name, &property.value, &names, reader);
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

#[cfg(test)]
mod tests {
    use super::super::json::{SourceId, parse};
    use super::*;

    /// Returns the type of a manager with these members, and what is wrong with it.
    fn read(members: &str) -> (Option<CustomType>, Vec<String>) {
        let mut reader = Reader::new(&[]);
        let text = format!("{{managerFilePatterns: ['a'], datasourceTemplate: 'docker', {members}}}");
        let read = CustomManager::read_one(&parse(&text, SourceId(0)).unwrap(), &mut reader);
        let problems = reader.problems.into_iter().map(|problem| problem.message).collect();
        (read.map(|manager| manager.custom_type), problems)
    }

    #[track_caller]
    fn check(members: &str, expected: Option<CustomType>, problem: Option<&str>) {
        let (found, problems) = read(members);
        assert_eq!(found, expected, "{members}");
        assert_eq!(problems.len(), usize::from(problem.is_some()), "{members}: {problems:?}");
        assert!(problem.is_none_or(|word| problems[0].contains(word)), "{members}: {problems:?}");
    }

    #[test]
    fn queries_need_the_format_of_their_files() {
        let query = "matchStrings: ['a.{\"depName\": b, \"currentValue\": c, \"mine\": d}']";
        let toml = Some(CustomType::Jsonata(FileFormat::Toml));
        check(&format!("customType: 'jsonata', fileFormat: 'toml', {query}"), toml, None);
        check(
            &format!("customType: 'jsonata', fileFormat: 'toml', depTypeTemplate: '{{{{mine}}}}', {query}"),
            toml,
            None,
        );
        check(
            &format!("customType: 'jsonata', fileFormat: 'toml', depTypeTemplate: '{{{{nobody}}}}', {query}"),
            toml,
            Some("`nobody`"),
        );
        check(&format!("customType: 'jsonata', {query}"), None, Some("`fileFormat`"));
        check(&format!("customType: 'jsonata', fileFormat: 'xml', {query}"), None, Some("`fileFormat`"));
        check(
            "customType: 'jsonata', fileFormat: 'json', matchStrings: ['a', '{']",
            Some(CustomType::Jsonata(FileFormat::Json)),
            Some("cannot be read"),
        );
        check(
            "customType: 'regex', matchStrings: ['(?<depName>a)(?<currentValue>b)']",
            Some(CustomType::Regex),
            None,
        );
    }
}
