//! The JSON schema of a configuration, for editors: generated from the list of options.

use serde_json::{Map, Value, json};

use super::migrate;
use super::names;
use super::options::OPTIONS;
use super::read_custom;
use super::reader::MAY_BE_ONE_STRING;
use super::rule::{MATCHERS, Subject};

/// Returns the schema (JSON Schema, draft 7, which editors know best).
///
/// Options of Renovate that have no effect in updraft and old names are allowed and marked as deprecated, so that an editor says so.
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of updraft, as Renovate writes it",
        "allOf": [{ "$ref": "#/definitions/options" }],
        "definitions": {
            "options": { "type": "object", "properties": options(), "additionalProperties": false },
            "rule": { "type": "object", "properties": rule(), "additionalProperties": false },
            "customManager": {
                "type": "object",
                "properties": custom_manager(),
                "required": ["customType", "matchStrings"],
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
        // `null` takes back what an earlier text said.
        let either = json!({ "description": option.doc, "anyOf": [schema, { "type": "null" }] });
        properties.insert(option.name.to_owned(), either);
    }
    for manager in names::managers() {
        let doc = format!("Options for what the manager `{manager}` finds.");
        properties.insert(
            manager.to_owned(),
            json!({ "description": doc, "allOf": [{ "$ref": "#/definitions/options" }] }),
        );
    }
    for name in names::without_effect() {
        properties.insert(name.to_owned(), deprecated("Has no effect in updraft."));
    }
    for (old, new) in migrate::renamed_options() {
        properties.entry(old).or_insert_with(|| deprecated(&format!("Called `{new}` today.")));
    }
    properties
}

fn deprecated(doc: &str) -> Value {
    json!({ "description": doc, "deprecated": true, "deprecationMessage": doc })
}

fn rule() -> Map<String, Value> {
    let mut properties = options();
    properties.remove("packageRules");
    for name in MATCHERS {
        let is_single = Subject::of(name)
            .map_or(*name != "matchConfidence" && *name != "matchJsonata", Subject::is_single);
        let mut schema = if is_single {
            json!({ "type": "string" })
        } else {
            json!({ "type": "array", "items": { "type": "string" } })
        };
        schema["description"] = matcher_doc(name).into();
        properties.insert((*name).to_owned(), schema);
    }
    for (old, new) in migrate::renamed_matchers() {
        properties.entry(old).or_insert_with(|| deprecated(&format!("Called `{new}` today.")));
    }
    properties
}

/// Returns what a matcher is held against.
fn matcher_doc(name: &str) -> String {
    let subject = match name {
        "matchRepositories" => "The repository, `owner/name`",
        "matchBaseBranches" => "The branch that is updated",
        "matchCategories" => "The kind of manager: `kubernetes`, `docker`, `helm`, `terraform`, ...",
        "matchManagers" => {
            "The manager that found the dependency: `flux`, `github-actions`, `custom.regex`, ..."
        }
        "matchFileNames" => "The file the dependency stands in, from the top of the repository",
        "matchDatasources" => "Where it is looked up: `docker`, `helm`, `github-releases`, ...",
        "matchPackageNames" => "The name it is looked up by",
        "matchDepNames" => "The name people read",
        "matchDepTypes" => "The kind of dependency: `action`, `provider`, ...",
        "matchCurrentValue" => "The version as it is written",
        "matchUpdateTypes" => "The kind of update: `major`, `minor`, `patch`, `digest`, `pin`, ...",
        "matchSourceUrls" => "The address of its source repository",
        "matchRegistryUrls" => "The address of its registry",
        "matchNewValue" => "The version as it would be written",
        "matchCurrentVersion" => {
            return "The version in use: `/regex/`, or a range such as `< 2.0.0`.".to_owned();
        }
        "matchCurrentAge" => return "The age of the version in use: `> 3 days`.".to_owned(),
        "matchJsonata" => {
            return "JSONata expressions, of which one must hold: `datasource = 'docker'`.".to_owned();
        }
        "matchConfidence" => return "Never holds in updraft: it needs a paid service.".to_owned(),
        _ => return String::new(),
    };
    format!("{subject}. Globs or `/regex/`; with `!` in front, those it must not be.")
}

