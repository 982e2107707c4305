//! From what a query returns, and the owner's templates, to the fields of a dependency.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use updraft_core::config::custom_manager::CustomManager;
use updraft_core::source::SourceFile;
use updraft_core::template::{self, TemplateError};

/// One result of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<&'static str, String>);

/// A template of the entry that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadTemplate {
    pub(super) field: &'static str,
    pub(super) error: TemplateError,
}

impl Fields {
    /// Reads a result: an object whose texts and numbers are fields. A template wins over the field of its name.
    pub(super) fn read(
        result: &Value,
        config: &CustomManager,
        file: &SourceFile,
    ) -> Result<Self, BadTemplate> {
        let given = |name: &str| match result.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let templates = [
            ("depName", &config.dep_name_template),
            ("packageName", &config.package_name_template),
            ("datasource", &config.datasource_template),
            ("versioning", &config.versioning_template),
            ("currentValue", &config.current_value_template),
            ("currentDigest", &config.current_digest_template),
            ("registryUrl", &config.registry_url_template),
            ("extractVersion", &config.extract_version_template),
            ("depType", &config.dep_type_template),
        ];
        let mut context: Option<Value> = None;
        let mut fields = BTreeMap::new();
        for (field, template) in templates {
            let value = match template {
                Some(template) => {
                    let context = context.get_or_insert_with(|| seen_by_templates(result, file));
                    Some(template::render(template, context).map_err(|error| BadTemplate { field, error })?)
                }
                None => given(field),
            };
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                fields.insert(field, value);
            }
        }
        Ok(Self(fields))
    }

    /// Returns a field; empty ones count as missing.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns a field of one's own.
    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// Returns what is missing for a dependency.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let needs: [(&'static str, &[&str]); 3] = [
            ("depName", &["depName", "packageName"]),
            ("currentValue", &["currentValue", "currentDigest"]),
            ("datasource", &["datasource"]),
        ];
        let is_missing = |(_, any): &(&str, &[&str])| any.iter().all(|name| self.text(name).is_none());
        needs.into_iter().filter(is_missing).map(|(name, _)| name).collect()
    }
}

fn seen_by_templates(result: &Value, file: &SourceFile) -> Value {
    let mut fields: Map<String, Value> = result.as_object().cloned().unwrap_or_default();
    fields.insert("packageFile".to_owned(), file.path.as_str().into());
    fields.insert("packageFileDir".to_owned(), file.path.folder().into());
    Value::Object(fields)
}
