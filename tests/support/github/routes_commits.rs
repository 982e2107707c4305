//! Commits: lists, comparisons, and what checks say of them.

use serde_json::{Value, json};

use super::refusal::{invalid, not_found, refuse};
use super::repository::{Repository, Status};
use super::routes::{Reply, linked, paged, text};
use super::view::date;
use super::web::Response;
use super::world::Visit;

/// How many commits a comparison shows on a page.
const COMPARED: usize = 250;
/// How many files a comparison shows at most.
const FILES: usize = 300;

pub(crate) fn route(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, path): (&str, &[&str]),
    body: &Value,
) -> Option<Reply> {
    let reply = match (method, path) {
        ("GET", ["compare", range @ ..]) => compare(repository, visit, &range.join("/")),
        ("GET", ["commits"]) => list(repository, visit),
        ("GET", ["commits", commit @ .., "status"]) => combined(repository, visit, &commit.join("/")),
        ("GET", ["commits", commit @ .., "statuses"]) => resolve(repository, &commit.join("/")).map(|id| {
            let statuses = repository.statuses.get(&id).into_iter().flatten().rev();
            let statuses: Vec<Value> = statuses.map(|one| visit.status(repository, one, &id)).collect();
            paged(visit, &statuses)
        }),
        ("GET", ["commits", commit @ .., "check-runs"]) => resolve(repository, &commit.join("/")).map(|id| {
            let runs = repository.check_runs.get(&id).into_iter().flatten();
            let runs: Vec<Value> = runs.map(|run| visit.check_run(repository, run, &id)).collect();
            Response::json(200, &json!({"total_count": runs.len(), "check_runs": runs}))
        }),
        ("GET", ["commits", commit @ .., "check-suites"]) => resolve(repository, &commit.join("/"))
            .map(|_| Response::json(200, &json!({"total_count": 0, "check_suites": []}))),
        ("GET", ["commits", commit, "pulls"]) => {
            let holds = |head: &str| repository.objects.is_ancestor(commit, head);
            let pulls = repository
                .issues
                .values()
                .filter(|issue| issue.pull.as_ref().is_some_and(|pull| holds(&pull.head_sha)));
            Ok(paged(visit, &pulls.map(|issue| visit.pull(repository, issue)).collect::<Vec<_>>()))
        }
        ("GET", ["commits", commit @ ..]) => one(repository, visit, &commit.join("/")),
        ("POST", ["statuses", commit]) => add_status(repository, visit, commit, body),
        _ => return None,
    };
    Some(reply)
}

fn resolve(repository: &Repository, name: &str) -> Result<String, Response> {
    repository.resolve(name).ok_or_else(|| refuse(422, &format!("No commit found for SHA: {name}")))
}

fn compare(repository: &Repository, visit: &Visit<'_>, range: &str) -> Reply {
    let (base, head) = range.split_once("...").ok_or_else(not_found)?;
    // `owner:branch` names a branch of a fork; only the repository's own are here.
    let own = |name: &str| name.strip_prefix(&format!("{}:", repository.owner)).unwrap_or(name).to_owned();
    let base = repository.resolve(&own(base)).ok_or_else(not_found)?;
    let head = repository.resolve(&own(head)).ok_or_else(not_found)?;
    let objects = &repository.objects;
    let no_base = || refuse(404, &format!("No common ancestor between {base} and {head}."));
    let merge_base = objects.merge_base(&base, &head).ok_or_else(no_base)?;
    let (ahead, behind) = (objects.commits_between(&base, &head), objects.commits_between(&head, &base));
    let status = match (ahead.is_empty(), behind.is_empty()) {
        (true, true) => "identical",
        (false, true) => "ahead",
        (true, false) => "behind",
        (false, false) => "diverged",
    };
    let changes = objects.changes(&objects.files_of_commit(&merge_base), &objects.files_of_commit(&head));
    let page = visit.request.parameter("page").and_then(|text| text.parse().ok()).unwrap_or(1_usize).max(1);
    let size = visit.request.parameter("per_page").and_then(|text| text.parse().ok());
    let size = size.unwrap_or(COMPARED).clamp(1, COMPARED);
    let shown = ahead.iter().skip((page - 1) * size).take(size);
    let files = changes.iter().take(if page == 1 { FILES } else { 0 });
    let api = format!("{}/repos/{}/compare/{range}", visit.api(), repository.full_name());
    let value = json!({
        "url": api,
        "html_url": format!("{}/{}/compare/{range}", visit.url, repository.full_name()),
        "permalink_url": format!("{}/{}/compare/{range}", visit.url, repository.full_name()),
        "diff_url": "",
        "patch_url": "",
        "base_commit": visit.commit(repository, &base),
        "merge_base_commit": visit.commit(repository, &merge_base),
        "status": status,
        "ahead_by": ahead.len(),
        "behind_by": behind.len(),
        "total_commits": ahead.len(),
        "commits": shown.map(|id| visit.commit(repository, id)).collect::<Vec<_>>(),
        "files": files.map(|change| visit.change(repository, change, &head)).collect::<Vec<_>>(),
    });
    Ok(linked(visit, Response::json(200, &value), (page, ahead.len().div_ceil(size))))
}

