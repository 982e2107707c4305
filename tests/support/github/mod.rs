//! A GitHub in memory, on a socket of its own: the REST API as far as a bot can tell, over real git objects.
//!
//! It answers below `/api/v3` and below `/`. A test makes a [`GitHub`], puts repositories into it, lets people act
//! through [`Hub`], makes things go wrong with [`Fault`]s and reads what came of it. It is
//! written after GitHub's public documentation of the REST API.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

mod fault;
mod history;
mod hub;
mod issue;
mod objects;
mod refusal;
mod repository;
mod routes;
mod routes_account;
mod routes_commits;
mod routes_git;
mod routes_issues;
mod routes_pulls;
mod routes_repository;
mod view;
pub(crate) mod web;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};

pub(crate) use fault::{Failure, Fault, Gate, Moment};
pub(crate) use hub::{Hub, IssueNow, PullNow};
pub(crate) use objects::id_of;
pub(crate) use repository::Protection;
use web::{End, Request, Server};
pub(crate) use world::{Account, App, Rights};
use world::{Budget, World};

/// A request that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) path: String,
    /// `None` where no answer was given.
    pub(crate) status: Option<u16>,
    pub(crate) authorized: bool,
}

impl Seen {
    pub(crate) fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// A GitHub, which stops when this is dropped.
pub(crate) struct GitHub {
    server: Server,
    inside: Arc<Inside>,
}

struct Inside {
    world: Mutex<World>,
    faults: Mutex<fault::Faults>,
    log: Mutex<Vec<Seen>>,
}

impl GitHub {
    /// Starts a GitHub without repositories and without accounts.
    pub(crate) fn start() -> Self {
        let world = World {
            url: String::new(),
            repositories: BTreeMap::new(),
            accounts: BTreeMap::new(),
            app: None,
            now: None,
            tokens_made: 0,
        };
        let inside = Inside { world: Mutex::new(world), faults: Mutex::default(), log: Mutex::default() };
        let inside = Arc::new(inside);
        let server = {
            let inside = Arc::clone(&inside);
            Server::start(move |request| inside.handle(&request))
        };
        let github = Self { server, inside };
        github.world().url = github.url();
        github
    }

    /// Starts another GitHub that holds the same at the same time.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::start();
        let (from, mut to) = (self.world(), copy.world());
        to.repositories.clone_from(&from.repositories);
        to.accounts.clone_from(&from.accounts);
        (to.app, to.now) = (from.app.clone(), from.now);
        drop((from, to));
        copy
    }

    /// Returns `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Returns the address of the REST API, as of a GitHub Enterprise Server.
    pub(crate) fn api(&self) -> String {
        format!("{}/api/v3", self.url())
    }

    /// Stops the clock at a time.
    pub(crate) fn set_time(&self, time: &str) {
        self.world().now = Some(time.parse().unwrap());
    }

    /// Returns the time it is here.
    pub(crate) fn time(&self) -> String {
        self.world().now().to_string()
    }

    /// Lets time go by, by the hour.
    pub(crate) fn hours_later(&self, hours: i64) {
        let mut world = self.world();
        let later = world.now() + SignedDuration::from_hours(hours);
        world.now = Some(later);
    }

    /// Gives somebody a token.
    pub(crate) fn account(&self, token: &str, account: Account) {
        self.world().accounts.insert(token.to_owned(), account);
    }

    /// Installs an app with every owner.
    pub(crate) fn app(&self, slug: &str) {
        self.app_with_tokens_for(slug, SignedDuration::from_hours(1));
    }

    /// The same, where the clock stands still but the app's does not: tokens that live for so long.
    pub(crate) fn app_with_tokens_for(&self, slug: &str, token_life: SignedDuration) {
        self.world().app = Some(App { id: 4711, slug: slug.to_owned(), token_life });
    }

