//! A registry of images in memory, without TLS and without logins: tags, digests, and the labels of an image.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::github::web::{End, Request, Response, Server, parts};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// What a registry holds.
#[derive(Debug, Default)]
struct Shelf {
    /// The tags of each repository, with the digests of their manifests.
    tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Manifests and configurations, by digest.
    blobs: BTreeMap<String, Vec<u8>>,
    /// Repositories that answer with an error.
    dead: BTreeMap<String, u16>,
    asked: Vec<String>,
}

/// A registry, which stops when this is dropped.
pub(crate) struct Registry {
    server: Server,
    shelf: Arc<Mutex<Shelf>>,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let shelf: Arc<Mutex<Shelf>> = Arc::default();
        let server = {
            let shelf = Arc::clone(&shelf);
            Server::start(move |request| End::Answer(shelf.lock().unwrap().answer(&request)))
        };
        Self { server, shelf }
    }

    /// Returns `127.0.0.1:<port>`, as it stands in front of an image's name.
    pub(crate) fn host(&self) -> String {
        self.server.address.to_string()
    }

    /// Returns the host rule that allows to ask here without TLS.
    pub(crate) fn rule(&self) -> Value {
        json!({"matchHost": self.host(), "insecureRegistry": true})
    }

    /// Pushes an image that was made at a time; a tag that is there already moves.
    pub(crate) fn push(&self, name: &str, tag: &str, created: &str) {
        self.push_labelled(name, tag, created, &json!({}));
    }

    /// Pushes an image with labels.
    #[expect(clippy::similar_names, reason = "`shelf` holds what the registry has; there is no better word")]
    pub(crate) fn push_labelled(&self, name: &str, tag: &str, created: &str, labels: &Value) {
        let mut shelf = self.shelf.lock().unwrap();
        let image = json!({
            "created": created, "architecture": "amd64", "os": "linux",
            "config": {"Labels": labels}, "rootfs": {"type": "layers", "diff_ids": []},
            "history": [{"comment": format!("{name}:{tag}")}],
        });
        let image = image.to_string().into_bytes();
        let (size, digest) = (image.len(), shelf.keep(image));
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest, "size": size}, "layers": [],
        });
        let digest = shelf.keep(manifest.to_string().into_bytes());
        shelf.tags.entry(name.to_owned()).or_default().insert(tag.to_owned(), digest);
    }

    /// From now on a repository answers with `status`; with 200 it is well again.
    pub(crate) fn fail(&self, name: &str, status: u16) {
        self.shelf.lock().unwrap().dead.insert(name.to_owned(), status);
    }

    pub(crate) fn digest(&self, name: &str, tag: &str) -> String {
        self.shelf.lock().unwrap().tags[name][tag].clone()
    }

    /// Returns what was asked so far, as `METHOD path`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shelf.lock().unwrap().asked.clone()
    }
}

impl Shelf {
    fn keep(&mut self, bytes: Vec<u8>) -> String {
        let hash = Sha256::digest(&bytes);
        let digest = hash.iter().fold("sha256:".to_owned(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        self.blobs.insert(digest.clone(), bytes);
        digest
    }

    fn answer(&mut self, request: &Request) -> Response {
        self.asked.push(format!("{} {}", request.method, request.path));
        let path = parts(&request.path);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if path == ["v2"] {
            return Response::json(200, &json!({}));
        }
        let ["v2", name @ .., kind, what] = path.as_slice() else { return unknown("UNSUPPORTED") };
        let name = name.join("/");
        if let Some(status) = self.dead.get(&name).filter(|status| **status != 200) {
            return Response::new(*status);
        }
        let Some(tags) = self.tags.get(&name) else { return unknown("NAME_UNKNOWN") };
        match (*kind, *what) {
            ("tags", "list") => {
                let tags: Vec<&String> = tags.keys().collect();
                Response::json(200, &json!({"name": name, "tags": tags}))
            }
            ("manifests", reference) => {
                let digest = tags.get(reference).map_or(reference, String::as_str);
                let Some(bytes) = self.blobs.get(digest) else { return unknown("MANIFEST_UNKNOWN") };
                Response::new(200)
                    .with("content-type", MANIFEST)
                    .with("docker-content-digest", digest)
                    .body(bytes.clone())
            }
            ("blobs", digest) => match self.blobs.get(digest) {
                Some(bytes) => Response::new(200).with("content-type", CONFIG).body(bytes.clone()),
                None => unknown("BLOB_UNKNOWN"),
            },
            _ => unknown("UNSUPPORTED"),
        }
    }
}

fn unknown(code: &str) -> Response {
    Response::json(404, &json!({"errors": [{"code": code, "message": "not here"}]}))
}
