//! Everyone who can be asked, in one list.

use std::sync::Arc;

use super::git::{Git, GitRemotes};
use super::github::Github;
use super::github_runners::GithubRunners;
use super::helm::Helm;
use super::kubernetes_api::KubernetesApi;
use super::oci::Oci;
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
    datasources.extend(Github::all(http, &remotes));
    datasources.extend(Git::all(&remotes));
    Datasources::new(datasources)
}
