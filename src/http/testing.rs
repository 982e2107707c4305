//! A small web server on the loopback interface, for tests that need real sockets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use super::{HostRule, HostRules, Http, HttpSettings, Patience, Proxies, World};

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Returns the body as text.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// How the server treats the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manners {
    Good,
    /// It announces more than it sends.
    Truncates,
    /// It closes the connection without an answer.
    Drops,
    /// It never answers.
    Ignores,
    /// It answers when so many requests have come in.
    Waits(usize),
}

/// What the server answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    manners: Manners,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), manners: Manners::Good }
    }

    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::status(200) }
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::ok(value.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn drop_connection() -> Self {
        Self { manners: Manners::Drops, ..Self::status(200) }
    }

    pub(crate) fn never() -> Self {
        Self { manners: Manners::Ignores, ..Self::status(200) }
    }

    /// Waits with the answer until so many requests have come in, this one included: they are under way together.
    pub(crate) fn after(mut self, requests: usize) -> Self {
        self.manners = Manners::Waits(requests);
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn truncated(mut self) -> Self {
        self.manners = Manners::Truncates;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A running server; it ends with the test's runtime.
#[derive(Debug)]
pub(crate) struct Server {
    /// `127.0.0.1:<port>`.
    pub(crate) address: String,
    /// `http://127.0.0.1:<port>`, without a slash at its end.
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts a server that answers with `handler`.
    pub(crate) async fn start(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, handler, count) = (Arc::clone(&seen), Arc::new(handler), Arc::new(watch::Sender::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&count), Arc::clone(&handler)));
            }
        });
        Self { origin: format!("http://{address}"), address, seen }
    }

    pub(crate) fn url(&self, target: &str) -> Url {
        Url::parse(&format!("{}{target}", self.origin)).unwrap()
    }

    /// Returns the requests so far, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns the requests so far as `METHOD target` lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect()
    }

    /// Returns a host rule that sends `token` here, though the connection is not encrypted.
    pub(crate) fn token_rule(&self, token: &str) -> serde_json::Value {
        serde_json::json!({"matchHost": self.origin, "token": token, "insecureRegistry": true})
    }
}

async fn serve(
    stream: TcpStream,
    log: Arc<Mutex<Vec<Seen>>>,
    count: Arc<watch::Sender<usize>>,
    handler: Arc<impl Fn(&Seen) -> Answer>,
) {
    let mut stream = BufReader::new(stream);
    let Some(seen) = read(&mut stream).await else { return };
    log.lock().unwrap().push(seen.clone());
    count.send_modify(|count| *count += 1);
    let answer = handler(&seen);
    match answer.manners {
        Manners::Drops => return,
        Manners::Ignores => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return;
        }
        Manners::Waits(requests) => {
            let _ = count.subscribe().wait_for(|count| *count >= requests).await;
        }
        Manners::Good | Manners::Truncates => {}
    }
    let missing = if answer.manners == Manners::Truncates { 10 } else { 0 };
    let mut head = format!(
        "HTTP/1.1 {} X\r\nconnection: close\r\ncontent-length: {}\r\n",
        answer.status,
        answer.body.len() + missing
    );
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    if seen.method != "HEAD" && answer.status != 304 {
        let _ = stream.write_all(&answer.body).await;
    }
    let _ = stream.flush().await;
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { method, target, headers, body })
}

/// Returns settings for tests: no waiting to speak of, and credentials may go to the loopback interface.
pub(crate) fn settings() -> HttpSettings {
    HttpSettings {
        host_rules: rules(&[]),
        patience: Patience {
            pause: Duration::from_millis(1),
            deadline: Duration::from_secs(10),
            ..Patience::default()
        },
        proxies: Proxies::Direct,
        ..HttpSettings::default()
    }
}

/// Returns host rules that allow plain http to the loopback interface, and `more`, as JSON.
pub(crate) fn rules(more: &[serde_json::Value]) -> HostRules {
    let plain = serde_json::json!({"matchHost": "127.0.0.1", "insecureRegistry": true});
    let all = std::iter::once(&plain).chain(more);
    let rules = all.map(|value| serde_json::from_value::<HostRule>(value.clone()).unwrap());
    let (rules, problems) = HostRules::new(rules);
    assert_eq!(problems, []);
    rules
}

pub(crate) fn client() -> Http {
    Http::new(settings()).unwrap()
}

/// Returns a client with further host rules.
pub(crate) fn client_with(more: &[serde_json::Value]) -> Http {
    Http::new(HttpSettings { host_rules: rules(more), ..settings() }).unwrap()
}

pub(crate) fn cached_client(folder: &Path) -> Http {
    Http::new(HttpSettings { cache_dir: Some(folder.to_owned()), ..settings() }).unwrap()
}

pub(crate) fn client_in(world: World) -> Http {
    Http::new(HttpSettings { world, ..settings() }).unwrap()
}

/// Returns the text of every file below a folder, in no particular order.
pub(crate) fn everything_below(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&everything_below(&path));
        } else {
            text.push_str(&path.to_string_lossy());
            text.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
    text
}
