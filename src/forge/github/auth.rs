//! Who we are on GitHub: a token, or an App that gets itself a token for each owner whose repositories it works on.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::client::{Answer, Call, Client, Sends, pages};
use super::jwt::{Key, KeyError};
use super::slug::Slug;
use crate::forge::{ForgeError, ForgeErrorKind, Permission};
use crate::http::{Credential, Identity};

/// How long before its end a token is renewed.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// What opens the door to GitHub.
pub enum Credentials {
    /// A token of a user, or an App's that somebody else has fetched.
    Token(SecretString),
    /// An App.
    App(Box<App>),
}

/// A GitHub App: its number (or client id) and its private key.
pub struct App {
    id: String,
    key: Key,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(redacted)"),
            Self::App(app) => write!(f, "App({})", app.id),
        }
    }
}

impl Credentials {
    /// Returns the credentials of an App. `private_key` is the text of the `.pem` file that GitHub made.
    ///
    /// # Errors
    /// The key is none.
    pub fn app(id: impl Into<String>, private_key: &SecretString) -> Result<Self, KeyError> {
        Ok(Self::App(Box::new(App { id: id.into(), key: Key::parse(private_key)? })))
    }
}

/// The credentials in use, with the tokens that were fetched.
#[derive(Debug)]
pub(super) struct Auth {
    credentials: Credentials,
    /// By owner, in lower case.
    installations: Mutex<BTreeMap<String, Installation>>,
}

#[derive(Clone, Debug)]
struct Installation {
    token: SecretString,
    renew_at: Timestamp,
    /// What the App may do, by area; `None` where GitHub does not say.
    granted: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct AboutInstallation {
    id: u64,
}

#[derive(Deserialize)]
struct Token {
    #[serde(rename = "token", deserialize_with = "secret")]
    value: SecretString,
    expires_at: Option<Timestamp>,
    permissions: Option<BTreeMap<String, String>>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// An installation, as the list of all of them shows it.
#[derive(Deserialize)]
pub(super) struct ListedInstallation {
    id: u64,
    account: Option<Owner>,
    suspended_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Owner {
    login: String,
}

impl Auth {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, installations: Mutex::default() }
    }

    /// Whether the account behind it is an App.
    pub(super) fn is_app(&self) -> bool {
        match &self.credentials {
            Credentials::App(_) => true,
            // <https://github.blog/engineering/behind-githubs-new-authentication-token-formats/>
            Credentials::Token(token) => token.expose_secret().starts_with("ghs_"),
        }
    }

    /// Returns the App itself, where there is one.
    pub(super) fn app(&self) -> Option<&App> {
        match &self.credentials {
            Credentials::App(app) => Some(app),
            Credentials::Token(_) => None,
        }
    }

    /// Returns the token, where it was given as such.
    pub(super) fn token(&self) -> Option<Credential> {
        match &self.credentials {
            Credentials::Token(token) => Some(Credential::bearer(token)),
            Credentials::App(_) => None,
        }
    }

    /// Returns what opens the door to a repository.
    pub(super) async fn credential(&self, client: &Client, slug: &Slug) -> Result<Credential, ForgeError> {
        let app = match &self.credentials {
            Credentials::Token(token) => return Ok(Credential::bearer(token)),
            Credentials::App(app) => app,
        };
        let owner = slug.owner.to_ascii_lowercase();
        // Held while a token is fetched, so that those who come meanwhile share it.
        let mut installations = self.installations.lock().await;
        let known = installations.get(&owner).filter(|known| Timestamp::now() < known.renew_at);
        let installation = if let Some(known) = known {
            known.clone()
        } else {
            let fresh = fetch(client, app, slug).await?;
            installations.insert(owner.clone(), fresh.clone());
            fresh
        };
        let identity = Identity::holder(&format!("app {} on {owner}", app.id));
        Ok(Credential::bearer(&installation.token).on_behalf_of(identity))
    }

    /// Forgets the token for an owner's repositories: GitHub does not take it any more. Returns whether another one may be had.
    pub(super) async fn forget(&self, slug: &Slug) -> bool {
        self.installations.lock().await.remove(&slug.owner.to_ascii_lowercase()).is_some()
    }

