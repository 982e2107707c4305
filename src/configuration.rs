//! Finds the repository's configuration and the presets it extends.
//!
//! What the texts mean is the core's business; here they are only fetched: from the working tree, or from where they live.

use std::collections::BTreeMap;
use std::path::Path;

use futures::future::join_all;
use updraft_core::config::preset::WorkTree;
use updraft_core::config::{
    Config, ConfigFile, PresetHost, PresetRef, PresetText, Resolution, resolve, search_order,
};
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;
use url::Url;

use crate::http::{Http, Request};
use crate::report::find;
use crate::settings;
use crate::source::Snapshot;

/// The most rounds of fetching: presets extend presets, and a chain must end.
const MAX_ROUNDS: usize = 12;

/// Where presets of other repositories come from.
#[derive(Clone, Copy, Debug)]
pub enum Presets<'a> {
    /// They are fetched.
    Fetched(&'a Http),
    /// They are not: the command uses no network.
    Unreachable,
}

/// Returns the configuration of a repository, with every preset that could be read; what could not be is among its problems.
///
/// # Errors
/// When the file named on the command line cannot be read.
pub async fn load(snapshot: &Snapshot, flag: Option<&Path>, presets: Presets<'_>) -> anyhow::Result<Config> {
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
    let own = snapshot.identity.slug.as_deref();
    let mut texts: BTreeMap<String, PresetText> = BTreeMap::new();
    for _ in 0..MAX_ROUNDS {
        match resolve(file.as_ref(), &texts, own) {
            Resolution::Done(config) => return Ok(*config),
            Resolution::Needs(wanted) => {
                let found =
                    join_all(wanted.iter().map(|preset| text_of(preset, &snapshot.files, presets))).await;
                texts.extend(wanted.iter().map(PresetRef::key).zip(found));
            }
        }
    }
    anyhow::bail!("the presets of the configuration extend each other through more than {MAX_ROUNDS} levels")
}

/// Returns the configuration among the files of the repository, the first place in Renovate's order.
fn find_file(files: &[SourceFile]) -> Option<ConfigFile> {
    search_order().iter().find_map(|path| {
        let file = find(files, path)?;
        let is_ours = *path != "package.json" || file.text.contains("\"renovate\"");
        is_ours.then(|| ConfigFile { path: file.path.clone(), text: file.text.clone() })
    })
}

async fn text_of(preset: &PresetRef, files: &[SourceFile], presets: Presets<'_>) -> PresetText {
    let local = || {
        preset.files().iter().find_map(|path| {
            let file = find(files, path)?;
            Some(PresetText::Found { path: path.clone(), text: file.text.clone(), is_local: true })
        })
    };
    if preset.work_tree == WorkTree::Own {
        return local()
            .unwrap_or_else(|| PresetText::Missing("there is no such file in this repository".to_owned()));
    }
    let fetched = match presets {
        Presets::Fetched(http) => fetch(preset, http).await,
        Presets::Unreachable => Err("this command uses no network".to_owned()),
    };
    match fetched {
        Ok(found) => found,
        Err(why) => {
            let stand_in = if preset.work_tree == WorkTree::MayStandIn { local() } else { None };
            stand_in.unwrap_or(PresetText::Missing(why))
        }
    }
}

async fn fetch(preset: &PresetRef, http: &Http) -> Result<PresetText, String> {
    let mut why = "it has no file".to_owned();
    for path in preset.files() {
        let request = match address(preset, &path) {
            Ok(address) => Request::get(address)
                .accept("application/vnd.github.raw+json, application/json, text/plain, */*"),
            Err(reason) => return Err(reason),
        };
        match http.send(&request).await.and_then(crate::http::Reply::success) {
            Ok(reply) => {
                let text = reply.text().map_err(|error| error.to_string())?;
                return Ok(PresetText::Found { path, text: text.into(), is_local: false });
            }
            Err(error) => why = error.to_string(),
        }
    }
    Err(why)
}

/// Returns the web address of a preset's file.
fn address(preset: &PresetRef, path: &str) -> Result<Url, String> {
    let reference = preset.tag.as_deref();
    let text = match preset.host {
        PresetHost::GitHub | PresetHost::Local if settings::has_github_token() => {
            let query = reference.map(|tag| format!("?ref={}", encode(tag))).unwrap_or_default();
            format!("https://api.github.com/repos/{}/contents/{path}{query}", preset.repository)
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

fn gitea(reference: Option<&str>) -> String {
    reference.map_or_else(|| "HEAD".to_owned(), |tag| format!("tag/{}", encode(tag)))
}

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
