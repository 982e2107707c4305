//! The files people copy: our own managers and our own command line must understand them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use regex::Regex;
use serde_json::{Value, json};
use updraft::cli::{Cli, Command, LogFormat, Run};
use updraft_core::config::{ConfigFile, Resolution, resolve};
use updraft_core::dep::{Dep, SkipReason};
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;

const IMAGE: &str = "ghcr.io/updraft-bot/updraft";
/// What may be put together.
const VARIANTS: [&[&str]; 5] =
    [&[], &["cache"], &["github-app"], &["sharded"], &["cache", "github-app", "sharded"]];
/// The pod inside the job.
const POD: &str = "/spec/jobTemplate/spec/template/spec";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the documents of a YAML text.
fn documents(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    documents.map(|document| serde::Deserialize::deserialize(document).unwrap()).collect()
}

/// Returns every YAML file under `deploy`.
fn manifests() -> Vec<PathBuf> {
    let mut folders = vec![root().join("deploy")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// Returns what kustomize makes of `deploy` with these components: their resources, and their JSON patches applied.
fn built(components: &[&str]) -> Vec<Value> {
    let base = documents(&read("deploy/kustomization.yaml")).remove(0);
    let mut all: Vec<Value> = list(&base, "resources")
        .iter()
        .flat_map(|path| documents(&read(&format!("deploy/{}", word(path)))))
        .collect();
    for component in components {
        let kustomization = documents(&read(&format!("deploy/{component}/kustomization.yaml"))).remove(0);
        assert_eq!(kustomization["kind"], "Component");
        for path in list(&kustomization, "resources") {
            all.extend(documents(&read(&format!("deploy/{component}/{}", word(path)))));
        }
        patch(&mut all, &kustomization);
    }
    all
}

/// Applies the patches of a kustomization: JSON patches (RFC 6902) for one object each.
fn patch(all: &mut [Value], kustomization: &Value) {
    for patch in list(kustomization, "patches") {
        let target = &patch["target"];
        let object = all
            .iter_mut()
            .find(|one| one["kind"] == target["kind"] && one["metadata"]["name"] == target["name"])
            .unwrap_or_else(|| panic!("there is no {target}"));
        for operation in documents(word(&patch["patch"])).remove(0).as_array().unwrap() {
            change(object, operation);
        }
    }
}

fn change(object: &mut Value, operation: &Value) {
    let path = word(&operation["path"]);
    let value = operation["value"].clone();
    let (parent, key) = path.rsplit_once('/').unwrap();
    match word(&operation["op"]) {
        "test" => assert_eq!(object.pointer(path), Some(&value), "{path}"),
        "replace" => {
            *object.pointer_mut(path).unwrap_or_else(|| panic!("there is no {path}")) = value;
        }
        "add" => match object.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {parent}")) {
            Value::Array(items) if key == "-" => items.push(value),
            Value::Object(fields) => {
                fields.insert(key.to_owned(), value);
            }
            other => panic!("nothing can be added to {other}"),
        },
        "remove" => {
            let parent = object.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            parent.remove(key).unwrap_or_else(|| panic!("there is no {path}"));
        }
        other => panic!("{other} is no operation we use"),
    }
}

fn cron_job(all: &[Value]) -> &Value {
    all.iter().find(|one| one["kind"] == "CronJob").expect("a CronJob")
}

/// Returns what the command line makes of the arguments of the only container.
fn arguments(job: &Value) -> (Run, LogFormat) {
    let containers = job.pointer(POD).unwrap()["containers"].as_array().unwrap();
    let [container] = containers.as_slice() else { panic!("one container") };
    let arguments = list(container, "args").iter().map(word);
    let cli = Cli::try_parse_from(std::iter::once("updraft").chain(arguments)).unwrap();
    let Command::Run(run) = cli.command else { panic!("the job runs the bot") };
    (run, cli.global.log_format)
}

/// Returns the environment's variables that the program asks for, by the texts in its source.
fn variables() -> BTreeSet<String> {
    let name = Regex::new(r#""([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)""#).unwrap();
    let mut known = BTreeSet::new();
    for source in ["src/settings.rs", "src/cli.rs", "src/logging.rs", "src/http/roots.rs"] {
        for found in name.captures_iter(&read(source)) {
            known.insert(found[1].to_owned());
        }
    }
    let files: Vec<String> = known
        .iter()
        .filter(|name| name.ends_with("_TOKEN") || name.ends_with("_KEY"))
        .map(|name| format!("{name}_FILE"))
        .collect();
    known.extend(files);
    known
}

fn extract(manager: &dyn Manager, path: &str) -> Vec<Dep> {
    let file = SourceFile::new(RepoPath::new(path).unwrap(), read(path));
    assert!(manager.recognizes(&file) || !manager.file_patterns().is_empty(), "{path} is not recognized");
    let Extraction { deps, problems } = manager.extract(&[&file], &ManagerContext::default());
    assert!(problems.is_empty(), "{problems:?}");
    deps
}

#[test]
fn every_manifest_is_an_object_of_kubernetes() {
    let manifests = manifests();
    assert!(manifests.len() > 7, "{manifests:?}");
    for path in manifests {
        for document in documents(&fs::read_to_string(&path).unwrap()) {
            let is_object = document["apiVersion"].is_string() && document["kind"].is_string();
            assert!(is_object, "{}: {document}", path.display());
        }
    }
}

#[test]
fn every_kustomization_names_files_that_exist() {
    for path in manifests().iter().filter(|path| path.ends_with("kustomization.yaml")) {
        let text = fs::read_to_string(path).unwrap();
        let kustomization = documents(&text).remove(0);
        // Components that are offered in a comment count too.
        let offered = text.lines().filter_map(|line| line.strip_prefix("#   - "));
        let named = list(&kustomization, "resources").iter().map(word).chain(offered);
        for name in named {
            assert!(path.with_file_name(name).exists(), "{} names `{name}`", path.display());
        }
    }
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
fn a_copy_for_flux_is_kept_up_to_date_by_ourselves() {
    let deps = extract(&updraft_managers::flux::Flux, "deploy/flux/updraft.yaml");
    let ours = deps.iter().find(|dep| dep.skip.is_none()).expect("our own repository");
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (ours.package_name.as_str(), ours.current_value.as_deref()),
        ("updraft-bot/updraft", Some(version))
    );
}

#[test]
fn the_command_line_understands_the_arguments_of_every_variant() {
    for components in VARIANTS {
        let all = built(components);
        let job = cron_job(&all);
        let (run, log_format) = arguments(job);
        assert_eq!(log_format, LogFormat::Json, "{components:?}");
        assert!(!run.dry_run && run.repositories.is_empty(), "repositories are in the ConfigMap");
        let limit = job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"].as_u64().unwrap();
        let own = run.deadline.expect("its own deadline") * 60;
        assert!(own < limit && limit < 3600, "{own} s of {limit} s, before the next hour");
    }
}

#[test]
fn every_file_that_is_written_or_read_is_on_a_volume_of_the_pod() {
    for components in VARIANTS {
        let all = built(components);
        let job = cron_job(&all);
        let pod = job.pointer(POD).unwrap();
        let container = &pod["containers"][0];
        let volumes: BTreeSet<&str> = list(pod, "volumes").iter().map(|one| word(&one["name"])).collect();
        let mounts: BTreeMap<&str, &str> = list(container, "volumeMounts")
            .iter()
            .map(|mount| (word(&mount["mountPath"]), word(&mount["name"])))
            .collect();
        assert_eq!(mounts.values().copied().collect::<BTreeSet<_>>(), volumes, "{components:?}");
        let cache = arguments(job).0.world.cache_dir.expect("a cache");
        let files = list(container, "env").iter().filter_map(|one| one.get("value"));
        for path in files.map(|value| PathBuf::from(word(value))).chain([cache]) {
            let is_mounted = mounts.keys().any(|mounted| path.starts_with(mounted));
            assert!(is_mounted, "{components:?}: {} is not mounted", path.display());
        }
        for claim in list(pod, "volumes").iter().filter_map(|one| one.get("persistentVolumeClaim")) {
            let exists = all.iter().any(|one| {
                one["kind"] == "PersistentVolumeClaim" && one["metadata"]["name"] == claim["claimName"]
            });
            assert!(exists, "{components:?}: {claim}");
        }
    }
}

#[test]
fn every_variable_is_one_the_program_reads() {
    let known = variables();
    for components in VARIANTS {
        let all = built(components);
        let container = &cron_job(&all).pointer(POD).unwrap()["containers"][0];
        for variable in list(container, "env") {
            assert!(known.contains(word(&variable["name"])), "{components:?}: {variable}");
        }
        let settings = all.iter().find(|one| one["kind"] == "ConfigMap").unwrap();
        assert_eq!(container["envFrom"], json!([{"configMapRef": {"name": settings["metadata"]["name"]}}]));
        for name in settings["data"].as_object().unwrap().keys() {
            assert!(known.contains(name), "{name}");
        }
    }
}

#[test]
fn every_variable_that_a_text_names_is_one_the_program_reads() {
    let known = variables();
    let name = Regex::new(r"\b(?:UPDRAFT|RENOVATE|GITHUB|GH|JOB)(?:_[A-Z]+)+\b").unwrap();
    let mut texts = vec!["README.md", "CHANGELOG.md", "deploy/README.md"];
    let manifests = manifests();
    texts.extend(manifests.iter().map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap()));
    let mut seen = 0;
    for path in texts {
        for found in name.find_iter(&read(path)) {
            assert!(known.contains(found.as_str()), "{path} names {}", found.as_str());
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} names: is this test still reading the texts?");
}

#[test]
fn the_token_or_the_app_comes_from_the_secret_and_nothing_else_does() {
    let secrets = |components: &[&str]| -> Vec<(String, String)> {
        let all = built(components);
        let container = &cron_job(&all).pointer(POD).unwrap()["containers"][0];
        let from_secret = |one: &Value| {
            let key = one.pointer("/valueFrom/secretKeyRef/key")?;
            Some((word(&one["name"]).to_owned(), word(key).to_owned()))
        };
        list(container, "env").iter().filter_map(from_secret).collect()
    };
    let pair = |name: &str, key: &str| (name.to_owned(), key.to_owned());
    assert_eq!(secrets(&[]), [pair("UPDRAFT_TOKEN", "token")]);
    assert_eq!(secrets(&["github-app"]), [pair("UPDRAFT_APP_ID", "app-id")]);
}

#[test]
fn no_pod_may_do_more_than_it_must() {
    for components in VARIANTS {
        let all = built(components);
        let pod = cron_job(&all).pointer(POD).unwrap();
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        let user = pod["securityContext"]["runAsUser"].as_u64().unwrap();
        assert!(read("deploy/Dockerfile").contains(&format!("USER {user}:{user}\n")), "the image's user");
        for container in list(pod, "containers") {
            let expected = json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            });
            assert_eq!(container["securityContext"], expected, "{components:?}");
            assert!(container["resources"]["limits"]["memory"].is_string());
            assert!(container["resources"]["requests"]["memory"].is_string());
        }
        let text = pod.to_string();
        for forbidden in ["hostPath", "hostNetwork", "hostPID", "privileged"] {
            assert!(!text.contains(forbidden), "{components:?}: {forbidden}");
        }
    }
}