fn custom_manager() -> Map<String, Value> {
    let mut properties = Map::new();
    for name in read_custom::TEMPLATES {
        let field = name.trim_end_matches("Template");
        let doc = match *name {
            "autoReplaceStringTemplate" => {
                "What the whole match is replaced by, as a template of all named groups.".to_owned()
            }
            _ => format!("`{field}`, as a template of the named groups."),
        };
        properties.insert((*name).to_owned(), json!({ "description": doc, "type": "string" }));
    }
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    for (name, doc, mut schema) in [
        ("customType", "What `matchStrings` are.", json!({ "enum": ["regex", "jsonata"] })),
        ("description", "A remark for people.", json!({ "anyOf": [{ "type": "string" }, texts()] })),
        ("managerFilePatterns", "The files it reads, as `/regex/` or globs.", texts()),
        (
            "matchStrings",
            "Regular expressions (RE2) with named groups such as `(?<depName>..)`, or JSONata queries.",
            texts(),
        ),
        (
            "matchStringsStrategy",
            "How several `matchStrings` work together.",
            json!({ "enum": ["any", "combination", "recursive"] }),
        ),
        ("fileFormat", "What the files are, for `jsonata`.", json!({ "enum": ["json", "yaml", "toml"] })),
        ("enabled", "Whether it runs.", json!({ "type": "boolean" })),
    ] {
        schema["description"] = doc.into();
        properties.insert(name.to_owned(), schema);
    }
    for (old, new) in migrate::renamed_members() {
        properties.entry(old).or_insert_with(|| deprecated(&format!("Called `{new}` today.")));
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::super::json::{SourceId, parse};
    use super::*;

    #[test]
    fn every_option_and_matcher_is_in_it() {
        let schema = schema();
        let options = &schema["definitions"]["options"]["properties"];
        for option in OPTIONS {
            assert_eq!(options[option.name]["description"], option.doc, "{}", option.name);
        }
        let rule = &schema["definitions"]["rule"]["properties"];
        for name in MATCHERS {
            assert!(rule[name]["description"].as_str().is_some_and(|doc| doc.ends_with('.')), "{name}");
        }
        assert_eq!(rule["matchCurrentVersion"]["type"], "string");
        assert_eq!(rule["matchPackageNames"]["type"], "array");
        assert_eq!(options["automergeType"]["anyOf"][0]["enum"], json!(["pr", "branch", "pr-comment"]));
        assert_eq!(options["fileMatch"]["deprecated"], true);
        assert_eq!(rule["matchPackagePatterns"]["deprecated"], true);
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

    /// Returns where `value` breaks `schema`; only the keywords used above are understood.
    fn violations(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (keyword, wanted) in schema.as_object().unwrap() {
            let all = |list: &Value| -> Vec<Vec<String>> {
                list.as_array().unwrap().iter().map(|schema| violations(root, schema, value, at)).collect()
            };
            match keyword.as_str() {
                "$ref" => {
                    let name = wanted.as_str().unwrap().strip_prefix("#/definitions/").unwrap();
                    found.extend(violations(root, &root["definitions"][name], value, at));
                }
                "allOf" => found.extend(all(wanted).into_iter().flatten()),
                "anyOf" | "oneOf" => {
                    let all = all(wanted);
                    if !all.iter().any(Vec::is_empty) {
                        found.extend(all.into_iter().min_by_key(Vec::len).unwrap_or_default());
                    }
                }
                "enum" => {
                    if !wanted.as_array().unwrap().contains(value) {
                        found.push(format!("{at}: {value} is none of {wanted}"));
                    }
                }
                "type" => {
                    let fits = match wanted.as_str().unwrap() {
                        "object" => value.is_object(),
                        "array" => value.is_array(),
                        "string" => value.is_string(),
                        "boolean" => value.is_boolean(),
                        "integer" => value.is_i64(),
                        "null" => value.is_null(),
                        other => panic!("{other}"),
                    };
                    if !fits {
                        found.push(format!("{at}: {value} is no {wanted}"));
                    }
                }
                "minimum" => found.extend(
                    (value.as_i64() < wanted.as_i64())
                        .then(|| format!("{at}: {value} is less than {wanted}")),
                ),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        found.extend(violations(root, wanted, item, &format!("{at}[{index}]")));
                    }
                }
                "required" => {
                    for name in wanted.as_array().unwrap() {
                        if value.get(name.as_str().unwrap()).is_none() {
                            found.push(format!("{at}: {name} is missing"));
                        }
                    }
                }
                "properties" => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        if let Some(schema) = wanted.get(name) {
                            found.extend(violations(root, schema, member, &format!("{at}.{name}")));
                        }
                    }
                }
                "additionalProperties" => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        let is_known =
                            schema.get("properties").is_some_and(|known| known.get(name).is_some());
                        match wanted {
                            _ if is_known => {}
                            Value::Bool(allowed) => {
                                if !allowed {
                                    found.push(format!("{at}: there is no {name}"));
                                }
                            }
                            schema => found.extend(violations(root, schema, member, &format!("{at}.{name}"))),
                        }
                    }
                }
                "description" | "title" | "examples" | "deprecated" | "deprecationMessage"
                | "definitions" | "$schema" => {}
                other => panic!("{other}"),
            }
        }
        found
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let value = parse(text, SourceId(0)).unwrap().to_json();
        let schema = schema();
        assert_eq!(violations(&schema, &schema, &value, ""), expected, "{text}");
    }

    #[test]
    fn the_example_fits() {
        check(include_str!("../../../renovate.json.example"), &[]);
    }

    #[test]
    fn what_the_reader_refuses_does_not_fit() {
        check("{automerge: 'yes'}", &[r#".automerge: "yes" is no "boolean""#]);
        check("{automrge: true}", &[": there is no automrge"]);
        check("{labels: 'x'}", &[r#".labels: "x" is no "array""#]);
        check("{schedule: 'every weekend', extends: 'x', labels: null, patch: {automerge: true}}", &[]);
        check(
            "{packageRules: [{matchPackageNames: 'x'}]}",
            &[r#".packageRules[0].matchPackageNames: "x" is no "array""#],
        );
        check(
            "{rebaseWhen: 'sometimes'}",
            &[
                r#".rebaseWhen: "sometimes" is none of ["auto","never","conflicted","behind-base-branch","automerging"]"#,
            ],
        );
        check(
            "{customManagers: [{customType: 'regex'}]}",
            &[r#".customManagers[0]: "matchStrings" is missing"#],
        );
        check("{prHourlyLimit: -1}", &[".prHourlyLimit: -1 is less than 0"]);
    }
}
