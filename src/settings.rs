//! The settings of the process: flags, then `UPDRAFT_*`, then the Renovate names people already have in their manifests.
//!
//! Nothing here can come from a repository: its configuration is written by whoever can open a pull request.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use secrecy::{ExposeSecret as _, SecretString};
use updraft_core::address::without_user;
use updraft_core::config::host_rule::without_effect;
use updraft_core::problem::Problem;
use url::Url;

use crate::cli;
use crate::forge::github::Credentials;
use crate::http::{DockerConfig, HostRule, HostRules, HttpSettings, World};

/// Where a token for github.com is looked for, in order.
const GITHUB_COM_TOKEN_NAMES: [&str; 4] =
    ["UPDRAFT_GITHUB_COM_TOKEN", "UPDRAFT_GITHUB_TOKEN", "RENOVATE_GITHUB_COM_TOKEN", "GITHUB_COM_TOKEN"];
/// What Renovate calls the kind of forge that its token and its endpoint are for.
const PLATFORM_NAME: &str = "RENOVATE_PLATFORM";
/// The kinds that are ours, too: GitHub, and the folder that a dry run reads.
const PLATFORMS: [&str; 2] = ["github", "local"];
/// Where the token for the forge is looked for, in order.
const TOKEN_NAMES: [&str; 4] = ["UPDRAFT_TOKEN", "RENOVATE_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"];
/// Where the address of the forge's API is looked for, in order.
const ENDPOINT_NAMES: [&str; 3] = ["UPDRAFT_ENDPOINT", "RENOVATE_ENDPOINT", "GITHUB_API_URL"];
/// The API of github.com.
const GITHUB_COM: &str = "https://api.github.com/";
/// Where host rules are looked for, in order: a JSON list, as Renovate's `hostRules`.
const HOST_RULES_NAMES: [&str; 2] = ["UPDRAFT_HOST_RULES", "RENOVATE_HOST_RULES"];

/// Returns what the HTTP client is made from, and what is wrong with the settings; `forge` is the API that the process works with.
///
/// # Errors
/// When the host rules are no JSON list, or the file of a token cannot be read.
pub fn http(world: &cli::World, forge: &Url) -> anyhow::Result<(HttpSettings, Vec<Problem>)> {
    let (mut host_rules, mut problems) = host_rules()?;
    let (own, github_com) = match &world.replay {
        // A store answers what was asked when it was made, with or without a token: not what this environment would ask.
        Some(folder) => (None, folder.join("api.github.com").is_dir().then(|| "replayed".into())),
        None => (secret(&of_github(&TOKEN_NAMES))?, secret(&GITHUB_COM_TOKEN_NAMES)?),
    };
    if let Some(platform) = other_platform().filter(|_| world.replay.is_none()) {
        let message = format!(
            "`{PLATFORM_NAME}` is `{platform}`: `RENOVATE_TOKEN` and `RENOVATE_ENDPOINT` are not used"
        );
        problems.push(Problem::warning(message).hint("a token for GitHub is looked for in `UPDRAFT_TOKEN`"));
    }
    host_rules = with_tokens(host_rules, forge, own, github_com);
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

/// Returns which forge Renovate's variables are for, where that is none of ours: what is meant for it is nobody's business elsewhere.
fn other_platform() -> Option<String> {
    first(&[PLATFORM_NAME]).filter(|platform| !PLATFORMS.contains(&platform.to_lowercase().as_str()))
}

/// Returns those of `names` that may say something of a GitHub.
fn of_github<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let is_other = other_platform().is_some();
    names.iter().copied().filter(|name| !(is_other && name.starts_with("RENOVATE_"))).collect()
}

/// Returns `rules` with the token for the forge and that for github.com. The first is one for github.com only where the forge is github.com: a token
/// for somewhere else is nobody's business there.
fn with_tokens(
    rules: HostRules,
    forge: &Url,
    own: Option<SecretString>,
    github_com: Option<SecretString>,
) -> HostRules {
    let (own, github_com) = match forge.as_str() {
        GITHUB_COM => (None, github_com.or(own)),
        _ => (own, github_com),
    };
    let rules = match github_com {
        Some(token) => rules.with_github_token(&token),
        None => rules,
    };
    match own {
        // Presets of its repositories are read there.
        Some(token) => rules.with_forge_token(forge.as_str(), &token),
        None => rules,
    }
}

/// Returns the address of the forge's API, with a `/` at its end; `flag` is what the command line says.
///
/// # Errors
/// It is no web address.
pub fn endpoint(flag: Option<&str>) -> anyhow::Result<Url> {
    let text = flag
        .map(str::to_owned)
        .or_else(|| first(&of_github(&ENDPOINT_NAMES)))
        .unwrap_or_else(|| GITHUB_COM.to_owned());
    let url = Url::parse(&format!("{}/", text.trim().trim_end_matches('/'))).ok();
    url.filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host()).with_context(|| {
        format!("the endpoint `{text}` is no web address; write one such as `{GITHUB_COM}` or `https://github.example.com/api/v3/`")
    })
}

