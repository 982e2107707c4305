//! Everyone who can be asked, in one list.

use std::sync::Arc;

use super::conda::Conda;
use super::crates::Crates;
use super::dotnet_version::DotnetVersion;
use super::forges;
use super::galaxy::Galaxy;
use super::galaxy_collection::GalaxyCollection;
use super::git::{Git, GitRemotes};
use super::github::Github;
use super::github_runners::GithubRunners;
use super::go::Go;
use super::golang_version::GolangVersion;
use super::grafana_dashboards::GrafanaDashboards;
use super::helm::Helm;
use super::java_version::JavaVersion;
use super::jsr::Jsr;
use super::kubernetes_api::KubernetesApi;
use super::node_version::NodeVersion;
use super::npm::Npm;
use super::nuget::Nuget;
use super::oci::Oci;
use super::packagist::Packagist;
use super::pages::{Paged, Pages};
use super::pypi::Pypi;
use super::python_version::PythonVersion;
use super::registry::{Documents, Registry};
use super::ruby_version::RubyVersion;
use super::rubygems::Rubygems;
use super::{Datasource, Datasources, terraform};
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
    let pages = paged().into_iter().map(|registry| Pages::of(http, registry));
    datasources.extend(pages.map(|pages| Arc::new(pages) as Arc<dyn Datasource>));
    datasources.extend(Github::all(http, &remotes));
    datasources.extend(Git::all(&remotes));
    datasources.extend(terraform::all(http));
    datasources.extend(forges::all(http, &remotes));
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
        Arc::new(PythonVersion),
        Arc::new(RubyVersion),
        Arc::new(Rubygems),
        Arc::new(Packagist),
        Arc::new(Conda),
        Arc::new(Jsr),
        Arc::new(Galaxy),
        Arc::new(GrafanaDashboards),
    ]
}

/// Returns the kinds of registry that tell it in several documents, but for those that are part of something larger.
pub fn paged() -> Vec<Arc<dyn Paged>> {
    vec![Arc::new(GalaxyCollection), Arc::new(Nuget), Arc::new(JavaVersion), Arc::new(DotnetVersion)]
}
