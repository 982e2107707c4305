//! Providers: `required_providers`, and the versions that stood in `provider` before there was that.

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, SkipReason};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use super::hcl::{Body, Text, Value};
use super::{Program, Reader, with_version};

/// Where each folder, which is one module, takes its providers from.
#[derive(Debug, Default)]
pub(super) struct Sources<'a>(BTreeMap<(&'a str, &'a str), &'a str>);

impl<'a> Sources<'a> {
    pub(super) fn new(files: &[(&'a SourceFile, Body<'a>)]) -> Self {
        let mut sources = Self::default();
        for (file, body) in files {
            for required in required(body) {
                for attribute in &required.attributes {
                    if let Value::Object(object) = &attribute.value
                        && let Some(source) = object.text("source")
                    {
                        sources.0.insert((file.path.folder(), attribute.name), source.text);
                    }
                }
            }
        }
        sources
    }
}

fn required<'b, 'a>(file: &'b Body<'a>) -> impl Iterator<Item = &'b Body<'a>> {
    let blocks = file.blocks_of("terraform").flat_map(|block| block.body.blocks_of("required_providers"));
    blocks.map(|block| &block.body)
}

impl Reader<'_> {
    /// Returns the providers that a `terraform` block requires.
    pub(super) fn required_providers(self, terraform: &Body<'_>) -> Vec<Dep> {
        let attributes = terraform.blocks_of("required_providers").flat_map(|block| &block.body.attributes);
        let dep = |(name, span, value): (&str, ByteSpan, &Value<'_>)| {
            let (source, version) = match value {
                Value::Text(version) => (None, Some(*version)),
                Value::Object(object) => (object.text("source"), object.text("version")),
                Value::Other => return None,
            };
            let dep = self.of_registry(name, span, source.map(|source| source.text), "required_provider");
            Some(if dep.skip.is_some() { dep } else { with_version(dep, version) })
        };
        attributes.filter_map(|attribute| dep((attribute.name, attribute.span, &attribute.value))).collect()
    }

    /// Returns the version in a `provider` block; `None` where there is none, which is how it should be.
    pub(super) fn provider(self, name: &str, provider: &Body<'_>) -> Option<Dep> {
        let version: Text<'_> = provider.text("version")?;
        let source = self.sources.0.get(&(self.file.path.folder(), name)).copied();
        let dep = self.of_registry(name, version.span, source, "provider");
        Some(if dep.skip.is_some() { dep } else { with_version(dep, Some(version)) })
    }

    /// Returns the provider `name`, to be asked for at the registry its source names.
    fn of_registry(self, name: &str, span: ByteSpan, source: Option<&str>, kind: &str) -> Dep {
        let mut dep = self.dep(span, name, kind);
        dep.datasource = Some(DatasourceId::TERRAFORM_PROVIDER);
        dep.registry_urls = Program::of(self.file).registry().map(str::to_owned).into_iter().collect();
        let Some(source) = source else {
            dep.package_name = format!("hashicorp/{name}");
            return dep;
        };
        if source.contains(['$', '%', '\\']) {
            return dep.skipped(SkipReason::ContainsVariable, format!("the source is `{source}`"));
        }
        match source.split('/').collect::<Vec<_>>().as_slice() {
            ["terraform.io", "builtin", ..] => {
                return dep.skipped(SkipReason::UnspecifiedVersion, "it is a part of the program");
            }
            [host, namespace, kind] if host.contains('.') || host.contains(':') => {
                dep.package_name = format!("{namespace}/{kind}");
                dep.registry_urls = vec![format!("https://{host}")];
            }
            [kind] => dep.package_name = format!("hashicorp/{kind}"),
            [_, _] => source.clone_into(&mut dep.package_name),
            _ => {
                let detail = format!("`{source}` is not `namespace/name` or `host/namespace/name`");
                return dep.skipped(SkipReason::InvalidName, detail);
            }
        }
        dep
    }
}
