use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;

use super::testing::{Answer, Server, cached_client, client, client_in, everything_below, rules, settings};
use super::*;

fn secret() -> Credential {
    Credential::basic("robot", &SecretString::from("hunter2"))
}

/// Answers the first requests with `first`, one each, and then always with the last of them.
fn in_turn(first: Vec<Answer>) -> impl Fn(&testing::Seen) -> Answer {
    let count = AtomicUsize::new(0);
    move |_| first[count.fetch_add(1, Ordering::Relaxed).min(first.len() - 1)].clone()
}

#[tokio::test]
async fn a_redirect_in_a_circle_is_an_error_that_says_so() {
    let server = Server::start(|seen| {
        let to = if seen.target == "/a" { "/b" } else { "/a" };
        Answer::status(302).header("location", to)
    })
    .await;
    let error = client().send(&Request::get(server.url("/a"))).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Redirect);
    assert!(error.to_string().contains("in a circle"), "{error}");
    assert_eq!(server.lines(), ["GET /a", "GET /b"]);
}

#[tokio::test]
async fn redirects_end_after_five() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        Answer::status(307).header("location", format!("/{number}"))
    })
    .await;
    let error = client().send(&Request::get(server.url("/start"))).await.unwrap_err();
    assert!(error.to_string().contains("after 5 redirects"), "{error}");
    assert_eq!(server.lines().len(), 6);
}

