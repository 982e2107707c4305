//! Credentials from a Docker `config.json`: what `docker login` wrote, or what Kubernetes mounts from a pull secret.
//!
//! <https://docs.docker.com/reference/cli/docker/login/#credential-stores>

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use updraft_core::problem::Problem;

use super::single_flight::SingleFlight;

/// How long a credential helper may take.
const HELPER_PATIENCE: Duration = Duration::from_secs(20);

/// What Docker Hub is called in such a file.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// A way to log in to a registry.
#[derive(Clone)]
pub enum Login {
    /// With a name and a password, which may be a token.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// With a token that is exchanged for one that opens something (OAuth 2 refresh token).
    IdentityToken(SecretString),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { username, .. } => write!(f, "Login({username}, redacted)"),
            Self::IdentityToken(_) => f.write_str("Login(redacted)"),
        }
    }
}

/// The credentials of a Docker `config.json`.
#[derive(Debug, Default)]
pub struct DockerConfig {
    auths: BTreeMap<String, Login>,
    helpers: BTreeMap<String, String>,
    store: Option<String>,
    helped: SingleFlight<(String, String), Option<Login>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct File {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl DockerConfig {
    /// Returns where the file is: in the folder `DOCKER_CONFIG` names, otherwise in `~/.docker`.
    pub fn path_in(docker_config: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
        let folder = docker_config.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned);
        Some(folder.or_else(|| Some(home?.join(".docker")))?.join("config.json"))
    }

    /// Reads the file; a missing one holds nothing, one that cannot be read is a problem and holds nothing.
    pub fn read(path: &Path) -> (Self, Option<Problem>) {
        let problem = |why: String| {
            let problem = Problem::warning(format!("`{}` cannot be used: {why}", path.display()));
            (Self::default(), Some(problem.hint("registries are asked without the credentials in it")))
        };
        match std::fs::read(path) {
            Ok(text) => match Self::parse(&text) {
                Ok(config) => (config, None),
                // The text of the error could quote a credential; its place cannot.
                Err(error) => problem(format!(
                    "it is not valid JSON at line {} column {}",
                    error.line(),
                    error.column()
                )),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Self::default(), None),
            Err(error) => problem(error.to_string()),
        }
    }

    /// Returns the credentials in the text of such a file.
    ///
    /// # Errors
    /// It is not JSON of that form.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let file: File = serde_json::from_slice(text)?;
        let auths = file.auths.into_iter().filter_map(|(key, entry)| Some((normal(&key), entry.login()?)));
        let helpers = file.cred_helpers.into_iter().map(|(key, helper)| (normal(&key), helper));
        Ok(Self {
            auths: auths.collect(),
            helpers: helpers.collect(),
            store: file.creds_store.filter(|store| !store.is_empty()),
            helped: SingleFlight::default(),
        })
    }

    /// Returns the login for a repository of a registry: what a credential helper says, then what the file says for the longest
    /// `host/path` that the repository is below.
    pub async fn login(&self, host: &str, repository: &str) -> Option<Login> {
        let host = normal(host);
        let helper = self.helpers.get(&host).or(self.store.as_ref());
        if let Some(helper) = helper {
            let server = if host == "docker.io" { DOCKER_HUB_KEY.to_owned() } else { host.clone() };
            let key = (helper.clone(), server);
            if let Some(login) = self.helped.run(&key, || ask_helper(&key.0, &key.1)).await {
                return Some(login);
            }
        }
        let name = format!("{host}/{repository}");
        let matching = self.auths.iter().filter(|(key, _)| {
            name.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        matching.max_by_key(|(key, _)| key.len()).map(|(_, login)| login.clone())
    }
}

impl Entry {
    fn login(self) -> Option<Login> {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        if let Some(token) = filled(self.identitytoken) {
            return Some(Login::IdentityToken(token.into()));
        }
        if let (Some(username), Some(password)) = (filled(self.username), filled(self.password)) {
            return Some(Login::Password { username, password: password.into() });
        }
        let auth = String::from_utf8(STANDARD.decode(filled(self.auth)?.trim()).ok()?).ok()?;
        let (username, password) = auth.split_once(':')?;
        // Docker once padded passwords with zero bytes.
        let password = password.trim_end_matches('\0').to_owned();
        Some(Login::Password { username: username.to_owned(), password: password.into() })
    }
}

/// Returns a key as `host` or `host/path`: the file spells hosts with and without scheme, `/`, `/v1/` and `/v2/`.
fn normal(key: &str) -> String {
    let key = key.trim();
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key);
    let (host, path) = key.split_once('/').map_or((key, ""), |(host, path)| (host, path));
    let host = match host.to_ascii_lowercase().as_str() {
        "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" => "docker.io".to_owned(),
        other => other.to_owned(),
    };
    if path.is_empty() { host } else { format!("{host}/{path}") }
}

/// Asks `docker-credential-<helper>` for the login of a server.
/// <https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol>
async fn ask_helper(helper: &str, server: &str) -> Option<Login> {
    let sound = helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if !sound {
        tracing::warn!(helper, "this is not the name of a credential helper");
        return None;
    }
    let program = format!("docker-credential-{helper}");
    let ran = tokio::time::timeout(HELPER_PATIENCE, run_helper(&program, server)).await;
    let output = match ran {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            tracing::warn!(program, server, %error, "the credential helper cannot be run");
            return None;
        }
        Err(_) => {
            tracing::warn!(program, server, "the credential helper took too long");
            return None;
        }
    };
    if !output.status.success() {
        // This is how it says that it knows no such server, too; its words could hold anything.
        tracing::debug!(program, server, "the credential helper has no credentials");
        return None;
    }
    let answer: Helped = serde_json::from_slice(&output.stdout).ok()?;
    if answer.secret.is_empty() {
        return None;
    }
    let secret = SecretString::from(answer.secret);
    Some(match answer.username.as_str() {
        "<token>" => Login::IdentityToken(secret),
        _ => Login::Password { username: answer.username, password: secret },
    })
}

