//! The Git Data API: refs, blobs, trees, commits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::issue::{HOST, signature};
use super::objects::{Commit, File, Files, Signature};
use super::refusal::{not_found, refuse};
use super::repository::Repository;
use super::routes::{Reply, text, texts};
use super::view::{date, number_of};
use super::web::Response;
use super::world::{Rights, Visit};

pub(crate) fn route(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, path): (&str, &[&str]),
    body: &Value,
) -> Option<Reply> {
    let reply = match (method, path) {
        ("GET", ["git", "ref", name @ ..]) => {
            let name = format!("refs/{}", name.join("/"));
            let found = repository.refs.get(&name).map(|id| visit.reference(repository, &name, id));
            found.map(|value| Response::json(200, &value)).ok_or_else(not_found)
        }
        ("GET", ["git", "matching-refs", prefix @ ..]) => {
            let prefix = format!("refs/{}", prefix.join("/"));
            let found = repository.refs.iter().filter(|(name, _)| name.starts_with(&prefix));
            let found: Vec<Value> = found.map(|(name, id)| visit.reference(repository, name, id)).collect();
            Ok(Response::json(200, &json!(found)))
        }
        ("POST", ["git", "refs"]) => make_ref(repository, visit, body),
        ("PATCH", ["git", "refs", name @ ..]) => {
            move_ref(repository, visit, &format!("refs/{}", name.join("/")), body)
        }
        ("DELETE", ["git", "refs", name @ ..]) => {
            remove_ref(repository, visit, &format!("refs/{}", name.join("/")))
        }
        ("GET", ["git", "blobs", id]) => read_blob(repository, visit, id),
        ("POST", ["git", "blobs"]) => make_blob(repository, visit, body),
        ("GET", ["git", "trees", id @ ..]) => read_tree(repository, visit, &id.join("/")),
        ("POST", ["git", "trees"]) => make_tree(repository, visit, body),
        ("GET", ["git", "commits", id]) => {
            let known = repository.objects.commits.contains_key(*id);
            if known { Ok(Response::json(200, &visit.git_commit(repository, id))) } else { Err(not_found()) }
        }
        ("POST", ["git", "commits"]) => make_commit(repository, visit, body),
        _ => return None,
    };
    Some(reply)
}

fn make_ref(repository: &mut Repository, visit: &Visit<'_>, body: &Value) -> Reply {
    let (name, id) = (text(body, "ref")?, text(body, "sha")?.to_owned());
    if !name.starts_with("refs/")
        || name.matches('/').count() < 2
        || name.ends_with('/')
        || name.contains("..")
    {
        return Err(refuse(422, &format!("Reference name \"{name}\" is not well-formed.")));
    }
    if repository.refs.contains_key(name) {
        return Err(refuse(422, "Reference already exists"));
    }
    // Git keeps refs as files: none can be a folder of another.
    let in_the_way =
        |other: &String| other.starts_with(&format!("{name}/")) || name.starts_with(&format!("{other}/"));
    if repository.refs.keys().any(in_the_way) {
        return Err(refuse(422, "Reference update failed"));
    }
    if !repository.objects.commits.contains_key(&id) {
        return Err(refuse(422, "Object does not exist"));
    }
    repository.point(name, Some(&id), visit.now);
    Ok(Response::json(201, &visit.reference(repository, name, &id)))
}

fn move_ref(repository: &mut Repository, visit: &Visit<'_>, name: &str, body: &Value) -> Reply {
    let id = text(body, "sha")?.to_owned();
    let Some(old) = repository.refs.get(name) else { return Err(refuse(422, "Reference does not exist")) };
    if !repository.objects.commits.contains_key(&id) {
        return Err(refuse(422, "Object does not exist"));
    }
    repository.check_protection(name)?;
    if body["force"] != json!(true) && !repository.objects.is_ancestor(old, &id) {
        return Err(refuse(422, "Update is not a fast forward"));
    }
    repository.point(name, Some(&id), visit.now);
    Ok(Response::json(200, &visit.reference(repository, name, &id)))
}

