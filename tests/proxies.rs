//! What a proxy gets to see: of encrypted hosts their names, and of others what goes there anyway, which a credential does only where the operator
//! allowed it for that host. What opens the proxy itself goes to the proxy alone.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "what was tried is printed, so that it can be counted")]

#[path = "support/github/mod.rs"]
mod github;
mod support;

use std::sync::{Arc, Mutex};

use github::web::{End, Request, Response, Server};
use serde_json::{Value, json};
use support::{Ran, command, folder_with, run};
use tempfile::TempDir;

const SECRET: &str = "hunter2-of-the-registry";

/// A server that writes down what it is asked: a proxy, or a registry of packages.
struct Witness {
    server: Server,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Witness {
    fn start() -> Self {
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let log = Arc::clone(&seen);
        let server = Server::start(move |request| {
            let is_tunnel = request.method == "CONNECT";
            log.lock().unwrap().push(request);
            // It lets nobody through, which is all that is needed.
            let packages = json!({"name": "sail", "versions": {"1.0.0": {}, "1.1.0": {}}});
            End::Answer(if is_tunnel { Response::new(403) } else { Response::json(200, &packages) })
        });
        Self { server, seen }
    }

    fn host(&self) -> String {
        self.server.address.to_string()
    }

    fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns what it was asked, as `METHOD target`.
    fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

/// Looks up a package in a registry, for which there is a credential, by way of a proxy.
fn look_up(registry: &str, rule: &Value, variables: &[(&str, &str)]) -> Ran {
    let host = registry.split_once("://").unwrap().1;
    let text = format!("# renovate: datasource=npm depName=sail registryUrl={registry}\nSAIL=1.0.0\n");
    let tree = folder_with(&[("tools.env", &text), ("renovate.json", "{}")]);
    let home = TempDir::new().unwrap();
    let mut rules = json!({"matchHost": host, "token": SECRET});
    rules.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let mut command = command(&["dry-run", tree.path().to_str().unwrap(), "--format", "json"], &home);
    command.env("UPDRAFT_HOST_RULES", json!([rules]).to_string()).envs(variables.iter().copied());
    let ran = run(command);
    println!("a run by way of a proxy");
    assert!(!format!("{}{}", ran.out, ran.err).contains(SECRET), "it is in nothing that is printed");
    ran
}

fn is_updated(ran: &Ran) -> bool {
    ran.json()["branches"].as_array().is_some_and(|branches| branches.len() == 1)
}

#[test]
fn of_an_encrypted_host_a_proxy_sees_the_name() {
    let proxy = Witness::start();
    let address = format!("http://robot:key-of-the-proxy@{}", proxy.host());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        look_up("https://packages.example", &json!({}), &[(variable, &address)]);
    }
    assert!(!proxy.lines().is_empty());
    for request in proxy.seen() {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("CONNECT", "packages.example:443"));
        assert_eq!(request.header("authorization"), "");
        assert!(!format!("{request:?}").contains(SECRET), "{request:?}");
        assert!(request.header("proxy-authorization").starts_with("Basic "), "the proxy's own key is for it");
    }
}

#[test]
fn over_plain_http_a_proxy_sees_a_credential_only_where_the_operator_allowed_plain_http() {
    let proxy = Witness::start();
    let address = format!("http://{}", proxy.host());
    let ran =
        look_up("http://packages.example", &json!({}), &[("HTTP_PROXY", &address), ("http_proxy", &address)]);
    assert_eq!(proxy.lines(), [""; 0], "{}", ran.err);
    assert!(ran.out.contains("insecureRegistry"), "{}", ran.out);
    let allowed = json!({"insecureRegistry": true});
    let ran =
        look_up("http://packages.example", &allowed, &[("HTTP_PROXY", &address), ("http_proxy", &address)]);
    assert_eq!(proxy.lines(), ["GET http://packages.example/sail"], "{}", ran.err);
    assert_eq!(proxy.seen()[0].header("authorization"), format!("Bearer {SECRET}"));
    assert!(is_updated(&ran), "{}", ran.out);
}

#[test]
fn what_is_asked_directly_is_no_business_of_the_proxy() {
    let (proxy, registry) = (Witness::start(), Witness::start());
    let address = format!("http://robot:key-of-the-proxy@{}", proxy.host());
    let variables =
        [("HTTP_PROXY", &*address), ("http_proxy", &*address), ("NO_PROXY", "127.0.0.1,localhost")];
    let allowed = json!({"insecureRegistry": true});
    let ran = look_up(&format!("http://{}", registry.host()), &allowed, &variables);
    assert_eq!(proxy.lines(), [""; 0], "{}", ran.err);
    assert_eq!(registry.lines(), ["GET /sail"], "{}", ran.err);
    assert_eq!(registry.seen()[0].header("proxy-authorization"), "");
    assert!(is_updated(&ran), "{}", ran.out);
}

#[test]
fn what_opens_the_proxy_is_shown_to_nobody() {
    let proxy = Witness::start();
    let address = format!("http://robot:key-of-the-proxy@{}", proxy.host());
    let ran = look_up(
        "https://packages.example",
        &json!({}),
        &[("HTTPS_PROXY", &address), ("UPDRAFT_LOG", "trace")],
    );
    let said = format!("{}{}", ran.out, ran.err);
    assert!(!said.contains("key-of-the-proxy"), "{said}");
    assert!(!said.contains("cm9ib3Q6"), "{said}");
}

/// What the report says of a package that was looked up by way of a proxy.
fn problem(registry: &str, rule: &Value, proxy: &str) -> String {
    let address = format!("http://robot:key-of-the-proxy@{proxy}");
    let variables = [("HTTPS_PROXY", &*address), ("HTTP_PROXY", &*address), ("http_proxy", &*address)];
    let ran = look_up(registry, rule, &[&variables[..], &[("NO_PROXY", "127.0.0.1")]].concat());
    assert!(!format!("{}{}", ran.out, ran.err).contains("key-of-the-proxy"), "{}{}", ran.out, ran.err);
    let problems = ran.json()["problems"].clone();
    let [problem] = problems.as_array().unwrap().as_slice() else { panic!("{problems:#}") };
    problem["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_proxy_that_does_not_answer_is_named_and_its_key_is_not() {
    let plain = json!({"insecureRegistry": true});
    for registry in ["https://packages.example", "http://packages.example"] {
        let told = problem(registry, &plain, "127.0.0.1:1");
        assert!(told.contains("the proxy `127.0.0.1:1` refused the connection"), "{told}");
        let told = problem(registry, &plain, "proxy.invalid:3128");
        assert!(told.contains("the name of the proxy `proxy.invalid:3128` cannot be resolved"), "{told}");
    }
    let told = problem("http://127.0.0.1:1", &plain, "127.0.0.1:2");
    assert!(told.contains("`127.0.0.1:1` refused the connection") && !told.contains("proxy"), "{told}");
}

#[test]
fn a_proxy_that_lets_nobody_through_is_named() {
    let proxy = Witness::start();
    let told = problem("https://packages.example", &json!({}), &proxy.host());
    let expected = format!("the proxy `{}` does not let us through to `packages.example`", proxy.host());
    assert!(told.contains(&expected), "{told}");
}
