//! Finds the repository's configuration and the presets it extends.
//!
//! What the texts mean is the core's business; here they are only fetched: from the working tree, or from where they live.

use std::collections::BTreeMap;
use std::path::Path;

use futures::future::join_all;
use reqwest::StatusCode;
use updraft_core::config::preset::WorkTree;
use updraft_core::config::{
    Config, ConfigFile, PresetHost, PresetRef, PresetText, Resolution, resolve, search_order,
};
use updraft_core::name::RepoPath;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use url::Url;

use crate::http::{GITHUB, Http, Request};
use crate::report::find;
use crate::settings;
use crate::source::Snapshot;

/// The most rounds of fetching: presets extend presets, and a chain must end.
const MAX_ROUNDS: usize = 12;

/// Where presets of other repositories come from.
#[derive(Clone, Copy, Debug)]
pub enum Presets<'a> {
    /// They are fetched.
    Fetched {
        /// Through this client.
        http: &'a Http,
        /// The API of the forge that the process works with.
        forge: &'a Url,
    },
    /// They are not: the command uses no network.
    Unreachable,
}

/// The texts a configuration was read from.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file it begins with; `None` where there is none.
    pub file: Option<ConfigFile>,
    /// The presets that were fetched, by their keys.
    pub presets: BTreeMap<String, PresetText>,
}

/// Returns the configuration of a repository, with every preset that could be read; what could not be is among its problems.
///
/// # Errors
/// When the file named on the command line cannot be read.
pub async fn load(snapshot: &Snapshot, flag: Option<&Path>, presets: Presets<'_>) -> anyhow::Result<Config> {
    Ok(load_with_sources(snapshot, flag, presets).await?.0)
}

/// Returns what [`load`] returns, with the texts it was read from.
///
/// # Errors
/// As [`load`].
pub async fn load_with_sources(
    snapshot: &Snapshot,
    flag: Option<&Path>,
    presets: Presets<'_>,
) -> anyhow::Result<(Config, Sources)> {
    let file = match flag {
        Some(path) => {
            let name = path
                .file_name()
                .map_or_else(|| "renovate.json".to_owned(), |name| name.to_string_lossy().into_owned());
            let text = settings::config_file(path)?;
            RepoPath::new(&name).map(|path| ConfigFile { path, text: text.into() })
        }
        None => find_file(&snapshot.files),
    };
    let unread = if flag.is_none() { unread(snapshot, file.as_ref()) } else { None };
    let own = snapshot.identity.slug.as_deref();
    let mut texts: BTreeMap<String, PresetText> = BTreeMap::new();
    let mut rounds = 0;
    loop {
        match resolve(file.as_ref(), &texts, own) {
            Resolution::Done(mut config) => {
                if let Some(branch) = &snapshot.identity.base_branch {
                    config.set_base_branch(branch);
                }
                if flag.is_none() {
                    config.problems.extend(overshadowed(&snapshot.files, file.as_ref()));
                }
                if let Some(problem) = unread {
                    // It is there, so this is no repository without a configuration.
                    config.files.splice(0..0, problem.file.clone());
                    config.problems.push(problem);
                }
                config.problems.extend(switched_off(&config));
                return Ok((*config, Sources { file, presets: texts }));
            }
            Resolution::Needs(wanted) => {
                rounds += 1;
                let found = if rounds <= MAX_ROUNDS {
                    join_all(wanted.iter().map(|preset| text_of(preset, snapshot, presets))).await
                } else {
                    let why = format!("it is more than {MAX_ROUNDS} presets away from the configuration");
                    vec![PresetText::Missing(why); wanted.len()]
                };
                texts.extend(wanted.iter().map(PresetRef::key).zip(found));
            }
        }
    }
}

/// Returns the configuration among the files of the repository, the first place in Renovate's order.
fn find_file(files: &[SourceFile]) -> Option<ConfigFile> {
    search_order().iter().find_map(|path| {
        let file = find(files, path)?;
        let is_ours = *path != "package.json" || file.text.contains("\"renovate\"");
        is_ours.then(|| ConfigFile { path: file.path.clone(), text: file.text.clone() })
    })
}

