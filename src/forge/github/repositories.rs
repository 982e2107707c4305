//! All repositories that an account can work on.

use serde::Deserialize;

use super::Connection;
use super::account::About;
use super::client::{Answer, Call, Client, Sends, pages};
use super::error::unexpected;
use crate::forge::ForgeError;
use crate::http::Credential;

const TASK: &str = "list the repositories";

#[derive(Deserialize)]
struct Installed {
    total_count: usize,
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

/// The repositories that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// `owner/name` of those that can be written to, sorted.
    pub names: Vec<String>,
    /// Why there may be more: whose repositories could not be listed.
    pub failures: Vec<ForgeError>,
}

/// What comes together of several lists.
#[derive(Default)]
struct Lists {
    listed: Vec<About>,
    failures: Vec<ForgeError>,
}

impl Lists {
    /// Adds what an installation of an App reaches.
    async fn add(&mut self, everywhere: &Everywhere<'_>) {
        let first = Call::get("/installation/repositories?per_page=100", TASK);
        let pages: Vec<Installed> = match pages(everywhere, first).await {
            Ok(pages) => pages,
            Err(error) => return self.failures.push(error),
        };
        let announced = pages.first().map_or(0, |page| page.total_count);
        let found: Vec<About> = pages.into_iter().flat_map(|page| page.repositories).collect();
        if found.len() < announced {
            let why = format!("{announced} are announced, and {} named", found.len());
            self.failures.push(unexpected(TASK, why));
        }
        self.listed.extend(found);
    }
}

/// Returns all repositories that can be written to. Whose repositories cannot be listed does not hide those of the others.
pub(super) async fn all(connection: &Connection) -> Result<Found, ForgeError> {
    let (client, auth) = (&*connection.client, &connection.auth);
    let mut lists = Lists::default();
    if let Some(app) = auth.app() {
        for installation in app.installations(client).await? {
            match app.enter(client, &installation).await {
                Ok(credential) => lists.add(&Everywhere { client, credential }).await,
                Err(error) => lists.failures.push(error),
            }
        }
    } else if let Some(credential) = auth.token() {
        let everywhere = Everywhere { client, credential };
        if auth.is_app() {
            lists.add(&everywhere).await;
        } else {
            let first = Call::get("/user/repos?per_page=100", TASK);
            let pages: Vec<Vec<About>> = pages(&everywhere, first).await?;
            // What is only seen because it is public is not ours to change.
            let ours =
                |about: &About| about.permissions.as_ref().is_none_or(|rights| rights.push != Some(false));
            lists.listed.extend(pages.into_iter().flatten().filter(ours));
        }
    }
    let Lists { listed, failures } = lists;
    let alive = listed.into_iter().filter(|about| about.archived != Some(true));
    let mut names: Vec<String> = alive.map(|about| about.full_name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(Found { names, failures })
}
