#![doc = include_str!("README.md")]

mod document;
mod fields;
mod locate;

use std::collections::BTreeSet;

use serde_json::Value;
use updraft_core::config::custom_manager::{CustomManager, CustomType, FileFormat};
use updraft_core::dep::{Dep, Origin, Part, SkipReason, Slot};
use updraft_core::jsonata::Expression;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, ManagerId, VersioningId};
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;

use crate::custom_regex::{full_digest, is_url, name_of, placed};
use document::{Document, read};
use fields::Fields;
use locate::{Spot, Values, locate};

/// The largest file that is read, in bytes.
const MAX_FILE: usize = 2 * 1024 * 1024;
/// How many dependencies a query may find in one document.
const MAX_RESULTS: usize = 10_000;

const ID: ManagerId = ManagerId::fixed("custom.jsonata");

/// Finds what one entry of `customManagers` describes with JSONata queries.
#[derive(Debug)]
pub struct CustomJsonata {
    config: CustomManager,
    format: FileFormat,
    queries: Vec<Query>,
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Query {
    expression: Expression,
    span: Option<ByteSpan>,
}

impl CustomJsonata {
    /// Reads the queries of an entry. What cannot be used is told by [`Manager::extract`]; the rest works all the same.
    pub fn new(config: CustomManager) -> Self {
        let format = match config.custom_type {
            CustomType::Jsonata(format) => format,
            CustomType::Regex => FileFormat::Json,
        };
        let (mut queries, mut problems) = (Vec::new(), Vec::new());
        for text in &config.match_strings {
            match Expression::parse(&text.pattern) {
                Ok(expression) => queries.push(Query { expression, span: text.span }),
                Err(error) => {
                    let problem = Problem::error(format!("`matchStrings`: {error}"));
                    problems.push(placed(
                        problem.hint("the language is described at <https://docs.jsonata.org>"),
                        &config,
                        Some(text),
                    ));
                }
            }
        }
        Self { config, format, queries, problems }
    }

    fn search(&self, file: &SourceFile, extraction: &mut Extraction, told: &mut BTreeSet<String>) {
        if file.text.len() > MAX_FILE {
            let message =
                format!("{} does not read files larger than {MAX_FILE} bytes", name_of(&self.config));
            extraction.problems.push(Problem::warning(message).in_file(&file.path));
            return;
        }
        let mut deps = Vec::new();
        for document in read(file, self.format, &mut extraction.problems) {
            for query in &self.queries {
                match self.ask(query, &document.value, file) {
                    Ok(found) => deps.extend(self.deps(query, &document, &found, file, extraction)),
                    Err(message) => {
                        if told.insert(message.clone()) {
                            let problem = Problem::error(message);
                            extraction.problems.push(placed(problem, &self.config, None));
                        }
                    }
                }
            }
        }
        deps.sort_by_key(|dep| dep.span);
        extraction.deps.append(&mut deps);
    }

    /// Returns what a query finds.
    fn ask(&self, query: &Query, value: &Value, file: &SourceFile) -> Result<Vec<Fields>, String> {
        let result = query.expression.evaluate(value).map_err(|error| format!("`matchStrings`: {error}"))?;
        let results = match result {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(results)) => results,
            Some(result) => vec![result],
        };
        let objects = results.iter().filter(|result| result.is_object()).take(MAX_RESULTS);
        objects
            .map(|result| Fields::read(result, &self.config, file))
            .collect::<Result<_, _>>()
            .map_err(|bad| format!("`{}Template`: {}", bad.field, bad.error))
    }

    fn deps(
        &self,
        query: &Query,
        document: &Document,
        found: &[Fields],
        file: &SourceFile,
        extraction: &mut Extraction,
    ) -> Vec<Dep> {
        let values = |found: &[Fields]| -> Vec<Values> {
            found.iter().map(|fields| [fields.owned("currentValue"), fields.owned("currentDigest")]).collect()
        };
        let results = values(found);
        let again = |value: &Value| self.ask(query, value, file).ok().map(|found| values(&found));
        let spots = locate(document, &results, &again);
        let mut deps = Vec::new();
        let mut is_told = false;
        for (fields, spots) in found.iter().zip(spots) {
            let missing = fields.missing();
            if missing.is_empty() {
                deps.push(self.dep(query, fields, document, &spots, file, extraction));
            } else if !is_told {
                is_told = true;
                extraction.problems.push(self.missing(&missing, file));
            }
        }
        deps
    }

