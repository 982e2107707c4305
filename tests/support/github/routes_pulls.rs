//! Pull requests: lists, life, merging, reviewers.

use serde_json::{Value, json};

use super::issue::{Issue, check_texts};
use super::refusal::{invalid, not_found, refuse};
use super::repository::Repository;
use super::routes::{Reply, paged, text, texts};
use super::web::Response;
use super::world::Visit;

pub(crate) fn route(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, path): (&str, &[&str]),
    body: &Value,
) -> Option<Reply> {
    let ["pulls", rest @ ..] = path else { return None };
    let [number, rest @ ..] = rest else {
        return match method {
            "GET" => Some(Ok(list(repository, visit))),
            "POST" => Some(create(repository, visit, body)),
            _ => None,
        };
    };
    let number: u64 = number.parse().ok()?;
    if repository.issues.get(&number).is_none_or(|issue| issue.pull.is_none()) {
        return Some(Err(not_found()));
    }
    let reply = match (method, rest) {
        ("GET", []) => Ok(Response::json(200, &visit.whole_pull(repository, number))),
        ("PATCH", []) => change(repository, visit, number, body),
        ("PUT", ["merge"]) => merge(repository, visit, number, body),
        ("GET", ["merge"]) => {
            let pull = repository.issues[&number].pull.as_ref();
            let is_merged = pull.is_some_and(|pull| pull.merge.is_some());
            if is_merged { Ok(Response::new(204)) } else { Err(not_found()) }
        }
        ("POST", ["requested_reviewers"]) => request_review(repository, visit, number, body),
        ("DELETE", ["requested_reviewers"]) => {
            let pull = repository.issues.get_mut(&number).unwrap().pull.as_mut().unwrap();
            let mut reviewers = pull.reviewers.clone();
            reviewers.retain(|login| !texts(&body["reviewers"]).contains(login));
            pull.team_reviewers.retain(|team| !texts(&body["team_reviewers"]).contains(team));
            repository.ask_to_review(number, &reviewers, visit.login(), visit.now);
            Ok(Response::json(200, &visit.pull(repository, &repository.issues[&number])))
        }
        ("GET", ["requested_reviewers"]) => {
            let value = visit.pull(repository, &repository.issues[&number]);
            let (users, teams) = (&value["requested_reviewers"], &value["requested_teams"]);
            Ok(Response::json(200, &json!({"users": users, "teams": teams})))
        }
        ("GET", ["reviews"]) => {
            let pull = repository.issues[&number].pull.as_ref().unwrap();
            let review = |login: &String| json!({"id": 1, "user": visit.user(login), "state": "APPROVED", "commit_id": pull.head_sha});
            Ok(paged(visit, &pull.approvals.iter().map(review).collect::<Vec<_>>()))
        }
        ("GET", [what @ ("commits" | "files")]) => Ok(contents(repository, visit, number, what)),
        _ => return None,
    };
    Some(reply)
}

fn list(repository: &Repository, visit: &Visit<'_>) -> Response {
    let asked = |name| visit.request.parameter(name);
    let state = asked("state").unwrap_or("open");
    let wanted = |issue: &&Issue| {
        let Some(pull) = &issue.pull else { return false };
        let head = format!("{}:{}", repository.owner, pull.head);
        (state == "all" || issue.is_open() == (state == "open"))
            && asked("head").is_none_or(|wanted| !wanted.contains(':') || wanted == head)
            && asked("base").is_none_or(|wanted| wanted == pull.base)
    };
    let mut pulls: Vec<&Issue> = repository.issues.values().filter(wanted).collect();
    sort(&mut pulls, asked("sort"), asked("direction"));
    paged(visit, &pulls.iter().map(|issue| visit.pull(repository, issue)).collect::<Vec<_>>())
}

/// Sorts issues or pulls as is asked for: usually the newest first.
pub(crate) fn sort(issues: &mut [&Issue], sort: Option<&str>, direction: Option<&str>) {
    match sort.unwrap_or("created") {
        "updated" => issues.sort_by_key(|issue| (issue.updated_at, issue.number)),
        _ => issues.sort_by_key(|issue| (issue.created_at, issue.number)),
    }
    // A pull list that is sorted by something other than its creation goes upwards.
    let downwards = direction.map_or(matches!(sort, None | Some("created")), |direction| direction == "desc");
    if downwards {
        issues.reverse();
    }
}