/// Returns what is wrong where the file that comes first is there and cannot be read: what its owner wants is not known then.
fn unread(snapshot: &Snapshot, used: Option<&ConfigFile>) -> Option<Problem> {
    let first = search_order()
        .iter()
        .take_while(|path| used.is_none_or(|used| used.path.as_str() != **path))
        .filter(|path| **path != "package.json");
    let of = |path: &str| {
        let is_about = |problem: &&Problem| problem.file.as_ref().is_some_and(|file| file.as_str() == path);
        snapshot.problems.iter().find(is_about)
    };
    let problem = first.into_iter().find_map(|path| of(path))?;
    let file = problem.file.as_ref()?;
    let why = problem.message.split_once("left out: ").map_or(&*problem.message, |(_, why)| why);
    Some(
        Problem::error(format!("the configuration `{file}` cannot be read: {why}"))
            .in_file(file)
            .hint("write it as a plain file of text in UTF-8"),
    )
}

/// Says that nothing is looked at because the owner wants it so.
fn switched_off(config: &Config) -> Option<Problem> {
    let problem = Problem::note("`enabled: false` switches everything off");
    (config.options.enabled == Some(false)).then(|| match config.files.first() {
        Some(file) => problem.in_file(file),
        None => problem,
    })
}

/// Says which other configuration is there and does not count.
fn overshadowed(files: &[SourceFile], used: Option<&ConfigFile>) -> Option<Problem> {
    let used = used?;
    let mut others =
        search_order().iter().filter(|path| **path != used.path.as_str() && **path != "package.json");
    let other = others.find_map(|path| find(files, path))?;
    let problem = Problem::warning(format!("`{}` is not read: `{}` comes first", other.path, used.path));
    Some(problem.in_file(&other.path).hint("put everything into one of them, and remove the other"))
}

async fn text_of(preset: &PresetRef, snapshot: &Snapshot, presets: Presets<'_>) -> PresetText {
    let local = || {
        preset.files().iter().find_map(|path| {
            let file = find(&snapshot.files, path)?;
            Some(PresetText::Found { path: path.clone(), text: file.text.clone(), is_local: true })
        })
    };
    if preset.work_tree == WorkTree::Own {
        return local()
            .unwrap_or_else(|| PresetText::Absent("there is no such file in this repository".to_owned()));
    }
    let fetched = match presets {
        Presets::Fetched { http, forge } => {
            fetch(preset, snapshot.identity.host.as_deref(), http, forge).await
        }
        Presets::Unreachable => Err("this command uses no network".to_owned()),
    };
    let found = fetched.unwrap_or_else(PresetText::Missing);
    match found {
        PresetText::Missing(_) | PresetText::Absent(_) if preset.work_tree == WorkTree::MayStandIn => {
            local().unwrap_or(found)
        }
        found => found,
    }
}

/// Fetches a preset; `own_host` is the forge this repository is on, if that is known.
///
/// Whoever writes the configuration chooses what is fetched, and the credentials of the process go along to the hosts they are for, as
/// presets may be private. What is read is only ever used as a configuration. The forge's token goes along to repositories that were named as such,
/// never to a bare web address: that may be anything the forge's API has to tell.
async fn fetch(
    preset: &PresetRef,
    own_host: Option<&str>,
    http: &Http,
    forge: &Url,
) -> Result<PresetText, String> {
    let forge = place(preset.host, own_host, Some(forge.clone()))?;
    let paths = preset.files();
    for path in &paths {
        let mut request = Request::get(address(preset, &forge, path, access(http))?)
            .accept("application/vnd.github.raw+json, application/json, text/plain, */*");
        if is_github(&forge) {
            request = request.host_type(GITHUB);
        }
        let reply = http.send(&request).await.map_err(|error| error.to_string())?;
        if reply.status == StatusCode::NOT_FOUND {
            continue;
        }
        let reply = reply.success().map_err(|error| error.to_string())?;
        let text = reply.text().map_err(|error| error.to_string())?;
        return Ok(PresetText::Found { path: path.clone(), text: text.into(), is_local: false });
    }
    let names: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    let at = preset.tag.as_deref().map(|tag| format!(" at `{tag}`")).unwrap_or_default();
    Ok(PresetText::Absent(match names.split_last() {
        Some((last, [])) => format!("`{}` has no {last}{at}", preset.repository),
        Some((last, rest)) => {
            format!("`{}` has neither {} nor {last}{at}", preset.repository, rest.join(", "))
        }
        None => "nothing answers at its address".to_owned(),
    }))
}

/// How files of GitHub are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Through its interface, as there is a token for it: private repositories are there too.
    Interface,
    /// As they are published.
    Published,
}

fn access(http: &Http) -> Access {
    let interface = Url::parse("https://api.github.com/").ok();
    let credential = interface.and_then(|url| http.host_settings(&url, GITHUB).credential());
    if credential.is_some() { Access::Interface } else { Access::Published }
}

