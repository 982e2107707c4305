#![doc = include_str!("README.md")]

mod chart;
mod hcl;
mod image;
mod lock;
mod module;
mod provider;

use std::collections::BTreeMap;

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use hcl::{Block, Body, Text};
use provider::Sources;

const ID: ManagerId = ManagerId::fixed("terraform");

/// Finds what Terraform and `OpenTofu` download: themselves, providers, modules, and charts and images in resources.
#[derive(Clone, Copy, Debug)]
pub struct Terraform;

impl Manager for Terraform {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec![
            "/\\.tf$/",
            "/\\.tofu$/",
            // Not to be read, only to be known of.
            "/(^|/)\\.terraform\\.lock\\.hcl$/",
        ]
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        let is_read = |file: &&SourceFile| file.path.file_name() != lock::NAME && names_version(file);
        let read: Vec<(&SourceFile, Body<'_>)> =
            files.iter().copied().filter(is_read).map(|file| (file, hcl::parse(&file.text))).collect();
        let sources = Sources::new(&read);
        for (file, body) in &read {
            let reader = Reader { file, aliases: &context.registry_aliases, sources: &sources };
            let mut found: Vec<Dep> = body.blocks.iter().flat_map(|block| reader.block(block)).collect();
            found.sort_by_key(|dep| dep.span);
            extraction.deps.append(&mut found);
        }
        extraction.problems.extend(lock::notes(files, &extraction.deps));
        extraction
    }
}

/// Returns whether there is something to find: most files of a module name no version.
fn names_version(file: &SourceFile) -> bool {
    ["version", "source", "image"].iter().any(|word| file.text.contains(word))
}

/// Who a program of the family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Terraform,
    OpenTofu,
}

impl Program {
    fn of(file: &SourceFile) -> Self {
        if file.path.file_name().rsplit('.').next() == Some("tofu") {
            Self::OpenTofu
        } else {
            Self::Terraform
        }
    }

    fn repository(self) -> &'static str {
        match self {
            Self::Terraform => "hashicorp/terraform",
            Self::OpenTofu => "opentofu/opentofu",
        }
    }

    /// Returns the registry that is asked unless a source names one; `None` for the datasource's default.
    fn registry(self) -> Option<&'static str> {
        match self {
            Self::Terraform => None,
            Self::OpenTofu => Some("https://registry.opentofu.org"),
        }
    }
}

/// Reads one file.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    file: &'a SourceFile,
    aliases: &'a BTreeMap<String, String>,
    sources: &'a Sources<'a>,
}

impl Reader<'_> {
    fn block(self, block: &Block<'_>) -> Vec<Dep> {
        match (block.kind, block.labels.as_slice()) {
            ("terraform", []) => {
                let required = block.body.text("required_version").map(|text| self.program(text));
                required.into_iter().chain(self.required_providers(&block.body)).collect()
            }
            ("provider", [name]) => self.provider(name, &block.body).into_iter().collect(),
            ("module", [name]) => self.module(name, &block.body).into_iter().collect(),
            ("resource", ["helm_release", name]) => self.chart(name, &block.body).into_iter().collect(),
            ("resource", ["tfe_workspace", _]) => {
                block.body.text("terraform_version").map(|text| self.program(text)).into_iter().collect()
            }
            ("resource" | "data", [kind, name]) => self.images(kind, name, &block.body),
            _ => Vec::new(),
        }
    }

    /// Returns the version of Terraform itself.
    fn program(self, version: Text<'_>) -> Dep {
        let mut dep = self.dep(version.span, Program::of(self.file).repository(), "required_version");
        dep.datasource = Some(DatasourceId::GITHUB_RELEASES);
        dep.extract_version = Some("^v(?<version>.+)$".to_owned());
        with_version(dep, Some(version))
    }

    fn dep(self, span: ByteSpan, name: &str, kind: &str) -> Dep {
        let mut dep = Dep::new(ID, &self.file.path, span, name);
        dep.dep_type = Some(kind.to_owned());
        dep
    }
}

/// Adds the version constraint, or why it is left alone.
fn with_version(mut dep: Dep, version: Option<Text<'_>>) -> Dep {
    let Some(version) = version else {
        return dep.skipped(
            SkipReason::UnspecifiedVersion,
            "the newest version is taken when it is first installed",
        );
    };
    dep.span = version.span;
    dep.current_value = Some(version.text.to_owned());
    dep.versioning = Some(VersioningId::fixed("hashicorp"));
    if version.is_template() {
        return dep.skipped(SkipReason::ContainsVariable, "");
    }
    dep.slots.push(slot(version, Part::Value));
    dep
}

fn slot(text: Text<'_>, part: Part) -> Slot {
    Slot::new(part, text.span, text.text)
}
