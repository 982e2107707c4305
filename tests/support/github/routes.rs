//! From a request to its answer: who asks, whether they may, which part of GitHub answers, and what every answer carries.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::objects::id_of;
use super::refusal::{not_found, refuse};
use super::web::{Request, Response, parts};
use super::world::{Account, Visit, World};
use super::{routes_account, routes_commits, routes_git, routes_issues, routes_pulls, routes_repository};

/// An answer; the error is one too.
pub(crate) type Reply = Result<Response, Response>;

/// Answers a request.
pub(crate) fn answer(world: &mut World, request: &Request) -> Response {
    let now = world.now();
    let account = match identify(world, request, now) {
        Ok(account) => account,
        Err(refusal) => return finish(refusal, request, None),
    };
    if let Some(account) = &account
        && account.budget.remaining == 0
        && !request.path.ends_with("/rate_limit")
    {
        let refusal = refuse(403, &format!("API rate limit exceeded for user ID {}.", account.login.len()));
        return finish(refusal, request, Some(account));
    }
    let url = world.url.clone();
    let visit = Visit { request, account: account.as_ref(), now, url: &url };
    let response = dispatch(world, &visit).unwrap_or_else(|refusal| refusal);
    let response = tagged(response, request);
    let key = token_of(request);
    if response.status != 304
        && let Some(account) = world.accounts.get_mut(key)
    {
        account.budget.remaining -= 1;
    }
    finish(response, request, world.accounts.get(key))
}

fn token_of(request: &Request) -> &str {
    let header = request.header("authorization");
    header.split_once(' ').map_or(header, |(_, token)| token).trim()
}

fn identify(world: &mut World, request: &Request, now: Timestamp) -> Result<Option<Account>, Response> {
    if request.header("user-agent").is_empty() {
        return Err(refuse(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
        ));
    }
    let token = token_of(request);
    // Only an app shows a JSON web token, and only where apps are asked for.
    if token.is_empty() || (token.split('.').count() == 3 && world.app.is_some()) {
        return Ok(None);
    }
    let Some(account) = world.accounts.get_mut(token) else { return Err(refuse(401, "Bad credentials")) };
    if account.expires.is_some_and(|end| end <= now) {
        return Err(refuse(401, "Bad credentials"));
    }
    if account.budget.reset <= now {
        account.budget.reset = now + SignedDuration::from_hours(1);
        account.budget.remaining = account.budget.limit;
    }
    Ok(Some(account.clone()))
}

fn dispatch(world: &mut World, visit: &Visit<'_>) -> Reply {
    let all = parts(&visit.request.path);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let path = if let ["api", "v3", rest @ ..] = all.as_slice() { rest } else { all.as_slice() };
    let Some(body) = visit.request.json() else { return Err(refuse(400, "Problems parsing JSON")) };
    if let Some(reply) = routes_account::route(world, visit, path, &body) {
        return reply;
    }
    let ["repos", owner, name, rest @ ..] = path else { return Err(not_found()) };
    let repository = world.repository((owner, name), visit.account)?;
    let method = if visit.request.method == "HEAD" { "GET" } else { visit.request.method.as_str() };
    if method != "GET" {
        visit.check_write(repository)?;
    }
    let routes = [
        routes_repository::route,
        routes_git::route,
        routes_commits::route,
        routes_pulls::route,
        routes_issues::route,
    ];
    for route in routes {
        if let Some(reply) = route(repository, visit, (method, rest), &body) {
            return reply;
        }
    }
    Err(not_found())
}

/// Gives an answer its tag, and turns it into "not modified" where the client has it.
fn tagged(response: Response, request: &Request) -> Response {
    if !matches!(request.method.as_str(), "GET" | "HEAD") || response.status != 200 {
        return response;
    }
    let tag = format!("\"{}\"", id_of("answer", &response.body));
    let known = request.header("if-none-match").trim_start_matches("W/");
    if known == tag { Response::new(304).with("etag", tag) } else { response.with("etag", tag) }
}

fn finish(response: Response, request: &Request, account: Option<&Account>) -> Response {
    let mut response = response
        .with("x-github-request-id", format!("{:X}", request.path.len()))
        .with("x-github-media-type", "github.v3; format=json");
    if let Some(Account { budget, .. }) = account {
        response = response
            .with("x-ratelimit-limit", budget.limit.to_string())
            .with("x-ratelimit-remaining", budget.remaining.to_string())
            .with("x-ratelimit-used", (budget.limit - budget.remaining).to_string())
            .with("x-ratelimit-reset", budget.reset.as_second().to_string())
            .with("x-ratelimit-resource", "core");
    } else {
        response = response.with("x-ratelimit-limit", "60").with("x-ratelimit-remaining", "59");
    }
    response
}

/// Answers with the page of a list that is asked for.
pub(crate) fn paged(visit: &Visit<'_>, items: &[Value]) -> Response {
    let (page, size) = visit.page(30);
    let chosen: Vec<&Value> = items.iter().skip((page - 1) * size).take(size).collect();
    linked(visit, Response::json(200, &json!(chosen)), (page, items.len().div_ceil(size)))
}

/// Adds the addresses of the other pages.
pub(crate) fn linked(visit: &Visit<'_>, response: Response, (page, last): (usize, usize)) -> Response {
    let address = |page: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(visit.request.query.iter().filter(|(name, _)| name != "page"));
        query.append_pair("page", &page.to_string());
        format!("{}{}?{}", visit.url, visit.request.path, query.finish())
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(format!("<{}>; rel=\"prev\"", address(page - 1)));
        links.push(format!("<{}>; rel=\"first\"", address(1)));
    }
    if page < last {
        links.push(format!("<{}>; rel=\"next\"", address(page + 1)));
        links.push(format!("<{}>; rel=\"last\"", address(last)));
    }
    if links.is_empty() { response } else { response.with("link", links.join(", ")) }
}

/// Reads a text that has to be there.
pub(crate) fn text<'b>(body: &'b Value, name: &str) -> Result<&'b str, Response> {
    body[name]
        .as_str()
        .ok_or_else(|| refuse(422, &format!("Invalid request.\n\n\"{name}\" wasn't supplied.")))
}

/// Reads a list of texts, or of objects with a name.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let one = |item: &Value| item.as_str().or_else(|| item["name"].as_str()).map(str::to_owned);
    value.as_array().into_iter().flatten().filter_map(one).collect()
}
