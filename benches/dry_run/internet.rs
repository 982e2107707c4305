//! A small internet in this process: a proxy, as `HTTPS_PROXY` names one, behind which every host of [`services`] answers over real sockets and
//! real TLS, a chosen time away.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::services;

/// How far away everything is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distance {
    /// How long each reply takes.
    pub(crate) reply: Duration,
    /// How long each connection takes before the first request, in addition.
    pub(crate) connection: Duration,
}

/// What a host can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1 only.
    One,
    /// HTTP/2, too.
    Two,
}

/// The running internet; it ends with the runtime.
pub(crate) struct Internet {
    /// What `HTTPS_PROXY` has to say.
    pub(crate) proxy: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    connections: AtomicUsize,
    bytes: AtomicUsize,
}

/// The authority that its certificate is signed by, and the certificate.
pub(crate) struct Authority {
    /// What `SSL_CERT_FILE` has to hold.
    pub(crate) pem: String,
    config: ServerConfig,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).expect("a certificate");
        let issuer = Issuer::new(params, key);
        let own = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(services::hosts())
            .expect("names")
            .signed_by(&own, &issuer)
            .expect("a certificate");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(own.serialize_der().into()))
            .expect("a certificate and its key");
        Self { pem: root.pem(), config }
    }
}

impl Internet {
    /// Starts it.
    pub(crate) async fn start(authority: &Authority, distance: Distance, protocol: Protocol) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let proxy = format!("http://{}", listener.local_addr().expect("a port"));
        let counts: Arc<Counts> = Arc::default();
        let mut config = authority.config.clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if protocol == Protocol::Two {
            config.alpn_protocols.insert(0, b"h2".to_vec());
        }
        let (acceptor, counter) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(&counts));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, acceptor.clone(), distance, Arc::clone(&counter)));
            }
        });
        Self { proxy, counts }
    }

    /// Returns how many requests, connections and bytes of replies there were since the last call.
    pub(crate) fn take_counts(&self) -> (usize, usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::Relaxed);
        (take(&self.counts.requests), take(&self.counts.connections), take(&self.counts.bytes))
    }
}

async fn connection(mut stream: TcpStream, acceptor: TlsAcceptor, distance: Distance, counts: Arc<Counts>) {
    let _ = stream.set_nodelay(true);
    let Some(host) = connect(&mut stream).await else { return };
    counts.connections.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(distance.connection).await;
    if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_err() {
        return;
    }
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let host: Arc<str> = host.into();
    let service = service_fn(move |request: Request<Incoming>| {
        let (host, counts) = (Arc::clone(&host), Arc::clone(&counts));
        async move {
            counts.requests.fetch_add(1, Ordering::Relaxed);
            let (asked, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let services::Answer { status, mut headers, mut body } = services::answer(&host, &asked, &body);
            if asked.method == Method::HEAD {
                // Over HTTP/2, nobody takes the body away for us.
                headers.insert(CONTENT_LENGTH, body.len().into());
                body = Bytes::new();
            }
            counts.bytes.fetch_add(body.len(), Ordering::Relaxed);
            tokio::time::sleep(distance.reply).await;
            let mut response = Response::new(Full::<Bytes>::new(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok::<_, Infallible>(response)
        }
    });
    // A client that leaves early is its own business.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// Reads `CONNECT host:443` and returns the host.
async fn connect(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 8192 || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    Some(target.split(':').next()?.to_owned())
}
