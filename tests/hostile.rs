//! A repository or a registry that means harm: what it says is shown and not obeyed, it cannot make the run end or hang, and nothing is
//! written that was not meant.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A working tree, and what the outside world answers.
struct Lab {
    tree: TempDir,
    replies: TempDir,
}

/// What a command did.
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Lab {
    fn new() -> Self {
        Self { tree: tempfile::tempdir().unwrap(), replies: tempfile::tempdir().unwrap() }
    }

    fn file(&self, path: &str, text: &str) -> &Self {
        let full = self.tree.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
        self
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.tree.path().join(path)).unwrap()
    }

    /// Lets the chart repository `https://charts.example` have these versions of each chart.
    fn charts(&self, charts: &[(&str, &[&str])]) -> &Self {
        let entries: serde_json::Map<String, Value> = charts
            .iter()
            .map(|(name, versions)| {
                let entry = |version: &&str| json!({"name": name, "version": version});
                ((*name).to_owned(), versions.iter().map(entry).collect())
            })
            .collect();
        self.reply("https://charts.example/index.yaml", &json!({"apiVersion": "v1", "entries": entries}))
    }

    /// Lets the registry `ghcr.io` have these tags of an image.
    fn tags(&self, image: &str, tags: &[&str]) -> &Self {
        self.reply(
            &format!("https://ghcr.io/v2/{image}/tags/list?n=10000"),
            &json!({"name": image, "tags": tags}),
        )
    }

    fn reply(&self, url: &str, body: &Value) -> &Self {
        let folder = self.replies.path().join("host");
        fs::create_dir_all(&folder).unwrap();
        let count = fs::read_dir(&folder).unwrap().count();
        let reply = json!({"request": {"method": "GET", "url": url}, "status": 200, "json": body});
        fs::write(folder.join(format!("{count}.reply.json")), reply.to_string()).unwrap();
        self
    }

    /// Runs `updraft`; the arguments may name the tree as `TREE`.
    fn run(&self, arguments: &[&str]) -> Ran {
        let tree = self.tree.path().to_str().unwrap();
        let arguments = arguments.iter().map(|argument| argument.replace("TREE", tree));
        let output = Command::new(env!("CARGO_BIN_EXE_updraft"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.replies.path())
            .output()
            .unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn dry_run(&self, arguments: &[&str]) -> Ran {
        let replies = self.replies.path().to_str().unwrap();
        let fixed = ["dry-run", "TREE", "--replay", replies, "--now", "2026-11-21T09:00:00Z"];
        self.run(&[&fixed, arguments].concat())
    }

    fn report(&self) -> Value {
        let ran = self.dry_run(&["--format", "json"]);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr))
    }
}

fn release(chart: &str, version: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec:\n  chart:\n    spec:\n      \
         chart: {chart}\n      version: {version}\n      sourceRef: {{kind: HelmRepository, name: r}}\n"
    )
}