#[tokio::test]
async fn a_credential_stays_with_the_origin_it_is_for() {
    let storage = Server::start(|_| Answer::ok("blob")).await;
    let elsewhere = storage.url("/blob").to_string();
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/near" => Answer::status(302).header("location", "/far"),
        _ => Answer::status(307).header("location", elsewhere.clone()),
    })
    .await;
    let request = Request::get(server.url("/near")).access(Access::With(secret()));
    let reply = client().send(&request).await.unwrap();
    assert_eq!((reply.text().unwrap(), reply.url.path()), ("blob", "/blob"));
    assert!(server.seen().iter().all(|seen| seen.header("authorization").is_some()));
    assert_eq!(storage.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn host_rules_are_not_applied_to_where_a_redirect_leads() {
    let other = Server::start(|_| Answer::ok("")).await;
    let to = other.url("/").to_string();
    let server = Server::start(move |_| Answer::status(302).header("location", to.clone())).await;
    let host_rules = rules(&[json!({"matchHost": "127.0.0.1", "token": "hunter2"})]);
    let http = Http::new(HttpSettings { host_rules, ..settings() }).unwrap();
    http.send(&Request::get(server.url("/"))).await.unwrap();
    assert!(server.seen()[0].header("authorization").is_some());
    assert_eq!(other.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_credential_is_not_sent_over_plain_http_unless_a_rule_allows_it() {
    let server = Server::start(|_| Answer::ok("")).await;
    let http = Http::new(HttpSettings { host_rules: HostRules::default(), ..settings() }).unwrap();
    let request = Request::get(server.url("/")).access(Access::With(secret()));
    let error = http.send(&request).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Insecure);
    assert!(error.to_string().contains("insecureRegistry"), "{error}");
    assert_eq!(server.lines(), [""; 0]);
}

#[tokio::test]
async fn a_host_that_says_when_is_asked_again_then() {
    let busy = || Answer::status(429).header("retry-after", "0");
    let server = Server::start(in_turn(vec![busy(), busy(), Answer::ok("at last")])).await;
    let reply = client().send(&Request::get(server.url("/"))).await.unwrap();
    assert_eq!((reply.text().unwrap(), server.lines().len()), ("at last", 3));
}

#[tokio::test]
async fn a_host_that_always_says_later_is_asked_three_times() {
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let server = Server::start(move |_| Answer::status(429).header("retry-after", past)).await;
    let reply = client().send(&Request::get(server.url("/"))).await.unwrap();
    assert_eq!((reply.status, server.lines().len()), (StatusCode::TOO_MANY_REQUESTS, 3));
}

#[tokio::test]
async fn a_wait_of_an_hour_is_not_obeyed_but_reported() {
    let server = Server::start(|_| Answer::status(429).header("retry-after", "3600")).await;
    let reply = client().send(&Request::get(server.url("/"))).await.unwrap();
    assert_eq!((reply.status, server.lines().len()), (StatusCode::TOO_MANY_REQUESTS, 1));
}

#[tokio::test]
async fn an_overloaded_host_is_asked_again() {
    let server =
        Server::start(in_turn(vec![Answer::status(503), Answer::drop_connection(), Answer::ok("x")])).await;
    let http = client();
    assert_eq!(http.send(&Request::get(server.url("/"))).await.unwrap().text().unwrap(), "x");
    let total = http.stats().total();
    assert_eq!((total.requests, total.retries, total.bytes), (3, 2, 1));
}

#[tokio::test]
async fn what_changes_something_is_sent_once() {
    let server = Server::start(|_| Answer::status(503).header("retry-after", "0")).await;
    let request = Request::post_json(server.url("/"), &json!({"title": "x"}));
    let reply = client().send(&request).await.unwrap();
    assert_eq!((reply.status.as_u16(), server.lines().len()), (503, 1));
    assert_eq!(server.seen()[0].text(), r#"{"title":"x"}"#);
}

#[tokio::test]
async fn a_truncated_body_is_asked_for_again_and_then_an_error() {
    let server = Server::start(in_turn(vec![Answer::ok("hal").truncated(), Answer::ok("whole")])).await;
    assert_eq!(client().send(&Request::get(server.url("/"))).await.unwrap().text().unwrap(), "whole");

    let server = Server::start(|_| Answer::ok("hal").truncated()).await;
    let error = client().send(&Request::get(server.url("/"))).await.unwrap_err();
    assert_eq!((error.kind, server.lines().len()), (HttpErrorKind::Broken, 3));
    assert!(error.to_string().contains("broke off"), "{error}");
}

#[tokio::test]
async fn html_in_place_of_json_is_named() {
    let server = Server::start(|_| Answer::ok("\n<!doctype html><title>Log in</title>")).await;
    let reply = client().send(&Request::get(server.url("/"))).await.unwrap();
    let error = reply.json::<serde_json::Value>().unwrap_err();
    assert!(error.to_string().contains("an HTML page where JSON was expected"), "{error}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_an_error() {
    let server = Server::start(|_| Answer::ok(vec![b'x'; 2_000_000])).await;
    let request = Request::get(server.url("/")).body_limit(1024 * 1024);
    let error = client().send(&request).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::TooLarge);
    assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
}

#[tokio::test]
async fn a_silent_host_is_given_up() {
    let server = Server::start(|_| Answer::never()).await;
    let patience = Patience { deadline: Duration::from_millis(20), ..settings().patience };
    let http = Http::new(HttpSettings { patience, ..settings() }).unwrap();
    // What is counted is what was sent: on a busy machine the time may be up before the server has read a request.
    let sent = || {
        let total = http.stats().total();
        (total.requests, total.retries)
    };
    let error = http.send(&Request::get(server.url("/a"))).await.unwrap_err();
    assert_eq!((error.kind, sent()), (HttpErrorKind::Timeout, (3, 2)));
    // Nothing else is asked of it.
    let error = http.send(&Request::get(server.url("/b"))).await.unwrap_err();
    assert_eq!((error.kind, sent()), (HttpErrorKind::Timeout, (3, 2)));
}

#[tokio::test]
async fn a_host_that_refuses_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let error = client().send(&Request::get(url)).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Connect);
    assert_eq!(error.detail, format!("`{address}` refused the connection"));
}

#[tokio::test]
async fn equal_requests_are_sent_once() {
    let server = Server::start(|_| Answer::ok("x")).await;
    let (http, request) = (client(), Request::get(server.url("/")));
    let (one, other) = futures::join!(http.send(&request), http.send(&request));
    assert_eq!(one.unwrap().body, other.unwrap().body);
    http.send(&request).await.unwrap();
    assert_eq!(server.lines().len(), 1);
    http.send(&Request::get(server.url("/")).accept("text/html")).await.unwrap();
    assert_eq!(server.lines().len(), 2);
}

/// Answers with a body and an entity tag, and 304 to who has it.
fn tagged(seen: &testing::Seen) -> Answer {
    match seen.header("if-none-match") {
        Some("\"one\"") => Answer::status(304).header("etag", "\"one\""),
        _ => Answer::ok("body").header("etag", "\"one\"").header("x-secret", "s"),
    }
}

#[tokio::test]
async fn the_next_run_asks_whether_it_has_changed() {
    let (server, folder) = (Server::start(tagged).await, tempfile::tempdir().unwrap());
    let request = Request::get(server.url("/"));
    assert_eq!(cached_client(folder.path()).send(&request).await.unwrap().text().unwrap(), "body");
    let second = cached_client(folder.path());
    let reply = second.send(&request).await.unwrap();
    assert_eq!((reply.status, reply.text().unwrap()), (StatusCode::OK, "body"));
    assert_eq!(server.seen()[1].header("if-none-match"), Some("\"one\""));
    let total = second.stats().total();
    assert_eq!((total.requests, total.cache_hits, total.bytes), (1, 1, 0));
}

#[tokio::test]
async fn a_date_is_a_validator_too() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let server = Server::start(move |seen| match seen.header("if-modified-since") {
        Some(_) => Answer::status(304),
        None => Answer::ok("body").header("last-modified", date),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let reply = cached_client(folder.path()).send(&Request::get(server.url("/"))).await.unwrap();
        assert_eq!(reply.text().unwrap(), "body");
    }
    assert_eq!(server.seen()[1].header("if-modified-since"), Some(date));
}

#[tokio::test]
async fn a_damaged_cache_is_written_anew() {
    let (server, folder) = (Server::start(tagged).await, tempfile::tempdir().unwrap());
    let request = Request::get(server.url("/"));
    for (damage, validator) in
        [(None, None), (Some("garbage"), None), (None, Some("\"one\"")), (Some(""), None)]
    {
        if let Some(text) = damage {
            for shelf in std::fs::read_dir(folder.path().join("http")).unwrap() {
                for file in std::fs::read_dir(shelf.unwrap().path()).unwrap() {
                    let path = file.unwrap().path();
                    let mut bytes = std::fs::read(&path).unwrap();
                    // The end of the body, or everything.
                    bytes.truncate(if text.is_empty() { 0 } else { bytes.len() - 1 });
                    std::fs::write(&path, [&bytes, text.as_bytes()].concat()).unwrap();
                }
            }
        }
        let before = server.seen().len();
        let reply = cached_client(folder.path()).send(&request).await.unwrap();
        assert_eq!(reply.text().unwrap(), "body");
        assert_eq!(server.seen()[before].header("if-none-match"), validator, "{damage:?}");
    }
}

#[tokio::test]
async fn cached_replies_are_not_shown_to_somebody_else() {
    let server = Server::start(|seen| {
        let who = seen.header("authorization").unwrap_or("nobody").to_owned();
        if seen.header("if-none-match").is_some() {
            Answer::status(304)
        } else {
            Answer::ok(who).header("etag", "\"x\"")
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let other = Credential::bearer(&SecretString::from("other"));
    let asked = [Access::With(secret()), Access::With(other), Access::Anonymous(Identity::Anonymous)];
    for _ in 0..2 {
        let mut answers = Vec::new();
        for access in asked.clone() {
            let request = Request::get(server.url("/")).access(access);
            let reply = cached_client(folder.path()).send(&request).await.unwrap();
            answers.push(reply.text().unwrap().to_owned());
        }
        assert_eq!(answers[1..], ["Bearer other", "nobody"]);
        assert!(answers[0].starts_with("Basic "));
    }
}

#[tokio::test]
async fn neither_cache_nor_recording_holds_a_credential() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/token" => Answer::json(&json!({"token": "hunter3", "expires_in": 300})),
        _ => Answer::ok("public"),
    })
    .await;
    let (cache, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secrets = ["hunter2", "hunter3", "cm9ib3Q6aHVudGVyMg=="];
    for http in [cached_client(cache.path()), client_in(World::Record(store.path().to_owned()))] {
        let list = Request::get(server.url("/list?access_token=hunter2")).access(Access::With(secret()));
        let token = Request::get(server.url("/token"))
            .access(Access::With(secret()))
            .confidential(Confidential::Token)
            .caching(Caching::Never);
        let debug = format!("{http:?} {list:?} {token:?}");
        assert!(secrets.iter().all(|secret| !debug.contains(secret)), "{debug}");
        http.send(&list).await.unwrap();
        http.send(&token).await.unwrap();
    }
    for folder in [&cache, &store] {
        let text = everything_below(folder.path());
        assert!(text.contains("public") && secrets.iter().all(|secret| !text.contains(secret)), "{text}");
    }
}

#[tokio::test]
async fn an_error_holds_no_credential() {
    let server = Server::start(|_| Answer::status(302)).await;
    let mut url = server.url("/a?token=hunter2");
    url.set_username("robot").unwrap();
    url.set_password(Some("hunter2")).unwrap();
    let error = client().send(&Request::get(url)).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    assert!(server.seen()[0].header("authorization").is_some());
}

#[tokio::test]
async fn no_store_is_obeyed() {
    let server = Server::start(|_| {
        Answer::ok("x").header("etag", "\"x\"").header("cache-control", "private, no-store")
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        cached_client(folder.path()).send(&Request::get(server.url("/"))).await.unwrap();
    }
    assert_eq!(server.seen()[1].header("if-none-match"), None);
}

#[tokio::test]
async fn what_can_never_change_is_not_asked_for_again() {
    let (server, folder) = (Server::start(|_| Answer::ok("x")).await, tempfile::tempdir().unwrap());
    let request = Request::get(server.url("/sha256:x")).caching(Caching::Immutable);
    for _ in 0..2 {
        let http = cached_client(folder.path());
        assert_eq!(http.send(&request).await.unwrap().text().unwrap(), "x");
    }
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn what_has_an_id_is_asked_for_again_when_it_was_not_found() {
    let answers =
        vec![Answer::status(404), Answer::ok("<html>Log in"), Answer::ok("{}"), Answer::status(500)];
    let (server, http) = (Server::start(in_turn(answers)).await, client());
    let request = Request::get(server.url("/id")).caching(Caching::Immutable).proven(Some(Proof::json()));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(http.send(&request).await.unwrap().text().unwrap().to_owned());
    }
    assert_eq!(seen, ["", "<html>Log in", "{}", "{}"]);
}

#[tokio::test]
async fn what_may_well_be_gone_is_asked_for_once_a_run() {
    for status in [404, 410] {
        let (server, folder) = (
            Server::start(in_turn(vec![Answer::status(status), Answer::ok("{}")])).await,
            tempfile::tempdir().unwrap(),
        );
        let request = Request::get(server.url("/id")).caching(Caching::Immutable).absence(Absence::OfTheRun);
        let http = cached_client(folder.path());
        for _ in 0..3 {
            assert_eq!(http.send(&request).await.unwrap().status.as_u16(), status);
        }
        assert_eq!(server.lines().len(), 1);
        let reply = cached_client(folder.path()).send(&request).await.unwrap();
        assert_eq!(reply.text().unwrap(), "{}", "the next run asks again");
    }
}

#[tokio::test]
async fn what_somebody_else_said_in_its_place_does_not_stay_for_ever() {
    let answers = vec![Answer::ok(""), Answer::ok("<html>Log in"), Answer::ok("{}"), Answer::status(500)];
    let (server, folder) = (Server::start(in_turn(answers)).await, tempfile::tempdir().unwrap());
    let request = Request::get(server.url("/id")).caching(Caching::Immutable).proven(Some(Proof::json()));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let reply = cached_client(folder.path()).send(&request).await.unwrap();
        seen.push(reply.text().unwrap().to_owned());
    }
    assert_eq!(seen, ["", "<html>Log in", "{}", "{}"]);
}

#[tokio::test]
async fn offline_answers_from_the_cache_only() {
    let (server, folder) = (Server::start(|_| Answer::ok("x")).await, tempfile::tempdir().unwrap());
    cached_client(folder.path()).send(&Request::get(server.url("/known"))).await.unwrap();
    let cache_dir = Some(folder.path().to_owned());
    let http = Http::new(HttpSettings { world: World::Offline, cache_dir, ..settings() }).unwrap();
    assert_eq!(http.send(&Request::get(server.url("/known"))).await.unwrap().text().unwrap(), "x");
    let error = http.send(&Request::get(server.url("/unknown"))).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Offline);
    assert_eq!(server.lines(), ["GET /known"]);
    assert!(matches!(
        Http::new(HttpSettings { world: World::Offline, ..settings() }),
        Err(SetupError::NoCache)
    ));
}

#[tokio::test]
async fn what_was_recorded_is_replayed_without_the_host() {
    let server = Server::start(|seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("HEAD", _) => Answer::status(200).header("docker-content-digest", "sha256:abc"),
        (_, "/moved") => Answer::status(302).header("location", "/list?n=1"),
        (_, "/list?n=1") => {
            Answer::json(&json!({"tags": ["1"]})).header("link", "</list?n=1&last=1>; rel=\"next\"")
        }
        (_, "/private") if seen.header("authorization").is_none() => {
            Answer::status(401).header("www-authenticate", "Basic realm=\"x\"")
        }
        (_, "/private") => Answer::ok("inside"),
        _ => Answer::status(404),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let requests = [
        Request::get(server.url("/moved")),
        Request::head(server.url("/list?n=1")),
        Request::get(server.url("/private")),
        Request::get(server.url("/private")).access(Access::With(secret())),
        Request::get(server.url("/missing?a=%2F&B=c")),
    ];
    let mut recorded = Vec::new();
    let live = client_in(World::Record(folder.path().to_owned()));
    for request in &requests {
        recorded.push(live.send(request).await.unwrap());
    }
    let asked = server.lines().len();
    let player = client_in(World::Replay(folder.path().to_owned()));
    for (request, reply) in requests.iter().zip(&recorded) {
        let replayed = player.send(request).await.unwrap();
        assert_eq!((replayed.status, &replayed.body), (reply.status, &reply.body), "{request:?}");
        for name in ["link", "docker-content-digest", "www-authenticate"] {
            assert_eq!(replayed.header(name), reply.header(name));
        }
    }
    assert_eq!(server.lines().len(), asked);
    let error = player.send(&Request::get(server.url("/other"))).await.unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotRecorded);
    assert!(error.to_string().contains(server.url("/other").as_str()), "{error}");
}

#[tokio::test]
async fn a_failure_is_replayed_as_the_same_failure() {
    let server = Server::start(|_| Answer::drop_connection()).await;
    let folder = tempfile::tempdir().unwrap();
    let request = Request::get(server.url("/v2/"));
    let live = client_in(World::Record(folder.path().to_owned())).send(&request).await.unwrap_err();
    let replayed = client_in(World::Replay(folder.path().to_owned())).send(&request).await.unwrap_err();
    assert_eq!(replayed, live);
    assert_eq!(live.kind, HttpErrorKind::Broken);
    assert_eq!(live.detail, format!("the reply of `{}` broke off: the host hung up", server.address));
}

#[test]
fn a_folder_without_a_reply_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let empty = Http::new(HttpSettings { world: World::Replay(folder.path().to_owned()), ..settings() });
    let message = empty.unwrap_err().to_string();
    assert!(message.ends_with("holds no recorded reply; make such a folder with `--record`"), "{message}");
}