/// Where a preset lives.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A place that is known by its name.
    Known(PresetHost),
    /// A GitHub of somebody's own, by the address of its API.
    OwnGitHub(Url),
}

/// Returns where a preset lives, with the forge this repository is on for `local>`: a repository of the same name on another forge may be
/// anybody's. `endpoint` is the API of the forge that the process works with.
fn place(host: PresetHost, own_host: Option<&str>, endpoint: Option<Url>) -> Result<Place, String> {
    let own_github = endpoint.filter(|url| !matches!(url.host_str(), Some("api.github.com" | "github.com")));
    let known = |host| Ok(Place::Known(host));
    match (host, own_host) {
        (PresetHost::Local, Some("github.com")) => known(PresetHost::GitHub),
        (PresetHost::Local, Some("gitlab.com")) => known(PresetHost::GitLab),
        (PresetHost::Local, Some("gitea.com")) => known(PresetHost::Gitea),
        (PresetHost::Local, Some("codeberg.org")) => known(PresetHost::Forgejo),
        (PresetHost::Local, own_host) => match (own_github, own_host) {
            (Some(api), None) => Ok(Place::OwnGitHub(api)),
            (Some(api), Some(own)) if is_of(own, &api) => Ok(Place::OwnGitHub(api)),
            (_, None) => known(PresetHost::GitHub),
            (_, Some(own)) => {
                Err(format!("presets on `{own}` are read when `UPDRAFT_ENDPOINT` is the address of its API"))
            }
        },
        (host, _) => known(host),
    }
}

/// Returns whether a place is the repositories of a GitHub.
fn is_github(place: &Place) -> bool {
    matches!(place, Place::OwnGitHub(_) | Place::Known(PresetHost::GitHub | PresetHost::Local))
}

/// Returns whether `api` is the API of the GitHub whose website is at `host`.
fn is_of(host: &str, api: &Url) -> bool {
    let name = api.host_str().unwrap_or_default();
    name == host || name.strip_prefix("api.").is_some_and(|name| name == host)
}

/// Returns the web address of a preset's file.
fn address(preset: &PresetRef, place: &Place, path: &str, access: Access) -> Result<Url, String> {
    let reference = preset.tag.as_deref();
    let query = || reference.map(|tag| format!("?ref={}", encode(tag))).unwrap_or_default();
    let forge = match place {
        Place::Known(host) => *host,
        Place::OwnGitHub(api) => {
            return contents(api, preset, path, &query());
        }
    };
    let text = match forge {
        PresetHost::GitHub | PresetHost::Local if access == Access::Interface => {
            let api = Url::parse("https://api.github.com/").map_err(|error| error.to_string())?;
            return contents(&api, preset, path, &query());
        }
        PresetHost::GitHub | PresetHost::Local => {
            format!(
                "https://raw.githubusercontent.com/{}/{}/{path}",
                preset.repository,
                encode(reference.unwrap_or("HEAD"))
            )
        }
        PresetHost::GitLab => {
            format!(
                "https://gitlab.com/{}/-/raw/{}/{path}",
                preset.repository,
                encode(reference.unwrap_or("HEAD"))
            )
        }
        PresetHost::Gitea => {
            format!("https://gitea.com/{}/raw/{}/{path}", preset.repository, gitea(reference))
        }
        PresetHost::Forgejo => {
            format!("https://codeberg.org/{}/raw/{}/{path}", preset.repository, gitea(reference))
        }
        PresetHost::Web => preset.repository.clone(),
        PresetHost::BuiltIn | PresetHost::Npm => {
            return Err("presets in npm packages are not supported".to_owned());
        }
    };
    Url::parse(&text).map_err(|error| format!("`{text}` is no web address: {error}"))
}

/// Returns the address of a preset's file at an API of GitHub: one of a file, wherever the names in it would lead.
fn contents(api: &Url, preset: &PresetRef, path: &str, query: &str) -> Result<Url, String> {
    let files = format!("repos/{}/contents/", preset.repository);
    let text = format!("{files}{path}{query}");
    let url = api.join(&text).map_err(|error| format!("`{text}` is no web address: {error}"))?;
    let is_file = url.path().strip_prefix(api.path()).is_some_and(|rest| rest.starts_with(&files));
    if is_file { Ok(url) } else { Err(format!("`{text}` is no file of a repository")) }
}

