//! What the forge makes of a GitHub that refuses, fails, loses answers and is written to by others.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use github::web::{Request, Response};
use github::{Account, Failure, Fault, GitHub, Hub, IssueNow, Moment, Protection, PullNow, Rights};
use updraft::forge::dry_run::DryRun;
use updraft::forge::github::{Credentials, Github, GithubRepository};
use updraft::forge::{
    AccountKind, Change, CommitHead, Forge, ForgeError, ForgeErrorKind, Merge, NewCommit, NewFile, NewPull,
    NewStatus, Permission,
};
use updraft::http::{Http, HttpSettings, Patience, Proxies};
use updraft_core::forge::{CheckState, MergeMethod, PullState, Signature};
use url::Url;

const BRANCH: &str = "renovate/grafana-9.x";
const KEY: &str = include_str!("fixtures/app-key.pem");

fn http() -> Http {
    let patience = Patience { pause: Duration::from_millis(1), ..Patience::default() };
    Http::new(HttpSettings { patience, proxies: Proxies::Direct, ..HttpSettings::default() }).unwrap()
}

fn connect(github: &GitHub, http: &Http) -> Github {
    let credentials = Credentials::Token("secret".to_owned().into());
    Github::connect(http, &Url::parse(&github.api()).unwrap(), credentials)
}

fn forge(github: &GitHub) -> GithubRepository {
    connect(github, &http()).repository("o/r").unwrap()
}

