//! The shape of the project: what may depend on what, and that every path the documents name exists.

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_pure_crates_depend_on_nothing_that_does_io() {
    for manifest in ["core/Cargo.toml", "managers/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        for forbidden in
            ["tokio", "reqwest", "octocrab", "oci-distribution", "oci-client", "hyper", "async-trait"]
        {
            let named = text.lines().any(|line| line.split(['=', '.', ' ']).next() == Some(forbidden));
            assert!(!named, "{manifest} names {forbidden}");
        }
    }
}

#[test]
fn every_path_the_documents_name_exists() {
    for document in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/reliability.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let mut named = 0;
        for path in text.split('`').skip(1).step_by(2) {
            let top = path.split('/').next().unwrap_or_default();
            let ours =
                ["core", "managers", "src", "tests", "deploy", "fuzz", "benches", "examples", "docs", ".ci"];
            if !ours.contains(&top) || !path.contains('/') || path.contains([' ', '<', '*', '{']) {
                continue;
            }
            named += 1;
            assert!(root().join(path).exists(), "{document} names `{path}`");
        }
        assert!(named > 0, "{document} names no path at all: is this test still reading it?");
    }
}