#[tokio::test]
async fn a_recording_can_be_written_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().join("ghcr.io");
    std::fs::create_dir(&host).unwrap();
    let entry = json!({
        "request": {"method": "GET", "url": "https://ghcr.io/v2/a/b/tags/list?n=10000"},
        "status": 200,
        "json": {"tags": ["1.0.0"]}
    });
    std::fs::write(host.join("tags of a-b.reply.json"), entry.to_string()).unwrap();
    let entry = json!({"request": {"method": "GET", "url": "https://ghcr.io/x"}, "status": 200, "file": "../../secret"});
    std::fs::write(host.join("outside.reply.json"), entry.to_string()).unwrap();
    std::fs::write(folder.path().join("secret"), "s").unwrap();
    let http = client_in(World::Replay(folder.path().to_owned()));
    let url = Url::parse("https://ghcr.io/v2/a/b/tags/list?n=10000").unwrap();
    assert_eq!(http.send(&Request::get(url)).await.unwrap().text().unwrap(), r#"{"tags":["1.0.0"]}"#);
    // Only files beside it are read.
    let url = Url::parse("https://ghcr.io/x").unwrap();
    assert_eq!(http.send(&Request::get(url)).await.unwrap_err().kind, HttpErrorKind::Store);
    std::fs::write(host.join("broken.reply.json"), "{").unwrap();
    let broken = Http::new(HttpSettings { world: World::Replay(folder.path().to_owned()), ..settings() });
    assert!(broken.unwrap_err().to_string().contains("broken.reply.json"));
}

