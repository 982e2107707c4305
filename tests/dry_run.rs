//! The whole pipeline, from the command line to the bytes that come out, in the world that was recorded for the demonstration.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};
use support::{
    NOW, check_snapshot, command, copy_of, files, fixture, folder_with, git, replayed, run, updraft,
};
use tempfile::TempDir;

const HOMELAB: &str = "tests/fixtures/repos/homelab";

fn report(name: &str) -> PathBuf {
    fixture("reports").join(name)
}

/// Replaces what differs from run to run: the time it took.
fn steady(text: &str) -> String {
    let (head, rest) = text.split_once('\n').unwrap();
    let parts = head.split(" · ").map(|part| {
        let is_duration = part.ends_with(" s") || part.ends_with(" ms");
        if is_duration && part.starts_with(|first: char| first.is_ascii_digit()) { "0.1 s" } else { part }
    });
    format!("{}\n{rest}", parts.collect::<Vec<_>>().join(" · "))
}

fn homelab_report() -> Value {
    replayed(&["dry-run", HOMELAB, "--format", "json"]).expect(0).json()
}

fn texts<'v>(values: &'v Value, pointer: &str) -> Vec<&'v str> {
    values.as_array().unwrap().iter().filter_map(|value| value.pointer(pointer)?.as_str()).collect()
}

#[test]
fn the_table_shows_what_would_change_and_why_the_rest_stays() {
    let ran = replayed(&["dry-run", HOMELAB]).expect(0);
    check_snapshot(&report("homelab.txt"), &steady(&ran.out));
    check_snapshot(&report("homelab.stderr.txt"), &ran.err);
    for columns in [80, 120] {
        let registries = fixture("registries");
        let arguments = ["dry-run", HOMELAB, "--now", NOW, "--replay", registries.to_str().unwrap()];
        let mut command = command(&arguments, &TempDir::new().unwrap());
        command.env("COLUMNS", columns.to_string());
        let ran = run(command).expect(0);
        assert!(ran.out.lines().all(|line| line.chars().count() <= columns), "{}", ran.out);
        check_snapshot(&report(&format!("homelab.{columns}-columns.txt")), &steady(&ran.out));
    }
}

#[test]
fn markdown_says_the_same() {
    let ran = replayed(&["dry-run", HOMELAB, "--format", "markdown"]).expect(0);
    check_snapshot(&report("homelab.md"), &ran.out);
    assert_eq!(ran.err, "", "in other formats than the table, the problems are part of the document");
}

#[test]
fn explain_tells_the_story_of_a_name_a_place_or_a_file() {
    let ran = replayed(&["explain", "grafana", HOMELAB]).expect(0);
    check_snapshot(&report("homelab.explain-grafana.txt"), &ran.out);
    let by_name = replayed(&["explain", "docker.io/library/busybox", HOMELAB]).expect(0);
    let by_place = replayed(&["explain", "kubernetes/apps/tools/nightly/cronjob.yaml:17", HOMELAB]).expect(0);
    assert_eq!(by_name.out, by_place.out);
    let by_file = replayed(&["explain", "./kubernetes/apps/tools/nightly/cronjob.yaml", HOMELAB]).expect(0);
    assert!(by_file.out.contains(&by_name.out), "{}", by_file.out);
    assert!(by_file.out.contains("skipped    contains-variable: "), "{}", by_file.out);
    let documents = replayed(&["explain", "grafana", HOMELAB, "--format", "json"]).expect(0).json();
    assert_eq!(documents[0]["branches"][0]["branchName"], "renovate/grafana-10.x");
    assert_eq!(documents[0]["candidates"][0]["version"], "10.1.4");
}

#[test]
fn explain_of_nothing_asks_what_was_meant() {
    let check = |target: &str, expected: &str| {
        let ran = replayed(&["explain", target, HOMELAB]).expect(2).says(expected);
        assert_eq!(ran.out, "");
    };
    check("graffana", "error: no dependency is called `graffana`\nhint: did you mean `grafana`?\n");
    check("busibox", "hint: did you mean `busybox`?\n");
    check(
        "nonsense",
        "error: no dependency is called `nonsense`\nhint: `updraft extract` lists what there is\n",
    );
    check(
        "kubernetes/apps/tools/nightly/cronjob.yaml:3",
        "error: no dependency stands at `kubernetes/apps/tools/nightly/cronjob.yaml:3`\n\
         hint: those of this file stand on the lines 2, 17, 19\n",
    );
    check("README.md", "error: no dependency was found in `README.md`\n");
}

