//! One entry of `customDatasources`: a web address that lists versions, and how to read them out of its reply.

use std::collections::BTreeMap;

use jiff::Timestamp;
use regex::Regex;
use serde_json::{Value, json};

use super::json::{Node, NodeValue};
use super::names::closest;
use super::reader::{OptionValue, Reader, choice};
use crate::jsonata::Expression;
use crate::release::{Release, ReleaseList};
use crate::{template, toml, yaml};

/// How many releases of one reply are taken.
const MAX_RELEASES: usize = 20_000;

choice! {
    /// What the reply is.
    DatasourceFormat, "`json`, `yaml`, `toml`, `plain` or `html`" {
        /// JSON.
        Json = "json",
        /// YAML.
        Yaml = "yaml",
        /// TOML.
        Toml = "toml",
        /// A version on each line.
        Plain = "plain",
        /// A page of links; each address is a version.
        Html = "html",
    }
}

/// One entry of `customDatasources`.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomDatasource {
    /// `defaultRegistryUrlTemplate`: the address to ask, when the dependency names none.
    pub default_registry_url_template: Option<String>,
    /// `format`: what the reply is.
    pub format: DatasourceFormat,
    /// `transformTemplates`: JSONata that makes `{releases: [{version: ..}]}` of the reply, one after the other.
    pub transform_templates: Vec<String>,
}

impl CustomDatasource {
    /// Returns the address to ask for a dependency with `fields`; `None` when the entry has none.
    ///
    /// # Errors
    ///
    /// One line: why the template cannot be filled in.
    pub fn address(&self, fields: &Value) -> Result<Option<String>, String> {
        let template = self.default_registry_url_template.as_deref();
        template
            .map(|template| template::render(template, fields))
            .transpose()
            .map_err(|error| error.to_string())
    }

    /// Returns the reply's text as a value that [`releases`](Self::releases) understands.
    ///
    /// # Errors
    ///
    /// One line: why the text is not of the format.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let versions = |versions: Vec<&str>| {
            let releases: Vec<Value> =
                versions.into_iter().map(|version| json!({ "version": version })).collect();
            json!({ "releases": releases })
        };
        match self.format {
            DatasourceFormat::Json => {
                serde_json::from_str(text).map_err(|error| format!("the reply is no JSON: {error}"))
            }
            DatasourceFormat::Yaml => {
                yaml::value(text).map_err(|error| format!("the reply is no YAML that can be read: {error}"))
            }
            DatasourceFormat::Toml => toml::parse(text)
                .map(|node| node.to_json())
                .map_err(|error| format!("the reply is no TOML: {error}")),
            DatasourceFormat::Plain => Ok(versions(
                text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_RELEASES).collect(),
            )),
            DatasourceFormat::Html => {
                let link = Regex::new(r#"(?i)<a\s[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')"#)
                    .map_err(|error| error.to_string())?;
                let links = link
                    .captures_iter(text)
                    .filter_map(|found| Some(found.get(1).or_else(|| found.get(2))?.as_str()));
                Ok(versions(links.take(MAX_RELEASES).collect()))
            }
        }
    }

    /// Returns the releases that the templates make of a reply for a dependency with `fields`.
    ///
    /// # Errors
    ///
    /// One line: which template fails, or what is missing from the result.
    pub fn releases(&self, reply: Value, fields: &Value) -> Result<ReleaseList, String> {
        let mut value = reply;
        for template in &self.transform_templates {
            let text = template::render(template, fields).map_err(|error| error.to_string())?;
            let expression = Expression::parse(&text).map_err(|error| error.to_string())?;
            let result = expression.evaluate(&value).map_err(|error| error.to_string())?;
            value = result.ok_or_else(|| format!("`transformTemplates`: `{text}` gives nothing"))?;
        }
        let list = value.get("releases").and_then(Value::as_array);
        let list = list.ok_or("the reply has no list `releases`; `transformTemplates` must make one")?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(ReleaseList {
            releases: list.iter().take(MAX_RELEASES).filter_map(release).collect(),
            tags: tags(&value),
            source_url: text("sourceUrl"),
            source_directory: text("sourceDirectory"),
            homepage: text("homepage"),
            ..ReleaseList::default()
        })
    }
}

