#![doc = include_str!("README.md")]

mod address;
mod index;
mod line;
mod specifier;

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use crate::scalar;
use index::Indexes;
use line::{Content, Line};
use specifier::Requirement;

const ID: ManagerId = ManagerId::fixed("pip_requirements");

/// Finds the Python packages of requirements files.
#[derive(Clone, Copy, Debug)]
pub struct PipRequirements;

impl Manager for PipRequirements {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)[\\w-]*requirements([-.]\\w+)?\\.(txt|pip)$/"]
    }

    fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            let lines = line::lines(&file.text);
            let indexes = Indexes::of(&lines);
            extraction.deps.extend(lines.iter().filter_map(|line| dep(file, line, &indexes)));
        }
        extraction
    }
}

/// Returns what a line installs; `None` of options, and of what is no requirement at all.
fn dep(file: &SourceFile, line: &Line<'_>, indexes: &Indexes<'_>) -> Option<Dep> {
    match line.content() {
        Content::Nothing | Content::Option { .. } => None,
        Content::Address { text, at } => Some(address::dep(file, text, at, None)),
        Content::Requirement { text, at } => {
            let requirement = Requirement::read(text)?;
            Some(match requirement.address {
                Some(address) => {
                    let at = at + address.start;
                    let text = text.get(address).unwrap_or_default();
                    address::dep(file, text, at, Some(requirement.name))
                }
                None => package(file, line, at, &requirement, indexes),
            })
        }
    }
}

/// Returns a package of the index; the requirement starts at byte `at`.
fn package(
    file: &SourceFile,
    line: &Line<'_>,
    at: usize,
    requirement: &Requirement<'_>,
    indexes: &Indexes<'_>,
) -> Dep {
    let name = ByteSpan::new(at, at + requirement.name.len());
    let mut dep = Dep::new(ID, &file.path, name, requirement.name);
    dep.package_name = normalized(requirement.name);
    dep.datasource = Some(DatasourceId::PYPI);
    dep.versioning = Some(VersioningId::PEP440);
    if let Some(specifier) = &requirement.specifier {
        dep.span = ByteSpan::new(at + specifier.start, at + specifier.end);
        dep.current_value = dep.span.of(&file.text).map(str::to_owned);
    }
    match indexes.addresses() {
        Ok(addresses) => dep.registry_urls = addresses,
        Err(address) => {
            return dep.skipped(SkipReason::ContainsVariable, format!("the index is `{address}`"));
        }
    }
    if scalar::has_variable(requirement.rest)
        || dep.current_value.as_deref().is_some_and(scalar::has_variable)
    {
        return dep.skipped(SkipReason::ContainsVariable, "");
    }
    if requirement.goes_on {
        return dep.skipped(SkipReason::InvalidValue, scalar::NOT_SPELLED);
    }
    let Some(value) = dep.current_value.clone() else {
        return dep.skipped(SkipReason::UnspecifiedVersion, "the newest is installed");
    };
    if value.starts_with("===") {
        return dep.skipped(SkipReason::InvalidValue, "`===` compares texts, not versions");
    }
    if line.has_hashes() {
        let detail = "no new version fits its hashes, which only pip-compile, uv and their like can write";
        return dep.skipped(SkipReason::IsPinned, detail);
    }
    dep.slots = vec![Slot::new(Part::Name, name, requirement.name), Slot::new(Part::Value, dep.span, value)];
    dep
}

/// Returns a name in the form that stands for all its spellings.
fn normalized(name: &str) -> String {
    let mut found = String::with_capacity(name.len());
    for letter in name.chars() {
        if !matches!(letter, '-' | '_' | '.') {
            found.push(letter.to_ascii_lowercase());
        } else if !found.ends_with('-') {
            found.push('-');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn all_spellings_of_a_name_are_one() {
        for name in ["Flask-Login", "flask_login", "FLASK._-login"] {
            assert_eq!(normalized(name), "flask-login");
        }
    }
}