fn create(repository: &mut Repository, visit: &Visit<'_>, body: &Value) -> Reply {
    let (title, head, base) = (text(body, "title")?, text(body, "head")?, text(body, "base")?);
    let own = format!("{}:", repository.owner);
    let head = head.strip_prefix(&own).unwrap_or(head);
    let words = (title, body["body"].as_str().map(str::to_owned));
    let number = repository.open_pull((head, base), words, visit.login(), visit.now)?;
    let pull = repository.issues.get_mut(&number).unwrap().pull.as_mut().unwrap();
    pull.draft = body["draft"] == json!(true);
    Ok(Response::json(201, &visit.whole_pull(repository, number)))
}

fn change(repository: &mut Repository, visit: &Visit<'_>, number: u64, body: &Value) -> Reply {
    check_texts("PullRequest", body["title"].as_str(), body["body"].as_str())?;
    if let Some(base) = body["base"].as_str() {
        if repository.branch(base).is_none() {
            return Err(invalid("PullRequest", "base", "invalid"));
        }
        base.clone_into(&mut repository.issues.get_mut(&number).unwrap().pull.as_mut().unwrap().base);
    }
    change_texts(repository, visit, number, body)?;
    Ok(Response::json(200, &visit.whole_pull(repository, number)))
}

/// Changes what issues and pulls have in common: title, body and state.
pub(crate) fn change_texts(
    repository: &mut Repository,
    visit: &Visit<'_>,
    number: u64,
    body: &Value,
) -> Result<(), Response> {
    let (login, now) = (visit.login(), visit.now);
    match body["state"].as_str() {
        Some("closed") => repository.close(number, login, now),
        Some("open") => repository.reopen(number, login, now)?,
        None => {}
        Some(_) => return Err(invalid("Issue", "state", "invalid")),
    }
    let issue = repository.issues.get_mut(&number).unwrap();
    if let Some(text) = body["body"].as_str() {
        issue.body = Some(text.to_owned());
    }
    issue.updated_at = now;
    if let Some(title) = body["title"].as_str()
        && issue.title != title
    {
        title.clone_into(&mut issue.title);
        repository.record(number, "renamed", login, None, now);
    }
    Ok(())
}

fn merge(repository: &mut Repository, visit: &Visit<'_>, number: u64, body: &Value) -> Reply {
    let issue = &repository.issues[&number];
    let head = issue.pull.as_ref().map(|pull| pull.head_sha.clone()).unwrap_or_default();
    if !issue.is_open() {
        return Err(refuse(405, "Pull Request is not mergeable"));
    }
    if body["sha"].as_str().is_some_and(|sha| sha != head) {
        return Err(refuse(409, "Head branch was modified. Review and try the merge again."));
    }
    let method = body["merge_method"].as_str().unwrap_or("merge");
    let message = body["commit_title"].as_str().map(|title| match body["commit_message"].as_str() {
        Some(rest) if !rest.is_empty() => format!("{title}\n\n{rest}"),
        _ => title.to_owned(),
    });
    let commit = repository.merge(number, method, visit.login(), message, visit.now)?;
    let value = json!({"sha": commit, "merged": true, "message": "Pull Request successfully merged"});
    Ok(Response::json(200, &value))
}

fn request_review(repository: &mut Repository, visit: &Visit<'_>, number: u64, body: &Value) -> Reply {
    let reviewers = texts(&body["reviewers"]);
    if reviewers.contains(&repository.issues[&number].author) {
        return Err(refuse(422, "Review cannot be requested from pull request author."));
    }
    if reviewers.iter().any(|login| !repository.can_be_assigned(login)) {
        let message = "Reviews may only be requested from collaborators. One or more of the users or teams \
                       you specified is not a collaborator of the repository.";
        return Err(refuse(422, message));
    }
    let pull = repository.issues.get_mut(&number).unwrap().pull.as_mut().unwrap();
    pull.team_reviewers.extend(texts(&body["team_reviewers"]));
    let all = pull.reviewers.iter().cloned().chain(reviewers).collect::<std::collections::BTreeSet<_>>();
    repository.ask_to_review(number, &all, visit.login(), visit.now);
    Ok(Response::json(201, &visit.pull(repository, &repository.issues[&number])))
}

fn contents(repository: &Repository, visit: &Visit<'_>, number: u64, what: &str) -> Response {
    let pull = repository.issues[&number].pull.as_ref().unwrap();
    let (objects, head) = (&repository.objects, &pull.head_sha);
    let base =
        repository.branch(&pull.base).and_then(|base| objects.merge_base(base, head)).unwrap_or_default();
    let list: Vec<Value> = if what == "commits" {
        objects.commits_between(&base, head).iter().map(|id| visit.commit(repository, id)).collect()
    } else {
        let changes = objects.changes(&objects.files_of_commit(&base), &objects.files_of_commit(head));
        changes.iter().map(|change| visit.change(repository, change, head)).collect()
    };
    paged(visit, &list)
}