fn release(value: &Value) -> Option<Release> {
    let version = match value.get("version")? {
        Value::String(version) => version.clone(),
        Value::Number(version) => version.to_string(),
        _ => return None,
    };
    Some(Release {
        version,
        timestamp: value.get("releaseTimestamp").and_then(Value::as_str).and_then(timestamp),
        is_stable: value.get("isStable").and_then(Value::as_bool),
        is_deprecated: value.get("isDeprecated").and_then(Value::as_bool).unwrap_or(false),
        digest: value
            .get("digest")
            .or_else(|| value.get("newDigest"))
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

/// Returns a time as registries write it; a day alone is its beginning in UTC.
fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

fn tags(value: &Value) -> BTreeMap<String, String> {
    let members = value.get("tags").and_then(Value::as_object);
    members
        .into_iter()
        .flatten()
        .filter_map(|(name, version)| Some((name.clone(), version.as_str()?.to_owned())))
        .collect()
}

impl OptionValue for BTreeMap<String, CustomDatasource> {
    const WANTS: &'static str = "an object of datasources";

    fn read(name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let NodeValue::Object(properties) = &node.value else {
            reader.wrong_type(node, name, Self::WANTS, None);
            return None;
        };
        let read =
            properties.iter().map(|property| (property.name.clone(), read_one(&property.value, reader)));
        Some(read.collect())
    }

    fn add(&mut self, later: &Self) {
        for (name, datasource) in later {
            match self.get_mut(name) {
                Some(mine) => {
                    let address = datasource.default_registry_url_template.clone();
                    mine.default_registry_url_template =
                        address.or(mine.default_registry_url_template.take());
                    mine.format = datasource.format;
                    mine.transform_templates.extend(datasource.transform_templates.iter().cloned());
                }
                None => {
                    self.insert(name.clone(), datasource.clone());
                }
            }
        }
    }

    fn show(&self) -> String {
        format!("{{{}}}", self.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "defaultRegistryUrlTemplate": { "type": "string" },
                    "format": DatasourceFormat::schema(),
                    "transformTemplates": { "type": "array", "items": { "type": "string" } },
                },
                "additionalProperties": false,
            },
        })
    }
}

fn read_one(node: &Node, reader: &mut Reader<'_>) -> CustomDatasource {
    let mut datasource = CustomDatasource {
        default_registry_url_template: None,
        format: DatasourceFormat::Json,
        transform_templates: Vec::new(),
    };
    if !matches!(node.value, NodeValue::Object(_)) {
        reader.wrong_type(node, "customDatasources", "objects in it", None);
    }
    for property in node.properties() {
        let (name, value) = (property.name.as_str(), &property.value);
        match name {
            "defaultRegistryUrlTemplate" => {
                datasource.default_registry_url_template = String::read(name, value, reader);
                super::templates::check_custom(name, value, &[], reader);
            }
            "format" => {
                datasource.format =
                    DatasourceFormat::read(name, value, reader).unwrap_or(DatasourceFormat::Json);
            }
            "transformTemplates" => {
                datasource.transform_templates = Vec::<String>::read(name, value, reader).unwrap_or_default();
                for item in value.items() {
                    let Some(text) = item.as_str().filter(|text| !text.contains("{{")) else { continue };
                    if let Err(error) = Expression::parse(text) {
                        reader.error(
                            item.place,
                            format!("`{name}`: {error}"),
                            "the templates are JSONata: <https://docs.jsonata.org>",
                        );
                    }
                }
            }
            "description" => {
                Vec::<String>::read(name, value, reader);
            }
            _ => {
                let known = ["defaultRegistryUrlTemplate", "format", "transformTemplates"];
                let hint = closest(name, known.into_iter())
                    .map_or_else(|| "remove it".to_owned(), |close| format!("did you mean `{close}`?"));
                reader.warning(property.name_place, format!("a custom datasource has no `{name}`"), hint);
            }
        }
    }
    datasource
}