    fn dep(
        &self,
        query: &Query,
        fields: &Fields,
        document: &Document,
        spots: &[Option<Spot<'_>>; 2],
        file: &SourceFile,
        extraction: &mut Extraction,
    ) -> Dep {
        let name = fields.text("depName").or(fields.text("packageName")).unwrap_or_default();
        let mut dep = Dep::new(ID, &file.path, ByteSpan::default(), name);
        dep.package_name = fields.owned("packageName").unwrap_or_else(|| dep.dep_name.clone());
        dep.datasource = fields.owned("datasource").map(DatasourceId::new);
        dep.versioning = fields.owned("versioning").map(VersioningId::new);
        dep.extract_version = fields.owned("extractVersion");
        dep.dep_type = fields.owned("depType");
        dep.current_value = fields.owned("currentValue");
        dep.current_digest =
            fields.text("currentDigest").map(|digest| full_digest(digest, dep.datasource.as_ref()));
        // A query says where a value stands, not that there is room for a digest.
        dep.pin_digests = Some(false);
        dep.found_in = name_of(&self.config);
        dep.origins.extend(self.config.file.as_ref().map(|config| Origin {
            what: name_of(&self.config),
            file: config.clone(),
            span: query.span.unwrap_or(self.config.span),
        }));

        let mut is_lost = false;
        let wanted = [fields.text("currentValue"), fields.text("currentDigest")];
        for ((value, spot), part) in wanted.into_iter().zip(spots).zip([Part::Value, Part::Digest]) {
            let Some(value) = value else { continue };
            let span = spot.as_ref().and_then(|spot| {
                let start = document.places.get(spot.place)?.span?.start + spot.offset;
                Some(ByteSpan::new(start, start + value.len()))
            });
            let Some(span) = span.filter(|span| span.of(&file.text) == Some(value)) else {
                is_lost = true;
                continue;
            };
            let is_cut = part == Part::Digest && dep.current_digest.as_deref() != Some(value);
            dep.slots.push(Slot::new(if is_cut { Part::DigestHex } else { part }, span, value));
        }
        dep.span = dep.slots.first().map(|slot| slot.span).unwrap_or_default();
        dep.slots.sort_by_key(|slot| slot.span);
        if let Some(url) = fields.text("registryUrl") {
            if is_url(url) {
                dep.registry_urls.push(url.to_owned());
            } else {
                let problem = Problem::warning(format!("`{url}` is not the address of a registry"));
                extraction.problems.push(
                    problem
                        .at(&file.path, dep.span)
                        .only_remarks()
                        .hint("an address has a scheme: `https://example.org/charts`"),
                );
            }
        }
        if is_lost {
            dep.slots.clear();
            let detail = "the query does not return the value as it is written at one place of the file";
            return dep.skipped(SkipReason::InvalidConfig, detail);
        }
        dep
    }

    /// Says that a result is no dependency: Renovate drops it without a word.
    fn missing(&self, missing: &[&str], file: &SourceFile) -> Problem {
        let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
        let first = missing.first().unwrap_or(&"currentValue");
        let message =
            format!("{} finds something here, but no {}", name_of(&self.config), names.join(" and no "));
        Problem::warning(message)
            .in_file(&file.path)
            .only_remarks()
            .hint(format!("let the query return `{first}`, or give the custom manager a `{first}Template`"))
    }
}

impl Manager for CustomJsonata {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        self.config.manager_file_patterns.iter().map(String::as_str).collect()
    }

    fn prepare(&self, file: &SourceFile) {
        if self.format != FileFormat::Toml {
            file.yaml();
        }
    }

    fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
        let mut extraction = Extraction { problems: self.problems.clone(), ..Extraction::default() };
        let mut told = BTreeSet::new();
        for file in files {
            self.search(file, &mut extraction, &mut told);
        }
        extraction
    }
}

#[cfg(test)]
mod tests;
