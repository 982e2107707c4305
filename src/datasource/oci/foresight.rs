//! What is asked before it is known to be needed, because the last run needed it: most runs find most of the world as it was.
//!
//! A page of tags names the next one, and a tag's digest is asked for when the tag has been chosen: one round trip after the other. All of it
//! can be asked for at once. It is only ever asked earlier: what comes of it is used when, and if, it is asked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use url::Url;

use super::name::Repository;
use crate::http::{Http, same_origin};

/// How many references of one repository are resolved early.
const REFERENCES: usize = 16;

/// The pages of a list of tags, from the second on, as the last run found them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pages {
    addresses: Vec<Url>,
    /// Whether the pages had other addresses than in the run before, as they have where old tags are removed every day. Nothing is foreseen
    /// then, until they stay where they are.
    has_moved: bool,
}

impl Pages {
    /// Returns what the last run found.
    pub(super) async fn left(http: &Http, repository: &Repository) -> Self {
        http.left(&Self::left_as(repository)).await.unwrap_or_default()
    }

    /// Returns the addresses that will probably be asked for: at `origin`, as a token goes along.
    pub(super) fn expected(&self, origin: &Url) -> Vec<Url> {
        let at_origin = self.addresses.iter().filter(|url| !self.has_moved && same_origin(url, origin));
        at_origin.cloned().collect()
    }

    /// Notes what this run found, for the next one.
    pub(super) async fn leave(&self, http: &Http, repository: &Repository, found: Vec<Url>) {
        let now = Self { has_moved: !found.starts_with(&self.addresses), addresses: found };
        if now != *self {
            http.leave(&Self::left_as(repository), &now).await;
        }
    }

    fn left_as(repository: &Repository) -> String {
        format!("registry-pages/1 {} {}", repository.host, repository.path)
    }
}

/// The tags and digests that are resolved, by repository.
#[derive(Debug, Default)]
pub(super) struct References(Mutex<BTreeMap<Repository, Resolved>>);

#[derive(Debug, Default)]
struct Resolved {
    before: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl References {
    /// Returns what the last run resolved in a repository.
    pub(super) async fn expected(&self, http: &Http, repository: &Repository) -> BTreeSet<String> {
        let before: BTreeSet<String> = http.left(&Self::left_as(repository)).await.unwrap_or_default();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(repository.clone()).or_default().before.clone_from(&before);
        before.into_iter().take(REFERENCES).collect()
    }

    /// Notes what is resolved, for the next run.
    pub(super) async fn note(&self, http: &Http, repository: &Repository, reference: &str) {
        let news = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let resolved = all.entry(repository.clone()).or_default();
            resolved.now.insert(reference.to_owned());
            (!resolved.now.is_subset(&resolved.before)).then(|| resolved.now.clone())
        };
        if let Some(now) = news {
            http.leave(&Self::left_as(repository), &now).await;
        }
    }

    fn left_as(repository: &Repository) -> String {
        format!("registry-references/1 {} {}", repository.host, repository.path)
    }
}
