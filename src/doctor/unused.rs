//! Entries that nothing refers to: aliases, datasources, host rules, dependencies to ignore.

use std::collections::BTreeSet;

use updraft_core::config::{Facts, Item, closest};
use updraft_core::problem::Problem;
use updraft_core::span::ByteSpan;

use super::case::{Case, Own};
use crate::run::Managers;

/// Hosts that are asked for what is hosted elsewhere by name only: the defaults of datasources.
const DEFAULT_HOSTS: [&str; 18] = [
    "github.com",
    "githubusercontent.com",
    "docker.io",
    "docker.com",
    "ghcr.io",
    "quay.io",
    "gitlab.com",
    "registry.npmjs.org",
    "pypi.org",
    "pythonhosted.org",
    "crates.io",
    "golang.org",
    "go.dev",
    "nodejs.org",
    "registry.terraform.io",
    "registry.opentofu.org",
    "ansible.com",
    "rubygems.org",
];

/// The most aliases that are tried; more are taken as used.
const MAX_ALIASES: usize = 32;

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for own in case.own() {
        let root = own.outline.root();
        if let Some(aliases) = root.member("registryAliases") {
            problems.extend(unused_aliases(case, own, aliases));
        }
        if let Some(datasources) = root.member("customDatasources") {
            problems.extend(unused_datasources(case, own, datasources));
        }
        if let Some(ignored) = root.member("ignoreDeps") {
            problems.extend(unused_ignores(case, own, ignored));
        }
        if let Some(rules) = root.member("hostRules") {
            problems.extend(unused_hosts(case, own, rules));
        }
    }
    problems
}

/// An alias is used when managers find something else without it.
fn unused_aliases(case: &Case<'_>, own: &Own, aliases: Item<'_>) -> Vec<Problem> {
    let files: Vec<_> = case.files().iter().collect();
    let is_unused =
        |name: &str| Managers::new(&case.config().without_alias(name)).extract(&files).deps == case.deps();
    aliases
        .members()
        .take(MAX_ALIASES)
        .filter(|(name, _, _)| is_unused(name))
        .map(|(name, span, _)| {
            Problem::note(format!("nothing that was found uses the alias `{name}`"))
                .at(&own.path, span)
                .hint("an alias is the registry as files write it, up to a `/`; remove it when it is not needed any more")
        })
        .collect()
}

fn unused_datasources(case: &Case<'_>, own: &Own, datasources: Item<'_>) -> Vec<Problem> {
    let config = case.config();
    let is_used = |name: &str| {
        let id = format!("custom.{name}");
        let by_deps =
            case.deps().iter().any(|dep| dep.datasource.as_ref().is_some_and(|used| used.as_str() == id));
        let by_rules =
            config.rules.iter().any(|rule| rule.options.override_datasource.as_deref() == Some(&id));
        // A manager that is to find such dependencies is told on its own.
        let by_managers = config.custom_managers.iter().any(|custom| {
            let template = custom.datasource_template.iter().map(String::as_str);
            let patterns = custom.match_strings.iter().map(|text| text.pattern.as_str());
            template.chain(patterns).any(|text| text.contains(&id))
        });
        by_deps || by_rules || by_managers
    };
    datasources
        .members()
        .filter(|(name, _, _)| !is_used(name))
        .map(|(name, span, _)| {
            Problem::warning(format!("no dependency and no custom manager uses the datasource `custom.{name}`"))
                .at(&own.path, span)
                .hint(format!("write `datasource=custom.{name}` above a value, or `datasourceTemplate: \"custom.{name}\"` into a custom manager"))
        })
        .collect()
}

fn unused_ignores(case: &Case<'_>, own: &Own, ignored: Item<'_>) -> Vec<Problem> {
    let renamed: Vec<Option<String>> =
        case.deps().iter().map(|dep| case.config().apply(&Facts::of(dep)).dep_name).collect();
    let names: BTreeSet<&str> = case
        .deps()
        .iter()
        .map(|dep| dep.dep_name.as_str())
        .chain(renamed.iter().flatten().map(String::as_str))
        .collect();
    let check = |entry: Item<'_>| {
        let name = entry.text().filter(|name| !names.contains(name))?;
        let package = case.deps().iter().find(|dep| dep.package_name == name);
        let message = format!("`ignoreDeps` names `{name}`, and no dependency is called that");
        let problem = match (package, closest(name, names.iter().copied())) {
            (Some(dep), _) => Problem::warning(message)
                .hint(format!("that is a `packageName`; the `depName` of it is `{}`", dep.dep_name)),
            _ if name.contains('*') || name.starts_with('/') => Problem::warning(message).hint(format!(
                "`ignoreDeps` knows no patterns: write a rule with `matchDepNames: [\"{name}\"]` and `enabled: false`"
            )),
            (None, Some(close)) => Problem::warning(message).hint(format!("did you mean `{close}`?")),
            (None, None) => Problem::note(message).hint("remove it, unless it is for what is still to come"),
        };
        Some(problem.at(&own.path, entry.span()))
    };
    ignored.entries().filter_map(check).collect()
}

/// Says which hosts of host rules have nothing to do with anything that was found.
fn unused_hosts(case: &Case<'_>, own: &Own, rules: Item<'_>) -> Vec<Problem> {
    let check = |rule: Item<'_>| {
        let item = rule.member("matchHost")?;
        let host = host_of(item.text()?)?;
        let is_default = DEFAULT_HOSTS.iter().any(|known| is_below(known, host) || is_below(host, known));
        let names = |text: &str| text.contains(host);
        let is_named = case
            .deps()
            .iter()
            .any(|dep| names(&dep.package_name) || dep.registry_urls.iter().any(|url| names(url)));
        // Presets, custom datasources and rules name hosts too.
        let elsewhere = || {
            case.own()
                .iter()
                .any(|own| own.text.match_indices(host).any(|(at, _)| !is_within(at, rules.span())))
        };
        if is_default || is_named || elsewhere() {
            return None;
        }
        let message = format!("no dependency is looked up at `{host}`");
        Some(
            Problem::note(message)
                .at(&own.path, item.span())
                .hint("a host rule is for the host that is asked, not for the one a name begins with; remove it when it is not needed any more"),
        )
    };
    rules.entries().filter_map(check).collect()
}

fn is_within(at: usize, span: ByteSpan) -> bool {
    (span.start..span.end).contains(&at)
}

fn is_below(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Returns the host in `https://host/path`, `host` or `.host`.
fn host_of(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next()?.trim_start_matches(['.', '*']);
    (!host.is_empty()).then_some(host)
}
