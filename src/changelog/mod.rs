//! Release notes for branches: asks source repositories for what the core needs to show them.
//!
//! One GraphQL query tells a repository's newest releases and tags and the names of its files, and serves all branches of
//! the run; one more request reads its changelog file, where it has one. Without a token there are no notes, and the
//! links between versions come from git's own list of tags. Other forges tell their newest releases to everybody.
//! A repository that does not answer costs the notes, never the branch.
//!
//! Whoever publishes a package names its source, and may name somebody else's. So what a token sees is shown only to those who may see as much:
//! into a public repository go the notes of public ones.

mod chart;
mod forges;
mod github;
mod source;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::Timestamp;
use updraft_core::changelog::{
    ChangelogFile, Source, SourceNotes, TagNames, VersionNotes, Website, clean, release_name, render,
    versions,
};
use updraft_core::config::options::FetchChangeLogs;
use updraft_core::name::DatasourceId;
use updraft_core::plan::{Branch, Upgrade};
use updraft_core::problem::Problem;
use updraft_core::release::Lookup;
use updraft_core::update::UpdateType;

use self::github::{Facts, Github, Wanted};
use self::source::{File, Origin};
use crate::datasource::Datasources;
use crate::datasource::github::Site;
use crate::forge::Visibility;
use crate::http::Http;

/// The most versions of one package whose notes are collected; a pull request has no room for more.
const MOST_VERSIONS: usize = 100;

/// So many versions behind the current one say that all newer ones were seen.
const MANY: usize = 5;

/// The release notes of a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchNotes {
    /// What to show, as Markdown that does nothing; empty when there are none.
    pub markdown: String,
    /// What could not be read, for the report.
    pub problems: Vec<Problem>,
}

/// Finds release notes. Each source repository is asked once a run.
pub struct Changelogs<'a> {
    http: Http,
    datasources: &'a Datasources,
    github: Github,
    sites: Vec<Site>,
    readers: Visibility,
}

impl<'a> Changelogs<'a> {
    /// Returns what asks through `http`; `datasources` knows where packages come from. `now` decides how long earlier
    /// answers hold.
    pub fn new(http: &Http, datasources: &'a Datasources, now: Timestamp) -> Self {
        let github = Github::new(http.clone(), now);
        Self { http: http.clone(), datasources, github, sites: Vec::new(), readers: Visibility::Public }
    }

    /// Says who reads the notes: who may read the repository they are for. Without this it is everybody.
    #[must_use]
    pub fn for_readers_of(mut self, repository: Visibility) -> Self {
        self.readers = repository;
        self
    }

    /// Makes a GitHub known whose address does not say that it is one.
    #[must_use]
    pub fn with_site(mut self, site: Site) -> Self {
        self.sites.push(site);
        self
    }

    /// Returns the notes of all updates of a branch.
    ///
    /// This never fails: what cannot be read is missing, and a problem says so.
    pub async fn notes(&self, branch: &Branch) -> BranchNotes {
        let mut seen = BTreeSet::new();
        let distinct = branch.upgrades.iter().filter(|upgrade| {
            let update = &upgrade.update;
            let current = upgrade.choice.current_version.as_deref().or(upgrade.dep.current_digest.as_deref());
            let new = update.new_version.as_deref();
            let digest = update.new_digest.as_deref().filter(|_| update.update_type == UpdateType::Digest);
            let is_wanted = upgrade.options.fetch_change_logs != Some(FetchChangeLogs::Off);
            is_wanted && seen.insert((&upgrade.dep.dep_name, &upgrade.dep.package_name, current, new, digest))
        });
        let found = join_all(distinct.map(|upgrade| self.of_upgrade(upgrade))).await;
        let mut sources: Vec<SourceNotes> = Vec::new();
        let mut problems = BTreeSet::new();
        for (notes, problem) in found {
            problems.extend(problem);
            let Some(notes) = notes else { continue };
            match sources.iter_mut().find(|known| notes.source.is_some() && known.source == notes.source) {
                Some(known) => merge(known, notes),
                None => sources.push(notes),
            }
        }
        BranchNotes { markdown: render(&sources), problems: problems.into_iter().collect() }
    }