#[tokio::test]
async fn what_was_parsed_is_not_parsed_again_while_it_holds() {
    let (server, folder) = (Server::start(tagged).await, tempfile::tempdir().unwrap());
    let (request, parsed) = (Request::get(server.url("/")), AtomicUsize::new(0));
    let parse = |body: Body| {
        parsed.fetch_add(1, Ordering::Relaxed);
        async { Ok(body.bytes().await?.len()) }
    };
    for _ in 0..2 {
        let http = cached_client(folder.path());
        let (one, other) = futures::join!(
            http.fetch_parsed::<usize, _, _>(&request, "length/1", parse),
            http.fetch_parsed::<usize, _, _>(&request, "length/1", parse)
        );
        assert_eq!((*one.unwrap(), *other.unwrap()), (4, 4));
    }
    assert_eq!((parsed.load(Ordering::Relaxed), server.lines().len()), (1, 2));
    let http = client();
    let fail = |body: Body| async move { Err::<usize, _>(body.malformed("no")) };
    let error = http.fetch_parsed(&request, "bad/1", fail).await;
    assert_eq!(error.unwrap_err().kind, HttpErrorKind::Malformed);
}

#[tokio::test]
async fn a_broken_reply_is_parsed_again_from_its_beginning() {
    let server = Server::start(in_turn(vec![Answer::ok("hal").truncated(), Answer::ok("whole")])).await;
    let parse = |body: Body| async { Ok(body.bytes().await?.len()) };
    let length =
        client().fetch_parsed::<usize, _, _>(&Request::get(server.url("/")), "length/1", parse).await;
    assert_eq!(*length.unwrap(), 5);
}