fn remove_ref(repository: &mut Repository, visit: &Visit<'_>, name: &str) -> Reply {
    if !repository.refs.contains_key(name) {
        return Err(refuse(422, "Reference does not exist"));
    }
    if name == format!("refs/heads/{}", repository.default_branch) {
        return Err(refuse(422, "Cannot delete the default branch"));
    }
    repository.check_protection(name)?;
    repository.point(name, None, visit.now);
    Ok(Response::new(204))
}

fn read_blob(repository: &Repository, visit: &Visit<'_>, id: &str) -> Reply {
    let bytes = repository.objects.blobs.get(id).ok_or_else(not_found)?;
    if visit.request.header("accept").contains("raw") {
        return Ok(Response::new(200).with("content-type", "application/vnd.github.raw").body(bytes.clone()));
    }
    Ok(Response::json(200, &visit.blob(repository, id)))
}

fn make_blob(repository: &mut Repository, visit: &Visit<'_>, body: &Value) -> Reply {
    let content = text(body, "content")?;
    let bytes = if body["encoding"] == "base64" {
        let text: String = content.chars().filter(|character| !character.is_whitespace()).collect();
        STANDARD.decode(text).map_err(|_| refuse(422, "content is not valid Base64"))?
    } else {
        content.as_bytes().to_vec()
    };
    let id = repository.objects.add_blob(bytes);
    let url = format!("{}/repos/{}/git/blobs/{id}", visit.api(), repository.full_name());
    Ok(Response::json(201, &json!({"sha": id, "url": url})))
}

fn read_tree(repository: &Repository, visit: &Visit<'_>, name: &str) -> Reply {
    let commit = repository.resolve(name).and_then(|id| repository.objects.commits.get(&id));
    let id = commit.map_or(name, |commit| commit.tree.as_str());
    if !repository.objects.trees.contains_key(id) {
        return Err(not_found());
    }
    // Whatever the value is, GitHub takes its presence for yes.
    let recursive = visit.request.parameter("recursive").is_some();
    Ok(Response::json(200, &tree(repository, visit, id, recursive.then_some(repository.switches.tree_limit))))
}

/// A tree: its own entries, or with a `limit` everything below it, as far as that goes.
fn tree(repository: &Repository, visit: &Visit<'_>, id: &str, limit: Option<usize>) -> Value {
    fn list(
        repository: &Repository,
        visit: &Visit<'_>,
        id: &str,
        front: &str,
        deep: bool,
        found: &mut Vec<Value>,
    ) {
        for entry in repository.objects.trees.get(id).into_iter().flatten() {
            let kind = match entry.mode.as_str() {
                "040000" => "tree",
                "160000" => "commit",
                _ => "blob",
            };
            let path = format!("{front}{}", entry.name);
            let url = format!("{}/repos/{}/git/{kind}s/{}", visit.api(), repository.full_name(), entry.id);
            let mut value =
                json!({"path": path, "mode": entry.mode, "type": kind, "sha": entry.id, "url": url});
            if let Some(bytes) = repository.objects.blobs.get(&entry.id) {
                value["size"] = json!(bytes.len());
            }
            found.push(value);
            if deep && kind == "tree" {
                list(repository, visit, &entry.id, &format!("{path}/"), deep, found);
            }
        }
    }
    let mut found = Vec::new();
    list(repository, visit, id, "", limit.is_some(), &mut found);
    let truncated = limit.is_some_and(|limit| found.len() > limit);
    found.truncate(limit.unwrap_or(usize::MAX));
    let url = format!("{}/repos/{}/git/trees/{id}", visit.api(), repository.full_name());
    json!({"sha": id, "url": url, "tree": found, "truncated": truncated})
}

