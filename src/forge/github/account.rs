//! The repository, and who we are in it.

use std::collections::BTreeSet;

use serde::Deserialize;
use updraft_core::forge::MergeMethod;

use super::GithubRepository;
use super::auth;
use super::client::{Call, Client, Sends as _, segment};
use super::error::unexpected;
use super::grants;
use super::slug::Slug;
use crate::forge::{
    Account, AccountKind, Descent, ForgeError, ForgeErrorKind, Grant, Permission, Repository, Visibility,
};

#[derive(Deserialize)]
pub(super) struct About {
    pub(super) full_name: String,
    html_url: Option<String>,
    default_branch: Option<String>,
    #[serde(default)]
    pub(super) archived: Option<bool>,
    visibility: Option<String>,
    fork: Option<bool>,
    has_issues: Option<bool>,
    pub(super) permissions: Option<Rights>,
    allow_merge_commit: Option<bool>,
    allow_squash_merge: Option<bool>,
    allow_rebase_merge: Option<bool>,
    allow_auto_merge: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Rights {
    pub(super) push: Option<bool>,
    pull: Option<bool>,
}

#[derive(Deserialize)]
struct User {
    login: String,
    id: u64,
}

#[derive(Deserialize)]
struct AboutApp {
    slug: String,
}

#[derive(Deserialize)]
struct Viewed {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    viewer: Option<Viewer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Viewer {
    login: String,
    database_id: Option<u64>,
}

impl GithubRepository {
    pub(super) async fn read_repository(&self) -> Result<Repository, ForgeError> {
        let task = format!("read the repository `{}`", self.slug());
        let answer = self.send(&Call::get(self.route(""), &task).tells::<About>()).await?;
        *self.scopes.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            grants::scopes(&answer.headers);
        let about: About = answer.json()?;
        let slug =
            Slug::parse(&about.full_name).ok_or_else(|| unexpected(&task, "it has no name of its own"))?;
        // A repository that was renamed goes on under its new name.
        if !slug.is(&self.slug().to_string()) {
            tracing::warn!(from = %self.slug(), to = %slug, "the repository has another name now");
        }
        *self.slug.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = slug.clone();
        let permission = self.permission(&slug, about.permissions.as_ref()).await;
        // GitHub tells how merging is done only to those who may do it.
        let methods = [
            (MergeMethod::Merge, about.allow_merge_commit),
            (MergeMethod::Squash, about.allow_squash_merge),
            (MergeMethod::Rebase, about.allow_rebase_merge),
        ];
        let merge_methods: BTreeSet<MergeMethod> = methods
            .iter()
            .filter(|(_, allowed)| *allowed != Some(false))
            .map(|(method, _)| *method)
            .collect();
        Ok(Repository {
            slug: slug.to_string(),
            web_url: about.html_url.unwrap_or_default(),
            default_branch: about
                .default_branch
                .ok_or_else(|| unexpected(&task, "it has no default branch"))?,
            is_archived: about.archived.unwrap_or_default(),
            // Where it is not said, what is written is written for everybody.
            visibility: about.visibility.as_deref().and_then(Visibility::parse).unwrap_or(Visibility::Public),
            descent: if about.fork == Some(true) { Descent::Fork } else { Descent::Own },
            permission,
            has_issues: about.has_issues.unwrap_or(true),
            merge_methods,
            allows_auto_merge: about.allow_auto_merge.unwrap_or_default(),
        })
    }

    /// What the token may do, by what earlier replies said.
    pub(super) async fn known_grants(&self) -> Vec<Grant> {
        let auth = &self.connection.auth;
        if auth.is_app() {
            let granted = auth.granted(&self.slug()).await;
            return granted.map_or_else(grants::unknown, |granted| grants::of_permissions(&granted));
        }
        let scopes = self.scopes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        scopes.map_or_else(grants::unknown, |scopes| grants::of_scopes(&scopes))
    }

    /// What the reply says is about the user. For a token of an App it says nothing of use; what was granted to the App counts.
    async fn permission(&self, slug: &Slug, rights: Option<&Rights>) -> Permission {
        let auth = &self.connection.auth;
        match rights {
            _ if auth.is_app() => auth.permission(slug).await.unwrap_or(Permission::Write),
            None => Permission::Write,
            Some(rights) if rights.push == Some(true) => Permission::Write,
            Some(rights) if rights.pull != Some(false) => Permission::Read,
            Some(_) => Permission::None,
        }
    }

    pub(super) async fn read_account(&self) -> Result<Account, ForgeError> {
        let account = self.connection.account.get_or_try_init(|| self.ask_account()).await?;
        Ok(account.clone())
    }

    async fn ask_account(&self) -> Result<Account, ForgeError> {
        let (auth, client) = (&self.connection.auth, &self.connection.client);
        let task = "find out who the token belongs to";
        if let Some(app) = auth.app() {
            let about: AboutApp =
                app.send(client, &Call::get("/app", task).tells::<AboutApp>()).await?.json()?;
            let login = bot(&about.slug);
            let id = self.id_of(client, &login).await?;
            return Ok(Account { login, id, kind: AccountKind::App });
        }
        if !auth.is_app() {
            match self.send(&Call::get("/user", task).tells::<User>()).await {
                // A token of an App is nobody there.
                Err(error) if error.kind == ForgeErrorKind::Forbidden => {}
                answer => {
                    let user: User = answer?.json()?;
                    let kind =
                        if user.login.ends_with("[bot]") { AccountKind::App } else { AccountKind::User };
                    return Ok(Account { login: user.login, id: user.id, kind });
                }
            }
        }
        let reply: Viewed = self.send(&auth::viewer()).await?.json()?;
        let viewer = reply
            .data
            .and_then(|data| data.viewer)
            .ok_or_else(|| unexpected(task, "it does not say to whom"))?;
        // Somebody who was turned away for another reason is still a person.
        let is_person = !auth.is_app() && !viewer.login.ends_with("[bot]");
        let (login, kind) = if is_person {
            (viewer.login, AccountKind::User)
        } else {
            (bot(&viewer.login), AccountKind::App)
        };
        let id = match viewer.database_id {
            Some(id) => id,
            None => self.id_of(client, &login).await?,
        };
        Ok(Account { login, id, kind })
    }

    async fn id_of(&self, client: &Client, login: &str) -> Result<u64, ForgeError> {
        let call =
            Call::get(format!("/users/{}", segment(login)), format!("find out the number of `{login}`"));
        let credential = self.connection.auth.credential(client, &self.slug()).await?;
        let user: User = client.send(&call, credential).await?.json()?;
        Ok(user.id)
    }
}

/// Returns the login of the account that belongs to an App.
fn bot(name: &str) -> String {
    if name.ends_with("[bot]") { name.to_owned() } else { format!("{name}[bot]") }
}