#[test]
fn the_document_holds_all_of_it() {
    let document = homelab_report();
    assert_eq!(document["schema"], "updraft.report/v1");
    assert_eq!(document["repository"], "homelab");
    assert_eq!(document["config"], json!({"files": [".github/renovate.json5"], "problems": []}));
    let stats = document["stats"].as_object().unwrap();
    let names: Vec<&str> = stats.keys().map(String::as_str).collect();
    assert_eq!(names, ["files", "deps", "lookups", "requests", "cacheHits", "bytes", "durationMs"]);
    assert_eq!(
        stats["deps"],
        document["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["deps"].as_array().unwrap().len())
            .sum::<usize>()
    );

    let dep = &document["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| {
            file["path"] == "kubernetes/apps/observability/grafana/helmrelease.yaml"
                && file["manager"] == "flux"
        })
        .unwrap()["deps"][0];
    assert_eq!(dep["depName"], "grafana");
    assert_eq!(dep["datasource"], "helm");
    assert_eq!(dep["line"], 12);
    assert_eq!(dep["registryUrls"], json!(["https://grafana.github.io/helm-charts"]));
    assert_eq!(dep["updates"][0]["branchName"], "renovate/grafana-10.x");

    let branches = document["branches"].as_array().unwrap();
    let held = branches.iter().find(|branch| branch["branchName"] == "renovate/grafana-10.x").unwrap();
    assert_eq!(
        held["hold"],
        json!({"reason": "outside schedule \"every weekend\" (Europe/Berlin)", "until": "2026-11-20T23:00:00Z"})
    );
    assert_eq!(held["prTitle"], "feat(helm): update chart grafana to v10.1.4");
    assert_eq!(held["files"], json!(["kubernetes/apps/observability/grafana/helmrelease.yaml"]));
    assert!(held["patch"].as_str().unwrap().contains("\n-      version: 10.0.0\n+      version: 10.1.4\n"));
    let upgrade = &held["upgrades"][0];
    for (name, value) in [
        ("depName", "grafana"),
        ("manager", "flux"),
        ("datasource", "helm"),
        ("currentValue", "10.0.0"),
        ("newValue", "10.1.4"),
        ("newVersion", "10.1.4"),
        ("updateType", "minor"),
        ("releaseTimestamp", "2026-11-17T10:00:00Z"),
    ] {
        assert_eq!(upgrade[name], value, "{name}");
    }
    let group = branches.iter().find(|branch| branch["branchName"] == "renovate/flux-operator").unwrap();
    assert_eq!(texts(&group["upgrades"], "/depName").len(), 2);
    let severities: BTreeSet<&str> = texts(&document["problems"], "/severity").into_iter().collect();
    assert_eq!(severities, BTreeSet::from(["warning", "note"]));
}

#[test]
fn every_patch_applies_with_git() {
    for (repository, name) in
        [(copy_of("repos/homelab"), "homelab"), (copy_of("repos/oddities/before"), "oddities")]
    {
        let root = repository.path();
        git(root, &["init", "--quiet"]).unwrap();
        git(root, &["add", "--all"]).unwrap();
        git(root, &["commit", "--quiet", "--message", "all"]).unwrap();
        let patches = TempDir::new().unwrap();
        let folder = patches.path().join("new/patches");
        let path = root.to_str().unwrap();
        let ran =
            replayed(&["dry-run", path, "--patches", folder.to_str().unwrap(), "--format", "json"]).expect(0);
        let document = ran.json();
        let branches = document["branches"].as_array().unwrap();
        let written = files(&folder);
        assert_eq!(written.len(), branches.len(), "{name}: held branches have a patch, too");
        assert_eq!(git(root, &["status", "--porcelain"]).unwrap(), "", "a dry run writes nothing");
        for (patch, bytes) in written {
            let patch_path = folder.join(&patch);
            let patch_path = patch_path.to_str().unwrap();
            git(root, &["apply", "--check", "--whitespace=error-all", patch_path])
                .or_else(|_| git(root, &["apply", "--check", patch_path]))
                .unwrap_or_else(|said| panic!("{name}, {}: {said}", patch.display()));
            let text = String::from_utf8(bytes).unwrap();
            assert!(branches.iter().any(|branch| branch["patch"] == *text), "{name}, {}", patch.display());
        }
    }
}