/// Starts a GitHub with a bot that may write to a repository.
fn start() -> GitHub {
    let github = GitHub::start();
    github.account("secret", Account::user("bot", Rights::Write));
    github.repository("o/r", &[("apps/a.yaml", "a: 1\n"), ("README.md", "# r\n")]);
    github
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn change_of(parent: &CommitHead, text: &str) -> NewCommit {
    NewCommit {
        parent: parent.clone(),
        files: vec![NewFile {
            path: "apps/a.yaml".to_owned(),
            mode: "100644".to_owned(),
            text: Arc::from(text),
        }],
        message: "chore: update a\n\nbody".to_owned(),
        author: Some(Signature { name: "Bot".to_owned(), email: "bot@example.org".to_owned() }),
    }
}

fn pull_of(branch: &str) -> NewPull {
    NewPull {
        head: branch.to_owned(),
        base: "main".to_owned(),
        title: "Update a".to_owned(),
        body: "Text".to_owned(),
        is_draft: false,
    }
}

/// Makes a branch with one commit, and returns the commit.
async fn branch(forge: &dyn Forge, name: &str, text: &str) -> Result<CommitHead, ForgeError> {
    let main = forge.head("main").await?.unwrap();
    let commit = forge.commit(&change_of(&main, text)).await?;
    forge.create_branch(name, &commit.sha).await?;
    Ok(commit)
}

/// Everything that a bot does with an update.
async fn whole_life(forge: &dyn Forge) -> Result<(), ForgeError> {
    let one = branch(forge, BRANCH, "a: 2\n").await?;
    let pull = forge.create_pull(&pull_of(BRANCH)).await?;
    forge.add_labels(pull.number, &names(&["renovate/image", "type major"])).await?;
    forge.remove_label(pull.number, "type major").await?;
    forge.assign(pull.number, &names(&["alice"])).await?;
    forge.request_review(pull.number, &names(&["alice"])).await?;
    forge.comment(pull.number, "Edited", "Somebody was here.").await?;
    forge.comment(pull.number, "Edited", "Somebody was here again.").await?;
    forge
        .change_pull(pull.number, &Change { title: Some("Update b".to_owned()), ..Change::default() })
        .await?;
    let main = forge.head("main").await?.unwrap();
    let two = forge.commit(&change_of(&main, "a: 3\n")).await?;
    forge.move_branch(BRANCH, &one.sha, &two.sha).await?;
    let status = NewStatus {
        context: "renovate/age".to_owned(),
        is_green: true,
        description: "old enough".to_owned(),
    };
    forge.set_status(&two.sha, &status).await?;
    forge.merge(pull.number, &Merge { head_sha: two.sha.clone(), method: MergeMethod::Squash }).await?;
    forge.delete_branch(BRANCH, &two.sha).await?;
    let issue = forge.create_issue("Dependency Dashboard", "Text", &names(&["dashboard"])).await?;
    forge.change_issue(issue.number, &Change { body: Some("New".to_owned()), ..Change::default() }).await
}

type State = (Vec<PullNow>, Vec<IssueNow>, Vec<String>, BTreeMap<String, String>);

/// Returns what came of it, without ids that hold the time of day.
fn state(hub: &Hub<'_>) -> State {
    let mut pulls = hub.pulls();
    for pull in &mut pulls {
        pull.head_sha.clear();
    }
    (pulls, hub.issues(), hub.branch_names(), hub.files("main"))
}

#[tokio::test]
async fn whatever_goes_wrong_once_nothing_is_made_twice_or_left_out() {
    let github = start();
    whole_life(&forge(&github)).await.unwrap();
    let expected = state(&github.hub("o/r"));
    assert_eq!(expected.0.len(), 1);
    assert_eq!(expected.0[0].comments, ["### Edited\n\nSomebody was here again."]);
    assert_eq!((expected.0[0].state, expected.0[0].title.as_str()), ("merged", "Update b"));
    assert_eq!(expected.2, ["main"]);
    assert_eq!(expected.3["apps/a.yaml"], "a: 3\n");
    let writes: BTreeSet<(String, String)> = github
        .writes()
        .iter()
        .map(|line| {
            let (method, path) = line.split_once(' ').unwrap();
            (method.to_owned(), path.trim_start_matches("/api/v3").to_owned())
        })
        .collect();
    assert!(writes.len() > 12, "{writes:?}");
    let failures = [
        Failure::Drop(Moment::Before),
        Failure::Drop(Moment::After),
        Failure::Status(502, None),
        Failure::SecondaryLimit(0),
    ];
    let http = http();
    for failure in &failures {
        for (method, path) in &writes {
            let path = regex::escape(path);
            // Ids hold the time of day.
            let path = path.split("/statuses/").next().unwrap_or_default();
            let github = start();
            github.fault(Fault::on(method, path, failure.clone()));
            let forge = connect(&github, &http).repository("o/r").unwrap();
            if let Err(error) = whole_life(&forge).await {
                panic!("{failure:?} {method} {path}: {error}");
            }
            assert_eq!(state(&github.hub("o/r")), expected, "{failure:?} {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_second_run_finds_what_the_first_has_made() {
    let github = start();
    let forge = forge(&github);
    let commit = branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let pull = forge.create_pull(&pull_of(BRANCH)).await.unwrap();
    let issue = forge.create_issue("Dependency Dashboard", "Text", &BTreeSet::new()).await.unwrap();
    forge.comment(pull.number, "Edited", "Text").await.unwrap();
    let before = github.writes().len();
    forge.create_branch(BRANCH, &commit.sha).await.unwrap();
    assert_eq!(forge.create_pull(&pull_of(BRANCH)).await.unwrap(), pull);
    assert_eq!(
        forge.create_issue("Dependency Dashboard", "Text", &BTreeSet::new()).await.unwrap().number,
        issue.number
    );
    forge.comment(pull.number, "Edited", "Text").await.unwrap();
    // A branch and a pull request are refused by GitHub itself; the others are looked for.
    assert_eq!(
        github.writes()[before..],
        ["POST /api/v3/repos/o/r/git/refs", "POST /api/v3/repos/o/r/pulls"]
    );
    assert_eq!((github.hub("o/r").pulls().len(), github.hub("o/r").issues().len()), (1, 1));
}

#[tokio::test]
async fn a_branch_that_somebody_else_has_moved_is_left_alone() {
    let github = start();
    let (forge, hub) = (forge(&github), github.hub("o/r"));
    let ours = branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let theirs = hub.commit(BRANCH, &[("apps/a.yaml", "a: 4\n")], "Fix it", "alice");
    let main = forge.head("main").await.unwrap().unwrap();
    let kinds = [
        forge.move_branch(BRANCH, &ours.sha, &main.sha).await,
        forge.delete_branch(BRANCH, &ours.sha).await,
        forge.create_branch(BRANCH, &ours.sha).await,
        forge.fast_forward(BRANCH, &main.sha).await,
        forge.move_branch("renovate/gone", &ours.sha, &main.sha).await,
    ]
    .map(|result| result.unwrap_err().kind);
    assert_eq!(kinds, [ForgeErrorKind::Refused; 5]);
    assert_eq!(hub.branches()[BRANCH], theirs);
    forge.delete_branch("renovate/gone", &ours.sha).await.unwrap();
    let next = forge.commit(&change_of(&main, "a: 5\n")).await.unwrap();
    forge.fast_forward("main", &next.sha).await.unwrap();
    assert_eq!(hub.file("main", "apps/a.yaml").unwrap(), "a: 5\n");
}

#[tokio::test]
async fn somebody_who_moves_a_branch_while_an_answer_is_lost_wins() {
    let github = Arc::new(start());
    let forge = forge(&github);
    let ours = branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let main = forge.head("main").await.unwrap().unwrap();
    let theirs = Arc::new(std::sync::Mutex::new(String::new()));
    let push = {
        let (github, theirs) = (Arc::clone(&github), Arc::clone(&theirs));
        move || {
            let commit = github.hub("o/r").commit(BRANCH, &[("x", "y")], "Mine", "alice");
            *theirs.lock().unwrap() = commit;
        }
    };
    github.fault(Fault::on("PATCH", "/git/refs/", Failure::Drop(Moment::After)));
    github.fault(
        Fault::on("GET", "/git/ref/heads/renovate", Failure::Call(Moment::Before, Arc::new(push))).skip(1),
    );
    let error = forge.move_branch(BRANCH, &ours.sha, &main.sha).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Refused, "{error}");
    assert_eq!(github.hub("o/r").branches()[BRANCH], *theirs.lock().unwrap());
}

#[tokio::test]
async fn files_are_read_also_where_the_list_is_cut() {
    let github = start();
    let hub = github.hub("o/r");
    hub.commit(
        "main",
        &[("deep/er/one", "1"), ("deep/er/two", "2"), ("deep/three", "3"), ("four", "4")],
        "More",
        "alice",
    );
    let forge = forge(&github);
    let head = forge.head("main").await.unwrap().unwrap();
    let whole = forge.tree(&head).await.unwrap();
    assert_eq!(whole.len(), 6);
    hub.switch(|switches| switches.tree_limit = 3);
    assert_eq!(self::forge(&github).tree(&head).await.unwrap(), whole);
    let archive = forge.archive(&head, 3).await.unwrap();
    let read: Vec<(&str, &[u8])> =
        archive.iter().map(|(path, text)| (path.as_str(), text.as_slice())).collect();
    assert_eq!(
        read,
        [("deep/er/one", b"1".as_slice()), ("deep/er/two", b"2"), ("deep/three", b"3"), ("four", b"4")],
        "without those that are larger than three bytes"
    );
    assert_eq!(forge.blob(&whole["README.md"].sha).await.unwrap(), b"# r\n");
    assert_eq!(forge.head("nowhere").await.unwrap(), None);
    assert_eq!(forge.recent_subjects("main").await.unwrap(), ["More", "Begin"]);
}

#[tokio::test]
async fn a_branch_is_seen_beside_its_base() {
    let github = start();
    let hub = github.hub("o/r");
    hub.commit("main", &[("old/name", "the same text\nin two lines\n"), ("gone", "x")], "More", "alice");
    let forge = forge(&github);
    let base = forge.head("main").await.unwrap().unwrap();
    hub.branch_off("work", "main");
    hub.commit("work", &[("old/name", ""), ("new/name", "the same text\nin two lines\n")], "Move", "alice");
    let head = hub.commit("work", &[("gone", ""), ("apps/a.yaml", "a: 2\n")], "Change\n\nmore", "alice");
    hub.commit("main", &[("other", "y")], "Elsewhere", "alice");
    let newer = forge.head("main").await.unwrap().unwrap();
    let seen = forge.compare(&newer.sha, &head).await.unwrap();
    assert_eq!((seen.merge_base.as_str(), seen.behind_by, seen.ahead_by), (base.sha.as_str(), 1, 2));
    let messages: Vec<&str> = seen.commits.iter().map(|commit| commit.message.as_str()).collect();
    assert_eq!(messages, ["Move", "Change\n\nmore"]);
    let mut files: Vec<(&str, bool)> =
        seen.files.iter().map(|file| (file.path.as_str(), file.blob.is_some())).collect();
    files.sort_unstable();
    assert_eq!(files, [("apps/a.yaml", true), ("gone", false), ("new/name", true), ("old/name", false)]);
}

#[tokio::test]
async fn people_who_cannot_be_asked_are_left_out() {
    let github = start();
    let hub = github.hub("o/r");
    hub.collaborators(&["alice", "carol"]);
    let forge = forge(&github);
    branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let number = forge.create_pull(&pull_of(BRANCH)).await.unwrap().number;
    forge.request_review(number, &names(&["alice", "bot", "mallory", "carol"])).await.unwrap();
    forge.request_review(number, &names(&["bot"])).await.unwrap();
    forge.request_review(number, &BTreeSet::new()).await.unwrap();
    forge.assign(number, &names(&["alice", "mallory"])).await.unwrap();
    let pull = forge.pull(number).await.unwrap();
    assert_eq!((pull.reviewers, pull.assignees), (names(&["alice", "carol"]), names(&["alice"])));
}

#[tokio::test]
async fn labels_come_and_go_and_are_remembered() {
    let github = start();
    let (forge, hub) = (forge(&github), github.hub("o/r"));
    branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let number = forge.create_pull(&pull_of(BRANCH)).await.unwrap().number;
    forge.add_labels(number, &names(&["area/apps", "very new"])).await.unwrap();
    forge.remove_label(number, "area/apps").await.unwrap();
    forge.remove_label(number, "area/apps").await.unwrap();
    hub.add_label(number, "keep", "alice");
    hub.remove_label(number, "keep", "alice");
    assert_eq!(forge.pull(number).await.unwrap().labels, names(&["very new"]));
    assert_eq!(forge.history(number).await.unwrap().labels, names(&["area/apps", "keep", "very new"]));
}

#[tokio::test]
async fn pull_requests_are_told_apart() {
    let github = start();
    let (forge, hub) = (forge(&github), github.hub("o/r"));
    branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let first = forge.create_pull(&pull_of(BRANCH)).await.unwrap();
    hub.close(first.number, "alice");
    hub.branch_off("renovate/grafana", BRANCH);
    hub.open_pull("renovate/grafana", "Another", "alice");
    let second = forge.create_pull(&pull_of(BRANCH)).await.unwrap();
    let states: Vec<(u64, PullState)> =
        forge.pulls_of(BRANCH).await.unwrap().iter().map(|pull| (pull.number, pull.state)).collect();
    assert_eq!(states, [(second.number, PullState::Open), (first.number, PullState::Closed)]);
    assert_eq!(forge.open_pulls().await.unwrap().len(), 2);
    forge.change_pull(second.number, &Change { open: Some(false), ..Change::default() }).await.unwrap();
    assert_eq!(forge.pull(second.number).await.unwrap().state, PullState::Closed);
    forge.change_pull(second.number, &Change { open: Some(true), ..Change::default() }).await.unwrap();
    assert_eq!(forge.pull(second.number).await.unwrap().state, PullState::Open);
}

#[tokio::test]
async fn merging_minds_what_was_looked_at() {
    let github = start();
    let (forge, hub) = (forge(&github), github.hub("o/r"));
    let commit = branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let number = forge.create_pull(&pull_of(BRANCH)).await.unwrap().number;
    let merge = |sha: &str| Merge { head_sha: sha.to_owned(), method: MergeMethod::Rebase };
    let theirs = hub.commit(BRANCH, &[("x", "y")], "Mine", "alice");
    let error = forge.merge(number, &merge(&commit.sha)).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Refused);
    assert!(error.message.contains("Head branch was modified"), "{error}");
    forge.merge(number, &merge(&theirs)).await.unwrap();
    // An earlier run may have got as far.
    forge.merge(number, &merge(&theirs)).await.unwrap();
}

#[tokio::test]
async fn github_merges_by_itself_what_it_may_not_merge_yet() {
    let github = start();
    let (forge, hub) = (forge(&github), github.hub("o/r"));
    let protection = Protection { checks: vec!["ci".to_owned()], strict: true, approvals: 0 };
    branch(&forge, BRANCH, "a: 2\n").await.unwrap();
    let pull = forge.create_pull(&pull_of(BRANCH)).await.unwrap();
    let error = forge.enable_auto_merge(&pull, MergeMethod::Squash).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message.contains("clean status")),
        (ForgeErrorKind::Refused, true),
        "{error}"
    );
    hub.protect("main", protection);
    forge.enable_auto_merge(&pull, MergeMethod::Squash).await.unwrap();
    let merging = forge.pull(pull.number).await.unwrap();
    assert_eq!(merging.auto_merge.as_ref().unwrap().by, Some(forge.account().await.unwrap().login));
    for _ in 0..2 {
        forge.disable_auto_merge(&merging).await.unwrap();
        assert_eq!(forge.pull(pull.number).await.unwrap().auto_merge, None);
    }
    let seen = forge.protection("main").await.unwrap();
    assert_eq!((seen.must_be_up_to_date, seen.required_checks), (true, names(&["ci"])));
    hub.set_status(BRANCH, "ci", "failure");
    hub.set_status(BRANCH, "lint", "success");
    hub.set_status(BRANCH, "slow", "pending");
    let checks = forge.checks(&hub.branches()[BRANCH]).await.unwrap();
    let expected = [("ci", CheckState::Red), ("lint", CheckState::Green), ("slow", CheckState::Pending)];
    assert_eq!(checks, expected.map(|(name, state)| (name.to_owned(), state)).into_iter().collect());
}

