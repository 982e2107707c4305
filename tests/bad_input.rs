//! What people and registries get wrong, and the message each of them gets: what, where, and what to do.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::{Ran, command, folder_with, replayed, run, updraft};
use tempfile::TempDir;

const POD: &str =
    "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: docker.io/library/busybox:1.36.1\n";

/// Runs a dry run on a repository of `files`, in the recorded world.
fn dry_run(files: &[(&str, &str)]) -> Ran {
    let repository = folder_with(files);
    replayed(&["dry-run", repository.path().to_str().unwrap()])
}

/// Fails unless the rest of the repository was still updated.
#[track_caller]
fn goes_on(ran: &Ran) {
    assert!(ran.out.contains("docker.io/library/busybox"), "{}\n{}", ran.out, ran.err);
    assert!(ran.out.contains("1.36.1 → 1.37.0"), "{}\n{}", ran.out, ran.err);
}

mod files {
    use super::*;

    #[test]
    fn a_truncated_manifest_is_shown_and_the_rest_goes_on() {
        let truncated = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nspec:\n  url: \"oci://ghcr.io/exam";
        let ran = dry_run(&[("broken.yaml", truncated), ("pod.yaml", POD)]).expect(0).says(
            r#"
warning: a YAML document cannot be read: unclosed quote
 --> broken.yaml:4:8
  |
4 |   url: "oci://ghcr.io/exam
  |        ^
  |
  = hint: images and API versions are still found here, line by line
"#,
        );
        goes_on(&ran);
    }

    #[test]
    fn a_broken_document_does_not_hide_its_neighbours() {
        let text = format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  a: *nowhere\n---\n{POD}");
        let ran = dry_run(&[("two.yaml", &text)]).expect(0).says(
            r"
warning: a YAML document cannot be read: while parsing node, found unknown anchor
 --> two.yaml:4:6
  |
4 |   a: *nowhere
  |      ^^^^^^^^",
        );
        goes_on(&ran);
    }

    /// A document of a few hundred bytes that means three billion values; the process may use a gigabyte of addresses.
    #[cfg(unix)]
    #[test]
    fn a_bomb_of_aliases_costs_nothing() {
        let mut bomb = String::from(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    a0: &a0 [x, x, x, x, x, x, x, x, x]\n",
        );
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            writeln!(bomb, "    a{level}: &a{level} [{aliases}]").unwrap();
        }
        let repository = folder_with(&[("bomb.yaml", &bomb), ("pod.yaml", POD)]);
        let inner = command(&["extract", repository.path().to_str().unwrap()], &TempDir::new().unwrap());
        let mut limited = Command::new("sh");
        limited
            .args(["-c", "ulimit -v 1000000; ulimit -t 20; exec \"$@\"", "sh"])
            .arg(inner.get_program())
            .args(inner.get_args());
        let ran = run(limited).expect(0);
        assert!(ran.out.contains("docker.io/library/busybox"), "{}", ran.out);
    }

    #[cfg(unix)]
    #[test]
    fn a_line_of_a_hundred_megabytes_is_not_read() {
        let repository = folder_with(&[("pod.yaml", POD)]);
        let huge = fs::File::create(repository.path().join("huge.yaml")).unwrap();
        huge.set_len(100 << 20).unwrap();
        let registries = support::fixture("registries");
        let inner = command(
            &["dry-run", repository.path().to_str().unwrap(), "--replay", registries.to_str().unwrap()],
            &TempDir::new().unwrap(),
        );
        let mut limited = Command::new("sh");
        limited
            .args(["-c", "ulimit -v 1000000; ulimit -t 20; exec \"$@\"", "sh"])
            .arg(inner.get_program())
            .args(inner.get_args());
        let ran = run(limited).expect(0).says(
            "
warning: `huge.yaml` is left out: 100 MB, more than the 8 MB that are read
--> huge.yaml
 = hint: add it to `ignorePaths` if it holds no dependencies",
        );
        goes_on(&ran);
    }

    #[test]
    fn a_long_line_that_is_read_floods_no_terminal() {
        let long = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {{a: {}: [}}\n",
            "x ".repeat(2 << 20)
        );
        let ran = dry_run(&[("long.yaml", &long), ("pod.yaml", POD)]).expect(0).says("long.yaml:3:");
        assert!(ran.err.len() < 4_000, "{} bytes", ran.err.len());
        goes_on(&ran);
    }

    #[test]
    fn a_digest_that_is_none_is_a_reason() {
        let ran = dry_run(&[("pod.yaml", &POD.replace("1.36.1", "1.36.1@sha256:abc"))]).expect(0);
        let reason =
            "1 × invalid value  a digest is an algorithm and its full number of hex digits  pod.yaml:5";
        assert!(ran.out.contains(reason), "{}", ran.out);
    }

    #[test]
    fn text_that_is_not_utf_8_is_named_with_its_line() {
        let repository = folder_with(&[("pod.yaml", POD)]);
        fs::write(repository.path().join("latin.yaml"), b"# ein\nkind: Pod # gr\xfc\xdfe\n").unwrap();
        let ran = replayed(&["dry-run", repository.path().to_str().unwrap()]).expect(0).says(
            "
warning: `latin.yaml` is left out: line 2 is not valid UTF-8
--> latin.yaml
 = hint: save the file as UTF-8",
        );
        goes_on(&ran);
    }
}

