//! A small web server for tests: real sockets, answers made by a closure, and a record of what was asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::http::{HostRule, HostRules, Http, HttpSettings, Patience, Proxies};

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) path: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// After how many bytes of the body the connection breaks.
    pub(crate) cut: Option<usize>,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: body.into(), ..Self::default() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn cut(mut self, after: usize) -> Self {
        self.cut = Some(after);
        self
    }
}

/// A server on a port of its own; it ends with the test's runtime.
pub(crate) struct TestServer {
    /// `http://127.0.0.1:<port>`, without a slash at its end.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl TestServer {
    /// Starts a server that answers with `answer`.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (record, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (record, answer) = (Arc::clone(&record), Arc::clone(&answer));
                tokio::spawn(async move {
                    // A client that leaves early is its own business.
                    let _ = serve(stream, &record, &*answer).await;
                });
            }
        });
        Self { url, seen }
    }

    /// Returns what was asked so far, `METHOD path` each, in order of arrival.
    pub(crate) fn log(&self) -> Vec<String> {
        self.seen().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }

    /// Returns what was asked so far, in order of arrival.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns a host rule that sends `token` here, though the connection is not encrypted.
    pub(crate) fn token_rule(&self, token: &str) -> HostRule {
        HostRule {
            match_host: Some(self.url.clone()),
            token: Some(token.to_owned().into()),
            insecure_registry: Some(true),
            ..HostRule::default()
        }
    }
}

/// Returns a client that is quick to try again, with its cache in `cache_dir`.
pub(crate) fn client(cache_dir: Option<&Path>, rules: Vec<HostRule>) -> Http {
    let (host_rules, problems) = HostRules::new(rules);
    assert!(problems.is_empty(), "{problems:?}");
    Http::new(HttpSettings {
        cache_dir: cache_dir.map(Path::to_owned),
        host_rules,
        patience: Patience { pause: Duration::from_millis(1), ..Patience::default() },
        proxies: Proxies::Direct,
        ..HttpSettings::default()
    })
    .unwrap()
}

async fn serve(
    mut stream: TcpStream,
    record: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&Asked) -> Answer + Send + Sync),
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(());
        }
    }
    let asked = Asked { method, path, headers, body };
    record.lock().unwrap().push(asked.clone());
    let Answer { status, headers, body, cut } = answer(&asked);
    let mut head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    if asked.method != "HEAD" {
        stream.write_all(&body[..cut.unwrap_or(body.len())]).await?;
    }
    stream.shutdown().await
}
