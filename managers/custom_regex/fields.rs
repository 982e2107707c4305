//! From named groups and templates to a dependency.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use updraft_core::config::custom_manager::CustomManager;
use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::name::{DatasourceId, Digest, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::template::{self, TemplateError};

use super::ID;
use super::find::Found;
use crate::image_policy;
use crate::same_version::repeats;

/// Why a match makes no dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Fields without which there is none.
    Missing(Vec<&'static str>),
    /// A template of the entry fails.
    Template { field: &'static str, error: TemplateError },
}

/// A dependency, and what is odd about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made {
    pub(super) dep: Dep,
    /// A `registryUrl` that is no address, which was left out.
    pub(super) bad_registry: Option<String>,
}

/// The fields of one match.
struct Fields<'a> {
    found: &'a Found,
    text: &'a str,
    /// The groups as templates see them; made only when there is a template.
    context: Value,
}

/// Makes the dependency of one match.
pub(super) fn dep(config: &CustomManager, file: &SourceFile, found: &Found) -> Result<Made, Unusable> {
    let fields = Fields { found, text: &file.text, context: context(config, file, found) };
    let dep_name = fields.value("depName", config.dep_name_template.as_deref())?;
    let package_name = fields.value("packageName", config.package_name_template.as_deref())?;
    let datasource = fields.value("datasource", config.datasource_template.as_deref())?;
    let value = fields.value("currentValue", config.current_value_template.as_deref())?;
    let digest = fields.value("currentDigest", config.current_digest_template.as_deref())?;

    let mut missing = Vec::new();
    if dep_name.is_none() && package_name.is_none() {
        missing.push("depName");
    }
    if value.is_none() && digest.is_none() {
        missing.push("currentValue");
    }
    if datasource.is_none() {
        missing.push("datasource");
    }
    let (Some(name), Some(datasource), true) =
        (dep_name.clone().or(package_name.clone()), datasource, missing.is_empty())
    else {
        return Err(Unusable::Missing(missing));
    };

    let mut dep = Dep::new(ID, &file.path, found.whole, name);
    dep.package_name = package_name.unwrap_or_else(|| dep.dep_name.clone());
    dep.datasource = Some(DatasourceId::new(datasource));
    dep.versioning =
        fields.value("versioning", config.versioning_template.as_deref())?.map(VersioningId::new);
    dep.extract_version = fields.value("extractVersion", config.extract_version_template.as_deref())?;
    dep.dep_type = fields.value("depType", config.dep_type_template.as_deref())?;
    // Like Renovate: a pattern says where a value stands, not that there is room for a digest.
    dep.pin_digests = Some(false);
    dep.captures = fields.captures();
    let registry = fields.value("registryUrl", config.registry_url_template.as_deref())?;
    let bad_registry = registry.clone().filter(|url| !is_url(url));
    dep.registry_urls = registry.into_iter().filter(|url| is_url(url)).collect();

    let value_slot = value.as_deref().and_then(|value| fields.place("currentValue", value));
    let digest_slot = digest.as_deref().and_then(|digest| fields.place("currentDigest", digest));
    dep.span = value_slot.or(digest_slot).unwrap_or(found.whole);
    dep.current_digest = digest.as_deref().map(|digest| full_digest(digest, dep.datasource.as_ref()));
    if let Some(template) = &config.auto_replace_string_template {
        let whole = found.whole.of(&file.text).unwrap_or_default();
        dep.slots = vec![Slot::new(Part::Template(template.clone()), found.whole, whole)];
    } else if (value.is_some() && value_slot.is_none()) || (digest.is_some() && digest_slot.is_none()) {
        dep = dep.skipped(
            SkipReason::InvalidConfig,
            "the value is made by a template, so it has no place in the file: add an `autoReplaceStringTemplate`",
        );
    } else {
        dep.slots = fields.slots(value_slot, digest_slot, dep.current_digest.as_deref());
    }
    dep.current_value = value;
    if image_policy::marks(&file.text, dep.span) {
        dep = dep.skipped(SkipReason::ImageAutomation, "");
    }
    Ok(Made { dep, bad_registry })
}

