//! The settings of the process: flags, then `UPDRAFT_*`, then the Renovate names people already have in their manifests.
//!
//! Nothing here can come from a repository: its configuration is written by whoever can open a pull request.

use std::path::PathBuf;

use anyhow::Context;
use secrecy::SecretString;
use updraft_core::problem::Problem;

use crate::cli;
use crate::http::{DockerConfig, HostRule, HostRules, HttpSettings, World};

/// Where a GitHub token is looked for, in order.
const TOKEN_NAMES: [&str; 5] = [
    "UPDRAFT_GITHUB_TOKEN",
    "RENOVATE_GITHUB_COM_TOKEN",
    "GITHUB_COM_TOKEN",
    "GITHUB_TOKEN",
    "RENOVATE_TOKEN",
];
/// Where host rules are looked for, in order: a JSON list, as Renovate's `hostRules`.
const HOST_RULES_NAMES: [&str; 2] = ["UPDRAFT_HOST_RULES", "RENOVATE_HOST_RULES"];

/// Returns what the HTTP client is made from, and what is wrong with the settings.
///
/// # Errors
/// When the host rules are no JSON list.
pub fn http(world: &cli::World) -> anyhow::Result<(HttpSettings, Vec<Problem>)> {
    let (mut host_rules, problems) = host_rules()?;
    let token = match &world.replay {
        // A store answers what was asked when it was made, with or without a token: not what this environment would ask.
        Some(folder) => folder.join("api.github.com").is_dir().then(|| "replayed".to_owned()),
        None => first(&TOKEN_NAMES),
    };
    if let Some(token) = token {
        host_rules = host_rules.with_github_token(&SecretString::from(token));
    }
    let source = match (&world.record, &world.replay, world.offline) {
        (Some(folder), _, _) => World::Record(folder.clone()),
        (_, Some(folder), _) => World::Replay(folder.clone()),
        (_, _, true) => World::Offline,
        _ => World::Live,
    };
    let cache_dir = world.cache_dir.clone().or_else(default_cache_dir);
    Ok((HttpSettings { world: source, cache_dir, host_rules, ..HttpSettings::default() }, problems))
}

/// Returns the logins of `docker login`, and what is wrong with their file; none when replies are replayed.
pub fn docker(world: &cli::World) -> (DockerConfig, Option<Problem>) {
    if world.replay.is_some() {
        return (DockerConfig::default(), None);
    }
    let named = first(&["DOCKER_CONFIG"]).map(PathBuf::from);
    match DockerConfig::path_in(named.as_deref(), dirs::home_dir().as_deref()) {
        Some(path) => DockerConfig::read(&path),
        None => (DockerConfig::default(), None),
    }
}

fn host_rules() -> anyhow::Result<(HostRules, Vec<Problem>)> {
    let Some(text) = first(&HOST_RULES_NAMES) else { return Ok((HostRules::default(), Vec::new())) };
    // The cause may quote the text, which holds secrets: only the place is told.
    let rules: Vec<HostRule> = serde_json::from_str(&text).map_err(|error| {
        anyhow::anyhow!(
            "the host rules of the environment are no JSON list of rules (line {}, column {})",
            error.line(),
            error.column()
        )
    })?;
    Ok(HostRules::new(rules))
}

/// Returns the first of the environment's variables that is set and not empty.
fn first(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// Returns the user's cache folder for updraft; `None` where there is none, as in a container without a home.
fn default_cache_dir() -> Option<PathBuf> {
    dirs::cache_dir().map(|folder| folder.join("updraft"))
}

/// Reads a configuration file named on the command line.
///
/// # Errors
/// When it cannot be read.
pub fn config_file(path: &std::path::Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration `{}`", path.display()))
}