    async fn of_upgrade(&self, upgrade: &Upgrade) -> (Option<SourceNotes>, Option<Problem>) {
        match upgrade.update.update_type {
            UpdateType::Digest => (self.of_digest(upgrade).await, None),
            UpdateType::Major | UpdateType::Minor | UpdateType::Patch => self.of_versions(upgrade).await,
            UpdateType::Pin | UpdateType::PinDigest | UpdateType::Rollback | UpdateType::Replacement => {
                (None, None)
            }
        }
    }

    /// Returns the link that shows what went into a new digest.
    async fn of_digest(&self, upgrade: &Upgrade) -> Option<SourceNotes> {
        let (origin, old, new) = source::of_digest(self.datasources, upgrade, &self.sites).await?;
        let short = |commit: &str| commit.chars().take(7).collect::<String>();
        let version = VersionNotes {
            version: format!("{}...{}", short(&old), short(&new)),
            compare_url: Some(origin.compare(&old, &new)),
            ..VersionNotes::default()
        };
        Some(notes_of(upgrade, Some(origin), vec![version]))
    }

    async fn of_versions(&self, upgrade: &Upgrade) -> (Option<SourceNotes>, Option<Problem>) {
        let mut versions = versions(&upgrade.choice, &upgrade.update, &*upgrade.versioning);
        versions.truncate(MOST_VERSIONS);
        let (Some(new), Some(current)) = (versions.first(), upgrade.choice.current_version.as_deref()) else {
            return (None, None);
        };
        let origin = source::origin(self.datasources, upgrade, &self.sites).await;
        let names = TagNames::new(
            &upgrade.dep.dep_name,
            &upgrade.dep.package_name,
            upgrade.dep.extract_version.as_deref(),
            &*upgrade.versioning,
        );
        let (facts, problem) = match &origin.source {
            Some(source) => self.facts(source, &origin, upgrade, &names, (current, &versions)).await,
            None => (Facts::default(), None),
        };
        let file = self.file(&origin, &facts).await;
        let text = file.as_ref().map(|(_, text)| ChangelogFile::read(text));
        let mut shown = Vec::new();
        for (at, version) in versions.iter().enumerate() {
            let tag = names.tag_of(version, &facts.tags);
            let before = versions.get(at + 1).copied().unwrap_or(current);
            let release = tag.and_then(|tag| facts.release(tag));
            let section = text.as_ref().and_then(|file| file.section(version, &upgrade.dep.package_name));
            let changes = origin.changes.as_deref().filter(|_| version == new);
            let (body, folder) = match (changes, section, release) {
                (Some(changes), ..) => (changes, ""),
                (None, Some(section), _) => (section, file.as_ref().map_or("", |(file, _)| file.folder())),
                (None, None, Some(release)) => (release.body.as_str(), ""),
                (None, None, None) => ("", ""),
            };
            let link = |make: &dyn Fn(&Source, &str) -> String| Some(make(origin.source.as_ref()?, tag?));
            shown.push(VersionNotes {
                version: (*version).to_owned(),
                url: link(&|source, tag| source.release(tag)),
                name: release.and_then(|release| release_name(&release.name, &release.tag, version)),
                compare_url: names
                    .tag_of(before, &facts.tags)
                    .filter(|before| Some(*before) != tag)
                    .and_then(|before| link(&|source, tag| source.compare(before, tag))),
                reference: tag.map(str::to_owned),
                folder: folder.to_owned(),
                body: clean(body, version),
            });
        }
        (Some(notes_of(upgrade, origin.source, shown)), problem)
    }

