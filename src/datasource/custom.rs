//! The owner's own datasources: the entries of `customDatasources`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use updraft_core::config::custom_datasource::{CustomDatasource, DatasourceFormat};
use updraft_core::name::DatasourceId;
use updraft_core::release::ReleaseList;
use updraft_core::template;
use url::Url;

use super::Datasource;
use super::registry::{Documents, Registry};
use crate::http::{Http, hex};

/// What templates may ask of the dependency: lookups are shared by all that want the same package.
const FIELDS: &[&str] = &["packageName", "datasource"];

/// One entry of `customDatasources`.
#[derive(Clone, Debug)]
pub struct Custom {
    name: String,
    definition: CustomDatasource,
}

/// Returns the datasources of `customDatasources`, which ask through `http`.
pub fn all(http: &Http, custom: Option<&BTreeMap<String, CustomDatasource>>) -> Vec<Arc<dyn Datasource>> {
    let entries = custom.into_iter().flatten();
    entries
        .map(|(name, definition)| -> Arc<dyn Datasource> {
            Arc::new(Documents::new(http, Custom::new(name, definition.clone())))
        })
        .collect()
}

impl Custom {
    /// Returns the datasource that the owner calls `name`.
    pub fn new(name: &str, definition: CustomDatasource) -> Self {
        Self { name: name.to_owned(), definition }
    }

    fn fields(&self, package: &str) -> Value {
        json!({"packageName": package, "datasource": self.id().as_str()})
    }

    /// Returns a problem when a template asks for a field that there is not: it would silently ask for something else.
    fn check(&self) -> Result<(), String> {
        let templates = self.definition.transform_templates.iter();
        for template in templates.chain(&self.definition.default_registry_url_template) {
            let fields = template::fields(template).map_err(|error| error.to_string())?;
            if let Some(unknown) = fields.iter().find(|field| !FIELDS.contains(&field.as_str())) {
                return Err(format!(
                    "the custom datasource `{}` asks for `{unknown}`, but sees only `packageName`",
                    self.name
                ));
            }
        }
        Ok(())
    }
}

impl Registry for Custom {
    fn id(&self) -> DatasourceId {
        DatasourceId::custom(&self.name)
    }

    fn address(&self, registry: Option<&Url>, package: &str) -> Result<Url, String> {
        self.check()?;
        if let Some(url) = registry {
            return Ok(url.clone());
        }
        let text = self.definition.address(&self.fields(package))?;
        let text = text.ok_or_else(|| {
            format!("the custom datasource `{}` has no `defaultRegistryUrlTemplate`, and the dependency no registry", self.name)
        })?;
        Url::parse(text.trim()).map_err(|_| {
            format!("the `defaultRegistryUrlTemplate` of `{}` gives `{text}`, which is no address", self.name)
        })
    }

    fn accept(&self) -> &'static str {
        match self.definition.format {
            DatasourceFormat::Json => "application/json, */*",
            _ => "*/*",
        }
    }

    /// What is made of a reply depends on the templates, and through them on the package.
    fn shape(&self, package: &str) -> String {
        let definition = format!("{package}\n{:?}", self.definition);
        format!("custom/1 {} {}", self.name, hex(&Sha256::digest(definition)))
    }

    fn read(&self, document: &[u8], package: &str) -> Result<ReleaseList, String> {
        let text = std::str::from_utf8(document).map_err(|_| "it is not UTF-8 text".to_owned())?;
        self.definition.releases(self.definition.read(text)?, &self.fields(package))
    }
}

#[cfg(test)]
mod tests {
    use updraft_core::release::{DigestQuery, Lookup};

    use super::super::registry::testing::versions;
    use super::*;
    use crate::datasource::{Datasources, LookupError};
    use crate::http::testing::{Answer, Server, client};

