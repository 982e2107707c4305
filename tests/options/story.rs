//! What comes of a case, in words.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use updraft::http::{Http, HttpSettings, World};
use updraft::run::{Outcome, ReadyBranch, Session};
use updraft::source::{Identity, Snapshot};
use updraft_core::name::RepoPath;
use updraft_core::plan::Upgrade;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

use crate::case::Case;
use crate::registries;

/// Runs a case and tells what came of it: the branches, what is left alone, what the owner is told.
pub(crate) async fn tell(case: &Case) -> String {
    let answers = tempfile::TempDir::new().unwrap();
    let nothing = ("https://nobody.invalid/".to_owned(), String::new());
    for (number, (url, text)) in case.web.iter().chain([&nothing]).enumerate() {
        let folder = answers.path().join("web");
        fs::create_dir_all(&folder).unwrap();
        let reply =
            json!({"request": {"method": "GET", "url": url}, "status": 200, "headers": {}, "text": text});
        fs::write(folder.join(format!("{number}.reply.json")), reply.to_string()).unwrap();
    }
    let http = Http::new(HttpSettings {
        world: World::Replay(answers.path().to_owned()),
        ..HttpSettings::default()
    });
    let session = Session {
        http: http.unwrap(),
        datasources: registries::of(case),
        now: case.now,
        problems: Vec::new(),
        config: None,
        forge: "https://api.github.com/".parse().unwrap(),
    };
    let file = |(path, text): &(String, String)| SourceFile::new(RepoPath::new(path).unwrap(), text.as_str());
    let mut files: Vec<SourceFile> = case.files.iter().map(file).collect();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let identity = Identity {
        slug: Some("fjord/homelab".into()),
        host: Some("github.com".into()),
        base_branch: Some("main".into()),
        name: "homelab".to_owned(),
        recent_subjects: case.commits.clone(),
    };
    let snapshot = Snapshot { files, problems: Vec::new(), identity };
    let reading = session.understand(Path::new("homelab"), snapshot, Instant::now()).await.unwrap();
    let outcome = session.decide(reading).await;
    let mut story = String::new();
    for ready in &outcome.branches {
        branch(&mut story, ready, case);
    }
    left_alone(&mut story, &outcome, case);
    let problems = outcome.reading.config.problems.iter().chain(&outcome.reading.extraction.problems);
    for problem in problems.chain(&outcome.problems) {
        tell_problem(&mut story, problem, &outcome);
    }
    if story.is_empty() { "nothing\n".to_owned() } else { story }
}

fn shows(case: &Case, what: &str) -> bool {
    case.shows.iter().any(|shown| shown == what)
}

fn branch(story: &mut String, ready: &ReadyBranch, case: &Case) {
    let branch = &ready.branch;
    let mut line = |text: String| writeln!(story, "{text}").unwrap();
    line(branch.branch_name.clone());
    let (subject, body) = branch.commit_message.split_once('\n').unwrap_or((&branch.commit_message, ""));
    line(format!("  {subject}"));
    body.trim_start_matches('\n').lines().for_each(|text| line(format!("  | {text}").trim_end().to_owned()));
    if branch.pr_title != subject {
        line(format!("  title: {}", branch.pr_title));
    }
    if !branch.labels.is_empty() {
        line(format!("  labels: {}", branch.labels.join(", ")));
    }
    if branch.automerge {
        line("  automerge".to_owned());
    }
    if branch.priority != 0 {
        line(format!("  priority: {}", branch.priority));
    }
    if let Some(hold) = &branch.hold {
        let until = hold.until.map(|until| format!(", until {until}")).unwrap_or_default();
        line(format!("  held: {hold}{until}"));
    }
    branch.upgrades.iter().for_each(|upgrade| line(format!("  {}", step(upgrade))));
    branch.waiting.iter().for_each(|upgrade| line(format!("  waits: {}", step(upgrade))));
    if shows(case, "patch") {
        let changed = |text: &&str| {
            text.starts_with(['+', '-']) && !text.starts_with("+++") && !text.starts_with("---")
        };
        ready.patch.lines().filter(changed).for_each(|text| line(format!("  {text}")));
    }
    if shows(case, "body") {
        branch.pr_body.lines().for_each(|text| line(format!("  > {text}").trim_end().to_owned()));
    }
}

fn step(upgrade: &Upgrade) -> String {
    let (dep, update) = (&upgrade.dep, &upgrade.update);
    let short = |digest: &String| {
        digest.strip_prefix("sha256:").unwrap_or(digest).chars().take(7).collect::<String>()
    };
    let mut text = format!("{} {}", update.update_type, dep.dep_name);
    let from = dep.current_value.clone().or(dep.current_digest.as_ref().map(short)).unwrap_or_default();
    write!(text, " {from}").unwrap();
    let name = update.new_name.clone();
    let to: Vec<String> = [name, update.new_value.clone()].into_iter().flatten().collect();
    let digest = update.new_digest.as_ref().map(|digest| format!("@{}", short(digest)));
    write!(text, " → {}{}", to.join(" "), digest.unwrap_or_default()).unwrap();
    if !update.pending_versions.is_empty() {
        write!(text, " (pending: {})", update.pending_versions.join(", ")).unwrap();
    }
    text
}

fn left_alone(story: &mut String, outcome: &Outcome, case: &Case) {
    for finding in &outcome.findings {
        let name = &finding.dep.dep.dep_name;
        if let Some(skip) = finding.skip() {
            let detail = if skip.detail.is_empty() { String::new() } else { format!(": {}", skip.detail) };
            writeln!(story, "left alone: {name}: {}{detail}", skip.reason.as_str()).unwrap();
        }
        if shows(case, "dropped") {
            for candidate in &finding.choice.candidates {
                if let Some(dropped) = &candidate.dropped {
                    writeln!(story, "dropped: {name} {}: {dropped:?}", candidate.version).unwrap();
                }
            }
        }
        if shows(case, "lookup") {
            let dep = &finding.dep.dep;
            let datasource = dep.datasource.as_ref().map_or("", |id| id.as_str());
            writeln!(story, "looked up: {name}: {datasource} {} {:?}", dep.package_name, dep.registry_urls)
                .unwrap();
        }
    }
}

fn tell_problem(story: &mut String, problem: &Problem, outcome: &Outcome) {
    let severity = format!("{:?}", problem.severity).to_lowercase();
    let place = problem.file.as_ref().map(|path| {
        let file = outcome.reading.snapshot.files.iter().find(|file| file.path == *path);
        let line = file.zip(problem.span).map(|(file, span)| format!(":{}", file.line(span.start)));
        format!("{path}{}: ", line.unwrap_or_default())
    });
    writeln!(story, "{severity}: {}{}", place.unwrap_or_default(), problem.message).unwrap();
}
