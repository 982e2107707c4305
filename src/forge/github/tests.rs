use std::sync::Arc;

use serde_json::{Value, json};
use updraft_core::forge::{CheckState, PullState, Signature};

use super::*;
use crate::forge::{AccountKind, NewFile, Permission};
use crate::http::testing::{Answer, Seen, Server, client};

/// Returns the repository `o/r` of a GitHub that answers with `handler`, as the holder of a token.
async fn repository(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> (Server, GithubRepository) {
    let server = Server::start(handler).await;
    let forge = connect(&server, "hunter2").repository("o/r").unwrap();
    (server, forge)
}

fn connect(server: &Server, token: &str) -> Github {
    let credentials = Credentials::Token(token.to_owned().into());
    Github::connect(&client(), &server.url("/api/v3/"), credentials)
}

/// Returns the path that is asked for below the repository, without what comes after `?`.
fn below(seen: &Seen) -> &str {
    let path = seen.target.split('?').next().unwrap_or_default();
    path.strip_prefix("/api/v3/repos/o/r").unwrap_or(path)
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(&json!({"message": message})).with_status(status)
}

/// Returns a pull request with as little in it as GitHub may leave.
fn bare_pull(number: u64, home: &Value) -> Value {
    json!({
        "number": number, "node_id": null, "title": "T", "body": null, "state": "open", "merged_at": null,
        "closed_at": null, "created_at": null, "draft": null, "auto_merge": null, "labels": [], "assignees": null,
        "requested_reviewers": null, "requested_teams": null, "user": null, "milestone": null,
        "head": {"ref": "renovate/x", "sha": "abc", "repo": home, "user": null},
        "base": {"ref": "main", "sha": "def"},
    })
}

/// Returns the same where only its label says whose branch it brings.
fn labelled(number: u64, label: &str) -> Value {
    let mut pull = bare_pull(number, &Value::Null);
    pull["head"]["label"] = json!(label);
    pull
}

#[tokio::test]
async fn what_github_leaves_out_is_no_mistake_and_forks_are_not_ours() {
    let (_server, forge) = repository(|seen| match below(seen) {
        "/pulls" => Answer::json(&json!([
            bare_pull(4, &json!({"full_name": "O/R"})),
            bare_pull(3, &json!({"full_name": "somebody/r"})),
            bare_pull(2, &Value::Null),
            labelled(1, "somebody:renovate/x"),
            labelled(5, "O:renovate/x"),
        ])),
        "/pulls/5" => {
            let mut pull = bare_pull(5, &json!({"full_name": "o/r"}));
            pull["merged_at"] = json!("2026-11-01T10:00:00Z");
            pull["state"] = json!("closed");
            pull["auto_merge"] = json!({"merge_method": "squash", "enabled_by": {"login": "alice"}});
            pull["labels"] = json!([{"name": "a"}]);
            pull["requested_reviewers"] = json!([{"login": "alice"}]);
            pull["requested_teams"] = json!([{"slug": "ops"}]);
            Answer::json(&pull)
        }
        "" => Answer::json(&json!({"full_name": "o/r", "default_branch": "main"})),
        other => panic!("{other}"),
    })
    .await;
    for mut pulls in [forge.open_pulls().await.unwrap(), forge.pulls_of("renovate/x").await.unwrap()] {
        pulls.sort_by_key(|pull| pull.number);
        assert_eq!(pulls.iter().map(|pull| pull.number).collect::<Vec<_>>(), [4, 5]);
        assert_eq!((pulls[0].state, pulls[0].body.as_str()), (PullState::Open, ""));
    }
    assert_eq!(forge.pulls_of("renovate").await.unwrap(), [], "GitHub did not mind the branch");
    let merged = forge.pull(5).await.unwrap();
    assert_eq!(merged.state, PullState::Merged);
    assert_eq!(merged.auto_merge.unwrap().by.as_deref(), Some("alice"));
    assert_eq!(merged.reviewers, ["alice", "team:ops"].map(str::to_owned).into());
    assert_eq!(merged.labels, ["a".to_owned()].into());
    let about = forge.repository().await.unwrap();
    assert_eq!((about.permission, about.merge_methods.len(), about.has_issues), (Permission::Write, 3, true));
}

#[tokio::test]
async fn all_pages_are_read_and_none_elsewhere() {
    let other = Server::start(|_| Answer::json(&json!([]))).await;
    let elsewhere = other.url("/api/v3/repos/o/r/git/matching-refs/heads/?page=3");
    let link = move |target: &str| format!("<{target}>; rel=\"next\"");
    let (server, forge) = repository(move |seen| {
        let page = |name: &str| {
            Answer::json(&json!([{"ref": format!("refs/heads/{name}"), "object": {"sha": "abc"}}]))
        };
        match seen.target.split_once('?').map(|(_, query)| query) {
            None => page("one").header("link", link("/api/v3/repos/o/r/git/matching-refs/heads/?page=2")),
            Some("page=2") => page("two").header("link", link(elsewhere.as_str())),
            other => panic!("{other:?}"),
        }
    })
    .await;
    let branches = forge.branches("").await.unwrap();
    assert_eq!(branches.iter().map(|branch| branch.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(server.lines().len(), 2);
    assert_eq!(other.lines(), [""; 0]);
    assert!(server.seen().iter().all(|seen| seen.header("authorization") == Some("Bearer hunter2")));
}

#[tokio::test]
async fn names_stay_within_their_place_in_the_address() {
    let (server, forge) = repository(|_| refusal(404, "Not Found")).await;
    assert_eq!(forge.head("renovate/a b#c?d%2e").await.unwrap(), None);
    forge.remove_label(7, "a/b c").await.unwrap();
    forge.pulls_of("x&state=open").await.unwrap_err();
    forge.protection("release/1.x").await.unwrap();
    let lines = server.lines();
    assert_eq!(
        lines[..2],
        [
            "GET /api/v3/repos/o/r/git/ref/heads/renovate/a%20b%23c%3Fd%252e",
            "DELETE /api/v3/repos/o/r/issues/7/labels/a%2Fb%20c",
        ]
    );
    assert_eq!(lines[2], "GET /api/v3/repos/o/r/pulls?state=all&head=o%3Ax%26state%3Dopen&per_page=100");
    assert!(lines.iter().any(|line| line.ends_with("/branches/release%2F1.x/protection")), "{lines:?}");
}

#[tokio::test]
async fn graphql_has_an_address_of_its_own() {
    let (server, forge) = repository(|seen| match seen.target.as_str() {
        "/api/graphql" => Answer::json(&json!({"data": null, "errors": [
            {"type": "UNPROCESSABLE", "message": "Pull request is in\nclean status"}
        ]})),
        "/api/v3/repos/o/r/pulls/5" => Answer::json(&bare_pull(5, &json!({"full_name": "o/r"}))),
        other => panic!("{other}"),
    })
    .await;
    let pull = forge.pull(5).await.unwrap();
    let error = forge.enable_auto_merge(&pull, MergeMethod::Rebase).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Refused);
    assert_eq!(error.message, "cannot let GitHub merge the pull request #5: Pull request is in clean status");
    assert!(server.seen()[1].text().contains("\"REBASE\""));
}

#[tokio::test]
async fn an_empty_repository_has_no_branches_but_one_that_is_away_has_them() {
    let (_server, forge) = repository(|_| refusal(409, "Git Repository is empty.")).await;
    assert_eq!(forge.head("main").await.unwrap(), None);
    assert_eq!(forge.branches("renovate/").await.unwrap(), []);
    assert_eq!(forge.recent_subjects("main").await.unwrap(), [""; 0]);
    let (_server, forge) = repository(|_| refusal(500, "Server Error")).await;
    assert_eq!(forge.branches("").await.unwrap_err().kind, ForgeErrorKind::Unreachable);
    let (_server, forge) = repository(|_| refusal(404, "Not Found")).await;
    assert_eq!(forge.branches("").await.unwrap_err().kind, ForgeErrorKind::NotFound);
}

#[tokio::test]
async fn a_token_of_an_app_is_asked_who_it_is_in_another_way() {
    let viewer = || Answer::json(&json!({"data": {"viewer": {"login": "updraft[bot]", "databaseId": 42}}}));
    let answer = move |seen: &Seen| match seen.target.as_str() {
        "/api/v3/user" => refusal(403, "Resource not accessible by integration"),
        "/api/graphql" => viewer(),
        "/api/v3/repos/o/r" => Answer::json(&json!({
            "full_name": "o/r", "default_branch": "main", "permissions": {"push": false, "pull": false},
        })),
        other => panic!("{other}"),
    };
    for token in ["ghs_abc", "of-another-form"] {
        let server = Server::start(answer).await;
        let forge = connect(&server, token).repository("o/r").unwrap();
        let account = forge.account().await.unwrap();
        assert_eq!(account, Account { login: "updraft[bot]".to_owned(), id: 42, kind: AccountKind::App });
        forge.account().await.unwrap();
        let asked = server.lines().len();
        assert!(asked <= 2, "it is asked once: {asked}");
        // What the reply says of permissions is about people.
        let expected = if token == "ghs_abc" { Permission::Write } else { Permission::None };
        assert_eq!(forge.repository().await.unwrap().permission, expected);
    }
}

#[tokio::test]
async fn a_person_who_is_turned_away_is_no_app() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/api/v3/user" => refusal(403, "Something went wrong"),
        _ => Answer::json(&json!({"data": {"viewer": {"login": "carer", "databaseId": 42}}})),
    })
    .await;
    let account = connect(&server, "ghp_abc").repository("o/r").unwrap().account().await.unwrap();
    assert_eq!(account, Account { login: "carer".to_owned(), id: 42, kind: AccountKind::User });
}