impl Fields<'_> {
    /// Returns a field: what its template says, or else the group of its name. Empty texts count as none.
    fn value(&self, field: &'static str, template: Option<&str>) -> Result<Option<String>, Unusable> {
        let value = match template {
            Some(template) => Some(
                template::render(template, &self.context)
                    .map_err(|error| Unusable::Template { field, error })?,
            ),
            None => self.found.group(field, self.text).map(str::to_owned),
        };
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// Returns where `value` stands: under the group `field`, or at its only place in the match.
    fn place(&self, field: &str, value: &str) -> Option<ByteSpan> {
        if self.found.group(field, self.text) == Some(value) {
            return self.found.groups.get(field).copied();
        }
        let whole = self.found.whole.of(self.text)?;
        let mut places = whole.match_indices(value).map(|(at, _)| self.found.whole.start + at);
        let at = places.next().filter(|_| places.next().is_none())?;
        Some(ByteSpan::new(at, at + value.len()))
    }

    fn slots(
        &self,
        value: Option<ByteSpan>,
        digest: Option<ByteSpan>,
        full_digest: Option<&str>,
    ) -> Vec<Slot> {
        let filled = |part, span: ByteSpan| Slot::new(part, span, span.of(self.text).unwrap_or_default());
        let mut slots: Vec<_> = digest
            .map(|span| {
                let cut = span.of(self.text) != full_digest;
                filled(if cut { Part::DigestHex } else { Part::Digest }, span)
            })
            .into_iter()
            .collect();
        if let Some(span) = value {
            slots.push(filled(Part::Value, span));
            slots.extend(self.repeated(span).into_iter().map(|span| filled(Part::Value, span)));
        }
        slots.sort_by_key(|slot| slot.span);
        slots
    }

    /// Returns the other places in the match where the version stands, outside of groups.
    fn repeated(&self, first: ByteSpan) -> Vec<ByteSpan> {
        let mut places = repeats(self.text, self.found.whole, first);
        places.retain(|span| !self.found.groups.values().any(|group| group.overlaps(*span)));
        places
    }

    /// Returns every named group that took part, for the owner's templates.
    fn captures(&self) -> BTreeMap<String, String> {
        let texts = self.found.groups.iter().filter_map(|(name, span)| {
            let text = span.of(self.text)?;
            // Renovate keeps white space only, so that a template cannot be fed anything else as indentation.
            let kept = if name == "indentation" && !text.trim().is_empty() { "" } else { text };
            Some((name.clone(), kept.to_owned()))
        });
        texts.collect()
    }
}

/// Returns what templates see: the groups, and the file.
fn context(config: &CustomManager, file: &SourceFile, found: &Found) -> Value {
    let templates = [
        &config.dep_name_template,
        &config.package_name_template,
        &config.datasource_template,
        &config.versioning_template,
        &config.current_value_template,
        &config.current_digest_template,
        &config.registry_url_template,
        &config.extract_version_template,
        &config.dep_type_template,
    ];
    if !templates.iter().any(|template| template.as_ref().is_some_and(|template| template.contains("{{"))) {
        return Value::Null;
    }
    let mut fields: Map<String, Value> = Map::new();
    fields.insert("packageFile".to_owned(), file.path.as_str().into());
    fields.insert("packageFileDir".to_owned(), file.path.folder().into());
    for (name, span) in &found.groups {
        fields.insert(name.clone(), span.of(&file.text).unwrap_or_default().into());
    }
    Value::Object(fields)
}

/// Returns the digest with its algorithm, where a registry's digest is written without.
pub(crate) fn full_digest(text: &str, datasource: Option<&DatasourceId>) -> String {
    let full = format!("sha256:{text}");
    let is_hex = datasource == Some(&DatasourceId::DOCKER) && full.parse::<Digest>().is_ok();
    if is_hex { full } else { text.to_owned() }
}

/// Returns whether a text is the address of a registry: it has a scheme and a host.
pub(crate) fn is_url(text: &str) -> bool {
    let rest = text.split_once("://").filter(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    });
    rest.is_some_and(|(_, host)| {
        !host.is_empty() && !host.starts_with('/') && !text.contains(char::is_whitespace)
    })
}