const REPOSITORY: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: r}\nspec: {url: \
                          \"https://charts.example\"}\n";

/// Fails where a text does more on a terminal than to be read; our own styles are bold, dim, and a foreground colour.
#[track_caller]
fn is_harmless(text: &str) {
    let mut rest = text.to_owned();
    for code in ["0", "1", "2", "31", "32", "33", "34", "35", "36", "91", "92", "93", "94", "95", "96"] {
        rest = rest.replace(&format!("\u{1b}[{code}m"), "");
    }
    let bad = rest.char_indices().find(|(_, letter)| letter.is_control() && *letter != '\n');
    assert_eq!(bad, None, "{rest:?}");
    assert!(!rest.contains("\nFORGED"), "{rest}");
}

#[test]
fn what_a_repository_says_cannot_steer_the_terminal() {
    let evil = r"x\e[41m\a\nFORGED\u202e";
    let lab = Lab::new();
    let file = "apps/\u{1b}[41m\nFORGED.yaml";
    lab.file(file, &release(&format!("\"{evil}\""), "1.0.0"))
        .file("other.yaml", &release("\"gone\\e[41m\\nFORGED\"", "\"1\\e[41m\\nFORGED\""))
        .file("repository.yaml", REPOSITORY)
        .file(
            "renovate.json",
            &json!({
                "packageRules": [{
                    "description": "x\u{1b}[41m\nFORGED",
                    "matchPackageNames": ["*"],
                    "groupName": "g\u{1b}[41m\nFORGED",
                    "schedule": ["before 3am\u{1b}[41m\nFORGED"],
                    "nonsense\u{1b}[41m\nFORGED": true,
                }],
                "extends": ["nonsense:\u{1b}[41m\nFORGED"],
            })
            .to_string(),
        )
        .charts(&[("x\u{1b}[41m\u{7}\nFORGED\u{202e}", &["1.0.0", "1.1.0"])]);
    let replies = lab.replies.path().to_str().unwrap();
    let world = ["--replay", replies, "--color", "always"];
    let commands: [&[&str]; 6] = [
        &["dry-run", "TREE"],
        &["explain", "FORGED", "TREE"],
        &["explain", "gone", "TREE"],
        &["explain", "x\u{1b}[41m\u{7}\nFORGE", "TREE"],
        &["config", "show", "TREE"],
        &["config", "check", "TREE"],
    ];
    for command in commands {
        let ran = lab.run(&[command, &world].concat());
        assert!(ran.stdout.contains("FORGED") || ran.stderr.contains("FORGED"), "{command:?} {}", ran.stderr);
        is_harmless(&ran.stdout);
        is_harmless(&ran.stderr);
    }
    let ran = lab.run(&["extract", "TREE", "--color", "always"]);
    is_harmless(&ran.stdout);
    is_harmless(&ran.stderr);
    assert!(ran.stdout.contains("FORGED"));
}

#[test]
fn presets_that_grow_without_end_are_cut() {
    let lab = Lab::new();
    let grows = format!("{{\"extends\": [\"github>me/home//p.json({})\"]}}", "{{arg0}}".repeat(1000));
    lab.file(".git/config", "[remote \"origin\"]\n\turl = https://github.com/me/home\n")
        .file("renovate.json", "{\"extends\": [\"github>me/home//p.json(x)\"]}")
        .file("p.json", &grows);
    let ran = lab.run(&["extract", "TREE"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("too many presets extend each other"), "{}", ran.stderr);
}

#[test]
fn one_text_for_two_images_moves_only_to_versions_that_both_have() {
    let lab = Lab::new();
    lab.file("Dockerfile", "ARG V=1.0.0\nFROM ghcr.io/o/a:${V}\nFROM ghcr.io/o/b:${V}\n")
        .tags("o/a", &["1.0.0", "1.1.0", "2.0.0"])
        .tags("o/b", &["1.0.0", "1.1.0"]);
    let report = lab.report();
    let branches: Vec<&str> =
        report["branches"].as_array().unwrap().iter().map(|b| b["branchName"].as_str().unwrap()).collect();
    assert_eq!(branches, ["renovate/ghcr.io-o-a-1.x", "renovate/ghcr.io-o-b-1.x"]);
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["severity"], "warning");
    assert_eq!(
        problems[0]["message"],
        "the branch `renovate/ghcr.io-o-a-2.x` is not made: `ghcr.io/o/b` is spelled by the same text, and cannot take this step"
    );
    let ran = lab.dry_run(&["--apply"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(lab.text("Dockerfile"), "ARG V=1.1.0\nFROM ghcr.io/o/a:${V}\nFROM ghcr.io/o/b:${V}\n");
}

#[test]
fn a_branch_is_applied_as_a_whole_or_not_at_all() {
    let lab = Lab::new();
    lab.file("one.yaml", &format!("{}---\n{REPOSITORY}", release("a", "1.0.0")))
        .file("two.yaml", &release("b", "1.0.0"))
        .file(
            "renovate.json",
            r#"{"packageRules": [{"matchUpdateTypes": ["minor"], "groupName": "minor steps"}]}"#,
        )
        .charts(&[("a", &["1.0.0", "1.1.0", "2.0.0"]), ("b", &["1.0.0", "1.1.0"])]);
    let ran = lab.dry_run(&["--apply"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(lab.text("one.yaml").contains("version: 2.0.0"), "{}", lab.text("one.yaml"));
    assert!(lab.text("two.yaml").contains("version: 1.0.0"), "{}", lab.text("two.yaml"));
    assert!(
        ran.stderr.contains("`renovate/minor-steps` is not applied: a higher step writes the same place"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("1 branch written into 1 file of the working tree"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_written_does_not_hide_the_report() {
    let lab = Lab::new();
    lab.file("one.yaml", &format!("{}---\n{REPOSITORY}", release("a", "1.0.0")))
        .file(
            "renovate.json",
            &json!({"packageRules": [{"matchPackageNames": ["*"], "groupName": "long ".repeat(100)}]})
                .to_string(),
        )
        .charts(&[("a", &["1.0.0", "1.1.0"])]);
    let patches = tempfile::tempdir().unwrap();
    let ran = lab.dry_run(&["--patches", patches.path().to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(fs::read_dir(patches.path()).unwrap().count(), 1);

    let name = fs::read_dir(patches.path()).unwrap().next().unwrap().unwrap().file_name();
    let taken = tempfile::tempdir().unwrap();
    fs::create_dir_all(taken.path().join(name).join("x")).unwrap();
    let ran = lab.dry_run(&["--patches", taken.path().to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("1.1.0") && ran.stderr.contains("cannot write"),
        "{} {}",
        ran.stdout,
        ran.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_of_patches_is_not_written_through() {
    let lab = Lab::new();
    lab.file("one.yaml", &format!("{}---\n{REPOSITORY}", release("a", "1.0.0")))
        .file("precious", "precious")
        .charts(&[("a", &["1.0.0", "1.1.0"])]);
    let patches = lab.tree.path().join("patches");
    fs::create_dir(&patches).unwrap();
    std::os::unix::fs::symlink("../precious", patches.join("renovate-a-1.x.patch")).unwrap();
    let ran = lab.dry_run(&["--patches", patches.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(lab.text("precious"), "precious");
    assert!(lab.text("patches/renovate-a-1.x.patch").contains("+      version: 1.1.0"));
}
