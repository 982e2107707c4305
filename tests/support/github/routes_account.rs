//! What does not belong to one repository: users, apps, limits, archives, GraphQL.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::issue::AutoMerge;
use super::refusal::{not_found, refuse};
use super::repository::Repository;
use super::routes::{Reply, linked, paged, texts};
use super::routes_repository::archive;
use super::view::{node_id, number_of};
use super::web::Response;
use super::world::{Account, App, Kind, Rights, Visit, World};

pub(crate) fn route(world: &mut World, visit: &Visit<'_>, path: &[&str], body: &Value) -> Option<Reply> {
    let method = visit.request.method.as_str();
    let reply = match (method, path) {
        ("GET", []) => Ok(Response::json(200, &json!({"current_user_url": format!("{}/user", visit.api())}))),
        ("GET", ["meta"]) => Ok(Response::json(200, &json!({"installed_version": "3.19.0"}))),
        ("GET", ["rate_limit"]) => visit.check_known().map(|()| rate_limit(visit)),
        ("GET", ["user"]) => user(visit),
        ("GET", ["user", "emails"]) => visit.check_known().and_then(|()| Err(visit.not_for_this_token())),
        ("GET", ["users", login]) => Ok(Response::json(200, &visit.user(login))),
        ("GET", ["user", "repos"]) if !visit.by_installation() => {
            visit.check_known().map(|()| paged(visit, &repositories(world, visit)))
        }
        ("GET", ["installation", "repositories"]) if visit.by_installation() => {
            let found = repositories(world, visit);
            let (page, size) = visit.page(30);
            let chosen: Vec<&Value> = found.iter().skip((page - 1) * size).take(size).collect();
            let value = json!({"total_count": found.len(), "repositories": chosen});
            Ok(linked(visit, Response::json(200, &value), (page, found.len().div_ceil(size))))
        }
        ("GET", ["codeload", owner, name, "legacy.tar.gz", commit]) => {
            // The token in the address is enough.
            let found = world.repositories.get(&format!("{owner}/{name}").to_lowercase());
            let found = found.filter(|_| visit.request.parameter("token") == Some("short-lived"));
            let packed = found.map(|found| {
                Response::new(200).with("content-type", "application/x-gzip").body(archive(found, commit))
            });
            packed.ok_or_else(not_found)
        }
        ("GET", ["app"]) => app(world, visit).map(|app| Response::json(200, &app_view(&app, visit))),
        ("GET", ["app", "installations"]) => app(world, visit).map(|app| {
            let all: Vec<Value> =
                owners(world).into_iter().map(|owner| installation(&app, &owner, world, visit)).collect();
            paged(visit, &all)
        }),
        ("GET", ["repos", owner, name, "installation"]) => {
            let found = world.repositories.get(&format!("{owner}/{name}").to_lowercase());
            app(world, visit).and_then(|app| {
                let owner = &found.ok_or_else(not_found)?.owner;
                Ok(Response::json(200, &installation(&app, owner, world, visit)))
            })
        }
        ("GET", ["orgs" | "users", owner, "installation"]) => {
            app(world, visit).map(|app| Response::json(200, &installation(&app, owner, world, visit)))
        }
        ("POST", ["app", "installations", id, "access_tokens"]) => app(world, visit).and_then(|app| {
            let at = id.parse::<u64>().ok().and_then(|id| id.checked_sub(app.id + 1));
            let all = owners(world);
            let owner = at.and_then(|at| all.get(usize::try_from(at).ok()?)).ok_or_else(not_found)?;
            Ok(access_token(world, &app, owner, (visit, body)))
        }),
        ("POST", ["graphql"] | ["api", "graphql"]) => {
            visit.check_known().map(|()| graphql(world, visit, body))
        }
        _ => return None,
    };
    Some(reply)
}

fn user(visit: &Visit<'_>) -> Reply {
    visit.check_known()?;
    if visit.by_installation() {
        return Err(visit.not_for_this_token());
    }
    let mut user = visit.user(visit.login());
    (user["name"], user["email"]) = (json!(visit.login()), Value::Null);
    let scopes = match visit.account.map(|account| account.rights) {
        Some(Rights::Write) => "repo, workflow",
        Some(Rights::WriteExceptWorkflows) => "repo",
        _ => "",
    };
    Ok(Response::json(200, &user).with("x-oauth-scopes", scopes))
}

fn rate_limit(visit: &Visit<'_>) -> Response {
    let Some(account) = visit.account else { return not_found() };
    let budget = account.budget;
    let core = json!({
        "limit": budget.limit,
        "remaining": budget.remaining,
        "used": budget.limit - budget.remaining,
        "reset": budget.reset.as_second(),
        "resource": "core",
    });
    Response::json(200, &json!({"resources": {"core": core, "search": core, "graphql": core}, "rate": core}))
}

fn repositories(world: &World, visit: &Visit<'_>) -> Vec<Value> {
    let seen = visit.account.map(|account| world.visible(account)).unwrap_or_default();
    seen.into_iter().map(|repository| visit.repository(repository)).collect()
}

/// Returns the app, if it is the app that asks.
fn app(world: &World, visit: &Visit<'_>) -> Result<App, Response> {
    let header = visit.request.header("authorization");
    let shows_web_token = header.starts_with("Bearer ") && header.split('.').count() == 3;
    let app = world.app.clone().filter(|_| shows_web_token);
    app.ok_or_else(|| refuse(401, "A JSON web token could not be decoded"))
}