fn list(repository: &Repository, visit: &Visit<'_>) -> Reply {
    let from = visit.request.parameter("sha").unwrap_or(&repository.default_branch);
    let tip = repository.resolve(from).ok_or_else(not_found)?;
    let objects = &repository.objects;
    let mut ids = objects.commits_between("", &tip);
    ids.reverse();
    if let Some(path) = visit.request.parameter("path") {
        ids.retain(|id| {
            let parent = objects.commits[id].parents.first();
            let before = parent.map(|parent| objects.files_of_commit(parent)).unwrap_or_default();
            let below = format!("{path}/");
            let changes = objects.changes(&before, &objects.files_of_commit(id));
            changes.iter().any(|change| change.path == path || change.path.starts_with(&below))
        });
    }
    for (name, keeps) in [("since", std::cmp::Ordering::Less), ("until", std::cmp::Ordering::Greater)] {
        if let Some(limit) = visit.request.parameter(name).and_then(|text| date(&json!(text))) {
            ids.retain(|id| objects.commits[id].committer.date.cmp(&limit) != keeps);
        }
    }
    Ok(paged(visit, &ids.iter().map(|id| visit.commit(repository, id)).collect::<Vec<_>>()))
}

fn one(repository: &Repository, visit: &Visit<'_>, name: &str) -> Reply {
    let id = resolve(repository, name)?;
    if visit.request.header("accept").contains("sha") {
        return Ok(Response::new(200).with("content-type", "application/vnd.github.sha").body(id));
    }
    let (objects, mut value) = (&repository.objects, visit.commit(repository, &id));
    let parent = objects.commits[&id].parents.first();
    let before = parent.map(|parent| objects.files_of_commit(parent)).unwrap_or_default();
    let changes = objects.changes(&before, &objects.files_of_commit(&id));
    let (added, deleted) =
        changes.iter().fold((0, 0), |(a, d), change| (a + change.additions, d + change.deletions));
    value["stats"] = json!({"additions": added, "deletions": deleted, "total": added + deleted});
    value["files"] = changes.iter().map(|change| visit.change(repository, change, &id)).collect();
    Ok(Response::json(200, &value))
}

fn combined(repository: &Repository, visit: &Visit<'_>, name: &str) -> Reply {
    let id = resolve(repository, name)?;
    let statuses = repository.newest_statuses(&id);
    let any = |states: &[&str]| statuses.iter().any(|status| states.contains(&status.state.as_str()));
    let state = if any(&["failure", "error"]) {
        "failure"
    } else if statuses.is_empty() || any(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    let api = format!("{}/repos/{}", visit.api(), repository.full_name());
    let value = json!({
        "state": state,
        "statuses": statuses.iter().map(|one| visit.status(repository, one, &id)).collect::<Vec<_>>(),
        "sha": id,
        "total_count": statuses.len(),
        "repository": visit.repository(repository),
        "commit_url": format!("{api}/commits/{id}"),
        "url": format!("{api}/commits/{id}/status"),
    });
    Ok(Response::json(200, &value))
}

fn add_status(repository: &mut Repository, visit: &Visit<'_>, commit: &str, body: &Value) -> Reply {
    if !repository.objects.commits.contains_key(commit) {
        return Err(refuse(422, &format!("No commit found for SHA: {commit}")));
    }
    let state = text(body, "state")?;
    if !["error", "failure", "pending", "success"].contains(&state) {
        return Err(invalid("Status", "state", "invalid"));
    }
    let description = body["description"].as_str();
    if description.is_some_and(|text| text.chars().count() > 140) {
        return Err(refuse(422, "Validation Failed: description is too long (maximum is 140 characters)"));
    }
    let status = Status {
        id: repository.next_id(),
        context: body["context"].as_str().unwrap_or("default").to_owned(),
        state: state.to_owned(),
        description: description.map(str::to_owned),
        target_url: body["target_url"].as_str().map(str::to_owned),
        creator: visit.login().to_owned(),
        at: visit.now,
    };
    let value = visit.status(repository, &status, commit);
    repository.statuses.entry(commit.to_owned()).or_default().push(status);
    repository.merge_what_waited(visit.now);
    Ok(Response::json(201, &value))
}
