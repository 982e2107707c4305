//! Issues, and what pulls share with them: labels, assignees, comments, events.

use serde_json::{Value, json};

use super::issue::{Issue, Label, check_labels, check_texts};
use super::refusal::{invalid, not_found, refuse};
use super::repository::Repository;
use super::routes::{Reply, paged, text, texts};
use super::routes_pulls::{change_texts, sort};
use super::view::date;
use super::web::Response;
use super::world::Visit;

/// How many people an issue can be assigned to.
const ASSIGNEES: usize = 10;

pub(crate) fn route(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, path): (&str, &[&str]),
    body: &Value,
) -> Option<Reply> {
    let reply = match (method, path) {
        (_, ["issues", ..]) if !repository.switches.issues && repository.issues.is_empty() => {
            Err(refuse(410, "Issues has been disabled in this repository."))
        }
        ("GET", ["issues"]) => Ok(list(repository, visit)),
        ("POST", ["issues"]) => create(repository, visit, body),
        (_, ["issues", "comments", id]) => comment(repository, visit, (method, id), body),
        (_, ["issues", number, rest @ ..]) => {
            let number: u64 = number.parse().ok()?;
            if !repository.issues.contains_key(&number) {
                return Some(Err(not_found()));
            }
            return one(repository, visit, (method, number, rest), body);
        }
        ("GET", ["labels"]) => {
            let labels = repository.labels.keys().map(|name| visit.label(repository, name));
            Ok(paged(visit, &labels.collect::<Vec<_>>()))
        }
        ("POST", ["labels"]) => make_label(repository, visit, body),
        (_, ["labels", name @ ..]) => label(repository, visit, (method, &name.join("/")), body),
        _ => return None,
    };
    Some(reply)
}

fn one(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, number, rest): (&str, u64, &[&str]),
    body: &Value,
) -> Option<Reply> {
    let issue = repository.issues[&number].clone();
    let (login, now) = (visit.login(), visit.now);
    let labels_now = |repository: &Repository| {
        let names = repository.issues[&number].labels.iter();
        json!(names.map(|name| visit.label(repository, name)).collect::<Vec<_>>())
    };
    let named = if body.is_array() { texts(body) } else { texts(&body["labels"]) };
    let reply = match (method, rest) {
        ("GET", []) => Ok(Response::json(200, &visit.issue(repository, &issue))),
        ("PATCH", []) => change(repository, visit, number, body),
        ("GET", ["labels"]) => {
            let labels = issue.labels.iter().map(|name| visit.label(repository, name));
            Ok(paged(visit, &labels.collect::<Vec<_>>()))
        }
        (method @ ("POST" | "PUT"), ["labels"]) => check_labels(&named).map(|()| {
            let all = if method == "POST" { [issue.labels, named].concat() } else { named };
            repository.label(number, all, login, now);
            Response::json(200, &labels_now(repository))
        }),
        ("DELETE", ["labels"]) => {
            repository.label(number, Vec::new(), login, now);
            Ok(Response::new(204))
        }
        ("DELETE", ["labels", name @ ..]) => {
            let name = name.join("/");
            if issue.labels.contains(&name) {
                let rest = issue.labels.into_iter().filter(|label| *label != name).collect();
                repository.label(number, rest, login, now);
                Ok(Response::json(200, &labels_now(repository)))
            } else {
                Err(refuse(404, "Label does not exist"))
            }
        }
        (method @ ("POST" | "DELETE"), ["assignees"]) => {
            let named = texts(&body["assignees"]);
            let mut assignees = issue.assignees;
            if method == "DELETE" {
                assignees.retain(|login| !named.contains(login));
            } else {
                // Whoever cannot be assigned is passed over without a word.
                let new = named.into_iter().filter(|login| repository.can_be_assigned(login));
                assignees = unique(assignees.into_iter().chain(new));
            }
            repository.assign(number, &assignees, login, now);
            let status = if method == "DELETE" { 200 } else { 201 };
            Ok(Response::json(status, &visit.issue(repository, &repository.issues[&number])))
        }
        ("GET", ["comments"]) => {
            let comments = issue.comments.iter().map(|one| visit.comment(repository, number, one));
            Ok(paged(visit, &comments.collect::<Vec<_>>()))
        }
        ("POST", ["comments"]) => make_comment(repository, visit, number, body),
        ("GET", ["events" | "timeline"]) => Ok(paged(
            visit,
            &issue.events.iter().map(|event| visit.event(repository, event)).collect::<Vec<_>>(),
        )),
        _ => return None,
    };
    Some(reply)
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    for name in names {
        if !kept.contains(&name) && kept.len() < ASSIGNEES {
            kept.push(name);
        }
    }
    kept
}