#[test]
fn apply_writes_all_that_is_not_held_and_nothing_else() {
    let repository = copy_of("repos/homelab");
    let path = repository.path().to_str().unwrap();
    let before: BTreeMap<PathBuf, Vec<u8>> = files(repository.path()).into_iter().collect();
    let document = replayed(&["dry-run", path, "--apply", "--format", "json"]).expect(0).json();
    let after: BTreeMap<PathBuf, Vec<u8>> = files(repository.path()).into_iter().collect();

    // What must have changed: the last word on each line, where a major and a minor step want the same one.
    let mut meant: BTreeMap<(&str, u64), Vec<&str>> = BTreeMap::new();
    for branch in document["branches"].as_array().unwrap().iter().filter(|branch| branch["hold"].is_null()) {
        for upgrade in branch["upgrades"].as_array().unwrap() {
            let place = (upgrade["packageFile"].as_str().unwrap(), upgrade["line"].as_u64().unwrap());
            let new =
                upgrade["newValue"].as_str().filter(|new| Some(*new) != upgrade["currentValue"].as_str());
            meant.entry(place).or_default().extend(new.or(upgrade["newDigest"].as_str()));
        }
    }
    let mut changed: BTreeSet<(String, u64)> = BTreeSet::new();
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, old) in &before {
        let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(&after[path]));
        assert_eq!(old.lines().count(), new.lines().count());
        for (number, (old, new)) in (1..).zip(old.lines().zip(new.lines())) {
            if old != new {
                let path = path.to_str().unwrap();
                let values = meant.get(&(path, number)).unwrap_or_else(|| panic!("{path}:{number}: {new}"));
                assert!(values.iter().any(|value| new.contains(value)), "{path}:{number}: {new}");
                changed.insert((path.to_owned(), number));
            }
        }
    }
    let meant: BTreeSet<(String, u64)> =
        meant.into_keys().map(|(path, line)| (path.to_owned(), line)).collect();
    assert_eq!(changed, meant);
    let sidecar =
        fs::read_to_string(repository.path().join("kubernetes/apps/observability/grafana/helmrelease.yaml"));
    assert!(sidecar.unwrap().contains("tag: 2.0.3"), "the higher of two steps wins");

    let again = replayed(&["dry-run", path, "--apply", "--format", "json"]).expect(0).json();
    let left: Vec<&str> = texts(&again["branches"], "/branchName");
    assert_eq!(left, ["renovate/docker.io-library-nginx-1.x", "renovate/grafana-10.x"]);
    assert_eq!(files(repository.path()).into_iter().collect::<BTreeMap<_, _>>(), after);
}

#[test]
fn everything_but_the_version_survives() {
    let repository = copy_of("repos/oddities/before");
    replayed(&["dry-run", repository.path().to_str().unwrap(), "--apply"]).expect(0);
    let expected = fixture("repos/oddities/after");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        for (path, bytes) in files(repository.path()) {
            fs::create_dir_all(expected.join(&path).parent().unwrap()).unwrap();
            fs::write(expected.join(&path), bytes).unwrap();
        }
    }
    let (actual, expected) = (files(repository.path()), files(&expected));
    assert_eq!(actual.len(), expected.len());
    for ((path, actual), (_, expected)) in actual.into_iter().zip(expected) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&actual), text(&expected), "{}", path.display());
    }
}