fn post(server: &Server) -> Request {
    Request::post_json(server.url("/"), &json!({"title": "x"}))
}

#[tokio::test]
async fn a_change_that_was_refused_is_sent_again() {
    let past =
        || Answer::status(403).header("x-ratelimit-remaining", "0").header("x-ratelimit-reset", "1700000000");
    let soon = Answer::status(429).header("retry-after", "0");
    let server = Server::start(in_turn(vec![soon, past(), Answer::ok("done")])).await;
    let reply = client().send(&post(&server)).await.unwrap();
    assert_eq!((reply.text().unwrap(), server.lines().len()), ("done", 3));
    assert!(server.seen().iter().all(|seen| seen.text() == r#"{"title":"x"}"#));
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_not_sent_again() {
    for answer in [Answer::drop_connection(), Answer::ok("hal").truncated(), Answer::status(502)] {
        let server = Server::start(move |_| answer.clone()).await;
        let request = post(&server).persistence(Persistence::Stubborn(Duration::ZERO));
        let status = client().send(&request).await.map(|reply| reply.status.as_u16());
        assert!(matches!(status, Err(_) | Ok(502)), "{status:?}");
        assert_eq!(server.lines().len(), 1);
    }
}

#[tokio::test]
async fn what_is_looked_at_first_is_sent_once_and_the_next_request_waits() {
    let server = Server::start(|seen| {
        if seen.method == "POST" {
            Answer::ok("wait").with_status(403).header("retry-after", "1")
        } else {
            Answer::ok("here")
        }
    })
    .await;
    let (client, began) = (client(), std::time::Instant::now());
    let order = post(&server).effect(Effect::Sets).persistence(Persistence::Once(Duration::from_secs(60)));
    assert_eq!(client.send(&order).await.unwrap().status.as_u16(), 403);
    client.send(&Request::get(server.url("/"))).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn what_may_be_done_twice_is_sent_again() {
    let server = Server::start(in_turn(vec![
        Answer::status(502),
        Answer::drop_connection(),
        Answer::ok("hal").truncated(),
        Answer::status(500),
        Answer::ok("done"),
    ]))
    .await;
    let request = post(&server).effect(Effect::Sets).persistence(Persistence::Stubborn(Duration::ZERO));
    let reply = client().send(&request).await.unwrap();
    assert_eq!((reply.text().unwrap(), server.lines().len()), ("done", 5));
}

#[tokio::test]
async fn a_refusal_without_a_time_is_left_as_it_is_when_the_wait_would_be_too_long() {
    let words = r#"{"message": "You have exceeded a secondary rate limit."}"#;
    let server = Server::start(move |_| Answer::ok(words).with_status(403)).await;
    for persistence in [Persistence::Usual, Persistence::Stubborn(Duration::from_secs(59))] {
        let reply = client().send(&post(&server).persistence(persistence)).await.unwrap();
        assert_eq!((reply.status.as_u16(), reply.text().unwrap()), (403, words), "{persistence:?}");
    }
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn what_may_change_under_our_hands_is_asked_again_in_the_same_run() {
    let server = Server::start(tagged).await;
    let folder = tempfile::tempdir().unwrap();
    let (http, request) =
        (cached_client(folder.path()), Request::get(server.url("/")).caching(Caching::Fresh));
    for _ in 0..2 {
        assert_eq!(http.send(&request).await.unwrap().text().unwrap(), "body");
    }
    let validators: Vec<_> =
        server.seen().iter().map(|seen| seen.header("if-none-match").map(str::to_owned)).collect();
    assert_eq!(validators, [None, Some("\"one\"".to_owned())]);
}

#[tokio::test]
async fn nothing_is_asked_after_the_end_and_nobody_waits_past_it() {
    let server = Server::start(|_| Answer::status(429).header("retry-after", "30")).await;
    let http = client();
    http.stop_at(Instant::now() + Duration::from_secs(20));
    // The wait would end after the end.
    assert_eq!(http.send(&post(&server)).await.unwrap().status, StatusCode::TOO_MANY_REQUESTS);
    http.stop();
    assert_eq!(http.send(&post(&server)).await.unwrap_err().kind, HttpErrorKind::Stopped);
    assert_eq!(server.lines().len(), 1);

    let http = client();
    let request = post(&server);
    let (waiting, ()) = futures::join!(http.send(&request), async {
        // From here on it waits for its turn.
        while http.stats().total().retries == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        http.stop();
    });
    assert_eq!(waiting.unwrap_err().kind, HttpErrorKind::Stopped);
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn plain_http_is_allowed_for_the_address_that_the_operator_named() {
    let other = Server::start(|_| Answer::ok("elsewhere")).await;
    let to = other.url("/").to_string();
    let server = Server::start(move |_| Answer::status(302).header("location", to.clone())).await;
    let http = Http::new(HttpSettings { host_rules: HostRules::default(), ..settings() }).unwrap();
    let request = Request::get(server.url("/")).access(Access::With(secret())).transport(Transport::Plain);
    assert_eq!(http.send(&request).await.unwrap().text().unwrap(), "elsewhere");
    assert!(server.seen()[0].header("authorization").is_some());
    assert_eq!(other.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_change_follows_a_redirect_only_where_that_is_surely_the_same_request() {
    let other = Server::start(|_| Answer::ok("elsewhere")).await;
    let far = other.url("/").to_string();
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/near" => Answer::status(307).header("location", "/here"),
        "/far" => Answer::status(307).header("location", far.clone()),
        "/vague" => Answer::status(302).header("location", "/here"),
        _ => Answer::ok("done"),
    })
    .await;
    for (target, status) in [("/near", 200), ("/far", 307), ("/vague", 302)] {
        let request = Request::post_json(server.url(target), &json!({}));
        assert_eq!(client().send(&request).await.unwrap().status.as_u16(), status, "{target}");
    }
    assert_eq!(server.lines(), ["POST /near", "POST /here", "POST /far", "POST /vague"]);
    assert_eq!(other.lines(), [""; 0]);
}
