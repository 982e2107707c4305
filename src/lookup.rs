//! Asks the registries: every distinct question once, all at the same time, and the answers in the order of the questions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt;
use jiff::Timestamp;
use updraft_core::release::{DigestQuery, Lookup, ReleaseList};

use crate::datasource::{Datasources, LookupError};
use crate::progress::Progress;

/// How many questions are under way at once. Each host's own limit is kept below it, in the HTTP client.
const AT_ONCE: usize = 256;

/// What the registries said about each package.
pub type Releases = BTreeMap<Lookup, Result<Arc<ReleaseList>, LookupError>>;
/// What the registries said about each digest; `None`: there is none.
pub type Digests = BTreeMap<DigestQuery, Result<Option<String>, LookupError>>;
/// When versions were published; `None`: nobody knows.
pub type Timestamps = BTreeMap<(Lookup, String), Result<Option<Timestamp>, LookupError>>;

/// Asks for the releases of every package.
pub async fn releases(datasources: &Datasources, lookups: BTreeSet<Lookup>) -> Releases {
    datasources.prepare(&lookups);
    ask("asking registries", lookups, async |lookup: &Lookup| datasources.releases(lookup).await).await
}

/// Asks for every digest.
pub async fn digests(datasources: &Datasources, queries: BTreeSet<DigestQuery>) -> Digests {
    ask("resolving digests", queries, async |query: &DigestQuery| datasources.digest(query).await).await
}

/// Asks when versions were published, where the lists do not say it.
pub async fn timestamps(datasources: &Datasources, queries: BTreeSet<(Lookup, String)>) -> Timestamps {
    ask("dating releases", queries, async |query: &(Lookup, String)| {
        datasources.timestamp(&query.0, &query.1).await
    })
    .await
}

async fn ask<Q: Ord, A>(
    what: &'static str,
    questions: BTreeSet<Q>,
    answer: impl AsyncFn(&Q) -> A,
) -> BTreeMap<Q, A> {
    let progress = Progress::new(what, questions.len());
    let (answer, progress) = (&answer, &progress);
    futures::stream::iter(questions)
        .map(|question| async move {
            let reply = answer(&question).await;
            progress.step();
            (question, reply)
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect()
}
