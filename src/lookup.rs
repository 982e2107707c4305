//! Takes every package through its questions: what was published, what that means to those who use it, how old it is, which digest it has.
//!
//! All packages are under way at the same time, and each goes on as soon as it can: what the registries of some take long to say, the choices of
//! others are made in. Every distinct question is asked once a run, by [`Datasources`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt;
use futures::future::join_all;
use jiff::Timestamp;
use tracing::{Instrument as _, debug_span};
use updraft_core::choose::{ChooseInput, DigestAnswers, PreparedDep, choose, settle};
use updraft_core::config::Config;
use updraft_core::release::{DigestQuery, Lookup, ReleaseList};
use updraft_core::update::Choice;

use crate::datasource::{Datasources, LookupError};
use crate::progress::Progress;
use crate::run::Finding;

/// How many packages are under way at once. Each host's own limit is kept below it, in the HTTP client.
const AT_ONCE: usize = 256;
/// How many releases of each step are dated, round by round: each may find all of them too young, and then the next ones decide.
const DATED: [usize; 4] = [1, 2, 4, 8];

/// What came of all dependencies.
#[derive(Debug)]
pub struct Answered {
    /// The dependencies with what was chosen for them, in the order in which they were given.
    pub findings: Vec<Finding>,
    /// How many distinct packages were asked for.
    pub packages: usize,
}

/// Asks for the packages of all dependencies, and chooses.
pub async fn answer(
    datasources: &Datasources,
    deps: Vec<PreparedDep>,
    config: &Config,
    now: Timestamp,
) -> Answered {
    let mut by_package: BTreeMap<Lookup, Vec<(usize, PreparedDep)>> = BTreeMap::new();
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    for (index, dep) in deps.into_iter().enumerate() {
        match dep.lookup() {
            Some(lookup) => by_package.entry(lookup).or_default().push((index, dep)),
            None => findings.push((index, Finding { dep, releases: None, choice: Arc::default() })),
        }
    }
    datasources.prepare(by_package.keys());
    let packages = by_package.len();
    let progress = &Progress::new("asking registries", packages);
    let mut answers = futures::stream::iter(by_package)
        .map(|(lookup, deps)| async move {
            let span = debug_span!(
                "package",
                packageName = lookup.package_name,
                datasource = lookup.datasource.as_str()
            );
            let answer = Package { datasources, config, now, lookup }.answer(deps).instrument(span).await;
            progress.step();
            answer
        })
        .buffer_unordered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        findings.extend(answer);
    }
    findings.sort_unstable_by_key(|(index, _)| *index);
    Answered { findings: findings.into_iter().map(|(_, finding)| finding).collect(), packages }
}

/// One package on its way.
struct Package<'a> {
    datasources: &'a Datasources,
    config: &'a Config,
    now: Timestamp,
    lookup: Lookup,
}

impl Package<'_> {
    async fn answer(&self, deps: Vec<(usize, PreparedDep)>) -> Vec<(usize, Finding)> {
        let releases = self.datasources.releases(&self.lookup).await;
        match &releases {
            Ok(list) => tracing::trace!(releases = list.releases.len(), "looked up"),
            Err(error) => tracing::trace!(reason = error.detail, "not looked up"),
        }
        let decided = deps.into_iter().map(|(index, dep)| {
            let choice = releases.as_ref().map(|releases| self.choose(&dep, releases)).unwrap_or_default();
            (index, Finding { dep, choice, releases: Some(releases.clone()) })
        });
        let mut findings: Vec<(usize, Finding)> = decided.collect();
        if let Ok(releases) = releases {
            // Digests first: one that did not move needs no date.
            self.resolve_digests(&mut findings).await;
            self.date(&mut findings, releases).await;
        }
        findings
    }

    fn choose(&self, dep: &PreparedDep, releases: &ReleaseList) -> Arc<Choice> {
        Arc::new(choose(&ChooseInput { dep, releases, config: self.config, now: self.now }))
    }

    /// Asks when releases were published where `minimumReleaseAge` wants to know and the registry's list does not say, and decides again:
    /// a release without a date would wait for ever, and hide an older one that need not wait.
    async fn date(&self, findings: &mut [(usize, Finding)], mut releases: Arc<ReleaseList>) {
        for count in DATED {
            let undated: Vec<BTreeSet<String>> =
                findings.iter().map(|(_, finding)| undated(&finding.choice, count)).collect();
            let questions: BTreeSet<&String> = undated.iter().flatten().collect();
            let answers = join_all(questions.into_iter().map(async |version| {
                // A registry that cannot say leaves it as it was.
                let date = self.datasources.timestamp(&self.lookup, version).await.ok()??;
                Some((version, date))
            }));
            let dates: BTreeMap<&String, Timestamp> = answers.await.into_iter().flatten().collect();
            if dates.is_empty() {
                return;
            }
            for release in &mut Arc::make_mut(&mut releases).releases {
                release.timestamp = release.timestamp.or_else(|| dates.get(&release.version).copied());
            }
            for ((_, finding), versions) in findings.iter_mut().zip(&undated) {
                if !versions.is_empty() {
                    finding.choice = self.choose(&finding.dep, &releases);
                    finding.releases = Some(Ok(Arc::clone(&releases)));
                }
            }
            self.resolve_digests(findings).await;
        }
    }

    async fn resolve_digests(&self, findings: &mut [(usize, Finding)]) {
        let queries: BTreeSet<DigestQuery> =
            findings.iter().flat_map(|(_, finding)| digest_queries(&finding.choice)).cloned().collect();
        let answers = join_all(queries.into_iter().map(async |query| {
            let answer = match self.datasources.digest(&query).await {
                Ok(Some(digest)) => Ok(digest),
                Ok(None) => Err("the registry has none".to_owned()),
                Err(LookupError { detail, .. }) => Err(detail),
            };
            (query, answer)
        }));
        let answers: DigestAnswers = answers.await.into_iter().collect();
        for (_, finding) in findings {
            if digest_queries(&finding.choice).next().is_some() {
                settle(Arc::make_mut(&mut finding.choice), &answers);
            }
        }
    }
}

fn digest_queries(choice: &Choice) -> impl Iterator<Item = &DigestQuery> {
    choice.updates.iter().filter_map(|update| update.digest_query.as_ref())
}

/// Returns the first `count` releases of each step whose date decides about it and is not known.
fn undated(choice: &Choice, count: usize) -> BTreeSet<String> {
    choice.updates.iter().flat_map(|update| update.undated.iter().take(count)).cloned().collect()
}