async fn run_helper(program: &str, server: &str) -> std::io::Result<std::process::Output> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(server.as_bytes()).await?;
    }
    child.wait_with_output().await
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn spelled(login: Option<Login>) -> String {
        match login {
            None => "none".to_owned(),
            Some(Login::Password { username, password }) => {
                format!("{username}:{}", password.expose_secret())
            }
            Some(Login::IdentityToken(token)) => format!("identity {}", token.expose_secret()),
        }
    }

    const CONFIG: &str = r#"{
        "auths": {
            "https://index.docker.io/v1/": {"auth": "aHViOnB3"},
            "ghcr.io": {"auth": "Z2g6cDp3"},
            "ghcr.io/team": {"username": "team", "password": "x"},
            "http://registry.lan:5000/v2/": {"identitytoken": "long"},
            "broken.example": {"auth": "%%%"},
            "empty.example": {}
        },
        "HttpHeaders": {"User-Agent": "x"}
    }"#;

    #[tokio::test]
    async fn a_login_is_found_in_every_spelling_of_the_host() {
        let config = DockerConfig::parse(CONFIG.as_bytes()).unwrap();
        for (host, repository, expected) in [
            ("docker.io", "library/nginx", "hub:pw"),
            ("index.docker.io", "library/nginx", "hub:pw"),
            ("ghcr.io", "other/app", "gh:p:w"),
            ("ghcr.io", "team/app", "team:x"),
            ("ghcr.io", "teams/app", "gh:p:w"),
            ("ghcr.io.evil.org", "team/app", "none"),
            ("registry.lan:5000", "app", "identity long"),
            ("registry.lan", "app", "none"),
            ("broken.example", "app", "none"),
            ("empty.example", "app", "none"),
        ] {
            assert_eq!(spelled(config.login(host, repository).await), expected, "{host}/{repository}");
        }
        assert!(!format!("{config:?}").contains("pw"));
    }

    #[tokio::test]
    async fn a_helper_that_is_no_name_is_not_run() {
        let config = DockerConfig::parse(br#"{"credsStore": "../../bin/sh"}"#).unwrap();
        assert_eq!(spelled(config.login("ghcr.io", "a").await), "none");
    }

    #[tokio::test]
    async fn a_missing_helper_leaves_what_the_file_says() {
        let text =
            br#"{"credHelpers": {"ghcr.io": "updraft-missing"}, "auths": {"ghcr.io": {"auth": "YTpi"}}}"#;
        let config = DockerConfig::parse(text).unwrap();
        assert_eq!(spelled(config.login("ghcr.io", "a").await), "a:b");
    }

    #[test]
    fn a_broken_file_is_a_problem_that_does_not_quote_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, r#"{"auths": {"a": {"auth": ["hunter2"]}}}"#).unwrap();
        let (_, problem) = DockerConfig::read(&path);
        assert!(!problem.unwrap().message.contains("hunter2"));
        assert!(DockerConfig::read(&folder.path().join("none")).1.is_none());
    }
}
