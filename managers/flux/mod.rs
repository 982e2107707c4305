#![doc = include_str!("README.md")]

mod git_repository;
mod helm;
mod namespaces;
mod oci_repository;
mod repositories;
mod resource;
mod system;
mod template;

use updraft_core::dep::Dep;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::{SourceFile, Words};

use crate::helm_values::walk::{Values, images};
use crate::kustomize::images as kustomize_images;
use crate::scalar;
use helm::Charts;
use repositories::Repositories;
use resource::{Group, Resource};

const ID: ManagerId = ManagerId::fixed("flux");

/// Finds what Flux applies: charts, OCI artifacts, git repositories and images.
#[derive(Clone, Copy, Debug)]
pub struct Flux;

impl Manager for Flux {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(?:^|/)gotk-components\\.ya?ml$/"]
    }

    /// Takes files that name an API group of Flux, and kustomizations, which set the namespaces of what they list.
    fn recognizes(&self, file: &SourceFile) -> bool {
        scalar::is_kustomization_name(&file.path) || (file.is_yaml_by_name() && is_flux(file))
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        let mut read = Vec::new();
        for file in files {
            if system::is_system_manifest(file) {
                extraction.deps.extend(system::dep(file));
            } else if is_flux(file) {
                extraction.problems.extend(file.yaml_problems());
                read.push(*file);
            } else if scalar::is_kustomization_name(&file.path) {
                read.push(*file);
            }
        }
        let templates: Vec<SourceFile> = read.iter().filter_map(|file| template::only(file)).collect();
        read.extend(&templates);
        let resources = resource::collect(&read);
        let aliases = &context.registry_aliases;
        let repositories = Repositories::new(&read, &resources, aliases);
        let charts = Charts { repositories: &repositories, aliases };
        for resource in &resources {
            match (resource.group, resource.kind) {
                (Group::Helm, "HelmRelease") => {
                    extraction.deps.extend(charts.of_release(resource));
                    extraction.deps.extend(values(resource, context));
                }
                (Group::Source, "HelmChart") => extraction.deps.extend(charts.of_chart(resource)),
                (Group::Source, "GitRepository") => extraction.deps.extend(git_repository::dep(resource)),
                (Group::Source, "OCIRepository") => {
                    extraction.deps.extend(oci_repository::dep(resource, aliases));
                }
                (Group::Kustomize, "Kustomization") => {
                    extraction.deps.extend(kustomization(resource, context));
                }
                _ => {}
            }
        }
        extraction
    }
}

/// What all API groups of Flux end in.
static GROUPS: Words = Words::new(".toolkit.fluxcd.io/");

fn is_flux(file: &SourceFile) -> bool {
    file.holds(&GROUPS)
}

/// Returns the images in the values of a `HelmRelease`.
fn values(release: &Resource<'_>, context: &ManagerContext) -> Vec<Dep> {
    let Some(root) = release.spec(&["values"]) else { return Vec::new() };
    let aliases = &context.registry_aliases;
    let mut found = images(root, &Values { manager: ID, file: release.file, aliases, pin_digests: None });
    for dep in &mut found {
        dep.found_in = release.title();
    }
    found
}

/// Returns the images a Flux `Kustomization` replaces.
fn kustomization(resource: &Resource<'_>, context: &ManagerContext) -> Vec<Dep> {
    let Some(list) = resource.spec(&["images"]) else { return Vec::new() };
    kustomize_images::deps(&ID, resource.file, list, &resource.title(), &context.registry_aliases)
}
