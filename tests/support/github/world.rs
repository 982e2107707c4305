//! Everything one GitHub holds, and who asks.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::refusal::{not_found, refuse};
use super::repository::Repository;
use super::web::{Request, Response};

/// What a token may do with the repositories it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    Read,
    Write,
    /// Writes anything but the files of workflows.
    WriteExceptWorkflows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A person's token.
    User,
    /// The token of an app's installation.
    Installation,
}

/// Whom a token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) login: String,
    pub(crate) kind: Kind,
    pub(crate) rights: Rights,
    /// The repositories it sees; `None` is all.
    pub(crate) repositories: Option<Vec<String>>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) budget: Budget,
}

/// How many requests are left in this hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) reset: Timestamp,
}

impl Account {
    /// Returns a person with a token that sees every repository.
    pub(crate) fn user(login: &str, rights: Rights) -> Self {
        let budget = Budget { limit: 5000, remaining: 5000, reset: Timestamp::UNIX_EPOCH };
        let (login, kind) = (login.to_owned(), Kind::User);
        Self { login, kind, rights, repositories: None, expires: None, budget }
    }

    fn sees(&self, repository: &str) -> bool {
        self.repositories.as_ref().is_none_or(|seen| seen.iter().any(|name| name == repository))
    }
}

/// An app: whoever shows a JSON web token is it.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) slug: String,
    /// How long the tokens of its installations live.
    pub(crate) token_life: SignedDuration,
}

#[derive(Debug)]
pub(crate) struct World {
    /// `http://127.0.0.1:<port>`.
    pub(crate) url: String,
    pub(crate) repositories: BTreeMap<String, Repository>,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) app: Option<App>,
    /// Where the clock stands still; `None` lets it run.
    pub(crate) now: Option<Timestamp>,
    pub(crate) tokens_made: u64,
}

/// Who asks, when, and what for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit<'v> {
    pub(crate) request: &'v Request,
    /// `None` for somebody unknown.
    pub(crate) account: Option<&'v Account>,
    pub(crate) now: Timestamp,
    /// The address of this GitHub, without a slash at its end.
    pub(crate) url: &'v str,
}

impl Visit<'_> {
    pub(crate) fn login(&self) -> &str {
        self.account.map_or("ghost", |account| account.login.as_str())
    }

    /// Refuses what only somebody known may do.
    pub(crate) fn check_known(&self) -> Result<(), Response> {
        self.account.map(|_| ()).ok_or_else(|| refuse(401, "Requires authentication"))
    }

    /// Refuses a write by somebody who may only read, or into an archive.
    pub(crate) fn check_write(&self, repository: &Repository) -> Result<(), Response> {
        let Some(account) = self.account else { return Err(refuse(401, "Requires authentication")) };
        if account.rights == Rights::Read {
            return Err(self.not_for_this_token());
        }
        if repository.switches.archived {
            return Err(refuse(403, "Repository was archived so is read-only."));
        }
        Ok(())
    }

    pub(crate) fn not_for_this_token(&self) -> Response {
        let by_app = self.account.is_some_and(|account| account.kind == Kind::Installation);
        let what = if by_app { "integration" } else { "personal access token" };
        refuse(403, &format!("Resource not accessible by {what}"))
    }

    /// Which page of a list is asked for, and how many entries a page has.
    pub(crate) fn page(&self, usual: usize) -> (usize, usize) {
        let number = |name| self.request.parameter(name).and_then(|text| text.parse::<usize>().ok());
        (number("page").unwrap_or(1).max(1), number("per_page").unwrap_or(usual).clamp(1, 100))
    }
}

impl World {
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.now.unwrap_or_else(Timestamp::now);
        Timestamp::from_second(now.as_second()).unwrap()
    }

    /// Returns a repository, unless it is hidden from the one who asks.
    pub(crate) fn repository(
        &mut self,
        (owner, name): (&str, &str),
        account: Option<&Account>,
    ) -> Result<&mut Repository, Response> {
        let full_name = format!("{owner}/{name}").to_lowercase();
        let found = self.repositories.get_mut(&full_name).ok_or_else(not_found)?;
        let seen = account.is_some_and(|account| account.sees(&full_name)) || !found.switches.private;
        if seen { Ok(found) } else { Err(not_found()) }
    }

    /// Returns the repositories that an account sees.
    pub(crate) fn visible(&self, account: &Account) -> Vec<&Repository> {
        self.repositories.iter().filter(|(name, _)| account.sees(name)).map(|(_, found)| found).collect()
    }
}