fn list(repository: &Repository, visit: &Visit<'_>) -> Response {
    let asked = |name| visit.request.parameter(name);
    let state = asked("state").unwrap_or("open");
    let since = asked("since").and_then(|text| date(&json!(text)));
    let wanted = |issue: &&Issue| {
        (state == "all" || issue.is_open() == (state == "open"))
            && asked("creator").is_none_or(|login| login == issue.author)
            && asked("assignee").is_none_or(|login| issue.assignees.iter().any(|one| one == login))
            && asked("labels").is_none_or(|labels| {
                labels.split(',').all(|label| issue.labels.iter().any(|one| one == label))
            })
            && since.is_none_or(|since| issue.updated_at >= since)
    };
    let mut issues: Vec<&Issue> = repository.issues.values().filter(wanted).collect();
    sort(&mut issues, asked("sort"), Some(asked("direction").unwrap_or("desc")));
    paged(visit, &issues.iter().map(|issue| visit.issue(repository, issue)).collect::<Vec<_>>())
}

fn create(repository: &mut Repository, visit: &Visit<'_>, body: &Value) -> Reply {
    let title = text(body, "title")?;
    check_texts("Issue", Some(title), body["body"].as_str())?;
    check_labels(&texts(&body["labels"]))?;
    let assignees = unique(texts(&body["assignees"]).into_iter());
    if assignees.iter().any(|login| !repository.can_be_assigned(login)) {
        return Err(invalid("Issue", "assignees", "invalid"));
    }
    let text = body["body"].as_str().map(str::to_owned);
    let number = repository.open_issue(title, text, visit.login(), visit.now);
    repository.assign(number, &assignees, visit.login(), visit.now);
    repository.label(number, texts(&body["labels"]), visit.login(), visit.now);
    Ok(Response::json(201, &visit.issue(repository, &repository.issues[&number])))
}

fn change(repository: &mut Repository, visit: &Visit<'_>, number: u64, body: &Value) -> Reply {
    check_texts("Issue", body["title"].as_str(), body["body"].as_str())?;
    if body["assignees"].is_array() {
        let assignees = unique(texts(&body["assignees"]).into_iter());
        if assignees.iter().any(|login| !repository.can_be_assigned(login)) {
            return Err(invalid("Issue", "assignees", "invalid"));
        }
        repository.assign(number, &assignees, visit.login(), visit.now);
    }
    change_texts(repository, visit, number, body)?;
    if body["labels"].is_array() {
        repository.label(number, texts(&body["labels"]), visit.login(), visit.now);
    }
    if let Some(reason) = body["state_reason"].as_str() {
        repository.issues.get_mut(&number).unwrap().state_reason = Some(reason.to_owned());
    }
    Ok(Response::json(200, &visit.issue(repository, &repository.issues[&number])))
}

fn make_comment(repository: &mut Repository, visit: &Visit<'_>, number: u64, body: &Value) -> Reply {
    let words = text(body, "body")?;
    if words.trim().is_empty() {
        return Err(invalid("IssueComment", "body", "missing_field"));
    }
    check_texts("IssueComment", None, Some(words))?;
    let id = repository.comment(number, words, visit.login(), visit.now);
    let comment = repository.issues[&number].comments.iter().find(|comment| comment.id == id);
    Ok(Response::json(201, &visit.comment(repository, number, comment.unwrap())))
}

fn comment(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, id): (&str, &str),
    body: &Value,
) -> Reply {
    let found = repository.issues.iter().find_map(|(number, issue)| {
        Some((*number, issue.comments.iter().position(|comment| comment.id.to_string() == id)?))
    });
    let (number, at) = found.ok_or_else(not_found)?;
    match method {
        "PATCH" => {
            let words = text(body, "body")?;
            check_texts("IssueComment", None, Some(words))?;
            words.clone_into(&mut repository.issues.get_mut(&number).unwrap().comments[at].body);
        }
        "DELETE" => {
            repository.issues.get_mut(&number).unwrap().comments.remove(at);
            return Ok(Response::new(204));
        }
        _ => {}
    }
    Ok(Response::json(200, &visit.comment(repository, number, &repository.issues[&number].comments[at])))
}

fn make_label(repository: &mut Repository, visit: &Visit<'_>, body: &Value) -> Reply {
    let name = text(body, "name")?;
    if repository.labels.contains_key(name) {
        return Err(invalid("Label", "name", "already_exists"));
    }
    let id = repository.next_id();
    let color = body["color"].as_str().unwrap_or("ededed").to_owned();
    let description = body["description"].as_str().map(str::to_owned);
    repository.labels.insert(name.to_owned(), Label { id, color, description });
    Ok(Response::json(201, &visit.label(repository, name)))
}

fn label(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, name): (&str, &str),
    body: &Value,
) -> Reply {
    let found = repository.labels.get_mut(name).ok_or_else(not_found)?;
    match method {
        "DELETE" => {
            repository.labels.remove(name);
            for issue in repository.issues.values_mut() {
                issue.labels.retain(|label| label != name);
            }
            return Ok(Response::new(204));
        }
        "PATCH" => {
            if let Some(color) = body["color"].as_str() {
                color.clone_into(&mut found.color);
            }
            if let Some(description) = body["description"].as_str() {
                found.description = Some(description.to_owned());
            }
        }
        _ => {}
    }
    Ok(Response::json(200, &visit.label(repository, name)))
}