    fn definition(format: DatasourceFormat, address: Option<String>, transform: &[&str]) -> CustomDatasource {
        CustomDatasource {
            default_registry_url_template: address,
            format,
            transform_templates: transform.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn lookup(package: &str, registries: &[String]) -> Lookup {
        Lookup {
            datasource: DatasourceId::custom("mine"),
            package_name: package.to_owned(),
            registry_urls: registries.to_vec(),
        }
    }

    /// Asks for the package `a/b` at a server that has `document` in the folder of that name.
    async fn ask(
        format: DatasourceFormat,
        template: &str,
        transform: &[&str],
        document: &'static str,
    ) -> Result<Arc<ReleaseList>, LookupError> {
        let server =
            Server::start(
                move |seen| if seen.target == "/a/b" { Answer::ok(document) } else { Answer::status(404) },
            )
            .await;
        let address = Some(template.replace("SERVER", &server.origin));
        let custom = Documents::new(&client(), Custom::new("mine", definition(format, address, transform)));
        custom.releases(&lookup("a/b", &[])).await
    }

    #[tokio::test]
    async fn every_format_is_read() {
        let transform: &[&str] = &["{'releases': [list.{'version': $}]}"];
        for (format, transform, document) in [
            (DatasourceFormat::Json, transform, r#"{"list": ["1.0", "1.1"]}"#),
            (DatasourceFormat::Yaml, transform, "list:\n- '1.0'\n- '1.1'\n"),
            (DatasourceFormat::Toml, transform, "list = ['1.0', '1.1']\n"),
            (DatasourceFormat::Plain, &[], "1.0\n1.1\n"),
            (DatasourceFormat::Html, &[], "<a href='1.0'>x</a> <a href='1.1'>y</a>"),
        ] {
            let list = ask(format, "SERVER/{{packageName}}", transform, document).await.unwrap();
            assert_eq!(versions(&list), ["1.0", "1.1"], "{format:?}");
        }
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said() {
        for (format, template, transform, document, word) in [
            (DatasourceFormat::Json, "SERVER/{{packageName}}", "nothing", "{}", "gives nothing"),
            (DatasourceFormat::Json, "SERVER/{{packageName}}", "{'releases': []}", "{}", "no release"),
            (DatasourceFormat::Json, "SERVER/{{packageName}}", "$", "<html>", "no JSON"),
            (DatasourceFormat::Yaml, "SERVER/{{packageName}}", "$", "a: b: c", "no YAML"),
            (DatasourceFormat::Toml, "SERVER/{{packageName}}", "$", "a", "no TOML"),
            (DatasourceFormat::Json, "SERVER/{{depName}}", "$", "{}", "`depName`"),
            (DatasourceFormat::Json, "{{packageName}}", "$", "{}", "which is no address"),
            (DatasourceFormat::Json, "file:///etc/hosts", "$", "{}", "not the address"),
            (DatasourceFormat::Json, "SERVER/gone", "$", "{}", "does not have it"),
        ] {
            let error = ask(format, template, &[transform], document).await.unwrap_err();
            assert!(error.to_string().contains(word), "{template} {transform} {document}: {error}");
        }
    }

    #[tokio::test]
    async fn a_dependency_may_name_another_address_and_packages_do_not_mix() {
        let server = Server::start(|_| Answer::ok("7")).await;
        let transform = "{'releases': [{'version': '{{packageName}}', 'digest': 'd-{{packageName}}'}]}";
        let custom = Documents::new(
            &client(),
            Custom::new("mine", definition(DatasourceFormat::Json, None, &[transform])),
        );
        let registries = [format!("{}/x", server.origin)];
        for package in ["1.0", "2.0"] {
            let lookup = lookup(package, &registries);
            assert_eq!(versions(&custom.releases(&lookup).await.unwrap()), [package]);
            let query = DigestQuery { lookup, value: Some(package.to_owned()), current_digest: None };
            assert_eq!(custom.digest(&query).await.unwrap(), Some(format!("d-{package}")));
        }
        let error = custom.releases(&lookup("1.0", &[])).await.unwrap_err();
        assert!(error.to_string().contains("defaultRegistryUrlTemplate"), "{error}");
    }

    #[tokio::test]
    async fn each_entry_answers_to_its_name() {
        let custom = BTreeMap::from([("mine".to_owned(), definition(DatasourceFormat::Plain, None, &[]))]);
        let datasources = Datasources::default().with(all(&client(), Some(&custom)));
        let error = datasources.releases(&lookup("x", &[])).await.unwrap_err();
        assert!(error.to_string().contains("defaultRegistryUrlTemplate"), "{error}");
        let error = Datasources::default().releases(&lookup("x", &[])).await.unwrap_err();
        assert!(error.hint.unwrap().contains("customDatasources"));
    }
}