#[test]
fn a_job_never_overlaps_and_is_not_tried_again_where_that_is_of_no_use() {
    for components in VARIANTS {
        let all = built(components);
        let spec = &cron_job(&all)["spec"];
        assert_eq!(spec["concurrencyPolicy"], "Forbid");
        let job = &spec["jobTemplate"]["spec"];
        let is_sharded = components.contains(&"sharded");
        assert_eq!(job.get("backoffLimit").is_some(), !is_sharded, "an indexed job counts for each index");
        assert_eq!(job.get("backoffLimitPerIndex").is_some(), is_sharded);
        let rule = &job["podFailurePolicy"]["rules"][1];
        assert_eq!(rule["action"], if is_sharded { "FailIndex" } else { "FailJob" });
        let codes = json!([updraft::command::ERRORS, updraft::command::USAGE]);
        assert_eq!(rule["onExitCodes"]["values"], codes);
        assert_eq!(job["template"]["spec"]["restartPolicy"], "Never", "a failure policy asks for it");
    }
}

#[test]
fn there_are_as_many_pods_as_shares() {
    let all = built(&["sharded"]);
    let job = cron_job(&all);
    let shards = arguments(job).0.shards.expect("--shards");
    let job = &job["spec"]["jobTemplate"]["spec"];
    assert_eq!(job["completionMode"], "Indexed");
    assert_eq!((&job["completions"], &job["parallelism"]), (&json!(shards), &json!(shards)));
}

