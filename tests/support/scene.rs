//! A repository on a GitHub with images in a registry, and the bot that looks after it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::github::{Account, GitHub, Hub, PullNow, Rights};
use crate::registry::Registry;
use crate::support::{NOW, Ran, command, run};

/// The token the bot is given. Nothing that is printed or stored may hold it.
pub(crate) const TOKEN: &str = "ghp_Zm9yIHRoZSBib3Rz0123456789eyesOnly42";
pub(crate) const SLUG: &str = "o/r";

/// What a repository asks for that says nothing of its own.
pub(crate) fn plain_config() -> Value {
    json!({
        "extends": ["config:recommended"],
        "kubernetes": {"managerFilePatterns": ["/^apps/.+\\.yaml$/"]},
        "prHourlyLimit": 0,
        "prConcurrentLimit": 0,
        "branchConcurrentLimit": 0,
    })
}

/// How the bot comes in, and what it is told to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// With a person's token, for the one repository it is told.
    Token,
    /// With a person's token, for whatever it finds.
    TokenEverywhere,
    /// As an App, for whatever it finds.
    AppEverywhere,
}

/// A repository, its images and its bot.
pub(crate) struct Scene {
    pub(crate) door: Door,
    pub(crate) github: GitHub,
    pub(crate) registry: Arc<Registry>,
    home: TempDir,
}

impl Scene {
    /// Returns a repository with one manifest for each of `images`, which is a name, the version that is used, and those there are.
    pub(crate) fn new(config: &Value, images: &[(&str, &str, &[&str])]) -> Self {
        let github = GitHub::start();
        github.set_time(NOW);
        github.account(TOKEN, Account::user("carer", Rights::Write));
        let registry = Arc::new(Registry::start());
        let scene = Self { door: Door::Token, github, registry, home: TempDir::new().unwrap() };
        let mut files = Vec::new();
        for (name, current, versions) in images {
            for version in versions.iter().chain([current]) {
                scene.release(name, version);
            }
            files.push((format!("apps/{name}.yaml"), scene.manifest(name, current)));
        }
        if !config.is_null() {
            files.push(("renovate.json".to_owned(), config.to_string()));
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        scene.github.repository(SLUG, &files);
        scene
    }

    /// Returns the same repository on another GitHub, with the same registry, and a bot that remembers nothing.
    pub(crate) fn copy(&self) -> Self {
        let (github, registry) = (self.github.copy(), Arc::clone(&self.registry));
        Self { door: self.door, github, registry, home: TempDir::new().unwrap() }
    }

    pub(crate) fn hub(&self) -> Hub<'_> {
        self.github.hub(SLUG)
    }

    /// Publishes a version of an image.
    pub(crate) fn release(&self, name: &str, version: &str) {
        self.registry.push(&format!("team/{name}"), version, "2026-10-01T00:00:00Z");
    }

    /// Returns the manifest that uses a version of an image.
    pub(crate) fn manifest(&self, name: &str, version: &str) -> String {
        let image = self.image(name, version);
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n        - name: {name}\n          image: {image}\n          args: [serve]\n"
        )
    }

    /// Returns the reference to a version of an image.
    pub(crate) fn image(&self, name: &str, version: &str) -> String {
        format!("{}/team/{name}:{version}", self.registry.host())
    }

    /// Somebody pushes a manifest that uses another version.
    pub(crate) fn push_version(&self, branch: &str, name: &str, version: &str, login: &str) {
        let path = format!("apps/{name}.yaml");
        self.hub().commit(branch, &[(&path, &self.manifest(name, version))], "Update by hand", login);
    }

    /// Somebody changes the configuration.
    pub(crate) fn configure(&self, config: &Value) {
        self.hub().commit("main", &[("renovate.json", &config.to_string())], "Configure", "o");
    }

    /// Returns the command of a run, which is not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let now = self.github.time();
        let arguments = [&["run"], arguments, &["--now", &now]].concat();
        let mut command = command(&arguments, &self.home);
        command
            .env("RENOVATE_ENDPOINT", self.github.api())
            .env("RENOVATE_TOKEN", TOKEN)
            .env("UPDRAFT_HOST_RULES", json!([self.registry.rule()]).to_string());
        command
    }

    /// Runs the bot on the repository.
    pub(crate) fn run(&self) -> Ran {
        self.run_with(&[SLUG])
    }

    pub(crate) fn run_with(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments))
    }

    /// Runs the bot and returns what it wrote, as `METHOD path`.
    #[track_caller]
    pub(crate) fn writes(&self) -> Vec<String> {
        self.github.forget_log();
        self.run().expect(0);
        self.github.writes()
    }

    /// Returns the newest pull whose branch is for an image.
    #[track_caller]
    pub(crate) fn pull_for(&self, name: &str) -> PullNow {
        let pulls = self.hub().pulls();
        let found = pulls.iter().rfind(|pull| pull.head.contains(name));
        found.unwrap_or_else(|| panic!("no pull for `{name}` among {pulls:#?}")).clone()
    }

    /// Returns the version of an image that a branch uses.
    #[track_caller]
    pub(crate) fn version_on(&self, branch: &str, name: &str) -> String {
        let text = self.hub().file(branch, &format!("apps/{name}.yaml")).expect("the manifest is there");
        let line =
            text.lines().find_map(|line| line.trim().strip_prefix("image: ")).expect("it has an image");
        line.rsplit(':').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn home(&self) -> &TempDir {
        &self.home
    }
}