fn gitea(reference: Option<&str>) -> String {
    reference.map_or_else(|| "HEAD".to_owned(), |tag| format!("tag/{}", encode(tag)))
}

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{Answer, Server, rules, settings};

    #[track_caller]
    fn check(text: &str, own_host: Option<&str>, access: Access, expected: Result<&str, &str>) {
        let preset = PresetRef::parse(text, None);
        let endpoint = Url::parse("https://github.harbour.example/api/v3/").ok();
        let address = place(preset.host, own_host, endpoint)
            .and_then(|forge| address(&preset, &forge, "default.json", access))
            .map(String::from);
        assert_eq!(address.as_deref().map_err(String::as_str), expected, "{text} {own_host:?}");
    }

    #[test]
    fn a_local_preset_is_looked_for_on_the_forge_of_the_repository_only() {
        let on_github = Ok("https://raw.githubusercontent.com/team/presets/HEAD/default.json");
        check("local>team/presets", Some("github.com"), Access::Published, on_github);
        let on_own = "https://github.harbour.example/api/v3/repos/team/presets/contents/default.json";
        check("local>team/presets", Some("github.harbour.example"), Access::Published, Ok(on_own));
        check("local>team/presets", None, Access::Interface, Ok(on_own));
        check(
            "local>team/presets",
            Some("gitlab.com"),
            Access::Interface,
            Ok("https://gitlab.com/team/presets/-/raw/HEAD/default.json"),
        );
        check(
            "local>team/presets",
            Some("git.lan"),
            Access::Interface,
            Err("presets on `git.lan` are read when `UPDRAFT_ENDPOINT` is the address of its API"),
        );
        check("github>team/presets", Some("git.lan"), Access::Published, on_github);
    }

    #[test]
    fn a_token_reads_private_presets_through_the_interface() {
        check(
            "github>team/presets#v1&x",
            None,
            Access::Interface,
            Ok("https://api.github.com/repos/team/presets/contents/default.json?ref=v1%26x"),
        );
    }

    #[test]
    fn a_token_reads_nothing_but_files() {
        for text in [
            "github>team/..",
            "github>team/presets//../../../../user",
            "github>team/presets//%2e%2E/%2e%2e/x",
        ] {
            let preset = PresetRef::parse(text, None);
            let api = Url::parse("https://github.harbour.example/api/v3/").unwrap();
            for place in [Place::Known(PresetHost::GitHub), Place::OwnGitHub(api)] {
                for path in preset.files() {
                    let address = address(&preset, &place, &path, Access::Interface);
                    assert!(address.is_err(), "{text} {address:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_forges_token_goes_to_repositories_that_are_named_and_to_no_address() {
        let server = Server::start(|_| Answer::ok("{}")).await;
        let api = server.url("/api/v3/");
        let host_rules = rules(&[]).with_forge_token(api.as_str(), &"token".into());
        let http = Http::new(crate::http::HttpSettings { host_rules, ..settings() }).unwrap();
        for (text, expected) in
            [("local>team/presets".to_owned(), true), (format!("{api}repos/team/private/contents/x"), false)]
        {
            let preset = PresetRef::parse(&text, None);
            fetch(&preset, None, &http, &api).await.unwrap();
            let seen = server.seen();
            let is_known = seen.last().unwrap().header("authorization").is_some();
            assert_eq!(is_known, expected, "{text} {:?}", server.lines());
        }
    }

    #[tokio::test]
    async fn a_chain_of_presets_that_never_ends_is_cut() {
        let replies = tempfile::tempdir().unwrap();
        let folder = replies.path().join("raw.githubusercontent.com");
        std::fs::create_dir_all(&folder).unwrap();
        for number in 0..30 {
            let url = format!("https://raw.githubusercontent.com/a/b{number}/HEAD/default.json");
            let reply = serde_json::json!({
                "request": {"method": "GET", "url": url},
                "status": 200,
                "json": {"extends": [format!("github>a/b{}", number + 1)], "labels": [number.to_string()]},
            });
            std::fs::write(folder.join(format!("{number}.reply.json")), reply.to_string()).unwrap();
        }
        let world = crate::http::World::Replay(replies.path().to_owned());
        let http = Http::new(crate::http::HttpSettings { world, ..Default::default() }).unwrap();
        let file =
            SourceFile::new(RepoPath::new("renovate.json").unwrap(), r#"{"extends": ["github>a/b0"]}"#);
        let snapshot = Snapshot { files: vec![file], ..Snapshot::default() };
        let presets =
            Presets::Fetched { http: &http, forge: &Url::parse("https://api.github.com/").unwrap() };
        let config = load(&snapshot, None, presets).await.unwrap();
        assert_eq!(config.options.labels, Some(vec!["0".to_owned()]), "what was read holds");
        assert!(config.problems[0].message.contains("more than 12 presets away"), "{:?}", config.problems);
    }
}