/// How the bot goes about its work.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// The address of the forge's API.
    pub endpoint: Url,
    /// The repositories that were named.
    pub repositories: Vec<String>,
    /// Whether all others that the token can write to are worked on too.
    pub autodiscover: bool,
    /// Which of those.
    pub autodiscover_filter: Vec<String>,
    /// Whether a repository without a configuration gets a pull request that adds one.
    pub onboarding: cli::Onboarding,
    /// Whether a repository without a configuration is worked on.
    pub require_config: cli::RequireConfig,
    /// How long the run may take.
    pub deadline: Duration,
    /// Where figures are written.
    pub metrics: Option<PathBuf>,
    /// The share of the repositories that is ours: the number of this run from 0, and how many there are.
    pub shard: (u32, u32),
    /// Whether nothing is written.
    pub dry_run: bool,
    /// The author of the bot's commits, as `Name <mail@example.com>`, where it is not the repository's configuration that says it.
    pub git_author: Option<String>,
}

/// Returns the settings of `updraft run`: its flags, then `UPDRAFT_*`, then Renovate's names.
///
/// # Errors
/// There is no token, no repository, or a value that makes no sense.
pub fn run(arguments: &cli::Run) -> anyhow::Result<RunSettings> {
    let mut repositories = arguments.repositories.clone();
    if repositories.is_empty() {
        let named = first(&["UPDRAFT_REPOSITORIES", "RENOVATE_REPOSITORIES"]).unwrap_or_default();
        repositories.extend(list(&named));
    }
    for repository in &repositories {
        let sound = repository.split_once('/').is_some_and(|(owner, name)| {
            !owner.is_empty()
                && !name.is_empty()
                && !name.contains('/')
                && !repository.contains(char::is_whitespace)
        });
        anyhow::ensure!(sound, "`{repository}` is no repository; write `owner/name`");
    }
    let autodiscover = arguments.autodiscover
        || is_on(&["UPDRAFT_AUTODISCOVER", "RENOVATE_AUTODISCOVER"])?.unwrap_or_default();
    anyhow::ensure!(
        autodiscover || !repositories.is_empty(),
        "there is no repository to work on; name one as `updraft run owner/name` or in `UPDRAFT_REPOSITORIES`, or use `--autodiscover`"
    );
    let mut autodiscover_filter = arguments.autodiscover_filter.clone();
    if autodiscover_filter.is_empty() {
        let named =
            first(&["UPDRAFT_AUTODISCOVER_FILTER", "RENOVATE_AUTODISCOVER_FILTER"]).unwrap_or_default();
        autodiscover_filter.extend(list(&named));
    }
    let onboarding = match (arguments.onboarding, is_on(&["UPDRAFT_ONBOARDING", "RENOVATE_ONBOARDING"])?) {
        (Some(flag), _) => flag,
        (None, Some(false)) => cli::Onboarding::Off,
        (None, _) => cli::Onboarding::On,
    };
    let require_config = match arguments.require_config {
        Some(flag) => flag,
        None => word(&["UPDRAFT_REQUIRE_CONFIG", "RENOVATE_REQUIRE_CONFIG"])?
            .unwrap_or(cli::RequireConfig::Required),
    };
    let minutes = match arguments.deadline {
        Some(minutes) => minutes,
        None => number(&["UPDRAFT_DEADLINE"])?.unwrap_or(50),
    };
    let shards = match arguments.shards {
        Some(shards) => shards,
        None => number(&["UPDRAFT_SHARDS"])?.unwrap_or(1),
    };
    let index = number(&["UPDRAFT_SHARD", "JOB_COMPLETION_INDEX"])?.unwrap_or(0);
    anyhow::ensure!(
        shards > 0 && index < shards,
        "this run is number {index} of {shards}: numbers begin at 0, so there is nothing for it to do"
    );
    let dry_run = arguments.dry_run
        || first(&["UPDRAFT_DRY_RUN", "RENOVATE_DRY_RUN"]).is_some_and(|value| value != "false");
    Ok(RunSettings {
        endpoint: endpoint(arguments.endpoint.as_deref())?,
        repositories,
        autodiscover,
        autodiscover_filter,
        onboarding,
        require_config,
        deadline: Duration::from_secs(minutes.saturating_mul(60)),
        metrics: arguments.metrics.clone().or_else(|| first(&["UPDRAFT_METRICS"]).map(PathBuf::from)),
        shard: (index, shards),
        dry_run,
        git_author: first(&["UPDRAFT_GIT_AUTHOR", "RENOVATE_GIT_AUTHOR"]),
    })
}

