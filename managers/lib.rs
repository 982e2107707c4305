//! One folder per kind of file updraft finds dependencies in.
//!
//! To add a manager: a folder `<id>/` (its id in snake case) with `README.md` (which files, which fields, what is left alone and
//! why: it is the module's documentation), `mod.rs` (a unit struct that implements [`Manager`]) and `fixtures/<case>/` (input
//! files, and `extracted.snap` written by `UPDATE_SNAPSHOTS=1 cargo test -p updraft-managers`); then its `pub mod` line and its
//! entry in [`ALL`] here. Nothing else changes.

#![cfg_attr(test, allow(clippy::string_slice, reason = "tests index texts they wrote themselves"))]

pub mod extract;

use updraft_core::config::custom_manager::{CustomManager, CustomType};
use updraft_core::manager::Manager;

pub mod annotation;
pub mod ansible;
pub mod ansible_galaxy;
pub mod argocd;
pub mod custom_jsonata;
pub mod custom_regex;
pub mod devcontainer;
pub mod docker_compose;
pub mod dockerfile;
pub mod flux;
pub mod flux_operator;
pub mod github_actions;
pub mod grafana;
pub mod helm_values;
pub mod helmfile;
pub mod helmv3;
pub mod kubernetes;
pub mod kustomize;
pub mod mise;
pub mod pip_requirements;
pub mod pre_commit;
pub mod renovate_config;
pub mod talos;
pub mod terraform;

mod chart;
mod git_url;
mod image;
mod image_policy;
mod merge;
mod object;
mod same_version;
mod scalar;

#[cfg(test)]
mod testing;

/// The built-in managers, the more specific ones first: where two find the same bytes, the earlier one has them.
///
/// Managers that exist only by configuration are made by [`custom`] and are not here.
pub static ALL: &[&dyn Manager] = &[
    &flux::Flux,
    &flux_operator::FluxOperator,
    &kustomize::Kustomize,
    &helmfile::Helmfile,
    &helmv3::Helmv3,
    &argocd::ArgoCd,
    &dockerfile::Dockerfile,
    &docker_compose::DockerCompose,
    &devcontainer::Devcontainer,
    &github_actions::GitHubActions,
    &ansible_galaxy::AnsibleGalaxy,
    &ansible::Ansible,
    &mise::Mise,
    &pip_requirements::PipRequirements,
    &pre_commit::PreCommit,
    &terraform::Terraform,
    &renovate_config::RenovateConfig,
    &talos::Talos,
    &grafana::Grafana,
    &helm_values::HelmValues,
    &kubernetes::Kubernetes,
    &annotation::Annotation,
];

/// Returns the manager that an entry of `customManagers` describes.
pub fn custom(entry: CustomManager) -> Box<dyn Manager> {
    match entry.custom_type {
        CustomType::Regex => Box::new(custom_regex::CustomRegex::new(entry)),
        CustomType::Jsonata(_) => Box::new(custom_jsonata::CustomJsonata::new(entry)),
    }
}
