//! Replies kept on disk from one run to the next.
//!
//! One file for each reply, named by a hash of the request (method, address, accepted kinds, and on whose behalf it was asked); credentials
//! are in neither. A file holds one line of JSON, then the body, whose hash is in the first line: whatever does not add up is as if
//! it were not there, and is written anew. Files appear whole, by renaming, so that several runs may share the folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::request::{Identity, Request, hex};

/// How long a reply is kept that nobody asks for.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How many replies are read or written at the same time.
const AT_ONCE: usize = 8;

/// How often the folder is cleaned.
const CLEANING: Duration = Duration::from_secs(24 * 3600);

/// The headers that are kept.
const KEPT_HEADERS: [&str; 6] =
    ["content-type", "docker-content-digest", "etag", "last-modified", "link", "x-ratelimit-remaining"];

/// The folder of kept replies.
#[derive(Debug)]
pub(super) struct DiskCache {
    folder: PathBuf,
    counter: AtomicU64,
    /// Every use of the disk takes a thread: hundreds of replies at once would start hundreds of them for nothing.
    disk: Semaphore,
    /// Whether it was said that a reply could not be kept.
    told: AtomicBool,
}

/// A kept reply.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// The hash of the key, which is also the file's name: a file under a wrong name is no answer.
    key: String,
    status: u16,
    headers: Vec<(String, String)>,
    sha256: String,
}

/// Returns what identifies a reply in the cache. `shape` tells what was made of it; it is empty for the reply itself.
pub(super) fn key(request: &Request, identity: &Identity, shape: &str) -> String {
    let identity = match identity {
        Identity::Anonymous => "anonymous",
        Identity::Holder(hash) => hash,
    };
    let mut key = format!("{} {}\n{identity}\n", request.method, request.url);
    key.push_str(request.accept.as_deref().unwrap_or_default());
    for (name, value) in &request.headers {
        key.extend(["\n", name, ": ", value]);
    }
    if let Some(body) = &request.body {
        key.push_str("\nbody ");
        key.push_str(&hex(&Sha256::digest(body)));
    }
    key.push_str("\n\n");
    key.push_str(shape);
    key
}

impl DiskCache {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.join("http"),
            counter: AtomicU64::new(0),
            disk: Semaphore::new(AT_ONCE),
            told: AtomicBool::new(false),
        }
    }

    /// Returns the kept reply; `None` when there is none or it is damaged.
    pub(super) async fn load(&self, key: &str) -> Option<Kept> {
        let path = self.path(key);
        let turn = self.disk.acquire().await;
        let bytes = Bytes::from(tokio::fs::read(&path).await.ok()?);
        drop(turn);
        let kept = parse(&bytes, &hash(key));
        if kept.is_none() {
            tracing::debug!(path = %path.display(), "the cached reply is damaged and is asked for again");
        }
        kept
    }

    /// Keeps a reply. A cache that cannot be written costs time, not the run.
    pub(super) async fn store(&self, key: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let path = self.path(key);
        if let Err(error) = self.write(&path, key, status, headers, body).await {
            if self.told.swap(true, Ordering::Relaxed) {
                tracing::debug!(path = %path.display(), %error, "a reply cannot be cached");
            } else {
                // A full disk refuses each of a thousand replies: once is enough.
                let folder = self.folder.display();
                tracing::warn!(%folder, %error, "replies cannot be cached, so the next run has to ask again");
            }
        }
    }

    /// Notes that a kept reply was of use.
    pub(super) async fn touch(&self, key: &str) {
        let path = self.path(key);
        let _turn = self.disk.acquire().await;
        let touched = tokio::task::spawn_blocking(move || {
            fs::File::options().write(true).open(path)?.set_modified(SystemTime::now())
        });
        if let Ok(Err(error)) = touched.await {
            tracing::debug!(%error, "a cached reply cannot be touched");
        }
    }

    /// Removes, at most once a day, what nobody asked for in a month.
    pub(super) fn clean(&self, now: SystemTime) -> io::Result<()> {
        let marker = self.folder.join("cleaned");
        let age = |path: &Path| -> Option<Duration> {
            now.duration_since(fs::metadata(path).and_then(|data| data.modified()).ok()?).ok()
        };
        if age(&marker).is_some_and(|age| age < CLEANING) || !self.folder.is_dir() {
            return Ok(());
        }
        fs::write(&marker, "")?;
        for entry in fs::read_dir(&self.folder)? {
            let drawer = entry?.path();
            if !drawer.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&drawer)? {
                let file = entry?.path();
                if age(&file).is_some_and(|age| age > KEPT) {
                    fs::remove_file(&file)?;
                }
            }
        }
        Ok(())
    }

    fn path(&self, key: &str) -> PathBuf {
        let name = hash(key);
        let drawer = name.get(..2).unwrap_or_default();
        self.folder.join(drawer).join(&name)
    }

    async fn write(
        &self,
        path: &Path,
        key: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> io::Result<()> {
        let headers = KEPT_HEADERS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), headers.get(*name)?.to_str().ok()?.to_owned())))
            .collect();
        let head =
            Head { key: hash(key), status: status.as_u16(), headers, sha256: hex(&Sha256::digest(body)) };
        let mut bytes = serde_json::to_vec(&head)?;
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        let _turn = self.disk.acquire().await;
        let folder = path.parent().unwrap_or(&self.folder);
        create_private(folder).await?;
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{}-{number}-{}", std::process::id(), fastrand::u64(..)));
        let written = async {
            tokio::fs::write(&temporary, &bytes).await?;
            tokio::fs::rename(&temporary, path).await
        }
        .await;
        if written.is_err() {
            // It may not even exist; the first error is the one to tell.
            let _ = tokio::fs::remove_file(&temporary).await;
        }
        written
    }
}

fn hash(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// Makes a folder that only its owner can read: it holds what private registries answered.
async fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).await
}

fn parse(bytes: &Bytes, key_hash: &str) -> Option<Kept> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(bytes.get(..end)?).ok()?;
    let body = bytes.slice(end + 1..);
    if head.key != key_hash || head.sha256 != hex(&Sha256::digest(&body)) {
        return None;
    }
    let headers = head
        .headers
        .iter()
        .filter_map(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        })
        .collect();
    Some(Kept { status: StatusCode::from_u16(head.status).ok()?, headers, body })
}
