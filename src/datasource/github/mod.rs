//! Tags, releases and branches of repositories on GitHub.
//!
//! With a token, one GraphQL query asks for the newest hundred tags and releases of several repositories. A repository
//! with more tags than that is asked once more, as any git repository is, for the names and commits of all of them.
//!
//! Without a token GitHub allows 60 questions an hour, too few for any repository of use, so everything comes from
//! git's own list of references, which has no such limit. It knows neither dates nor releases: `github-releases` then
//! offers all tags, and whether one is stable is left to its spelling. [`Datasource::notes`] says so once.

mod answers;
mod query;
mod site;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use updraft_core::name::DatasourceId;
use updraft_core::problem::Problem;
use updraft_core::release::{DigestQuery, Lookup, Release, ReleaseList};

use self::answers::{Answers, Facts};
use self::query::Stability;
use self::query::Want;
pub use self::site::{Repository, Site};
use super::git::{self, GitAddress, GitRemotes, Refs};
use super::{Datasource, LookupError};
use crate::http::Http;

/// The `hostType` of host rules for all of GitHub.
const HOST_TYPE: &str = "github";
const DEFAULT_SITE: &str = "https://github.com";

/// What the datasources for GitHub share.
pub struct Github {
    answers: Answers,
    remotes: Arc<GitRemotes>,
    /// The sites that were asked without a token.
    without_token: Mutex<BTreeSet<String>>,
}

impl Github {
    /// Returns all datasources for GitHub: `github-tags`, `github-releases` and `github-digest`.
    pub fn all(http: &Http, remotes: &Arc<GitRemotes>) -> Vec<Arc<dyn Datasource>> {
        let shared = Arc::new(Self {
            answers: Answers::new(http.clone()),
            remotes: Arc::clone(remotes),
            without_token: Mutex::default(),
        });
        [Kind::Tags, Kind::Releases, Kind::Digest]
            .into_iter()
            .map(|kind| -> Arc<dyn Datasource> { Arc::new(OnGithub { kind, shared: Arc::clone(&shared) }) })
            .collect()
    }

    async fn refs(&self, repository: &Repository, package: &str) -> Result<Arc<Refs>, LookupError> {
        let path = format!("{}/{}", repository.owner, repository.name);
        let address = GitAddress::on_forge(repository.site.website().as_str(), &path)
            .ok_or_else(|| LookupError::unsupported(package, "it is not `owner/name`"))?;
        self.remotes.refs(&address, package).await
    }

    /// Returns the tags with all that is known of them, newest first as far as dates are known.
    async fn tags(&self, repository: &Repository, package: &str) -> Result<Vec<Release>, LookupError> {
        if !self.answers.has_token(&repository.site) {
            self.note_without_token(repository);
            return Ok(self.refs(repository, package).await?.tags.iter().map(git::release).collect());
        }
        let facts = self.answers.facts(repository, Want::Tags, package).await?;
        let mut tags = tags_of(&facts);
        if facts.more_tags {
            let known: BTreeSet<String> = tags.iter().map(|tag| tag.version.clone()).collect();
            let all = self.refs(repository, package).await?;
            // The list has the newest tags, so the oldest date on it is the latest the others can have.
            let latest = facts.tags.iter().filter_map(|tag| tag.timestamp).min();
            tags.extend(all.tags.iter().filter(|tag| !known.contains(&tag.name)).map(|tag| Release {
                timestamp: facts.published(&tag.name).or(latest),
                is_stable: facts.is_stable(&tag.name),
                ..git::release(tag)
            }));
        }
        Ok(tags)
    }

    async fn releases(&self, repository: &Repository, package: &str) -> Result<Vec<Release>, LookupError> {
        if !self.answers.has_token(&repository.site) {
            self.note_without_token(repository);
            return Ok(self.refs(repository, package).await?.tags.iter().map(git::release).collect());
        }
        let facts = self.answers.facts(repository, Want::Releases, package).await?;
        Ok(facts
            .releases
            .iter()
            .map(|release| Release {
                timestamp: release.timestamp,
                is_stable: is_stable(release.stability),
                digest: release.commit.clone(),
                ..Release::of(&release.tag)
            })
            .collect())
    }

    async fn branches_and_tags(
        &self,
        repository: &Repository,
        package: &str,
    ) -> Result<Vec<Release>, LookupError> {
        let refs = self.refs(repository, package).await?;
        Ok(refs.tags.iter().chain(&refs.branches).map(git::release).collect())
    }

