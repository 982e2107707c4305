//! The GitHub that the other tests run against: held to git's own ids and to what GitHub's documentation says.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "support/github/mod.rs"]
mod github;
#[path = "support/registry.rs"]
mod registry;
mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use github::{Account, Failure, Fault, GitHub, Moment, Protection, Rights, id_of};
use registry::Registry;
use serde_json::{Value, json};
use support::{folder_with, git};

/// An answer, as far as these tests look at it.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name))?;
        line.strip_prefix(": ")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Asks as the holder of a token; `None` where no answer came.
fn ask_with(
    github: &GitHub,
    token: &str,
    (method, path): (&str, &str),
    headers: &str,
    body: &Value,
) -> Option<Answer> {
    let address = github.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let authorization =
        if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let head = format!(
        "{method} /api/v3{path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: test\r\nconnection: close\r\n{authorization}{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head, body: bytes[end + 4..].to_vec() })
}

fn ask(github: &GitHub, method: &str, path: &str, body: &Value) -> Answer {
    ask_with(github, "secret", (method, path), "", body).unwrap()
}

fn look(github: &GitHub, path: &str) -> Value {
    let answer = ask(github, "GET", path, &Value::Null);
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

#[track_caller]
fn write(github: &GitHub, method: &str, path: &str, body: &Value) -> Value {
    let answer = ask(github, method, path, body);
    assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.json());
    answer.json()
}

#[track_caller]
fn check_refused(github: &GitHub, (method, path): (&str, &str), body: &Value, status: u16, words: &str) {
    let answer = ask(github, method, path, body);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(answer.status == status && text.contains(words), "{method} {path}: {} {text}", answer.status);
}

fn a_github() -> GitHub {
    let github = GitHub::start();
    github.set_time("2026-11-19T09:00:00Z");
    github.account("secret", Account::user("bot", Rights::Write));
    github.account("reader", Account::user("reader", Rights::Read));
    github.repository("o/r", &[("a.yaml", "one\ntwo\nthree\nfour\nfive\n"), ("apps/b.yaml", "b\n")]);
    github
}

/// Puts a commit that writes one file on top of `main` with the Git Data API, and returns its id.
fn a_commit(github: &GitHub, path: &str, content: &str) -> String {
    let main = look(github, "/repos/o/r/git/ref/heads/main")["object"]["sha"].clone();
    let blob =
        write(github, "POST", "/repos/o/r/git/blobs", &json!({"content": content, "encoding": "utf-8"}));
    let entry = json!({"path": path, "mode": "100644", "type": "blob", "sha": blob["sha"]});
    let tree = write(github, "POST", "/repos/o/r/git/trees", &json!({"base_tree": main, "tree": [entry]}));
    let who = json!({"name": "Bot", "email": "bot@example.org", "date": "2026-11-19T09:00:00Z"});
    let commit = json!({"message": "Update", "tree": tree["sha"], "parents": [main], "author": who});
    write(github, "POST", "/repos/o/r/git/commits", &commit)["sha"].as_str().unwrap().to_owned()
}

/// Makes a branch with a commit of its own, and a pull for it.
fn a_pull(github: &GitHub, branch: &str, path: &str, content: &str) -> u64 {
    let sha = a_commit(github, path, content);
    write(github, "POST", "/repos/o/r/git/refs", &json!({"ref": format!("refs/heads/{branch}"), "sha": sha}));
    let pull = json!({"title": "Update", "head": branch, "base": "main", "body": "text"});
    write(github, "POST", "/repos/o/r/pulls", &pull)["number"].as_u64().unwrap()
}

#[test]
fn ids_are_those_of_git() {
    assert_eq!(id_of("blob", b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assert_eq!(id_of("blob", b"what is up, doc?"), "bd9dbf5aae1a3862dd1526723246b20206e5fc37");
    assert_eq!(id_of("tree", b""), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    let github = a_github();
    // A name that git sorts as if it were `a/`, after `a.yaml`.
    let id = a_commit(&github, "a/deep/c.yaml", "c\n");
    let commit = look(&github, &format!("/repos/o/r/git/commits/{id}"));
    let folder = folder_with(&[
        ("a.yaml", "one\ntwo\nthree\nfour\nfive\n"),
        ("apps/b.yaml", "b\n"),
        ("a/deep/c.yaml", "c\n"),
    ]);
    let run = |arguments: &[&str]| git(folder.path(), arguments).unwrap().trim().to_owned();
    run(&["init", "-q"]);
    run(&["add", "."]);
    assert_eq!(commit["tree"]["sha"], run(&["write-tree"]));
    let text = format!(
        "tree {}\nparent {}\nauthor Bot <bot@example.org> 1795078800 +0000\ncommitter Bot <bot@example.org> 1795078800 +0000\n\nUpdate",
        commit["tree"]["sha"].as_str().unwrap(),
        commit["parents"][0]["sha"].as_str().unwrap(),
    );
    assert_eq!(id, id_of("commit", text.as_bytes()));
}

#[test]
fn refs_move_forwards_unless_forced() {
    let github = a_github();
    let (one, other) = (a_commit(&github, "a.yaml", "1\n"), a_commit(&github, "a.yaml", "2\n"));
    let make = ("POST", "/repos/o/r/git/refs");
    write(&github, make.0, make.1, &json!({"ref": "refs/heads/renovate/x", "sha": one}));
    let again = json!({"ref": "refs/heads/renovate/x", "sha": one});
    check_refused(&github, make, &again, 422, "Reference already exists");
    let unknown = json!({"ref": "refs/heads/y", "sha": "0".repeat(40)});
    check_refused(&github, make, &unknown, 422, "Object does not exist");
    let here = ("PATCH", "/repos/o/r/git/refs/heads/renovate%2Fx");
    check_refused(&github, here, &json!({"sha": other}), 422, "Update is not a fast forward");
    write(&github, here.0, here.1, &json!({"sha": other, "force": true}));
    let found = look(&github, "/repos/o/r/git/matching-refs/heads/renovate/");
    assert_eq!(found[0]["object"]["sha"], other);
    write(&github, "DELETE", "/repos/o/r/git/refs/heads/renovate/x", &Value::Null);
    check_refused(&github, ("GET", "/repos/o/r/git/ref/heads/renovate/x"), &Value::Null, 404, "Not Found");
}

#[test]
fn trees_are_listed_whole_or_cut_short() {
    let github = a_github();
    let tree = look(&github, "/repos/o/r/git/trees/main?recursive=1");
    let paths: Vec<&str> =
        tree["tree"].as_array().unwrap().iter().filter_map(|one| one["path"].as_str()).collect();
    assert_eq!(paths, ["a.yaml", "apps", "apps/b.yaml"]);
    assert_eq!((tree["truncated"].clone(), tree["tree"][2]["size"].clone()), (json!(false), json!(2)));
    github.hub("o/r").switch(|switches| switches.tree_limit = 2);
    let tree = look(&github, "/repos/o/r/git/trees/main?recursive=1");
    assert_eq!((tree["truncated"].clone(), tree["tree"].as_array().unwrap().len()), (json!(true), 2));
    let below = look(&github, &format!("/repos/o/r/git/trees/{}", tree["tree"][1]["sha"].as_str().unwrap()));
    assert_eq!(below["tree"][0]["path"], "b.yaml");

    let main = json!("main");
    let change = |tree: Value| json!({"base_tree": github.hub("o/r").branches()["main"], "tree": tree});
    let made = write(
        &github,
        "POST",
        "/repos/o/r/git/trees",
        &change(json!([
            {"path": "apps/b.yaml", "mode": "100644", "type": "blob", "sha": null},
            {"path": "c", "mode": "100755", "type": "blob", "content": "c"},
        ])),
    );
    let names: Vec<&str> =
        made["tree"].as_array().unwrap().iter().filter_map(|one| one["path"].as_str()).collect();
    assert_eq!(names, ["a.yaml", "c"], "{main}");
    let bad = change(json!([{"path": "no", "mode": "100644", "type": "blob", "sha": null}]));
    check_refused(&github, ("POST", "/repos/o/r/git/trees"), &bad, 422, "BadObjectState");
}

#[test]
fn the_archive_holds_the_files() {
    let github = a_github();
    let answer = ask(&github, "GET", "/repos/o/r/tarball/main", &Value::Null);
    let place = answer.header("location").unwrap().strip_prefix(&github.url()).unwrap().to_owned();
    assert_eq!(answer.status, 302);
    let packed = ask_with(&github, "", ("GET", &place), "", &Value::Null).unwrap();
    let mut unpacked = tar::Archive::new(flate2::read::GzDecoder::new(&packed.body[..]));
    let paths: Vec<String> = unpacked
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(paths.iter().any(|path| path.starts_with("o-r-") && path.ends_with("/apps/b.yaml")), "{paths:?}");
}

#[test]
fn a_comparison_tells_both_sides() {
    let github = a_github();
    a_pull(&github, "renovate/x", "a.yaml", "one\n");
    github.hub("o/r").commit("main", &[("c.yaml", "c\n")], "Other", "alice");
    let found = look(&github, "/repos/o/r/compare/main...renovate%2Fx");
    assert_eq!(
        (&found["status"], &found["ahead_by"], &found["behind_by"]),
        (&json!("diverged"), &json!(1), &json!(1))
    );
    assert_eq!(found["commits"][0]["commit"]["committer"]["email"], "bot@example.org");
    assert_eq!(found["commits"][0]["author"], Value::Null, "nobody has claimed the address");
    let files = found["files"].as_array().unwrap();
    assert_eq!(
        (files.len(), &files[0]["filename"], &files[0]["deletions"]),
        (1, &json!("a.yaml"), &json!(4))
    );
    let list = look(&github, "/repos/o/r/commits?sha=main&per_page=1");
    assert_eq!(list[0]["author"]["login"], "alice");
}

#[test]
fn a_pull_lives_as_its_branches_do() {
    let github = a_github();
    let hub = github.hub("o/r");
    let number = a_pull(&github, "renovate/x", "a.yaml", "one\n");
    let pulls = ("POST", "/repos/o/r/pulls");
    let twin = json!({"title": "Again", "head": "o:renovate/x", "base": "main"});
    check_refused(&github, pulls, &twin, 422, "A pull request already exists for o:renovate/x.");
    hub.branch_off("empty", "main");
    let empty = json!({"title": "Empty", "head": "empty", "base": "main"});
    check_refused(&github, pulls, &empty, 422, "No commits between main and empty");
    let list = look(&github, "/repos/o/r/pulls?state=open&head=o:renovate/x");
    assert_eq!(list[0]["number"], number);

    let tip = hub.commit("renovate/x", &[("a.yaml", "uno\n")], "By hand", "alice");
    let pull = look(&github, &format!("/repos/o/r/pulls/{number}"));
    assert_eq!((&pull["head"]["sha"], &pull["mergeable"]), (&json!(tip), &json!(true)));
    hub.commit("main", &[("a.yaml", "eins\n")], "Against it", "alice");
    let pull = look(&github, &format!("/repos/o/r/pulls/{number}"));
    assert_eq!((&pull["mergeable"], &pull["mergeable_state"]), (&json!(false), &json!("dirty")));
    let merge = format!("/repos/o/r/pulls/{number}/merge");
    check_refused(&github, ("PUT", &merge), &json!({}), 405, "not mergeable");
    check_refused(&github, ("PUT", &merge), &json!({"sha": "0".repeat(40)}), 409, "Head branch was modified");

    hub.delete_branch("renovate/x");
    assert_eq!(hub.pull_of("renovate/x").state, "closed");
    let here = format!("/repos/o/r/pulls/{number}");
    check_refused(&github, ("PATCH", &here), &json!({"state": "open"}), 422, "has been deleted");
    hub.branch_off("renovate/x", "main");
    check_refused(&github, ("PATCH", &here), &json!({"state": "open"}), 422, "force-pushed or recreated");
    hub.delete_branch("renovate/x");
    hub.branch_off("renovate/x", &tip);
    write(&github, "PATCH", &here, &json!({"state": "open"}));
    assert_eq!(hub.pull_of("renovate/x").state, "open");
}

#[test]
fn pulls_are_merged_in_three_ways() {
    for (method, commits) in [("merge", 3), ("squash", 2), ("rebase", 2)] {
        let github = a_github();
        let hub = github.hub("o/r");
        let number = a_pull(&github, "x", "a.yaml", "one\ntwo\nthree\nfour\nFIVE\n");
        hub.commit("main", &[("a.yaml", "ONE\ntwo\nthree\nfour\nfive\n")], "Elsewhere", "alice");
        let before = look(&github, "/repos/o/r/commits").as_array().unwrap().len();
        write(&github, "PUT", &format!("/repos/o/r/pulls/{number}/merge"), &json!({"merge_method": method}));
        assert_eq!(hub.file("main", "a.yaml").unwrap(), "ONE\ntwo\nthree\nfour\nFIVE\n");
        assert_eq!(hub.pull_of("x").state, "merged");
        let after = look(&github, "/repos/o/r/commits").as_array().unwrap().len();
        assert_eq!(after - before + 1, commits, "{method}");
    }
}

#[test]
fn a_pull_whose_commits_are_pushed_to_the_base_is_merged() {
    let github = a_github();
    a_pull(&github, "x", "a.yaml", "1\n");
    let tip = github.hub("o/r").branches()["x"].clone();
    write(&github, "PATCH", "/repos/o/r/git/refs/heads/main", &json!({"sha": tip}));
    assert_eq!(github.hub("o/r").pull_of("x").state, "merged");
}

#[test]
fn a_protected_branch_waits_for_its_checks() {
    let github = a_github();
    let hub = github.hub("o/r");
    let here = "/repos/o/r/branches/main/protection";
    check_refused(&github, ("GET", here), &Value::Null, 404, "Branch not protected");
    hub.protect("main", Protection { checks: vec!["ci".to_owned()], ..Protection::default() });
    assert_eq!(look(&github, here)["required_status_checks"]["contexts"], json!(["ci"]));
    let number = a_pull(&github, "x", "a.yaml", "1\n");
    let tip = hub.branches()["x"].clone();
    check_refused(
        &github,
        ("PATCH", "/repos/o/r/git/refs/heads/main"),
        &json!({"sha": tip}),
        422,
        "is expected",
    );
    let pull = look(&github, &format!("/repos/o/r/pulls/{number}"));
    assert_eq!(pull["mergeable_state"], "blocked");
    check_refused(&github, ("PUT", &format!("/repos/o/r/pulls/{number}/merge")), &json!({}), 405, "Required");
    let query = "mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: SQUASH}) { clientMutationId } }";
    let mutation = json!({"query": query, "variables": {"id": pull["node_id"]}});
    assert_eq!(write(&github, "POST", "/graphql", &mutation)["errors"], Value::Null);
    assert_eq!(hub.pull_of("x").auto_merge.as_deref(), Some("squash"));
    write(
        &github,
        "POST",
        &format!("/repos/o/r/statuses/{tip}"),
        &json!({"state": "success", "context": "ci"}),
    );
    assert_eq!(hub.pull_of("x").state, "merged");
    let status = look(&github, &format!("/repos/o/r/commits/{tip}/status"));
    assert_eq!((&status["state"], &status["total_count"]), (&json!("success"), &json!(1)));
}

#[test]
fn issues_carry_labels_assignees_and_comments() {
    let github = a_github();
    let hub = github.hub("o/r");
    hub.collaborators(&["alice"]);
    let issue = json!({"title": "Dashboard", "body": "text", "labels": ["deps"], "assignees": ["alice"]});
    let number = write(&github, "POST", "/repos/o/r/issues", &issue)["number"].as_u64().unwrap();
    let wrong = json!({"title": "x", "assignees": ["mallory"]});
    check_refused(&github, ("POST", "/repos/o/r/issues"), &wrong, 422, "assignees");
    let here = format!("/repos/o/r/issues/{number}");
    write(&github, "POST", &format!("{here}/labels"), &json!({"labels": ["a b"]}));
    write(&github, "DELETE", &format!("{here}/labels/deps"), &Value::Null);
    check_refused(
        &github,
        ("DELETE", &format!("{here}/labels/deps")),
        &Value::Null,
        404,
        "Label does not exist",
    );
    let events = look(&github, &format!("{here}/events"));
    let kinds: Vec<&str> =
        events.as_array().unwrap().iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(kinds, ["assigned", "labeled", "labeled", "unlabeled"]);
    let long = json!({"body": "x".repeat(65_537)});
    check_refused(&github, ("PATCH", &here), &long, 422, "body is too long");
    write(&github, "POST", &format!("{here}/comments"), &json!({"body": "hello"}));
    hub.edit_body(number, |_| "- [ ] rebase all\n- [ ] other".to_owned());
    hub.tick(number, "rebase all");
    let issue = hub.issue_titled("Dashboard");
    assert_eq!(issue.body, "- [x] rebase all\n- [ ] other");
    assert_eq!((issue.labels, issue.comments), (vec!["a b".to_owned()], vec!["hello".to_owned()]));
    assert_eq!(hub.label_names(), ["a b", "deps"]);
    a_pull(&github, "x", "a.yaml", "1\n");
    hub.add_label(2, "deps", "alice");
    let both = look(&github, "/repos/o/r/issues?labels=deps&state=all");
    assert!(both[0]["pull_request"].is_object(), "pulls are issues too");
}

#[test]
fn tokens_open_what_they_may() {
    let github = a_github();
    let check = |token: &str, asked: (&str, &str), status: u16| {
        let answer = ask_with(&github, token, asked, "", &json!({"title": "x"})).unwrap();
        assert_eq!(answer.status, status, "{token} {asked:?}");
        String::from_utf8(answer.body).unwrap()
    };
    check("wrong", ("GET", "/repos/o/r"), 401);
    check("", ("GET", "/repos/o/r"), 404);
    check("secret", ("GET", "/repos/o/unknown"), 404);
    check("reader", ("GET", "/repos/o/r"), 200);
    let said = check("reader", ("POST", "/repos/o/r/issues"), 403);
    assert!(said.contains("Resource not accessible by personal access token"), "{said}");
    github.app("updraft");
    let web_token = "a.b.c";
    let made = check(web_token, ("POST", "/app/installations/4712/access_tokens"), 201);
    let token = serde_json::from_str::<Value>(&made).unwrap()["token"].as_str().unwrap().to_owned();
    check(&token, ("GET", "/repos/o/r"), 200);
    check(&token, ("GET", "/user"), 403);
    github.hours_later(2);
    check(&token, ("GET", "/repos/o/r"), 401);
}

#[test]
fn what_is_known_costs_nothing() {
    let github = a_github();
    let first = ask(&github, "GET", "/repos/o/r", &Value::Null);
    let left: u64 = first.header("x-ratelimit-remaining").unwrap().parse().unwrap();
    let known = format!("if-none-match: {}\r\n", first.header("etag").unwrap());
    let again = ask_with(&github, "secret", ("GET", "/repos/o/r"), &known, &Value::Null).unwrap();
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("x-ratelimit-remaining").unwrap(), left.to_string());
    github.limit("secret", (5000, 1), 60);
    look(&github, "/repos/o/r");
    check_refused(&github, ("GET", "/repos/o/r"), &Value::Null, 403, "API rate limit exceeded");
}

#[test]
fn lists_have_pages() {
    let github = a_github();
    for number in 0..3 {
        github.hub("o/r").branch_off(&format!("b{number}"), "main");
    }
    let first = ask(&github, "GET", "/repos/o/r/branches?per_page=3", &Value::Null);
    let link = first.header("link").unwrap();
    assert!(link.contains("per_page=3&page=2>; rel=\"next\""), "{link}");
    assert_eq!(look(&github, "/repos/o/r/branches?per_page=3&page=2")[0]["name"], "main");
}

#[test]
fn the_registry_serves_what_was_pushed() {
    let registry = Registry::start();
    registry.push("team/app", "1.0.0", "2026-11-01T00:00:00Z");
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(registry.host()).unwrap();
        let head = format!("GET /v2/team/app/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        serde_json::from_str::<Value>(text.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    assert_eq!(ask("tags/list"), json!({"name": "team/app", "tags": ["1.0.0"]}));
    let manifest = ask("manifests/1.0.0");
    assert_eq!(ask(&format!("manifests/{}", registry.digest("team/app", "1.0.0"))), manifest);
    let config = ask(&format!("blobs/{}", manifest["config"]["digest"].as_str().unwrap()));
    assert_eq!(config["created"], "2026-11-01T00:00:00Z");
    assert_eq!(ask("manifests/2.0.0")["errors"][0]["code"], "MANIFEST_UNKNOWN");
}

#[test]
fn faults_strike_where_they_are_told_to() {
    let github = a_github();
    github.fault(Fault::on("POST", "/issues$", Failure::Drop(Moment::After)));
    github.fault(Fault::on("write", "/issues$", Failure::SecondaryLimit(1)).skip(1));
    github.fault(Fault::on("*", "/pulls$", Failure::Status(502, None)).times(2));
    let issue = |title: &str| {
        ask_with(&github, "secret", ("POST", "/repos/o/r/issues"), "", &json!({"title": title}))
    };
    assert!(issue("lost").is_none());
    assert_eq!(github.hub("o/r").issues().len(), 1, "it was made, and nobody heard of it");
    assert_eq!(issue("second").unwrap().status, 201);
    let limited = issue("third").unwrap();
    assert_eq!((limited.status, limited.header("retry-after")), (403, Some("1")));
    for status in [502, 502, 200] {
        assert_eq!(ask(&github, "GET", "/repos/o/r/pulls", &Value::Null).status, status);
    }
    assert_eq!(github.writes().len(), 3);
    assert_eq!(github.log()[0].status, None);
}
