//! The files people copy: our own managers and our own command line must understand them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::Parser as _;
use serde_yaml::Value;
use updraft::cli::{Cli, Command};
use updraft_core::config::{ConfigFile, Resolution, resolve};
use updraft_core::dep::{Dep, SkipReason};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;

const IMAGE: &str = "ghcr.io/updraft-bot/updraft";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn extract(manager: &dyn Manager, path: &str) -> Vec<Dep> {
    let file = SourceFile::new(RepoPath::new(path).unwrap(), read(path));
    assert!(manager.recognizes(&file) || !manager.file_patterns().is_empty(), "{path} is not recognized");
    let Extraction { deps, problems } = manager.extract(&[&file], &ManagerContext::default());
    assert!(problems.is_empty(), "{problems:?}");
    deps
}

#[test]
fn the_cron_job_is_kept_up_to_date_by_ourselves() {
    let deps = extract(&updraft_managers::kubernetes::Kubernetes, "deploy/cronjob.yaml");
    let ours = deps.iter().find(|dep| dep.package_name == IMAGE).expect("our own image");
    assert_eq!(ours.current_value.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(ours.skip, None);
    assert!(
        deps.iter().any(|dep| dep.dep_name == "CronJob" && dep.current_value.as_deref() == Some("batch/v1"))
    );
}

#[test]
fn the_cron_job_says_what_the_command_line_understands() {
    let text = read("deploy/cronjob.yaml");
    let mut parsed = 0;
    for document in serde_yaml::Deserializer::from_str(&text) {
        let document: Value = serde::Deserialize::deserialize(document).unwrap();
        let Some(pod) = document.get("spec").and_then(|spec| spec.get("jobTemplate")) else { continue };
        let containers = pod["spec"]["template"]["spec"]["containers"].as_sequence().unwrap();
        for container in containers.iter().filter(|one| one["image"].as_str().unwrap().starts_with(IMAGE)) {
            let arguments =
                container["args"].as_sequence().unwrap().iter().map(|argument| argument.as_str().unwrap());
            let cli = Cli::try_parse_from(std::iter::once("updraft").chain(arguments)).unwrap();
            let Command::DryRun(dry_run) = cli.command else { panic!("the job runs the dry run") };
            let mounts = container["volumeMounts"].as_sequence().unwrap().iter();
            let paths: Vec<&str> = mounts.map(|mount| mount["mountPath"].as_str().unwrap()).collect();
            for path in [Some(dry_run.path), dry_run.world.cache_dir].into_iter().flatten() {
                assert!(
                    paths.iter().any(|mounted| path.starts_with(mounted)),
                    "{} is not mounted",
                    path.display()
                );
            }
            parsed += 1;
        }
    }
    assert_eq!(parsed, 1);
}

#[test]
fn the_image_is_built_from_pinned_parts() {
    let deps = extract(&updraft_managers::dockerfile::Dockerfile, "deploy/Dockerfile");
    let found: Vec<(&str, Option<SkipReason>)> =
        deps.iter().map(|dep| (dep.dep_name.as_str(), dep.skip.as_ref().map(|skip| skip.reason))).collect();
    assert_eq!(found, [("docker/dockerfile", None), ("docker.io/library/rust", None)]);
    let rust = deps[1].current_value.as_deref().unwrap();
    let cargo: String = read("Cargo.toml")
        .lines()
        .find_map(|line| Some(line.strip_prefix("rust-version = \"")?.trim_end_matches('"').to_owned()))
        .unwrap();
    let minor =
        |version: &str| version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap();
    assert!(minor(rust) >= minor(&cargo), "rust {rust} in the Dockerfile, {cargo} in Cargo.toml");
}

#[test]
fn the_example_configuration_is_read_without_a_complaint() {
    let file = ConfigFile {
        path: RepoPath::new("renovate.json5").unwrap(),
        text: read("renovate.json.example").into(),
    };
    let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else {
        panic!("the example needs presets of somebody else")
    };
    assert_eq!(config.problems, []);
    assert!(config.rules.len() > 5);
}
