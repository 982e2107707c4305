//! Headers that say what to do next: `WWW-Authenticate` and `Link`; and a Docker configuration.

use reqwest::header::{HeaderMap, HeaderValue, LINK};
use updraft::datasource::oci::challenges;
use updraft::http::{DockerConfig, next_link};

pub fn check(data: &[u8]) {
    let text = super::text(data);
    for challenge in challenges(&text) {
        assert!(!challenge.scheme.is_empty());
        assert_eq!(challenge.scheme, challenge.scheme.to_ascii_lowercase());
    }
    if let Ok(value) = HeaderValue::from_bytes(data) {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, value);
        if let Some(next) = next_link(&headers) {
            assert!(text.contains(next));
        }
    }
    let _ = DockerConfig::parse(data);
}