#[test]
fn apply_changes_no_file_through_a_link() {
    let outside = copy_of("repos/homelab");
    let repository = folder_with(&[(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: docker.io/library/busybox:1.36.1\n",
    )]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.path(), repository.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/etc", repository.path().join("etc")).unwrap();
        let inner = outside.path().join("kubernetes/apps/tools/whoami/deployment.yaml");
        std::os::unix::fs::symlink(inner, repository.path().join("deployment.yaml")).unwrap();
    }
    let before = files(outside.path());
    let document = replayed(&["dry-run", repository.path().to_str().unwrap(), "--apply", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(texts(&document["files"], "/path"), ["pod.yaml"], "links are not followed");
    assert_eq!(files(outside.path()), before);
    assert!(fs::read_to_string(repository.path().join("pod.yaml")).unwrap().contains("busybox:1.37.0"));
}

#[test]
fn extract_lists_what_there_is_without_a_network() {
    let ran = updraft(&["extract", HOMELAB]).expect(0);
    check_snapshot(&report("homelab.extract.txt"), &steady(&ran.out));
    let document = updraft(&["extract", HOMELAB, "--format", "json"]).expect(0).json();
    assert_eq!(document["schema"], "updraft.report/v1");
    assert!(document.get("branches").is_none());
    assert_eq!(document["stats"]["requests"], 0);
    let packages =
        document["files"].as_array().unwrap().iter().flat_map(|file| texts(&file["deps"], "/packageName"));
    assert!(packages.collect::<Vec<_>>().contains(&"docker.io/library/postgres"));
}

#[test]
fn the_configuration_is_checked_and_shown() {
    let ran = updraft(&["config", "check", HOMELAB]).expect(0);
    assert!(ran.out.starts_with(".github/renovate.json5: fine (8 package rules of its own, "), "{}", ran.out);
    let shown = updraft(&["config", "show", HOMELAB]).expect(0).out;
    for line in [
        "timezone: \"Europe/Berlin\"  :timezone(Europe/Berlin)",
        "ignorePaths: [\"**/*.sops.*\", \"**/archive/**\"]  .github/renovate.json5:11",
        "Charts wait for the weekend  .github/renovate.json5:13",
        "        schedule: [\"every weekend\"]",
    ] {
        assert!(shown.contains(line), "{line}\n\n{shown}");
    }
    let none = folder_with(&[("a.yaml", "a: b\n")]);
    let ran = updraft(&["config", "check", none.path().to_str().unwrap()]).expect(0);
    assert!(ran.out.starts_with("no configuration, defaults hold: fine"), "{}", ran.out);
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let out = updraft(&["completions", shell]).expect(0).out;
        assert!(out.contains("dry-run") && out.contains("replay"), "{shell}");
    }
}

#[test]
fn help_knows_every_command_and_flag_of_the_readme() {
    let readme = fs::read_to_string("README.md").unwrap();
    let mut seen = 0;
    for line in readme.lines().map(|line| line.trim_start().trim_start_matches("$ ")) {
        let Some(rest) = line.strip_prefix("updraft ") else { continue };
        let words: Vec<&str> =
            rest.split_whitespace().take_while(|word| !matches!(*word, "#" | ">" | "|")).collect();
        let commands: Vec<&str> = match words.first() {
            Some(&"config") => words.iter().copied().take(2).collect(),
            Some(word) if !word.starts_with('-') => vec![word],
            _ => Vec::new(),
        };
        let help = updraft(&[commands.as_slice(), &["--help"]].concat()).expect(0).out;
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            let flag = flag.split('=').next().unwrap();
            assert!(help.contains(flag), "`{line}` is in README.md, and --help does not know `{flag}`");
        }
        seen += 1;
    }
    assert!(seen > 4, "README.md shows {seen} commands: is this test still reading it?");
}

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = fs::read_to_string("README.md").unwrap();
    for name in ["homelab.120-columns.txt", "homelab.explain-grafana.txt"] {
        let text = fs::read_to_string(report(name)).unwrap();
        assert!(readme.contains(&text), "README.md does not hold tests/fixtures/reports/{name} as it is");
    }
}

