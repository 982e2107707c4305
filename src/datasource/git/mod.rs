//! Tags and branches of any git repository, over HTTP, without a clone and without a forge's API.
//!
//! A repository is asked once a run. Nothing here has a rate limit worth mentioning, which is why GitHub's repositories
//! are asked this way too when there is no token.

mod address;
mod pkt_line;
mod refs;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use reqwest::Method;
use updraft_core::name::DatasourceId;
use updraft_core::release::{DigestQuery, Lookup, Release, ReleaseList};
use url::Url;

pub use self::address::GitAddress;
pub use self::pkt_line::{Packet, PacketError, Packets};
pub use self::refs::{Advertisement, GitRef, Refs, RefsError, read_advertisement, read_ls_refs};
use super::{Datasource, LookupError, LookupErrorKind};
use crate::http::{
    Access, Credential, Effect, Http, HttpErrorKind, Identity, Reply, Request, SingleFlight, host_of,
};

/// The largest list of references that is read, in bytes: half a million of them.
const LIST_LIMIT: u64 = 48 * 1024 * 1024;

/// Asks repositories what they have; each is asked once a run.
#[derive(Debug)]
pub struct GitRemotes {
    http: Http,
    known: SingleFlight<GitAddress, Result<Arc<Refs>, LookupError>>,
    /// The hosts that were found to speak protocol 2: they need not be asked for it again.
    version2: Mutex<BTreeSet<String>>,
}

impl GitRemotes {
    /// Returns what asks through `http`.
    pub fn new(http: Http) -> Self {
        Self { http, known: SingleFlight::default(), version2: Mutex::default() }
    }

    /// Returns the branches and tags of a repository; `package` names it in errors.
    ///
    /// It is asked without a credential first, and with the one the host rules have for it when that is refused.
    ///
    /// # Errors
    /// There is no such repository, it is private, or its host does not answer.
    pub async fn refs(&self, address: &GitAddress, package: &str) -> Result<Arc<Refs>, LookupError> {
        self.known.run(address, || self.ask(address, package)).await
    }

    async fn ask(&self, address: &GitAddress, package: &str) -> Result<Arc<Refs>, LookupError> {
        match self.ask_as(address, package, Access::Anonymous(Identity::Anonymous)).await {
            Err(error) if matches!(error.kind, LookupErrorKind::NotFound | LookupErrorKind::Unauthorized) => {
                match self.credential(address.url()) {
                    Some(credential) => self.ask_as(address, package, Access::With(credential)).await,
                    None => Err(refused(address, package)),
                }
            }
            answer => answer,
        }
    }

    async fn ask_as(
        &self,
        address: &GitAddress,
        package: &str,
        access: Access,
    ) -> Result<Arc<Refs>, LookupError> {
        let host = host_of(address.url());
        if self.version2.lock().unwrap_or_else(PoisonError::into_inner).contains(&host)
            && let Ok(refs) = self.ls_refs(address, package, access.clone()).await
        {
            return Ok(refs);
        }
        let request = Request::get(address.info_refs())
            .header("git-protocol", "version=2")
            .access(access.clone())
            .body_limit(LIST_LIMIT);
        let reply = match self.send(&request, package).await {
            // The run that filled the store may have known already what this host speaks.
            Err(error) if is_not_stored(&error) => return self.ls_refs(address, package, access).await,
            reply => reply?,
        };
        let advertisement =
            read_advertisement(&reply.body).map_err(|why| malformed(&reply, package, &why))?;
        match advertisement {
            Advertisement::Refs(refs) => Ok(Arc::new(refs)),
            Advertisement::Version2 => {
                self.version2.lock().unwrap_or_else(PoisonError::into_inner).insert(host);
                self.ls_refs(address, package, access).await
            }
        }
    }

    async fn ls_refs(
        &self,
        address: &GitAddress,
        package: &str,
        access: Access,
    ) -> Result<Arc<Refs>, LookupError> {
        let request = Request::new(Method::POST, address.upload_pack())
            .header("git-protocol", "version=2")
            .header("content-type", "application/x-git-upload-pack-request")
            .body(refs::ls_refs_question().into())
            .effect(Effect::Asks)
            .access(access)
            .body_limit(LIST_LIMIT);
        let reply = self.send(&request, package).await?;
        read_ls_refs(&reply.body).map(Arc::new).map_err(|why| malformed(&reply, package, &why))
    }

    async fn send(&self, request: &Request, package: &str) -> Result<Reply, LookupError> {
        let reply = self.http.send(request).await.and_then(Reply::success);
        reply.map_err(|error| LookupError::of_http(package, error))
    }

    /// Git over HTTP knows user and password only; a token is sent as the password of a user each forge names.
    fn credential(&self, url: &Url) -> Option<Credential> {
        let settings = self.http.host_settings(url, DatasourceId::GIT_TAGS.as_str());
        if let (Some(user), Some(password)) = (&settings.username, &settings.password) {
            return Some(Credential::basic(user, password));
        }
        let host = url.host_str().unwrap_or_default();
        let user = match host {
            "bitbucket.org" => "x-token-auth",
            host if host == "gitlab.com" || host.starts_with("gitlab.") => "oauth2",
            _ => "x-access-token",
        };
        settings.token.map(|token| Credential::basic(user, &token))
    }
}