fn permissions() -> Value {
    json!({
        "metadata": "read", "contents": "write", "issues": "write", "pull_requests": "write",
        "statuses": "write", "checks": "read", "workflows": "write",
    })
}

fn app_view(app: &App, visit: &Visit<'_>) -> Value {
    json!({
        "id": app.id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "client_id": format!("Iv1.{}", app.id),
        "name": app.slug,
        "owner": visit.user("owner"),
        "description": null,
        "external_url": visit.url,
        "html_url": format!("{}/apps/{}", visit.url, app.slug),
        "permissions": permissions(),
        "events": [],
        "installations_count": 1,
        "created_at": visit.now,
        "updated_at": visit.now,
    })
}

/// Returns the owners of all repositories, each of whom has the app installed.
fn owners(world: &World) -> Vec<String> {
    let owners: BTreeSet<&String> = world.repositories.values().map(|repository| &repository.owner).collect();
    owners.into_iter().cloned().collect()
}

fn installation(app: &App, owner: &str, world: &World, visit: &Visit<'_>) -> Value {
    let at = owners(world).iter().position(|known| known == owner).unwrap_or_default();
    let id = app.id + 1 + at as u64;
    json!({
        "id": id,
        "account": visit.user(owner),
        "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", visit.api()),
        "repositories_url": format!("{}/installation/repositories", visit.api()),
        "html_url": format!("{}/settings/installations/{id}", visit.url),
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": number_of(owner),
        "target_type": "User",
        "permissions": permissions(),
        "events": [],
        "repository_selection": "all",
        "single_file_name": null,
        "created_at": visit.now,
        "updated_at": visit.now,
        "suspended_at": null,
    })
}

fn access_token(world: &mut World, app: &App, owner: &str, (visit, body): (&Visit<'_>, &Value)) -> Response {
    world.tokens_made += 1;
    let token = format!("ghs_installation{}", world.tokens_made);
    let mut account = Account::user(&format!("{}[bot]", app.slug), Rights::Write);
    account.kind = Kind::Installation;
    let expires: Timestamp = visit.now + app.token_life;
    account.expires = Some(expires);
    let named = texts(&body["repositories"]);
    let is_chosen = |repository: &&Repository| {
        repository.owner == owner && (named.is_empty() || named.contains(&repository.name))
    };
    let chosen = world.repositories.values().filter(is_chosen);
    account.repositories = Some(chosen.map(|repository| repository.full_name().to_lowercase()).collect());
    world.accounts.insert(token.clone(), account);
    let value = json!({
        "token": token, "expires_at": expires, "permissions": permissions(), "repository_selection": "all",
    });
    Response::json(201, &value)
}

/// Answers the two things that only GraphQL can do for a bot: who asks, and automatic merging.
fn graphql(world: &mut World, visit: &Visit<'_>, body: &Value) -> Response {
    let query = body["query"].as_str().unwrap_or_default();
    let failed = |kind: &str, message: &str| {
        Response::json(200, &json!({"data": null, "errors": [{"type": kind, "message": message}]}))
    };
    let enables = query.contains("enablePullRequestAutoMerge");
    if enables || query.contains("disablePullRequestAutoMerge") {
        let words = format!("{query} {}", body["variables"]);
        let found = world.repositories.values_mut().find_map(|repository| {
            let asked = |id: u64| words.contains(&format!("\"{}\"", node_id("PullRequest", id)));
            let number = repository.issues.values().find(|issue| asked(issue.id))?.number;
            Some((repository, number))
        });
        let Some((repository, number)) = found else {
            return failed("NOT_FOUND", "Could not resolve to a node with the global id");
        };
        if let Err(refusal) = visit.check_write(repository) {
            drop(refusal);
            return failed("FORBIDDEN", "Resource not accessible by personal access token");
        }
        if !enables {
            let pull = repository.issues.get_mut(&number).unwrap().pull.as_mut().unwrap();
            if pull.auto_merge.take().is_none() {
                return failed("UNPROCESSABLE", "Can't disable auto-merge for this pull request");
            }
            return Response::json(
                200,
                &json!({"data": {"disablePullRequestAutoMerge": {"pullRequest": {"number": number}}}}),
            );
        }
        if !repository.switches.auto_merge {
            return failed("UNPROCESSABLE", "Auto merge is not allowed for this repository");
        }
        let state = repository.mergeable_state(number);
        if !matches!(state, "blocked" | "behind") {
            return failed("UNPROCESSABLE", &format!("Pull request is in {state} status"));
        }
        let method = ["SQUASH", "REBASE"].into_iter().find(|method| words.contains(method));
        let method = method.unwrap_or("MERGE").to_lowercase();
        let by = visit.login().to_owned();
        let pull = repository.issues.get_mut(&number).unwrap().pull.as_mut().unwrap();
        pull.auto_merge = Some(AutoMerge { by, method });
        return Response::json(
            200,
            &json!({"data": {"enablePullRequestAutoMerge": {"pullRequest": {"number": number}}}}),
        );
    }
    if query.contains("viewer") {
        let login = visit.login();
        return Response::json(
            200,
            &json!({"data": {"viewer": {"login": login, "databaseId": number_of(login)}}}),
        );
    }
    failed("undefinedField", "this GitHub does not know that field")
}