    /// Returns what the source repository knows of the versions; without a token GitHub only tells tags.
    async fn facts(
        &self,
        source: &Source,
        origin: &Origin,
        upgrade: &Upgrade,
        names: &TagNames<'_>,
        (current, versions): (&str, &[&str]),
    ) -> (Facts, Option<Problem>) {
        let repository = github::repository(source).filter(|_| source.website() == Website::GitHub);
        if let Some(repository) = repository.filter(|repository| self.github.has_token(repository)) {
            let wanted = Wanted {
                repository,
                folder: origin.folder.clone().unwrap_or_default(),
                released: upgrade.update.release_timestamp,
            };
            let lies_behind = |tag: &str| {
                upgrade.versioning.is_version(tag) && !upgrade.versioning.is_greater_than(tag, current)
            };
            let is_enough = |facts: &Facts| {
                let tag = |version: &str| names.tag_of(version, &facts.tags);
                let has_notes = |version: &&str| tag(version).is_some_and(|tag| facts.release(tag).is_some());
                // One or two old versions among the newest are repairs of an old line.
                let tags_behind = facts.tags.iter().filter(|tag| lies_behind(tag)).count();
                let releases_behind =
                    facts.releases.iter().filter(|release| lies_behind(&release.tag)).count();
                github::Enough {
                    newest: versions.first().is_some_and(|new| tag(new).is_some()),
                    all: (tag(current).is_some() || tags_behind >= MANY)
                        && (has_notes(&current) || releases_behind >= MANY || versions.iter().all(has_notes)),
                }
            };
            return match self.github.facts(&wanted, is_enough).await {
                Ok(facts) if facts.visibility > Some(self.readers) => {
                    let reason = "fewer people may read it than the repository worked on";
                    tracing::info!(source = source.page(), reason, "release notes are not shown");
                    (Facts::default(), None)
                }
                Ok(facts) => (facts, None),
                Err(why) => {
                    tracing::debug!(source = source.page(), why, "no release notes");
                    let message = format!("the release notes of `{}` cannot be read: {why}", source.slug());
                    (Facts::default(), Some(Problem::note(message)))
                }
            };
        }
        // Git's own list of tags has no limit worth mentioning.
        let lookup = Lookup {
            datasource: DatasourceId::GIT_TAGS,
            package_name: source.page(),
            registry_urls: Vec::new(),
        };
        let (tags, releases) = futures::join!(
            self.datasources.releases(&lookup),
            forges::releases(&self.http, source, self.readers)
        );
        let facts = match tags {
            Ok(list) => Facts::of_tags(list.releases.iter().map(|release| release.version.clone())),
            Err(error) => {
                tracing::debug!(source = source.page(), %error, "no links between versions");
                Facts::default()
            }
        };
        let releases = releases.unwrap_or_else(|why| {
            tracing::debug!(source = source.page(), why, "no release notes");
            Vec::new()
        });
        (facts.with_releases(releases), None)
    }

    /// Returns the changelog file and its text: the one that is named, else the one of the folder, else that of the top.
    async fn file(&self, origin: &Origin, facts: &Facts) -> Option<(File, String)> {
        let file = match &origin.file {
            Some(file) => file.clone(),
            None => File { source: origin.source.clone()?, path: facts.changelog.clone()? },
        };
        let repository = github::repository(&file.source)?;
        if file.source.website() != Website::GitHub || !self.github.has_token(&repository) {
            return None;
        }
        // Where the owner names none, it was the facts that told of it.
        if origin.file.is_some()
            && self.readers != Visibility::Private
            && self.github.visibility(&repository).await > self.readers
        {
            return None;
        }
        let text = self.github.file(&repository, &file.path).await?;
        Some((file, text.as_ref().to_owned()))
    }
}

fn notes_of(upgrade: &Upgrade, source: Option<Source>, versions: Vec<VersionNotes>) -> SourceNotes {
    SourceNotes { source, dep_names: BTreeSet::from([upgrade.dep.dep_name.clone()]), versions }
}

/// Adds notes of the same repository; a version that is there already is not shown twice.
fn merge(known: &mut SourceNotes, more: SourceNotes) {
    known.dep_names.extend(more.dep_names);
    for version in more.versions {
        let is_known = |shown: &VersionNotes| {
            shown.version == version.version && (shown.url == version.url || shown.body == version.body)
        };
        if !known.versions.iter().any(is_known) {
            known.versions.push(version);
        }
    }
}