#[tokio::test]
async fn a_repository_that_was_renamed_goes_on_under_its_new_name() {
    let (server, forge) = repository(|seen| match seen.target.as_str() {
        "/api/v3/repos/o/r" => Answer::status(301).header("location", "/api/v3/repositories/7"),
        "/api/v3/repositories/7" => {
            Answer::json(&json!({"full_name": "New-Owner/new", "default_branch": "main"}))
        }
        "/api/v3/repos/New-Owner/new/pulls/1" => {
            Answer::json(&bare_pull(1, &json!({"full_name": "new-owner/New"})))
        }
        other => panic!("{other}"),
    })
    .await;
    assert_eq!(forge.repository().await.unwrap().slug, "New-Owner/new");
    forge.pull(1).await.unwrap();
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn the_worst_of_several_checks_with_one_name_counts() {
    let (_server, forge) = repository(|seen| match below(seen) {
        "/commits/abc/status" => Answer::json(&json!({"state": "success", "statuses": [
            {"context": "ci", "state": "success"}, {"context": "old", "state": "error"}, {"context": null, "state": null},
        ]})),
        "/commits/abc/check-runs" => Answer::json(&json!({"total_count": 3, "check_runs": [
            {"name": "test", "status": "completed", "conclusion": "failure"},
            {"name": "test", "status": "completed", "conclusion": "success"},
            {"name": "ci", "status": "in_progress", "conclusion": null},
        ]})),
        other => panic!("{other}"),
    })
    .await;
    let checks = forge.checks("abc").await.unwrap();
    let expected = [
        ("", CheckState::Pending),
        ("ci", CheckState::Pending),
        ("old", CheckState::Red),
        ("test", CheckState::Red),
    ];
    assert_eq!(checks, expected.map(|(name, state)| (name.to_owned(), state)).into());
    // Not to see the checks is not to have none.
    let (_server, forge) = repository(|seen| match below(seen) {
        "/commits/abc/status" => Answer::json(&json!({"statuses": []})),
        _ => refusal(403, "Resource not accessible by personal access token"),
    })
    .await;
    assert_eq!(forge.checks("abc").await.unwrap_err().kind, ForgeErrorKind::Forbidden);
}

#[tokio::test]
async fn protection_comes_from_rules_and_from_what_may_be_seen_of_the_branch() {
    let rules = || {
        Answer::json(&json!([
            {"type": "deletion"},
            {"type": "required_status_checks", "parameters": {
                "strict_required_status_checks_policy": true,
                "required_status_checks": [{"context": "rule", "integration_id": null}],
            }},
        ]))
    };
    let (_server, forge) = repository(move |seen| match below(seen) {
        "/rules/branches/main" => rules(),
        "/branches/main/protection" => refusal(403, "Resource not accessible by integration"),
        "/branches/main" => Answer::json(&json!({"name": "main", "protection": {
            "enabled": true, "required_status_checks": {"contexts": ["ci"], "checks": [{"context": "ci"}]},
        }})),
        other => panic!("{other}"),
    })
    .await;
    let protection = forge.protection("main").await.unwrap();
    assert!(protection.must_be_up_to_date);
    assert_eq!(protection.required_checks, ["ci", "rule"].map(str::to_owned).into());
    let (_server, forge) = repository(|_| refusal(404, "Not Found")).await;
    assert_eq!(forge.protection("main").await.unwrap(), Protection::default());
}

fn commit_of(path: &str, author: Option<Signature>) -> NewCommit {
    NewCommit {
        parent: CommitHead { sha: "base".to_owned(), tree: "base-tree".to_owned() },
        files: vec![NewFile { path: path.to_owned(), mode: "100755".to_owned(), text: Arc::from("x\n") }],
        message: "m".to_owned(),
        author,
    }
}

#[tokio::test]
async fn a_commit_takes_two_requests_and_is_signed_by_github_unless_somebody_is_named() {
    let (server, forge) = repository(|seen| match below(seen) {
        "/git/trees" => Answer::json(&json!({"sha": "tree"})).with_status(201),
        "/git/commits" => Answer::json(&json!({"sha": "commit"})).with_status(201),
        other => panic!("{other}"),
    })
    .await;
    let made = forge.commit(&commit_of("a", None)).await.unwrap();
    assert_eq!(made, CommitHead { sha: "commit".to_owned(), tree: "tree".to_owned() });
    let bot = Signature { name: "Bot".to_owned(), email: "bot@example.org".to_owned() };
    forge.commit(&commit_of("a", Some(bot))).await.unwrap();
    let bodies: Vec<Value> =
        server.seen().iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect();
    assert_eq!(
        bodies[0],
        json!({"base_tree": "base-tree", "tree": [{"path": "a", "mode": "100755", "type": "blob", "content": "x\n"}]})
    );
    assert_eq!(bodies[1], json!({"message": "m", "tree": "tree", "parents": ["base"]}));
    assert_eq!(bodies[3]["author"], bodies[3]["committer"]);
    assert_eq!(bodies[3]["author"]["email"], "bot@example.org");
    let date = bodies[3]["author"]["date"].as_str().unwrap();
    assert!(date.len() == 20 && date.ends_with('Z'), "{date}");
}

#[tokio::test]
async fn a_missing_permission_for_workflows_is_named() {
    let (_server, forge) = repository(|_| refusal(404, "Not Found")).await;
    let error = forge.commit(&commit_of(".github/workflows/ci.yaml", None)).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Forbidden);
    assert!(error.message.contains("`workflow` scope"), "{error}");
    let error = forge.commit(&commit_of("apps/a.yaml", None)).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::NotFound);

    let (_server, forge) = repository(|seen| match below(seen) {
        "/git/ref/heads/x" => refusal(404, "Not Found"),
        "/git/refs" => refusal(
            422,
            "refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yaml` without `workflow` scope",
        ),
        other => panic!("{other}"),
    })
    .await;
    let error = forge.create_branch("x", "abc").await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Forbidden, "{error}");
}

