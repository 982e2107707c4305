//! The fixture runner every manager shares: input files in, pictures of what was found out.

#![expect(
    clippy::disallowed_methods,
    reason = "fixtures are files, and the environment asks to rewrite them"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use regex::Regex;
use updraft_core::dep::{Dep, Part, Slot};
use updraft_core::derived;
use updraft_core::edit;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::{DatasourceId, RepoPath, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::update::{Update, UpdateType};
use updraft_core::verify::verify;

use crate::ALL;

/// The folders whose managers are made from the configuration: they call [`check_fixtures`] in a test of their own.
const CONFIGURED: &[&str] = &["custom_jsonata", "custom_regex"];
const SNAPSHOT: &str = "extracted.snap";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder_of(manager: &dyn Manager) -> String {
    manager.id().as_str().replace(['-', '.'], "_")
}

/// Returns the folders of `parent`, in order.
fn folders(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Returns the input files of a case, in order, their paths relative to it.
fn inputs(case: &Path) -> Vec<SourceFile> {
    fn collect(folder: &Path, case: &Path, found: &mut Vec<SourceFile>) {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                collect(&path, case, found);
            } else if path.file_name().unwrap() != SNAPSHOT {
                let name = path.strip_prefix(case).unwrap().to_str().unwrap();
                found.push(SourceFile::new(RepoPath::new(name).unwrap(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    collect(case, case, &mut found);
    found
}

/// Returns the configuration of all cases: one alias, so that each manager can show that it knows them.
fn context() -> ManagerContext {
    let aliases =
        [("registry.alias.test", "registry.example.org/mirror"), ("aliased", "https://charts.example.org")];
    let registry_aliases = aliases.map(|(name, target)| (name.to_owned(), target.to_owned())).into();
    ManagerContext { registry_aliases }
}

/// Why a file is handed to a manager.
fn reason(manager: &dyn Manager, file: &SourceFile) -> Option<&'static str> {
    let by_pattern = manager.file_patterns().iter().any(|pattern| {
        let pattern = pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let pattern = pattern.expect("the fixture runner knows patterns of the form `/regex/` only");
        Regex::new(pattern).unwrap().is_match(file.path.as_str())
    });
    if by_pattern {
        Some("by its name")
    } else if manager.recognizes(file) {
        Some("by its content")
    } else {
        None
    }
}

fn extract(manager: &dyn Manager, files: &[SourceFile]) -> Extraction {
    let files: Vec<_> = files.iter().filter(|file| reason(manager, file).is_some()).collect();
    manager.extract(&files, &context())
}

/// Compares each case of a manager's folder with its snapshot, or rewrites it where `UPDATE_SNAPSHOTS` is set.
pub(crate) fn check_fixtures(folder: &str, manager: &dyn Manager) {
    let cases = folders(&root().join(folder).join("fixtures"));
    assert!(!cases.is_empty(), "managers/{folder}/fixtures has no case");
    let mut different = Vec::new();
    for case in cases {
        let files = inputs(&case);
        let extraction = extract(manager, &files);
        check_slots(&extraction, &files);
        let actual = picture(manager, &files, &extraction);
        let path = case.join(SNAPSHOT);
        if std::env::var("UPDATE_SNAPSHOTS").is_ok() {
            fs::write(&path, actual).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != actual {
            different.push(format!("{}\n{actual}", path.display()));
        }
    }
    assert!(
        different.is_empty(),
        "not as in the snapshot (UPDATE_SNAPSHOTS=1 rewrites it):\n{}",
        different.join("\n")
    );
}

/// Checks what holds for every extraction: slots are in order and hold the text that is there.
fn check_slots(extraction: &Extraction, files: &[SourceFile]) {
    for dep in &extraction.deps {
        let file =
            files.iter().find(|file| file.path == dep.file).expect("a dependency of a file that was given");
        assert!(dep.span.of(&file.text).is_some(), "{dep:?}");
        for slot in &dep.slots {
            assert_eq!(slot.span.of(&file.text), Some(slot.text.as_str()), "{dep:?}");
        }
        if let Some(lock) = &dep.lock {
            let file = files.iter().find(|file| file.path == lock.file).expect("a lock among the files");
            for slot in &lock.slots {
                assert_eq!(slot.span.of(&file.text), Some(slot.text.as_str()), "{dep:?}");
            }
        }
        for pair in dep.slots.windows(2) {
            assert!(pair[0].span.end <= pair[1].span.start, "slots overlap or are out of order: {dep:?}");
        }
        for origin in &dep.origins {
            let file = files
                .iter()
                .find(|file| file.path == origin.file)
                .expect("an origin in a file that was given");
            assert!(origin.span.of(&file.text).is_some(), "{origin:?}");
        }
    }
}

/// Draws the files with a caret line under every slot, and then what the dependencies say.
fn picture(manager: &dyn Manager, files: &[SourceFile], extraction: &Extraction) -> String {
    let mut out = String::new();
    for file in files {
        let path = &file.path;
        let Some(reason) = reason(manager, file) else {
            writeln!(out, "== {path} (not read)\n").unwrap();
            continue;
        };
        writeln!(out, "== {path} (read {reason})").unwrap();
        let mut carets: BTreeMap<usize, Vec<(usize, &Slot)>> = BTreeMap::new();
        for (number, dep) in extraction.deps.iter().enumerate() {
            let own = Some(&dep.slots).filter(|_| dep.file == file.path);
            let locked = dep.lock.iter().filter(|lock| lock.file == file.path).map(|lock| &lock.slots);
            for slot in own.into_iter().chain(locked).flatten() {
                carets.entry(file.line(slot.span.start)).or_default().push((number + 1, slot));
            }
        }
        let mut line = 1;
        while let Some(span) = file.lines().line_span(&file.text, line) {
            let text = span.of(&file.text).unwrap();
            if span.end < file.text.len() || !text.is_empty() {
                writeln!(out, "{}", format!("{line:4} | {text}").trim_end()).unwrap();
            }
            for (number, slot) in carets.get(&line).into_iter().flatten() {
                let before = file.text.get(span.start..slot.span.start).unwrap();
                let indent: String =
                    before.chars().map(|char| if char == '\t' { '\t' } else { ' ' }).collect();
                let width = slot.text.lines().next().unwrap_or("").chars().count().max(1);
                let lead =
                    if slot.text.is_empty() { format!(" after {:?}", slot.lead) } else { String::new() };
                writeln!(out, "     | {indent}{} #{number} {:?}{lead}", "^".repeat(width), slot.part)
                    .unwrap();
            }
            line += 1;
        }
        out.push('\n');
    }
    for (number, dep) in extraction.deps.iter().enumerate() {
        describe(&mut out, number + 1, dep, files);
    }
    for problem in &extraction.problems {
        let place = problem
            .file
            .as_ref()
            .zip(problem.span)
            .map_or_else(String::new, |(file, span)| place(files, file, span.start));
        writeln!(out, "problem: {:?} {place}: {}", problem.severity, problem.message).unwrap();
    }
    out
}

fn place(files: &[SourceFile], path: &RepoPath, offset: usize) -> String {
    let file = files.iter().find(|file| file.path == *path).unwrap();
    let position = file.lines().position(&file.text, offset);
    format!("{path}:{}:{}", position.line, position.column)
}

fn describe(out: &mut String, number: usize, dep: &Dep, files: &[SourceFile]) {
    writeln!(out, "#{number} {} {}", dep.dep_name, place(files, &dep.file, dep.span.start)).unwrap();
    let mut field = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            writeln!(out, "   {name}: {value}").unwrap();
        }
    };
    field("found in", Some(dep.found_in.as_str()).filter(|text| !text.is_empty()));
    field("package", Some(dep.package_name.as_str()).filter(|name| *name != dep.dep_name));
    field("datasource", dep.datasource.as_ref().map(DatasourceId::as_str));
    field("versioning", dep.versioning.as_ref().map(VersioningId::as_str));
    field("value", dep.current_value.as_deref());
    field("digest", dep.current_digest.as_deref());
    field("registries", Some(dep.registry_urls.join(" ").as_str()).filter(|text| !text.is_empty()));
    field("type", dep.dep_type.as_deref());
    field("extract version", dep.extract_version.as_deref());
    field("pin digests", dep.pin_digests.map(|pin| pin.to_string()).as_deref());
    for (name, value) in &dep.captures {
        field(&format!("group {name}"), Some(value));
    }
    if let Some(skip) = &dep.skip {
        field("skipped", Some(format!("{} {}", skip.reason.as_str(), skip.detail).trim_end()));
    }
    for origin in &dep.origins {
        field("origin", Some(&format!("{} {}", origin.what, place(files, &origin.file, origin.span.start))));
    }
}

#[test]
fn fixtures_are_extracted_as_their_snapshots_show() {
    for manager in ALL {
        check_fixtures(&folder_of(*manager), *manager);
    }
}

#[test]
fn each_manager_folder_is_complete_and_registered() {
    let registered: Vec<_> = ALL.iter().map(|manager| folder_of(*manager)).collect();
    for folder in folders(root()).iter().filter(|folder| folder.join("mod.rs").exists()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(folder.join("README.md").exists(), "managers/{name}/README.md is missing");
        assert!(!folders(&folder.join("fixtures")).is_empty(), "managers/{name}/fixtures has no case");
        assert!(
            registered.iter().any(|id| id == name) || CONFIGURED.contains(&name),
            "managers/{name} is missing in ALL"
        );
    }
    for id in &registered {
        assert!(root().join(id).join("mod.rs").exists(), "{id} has no folder managers/{id}");
        assert_eq!(registered.iter().filter(|other| *other == id).count(), 1, "{id} is twice in ALL");
    }
}

#[track_caller]
fn check_owners(path: &str, text: &str, expected: &[(&str, &str)]) {
    let file = SourceFile::new(RepoPath::new(path).unwrap(), text);
    let selects = |index: usize, file: &SourceFile| reason(ALL[index], file).is_some();
    let found = crate::extract::extract(ALL, &[&file], &selects, &vec![context(); ALL.len()], 1);
    let found: Vec<_> = found.deps.iter().map(|dep| (dep.manager.as_str(), dep.dep_name.as_str())).collect();
    assert_eq!(found, expected, "{path}");
}

#[test]
fn what_several_managers_see_belongs_to_the_most_specific() {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    repoURL: \
                       https://charts.example.org\n    chart: pier\n    targetRevision: 1.0.0\n    helm:\n      \
                       valuesObject:\n        image: fjord/pier:1.0.0\n";
    check_owners("apps/pier.yaml", application, &[("argocd", "pier"), ("argocd", "fjord/pier")]);
    let task = "kind: x\napiVersion: y\ndocker_container:\n  image: fjord/web:1.0.0\n";
    check_owners("tasks/main.yml", task, &[("ansible", "fjord/web")]);
    let compose = "kind: x\napiVersion: y\nservices:\n  web:\n    image: fjord/web:1.0.0\n";
    check_owners("compose.yaml", compose, &[("docker-compose", "fjord/web")]);
}

/// Checks that what is kept of a file stays near its size, however often a part of it is used.
#[track_caller]
fn check_small(path: &str, text: &str) {
    let file = SourceFile::new(RepoPath::new(path).unwrap(), text);
    for manager in ALL.iter().filter(|manager| reason(**manager, &file).is_some()) {
        let found = manager.extract(&[&file], &context()).deps;
        let texts = |dep: &Dep| {
            dep.dep_name.len()
                + dep.package_name.len()
                + dep.found_in.len()
                + dep.current_value.as_ref().map_or(0, String::len)
                + dep.registry_urls.iter().map(String::len).sum::<usize>()
        };
        let size: usize = found.iter().map(|dep| 200 + texts(dep)).sum();
        assert!(size < 100 * text.len(), "{path}: {size} bytes in {} of {}", found.len(), manager.id());
    }
}

#[test]
fn what_is_used_many_times_is_not_kept_many_times() {
    let long = "a".repeat(100_000);
    let many = |line: &str| line.repeat(2_000);
    let head = "apiVersion: argoproj.io/v1alpha1\nkind: List\n";
    let sources = many("  - {repoURL: oci://x.example.org/a, targetRevision: 1.0.0}\n");
    let objects = many("- {apiVersion: argoproj.io/v1, kind: Application, spec: {sources: *s}}\n");
    check_small("a.yaml", &format!("{head}x: &s\n{sources}items:\n{objects}"));
    let set = many("- {apiVersion: argoproj.io/v1, kind: ApplicationSet, spec: {generators: *s}}\n");
    let template = "  - {a: {template: {spec: {source: {repoURL: a.b/c, chart: d}}}}}\n";
    check_small("a.yaml", &format!("{head}x: &s\n{}items:\n{set}", many(template)));
    let named = many("    - {repoURL: oci://x.example.org/a, targetRevision: 1.0.0}\n");
    let application = format!("kind: Application\nmetadata: {{name: {long}}}\nspec:\n  sources:\n{named}");
    check_small("a.yaml", &format!("apiVersion: argoproj.io/v1\n{application}"));
    check_small("requirements.txt", &format!("-i https://x.example.org/{long}\n{}", many("a==1\n")));
    let aliased = |head: &str, line: &str| format!("x: &x a.b/{long}\n{head}\n{}", many(line));
    check_small("requirements.yml", &aliased("collections:", "- {name: a.b, version: 1, source: *x}\n"));
    check_small("requirements.yml", &aliased("roles:", "- {src: *x, version: 1}\n"));
    check_small(".pre-commit-config.yaml", &aliased("repos:", "- {repo: *x, rev: 1}\n"));
    check_small("tasks/a.yml", &aliased("tasks:", "- image: *x\n"));
    check_small("values.yaml", &aliased("all:", "- image: *x\n"));
    check_small("values.yaml", &aliased("all:", "- image: {repository: *x, tag: 1}\n"));
    let services: Vec<_> = (0..2_000).map(|at| format!("  s{at}: {{image: *x}}\n")).collect();
    check_small("compose.yaml", &format!("x: &x a.b/{long}\nservices:\n{}", services.concat()));
    let pod = format!("apiVersion: v1\nkind: {long}\nspec:\n{}", many("- image: a:1\n"));
    check_small("pod.yaml", &pod);
    let job = format!("jobs:\n  {long}:\n    steps:\n{}", many("    - uses: a/b@v1\n"));
    check_small(".github/workflows/a.yaml", &job);
    let release = "- {apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, metadata: {name: *x}, spec: {url: a}}\n";
    check_small("flux.yaml", &aliased("kind: List\nitems:", release));
}

/// One case of a built-in manager.
struct Case {
    manager: &'static dyn Manager,
    folder: PathBuf,
    files: Vec<SourceFile>,
}

/// Every case of every built-in manager.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let cases = |manager: &&'static dyn Manager| {
        let manager = *manager;
        let cases = folders(&root().join(folder_of(manager)).join("fixtures"));
        cases.into_iter().map(move |folder| Case { manager, files: inputs(&folder), folder })
    };
    ALL.iter().flat_map(cases).collect()
});

#[test]
fn extraction_is_the_same_each_time() {
    for Case { manager, folder, files } in &*CASES {
        assert_eq!(extract(*manager, files), extract(*manager, &inputs(folder)), "{}", folder.display());
    }
}

#[test]
fn what_is_written_is_found_again_and_nothing_else_changes() {
    for Case { manager, folder, files } in &*CASES {
        let before = extract(*manager, files).deps;
        for (index, dep) in before.iter().enumerate().filter(|(_, dep)| dep.skip.is_none()) {
            // What two dependencies share (an `ARG` used twice) cannot change for one of them alone.
            let shares = |other: &&Dep| {
                other.file == dep.file && other.slots.iter().any(|slot| dep.slots.contains(slot))
            };
            if before.iter().filter(shares).count() > 1 {
                continue;
            }
            let Some(update) = newer(dep) else { continue };
            let edits = edit::edits(dep, &update, &serde_json::Map::new()).unwrap();
            let mut texts = BTreeMap::new();
            for own in edits.chunk_by(|one, other| one.file == other.file) {
                let file = files.iter().find(|file| file.path == own[0].file).unwrap();
                texts.insert(file.path.clone(), edit::apply(&file.text, own).unwrap());
            }
            let before_of = |path: &RepoPath| {
                files.iter().find(|file| file.path == *path).map(|file| Arc::clone(&file.text))
            };
            derived::complete(&mut texts, dep.lock.iter().flat_map(|lock| &lock.derived), &before_of);
            let change = |file: &SourceFile| {
                let text = texts.get(&file.path).map_or(&*file.text, String::as_str);
                SourceFile::new(file.path.clone(), text)
            };
            let after = extract(*manager, &files.iter().map(change).collect::<Vec<_>>()).deps;
            let place = place(files, &dep.file, dep.span.start);
            verify(&before, &after, &[(index, &update)])
                .unwrap_or_else(|error| panic!("{}/{place}: {error}\n{edits:#?}", folder.display()));
        }
    }
}

/// Returns an update of everything a dependency spells: the last number of its value, and a digest wherever one can stand.
///
/// Runner images and API versions are known by name, so a made-up one is not found again.
fn newer(dep: &Dep) -> Option<Update> {
    if [DatasourceId::GITHUB_RUNNERS, DatasourceId::KUBERNETES_API]
        .iter()
        .any(|id| dep.datasource.as_ref() == Some(id))
    {
        return None;
    }
    let mut update = Update::new(UpdateType::Patch);
    update.new_value = dep.current_value.as_deref().and_then(|value| {
        let end = value.rfind(|char: char| char.is_ascii_digit())? + 1;
        Some(format!("{}1{}", &value[..end], &value[end..]))
    });
    update.new_version = dep.lock.as_ref().and_then(|lock| Some(format!("{}1", lock.version()?)));
    let spells = |parts: &[Part]| dep.slots.iter().any(|slot| parts.contains(&slot.part));
    if !spells(&[Part::Value, Part::ValueOrDigest, Part::ValueNote]) {
        update.new_value = None;
    }
    if spells(&[Part::Digest, Part::DigestHex, Part::ValueOrDigest]) {
        let commit = dep.datasource != Some(DatasourceId::DOCKER);
        update.new_digest = Some(if commit { "a".repeat(40) } else { format!("sha256:{}", "a".repeat(64)) });
    }
    (update.new_value.is_some() || update.new_digest.is_some()).then_some(update)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn damaged_fixtures_never_panic(cuts in proptest::collection::vec((0.0..1.0_f64, 0..40_usize, "[ -~\n\u{e4}]{0,6}"), 1..4)) {
        for Case { manager, files, .. } in &*CASES {
            let files: Vec<_> = files.iter().map(|file| damage(file, &cuts)).collect();
            check_slots(&extract(*manager, &files), &files);
        }
    }
}

/// Returns a file with some of its text replaced: each cut is a place (a share of the length), a length and new text.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a small length"
)]
fn damage(file: &SourceFile, cuts: &[(f64, usize, String)]) -> SourceFile {
    let mut text = file.text.to_string();
    for (share, length, new) in cuts {
        let start = boundary(&text, (text.len() as f64 * share) as usize);
        let end = boundary(&text, start + length);
        text.replace_range(start..end.max(start), new);
    }
    SourceFile::new(file.path.clone(), text)
}

/// Returns the last place where a character starts, or the text ends, not after `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
