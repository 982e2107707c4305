//! Any bytes may be what a registry of packages answers.
//!
//! The first line chooses the registry.

use updraft::datasource::registries;

pub fn check(data: &[u8]) {
    let split = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (head, body) = data.split_at(split);
    let body = body.get(1..).unwrap_or_default();
    let chosen = super::text(head);
    for registry in registries() {
        let id = registry.id();
        if id.as_str() != chosen && !chosen.is_empty() {
            continue;
        }
        if let Ok(list) = registry.read(body, "fjord/lakeside") {
            assert!(list.releases.iter().all(|release| release.version.len() <= body.len()));
        }
    }
}