#[test]
fn the_exit_code_tells_errors_from_wrong_usage() {
    assert_eq!(updraft(&["--version"]).code, 0);
    assert_eq!(updraft(&[]).code, 2);
    assert_eq!(updraft(&["dry-run", "--now", "yesterday"]).code, 2);
    // The same world, but one registry is down.
    let registries = copy_of("registries");
    let down = json!({
        "request": {"method": "GET", "url": "https://registry.k8s.io/v2/pause/tags/list?n=10000"},
        "failure": {"kind": "connect", "message": "`registry.k8s.io` refused the connection"},
    });
    for (path, bytes) in files(registries.path()) {
        if path.starts_with("registry.k8s.io") && String::from_utf8_lossy(&bytes).contains("\"request\"") {
            fs::write(registries.path().join(path), down.to_string()).unwrap();
        }
    }
    let ran = updraft(&["dry-run", HOMELAB, "--replay", registries.path().to_str().unwrap(), "--now", NOW])
        .expect(1);
    let ran = ran.says("`registry.k8s.io` refused the connection");
    assert!(ran.out.contains("docker.io/library/busybox"), "everything else goes on");
    assert!(!ran.out.contains("3.10"));
}

/// Answers every request on a port of its own with `body`, until the tests end.
fn serve(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/yaml\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            // A client that leaves early is its own business.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    address
}

#[test]
fn what_was_recorded_is_replayed() {
    let address = serve(
        "apiVersion: v1\nentries:\n  podinfo:\n    - name: podinfo\n      version: 6.9.2\n      created: 2026-10-01T00:00:00Z\n    - name: podinfo\n      version: 6.9.0\n",
    );
    let repository = folder_with(&[(
        "podinfo.yaml",
        &format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: podinfo, namespace: a}}\nspec: {{url: \"http://{address}/charts\"}}\n---\n\
             apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: podinfo, namespace: a}}\nspec:\n  chart:\n    spec:\n      chart: podinfo\n      version: 6.9.0\n      sourceRef: {{kind: HelmRepository, name: podinfo}}\n"
        ),
    )]);
    let store = TempDir::new().unwrap();
    let run_with = |flag: &str| {
        let path = repository.path().to_str().unwrap();
        let arguments =
            ["dry-run", path, "--format", "json", "--now", NOW, flag, store.path().to_str().unwrap()];
        let mut document = updraft(&arguments).expect(0).json();
        for name in ["durationMs", "bytes"] {
            document["stats"][name] = Value::Null;
        }
        document
    };
    let recorded = run_with("--record");
    assert_eq!(texts(&recorded["branches"], "/prTitle"), ["Update Helm release podinfo to v6.9.2"]);
    assert_eq!(files(store.path()).len(), 2, "the reply and its body");
    assert_eq!(run_with("--replay"), recorded);
}

#[test]
fn a_run_without_asking_answers_from_what_was_asked_before() {
    let address = serve("entries:\n  podinfo:\n    - version: 6.9.2\n    - version: 6.9.0\n");
    let chart =
        format!("# renovate: datasource=helm depName=podinfo registryUrl=http://{address}\nPODINFO=6.9.0\n");
    let repository = folder_with(&[("versions.env", &chart)]);
    let home = TempDir::new().unwrap();
    let path = repository.path().to_str().unwrap();
    run(command(&["dry-run", path, "--offline"], &home)).expect(1).says("`--offline`");
    let live = run(command(&["dry-run", path], &home)).expect(0);
    assert!(live.out.contains("6.9.0 → 6.9.2"), "{}", live.out);
    let offline = run(command(&["dry-run", path, "--offline"], &home)).expect(0);
    assert!(offline.out.contains("6.9.0 → 6.9.2"), "{}", offline.out);
    assert!(Path::new(&home.path().join("cache/updraft")).is_dir());
}

#[test]
fn half_a_configuration_is_said_to_keep_the_bot_from_writing() {
    let tree = folder_with(&[
        ("renovate.json", "{\"extends\": [\"config:recommended\", \"github>harbour/presets\"]}"),
        ("Dockerfile", "FROM nginx:1.27.0\n"),
    ]);
    let says = "`updraft run` writes nothing as long as it cannot read them";
    for format in ["table", "markdown"] {
        let ran = replayed(&["dry-run", tree.path().to_str().unwrap(), "--format", format]);
        assert!(ran.out.contains(says), "{}", ran.out);
    }
    let ran = replayed(&["dry-run", tree.path().to_str().unwrap(), "--format", "json"]);
    assert_eq!(ran.json()["config"]["unreadPresets"], json!(["github>harbour/presets"]));
}