fn make_tree(repository: &mut Repository, visit: &Visit<'_>, body: &Value) -> Reply {
    let mut files = match body["base_tree"].as_str() {
        Some(base) => {
            let tree = repository.objects.commits.get(base).map_or(base, |commit| commit.tree.as_str());
            if !repository.objects.trees.contains_key(tree) {
                return Err(refuse(404, "Not Found"));
            }
            repository.objects.files(tree)
        }
        None => Files::new(),
    };
    let entries = body["tree"].as_array().filter(|entries| !entries.is_empty());
    for entry in entries.ok_or_else(|| refuse(422, "Invalid tree info"))? {
        let path = text(entry, "path")?;
        if path.starts_with('/') || path.split('/').any(|part| matches!(part, "" | "." | ".." | ".git")) {
            return Err(refuse(422, &format!("tree.path contains a malformed path component: {path}")));
        }
        let except_workflows = visit.account.is_some_and(|who| who.rights == Rights::WriteExceptWorkflows);
        if except_workflows && path.starts_with(".github/workflows/") {
            return Err(if visit.by_installation() { visit.not_for_this_token() } else { not_found() });
        }
        let mode = text(entry, "mode")?.to_owned();
        if !["100644", "100755", "120000", "160000", "040000"].contains(&mode.as_str()) {
            return Err(refuse(422, "tree.mode Must supply a valid mode"));
        }
        let below = format!("{path}/");
        if entry.get("sha").is_some_and(Value::is_null) {
            let before = files.len();
            files.retain(|name, _| name != path && !name.starts_with(&below));
            if files.len() == before {
                return Err(refuse(422, "GitRPC::BadObjectState"));
            }
        } else if let Some(content) = entry["content"].as_str() {
            let id = repository.objects.add_blob(content.as_bytes().to_vec());
            files.insert(path.to_owned(), File { mode, id });
        } else {
            let id = text(entry, "sha")?.to_owned();
            let objects = &repository.objects;
            if mode == "040000" && objects.trees.contains_key(&id) {
                files.retain(|name, _| name != path && !name.starts_with(&below));
                files.extend(
                    objects.files(&id).into_iter().map(|(name, file)| (format!("{below}{name}"), file)),
                );
            } else if mode == "160000" || objects.blobs.contains_key(&id) {
                files.insert(path.to_owned(), File { mode, id });
            } else {
                return Err(refuse(422, &format!("tree.sha {id} is not a valid blob")));
            }
        }
    }
    let id = repository.objects.add_tree(&files);
    Ok(Response::json(201, &tree(repository, visit, &id, None)))
}

fn make_commit(repository: &mut Repository, visit: &Visit<'_>, body: &Value) -> Reply {
    let (message, tree) = (text(body, "message")?.to_owned(), text(body, "tree")?.to_owned());
    let parents = texts(&body["parents"]);
    if !repository.objects.trees.contains_key(&tree) {
        return Err(refuse(422, "Tree SHA does not exist"));
    }
    if parents.iter().any(|parent| !repository.objects.commits.contains_key(parent)) {
        return Err(refuse(422, "Parent SHA does not exist or is not a commit object"));
    }
    let person = |value: &Value| -> Option<Signature> {
        let (name, email) = (value["name"].as_str()?.to_owned(), value["email"].as_str()?.to_owned());
        Some(Signature { name, email, date: date(&value["date"]).unwrap_or(visit.now) })
    };
    // What an App commits without naming anybody is the App's, and GitHub signs it.
    let by_app = visit.by_installation() && body["author"].is_null();
    let login = visit.login();
    let own = if by_app { format!("{}+{login}", number_of(login)) } else { login.to_owned() };
    let author = person(&body["author"])
        .unwrap_or_else(|| Signature { name: login.to_owned(), ..signature(&own, visit.now) });
    let signed =
        || Signature { name: "GitHub".to_owned(), email: format!("noreply@{HOST}"), date: visit.now };
    let committer =
        person(&body["committer"]).unwrap_or_else(|| if by_app { signed() } else { author.clone() });
    let id = repository.objects.add_commit(Commit { tree, parents, author, committer, message });
    Ok(Response::json(201, &visit.git_commit(repository, &id)))
}
