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
use super::registry::Documents;
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
        Arc::new(Documents::new(http, Npm)),
        Arc::new(Documents::new(http, Pypi)),
        Arc::new(Documents::new(http, Crates)),
        Arc::new(Documents::new(http, Go)),
        Arc::new(Documents::new(http, NodeVersion)),
        Arc::new(Documents::new(http, GolangVersion)),
    ];
    datasources.extend(Github::all(http, &remotes));
    datasources.extend(Git::all(&remotes));
    Datasources::new(datasources)
}