    fn note_without_token(&self, repository: &Repository) {
        let mut sites = self.without_token.lock().unwrap_or_else(PoisonError::into_inner);
        sites.insert(repository.site.host());
    }
}

fn tags_of(facts: &Facts) -> Vec<Release> {
    facts
        .tags
        .iter()
        .map(|tag| Release {
            timestamp: facts.published(&tag.name).or(tag.timestamp),
            is_stable: facts.is_stable(&tag.name),
            digest: Some(tag.commit.clone()),
            ..Release::of(&tag.name)
        })
        .collect()
}

/// A release that is not marked may be unstable all the same, by its version.
fn is_stable(stability: Stability) -> Option<bool> {
    (stability == Stability::Prerelease).then_some(false)
}

/// What counts as a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tags,
    Releases,
    Digest,
}

struct OnGithub {
    kind: Kind,
    shared: Arc<Github>,
}

impl OnGithub {
    fn repository(lookup: &Lookup) -> Result<Repository, LookupError> {
        let name = &lookup.package_name;
        let base = lookup.registry_urls.first().map_or(DEFAULT_SITE, String::as_str);
        let site = Site::parse(base).ok_or_else(|| {
            LookupError::unsupported(name, "its registry URL is not the address of a GitHub")
                .hint("write the address of the website: `https://github.example.org/`")
        })?;
        Repository::parse(site, name).ok_or_else(|| {
            LookupError::unsupported(name, "it is not the name of a GitHub repository")
                .hint("write `owner/name`")
        })
    }

    async fn list(&self, repository: &Repository, package: &str) -> Result<Vec<Release>, LookupError> {
        match self.kind {
            Kind::Tags => self.shared.tags(repository, package).await,
            Kind::Releases => self.shared.releases(repository, package).await,
            Kind::Digest => self.shared.branches_and_tags(repository, package).await,
        }
    }
}

#[async_trait]
impl Datasource for OnGithub {
    fn id(&self) -> DatasourceId {
        match self.kind {
            Kind::Tags => DatasourceId::GITHUB_TAGS,
            Kind::Releases => DatasourceId::GITHUB_RELEASES,
            Kind::Digest => DatasourceId::GITHUB_DIGEST,
        }
    }

    fn prepare(&self, lookups: &[&Lookup]) {
        let want = match self.kind {
            Kind::Tags => Want::Tags,
            Kind::Releases => Want::Releases,
            Kind::Digest => return,
        };
        let repositories = lookups.iter().filter_map(|lookup| Self::repository(lookup).ok());
        self.shared.answers.announce(repositories, want);
    }

    fn notes(&self) -> Vec<Problem> {
        let sites = self.shared.without_token.lock().unwrap_or_else(PoisonError::into_inner);
        let note = |site: &String| {
            Problem::note(format!(
                "without a token, the tags of git stand in for the releases of `{site}`: no dates, no marks of prereleases"
            ))
            .hint(if site == "github.com" {
                "set `GITHUB_COM_TOKEN`; a token without any permission is enough for public repositories".to_owned()
            } else {
                format!("give `{site}` a token with a host rule")
            })
        };
        sites.iter().map(note).collect()
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let repository = Self::repository(lookup)?;
        let releases = self.list(&repository, &lookup.package_name).await?;
        let website = repository.site.website();
        Ok(Arc::new(ReleaseList {
            releases,
            registry_url: Some(website.as_str().trim_end_matches('/').to_owned()),
            source_url: Some(format!("{website}{}", lookup.package_name.trim_matches('/'))),
            ..ReleaseList::default()
        }))
    }

    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        let repository = Self::repository(&query.lookup)?;
        let package = &query.lookup.package_name;
        // The list that is at hand may already tell; the tag before a branch of the same name.
        if let (Some(value), Kind::Tags | Kind::Releases) = (&query.value, self.kind) {
            let list = self.list(&repository, package).await?;
            let found = list.into_iter().find(|release| release.version == *value);
            if let Some(commit) = found.and_then(|release| release.digest) {
                return Ok(Some(commit));
            }
        }
        Ok(self.shared.refs(&repository, package).await?.commit_of(query.value.as_deref()))
    }
}

#[cfg(test)]
mod tests;
