//! The repository itself: what it is, its branches and their protection, its files, releases and tags.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::refusal::{not_found, refuse};
use super::repository::Repository;
use super::routes::{Reply, paged};
use super::view::wrapped;
use super::web::Response;
use super::world::Visit;

pub(crate) fn route(
    repository: &mut Repository,
    visit: &Visit<'_>,
    (method, path): (&str, &[&str]),
    _: &Value,
) -> Option<Reply> {
    let reply = match (method, path) {
        ("GET", []) => Ok(Response::json(200, &visit.repository(repository))),
        ("GET", ["branches"]) => {
            let names: Vec<Value> = repository
                .refs
                .iter()
                .filter_map(|(name, id)| Some((name.strip_prefix("refs/heads/")?, id)))
                .map(|(name, id)| {
                    let protected = repository.protection.contains_key(name);
                    json!({"name": name, "commit": {"sha": id, "url": ""}, "protected": protected})
                })
                .collect();
            Ok(paged(visit, &names))
        }
        ("GET", ["branches", branch @ .., "protection"]) => protection(repository, visit, &branch.join("/")),
        ("GET", ["branches", branch @ .., "protection", "required_status_checks"]) => {
            protection(repository, visit, &branch.join("/"))
        }
        ("GET", ["branches", branch @ ..]) => {
            let name = branch.join("/");
            let found = repository.branch(&name).map(|id| visit.branch(repository, &name, id));
            found.map(|value| Response::json(200, &value)).ok_or_else(|| refuse(404, "Branch not found"))
        }
        ("GET", ["rules", "branches", ..] | ["rulesets"]) => Ok(Response::json(200, &json!([]))),
        ("GET", ["tarball", reference @ ..]) => tarball(repository, visit, &reference.join("/")),
        ("GET", ["contents", path @ ..]) => contents(repository, visit, &path.join("/")),
        ("GET", ["releases"]) => {
            let list: Vec<Value> =
                repository.releases.iter().map(|one| visit.release(repository, one)).collect();
            Ok(paged(visit, &list))
        }
        ("GET", ["releases", "tags", tag @ ..]) => {
            let tag = tag.join("/");
            let found = repository.releases.iter().find(|release| release.tag == tag);
            let found = found.map(|release| Response::json(200, &visit.release(repository, release)));
            found.ok_or_else(not_found)
        }
        ("GET", ["tags"]) => {
            let tags = repository.refs.iter().filter_map(|(name, id)| {
                let name = name.strip_prefix("refs/tags/")?;
                Some(json!({"name": name, "commit": {"sha": id, "url": ""}}))
            });
            Ok(paged(visit, &tags.collect::<Vec<_>>()))
        }
        ("GET", ["collaborators", login, "permission"]) => {
            Ok(Response::json(200, &json!({"permission": "write", "user": visit.user(login)})))
        }
        ("GET", ["assignees"]) => {
            let logins = repository.collaborators.iter().flatten().chain([&repository.owner]);
            Ok(paged(visit, &logins.map(|login| visit.user(login)).collect::<Vec<_>>()))
        }
        ("GET", ["assignees", login]) => {
            if repository.can_be_assigned(login) {
                Ok(Response::new(204))
            } else {
                Err(not_found())
            }
        }
        _ => return None,
    };
    Some(reply)
}

fn protection(repository: &Repository, visit: &Visit<'_>, branch: &str) -> Reply {
    if repository.branch(branch).is_none() {
        return Err(refuse(404, "Branch not found"));
    }
    let found = repository.protection.get(branch).ok_or_else(|| refuse(404, "Branch not protected"))?;
    Ok(Response::json(200, &visit.protection(repository, branch, found)))
}

fn contents(repository: &Repository, visit: &Visit<'_>, path: &str) -> Reply {
    let at = visit.request.parameter("ref").unwrap_or(&repository.default_branch);
    let commit =
        repository.resolve(at).ok_or_else(|| refuse(404, &format!("No commit found for the ref {at}")))?;
    let files = repository.objects.files_of_commit(&commit);
    let describe = |path: &str, kind: &str, id: &str, size: usize| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let url = format!("{}/repos/{}/contents/{path}?ref={at}", visit.api(), repository.full_name());
        json!({
            "name": name, "path": path, "type": kind, "sha": id, "size": size, "url": url,
            "html_url": null, "git_url": null, "download_url": null,
            "_links": {"self": url, "git": null, "html": null},
        })
    };
    if let Some(file) = files.get(path) {
        let bytes = repository.objects.blobs.get(&file.id).ok_or_else(not_found)?;
        if visit.request.header("accept").contains("raw") {
            return Ok(Response::new(200)
                .with("content-type", "application/vnd.github.raw")
                .body(bytes.clone()));
        }
        let mut value = describe(path, "file", &file.id, bytes.len());
        (value["encoding"], value["content"]) = (json!("base64"), json!(wrapped(bytes)));
        return Ok(Response::json(200, &value));
    }
    let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut listed: Vec<Value> = Vec::new();
    for (found, file) in &files {
        let Some(rest) = found.strip_prefix(&folder) else { continue };
        let value = match rest.split_once('/') {
            Some((name, _)) => describe(&format!("{folder}{name}"), "dir", "", 0),
            None => {
                describe(found, "file", &file.id, repository.objects.blobs.get(&file.id).map_or(0, Vec::len))
            }
        };
        if listed.last().is_none_or(|last| last["path"] != value["path"]) {
            listed.push(value);
        }
    }
    if listed.is_empty() { Err(not_found()) } else { Ok(Response::json(200, &json!(listed))) }
}

/// Sends the client to the archive, with a short-lived token in the address, as GitHub does.
fn tarball(repository: &Repository, visit: &Visit<'_>, reference: &str) -> Reply {
    let reference = if reference.is_empty() { &repository.default_branch } else { reference };
    let commit = repository.resolve(reference).ok_or_else(not_found)?;
    let path = format!("codeload/{}/legacy.tar.gz/{commit}?token=short-lived", repository.full_name());
    Ok(Response::new(302).with("location", format!("{}/{path}", visit.url)))
}

/// Packs the files of a commit, below a folder that is named after it.
pub(crate) fn archive(repository: &Repository, commit: &str) -> Vec<u8> {
    let mut pack = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_ustar();
    let comment = format!("52 comment={commit}\n");
    header.set_entry_type(tar::EntryType::XGlobalHeader);
    header.set_size(comment.len() as u64);
    pack.append_data(&mut header, "pax_global_header", comment.as_bytes()).unwrap();
    let short: String = commit.chars().take(7).collect();
    let folder = format!("{}-{}-{short}", repository.owner, repository.name);
    for (path, file) in repository.objects.files_of_commit(commit) {
        let bytes = repository.objects.blobs.get(&file.id).map_or(&[][..], Vec::as_slice);
        let mut header = tar::Header::new_gnu();
        header.set_mode(if file.mode == "100755" { 0o775 } else { 0o664 });
        let path = format!("{folder}/{path}");
        if file.mode == "120000" {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            pack.append_link(&mut header, path, String::from_utf8_lossy(bytes).as_ref()).unwrap();
        } else {
            header.set_size(bytes.len() as u64);
            pack.append_data(&mut header, path, bytes).unwrap();
        }
    }
    let mut packed = pack.into_inner().unwrap();
    packed.flush().unwrap();
    packed.finish().unwrap()
}
