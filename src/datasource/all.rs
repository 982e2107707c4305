//! Everyone who can be asked, in one list.

use std::sync::Arc;

use super::crates::Crates;
use super::git::{Git, GitRemotes};
use super::github::Github;
use super::github_runners::GithubRunners;
use super::go::Go;
use super::golang_version::GolangVersion;
use super::helm::Helm;
use super::kubernetes_api::KubernetesApi;
use super::node_version::NodeVersion;
use super::npm::Npm;
use super::oci::Oci;
use super::pypi::Pypi;
use super::registry::{Documents, Registry};
use super::{Datasource, Datasources};
use crate::http::{DockerConfig, Http};

/// Returns all datasources, which ask through `http`; registries are logged in to with `docker`, too.
pub fn all(http: &Http, docker: DockerConfig) -> Datasources {
    let remotes = Arc::new(GitRemotes::new(http.clone()));
    let mut datasources: Vec<Arc<dyn Datasource>> = vec![
        Arc::new(Oci::new(http.clone(), docker)),
        Arc::new(Helm::new(http.clone())),
        Arc::new(GithubRunners),
        Arc::new(KubernetesApi),
    ];
    let documents = registries().into_iter().map(|registry| Documents::of(http, registry));
    datasources.extend(documents.map(|documents| Arc::new(documents) as Arc<dyn Datasource>));
    datasources.extend(Github::all(http, &remotes));
    datasources.extend(Git::all(&remotes));
    Datasources::new(datasources)
}

/// Returns the kinds of registry that tell all about a package in one document.
pub fn registries() -> Vec<Arc<dyn Registry>> {
    vec![
        Arc::new(Npm),
        Arc::new(Pypi),
        Arc::new(Crates),
        Arc::new(Go),
        Arc::new(NodeVersion),
        Arc::new(GolangVersion),
    ]
}