    /// Says how many requests a token has left, and in how many seconds it has all of them again.
    pub(crate) fn limit(&self, token: &str, (limit, remaining): (u64, u64), seconds: i64) {
        let mut world = self.world();
        let reset: Timestamp = world.now() + SignedDuration::from_secs(seconds);
        world.accounts.get_mut(token).unwrap().budget = Budget { limit, remaining, reset };
    }

    /// Makes a repository `owner/name` whose branch `main` holds `files`.
    pub(crate) fn repository(&self, full_name: &str, files: &[(&str, &str)]) -> Hub<'_> {
        let (owner, name) = full_name.split_once('/').unwrap();
        {
            let mut world = self.world();
            let id = world.repositories.len() as u64 + 1;
            let repository = repository::Repository::new(owner, name, id);
            world.repositories.insert(full_name.to_lowercase(), repository);
        }
        let hub = self.hub(full_name);
        hub.commit("main", files, "Begin", owner);
        hub
    }

    /// Returns a repository that was made before.
    pub(crate) fn hub(&self, full_name: &str) -> Hub<'_> {
        Hub { github: self, name: full_name.to_lowercase() }
    }

    /// Lets something go wrong.
    pub(crate) fn fault(&self, fault: Fault) {
        self.inside.faults.lock().unwrap().add(fault);
    }

    /// Lets so many of a hundred requests go wrong, at random but always the same for the same seed.
    pub(crate) fn storm(&self, seed: u64, percent: u64, failures: Vec<Failure>) {
        self.inside.faults.lock().unwrap().storm(seed, percent, failures);
    }

    /// Nothing goes wrong any more.
    pub(crate) fn heal(&self) {
        self.inside.faults.lock().unwrap().clear();
    }

    /// Returns what was asked so far.
    pub(crate) fn log(&self) -> Vec<Seen> {
        self.inside.log.lock().unwrap().clone()
    }

    pub(crate) fn forget_log(&self) {
        self.inside.log.lock().unwrap().clear();
    }

    /// Returns what was written so far, as `METHOD path`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = self.inside.log.lock().unwrap();
        let writes = log.iter().filter(|seen| seen.is_write() && !seen.path.ends_with("/graphql"));
        writes.map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }

    /// Returns the names of all repositories, `owner/name` in lower case.
    pub(crate) fn repositories(&self) -> Vec<String> {
        self.world().repositories.keys().cloned().collect()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.inside.world.lock().unwrap()
    }
}

impl Inside {
    fn handle(&self, request: &Request) -> End {
        let failure = self.faults.lock().unwrap().strike(request);
        let mut end = None;
        match &failure {
            Some(Failure::Drop(Moment::Before)) => end = Some(End::Close),
            Some(Failure::Reset) => end = Some(End::Reset),
            Some(Failure::Hang(gate)) => gate.wait(),
            Some(Failure::Call(Moment::Before, call)) => call(),
            Some(failure @ Failure::LimitAfter(_, call)) => {
                call();
                end = failure.answer().map(End::Answer);
            }
            Some(Failure::End(instead)) => end = Some(instead(request)),
            Some(failure) => end = failure.answer().map(End::Answer),
            None => {}
        }
        let end =
            end.unwrap_or_else(|| End::Answer(routes::answer(&mut self.world.lock().unwrap(), request)));
        let end = match &failure {
            Some(Failure::Drop(Moment::After)) => End::Close,
            Some(Failure::Call(Moment::After, call)) => {
                call();
                end
            }
            Some(failure) => match (failure, end) {
                (Failure::Alter(alter), End::Answer(response)) => End::Answer(alter(request, response)),
                (Failure::Send(send), End::Answer(response)) => send(response),
                (_, end) => end,
            },
            _ => end,
        };
        let query: Vec<String> =
            request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        self.log.lock().unwrap().push(Seen {
            method: request.method.clone(),
            path: format!("{}{query}", request.path),
            status: if let End::Answer(response) = &end { Some(response.status) } else { None },
            authorized: !request.header("authorization").is_empty(),
        });
        end
    }
}