#[tokio::test]
async fn where_there_are_no_drafts_a_pull_request_is_none() {
    let (server, forge) = repository(|seen| match (seen.method.as_str(), below(seen)) {
        ("POST", _) if seen.text().contains("\"draft\":true") => {
            refusal(422, "Draft pull requests are not supported in this repository.")
        }
        ("POST", _) => Answer::json(&bare_pull(9, &json!({"full_name": "o/r"}))).with_status(201),
        _ => Answer::json(&json!([])),
    })
    .await;
    let pull = NewPull {
        head: "renovate/x".to_owned(),
        base: "main".to_owned(),
        title: "T".to_owned(),
        body: "B".to_owned(),
        is_draft: true,
    };
    assert_eq!(forge.create_pull(&pull).await.unwrap().number, 9);
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "POST").count(), 2);
}

#[tokio::test]
async fn a_pull_request_that_cannot_be_is_refused_in_githubs_words() {
    let (_server, forge) = repository(|seen| match seen.method.as_str() {
        "POST" => Answer::json(&json!({"message": "Validation Failed", "errors": [
            {"resource": "PullRequest", "code": "custom", "message": "No commits between main and renovate/x"},
        ]}))
        .with_status(422),
        _ => Answer::json(&json!([])),
    })
    .await;
    let pull = NewPull {
        head: "renovate/x".to_owned(),
        base: "main".to_owned(),
        title: "T".to_owned(),
        body: "B".to_owned(),
        is_draft: false,
    };
    let error = forge.create_pull(&pull).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Refused);
    assert!(
        error.message.ends_with(
            "Validation Failed: No commits between main and renovate/x (422 Unprocessable Entity)"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn many_changed_files_are_counted_by_the_lists_of_both_commits() {
    let (_server, forge) = repository(|seen| match below(seen) {
        "/compare/base...null" => Answer::json(&json!({
            "merge_base_commit": {"sha": "fork"}, "ahead_by": 0, "behind_by": 0, "files": null, "commits": [],
        })),
        "/compare/base...head" => {
            let files: Vec<Value> = (0..300)
                .map(|n| json!({"filename": format!("f{n}"), "status": "added", "sha": "new"}))
                .collect();
            Answer::json(&json!({
                "merge_base_commit": {"sha": "fork"}, "ahead_by": 1, "behind_by": 0, "files": files,
                "commits": [{"sha": "head", "commit": {"message": null, "author": {"email": ""}, "committer": {"email": ""}}}],
            }))
        }
        "/git/commits/fork" => Answer::json(&json!({"sha": "fork", "tree": {"sha": "old"}})),
        "/git/commits/head" | "/git/commits/null" => {
            Answer::json(&json!({"sha": "head", "tree": {"sha": "new"}}))
        }
        "/git/trees/old" => Answer::json(&json!({"truncated": false, "tree": [
            {"path": "gone", "mode": "100644", "type": "blob", "sha": "1"},
            {"path": "kept", "mode": "100644", "type": "blob", "sha": "2"},
        ]})),
        "/git/trees/new" => {
            let mut tree = vec![json!({"path": "kept", "mode": "100644", "type": "blob", "sha": "2"})];
            tree.extend(
                (0..301)
                    .map(|n| json!({"path": format!("f{n}"), "mode": "100644", "type": "blob", "sha": "3"})),
            );
            Answer::json(&json!({"truncated": false, "tree": tree}))
        }
        other => panic!("{other}"),
    })
    .await;
    let seen = forge.compare("base", "head").await.unwrap();
    assert_eq!(seen.files.len(), 302);
    assert_eq!(seen.files.iter().filter(|file| file.blob.is_none()).count(), 1);
    assert_eq!(forge.compare("base", "null").await.unwrap().files.len(), 302, "no list is no empty list");
}

#[tokio::test]
async fn a_comment_of_somebody_else_is_not_rewritten() {
    let (server, forge) = repository(|seen| match (seen.method.as_str(), below(seen)) {
        (_, "/api/v3/user") => Answer::json(&json!({"login": "bot", "id": 1})),
        ("GET", "/issues/3/comments") => Answer::json(&json!([
            {"id": 1, "body": "### Edited\n\nMine", "user": {"login": "alice"}},
            {"id": 2, "body": null, "user": null},
            {"id": 3, "body": "### Edited\r\n\r\nText\r\n", "user": {"login": "Bot"}},
        ])),
        ("PATCH", "/issues/comments/3") | ("POST", "/issues/3/comments") => Answer::json(&json!({})),
        (method, path) => panic!("{method} {path}"),
    })
    .await;
    forge.comment(3, "Edited", "Text").await.unwrap();
    assert!(server.seen().iter().all(|seen| seen.method == "GET"), "it is there already");
    forge.comment(3, "Edited", "Other text").await.unwrap();
    assert_eq!(server.lines().last().unwrap(), "PATCH /api/v3/repos/o/r/issues/comments/3");
    forge.comment(3, "", "merge it").await.unwrap();
    forge.comment(3, "", "### Edited\n\nText").await.unwrap();
    let writes = server.seen().into_iter().filter(|seen| seen.method == "POST");
    let bodies: Vec<String> = writes.map(|seen| seen.text().into_owned()).collect();
    assert_eq!(bodies, [r#"{"body":"merge it"}"#], "a comment without a heading is its text");
}

#[tokio::test]
async fn a_list_that_is_null_is_not_taken_for_an_empty_one() {
    let (_server, forge) = repository(|seen| match below(seen) {
        "/pulls/5" => {
            let mut pull = bare_pull(5, &json!({"full_name": "o/r"}));
            pull["labels"] = Value::Null;
            Answer::json(&pull)
        }
        "/issues/5" => Answer::json(&json!({"number": 5, "title": "T", "state": "open", "labels": null})),
        "/git/trees/tree" => Answer::json(&json!({"tree": [], "truncated": null})),
        "/branches/main/protection" => Answer::json(&json!({"required_status_checks": {"strict": true}})),
        "/rules/branches/ruled" => Answer::json(&json!([
            {"type": "required_status_checks", "parameters": {"required_status_checks": null}},
        ])),
        "/rules/branches/main" => Answer::json(&json!([])),
        other => refusal(404, other),
    })
    .await;
    let commit = CommitHead { sha: "commit".to_owned(), tree: "tree".to_owned() };
    let errors = [
        forge.pull(5).await.err(),
        forge.issue(5).await.err(),
        forge.tree(&commit).await.err(),
        forge.protection("main").await.err(),
        forge.protection("ruled").await.err(),
    ];
    assert_eq!(errors.map(|error| error.map(|error| error.kind)), [Some(ForgeErrorKind::Unexpected); 5]);
}

#[tokio::test]
async fn nobody_is_taken_for_somebody_else_when_github_does_not_say_who_committed() {
    let compared = |ahead_by: u64, commits: &Value| {
        Answer::json(&json!({
            "merge_base_commit": {"sha": "base"}, "ahead_by": ahead_by, "behind_by": 0, "files": [], "commits": commits,
        }))
    };
    let person = json!({"name": "x", "email": "x@example.org"});
    let commit = |author: &Value, committer: &Value| json!([{"sha": "head", "commit": {"message": "m", "author": author, "committer": committer}}]);
    let nameless = json!({"name": "x", "email": null});
    for (ahead_by, commits, is_told) in [
        (1, commit(&person, &person), true),
        (1, json!([]), false),
        (2, commit(&person, &person), false),
        (1, commit(&Value::Null, &person), false),
        (1, commit(&person, &nameless), false),
    ] {
        let (_server, forge) = repository(move |_| compared(ahead_by, &commits)).await;
        let kind = forge.compare("base", "head").await.err().map(|error| error.kind);
        assert_eq!(kind, (!is_told).then_some(ForgeErrorKind::Unexpected));
    }
}

#[tokio::test]
async fn a_list_of_files_in_which_folders_are_empty_is_not_believed() {
    let entry = |path: &str, kind: &str| json!({"path": path, "mode": "100644", "type": kind, "sha": "1"});
    for (tree, is_believed) in [
        (json!([]), false),
        (json!([entry("apps", "tree")]), false),
        (json!([entry("apps", "tree"), entry("apps/a", "tree"), entry("apps/b", "blob")]), false),
        (json!([entry("apps", "tree"), entry("apps/b", "blob"), entry("c", "blob")]), true),
    ] {
        let shown = tree.to_string();
        let (_server, forge) =
            repository(move |_| Answer::json(&json!({"tree": tree, "truncated": false}))).await;
        let commit = CommitHead { sha: "commit".to_owned(), tree: "tree".to_owned() };
        let kind = forge.tree(&commit).await.err().map(|error| error.kind);
        assert_eq!(kind, (!is_believed).then_some(ForgeErrorKind::Unexpected), "{shown}");
        let nothing = CommitHead { tree: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned(), ..commit };
        assert_eq!(forge.tree(&nothing).await.is_ok(), is_believed || shown == "[]", "{shown}");
    }
}

#[tokio::test]
async fn an_answer_to_a_mutation_that_says_nothing_is_no_yes() {
    let (_server, forge) = repository(|seen| match seen.target.as_str() {
        "/api/graphql" => Answer::json(&json!({"data": null})),
        _ => Answer::json(&bare_pull(5, &json!({"full_name": "o/r"}))),
    })
    .await;
    let pull = forge.pull(5).await.unwrap();
    let error = forge.enable_auto_merge(&pull, MergeMethod::Squash).await.unwrap_err();
    assert_eq!(error.kind, ForgeErrorKind::Unexpected, "{error}");
}

#[tokio::test]
async fn strange_replies_are_errors() {
    for (body, kind) in [
        ("[", ForgeErrorKind::Unexpected),
        ("<html>", ForgeErrorKind::Unexpected),
        ("{}", ForgeErrorKind::Unexpected),
        (r#"{"full_name": "a/b/c", "default_branch": "main"}"#, ForgeErrorKind::Unexpected),
    ] {
        let (_server, forge) = repository(move |_| Answer::ok(body)).await;
        assert_eq!(forge.repository().await.unwrap_err().kind, kind, "{body}");
        assert!(forge.head("main").await.is_err() && forge.checks("abc").await.is_err(), "{body}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_the_one_with_its_id_is_refused() {
    let hello = "ce013625030ba8dba906f756967f9e9ca394464a";
    for body in ["", "hello", "<!doctype html><title>Log in</title>"] {
        let (_server, forge) = repository(move |_| Answer::ok(body)).await;
        assert_eq!(forge.blob(hello).await.unwrap_err().kind, ForgeErrorKind::Unexpected, "{body}");
    }
    let (_server, forge) = repository(|_| Answer::ok("hello\n")).await;
    assert_eq!(forge.blob(hello).await.unwrap(), b"hello\n");
}

#[tokio::test]
async fn an_archive_that_cannot_be_read_leaves_its_files_to_be_asked_for_one_by_one() {
    let commit = CommitHead { sha: "abc".to_owned(), tree: "def".to_owned() };
    println!("what is no archive");
    let (_server, forge) = repository(|_| Answer::ok("no archive")).await;
    assert!(forge.archive(&commit, 100).await.unwrap().is_empty());
    let (_server, forge) = repository(|_| refusal(404, "Not Found")).await;
    assert_eq!(forge.archive(&commit, 100).await.unwrap_err().kind, ForgeErrorKind::NotFound);
}

#[test]
fn the_website_is_taken_for_its_api() {
    for (given, expected) in [
        ("https://github.com/", "https://api.github.com/"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com/"),
        ("https://api.acme.ghe.com/", "https://api.acme.ghe.com/"),
        ("https://ghe.example.org/api/v3/", "https://ghe.example.org/api/v3/"),
    ] {
        assert_eq!(api(&Url::parse(given).unwrap()).as_str(), expected);
    }
}