#[tokio::test]
async fn issues_are_open_or_closed() {
    let github = start();
    let (forge, hub) = (forge(&github), github.hub("o/r"));
    forge.create_issue("One", "Text", &BTreeSet::new()).await.unwrap();
    let closed = forge.create_issue("Two", "Text", &BTreeSet::new()).await.unwrap();
    forge.change_issue(closed.number, &Change { open: Some(false), ..Change::default() }).await.unwrap();
    let seen: Vec<(String, bool)> =
        forge.issues().await.unwrap().into_iter().map(|issue| (issue.title, issue.is_open)).collect();
    assert_eq!(seen, [("One".to_owned(), true), ("Two".to_owned(), false)]);
    assert_eq!(forge.issue(closed.number).await.unwrap().body, "Text");
    hub.switch(|switches| switches.issues = false);
    assert!(!forge.repository().await.unwrap().has_issues);
}

#[tokio::test]
async fn an_app_works_with_tokens_that_it_renews() {
    let github = start();
    github.app("updraft");
    let credentials = Credentials::app("4711", &KEY.to_owned().into()).unwrap();
    let connection = Github::connect(&http(), &Url::parse(&github.api()).unwrap(), credentials);
    assert_eq!(connection.repositories().await.unwrap().names, ["o/r"]);
    let forge = connection.repository("o/r").unwrap();
    let account = forge.account().await.unwrap();
    assert_eq!((account.login.as_str(), account.kind), ("updraft[bot]", AccountKind::App));
    assert_eq!(forge.repository().await.unwrap().permission, Permission::Write);
    whole_life(&forge).await.unwrap();
    let tokens =
        |github: &GitHub| github.writes().iter().filter(|write| write.ends_with("/access_tokens")).count();
    let before = tokens(&github);
    // Whatever the token was good for: GitHub does not take it any more.
    github.hours_later(2);
    forge.create_issue("Later", "Text", &BTreeSet::new()).await.unwrap();
    assert_eq!(tokens(&github), before + 1);
    assert_eq!(github.hub("o/r").pulls()[0].author, "updraft[bot]");
}