    /// Returns what the App may do in the repositories of an owner, by area, where GitHub said it.
    pub(super) async fn granted(&self, slug: &Slug) -> Option<BTreeMap<String, String>> {
        self.installations.lock().await.get(&slug.owner.to_ascii_lowercase())?.granted.clone()
    }

    /// Returns what the App may do in an owner's repositories, as far as it is known from its token.
    pub(super) async fn permission(&self, slug: &Slug) -> Option<Permission> {
        let granted = self.granted(slug).await?;
        let area = |name: &str| granted.get(name).map(String::as_str);
        Some(match (area("contents"), area("pull_requests")) {
            (Some("write"), Some("write")) => Permission::Write,
            (Some(_), _) => Permission::Read,
            (None, _) => Permission::None,
        })
    }
}

impl App {
    /// Returns what opens the doors that are for the App itself, for some minutes.
    pub(super) fn credential(&self) -> Result<Credential, ForgeError> {
        let token = self.key.sign(&self.id, Timestamp::now()).map_err(|error| ForgeError {
            kind: ForgeErrorKind::Unauthorized,
            message: format!("cannot log in as the App `{}`: {error}", self.id),
        })?;
        Ok(Credential::bearer(&token).on_behalf_of(Identity::holder(&format!("app {}", self.id))))
    }

    /// Sends a call in the name of the App itself.
    pub(super) async fn send(&self, client: &Client, call: &Call) -> Result<Answer, ForgeError> {
        client.send(call, self.credential()?).await
    }

    /// Returns the installations of the App that are not suspended.
    pub(super) async fn installations(&self, client: &Client) -> Result<Vec<ListedInstallation>, ForgeError> {
        let first = Call::get("/app/installations?per_page=100", "list the App's installations");
        let listed: Vec<Vec<ListedInstallation>> = pages(&AsApp { app: self, client }, first).await?;
        Ok(listed.into_iter().flatten().filter(|listed| listed.suspended_at.is_none()).collect())
    }

    /// Returns what opens the doors that are open to an installation.
    pub(super) async fn enter(
        &self,
        client: &Client,
        installation: &ListedInstallation,
    ) -> Result<Credential, ForgeError> {
        let owner = installation.account.as_ref().map(|account| account.login.as_str()).unwrap_or_default();
        Ok(Credential::bearer(&token(client, self, installation.id, owner).await?.value))
    }
}

/// Sends calls in the name of an App itself.
struct AsApp<'a> {
    app: &'a App,
    client: &'a Client,
}

impl Sends for AsApp<'_> {
    async fn send(&self, call: &Call) -> Result<Answer, ForgeError> {
        self.app.send(self.client, call).await
    }

    fn next(&self, answer: &Answer) -> Option<String> {
        self.client.next(answer)
    }
}

async fn fetch(client: &Client, app: &App, slug: &Slug) -> Result<Installation, ForgeError> {
    let call = Call::get(format!("/repos/{slug}/installation"), format!("find the App in `{slug}`")).unkept();
    let about: AboutInstallation = app.send(client, &call).await?.json()?;
    let token = token(client, app, about.id, &slug.owner).await?;
    let now = Timestamp::now();
    let renew_at = token.expires_at.map_or(now, |end| {
        // A token that lives for a few minutes only is used for most of them.
        let margin = MARGIN.min(end.duration_since(now) / 4);
        end.checked_sub(margin).unwrap_or(now)
    });
    Ok(Installation { token: token.value, renew_at, granted: token.permissions })
}

async fn token(client: &Client, app: &App, installation: u64, owner: &str) -> Result<Token, ForgeError> {
    let task = format!("get a token for the repositories of `{owner}`");
    let route = format!("/app/installations/{installation}/access_tokens");
    let call = Call::set(Method::POST, route, task, None::<Value>).confidential();
    app.send(client, &call).await?.json()
}

/// Returns what a token of an App may be asked about itself.
pub(super) fn viewer() -> Call {
    let query = "query { viewer { login databaseId } }";
    Call::query_of("find out who the token belongs to", json!({"query": query}))
}
