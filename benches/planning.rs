//! How long it takes to decide about a thousand dependencies, to put their updates into branches, and to write those.

#![expect(clippy::expect_used, reason = "a benchmark may break down")]

use std::collections::BTreeMap;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::Timestamp;
use updraft_core::choose::{ChooseInput, PreparedDep, choose, prepare};
use updraft_core::config::{Config, ConfigFile, Resolution, resolve};
use updraft_core::dep::{Dep, Part, Slot};
use updraft_core::edit::{Edit, apply};
use updraft_core::name::{DatasourceId, ManagerId, RepoPath};
use updraft_core::plan::{CommitStyle, PlanContext, Upgrade, UpgradeInput, patch, plan, upgrades};
use updraft_core::release::{Release, ReleaseList};
use updraft_core::span::ByteSpan;
use updraft_core::update::Choice;

const COUNT: u64 = 1000;
/// What the owner of such a repository asks for.
const CONFIG: &str = r#"{
    extends: ["config:recommended", ":semanticCommits", "group:monorepos"],
    packageRules: [
        {matchDatasources: ["docker"], matchPackageNames: ["ghcr.io/example/group-1-*"], groupName: "one"},
        {matchUpdateTypes: ["minor", "patch"], matchPackageNames: ["/app-[0-9]+7$/"], automerge: true},
        {matchManagers: ["flux"], addLabels: ["type/{{updateType}}"]},
    ],
}"#;

fn main() {
    divan::main();
}

fn config() -> Config {
    let file = ConfigFile { path: path("renovate.json5"), text: CONFIG.into() };
    match resolve(Some(&file), &BTreeMap::new(), None) {
        Resolution::Done(config) => *config,
        Resolution::Needs(presets) => panic!("{presets:?}"),
    }
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a plain path")
}

fn now() -> Timestamp {
    "2026-11-21T00:00:00Z".parse().expect("a time")
}

fn dep(at: u64) -> Dep {
    let value = "1.10.3";
    let file = path(&format!("apps/app-{at}/deployment.yaml"));
    let span = ByteSpan::new(0, value.len());
    let mut dep = Dep::new(
        ManagerId::new("kubernetes"),
        &file,
        span,
        format!("ghcr.io/example/group-{}-app-{at}", at % 9),
    );
    dep.datasource = Some(DatasourceId::DOCKER);
    dep.current_value = Some(value.to_owned());
    dep.slots.push(Slot::new(Part::Value, span, value));
    dep
}

fn releases() -> ReleaseList {
    let tags = (0..100).map(|at| Release::of(format!("{}.{}.{}", at / 60, at % 20, at % 7)));
    let named = ["latest", "1.10.3", "1.10.9", "1.30.0", "2.0.1"].map(Release::of);
    ReleaseList {
        releases: tags.chain(named).collect(),
        source_url: Some("https://github.com/example/source".to_owned()),
        ..ReleaseList::default()
    }
}

fn chosen(deps: &[PreparedDep], releases: &ReleaseList, config: &Config) -> Vec<Arc<Choice>> {
    let input = |dep| ChooseInput { dep, releases, config, now: now() };
    deps.iter().map(|dep| Arc::new(choose(&input(dep)))).collect()
}

fn all_upgrades(
    deps: &[PreparedDep],
    choices: &[Arc<Choice>],
    releases: &ReleaseList,
    config: &Config,
) -> Vec<Upgrade> {
    let both = deps.iter().zip(choices);
    both.flat_map(|(dep, choice)| upgrades(&UpgradeInput { dep, choice, releases, config, now: now() }))
        .collect()
}

/// What the rules say of each dependency, and which of a hundred releases it goes to.
#[divan::bench(sample_count = 10)]
fn choose_for_1000(bencher: Bencher<'_, '_>) {
    let (config, releases) = (config(), releases());
    bencher
        .counter(ItemsCount::new(COUNT))
        .with_inputs(|| (0..COUNT).map(dep).collect::<Vec<_>>())
        .bench_values(|deps| {
            let deps: Vec<_> = deps.into_iter().map(|dep| prepare(&Arc::new(dep), &config)).collect();
            chosen(&deps, &releases, &config)
        });
}

/// The rules again for each step, its edits, names, titles, texts.
#[divan::bench(sample_count = 10)]
fn plan_1000(bencher: Bencher<'_, '_>) {
    let (config, releases) = (config(), releases());
    let deps: Vec<_> = (0..COUNT).map(|at| prepare(&Arc::new(dep(at)), &config)).collect();
    let choices = chosen(&deps, &releases, &config);
    let context = PlanContext { config: &config, now: now(), commit_style: CommitStyle::Semantic };
    bencher.counter(ItemsCount::new(COUNT)).bench(|| {
        let plan = plan(all_upgrades(&deps, &choices, &releases, &config), &context);
        assert_eq!(plan.problems, []);
        plan.branches.len()
    });
}

/// A thousand edits of one large file, and the patch that tells of them.
#[divan::bench(sample_count = 10)]
fn edit_and_patch(bencher: Bencher<'_, '_>) {
    let file = path("values.yaml");
    let line = "    image: ghcr.io/example/app:1.10.3\n";
    let text = format!("{line}{}", "    other: line\n".repeat(9)).repeat(1000);
    let block = text.len() / 1000;
    let value = line.len() - "1.10.3\n".len();
    let edits: Vec<Edit> = (0..1000)
        .map(|at| {
            let start = at * block + value;
            let span = ByteSpan::new(start, start + "1.10.3".len());
            Edit { file: file.clone(), span, old: "1.10.3".to_owned(), new: "1.30.0".to_owned() }
        })
        .collect();
    bencher.counter(ItemsCount::new(COUNT)).bench(|| {
        let after = apply(black_box(&text), &edits).expect("edits that fit");
        patch::patch(&file, &text, &after).len()
    });
}