mod configuration {
    use super::*;

    #[track_caller]
    fn check(config: &str, code: i32, expected: &str) {
        let repository = folder_with(&[("renovate.json5", config), ("pod.yaml", POD)]);
        let path = repository.path().to_str().unwrap();
        updraft(&["config", "check", path]).expect(code).says(expected);
        let ran = replayed(&["dry-run", path]).expect(code).says(expected);
        goes_on(&ran);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_shown_where_it_breaks() {
        let repository = folder_with(&[("renovate.json", "{\n  \"extends\": [\"config:recommended\"\n}\n")]);
        updraft(&["config", "check", repository.path().to_str().unwrap()]).expect(2).says(
            "
 --> renovate.json:",
        );
    }

    #[test]
    fn an_unknown_option_gets_the_one_that_was_meant() {
        check(
            "{\n  packageRule: [],\n}\n",
            0,
            r"
warning: there is no option `packageRule`
 --> renovate.json5:2:3
  |
2 |   packageRule: [],
  |   ^^^^^^^^^^^
  |
  = hint: did you mean `packageRules`?",
        );
    }

    #[test]
    fn a_rule_of_the_wrong_type_is_an_error_with_its_picture() {
        check(
            "{\n  packageRules: [\n    { matchPackageNames: \"grafana\", automerge: true },\n  ],\n}\n",
            2,
            r#"
error: `matchPackageNames` wants a list of strings
 --> renovate.json5:3:26
  |
3 |     { matchPackageNames: "grafana", automerge: true },
  |                          ^^^^^^^^^
  |
  = hint: write `["grafana"]`"#,
        );
    }

    fn replies(presets: &[(&str, Value)]) -> TempDir {
        let store = TempDir::new().unwrap();
        let host = store.path().join("raw.githubusercontent.com");
        fs::create_dir(&host).unwrap();
        for (name, preset) in presets {
            let url = format!("https://raw.githubusercontent.com/evil/presets/HEAD/{name}.json");
            let reply = json!({"request": {"method": "GET", "url": url}, "status": 200, "json": preset});
            fs::write(host.join(format!("{name}.reply.json")), reply.to_string()).unwrap();
        }
        store
    }

    #[track_caller]
    fn check_presets(presets: &[(&str, Value)], code: i32, expected: &str) {
        let store = replies(presets);
        let repository = folder_with(&[("renovate.json", r#"{"extends": ["github>evil/presets:a"]}"#)]);
        let path = repository.path().to_str().unwrap();
        updraft(&["config", "check", path, "--replay", store.path().to_str().unwrap()])
            .expect(code)
            .says(expected);
    }

    #[test]
    fn presets_that_extend_each_other_end() {
        let presets = [
            ("a", json!({"extends": ["github>evil/presets:b"]})),
            ("b", json!({"extends": ["github>evil/presets:a"]})),
        ];
        check_presets(
            &presets,
            0,
            "warning: the preset `github>evil/presets:a` extends itself (in the preset `github>evil/presets:b`)",
        );
    }

    #[test]
    fn presets_that_multiply_end() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"];
        let presets: Vec<(&str, Value)> = names
            .windows(2)
            .map(|pair| (pair[0], json!({"extends": vec![format!("github>evil/presets:{}", pair[1]); 20]})))
            .collect();
        check_presets(
            &presets,
            0,
            "warning: too many presets extend each other; the rest is left out (in the preset `github>evil/presets:k`)",
        );
        check_presets(&presets, 0, "it is more than 12 presets away from the configuration");
    }

    #[test]
    fn a_preset_that_extends_itself_with_ever_longer_arguments_ends() {
        check_presets(
            &[("a", json!({"extends": ["github>evil/presets:a({{arg0}}x, y)"]}))],
            0,
            "warning: too many presets extend each other; the rest is left out",
        );
    }
}

mod what_is_left_of_it {
    use super::*;

    const BROKEN: &str = "{\n  \"enabled\": false\n  \"labels\": []\n}\n";

    #[test]
    fn a_broken_configuration_is_told_by_every_command_that_uses_it() {
        let repository = folder_with(&[("renovate.json", BROKEN), ("pod.yaml", POD)]);
        let path = repository.path().to_str().unwrap();
        for arguments in [
            &["config", "show", path][..],
            &["config", "explain", "busybox", path],
            &["explain", "busybox", path],
            &["config", "check", path],
            &["dry-run", path],
        ] {
            let ran = replayed(arguments);
            assert_eq!(ran.code, 2, "{arguments:?}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains("\n --> renovate.json:2:19"), "{}", ran.err);
        }
        let ran = updraft(&["config", "migrate", path]).expect(2).says("a `,` is missing here");
        assert!(!ran.err.contains("nothing is old"), "{}", ran.err);
    }

    #[test]
    fn nothing_is_applied_under_a_broken_configuration() {
        let repository = folder_with(&[("renovate.json", BROKEN), ("pod.yaml", POD)]);
        let ran = replayed(&["dry-run", repository.path().to_str().unwrap(), "--apply"]).expect(2);
        assert!(ran.out.contains("Nothing was written into the working tree."), "{}", ran.out);
        assert!(ran.out.contains("The configuration has errors: neither"), "{}", ran.out);
        assert_eq!(fs::read_to_string(repository.path().join("pod.yaml")).unwrap(), POD);
    }

    #[test]
    fn a_configuration_that_is_no_text_is_not_taken_for_none() {
        let repository = folder_with(&[("pod.yaml", POD), (".renovaterc", "{}")]);
        let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(repository.path().join("renovate.json"), utf_16).unwrap();
        replayed(&["dry-run", repository.path().to_str().unwrap()]).expect(2).says(
            "
error: the configuration `renovate.json` cannot be read: it is UTF-16
--> renovate.json
 = hint: write it as a plain file of text in UTF-8",
        );
        fs::remove_file(repository.path().join("renovate.json")).unwrap();
        fs::write(repository.path().join(".renovaterc"), b"{\xff}").unwrap();
        replayed(&["config", "check", repository.path().to_str().unwrap()])
            .expect(2)
            .says("error: the configuration `.renovaterc` cannot be read: line 1 is not valid UTF-8");
    }

    #[test]
    fn another_file_that_is_no_text_says_nothing_about_the_configuration() {
        let repository = folder_with(&[("pod.yaml", POD), ("renovate.json", "{}")]);
        fs::write(repository.path().join(".renovaterc.json"), b"{\xff}").unwrap();
        let ran = dry_run(&[("pod.yaml", POD), ("renovate.json", "{}")]).expect(0);
        goes_on(&ran);
        replayed(&["dry-run", repository.path().to_str().unwrap()]).expect(0);
    }

    #[test]
    fn up_to_date_is_only_what_was_looked_up() {
        let ran = dry_run(&[("a.txt", "")]).expect(0);
        assert!(ran.out.contains("\nNo dependencies were found.\n"), "{}", ran.out);
        let unknown = POD.replace("docker.io/library/busybox", "registry.lan/tools/greet");
        let ran = dry_run(&[("pod.yaml", &unknown)]).expect(0);
        assert!(ran.out.contains("\nNo dependency could be looked up.\n"), "{}", ran.out);
        let current = POD.replace("1.36.1", "1.37.0");
        let ran = dry_run(&[("pod.yaml", &unknown), ("current.yaml", &current)]).expect(0);
        assert!(
            ran.out.contains("\nNo update was found; one dependency could not be looked up.\n"),
            "{}",
            ran.out
        );
        let ran = dry_run(&[("pod.yaml", &current)]).expect(0);
        assert!(ran.out.contains("\nEverything is up to date.\n"), "{}", ran.out);
    }

    #[test]
    fn a_repository_that_is_switched_off_says_so() {
        dry_run(&[("pod.yaml", POD), ("renovate.json", "{\"enabled\": false}")])
            .expect(0)
            .says("note: `enabled: false` switches everything off\n--> renovate.json");
    }

    #[test]
    fn a_list_of_dependencies_in_markdown_is_one() {
        let repository = folder_with(&[("pod.yaml", POD)]);
        let path = repository.path().to_str().unwrap();
        let ran = updraft(&["extract", path, "--format", "markdown"]).expect(0);
        assert!(
            ran.out.contains("| docker.io/library/busybox | `1.36.1` | docker | `pod.yaml:5` |"),
            "{}",
            ran.out
        );
        assert!(!ran.out.contains("up to date") && !ran.out.contains("requests"), "{}", ran.out);
    }
}

mod command_line {
    use super::*;

    #[test]
    fn a_recording_that_cannot_be_made_is_told_of_before_anything_is_asked() {
        let repository = folder_with(&[("pod.yaml", POD), ("file", "")]);
        let folder = repository.path().join("file/replies");
        let path = repository.path().to_str().unwrap();
        let ran = updraft(&["dry-run", path, "--record", folder.to_str().unwrap()]).expect(2);
        assert!(ran.err.contains("/file/replies`: Not a directory"), "{}", ran.err);
        assert_eq!(ran.out, "");
    }

    #[test]
    fn an_unknown_flag_gets_the_one_that_was_meant() {
        updraft(&["dry-run", "--patchs", "x"])
            .expect(2)
            .says("error: unexpected argument '--patchs' found")
            .says("'--patches'");
        updraft(&["dryrun"]).expect(2).says("'dry-run'");
        updraft(&["dry-run", "--format", "yaml"]).expect(2).says("[possible values: table, json, markdown]");
        updraft(&["dry-run", "--now", "yesterday"])
            .expect(2)
            .says("expected a time such as `2026-11-21T09:00:00Z`, or a date");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        updraft(&["dry-run", "/nowhere/at/all"])
            .expect(2)
            .says("error: there is no folder `/nowhere/at/all`");
        updraft(&["dry-run", "Cargo.toml"]).expect(2).says("error: `Cargo.toml` is not a folder");
        updraft(&["dry-run", ".", "--config", "/nowhere.json"])
            .expect(2)
            .says("error: cannot read the configuration `/nowhere.json`");
    }

    #[test]
    fn patches_that_cannot_be_written_are_told_of_before_anything_is_asked() {
        let repository = folder_with(&[("pod.yaml", POD), ("file", "")]);
        let folder = repository.path().join("file/patches");
        let ran = replayed(&[
            "dry-run",
            repository.path().to_str().unwrap(),
            "--patches",
            folder.to_str().unwrap(),
        ]);
        let ran = ran.expect(2).says("error: cannot write `").says("/file/patches`: Not a directory");
        assert_eq!(ran.out, "");
    }

    #[test]
    fn a_store_that_cannot_be_replayed_is_named() {
        let empty = TempDir::new().unwrap();
        let path = empty.path().to_str().unwrap();
        updraft(&["dry-run", ".", "--replay", path])
            .expect(2)
            .says(&format!("error: `{path}` holds no recorded reply; make such a folder with `--record`"));
        updraft(&["dry-run", ".", "--replay", "/nowhere"])
            .expect(2)
            .says("error: `/nowhere` cannot be used: No such file");
        fs::create_dir(empty.path().join("ghcr.io")).unwrap();
        fs::write(empty.path().join("ghcr.io/a.reply.json"), "{\"request\": {\"method\": \"GET\"}").unwrap();
        updraft(&["dry-run", ".", "--replay", path])
            .expect(2)
            .says("a.reply.json` is not a recorded reply: missing field `url`");
    }

    #[test]
    fn host_rules_that_cannot_be_read_are_told_of_without_their_secrets() {
        let mut wrong = command(&["dry-run", "."], &TempDir::new().unwrap());
        wrong.env("UPDRAFT_HOST_RULES", "[{\"matchHost\": \"ghcr.io\", \"token\": \"hunter2\"");
        let ran =
            run(wrong).expect(2).says("error: the host rules of the environment are no JSON list of rules");
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
}

/// What each kind of broken reply does is tested beside the code; here is what the owner sees of it.
mod registries {
    use super::*;

    const GREET: &str =
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: registry.lan/tools/greet:1.4.0\n";
    const TAGS: &str = "https://registry.lan/v2/tools/greet/tags/list?n=10000";

    /// Runs on a repository with one image, against a registry that gives `replies` to a URL each.
    fn against(manifest: &str, replies: &[(&str, Value)]) -> Ran {
        let store = TempDir::new().unwrap();
        let host = store.path().join("registry.lan");
        fs::create_dir(&host).unwrap();
        for (index, (url, reply)) in replies.iter().enumerate() {
            let mut entry = json!({"request": {"method": "GET", "url": url}, "status": 200});
            entry.as_object_mut().unwrap().extend(reply.as_object().unwrap().clone());
            fs::write(host.join(format!("{index}.reply.json")), entry.to_string()).unwrap();
        }
        let repository = folder_with(&[("pod.yaml", manifest)]);
        updraft(&["dry-run", repository.path().to_str().unwrap(), "--replay", store.path().to_str().unwrap()])
    }

    #[test]
    fn a_login_page_in_place_of_json() {
        let page =
            json!({"headers": {"content-type": "text/html"}, "text": "<!doctype html><title>Log in</title>"});
        against(GREET, &[(TAGS, page)]).expect(1).says(
            r"
error: `registry.lan/tools/greet`: the reply of `registry.lan` is not understood: it is an HTML page where JSON was expected
 --> pod.yaml:5:14
  |
5 |     - image: registry.lan/tools/greet:1.4.0
  |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        );
    }

    #[test]
    fn pages_without_an_end() {
        let page = json!({"headers": {"link": "</v2/tools/greet/tags/list?n=10000>; rel=\"next\""}, "json": {"tags": ["1.4.0"]}});
        against(GREET, &[(TAGS, page)])
            .expect(1)
            .says("the pages of the tags never end: the next one brings nothing new");
    }

    #[test]
    fn redirects_in_a_circle() {
        let there = json!({"status": 302, "headers": {"location": "https://registry.lan/elsewhere"}});
        let back = json!({"status": 302, "headers": {"location": TAGS}});
        against(GREET, &[(TAGS, there), ("https://registry.lan/elsewhere", back)])
            .expect(1)
            .says("error: `registry.lan/tools/greet`: `registry.lan` redirects in a circle, through `https://registry.lan/v2/tools/greet/tags/list?n=10000`");
    }

    #[test]
    fn a_digest_that_cannot_be_had() {
        let digest = "sha256:9cb55b2a1f2b6c8b41c7e29b3c7e0b5e7f5a5b0c1d2e3f4a5b6c7d8e9f0a1b2c";
        let pinned = format!(
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: registry.lan/tools/greet:1.4.0@{digest}\n"
        );
        let tags = json!({"json": {"tags": ["1.4.0", "1.5.0"]}});
        let manifest = |reference: &str, status: u16| {
            let url = format!("https://registry.lan/v2/tools/greet/manifests/{reference}");
            let index = "application/vnd.oci.image.index.v1+json";
            json!({
                "request": {"method": "HEAD", "url": url},
                "status": status,
                "headers": {"content-type": index, "docker-content-digest": digest},
            })
        };
        let replies = [
            (TAGS, tags),
            ("", manifest(digest, 200)),
            ("", manifest("1.4.0", 200)),
            ("", manifest("1.5.0", 404)),
        ];
        let ran = against(&pinned, &replies).expect(0).says(
            r"
warning: `registry.lan/tools/greet`: no digest was found for `1.5.0`: the registry has none
 --> pod.yaml:5:14
  |",
        );
        assert!(ran.out.contains("1 × lookup failed  no digest was found for `1.5.0`"), "{}", ran.out);
    }

    #[test]
    fn a_reply_that_was_not_recorded() {
        let other = json!({"json": {}});
        against(GREET, &[("https://registry.lan/other", other)])
            .expect(1)
            .says("`--replay`: the store does not hold this reply")
            .says("hint: make the store anew with `--record`");
    }
}
