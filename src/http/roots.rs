//! Which certificate authorities are trusted besides the ones the TLS verifier finds by itself.
//!
//! The verifier takes the system's, or, when `SSL_CERT_FILE` or `SSL_CERT_DIR` is set, only those named there. People set these to *add* the authority
//! of their own registry or proxy, and still want to reach everybody else, so the system's come back in.

use std::env;
use std::path::{Path, PathBuf};

use reqwest::Certificate;

/// Where systems keep their bundle: Debian and Alpine, Fedora, openSUSE, OpenBSD and macOS.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Returns the authorities to add: the system's where the verifier does not look for them, and those of `NODE_EXTRA_CA_CERTS`, which manifests
/// written for Renovate set.
pub(super) fn more_roots() -> Vec<Certificate> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut bundles: Vec<PathBuf> = named("NODE_EXTRA_CA_CERTS").into_iter().collect();
    if named("SSL_CERT_FILE").is_some() || named("SSL_CERT_DIR").is_some() {
        bundles.extend(SYSTEM_BUNDLES.iter().map(PathBuf::from).find(|path| path.is_file()));
    }
    bundles.iter().flat_map(|path| certificates(path)).collect()
}

/// Returns the certificates of a bundle; a bundle that cannot be read costs a warning, and what it would have opened stays closed.
fn certificates(path: &Path) -> Vec<Certificate> {
    let read = std::fs::read(path).map_err(|error| error.to_string());
    let parsed = read.and_then(|pem| Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string()));
    parsed.unwrap_or_else(|error| {
        tracing::warn!(path = %path.display(), error, "these certificates cannot be read");
        Vec::new()
    })
}
