//! Presets that are extended twice or add nothing, and `ignorePresets` that take nothing away.

use std::collections::BTreeMap;
use std::sync::Arc;

use updraft_core::config::{Config, ConfigFile, Item, Resolution, resolve};
use updraft_core::problem::Problem;
use updraft_core::span::ByteSpan;

use super::case::{Case, Own};

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for own in case.own() {
        for list in ["extends", "ignorePresets"] {
            let entries = own.outline.root().member(list).into_iter().flat_map(Item::entries);
            let mut seen: BTreeMap<&str, ByteSpan> = BTreeMap::new();
            for entry in entries {
                let Some(text) = entry.text() else { continue };
                if seen.insert(text, entry.span()).is_some() {
                    let problem = Problem::warning(format!("`{text}` is in `{list}` twice"));
                    problems.push(problem.at(&own.path, entry.span()).hint("remove one of the two"));
                } else {
                    problems.extend(examine_one(case, own, list, text, entry.span()));
                }
            }
        }
    }
    problems
}

/// Says so when everything would be the same without an entry.
fn examine_one(case: &Case<'_>, own: &Own, list: &str, text: &str, span: ByteSpan) -> Option<Problem> {
    if case.config().unread_presets.contains(text) || text.trim().is_empty() {
        return None;
    }
    let without = without(case, own, span)?;
    if !is_same(case.config(), &without) {
        return None;
    }
    let problem = if list == "extends" {
        match reached_otherwise(case.config(), text, span) {
            Some(outer) => {
                Problem::note(format!("the preset `{text}` adds nothing: `{outer}` brings it already"))
                    .hint("remove it, or leave it in for whoever reads the file")
            }
            // A preset that is empty for the managers there are is left in for Renovate's sake.
            None => return None,
        }
    } else {
        Problem::warning(format!("`ignorePresets` takes nothing away: nothing extends `{text}`"))
            .hint("write the preset as it is extended, its arguments included")
    };
    Some(problem.at(&own.path, span))
}

/// Returns the configuration without the entry at `span` of `own`; every other place stays the same.
fn without(case: &Case<'_>, own: &Own, span: ByteSpan) -> Option<Config> {
    let file = case.config_file()?;
    if file.path != own.path || span.end < span.start + 2 {
        // Presets in files of their own may be read by others too.
        return None;
    }
    let inner = ByteSpan::new(span.start + 1, span.end - 1);
    let blank = " ".repeat(inner.end - inner.start);
    let text = format!("{}{blank}{}", own.text.get(..inner.start)?, own.text.get(inner.end..)?);
    let file = ConfigFile { path: file.path.clone(), text: Arc::from(text) };
    match resolve(Some(&file), &case.sources.presets, case.config().repository.as_deref()) {
        Resolution::Done(config) => Some(*config),
        Resolution::Needs(_) => None,
    }
}

fn is_same(one: &Config, other: &Config) -> bool {
    let rules = |config: &Config| -> Vec<_> {
        config.rules.iter().map(|rule| (rule.matchers.clone(), rule.options.clone())).collect()
    };
    let options = |config: &Config| {
        let mut options = config.options.clone();
        options.ignore_presets = None;
        options
    };
    options(one) == options(other)
        && one.custom_managers == other.custom_managers
        && rules(one) == rules(other)
        && one.unread_presets == other.unread_presets
}

/// Returns the outermost preset that brings `text` along.
fn reached_otherwise(config: &Config, text: &str, span: ByteSpan) -> Option<String> {
    let nested = config.sources.iter().filter(|source| source.preset.as_deref() == Some(text));
    nested.filter_map(|source| source.extended_at).find_map(|at| {
        let outer = config.chain(at).first().map(|source| source.name.to_string());
        outer.filter(|_| at.span != span || !config.is_own(at))
    })
}