fn is_not_stored(error: &LookupError) -> bool {
    let kind = error.cause.as_ref().map(|cause| cause.kind);
    matches!(kind, Some(HttpErrorKind::Offline | HttpErrorKind::NotRecorded))
}

fn refused(address: &GitAddress, package: &str) -> LookupError {
    let host = host_of(address.url());
    let detail = format!("`{host}` does not have it, or shows it only to those who may see it");
    LookupError::new(LookupErrorKind::NotFound, &host, package, detail)
        .hint(format!("check the name; for a private repository, give `{host}` a token with a host rule"))
}

fn malformed(reply: &Reply, package: &str, why: &RefsError) -> LookupError {
    LookupError::of_http(package, reply.malformed(why))
        .hint("check that the address is that of a git repository")
}

/// Which references count as versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Versions {
    Tags,
    TagsAndBranches,
}

/// Tags, or tags and branches, of git repositories: `git-tags`, `git-refs` and the forges that are no more than that.
#[derive(Debug)]
pub struct Git {
    id: DatasourceId,
    versions: Versions,
    /// The forge whose repositories are named by path; `None` wants whole addresses.
    forge: Option<&'static str>,
    remotes: Arc<GitRemotes>,
}

impl Git {
    /// Returns all datasources of this kind.
    pub fn all(remotes: &Arc<GitRemotes>) -> Vec<Arc<dyn Datasource>> {
        let one = |id, versions, forge| -> Arc<dyn Datasource> {
            Arc::new(Self { id, versions, forge, remotes: Arc::clone(remotes) })
        };
        vec![
            one(DatasourceId::GIT_TAGS, Versions::Tags, None),
            one(DatasourceId::GIT_REFS, Versions::TagsAndBranches, None),
            one(DatasourceId::fixed("gitlab-tags"), Versions::Tags, Some("https://gitlab.com")),
            one(DatasourceId::fixed("bitbucket-tags"), Versions::Tags, Some("https://bitbucket.org")),
            one(DatasourceId::fixed("gitea-tags"), Versions::Tags, Some("https://gitea.com")),
            one(DatasourceId::fixed("forgejo-tags"), Versions::Tags, Some("https://code.forgejo.org")),
        ]
    }

    fn address(&self, lookup: &Lookup) -> Result<GitAddress, LookupError> {
        let name = &lookup.package_name;
        let base = lookup.registry_urls.first().map(String::as_str).or(self.forge);
        GitAddress::parse(name).or_else(|| GitAddress::on_forge(base?, name)).ok_or_else(|| {
            LookupError::unsupported(name, "it is not an address a git repository can be asked at")
                .hint("write `https://host/path`, `ssh://host/path` or `git@host:path`")
        })
    }
}

#[async_trait]
impl Datasource for Git {
    fn id(&self) -> DatasourceId {
        self.id.clone()
    }

    async fn releases(&self, lookup: &Lookup) -> Result<Arc<ReleaseList>, LookupError> {
        let address = self.address(lookup)?;
        let refs = self.remotes.refs(&address, &lookup.package_name).await?;
        let branches = match self.versions {
            Versions::Tags => &[][..],
            Versions::TagsAndBranches => &refs.branches,
        };
        Ok(Arc::new(ReleaseList {
            releases: refs.tags.iter().chain(branches).map(release).collect(),
            registry_url: Some(address.page()),
            source_url: Some(address.page()),
            ..ReleaseList::default()
        }))
    }

    async fn digest(&self, query: &DigestQuery) -> Result<Option<String>, LookupError> {
        let address = self.address(&query.lookup)?;
        let refs = self.remotes.refs(&address, &query.lookup.package_name).await?;
        Ok(refs.commit_of(query.value.as_deref()))
    }
}

/// Returns a reference as a release.
pub(super) fn release(reference: &GitRef) -> Release {
    Release { digest: Some(reference.commit.clone()), ..Release::of(&reference.name) }
}

impl Refs {
    /// Returns the commit of a tag or branch; without a name that of the default branch.
    pub(super) fn commit_of(&self, name: Option<&str>) -> Option<String> {
        match name {
            Some(name) => self.commit(name).map(str::to_owned),
            None => self.head.clone(),
        }
    }
}

/// Returns the versions that are the commit `commit`, which may be shortened, in the list's order.
///
/// This is what repairs a comment beside a pinned commit that names a version which does not exist.
pub fn versions_at<'a>(list: &'a ReleaseList, commit: &'a str) -> impl Iterator<Item = &'a str> {
    list.releases
        .iter()
        .filter(move |release| {
            commit.len() >= 6 && release.digest.as_deref().is_some_and(|digest| digest.starts_with(commit))
        })
        .map(|release| release.version.as_str())
}

#[cfg(test)]
mod tests;