#[cfg(test)]
mod tests {
    use super::super::json::{SourceId, parse};
    use super::*;

    fn datasource(text: &str) -> (CustomDatasource, Vec<crate::problem::Problem>) {
        let mut reader = Reader::new(&[]);
        let read = read_one(&parse(text, SourceId(0)).unwrap(), &mut reader);
        (read, reader.problems)
    }

    #[track_caller]
    fn check(text: &str, reply: &str, versions: &[&str]) -> ReleaseList {
        let (datasource, problems) = datasource(text);
        assert_eq!(problems, [], "{text}");
        let reply = datasource.read(reply).unwrap();
        let list = datasource.releases(reply, &json!({"packageName": "x"})).unwrap();
        let found: Vec<&str> = list.releases.iter().map(|release| release.version.as_str()).collect();
        assert_eq!(found, versions, "{text}");
        list
    }

    #[test]
    fn takes_releases_out_of_json() {
        let list = check(
            "{transformTemplates: ['{\"releases\":[{\"version\": $string(revision)}], \"sourceDirectory\": name}']}",
            r#"{"revision": 42, "name": "a-dashboard"}"#,
            &["42"],
        );
        assert_eq!(list.source_directory.as_deref(), Some("a-dashboard"));
        let list = check(
            "{transformTemplates: ['{\"releases\": $map(versions[type=\"release\"], function($v){ {\"version\": $v.id, \"releaseTimestamp\": $v.at, \"isStable\": true} })}']}",
            r#"{"versions": [{"id": "1.2", "type": "release", "at": "2025-03-25"}, {"id": "x", "type": "snapshot"}, {"id": "1.1", "type": "release"}]}"#,
            &["1.2", "1.1"],
        );
        assert_eq!(list.releases[0].timestamp, "2025-03-25T00:00:00Z".parse().ok());
        assert_eq!((list.releases[0].is_stable, list.releases[1].timestamp), (Some(true), None));
        check("{}", r#"{"releases": [{"version": "1"}, {"version": 2}, {}, 7]}"#, &["1", "2"]);
    }

    #[test]
    fn lines_and_links_are_versions() {
        check("{format: 'plain'}", "1.0\n\n 1.1 \r\n", &["1.0", "1.1"]);
        check(
            "{format: 'html'}",
            "<a href=\"app-1.0.tgz\">x</a><A class='b' HREF='1.1/'>y</A><p>",
            &["app-1.0.tgz", "1.1/"],
        );
    }

    #[test]
    fn templates_see_the_dependency() {
        let (datasource, _) = datasource(
            "{defaultRegistryUrlTemplate: 'https://example.com/{{packageName}}', transformTemplates: ['{\"releases\": [{\"version\": \"{{packageName}}\"}]}']}",
        );
        let fields = json!({"packageName": "a/b"});
        assert_eq!(datasource.address(&fields), Ok(Some("https://example.com/a/b".to_owned())));
        assert_eq!(datasource.releases(json!({}), &fields).unwrap().releases[0].version, "a/b");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, word) in [
            ("{format: 'jsn'}", "`format` wants"),
            ("{transformTemplates: ['{']}", "cannot be read"),
            ("{defaultRegistryUrl: 'x'}", "no `defaultRegistryUrl`"),
            ("{defaultRegistryUrlTemplate: '{{packagename}}'}", "no field `packagename`"),
        ] {
            let (_, problems) = datasource(text);
            assert!(problems.len() == 1 && problems[0].message.contains(word), "{text}: {problems:?}");
        }
        let (plain, _) = datasource("{transformTemplates: ['nothing']}");
        assert!(plain.releases(json!({}), &json!({})).unwrap_err().contains("gives nothing"));
        let (plain, _) = datasource("{}");
        assert!(plain.releases(json!([]), &json!({})).unwrap_err().contains("no list `releases`"));
        assert!(plain.read("<html>").unwrap_err().contains("no JSON"));
    }
}
