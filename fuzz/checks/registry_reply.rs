//! Any bytes may be what a registry of packages answers.
//!
//! The first line chooses the registry.

use updraft::datasource::pages::Document;
use updraft::datasource::{paged, registries};
use updraft_core::release::ReleaseList;

/// One of these names a package of each kind of registry.
const PACKAGES: [&str; 3] = ["fjord.lakeside", "java", "dotnet-sdk"];

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
    for registry in paged() {
        let id = registry.id();
        let named =
            PACKAGES.iter().find_map(|package| Some((*package, registry.address(None, package).ok()?)));
        let Some((package, url)) = named.filter(|_| id.as_str() == chosen || chosen.is_empty()) else {
            continue;
        };
        let mut list = ReleaseList::default();
        let _ = registry.read(&Document { package, url: &url, text: body }, &mut list);
        assert!(list.releases.iter().all(|release| release.version.len() <= body.len()));
    }
}
