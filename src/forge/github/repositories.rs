//! All repositories that an account can work on.

use serde::Deserialize;

use super::Connection;
use super::account::About;
use super::client::{Answer, Call, Client, Sends, pages};
use crate::forge::ForgeError;
use crate::http::Credential;

#[derive(Deserialize)]
struct Installed {
    repositories: Vec<About>,
}

/// Sends calls that are about no repository in particular.
struct Everywhere<'a> {
    client: &'a Client,
    credential: Credential,
}

impl Sends for Everywhere<'_> {
    async fn send(&self, call: &Call) -> Result<Answer, ForgeError> {
        self.client.send(call, self.credential.clone()).await
    }

    fn next(&self, answer: &Answer) -> Option<String> {
        self.client.next(answer)
    }
}

/// Returns the names of all repositories that can be written to, sorted.
pub(super) async fn all(connection: &Connection) -> Result<Vec<String>, ForgeError> {
    let client = &*connection.client;
    let task = "list the repositories";
    let mut found: Vec<About> = Vec::new();
    let credentials = match connection.auth.app() {
        Some(app) => app.installations(client).await?,
        None => connection.auth.token().into_iter().collect(),
    };
    for credential in credentials {
        let everywhere = Everywhere { client, credential };
        if connection.auth.is_app() {
            let first = Call::get("/installation/repositories?per_page=100", task);
            let installed: Vec<Installed> = pages(&everywhere, first).await?;
            found.extend(installed.into_iter().flat_map(|page| page.repositories));
        } else {
            let listed: Vec<Vec<About>> =
                pages(&everywhere, Call::get("/user/repos?per_page=100", task)).await?;
            // What is only seen because it is public is not ours to change.
            let ours =
                |about: &About| about.permissions.as_ref().is_none_or(|rights| rights.push != Some(false));
            found.extend(listed.into_iter().flatten().filter(ours));
        }
    }
    let mut names: Vec<String> =
        found.into_iter().filter(|about| about.archived != Some(true)).map(|about| about.full_name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