#[tokio::test]
async fn an_installation_that_is_refused_does_not_hide_those_of_others() {
    let github = start();
    github.app("updraft");
    github.repository("p/far", &[("README.md", "far\n")]);
    let all = || async {
        let credentials = Credentials::app("4711", &KEY.to_owned().into()).unwrap();
        let connection = Github::connect(&http(), &Url::parse(&github.api()).unwrap(), credentials);
        connection.repositories().await.unwrap()
    };
    let found = all().await;
    assert_eq!((found.names, found.failures), (vec!["o/r".to_owned(), "p/far".to_owned()], Vec::new()));
    let refused = Failure::Status(403, None);
    github.fault(Fault::on("POST", "/4712/access_tokens", refused).times(usize::MAX));
    let found = all().await;
    assert_eq!(found.names, ["p/far"]);
    let said: Vec<&str> = found.failures.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        said,
        ["cannot get a token for the repositories of `o`: Something went wrong (403 Forbidden)"]
    );
    github.heal();
    // A page of which something is missing.
    let cut = |_: &Request, mut response: Response| {
        let mut value: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        value["repositories"] = serde_json::json!([]);
        response.body = serde_json::to_vec(&value).unwrap();
        response
    };
    github.fault(Fault::on("GET", "/installation/repositories", Failure::Alter(Arc::new(cut))));
    let found = all().await;
    assert_eq!(found.names, ["p/far"]);
    assert!(found.failures[0].message.contains("1 are announced, and 0 named"), "{:?}", found.failures);
}