#[test]
fn flux_finds_what_it_patches_and_the_components_it_adds() {
    let all = documents(&read("deploy/flux/updraft.yaml"));
    let of_kind = |kind: &str| all.iter().find(|one| one["kind"] == kind).expect("both objects");
    let (source, kustomization) = (of_kind("GitRepository"), &of_kind("Kustomization")["spec"]);
    assert_eq!(kustomization["sourceRef"]["name"], source["metadata"]["name"]);
    assert_eq!(kustomization["path"], "./deploy");
    let components: Vec<&str> = list(kustomization, "components").iter().map(word).collect();
    patch(&mut built(&components), kustomization);
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
fn the_workflows_are_read_by_our_own_manager() {
    for path in [".github/workflows/release.yaml", ".github/workflows/supply-chain.yaml"] {
        let deps = extract(&updraft_managers::github_actions::GitHubActions, path);
        assert!(deps.iter().any(|dep| dep.dep_name == "actions/checkout"), "{path}");
        assert!(deps.iter().all(|dep| dep.skip.is_none()), "{path}: {deps:?}");
    }
}

#[test]
fn a_tool_has_one_version_wherever_it_is_named() {
    let files = [
        ".github/workflows/supply-chain.yaml",
        "SECURITY.md",
        "deploy/Dockerfile",
        "deploy/bill-of-materials",
        "justfile",
    ]
    .map(read);
    for tool in ["cargo-cyclonedx", "cargo-deny"] {
        let named = Regex::new(&format!(r"{tool}@([0-9.]*[0-9])")).unwrap();
        let versions: BTreeSet<&str> = files
            .iter()
            .flat_map(|text| named.captures_iter(text))
            .map(|found| found.get(1).unwrap().as_str())
            .collect();
        assert_eq!(versions.len(), 1, "{tool}: {versions:?}");
    }
}

#[test]
fn the_image_needs_no_time_zones_of_a_system() {
    let bundled = jiff::tz::TimeZoneDatabase::bundled();
    for name in ["Europe/Berlin", "America/Chicago", "Asia/Tokyo"] {
        assert!(bundled.get(name).is_ok(), "{name}");
    }
}

#[test]
fn the_image_is_built_from_everything_the_manifest_names() {
    let ignored = read("deploy/Dockerfile.dockerignore");
    let copied: BTreeSet<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let manifest = read("Cargo.toml");
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).unwrap();
    let members: Vec<String> = serde_json::from_str(members).unwrap();
    // A target that is named must be there, also when nobody builds it.
    let benches = manifest.contains("[[bench]]").then(|| "benches".to_owned());
    let own =
        ["Cargo.toml", "Cargo.lock", "src", "deploy/build", "deploy/bill-of-materials"].map(str::to_owned);
    for path in members.into_iter().chain(benches).chain(own) {
        assert!(copied.contains(path.as_str()), "{path}");
    }
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
