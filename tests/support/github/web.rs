//! HTTP/1.1 on a port of its own: blocking sockets, a thread for each connection, and full say over how a connection ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it was sent, without the query.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The last value of a parameter in the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body; null where it is empty, `None` where it is no JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        if self.body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(&self.body).ok() }
    }
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        let body = serde_json::to_vec(value).unwrap();
        Self::new(status).with("content-type", "application/json; charset=utf-8").body(body)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// How a request ends.
#[derive(Debug)]
pub(crate) enum End {
    Answer(Response),
    /// The connection is closed without a word.
    Close,
    /// The connection is torn down, which the other side sees as an error.
    Reset,
    /// More is announced than comes.
    Truncated(Response),
    /// A byte comes now and then, until the other side has had enough.
    Drip(Response),
    /// Nothing comes, until the other side has had enough.
    Silence,
}

/// A server, which stops listening when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start(answer: impl Fn(Request) -> End + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (answer, stop) = (Arc::new(answer), Arc::clone(&stopped));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let answer = Arc::clone(&answer);
                // A client that leaves early is its own business.
                thread::spawn(move || drop(converse(stream, &*answer)));
            }
        });
        Self { address, stopped }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // The listener notices at its next connection.
        drop(TcpStream::connect(self.address));
    }
}

/// How long after each other the bytes of [`End::Drip`] come.
const DRIP: Duration = Duration::from_millis(20);

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

fn converse(stream: TcpStream, answer: &dyn Fn(Request) -> End) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    // A connection that a client forgot does not keep its thread for ever.
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = read(&mut reader)? {
        let is_head = request.method == "HEAD";
        let is_last = request.header("connection").eq_ignore_ascii_case("close");
        match answer(request) {
            End::Answer(response) => writer.write_all(&bytes_of(&response, is_head))?,
            End::Close => return Ok(()),
            End::Reset => return socket2::SockRef::from(&writer).set_linger(Some(Duration::ZERO)),
            End::Truncated(response) => {
                let bytes = bytes_of(&response, is_head);
                return writer
                    .write_all(bytes.get(..bytes.len() - response.body.len() / 2 - 1).unwrap_or(&bytes));
            }
            End::Drip(response) => {
                for byte in bytes_of(&response, is_head) {
                    writer.write_all(&[byte])?;
                    reader.get_ref().set_read_timeout(Some(DRIP))?;
                    match reader.read(&mut [0]) {
                        Err(error) if is_timeout(&error) => {}
                        // It is gone.
                        _ => return Ok(()),
                    }
                }
                return Ok(());
            }
            // Ends when the other side closes.
            End::Silence => return reader.read(&mut [0]).map(drop),
        }
        if is_last {
            return Ok(());
        }
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method,
        path: path.to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if request.header("transfer-encoding") == "chunked" {
        request.body = chunks(reader)?;
    } else {
        request.body = vec![0; request.header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut request.body)?;
    }
    Ok(Some(request))
}

fn chunks(reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk)?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

fn bytes_of(response: &Response, is_head: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} -\r\n", response.status);
    for (name, value) in &response.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if !matches!(response.status, 204 | 304) {
        write!(head, "content-length: {}\r\n", response.body.len()).unwrap();
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    if !is_head && !matches!(response.status, 204 | 304) {
        bytes.extend_from_slice(&response.body);
    }
    bytes
}

/// Splits a path at its slashes and decodes each part, so that a part may hold an encoded slash.
pub(crate) fn parts(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect()
}