#[tokio::test]
async fn who_may_not_write_hears_so() {
    let github = start();
    github.account("secret", Account::user("bot", Rights::Read));
    let forge = forge(&github);
    assert_eq!(forge.repository().await.unwrap().permission, Permission::Read);
    let main = forge.head("main").await.unwrap().unwrap();
    let error = forge.create_branch(BRANCH, &main.sha).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Forbidden, "{error}");
    let nobody = Credentials::Token("wrong".to_owned().into());
    let connection = Github::connect(&http(), &Url::parse(&github.api()).unwrap(), nobody);
    let error = connection.repository("o/r").unwrap().repository().await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Unauthorized, "{error}");
    assert!(!format!("{error:?} {connection:?}").contains("wrong"));
    let error = connect(&github, &http()).repository("o/../r").unwrap_err();
    assert_eq!(error.message, "`o/../r` is not `owner/name`");
}

#[tokio::test]
async fn a_limit_that_lasts_longer_than_a_run_is_told() {
    let github = start();
    let http = http();
    let forge = connect(&github, &http).repository("o/r").unwrap();
    github.limit("secret", (5000, 0), 3000);
    let error = forge.repository().await.unwrap_err();
    assert!(matches!(error.kind, ForgeErrorKind::RateLimited { until: Some(_) }), "{error:?}");
    assert!(error.is_fatal());
    github.limit("secret", (5000, 5000), 3000);
    http.stop();
    assert_eq!(forge.repository().await.unwrap_err().kind, ForgeErrorKind::Stopped);
}

#[tokio::test]
async fn a_dry_run_reads_and_writes_nothing() {
    let github = start();
    let forge = DryRun::new(forge(&github));
    let main = forge.head("main").await.unwrap().unwrap();
    assert_eq!(forge.tree(&main).await.unwrap().len(), 2);
    whole_life(&forge).await.unwrap();
    assert_eq!(github.writes(), [""; 0]);
}