/// Returns how the forge knows us: a GitHub App before a token.
///
/// # Errors
/// There is neither, or the key of the App cannot be read.
pub fn credentials() -> anyhow::Result<Credentials> {
    let app = first(&["UPDRAFT_APP_ID", "RENOVATE_APP_ID", "GITHUB_APP_ID"]);
    let key = secret(&["UPDRAFT_APP_PRIVATE_KEY", "RENOVATE_APP_KEY", "GITHUB_APP_PRIVATE_KEY"])?;
    match (app, key) {
        (Some(id), Some(key)) => {
            return Credentials::app(id, &key).context("the private key of the GitHub App cannot be read");
        }
        (Some(_), None) => anyhow::bail!(
            "there is the id of a GitHub App, but no private key; set `UPDRAFT_APP_PRIVATE_KEY_FILE` to the file that holds it"
        ),
        _ => {}
    }
    secret(&of_github(&TOKEN_NAMES))?.map(Credentials::Token).context(
        "there is no token for the forge; set `UPDRAFT_TOKEN`, or `UPDRAFT_TOKEN_FILE` to a file that holds it",
    )
}

/// Returns the first of the environment's secrets that is set: `NAME`, or the content of the file that `NAME_FILE` names.
///
/// # Errors
/// Such a file cannot be read.
fn secret(names: &[&str]) -> anyhow::Result<Option<SecretString>> {
    for name in names {
        if let Some(value) = first(&[name]) {
            return Ok(Some(value.trim().into()));
        }
        let file_name = format!("{name}_FILE");
        if let Some(path) = first(&[&file_name]) {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read `{path}`, which `{file_name}` names"))?;
            let text = SecretString::from(text.trim().to_owned());
            anyhow::ensure!(
                !text.expose_secret().is_empty(),
                "`{path}`, which `{file_name}` names, is empty"
            );
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// Splits a list: a JSON list of texts, or texts with commas between them.
fn list(text: &str) -> Vec<String> {
    if let Ok(list) = serde_json::from_str::<Vec<String>>(text) {
        return list;
    }
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Reads a switch of the environment; `None` when it is not set.
fn is_on(names: &[&str]) -> anyhow::Result<Option<bool>> {
    match first(names).as_deref() {
        None => Ok(None),
        Some("true" | "1" | "on" | "yes") => Ok(Some(true)),
        Some("false" | "0" | "off" | "no") => Ok(Some(false)),
        Some(other) => anyhow::bail!("`{}` is `{other}`; write `true` or `false`", set(names)),
    }
}

fn number<T: FromStr>(names: &[&str]) -> anyhow::Result<Option<T>> {
    first(names)
        .map(|text| {
            text.parse().ok().with_context(|| format!("`{}` is `{text}`; write a number", set(names)))
        })
        .transpose()
}

fn word<T: clap::ValueEnum>(names: &[&str]) -> anyhow::Result<Option<T>> {
    let read = |text: String| {
        T::from_str(&text, true)
            .map_err(|_| anyhow::anyhow!("`{}` is `{text}`, which is none of its words", set(names)))
    };
    first(names).map(read).transpose()
}

/// Returns which of the environment's variables is set.
fn set<'a>(names: &[&'a str]) -> &'a str {
    names.iter().find(|name| first(&[name]).is_some()).copied().unwrap_or_default()
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
    let (rules, mut problems) = HostRules::new(rules);
    problems.extend(members_without_effect(&text));
    Ok((rules, problems))
}

/// Returns what the host rules in `text` say in vain; the values are not looked at, for they may be secrets.
fn members_without_effect(text: &str) -> Vec<Problem> {
    let rules: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(text).unwrap_or_default();
    let problems = rules.iter().flat_map(|rule| {
        let host = rule.get("matchHost").and_then(serde_json::Value::as_str);
        let host = host.map_or_else(|| "any host".to_owned(), |host| format!("`{}`", without_user(host)));
        rule.keys().filter_map(move |name| without_effect(&host, name))
    });
    problems.collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::GITHUB;

    #[track_caller]
    fn check_known(forge: &str, own: Option<&str>, github_com: Option<&str>, expected: [bool; 3]) {
        let forge = endpoint(Some(forge)).unwrap();
        let rules =
            with_tokens(HostRules::default(), &forge, own.map(Into::into), github_com.map(Into::into));
        let is_known =
            |address: &str| rules.settings(&Url::parse(address).unwrap(), GITHUB).credential().is_some();
        let addresses =
            ["https://api.github.com/repos", "https://github.com/o/r", "https://github.example.com/api/v3/x"];
        assert_eq!(addresses.map(is_known), expected);
    }

    #[test]
    fn what_a_host_rule_says_in_vain_is_told_without_its_value() {
        let told = members_without_effect(
            r#"[{"matchHost": "registry.lan", "username": "me", "passwrd": "secret"}, {"encrypted": "x"}]"#,
        );
        let told: Vec<_> = told.iter().map(|problem| (&*problem.message, problem.hint.as_deref())).collect();
        let expected = [
            ("host rule for `registry.lan`: a host rule has no `passwrd`", Some("did you mean `password`?")),
            ("host rule for any host: `encrypted` has no effect here", None),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_token_is_for_the_forge_it_is_for() {
        let own = "https://github.example.com/api/v3";
        check_known("https://api.github.com", Some("a"), None, [true, true, false]);
        check_known("https://api.github.com", None, Some("b"), [true, true, false]);
        check_known(own, Some("a"), None, [false, false, true]);
        check_known(own, Some("a"), Some("b"), [true, true, true]);
        check_known(own, None, None, [false, false, false]);
    }
}
