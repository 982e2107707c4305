//! The JSON schema of a configuration, for editors: generated from the list of options.

use serde_json::{Map, Value, json};

use super::names;
use super::options::OPTIONS;
use super::read_custom;
use super::reader::MAY_BE_ONE_STRING;
use super::rule::{MATCHERS, Subject};

/// Returns the schema (JSON Schema, draft 2020-12).
///
/// Options of Renovate that have no effect in updraft are allowed and marked as deprecated, so that an editor says so.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of updraft, as Renovate writes it",
        "$ref": "#/$defs/options",
        "$defs": {
            "options": { "type": "object", "properties": options(), "additionalProperties": false },
            "rule": { "type": "object", "properties": rule(), "additionalProperties": false },
            "customManager": {
                "type": "object",
                "properties": custom_manager(),
                "required": ["customType", "managerFilePatterns", "matchStrings"],
                "additionalProperties": false,
            },
        },
    })
}

fn options() -> Map<String, Value> {
    let mut properties = Map::new();
    for option in OPTIONS {
        let mut schema = (option.schema)();
        if MAY_BE_ONE_STRING.contains(&option.name) && schema["oneOf"].is_null() {
            schema = json!({ "oneOf": [{ "type": "string" }, schema] });
        }
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".to_owned(), option.doc.into());
        }
        // `null` takes back what an earlier text said.
        properties.insert(option.name.to_owned(), json!({ "anyOf": [schema, { "type": "null" }] }));
    }
    for manager in names::managers() {
        properties.insert(manager.to_owned(), json!({ "$ref": "#/$defs/options" }));
    }
    for name in names::without_effect() {
        properties.insert(
            name.to_owned(),
            json!({ "description": "Has no effect in updraft.", "deprecated": true }),
        );
    }
    properties
}

fn rule() -> Map<String, Value> {
    let mut properties = options();
    properties.remove("packageRules");
    for name in MATCHERS {
        let is_single = Subject::of(name)
            .map_or(*name != "matchConfidence" && *name != "matchJsonata", Subject::is_single);
        let schema = if is_single {
            json!({ "type": "string" })
        } else {
            json!({ "type": "array", "items": { "type": "string" } })
        };
        properties.insert((*name).to_owned(), schema);
    }
    properties
}

fn custom_manager() -> Map<String, Value> {
    let mut properties = Map::new();
    for name in read_custom::TEMPLATES {
        properties.insert((*name).to_owned(), json!({ "type": "string" }));
    }
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    for (name, schema) in [
        ("customType", json!({ "enum": ["regex", "jsonata"] })),
        ("description", json!({ "anyOf": [{ "type": "string" }, texts()] })),
        ("managerFilePatterns", texts()),
        ("matchStrings", texts()),
        ("matchStringsStrategy", json!({ "enum": ["any", "combination", "recursive"] })),
        ("fileFormat", json!({ "enum": ["json", "yaml", "toml"] })),
        ("enabled", json!({ "type": "boolean" })),
    ] {
        properties.insert(name.to_owned(), schema);
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_and_matcher_is_in_it() {
        let schema = schema();
        for option in OPTIONS {
            let property = &schema["$defs"]["options"]["properties"][option.name]["anyOf"][0];
            assert_eq!(property["description"], option.doc, "{}", option.name);
        }
        for name in MATCHERS {
            assert!(schema["$defs"]["rule"]["properties"][name].is_object(), "{name}");
        }
        assert_eq!(schema["$defs"]["rule"]["properties"]["matchCurrentVersion"]["type"], "string");
        assert_eq!(schema["$defs"]["rule"]["properties"]["matchPackageNames"]["type"], "array");
        assert_eq!(
            schema["$defs"]["options"]["properties"]["automergeType"]["anyOf"][0]["enum"],
            json!(["pr", "branch", "pr-comment"])
        );
    }

    #[test]
    fn every_doc_is_a_sentence() {
        for option in OPTIONS {
            assert!(
                option.doc.ends_with('.')
                    && option.doc.starts_with(|char: char| char.is_uppercase() || char == '`'),
                "{}",
                option.name
            );
        }
    }
}
